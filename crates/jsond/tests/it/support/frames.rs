//! HTTP/2 by hand: frames as they are written, and what the server sends, frame by frame.

use std::io::Read;

use super::{PATIENCE, Server, Wire};

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// The preface and empty settings.
pub(crate) fn greeting() -> Vec<u8> {
    [PREFACE.to_vec(), frame(SETTINGS, 0, 0, &[])].concat()
}

/// A block for a request without body: from the static table, and two literals that are not kept.
///
/// *Source*: RFC 7541 §6.
pub(crate) fn block(method: u8, path: &str) -> Vec<u8> {
    let mut block = vec![method, 0x86, 0x01, 9];
    block.extend_from_slice(b"localhost");
    block.extend([0x04, u8::try_from(path.len()).unwrap()]);
    block.extend_from_slice(path.as_bytes());
    block
}

pub(crate) const GET: u8 = 0x82;

/// A block for a PUT; the method is not in the static table.
pub(crate) fn put(path: &str) -> Vec<u8> {
    let mut block = block(GET, path);
    block.splice(..1, *b"\x02\x03PUT");
    block
}

pub(crate) fn get(stream: u32, path: &str) -> Vec<u8> {
    let flags = END_STREAM | END_HEADERS;
    frame(HEADERS, flags, stream, &block(GET, path))
}

/// What the server sends, frame by frame.
pub(crate) struct Frames {
    pub(crate) wire: Wire,
    buffer: Vec<u8>,
}

pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

impl Frames {
    pub(crate) fn open(server: &Server) -> Self {
        let mut wire = server.connect();
        wire.patience(PATIENCE);
        let buffer = Vec::new();
        Self { wire, buffer }
    }

    pub(crate) fn greet(server: &Server) -> Self {
        let mut frames = Self::open(server);
        frames.send(greeting());
        frames
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.wire.send(bytes);
    }

    /// The next frame, or nothing when the server has closed.
    pub(crate) fn next(&mut self) -> Option<Frame> {
        self.try_next().expect("a frame, or the end")
    }

    /// As [`Frames::next`]; an error when neither comes in time.
    pub(crate) fn try_next(&mut self) -> std::io::Result<Option<Frame>> {
        loop {
            if let Some(frame) = self.take() {
                return Ok(Some(frame));
            }
            let mut piece = [0; 65_536];
            match self.wire.stream.read(&mut piece) {
                Ok(0) => return Ok(None),
                Ok(count) => self.buffer.extend_from_slice(&piece[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {
                    return Ok(None);
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn take(&mut self) -> Option<Frame> {
        let head = self.buffer.get(..9)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        let (kind, flags) = (head[3], head[4]);
        let payload = self.buffer.get(9..9 + length)?.to_vec();
        self.buffer.drain(..9 + length);
        Some(Frame {
            kind,
            flags,
            stream,
            payload,
        })
    }

    /// The next frame of a kind.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, kind: u8) -> Frame {
        while let Some(frame) = self.next() {
            if frame.kind == kind {
                return frame;
            }
        }
        panic!("closed before a frame of kind {kind}")
    }

    /// The body of the answer on a stream, which must be a 200.
    #[track_caller]
    pub(crate) fn answer(&mut self, stream: u32) -> String {
        let head = self.wait_for(HEADERS);
        assert_eq!(head.stream, stream);
        assert_eq!(
            head.payload[0], 0x88,
            ":status 200 stands in the static table"
        );
        let mut body = Vec::new();
        loop {
            let data = self.wait_for(DATA);
            body.extend(data.payload);
            if data.flags & END_STREAM != 0 {
                return String::from_utf8(body).unwrap();
            }
        }
    }

    /// Asserts that the connection ends; gives the error of the last GOAWAY, if there was one.
    pub(crate) fn ends(&mut self) -> Option<u8> {
        let mut error = None;
        while let Some(frame) = self.next() {
            if frame.kind == GOAWAY {
                error = Some(frame.payload[7]);
            }
        }
        error
    }
}
