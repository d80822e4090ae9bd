//! What the writer thread is told, and what waits for the sync of a batch.

use crate::checkpoint::Touched;
use crate::contract::{Durability, Mutation, Outcome, Revision, StoreError};
use crate::health::Health;
use crate::image::{FilePath, Image, Template};
use crate::journal::Journal;
use crate::journal::entry::Mark;
use crate::key::Key;
use crate::key::ring::Ring;
use crate::merge::{Merge, Sides};
use crate::post::{Answer, Deliveries};
use crate::state::StateFile;
use arc_swap::ArcSwap;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

/// Tells what became of an edit by hand, when that is durable.
pub(crate) type HandAnswer = SyncSender<Result<Taken, StoreError>>;

/// Whether a checkpoint may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Announced {
    /// The marks are on stable storage.
    Durably,
    /// They are not.
    No,
}

/// What the writer is told.
pub(crate) enum Message {
    /// A client wants to write.
    Mutate(Box<Mutation>, Answer),
    /// The post of a thread.
    Many(Vec<Message>),
    /// A client asks what it was answered under a key.
    Recall(Box<Key>, Answer),
    /// A checkpoint is about to give files new contents; answered when the marks are durable.
    Mark(Vec<Mark>, SyncSender<Announced>),
    /// A checkpoint has given files new contents, durably.
    Settled(Vec<Settled>),
    /// A file on disk differs from what the store left there.
    HandEdit(Box<HandEdit>, HandAnswer),
    /// These folders are there, and no others.
    Folders(Vec<FilePath>),
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
    pub(crate) sides: Sides,
    /// The hash of the text on disk.
    pub(crate) hash: Option<u128>,
    pub(crate) template: Template,
    /// How the sides come together, if the last change of the file is still this one.
    pub(crate) merge: Option<(Revision, Merge)>,
    /// The hand's text lies beside the file.
    pub(crate) conflict_is_kept: bool,
}

/// What became of an edit by another program.
pub(crate) enum Taken {
    /// It is in the image. The file on disk holds every change up to this revision; is it whole,
    /// it holds all of them.
    Done { revision: Revision, is_whole: bool },
    /// It conflicts with the image of this moment, and its text is not kept yet.
    Conflict(Box<HandEdit>),
}

/// An edit that recovery took in; the image holds it already.
pub(crate) struct TakenBefore {
    pub(crate) path: FilePath,
    pub(crate) hash: Option<u128>,
    pub(crate) merge: Merge,
}

/// What waits for the sync of a batch.
pub(crate) enum Waiting {
    Client(Answer, Result<Outcome, StoreError>),
    Mark(SyncSender<Announced>),
    Hand(HandAnswer, Taken),
    /// Who closes the store: what is written before has an outcome then.
    Close(SyncSender<()>),
}

#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) first: Revision,
    /// The first revision that is synced together with this batch: with a late sync an older one.
    pub(crate) synced_from: Revision,
    pub(crate) text: Vec<u8>,
    pub(crate) waiting: Vec<Waiting>,
    pub(crate) touched: BTreeSet<FilePath>,
    /// What files on disk are found to hold, once the batch is durable.
    pub(crate) found: Vec<Mark>,
    /// The files of which a line of the batch says what lies on disk.
    pub(crate) said: HashSet<FilePath>,
    /// Something that is no change is to be published too.
    pub(crate) refresh: bool,
    /// Some files are settled: old segments may go.
    pub(crate) settled: bool,
}

/// The buffers of a longer batch are given back.
const SPARE_BYTES_MAX: usize = 1 << 20;

impl Batch {
    /// An empty batch, with the buffers of this one.
    pub(crate) fn emptied(self) -> Self {
        let Self {
            mut text,
            mut waiting,
            ..
        } = self;
        text.clear();
        waiting.clear();
        text.shrink_to(SPARE_BYTES_MAX);
        waiting.shrink_to(SPARE_BYTES_MAX / size_of::<Waiting>());
        Self {
            text,
            waiting,
            ..Self::default()
        }
    }
}

/// Everything that a writer starts with.
pub(crate) struct Start {
    pub(crate) published: Arc<ArcSwap<Image>>,
    pub(crate) journal: Journal,
    pub(crate) last: Revision,
    pub(crate) on_disk: HashMap<FilePath, Mark>,
    pub(crate) taken: Vec<TakenBefore>,
    /// Contents that may lie on disk, although nobody called them done.
    pub(crate) announced: Vec<Mark>,
    pub(crate) keys: Ring,
    pub(crate) touched: Touched,
    pub(crate) health: Arc<Health>,
    pub(crate) durability: Durability,
    /// Judges whether a file of a new name can be made on disk.
    pub(crate) may_make: Box<dyn Fn(&FilePath) -> bool + Send>,
    /// Keeps the last revision for the next start, before the journal goes.
    pub(crate) state: StateFile,
    pub(crate) keeps_history: bool,
}

impl Waiting {
    /// Answers, a client by a delivery.
    pub(crate) fn answer(self, committed: Result<(), StoreError>, clients: &mut Deliveries) {
        // Who has gone does not wait for an answer; what was done stays.
        match self {
            Self::Client(answer, result) => clients.push(answer, committed.and(result)),
            Self::Mark(answer) => {
                let announced = match committed {
                    Ok(()) => Announced::Durably,
                    Err(_) => Announced::No,
                };
                answer.send(announced).ok();
            }
            Self::Hand(answer, taken) => {
                answer.send(committed.map(|()| taken)).ok();
            }
            Self::Close(answer) => {
                answer.send(()).ok();
            }
        }
    }
}
