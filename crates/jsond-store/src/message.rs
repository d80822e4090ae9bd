//! What the writer thread is told, and what waits for the sync of a batch.

use crate::contract::{Durability, Mutation, Outcome, Revision, StoreError};
use crate::image::{FilePath, Image, Template};
use crate::journal::Journal;
use crate::journal::entry::Mark;
use crate::key::Key;
use crate::key::ring::Ring;
use crate::merge::Merged;
use arc_swap::ArcSwap;
use jsond_document::Value;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Sender, SyncSender};
use tokio::sync::oneshot;

pub(crate) type Answer = oneshot::Sender<Result<Outcome, StoreError>>;

/// Tells what an edit by hand was merged to, when that is durable.
pub(crate) type HandAnswer = SyncSender<Result<Option<Merged>, StoreError>>;

/// What the writer is told.
pub(crate) enum Message {
    /// A client wants to write.
    Mutate(Box<Mutation>, Answer),
    /// A client asks what it was answered under a key.
    Recall(Box<Key>, Answer),
    /// A checkpoint is about to give files new contents; answered when the marks are durable.
    Mark(Vec<Mark>, SyncSender<bool>),
    /// A checkpoint has given files new contents, durably.
    Settled(Vec<Settled>),
    /// A file on disk differs from what the store left there.
    HandEdit(HandEdit, HandAnswer),
    /// A file on disk is broken JSON, or is no longer.
    Broken(FilePath, Option<jsond_document::SyntaxError>),
    /// The keys of all lines up to here are in files, or that failed.
    KeysKept(Option<Revision>),
    /// No more writes; answered when the ones before are done.
    Close(SyncSender<()>),
    /// All is on disk: remove the journal and end. Answered with whether the store never failed.
    Finish(SyncSender<bool>),
}

/// A finished checkpoint of one file.
pub(crate) struct Settled {
    pub(crate) mark: Mark,
    /// The new text, if it is small enough to be kept as the layout.
    pub(crate) template: Template,
    /// The template that was laid under it.
    pub(crate) old_template: Template,
}

/// An edit by another program.
pub(crate) struct HandEdit {
    pub(crate) path: FilePath,
    pub(crate) base: Option<Value>,
    /// None when the file was removed.
    pub(crate) hand: Option<Value>,
    /// The hash of the text on disk.
    pub(crate) hash: Option<u128>,
    pub(crate) template: Template,
}

/// Which files have changed, for the checkpoints.
pub(crate) type Touched = Sender<crate::checkpoint::Order>;

/// What waits for the sync of a batch.
pub(crate) enum Waiting {
    Client(Answer, Result<Outcome, StoreError>),
    Mark(SyncSender<bool>),
    Hand(HandAnswer, Option<Merged>),
}

#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) first: Revision,
    /// The first revision that is synced together with this batch: with a late sync an older one.
    pub(crate) synced_from: Revision,
    pub(crate) text: Vec<u8>,
    pub(crate) waiting: Vec<Waiting>,
    pub(crate) touched: HashSet<FilePath>,
    /// What files on disk are found to hold, once the batch is durable.
    pub(crate) found: Vec<Mark>,
    /// Something that is no change is to be published too.
    pub(crate) refresh: bool,
    /// Some files are settled: old segments may go.
    pub(crate) settled: bool,
}

/// Everything that a writer starts with.
pub(crate) struct Start {
    pub(crate) published: Arc<ArcSwap<Image>>,
    pub(crate) journal: Journal,
    pub(crate) last: Revision,
    pub(crate) on_disk: HashMap<FilePath, Mark>,
    /// Files in which recovery merged pending changes into an edit by hand of this hash.
    pub(crate) merged: Vec<(FilePath, Option<u128>)>,
    pub(crate) keys: Ring,
    pub(crate) touched: Touched,
    /// Set when the journal has failed and writes are refused.
    pub(crate) latched: Arc<AtomicBool>,
    pub(crate) durability: Durability,
    /// Judges whether a file of a new name can be made on disk.
    pub(crate) may_make: Box<dyn Fn(&FilePath) -> bool + Send>,
    /// Keeps the last revision for the next start, before the journal goes.
    pub(crate) finish: Box<dyn FnMut(Revision) -> std::io::Result<()> + Send>,
}

impl Waiting {
    pub(crate) fn answer(self, committed: Result<(), StoreError>) {
        // A client that has gone does not wait for its answer; its write stays.
        match self {
            Self::Client(answer, result) => {
                answer.send(committed.and(result)).ok();
            }
            Self::Mark(answer) => {
                answer.send(committed.is_ok()).ok();
            }
            Self::Hand(answer, merged) => {
                answer.send(committed.map(|()| merged)).ok();
            }
        }
    }
}
