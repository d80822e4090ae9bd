//! Takes what other programs did to files into the image.
//!
//! The content on disk is made durable and, where the two sides do not go together, kept beside the
//! file, before the edit is journaled: from then on it counts as what lies there, and a checkpoint
//! may replace it.

use super::look::{Found, OnDisk, Remembered, rememberable};
use super::{Checkpointer, Looked, Obstacle, template_of};
use crate::conflict::keep_conflict;
use crate::contract::Revision;
use crate::image::{FilePath, Image, Template};
use crate::medium::folder_of;
use crate::merge::{Merge, Sides, distance};
use crate::message::{HandEdit, Message, Taken};
use crate::recovery::bases_in_journal;
use crate::served::Served;
use bytes::Bytes;
use jsond_document::{SyntaxError, Value};
use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Instant;

/// An edit by hand that was found and read.
pub(super) struct Edit {
    known: OnDisk,
    /// None where the file was removed.
    hand: Option<Value>,
}

/// What an edit by hand is compared with.
struct Base {
    base: Option<Value>,
    /// What the changes made of it, where the image does not show that.
    ours: Option<Value>,
}

/// The answer of the writer that is waited for.
type Answer = Receiver<Result<Taken, crate::StoreError>>;

impl Checkpointer {
    /// Judges a content that is not what was left there, and reads it.
    pub(super) fn look_at_edit(
        &mut self,
        path: &FilePath,
        known: OnDisk,
        found: Found,
    ) -> Result<Option<Looked>, Obstacle> {
        let parsed = found.text.as_deref().map(Value::parse).transpose();
        let is_whole = matches!(parsed, Ok(Some(_)));
        let now = Instant::now();
        if !self.schedule.is_meant(path, found.hash, is_whole, now) {
            return Ok(None);
        }
        let hand = match parsed {
            Ok(None) if self.served.single.is_some() => {
                return Ok(self.miss_the_root(path, known, found));
            }
            Ok(hand) => hand,
            Err(error) => {
                self.set_broken(path, Some(error.clone()));
                if self.is_behind(path, &known) {
                    return Err(Obstacle::Broken(error));
                }
                self.schedule.note_rest(path);
                return Ok(None);
            }
        };
        let edit = Some(Edit { known, hand });
        let path = path.clone();
        Ok(Some(Looked {
            path,
            found,
            edit,
            is_unsure: false,
        }))
    }

    /// There is always a root document: where a hand has removed its file, it is served as it was,
    /// and comes back with the next write.
    fn miss_the_root(&mut self, path: &FilePath, known: OnDisk, found: Found) -> Option<Looked> {
        tracing::warn!("the served file was removed; the next write makes it again");
        let is_behind = self.is_behind(path, &known);
        let (hash, seen) = (None, None);
        let known = OnDisk {
            hash,
            seen,
            ..known
        };
        self.on_disk.insert(path.clone(), known);
        if !is_behind {
            self.schedule.note_rest(path);
            return None;
        }
        let (path, edit) = (path.clone(), None);
        let may_write = self.schedule.may_write(&path, Instant::now());
        may_write.then_some(Looked {
            path,
            found,
            edit,
            is_unsure: false,
        })
    }

    /// Tells the writer whether a file on disk is broken; says it once.
    pub(super) fn set_broken(&self, path: &FilePath, error: Option<SyntaxError>) {
        let image = self.published.load();
        let now = image.file(path).and_then(|file| file.broken.as_ref());
        if now == error.as_ref() {
            return;
        }
        let told = Message::Broken(path.clone(), error.clone());
        self.writer.send(told).ok();
        // Who reads this and writes stands behind it in the queue of the writer.
        if let Some(error) = error {
            tracing::warn!(
                file = path.join("/"),
                %error,
                "the file is broken JSON; the last good version is served, and it is not overwritten"
            );
        }
    }

    /// Takes in all edits of a round; leaves what is to be written.
    pub(super) fn take_in(&mut self, looked: Vec<Looked>) -> Vec<Looked> {
        let (edits, mut left): (Vec<_>, Vec<_>) =
            looked.into_iter().partition(|one| one.edit.is_some());
        let edits = self.make_edits_durable(edits);
        let image = self.published.load_full();
        let mut waiting = Vec::new();
        for one in edits {
            match self.submit_edit(&one, &image) {
                Ok(answer) => waiting.push((one, answer)),
                Err(obstacle) => self.put_off(&one.path, &obstacle),
            }
        }
        for (one, answer) in waiting {
            let path = one.path.clone();
            match self.finish_edit(one, &answer) {
                Ok(some) => left.extend(some),
                Err(obstacle) => self.put_off(&path, &obstacle),
            }
        }
        left
    }

    /// DURABILITY: what is journaled as lying on disk has to survive a power cut.
    fn make_edits_durable(&mut self, edits: Vec<Looked>) -> Vec<Looked> {
        let medium = &self.served.medium;
        let mut failed = Vec::new();
        let mut folders = BTreeSet::new();
        let mut good = Vec::new();
        for one in edits {
            let disk_path = self.served.path_of(&one.path);
            let synced = match one.found.hash {
                Some(_) => medium.sync(&disk_path),
                None => Ok(()),
            };
            match synced {
                Ok(()) => {
                    folders.insert(folder_of(&disk_path).to_owned());
                    good.push(one);
                }
                Err(error) => failed.push((one.path, Obstacle::from(error))),
            }
        }
        // A folder that is gone has no names to be lost.
        folders.retain(|folder| {
            medium
                .sync_folder(folder)
                .is_err_and(|error| error.kind() != std::io::ErrorKind::NotFound)
        });
        let (bad, good): (Vec<_>, Vec<_>) = good
            .into_iter()
            .partition(|one| folders.contains(folder_of(&self.served.path_of(&one.path))));
        failed.extend(bad.into_iter().map(|one| (one.path, Obstacle::Folder)));
        for (path, obstacle) in failed {
            self.put_off(&path, &obstacle);
        }
        good
    }

    fn submit_edit(&self, looked: &Looked, image: &Image) -> Result<Answer, Obstacle> {
        let Looked {
            path, found, edit, ..
        } = looked;
        let Some(Edit { known, hand }) = edit else {
            return Err(Obstacle::Moved);
        };
        let template = found.text.as_deref().map_or(Template::None, template_of);
        let known = &self.nearest(path, known, hand.as_ref(), image);
        let Base { base, ours } = self.base_of(path, known, hand.as_ref(), image);
        let sides = Sides {
            has_text: !matches!(template, Template::OnDisk(_)),
            path: path.clone(),
            base,
            held: known.revision,
            hand: hand.clone(),
        };
        let against = image.file(path).map_or(Revision(0), |file| file.revision);
        let merge = match ours {
            Some(ours) => Merge::of_hidden(&sides, image, &ours),
            None => Merge::of(&sides, image),
        };
        if merge.conflict {
            self.keep_conflict(path, found, image)?;
        }
        self.send_edit(HandEdit {
            conflict_is_kept: merge.conflict,
            merge: Some((against, merge)),
            sides,
            hash: found.hash,
            template,
        })
    }

    /// DURABILITY: the hand may have begun with a content whose checkpoint failed in a later step.
    /// What that had is not the hand's, and must not undo what came later.
    fn nearest(
        &self,
        path: &FilePath,
        known: &OnDisk,
        hand: Option<&Value>,
        image: &Image,
    ) -> OnDisk {
        let value_of = |it: &OnDisk| match &it.content {
            Remembered::Value(value) => Some(value.clone()),
            _ => None,
        };
        let (Some(hand), Some(_)) = (hand, value_of(known)) else {
            return known.clone();
        };
        let rule = image.rule_of(path);
        let distance =
            |it: &OnDisk| value_of(it).map_or(usize::MAX, |value| distance(&value, hand, &rule));
        let announced = self.announced.get(path).into_iter().flatten();
        let all = std::iter::once(known).chain(announced);
        let nearest = all.min_by_key(|it| distance(it));
        nearest.unwrap_or(known).clone()
    }

    /// Finds what an edit is to be compared with.
    fn base_of(
        &self,
        path: &FilePath,
        known: &OnDisk,
        hand: Option<&Value>,
        image: &Image,
    ) -> Base {
        let ours = image.file(path).and_then(|file| file.value.clone());
        let is_pending = known.hash.is_some() && self.is_behind(path, known);
        let base = match &known.content {
            Remembered::Value(value) => Some(value.clone()),
            Remembered::Large(_) if !is_pending => ours,
            Remembered::None if !is_pending => None,
            Remembered::Large(_) | Remembered::None => {
                return self.base_in_journal(path, known, hand, image);
            }
        };
        Base { base, ours: None }
    }

    /// The base of a long file is in the journal, as far as the pending changes touch it.
    fn base_in_journal(
        &self,
        path: &FilePath,
        known: &OnDisk,
        hand: Option<&Value>,
        image: &Image,
    ) -> Base {
        // What was said to the writer before is journaled when this is answered.
        let (answer, answered) = sync_channel(1);
        let barrier = Message::Mark(Vec::new(), answer);
        let is_journaled = self.writer.send(barrier).is_ok() && answered.recv().is_ok();
        // What was taken away is put back into the image; where that shows nothing, into what the
        // hand left, and what the changes made of it is asked for as well.
        let is_hidden = image.file(path).is_none_or(|file| file.value.is_none());
        let known_since = match is_hidden {
            true => &image.with_value(path, hand),
            false => image,
        };
        let found = match is_journaled {
            true => bases_in_journal(&*self.journal, path, known.hash, known_since),
            false => None,
        };
        let (base, ours) = found.unwrap_or_default();
        Base {
            base,
            ours: ours.filter(|_| is_hidden),
        }
    }

    fn send_edit(&self, edit: HandEdit) -> Result<Answer, Obstacle> {
        let (answer, answered) = sync_channel(1);
        let message = Message::HandEdit(Box::new(edit), answer);
        self.writer.send(message).map_err(|_| Obstacle::Journal)?;
        Ok(answered)
    }

    /// Keeps the text of another program that a temporary file still has: the next one would get
    /// the same name.
    pub(super) fn free_stuck(&mut self, path: &FilePath) -> Result<(), Obstacle> {
        let disk_path = self.served.path_of(path);
        let is_of_file = |temporary: &&String| Served::is_temporary_of(&disk_path, temporary);
        let Some(temporary) = self.stuck.iter().find(is_of_file).cloned() else {
            return Ok(());
        };
        let revision = self.published.load().revision;
        self.clear_away(&temporary, &disk_path, None, revision)?;
        self.stuck.remove(&temporary);
        Ok(())
    }

    /// Keeps what a program wrote into a file that had been taken away already.
    pub(super) fn keep_late(&self, late: Vec<(FilePath, Bytes)>) {
        let image = self.published.load();
        for (path, text) in late {
            let disk_path = self.served.path_of(&path);
            let kept = keep_conflict(&self.served, &disk_path, &text, image.revision);
            if let Err(error) = kept {
                tracing::warn!(file = disk_path, %error, "an edit by hand came late and is lost");
            }
        }
    }

    fn keep_conflict(&self, path: &FilePath, found: &Found, image: &Image) -> Result<(), Obstacle> {
        if let Some(text) = &found.text {
            let disk_path = self.served.path_of(path);
            keep_conflict(&self.served, &disk_path, text, image.revision)?;
        }
        Ok(())
    }

    /// Waits until an edit is durable; gives the file if it is to be written now.
    fn finish_edit(&mut self, looked: Looked, answer: &Answer) -> Result<Option<Looked>, Obstacle> {
        let Looked {
            path, found, edit, ..
        } = looked;
        let taken = match answer.recv() {
            Ok(Ok(Taken::Conflict(mut edit))) => {
                // A write came in between and made a conflict of it.
                let image = self.published.load_full();
                self.keep_conflict(&path, &found, &image)?;
                edit.conflict_is_kept = true;
                match self.send_edit(*edit)?.recv() {
                    Ok(Ok(taken)) => taken,
                    _ => return Err(Obstacle::Journal),
                }
            }
            Ok(Ok(taken)) => taken,
            Ok(Err(_)) | Err(_) => return Err(Obstacle::Journal),
        };
        let Taken::Done { revision, is_whole } = taken else {
            return Err(Obstacle::Moved);
        };
        let hand = edit.and_then(|edit| edit.hand);
        if hand.is_none() && !is_whole {
            tracing::warn!(
                file = path.join("/"),
                "the file was removed by hand while a write to it was pending; the write stays"
            );
        }
        tracing::info!(file = path.join("/"), "an edit by hand was taken in");
        let image = self.published.load();
        // The value in the image shares its text with later versions, the hand's own does not.
        let ours = image.file(&path).filter(|file| file.revision == revision);
        let value = match (is_whole, ours) {
            (true, Some(file)) => file.value.clone(),
            _ => hand,
        };
        let on_disk = OnDisk {
            hash: found.hash,
            revision,
            content: Remembered::of(value),
            seen: rememberable(found.stat),
        };
        self.schedule.note_rest(&path);
        let is_behind = self.is_behind(&path, &on_disk);
        let is_gone = on_disk.hash.is_none() && image.file(&path).is_none();
        drop(image);
        if is_gone {
            self.on_disk.remove(&path);
        } else {
            self.on_disk.insert(path.clone(), on_disk);
        }
        self.announced.remove(&path);
        self.half.remove(&path);
        let edit = None;
        let looked = || Looked {
            path: path.clone(),
            found,
            edit,
            is_unsure: false,
        };
        let now = Instant::now();
        if is_behind {
            self.schedule.touch([path.clone()], now);
        }
        Ok((is_behind && self.schedule.may_write(&path, now)).then(looked))
    }
}
