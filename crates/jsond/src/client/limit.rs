//! Every bound of the client in one place, each with its reason.
//!
//! A server is not trusted: whatever it sends, the client holds a known amount of memory and comes
//! back within a known time. The body of a final reply is passed on as it comes and has no bound.

use std::time::Duration;

/// The longest response head. Real ones are below 8 KiB; hyper's own default is larger than needed.
pub(super) const HEAD_BYTES_MAX: usize = 64 * 1024;

/// The most header lines in a response head.
pub(super) const HEADERS_MAX: usize = 256;

/// The longest body that is held to be understood: a question, or an answer that may be replaced.
pub(super) const HELD_BODY_BYTES_MAX: usize = 1024 * 1024;

/// As much of a body is kept for who wants to save it or see it again.
pub(super) const KEPT_BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How many files of requests run one within another; one that runs itself ends there.
pub(super) const RUN_DEPTH_MAX: usize = 8;

/// How many versions of what was seen are remembered.
pub(super) const SEEN_MAX: usize = 64;

/// How many names completion offers.
pub(super) const NAMES_MAX: usize = 1000;

/// The columns of a table: more do not fit on any screen.
pub(super) const TABLE_COLUMNS_MAX: usize = 64;

/// The most fields a person or a script is asked for.
pub(super) const FIELDS_MAX: usize = 256;

/// How many field names are written out in a message before the rest is only counted.
pub(super) const FIELDS_NAMED_MAX: usize = 32;

/// What a transcript keeps of one exchange, and all of them of those before; beyond it, it only counts.
pub(super) const TRANSCRIPT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The same, where nobody can save it afterwards: what understanding a head and a question takes.
pub(super) const TRANSCRIPT_OF_ONE_BYTES_MAX: usize = 1024 * 1024;

/// How many connections are remembered, for who saves what crossed the wire.
pub(super) const TRANSCRIPTS_MAX: usize = 64;

/// The longest line that is taken from standard input.
pub(super) const LINE_BYTES_MAX: u64 = 1024 * 1024;

/// Connecting and the response head together, when no `--timeout` was given.
pub(super) const HEAD_PATIENCE: Duration = Duration::from_secs(30);

/// Between two pieces of a body, when no `--timeout` was given.
pub(super) const PIECE_PATIENCE: Duration = Duration::from_secs(30);

/// A second attempt in the raw dialect: the first answer is there already and is good enough.
pub(super) const SECOND_ATTEMPT_PATIENCE: Duration = Duration::from_secs(2);

/// A question without framing is complete when the server has been quiet this long.
pub(super) const QUESTION_QUIET: Duration = Duration::from_millis(200);

/// The same, while parts of it that are certain to come are missing.
pub(super) const QUESTION_PATIENCE: Duration = Duration::from_secs(2);

/// Asking for the server's name and files before the first prompt.
pub(super) const GREETING_PATIENCE: Duration = Duration::from_millis(400);
