//! What the writer knows of keys: those of durable lines, and those of the batch in the making.
//!
//! Keys go with the image: a batch that fails takes its keys back. A segment goes only when its
//! keys are in files; the keeper writes those, and reports.

use crate::contract::Revision;
use crate::key::Key;
use crate::key::answer::Answered;
use crate::key::file::Line;
use crate::key::keeper::Job;
use crate::key::memory::{Kept, Keys};
use std::sync::mpsc::{Sender, sync_channel};
use std::time::{Instant, SystemTime};

/// The keys of one folder.
pub(crate) struct Ring {
    /// With those of the batch that is not durable yet.
    keys: Keys,
    durable: Keys,
    clock: Clock,
    keeper: Sender<Job>,
    /// The keys of all lines up to here are in files.
    kept_to: Revision,
    /// The keeper has a job.
    is_keeping: bool,
}

/// What is remembered under a name.
pub(crate) enum Found {
    /// This very request, and its first answer.
    Repeat(Answered),
    /// Another request.
    Other,
}

/// The time of day at the start, and what has passed since: nobody sets this clock, so a day is a
/// day whatever happens to the wall clock meanwhile.
struct Clock {
    wall: SystemTime,
    started: Instant,
}

impl Clock {
    fn now(&self) -> SystemTime {
        self.wall + self.started.elapsed()
    }
}

impl Ring {
    /// Takes what recovery found in files and in the journal.
    pub(crate) fn new(lines: Vec<Line>, kept_to: Revision, keeper: Sender<Job>) -> Self {
        let clock = Clock {
            wall: SystemTime::now(),
            started: Instant::now(),
        };
        let keys = Keys::of(lines, clock.now());
        Self {
            durable: keys.clone(),
            keys,
            clock,
            keeper,
            kept_to,
            is_keeping: false,
        }
    }

    /// Finds what is remembered of a key, that of the batch in the making included: its answer
    /// waits for the same sync.
    pub(crate) fn find(&self, key: &Key) -> Option<Found> {
        let kept = self.keys.find(&key.name, self.clock.now())?;
        Some(if kept.request() == key.request {
            Found::Repeat(kept.answered())
        } else {
            Found::Other
        })
    }

    /// Remembers the answer in a line of the batch in the making.
    pub(crate) fn remember(&mut self, revision: Revision, time: SystemTime, answered: &Answered) {
        let now = self.clock.now();
        self.keys
            .remember(Kept::new(revision, time, now, answered), now);
    }

    /// The batch is durable.
    pub(crate) fn publish(&mut self) {
        self.durable = self.keys.clone();
    }

    /// The batch is not, and none of it was done.
    pub(crate) fn take_back(&mut self) {
        self.keys = self.durable.clone();
    }

    /// Judges whether the keys of all lines up to `to` are in files; otherwise has them written,
    /// and [`Ring::take_report`] will tell.
    ///
    /// DURABILITY: a segment may go only when this is so for its last line.
    pub(crate) fn are_kept(&mut self, to: Revision) -> bool {
        self.keys.forget_old(self.clock.now());
        if self.keys.between(self.kept_to, to).next().is_none() {
            return true;
        }
        if !self.is_keeping {
            self.is_keeping = self.keeper.send(self.job(to, None)).is_ok();
        }
        false
    }

    /// Takes the keeper's report: up to which line keys are in files now, if it worked.
    pub(crate) fn take_report(&mut self, kept_to: Option<Revision>) {
        self.is_keeping = false;
        self.kept_to = self.kept_to.max(kept_to.unwrap_or_default());
    }

    /// Has all keys written, waits for it, and says whether it worked.
    pub(crate) fn keep_all(&mut self, to: Revision) -> bool {
        self.keys.forget_old(self.clock.now());
        let (answer, answered) = sync_channel(1);
        self.keeper.send(self.job(to, Some(answer))).is_ok() && answered.recv() == Ok(true)
    }

    fn job(&self, to: Revision, answer: Option<std::sync::mpsc::SyncSender<bool>>) -> Job {
        Job {
            keys: self.keys.clone(),
            to,
            answer,
        }
    }
}
