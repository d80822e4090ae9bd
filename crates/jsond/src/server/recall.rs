//! Answers that were given before and still hold.
//!
//! What a read is answered is a function of its head and of the image, but for `Date`. So a head
//! that comes again, byte by byte, gets the answer that it got, as long as the same image is served:
//! nothing is parsed, found or encoded once more. Each thread keeps its own.

use super::Context;
use super::console::Peer;
use super::date::with_date;
use super::output::Output;
use crate::api::{Api, NewestVersion, Version};
use crate::limits::{OUTPUT_BYTES_MAX, RECALL_BYTES_MAX, RECALL_SLOTS};
use crate::wire::recurring::{Found, Place, Recurring};
use http::{Method, StatusCode};
use memchr::memmem;
use std::cell::RefCell;
use std::sync::LazyLock;
use std::time::Duration;
use tokio::time::Instant;

/// How long the value of `Date` is, always.
const DATE_BYTES: usize = "Sun, 06 Nov 1994 08:49:37 GMT".len();

thread_local! {
    /// By whole heads, with the empty line.
    static ANSWERS: RefCell<Recurring<Kept>> = const { RefCell::new(Recurring::new(RECALL_SLOTS)) };
}

/// An answer as it is sent again.
#[derive(Debug)]
pub(super) struct Kept {
    version: Version,
    /// Head and body of the answer.
    answer: Box<[u8]>,
    /// Where the value of `Date` is in it.
    date_at: usize,
    method: Method,
    status: StatusCode,
    body_bytes: usize,
    /// For the log.
    words: Box<str>,
}

/// What is remembered of a head.
enum Recalled {
    /// Its answer, which the caller has taken.
    Answer,
    /// It has come before: its answer is worth keeping.
    Again(Again),
    /// Nothing.
    New,
}

/// A head whose answer is to be kept.
#[derive(Debug)]
pub(super) struct Again {
    place: Place,
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
    /// Appends the answer to what waits to be sent, and notes it as any other.
    fn give(
        &self,
        now: Instant,
        time: Duration,
        context: &Context,
        output: &mut Output,
        peer: &Peer,
    ) {
        context.console.requested(peer, self.method.as_str());
        output.append(|out| {
            let date_at = out.len() + self.date_at;
            out.extend_from_slice(&self.answer);
            with_date(now.into_std(), |date| {
                out[date_at..][..DATE_BYTES].copy_from_slice(date.as_bytes());
            });
        });
        context.console.answered(peer, &self.words, time);
        let (method, metrics) = (self.method.as_str(), context.api.metrics());
        metrics.answered(method, self.status, self.body_bytes, time);
    }
}

static EMPTY_LINE: LazyLock<memmem::Finder<'static>> =
    LazyLock::new(|| memmem::Finder::new(b"\r\n\r\n"));

/// The first head in what came, with its empty line.
fn first_head(input: &[u8]) -> Option<&[u8]> {
    let end = EMPTY_LINE.find(input)?;
    input.get(..end + 4)
}

/// What became of the requests at the beginning of what came.
#[derive(Debug, Default)]
pub(super) struct Answered {
    /// How many bytes have their answer.
    pub(super) bytes: usize,
    /// When they were answered, if any were.
    pub(super) at: Option<Instant>,
    /// The request behind them, if it was looked for too: whether its answer is to be kept.
    pub(super) next: Option<Option<Again>>,
}

/// Appends the answers to the requests at the beginning of what came, as long as they are
/// remembered and there is room for more; takes `since`, when the first of them came.
pub(super) fn answer_all(
    came: &[u8],
    context: &Context,
    (output, peer): (&mut Output, &Peer),
    since: &mut Option<Instant>,
) -> Answered {
    let mut all = Answered::default();
    // Those that have come together may be answered by the same image.
    let mut newest = None;
    while output.len() <= OUTPUT_BYTES_MAX
        && let Some(head) = first_head(&came[all.bytes..])
    {
        let answer = |kept: &Kept| {
            let now = *all.at.get_or_insert_with(Instant::now);
            let time = since.take().map_or(Duration::ZERO, |since| now - since);
            kept.give(now, time, context, output, peer);
        };
        let newest = newest.get_or_insert_with(|| context.api.newest());
        match recall(head, &context.api, newest, answer) {
            Recalled::Answer => all.bytes += head.len(),
            Recalled::Again(again) => {
                all.next = Some(Some(again));
                break;
            }
            Recalled::New => {
                all.next = Some(None);
                break;
            }
        }
    }
    all
}

/// Looks for the answer to a head.
fn recall(head: &[u8], api: &Api, newest: &NewestVersion, take: impl FnOnce(&Kept)) -> Recalled {
    if head.len() > RECALL_BYTES_MAX {
        return Recalled::New;
    }
    ANSWERS.with_borrow_mut(|answers| {
        let (place, found) = answers.find(head);
        match found {
            Found::Kept(kept) if newest.is(&kept.version) => {
                take(kept);
                Recalled::Answer
            }
            Found::Kept(_) | Found::Again => Recalled::Again(Again {
                place,
                head: head.into(),
                version: api.version(),
            }),
            Found::New => Recalled::New,
        }
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
    let kept = Kept {
        version: again.version,
        answer: answer.into(),
        date_at: status_line_bytes + DATE.len(),
        method: facts.method,
        status: facts.status,
        body_bytes: facts.body_bytes,
        words: facts.words.into(),
    };
    ANSWERS.with_borrow_mut(|answers| answers.keep(again.place, again.head, kept));
}
