//! An edit by hand that was made while changes were pending and nobody ran.
//!
//! The journal keeps the text of a short file that the hand began with, and of a long one the
//! records that the changes touched. So the two sides are merged as if the server had run. Where
//! the base is not known, the hand's text is kept, and the changes are made to it as far as they
//! can be aimed.

use super::Recovered;
use super::file::Read;
use crate::change::Operation;
use crate::checkpoint::{OnDisk, template_of};
use crate::conflict::keep_conflict;
use crate::contract::{Address, Revision};
use crate::image::{File, FilePath, Image, Template};
use crate::journal::entry::Mark;
use crate::journal::reader::OpenError;
use crate::merge::{Merge, Sides, changes};
use crate::message::TakenBefore;
use crate::replay::{Content, aim_at_unit, replay};
use crate::served::Served;
use crate::undo::with_undo;
use bytes::Bytes;
use jsond_document::{Difference, DifferenceEdit, Json, Value, diff};
use std::collections::HashSet;
use std::time::SystemTime;

type Pending = [(Revision, SystemTime, Operation)];

/// An edit by hand, and what was pending for its file.
pub(super) struct EditFound<'a> {
    pub(super) path: &'a FilePath,
    pub(super) read: &'a Read,
    /// The content that the hand began with.
    pub(super) done: Option<&'a Mark>,
    /// Its text, where that is known; empty where there was no file.
    pub(super) base_text: Option<Bytes>,
    pub(super) pending: &'a Pending,
    /// The revisions of contents that the hand may have begun with instead: a checkpoint was about
    /// to write them.
    pub(super) begun: Vec<Revision>,
}

impl EditFound<'_> {
    /// Brings an edited file and its pending changes together.
    pub(super) fn merge(
        &self,
        served: &Served,
        recovered: &mut Recovered,
    ) -> Result<(), OpenError> {
        let broken = self.read.file.as_ref().and_then(|file| file.broken.clone());
        let bases = self.bases(&recovered.image, broken.is_some());
        if let (Some(_), Some((base, ours))) = (&broken, &bases) {
            self.wait_for_mending(base, ours, recovered);
            return Ok(());
        }
        let (image, merge) = match bases {
            Some((base, ours)) => self.merge_with(served, &base, &ours, recovered.last)?,
            None => self.merge_without_base(served, recovered)?,
        };
        let revision = recovered.last;
        recovered.image = Image { revision, ..image };
        if broken.is_some() {
            // It is not overwritten, whatever is pending for it.
            recovered.image = recovered.image.with_broken(self.path, broken);
            return Ok(());
        }
        self.take(merge, recovered);
        Ok(())
    }

    /// DURABILITY: the merged file is of the revision that the writer gives to its line before it
    /// does anything else. A checkpoint that begins earlier must not mark the merged content as one
    /// that lacks the edit.
    fn take(&self, merge: Merge, recovered: &mut Recovered) {
        let line = Revision(recovered.last.0 + 1 + recovered.taken.len() as u64);
        if let Some(file) = recovered.image.file(self.path) {
            let file = File::clone(file);
            let file = File {
                revision: line,
                ..file
            };
            recovered.image = recovered.image.with_file(self.path, Some(file));
        }
        if let Some(on_disk) = recovered.on_disk.get_mut(self.path)
            && merge.pending.is_empty()
        {
            on_disk.revision = line;
        }
        let (path, hash) = (self.path.clone(), self.read.hash);
        recovered.taken.push(TakenBefore { path, hash, merge });
    }

    /// What the hand began with, and what the changes made of that; as far as it is known.
    fn bases(&self, edited: &Image, is_broken: bool) -> Option<(Image, Image)> {
        let pending: Vec<_> = self.pending.iter().collect();
        let (base, content) = match &self.base_text {
            Some(text) => (self.base_of_text(edited, text)?, Content::Known),
            None if is_broken => return None,
            None => (self.base_of_units(edited)?, Content::Restored),
        };
        let (ours, aside) = replay(&base, &pending, content);
        let base = self.begun_with(base, content);
        aside.is_empty().then_some((base, ours))
    }

    /// What the hand began with, of all that may have been on disk: the one that is most like what
    /// the hand left.
    fn begun_with(&self, base: Image, content: Content) -> Image {
        let hand = self.read.file.as_ref().and_then(|file| file.value.as_ref());
        let Some(hand) = hand else {
            return base;
        };
        let distance = |image: &Image| {
            let value = image.file(self.path).and_then(|file| file.value.as_ref());
            value.map_or(usize::MAX, |value| {
                let differences = diff(value, hand, &image.rule_of(self.path));
                differences.iter().map(weight).sum()
            })
        };
        let later = self.begun.iter().map(|revision| {
            let held = self.pending.iter().take_while(|(it, ..)| it <= revision);
            replay(&base, &held.collect::<Vec<_>>(), content).0
        });
        let mut best = (distance(&base), base.clone());
        for image in later {
            let distance = distance(&image);
            if distance < best.0 {
                best = (distance, image);
            }
        }
        best.1
    }

    fn base_of_text(&self, edited: &Image, text: &Bytes) -> Option<Image> {
        if text.is_empty() {
            return Some(edited.with_file(self.path, None));
        }
        let value = Value::indexed(Json::parse(text).ok()?, &edited.rule_of(self.path));
        let base = edited.with_value(self.path, Some(&value));
        let file = File::clone(base.file(self.path)?);
        let template = template_of(text);
        let broken = None;
        Some(base.with_file(
            self.path,
            Some(File {
                template,
                broken,
                ..file
            }),
        ))
    }

    /// The hand's file with all units that the changes touched as they were before; none when that
    /// is not known of one of them.
    fn base_of_units(&self, edited: &Image) -> Option<Image> {
        let mut known: HashSet<Vec<String>> = HashSet::new();
        let mut base = edited.clone();
        for (revision, time, operation) in self.pending {
            let address = operation.address_tokens();
            if (0..=address.len()).any(|length| known.contains(&address[..length])) {
                continue;
            }
            let undo = operation.undo.as_ref()?;
            let unit = Address(address[..undo.tokens].to_vec());
            let put_back = aim_at_unit(&base, &unit, undo.was.clone(), operation)?;
            if let Some(put_back) = put_back {
                base = base.apply(&[put_back], *revision, *time).ok()?;
            }
            known.insert(unit.0);
        }
        // Without a file there is nothing to have a unit of, but the whole of it.
        (base.file(self.path).is_some() || known.contains(self.path)).then_some(base)
    }

    /// Broken text is not overwritten: what is pending waits, and the last good version is served.
    fn wait_for_mending(&self, base: &Image, ours: &Image, recovered: &mut Recovered) {
        let broken = self.read.file.as_ref().and_then(|file| file.broken.clone());
        let revision = recovered.last;
        let image = Image {
            revision,
            ..ours.clone()
        };
        recovered.image = image.with_broken(self.path, broken);
        let on_disk = OnDisk {
            hash: self.done.and_then(|done| done.hash),
            revision: self.done.map_or(Revision(0), |done| done.revision),
            value: base.file(self.path).and_then(|file| file.value.clone()),
            seen: None,
        };
        recovered.on_disk.insert(self.path.clone(), on_disk);
    }

    fn merge_with(
        &self,
        served: &Served,
        base: &Image,
        ours: &Image,
        last: Revision,
    ) -> Result<(Image, Merge), OpenError> {
        let hand = self.read.file.as_ref();
        let sides = Sides {
            path: self.path.clone(),
            base: base.file(self.path).and_then(|file| file.value.clone()),
            held: Revision(0),
            hand: hand.and_then(|file| file.value.clone()),
            has_text: hand.is_none_or(|file| matches!(file.template, Template::Text(_))),
        };
        // Records are told apart by the members that identified them when the changes were made.
        let names = self.pending.last().map(|(_, _, operation)| &operation.ids);
        let ruled = Image {
            ids: names.unwrap_or(&ours.ids).clone(),
            ..ours.clone()
        };
        let merge = Merge::of(&sides, &ruled);
        if merge.conflict {
            self.keep(served, last)?;
        }
        let image = ours
            .apply(&merge.patch, last, SystemTime::now())
            .expect("INVARIANT: made for this image");
        match (image.file(self.path), hand) {
            (Some(file), Some(hand)) => {
                let template = hand.template.clone();
                let file = File {
                    template,
                    ..File::clone(file)
                };
                Ok((image.with_file(self.path, Some(file)), merge))
            }
            (Some(_), None) => {
                tracing::warn!(
                    file = self.path.join("/"),
                    "the file was removed by hand while a write to it was pending; the write stays"
                );
                Ok((image, merge))
            }
            (None, _) => Ok((image, merge)),
        }
    }

    /// Makes the changes to the hand's text as far as they can be aimed; keeps that text, and what
    /// cannot be aimed as a JSON Patch.
    fn merge_without_base(
        &self,
        served: &Served,
        recovered: &Recovered,
    ) -> Result<(Image, Merge), OpenError> {
        let path = self.path;
        self.keep(served, recovered.last)?;
        let is_whole = |it: &Operation| it.path.tokens() == path;
        let start = self.pending.iter().rposition(|(_, _, it)| is_whole(it));
        let pending: Vec<_> = self.pending[start.unwrap_or(0)..].iter().collect();
        let (image, aside) = replay(&recovered.image, &pending, Content::Edited);
        keep_aside(served, &self.read.disk_path, &aside, recovered.last)?;
        let hand = self.read.file.as_ref().and_then(|file| file.value.as_ref());
        let merged = image.file(path).and_then(|file| file.value.clone());
        let pending = changes(&image, path, hand, merged.as_ref());
        let merge = Merge {
            // Of what was there before nothing is known that a patch could be made against.
            patch: changes(&image, path, None, merged.as_ref()),
            pending: with_undo(pending, &image.with_value(path, hand), |_| false),
            conflict: false,
        };
        Ok((image, merge))
    }

    /// Keeps the hand's text beside the file.
    fn keep(&self, served: &Served, last: Revision) -> Result<(), OpenError> {
        let disk_path = &self.read.disk_path;
        let failed = || OpenError::io(format!("the edited {disk_path} cannot be kept"));
        match served.medium.read(disk_path).map_err(failed())? {
            Some(text) => keep_conflict(served, disk_path, &text, last).map_err(failed()),
            None => Ok(()),
        }
    }
}

/// How much a difference counts: one that replaces everything is no likeness.
fn weight(difference: &Difference) -> usize {
    match &difference.edit {
        DifferenceEdit::Add { value, .. } | DifferenceEdit::Replace(value) => {
            32 + value.len_bytes()
        }
        DifferenceEdit::Remove => 32,
    }
}

/// Keeps acknowledged changes that do not apply as a JSON Patch beside the file.
fn keep_aside(
    served: &Served,
    disk_path: &str,
    aside: &[Operation],
    revision: Revision,
) -> Result<(), OpenError> {
    if aside.is_empty() {
        return Ok(());
    }
    let mut patch = Vec::new();
    crate::change::encode(aside, &mut patch);
    patch.push(b'\n');
    let patch_path = format!("{disk_path}.patch");
    keep_conflict(served, &patch_path, &patch, revision).map_err(OpenError::io(format!(
        "the pending changes of {disk_path} cannot be kept"
    )))
}
