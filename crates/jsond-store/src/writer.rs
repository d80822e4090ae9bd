//! The one writer thread: decides, journals, publishes and answers, a batch at a time.
//!
//! Read [`Writer::run_batch`] for the durability argument: decide everything that waits, append it,
//! sync it once, and only then publish it and answer.

mod hand;
mod keyed;
mod room;
mod said;

use crate::change::{Operation, OperationKind};
use crate::checkpoint::Touched;
use crate::contract::{
    Address, Applied, Durability, Effect, Mutation, Outcome, Rejection, Revision, StoreError,
};
use crate::decide::{Decision, decide};
use crate::health::Health;
use crate::image::{FilePath, Image};
use crate::journal::entry::{Body, Entry};
use crate::journal::{self, CommitError, Journal};
use crate::key::ring::Ring;
use crate::marks::Marks;
use crate::message::{Batch, Message, Start, TakenBefore, Waiting};
use crate::post::Deliveries;
use crate::state::StateFile;
use crate::undo::{with_undo, with_undo_at};
use arc_swap::ArcSwap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Instant, SystemTime};

/// How many messages one batch takes at the most.
const BATCH_MESSAGES_MAX: usize = 4096;

/// How many bytes of journal one batch takes before it is closed.
const BATCH_BYTES_TARGET: usize = 32 << 20;

pub(crate) struct Writer {
    /// The image that includes what is decided but not yet durable.
    image: Image,
    published: Arc<ArcSwap<Image>>,
    journal: Journal,
    /// Revisions are given to all entries of the journal, also to those that are no change.
    last: Revision,
    marks: Marks,
    taken: Vec<TakenBefore>,
    keys: Ring,
    health: Arc<Health>,
    closed: bool,
    /// The last batch found no room.
    is_full: bool,
    touched: Touched,
    durability: Durability,
    /// When entries that were acknowledged before their sync are synced at the latest.
    sync_due: Option<Instant>,
    /// The first entry that is not synced yet.
    unsynced: Option<Revision>,
    may_make: Box<dyn Fn(&FilePath) -> bool + Send>,
    state: StateFile,
    keeps_history: bool,
    /// What the batch before had room for.
    spare: Batch,
}

impl Writer {
    pub(crate) fn new(start: Start) -> Self {
        Self {
            image: Image::clone(&start.published.load()),
            published: start.published,
            journal: start.journal,
            last: start.last,
            marks: Marks::new(start.on_disk, start.announced),
            taken: start.taken,
            keys: start.keys,
            health: start.health,
            closed: false,
            is_full: false,
            touched: start.touched,
            durability: start.durability,
            sync_due: None,
            unsynced: None,
            may_make: start.may_make,
            state: start.state,
            keeps_history: start.keeps_history,
            spare: Batch::default(),
        }
    }

    /// Runs until it is told to finish or nobody is left to tell it anything.
    pub(crate) fn run(mut self, messages: &Receiver<Message>) {
        self.journal_taken();
        while let Some(first) = self.wait(messages) {
            let mut batch = self.new_batch();
            let mut next = Some(first);
            let mut taken = 0;
            while let Some(message) = next.take() {
                if let Message::Finish(answer) = message {
                    self.run_batch(batch).ok();
                    let clean = self.end();
                    answer.send(clean).ok();
                    return;
                }
                self.take(message, &mut batch);
                taken += 1;
                if taken < BATCH_MESSAGES_MAX && batch.text.len() < BATCH_BYTES_TARGET {
                    next = messages.try_recv().ok();
                }
            }
            // Whoever waits has been told.
            self.run_batch(batch).ok();
        }
    }

    fn new_batch(&mut self) -> Batch {
        let first = self.last.next();
        Batch {
            first,
            synced_from: self.unsynced.unwrap_or(first),
            ..std::mem::take(&mut self.spare)
        }
    }

    /// Waits for a message; with `--durability interval` a due sync is made meanwhile.
    fn wait(&mut self, messages: &Receiver<Message>) -> Option<Message> {
        while let Some(due) = self.sync_due {
            match messages.recv_timeout(due.saturating_duration_since(Instant::now())) {
                Ok(message) => return Some(message),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => self.sync_late(),
            }
        }
        messages.recv().ok()
    }

    fn sync_late(&mut self) {
        self.sync_due = None;
        self.unsynced = None;
        if let Err(error) = self.journal.sync() {
            self.latch(&error);
        }
    }

    fn take(&mut self, message: Message, batch: &mut Batch) {
        match message {
            Message::Mutate(mut mutation, answer) => {
                let result = self.mutate(&mut mutation, batch);
                batch.waiting.push(Waiting::Client(answer, result));
            }
            Message::Many(messages) => {
                for message in messages {
                    self.take(message, batch);
                }
            }
            Message::Recall(key, answer) => {
                let known = self.recalled(&key);
                let outcome = known.unwrap_or(Outcome::Rejected(Rejection::NotFound));
                batch.waiting.push(Waiting::Client(answer, Ok(outcome)));
            }
            Message::Mark(marks, answer) => {
                for mark in marks {
                    self.marks.announce(mark.clone());
                    self.enter(Body::Mark(mark), batch);
                }
                batch.waiting.push(Waiting::Mark(answer));
            }
            Message::Settled(settled) => {
                for one in settled {
                    self.settle(one, batch);
                }
                batch.settled = true;
            }
            Message::HandEdit(edit, answer) => self.take_hand_edit(*edit, answer, batch),
            Message::Folders(folders) => self.set_folders(&folders, batch),
            Message::Broken(path, error) => self.set_broken(&path, error, batch),
            Message::KeysKept(to) => {
                self.keys.take_report(to);
                batch.settled |= to.is_some();
            }
            Message::Close(answer) => {
                self.closed = true;
                batch.waiting.push(Waiting::Close(answer));
            }
            Message::Finish(_) => {}
        }
    }

    /// DURABILITY: nothing of the batch is visible or answered before the one sync in `commit`
    /// has returned. If it fails, the image goes back to what was published.
    fn run_batch(&mut self, mut batch: Batch) -> Result<(), StoreError> {
        let result = self.commit(&mut batch);
        match result {
            Ok(()) => {
                for mark in batch.found.drain(..) {
                    self.marks.settle(mark);
                }
                self.publish(batch.refresh);
                self.keys.publish();
            }
            Err(_) => {
                self.image = Image::clone(&self.published.load());
                self.keys.take_back();
                self.last = Revision(batch.first.0 - 1);
            }
        }
        if result.is_ok() {
            self.touched.tell(std::mem::take(&mut batch.touched));
        }
        let mut clients = Deliveries::of(batch.waiting.len());
        for waiting in batch.waiting.drain(..) {
            waiting.answer(result, &mut clients);
        }
        clients.send();
        if result.is_ok() && batch.settled {
            self.remove_old_segments();
        }
        self.spare = batch.emptied();
        result
    }

    fn commit(&mut self, batch: &mut Batch) -> Result<(), StoreError> {
        if batch.text.is_empty() {
            return Ok(());
        }
        if self.is_latched() {
            return Err(StoreError::OutcomeUnknown);
        }
        if self.journal.would_rotate(batch.text.len()) {
            for mark in self.marks.repeated(&self.image, &batch.said) {
                self.enter(mark, batch);
            }
        }
        let sync = self.sync_for(batch);
        let lines = journal::Batch {
            text: &batch.text,
            first: batch.first,
            last: self.last,
            reserve: self.reserve(batch),
        };
        let mut committed = self.journal.commit(&lines, sync);
        if matches!(committed, Err(CommitError::NoRoom(_))) && self.make_room() {
            committed = self.journal.commit(&lines, sync);
        }
        self.judge(committed, batch.text.len())?;
        let is_synced = sync == journal::Sync::Now;
        self.unsynced = (!is_synced).then_some(batch.synced_from);
        Ok(())
    }

    /// What a commit of so many bytes came to, for those who wait.
    fn judge(
        &mut self,
        committed: Result<(), CommitError>,
        bytes: usize,
    ) -> Result<(), StoreError> {
        let (told, mended) = match committed {
            Ok(()) => {
                if std::mem::take(&mut self.is_full) {
                    tracing::warn!("the journal has room again; writes go on");
                }
                return Ok(());
            }
            Err(CommitError::NoRoom(error)) => {
                if !std::mem::replace(&mut self.is_full, true) {
                    tracing::warn!(%error, "the journal finds no room; writes are refused");
                }
                (StoreError::Full, self.journal.mend(bytes))
            }
            Err(CommitError::Refused(error)) => {
                tracing::warn!(%error, "the system lets the journal write nothing");
                (StoreError::NotStored, self.journal.mend(bytes))
            }
            Err(CommitError::Failed(error)) => (StoreError::OutcomeUnknown, Err(error)),
        };
        Err(mended.map_or_else(|error| self.latch(&error), |()| told))
    }

    /// A mark is durable before a checkpoint goes on, however writes are answered.
    fn sync_for(&mut self, batch: &Batch) -> journal::Sync {
        let Durability::Interval(interval) = self.durability else {
            return journal::Sync::Now;
        };
        let now = Instant::now();
        let is_due = self.sync_due.is_some_and(|due| due <= now);
        if is_due
            || batch
                .waiting
                .iter()
                .any(|it| !matches!(it, Waiting::Client(..)))
        {
            self.sync_due = None;
            return journal::Sync::Now;
        }
        self.sync_due.get_or_insert(now + interval);
        journal::Sync::Later
    }

    /// DURABILITY: after a failed append or sync nobody knows what is on the disk, and a later sync
    /// that succeeds says nothing about it. No write is taken until a restart has read it afresh.
    fn latch(&mut self, error: &std::io::Error) -> StoreError {
        if error.kind() == std::io::ErrorKind::NotFound {
            self.health.lose_journal();
        }
        self.health.latch();
        tracing::error!(%error, "the journal failed; writes are refused until a restart");
        StoreError::OutcomeUnknown
    }

    fn is_latched(&self) -> bool {
        self.health.is_latched()
    }

    fn publish(&self, refresh: bool) {
        if refresh || self.published.load().revision != self.image.revision {
            self.published.store(Arc::new(self.image.clone()));
        }
    }

    fn mutate(
        &mut self,
        mutation: &mut Mutation,
        batch: &mut Batch,
    ) -> Result<Outcome, StoreError> {
        if self.closed {
            return Err(StoreError::Stopped);
        }
        let known = mutation.key.as_ref().and_then(|key| self.recalled(key));
        if let Some(outcome) = known {
            return Ok(outcome);
        }
        let mut decision = match decide(&self.image, mutation) {
            Ok(decision) => decision,
            Err(rejection) => return Ok(Outcome::Rejected(rejection)),
        };
        if !self.new_files(&decision).iter().all(&self.may_make) {
            return Ok(Outcome::Rejected(Rejection::Name));
        }
        let is_change = !decision.operations.is_empty();
        if self.is_latched() && (is_change || mutation.key.is_some()) {
            return Err(StoreError::OutcomeUnknown);
        }
        let time = SystemTime::now();
        let operations = std::mem::take(&mut decision.operations);
        self.mark_all_clean(&operations, batch);
        let has_text = |path: &[String]| self.marks.has_text(path);
        let operations = match decision.way.take() {
            Some(way) => with_undo_at(operations, &way, has_text),
            None => with_undo(operations, &self.image, has_text),
        };
        if is_change {
            self.apply(&operations, time);
        }
        let applied = self.applied(decision, mutation.wants_image);
        match &mutation.key {
            Some(key) => self.enter_keyed(key, &applied, operations, time, batch),
            None if is_change => self.enter_at(time, Body::Change(operations), batch),
            None => {}
        }
        Ok(Outcome::Applied(applied))
    }

    /// The paths of the files that a decision makes.
    fn new_files(&self, decision: &Decision) -> Vec<FilePath> {
        let adds = |it: &&Operation| matches!(it.kind, OperationKind::Add(_));
        let added = decision.operations.iter().filter(adds);
        added
            .map(|it| self.image.split(it.path.tokens()))
            .filter(|(path, inside)| inside.is_empty() && self.image.file(path).is_none())
            .map(|(path, _)| path.to_vec())
            .collect()
    }

    fn applied(&self, decision: Decision, wants_image: bool) -> Applied {
        let Decision {
            effect,
            written,
            shown,
            ..
        } = decision;
        let value = match effect {
            Effect::Removed => shown,
            _ => shown.or_else(|| self.value_now(&written)),
        };
        Applied {
            effect,
            image: self.image_for(&written, wants_image),
            written,
            value,
        }
    }

    /// The image that an answer has, if it has one.
    fn image_for(&self, written: &[Address], is_wanted: bool) -> Option<Arc<Image>> {
        let is_folder = matches!(written, [address] if self.image.folder(&address.0).is_some());
        (is_wanted || is_folder).then(|| Arc::new(self.image.clone()))
    }

    /// Applies operations to the working image; their line is to be entered next, and the files are
    /// marked already.
    fn apply(&mut self, operations: &[Operation], time: SystemTime) {
        self.image
            .apply_in_place(operations, self.last.next(), time)
            .expect("INVARIANT: what was decided in this image applies to it");
    }

    fn enter(&mut self, body: Body, batch: &mut Batch) {
        self.enter_at(SystemTime::now(), body, batch);
    }

    fn enter_at(&mut self, time: SystemTime, body: Body, batch: &mut Batch) {
        self.last = self.last.next();
        let entry = Entry {
            revision: self.last,
            batch: batch.synced_from,
            time,
            body,
        };
        entry.encode(&mut batch.text);
    }

    /// Leaves nothing behind on which data depends.
    fn end(&mut self) -> bool {
        if self.is_latched() {
            return false;
        }
        if self.marks.first_needed(&self.image).is_some() {
            tracing::warn!("some files could not be written; the journal keeps their changes");
            return false;
        }
        if !self.keys.keep_all(self.last) {
            return false;
        }
        let finished = self.state.finish(self.last, self.keeps_history);
        let result = finished.and_then(|()| self.journal.remove_all());
        if let Err(error) = &result {
            tracing::warn!(%error, "the journal could not be removed");
        }
        result.is_ok()
    }
}
