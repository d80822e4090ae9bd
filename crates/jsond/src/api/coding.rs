//! Content codings: decodes the body of a request within bounds, and codes a representation.
//!
//! Pure. What is coded once and kept is the business of `codings`; what is preferred, of
//! `negotiate`.
//!
//! *Source*: RFC 9110 §8.4.

use crate::api::negotiate::Coding;
use crate::limits::CODINGS_MAX;
use brotli::enc::BrotliEncoderParams;
use brotli::reader::StandardAlloc;
use brotli::{BrotliDecompressStream, BrotliResult, BrotliState, CompressorWriter};
use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use flate2::{Compression, GzBuilder};
use http::header::{CONTENT_ENCODING, HeaderMap};
use std::io::{Read, Write};

/// What a body may be coded with, as `Accept-Encoding` in a 415 says it.
///
/// *Source*: RFC 9110 §12.5.3, §15.5.16.
pub(super) const ACCEPTED: &str = "br, gzip";

/// Says why a body cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum CodingError {
    /// An unknown coding, or too many: 415.
    #[error("the content coding is not known here")]
    Unsupported,
    /// The bytes are not what the coding makes, or not all of it, or more: 400.
    #[error("the body is not what its Content-Encoding says")]
    Malformed,
    /// The decoded body is over the bound: 413.
    #[error("the decoded body is too large")]
    TooLarge,
}

/// Reads which codings were applied to a body, in that order, without identity.
///
/// *Errors*: unsupported. *Source*: RFC 9110 §8.4.
pub(super) fn content_codings(headers: &HeaderMap) -> Result<Vec<Coding>, CodingError> {
    let mut codings = Vec::new();
    let lines = headers.get_all(CONTENT_ENCODING).iter();
    let elements = lines.flat_map(|line| line.as_bytes().split(|&byte| byte == b','));
    for name in elements
        .map(<[u8]>::trim_ascii)
        .filter(|name| !name.is_empty())
    {
        match Coding::of_name(name).ok_or(CodingError::Unsupported)? {
            // LENIENT: identity is no word for this field, but it harms nobody.
            Coding::Identity => {}
            _ if codings.len() == CODINGS_MAX => return Err(CodingError::Unsupported),
            coding => codings.push(coding),
        }
    }
    Ok(codings)
}

/// Undoes the codings of a body, the last one first; none of the steps may give more than
/// `bytes_max`.
///
/// *Cost*: at any time one step's input and output, and the window of the coding: up to 16 MiB
/// for br. *Errors*: malformed, too large.
pub(super) fn decode_body(
    codings: &[Coding],
    body: &Bytes,
    bytes_max: usize,
) -> Result<Bytes, CodingError> {
    let mut decoded = body.clone();
    // LENIENT: where there is no content, there is nothing to decode.
    if body.is_empty() {
        return Ok(decoded);
    }
    for coding in codings.iter().rev() {
        decoded = match coding {
            Coding::Identity => decoded,
            Coding::Gzip => gunzip(&decoded, bytes_max)?,
            Coding::Brotli => unbrotli(&decoded, bytes_max)?,
        };
    }
    if decoded.len() > bytes_max {
        return Err(CodingError::TooLarge);
    }
    Ok(decoded)
}

/// How much is decoded before its size is judged.
const STEP_BYTES: usize = 16 << 10;

/// What was decoded so far.
struct Decoded {
    bytes: Vec<u8>,
    bytes_max: usize,
}

impl Decoded {
    /// Takes the next bytes, and never has room for more than the bound.
    fn take(&mut self, step: &[u8]) -> Result<(), CodingError> {
        let length = self.bytes.len() + step.len();
        if length > self.bytes_max {
            return Err(CodingError::TooLarge);
        }
        if length > self.bytes.capacity() {
            let room = (self.bytes.capacity() * 2).clamp(length, self.bytes_max);
            self.bytes.reserve_exact(room - self.bytes.len());
        }
        self.bytes.extend_from_slice(step);
        Ok(())
    }
}

/// Decodes one member of gzip or several; nothing may follow them.
fn gunzip(body: &[u8], bytes_max: usize) -> Result<Bytes, CodingError> {
    let mut decoder = MultiGzDecoder::new(body);
    let mut decoded = Decoded {
        bytes: Vec::new(),
        bytes_max,
    };
    let mut step = vec![0; STEP_BYTES];
    loop {
        match decoder.read(&mut step) {
            Ok(0) => return Ok(decoded.bytes.into()),
            Ok(length) => decoded.take(&step[..length])?,
            Err(_) => return Err(CodingError::Malformed),
        }
    }
}

/// Decodes one br stream; nothing may follow it.
///
/// Large windows, an extension that may ask for a gibibyte, are not taken.
///
/// *Source*: RFC 7932 §9.1.
fn unbrotli(body: &[u8], bytes_max: usize) -> Result<Bytes, CodingError> {
    let alloc = StandardAlloc::default;
    let mut state = BrotliState::new_strict(alloc(), alloc(), alloc());
    let mut decoded = Decoded {
        bytes: Vec::new(),
        bytes_max,
    };
    let mut step = vec![0; STEP_BYTES];
    let (mut left, mut read, mut total) = (body.len(), 0, 0);
    loop {
        let (mut room, mut length) = (step.len(), 0);
        let result = BrotliDecompressStream(
            &mut left,
            &mut read,
            body,
            &mut room,
            &mut length,
            &mut step,
            &mut total,
            &mut state,
        );
        decoded.take(&step[..length])?;
        match result {
            BrotliResult::NeedsMoreOutput => {}
            BrotliResult::ResultSuccess if left == 0 => return Ok(decoded.bytes.into()),
            // More input is needed, and there is none; or the stream has ended before the body.
            _ => return Err(CodingError::Malformed),
        }
    }
}

/// Levels that make small text at a cost a live answer can bear.
const GZIP_LEVEL: u32 = 6;
const BROTLI_QUALITY: i32 = 5;

/// Blocks in which a coder is fed, however the text is cut into pieces.
const BLOCK_BYTES: usize = 64 << 10;

/// Codes a text.
///
/// Equal texts give equal bytes, however they are cut into pieces: the tag of a coding depends on
/// it. So there is no time in the gzip header, and the coder sees blocks of one size.
pub(super) fn encode(coding: Coding, pieces: &[Bytes]) -> Bytes {
    let bytes = pieces.iter().map(Bytes::len).sum();
    // JSON shrinks to a fifth or less as a rule.
    let room = Vec::with_capacity(bytes / 5 + 64);
    let mut coded = match coding {
        Coding::Identity => pieces.concat(),
        Coding::Gzip => {
            let level = Compression::new(GZIP_LEVEL);
            let mut coder = GzBuilder::new().mtime(0).write(room, level);
            feed(&mut coder, pieces);
            coder.finish().expect(INFALLIBLE)
        }
        Coding::Brotli => {
            let mut coder = CompressorWriter::with_params(room, STEP_BYTES, &brotli_of(bytes));
            feed(&mut coder, pieces);
            coder.into_inner()
        }
    };
    coded.shrink_to_fit();
    Bytes::from(coded)
}

const INFALLIBLE: &str = "INVARIANT: a vector takes every byte";

/// The window is the smallest that holds the text, and 4 MiB at the most, which every client
/// can bear. Below 17 bits the coder takes another way that was measured twenty times slower.
fn brotli_of(bytes: usize) -> BrotliEncoderParams {
    let window = (17..22).find(|bits| (1_usize << bits) - 16 >= bytes);
    BrotliEncoderParams {
        quality: BROTLI_QUALITY,
        lgwin: window.unwrap_or(22),
        size_hint: bytes,
        ..Default::default()
    }
}

/// Writes the pieces in blocks of one size; the last one is what is left.
fn feed(coder: &mut impl Write, pieces: &[Bytes]) {
    let mut block = Vec::with_capacity(BLOCK_BYTES);
    for piece in pieces {
        let mut rest = &piece[..];
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(BLOCK_BYTES - block.len()));
            block.extend_from_slice(now);
            rest = later;
            if block.len() == BLOCK_BYTES {
                coder.write_all(&block).expect(INFALLIBLE);
                block.clear();
            }
        }
    }
    coder.write_all(&block).expect(INFALLIBLE);
}

#[cfg(test)]
#[path = "coding_tests.rs"]
mod tests;
