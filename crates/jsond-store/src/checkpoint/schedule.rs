//! When which file is looked at and written. Knows no disk.
//!
//! A file is written soon after its first change, and a large one rarely enough to take a small
//! part of the time. A file that another program has touched is looked at soon after; what is found
//! there counts when it has stayed the same for a moment, because programs save in steps.

use super::Obstacle;
use crate::image::FilePath;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How long after its first change a file is written, so that changes in a row are written once.
const WRITE_DELAY: Duration = Duration::from_millis(40);

/// How long after another program has touched a file it is looked at.
const LOOK_DELAY: Duration = Duration::from_millis(30);

/// How long after a failure it is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// How long after something that is gone in a moment.
const RETRY_SOON: Duration = Duration::from_millis(10);

/// Rewriting a file may take one part of the time in this many.
const COST_PARTS: u32 = 10;

/// A cost that needs no rest: a small file and the syncs that it waits for.
const COST_FREE: Duration = Duration::from_millis(20);

/// A small file that took long has waited for a disk that is busy with something else.
const SMALL_REST_MAX: Duration = Duration::from_secs(1);

/// How long an edit by hand must have been the same.
const EDIT_STAYS: Duration = Duration::from_millis(40);

/// How long a file must have been broken or gone: many programs save by writing it anew.
const DAMAGE_STAYS: Duration = Duration::from_millis(250);

/// An edit that never rests is taken all the same.
const EDIT_WAITS_MAX: Duration = Duration::from_secs(1);

/// What was seen that may be only half of what another program is about to do.
struct Suspicion {
    hash: Option<u128>,
    since: Instant,
    first: Instant,
}

/// What it takes to write a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cost {
    pub(super) since: Instant,
    pub(super) is_large: bool,
}

pub(super) struct Schedule {
    writes: HashMap<FilePath, Instant>,
    looks: HashMap<FilePath, Instant>,
    /// Not to be written before this time again, because the last time was expensive.
    rest: HashMap<FilePath, Instant>,
    suspicions: HashMap<FilePath, Suspicion>,
    /// What was in the way last, and whether it is gone in a moment.
    obstacles: HashMap<FilePath, (String, bool)>,
    is_patient: bool,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            writes: HashMap::new(),
            looks: HashMap::new(),
            rest: HashMap::new(),
            suspicions: HashMap::new(),
            obstacles: HashMap::new(),
            is_patient: true,
        }
    }
}

impl Schedule {
    /// Plans files to be written at a time.
    pub(super) fn write(&mut self, paths: impl IntoIterator<Item = FilePath>, at: Instant) {
        self.writes.extend(paths.into_iter().map(|path| (path, at)));
    }

    /// Plans files that have changed.
    pub(super) fn touch(&mut self, paths: impl IntoIterator<Item = FilePath>, now: Instant) {
        let soon = now + WRITE_DELAY;
        for path in paths {
            let rest = self.rest.get(&path).copied();
            let at = rest.map_or(soon, |rest| rest.max(soon));
            self.writes.entry(path).or_insert(at);
        }
    }

    /// Plans a look at a file.
    pub(super) fn look_at(&mut self, path: FilePath, now: Instant) {
        self.looks.entry(path).or_insert(now + LOOK_DELAY);
    }

    /// When something is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.writes
            .values()
            .chain(self.looks.values())
            .min()
            .copied()
    }

    /// Takes what is due; what is only looked at stays planned to be written.
    pub(super) fn take_due(&mut self, now: Instant, count: usize) -> Vec<FilePath> {
        let due = |plan: &HashMap<FilePath, Instant>| {
            let due = plan.iter().filter(|(_, at)| **at <= now);
            due.map(|(path, _)| path.clone()).collect::<Vec<_>>()
        };
        let mut paths = due(&self.writes);
        paths.extend(due(&self.looks));
        paths.sort();
        paths.dedup();
        paths.truncate(count);
        for path in &paths {
            self.looks.remove(path);
        }
        paths
    }

    /// Takes everything that is to be written, now, and looks that could find more.
    pub(super) fn take_writes(&mut self) -> Vec<FilePath> {
        self.rest.clear();
        let mut paths: Vec<_> = self.writes.keys().cloned().collect();
        paths.extend(self.looks.drain().map(|(path, _)| path));
        paths.sort();
        paths.dedup();
        paths
    }

    pub(super) fn has_writes(&self) -> bool {
        !self.writes.is_empty()
    }

    /// Without patience what is found counts at once.
    pub(super) fn be_patient(&mut self, is_patient: bool) {
        self.is_patient = is_patient;
    }

    /// Judges whether a file may be written now; if not, it is planned for when it may.
    pub(super) fn may_write(&mut self, path: &FilePath, now: Instant) -> bool {
        let rest = self.rest.get(path).copied().filter(|rest| *rest > now);
        let planned = self.writes.get(path).copied().filter(|at| *at > now);
        match (rest.max(planned), self.is_patient) {
            (Some(later), true) => {
                self.writes.insert(path.clone(), later);
                false
            }
            _ => true,
        }
    }

    /// A file is written, or needs not to be.
    pub(super) fn note_rest(&mut self, path: &FilePath) {
        self.writes.remove(path);
        self.obstacles.remove(path);
    }

    /// A file was written, at this cost, and all that belongs to it was done.
    pub(super) fn note_written(&mut self, path: &FilePath, cost: Cost, now: Instant) {
        self.note_rest(path);
        self.rest.remove(path);
        let time = now.saturating_duration_since(cost.since);
        if time > COST_FREE {
            let rest = time * (COST_PARTS - 1);
            let rest = if cost.is_large {
                rest
            } else {
                rest.min(SMALL_REST_MAX)
            };
            self.rest.insert(path.clone(), now + rest);
        }
    }

    /// Plans another try; says whether something else is in the way than before.
    pub(super) fn put_off(&mut self, path: &FilePath, obstacle: &Obstacle, now: Instant) -> bool {
        let pause = if obstacle.is_momentary() {
            RETRY_SOON
        } else {
            RETRY
        };
        self.writes.insert(path.clone(), now + pause);
        let words = (obstacle.to_string(), obstacle.is_momentary());
        self.obstacles.insert(path.clone(), words.clone()) != Some(words)
    }

    /// Judges whether all that is in the way is gone in a moment.
    pub(super) fn is_worth_waiting(&self) -> bool {
        self.obstacles
            .values()
            .all(|(_, is_momentary)| *is_momentary)
    }

    pub(super) fn forget_suspicion(&mut self, path: &FilePath) {
        self.suspicions.remove(path);
    }

    /// Judges whether what is found has stayed the same for long enough to be meant; if not, the
    /// file is looked at again.
    pub(super) fn is_meant(
        &mut self,
        path: &FilePath,
        hash: Option<u128>,
        is_whole: bool,
        now: Instant,
    ) -> bool {
        let fresh = Suspicion {
            hash,
            since: now,
            first: now,
        };
        let suspicion = self.suspicions.entry(path.clone()).or_insert(fresh);
        if suspicion.hash != hash {
            (suspicion.hash, suspicion.since) = (hash, now);
        }
        let stays = if is_whole { EDIT_STAYS } else { DAMAGE_STAYS };
        let is_old = now - suspicion.since >= stays;
        let waits_long = is_whole && now - suspicion.first >= EDIT_WAITS_MAX;
        if is_old || waits_long || !self.is_patient {
            self.suspicions.remove(path);
            return true;
        }
        let again = now + stays.saturating_sub(now - suspicion.since);
        self.looks.insert(path.clone(), again);
        if let Some(at) = self.writes.get_mut(path) {
            *at = (*at).max(again);
        }
        false
    }
}
