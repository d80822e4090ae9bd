//! What the writer does with edits by hand: those that recovery merged, those that a checkpoint
//! found, and files that are broken JSON or no longer.

use super::Writer;
use crate::change::{Operation, OperationKind, Written};
use crate::contract::Revision;
use crate::image::{FilePath, Template};
use crate::journal::entry::{Body, Mark};
use crate::merge::merge_sides;
use crate::message::{Batch, HandAnswer, HandEdit, Waiting};
use jsond_document::Pointer;
use std::time::SystemTime;

impl Writer {
    /// DURABILITY: what recovery merged into edits by hand is journaled as a whole before anything
    /// else, so that later changes have a base that can be told. Without that no write is taken.
    pub(super) fn journal_merged(&mut self) {
        let mut batch = self.new_batch();
        for (path, hash) in std::mem::take(&mut self.merged) {
            let value = self.image.file(&path).and_then(|file| file.value.clone());
            if let Some(value) = value {
                let written = Written {
                    value,
                    text: None,
                    over: hash,
                };
                self.merge_over(path, written, &mut batch);
            }
        }
        if self.run_batch(batch).is_err() {
            self.set_latched();
        }
    }

    /// DURABILITY: the whole file, because the base is gone from the disk; and over which content,
    /// so that recovery does not take that content for another edit.
    fn merge_over(&mut self, path: FilePath, written: Written, batch: &mut Batch) {
        let hash = written.over;
        let kind = match self.image.file(&path) {
            Some(_) => OperationKind::Replace(written),
            None => OperationKind::Add(written),
        };
        let pointer = Pointer::from_tokens(path.iter().cloned());
        let operations = vec![Operation {
            kind,
            path: pointer,
            address: None,
            before: None,
            ids: self.image.ids.clone(),
        }];
        let time = SystemTime::now();
        self.apply(&operations, time, batch);
        self.enter_at(time, Body::Change(operations), batch);
        // What lies on disk now stands for everything before the merge.
        let revision = Revision(self.last.0 - 1);
        batch.found.push(Mark {
            path,
            revision,
            hash,
        });
    }

    pub(super) fn take_hand_edit(&mut self, edit: HandEdit, answer: HandAnswer, batch: &mut Batch) {
        let HandEdit {
            path,
            base,
            hand,
            hash,
            template,
        } = edit;
        let ours = self.image.file(&path).and_then(|file| file.value.clone());
        let ids = self.image.rule_of(&path);
        let merged = merge_sides(base.as_ref(), hand.as_ref(), ours.as_ref(), &ids);
        if let Some(merged) = &merged {
            let text = match template {
                Template::Text(text) => Some(text),
                Template::OnDisk(_) | Template::None => None,
            };
            let written = Written {
                value: merged.value.clone(),
                text,
                over: hash,
            };
            self.merge_over(path, written, batch);
        }
        batch.waiting.push(Waiting::Hand(answer, merged));
    }

    pub(super) fn set_broken(
        &mut self,
        path: &FilePath,
        error: Option<jsond_document::SyntaxError>,
        batch: &mut Batch,
    ) {
        let is_news = self
            .image
            .file(path)
            .is_some_and(|file| file.broken != error);
        if is_news {
            self.image = self.image.with_broken(path, error);
            batch.refresh = true;
        }
    }
}
