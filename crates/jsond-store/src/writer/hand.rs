//! What the writer does with edits by hand: those that recovery merged, those that a checkpoint
//! found, and files that are broken JSON or no longer.

use super::Writer;
use crate::contract::Revision;
use crate::image::{File, FilePath, Template};
use crate::journal::entry::{Body, Edited, Mark};
use crate::merge::Merge;
use crate::message::{Batch, HandAnswer, HandEdit, Taken, TakenBefore, Waiting};
use std::time::SystemTime;

impl Writer {
    /// DURABILITY: what recovery merged into edits by hand is journaled before anything else, so
    /// that later changes have a base that can be told. Without that no write is taken.
    pub(super) fn journal_taken(&mut self) {
        let mut batch = self.new_batch();
        for TakenBefore { path, hash, merge } in std::mem::take(&mut self.taken) {
            batch.touched.insert(path.clone());
            self.enter_edited(path, hash, merge, None, &mut batch);
        }
        if self.run_batch(batch).is_err() {
            self.health.latch();
        }
    }

    pub(super) fn take_hand_edit(
        &mut self,
        mut edit: HandEdit,
        answer: HandAnswer,
        batch: &mut Batch,
    ) {
        let path = &edit.sides.path;
        let now = self.image.file(path).map_or(Revision(0), |it| it.revision);
        let merge = match edit.merge.take() {
            Some((against, merge)) if against == now => merge,
            _ => Merge::of(&edit.sides, &self.image),
        };
        if merge.conflict && !edit.conflict_is_kept {
            answer.send(Ok(Taken::Conflict(Box::new(edit)))).ok();
            return;
        }
        if !merge.patch.is_empty() {
            self.mark_all_clean(&merge.patch, batch);
            self.apply(&merge.patch, SystemTime::now());
        }
        batch.touched.insert(path.clone());
        let is_whole = merge.pending.is_empty();
        let HandEdit {
            sides,
            hash,
            template,
            ..
        } = edit;
        // A file that was removed keeps its layout if it comes back.
        let template = hash.is_some().then_some(template);
        let revision = self.enter_edited(sides.path, hash, merge, template, batch);
        let taken = Taken::Done { revision, is_whole };
        batch.waiting.push(Waiting::Hand(answer, taken));
    }

    /// Enters the line of an edit whose patch the image holds; says which revision the file on disk
    /// holds then.
    ///
    /// DURABILITY: one line says what lies on disk, what the hand did, and what the file lacks. So
    /// recovery finds either all of it or none.
    fn enter_edited(
        &mut self,
        path: FilePath,
        hash: Option<u128>,
        merge: Merge,
        template: Option<Template>,
        batch: &mut Batch,
    ) -> Revision {
        let Merge { patch, pending, .. } = merge;
        let line = self.last.next();
        let is_whole = pending.is_empty();
        let mut text = None;
        let was_never_read = |it: &std::sync::Arc<File>| hash.is_none() && it.value.is_none();
        if self.image.file(&path).is_some_and(was_never_read) {
            self.image = self.image.with_file(&path, None);
            batch.refresh = true;
        }
        if let Some(file) = self.image.file(&path) {
            let mut file = File::clone(file);
            file.template = template.unwrap_or(file.template);
            if let (Template::Text(it), false) = (&file.template, is_whole) {
                text = Some(it.clone());
            }
            file.broken = None;
            if !is_whole {
                // What is pending is behind the content on disk.
                file.revision = line;
            }
            self.image = self.image.with_file(&path, Some(file));
            batch.refresh = true;
        }
        self.marks
            .note_text(&path, text.is_some() || hash.is_none());
        let edited = Edited {
            path: path.clone(),
            hash,
            patch,
            pending,
            text,
        };
        self.enter(Body::Edited(Box::new(edited)), batch);
        let revision = if is_whole { line } else { Revision(line.0 - 1) };
        batch.said.insert(path.clone());
        batch.found.push(Mark {
            path,
            revision,
            hash,
        });
        revision
    }

    /// Notes that a file on disk is broken, or is no longer. One that was never readable is in the
    /// image for as long as it is there.
    pub(super) fn set_broken(
        &mut self,
        path: &FilePath,
        error: Option<jsond_document::SyntaxError>,
        batch: &mut Batch,
    ) {
        let image = match (self.image.file(path), &error) {
            (None, None) => return,
            (None, Some(_)) => {
                let file = File {
                    value: None,
                    broken: error,
                    revision: Revision(0),
                    modified: SystemTime::now(),
                    template: Template::None,
                    ids: self.image.rule_of(path),
                };
                self.image.with_file(path, Some(file))
            }
            (Some(file), None) if file.value.is_none() => self.image.with_file(path, None),
            (Some(_), _) => self.image.with_broken(path, error),
        };
        self.image = image;
        batch.refresh = true;
    }

    /// Makes the folders of the image those that are on disk.
    pub(super) fn set_folders(&mut self, folders: &[FilePath], batch: &mut Batch) {
        let image = self.image.with_folders(folders);
        if let Some(image) = image {
            self.image = image;
            batch.refresh = true;
        }
    }
}
