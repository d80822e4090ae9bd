//! Tells what other programs do in folders on disk.
//!
//! Folders are watched one by one and not with all that lies in them, because the journal lies in
//! one, and every line of it would be told. What is told is only that something happened; what it
//! was, is seen by looking.

use super::{Notice, Watch};
use notify::event::{AccessKind, AccessMode};
use notify::{Config, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::io;
use std::path::{Path, PathBuf};

struct DiskWatch {
    root: PathBuf,
    watcher: RecommendedWatcher,
}

/// Begins to tell of the folders below `root` that are added.
pub(super) fn start(root: &Path, tell: Box<dyn Fn(Notice) + Send>) -> io::Result<Box<dyn Watch>> {
    let below = root.to_owned();
    let handler = move |event: notify::Result<Event>| match event {
        Ok(event) if event.need_rescan() => tell(Notice::Anything),
        Ok(event) if is_change(event.kind) => {
            for path in &event.paths {
                tell(notice_of(&below, path));
            }
        }
        Ok(_) => {}
        Err(error) => {
            tracing::debug!(%error, "the watcher failed; everything is looked at");
            tell(Notice::Anything);
        }
    };
    let watcher = RecommendedWatcher::new(handler, Config::default()).map_err(error_of)?;
    let root = root.to_owned();
    Ok(Box::new(DiskWatch { root, watcher }))
}

impl Watch for DiskWatch {
    fn add(&mut self, folder: &str) -> io::Result<()> {
        let path = self.root.join(folder);
        self.watcher
            .watch(&path, RecursiveMode::NonRecursive)
            .map_err(error_of)
    }
}

/// Judges whether an event may mean that a file has another content; reading is none.
fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(kind) => kind == AccessKind::Close(AccessMode::Write),
        _ => true,
    }
}

fn notice_of(root: &Path, path: &Path) -> Notice {
    let below = path.strip_prefix(root).ok().and_then(Path::to_str);
    below.map_or(Notice::Anything, |it| Notice::Path(it.to_owned()))
}

fn error_of(error: notify::Error) -> io::Error {
    match error.kind {
        notify::ErrorKind::Io(error) => error,
        _ => io::Error::other(error),
    }
}
