//! Two objects, or two arrays of records, compared by going through both at once.
//!
//! Where they part, each side is asked where it has what the other has; nothing is noted about the
//! entries that are the same, so that two versions of a million records take no memory.

use super::{Budget, DifferenceEdit, Walk, Whole};
use crate::collection::id_of_value;
use crate::id_name::IdRule;
use crate::json::Kind;
use crate::value::Value;
use crate::view::{ViewEntries, ViewEntry};
use crate::{quote, string};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// So many entries may be moved in any container.
const MOVES_MIN: usize = 8;

/// One entry of so many may be moved.
const ENTRIES_OF_A_MOVE: usize = 8;

/// More are moved in no container: for each the others are counted.
const MOVES_MAX: usize = 4096;

/// INVARIANT: with the differences so far the old container has become the first `new_at` entries
/// of the new one and, behind them, its own from `old_at` on without those that were moved up.
pub(super) struct Lockstep<'a> {
    old: &'a Value,
    new: &'a Value,
    by: Key<'a>,
    old_entries: ViewEntries<'a>,
    new_entries: ViewEntries<'a>,
    old_at: usize,
    new_at: usize,
    /// The positions, from `old_at` on, of old entries that stand among the first new ones already.
    moved_up: BTreeSet<usize>,
    moves_left: usize,
    budget: Budget,
}

/// What an entry is known by.
#[derive(Clone, Copy)]
enum Key<'a> {
    /// Its name. The rule is that of the object, whose members are entered; none if they are records.
    Name(Option<&'a IdRule>),
    /// The member of this name.
    Id(&'a str),
}

/// What follows from two entries that are not the same.
enum Step {
    /// The old one goes; perhaps it comes again.
    Drop,
    /// The old one was moved up.
    Pass,
    /// The new one comes.
    Insert,
    /// The new one comes from this position of the old container.
    MoveUp(usize),
    /// Both are the same member or record with another value.
    Change,
}

/// On which side the next entry is due.
enum Advance {
    Old,
    New,
    Both,
}

impl<'a> Lockstep<'a> {
    /// Compares objects; the members are entered by the rule, if there is one.
    pub(super) fn of_members(old: &'a Value, new: &'a Value, ids: Option<&'a IdRule>) -> Self {
        Self::of(old, new, Key::Name(ids))
    }

    /// Compares arrays that are collections.
    pub(super) fn of_records(old: &'a Value, new: &'a Value, id_name: &'a str) -> Self {
        Self::of(old, new, Key::Id(id_name))
    }

    fn of(old: &'a Value, new: &'a Value, by: Key<'a>) -> Self {
        let moves = MOVES_MIN + new.count() / ENTRIES_OF_A_MOVE;
        Self {
            old,
            new,
            by,
            old_entries: old.view().entries(),
            new_entries: new.view().entries(),
            old_at: 0,
            new_at: 0,
            moved_up: BTreeSet::new(),
            moves_left: moves.min(MOVES_MAX),
            budget: Budget::of(old, new),
        }
    }

    /// Goes through both to their ends.
    pub(super) fn run(mut self, walk: &mut Walk) -> Result<(), Whole> {
        self.skip_shared();
        let mut old = self.old_entries.next();
        let mut new = self.new_entries.next();
        loop {
            let advance = match (&old, &new) {
                (None, None) => return Ok(()),
                (Some(a), Some(b)) if a.name == b.name && a.value.is_same(b.value) => Advance::Both,
                (Some(a), Some(b)) => self.part(a, b, walk)?,
                (Some(a), None) => self.leave(a, walk)?,
                (None, Some(b)) => self.insert(b, &self.key_of(b), None, walk)?,
            };
            if let Advance::Old | Advance::Both = advance {
                self.moved_up.remove(&self.old_at);
                self.old_at += 1;
            }
            if let Advance::New | Advance::Both = advance {
                self.new_at += 1;
            }
            match advance {
                Advance::Old => old = self.old_entries.next(),
                Advance::New => new = self.new_entries.next(),
                Advance::Both => {
                    self.skip_shared();
                    old = self.old_entries.next();
                    new = self.new_entries.next();
                }
            }
        }
    }

    fn skip_shared(&mut self) {
        let count = self.old_entries.skip_shared(&mut self.new_entries);
        self.old_at += count;
        self.new_at += count;
    }

    /// Notes how two entries that are not the same come about.
    fn part(
        &mut self,
        old: &ViewEntry<'a>,
        new: &ViewEntry<'a>,
        walk: &mut Walk,
    ) -> Result<Advance, Whole> {
        let (old_key, new_key) = (self.key_of(old), self.key_of(new));
        let step = if old_key != new_key {
            self.step(&old_key, &new_key)?
        } else if old.name == new.name {
            Step::Change
        } else {
            // The same name, spelled in another way.
            Step::Drop
        };
        match step {
            Step::Pass => Ok(Advance::Old),
            Step::Drop => self.remove(&old_key, walk),
            Step::Insert => self.insert(new, &new_key, Some(&old_key), walk),
            Step::MoveUp(position) => {
                let above = self.moved_up.range(self.old_at..position).count();
                let at = self.new_at + (position - self.old_at) - above;
                self.note(at, &new_key, DifferenceEdit::Remove, walk)?;
                self.moved_up.insert(position);
                self.insert(new, &new_key, Some(&old_key), walk)
            }
            Step::Change => self.change(old, new, &new_key, walk),
        }
    }

    /// Says what follows from two entries with different keys.
    fn step(&mut self, old_key: &str, new_key: &str) -> Result<Step, Whole> {
        let below = match self.position(self.new, old_key) {
            None => return Ok(Step::Drop),
            Some(position) if position < self.new_at => return Ok(Step::Pass),
            Some(position) => position - self.new_at,
        };
        let position = self.position(self.old, new_key);
        // What is further up there and not among the new ones was taken out.
        let Some(position) = position.filter(|position| *position >= self.old_at) else {
            return Ok(Step::Insert);
        };
        self.moves_left = self.moves_left.checked_sub(1).ok_or(Whole)?;
        // The one that is further from its place on the other side is the one that was moved.
        if below < position - self.old_at {
            Ok(Step::MoveUp(position))
        } else {
            Ok(Step::Drop)
        }
    }

    /// Notes an old entry behind the end of the new container: it goes, or was moved up.
    fn leave(&mut self, old: &ViewEntry<'a>, walk: &mut Walk) -> Result<Advance, Whole> {
        let key = self.key_of(old);
        match self.position(self.new, &key) {
            None => self.remove(&key, walk),
            Some(_) => Ok(Advance::Old),
        }
    }

    fn remove(&mut self, key: &str, walk: &mut Walk) -> Result<Advance, Whole> {
        self.note(self.new_at, key, DifferenceEdit::Remove, walk)?;
        Ok(Advance::Old)
    }

    fn insert(
        &mut self,
        new: &ViewEntry<'_>,
        key: &str,
        neighbour: Option<&str>,
        walk: &mut Walk,
    ) -> Result<Advance, Whole> {
        let is_member = matches!(self.by, Key::Name(_));
        // An addition spells the name in its own way.
        if is_member && new.name != quote(key).as_bytes() {
            return Err(Whole);
        }
        let edit = DifferenceEdit::Add {
            value: new.value.to_value(),
            before: neighbour.filter(|_| is_member).map(str::to_owned),
        };
        self.note(self.new_at, key, edit, walk)?;
        Ok(Advance::New)
    }

    /// Notes what has changed in a member or a record.
    fn change(
        &mut self,
        old: &ViewEntry<'_>,
        new: &ViewEntry<'_>,
        key: &str,
        walk: &mut Walk,
    ) -> Result<Advance, Whole> {
        let (kind, old_kind) = (new.value.kind(), old.value.kind());
        let may_enter = kind == old_kind && matches!(kind, Kind::Object | Kind::Array);
        match self.by {
            Key::Name(Some(ids)) if may_enter => {
                walk.enter_member(key, old.value, new.value, ids);
            }
            _ => {
                let edit = DifferenceEdit::Replace(new.value.to_value());
                self.note(self.new_at, key, edit, walk)?;
            }
        }
        Ok(Advance::Both)
    }

    /// Notes a difference in the entry at an index, or of a name.
    fn note(
        &mut self,
        at: usize,
        key: &str,
        edit: DifferenceEdit,
        walk: &mut Walk,
    ) -> Result<(), Whole> {
        let token = match self.by {
            Key::Name(_) => key.to_owned(),
            Key::Id(_) => at.to_string(),
        };
        walk.note(token, key.to_owned(), edit, &mut self.budget)
    }

    fn key_of(&self, entry: &ViewEntry<'a>) -> Cow<'a, str> {
        match self.by {
            Key::Name(_) => string::unquote(entry.name),
            Key::Id(id_name) => id_of_value(&entry.value.to_value(), id_name)
                .map(Cow::Owned)
                .expect("INVARIANT: the records of a collection have ids"),
        }
    }

    fn position(&self, value: &Value, key: &str) -> Option<usize> {
        match self.by {
            Key::Name(_) => value.position_of(key),
            Key::Id(id_name) => value.record(id_name, key).map(|(position, _)| position),
        }
    }
}
