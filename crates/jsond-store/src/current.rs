//! What is at an address now: what a precondition is judged against.

use crate::image::{Entry, folder_digest};
use crate::resolve::Place;
use imbl::OrdMap;
use jsond_document::Digest;
use std::time::SystemTime;

/// What is at an address.
#[derive(Debug, Clone, Copy)]
pub enum Current<'a> {
    /// Nothing.
    Nothing,
    /// A value.
    Value(&'a Place),
    /// A folder.
    Folder(&'a OrdMap<String, Entry>),
}

impl Current<'_> {
    /// Judges whether something is there.
    #[must_use]
    pub fn exists(self) -> bool {
        !matches!(self, Self::Nothing)
    }

    /// The digest of what is there.
    ///
    /// *Cost*: linear in what has changed since it was last asked for.
    #[must_use]
    pub fn digest(self) -> Option<Digest> {
        match self {
            Self::Nothing => None,
            Self::Value(place) => Some(place.value.digest()),
            Self::Folder(entries) => Some(folder_digest(entries)),
        }
    }

    /// When it was last modified, if that is known: of files it is.
    #[must_use]
    pub fn modified(self) -> Option<SystemTime> {
        match self {
            Self::Value(place) if place.is_file() => Some(place.file.modified),
            _ => None,
        }
    }
}
