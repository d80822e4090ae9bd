//! Recovers one file: what lies on disk, what the journal knows of it, and what is still pending.

use super::history::History;
use super::merge::EditFound;
use super::{Media, Recovered};
use crate::checkpoint::{OnDisk, Remembered, copy_of, hash_at, rememberable, template_of};
use crate::conflict::keep_conflict;
use crate::contract::Revision;
use crate::image::{File, FilePath, Image, Template};
use crate::journal::entry::{Mark, content_hash};
use crate::journal::reader::OpenError;
use crate::medium::Stat;
use crate::replay::{Content, replay};
use jsond_document::{IdRule, Json, Value};
use std::io;
use std::time::SystemTime;

/// A file as it was read.
pub(super) struct Read {
    pub(super) disk_path: String,
    pub(super) file: Option<File>,
    pub(super) hash: Option<u128>,
    pub(super) stat: Option<Stat>,
}

/// Reads a file and brings it up to date in the image.
pub(super) fn recover_file(
    media: &Media<'_>,
    path: &FilePath,
    history: &History,
    recovered: &mut Recovered,
) -> Result<(), OpenError> {
    let disk_path = media.served.path_of(path);
    let failed = |error| OpenError::io(format!("{disk_path} cannot be read"))(error);
    redo_overwrite(media, &disk_path, history, recovered.last).map_err(failed)?;
    let ids = recovered.image.rule_of(path);
    let read = match read_file(media, &disk_path, ids) {
        Ok(read) => read,
        Err(error) if !history.has_steps() => {
            tracing::warn!(file = disk_path, %error, "the file cannot be read and is not served");
            return Ok(());
        }
        Err(error) => return Err(failed(error)),
    };
    let known = history.find(read.hash);
    // An unknown content is an edit by hand of the last one that was there for certain.
    let base = known.or(history.done());
    take_read(path, &read, base, recovered);
    if let (Some(known), Some(done)) = (known, history.done())
        && known != done
    {
        doubt(path, history, done, recovered);
    }
    let pending = history.pending(base);
    if pending.is_empty() {
        return Ok(());
    }
    recovered.behind.push(path.clone());
    if known.is_none() {
        let edit = EditFound {
            path,
            read: &read,
            done: history.done(),
            base_text: history.base_text(),
            begun: history.begun(),
            pending: &pending,
        };
        return edit.merge(media.served, recovered);
    }
    // An operation on the whole file needs no base.
    let start = pending
        .iter()
        .rposition(|(_, _, operation)| operation.path.tokens() == path);
    let pending: Vec<_> = pending[start.unwrap_or(0)..].iter().collect();
    let (image, _) = replay(&recovered.image, &pending, Content::Known);
    recovered.image = Image {
        revision: recovered.last,
        ..image
    };
    Ok(())
}

/// Puts a file as it was read into the image.
fn take_read(path: &FilePath, read: &Read, base: Option<&Mark>, recovered: &mut Recovered) {
    let revision = base.map_or(Revision(0), |mark| mark.revision);
    let on_disk = OnDisk {
        hash: read.hash,
        revision,
        content: Remembered::of(read.file.as_ref().and_then(|file| file.value.clone())),
        seen: rememberable(read.stat),
    };
    recovered.on_disk.insert(path.clone(), on_disk);
    let file = read.file.clone().map(|file| File { revision, ..file });
    recovered.image = recovered.image.with_file(path, file);
}

/// DURABILITY: a content that was announced is seen, but if a sync of it or of its folder failed, the
/// system may have forgotten that it is not on the disk. It is written once more, and until then
/// counts as not there.
fn doubt(path: &FilePath, history: &History, done: &Mark, recovered: &mut Recovered) {
    if let Some(on_disk) = recovered.on_disk.get_mut(path) {
        (on_disk.hash, on_disk.revision) = (done.hash, done.revision);
        on_disk.seen = None;
    }
    recovered.announced.extend(history.announced().cloned());
    recovered.behind.push(path.clone());
}

/// DURABILITY: a file that was being overwritten where it lies holds neither content. The copy that
/// was made before is written once more; a mark says that it was to be.
fn redo_overwrite(
    media: &Media<'_>,
    disk_path: &str,
    history: &History,
    last: Revision,
) -> io::Result<()> {
    let medium = &*media.served.medium;
    let is_there = |hash: &u128| {
        media
            .journal
            .stat(&copy_of(*hash))
            .is_ok_and(|it| it.is_some())
    };
    let copies: Vec<_> = history.announced_hashes().filter(is_there).collect();
    if copies.is_empty() || history.find(hash_at(medium, disk_path)?).is_some() {
        return Ok(());
    }
    for hash in copies {
        let copy = copy_of(hash);
        if hash_at(media.journal, &copy)? != Some(hash) {
            continue;
        }
        let torn = medium.read(disk_path)?.unwrap_or_default();
        let new = media.journal.read(&copy)?.unwrap_or_default();
        let old = history.base_text().unwrap_or_default();
        if Json::parse(&torn).is_ok() && !is_mix(&torn, &old, &new) {
            // It may be an edit by hand.
            keep_conflict(media.served, disk_path, &torn, last)?;
        }
        tracing::warn!(
            file = disk_path,
            "the file was half overwritten; it is written once more"
        );
        let mut file = medium.overwrite(disk_path)?;
        file.write(&new)?;
        return file.finish();
    }
    Ok(())
}

/// Judges whether every byte is that of one of two texts at this place, as where one was half
/// overwritten by the other.
fn is_mix(torn: &[u8], old: &[u8], new: &[u8]) -> bool {
    let is_of_either =
        |(at, byte): (usize, &u8)| [old, new].iter().any(|it| it.get(at) == Some(byte));
    torn.iter().enumerate().all(is_of_either)
}

/// Reads a file from disk; what is not there is no error.
fn read_file(media: &Media<'_>, disk_path: &str, ids: IdRule) -> io::Result<Read> {
    let mut read = Read {
        disk_path: disk_path.to_owned(),
        file: None,
        hash: None,
        stat: None,
    };
    let Some(mut file) = media.served.medium.open(disk_path)? else {
        return Ok(read);
    };
    let stat = file.stat()?;
    let mut text = Vec::with_capacity(usize::try_from(stat.bytes).unwrap_or_default());
    while let Some(piece) = file.next_piece()? {
        media.progress.add_read(piece.len());
        text.extend_from_slice(&piece);
    }
    read.hash = Some(content_hash(&text));
    read.stat = Some(stat);
    let bytes = text.len();
    read.file = Some(parse_file(disk_path, text, ids, stat.modified));
    media.progress.add_built(bytes);
    Ok(read)
}

fn parse_file(disk_path: &str, text: Vec<u8>, ids: IdRule, modified: SystemTime) -> File {
    let template = template_of(&text);
    // The text gives its memory to the compact text, and that to the value: only one is whole.
    let (value, broken) = match Json::parse_owned(text) {
        Ok(json) => (Some(Value::indexed(json, &ids)), None),
        Err(error) => {
            tracing::warn!(file = disk_path, %error, "the file is broken JSON");
            (None, Some(error))
        }
    };
    File {
        template: if broken.is_none() {
            template
        } else {
            Template::None
        },
        value,
        broken,
        revision: Revision(0),
        modified,
        ids,
    }
}
