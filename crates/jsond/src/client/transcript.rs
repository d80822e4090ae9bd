//! What crossed the wire: every byte of both directions, in pieces, with the time of each.
//!
//! It is fed by the socket and by nothing else, so what it holds was on the wire. Bounded: beyond
//! its bound it keeps nothing more and only counts.

use std::time::{Duration, Instant};

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
    pub(super) bytes: Vec<u8>,
}

/// The transcript of one connection.
#[derive(Debug)]
pub(super) struct Transcript {
    since: Instant,
    pieces: Vec<Piece>,
    kept_bytes: usize,
    dropped_bytes: u64,
}

impl Transcript {
    /// Starts the clock; called when the connection is made.
    pub(super) fn start() -> Self {
        Self {
            since: Instant::now(),
            pieces: Vec::new(),
            kept_bytes: 0,
            dropped_bytes: 0,
        }
    }

    pub(super) fn record(&mut self, direction: Direction, bytes: &[u8]) {
        let room = limit::TRANSCRIPT_BYTES_MAX - self.kept_bytes;
        let kept = &bytes[..bytes.len().min(room)];
        self.dropped_bytes += (bytes.len() - kept.len()) as u64;
        if kept.is_empty() {
            return;
        }
        self.kept_bytes += kept.len();
        self.pieces.push(Piece {
            direction,
            at: self.since.elapsed(),
            bytes: kept.to_vec(),
        });
    }

    /// All bytes of one direction, one after another.
    pub(super) fn bytes(&self, direction: Direction) -> Vec<u8> {
        let pieces = self
            .pieces
            .iter()
            .filter(|piece| piece.direction == direction);
        pieces
            .flat_map(|piece| piece.bytes.iter().copied())
            .collect()
    }

    /// Whether every byte is here.
    pub(super) fn is_whole(&self) -> bool {
        self.dropped_bytes == 0
    }

    /// The lines of the latest head of one direction, without their line ends.
    ///
    /// A dialogue has two of each on one connection; the answer line counts as a head.
    pub(super) fn head_lines(&self, direction: Direction) -> Vec<Vec<u8>> {
        let bytes = self.latest(direction);
        let lines = bytes.split(|byte| *byte == b'\n');
        lines
            .map(|line| line.strip_suffix(b"\r").unwrap_or(line).to_vec())
            .take_while(|line| !line.is_empty())
            .collect()
    }
}

impl Transcript {
    /// The bytes of one direction since the client last began to send.
    fn latest(&self, direction: Direction) -> Vec<u8> {
        let begins = |pair: &[Piece]| {
            pair[0].direction == Direction::Received && pair[1].direction == Direction::Sent
        };
        let begin = self
            .pieces
            .windows(2)
            .rposition(begins)
            .map_or(0, |at| at + 1);
        let pieces = self.pieces[begin..]
            .iter()
            .filter(|piece| piece.direction == direction);
        pieces
            .flat_map(|piece| piece.bytes.iter().copied())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_direction_reads_as_it_was_sent() {
        let mut transcript = Transcript::start();
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
    }

    #[test]
    fn the_latest_head_is_that_of_the_latest_request() {
        let mut transcript = Transcript::start();
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
    fn beyond_its_bound_it_only_counts() {
        let mut transcript = Transcript::start();
        for _ in 0..3 {
            transcript.record(
                Direction::Received,
                &vec![0; limit::TRANSCRIPT_BYTES_MAX / 2 + 1],
            );
        }
        assert!(!transcript.is_whole());
        assert_eq!(
            transcript.bytes(Direction::Received).len(),
            limit::TRANSCRIPT_BYTES_MAX
        );
    }
}
