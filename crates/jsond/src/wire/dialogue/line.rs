//! Takes lines out of a buffer as they end, within a bound, looking at each byte once.

use bytes::{Bytes, BytesMut};
use memchr::memchr;

use super::reason::Reason;

/// Where the search for a line end has come to.
#[derive(Debug, Default)]
pub(super) struct LineReader {
    scanned: usize,
}

/// A line without its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// What stands before the line end.
    pub(super) content: Bytes,
    /// Whether the line ended in CRLF.
    pub(super) is_crlf: bool,
    /// Its length with its end.
    pub(super) bytes: usize,
}

impl LineReader {
    /// The next line, if it has ended; over `bytes_max`, its end included, it is `over`.
    pub(super) fn take(
        &mut self,
        input: &mut BytesMut,
        bytes_max: usize,
        over: Reason,
    ) -> Result<Option<Line>, Reason> {
        let found = memchr(b'\n', &input[self.scanned..]).map(|offset| self.scanned + offset + 1);
        let within = found.map_or(input.len() < bytes_max, |bytes| bytes <= bytes_max);
        if !within {
            return Err(over);
        }
        let Some(bytes) = found else {
            self.scanned = input.len();
            return Ok(None);
        };
        let mut content = input.split_to(bytes).freeze();
        content.truncate(bytes - 1);
        let is_crlf = strip_carriage_return(&mut content);
        self.scanned = 0;
        Ok(Some(Line {
            content,
            is_crlf,
            bytes,
        }))
    }

    /// What is left when no line end will come; a CR at its end may have been half of one.
    pub(super) fn take_rest(&mut self, input: &mut BytesMut) -> Line {
        let mut content = input.split().freeze();
        let bytes = content.len();
        strip_carriage_return(&mut content);
        self.scanned = 0;
        Line {
            content,
            is_crlf: false,
            bytes,
        }
    }
}

fn strip_carriage_return(content: &mut Bytes) -> bool {
    let ends_in_one = content.last() == Some(&b'\r');
    content.truncate(content.len() - usize::from(ends_in_one));
    ends_in_one
}
