//! The keys of the last day in memory: found by name, forgotten in the order of their revisions.
//!
//! Pure: what time it is comes from outside. The maps are persistent, so a copy costs nothing and
//! shares everything.

use crate::contract::Revision;
use crate::key::answer::Answered;
use crate::key::file::Line;
use imbl::OrdMap;
use std::ops::Bound;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// How long a key is remembered: what is promised to clients.
pub(crate) const LIFE: Duration = Duration::from_hours(24);

/// More keys than this are not remembered, the oldest go first: more than one a second for a day.
pub(crate) const KEYS_MAX: usize = 100_000;

/// The answers and names together take no more room than this, the oldest go first; the newest
/// stays in any case.
pub(crate) const BYTES_MAX: usize = 64 << 20;

/// What a key costs beside its texts: two places in maps and what the maps need around them.
const OVERHEAD_BYTES: usize = 256;

/// A key that is remembered.
#[derive(Debug, PartialEq)]
pub(crate) struct Kept {
    /// The line of the journal in which the key became durable.
    pub(crate) revision: Revision,
    /// The time in that line.
    pub(crate) time: SystemTime,
    /// The same on a clock that is never set; not later than when it was read from disk.
    pub(crate) since: SystemTime,
    name: Arc<str>,
    request: u128,
    /// The answer as a file of keys has it; a text of its own that pins nothing else.
    pub(crate) text: Box<[u8]>,
}

impl Kept {
    pub(crate) fn new(
        revision: Revision,
        time: SystemTime,
        since: SystemTime,
        answered: &Answered,
    ) -> Self {
        let mut text = Vec::new();
        answered.encode(&mut text);
        Self {
            revision,
            time,
            since,
            name: answered.key.name.as_str().into(),
            request: answered.key.request,
            text: text.into_boxed_slice(),
        }
    }

    pub(crate) fn request(&self) -> u128 {
        self.request
    }

    /// The first answer.
    pub(crate) fn answered(&self) -> Answered {
        jsond_document::Json::parse_within(&self.text, jsond_document::Bounds::NONE)
            .ok()
            .and_then(|json| Answered::decode(&json, &[]))
            .expect("INVARIANT: encoded by `new`")
    }

    fn cost_bytes(&self) -> usize {
        self.text.len() + self.name.len() + OVERHEAD_BYTES
    }

    fn is_expired(&self, now: SystemTime) -> bool {
        now.duration_since(self.since).is_ok_and(|age| age >= LIFE)
    }
}

/// The keys that are remembered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keys {
    by_name: OrdMap<Arc<str>, Arc<Kept>>,
    by_revision: OrdMap<Revision, Arc<Kept>>,
    bytes: usize,
}

impl Keys {
    /// Takes lines as they are found at the start.
    ///
    /// A clock may have been wrong, then or now; rather a key is remembered for too long than its
    /// mutation done twice. So a key whose time has not come yet is as old as this start, and none
    /// is older than one before it.
    pub(crate) fn of(mut lines: Vec<Line>, now: SystemTime) -> Self {
        lines.sort_by_key(|(revision, ..)| *revision);
        let mut keys = Self::default();
        let mut latest = SystemTime::UNIX_EPOCH;
        for (revision, time, answered) in lines {
            if time <= now {
                latest = latest.max(time);
            }
            let since = if time <= now { latest } else { now };
            keys.remember(Kept::new(revision, time, since, &answered), now);
        }
        keys
    }

    /// Finds what is remembered under a name.
    pub(crate) fn find(&self, name: &str, now: SystemTime) -> Option<&Arc<Kept>> {
        let kept = self.by_name.get(name)?;
        (!kept.is_expired(now)).then_some(kept)
    }

    /// Remembers a key; of two with one name the later line counts.
    ///
    /// *Cost*: logarithmic; what is forgotten for it is forgotten once.
    pub(crate) fn remember(&mut self, kept: Kept, now: SystemTime) {
        let kept = Arc::new(kept);
        if let Some(before) = self.by_name.get(&*kept.name).cloned() {
            if before.revision >= kept.revision {
                return;
            }
            self.forget(&before);
        }
        self.bytes += kept.cost_bytes();
        self.by_name
            .insert(Arc::clone(&kept.name), Arc::clone(&kept));
        self.by_revision.insert(kept.revision, kept);
        self.forget_old(now);
    }

    /// Forgets what is expired, and what there is no room for.
    pub(crate) fn forget_old(&mut self, now: SystemTime) {
        while let Some((_, oldest)) = self.by_revision.get_min() {
            let len = self.by_revision.len();
            let is_full = len > KEYS_MAX || (self.bytes > BYTES_MAX && len > 1);
            if !is_full && !oldest.is_expired(now) {
                return;
            }
            let oldest = Arc::clone(oldest);
            self.forget(&oldest);
        }
    }

    fn forget(&mut self, kept: &Kept) {
        self.bytes -= kept.cost_bytes();
        self.by_name.remove(&*kept.name);
        self.by_revision.remove(&kept.revision);
    }

    /// The keys of the lines behind `after` up to `to`, in order.
    pub(crate) fn between(
        &self,
        after: Revision,
        to: Revision,
    ) -> impl Iterator<Item = &Arc<Kept>> {
        let range = (Bound::Excluded(after), Bound::Included(to));
        let is_some = after < to;
        let found = is_some.then(|| self.by_revision.range::<_, Revision>(range));
        found.into_iter().flatten().map(|(_, kept)| kept)
    }

    /// The first line whose key is still remembered.
    pub(crate) fn oldest(&self) -> Option<Revision> {
        self.by_revision.get_min().map(|(revision, _)| *revision)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Effect;
    use crate::key::Key;
    use crate::key::answer::AnswerValue;
    use jsond_document::Value;

    const START: SystemTime = SystemTime::UNIX_EPOCH;

    fn kept(revision: u64, name: &str, since: SystemTime, value_bytes: usize) -> Kept {
        let answered = answered(revision, name, value_bytes);
        Kept::new(Revision(revision), since, since, &answered)
    }

    fn answered(revision: u64, name: &str, value_bytes: usize) -> Answered {
        let text = format!("\"{}\"", "x".repeat(value_bytes));
        Answered {
            key: Key {
                name: name.to_owned(),
                request: revision.into(),
            },
            effect: Effect::Created,
            written: Vec::new(),
            value: AnswerValue::Kept(Value::parse(text.as_bytes()).unwrap()),
        }
    }

    fn revision_of(keys: &Keys, name: &str, now: SystemTime) -> Option<u64> {
        keys.find(name, now).map(|kept| kept.revision.0)
    }

    #[test]
    fn a_key_is_remembered_for_a_day_and_then_free_again() {
        let mut keys = Keys::default();
        let second = Duration::from_secs(1);
        keys.remember(kept(1, "a", START, 1), START);
        keys.remember(kept(2, "b", START + second, 1), START + second);
        assert_eq!(revision_of(&keys, "a", START + LIFE - second), Some(1));
        assert_eq!(revision_of(&keys, "a", START + LIFE), None);
        assert_eq!(revision_of(&keys, "b", START + LIFE), Some(2));
        let now = START + LIFE;
        keys.remember(kept(3, "a", now, 1), now);
        assert_eq!(revision_of(&keys, "a", now), Some(3));
        assert_eq!(keys.oldest(), Some(Revision(2)));
        keys.forget_old(now + LIFE);
        assert_eq!((keys.oldest(), keys.bytes), (None, 0));
    }

    #[test]
    fn of_two_lines_with_one_name_the_later_one_counts_in_any_order() {
        for order in [[1, 2], [2, 1]] {
            let mut keys = Keys::default();
            for revision in order {
                keys.remember(kept(revision, "a", START, 1), START);
            }
            assert_eq!(revision_of(&keys, "a", START), Some(2));
            assert_eq!(keys.between(Revision(0), Revision(9)).count(), 1);
        }
    }

    #[test]
    fn the_oldest_go_first_when_there_are_too_many_or_too_large_ones() {
        let mut keys = Keys::default();
        for n in 1..=KEYS_MAX as u64 + 10 {
            keys.remember(kept(n, &n.to_string(), START, 1), START);
        }
        assert_eq!(keys.oldest(), Some(Revision(11)));
        let mut keys = Keys::default();
        for n in 1..=100 {
            keys.remember(kept(n, &n.to_string(), START, 1 << 20), START);
            assert!(keys.bytes <= BYTES_MAX);
        }
        assert_eq!(revision_of(&keys, "100", START), Some(100));
        assert_eq!(keys.oldest(), Some(Revision(38)));
        keys.remember(kept(101, "huge", START, BYTES_MAX), START);
        assert_eq!(keys.oldest(), Some(Revision(101)));
    }

    #[test]
    fn a_clock_that_was_wrong_keeps_no_key_for_more_than_a_day_and_forgets_none_early() {
        let hour = Duration::from_hours(1);
        let now = START + 1000 * hour;
        // Written yesterday, in the year 1970, and in years to come; and found in any order.
        let times = [now - hour, START, now + 900 * hour, now - 30 * hour];
        let line = |n: usize| {
            let name = n.to_string();
            (Revision(n as u64 + 1), times[n], answered(1, &name, 1))
        };
        let keys = Keys::of([2, 0, 3, 1].map(line).to_vec(), now);
        let known = |at: SystemTime| {
            let is_known = |n: &usize| keys.find(&n.to_string(), at).is_some();
            (0..times.len()).filter(is_known).collect::<Vec<_>>()
        };
        assert_eq!(known(now), [0, 1, 2, 3]);
        assert_eq!(known(now + 23 * hour), [2]);
        assert_eq!(known(now + 24 * hour), Vec::<usize>::new());
        let written: Vec<_> = keys.between(Revision(0), Revision(9)).collect();
        assert!(
            written
                .iter()
                .zip(times)
                .all(|(kept, time)| kept.time == time)
        );
    }

    #[test]
    fn a_copy_is_not_changed_by_what_is_remembered_later() {
        let mut keys = Keys::default();
        keys.remember(kept(1, "a", START, 1), START);
        let copy = keys.clone();
        keys.remember(kept(2, "b", START, 1), START);
        keys.forget_old(START + LIFE);
        assert_eq!(revision_of(&copy, "a", START), Some(1));
        assert_eq!(revision_of(&copy, "b", START), None);
    }

    #[test]
    fn keys_between_two_lines_are_those_behind_the_one_up_to_the_other() {
        let mut keys = Keys::default();
        for n in 1..=5 {
            keys.remember(kept(n, &n.to_string(), START, 1), START);
        }
        let between = |after, to| {
            let found = keys.between(Revision(after), Revision(to));
            found.map(|kept| kept.revision.0).collect::<Vec<_>>()
        };
        assert_eq!(between(1, 3), [2, 3]);
        assert_eq!(between(0, 9), [1, 2, 3, 4, 5]);
        assert!(between(3, 3).is_empty());
        assert!(between(4, 2).is_empty());
    }
}
