//! One file of the journal: its header, and reading it back up to the first damage.

use super::entry::{Entry, checked};
use crate::contract::Revision;

/// How a segment's file is named: by its first revision, so that names sort as revisions do.
pub(crate) fn name_of(first: Revision) -> String {
    format!("journal-{:020}.log", first.0)
}

/// Judges whether a name is that of a segment.
pub(crate) fn is_name(name: &str) -> bool {
    name.starts_with("journal-") && name.ends_with(".log")
}

/// The first line of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    /// The identity of the folder whose journal this is.
    pub(crate) identity: String,
    /// The revision of the first entry.
    pub(crate) first: Revision,
}

impl Header {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let text = format!("jsond-journal 1 {} {}", self.identity, self.first);
        format!("{:08x} {text}\n", crc32c::crc32c(text.as_bytes())).into_bytes()
    }

    fn decode(line: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(checked(line)?).ok()?;
        let mut words = text.strip_prefix("jsond-journal 1 ")?.split(' ');
        let identity = words.next()?.to_owned();
        let first = Revision(words.next()?.parse().ok()?);
        words.next().is_none().then_some(Self { identity, first })
    }
}

/// What a segment's bytes say.
#[derive(Debug)]
pub(crate) struct Contents {
    /// None when the header is damaged or was never written.
    pub(crate) header: Option<Header>,
    pub(crate) entries: Vec<Entry>,
    /// Where the good entries end.
    pub(crate) end: usize,
    /// What follows them.
    pub(crate) tail: Tail,
}

/// What follows the good entries of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tail {
    /// Zeros, or nothing.
    Clean,
    /// A batch that was never acknowledged, or damage in the last one; the two look the same.
    Torn,
    /// Damage, and behind it an entry of a later batch, at this offset.
    Damaged,
}

/// Reads a segment.
pub(crate) fn read(bytes: &[u8]) -> Contents {
    let mut at = 0;
    let header = next_line(bytes, 0).and_then(|line| {
        at = line.len() + 1;
        Header::decode(line)
    });
    let mut contents = Contents {
        header,
        entries: Vec::new(),
        end: at,
        tail: Tail::Clean,
    };
    let Some(header) = &contents.header else {
        let is_blank = bytes.iter().all(|&byte| byte == 0);
        contents.end = 0;
        contents.tail = if is_blank { Tail::Clean } else { Tail::Torn };
        return contents;
    };
    let mut next = header.first;
    while let Some(line) = next_line(bytes, contents.end) {
        let Some(entry) = Entry::decode(line).filter(|entry| entry.revision == next) else {
            break;
        };
        next = entry.revision.next();
        contents.end += line.len() + 1;
        contents.entries.push(entry);
    }
    contents.tail = judge_tail(&bytes[contents.end..], next);
    contents
}

/// The line that starts at an offset, if there is one with its line end.
fn next_line(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let rest = &bytes[at..];
    rest.iter()
        .position(|&byte| byte == b'\n')
        .map(|length| &rest[..length])
}

/// Tells a torn tail from damage in the middle.
///
/// DURABILITY: a batch is written only after the one before was synced. So if an entry behind the
/// damage belongs to a batch that began after the first missing revision, acknowledged entries are
/// damaged. Otherwise the damage lies in the last batch.
fn judge_tail(rest: &[u8], missing: Revision) -> Tail {
    if rest.iter().all(|&byte| byte == 0) {
        return Tail::Clean;
    }
    let later = rest
        .split(|&byte| byte == b'\n' || byte == 0)
        .filter_map(Entry::decode)
        .any(|entry| entry.batch > missing);
    if later { Tail::Damaged } else { Tail::Torn }
}
