//! What the files on disk are known to hold, and which of them lack changes.

use crate::contract::Revision;
use crate::image::{FilePath, Image};
use crate::journal::entry::{Body, Mark};
use std::collections::{BTreeSet, HashMap, HashSet};

/// The newest marks of all files.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    on_disk: HashMap<FilePath, Mark>,
    /// Marks of checkpoints that are under way, or that failed in a later step: each may be what lies
    /// on disk.
    announced: HashMap<FilePath, Vec<Mark>>,
    /// Files whose text on disk is in the journal.
    with_text: BTreeSet<FilePath>,
}

impl Marks {
    pub(crate) fn new(on_disk: HashMap<FilePath, Mark>, announced: Vec<Mark>) -> Self {
        let mut marks = Self {
            on_disk,
            ..Self::default()
        };
        for mark in announced {
            marks.announce(mark);
        }
        marks
    }

    /// A checkpoint is about to give a file this content.
    pub(crate) fn announce(&mut self, mark: Mark) {
        let path = mark.path.clone();
        self.announced.entry(path).or_default().push(mark);
    }

    /// The file has this content.
    pub(crate) fn settle(&mut self, mark: Mark) {
        self.announced.remove(&mark.path);
        self.on_disk.insert(mark.path.clone(), mark);
    }

    /// The journal has the text of a file as it lies on disk, or has it not.
    pub(crate) fn note_text(&mut self, path: &FilePath, has_text: bool) {
        if has_text {
            self.with_text.insert(path.clone());
        } else {
            self.with_text.remove(path);
        }
    }

    /// Judges whether the journal has the text of a file as it lies on disk.
    pub(crate) fn has_text(&self, path: &[String]) -> bool {
        self.with_text.contains(path)
    }

    /// The mark of a file as it lies on disk; that of a file that is not there is made.
    pub(crate) fn of(&self, path: &FilePath) -> Mark {
        let none = || Mark {
            path: path.clone(),
            revision: Revision(0),
            hash: None,
        };
        self.on_disk.get(path).cloned().unwrap_or_else(none)
    }

    /// Judges whether the file on disk holds all its changes.
    pub(crate) fn is_clean(&self, path: &FilePath, image: &Image) -> bool {
        !is_behind(&self.of(path), image)
    }

    /// What a new segment says again of the files that lack changes, so that older segments can go;
    /// except of files of which its first batch has said it.
    pub(crate) fn repeated(&self, image: &Image, said: &HashSet<FilePath>) -> Vec<Body> {
        let is_old = |mark: &&Mark| !said.contains(&mark.path);
        let behind = self.on_disk.values().filter(|mark| is_behind(mark, image));
        // The text is in a line that is kept for as long as the file lacks changes.
        let done = behind
            .filter(is_old)
            .cloned()
            .map(|mark| Body::Done(mark, None));
        let announced = self.announced.values().flatten();
        done.chain(announced.cloned().map(Body::Mark)).collect()
    }

    /// The files that lack changes and were there before.
    pub(crate) fn behind(&self, image: &Image) -> impl Iterator<Item = &FilePath> {
        let behind = self
            .on_disk
            .iter()
            .filter(|(_, mark)| is_behind(mark, image));
        behind.map(|(path, _)| path)
    }

    /// The first revision that some file on disk does not hold yet, if there is one.
    pub(crate) fn first_needed(&self, image: &Image) -> Option<Revision> {
        let behind = self.on_disk.values().filter(|mark| is_behind(mark, image));
        let files = image.files();
        let new = files
            .iter()
            .filter(|(path, file)| file.revision > Revision(0) && !self.on_disk.contains_key(path));
        let held = behind
            .map(|mark| mark.revision)
            .chain(new.map(|_| Revision(0)));
        held.min().map(Revision::next)
    }
}

fn is_behind(mark: &Mark, image: &Image) -> bool {
    match image.file(&mark.path) {
        Some(file) => file.revision > mark.revision,
        None => mark.hash.is_some(),
    }
}
