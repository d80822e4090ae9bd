//! Field lines that came before, parsed already.
//!
//! A client sends the same fields with each request, while the target changes. What a block of field
//! lines comes to depends on nothing but its bytes, so a block that comes again is looked up instead
//! of being parsed. Each thread keeps its own, in slots that are found by a hash; a block is kept when
//! it has come into its slot twice in turn, so that one that does not come again costs a hash.

use std::cell::{Cell, RefCell};

use http::HeaderMap;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::facts::Facts;

/// The blocks that each thread keeps.
const SLOTS: usize = 1 << 6;

/// A longer block is not kept: with all slots filled a thread keeps some 512 KiB.
const BLOCK_BYTES_MAX: usize = 2 << 10;

/// The fields of a head and what they say of its message.
#[derive(Debug, Default, Clone)]
pub(super) struct Fields {
    pub(super) map: HeaderMap,
    pub(super) facts: Facts,
}

/// What is remembered of a block.
pub(super) enum Recalled {
    Fields(Fields),
    /// It has come before: it is worth keeping.
    Again(Again),
    Nothing,
}

/// A block that is worth keeping.
pub(super) struct Again(u64);

#[derive(Debug, Default)]
struct Slot {
    /// The hash of the last block that came here and was not known.
    seen: u64,
    kept: Option<(Box<[u8]>, Fields)>,
}

thread_local! {
    static KNOWN: RefCell<Vec<Slot>> = const { RefCell::new(Vec::new()) };
    /// So that nobody can find blocks that share a slot.
    static SEED: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Looks for a block: the lines behind the request line, with the empty one.
pub(super) fn recall(block: &[u8]) -> Recalled {
    if block.len() > BLOCK_BYTES_MAX {
        return Recalled::Nothing;
    }
    let hash = xxh3_64_with_seed(block, seed());
    KNOWN.with_borrow_mut(|slots| {
        if slots.is_empty() {
            slots.resize_with(SLOTS, Slot::default);
        }
        let slot = &mut slots[slot_of(hash)];
        match &slot.kept {
            Some((bytes, fields)) if **bytes == *block => Recalled::Fields(fields.clone()),
            _ if slot.seen == hash => Recalled::Again(Again(hash)),
            _ => {
                slot.seen = hash;
                Recalled::Nothing
            }
        }
    })
}

impl Again {
    /// Keeps a block and what it comes to. The fields must share no bytes with the head that they
    /// came in: it would be kept with them.
    pub(super) fn keep(self, block: &[u8], fields: Fields) {
        KNOWN.with_borrow_mut(|slots| {
            slots[slot_of(self.0)].kept = Some((block.into(), fields));
        });
    }
}

fn slot_of(hash: u64) -> usize {
    // Few slots: the lowest bits are all that is needed.
    usize::try_from(hash % SLOTS as u64).unwrap_or(0)
}

fn seed() -> u64 {
    SEED.get().unwrap_or_else(|| {
        let seed = getrandom::u64().unwrap_or_default();
        SEED.set(Some(seed));
        seed
    })
}
