//! Field lines that came before, parsed already.
//!
//! A client sends the same fields with each request, while the target changes. What a block of field
//! lines comes to depends on nothing but its bytes, so a block that comes again is looked up instead
//! of being parsed. Each thread keeps its own.

use std::cell::RefCell;

use http::HeaderMap;

use super::facts::Facts;
use crate::wire::recurring::{Found, Place, Recurring};

/// The blocks that each thread keeps.
const SLOTS: usize = 1 << 6;

/// A longer block is not kept: with all slots filled a thread keeps less than 1 MiB.
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
pub(super) struct Again(Place);

thread_local! {
    static KNOWN: RefCell<Recurring<Fields>> = const { RefCell::new(Recurring::new(SLOTS)) };
}

/// Looks for a block: the lines behind the request line, with the empty one.
pub(super) fn recall(block: &[u8]) -> Recalled {
    if block.len() > BLOCK_BYTES_MAX {
        return Recalled::Nothing;
    }
    KNOWN.with_borrow_mut(|known| match known.find(block) {
        (_, Found::Kept(fields)) => Recalled::Fields(fields.clone()),
        (place, Found::Again) => Recalled::Again(Again(place)),
        (_, Found::New) => Recalled::Nothing,
    })
}

impl Again {
    /// Keeps a block and what it comes to. The fields must share no bytes with the head that they
    /// came in: it would be kept with them.
    pub(super) fn keep(self, block: &[u8], fields: Fields) {
        KNOWN.with_borrow_mut(|known| known.keep(self.0, block.into(), fields));
    }
}
