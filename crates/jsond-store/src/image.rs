//! One immutable version of the served folder.
//!
//! An image is built from the files as they were read and from changes, never otherwise. It is
//! cheap to clone; a reader keeps its version for as long as it likes.

mod apply;

use crate::change::Operation;
use crate::contract::Revision;
use apply::{New, apply_at};
use bytes::Bytes;
use imbl::OrdMap;
use jsond_document::{Digest, EditError, IdNames, IdRule, Layout, SyntaxError, Value};
use std::sync::Arc;
use std::time::SystemTime;

/// The path of a file or folder below the root: one token for each name.
///
/// With a single file as the root document that file's path is empty.
pub type FilePath = Vec<String>;

/// A served file in one version.
#[derive(Debug, Clone)]
pub struct File {
    /// The value; none while the file has never been readable.
    pub value: Option<Value>,
    /// What is wrong with the text on disk, if it is broken.
    pub broken: Option<SyntaxError>,
    /// The last change that touched the file.
    pub revision: Revision,
    /// When that was.
    pub modified: SystemTime,
    /// The text over which the value is laid when the file is written.
    pub template: Template,
    /// Which members identify the records of the arrays in it.
    ///
    /// INVARIANT: the value is indexed as this says.
    pub ids: IdRule,
}

impl File {
    /// Judges whether the file is a collection; one that was never readable is none.
    #[must_use]
    pub fn is_collection(&self) -> bool {
        let value = self.value.as_ref();
        value.is_some_and(|it| it.is_collection(self.ids.id_name()))
    }

    /// The same file by another rule.
    pub(crate) fn ruled_by(&self, ids: IdRule) -> Self {
        Self {
            value: self.value.as_ref().map(|it| it.indexed_by(&ids)),
            ids,
            ..self.clone()
        }
    }
}

/// Where a file's layout comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Template {
    /// From this text.
    Text(Bytes),
    /// From the text on disk, which is too large to be kept; this is its style.
    OnDisk(Layout),
    /// From nothing: the file is new.
    None,
}

/// A file or a folder.
#[derive(Debug, Clone)]
pub enum Entry {
    /// A folder of entries by name.
    Folder(OrdMap<String, Self>),
    /// A file.
    File(Arc<File>),
}

/// One version of everything that is served.
#[derive(Debug, Clone)]
pub struct Image {
    /// The served folder, or the single served file.
    pub root: Entry,
    /// The last change in it.
    pub revision: Revision,
    /// Which members identify records; every file in it has its rule from here.
    pub ids: IdNames,
    /// What the single served file is called.
    pub root_name: Arc<str>,
}

/// Why a change does not apply to an image; changes from the store's own journal always do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ApplyError {
    /// The path leads to no file.
    #[error("the path leads to no file")]
    NoFile,
    /// The file's value is not known.
    #[error("the file is broken")]
    Broken,
    /// The edit does not fit the file's value.
    #[error(transparent)]
    Edit(#[from] EditError),
}

impl Image {
    /// Makes the image in which the operations have happened.
    ///
    /// *Cost*: independent of the size of the files.
    pub(crate) fn apply(
        &self,
        operations: &[Operation],
        revision: Revision,
        time: SystemTime,
    ) -> Result<Self, ApplyError> {
        let mut image = self.clone();
        image.apply_in_place(operations, revision, time)?;
        Ok(image)
    }

    /// Lets the operations happen in this image: what no other image shares is changed where it is.
    ///
    /// *Errors*: some of the operations may have happened then.
    pub(crate) fn apply_in_place(
        &mut self,
        operations: &[Operation],
        revision: Revision,
        time: SystemTime,
    ) -> Result<(), ApplyError> {
        self.revision = revision;
        let mut rest = operations;
        while !rest.is_empty() {
            let (run, behind) = rest.split_at(self.run_in_one_file(rest));
            let new = New {
                operations: run,
                revision,
                time,
                ids: self.rule_of(self.split(run[0].path.tokens()).0),
            };
            apply_at(&mut self.root, 0, &new)?;
            rest = behind;
        }
        Ok(())
    }

    /// Makes an image without files.
    pub(crate) fn empty(ids: IdNames, single: Option<&str>, revision: Revision) -> Self {
        Self {
            root: Entry::Folder(OrdMap::new()),
            revision,
            ids,
            root_name: single.unwrap_or_default().into(),
        }
    }

    /// The rule for a file, by its name.
    pub(crate) fn rule_of(&self, path: &[String]) -> IdRule {
        self.rule_by(&self.ids, path)
    }

    /// The rule for a file where other names hold.
    pub(crate) fn rule_by(&self, names: &IdNames, path: &[String]) -> IdRule {
        names.rule(path.last().map_or(&*self.root_name, String::as_str))
    }

    /// Counts the operations at the front that edit the inside of one file; at least one.
    fn run_in_one_file(&self, operations: &[Operation]) -> usize {
        let (path, inside) = self.split(operations[0].path.tokens());
        if inside.is_empty() || self.file(path).is_none() {
            return 1;
        }
        let is_inside = |it: &&Operation| {
            let tokens = it.path.tokens();
            tokens.len() > path.len() && tokens.starts_with(path)
        };
        operations.iter().take_while(is_inside).count()
    }

    /// Makes an image of files by name and text, for tests and tools that need no store.
    ///
    /// # Panics
    ///
    /// When a text is not JSON.
    #[must_use]
    pub fn of_files<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self::of_files_by(IdNames::default(), files)
    }

    /// Makes an image of files in which members of other names identify records.
    ///
    /// # Panics
    ///
    /// When a text is not JSON.
    #[must_use]
    pub fn of_files_by<'a>(
        ids: IdNames,
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let empty = Self::empty(ids, None, Revision(0));
        files.into_iter().fold(empty, |image, (name, text)| {
            let value = Value::parse(text.as_bytes()).expect("the text is JSON");
            let ids = image.ids.rule(name);
            let file = File {
                value: Some(value.indexed_by(&ids)),
                broken: None,
                revision: Revision(0),
                modified: SystemTime::UNIX_EPOCH,
                template: Template::None,
                ids,
            };
            image.with_file(&[name.to_owned()], Some(file))
        })
    }

    /// Finds a file by its path.
    #[must_use]
    pub fn file(&self, path: &[String]) -> Option<&Arc<File>> {
        match self.entry(path)? {
            Entry::File(file) => Some(file),
            Entry::Folder(_) => None,
        }
    }

    /// Finds a folder by its path.
    #[must_use]
    pub fn folder(&self, path: &[String]) -> Option<&OrdMap<String, Entry>> {
        match self.entry(path)? {
            Entry::File(_) => None,
            Entry::Folder(entries) => Some(entries),
        }
    }

    fn entry(&self, path: &[String]) -> Option<&Entry> {
        path.iter()
            .try_fold(&self.root, |entry, token| match entry {
                Entry::Folder(entries) => entries.get(token),
                Entry::File(_) => None,
            })
    }

    /// All files with their paths, in order of name.
    #[must_use]
    pub fn files(&self) -> Vec<(FilePath, &Arc<File>)> {
        let mut out = Vec::new();
        collect(&self.root, &mut Vec::new(), &mut out);
        out
    }

    /// Makes sure that a folder is in the image.
    pub(crate) fn with_folder(&self, path: &[String]) -> Self {
        Self {
            root: put(&self.root, path, None),
            ..self.clone()
        }
    }

    /// Makes the folders of the image these, and keeps others that still have files; none when
    /// nothing changes.
    pub(crate) fn with_folders(&self, folders: &[FilePath]) -> Option<Self> {
        let mut image = self.clone();
        let mut is_changed = false;
        for path in folders {
            let is_free = (1..=path.len()).all(|length| self.file(&path[..length]).is_none());
            if is_free && image.folder(path).is_none() {
                image = image.with_folder(path);
                is_changed = true;
            }
        }
        let mut here = Vec::new();
        collect_folders(&image.root, &mut Vec::new(), &mut here);
        // The deepest first: a folder may be empty when those in it are gone.
        for path in here.iter().rev().filter(|path| !folders.contains(path)) {
            if image.folder(path).is_some_and(OrdMap::is_empty) {
                image.root = take(&image.root, path);
                is_changed = true;
            }
        }
        is_changed.then_some(image)
    }

    /// Puts a file into the image, or takes it out, without a change: how files are first read.
    pub(crate) fn with_file(&self, path: &[String], file: Option<File>) -> Self {
        let root = match file {
            Some(file) => put(&self.root, path, Some(Entry::File(Arc::new(file)))),
            None if self.file(path).is_some() => take(&self.root, path),
            None => self.root.clone(),
        };
        Self {
            root,
            ..self.clone()
        }
    }

    /// Gives a file another value, or takes it out, without a change.
    pub(crate) fn with_value(&self, path: &[String], value: Option<&Value>) -> Self {
        let file = self.file(path).map(|file| File::clone(file));
        let new = || File {
            value: None,
            broken: None,
            revision: self.revision,
            modified: SystemTime::UNIX_EPOCH,
            template: Template::None,
            ids: self.rule_of(path),
        };
        let with = |value: &Value| File {
            value: Some(value.clone()),
            ..file.unwrap_or_else(new)
        };
        self.with_file(path, value.map(with))
    }

    /// Notes whether a file on disk is broken.
    pub(crate) fn with_broken(&self, path: &[String], broken: Option<SyntaxError>) -> Self {
        match self.file(path) {
            Some(file) if file.broken != broken => self.with_file(
                path,
                Some(File {
                    broken,
                    ..File::clone(file)
                }),
            ),
            _ => self.clone(),
        }
    }

    /// Splits the path of an operation into the file's path and the tokens inside the file.
    #[must_use]
    pub fn split<'a>(&self, tokens: &'a [String]) -> (&'a [String], &'a [String]) {
        let mut entry = Some(&self.root);
        for (depth, token) in tokens.iter().enumerate() {
            match entry {
                Some(Entry::Folder(entries)) => entry = entries.get(token),
                Some(Entry::File(_)) | None => return tokens.split_at(depth),
            }
        }
        (tokens, &[])
    }
}

/// Hashes a folder: its names and what is in them.
///
/// *Shape*: two folders have the same digest when they hold the same files.
#[must_use]
pub fn folder_digest(entries: &OrdMap<String, Entry>) -> Digest {
    let mut text = Vec::new();
    for (name, entry) in entries {
        let (kind, digest) = match entry {
            Entry::Folder(below) => (b'/', Some(folder_digest(below))),
            Entry::File(file) => (b'.', file.value.as_ref().map(Value::digest)),
        };
        text.extend_from_slice(name.as_bytes());
        text.extend_from_slice(&[0, kind, u8::from(digest.is_some())]);
        text.extend_from_slice(&digest.map_or(0, |it| it.0).to_be_bytes());
    }
    Digest(xxhash_rust::xxh3::xxh3_128(&text))
}

/// The document of a folder: an object of its files and sub-folders; files that could never be
/// read are left out.
#[must_use]
pub fn folder_document(entries: &OrdMap<String, Entry>) -> Value {
    let members = entries.iter().filter_map(|(name, entry)| {
        let value = match entry {
            Entry::Folder(below) => folder_document(below),
            Entry::File(file) => file.value.clone()?,
        };
        Some((name.as_str(), value))
    });
    Value::object(members)
}

fn collect<'a>(entry: &'a Entry, path: &mut FilePath, out: &mut Vec<(FilePath, &'a Arc<File>)>) {
    match entry {
        Entry::File(file) => out.push((path.clone(), file)),
        Entry::Folder(entries) => {
            for (name, below) in entries {
                path.push(name.clone());
                collect(below, path, out);
                path.pop();
            }
        }
    }
}

/// The paths of all folders below the root, each before those in it.
fn collect_folders(entry: &Entry, path: &mut FilePath, out: &mut Vec<FilePath>) {
    let Entry::Folder(entries) = entry else {
        return;
    };
    for (name, below) in entries {
        if matches!(below, Entry::Folder(_)) {
            path.push(name.clone());
            out.push(path.clone());
            collect_folders(below, path, out);
            path.pop();
        }
    }
}

/// Puts a file, or a folder when there is none, at a path; folders on the way are made.
fn put(entry: &Entry, path: &[String], file: Option<Entry>) -> Entry {
    let entries = match entry {
        Entry::Folder(entries) => Some(entries),
        Entry::File(_) => None,
    };
    let Some((name, rest)) = path.split_first() else {
        return file.unwrap_or_else(|| Entry::Folder(entries.cloned().unwrap_or_default()));
    };
    let mut entries = entries.cloned().unwrap_or_default();
    let empty = Entry::Folder(OrdMap::new());
    let below = put(entries.get(name).unwrap_or(&empty), rest, file);
    entries.insert(name.clone(), below);
    Entry::Folder(entries)
}

/// Takes a file, or an empty folder, out.
fn take(entry: &Entry, path: &[String]) -> Entry {
    let (Entry::Folder(entries), Some((name, rest))) = (entry, path.split_first()) else {
        return entry.clone();
    };
    let mut entries = entries.clone();
    match entries.get(name) {
        Some(_) if rest.is_empty() => {
            entries.remove(name);
        }
        Some(below) => {
            let below = take(below, rest);
            entries.insert(name.clone(), below);
        }
        None => {}
    }
    Entry::Folder(entries)
}
