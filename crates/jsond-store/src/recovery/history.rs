//! What the journal says of each file: which contents it may have, and what was changed.

use crate::change::Operation;
use crate::contract::Revision;
use crate::image::FilePath;
use crate::journal::entry::{Body, Edited, Entry, Mark};
use crate::state::State;
use bytes::Bytes;
use std::collections::{BTreeMap, HashSet};
use std::time::SystemTime;

/// One step of a file's way, with its revision and time.
pub(super) type Step = (Revision, SystemTime, StepKind);

/// What happened in a step.
pub(super) enum StepKind {
    /// An operation of a change.
    Operation(Operation),
    /// An edit by hand.
    Edited(Box<Edited>),
}

/// What the journal says of one file, in order.
#[derive(Default)]
pub(super) struct History {
    /// The contents that may lie on disk: the last one that was done, and those announced since.
    marks: Vec<Mark>,
    /// The last content that was on disk for certain.
    done: Option<Mark>,
    /// Its text, where that is kept.
    text: Option<Bytes>,
    steps: Vec<Step>,
    /// Every content that the file was ever said to have.
    hashes: HashSet<u128>,
    /// The revisions of all marks.
    revisions: HashSet<Revision>,
}

impl History {
    /// Finds what a content is known to hold.
    pub(super) fn find(&self, hash: Option<u128>) -> Option<&Mark> {
        self.marks.iter().rev().find(|mark| mark.hash == hash)
    }

    /// The last content that was on disk for certain.
    pub(super) fn done(&self) -> Option<&Mark> {
        self.done.as_ref()
    }

    /// The text of the last content that was on disk for certain, where that is kept; empty where
    /// there was no file.
    pub(super) fn base_text(&self) -> Option<Bytes> {
        let done = self.done.as_ref()?;
        match done.hash {
            None => Some(Bytes::new()),
            Some(_) => self.text.clone(),
        }
    }

    /// The marks of what a checkpoint may have written since the content that was there for certain.
    pub(super) fn announced(&self) -> impl DoubleEndedIterator<Item = &Mark> {
        self.marks.iter().skip(usize::from(self.done.is_some()))
    }

    /// Judges whether a checkpoint of this revision was about to remove the file.
    pub(super) fn is_going(&self, revision: Revision) -> bool {
        let is_it = |mark: &Mark| mark.hash.is_none() && mark.revision == revision;
        self.announced().any(is_it)
    }

    /// The contents that a checkpoint may have been about to write, the newest first.
    pub(super) fn announced_hashes(&self) -> impl Iterator<Item = u128> {
        self.announced().rev().filter_map(|mark| mark.hash)
    }

    /// The revisions of the contents that a checkpoint may have written since the last that was
    /// there for certain.
    pub(super) fn begun(&self) -> Vec<Revision> {
        self.announced().map(|mark| mark.revision).collect()
    }

    /// Judges whether the file ever had this content, as far as the journal goes back.
    pub(super) fn knows(&self, hash: u128) -> bool {
        self.hashes.contains(&hash)
    }

    /// Judges whether a checkpoint of this revision came so far that names may be exchanged.
    pub(super) fn was_announced(&self, revision: Revision) -> bool {
        self.revisions.contains(&revision)
    }

    pub(super) fn has_steps(&self) -> bool {
        !self.steps.is_empty()
    }

    /// The operations that a content lacks.
    pub(super) fn pending(&self, base: Option<&Mark>) -> Vec<(Revision, SystemTime, Operation)> {
        let held = base.map_or(Revision(0), |mark| mark.revision);
        let mut pending = Vec::new();
        for (revision, time, step) in &self.steps {
            if *revision <= held {
                continue;
            }
            let operations = match step {
                StepKind::Operation(operation) => std::slice::from_ref(operation),
                // To the very content of the edit the rest of the image is still to be added.
                StepKind::Edited(edited)
                    if held.next() == *revision
                        && base.is_some_and(|mark| mark.hash == edited.hash) =>
                {
                    &edited.pending
                }
                StepKind::Edited(edited) => &edited.patch,
            };
            let operations = operations.iter().cloned();
            pending.extend(operations.map(|operation| (*revision, *time, operation)));
        }
        pending
    }

    fn take_done(&mut self, mark: &Mark, text: Option<Bytes>) {
        let is_same = self
            .done
            .as_ref()
            .is_some_and(|done| done.hash == mark.hash);
        if text.is_some() || !is_same {
            self.text = text;
        }
        // An older content that lies there now was put back by a hand.
        self.marks.clear();
        self.done = Some(mark.clone());
        self.take_announced(mark);
    }

    fn take_announced(&mut self, mark: &Mark) {
        self.hashes.extend(mark.hash);
        self.revisions.insert(mark.revision);
        self.marks.push(mark.clone());
    }
}

/// The histories of all files of which the journal speaks.
pub(super) struct Histories {
    pub(super) files: BTreeMap<FilePath, History>,
}

impl Histories {
    pub(super) fn of(entries: Vec<Entry>, state: &State) -> Self {
        let mut files: BTreeMap<FilePath, History> = BTreeMap::new();
        for entry in &entries {
            let path = match &entry.body {
                Body::Mark(mark) | Body::Done(mark, _) => &mark.path,
                Body::Edited(edited) => &edited.path,
                Body::Change(_) | Body::Keyed(..) | Body::Passed(_) => continue,
            };
            files.entry(path.clone()).or_default();
        }
        let mut histories = Self { files };
        for entry in entries {
            histories.take(entry, state);
        }
        histories
    }

    fn take(&mut self, entry: Entry, state: &State) {
        let (revision, time) = (entry.revision, entry.time);
        let is_passed = revision <= state.passed;
        match entry.body {
            Body::Passed(_) => {}
            Body::Mark(mark) => self.of_file(&mark.path).take_announced(&mark),
            Body::Done(mark, text) => self.of_file(&mark.path).take_done(&mark, text),
            Body::Edited(edited) => {
                let history = self.of_file(&edited.path);
                history.take_done(&edited.mark(revision), edited.text.clone());
                if !is_passed {
                    history
                        .steps
                        .push((revision, time, StepKind::Edited(edited)));
                }
            }
            Body::Change(operations) | Body::Keyed(_, operations) => {
                for operation in operations.into_iter().filter(|_| !is_passed) {
                    self.take_operation(revision, time, operation);
                }
            }
        }
    }

    fn of_file(&mut self, path: &FilePath) -> &mut History {
        self.files.entry(path.clone()).or_default()
    }

    /// Finds the file that an operation's path leads into: every change is preceded by a mark of
    /// its file in the segments that are kept.
    fn take_operation(&mut self, revision: Revision, time: SystemTime, operation: Operation) {
        let tokens = operation.path.tokens();
        let length = (0..=tokens.len()).find(|&it| self.files.contains_key(&tokens[..it]));
        let Some(length) = length else {
            tracing::error!(path = %operation.path, "a change of a file without a mark");
            return;
        };
        let path = tokens[..length].to_vec();
        let step = StepKind::Operation(operation);
        self.of_file(&path).steps.push((revision, time, step));
    }
}
