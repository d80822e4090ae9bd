//! Range requests on bytes: which parts are asked for, and the bodies that answer with them. Pure.
//!
//! A field that is malformed, speaks of other units or asks for more than makes sense is ignored,
//! as the standard lets a server do: the answer is then the whole representation.
//!
//! *Source*: RFC 9110 §13.1.5, §14.

use crate::limits::RANGES_MAX;
use bytes::Bytes;
use http::header::{HeaderMap, HeaderValue, IF_RANGE, RANGE};
use jsond_store::seconds;
use std::cmp::Ordering;
use std::ops::Range;
use std::time::SystemTime;

/// What a `Range` field selects from a representation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Selection {
    /// The whole: 200, as if the field were not there.
    Whole,
    /// One part or several, none of them empty, no two touching, in the order asked for: 206.
    Parts(Vec<Range<u64>>),
    /// Nothing that is there: 416.
    Unsatisfiable,
}

/// Selects what a request asks for from a representation of `bytes` bytes.
///
/// Parts that overlap or touch become one, in the place of the first of them.
///
/// *Source*: RFC 9110 §14.2, §15.3.7.2.
pub(super) fn select(headers: &HeaderMap, bytes: u64) -> Selection {
    let mut lines = headers.get_all(RANGE).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else {
        return Selection::Whole;
    };
    parse(line.as_bytes()).map_or(Selection::Whole, |specs| resolve(&specs, bytes))
}

/// One range specifier; numbers too large for the type are the largest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spec {
    /// Both ends count; without a last position it goes to the end.
    From { first: u64, last: u64 },
    /// So many last bytes.
    Suffix(u64),
}

/// Parses the field; none when it is to be ignored.
fn parse(line: &[u8]) -> Option<Vec<Spec>> {
    let line = line.trim_ascii();
    let at = memchr::memchr(b'=', line)?;
    if !line[..at].eq_ignore_ascii_case(b"bytes") {
        return None;
    }
    let elements = line[at + 1..].split(|&byte| byte == b',');
    let mut specs = Vec::new();
    for element in elements.map(<[u8]>::trim_ascii) {
        if element.is_empty() {
            continue;
        }
        if specs.len() == RANGES_MAX {
            return None;
        }
        specs.push(parse_spec(element)?);
    }
    (!specs.is_empty()).then_some(specs)
}

/// *Source*: RFC 9110 §14.1.1.
fn parse_spec(text: &[u8]) -> Option<Spec> {
    let at = memchr::memchr(b'-', text)?;
    let (first, last) = (&text[..at], &text[at + 1..]);
    if first.is_empty() {
        return parse_number(last).map(Spec::Suffix);
    }
    let start = parse_number(first)?;
    if last.is_empty() {
        let last = u64::MAX;
        return Some(Spec::From { first: start, last });
    }
    let end = parse_number(last)?;
    // Digits are compared as text, so that it holds for numbers of any length.
    (compare_digits(first, last) != Ordering::Greater).then_some(Spec::From {
        first: start,
        last: end,
    })
}

fn parse_number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let add = |sum: u64, digit: &u8| {
        sum.saturating_mul(10)
            .saturating_add(u64::from(digit - b'0'))
    };
    Some(digits.iter().fold(0, add))
}

fn compare_digits(left: &[u8], right: &[u8]) -> Ordering {
    let trim = |digits: &[u8]| digits.iter().take_while(|&&digit| digit == b'0').count();
    let (left, right) = (&left[trim(left)..], &right[trim(right)..]);
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

/// *Source*: RFC 9110 §14.1.2.
fn resolve(specs: &[Spec], bytes: u64) -> Selection {
    let parts: Vec<_> = specs
        .iter()
        .filter_map(|spec| match *spec {
            Spec::From { first, last } => {
                (first < bytes).then(|| first..last.saturating_add(1).min(bytes))
            }
            Spec::Suffix(count) => (count > 0).then(|| bytes.saturating_sub(count)..bytes),
        })
        .collect();
    if parts.is_empty() {
        return Selection::Unsatisfiable;
    }
    // A suffix of nothing is satisfiable, yet no Content-Range could name it.
    let asked = parts
        .iter()
        .fold(0_u64, |sum, part| sum.saturating_add(part.end - part.start));
    if bytes == 0 || asked > bytes {
        return Selection::Whole;
    }
    Selection::Parts(coalesce(parts))
}

/// Joins parts that overlap or touch; each stands where the first of those in it stood.
fn coalesce(parts: Vec<Range<u64>>) -> Vec<Range<u64>> {
    let mut sorted: Vec<_> = parts.into_iter().enumerate().collect();
    sorted.sort_by_key(|(_, part)| part.start);
    let mut joined: Vec<(usize, Range<u64>)> = Vec::new();
    for (place, part) in sorted {
        match joined.last_mut() {
            Some((earliest, last)) if part.start <= last.end => {
                *earliest = place.min(*earliest);
                last.end = last.end.max(part.end);
            }
            _ => joined.push((place, part)),
        }
    }
    joined.sort_by_key(|(place, _)| *place);
    joined.into_iter().map(|(_, part)| part).collect()
}

/// Judges whether `If-Range` lets `Range` count; true without the field.
///
/// A tag must be ours in the strong sense, a date exactly the one that is sent as `Last-Modified`;
/// without one no date holds.
///
/// *Source*: RFC 9110 §13.1.5, §8.8.3.2.
pub(super) fn if_range_holds(
    headers: &HeaderMap,
    tag: &str,
    last_modified: Option<SystemTime>,
) -> bool {
    let mut lines = headers.get_all(IF_RANGE).iter();
    let line = match (lines.next(), lines.next()) {
        (None, _) => return true,
        (Some(line), None) => line.as_bytes().trim_ascii(),
        (Some(_), Some(_)) => return false,
    };
    // A weak tag is neither equal to a strong one nor a date.
    if line.starts_with(b"\"") {
        return line == tag.as_bytes();
    }
    let date = std::str::from_utf8(line)
        .ok()
        .and_then(|text| httpdate::parse_http_date(text).ok());
    date.is_some() && date.map(seconds) == last_modified.map(seconds)
}

/// Spells the `Content-Range` of a part.
///
/// *Source*: RFC 9110 §14.4.
pub(super) fn content_range(part: &Range<u64>, bytes: u64) -> HeaderValue {
    field(format!("bytes {}-{}/{bytes}", part.start, part.end - 1))
}

/// Spells the `Content-Range` of a 416.
///
/// *Source*: RFC 9110 §14.4, §15.5.17.
pub(super) fn content_range_unsatisfied(bytes: u64) -> HeaderValue {
    field(format!("bytes */{bytes}"))
}

fn field(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("INVARIANT: visible ASCII")
}

/// Takes a part out of pieces, which it shares.
///
/// *Cost*: linear in the number of pieces.
pub(super) fn slice(pieces: &[Bytes], part: Range<u64>) -> Vec<Bytes> {
    let mut taken = Vec::new();
    let mut start = 0;
    for piece in pieces {
        let end = start + piece.len() as u64;
        let (from, to) = (part.start.max(start), part.end.min(end));
        if from < to {
            taken.push(piece.slice(place(from - start)..place(to - start)));
        }
        if end >= part.end {
            break;
        }
        start = end;
    }
    taken
}

fn place(within: u64) -> usize {
    usize::try_from(within).expect("INVARIANT: not over the length of a piece")
}

/// The body of a 206 with several parts.
#[derive(Debug)]
pub(super) struct Multipart {
    /// The `Content-Type` of the whole.
    pub(super) content_type: HeaderValue,
    /// The body.
    pub(super) pieces: Vec<Bytes>,
}

/// Puts parts of a representation into one `multipart/byteranges` body.
///
/// The boundary has 122 random bits: no text holds it by accident, and none on purpose. Its length
/// is always the same, so a HEAD has the length of its GET.
///
/// *Source*: RFC 9110 §14.6, RFC 2046 §5.1.1.
pub(super) fn multipart(pieces: &[Bytes], parts: &[Range<u64>], media: &HeaderValue) -> Multipart {
    let boundary = format!("jsond-{}", uuid::Uuid::new_v4().simple());
    multipart_with(&boundary, pieces, parts, media)
}

fn multipart_with(
    boundary: &str,
    pieces: &[Bytes],
    parts: &[Range<u64>],
    media: &HeaderValue,
) -> Multipart {
    let bytes: u64 = pieces.iter().map(|piece| piece.len() as u64).sum();
    let mut body = Vec::new();
    let mut line_end = "";
    for part in parts {
        let mut head = format!("{line_end}--{boundary}\r\nContent-Type: ").into_bytes();
        head.extend_from_slice(media.as_bytes());
        head.extend_from_slice(b"\r\nContent-Range: ");
        head.extend_from_slice(content_range(part, bytes).as_bytes());
        head.extend_from_slice(b"\r\n\r\n");
        body.push(Bytes::from(head));
        body.extend(slice(pieces, part.clone()));
        line_end = "\r\n";
    }
    body.push(Bytes::from(format!("\r\n--{boundary}--\r\n")));
    Multipart {
        content_type: field(format!("multipart/byteranges; boundary={boundary}")),
        pieces: body,
    }
}

#[cfg(test)]
#[path = "range_tests.rs"]
mod tests;
