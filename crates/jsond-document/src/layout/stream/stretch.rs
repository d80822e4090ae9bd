//! Compares some leaves of both sides that share none, entry by entry.
//!
//! A bounded number of entries is looked ahead for where the sides meet again. What is the same at
//! the end is known by the digests of whole old leaves, however the new ones are cut, and entry by
//! entry where so little is left that it can be read.

use super::PiecesError;
use super::ahead::Ahead;
use super::diff::{Change, Step};
use super::side::{Entry, LOOK_AHEAD_BYTES_MAX, Side};
use crate::layout::relay::MODELS_SEEN_MAX;
use crate::layout::skeleton::Bone;
use std::collections::HashMap;
use xxhash_rust::xxh3::xxh3_64;

/// How many entries are looked ahead, one number after the other until the sides meet.
const LOOK_AHEAD: [usize; 4] = [8, 64, 512, 4096];

/// All old entries are read to find those at the end that are the same if there are no more.
const TAIL_READ_MAX: usize = 16 * 1024;

/// Changes with fewer entries between them are made one: their windows would overlap.
const APART_MIN: usize = 2 * MODELS_SEEN_MAX;

/// No further change is made one with others when they have this many entries.
const TOGETHER_MAX: usize = 512;

/// Some leaves of both sides that share none.
pub(super) struct Stretch<'a> {
    old: Side<'a>,
    new: Side<'a>,
    /// How many entries at the end are the same, once that was looked at.
    tail: Option<usize>,
}

impl<'a> Stretch<'a> {
    pub(super) fn of(old: Side<'a>, new: Side<'a>) -> Self {
        Self {
            old,
            new,
            tail: None,
        }
    }

    pub(super) fn next<E>(
        &mut self,
        ahead: &mut Ahead<'_, '_, E>,
    ) -> Result<Option<Step<'a>>, PiecesError<E>> {
        let head = self.head(ahead)?;
        if head > 0 {
            return Ok(Some(Step::Same(head)));
        }
        if self.tail.is_none() {
            self.cut_tail(ahead)?;
        }
        if let (Some(old), Some(new)) = (self.old.front(), self.new.front())
            && let Some((old, new)) = old.within(new)
        {
            self.old.take(1);
            self.new.take(1);
            return Ok(Some(Step::Within(old, new)));
        }
        match (self.old.remaining, self.new.remaining) {
            (0, 0) => {
                let tail = self.tail.replace(0).filter(|tail| *tail > 0);
                Ok(tail.map(Step::Same))
            }
            (_, 0) => self.change(self.old.remaining, 0, ahead).map(Some),
            (0, _) => {
                self.new.fill(LOOK_AHEAD[3], ahead)?;
                self.change(0, self.new.queue.len(), ahead).map(Some)
            }
            _ => self.meet(ahead).map(Some),
        }
    }

    /// Takes entries from both fronts as long as they are the same.
    fn head<E>(&mut self, ahead: &mut Ahead<'_, '_, E>) -> Result<usize, PiecesError<E>> {
        let mut count = 0;
        loop {
            self.old.fill(1, ahead)?;
            self.new.fill(1, ahead)?;
            match (self.old.front(), self.new.front()) {
                (Some(old), Some(new)) if old.is_same(new) => {}
                _ => return Ok(count),
            }
            self.old.take(1);
            self.new.take(1);
            count += 1;
        }
    }

    /// Leaves out the entries at both ends that are the same.
    fn cut_tail<E>(&mut self, ahead: &mut Ahead<'_, '_, E>) -> Result<(), PiecesError<E>> {
        let leaves = self.tail_of_leaves();
        self.cut(leaves);
        let mut tail = leaves;
        if self.old.remaining <= TAIL_READ_MAX && self.old.len_bytes() <= LOOK_AHEAD_BYTES_MAX {
            self.old.fill(self.old.remaining, ahead)?;
        }
        if !self.old.has_more() {
            let shorter = self.old.remaining.min(self.new.remaining);
            let old = self.old.queue.iter().rev().take(shorter);
            let pairs = old.zip(self.new.backwards().skip(leaves));
            let entries = pairs.take_while(|(old, new)| old.is_same(new)).count();
            self.cut(entries);
            tail += entries;
        }
        self.tail = Some(tail);
        Ok(())
    }

    fn cut(&mut self, length: usize) {
        self.old.cut(length);
        self.new.cut(length);
    }

    /// Counts the entries of the last old leaves that the new side ends with.
    fn tail_of_leaves(&self) -> usize {
        let shorter = self.old.remaining.min(self.new.remaining);
        let mut new = self.new.backwards();
        let mut tail = 0;
        for bone in self.old.bones().iter().rev() {
            let entries = bone.entries();
            if tail + entries > shorter {
                break;
            }
            let last: Vec<_> = new.by_ref().take(entries).collect();
            if !is_made_of(bone, &last) {
                break;
            }
            tail += entries;
        }
        tail
    }

    /// Makes a change of what is before the next entries that are alike again, and of what changed
    /// so near behind it that the neighbours of both would be the same.
    fn meet<E>(&mut self, ahead: &mut Ahead<'_, '_, E>) -> Result<Step<'a>, PiecesError<E>> {
        let Some(mut met) = self.meeting((0, 0), ahead)? else {
            return self.part(ahead);
        };
        while met.1 < TOGETHER_MAX
            && let Some(run) = self.short_run(met, ahead)?
            && let Some(next) = self.meeting((met.0 + run, met.1 + run), ahead)?
        {
            met = next;
        }
        self.change(met.0, met.1, ahead)
    }

    /// The nearest places behind two others at which both sides are alike again.
    fn meeting<E>(
        &mut self,
        (old, new): (usize, usize),
        ahead: &mut Ahead<'_, '_, E>,
    ) -> Result<Option<(usize, usize)>, PiecesError<E>> {
        for look in LOOK_AHEAD {
            self.old.fill(old + look, ahead)?;
            self.new.fill(new + look, ahead)?;
            let fronts = (self.old.queue.iter(), self.new.queue.iter());
            // More may have been read to find the end.
            let fronts = (fronts.0.skip(old).take(look), fronts.1.skip(new).take(look));
            if let Some(met) = meeting(fronts.0, fronts.1) {
                return Ok(Some((old + met.0, new + met.1)));
            }
            if self.old.queue.len() <= old + look
                && self.new.queue.len() <= new + look
                && !self.old.has_more()
                && !self.new.has_more()
            {
                break;
            }
        }
        Ok(None)
    }

    /// Counts the small entries that are the same from two places on, if they are few and others
    /// come behind them.
    fn short_run<E>(
        &mut self,
        (old, new): (usize, usize),
        ahead: &mut Ahead<'_, '_, E>,
    ) -> Result<Option<usize>, PiecesError<E>> {
        self.old.fill(old + APART_MIN + 1, ahead)?;
        self.new.fill(new + APART_MIN + 1, ahead)?;
        let old = self.old.queue.iter().skip(old).take(APART_MIN + 1);
        let mut pairs = old.zip(self.new.queue.iter().skip(new));
        let run = pairs.position(|(old, new)| !old.is_same(new) || !old.is_small());
        Ok(run.filter(|run| *run < APART_MIN))
    }

    /// Makes a change of what was looked at.
    fn part<E>(&mut self, ahead: &mut Ahead<'_, '_, E>) -> Result<Step<'a>, PiecesError<E>> {
        let [old, new] = [&self.old, &self.new].map(|side| side.queue.len().min(LOOK_AHEAD[3]));
        if old < self.old.remaining && new == self.new.remaining {
            // Of the new side the last entry has to wait for what is left of the old one, and as
            // many as may be the same as those of the last old leaf.
            let waiting = self.old.bones().last().map_or(1, Bone::entries);
            return self.change(old, new.saturating_sub(waiting), ahead);
        }
        self.change(old, new, ahead)
    }

    fn change<E>(
        &mut self,
        old_count: usize,
        new_count: usize,
        ahead: &mut Ahead<'_, '_, E>,
    ) -> Result<Step<'a>, PiecesError<E>> {
        self.old.take(old_count);
        let new = self.new.take(new_count);
        self.new.fill(1, ahead)?;
        let is_over = self.old.remaining == 0;
        let next = self.new.front().filter(|_| is_over).cloned();
        Ok(Step::Changed(Change {
            old_count,
            new,
            next,
        }))
    }
}

/// Judges whether a leaf is made of these entries, of which the last comes first.
fn is_made_of(bone: &Bone, last: &[Entry<'_>]) -> bool {
    match (bone, last) {
        (Bone::Big(old), [Entry::Big(new, _)]) => old.is_same(new),
        (Bone::Run { digest, bytes, .. }, _) => {
            if !last.iter().all(Entry::is_small) {
                return false;
            }
            let mut text = Vec::with_capacity(*bytes as usize + 1);
            for entry in last.iter().rev() {
                entry.write_to(&mut text);
                text.push(b',');
            }
            text.pop();
            xxh3_64(&text) == *digest
        }
        _ => false,
    }
}

/// The places of the two entries nearest to both fronts that are alike.
fn meeting<'q, 'a: 'q>(
    old: impl Iterator<Item = &'q Entry<'a>>,
    new: impl Iterator<Item = &'q Entry<'a>>,
) -> Option<(usize, usize)> {
    let marks: Vec<_> = old.map(Entry::mark).collect();
    let mut places = HashMap::with_capacity(marks.len());
    for (place, mark) in marks.iter().enumerate() {
        places.entry(*mark).or_insert(place);
    }
    let mut best: Option<((usize, usize), (usize, usize))> = None;
    for (at, mark) in new.map(Entry::mark).enumerate() {
        let opposite = (marks.get(at) == Some(&mark)).then_some(at);
        let Some(place) = opposite.or_else(|| places.get(&mark).copied()) else {
            continue;
        };
        let cost = (at.max(place), at.abs_diff(place));
        if best.is_none_or(|(least, _)| cost < least) {
            best = Some((cost, (place, at)));
        }
    }
    best.map(|(_, met)| met).filter(|met| *met != (0, 0))
}
