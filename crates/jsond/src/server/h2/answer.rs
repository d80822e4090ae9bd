//! The body of a response as hyper takes it: in pieces that fill a frame each.

use super::load::{Held, Load};
use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Frame, SizeHint};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// How much is handed over at a time: a frame of the size that every client takes.
const PIECE_BYTES: usize = 16 << 10;

/// A body on its way to the client.
#[derive(Debug)]
pub(super) struct Answer {
    /// What is left, in reverse order.
    pieces: Vec<Bytes>,
    bytes_left: usize,
    held: Option<Held>,
}

impl Answer {
    pub(super) fn new(mut pieces: Vec<Bytes>, load: Arc<Load>) -> Self {
        pieces.retain(|piece| !piece.is_empty());
        pieces.reverse();
        let bytes_left = pieces.iter().map(Bytes::len).sum();
        // What the image has too is no cost of this client's.
        let alone = pieces.iter().filter(|piece| piece.is_unique());
        let alone = alone.map(Bytes::len).sum();
        let held = (bytes_left > 0).then(|| load.begin_answer(alone));
        Self {
            pieces,
            bytes_left,
            held,
        }
    }

    /// The next piece. A large text is cut; the ends of texts are gathered, also so that what waits
    /// in hyper's buffers keeps no large text alive.
    fn next_piece(&mut self) -> Option<Bytes> {
        let first = self.pieces.last_mut()?;
        if first.len() >= PIECE_BYTES {
            let piece = first.split_to(PIECE_BYTES);
            if first.is_empty() {
                self.pieces.pop();
            }
            return Some(piece);
        }
        let mut gathered = BytesMut::with_capacity(self.bytes_left.min(PIECE_BYTES));
        while let Some(next) = self.pieces.last()
            && gathered.len() + next.len() <= PIECE_BYTES
        {
            gathered.extend_from_slice(next);
            self.pieces.pop();
        }
        Some(gathered.freeze())
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = self.next_piece();
        if let Some(piece) = &piece {
            self.bytes_left -= piece.len();
        }
        if let Some(held) = &self.held {
            held.moved();
        }
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes_left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes_left as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cuts a body of texts of these lengths, and asserts that it comes whole, in these pieces.
    fn check(lengths: &[usize], expected: &[usize]) {
        let text = |(n, &length): (usize, &usize)| Bytes::from(vec![n.to_le_bytes()[0]; length]);
        let texts: Vec<_> = lengths.iter().enumerate().map(text).collect();
        let whole = texts.concat();
        let mut answer = Answer::new(
            texts,
            Arc::new(Load::new(&crate::limits::Limits::default())),
        );
        assert_eq!(answer.is_end_stream(), whole.is_empty());
        let mut came = Vec::new();
        let mut context = Context::from_waker(std::task::Waker::noop());
        while let Poll::Ready(Some(Ok(frame))) = Pin::new(&mut answer).poll_frame(&mut context) {
            came.push(frame.into_data().unwrap());
        }
        assert!(answer.is_end_stream());
        assert_eq!(came.iter().map(Bytes::len).collect::<Vec<_>>(), expected);
        assert_eq!(came.concat(), whole);
    }

    #[test]
    fn small_texts_share_a_frame_and_large_ones_are_cut() {
        check(&[], &[]);
        check(&[0, 0], &[]);
        check(&[5, 1], &[6]);
        check(&[4096, 4096, 4096, 4096, 1], &[16_384, 1]);
        check(&[40_000, 1], &[16_384, 16_384, 7_233]);
        check(&[16_384, 1], &[16_384, 1]);
        check(
            &[10_000, 10_000, 20_000, 3],
            &[10_000, 10_000, 16_384, 3_619],
        );
    }
}
