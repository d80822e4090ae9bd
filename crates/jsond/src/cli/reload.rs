//! Files that are read again while the server runs: when they change, and on SIGHUP.
//!
//! They are looked at once a second and not watched: an editor may replace one by a rename, and its
//! folder may be any. What cannot be read leaves in force what was read before.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};

/// How often the files are looked at.
const PERIOD: Duration = Duration::from_secs(1);

/// What says that a file is another.
type Stamp = Option<(SystemTime, u64)>;

/// Calls `load` from now on whenever one of the files is another than before, and on SIGHUP.
pub(super) fn watch(
    files: Vec<PathBuf>,
    mut load: impl FnMut() + Send + 'static,
) -> std::io::Result<()> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut hangup = {
        let _context = runtime.enter();
        signal(SignalKind::hangup())?
    };
    let mut seen = stamps(&files);
    std::thread::Builder::new()
        .name("jsond-reload".to_owned())
        .spawn(move || {
            runtime.block_on(async {
                loop {
                    tokio::select! {
                        _ = hangup.recv() => {}
                        () = tokio::time::sleep(PERIOD) => {
                            let now = stamps(&files);
                            if now == seen {
                                continue;
                            }
                            seen = now;
                        }
                    }
                    load();
                }
            });
        })?;
    Ok(())
}

fn stamps(files: &[PathBuf]) -> Vec<Stamp> {
    files.iter().map(|file| stamp(file)).collect()
}

fn stamp(file: &Path) -> Stamp {
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
