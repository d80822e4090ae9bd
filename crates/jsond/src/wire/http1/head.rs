//! A whole head turned into the `http` crate's types, which share its bytes or those of known lines.
//!
//! httparse finds the tokens; what it lets through and RFC 9112 or SECURITY.md do not is judged
//! here and in [`super::facts`]. The name of a fault is [`super::check`]'s business: a refusal from
//! here is only what remains when no line is at fault by itself.

use std::mem::MaybeUninit;

use bytes::Bytes;
use http::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Method, Version};
use memchr::memchr;

use super::facts::Facts;
use super::known::{self, Fields, Recalled};
use super::refusal::Refusal;
use super::request_line::{check_target, find_authority, parse_target};

/// So many field lines are tokenised without an allocation.
const SLOTS_ON_STACK: usize = 32;

/// A longer request line is not parsed by itself.
const LINE_BYTES_MAX: usize = 256;

/// How the body of a request is framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyFraming {
    /// No body, or one of length zero.
    None,
    /// So many bytes, at least one.
    Length(u64),
    /// The chunked coding.
    Chunked,
}

/// The head of a request.
#[derive(Debug)]
pub struct Head {
    /// Method, target, version and fields.
    ///
    /// The field values share the bytes that they came in, of this head or of one before: who keeps
    /// one keeps them all. With an absolute target the Host field is the target's authority, whatever
    /// the client sent as Host.
    /// *Source* RFC 9112 §3.2.2
    pub parts: Parts,
    /// How the body is framed.
    pub framing: BodyFraming,
    /// Whether the connection may be kept after the answer: HTTP/1.1 without `Connection: close`.
    pub keep_alive: bool,
    /// Whether the client waits for [`CONTINUE`](super::CONTINUE) before it sends its body.
    pub expects_continue: bool,
}

/// A request line, its target a part of the head.
struct Line<'head> {
    method: Method,
    target: &'head str,
    is_http10: bool,
}

/// Parses a whole head of so many field lines.
pub(super) fn parse_head(head: &Bytes, fields: usize) -> Result<Head, Refusal> {
    if fields > SLOTS_ON_STACK {
        let mut slots = Vec::new();
        slots.resize_with(fields, MaybeUninit::uninit);
        let (line, fields) = parse_with_slots(head, &mut slots)?;
        return head_of(head, line, fields);
    }
    let (line, block) = head.split_at(memchr(b'\n', head).map_or(0, |end| end + 1));
    let again = match known::recall(block) {
        Recalled::Fields(fields) => match parse_line(line) {
            Some(line) => return head_of(head, line, fields),
            None => None,
        },
        Recalled::Again(again) => Some(again),
        Recalled::Nothing => None,
    };
    let mut slots = [const { MaybeUninit::uninit() }; SLOTS_ON_STACK];
    let (line, parsed) = parse_with_slots(head, &mut slots[..fields])?;
    if let Some(again) = again
        && let Some(own) = parse_block(block)
    {
        again.keep(block, own);
    }
    head_of(head, line, parsed)
}

fn parse_with_slots<'head>(
    head: &'head Bytes,
    slots: &mut [MaybeUninit<httparse::Header<'head>>],
) -> Result<(Line<'head>, Fields), Refusal> {
    let mut request = httparse::Request::new(&mut []);
    match request.parse_with_uninit_headers(head, slots) {
        Ok(httparse::Status::Complete(head_bytes)) if head_bytes == head.len() => {}
        _ => return Err(Refusal::MalformedHead),
    }
    let (Some(method), Some(target), Some(minor)) = (request.method, request.path, request.version)
    else {
        return Err(Refusal::MalformedHead);
    };
    let fields = read_fields(head, request.headers)?;
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| Refusal::MalformedMethod)?;
    let line = Line {
        method,
        target,
        is_http10: minor == 0,
    };
    Ok((line, fields))
}

/// Parses a request line with its line end by itself; none where it is long, or no request line.
fn parse_line(line: &[u8]) -> Option<Line<'_>> {
    let mut alone = [0; LINE_BYTES_MAX + 2];
    let alone = alone.get_mut(..line.len() + 2)?;
    alone[..line.len()].copy_from_slice(line);
    alone[line.len()..].copy_from_slice(b"\r\n");
    let mut request = httparse::Request::new(&mut []);
    let is_whole = matches!(request.parse(alone), Ok(httparse::Status::Complete(_)));
    let (method, target) = (request.method?, request.path?);
    let at = method.len() + 1;
    Some(Line {
        method: Method::from_bytes(method.as_bytes()).ok()?,
        target: std::str::from_utf8(line.get(at..at + target.len())?).ok()?,
        is_http10: request.version? == 0,
    })
    .filter(|_| is_whole)
}

/// Parses a block of field lines, with the empty one, in bytes of its own.
fn parse_block(block: &[u8]) -> Option<Fields> {
    let block = Bytes::copy_from_slice(block);
    let mut slots = [httparse::EMPTY_HEADER; SLOTS_ON_STACK];
    match httparse::parse_headers(&block, &mut slots) {
        Ok(httparse::Status::Complete((_, tokens))) => read_fields(&block, tokens).ok(),
        _ => None,
    }
}

/// Puts a head together, and judges what only the whole of it shows.
fn head_of(head: &Bytes, line: Line<'_>, fields: Fields) -> Result<Head, Refusal> {
    let Line {
        method,
        target,
        is_http10,
    } = line;
    let Fields { mut map, facts } = fields;
    facts.check_end(is_http10)?;
    check_target(target.as_bytes(), method.as_str().as_bytes())?;
    prefer_target_authority(&mut map, head, target)?;

    let (mut parts, ()) = http::Request::new(()).into_parts();
    parts.method = method;
    parts.uri = parse_target(head.slice_ref(target.as_bytes()))?;
    parts.version = match is_http10 {
        true => Version::HTTP_10,
        false => Version::HTTP_11,
    };
    parts.headers = map;
    let framing = facts.framing();
    Ok(Head {
        parts,
        framing,
        keep_alive: !is_http10 && !facts.asks_to_close(),
        expects_continue: facts.expects_continue() && !is_http10 && framing != BodyFraming::None,
    })
}

/// Reads fields out of the bytes that they are a part of.
fn read_fields(bytes: &Bytes, tokens: &[httparse::Header<'_>]) -> Result<Fields, Refusal> {
    let mut fields = Fields {
        map: HeaderMap::with_capacity(tokens.len()),
        facts: Facts::default(),
    };
    for token in tokens {
        fields.facts.note(token.name.as_bytes(), token.value)?;
        let name = HeaderName::from_bytes(token.name.as_bytes())
            .map_err(|_| Refusal::MalformedFieldName)?;
        let value = HeaderValue::from_maybe_shared(bytes.slice_ref(token.value))
            .map_err(|_| Refusal::ControlCharacter)?;
        fields.map.append(name, value);
    }
    Ok(fields)
}

fn prefer_target_authority(
    fields: &mut HeaderMap,
    head: &Bytes,
    target: &str,
) -> Result<(), Refusal> {
    if !target.starts_with('/')
        && let Some(authority) = find_authority(target.as_bytes())
    {
        let host = HeaderValue::from_maybe_shared(head.slice_ref(authority))
            .map_err(|_| Refusal::MalformedTargetAuthority)?;
        fields.insert(HOST, host);
    }
    Ok(())
}
