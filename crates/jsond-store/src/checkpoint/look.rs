//! What lies on disk under the name of a file, and whether it is what the store left there.
//!
//! A file whose size, times and identity are those that were seen last is not read again, unless
//! they were seen so soon after its last change that another change could hide behind them.

use crate::contract::Revision;
use crate::image::FilePath;
use crate::journal::entry::{Hasher, content_hash};
use crate::medium::{Medium, NameKind, PieceReader, Stat};
use crate::served::Served;
use bytes::Bytes;
use jsond_document::{Skeleton, Value};
use std::io;
use std::time::{Duration, SystemTime};

/// Up to this size a file is read whole; a larger one is read in pieces, and kept only if it is
/// another than it was.
pub(crate) const WHOLE_BYTES_MAX: u64 = 1 << 20;

/// Times of files go in steps; two changes closer than this may bear the same time.
const TIME_STEP: Duration = Duration::from_millis(100);

/// What the store last saw or left on disk for one file.
#[derive(Debug, Clone, Default)]
pub(crate) struct OnDisk {
    pub(crate) hash: Option<u128>,
    pub(crate) revision: Revision,
    pub(crate) content: Remembered,
    /// What tells without reading that it is still there.
    pub(crate) seen: Option<Stat>,
}

/// What is remembered of a content.
#[derive(Debug, Clone, Default)]
pub(crate) enum Remembered {
    /// Nothing: there was no file, or it could never be read.
    #[default]
    None,
    /// The value of a short file: the base of a merge.
    Value(Value),
    /// Of a long file what is needed to lay another value over it. Its value would be a second copy
    /// of the file as soon as writes have touched all of it; a merge takes from the journal what it
    /// needs.
    Large(Skeleton),
}

impl Remembered {
    /// What is remembered of a value.
    pub(crate) fn of(value: Option<Value>) -> Self {
        match value {
            None => Self::None,
            Some(value) if value.len_bytes() as u64 > WHOLE_BYTES_MAX => {
                Self::Large(Skeleton::of(&value))
            }
            Some(value) => Self::Value(value),
        }
    }

    /// What is remembered of a value, if that costs nothing.
    pub(crate) fn short(value: Option<&Value>) -> Self {
        let value = value.filter(|value| value.len_bytes() as u64 <= WHOLE_BYTES_MAX);
        value.cloned().map_or(Self::None, Self::Value)
    }

    /// Judges whether there is nothing that can be read.
    pub(crate) fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }
}

/// What is found under the name of a file.
pub(crate) enum Sight {
    /// What was there before; it was not even read.
    Unchanged(Found),
    /// A regular file, or nothing.
    Found(Found),
    /// Something that is no file: it is never touched.
    Occupied(NameKind),
    /// It was written while it was read.
    Moving,
}

/// A file as it is found on disk; with no hash there is none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    /// The text; none of a large file that has not changed.
    pub(crate) text: Option<Bytes>,
    pub(crate) stat: Option<Stat>,
    pub(crate) hash: Option<u128>,
    /// The name is a link to the file, which is to stay one.
    pub(crate) is_link: bool,
}

impl Found {
    pub(crate) fn is_large(&self) -> bool {
        self.stat.is_some_and(|stat| stat.bytes > WHOLE_BYTES_MAX)
    }
}

/// Looks at a file on disk.
pub(crate) fn look(served: &Served, path: &FilePath, known: &OnDisk) -> io::Result<Sight> {
    let disk_path = served.path_of(path);
    let medium = &*served.medium;
    let is_link = match medium.kind(&disk_path)? {
        None => return Ok(Sight::Found(Found::default())),
        Some(kind @ (NameKind::Folder | NameKind::Other)) => return Ok(Sight::Occupied(kind)),
        Some(NameKind::Link) => true,
        Some(NameKind::File) => false,
    };
    let stat = medium.stat(&disk_path)?;
    if stat.is_some() && stat == known.seen {
        let hash = known.hash;
        return Ok(Sight::Unchanged(Found {
            text: None,
            stat,
            hash,
            is_link,
        }));
    }
    let Some(mut file) = medium.open(&disk_path)? else {
        return Ok(match is_link {
            true => Sight::Occupied(NameKind::Link),
            false => Sight::Found(Found::default()),
        });
    };
    let before = file.stat()?;
    let (text, hash) = read(&mut *file, &before, known.hash)?;
    if file.stat()? != before {
        return Ok(Sight::Moving);
    }
    Ok(Sight::Found(Found {
        text,
        stat: Some(before),
        hash: Some(hash),
        is_link,
    }))
}

/// Reads a file, and keeps its text unless it is large and the one that is known.
fn read(
    file: &mut dyn PieceReader,
    stat: &Stat,
    known: Option<u128>,
) -> io::Result<(Option<Bytes>, u128)> {
    if stat.bytes > WHOLE_BYTES_MAX && known.is_some() {
        let hash = hash_of(file)?;
        if Some(hash) == known {
            return Ok((None, hash));
        }
        file.rewind()?;
    }
    let (text, hash) = read_whole(file)?;
    Ok((Some(text), hash))
}

/// Reads what is left of a file.
pub(super) fn read_whole(file: &mut dyn PieceReader) -> io::Result<(Bytes, u128)> {
    let bytes = file.stat()?.bytes;
    let mut text = Vec::with_capacity(usize::try_from(bytes).unwrap_or_default());
    while let Some(piece) = file.next_piece()? {
        text.extend_from_slice(&piece);
    }
    let hash = content_hash(&text);
    Ok((Bytes::from(text), hash))
}

/// Hashes what is left of a file.
pub(super) fn hash_of(file: &mut dyn PieceReader) -> io::Result<u128> {
    let mut hasher = Hasher::default();
    while let Some(piece) = file.next_piece()? {
        hasher.update(&piece);
    }
    Ok(hasher.finish())
}

/// Hashes a file by its path on a medium; none when there is no such file.
pub(crate) fn hash_at(medium: &dyn Medium, path: &str) -> io::Result<Option<u128>> {
    match medium.open(path)? {
        Some(mut file) => hash_of(&mut *file).map(Some),
        None => Ok(None),
    }
}

/// What may be remembered of a file in place of its content.
pub(crate) fn rememberable(stat: Option<Stat>) -> Option<Stat> {
    let is_settled = |stat: &Stat| {
        let age = SystemTime::now().duration_since(stat.changed);
        age.is_ok_and(|age| age >= TIME_STEP)
    };
    stat.filter(is_settled)
}
