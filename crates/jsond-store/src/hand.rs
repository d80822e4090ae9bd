//! Edits by hand: a file on disk that is not what the store left there.
//!
//! The hand's version is kept before anything could bury it, and the difference goes through the
//! writer like any other change.

use crate::checkpoint::{Obstacle, OnDisk, template_of};
use crate::contract::Revision;
use crate::image::{FilePath, Image, Template};
use crate::journal::entry::content_hash;
use crate::medium::{Stat, folder_of};
use crate::merge::{Merged, merge_sides};
use crate::message::{HandEdit, Message};
use crate::served::Served;
use jsond_document::Value;
use std::io;
use std::sync::mpsc::{Sender, sync_channel};

/// A file as it is found on disk.
pub(crate) struct Found {
    pub(crate) text: Option<Vec<u8>>,
    pub(crate) stat: Option<Stat>,
    pub(crate) hash: Option<u128>,
}

/// Looks at a file on disk.
pub(crate) fn look(served: &Served, path: &FilePath) -> io::Result<Found> {
    let disk_path = served.path_of(path);
    let stat = served.medium.stat(&disk_path)?;
    let text = served.medium.read(&disk_path)?;
    let hash = text.as_deref().map(content_hash);
    Ok(Found { text, stat, hash })
}

/// Takes an edit by hand into the image; gives the hand's value.
///
/// DURABILITY: where the two sides do not go together, the hand's text is kept durably before the
/// merge is journaled, because the merge may replace it on disk at any time after.
pub(crate) fn take_in(
    served: &Served,
    writer: &Sender<Message>,
    path: &FilePath,
    found: &Found,
    known: &OnDisk,
    image: &Image,
) -> Result<Option<Value>, Obstacle> {
    let hand = parse(writer, path, found)?;
    let ours = image.file(path).and_then(|file| file.value.clone());
    let ids = image.rule_of(path);
    let expected = merge_sides(known.value.as_ref(), hand.as_ref(), ours.as_ref(), &ids);
    if hand.is_none() && ours.is_some() {
        tracing::warn!(
            file = path.join("/"),
            "the file was removed by hand while a write to it was pending; the write stays"
        );
    }
    let keep = || match &found.text {
        Some(text) => keep_conflict(served, &served.path_of(path), text, image.revision),
        None => Ok(()),
    };
    let is_conflict = |merged: &Option<Merged>| merged.as_ref().is_some_and(|it| it.conflict);
    if is_conflict(&expected) {
        keep()?;
    }
    let merged = submit(writer, path, found, known, hand.clone())?;
    if is_conflict(&merged) && !is_conflict(&expected) {
        // A write came in between and made a conflict of it.
        keep()?;
    }
    tracing::info!(file = path.join("/"), "an edit by hand was taken in");
    Ok(hand)
}

fn parse(
    writer: &Sender<Message>,
    path: &FilePath,
    found: &Found,
) -> Result<Option<Value>, Obstacle> {
    let Some(text) = &found.text else {
        return Ok(None);
    };
    Value::parse(text).map(Some).map_err(|error| {
        writer
            .send(Message::Broken(path.clone(), Some(error.clone())))
            .ok();
        Obstacle::Broken(error)
    })
}

fn submit(
    writer: &Sender<Message>,
    path: &FilePath,
    found: &Found,
    known: &OnDisk,
    hand: Option<Value>,
) -> Result<Option<Merged>, Obstacle> {
    let edit = HandEdit {
        path: path.clone(),
        base: known.value.clone(),
        hand,
        hash: found.hash,
        template: found.text.as_deref().map_or(Template::None, template_of),
    };
    let (answer, answered) = sync_channel(1);
    writer
        .send(Message::HandEdit(edit, answer))
        .map_err(|_| Obstacle::Journal)?;
    match answered.recv() {
        Ok(Ok(merged)) => Ok(merged),
        Ok(Err(_)) | Err(_) => Err(Obstacle::Journal),
    }
}

/// Keeps one side of a conflict beside the file, durably; what was kept before is never touched.
pub(crate) fn keep_conflict(
    served: &Served,
    disk_path: &str,
    text: &[u8],
    revision: Revision,
) -> io::Result<()> {
    let kept = free_name(served, disk_path, text, revision)?;
    if served.medium.read(&kept)?.is_none() {
        let temporary = Served::temporary_of(&kept, revision);
        served.medium.write(&temporary, text, None)?;
        served.medium.rename(&temporary, &kept)?;
    }
    served.medium.sync_folder(folder_of(&kept))?;
    tracing::warn!(
        file = disk_path,
        kept,
        "the two sides do not go together; one of them was kept beside the file"
    );
    Ok(())
}

/// A name that is free, or that has this very text already.
fn free_name(
    served: &Served,
    disk_path: &str,
    text: &[u8],
    revision: Revision,
) -> io::Result<String> {
    let mut name = format!("{disk_path}.conflict-{revision}");
    let mut tries = 1;
    while served
        .medium
        .read(&name)?
        .is_some_and(|there| there != text)
    {
        tries += 1;
        name = format!("{disk_path}.conflict-{revision}-{tries}");
    }
    Ok(name)
}
