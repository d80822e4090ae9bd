//! What crossed the wire: every byte of both directions, in pieces, with the time of each.
//!
//! It is fed by the socket and by nothing else, so what it holds was on the wire; within TLS, what
//! was in it. Bounded: beyond its bounds it keeps nothing more and only counts, and what belongs to
//! earlier exchanges goes first.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

use super::limit;

/// Which way a piece went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Sent,
    Received,
}

/// Bytes that one call to the socket moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) direction: Direction,
    /// Since the connection was made.
    pub(super) at: Duration,
    /// How many bytes went the same way before.
    pub(super) offset: u64,
    pub(super) bytes: Vec<u8>,
}

/// A connection, for who looks on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) local: SocketAddr,
    pub(super) peer: SocketAddr,
    pub(super) is_secure: bool,
    pub(super) opened: SystemTime,
}

/// Who looks on while bytes cross the wire.
pub(super) trait Tap {
    /// A connection was made.
    fn opened(&mut self, link: &Link);
    /// A request is about to be sent on it.
    fn began(&mut self);
    /// Bytes crossed, at this time since the connection was made.
    fn moved(&mut self, direction: Direction, at: Duration, bytes: &[u8]);
}

/// The transcript of one connection.
pub(super) struct Transcript {
    pub(super) link: Option<Link>,
    since: Instant,
    pieces: VecDeque<Piece>,
    /// Where the pieces of the exchange begin that is under way, or was last.
    exchange_at: usize,
    kept_bytes: usize,
    exchange_bytes: usize,
    is_cut: bool,
    sent_bytes: u64,
    received_bytes: u64,
    tap: Option<Rc<RefCell<dyn Tap>>>,
    bytes_max: usize,
}

impl std::fmt::Debug for Transcript {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Transcript")
            .field("link", &self.link)
            .field("pieces", &self.pieces.len())
            .finish_non_exhaustive()
    }
}

impl Transcript {
    /// Starts the clock; called when the connection is made.
    pub(super) fn start(
        link: Option<Link>,
        tap: Option<Rc<RefCell<dyn Tap>>>,
        bytes_max: usize,
    ) -> Self {
        if let (Some(tap), Some(link)) = (&tap, &link) {
            tap.borrow_mut().opened(link);
        }
        Self {
            link,
            since: Instant::now(),
            pieces: VecDeque::new(),
            exchange_at: 0,
            kept_bytes: 0,
            exchange_bytes: 0,
            is_cut: false,
            sent_bytes: 0,
            received_bytes: 0,
            tap,
            bytes_max,
        }
    }

    /// A new exchange begins: what is asked of the transcript is about it from now on.
    pub(super) fn begin_exchange(&mut self) {
        if let Some(tap) = &self.tap {
            tap.borrow_mut().began();
        }
        while self.kept_bytes > self.bytes_max
            && let Some(oldest) = self.pieces.pop_front()
        {
            self.kept_bytes -= oldest.bytes.len();
        }
        self.exchange_at = self.pieces.len();
        self.exchange_bytes = 0;
        self.is_cut = false;
    }

    pub(super) fn record(&mut self, direction: Direction, bytes: &[u8]) {
        let at = self.since.elapsed();
        if let Some(tap) = &self.tap {
            tap.borrow_mut().moved(direction, at, bytes);
        }
        let count = match direction {
            Direction::Sent => &mut self.sent_bytes,
            Direction::Received => &mut self.received_bytes,
        };
        let offset = *count;
        *count += bytes.len() as u64;
        let room = self.bytes_max - self.exchange_bytes;
        let kept = &bytes[..bytes.len().min(room)];
        self.is_cut |= kept.len() < bytes.len();
        if kept.is_empty() {
            return;
        }
        self.kept_bytes += kept.len();
        self.exchange_bytes += kept.len();
        self.pieces.push_back(Piece {
            direction,
            at,
            offset,
            bytes: kept.to_vec(),
        });
    }

    /// What is kept of all exchanges.
    pub(super) fn pieces(&self) -> impl Iterator<Item = &Piece> {
        self.pieces.iter()
    }

    /// How much is kept.
    pub(super) fn kept_bytes(&self) -> usize {
        self.kept_bytes
    }

    fn exchange(&self) -> impl DoubleEndedIterator<Item = &Piece> {
        self.pieces.range(self.exchange_at..)
    }

    /// All bytes of one direction in this exchange, one after another.
    pub(super) fn bytes(&self, direction: Direction) -> Vec<u8> {
        let pieces = self.exchange().filter(|piece| piece.direction == direction);
        pieces
            .flat_map(|piece| piece.bytes.iter().copied())
            .collect()
    }

    /// Whether every byte of this exchange is here.
    pub(super) fn is_whole(&self) -> bool {
        !self.is_cut
    }

    /// The lines of the latest head of one direction, without their line ends.
    ///
    /// A dialogue has two of each in one exchange; the answer line counts as a head.
    pub(super) fn head_lines(&self, direction: Direction) -> Vec<Vec<u8>> {
        let bytes = self.latest(direction);
        let lines = bytes.split(|byte| *byte == b'\n');
        let mut lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line).to_vec());
        loop {
            let head: Vec<_> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
            // An interim response is followed by the one that counts.
            let is_interim = head
                .first()
                .is_some_and(|line| line.starts_with(b"HTTP/1.1 1"));
            if !is_interim || lines.size_hint().1 == Some(0) {
                return head;
            }
        }
    }

    /// The bytes of one direction since the client last began to send.
    fn latest(&self, direction: Direction) -> Vec<u8> {
        let pieces: Vec<&Piece> = self.exchange().collect();
        let begins = |pair: &[&Piece]| {
            pair[0].direction == Direction::Received && pair[1].direction == Direction::Sent
        };
        let begin = pieces.windows(2).rposition(begins).map_or(0, |at| at + 1);
        let latest = pieces[begin..].iter();
        latest
            .filter(|piece| piece.direction == direction)
            .flat_map(|piece| piece.bytes.iter().copied())
            .collect()
    }
}

/// The transcripts of a session, the oldest connection first.
pub(super) struct Record {
    transcripts: VecDeque<Rc<RefCell<Transcript>>>,
    tap: Option<Rc<RefCell<dyn Tap>>>,
    bytes_max: usize,
}

impl Default for Record {
    fn default() -> Self {
        Self {
            transcripts: VecDeque::new(),
            tap: None,
            bytes_max: limit::TRANSCRIPT_OF_ONE_BYTES_MAX,
        }
    }
}

impl std::fmt::Debug for Record {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Record")
            .field("transcripts", &self.transcripts.len())
            .finish_non_exhaustive()
    }
}

impl Record {
    /// A record that somebody looks on at, and that keeps so much.
    pub(super) fn tapped(tap: Rc<RefCell<dyn Tap>>, bytes_max: usize) -> Self {
        Self {
            tap: Some(tap),
            bytes_max,
            ..Self::default()
        }
    }

    /// Begins the transcript of a connection; those of old ones go when there are too many.
    pub(super) fn open(&mut self, link: Option<Link>) -> Rc<RefCell<Transcript>> {
        let kept = |record: &Self| -> usize {
            let transcripts = record.transcripts.iter();
            transcripts.map(|it| it.borrow().kept_bytes()).sum()
        };
        while self.transcripts.len() >= limit::TRANSCRIPTS_MAX || kept(self) > self.bytes_max {
            self.transcripts.pop_front();
        }
        let transcript = Transcript::start(link, self.tap.clone(), self.bytes_max);
        let transcript = Rc::new(RefCell::new(transcript));
        self.transcripts.push_back(Rc::clone(&transcript));
        transcript
    }

    pub(super) fn transcripts(&self) -> impl Iterator<Item = std::cell::Ref<'_, Transcript>> {
        self.transcripts
            .iter()
            .map(|transcript| transcript.borrow())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES_MAX: usize = limit::TRANSCRIPT_OF_ONE_BYTES_MAX;

    fn transcript() -> Transcript {
        Transcript::start(None, None, BYTES_MAX)
    }

    #[test]
    fn each_direction_reads_as_it_was_sent() {
        let mut transcript = transcript();
        transcript.record(Direction::Sent, b"GET a\r\nHost: b\r\n\r\nbody");
        transcript.record(Direction::Received, b"HTTP/1.1 2");
        transcript.record(Direction::Received, b"00 OK\n\n");
        assert_eq!(
            transcript.bytes(Direction::Received),
            b"HTTP/1.1 200 OK\n\n"
        );
        assert_eq!(
            transcript.head_lines(Direction::Sent),
            [&b"GET a"[..], b"Host: b"]
        );
        assert!(transcript.is_whole());
        let offsets: Vec<_> = transcript.pieces().map(|piece| piece.offset).collect();
        assert_eq!(offsets, [0, 0, 10]);
    }

    #[test]
    fn the_latest_head_is_that_of_the_latest_request() {
        let mut transcript = transcript();
        transcript.record(Direction::Sent, b"DELETE a\r\n\r\n");
        transcript.record(Direction::Received, b"HTTP/1.1 300 X\n\nEnter : key");
        transcript.record(Direction::Sent, b"Da_Eun");
        transcript.record(Direction::Received, b"HTTP/1.1 200 OK\n\n");
        assert_eq!(transcript.head_lines(Direction::Sent), [b"Da_Eun"]);
        assert_eq!(
            transcript.head_lines(Direction::Received),
            [b"HTTP/1.1 200 OK"]
        );
    }

    #[test]
    fn interim_responses_are_not_the_head() {
        let mut transcript = transcript();
        transcript.record(Direction::Sent, b"GET a\r\n\r\n");
        let received = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\nHTTP/1.1 201 Yes\r\nC: d\r\n\r\nx";
        transcript.record(Direction::Received, received);
        assert_eq!(
            transcript.head_lines(Direction::Received),
            [&b"HTTP/1.1 201 Yes"[..], b"C: d"]
        );
        transcript.begin_exchange();
        transcript.record(Direction::Received, b"HTTP/1.1 100 Continue\r\n\r\n");
        assert!(transcript.head_lines(Direction::Received).len() <= 1);
    }

    #[test]
    fn an_exchange_knows_nothing_of_those_before_it() {
        let mut transcript = transcript();
        transcript.record(Direction::Sent, b"GET a\r\n\r\n");
        transcript.record(Direction::Received, b"HTTP/1.1 200 OK\r\n\r\n");
        transcript.begin_exchange();
        assert_eq!(transcript.bytes(Direction::Received), b"");
        transcript.record(Direction::Sent, b"GET b\r\n\r\n");
        assert_eq!(transcript.head_lines(Direction::Sent), [b"GET b"]);
        assert_eq!(transcript.pieces().count(), 3);
    }

    #[test]
    fn beyond_its_bound_it_only_counts_and_what_is_old_goes_first() {
        let mut transcript = transcript();
        let half = vec![0; BYTES_MAX / 2 + 1];
        for _ in 0..3 {
            transcript.record(Direction::Received, &half);
        }
        assert!(!transcript.is_whole());
        let kept = transcript.bytes(Direction::Received).len();
        assert_eq!(kept, BYTES_MAX);
        transcript.begin_exchange();
        transcript.record(Direction::Received, &half);
        assert!(transcript.is_whole());
        assert_eq!(transcript.bytes(Direction::Received).len(), half.len());
        assert_eq!(
            transcript.pieces().last().unwrap().offset,
            3 * half.len() as u64
        );
        transcript.begin_exchange();
        assert!(transcript.kept_bytes() <= BYTES_MAX);
    }

    #[test]
    fn a_record_keeps_the_latest_connections() {
        let mut record = Record::default();
        for _ in 0..2 * limit::TRANSCRIPTS_MAX {
            record.open(None);
        }
        assert_eq!(record.transcripts().count(), limit::TRANSCRIPTS_MAX);
        let large = record.open(None);
        let bytes = vec![0; BYTES_MAX];
        large.borrow_mut().record(Direction::Sent, &bytes);
        large.borrow_mut().begin_exchange();
        large.borrow_mut().record(Direction::Sent, b"x");
        record.open(None);
        assert_eq!(record.transcripts().count(), 1);
    }
}
