//! Entity tags and the preconditions that carry them.
//!
//! A tag is the digest of the compact text; a representation in other bytes has the same digest
//! with a suffix of its own, so that `If-Match` accepts any of them.
//!
//! *Source*: RFC 9110 §8.8.3, §13.1.

use crate::api::problem::Problem;
use http::HeaderMap;
use http::header::{HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE};
use jsond_document::{Digest, Value};
use jsond_store::{Match, Precondition};
use std::time::SystemTime;

/// The suffix of the tag of the laid-out representation.
pub(super) const PRETTY_SUFFIX: &str = "-pretty";

/// Spells the tag of a value.
pub(super) fn tag_of(value: &Value, suffix: &str) -> String {
    format!("\"{:032x}{suffix}\"", value.digest().0)
}

/// Reads the preconditions of a request.
pub(super) fn precondition_of(headers: &HeaderMap) -> Result<Precondition, Problem> {
    Ok(Precondition {
        // A weak tag never matches strongly (RFC 9110 §8.8.3.2).
        if_match: side(headers, &IF_MATCH, Weak::Ignored)?,
        if_none_match: side(headers, &IF_NONE_MATCH, Weak::Compared)?,
        // A date that is none is ignored (RFC 9110 §13.1.4).
        unmodified_since: date_of(headers, &IF_UNMODIFIED_SINCE),
    })
}

/// Reads `If-Modified-Since`, which counts only without `If-None-Match`.
pub(super) fn modified_since_of(headers: &HeaderMap) -> Option<SystemTime> {
    if headers.contains_key(IF_NONE_MATCH) {
        return None;
    }
    date_of(headers, &IF_MODIFIED_SINCE)
}

fn date_of(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(name)?.to_str().ok()?).ok()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Weak {
    Compared,
    Ignored,
}

fn side(headers: &HeaderMap, name: &HeaderName, weak: Weak) -> Result<Option<Match>, Problem> {
    let mut digests = Vec::new();
    let mut is_there = false;
    for line in headers.get_all(name) {
        is_there = true;
        let malformed = || Problem::bad_header(name.as_str());
        let line = line.to_str().map_err(|_| malformed())?.trim();
        if line == "*" {
            return Ok(Some(Match::Any));
        }
        for tag in parse_tags(line).ok_or_else(malformed)? {
            if !(tag.is_weak && weak == Weak::Ignored) {
                digests.extend(digest_of(tag.opaque));
            }
        }
    }
    Ok(is_there.then_some(Match::Digests(digests)))
}

struct Tag<'a> {
    is_weak: bool,
    opaque: &'a str,
}

/// Reads a list of tags; empty elements are allowed (RFC 9110 §5.6.1).
fn parse_tags(line: &str) -> Option<Vec<Tag<'_>>> {
    let mut tags = Vec::new();
    let mut rest = line.trim_start_matches([' ', '\t', ',']);
    while !rest.is_empty() {
        let is_weak = rest.starts_with("W/");
        let quoted = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"')?;
        let (opaque, after) = quoted.split_once('"')?;
        tags.push(Tag { is_weak, opaque });
        let after = after.trim_start_matches([' ', '\t']);
        if !after.is_empty() && !after.starts_with(',') {
            return None;
        }
        rest = after.trim_start_matches([' ', '\t', ',']);
    }
    Some(tags)
}

/// Reads the digest in one of our tags, whatever its suffix; other tags match nothing.
fn digest_of(opaque: &str) -> Option<Digest> {
    let (digits, suffix) = opaque.split_at_checked(32)?;
    let is_ours = digits
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let known = suffix.is_empty() || suffix == PRETTY_SUFFIX;
    (is_ours && known)
        .then(|| u128::from_str_radix(digits, 16).ok().map(Digest))
        .flatten()
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
        check(
            "\"0000000000000000000000000000000a-pretty\"",
            Some(&digests(&[10])),
        );
        check(&format!("W/{ours}"), Some(&digests(&[])));
        check("unquoted", None);
        check("\"open", None);
        check("\"a\" \"b\"", None);
    }
}
