//! One line of the journal: encode and decode.
//!
//! `docs/journal.md` describes the format byte by byte.

use crate::change::{self, Operation};
use crate::contract::Revision;
use crate::key::answer::Answered;
use bytes::Bytes;
use jsond_document::Json;
use std::cell::RefCell;
use std::time::{SystemTime, UNIX_EPOCH};

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
    /// The same, and the file on disk has had this content for certain; with its text where changes
    /// follow that it lacks, and it is short.
    ///
    /// DURABILITY: the text is the base of a merge with what a hand makes of it after a crash.
    Done(Mark, Option<Bytes>),
    /// Another program has edited a file.
    Edited(Box<Edited>),
    /// The files hold everything up to this revision, and the keys in it are in files: segments
    /// that end there are about to go.
    Passed(Revision),
}

impl Body {
    /// Judges whether it changes the root document; a mark does not.
    pub(crate) fn is_change(&self) -> bool {
        match self {
            Self::Change(operations) | Self::Keyed(_, operations) => !operations.is_empty(),
            Self::Edited(edited) => !edited.patch.is_empty(),
            Self::Mark(_) | Self::Done(..) | Self::Passed(_) => false,
        }
    }
}

/// An edit by hand, as it was merged with what was pending for the file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Edited {
    pub(crate) path: Vec<String>,
    /// The hash of what lies on disk; none when the file was removed.
    pub(crate) hash: Option<u128>,
    /// What the edit did to the root document.
    pub(crate) patch: Vec<Operation>,
    /// What is still to be done to the content on disk.
    pub(crate) pending: Vec<Operation>,
    /// The content on disk, where something is still to be done to it, and it is short.
    pub(crate) text: Option<Bytes>,
}

impl Edited {
    /// What the content on disk holds, when this is the line of this revision.
    pub(crate) fn mark(&self, revision: Revision) -> Mark {
        let is_whole = self.pending.is_empty();
        Mark {
            path: self.path.clone(),
            revision: if is_whole {
                revision
            } else {
                Revision(revision.0 - 1)
            },
            hash: self.hash,
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

/// Hashes a content that comes in pieces, as [`content_hash`] does.
#[derive(Default)]
pub(crate) struct Hasher(xxhash_rust::xxh3::Xxh3);

impl Hasher {
    pub(crate) fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    pub(crate) fn finish(&self) -> u128 {
        self.0.digest128()
    }
}

thread_local! {
    /// A second since 1970, and its spelling up to the point behind it.
    static SECOND: RefCell<(u64, String)> = const { RefCell::new((u64::MAX, String::new())) };
}

/// Appends a time in UTC, to the millisecond; that of one second is spelled once.
///
/// *Source*: RFC 3339 §5.6.
fn push_time(time: SystemTime, out: &mut Vec<u8>) {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    SECOND.with_borrow_mut(|(second, text)| {
        if *second != since.as_secs() {
            *second = since.as_secs();
            *text = humantime::format_rfc3339_millis(time).to_string();
            text.truncate(text.len() - "000Z".len());
        }
        out.extend_from_slice(text.as_bytes());
    });
    let milliseconds = since.subsec_millis();
    for unit in [100, 10, 1] {
        let digit = u8::try_from(milliseconds / unit % 10).expect("INVARIANT: one digit");
        out.push(b'0' + digit);
    }
    out.push(b'Z');
}

impl Entry {
    /// Encodes the line, with its checksum and its line end.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(b"00000000 ");
        self.encode_head(out);
        match &self.body {
            Body::Change(operations) => {
                out.extend_from_slice(b"change ");
                change::encode(operations, out);
            }
            Body::Keyed(answered, operations) => {
                out.extend_from_slice(b"keyed ");
                answered.encode_with(operations, out);
            }
            Body::Mark(mark) => {
                out.extend_from_slice(b"mark ");
                encode_mark(mark, None, out);
            }
            Body::Done(mark, text) => {
                out.extend_from_slice(b"done ");
                encode_mark(mark, text.as_ref(), out);
            }
            Body::Passed(passed) => {
                let line = format!("passed {{\"revision\":{passed}}}");
                out.extend_from_slice(line.as_bytes());
            }
            Body::Edited(edited) => {
                out.extend_from_slice(b"edited ");
                encode_edited(edited, out);
            }
        }
        let sum = crc32c::crc32c(&out[start + 9..]).to_be_bytes();
        let digits = sum.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        for (place, digit) in out[start..start + 8].iter_mut().zip(digits) {
            *place = b"0123456789abcdef"[usize::from(digit)];
        }
        out.push(b'\n');
    }

    /// Appends the words before the kind.
    fn encode_head(&self, out: &mut Vec<u8>) {
        for revision in [self.revision, self.batch] {
            out.extend_from_slice(itoa::Buffer::new().format(revision.0).as_bytes());
            out.push(b' ');
        }
        push_time(self.time, out);
        out.push(b' ');
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
            "done" => Body::Done(mark(&json)?, text_of(&json)?),
            "passed" => Body::Passed(revision_of(&json)?),
            "edited" => Body::Edited(Box::new(edited(&json)?)),
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

fn encode_mark(mark: &Mark, text: Option<&Bytes>, out: &mut Vec<u8>) {
    let (file, hash) = (spell_path(&mark.path), spell_hash(mark.hash));
    let json = format!(
        "{{\"file\":{file},\"revision\":{},\"hash\":{hash}",
        mark.revision
    );
    out.extend_from_slice(json.as_bytes());
    encode_text(text, out);
    out.push(b'}');
}

fn encode_edited(edited: &Edited, out: &mut Vec<u8>) {
    let (file, hash) = (spell_path(&edited.path), spell_hash(edited.hash));
    out.extend_from_slice(format!("{{\"file\":{file},\"hash\":{hash},\"patch\":").as_bytes());
    change::encode(&edited.patch, out);
    if !edited.pending.is_empty() {
        out.extend_from_slice(b",\"pending\":");
        change::encode(&edited.pending, out);
    }
    encode_text(edited.text.as_ref(), out);
    out.push(b'}');
}

fn encode_text(text: Option<&Bytes>, out: &mut Vec<u8>) {
    if let Some(text) = text.and_then(|text| std::str::from_utf8(text).ok()) {
        out.extend_from_slice(b",\"text\":");
        out.extend_from_slice(jsond_document::quote(text).as_bytes());
    }
}

/// Reads a text that may be left out; the inner value is none then.
#[expect(
    clippy::option_option,
    reason = "the outer one says that something is wrong"
)]
fn text_of(json: &Json) -> Option<Option<Bytes>> {
    match json.member("text") {
        Some(text) => Some(Some(Bytes::from(text.as_text()?.into_owned()))),
        None => Some(None),
    }
}

fn spell_path(path: &[String]) -> String {
    let path = jsond_document::Pointer::from_tokens(path.iter().cloned());
    jsond_document::quote(&path.to_string())
}

fn spell_hash(hash: Option<u128>) -> String {
    hash.map_or("null".to_owned(), |hash| format!("\"{hash:032x}\""))
}

fn revision_of(json: &Json) -> Option<Revision> {
    json.member("revision")?.as_str().parse().ok().map(Revision)
}

fn path_of(json: &Json) -> Option<Vec<String>> {
    let path = jsond_document::Pointer::parse(&json.member("file")?.as_text()?).ok()?;
    Some(path.tokens().to_vec())
}

fn hash_of(json: &Json) -> Option<Option<u128>> {
    match json.member("hash")?.as_text() {
        Some(text) => Some(Some(u128::from_str_radix(&text, 16).ok()?)),
        None => Some(None),
    }
}

fn mark(json: &Json) -> Option<Mark> {
    Some(Mark {
        path: path_of(json)?,
        revision: revision_of(json)?,
        hash: hash_of(json)?,
    })
}

fn edited(json: &Json) -> Option<Edited> {
    let pending = json.member("pending");
    Some(Edited {
        path: path_of(json)?,
        hash: hash_of(json)?,
        patch: change::decode(&json.member("patch")?)?,
        pending: pending.map_or(Some(Vec::new()), |it| change::decode(&it))?,
        text: text_of(json)?,
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
