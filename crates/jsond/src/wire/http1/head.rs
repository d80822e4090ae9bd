//! A whole head turned into the `http` crate's types, sharing the bytes it came in.
//!
//! httparse finds the tokens; what it lets through and RFC 9112 or SECURITY.md do not is judged
//! here and in [`super::facts`]. The name of a fault is [`super::check`]'s business: a refusal from
//! here is only what remains when no line is at fault by itself.

use std::mem::MaybeUninit;

use bytes::Bytes;
use http::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Method, Version};

use super::facts::Facts;
use super::refusal::Refusal;
use super::request_line::{check_target, find_authority, parse_target};

/// So many field lines are tokenised without an allocation.
const SLOTS_ON_STACK: usize = 32;

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
    /// The field values share the bytes of the head: who keeps one keeps them all. With an absolute
    /// target the Host field is the target's authority, whatever the client sent as Host.
    /// *Source* RFC 9112 §3.2.2
    pub parts: Parts,
    /// How the body is framed.
    pub framing: BodyFraming,
    /// Whether the connection may be kept after the answer: HTTP/1.1 without `Connection: close`.
    pub keep_alive: bool,
    /// Whether the client waits for [`CONTINUE`](super::CONTINUE) before it sends its body.
    pub expects_continue: bool,
}

/// Parses a whole head of so many field lines.
pub(super) fn parse_head(head: &Bytes, fields: usize) -> Result<Head, Refusal> {
    if fields <= SLOTS_ON_STACK {
        let mut slots = [const { MaybeUninit::uninit() }; SLOTS_ON_STACK];
        return parse_with_slots(head, &mut slots[..fields]);
    }
    let mut slots = Vec::new();
    slots.resize_with(fields, MaybeUninit::uninit);
    parse_with_slots(head, &mut slots)
}

fn parse_with_slots<'head>(
    head: &'head Bytes,
    slots: &mut [MaybeUninit<httparse::Header<'head>>],
) -> Result<Head, Refusal> {
    let mut request = httparse::Request::new(&mut []);
    match request.parse_with_uninit_headers(head, slots) {
        Ok(httparse::Status::Complete(head_bytes)) if head_bytes == head.len() => {}
        _ => return Err(Refusal::MalformedHead),
    }
    let (Some(method), Some(target), Some(minor)) = (request.method, request.path, request.version)
    else {
        return Err(Refusal::MalformedHead);
    };
    let mut facts = Facts::default();
    let mut fields = read_fields(head, request.headers, &mut facts)?;
    let is_http10 = minor == 0;
    facts.check_end(is_http10)?;
    check_target(target.as_bytes(), method.as_bytes())?;
    prefer_target_authority(&mut fields, head, target)?;

    let (mut parts, ()) = http::Request::new(()).into_parts();
    parts.method = Method::from_bytes(method.as_bytes()).map_err(|_| Refusal::MalformedMethod)?;
    parts.uri = parse_target(head.slice_ref(target.as_bytes()))?;
    parts.version = if is_http10 {
        Version::HTTP_10
    } else {
        Version::HTTP_11
    };
    parts.headers = fields;
    Ok(finish(parts, &facts, is_http10))
}

fn finish(parts: Parts, facts: &Facts, is_http10: bool) -> Head {
    let framing = facts.framing();
    Head {
        parts,
        framing,
        keep_alive: !is_http10 && !facts.asks_to_close(),
        expects_continue: facts.expects_continue() && !is_http10 && framing != BodyFraming::None,
    }
}

fn read_fields(
    head: &Bytes,
    tokens: &[httparse::Header<'_>],
    facts: &mut Facts,
) -> Result<HeaderMap, Refusal> {
    let mut fields = HeaderMap::with_capacity(tokens.len());
    for token in tokens {
        facts.note(token.name.as_bytes(), token.value)?;
        let name = HeaderName::from_bytes(token.name.as_bytes())
            .map_err(|_| Refusal::MalformedFieldName)?;
        let value = HeaderValue::from_maybe_shared(head.slice_ref(token.value))
            .map_err(|_| Refusal::ControlCharacter)?;
        fields.append(name, value);
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
