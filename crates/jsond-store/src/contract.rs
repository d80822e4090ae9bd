//! What the store is asked and what it answers.
//!
//! A mutation is asked, a change has happened. Preconditions travel with the mutation and are
//! judged where the write happens. A refused mutation is an answer; an error means that the store
//! could not do its work.

use crate::current::Current;
use crate::image::Image;
use crate::key::Key;
use crate::watch::Watch;
use bytes::Bytes;
use jsond_document::{Digest, EditError, IdNames, Json, Patch, PatchOperation, SyntaxError, Value};
use std::sync::Arc;
use std::time::SystemTime;

/// The position of a change in the one sequence of changes; 0 is before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Revision(pub u64);

impl Revision {
    /// The revision after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl std::fmt::Display for Revision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// When a write is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// When it is on stable storage.
    #[default]
    Always,
    /// At once; stable storage has it after this time at the latest.
    Interval(std::time::Duration),
}

/// What a store is told once, when it is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// When a write is answered.
    pub durability: Durability,
    /// The size of a segment of the journal, unless one batch is larger.
    pub segment_bytes: u64,
    /// Which members identify the records of arrays.
    pub ids: IdNames,
    /// How edits by hand are noticed.
    pub watch: Watch,
    /// Whether segments that no file needs any more are kept.
    pub history: bool,
    /// Where the folder is, if the journal does not lie in it: so a journal is not taken for that
    /// of another folder.
    pub folder: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            durability: Durability::Always,
            segment_bytes: 1 << 20,
            ids: IdNames::default(),
            watch: Watch::default(),
            history: false,
            folder: None,
        }
    }
}

/// Where a value is, as a URL names it: folders, a file, then into the JSON.
///
/// *Shape*: one token for each segment; in an array that is a collection a token is an id, `.json`
/// may be left out. [`Image::resolve`] says what it means in one version of the folder.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Address(pub Vec<String>);

/// What must be true of the addressed value when the write happens.
///
/// *Source*: RFC 9110 §13.1.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Precondition {
    /// The value's digest must be among these.
    pub if_match: Option<Match>,
    /// The value's digest must not be among these.
    pub if_none_match: Option<Match>,
    /// The file must not have been modified after this; judged only without `if_match`.
    pub unmodified_since: Option<SystemTime>,
}

/// One side of a precondition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// Any value that is there (`*`).
    Any,
    /// A value whose digest is in the list.
    Digests(Vec<Digest>),
}

impl Match {
    /// Judges what is there.
    #[must_use]
    pub fn holds(&self, current: Current<'_>) -> bool {
        match self {
            Self::Any => current.exists(),
            Self::Digests(digests) => current.digest().is_some_and(|it| digests.contains(&it)),
        }
    }
}

impl Precondition {
    /// Judges what is there, in the order of RFC 9110 §13.2.2.
    #[must_use]
    pub fn holds(&self, current: Current<'_>) -> bool {
        let first = match (&self.if_match, self.unmodified_since) {
            (Some(side), _) => side.holds(current),
            (None, Some(since)) => current
                .modified()
                .is_none_or(|it| seconds(it) <= seconds(since)),
            (None, None) => true,
        };
        first
            && !self
                .if_none_match
                .as_ref()
                .is_some_and(|side| side.holds(current))
    }
}

/// The whole seconds of a time since 1970, which is all that an HTTP date tells.
#[must_use]
pub fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |it| it.as_secs())
}

/// A write that is asked for.
#[derive(Debug, Clone)]
pub struct Mutation {
    /// Where.
    pub address: Address,
    /// On which condition.
    pub precondition: Precondition,
    /// What.
    pub edit: Edit,
    /// By what a repeat of it is known; a repeat gets the first answer and changes nothing.
    pub key: Option<Key>,
    /// Whether the answer is to have the image; without it the store can change its own in place.
    pub wants_image: bool,
}

/// What a mutation does at its address.
#[derive(Debug, Clone)]
pub enum Edit {
    /// Replaces the value, or creates it in a parent that is there.
    Put {
        /// The new value.
        value: Value,
        /// The text as the client laid it out; it becomes the layout of a whole file.
        text: Option<Bytes>,
    },
    /// Adds records to a collection, or an element at the end of an array.
    Add(Vec<Addition>),
    /// Removes the value.
    Remove,
    /// Runs a JSON Patch against the value, or against a folder and the files in it.
    Patch(Patch),
    /// Merges a merge patch into the value.
    Merge(Value),
    /// Does what is made up of what is there when the write happens.
    Derive(Arc<dyn Derivation>),
}

/// A change that depends on what is there: it is made up by the writer, in the state in which it
/// happens, so that no other write comes between.
pub trait Derivation: std::fmt::Debug + Send + Sync {
    /// Makes the change up. Pure; the other writes wait meanwhile.
    ///
    /// *Errors*: the refusal of the mutation.
    fn derive(&self, image: &Image) -> Result<Derived, Rejection>;
}

/// What a derivation came to.
#[derive(Debug, Clone)]
pub struct Derived {
    /// The value that the preconditions are about.
    pub subject: Address,
    /// What changes, in order.
    ///
    /// *Shape*: the pointers start at the root document, tokens into arrays are indices.
    pub operations: Vec<PatchOperation>,
    /// What it comes to if something changes.
    pub effect: Effect,
    /// The address that was written.
    pub written: Address,
    /// The value that the answer shows.
    pub shown: Value,
}

/// A record to be added.
#[derive(Debug, Clone)]
pub struct Addition {
    /// The member name in an object collection; in an array the id comes from the record itself.
    pub key: Option<String>,
    /// The record.
    pub value: Value,
}

/// The store's answer to a mutation that it could judge.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// It holds, durably.
    Applied(Applied),
    /// It was refused and nothing has changed.
    Rejected(Rejection),
}

/// A mutation that holds.
#[derive(Debug, Clone)]
pub struct Applied {
    /// What it came to.
    pub effect: Effect,
    /// The written values' canonical addresses, in the order in which they were asked for.
    pub written: Vec<Address>,
    /// The new value at the address, or the value that was removed.
    pub value: Option<Value>,
    /// The image in which the mutation is visible, where it was wanted or the address is a folder.
    pub image: Option<Arc<Image>>,
}

/// What a mutation came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Something was made where nothing was.
    Created,
    /// A value took the place of another.
    Replaced,
    /// The value was the same already.
    Unchanged,
    /// The value is gone.
    Removed,
}

/// Why a mutation was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// Nothing is at the address.
    #[error("there is no value at this address")]
    NotFound,
    /// The parent of the address is missing.
    #[error("the parent of this address does not exist")]
    ParentNotFound,
    /// The parent is neither array nor object.
    #[error("the parent is a {0}, which has no members")]
    ParentNotAContainer(&'static str),
    /// A record of this key is there already.
    #[error("there is a record with the key {} already", jsond_document::quote(.0))]
    Exists(String),
    /// The precondition does not hold.
    #[error("the precondition does not hold")]
    Precondition,
    /// Records can be added to collections only.
    #[error("the value is no collection")]
    NotACollection,
    /// A record of an object collection, or of an array, must be an object.
    #[error("a record must be an object")]
    NotARecord,
    /// The write would give a record another id than the one in its address, or none.
    #[error("a record keeps the id in its address; {} is another", jsond_document::quote(.0))]
    IdMismatch(String),
    /// The id in the record is neither a string nor a number.
    #[error("the record's id is neither a string nor a number")]
    IdKind,
    /// An array has no place of this index.
    #[error("the array has no such place")]
    Index,
    /// The values would be nested too deep in their file.
    #[error("the value would be nested deeper than {0} in its file")]
    TooDeep(usize),
    /// The address names a folder.
    #[error("this is a folder")]
    Folder,
    /// A file of this name is not served.
    #[error("a file of this name is not served")]
    Name,
    /// An operation of a patch does not apply.
    #[error("operation {index} does not apply at {}: {reason}", jsond_document::quote(.path))]
    Patch {
        /// The operation, counted from 0.
        index: usize,
        /// The pointer in it.
        path: String,
        /// What is in the way.
        reason: Box<Rejection>,
    },
    /// The edit does not fit the value.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// The value is not the one that a `test` wants.
    #[error("the value is another than the one in the test")]
    Test,
    /// A value cannot be moved into itself.
    #[error("a value cannot be moved into itself")]
    IntoItself,
    /// The patch would write too much.
    #[error("the patch would write more than {0} bytes")]
    TooLarge(usize),
    /// Another request was done under the same key.
    #[error("this key was used for another request")]
    KeyReused,
    /// The file on disk is broken JSON and is never overwritten.
    #[error("the file is broken JSON ({0}) and waits to be mended by hand")]
    Broken(SyntaxError),
}

/// Why the store could not do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The write may or may not be there after a restart.
    #[error("storage failed; whether the write survived shows after a restart")]
    OutcomeUnknown,
    /// The write was surely not stored: there is no room.
    #[error("there is no room on the disk; the write was not stored")]
    Full,
    /// The write was surely not stored: the system lets nothing be written at this moment.
    #[error("the system lets nothing be written at this moment; the write was not stored")]
    NotStored,
    /// The store is stopping; the write was not stored.
    #[error("the store is stopping; the write was not stored")]
    Stopped,
}

/// Spells an id the way a new record of an array gets it.
#[must_use]
pub(crate) fn spell_id(id: u64) -> Json {
    Json::parse(id.to_string().as_bytes()).expect("INVARIANT: digits are JSON")
}
