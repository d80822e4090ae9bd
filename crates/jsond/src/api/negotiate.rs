//! Proactive negotiation: the media type and the content coding that a request likes best among
//! what there is. Pure, linear in the fields.
//!
//! Elements of a field that are malformed are passed over one by one, so that one client's slip
//! does not cost it the rest of what it said.
//!
//! *Source*: RFC 9110 §12.4, §12.5.1, §12.5.3.

use http::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue};

/// The media types a value is offered in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Media {
    Json,
    NdJson,
    Csv,
    Html,
    /// Any other, by its name; it is never chosen among others.
    Other(&'static str),
}

/// The parameters of our text types.
const UTF_8: &[(&str, &str)] = &[("charset", "utf-8")];
const UTF_8_WITH_HEADER: &[(&str, &str)] = &[("charset", "utf-8"), ("header", "present")];

impl Media {
    /// The `Content-Type`.
    pub(super) fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json",
            Self::NdJson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Html => "text/html; charset=utf-8",
            Self::Other(name) => name,
        })
    }

    /// Names the media type without parameters, for the list of what there is.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::NdJson => "application/x-ndjson",
            Self::Csv => "text/csv",
            Self::Html => "text/html",
            Self::Other(name) => name,
        }
    }

    fn parameters(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Json | Self::NdJson | Self::Other(_) => &[],
            Self::Csv => UTF_8_WITH_HEADER,
            Self::Html => UTF_8,
        }
    }
}

/// Chooses among the offers what `Accept` likes best; ties go to the earlier offer.
///
/// Without the field, or when nothing in it can be read, everything is liked and the first offer
/// is taken. None is a 406.
///
/// *Source*: RFC 9110 §12.5.1.
pub(super) fn choose_media(headers: &HeaderMap, offers: &[Media]) -> Option<Media> {
    let ranges: Vec<_> = elements_of(headers, &ACCEPT)
        .filter_map(MediaRange::of)
        .collect();
    if ranges.is_empty() {
        return offers.first().copied();
    }
    let mut best = None;
    for &media in offers {
        let weight = weight_of(&ranges, media);
        if weight > best.map_or(0, |(weight, _)| weight) {
            best = Some((weight, media));
        }
    }
    best.map(|(_, media)| media)
}

/// The weight of the most specific range that matches; 0 when none does.
fn weight_of(ranges: &[MediaRange<'_>], media: Media) -> u16 {
    let matching = ranges
        .iter()
        .filter_map(|range| Some((range.precision_for(media)?, range.weight)));
    matching.max().map_or(0, |(_, weight)| weight)
}

/// A media range with its weight.
struct MediaRange<'a> {
    kind: &'a [u8],
    subtype: &'a [u8],
    parameters: Vec<(&'a [u8], Vec<u8>)>,
    weight: u16,
}

impl<'a> MediaRange<'a> {
    fn of(element: Element<'a>) -> Option<Self> {
        // LENIENT: some clients write * for */*, the Java library among them.
        let (kind, subtype) = match element.name {
            b"*" => (&b"*"[..], &b"*"[..]),
            name => split_once(name, b'/')?,
        };
        let well_formed = is_token(kind) && is_token(subtype) && (kind != b"*" || subtype == b"*");
        well_formed.then_some(Self {
            kind,
            subtype,
            parameters: element.parameters,
            weight: element.weight,
        })
    }

    /// How precisely the range names a media type; none when it does not match.
    fn precision_for(&self, media: Media) -> Option<usize> {
        let (kind, subtype) = split_once(media.name().as_bytes(), b'/')?;
        let base = match (self.kind, self.subtype) {
            (b"*", _) => 0,
            (range, b"*") if range.eq_ignore_ascii_case(kind) => 2,
            (range, named)
                if range.eq_ignore_ascii_case(kind) && named.eq_ignore_ascii_case(subtype) =>
            {
                4
            }
            _ => return None,
        };
        let mut matched = 0;
        let mut is_known = true;
        for (name, value) in &self.parameters {
            match parameter_of(media, name) {
                Some(ours) if reads_as(value, ours) => matched += 1,
                Some(_) => return None,
                None => is_known = false,
            }
        }
        // LENIENT: a parameter that means nothing here, such as the charset of JSON, does not
        // spoil a match. But it makes the range less precise, and it cannot exclude what it does
        // not name.
        match (is_known, self.weight) {
            (true, _) => Some(base + 1 + matched),
            (false, 0) => None,
            (false, _) => Some(base),
        }
    }
}

fn parameter_of(media: Media, name: &[u8]) -> Option<&'static str> {
    let mut parameters = media.parameters().iter();
    parameters
        .find(|(ours, _)| name.eq_ignore_ascii_case(ours.as_bytes()))
        .map(|(_, value)| *value)
}

fn reads_as(value: &[u8], ours: &str) -> bool {
    // LENIENT: utf8 is a common misspelling.
    value.eq_ignore_ascii_case(ours.as_bytes())
        || (ours == "utf-8" && value.eq_ignore_ascii_case(b"utf8"))
}

/// The content codings that are known here.
///
/// *Source*: RFC 9110 §8.4.1, RFC 7932 §13.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Coding {
    Identity,
    Gzip,
    Brotli,
}

impl Coding {
    /// The name in `Content-Encoding`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Brotli => "br",
        }
    }

    /// Reads a name; `x-gzip` is gzip.
    pub(super) fn of_name(name: &[u8]) -> Option<Self> {
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        match () {
            () if is("br") => Some(Self::Brotli),
            () if is("gzip") || is("x-gzip") => Some(Self::Gzip),
            () if is("identity") => Some(Self::Identity),
            () => None,
        }
    }
}

/// Chooses the coding that `Accept-Encoding` likes best; ties go to br, then gzip.
///
/// Without the field, or with an empty one, it is identity. None when nothing is acceptable.
///
/// *Source*: RFC 9110 §12.5.3.
pub(super) fn choose_coding(headers: &HeaderMap) -> Option<Coding> {
    let wishes = Wishes::of(headers);
    let mut best: Option<(u16, Coding)> = None;
    for coding in [Coding::Brotli, Coding::Gzip, Coding::Identity] {
        if let Some(weight) = wishes.weight_of(coding)
            && best.is_none_or(|(highest, _)| weight > highest)
        {
            best = Some((weight, coding));
        }
    }
    best.map(|(_, coding)| coding)
}

/// Judges whether a representation without any coding is acceptable.
///
/// *Source*: RFC 9110 §12.5.3.
pub(super) fn accepts_identity(headers: &HeaderMap) -> bool {
    Wishes::of(headers).weight_of(Coding::Identity).is_some()
}

/// The highest weight said for each coding and for all others.
#[derive(Default)]
struct Wishes {
    brotli: Option<u16>,
    gzip: Option<u16>,
    identity: Option<u16>,
    others: Option<u16>,
}

impl Wishes {
    fn of(headers: &HeaderMap) -> Self {
        let mut wishes = Self::default();
        for element in elements_of(headers, &ACCEPT_ENCODING) {
            let slot = match Coding::of_name(element.name) {
                Some(Coding::Brotli) => &mut wishes.brotli,
                Some(Coding::Gzip) => &mut wishes.gzip,
                Some(Coding::Identity) => &mut wishes.identity,
                None if element.name == b"*" => &mut wishes.others,
                None => continue,
            };
            *slot = (*slot).max(Some(element.weight));
        }
        wishes
    }

    /// The weight of a coding that is acceptable; 0 is the last resort.
    fn weight_of(&self, coding: Coding) -> Option<u16> {
        let said = match coding {
            Coding::Brotli => self.brotli,
            Coding::Gzip => self.gzip,
            Coding::Identity => self.identity,
        };
        match said.or(self.others) {
            Some(0) => None,
            // Identity is acceptable unless it is excluded, but nothing that was asked for.
            None => (coding == Coding::Identity).then_some(0),
            weight => weight,
        }
    }
}

/// An element of a list of weighted things.
struct Element<'a> {
    name: &'a [u8],
    /// The parameters before the weight, with their values unquoted.
    parameters: Vec<(&'a [u8], Vec<u8>)>,
    /// In thousandths.
    weight: u16,
}

/// The well-formed elements of all lines of a field.
fn elements_of<'a>(
    headers: &'a HeaderMap,
    name: &'a HeaderName,
) -> impl Iterator<Item = Element<'a>> {
    let lines = headers.get_all(name).iter();
    lines
        .flat_map(|line| split_unquoted(line.as_bytes(), b','))
        .filter_map(parse_element)
}

/// Parses an element; none when it is empty or malformed.
fn parse_element(text: &[u8]) -> Option<Element<'_>> {
    let mut parts = split_unquoted(text, b';');
    let name = parts.next().filter(|name| !name.is_empty())?;
    let mut parameters = Vec::new();
    for part in parts.filter(|part| !part.is_empty()) {
        let (parameter, value) = split_once(part, b'=')?;
        if !is_token(parameter) {
            return None;
        }
        if parameter.eq_ignore_ascii_case(b"q") {
            // LENIENT: what stands behind the weight is an extension of the past; it is not read.
            return Some(Element {
                name,
                parameters,
                weight: parse_weight(value)?,
            });
        }
        parameters.push((parameter, parse_parameter_value(value)?));
    }
    Some(Element {
        name,
        parameters,
        weight: 1000,
    })
}

/// Parses a weight into thousandths.
///
/// *Source*: RFC 9110 §12.4.2.
fn parse_weight(text: &[u8]) -> Option<u16> {
    let (whole, fraction) = split_once(text, b'.').unwrap_or((text, b""));
    let all = |allowed: fn(&u8) -> bool| fraction.iter().all(allowed);
    match whole {
        b"1" if all(|&digit| digit == b'0') => Some(1000),
        // LENIENT: the Java library writes .2, and many write more than three digits.
        b"0" | b"" if !text.is_empty() && text != b"." && all(u8::is_ascii_digit) => {
            let places = fraction.iter().copied().chain(std::iter::repeat(b'0'));
            let thousandths = places
                .take(3)
                .fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
            // Less than a thousandth is little, but it does not exclude.
            let is_some = fraction.iter().any(|&digit| digit != b'0');
            Some(thousandths.max(u16::from(is_some)))
        }
        _ => None,
    }
}

/// Parses a token or a quoted string.
///
/// *Source*: RFC 9110 §5.6.4, §5.6.6.
fn parse_parameter_value(text: &[u8]) -> Option<Vec<u8>> {
    let Some(rest) = text.strip_prefix(b"\"") else {
        return is_token(text).then(|| text.to_vec());
    };
    let mut value = Vec::new();
    let mut bytes = rest.iter();
    loop {
        match bytes.next()? {
            b'"' => return bytes.next().is_none().then_some(value),
            b'\\' => value.push(*bytes.next()?),
            byte => value.push(*byte),
        }
    }
}

/// Splits at a separator that stands outside quoted strings; the parts are trimmed.
fn split_unquoted(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = unquoted_end(text, separator);
        rest = text.get(end + 1..);
        Some(text[..end].trim_ascii())
    })
}

/// Finds the first separator outside quoted strings, or the end.
fn unquoted_end(text: &[u8], separator: u8) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    for (at, &byte) in text.iter().enumerate() {
        if escaped {
            escaped = false;
        } else if quoted && byte == b'\\' {
            escaped = true;
        } else if byte == b'"' {
            quoted = !quoted;
        } else if byte == separator && !quoted {
            return at;
        }
    }
    text.len()
}

fn split_once(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(separator, text)?;
    Some((&text[..at], &text[at + 1..]))
}

/// *Source*: RFC 9110 §5.6.2.
fn is_token(text: &[u8]) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !text.is_empty() && text.iter().all(is_letter)
}

#[cfg(test)]
#[path = "negotiate_tests.rs"]
mod tests;
