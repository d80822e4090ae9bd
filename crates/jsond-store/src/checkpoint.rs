//! The checkpoint thread: rewrites changed files soon after their changes are durable.
//!
//! It holds up no writer and no reader. For one file, read [`Checkpointer::write_file`] and [`Checkpointer::exchange`]: look at
//! what is on disk, lay the value over it, write a temporary file, have the mark journaled and
//! synced, look once more, rename, sync the folder, and only then let the journal go.

use crate::contract::Revision;
use crate::image::{File, FilePath, Image, Template};
use crate::journal::entry::{Mark, content_hash};
use crate::layout::lay_out;
use crate::medium::{Stat, folder_of};
use crate::merge::Merged;
use crate::message::{HandEdit, Message, Settled};
use crate::served::Served;
use arc_swap::ArcSwap;
use bytes::Bytes;
use jsond_document::{Layout, Value};
use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// How long after its first change a file is written, so that changes in a row are written once.
const DELAY: Duration = Duration::from_millis(40);

/// How long after a failure it is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Rewriting a file may take one part of the time in this many.
const COST_PARTS: u32 = 10;

/// What the checkpoint thread is told.
pub(crate) enum Order {
    /// These files have changed.
    Touched(Vec<FilePath>),
    /// Write everything now; answered with whether all of it worked.
    Flush(SyncSender<bool>),
    /// End.
    End,
}

/// What the store last saw or left on disk for one file.
#[derive(Debug, Clone, Default)]
pub(crate) struct OnDisk {
    pub(crate) hash: Option<u128>,
    pub(crate) revision: Revision,
    /// The value then: the base of a merge.
    pub(crate) value: Option<Value>,
}

pub(crate) struct Checkpointer {
    pub(crate) served: Served,
    pub(crate) published: Arc<ArcSwap<Image>>,
    pub(crate) writer: Sender<Message>,
    pub(crate) on_disk: HashMap<FilePath, OnDisk>,
    pub(crate) due: HashMap<FilePath, Instant>,
    /// Not before this time again, because the last time was expensive.
    pub(crate) rest: HashMap<FilePath, Instant>,
}

/// Why one file was not written.
#[derive(Debug, thiserror::Error)]
enum Obstacle {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("the journal takes no marks")]
    Journal,
    #[error("the file on disk is broken JSON: {0}")]
    Broken(jsond_document::SyntaxError),
    #[error("the file was changed by another program at this moment")]
    Moved,
}

/// A file as it is found on disk.
struct Found {
    text: Option<Vec<u8>>,
    stat: Option<Stat>,
    hash: Option<u128>,
}

impl Checkpointer {
    /// Runs until it is told to end.
    pub(crate) fn run(mut self, orders: &Receiver<Order>) {
        loop {
            let wait = self
                .due
                .values()
                .min()
                .map(|due| due.duration_since(Instant::now()));
            let order = match wait {
                None => orders.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(wait) => orders.recv_timeout(wait),
            };
            match order {
                Ok(Order::Touched(paths)) => self.note(paths),
                Ok(Order::Flush(answer)) => {
                    answer.send(self.flush()).ok();
                }
                Ok(Order::End) | Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => self.write_due(Instant::now()),
            }
        }
    }

    fn note(&mut self, paths: Vec<FilePath>) {
        let soon = Instant::now() + DELAY;
        for path in paths {
            let rest = self.rest.get(&path).copied();
            self.due
                .entry(path)
                .or_insert(rest.map_or(soon, |rest| rest.max(soon)));
        }
    }

    fn write_due(&mut self, now: Instant) {
        let due = self.due.iter().filter(|(_, at)| **at <= now);
        let paths: Vec<_> = due.map(|(path, _)| path.clone()).collect();
        for path in paths {
            self.due.remove(&path);
            self.write(&path);
        }
    }

    fn flush(&mut self) -> bool {
        let mut all = true;
        let paths: Vec<_> = self.due.drain().map(|(path, _)| path).collect();
        for path in paths {
            all &= self.write(&path) || self.write(&path);
        }
        all
    }

    fn write(&mut self, path: &FilePath) -> bool {
        let start = Instant::now();
        let result = self.write_file(path);
        let now = Instant::now();
        if let Err(obstacle) = &result {
            tracing::warn!(file = path.join("/"), %obstacle, "the file could not be written yet");
            self.due.insert(path.clone(), now + RETRY);
        } else {
            self.rest
                .insert(path.clone(), now + (now - start) * (COST_PARTS - 1));
        }
        result.is_ok()
    }

    fn write_file(&mut self, path: &FilePath) -> Result<(), Obstacle> {
        let mut image = self.published.load_full();
        let known = self.on_disk.get(path).cloned().unwrap_or_default();
        let found = self.look(path)?;
        let holds = |file: Option<&Arc<File>>| {
            file.map_or(known.hash.is_none(), |file| file.revision <= known.revision)
        };
        if found.hash != known.hash {
            if !self.merge_by_hand(path, &found, &known, &image)? {
                return Ok(());
            }
            image = self.published.load_full();
        } else if holds(image.file(path)) {
            return Ok(());
        }
        self.tell_broken(path, None);
        match image
            .file(path)
            .and_then(|file| Some((file, file.value.clone()?)))
        {
            Some((file, value)) => self.replace(path, file, &value, &found),
            None => self.remove(path, image.revision, &found),
        }
    }

    fn look(&self, path: &FilePath) -> io::Result<Found> {
        let disk_path = self.served.path_of(path);
        let stat = self.served.medium.stat(&disk_path)?;
        let text = self.served.medium.read(&disk_path)?;
        let hash = text.as_deref().map(content_hash);
        Ok(Found { text, stat, hash })
    }

    fn replace(
        &mut self,
        path: &FilePath,
        file: &File,
        value: &Value,
        found: &Found,
    ) -> Result<(), Obstacle> {
        let template = match &file.template {
            Template::Text(text) => Some(text.as_ref()),
            Template::OnDisk(_) => found.text.as_deref(),
            Template::None => None,
        };
        let text = lay_out(template, value);
        let mark = Mark {
            path: path.clone(),
            revision: file.revision,
            hash: Some(content_hash(&text)),
        };
        let disk_path = self.served.path_of(path);
        if mark.hash != found.hash {
            let temporary = Served::temporary_of(&disk_path, file.revision);
            if let Err(obstacle) = self.exchange(&disk_path, &temporary, &text, &mark, found) {
                self.served.medium.remove(&temporary).ok();
                return Err(obstacle);
            }
        }
        self.settle(mark, Some(value.clone()), &text, &file.template);
        Ok(())
    }

    /// DURABILITY: the order of these steps is what a power cut between any two of them relies on.
    fn exchange(
        &self,
        disk_path: &str,
        temporary: &str,
        text: &[u8],
        mark: &Mark,
        found: &Found,
    ) -> Result<(), Obstacle> {
        let medium = &self.served.medium;
        let like = found.text.is_some().then_some(disk_path);
        medium.write(temporary, text, like)?;
        self.announce(mark)?;
        if medium.stat(disk_path)? != found.stat {
            return Err(Obstacle::Moved);
        }
        medium.rename(temporary, disk_path)?;
        medium.sync_folder(folder_of(disk_path))?;
        Ok(())
    }

    fn remove(
        &mut self,
        path: &FilePath,
        revision: Revision,
        found: &Found,
    ) -> Result<(), Obstacle> {
        let mark = Mark {
            path: path.clone(),
            revision,
            hash: None,
        };
        let disk_path = self.served.path_of(path);
        if found.text.is_some() {
            self.announce(&mark)?;
            if self.served.medium.stat(&disk_path)? != found.stat {
                return Err(Obstacle::Moved);
            }
            self.served.medium.remove(&disk_path)?;
            self.served.medium.sync_folder(folder_of(&disk_path))?;
        }
        self.settle(mark, None, b"", &Template::None);
        Ok(())
    }

    /// Has the mark of the new content journaled and synced before anything gets that content.
    fn announce(&self, mark: &Mark) -> Result<(), Obstacle> {
        let (answer, answered) = sync_channel(1);
        self.writer
            .send(Message::Mark(mark.clone(), answer))
            .map_err(|_| Obstacle::Journal)?;
        if answered.recv() == Ok(true) {
            Ok(())
        } else {
            Err(Obstacle::Journal)
        }
    }

    fn settle(&mut self, mark: Mark, value: Option<Value>, text: &[u8], old: &Template) {
        let on_disk = OnDisk {
            hash: mark.hash,
            revision: mark.revision,
            value,
        };
        self.on_disk.insert(mark.path.clone(), on_disk);
        let template = template_of(text);
        let settled = Settled {
            mark,
            template,
            old_template: old.clone(),
        };
        self.writer.send(Message::Settled(settled)).ok();
    }

    fn tell_broken(&self, path: &FilePath, error: Option<jsond_document::SyntaxError>) {
        self.writer.send(Message::Broken(path.clone(), error)).ok();
    }

    /// Takes an edit by hand into the image. Says whether there is something to be written.
    fn merge_by_hand(
        &mut self,
        path: &FilePath,
        found: &Found,
        known: &OnDisk,
        image: &Image,
    ) -> Result<bool, Obstacle> {
        let hand = match &found.text {
            None => None,
            Some(text) => match Value::parse(text) {
                Ok(value) => Some(value),
                Err(error) => {
                    self.tell_broken(path, Some(error.clone()));
                    return Err(Obstacle::Broken(error));
                }
            },
        };
        let template = found.text.as_deref().map_or(Template::None, template_of);
        let edit = HandEdit {
            path: path.clone(),
            base: known.value.clone(),
            hand,
            template,
        };
        let (answer, answered) = sync_channel(1);
        self.writer
            .send(Message::HandEdit(edit, answer))
            .map_err(|_| Obstacle::Journal)?;
        let merged = answered.recv().map_err(|_| Obstacle::Journal)?;
        let Some(Merged { conflict, .. }) = merged else {
            // Either there is nothing on both sides, or the journal failed.
            return if found.text.is_none() && image.file(path).is_none() {
                Ok(false)
            } else {
                Err(Obstacle::Journal)
            };
        };
        tracing::info!(
            file = path.join("/"),
            conflict,
            "an edit by hand was taken in"
        );
        if conflict && let Some(text) = &found.text {
            self.keep_conflict(path, text, image.revision)?;
        }
        Ok(true)
    }

    fn keep_conflict(&self, path: &FilePath, text: &[u8], revision: Revision) -> io::Result<()> {
        let disk_path = self.served.path_of(path);
        keep_conflict(&self.served, &disk_path, text, revision)
    }
}

/// Keeps the hand's version of a file beside it.
pub(crate) fn keep_conflict(
    served: &Served,
    disk_path: &str,
    text: &[u8],
    revision: Revision,
) -> io::Result<()> {
    let kept = format!("{disk_path}.conflict-{revision}");
    served.medium.write(&kept, text, None)?;
    served.medium.sync_folder(folder_of(&kept))?;
    tracing::warn!(
        file = disk_path,
        kept,
        "the two sides do not go together; one of them was kept beside the file"
    );
    Ok(())
}

/// Up to this size the text on disk is kept in memory as the layout.
const TEMPLATE_BYTES_MAX: usize = 64 << 10;

/// The layout of a file whose text is this.
pub(crate) fn template_of(text: &[u8]) -> Template {
    if text.len() <= TEMPLATE_BYTES_MAX {
        Template::Text(Bytes::copy_from_slice(text))
    } else {
        Template::OnDisk(Layout::detect(text))
    }
}
