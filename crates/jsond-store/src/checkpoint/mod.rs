//! The checkpoint thread: rewrites changed files soon after their changes are durable, and takes in
//! what other programs did to files.
//!
//! It holds up no writer and no reader. Files are handled in rounds, so that many of them share the
//! syncs of journal and folder. Read [`Checkpointer::round`] for the order that a power cut between
//! any two steps relies on: temporary files written and synced, their marks journaled and synced,
//! names exchanged, syncs of the folders, and only then the journal may go.

mod exchange;
mod look;
mod obstacle;
mod prepare;
mod retired;
mod schedule;
mod take;
mod touched;

pub(crate) use look::{OnDisk, Remembered, hash_at, rememberable};
pub(crate) use prepare::{copy_of, remove_copies, template_of};
pub(crate) use touched::Touched;

use crate::health::Health;
use crate::image::{FilePath, Image, Template};
use crate::journal::entry::Mark;
use crate::medium::{Medium, Notice, folder_of};
use crate::message::{Announced, Message, Settled};
use crate::served::Served;
use crate::watch::{Look, Watcher};
use arc_swap::ArcSwap;
use jsond_document::Value;
use look::{Found, Sight, look};
use obstacle::{Half, Obstacle};
use retired::Retired;
use schedule::{Cost, Schedule};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// How many files share the syncs of one round.
const ROUND_FILES_MAX: usize = 128;

/// How often a flush tries what fails.
const FLUSH_TRIES: usize = 3;

/// How long a flush waits for what is only in the way for a moment.
const FLUSH_PAUSE: Duration = Duration::from_millis(50);

/// What the checkpoint thread is told.
pub(crate) enum Order {
    /// These files have changed.
    Touched(BTreeSet<FilePath>),
    /// Another program did something in the folder.
    Notice(Notice),
    /// Write everything now; answered with whether all of it worked.
    Flush(SyncSender<bool>),
    /// End.
    End,
}

/// What the thread starts with.
pub(crate) struct Start {
    pub(crate) served: Served,
    pub(crate) journal: Arc<dyn Medium>,
    pub(crate) published: Arc<ArcSwap<Image>>,
    pub(crate) writer: Sender<Message>,
    pub(crate) health: Arc<Health>,
    pub(crate) on_disk: HashMap<FilePath, OnDisk>,
    pub(crate) behind: Vec<FilePath>,
    /// Contents that a checkpoint before this start announced and never called done.
    pub(crate) announced: Vec<Mark>,
    pub(crate) touched: Touched,
    pub(crate) watcher: Watcher,
}

pub(crate) struct Checkpointer {
    served: Served,
    /// Where copies of files lie that can only be overwritten.
    journal: Arc<dyn Medium>,
    published: Arc<ArcSwap<Image>>,
    writer: Sender<Message>,
    health: Arc<Health>,
    on_disk: HashMap<FilePath, OnDisk>,
    schedule: Schedule,
    touched: Touched,
    watcher: Watcher,
    /// Contents that were announced and may have reached the disk, although a later step failed.
    announced: HashMap<FilePath, Vec<OnDisk>>,
    /// Files that cannot be replaced by a rename, only overwritten.
    in_place: HashSet<FilePath>,
    /// Files that were half overwritten.
    half: HashMap<FilePath, Half>,
    /// Temporary files that have the text of another program, and whose name could not be given
    /// back.
    stuck: HashSet<String>,
    retired: RefCell<Retired>,
}

/// A file that was looked at, and where something is to be done.
struct Looked {
    path: FilePath,
    found: Found,
    /// What a hand made of it.
    edit: Option<take::Edit>,
    /// A checkpoint has left it so and failed then; what of it is durable nobody knows.
    is_unsure: bool,
}

/// A file on its way to a new content.
struct Prepared {
    mark: Mark,
    value: Option<Value>,
    template: Template,
    old_template: Template,
    found: Found,
    step: Step,
    cost: Cost,
}

/// What has to be done on disk.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// Exchange it with this temporary file.
    Exchange(String),
    /// Overwrite it by this copy, which lies beside the journal.
    Overwrite(String),
    /// Remove the file.
    Remove,
    /// The file is removed already; its folder may not be synced.
    Confirm,
    /// Nothing at all.
    Nothing,
}

impl Step {
    /// Judges whether the file gets another content.
    fn is_change(&self) -> bool {
        matches!(self, Self::Exchange(_) | Self::Overwrite(_) | Self::Remove)
    }
}

impl Checkpointer {
    pub(crate) fn new(start: Start) -> Self {
        let mut schedule = Schedule::default();
        schedule.write(start.behind, Instant::now());
        let mut announced: HashMap<_, Vec<_>> = HashMap::new();
        for mark in start.announced {
            let hash = mark.hash;
            announced.entry(mark.path).or_default().push(OnDisk {
                hash,
                ..OnDisk::default()
            });
        }
        Self {
            served: start.served,
            journal: start.journal,
            published: start.published,
            writer: start.writer,
            health: start.health,
            on_disk: start.on_disk,
            schedule,
            touched: start.touched,
            watcher: start.watcher,
            announced,
            in_place: HashSet::new(),
            half: HashMap::new(),
            stuck: HashSet::new(),
            retired: RefCell::default(),
        }
    }

    /// Runs until it is told to end.
    pub(crate) fn run(mut self, orders: &Receiver<Order>) {
        self.rescan();
        loop {
            let retired = self.retired.borrow().next();
            let next = [self.schedule.next(), self.watcher.next(), retired];
            let wait = next.into_iter().flatten().min();
            let order = match wait {
                None => orders.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(at) => orders.recv_timeout(at.saturating_duration_since(Instant::now())),
            };
            match order {
                Ok(Order::Touched(paths)) => self.schedule.touch(paths, Instant::now()),
                Ok(Order::Notice(notice)) => self.take_notice(&notice),
                Ok(Order::Flush(answer)) => {
                    answer.send(self.flush()).ok();
                }
                Ok(Order::End) | Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => self.do_due(Instant::now()),
            }
        }
    }

    fn take_notice(&mut self, notice: &Notice) {
        match self.watcher.judge(notice, &self.served) {
            Look::At(path) => self.schedule.look_at(path, Instant::now()),
            Look::Around => self.watcher.rescan_soon(Instant::now()),
            Look::Nowhere => {}
        }
    }

    fn do_due(&mut self, now: Instant) {
        let late = self.retired.borrow_mut().look(now);
        self.keep_late(late);
        if self.watcher.is_due(now) {
            self.rescan();
        }
        let paths = self.schedule.take_due(now, ROUND_FILES_MAX);
        self.round(&paths);
    }

    /// Lists the folder and has everything looked at that may have changed.
    fn rescan(&mut self) {
        let Some(listing) = self.watcher.list(&self.served, Instant::now()) else {
            return;
        };
        let now = Instant::now();
        let image = self.published.load();
        let shown = image.files().into_iter().map(|(path, _)| path);
        let known = self.on_disk.keys().cloned().chain(shown);
        let paths: BTreeSet<_> = known.chain(listing.files).collect();
        for path in paths {
            self.schedule.look_at(path, now);
        }
        self.writer.send(Message::Folders(listing.folders)).ok();
    }

    /// Writes everything, without patience for hands that are at work.
    fn flush(&mut self) -> bool {
        self.schedule.be_patient(false);
        let mut is_done = false;
        for attempt in 0..FLUSH_TRIES {
            if attempt > 0 && self.schedule.is_worth_waiting() {
                std::thread::sleep(FLUSH_PAUSE);
            }
            let paths = self.schedule.take_writes();
            for some in paths.chunks(ROUND_FILES_MAX) {
                self.round(some);
            }
            is_done = !self.schedule.has_writes();
            if is_done {
                break;
            }
        }
        self.schedule.be_patient(true);
        let late = self.retired.borrow_mut().look_at_all();
        self.keep_late(late);
        if is_done && self.half.is_empty() {
            remove_copies(&*self.journal, &[]);
        }
        is_done
    }

    /// DURABILITY: the order of the steps is what a power cut between any two of them relies on.
    fn round(&mut self, paths: &[FilePath]) {
        // Before any of them is looked for in the published image.
        self.touched.forget(paths);
        let mut looked = Vec::new();
        for path in paths {
            match self.look(path) {
                Ok(some) => looked.extend(some),
                Err(obstacle) => self.put_off(path, &obstacle),
            }
        }
        let mut prepared = Vec::new();
        for one in self.take_in(looked) {
            let path = one.path.clone();
            match self.prepare(one) {
                Ok(some) => prepared.extend(some),
                Err(obstacle) => self.put_off(&path, &obstacle),
            }
        }
        let prepared = self.announce(prepared);
        let exchanged = self.each(prepared, Self::exchange);
        let synced = self.sync_folders(exchanged);
        synced.iter().for_each(|one| self.bury(one));
        self.settle(synced);
    }

    /// Looks at the file on disk; none when there is nothing to do, or not yet.
    fn look(&mut self, path: &FilePath) -> Result<Option<Looked>, Obstacle> {
        self.finish_half(path)?;
        let known = self.on_disk.get(path).cloned().unwrap_or_default();
        let found = match look(&self.served, path, &known)? {
            Sight::Unchanged(found) | Sight::Found(found) => found,
            Sight::Occupied(kind) if self.is_behind(path, &known) => {
                return Err(Obstacle::Occupied(kind));
            }
            Sight::Occupied(_) => Found::default(),
            Sight::Moving => return Err(Obstacle::Moved),
        };
        if found.hash == known.hash {
            self.schedule.forget_suspicion(path);
            if let Some(known) = self.on_disk.get_mut(path) {
                known.seen = rememberable(found.stat);
            }
            return self.look_at_known(path, &known, found);
        }
        let announced = self.announced.get(path);
        if announced.is_some_and(|it| it.iter().any(|it| it.hash == found.hash)) {
            // No hand did that: it is what a checkpoint that failed later had left.
            return Ok(Some(Looked {
                path: path.clone(),
                found,
                edit: None,
                is_unsure: true,
            }));
        }
        self.look_at_edit(path, known, found)
    }

    /// A file that is as it was left: is it to be written?
    fn look_at_known(
        &mut self,
        path: &FilePath,
        known: &OnDisk,
        found: Found,
    ) -> Result<Option<Looked>, Obstacle> {
        let is_broken = found.hash.is_some() && known.content.is_none();
        let is_behind = self.is_behind(path, known);
        if !is_behind {
            self.schedule.note_rest(path);
        }
        if is_broken && is_behind {
            return Err(Obstacle::StillBroken);
        }
        if !is_broken {
            self.set_broken(path, None);
        }
        let looked = || Looked {
            path: path.clone(),
            found,
            edit: None,
            // DURABILITY: it is as it was before a checkpoint that failed, or is so again; that it is
            // the name or the content on the disk is not certain.
            is_unsure: self.announced.contains_key(path),
        };
        Ok((is_behind && self.schedule.may_write(path, Instant::now())).then(looked))
    }

    /// Judges whether the file on disk lacks changes.
    fn is_behind(&self, path: &FilePath, known: &OnDisk) -> bool {
        match self.published.load().file(path) {
            Some(file) => file.revision > known.revision,
            None => known.hash.is_some(),
        }
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
        match (obstacle, &prepared.step) {
            (Obstacle::Stuck(taken), _) => drop(self.stuck.insert(taken.clone())),
            (Obstacle::Half(half, _), _) => {
                let path = prepared.mark.path.clone();
                self.half.insert(path, half.clone());
            }
            (Obstacle::Folder, Step::Remove) => drop(self.give_back(prepared)),
            (_, Step::Exchange(temporary)) => drop(self.served.medium.remove(temporary)),
            _ => {}
        }
        self.put_off(&prepared.mark.path, obstacle);
    }

    fn put_off(&mut self, path: &FilePath, obstacle: &Obstacle) {
        if let Obstacle::Fixed(error) = obstacle {
            tracing::info!(file = path.join("/"), %error, "it cannot be replaced; it is overwritten");
            self.in_place.insert(path.clone());
        }
        let is_news = self.schedule.put_off(path, obstacle, Instant::now());
        if is_news && !obstacle.is_momentary() {
            tracing::warn!(file = path.join("/"), %obstacle, "the file could not be written yet");
        }
    }

    /// Has the marks of the new contents journaled and synced before any file gets its content.
    fn announce(&mut self, prepared: Vec<Prepared>) -> Vec<Prepared> {
        let changes = |one: &&Prepared| one.step.is_change();
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
        let mut is_announced = sent.is_ok() && answered.recv() == Ok(Announced::Durably);
        // DURABILITY: without a journal nothing is replayed that a mark could guard, and what was
        // acknowledged has no other place than the file.
        is_announced |= self.health.has_lost_its_journal();
        for one in prepared.iter().filter(changes) {
            let path = one.mark.path.clone();
            let announced = OnDisk {
                hash: one.mark.hash,
                revision: one.mark.revision,
                content: Remembered::short(one.value.as_ref()),
                seen: None,
            };
            self.announced.entry(path).or_default().push(announced);
        }
        self.each(prepared, |_, one| match one.step.is_change() {
            true if !is_announced => Err(Obstacle::Journal),
            _ => Ok(()),
        })
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
            step,
            ..
        } in prepared
        {
            if let Step::Overwrite(copy) = step {
                self.journal.remove(&copy).ok();
            }
            let path = mark.path.clone();
            let on_disk = OnDisk {
                hash: mark.hash,
                revision: mark.revision,
                content: Remembered::of(value),
                seen: None,
            };
            self.announced.remove(&path);
            self.schedule.note_written(&path, cost, now);
            if self.is_behind(&path, &on_disk) {
                self.schedule.touch([path.clone()], now);
            }
            self.on_disk.insert(path, on_disk);
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
