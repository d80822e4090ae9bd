//! Decodes a chunked body, byte for byte as RFC 9112 §7.1 has it and no looser.
//!
//! Size lines are read by a small automaton, so that they need no buffer and mean the same however
//! they are cut. Extensions and trailers are checked, bounded and thrown away.

use bytes::{Buf as _, Bytes, BytesMut};
use memchr::memchr;

use super::field::{is_control, is_token_byte, split_field};
use super::machine::Limits;
use super::refusal::Refusal;

/// More hexadecimal digits than this do not fit the largest size.
const SIZE_DIGITS_MAX: u32 = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Within the digits of a size.
    Size { digits: u32 },
    /// Within the extensions after a size.
    Extension(Extension),
    /// After the CR of a size line.
    SizeEnd,
    /// Within the data of a chunk.
    Data,
    /// Before the CR after the data.
    DataCarriageReturn,
    /// Before the LF after the data.
    DataLineFeed,
    /// After the last chunk.
    Trailers,
    /// The body has ended.
    Done,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extension {
    NameStart,
    Name,
    ValueStart,
    Value,
    Quoted,
    Escaped,
    QuotedEnd,
}

/// The state of a chunked body on its way.
#[derive(Debug)]
pub(super) struct Decoder {
    state: State,
    size: u64,
    /// How many bytes of data may still be announced.
    room_bytes: u64,
    /// `None` where the body is thrown away.
    decoded: Option<BytesMut>,
    extension_bytes: usize,
    trailer_bytes: usize,
    trailer_scanned: usize,
    trailers: usize,
    limits: Limits,
}

impl Decoder {
    /// A decoder for a body of at most `bytes_max`, which keeps the data or throws it away.
    pub(super) fn new(limits: Limits, bytes_max: usize, keeps: bool) -> Self {
        Self {
            state: State::Size { digits: 0 },
            size: 0,
            room_bytes: u64::try_from(bytes_max).unwrap_or(u64::MAX),
            decoded: keeps.then(BytesMut::new),
            extension_bytes: 0,
            trailer_bytes: 0,
            trailer_scanned: 0,
            trailers: 0,
            limits,
        }
    }

    /// Eats what there is of the body; `Some` when it has ended, with the data if it was kept.
    pub(super) fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Bytes>, Refusal> {
        while !input.is_empty() && self.state != State::Done {
            match self.state {
                State::Data => self.take_data(input),
                State::Trailers => {
                    if !self.read_trailer(input)? {
                        return Ok(None);
                    }
                }
                _ => self.read_line_bytes(input)?,
            }
        }
        let ended = self.state == State::Done;
        Ok(ended.then(|| self.decoded.take().unwrap_or_default().freeze()))
    }

    fn read_line_bytes(&mut self, input: &mut BytesMut) -> Result<(), Refusal> {
        let mut eaten = 0;
        for &byte in input.iter() {
            self.state = self.step(byte)?;
            eaten += 1;
            if matches!(self.state, State::Data | State::Trailers) {
                break;
            }
        }
        input.advance(eaten);
        Ok(())
    }

    fn step(&mut self, byte: u8) -> Result<State, Refusal> {
        match self.state {
            State::Size { digits } => self.step_size(digits, byte),
            State::Extension(extension) => self.step_extension(extension, byte),
            State::SizeEnd => self.end_size_line(byte),
            State::DataCarriageReturn if byte == b'\r' => Ok(State::DataLineFeed),
            State::DataLineFeed if byte == b'\n' => {
                self.size = 0;
                Ok(State::Size { digits: 0 })
            }
            _ => Err(Refusal::MalformedChunkEnd),
        }
    }

    fn step_size(&mut self, digits: u32, byte: u8) -> Result<State, Refusal> {
        match (byte, char::from(byte).to_digit(16)) {
            (_, Some(digit)) if digits < SIZE_DIGITS_MAX => {
                self.size = self.size << 4 | u64::from(digit);
                Ok(State::Size { digits: digits + 1 })
            }
            (b';', _) if digits > 0 => Ok(State::Extension(Extension::NameStart)),
            (b'\r', _) if digits > 0 => Ok(State::SizeEnd),
            _ => Err(Refusal::MalformedChunkSize),
        }
    }

    /// *Source* RFC 9112 §7.1.1, without its "bad" white space.
    fn step_extension(&mut self, extension: Extension, byte: u8) -> Result<State, Refusal> {
        self.extension_bytes += 1;
        if self.extension_bytes > self.limits.chunk_extensions_bytes_max {
            return Err(Refusal::ChunkExtensionsTooLarge);
        }
        let next = match (extension, byte) {
            (Extension::NameStart | Extension::Name, _) if is_token_byte(byte) => Extension::Name,
            (Extension::ValueStart | Extension::Value, _) if is_token_byte(byte) => {
                Extension::Value
            }
            (Extension::Name, b'=') => Extension::ValueStart,
            (Extension::ValueStart, b'"') => Extension::Quoted,
            (Extension::Quoted, b'"') => Extension::QuotedEnd,
            (Extension::Quoted, b'\\') => Extension::Escaped,
            (Extension::Quoted | Extension::Escaped, _) if !is_control(byte) => Extension::Quoted,
            (Extension::Name | Extension::Value | Extension::QuotedEnd, b';') => {
                Extension::NameStart
            }
            (Extension::Name | Extension::Value | Extension::QuotedEnd, b'\r') => {
                return Ok(State::SizeEnd);
            }
            _ => return Err(Refusal::MalformedChunkExtension),
        };
        Ok(State::Extension(next))
    }

    fn end_size_line(&mut self, byte: u8) -> Result<State, Refusal> {
        if byte != b'\n' {
            return Err(Refusal::MalformedChunkSize);
        }
        self.room_bytes = self
            .room_bytes
            .checked_sub(self.size)
            .ok_or(Refusal::BodyTooLarge)?;
        Ok(if self.size == 0 {
            State::Trailers
        } else {
            State::Data
        })
    }

    fn take_data(&mut self, input: &mut BytesMut) {
        let here = usize::try_from(self.size)
            .unwrap_or(usize::MAX)
            .min(input.len());
        self.size -= here as u64;
        match &mut self.decoded {
            None => input.advance(here),
            // A first chunk that is wholly here is taken over without a copy.
            Some(decoded) if decoded.is_empty() && self.size == 0 => {
                *decoded = input.split_to(here);
            }
            Some(decoded) => {
                decoded.extend_from_slice(&input[..here]);
                input.advance(here);
            }
        }
        if self.size == 0 {
            self.state = State::DataCarriageReturn;
        }
    }

    /// Eats one line of the trailer section, if it is whole.
    fn read_trailer(&mut self, input: &mut BytesMut) -> Result<bool, Refusal> {
        let line_feed = memchr(b'\n', &input[self.trailer_scanned..])
            .map(|offset| self.trailer_scanned + offset);
        let line_bytes = line_feed.map_or(input.len(), |line_feed| line_feed + 1);
        self.trailer_scanned = line_bytes;
        if self.trailer_bytes + line_bytes > self.limits.fields_bytes_max {
            return Err(Refusal::TrailersTooLarge);
        }
        let Some(line_feed) = line_feed else {
            return Ok(false);
        };
        if check_trailer(&input[..line_feed])? {
            self.state = State::Done;
        } else if self.trailers == self.limits.fields_max {
            return Err(Refusal::TrailersTooLarge);
        }
        self.trailers += 1;
        self.trailer_bytes += line_bytes;
        self.trailer_scanned = 0;
        input.advance(line_bytes);
        Ok(true)
    }
}

/// Judges a trailer line without its LF, and answers whether it is the empty one that ends all.
fn check_trailer(line: &[u8]) -> Result<bool, Refusal> {
    let content = line.strip_suffix(b"\r").ok_or(Refusal::MalformedTrailer)?;
    if content.is_empty() {
        return Ok(true);
    }
    if content.iter().any(|&byte| is_control(byte)) || split_field(content).is_err() {
        return Err(Refusal::MalformedTrailer);
    }
    Ok(false)
}
