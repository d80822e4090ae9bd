//! Writes a long text as pieces of about one size, so that it is never copied to grow.

use crate::limits::PIECE_BYTES;
use bytes::Bytes;
use jsond_document::Value;

/// A value whose text is longer is shared as it is instead of copied.
const SHARED_BYTES_MIN: usize = 8 << 10;

/// A text in the making.
#[derive(Debug, Default)]
pub(super) struct PieceWriter {
    pieces: Vec<Bytes>,
    open: Vec<u8>,
}

impl PieceWriter {
    /// The end of the text, to append to.
    pub(super) fn end(&mut self) -> &mut Vec<u8> {
        &mut self.open
    }

    /// Appends the compact text of a value.
    ///
    /// *Cost*: shared when large, copied when small.
    pub(super) fn value(&mut self, value: &Value) {
        if value.len_bytes() < SHARED_BYTES_MIN {
            value.write_to(&mut self.open);
        } else {
            self.close();
            self.pieces.extend(value.text_pieces());
        }
    }

    /// Marks a place where the text may be cut.
    pub(super) fn may_cut(&mut self) {
        if self.open.len() >= PIECE_BYTES {
            self.close();
            self.open.reserve_exact(PIECE_BYTES + PIECE_BYTES / 8);
        }
    }

    /// The pieces.
    pub(super) fn finish(mut self) -> Vec<Bytes> {
        self.close();
        self.pieces
    }

    fn close(&mut self) {
        if !self.open.is_empty() {
            self.pieces
                .push(Bytes::from(std::mem::take(&mut self.open)));
        }
    }
}
