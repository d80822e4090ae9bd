//! An edit by hand that was made while changes were pending and nobody ran.
//!
//! The journal keeps the text of a short file that the hand began with, and of a long one the
//! records that the changes touched. So the two sides are merged as if the server had run. Where
//! the base is not known, the hand's text is kept, and the changes are made to it as far as they
//! can be aimed.

use super::Recovered;
use super::file::Read;
use super::history::Histories;
use crate::change::Operation;
use crate::checkpoint::{OnDisk, Remembered, template_of};
use crate::conflict::keep_conflict;
use crate::contract::{Address, Revision};
use crate::image::{File, FilePath, Image, Template};
use crate::journal::entry::Mark;
use crate::journal::reader::{OpenError, read_segments};
use crate::medium::Medium;
use crate::merge::{Merge, Sides, changes, distance};
use crate::message::TakenBefore;
use crate::progress::Progress;
use crate::replay::{Content, aim_at_unit, replay};
use crate::served::Served;
use crate::state::State;
use crate::undo::with_undo;
use bytes::Bytes;
use jsond_document::{Json, Value};
use std::collections::HashSet;
use std::time::SystemTime;

type Pending = [(Revision, SystemTime, Operation)];

/// What a file was before its pending changes, and what these made of that, as the journal tells;
/// none where it does not tell, or speaks of another content than this. What no change touched is
/// taken from the image.
pub(crate) fn bases_in_journal(
    journal: &dyn Medium,
    path: &FilePath,
    hash: Option<u128>,
    image: &Image,
) -> Option<(Option<Value>, Option<Value>)> {
    let state = State::find(journal).ok()?;
    let read = read_segments(journal, &state, &Progress::silent()).ok()?;
    let entries = read.into_iter().flat_map(|it| it.contents.entries);
    let mut histories = Histories::of(entries.collect(), &state);
    let history = histories.files.remove(path)?;
    let done = history.done().filter(|done| done.hash == hash)?;
    let read = Read {
        disk_path: String::new(),
        file: image.file(path).map(|file| File::clone(file)),
        hash: None,
        stat: None,
    };
    let edit = EditFound {
        path,
        read: &read,
        done: Some(done),
        base_text: history.base_text(),
        pending: &history.pending(Some(done)),
        begun: Vec::new(),
    };
    let (base, ours) = edit.bases(image, false)?;
    let value_in = |image: &Image| image.file(path).and_then(|file| file.value.clone());
    Some((value_in(&base), value_in(&ours)))
}

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
        if broken.is_some() {
            self.wait_for_mending(bases, recovered);
            return Ok(());
        }
        let (image, merge) = match bases {
            Some((base, ours)) => self.merge_with(served, &base, &ours, recovered.last)?,
            None => self.merge_without_base(served, recovered)?,
        };
        let revision = recovered.last;
        recovered.image = Image { revision, ..image };
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
        let distance_of = |image: &Image| {
            let value = image.file(self.path).and_then(|file| file.value.as_ref());
            value.map_or(usize::MAX, |value| {
                distance(value, hand, &image.rule_of(self.path))
            })
        };
        let later = self.begun.iter().map(|revision| {
            let held = self.pending.iter().take_while(|(it, ..)| it <= revision);
            replay(&base, &held.collect::<Vec<_>>(), content).0
        });
        let all = std::iter::once(base.clone()).chain(later);
        all.min_by_key(distance_of).unwrap_or(base)
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

    /// Broken text is not overwritten: what is pending waits in the journal, and the last good
    /// version is served where it is known.
    fn wait_for_mending(&self, bases: Option<(Image, Image)>, recovered: &mut Recovered) {
        let value_in = |image: &Image| image.file(self.path).and_then(|file| file.value.clone());
        let on_disk = OnDisk {
            hash: self.done.and_then(|done| done.hash),
            revision: self.done.map_or(Revision(0), |done| done.revision),
            content: Remembered::of(bases.as_ref().and_then(|(base, _)| value_in(base))),
            seen: None,
        };
        recovered.on_disk.insert(self.path.clone(), on_disk);
        let image = bases.map_or_else(|| recovered.image.clone(), |(_, ours)| ours);
        let broken = self.read.file.as_ref().and_then(|file| file.broken.clone());
        let last = self.pending.last().map(|(revision, ..)| *revision);
        let file = image.file(self.path).map(|file| File {
            broken,
            revision: last.unwrap_or(file.revision),
            ..File::clone(file)
        });
        recovered.image = Image {
            revision: recovered.last,
            ..image.with_file(self.path, file)
        };
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
