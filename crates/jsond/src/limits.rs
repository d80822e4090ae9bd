//! Every bound in one place, each with its reason.

use std::time::Duration;

/// The bounds that a user may need others of: each has a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// A request line: longer targets are mistakes, and 8 KiB is what other servers take.
    pub request_line_bytes_max: usize,
    /// A header block: room for large cookies and tokens, bounded for 10,000 connections.
    pub fields_bytes_max: usize,
    /// The lines of a header block.
    pub fields_max: usize,
    /// A body: a change that is journaled as one line and held in memory meanwhile.
    pub body_bytes_max: usize,
    /// The operations of one JSON Patch: the one writer runs them while everybody else waits.
    pub patch_operations_max: usize,
    /// The steps of one JSONPath, about a second of one core: a million records with a few members
    /// each can be gone through, but not a thousand times.
    pub jsonpath_steps_max: usize,
    /// What one JSONPath may find: more than this is a download, not a query.
    pub jsonpath_result_bytes_max: usize,
    /// Connections at one time; each idle one costs less than 4 KiB.
    pub connections_max: usize,
    /// Dialogues that wait for an answer at one time: a class of people, ten times over.
    pub dialogues_max: usize,
    /// The first bytes of a connection, and a whole head after its first byte.
    pub head_time: Duration,
    /// A body, or an answer that is being sent, without any progress.
    pub progress_time: Duration,
    /// An idle connection between two requests.
    pub keep_alive_time: Duration,
    /// A person thinking over the answer of a dialogue.
    pub answer_time: Duration,
    /// How long a stop waits for the requests that are under way.
    pub drain_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_line_bytes_max: 8 << 10,
            fields_bytes_max: 64 << 10,
            fields_max: 100,
            body_bytes_max: 16 << 20,
            patch_operations_max: 10_000,
            jsonpath_steps_max: 30_000_000,
            jsonpath_result_bytes_max: 64 << 20,
            connections_max: 10_000,
            dialogues_max: 4_000,
            head_time: Duration::from_secs(10),
            progress_time: Duration::from_secs(30),
            keep_alive_time: Duration::from_secs(75),
            answer_time: Duration::from_secs(60),
            drain_time: Duration::from_secs(10),
        }
    }
}

/// What records may come to with those that are put into them: each child can have a copy of a
/// large parent, and more than this is a download, not a query.
pub const JOINED_BYTES_MAX: usize = 64 << 20;

/// How many relations one request may ask for: each goes through the whole of two collections.
pub const RELATIONS_MAX: usize = 16;

/// How long a request can ask to be held back: longer than this, clients give up.
pub const PAUSE_MAX: Duration = Duration::from_secs(60);

/// The extensions of all chunks of a body: nobody uses them but to make servers busy.
pub const CHUNK_EXTENSIONS_BYTES_MAX: usize = 4 << 10;

/// A body that is thrown away so that a connection can be kept after a refusal.
pub const SKIPPED_BODY_BYTES_MAX: usize = 64 << 10;

/// An `Idempotency-Key`: room for a UUID and more, kept in memory for a day.
pub const IDEMPOTENCY_KEY_BYTES_MAX: usize = 255;

/// The steps of a JSONPath that is not known to be costly yet, some milliseconds: with more it
/// begins again among the long jobs, since a text of any size can be gone through a million times.
pub const JSONPATH_STEPS_LIGHT: usize = 200_000;

/// The header lines of a dialogue: they are read and ignored.
pub const DIALOGUE_FIELDS_BYTES_MAX: usize = 16 << 10;

/// One line of words.
pub const ANSWER_BYTES_MAX: usize = 8 << 10;

/// Descriptors kept back for the journal, checkpoints and listeners.
pub const DESCRIPTORS_RESERVED: u64 = 48;

/// An answer without a line end is complete when nothing has come for so long.
pub const ANSWER_QUIET_TIME: Duration = Duration::from_millis(50);

/// After the last answer the client's bytes are read and thrown away for so long at the most, so
/// that its system does not take the answer for lost.
pub const LINGER_TIME: Duration = Duration::from_secs(2);

/// How long accepting pauses when the system has no descriptor left.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Answers to a pipeline are sent at the latest when so much of them waits.
pub const OUTPUT_BYTES_MAX: usize = 64 << 10;

/// How much is read at once.
pub const READ_BYTES: usize = 8 << 10;

/// The answers that each thread keeps to give them again: the targets that are asked for all the
/// time are few.
pub const RECALL_SLOTS: usize = 1 << 9;

/// A head, and an answer, that are kept to be given again: with all slots filled some 4 MiB a thread,
/// and what is longer takes more time to send than to make.
pub const RECALL_BYTES_MAX: usize = 4 << 10;

/// Log lines that wait for a slow terminal; over it they are counted instead of kept.
pub const LOG_LINES_MAX: usize = 8192;

/// How long log lines are gathered after one was written: nobody reads faster.
pub const LOG_GATHER_TIME: Duration = Duration::from_millis(5);

/// The parameters of a query or a form: many values of one name, but not millions in memory.
pub const PARAMETERS_MAX: usize = 65_536;

/// The ranges of one request: who wants more parts is better served by the whole.
pub const RANGES_MAX: usize = 16;

/// The columns of a table as CSV: what spreadsheets take.
pub const CSV_COLUMNS_MAX: usize = 16_384;

/// The empty cells of a table as CSV for members that a record has not: each is a comma, and
/// records without common members would make quadratically many.
pub const CSV_MISSING_MAX: usize = 64 << 20;

/// The pieces in which a long text is made: large enough that their number does not count.
pub const PIECE_BYTES: usize = 64 << 10;

/// The codings of one body, one upon the other: nobody uses more than one but to make servers busy.
pub const CODINGS_MAX: usize = 3;

/// A representation below this gains nothing from a coding: it fits into one packet as it is.
pub const CODED_BYTES_MIN: usize = 1 << 10;

/// A representation over this is served as it is: coding it takes a processor a second or two
/// before the first byte.
pub const CODED_BYTES_MAX: usize = 64 << 20;

/// The coded representations that are kept, with what keeping them costs.
pub const CODINGS_CACHE_BYTES_MAX: usize = 64 << 20;

/// Work on fewer bytes stays on the thread of its connection: it is done within a millisecond, and
/// the others on that thread need not be spared it.
pub const HEAVY_BYTES_MIN: usize = 32 << 10;

/// Work on more bytes may take a second, and waits in a lane of its own: nobody who asks for a
/// tenth of it stands behind.
pub const LONG_BYTES_MIN: usize = 4 << 20;

/// Heavy jobs at one time in each lane: reading and writing go on beside them.
pub const HEAVY_JOBS_MAX: usize = 2;

/// Streams of one HTTP/2 connection at one time: the protocol asks for at least 100.
pub const HTTP2_STREAMS_MAX: u32 = 128;

/// A header list may be so much over [`Limits::fields_bytes_max`]: HTTP/2 counts 32 bytes a line more
/// than its text, and a list that is somewhat too large is answered by a problem, not by a bare 431.
pub const HTTP2_HEADER_LIST_BYTES_MORE: usize = 32 << 10;

/// A frame: the least that the protocol allows, so that no stream holds up the others for long.
pub const HTTP2_FRAME_BYTES_MAX: u32 = 16 << 10;

/// What a client may send on one stream before it is read.
pub const HTTP2_STREAM_WINDOW_BYTES: u32 = 64 << 10;

/// What a client may send on all streams before it is read: the window of each, so that streams
/// that wait never keep those that are read from going on.
pub const HTTP2_CONNECTION_WINDOW_BYTES: u32 = HTTP2_STREAMS_MAX * HTTP2_STREAM_WINDOW_BYTES;

/// What waits to be sent on one stream.
pub const HTTP2_SEND_BYTES_MAX: usize = 64 << 10;

/// Streams that a client resets before they were looked at (CVE-2023-44487).
pub const HTTP2_PENDING_RESETS_MAX: usize = 20;

/// Streams that a client makes us reset by its mistakes (RUSTSEC-2024-0003).
pub const HTTP2_LOCAL_RESETS_MAX: usize = 128;

/// Streams that a client resets in [`HTTP2_RESETS_TIME`]: every one may have been work for nothing.
pub const HTTP2_RESETS_MAX: u64 = 512;

/// The time in which resets are counted.
pub const HTTP2_RESETS_TIME: Duration = Duration::from_secs(10);

/// Bodies over [`SKIPPED_BODY_BYTES_MAX`] that one connection sends at the same time, in bodies of
/// the largest size. Others wait, with their window closed.
pub const HTTP2_BODIES_MAX: usize = 2;

/// Answers that were made for one connection and are not taken yet, without what they share with
/// the image. Over it further requests wait until some are taken.
pub const HTTP2_ANSWERS_BYTES_MAX: usize = 32 << 20;

/// Reads of one connection that are worked at, so that few answers come after that bound is reached.
pub const HTTP2_READS_MAX: usize = 16;

/// After the last stream, how long a connection that was told to go may take for its goodbye.
pub const HTTP2_GOODBYE_TIME: Duration = Duration::from_secs(1);
