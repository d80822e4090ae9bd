//! Answers that were given before and still hold.
//!
//! What a read is answered is a function of its head and of the image, but for `Date`. So a head
//! that comes again, byte by byte, gets the answer that it got, as long as the same image is served:
//! nothing is parsed, found or encoded once more. Each thread keeps its own, in slots that are found
//! by a hash of the head: so there are never too many, and none has to be looked for to be thrown
//! out. An answer is kept when its head has come twice in turn into its slot; one that nobody asks
//! for again costs a hash.

use crate::api::{Api, Version};
use crate::limits::{RECALL_BYTES_MAX, RECALL_SLOTS};
use http::{Method, StatusCode};
use memchr::memmem;
use std::cell::{Cell, RefCell};
use std::sync::LazyLock;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// How long the value of `Date` is, always.
const DATE_BYTES: usize = "Sun, 06 Nov 1994 08:49:37 GMT".len();

thread_local! {
    static SLOTS: RefCell<Vec<Slot>> = const { RefCell::new(Vec::new()) };
    /// So that nobody can find heads that share a slot.
    static SEED: Cell<Option<u64>> = const { Cell::new(None) };
}

#[derive(Debug, Default)]
struct Slot {
    /// The hash of the last head that came here and was not known.
    seen: u64,
    kept: Option<Box<Kept>>,
}

/// An answer as it is sent again.
#[derive(Debug)]
pub(super) struct Kept {
    /// The whole head of the request, with the empty line.
    head: Box<[u8]>,
    version: Version,
    /// Head and body of the answer.
    answer: Box<[u8]>,
    /// Where the value of `Date` is in it.
    date_at: usize,
    pub(super) method: Method,
    pub(super) status: StatusCode,
    pub(super) body_bytes: usize,
    /// For the log.
    pub(super) words: Box<str>,
}

/// What is remembered of a head.
pub(super) enum Recalled<T> {
    /// Its answer, of which the caller has made this.
    Answer(T),
    /// It has come before: its answer is worth keeping.
    Again(Again),
    /// Nothing.
    New,
}

/// A head whose answer is to be kept.
#[derive(Debug)]
pub(super) struct Again {
    hash: u64,
    pub(super) head: Box<[u8]>,
    /// What was served before the answer was made: if it is served no more the answer is not used.
    version: Version,
}

/// What is known of an answer besides its bytes.
pub(super) struct Facts<'a> {
    pub(super) method: Method,
    pub(super) status: StatusCode,
    pub(super) body_bytes: usize,
    pub(super) words: &'a str,
}

impl Kept {
    /// The answer before and behind the value of `Date`.
    pub(super) fn around_date(&self) -> (&[u8], &[u8]) {
        let (before, rest) = self.answer.split_at(self.date_at);
        (before, &rest[DATE_BYTES..])
    }
}

static EMPTY_LINE: LazyLock<memmem::Finder<'static>> =
    LazyLock::new(|| memmem::Finder::new(b"\r\n\r\n"));

/// The first head in what came, with its empty line.
pub(super) fn first_head(input: &[u8]) -> Option<&[u8]> {
    let end = EMPTY_LINE.find(input)?;
    input.get(..end + 4)
}

/// Looks for the answer to a head.
pub(super) fn recall<T>(head: &[u8], api: &Api, take: impl FnOnce(&Kept) -> T) -> Recalled<T> {
    if head.len() > RECALL_BYTES_MAX {
        return Recalled::New;
    }
    let hash = xxh3_64_with_seed(head, seed());
    SLOTS.with_borrow_mut(|slots| {
        if slots.is_empty() {
            slots.resize_with(RECALL_SLOTS, Slot::default);
        }
        let slot = &mut slots[slot_of(hash)];
        if let Some(kept) = &slot.kept
            && *kept.head == *head
        {
            if api.is_current(&kept.version) {
                return Recalled::Answer(take(kept));
            }
        } else if slot.seen != hash {
            slot.seen = hash;
            return Recalled::New;
        }
        Recalled::Again(Again {
            hash,
            head: head.into(),
            version: api.version(),
        })
    })
}

/// Keeps an answer; one that is too long, or whose `Date` is not where it is written first, is not
/// kept.
pub(super) fn keep(again: Again, answer: &[u8], facts: Facts<'_>) {
    const DATE: &[u8] = b"\r\nDate: ";
    let status_line_bytes = memmem::find(answer, b"\r\n").unwrap_or(answer.len());
    if answer.len() > RECALL_BYTES_MAX || !answer[status_line_bytes..].starts_with(DATE) {
        return;
    }
    let Again {
        hash,
        head,
        version,
    } = again;
    let kept = Kept {
        head,
        version,
        answer: answer.into(),
        date_at: status_line_bytes + DATE.len(),
        method: facts.method,
        status: facts.status,
        body_bytes: facts.body_bytes,
        words: facts.words.into(),
    };
    SLOTS.with_borrow_mut(|slots| slots[slot_of(hash)].kept = Some(Box::new(kept)));
}

fn slot_of(hash: u64) -> usize {
    // Few slots: the lowest bits are all that is needed.
    usize::try_from(hash % RECALL_SLOTS as u64).unwrap_or(0)
}

fn seed() -> u64 {
    SEED.get().unwrap_or_else(|| {
        let seed = getrandom::u64().unwrap_or_default();
        SEED.set(Some(seed));
        seed
    })
}
