//! Entity tags and the preconditions that carry them.
//!
//! The tag of a value is the digest of its compact text. Its other JSON representations have the
//! same digest and a hash of their own bytes behind it, content codings a suffix, so that a write
//! can name a value by the tag of any of them. All else (selections, CSV, pages) is tagged by the
//! digest of its bytes.
//!
//! *Source*: RFC 9110 §8.8.3, §13.

use crate::api::negotiate::Coding;
use crate::api::problem::Problem;
use bytes::Bytes;
use http::HeaderMap;
use http::header::{
    HeaderName, HeaderValue, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE,
};
use jsond_document::{Digest, Value};
use jsond_store::{Match, Precondition, seconds};
use std::time::SystemTime;

/// The opaque part of an entity tag of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag {
    digest: Digest,
    /// Hashes the bytes of a JSON representation that is not the compact text.
    form: Option<u64>,
    coding: Coding,
}

impl Tag {
    /// The tag of the bytes of this digest.
    pub(super) const fn of(digest: Digest) -> Self {
        Self {
            digest,
            form: None,
            coding: Coding::Identity,
        }
    }

    /// The tag of a value as its compact text, or laid out as this text: of equal bytes the same.
    pub(super) fn of_json(value: &Value, laid_out: Option<&[u8]>) -> Self {
        let tag = Self::of(value.digest());
        match laid_out {
            // White space is all that a layout adds.
            Some(text) if text.len() > value.len_bytes() + 1 => tag.in_form(Digest::of(text).low()),
            _ => tag,
        }
    }

    /// The tag of the same form of what has another digest.
    pub(super) const fn of_digest(self, digest: Digest) -> Self {
        Self { digest, ..self }
    }

    /// The tag of another text of the same value.
    pub(super) const fn in_form(self, hash: u64) -> Self {
        Self {
            form: Some(hash),
            ..self
        }
    }

    /// The tag of the same bytes in a content coding.
    pub(super) const fn in_coding(self, coding: Coding) -> Self {
        Self { coding, ..self }
    }

    /// Reads one of our tags; others match nothing.
    fn parse(opaque: &str) -> Option<Self> {
        let (opaque, coding) = match opaque.rsplit_once('-') {
            Some((rest, "gzip")) => (rest, Coding::Gzip),
            Some((rest, "br")) => (rest, Coding::Brotli),
            _ => (opaque, Coding::Identity),
        };
        let (digest, form) = match opaque.split_once('-') {
            Some((digest, form)) => (digest, Some(u64::try_from(hex(form, 16)?).ok()?)),
            None => (opaque, None),
        };
        Some(Self {
            digest: Digest(hex(digest, 32)?),
            form,
            coding,
        })
    }
}

fn hex(digits: &str, length: usize) -> Option<u128> {
    let is_ours = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (digits.len() == length && digits.bytes().all(is_ours))
        .then(|| u128::from_str_radix(digits, 16).ok())
        .flatten()
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The bytes of most tags: a digest in hexadecimal digits between quotes.
const TAG_BYTES_MOSTLY: usize = 34;

impl Tag {
    /// The tag as a field says it.
    pub(super) fn to_value(self) -> HeaderValue {
        HeaderValue::from_maybe_shared(Bytes::from(self.spell()))
            .expect("INVARIANT: digits and quotes")
    }

    fn spell(self) -> Vec<u8> {
        let mut text = Vec::with_capacity(TAG_BYTES_MOSTLY);
        text.push(b'"');
        push_digits(&mut text, &self.digest.0.to_be_bytes());
        if let Some(hash) = self.form {
            text.push(b'-');
            push_digits(&mut text, &hash.to_be_bytes());
        }
        text.extend_from_slice(match self.coding {
            Coding::Identity => b"\"",
            Coding::Gzip => b"-gzip\"",
            Coding::Brotli => b"-br\"",
        });
        text
    }
}

fn push_digits(text: &mut Vec<u8>, bytes: &[u8]) {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    text.extend(digits.map(|digit| DIGITS[usize::from(digit)]));
}

impl std::fmt::Display for Tag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(std::str::from_utf8(&self.spell()).unwrap_or_default())
    }
}

/// What a read is conditional on.
#[derive(Debug, Default)]
pub(super) struct Condition {
    if_match: Option<Side>,
    if_none_match: Option<Side>,
    unmodified_since: Option<SystemTime>,
    modified_since: Option<SystemTime>,
}

#[derive(Debug)]
enum Side {
    Any,
    /// Tags of ours, and whether each is weak.
    Tags(Vec<(bool, Tag)>),
}

/// What a condition comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The method is to be performed.
    Perform,
    /// The client has the representation already.
    NotModified,
    /// The client expects another.
    Failed,
}

impl Condition {
    /// Reads the condition of a read.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        Ok(Self {
            if_match: side(headers, &IF_MATCH)?,
            if_none_match: side(headers, &IF_NONE_MATCH)?,
            unmodified_since: date_of(headers, &IF_UNMODIFIED_SINCE),
            modified_since: date_of(headers, &IF_MODIFIED_SINCE),
        })
    }

    /// Judges the selected representation.
    ///
    /// *Source*: RFC 9110 §13.2.2.
    pub(super) fn judge(&self, tag: Tag, modified: Option<SystemTime>) -> Verdict {
        let is_after = |since: SystemTime| modified.is_some_and(|it| seconds(it) > seconds(since));
        let has_failed = match (&self.if_match, self.unmodified_since) {
            (Some(Side::Any), _) | (None, None) => false,
            // The tag of any content coding names the same bytes before coding.
            (Some(Side::Tags(tags)), _) => !tags.iter().any(|(is_weak, it)| {
                !is_weak && it.in_coding(Coding::Identity) == tag.in_coding(Coding::Identity)
            }),
            (None, Some(since)) => is_after(since),
        };
        if has_failed {
            return Verdict::Failed;
        }
        let is_known = match (&self.if_none_match, self.modified_since) {
            (Some(Side::Any), _) => true,
            (Some(Side::Tags(tags)), _) => tags.iter().any(|(_, it)| *it == tag),
            (None, Some(since)) => modified.is_some() && !is_after(since),
            (None, None) => false,
        };
        if is_known {
            Verdict::NotModified
        } else {
            Verdict::Perform
        }
    }
}

/// Reads the preconditions of a write; they are judged where it happens.
pub(super) fn precondition_of(headers: &HeaderMap) -> Result<Precondition, Problem> {
    // A weak tag never matches strongly (RFC 9110 §8.8.3.2).
    let if_match = side(headers, &IF_MATCH)?.map(|it| it.digests(|is_weak| !is_weak));
    let if_none_match = side(headers, &IF_NONE_MATCH)?.map(|it| it.digests(|_| true));
    Ok(Precondition {
        if_match,
        if_none_match,
        // A date that is none is ignored (RFC 9110 §13.1.4).
        unmodified_since: date_of(headers, &IF_UNMODIFIED_SINCE),
    })
}

impl Side {
    fn digests(self, counts: impl Fn(bool) -> bool) -> Match {
        match self {
            Self::Any => Match::Any,
            Self::Tags(tags) => Match::Digests(
                tags.into_iter()
                    .filter(|(is_weak, _)| counts(*is_weak))
                    .map(|(_, tag)| tag.digest)
                    .collect(),
            ),
        }
    }
}

fn date_of(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    let mut lines = headers.get_all(name).iter();
    let line = lines.next()?.to_str().ok()?;
    // Two dates are no date.
    lines
        .next()
        .is_none()
        .then(|| httpdate::parse_http_date(line).ok())
        .flatten()
}

fn side(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Side>, Problem> {
    let mut tags = Vec::new();
    let mut is_there = false;
    for line in headers.get_all(name) {
        is_there = true;
        let malformed = || Problem::bad_header(name.as_str());
        let line = line.to_str().map_err(|_| malformed())?.trim();
        if line == "*" {
            return Ok(Some(Side::Any));
        }
        for tag in parse_tags(line).ok_or_else(malformed)? {
            tags.extend(Tag::parse(tag.opaque).map(|it| (tag.is_weak, it)));
        }
    }
    Ok(is_there.then_some(Side::Tags(tags)))
}

struct SpelledTag<'a> {
    is_weak: bool,
    opaque: &'a str,
}

/// Reads a list of tags; empty elements are allowed (RFC 9110 §5.6.1).
fn parse_tags(line: &str) -> Option<Vec<SpelledTag<'_>>> {
    let mut tags = Vec::new();
    let mut rest = line.trim_start_matches([' ', '\t', ',']);
    while !rest.is_empty() {
        let is_weak = rest.starts_with("W/");
        let quoted = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"')?;
        let (opaque, after) = quoted.split_once('"')?;
        tags.push(SpelledTag { is_weak, opaque });
        let after = after.trim_start_matches([' ', '\t']);
        if !after.is_empty() && !after.starts_with(',') {
            return None;
        }
        rest = after.trim_start_matches([' ', '\t', ',']);
    }
    Some(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Option<&Match>) {
        let mut headers = HeaderMap::new();
        headers.insert(IF_MATCH, line.parse().unwrap());
        let found = precondition_of(&headers).map(|it| it.if_match.unwrap());
        assert_eq!(found.as_ref().ok(), expected, "{line}");
    }

    #[test]
    fn tags_are_read_in_every_form_that_the_standard_allows() {
        let ours = "\"0000000000000000000000000000000a\"";
        let digests = |list: &[u128]| Match::Digests(list.iter().copied().map(Digest).collect());
        check("*", Some(&Match::Any));
        check(ours, Some(&digests(&[10])));
        check(&format!("\"x\" ,\t{ours}, ,"), Some(&digests(&[10])));
        for form in ["-gzip", "-br", "-0123456789abcdef", "-0123456789abcdef-br"] {
            let tag = format!("\"0000000000000000000000000000000a{form}\"");
            check(&tag, Some(&digests(&[10])));
        }
        for form in ["-zip", "0", "-0123", "-br-br", "-"] {
            let tag = format!("\"0000000000000000000000000000000a{form}\"");
            check(&tag, Some(&digests(&[])));
        }
        check(&format!("W/{ours}"), Some(&digests(&[])));
        check("unquoted", None);
        check("\"open", None);
        check("\"a\" \"b\"", None);
    }

    fn judged(fields: &[(HeaderName, &str)], tag: Tag) -> Verdict {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.insert(name, value.parse().unwrap());
        }
        let modified = httpdate::parse_http_date(NOON).unwrap();
        Condition::of(&headers).unwrap().judge(tag, Some(modified))
    }

    const NOON: &str = "Sun, 22 Nov 2026 12:00:00 GMT";
    const ONE: &str = "Sun, 22 Nov 2026 13:00:00 GMT";
    const ELEVEN: &str = "Sun, 22 Nov 2026 11:00:00 GMT";

    #[test]
    fn the_conditions_of_a_read_are_judged_in_the_order_of_the_standard() {
        use Verdict::{Failed, NotModified, Perform};
        let tag = Tag::of(Digest(10)).in_coding(Coding::Gzip);
        let ours = &*tag.to_string();
        let plain = &*Tag::of(Digest(10)).to_string();
        let other = &*Tag::of(Digest(11)).to_string();
        let weak = &*format!("W/{ours}");
        let check = |fields: &[(HeaderName, &str)], expected| {
            assert_eq!(judged(fields, tag), expected, "{fields:?}");
        };
        check(&[], Perform);
        check(&[(IF_MATCH, ours)], Perform);
        check(&[(IF_MATCH, plain)], Perform);
        check(&[(IF_MATCH, other)], Failed);
        check(&[(IF_MATCH, weak)], Failed);
        check(&[(IF_MATCH, plain), (IF_UNMODIFIED_SINCE, ELEVEN)], Perform);
        check(&[(IF_UNMODIFIED_SINCE, ELEVEN)], Failed);
        check(&[(IF_UNMODIFIED_SINCE, NOON)], Perform);
        check(&[(IF_NONE_MATCH, ours)], NotModified);
        check(&[(IF_NONE_MATCH, weak)], NotModified);
        check(&[(IF_NONE_MATCH, plain)], Perform);
        check(&[(IF_NONE_MATCH, "*")], NotModified);
        check(&[(IF_NONE_MATCH, other), (IF_MODIFIED_SINCE, ONE)], Perform);
        check(&[(IF_MODIFIED_SINCE, NOON)], NotModified);
        check(&[(IF_MODIFIED_SINCE, ELEVEN)], Perform);
        check(&[(IF_MODIFIED_SINCE, "yesterday")], Perform);
        check(&[(IF_MATCH, other), (IF_NONE_MATCH, ours)], Failed);
        check(
            &[(IF_UNMODIFIED_SINCE, ELEVEN), (IF_NONE_MATCH, ours)],
            Failed,
        );
    }
}
