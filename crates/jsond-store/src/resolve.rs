//! From the address in a URL to the place that it means in one image.
//!
//! The one place that knows: a folder wins over a file, an exact name over one with `.json` left
//! out, and a token into an array that is a collection is an id.

use crate::contract::Address;
use crate::image::{Entry, File, FilePath, Image};
use crate::served::FILE_ENDING;
use imbl::OrdMap;
use jsond_document::{IdRule, Kind, Value, id_of_value};
use std::sync::Arc;

/// What an address means.
#[derive(Debug, Clone)]
pub enum Resolved {
    /// A folder.
    Folder {
        /// Its path.
        path: FilePath,
        /// What is in it.
        entries: OrdMap<String, Entry>,
    },
    /// A value in a file, or the file itself.
    Value(Place),
    /// A file that is broken JSON and was never read; the address is it or something in it.
    Broken(Arc<File>),
    /// A value that could be made: its parent is there.
    Absent {
        /// The parent.
        parent: Place,
        /// The token that names nothing.
        token: String,
    },
    /// A file that could be made: its folder is there.
    AbsentFile {
        /// The path that the file would have, `.json` included.
        path: FilePath,
    },
    /// Nothing, and the parent is missing too.
    Nothing,
}

/// A value that is there.
#[derive(Debug, Clone)]
pub struct Place {
    /// The path of its file.
    pub file_path: FilePath,
    /// Its file.
    pub file: Arc<File>,
    /// The tokens of a JSON pointer inside the file; array tokens are indices.
    pub pointer: Vec<String>,
    /// The tokens as a URL spells them, where they are others: ids in arrays that are collections.
    address: Option<Vec<String>>,
    /// The value.
    pub value: Value,
    /// The values on the way, from that of the file to the parent, each with its rule.
    above: Vec<(Value, IdRule)>,
    /// Which member identifies its records, if it is an array, and the names for all in it.
    pub ids: IdRule,
}

/// The way to a value that is there, from that of its file: without the tokens.
#[derive(Debug)]
pub(crate) struct Way {
    /// How many tokens lead to the file.
    pub(crate) file_tokens: usize,
    /// The values on the way, from that of the file to the parent, each with its rule.
    above: Vec<(Value, IdRule)>,
    /// The value.
    pub(crate) value: Value,
    ids: IdRule,
}

impl Way {
    /// The values on the way, from that of the file to the last one, each with its rule.
    pub(crate) fn values(&self) -> impl Iterator<Item = (&Value, &IdRule)> {
        let above = self.above.iter().map(|(value, ids)| (value, ids));
        above.chain([(&self.value, &self.ids)])
    }
}

impl Place {
    /// The place of a whole file, with room for as many steps into it.
    fn of_file(file_path: FilePath, file: &Arc<File>, steps: usize) -> Option<Self> {
        Some(Self {
            file_path,
            pointer: Vec::with_capacity(steps),
            address: None,
            value: file.value.clone()?,
            above: Vec::with_capacity(steps),
            ids: file.ids.clone(),
            file: Arc::clone(file),
        })
    }

    /// The name of the member that identifies the records of the value, if it is an array.
    #[must_use]
    pub fn id_name(&self) -> &str {
        self.ids.id_name()
    }

    /// Judges whether the value is a collection.
    #[must_use]
    pub fn is_collection(&self) -> bool {
        self.value.is_collection(self.id_name())
    }

    /// Judges whether the value is an array that is a collection: its records have ids.
    #[must_use]
    pub fn has_ids(&self) -> bool {
        self.value.kind() == Kind::Array && self.is_collection()
    }

    /// Reads the id that a record has, or would have in this array.
    #[must_use]
    pub fn id_of(&self, record: &Value) -> Option<String> {
        id_of_value(record, self.id_name())
    }

    /// The parent's value, with its rule; none for a whole file.
    pub(crate) fn parent_value(&self) -> Option<&(Value, IdRule)> {
        self.above.last()
    }

    /// Takes the place apart: the tokens of a pointer from the root document, and the way.
    pub(crate) fn into_way(self) -> (Vec<String>, Way) {
        let mut tokens = self.file_path;
        let way = Way {
            file_tokens: tokens.len(),
            above: self.above,
            value: self.value,
            ids: self.ids,
        };
        tokens.extend(self.pointer);
        (tokens, way)
    }

    /// The value that the parent lies in, with its rule.
    pub(crate) fn grandparent_value(&self) -> Option<&(Value, IdRule)> {
        self.above.iter().rev().nth(1)
    }

    /// The canonical address: the file's whole name, then the tokens inside.
    #[must_use]
    pub fn canonical(&self) -> Address {
        Address(self.canonical_tokens().cloned().collect())
    }

    /// The tokens of the canonical address.
    pub fn canonical_tokens(&self) -> impl Iterator<Item = &String> {
        self.file_path.iter().chain(self.address())
    }

    /// The tokens as a URL spells them; ids in arrays that are collections.
    #[must_use]
    pub fn address(&self) -> &[String] {
        self.address.as_deref().unwrap_or(&self.pointer)
    }

    /// Judges whether the place is a whole file.
    #[must_use]
    pub fn is_file(&self) -> bool {
        self.pointer.is_empty()
    }

    /// Finds the child that a token of a URL names.
    #[must_use]
    pub fn child(&self, token: &str) -> Option<Self> {
        let (index, value) = self.find_child(token)?;
        let mut child = self.clone();
        child.step(index, token, value);
        Some(child)
    }

    /// The child that a token of a URL names, and its token in a pointer where that is another.
    fn find_child(&self, token: &str) -> Option<(Option<String>, Value)> {
        if self.has_ids() {
            let (index, value) = self.value.record(self.id_name(), token)?;
            return Some((Some(index.to_string()), value));
        }
        Some((None, self.value.child(token)?))
    }

    /// Goes to a child: its token in a pointer, if it is another than that in a URL, that one, and
    /// its value.
    fn step(&mut self, index: Option<String>, token: &str, value: Value) {
        let index = match index {
            Some(index) => {
                let address = self.address.get_or_insert_with(|| self.pointer.clone());
                address.push(token.to_owned());
                index
            }
            None => {
                if let Some(address) = &mut self.address {
                    address.push(token.to_owned());
                }
                token.to_owned()
            }
        };
        let ids = self.ids.child(self.value.kind(), &index);
        let parent = std::mem::replace(&mut self.value, value);
        self.above
            .push((parent, std::mem::replace(&mut self.ids, ids)));
        self.pointer.push(index);
    }
}

impl Image {
    /// Finds what an address means in this image.
    #[must_use]
    pub fn resolve(&self, address: &Address) -> Resolved {
        let mut entry = &self.root;
        // With room for the tokens in the file, which may be put behind it.
        let mut path = FilePath::with_capacity(address.0.len());
        let mut tokens = address.0.iter();
        loop {
            let entries = match entry {
                Entry::File(file) => return in_file(path, file, tokens.as_slice()),
                Entry::Folder(entries) => entries,
            };
            let Some(token) = tokens.next() else {
                return Resolved::Folder {
                    path,
                    entries: entries.clone(),
                };
            };
            let Some((name, below)) = find(entries, token) else {
                if !tokens.as_slice().is_empty() {
                    return Resolved::Nothing;
                }
                path.push(file_name(token));
                return Resolved::AbsentFile { path };
            };
            path.push(name);
            entry = below;
        }
    }
}

fn find<'a>(entries: &'a OrdMap<String, Entry>, token: &str) -> Option<(String, &'a Entry)> {
    if let Some(entry) = entries.get(token) {
        return Some((token.to_owned(), entry));
    }
    let name = format!("{token}{FILE_ENDING}");
    entries.get(&name).map(|entry| (name, entry))
}

/// The name of the file that a token could make: one with another ending is no JSON file.
fn file_name(token: &str) -> String {
    if token.contains('.') {
        token.to_owned()
    } else {
        format!("{token}{FILE_ENDING}")
    }
}

fn in_file(file_path: FilePath, file: &Arc<File>, tokens: &[String]) -> Resolved {
    let Some(mut place) = Place::of_file(file_path, file, tokens.len()) else {
        return Resolved::Broken(Arc::clone(file));
    };
    for (at, token) in tokens.iter().enumerate() {
        match place.find_child(token) {
            Some((index, value)) => place.step(index, token, value),
            None if at + 1 == tokens.len() => {
                return Resolved::Absent {
                    parent: place,
                    token: token.clone(),
                };
            }
            None => return Resolved::Nothing,
        }
    }
    Resolved::Value(place)
}
