//! The checkpoint thread: rewrites changed files soon after their changes are durable.
//!
//! It holds up no writer and no reader. Files are written in rounds, so that many of them share the
//! syncs of journal and folder. Read [`Checkpointer::round`] for the order that a power cut between
//! any two steps relies on: temporary files written and synced, their marks journaled and synced,
//! renames, syncs of the folders, and only then the journal may go.

use crate::contract::Revision;
use crate::hand::{self, Found};
use crate::image::{File, FilePath, Image, Template};
use crate::journal::entry::{Mark, content_hash};
use crate::layout::lay_out;
use crate::medium::folder_of;
use crate::message::{Message, Settled};
use crate::served::Served;
use arc_swap::ArcSwap;
use bytes::Bytes;
use jsond_document::{Layout, Value};
use std::collections::{BTreeSet, HashMap};
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

/// A cost that needs no rest: a small file and the syncs that it waits for.
const COST_FREE: Duration = Duration::from_millis(20);

/// How many files share the syncs of one round.
const ROUND_FILES_MAX: usize = 128;

/// How often a flush tries what fails.
const FLUSH_TRIES: usize = 3;

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
    rest: HashMap<FilePath, Instant>,
    /// Contents that were announced and may have reached the disk, although a later step failed.
    announced: HashMap<FilePath, OnDisk>,
}

/// Why one file was not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Obstacle {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("the journal takes no marks")]
    Journal,
    #[error("the file on disk is broken JSON: {0}")]
    Broken(jsond_document::SyntaxError),
    #[error("the file was changed by another program at this moment")]
    Moved,
    #[error("its folder could not be synced")]
    Folder,
}

/// A file on its way to a new content.
struct Prepared {
    mark: Mark,
    value: Option<Value>,
    template: Template,
    old_template: Template,
    found: Found,
    step: Step,
    cost: Duration,
}

/// What has to be done on disk.
#[derive(PartialEq, Eq)]
enum Step {
    /// Rename this temporary file.
    Exchange(String),
    /// Remove the file.
    Remove,
    /// The content is there already; its folder may not be synced.
    Confirm,
    /// Nothing at all.
    Nothing,
}

impl Checkpointer {
    pub(crate) fn new(
        served: Served,
        published: Arc<ArcSwap<Image>>,
        writer: Sender<Message>,
        on_disk: HashMap<FilePath, OnDisk>,
        behind: Vec<FilePath>,
    ) -> Self {
        let now = Instant::now();
        let due = behind.into_iter().map(|path| (path, now)).collect();
        let (rest, announced) = (HashMap::new(), HashMap::new());
        Self {
            served,
            published,
            writer,
            on_disk,
            due,
            rest,
            announced,
        }
    }

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
        let paths: Vec<_> = due
            .map(|(path, _)| path.clone())
            .take(ROUND_FILES_MAX)
            .collect();
        self.round(&paths);
    }

    fn flush(&mut self) -> bool {
        for _ in 0..FLUSH_TRIES {
            let paths: Vec<_> = self.due.keys().cloned().collect();
            for some in paths.chunks(ROUND_FILES_MAX) {
                self.round(some);
            }
            if self.due.is_empty() {
                return true;
            }
        }
        false
    }

    /// DURABILITY: the order of the steps is what a power cut between any two of them relies on.
    fn round(&mut self, paths: &[FilePath]) {
        let mut prepared = Vec::new();
        for path in paths {
            self.due.remove(path);
            match self.prepare(path) {
                Ok(some) => prepared.extend(some),
                Err(obstacle) => self.put_off(path, &obstacle),
            }
        }
        let prepared = self.announce(prepared);
        let exchanged = self.each(prepared, Self::exchange);
        let synced = self.sync_folders(exchanged);
        self.settle(synced);
    }

    /// Takes one step for each file; a file that fails is put off and leaves nothing behind.
    fn each(
        &mut self,
        prepared: Vec<Prepared>,
        step: impl Fn(&Self, &Prepared) -> Result<(), Obstacle>,
    ) -> Vec<Prepared> {
        let mut good = Vec::new();
        for one in prepared {
            match step(self, &one) {
                Ok(()) => good.push(one),
                Err(obstacle) => self.give_up(&one, &obstacle),
            }
        }
        good
    }

    fn give_up(&mut self, prepared: &Prepared, obstacle: &Obstacle) {
        if let Step::Exchange(temporary) = &prepared.step {
            self.served.medium.remove(temporary).ok();
        }
        self.put_off(&prepared.mark.path, obstacle);
    }

    fn put_off(&mut self, path: &FilePath, obstacle: &Obstacle) {
        tracing::warn!(file = path.join("/"), %obstacle, "the file could not be written yet");
        self.due.insert(path.clone(), Instant::now() + RETRY);
    }

    /// Looks at the file on disk, takes in what a hand did to it, and writes a temporary file.
    fn prepare(&mut self, path: &FilePath) -> Result<Option<Prepared>, Obstacle> {
        let start = Instant::now();
        let mut image = self.published.load_full();
        let known = self.on_disk.get(path).cloned().unwrap_or_default();
        let found = hand::look(&self.served, path)?;
        if found.hash != known.hash {
            if let Some(ours) = self
                .announced
                .remove(path)
                .filter(|it| it.hash == found.hash)
            {
                // No hand did that: it is what a checkpoint that failed later had left.
                self.due.insert(path.clone(), start);
                return Ok(Some(self.confirm(path, ours, found)));
            }
            let hand = hand::take_in(&self.served, &self.writer, path, &found, &known, &image)?;
            let (hash, revision) = (found.hash, known.revision);
            self.on_disk.insert(
                path.clone(),
                OnDisk {
                    hash,
                    revision,
                    value: hand,
                },
            );
            image = self.published.load_full();
        } else if image
            .file(path)
            .is_some_and(|file| file.revision <= known.revision)
        {
            return Ok(None);
        } else if let (None, Some(text)) = (&known.value, &found.text)
            && let Err(error) = Value::parse(text)
        {
            self.writer
                .send(Message::Broken(path.clone(), Some(error.clone())))
                .ok();
            return Err(Obstacle::Broken(error));
        }
        self.writer.send(Message::Broken(path.clone(), None)).ok();
        let file = image
            .file(path)
            .and_then(|file| Some((file, file.value.clone()?)));
        let mut prepared = match file {
            Some((file, value)) => self.prepare_text(path, file, value, found)?,
            None => removal(path, image.revision, found),
        };
        prepared.cost = start.elapsed();
        Ok(Some(prepared))
    }

    fn confirm(&mut self, path: &FilePath, ours: OnDisk, found: Found) -> Prepared {
        let mark = Mark {
            path: path.clone(),
            revision: ours.revision,
            hash: ours.hash,
        };
        let template = self
            .published
            .load()
            .file(path)
            .map(|file| file.template.clone());
        let template = template.unwrap_or(Template::None);
        Prepared {
            mark,
            value: ours.value,
            old_template: template.clone(),
            template,
            found,
            step: Step::Confirm,
            cost: Duration::ZERO,
        }
    }

    fn prepare_text(
        &self,
        path: &FilePath,
        file: &File,
        value: Value,
        found: Found,
    ) -> Result<Prepared, Obstacle> {
        let template = match &file.template {
            Template::Text(text) => Some(text.as_ref()),
            Template::OnDisk(_) => found.text.as_deref(),
            Template::None => None,
        };
        let text = lay_out(template, &value);
        let hash = Some(content_hash(&text));
        let mark = Mark {
            path: path.clone(),
            revision: file.revision,
            hash,
        };
        let mut step = Step::Nothing;
        if hash != found.hash {
            let disk_path = self.served.path_of(path);
            let temporary = Served::temporary_of(&disk_path, file.revision);
            let like = found.text.is_some().then_some(disk_path.as_str());
            if let Err(error) = self.served.medium.write(&temporary, &text, like) {
                self.served.medium.remove(&temporary).ok();
                return Err(error.into());
            }
            step = Step::Exchange(temporary);
        }
        let old_template = file.template.clone();
        let template = template_of(&text);
        let cost = Duration::ZERO;
        Ok(Prepared {
            mark,
            value: Some(value),
            template,
            old_template,
            found,
            step,
            cost,
        })
    }

    /// Has the marks of the new contents journaled and synced before any file gets its content.
    fn announce(&mut self, prepared: Vec<Prepared>) -> Vec<Prepared> {
        let changes = |one: &&Prepared| matches!(one.step, Step::Exchange(_) | Step::Remove);
        let marks: Vec<_> = prepared
            .iter()
            .filter(changes)
            .map(|one| one.mark.clone())
            .collect();
        if marks.is_empty() {
            return prepared;
        }
        let (answer, answered) = sync_channel(1);
        let sent = self.writer.send(Message::Mark(marks, answer));
        let is_durable = sent.is_ok() && answered.recv() == Ok(true);
        for one in prepared.iter().filter(changes) {
            let Mark {
                path,
                revision,
                hash,
            } = one.mark.clone();
            self.announced.insert(
                path,
                OnDisk {
                    hash,
                    revision,
                    value: one.value.clone(),
                },
            );
        }
        self.each(prepared, |_, one| match one.step {
            Step::Exchange(_) | Step::Remove if !is_durable => Err(Obstacle::Journal),
            _ => Ok(()),
        })
    }

    /// Gives one file its new content, unless another program has touched it since it was read.
    fn exchange(&self, prepared: &Prepared) -> Result<(), Obstacle> {
        let disk_path = self.served.path_of(&prepared.mark.path);
        let medium = &self.served.medium;
        if matches!(prepared.step, Step::Exchange(_) | Step::Remove)
            && medium.stat(&disk_path)? != prepared.found.stat
        {
            return Err(Obstacle::Moved);
        }
        match &prepared.step {
            Step::Exchange(temporary) => Ok(medium.rename(temporary, &disk_path)?),
            Step::Remove => Ok(medium.remove(&disk_path)?),
            Step::Confirm | Step::Nothing => Ok(()),
        }
    }

    /// Makes the names durable, once for each folder.
    fn sync_folders(&mut self, prepared: Vec<Prepared>) -> Vec<Prepared> {
        let folder = |one: &Prepared| folder_of(&self.served.path_of(&one.mark.path)).to_owned();
        let changed = prepared.iter().filter(|one| one.step != Step::Nothing);
        let folders: BTreeSet<_> = changed.map(folder).collect();
        let medium = &self.served.medium;
        let failed: BTreeSet<_> = folders
            .into_iter()
            .filter(|folder| medium.sync_folder(folder).is_err())
            .collect();
        self.each(prepared, |this, one| {
            let is_synced = one.step == Step::Nothing
                || !failed.contains(folder_of(&this.served.path_of(&one.mark.path)));
            if is_synced {
                Ok(())
            } else {
                Err(Obstacle::Folder)
            }
        })
    }

    fn settle(&mut self, prepared: Vec<Prepared>) {
        let now = Instant::now();
        let mut settled = Vec::new();
        for Prepared {
            mark,
            value,
            template,
            old_template,
            cost,
            ..
        } in prepared
        {
            let path = mark.path.clone();
            let on_disk = OnDisk {
                hash: mark.hash,
                revision: mark.revision,
                value,
            };
            self.on_disk.insert(path.clone(), on_disk);
            self.announced.remove(&path);
            self.rest.remove(&path);
            if let Some(cost) = cost.checked_sub(COST_FREE) {
                self.rest.insert(path, now + cost * (COST_PARTS - 1));
            }
            settled.push(Settled {
                mark,
                template,
                old_template,
            });
        }
        if !settled.is_empty() {
            self.writer.send(Message::Settled(settled)).ok();
        }
    }
}

/// A file that is no more.
fn removal(path: &FilePath, revision: Revision, found: Found) -> Prepared {
    Prepared {
        mark: Mark {
            path: path.clone(),
            revision,
            hash: None,
        },
        value: None,
        template: Template::None,
        old_template: Template::None,
        step: if found.text.is_some() {
            Step::Remove
        } else {
            Step::Nothing
        },
        found,
        cost: Duration::ZERO,
    }
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
