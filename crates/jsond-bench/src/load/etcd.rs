//! Put over the protocol of etcd: gRPC, frames of HTTP/2 by hand.
//!
//! One request at a time is on the way on each connection, so that the windows of flow control
//! never fill.
//!
//! *Source*: RFC 9113, RFC 7541; etcd's `rpc.proto`.

use super::Protocol;
use crate::data::{grade_text, new_grade};
use crate::random::Random;
use anyhow::{Result, bail, ensure};

/// Writes to keys at random.
#[derive(Debug)]
pub(crate) struct EtcdPut {
    records: u64,
    random: Random,
    /// The last stream of each client.
    streams: Vec<u32>,
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// As much as a window can be, less what it is at the beginning.
const WINDOW_MORE: u32 = (1 << 31) - 1 - 65_535;

const HEAD_BYTES: usize = 9;

fn frame(out: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, content: &[u8]) {
    let length = u32::try_from(content.len()).unwrap_or(0).to_be_bytes();
    out.extend_from_slice(&length[1..]);
    out.extend_from_slice(&[kind, flags]);
    out.extend_from_slice(&stream.to_be_bytes());
    out.extend_from_slice(content);
}

/// A short text as HPACK and protocol buffers both have it: its length in a byte, then itself.
fn text(out: &mut Vec<u8>, text: &str) {
    out.push(u8::try_from(text.len()).unwrap_or(0));
    out.extend_from_slice(text.as_bytes());
}

/// The fields of a call: indexed where the static table has them, else literals that are not kept.
fn fields() -> Vec<u8> {
    let mut out = vec![0x83, 0x86, 0x04];
    text(&mut out, "/etcdserverpb.KV/Put");
    out.push(0x01);
    text(&mut out, "localhost");
    out.extend_from_slice(&[0x0f, 0x10]);
    text(&mut out, "application/grpc");
    out.push(0x00);
    text(&mut out, "te");
    text(&mut out, "trailers");
    out
}

/// What of the frames at the beginning belongs to a stream.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    /// Behind the frame that ends the stream, if it is there.
    end: Option<usize>,
    has_data: bool,
    has_settings: bool,
}

fn read_frames(input: &[u8], stream: u32) -> Result<Seen> {
    let mut seen = Seen::default();
    let mut at = 0;
    while let Some(&[a, b, c, kind, flags, w, x, y, z]) = input.get(at..at + HEAD_BYTES) {
        let end = at + HEAD_BYTES + usize::try_from(u32::from_be_bytes([0, a, b, c]))?;
        if end > input.len() {
            break;
        }
        at = end;
        let is_ours = u32::from_be_bytes([w, x, y, z]) == stream;
        match kind {
            RST_STREAM | GOAWAY => bail!("etcd refuses a call"),
            SETTINGS if flags & ACK == 0 => seen.has_settings = true,
            DATA if is_ours => seen.has_data = true,
            _ => {}
        }
        if matches!(kind, DATA | HEADERS) && is_ours && flags & END_STREAM != 0 {
            seen.end = Some(at);
            break;
        }
    }
    Ok(seen)
}

impl EtcdPut {
    pub(crate) fn new(records: u64, connections: usize) -> Self {
        Self {
            records,
            random: Random::new(1),
            streams: vec![0; connections],
        }
    }
}

impl Protocol for EtcdPut {
    fn hello(&self) -> Vec<u8> {
        let mut out = PREFACE.to_vec();
        frame(&mut out, SETTINGS, 0, 0, &[]);
        frame(&mut out, SETTINGS, ACK, 0, &[]);
        frame(&mut out, WINDOW_UPDATE, 0, 0, &WINDOW_MORE.to_be_bytes());
        out
    }

    fn greeted(&self, input: &[u8]) -> Result<Option<usize>> {
        // What the frames say is not needed; where they end is, and that shows with the first call.
        Ok(read_frames(input, u32::MAX)?.has_settings.then_some(0))
    }

    fn ask(&mut self, client: usize, out: &mut Vec<u8>) {
        let stream = match self.streams[client] {
            0 => 1,
            last => last + 2,
        };
        self.streams[client] = stream;
        let key = format!("k{:07}", self.random.below(self.records));
        let value = grade_text(new_grade(&mut self.random));
        let mut put = vec![0x0a];
        text(&mut put, &key);
        put.push(0x12);
        text(&mut put, &value);
        let mut call = vec![0, 0, 0, 0];
        call.push(u8::try_from(put.len()).unwrap_or(0));
        call.append(&mut put);
        frame(out, HEADERS, END_HEADERS, stream, &fields());
        frame(out, DATA, END_STREAM, stream, &call);
    }

    fn take(&mut self, client: usize, input: &[u8]) -> Result<Option<usize>> {
        let seen = read_frames(input, self.streams[client])?;
        // A call that fails has trailers only.
        ensure!(seen.end.is_none() || seen.has_data, "etcd: a call failed");
        Ok(seen.end)
    }
}

#[cfg(test)]
mod tests {
    use super::{ACK, DATA, END_STREAM, GOAWAY, HEADERS, SETTINGS, frame, read_frames};

    #[test]
    fn a_call_ends_with_its_own_stream() {
        let mut input = Vec::new();
        frame(&mut input, SETTINGS, 0, 0, &[0; 6]);
        frame(&mut input, SETTINGS, ACK, 0, &[]);
        frame(&mut input, HEADERS, END_STREAM, 5, b"x");
        frame(&mut input, DATA, 0, 7, b"abc");
        assert_eq!(read_frames(&input, 7).unwrap().end, None);
        frame(&mut input, HEADERS, END_STREAM, 7, b"x");
        let seen = read_frames(&input, 7).unwrap();
        assert_eq!(seen.end, Some(input.len()));
        assert!(seen.has_data && seen.has_settings);
        assert!(!read_frames(&input, 5).unwrap().has_data);
        frame(&mut input, GOAWAY, 0, 0, &[]);
        assert!(read_frames(&input, 9).is_err());
    }
}
