//! One file of the journal: its header, and reading it back up to the first damage.

use super::entry::{Entry, checked};
use crate::contract::Revision;

/// How a segment's file is named: by its first revision, so that names sort as revisions do.
pub(crate) fn name_of(first: Revision) -> String {
    format!("journal-{:020}.log", first.0)
}

/// The first revision of the segment of this name.
pub(crate) fn first_of(name: &str) -> Option<Revision> {
    let digits = name.strip_prefix("journal-")?.strip_suffix(".log")?;
    digits.parse().ok().map(Revision)
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

impl Contents {
    /// The revision of the last good entry.
    pub(crate) fn last(&self) -> Option<Revision> {
        self.entries.last().map(|entry| entry.revision)
    }
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
        // DURABILITY: the header is synced before the first entry is written, so whatever lies
        // behind a damaged header was good once.
        contents.end = 0;
        contents.tail = judge_tail(bytes, Revision(0));
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
    let mut candidates = 0;
    for line in rest.split(|&byte| byte == b'\n' || byte == 0) {
        // The line end before an entry may be damaged too, so one may begin inside a line.
        for at in entry_starts(line) {
            candidates += 1;
            let later = Entry::decode(&line[at..]).is_some_and(|entry| entry.batch > missing);
            if later || candidates > CANDIDATES_MAX {
                return Tail::Damaged;
            }
        }
    }
    Tail::Torn
}

/// A tail that has more of what looks like an entry is rather refused than searched for hours.
const CANDIDATES_MAX: usize = 65_536;

/// All entries that can still be read in a text that may be damaged anywhere.
pub(crate) fn salvage(bytes: &[u8]) -> Vec<Entry> {
    let lines = bytes.split(|&byte| byte == b'\n' || byte == 0);
    let entries =
        lines.filter_map(|line| entry_starts(line).find_map(|at| Entry::decode(&line[at..])));
    entries.collect()
}

/// The places in a line where an entry could begin: eight hexadecimal digits, a space, a digit.
fn entry_starts(line: &[u8]) -> impl Iterator<Item = usize> + '_ {
    memchr::memchr_iter(b' ', line).filter_map(|space| {
        let start = space.checked_sub(8)?;
        let is_sum = line[start..space].iter().all(u8::is_ascii_hexdigit);
        let is_followed = line.get(space + 1).is_some_and(u8::is_ascii_digit);
        (is_sum && is_followed).then_some(start)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::{Operation, OperationKind};
    use crate::journal::entry::Body;
    use jsond_document::{Pointer, Value};
    use std::time::SystemTime;

    /// Three batches of one, two and one entries, and zeros behind them.
    fn segment() -> (Vec<u8>, Vec<usize>) {
        let header = Header {
            identity: "x".to_owned(),
            first: Revision(1),
        };
        let mut bytes = header.encode();
        let mut ends = vec![bytes.len()];
        for (revision, batch) in [(1, 1), (2, 2), (3, 2), (4, 4)] {
            let value = Value::parse(format!("\"a\\u0000{revision}\"").as_bytes()).unwrap();
            let kind = OperationKind::Replace(value.into());
            let path = Pointer::from_tokens(["s.json", "a", "b"]);
            let body = Body::Change(vec![Operation::new(kind, path)]);
            let (revision, batch) = (Revision(revision), Revision(batch));
            Entry {
                revision,
                batch,
                time: SystemTime::UNIX_EPOCH,
                body,
            }
            .encode(&mut bytes);
            ends.push(bytes.len());
        }
        bytes.resize(bytes.len() + 64, 0);
        (bytes, ends)
    }

    /// How many whole entries lie before an offset.
    fn whole_before(ends: &[usize], offset: usize) -> usize {
        ends.iter().skip(1).filter(|&&end| end <= offset).count()
    }

    #[test]
    fn a_journal_cut_at_any_byte_reads_as_the_whole_entries_before() {
        let (bytes, ends) = segment();
        for length in 0..bytes.len() {
            let cut = read(&bytes[..length]);
            assert_eq!(
                cut.entries.len(),
                whole_before(&ends, length),
                "cut at {length}"
            );
            assert_ne!(cut.tail, Tail::Damaged, "cut at {length}");
            let mut zeroed = bytes.clone();
            zeroed[length..].fill(0);
            let zeroed = read(&zeroed);
            assert_eq!(
                zeroed.entries.len(),
                cut.entries.len(),
                "zeros from {length}"
            );
            assert_ne!(zeroed.tail, Tail::Damaged, "zeros from {length}");
        }
    }

    #[test]
    fn a_flipped_bit_is_a_torn_tail_in_the_last_batch_and_damage_before_it() {
        let (bytes, ends) = segment();
        let last_batch = ends[3];
        let end = ends[4];
        for at in 0..end {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                let found = read(&flipped);
                let what = format!("bit {bit} of byte {at}: {found:?}");
                if at < ends[0] {
                    assert!(
                        found.header.is_none() && found.tail == Tail::Damaged,
                        "{what}"
                    );
                    continue;
                }
                assert_eq!(found.entries.len(), whole_before(&ends, at), "{what}");
                let expected = if at < last_batch {
                    Tail::Damaged
                } else {
                    Tail::Torn
                };
                assert_eq!(found.tail, expected, "{what}");
            }
        }
    }

    #[test]
    fn an_entry_of_a_lost_batch_behind_a_good_end_is_no_entry() {
        let (bytes, ends) = segment();
        let mut torn = bytes.clone();
        torn[ends[1]..ends[2]].fill(0);
        torn[ends[3]..ends[4]].fill(0);
        let found = read(&torn);
        assert_eq!(found.entries.len(), 1);
        assert_eq!(found.tail, Tail::Torn);
    }
}
