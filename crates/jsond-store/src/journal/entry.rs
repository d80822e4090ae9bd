//! One line of the journal: encode and decode.
//!
//! `docs/journal.md` describes the format byte by byte.

use crate::change::{self, Operation};
use crate::contract::Revision;
use crate::key::answer::Answered;
use jsond_document::Json;
use std::time::SystemTime;

/// A line of the journal.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) revision: Revision,
    /// The first revision of the batch that was synced together.
    pub(crate) batch: Revision,
    pub(crate) time: SystemTime,
    pub(crate) body: Body,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Body {
    /// A change.
    Change(Vec<Operation>),
    /// A change, which may be none, with the key of its request and the answer to it.
    ///
    /// DURABILITY: one line, so that neither is ever there without the other.
    Keyed(Box<Answered>, Vec<Operation>),
    /// Which content of a file holds which revision; the file may be about to get it.
    Mark(Mark),
    /// The same, and the file on disk has had this content for certain.
    Done(Mark),
}

impl Body {
    /// The operations of a change, whether it has a key or not; a mark is no change.
    pub(crate) fn into_operations(self) -> Option<Vec<Operation>> {
        match self {
            Self::Change(operations) | Self::Keyed(_, operations) => Some(operations),
            Self::Mark(_) | Self::Done(_) => None,
        }
    }
}

/// Says that a file with this content holds all its changes up to a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) path: Vec<String>,
    pub(crate) revision: Revision,
    /// The hash of the content; none when there is no such file.
    pub(crate) hash: Option<u128>,
}

/// Hashes the content of a file for a mark.
pub(crate) fn content_hash(text: &[u8]) -> u128 {
    xxhash_rust::xxh3::xxh3_128(text)
}

impl Entry {
    /// Encodes the line, with its checksum and its line end.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let start = out.len();
        let time = humantime::format_rfc3339_millis(self.time);
        let (revision, batch) = (self.revision, self.batch);
        out.extend_from_slice(b"00000000 ");
        match &self.body {
            Body::Change(operations) => {
                out.extend_from_slice(format!("{revision} {batch} {time} change ").as_bytes());
                change::encode(operations, out);
            }
            Body::Keyed(answered, operations) => {
                out.extend_from_slice(format!("{revision} {batch} {time} keyed ").as_bytes());
                answered.encode_with(operations, out);
            }
            Body::Mark(mark) | Body::Done(mark) => {
                let kind = if matches!(self.body, Body::Done(_)) {
                    "done"
                } else {
                    "mark"
                };
                let path = jsond_document::Pointer::from_tokens(mark.path.iter().cloned());
                let file = jsond_document::quote(&path.to_string());
                let hash = mark
                    .hash
                    .map_or("null".to_owned(), |hash| format!("\"{hash:032x}\""));
                let json = format!(
                    "{{\"file\":{file},\"revision\":{},\"hash\":{hash}}}",
                    mark.revision
                );
                out.extend_from_slice(
                    format!("{revision} {batch} {time} {kind} {json}").as_bytes(),
                );
            }
        }
        let sum = crc32c::crc32c(&out[start + 9..]);
        out[start..start + 8].copy_from_slice(format!("{sum:08x}").as_bytes());
        out.push(b'\n');
    }

    /// Decodes a line without its line end; none when anything about it is wrong.
    pub(crate) fn decode(line: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(checked(line)?).ok()?;
        let mut words = text.splitn(5, ' ');
        let revision = Revision(words.next()?.parse().ok()?);
        let batch = Revision(words.next()?.parse().ok()?);
        let time = humantime::parse_rfc3339(words.next()?).ok()?;
        let kind = words.next()?;
        let json = Json::parse_within(words.next()?.as_bytes(), BOUNDS).ok()?;
        let body = match kind {
            "change" => Body::Change(change::decode(&json)?),
            "keyed" => {
                let operations = change::decode(&json.member("patch")?)?;
                Body::Keyed(Box::new(Answered::decode(&json, &operations)?), operations)
            }
            "mark" => Body::Mark(mark(&json)?),
            "done" => Body::Done(mark(&json)?),
            _ => return None,
        };
        Some(Self {
            revision,
            batch,
            time,
            body,
        })
    }
}

/// A patch wraps a value in an array and an object.
const BOUNDS: jsond_document::Bounds = jsond_document::Bounds::NONE;

/// Takes the checksum off a line if it is right.
pub(crate) fn checked(line: &[u8]) -> Option<&[u8]> {
    let (sum, rest) = line.split_at_checked(8)?;
    let rest = rest.strip_prefix(b" ")?;
    let sum = std::str::from_utf8(sum).ok()?;
    let is_hex = sum
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (is_hex && u32::from_str_radix(sum, 16).ok()? == crc32c::crc32c(rest)).then_some(rest)
}

fn mark(json: &Json) -> Option<Mark> {
    let path = jsond_document::Pointer::parse(&json.member("file")?.as_text()?).ok()?;
    let revision = Revision(json.member("revision")?.as_str().parse().ok()?);
    let hash = json.member("hash")?;
    let hash = match hash.as_text() {
        Some(text) => Some(u128::from_str_radix(&text, 16).ok()?),
        None => None,
    };
    Some(Mark {
        path: path.tokens().to_vec(),
        revision,
        hash,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn check(body: Body, expected: &str) {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_372_445_123);
        let entry = Entry {
            revision: Revision(17),
            batch: Revision(16),
            time,
            body,
        };
        let mut line = Vec::new();
        entry.encode(&mut line);
        assert_eq!(String::from_utf8(line.clone()).unwrap(), expected);
        line.pop();
        assert_eq!(Entry::decode(&line).unwrap(), entry);
        for at in 0..line.len() {
            for bit in 0..8 {
                line[at] ^= 1 << bit;
                assert_eq!(Entry::decode(&line), None, "bit {bit} of byte {at}");
                line[at] ^= 1 << bit;
            }
        }
    }

    #[test]
    fn a_line_with_a_key_has_the_answer_and_the_change() {
        let patch = br#"[{"op":"add","path":"/l.json/0","value":{"id":1}}]"#;
        let operations = change::decode(&Json::parse(patch).unwrap()).unwrap();
        let text = br#"{"key":"k-1","request":"2a","effect":"created","written":["/l.json/1"],
                        "operation":0}"#;
        let answered = Answered::decode(&Json::parse(text).unwrap(), &operations).unwrap();
        check(
            Body::Keyed(Box::new(answered), operations),
            "6ff3103c 17 16 2026-11-22T18:34:05.123Z keyed {\"key\":\"k-1\",\"request\":\
             \"0000000000000000000000000000002a\",\"effect\":\"created\",\"written\":\
             [\"/l.json/1\"],\"operation\":0,\"patch\":\
             [{\"op\":\"add\",\"path\":\"/l.json/0\",\"value\":{\"id\":1}}]}\n",
        );
    }

    #[test]
    fn a_line_is_read_back_and_any_flipped_bit_is_noticed() {
        let path = vec!["a/b.json".to_owned()];
        let hash = Some(0xabc);
        check(
            Body::Mark(Mark {
                path,
                revision: Revision(3),
                hash,
            }),
            "c5652a18 17 16 2026-11-22T18:34:05.123Z mark {\"file\":\"/a~1b.json\",\"revision\":3,\
             \"hash\":\"00000000000000000000000000000abc\"}\n",
        );
        let patch = br#"[{"op":"replace","path":"/s.json/Chan_Jin/grade","value":4.50}]"#;
        check(
            Body::Change(change::decode(&Json::parse(patch).unwrap()).unwrap()),
            "74bb3875 17 16 2026-11-22T18:34:05.123Z change \
             [{\"op\":\"replace\",\"path\":\"/s.json/Chan_Jin/grade\",\"value\":4.50}]\n",
        );
    }
}
