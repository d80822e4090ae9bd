//! What is remembered of bytes that come again: of heads, and of parts of them.
//!
//! There is a fixed number of slots, found by a hash: so there is never too much, and nothing has to
//! be looked for to be thrown out. Something is kept of bytes that have come into their slot twice in
//! turn; what does not come again costs a hash.

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Slots for values by the bytes that they are of.
#[derive(Debug)]
pub struct Recurring<T> {
    slots: Vec<Slot<T>>,
    count: usize,
    /// So that nobody can find bytes that share a slot.
    seed: Option<u64>,
}

#[derive(Debug)]
struct Slot<T> {
    /// The hash of the last bytes that came here and were not known.
    seen: u64,
    kept: Option<Box<(Box<[u8]>, T)>>,
}

/// The place of some bytes.
#[derive(Debug, Clone, Copy)]
pub struct Place(u64);

/// What is remembered of bytes.
#[derive(Debug)]
pub enum Found<'a, T> {
    /// What was kept of them.
    Kept(&'a T),
    /// They have come before: it is worth keeping something of them.
    Again,
    /// Nothing.
    New,
}

impl<T> Recurring<T> {
    /// Makes so many slots, when the first is needed.
    #[must_use]
    pub const fn new(count: usize) -> Self {
        Self {
            slots: Vec::new(),
            count,
            seed: None,
        }
    }

    /// Looks for bytes, and remembers that they came.
    pub fn find(&mut self, bytes: &[u8]) -> (Place, Found<'_, T>) {
        let seed = *(self.seed).get_or_insert_with(|| getrandom::u64().unwrap_or_default());
        if self.slots.is_empty() {
            let empty = || Slot {
                seen: 0,
                kept: None,
            };
            self.slots.resize_with(self.count, empty);
        }
        let place = Place(xxh3_64_with_seed(bytes, seed));
        let slot = self.slot(place);
        let found = match &slot.kept {
            Some(kept) if *kept.0 == *bytes => Found::Kept(&kept.1),
            _ if slot.seen == place.0 => Found::Again,
            _ => {
                slot.seen = place.0;
                Found::New
            }
        };
        (place, found)
    }

    /// Keeps a value of bytes, at the place where they were looked for.
    pub fn keep(&mut self, place: Place, bytes: Box<[u8]>, value: T) {
        self.slot(place).kept = Some(Box::new((bytes, value)));
    }

    fn slot(&mut self, place: Place) -> &mut Slot<T> {
        // Few slots: the lowest bits are all that is needed.
        let at = usize::try_from(place.0 % self.slots.len() as u64).unwrap_or(0);
        &mut self.slots[at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_twice_in_turn_is_worth_keeping() {
        let mut one = Recurring::new(1);
        assert!(matches!(one.find(b"a").1, Found::New));
        assert!(matches!(one.find(b"b").1, Found::New));
        assert!(matches!(one.find(b"a").1, Found::New), "b came between");
        let (place, found) = one.find(b"a");
        assert!(matches!(found, Found::Again));
        one.keep(place, b"a"[..].into(), 1);
        assert!(matches!(one.find(b"a").1, Found::Kept(1)));
        assert!(matches!(one.find(b"b").1, Found::New), "other bytes");
        assert!(matches!(one.find(b"a").1, Found::Kept(1)), "b came once");
        let (place, found) = one.find(b"b");
        assert!(
            matches!(found, Found::Again),
            "what is known changes nothing"
        );
        one.keep(place, b"b"[..].into(), 2);
        assert!(matches!(one.find(b"b").1, Found::Kept(2)));
    }
}
