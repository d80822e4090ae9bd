//! Files of keys: what is still remembered of segments that are gone.
//!
//! A file is written whole, synced, renamed and never changed, so anything wrong in it is damage
//! and no torn tail. A new file takes in those before it that are not much larger, so there are few
//! files and every key is written a few times at the most. `docs/journal.md` has the format.

use crate::contract::Revision;
use crate::journal::entry::checked;
use crate::journal::reader::OpenError;
use crate::key::answer::Answered;
use crate::key::memory::Keys;
use crate::medium::Medium;
use jsond_document::{Bounds, Json};
use std::io;
use std::sync::Arc;
use std::time::SystemTime;

/// A file is written under this name and renamed.
const TEMPORARY_NAME: &str = "keys.new";

/// A file is taken into a new one that is at least this part of it: so each of the files that stay
/// is at least twice as large as the next, and their count is logarithmic.
const TAKEN_IN_PART: usize = 2;

/// The files of keys beside a journal.
#[derive(Debug)]
pub(crate) struct KeyFiles {
    medium: Arc<dyn Medium>,
    identity: String,
    /// Those in use, in order.
    files: Vec<KeyFile>,
    /// Names of those that nobody needs; their removal is tried until it works.
    unneeded: Vec<String>,
    /// The last file was found at the start: the sync of its name may have failed before.
    is_unsure: bool,
}

/// One file: the keys of the journal's lines behind `after` up to `to`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct KeyFile {
    name: String,
    after: Revision,
    to: Revision,
    bytes: usize,
}

/// A key with the revision and the time of its line in the journal.
pub(crate) type Line = (Revision, SystemTime, Answered);

impl KeyFiles {
    /// Reads the files; changes nothing.
    ///
    /// *Errors*: a file that is damaged or belongs to another folder.
    pub(crate) fn open(
        medium: Arc<dyn Medium>,
        identity: &str,
    ) -> Result<(Self, Vec<Line>), OpenError> {
        let mut read = Vec::new();
        for name in names(&*medium)? {
            let bytes = read_bytes(&*medium, &name)?;
            read.push(read_file(name, &bytes, identity)?);
        }
        let mut opened = Self {
            medium,
            identity: identity.to_owned(),
            files: Vec::new(),
            unneeded: Vec::new(),
            is_unsure: !read.is_empty(),
        };
        let all: Vec<_> = read.iter().map(|(file, _)| file.clone()).collect();
        let mut lines = Vec::new();
        for (file, found) in read {
            if all.iter().any(|other| other.has_taken_in(&file)) {
                opened.unneeded.push(file.name);
            } else {
                lines.extend(found);
                opened.files.push(file);
            }
        }
        Ok((opened, lines))
    }

    /// The keys of all lines up to here are in the files, unless they are forgotten.
    pub(crate) fn kept_to(&self) -> Revision {
        self.files.last().map_or(Revision(0), |file| file.to)
    }

    /// The same, for certain: as far as they need not be asked to [keep](Self::keep) anything.
    pub(crate) fn certain_to(&self) -> Revision {
        let certain = self.files.len() - usize::from(self.is_unsure && !self.files.is_empty());
        certain
            .checked_sub(1)
            .map_or(Revision(0), |at| self.files[at].to)
    }

    /// Makes sure that the keys of all lines up to `to` are in files, durably.
    ///
    /// *Errors*: those of the medium; then what was there before is still there.
    pub(crate) fn keep(&mut self, keys: &Keys, to: Revision) -> io::Result<()> {
        match keys.between(self.kept_to(), to).next() {
            Some(_) => self.write(keys, to)?,
            None => self.confirm()?,
        }
        self.drop_forgotten(keys);
        self.remove_unneeded();
        Ok(())
    }

    /// Writes the last file once more, if it was there at the start.
    ///
    /// DURABILITY: a process that was killed may have failed to sync its name. A later sync that
    /// succeeds says nothing about it, and neither those that it has taken in may go upon it, nor
    /// segments. `docs/decisions/0028` has the story.
    fn confirm(&mut self) -> io::Result<()> {
        if let Some(KeyFile { name, .. }) = self.files.last().filter(|_| self.is_unsure) {
            let text = self.medium.read(name)?.ok_or(io::ErrorKind::NotFound)?;
            if let Err(error) = self.write_durably(name, &text) {
                self.medium.remove(TEMPORARY_NAME).ok();
                return Err(error);
            }
        }
        self.is_unsure = false;
        Ok(())
    }

    fn write(&mut self, keys: &Keys, to: Revision) -> io::Result<()> {
        let (staying, after) = self.staying(keys, to);
        if staying == self.files.len() {
            self.confirm()?;
        }
        let text = encode(&self.identity, keys, after, to);
        let name = name_of(to);
        let written = self.write_durably(&name, &text);
        if let Err(error) = written {
            // A full disk must not be kept full. The name may be there or not.
            self.medium.remove(TEMPORARY_NAME).ok();
            self.unneeded.push(name);
            return Err(error);
        }
        let taken_in = self.files.drain(staying..).map(|file| file.name);
        self.unneeded.extend(taken_in);
        self.unneeded.retain(|other| *other != name);
        // It is taken into this one, or confirmed.
        self.is_unsure = false;
        self.files.push(KeyFile {
            name,
            after,
            to,
            bytes: text.len(),
        });
        Ok(())
    }

    /// How many of the files stay as they are, and the last line that they reach.
    fn staying(&self, keys: &Keys, to: Revision) -> (usize, Revision) {
        let new = keys.between(self.kept_to(), to);
        let mut bytes: usize = new.map(|kept| kept.text.len()).sum();
        let mut staying = self.files.len();
        while staying > 0 && self.files[staying - 1].bytes / TAKEN_IN_PART <= bytes {
            staying -= 1;
            bytes += self.files[staying].bytes;
        }
        let last = staying.checked_sub(1).map(|at| self.files[at].to);
        (staying, last.unwrap_or(Revision(0)))
    }

    /// DURABILITY: content and name are on stable storage when this returns; the segments with
    /// these keys may go only then.
    fn write_durably(&self, name: &str, text: &[u8]) -> io::Result<()> {
        self.medium.write(TEMPORARY_NAME, text, None)?;
        self.medium.rename(TEMPORARY_NAME, name)?;
        self.medium.sync_folder("")
    }

    /// Files of which no key is remembered any more are not needed.
    fn drop_forgotten(&mut self, keys: &Keys) {
        let oldest = keys.oldest();
        let is_needed = |file: &KeyFile| oldest.is_some_and(|oldest| file.to >= oldest);
        let gone = self
            .files
            .iter()
            .take_while(|file| !is_needed(file))
            .count();
        self.unneeded
            .extend(self.files.drain(..gone).map(|file| file.name));
    }

    /// A file that cannot be removed now does no harm: what it has is in another, or forgotten.
    fn remove_unneeded(&mut self) {
        let medium = &self.medium;
        self.unneeded.retain(|name| match medium.remove(name) {
            Ok(()) => false,
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        });
    }
}

impl KeyFile {
    /// Judges whether the keys of another file are in this one too: a crash came between the
    /// writing of this one and the removal of the other.
    fn has_taken_in(&self, other: &Self) -> bool {
        self != other && self.after <= other.after && other.to <= self.to
    }
}

/// The identity of the folder to which the files belong, as far as they can be read.
pub(crate) fn identity(medium: &dyn Medium) -> Option<String> {
    let name = names(medium).ok()?.into_iter().next()?;
    let bytes = medium.read(&name).ok()??;
    let line = bytes.split(|&byte| byte == b'\n').next()?;
    Header::decode(line).map(|header| header.identity)
}

fn name_of(to: Revision) -> String {
    format!("keys-{:020}.log", to.0)
}

/// The names of all files of keys, in order.
fn names(medium: &dyn Medium) -> Result<Vec<String>, OpenError> {
    let listed = medium
        .list("")
        .map_err(OpenError::io("the folder of the journal cannot be read"))?;
    let mut names: Vec<_> = listed.into_iter().map(|listed| listed.name).collect();
    names.retain(|name| name.starts_with("keys-") && name.ends_with(".log"));
    names.sort();
    Ok(names)
}

fn read_bytes(medium: &dyn Medium, name: &str) -> Result<Vec<u8>, OpenError> {
    let bytes = medium
        .read(name)
        .map_err(OpenError::io(format!("{name} cannot be read")))?;
    Ok(bytes.unwrap_or_default())
}

/// The first line of a file.
struct Header {
    identity: String,
    after: Revision,
    to: Revision,
    count: usize,
}

impl Header {
    fn decode(line: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(checked(line)?).ok()?;
        let mut words = text.strip_prefix("jsond-keys 1 ")?.split(' ');
        let header = Self {
            identity: words.next()?.to_owned(),
            after: Revision(words.next()?.parse().ok()?),
            to: Revision(words.next()?.parse().ok()?),
            count: words.next()?.parse().ok()?,
        };
        words.next().is_none().then_some(header)
    }
}

/// Encodes a whole file.
fn encode(identity: &str, keys: &Keys, after: Revision, to: Revision) -> Vec<u8> {
    let count = keys.between(after, to).count();
    let mut out = Vec::new();
    let header = format!("jsond-keys 1 {identity} {after} {to} {count}");
    push_line(header.as_bytes(), &mut out);
    for kept in keys.between(after, to) {
        let time = humantime::format_rfc3339_millis(kept.time);
        let mut line = format!("{} {time} ", kept.revision).into_bytes();
        line.extend_from_slice(&kept.text);
        push_line(&line, &mut out);
    }
    out
}

fn push_line(text: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(format!("{:08x} ", crc32c::crc32c(text)).as_bytes());
    out.extend_from_slice(text);
    out.push(b'\n');
}

/// Reads a whole file; anything but what [`encode`] writes is damage.
fn read_file(
    name: String,
    bytes: &[u8],
    identity: &str,
) -> Result<(KeyFile, Vec<Line>), OpenError> {
    let mut at = 0;
    let mut next = || {
        let rest = &bytes[at..];
        let line = rest.split(|&byte| byte == b'\n').next()?;
        let offset = at;
        (line.len() < rest.len()).then(|| at += line.len() + 1)?;
        Some((offset, line))
    };
    let damaged = |offset| OpenError::KeysDamaged {
        file: name.clone(),
        offset,
    };
    let header = next().and_then(|(_, line)| Header::decode(line));
    let header = header.ok_or_else(|| damaged(0))?;
    if header.identity != identity {
        return Err(OpenError::KeysForeign { file: name });
    }
    let mut lines = Vec::new();
    let mut last = header.after;
    while let Some((offset, line)) = next() {
        let line = decode_line(line).ok_or_else(|| damaged(offset))?;
        if line.0 <= last || line.0 > header.to {
            return Err(damaged(offset));
        }
        last = line.0;
        lines.push(line);
    }
    if at != bytes.len() || lines.len() != header.count {
        return Err(damaged(at));
    }
    let file = KeyFile {
        name,
        after: header.after,
        to: header.to,
        bytes: bytes.len(),
    };
    Ok((file, lines))
}

fn decode_line(line: &[u8]) -> Option<Line> {
    let text = std::str::from_utf8(checked(line)?).ok()?;
    let mut words = text.splitn(3, ' ');
    let revision = Revision(words.next()?.parse().ok()?);
    let time = humantime::parse_rfc3339(words.next()?).ok()?;
    let json = Json::parse_within(words.next()?.as_bytes(), Bounds::NONE).ok()?;
    Some((revision, time, Answered::decode(&json, &[])?))
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
