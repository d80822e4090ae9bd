//! The store's handle: open, read an image, submit a mutation, stop.

use crate::checkpoint::{self, Checkpointer, OnDisk, Order, Touched};
use crate::contract::{Mutation, Outcome, Settings, StoreError};
use crate::health::Health;
use crate::image::{FilePath, Image};
use crate::journal::Journal;
use crate::journal::entry::Mark;
use crate::journal::reader::OpenError;
use crate::journal::segment;
use crate::key::Key;
use crate::key::file::{KeyFiles, Line};
use crate::key::keeper;
use crate::key::ring::Ring;
use crate::medium::{Medium, NameKind};
use crate::message::{Announced, Message, Start};
use crate::post::{self, Answer};
use crate::progress::Progress;
use crate::recovery::{self, Media, Recovered};
use crate::served::Served;
use crate::state::{State, StateFile};
use crate::watch::Watcher;
use crate::writer::Writer;
use arc_swap::{ArcSwap, Guard};
use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::thread::JoinHandle;

/// A folder of JSON documents that survive.
///
/// Cheap to share; reading never waits for writing.
#[derive(Debug)]
pub struct Store {
    published: Arc<ArcSwap<Image>>,
    writer: Sender<Message>,
    /// Tells this store from others.
    identity: Arc<()>,
    checkpoints: Sender<Order>,
    health: Arc<Health>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// What was the newest image when it was asked for.
#[derive(Debug)]
pub struct Newest(Guard<Arc<Image>>);

impl Newest {
    /// Whether it is this one.
    #[must_use]
    pub fn is(&self, image: &Weak<Image>) -> bool {
        std::ptr::eq(image.as_ptr(), Arc::as_ptr(&self.0))
    }
}

impl Store {
    /// Opens the store: recovers, then starts the writer and the checkpoint thread.
    ///
    /// The caller holds the folder's lock for as long as the store lives.
    ///
    /// *Errors*: see [`OpenError`]; nothing was overwritten then.
    pub fn open(
        served: Served,
        journal: Arc<dyn Medium>,
        settings: &Settings,
        progress: Progress,
    ) -> Result<Self, OpenError> {
        let (open, opened) = sync_channel(1);
        let settings = settings.clone();
        // The thread that changes the image also builds it: an allocator that keeps memory for each
        // thread can so give the next version the room of the one before.
        let thread = spawn("writer", move || {
            match Self::recover(served, journal, &settings, &progress) {
                Ok((store, writer, messages)) => {
                    drop(progress);
                    open.send(Ok(store)).ok();
                    writer.run(&messages);
                }
                Err(error) => drop(open.send(Err(error))),
            }
        })?;
        let store = opened.recv().map_err(|_| {
            let error = std::io::Error::other("its thread has ended");
            OpenError::io("the store cannot be opened")(error)
        })??;
        store.lock_threads().push(thread);
        Ok(store)
    }

    /// Recovers, and starts all threads but the writer, which is given back with what it is told.
    fn recover(
        served: Served,
        journal: Arc<dyn Medium>,
        settings: &Settings,
        progress: &Progress,
    ) -> Result<(Self, Writer, Receiver<Message>), OpenError> {
        let (state, key_files, mut keyed) = open_beside(&journal, settings)?;
        let media = Media {
            served: &served,
            journal: &*journal,
            progress,
        };
        let recovered = recovery::recover(&media, &state, settings.ids.clone())?;
        let (writer, messages) = channel();
        let (checkpoints, orders) = channel();
        let (keeper, jobs) = channel();
        let Recovered {
            image,
            last,
            on_disk,
            behind,
            announced,
            taken,
            segments,
            keyed: in_journal,
        } = recovered;
        keyed.extend(in_journal);
        let published = Arc::new(ArcSwap::from_pointee(image));
        let identity = state.identity.clone();
        let health = Arc::new(Health::default());
        let copies = Arc::clone(&journal);
        let touched = Touched::new(checkpoints.clone());
        let on_thread = Writer::new(Start {
            published: Arc::clone(&published),
            journal: Journal::new(Arc::clone(&journal), identity, settings, segments),
            last,
            on_disk: marks_of(&on_disk),
            taken,
            announced: announced.clone(),
            keys: Ring::new(keyed, key_files.certain_to(), keeper),
            touched: touched.clone(),
            health: Arc::clone(&health),
            durability: settings.durability,
            may_make: may_make(served.clone()),
            state: StateFile::new(journal, state),
            keeps_history: settings.history,
        });
        let reports = writer.clone();
        let checkpointer = Checkpointer::new(checkpoint::Start {
            watcher: Watcher::start(settings.watch, &served, checkpoints.clone()),
            served,
            journal: copies,
            published: Arc::clone(&published),
            writer: writer.clone(),
            health: Arc::clone(&health),
            on_disk,
            behind,
            announced,
            touched,
        });
        let threads = vec![
            spawn_behind("checkpoint", move || checkpointer.run(&orders))?,
            spawn_behind("keys", move || keeper::run(key_files, &jobs, &reports))?,
        ];
        let store = Self {
            published,
            writer,
            identity: Arc::new(()),
            checkpoints,
            health,
            threads: Mutex::new(threads),
        };
        Ok((store, on_thread, messages))
    }

    fn lock_threads(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.threads
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The newest image of which everything is durable.
    #[must_use]
    pub fn image(&self) -> Arc<Image> {
        self.published.load_full()
    }

    /// The newest durable image, to compare others with it: for less than [`Store::image`], and not
    /// to be kept.
    #[must_use]
    pub fn newest(&self) -> Newest {
        Newest(self.published.load())
    }

    /// Whether the journal has failed, so that every write is refused until a restart.
    #[must_use]
    pub fn is_latched(&self) -> bool {
        self.health.is_latched()
    }

    /// Submits a mutation and waits until it is durable or refused.
    ///
    /// *Cancel*: the write belongs to the writer from the moment of the call; dropping the future
    /// only gives up the answer.
    ///
    /// *Errors*: see [`StoreError`].
    pub fn submit<M: Into<Box<Mutation>>>(
        &self,
        mutation: M,
    ) -> impl Future<Output = Result<Outcome, StoreError>> + Send + use<M> {
        let mutation = mutation.into();
        self.tell(|answer| Message::Mutate(mutation, answer))
    }

    /// Runs the post of a thread whose tasks submit many mutations: as one of these tasks, without
    /// an end. What they submit goes to the writer together, and so do its answers to them.
    pub fn post(&self) -> impl Future<Output = ()> + Send + use<> {
        post::run(Arc::downgrade(&self.identity), self.writer.clone())
    }

    /// Asks for the outcome that a mutation with this key would repeat, whether or not it could
    /// still be decided; [`Rejection::NotFound`](crate::Rejection::NotFound) when the key is new.
    ///
    /// *Errors*: see [`StoreError`].
    pub fn recall(
        &self,
        key: Key,
    ) -> impl Future<Output = Result<Outcome, StoreError>> + Send + use<> {
        self.tell(|answer| Message::Recall(Box::new(key), answer))
    }

    fn tell<F: FnOnce(Answer) -> Message>(
        &self,
        message: F,
    ) -> impl Future<Output = Result<Outcome, StoreError>> + Send + use<F> {
        let answered = post::tell(&Arc::downgrade(&self.identity), &self.writer, message);
        async move {
            let answered = answered.ok_or(StoreError::Stopped)?;
            answered.await.map_err(|_| StoreError::OutcomeUnknown)?
        }
    }

    /// Writes all changed files now and waits until that is done and journaled; says whether all
    /// of it worked.
    pub fn settle(&self) -> bool {
        let (flushed, is_flushed) = sync_channel(1);
        let (journaled, is_journaled) = sync_channel(1);
        let all =
            self.checkpoints.send(Order::Flush(flushed)).is_ok() && is_flushed.recv() == Ok(true);
        // A message behind that of the finished checkpoints: when it is answered, so are they.
        let barrier = Message::Mark(Vec::new(), journaled);
        all && self.writer.send(barrier).is_ok() && is_journaled.recv() == Ok(Announced::Durably)
    }

    /// Stops cleanly: no more writes, all files written, the journal gone.
    ///
    /// *Errors*: `false` when the store had latched or some file could not be written; then the
    /// journal stays and the next start takes it up.
    pub fn stop(&self) -> bool {
        let (closed, is_closed) = sync_channel(1);
        let (finished, is_finished) = sync_channel(1);
        let all_flushed = self.writer.send(Message::Close(closed)).is_ok()
            && is_closed.recv().is_ok()
            && self.settle();
        let clean =
            self.writer.send(Message::Finish(finished)).is_ok() && is_finished.recv() == Ok(true);
        self.checkpoints.send(Order::End).ok();
        for thread in self.lock_threads().drain(..) {
            thread.join().ok();
        }
        all_flushed && clean
    }
}

fn may_make(served: Served) -> Box<dyn Fn(&FilePath) -> bool + Send> {
    Box::new(move |path| {
        let kind = served.medium.kind(&served.path_of(path));
        matches!(kind, Ok(None | Some(NameKind::File)))
    })
}

fn marks_of(on_disk: &HashMap<FilePath, OnDisk>) -> HashMap<FilePath, Mark> {
    let mark = |(path, it): (&FilePath, &OnDisk)| {
        let mark = Mark {
            path: path.clone(),
            revision: it.revision,
            hash: it.hash,
        };
        (path.clone(), mark)
    };
    on_disk.iter().map(mark).collect()
}

/// How far the threads behind the writer stand back, by which nobody waits longer for an answer
/// because a file is written; they still get a tenth of a core that has no time.
const NICE: i32 = 10;

/// Starts a thread whose work nobody waits for.
fn spawn_behind(
    name: &str,
    run: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, OpenError> {
    spawn(name, || {
        // Elsewhere than on Linux it would be that of the whole process.
        #[cfg(target_os = "linux")]
        if let Err(error) = rustix::process::setpriority_process(None, NICE) {
            tracing::debug!(%error, "the thread does not stand back");
        }
        run();
    })
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, OpenError> {
    std::thread::Builder::new()
        .name(format!("jsond-{name}"))
        .spawn(run)
        .map_err(OpenError::io("a thread cannot be started"))
}

/// Notes which folder the journal is that of, if it does not lie in it.
fn check_folder(
    state: &mut State,
    journal: &dyn Medium,
    folder: Option<&String>,
) -> Result<(), OpenError> {
    if state.folder.as_ref() == folder {
        return Ok(());
    }
    let what = "the journal cannot be read or written";
    let listed = journal.list("").map_err(OpenError::io(what))?;
    let is_needed = |name: &str| segment::first_of(name).is_some_and(|it| it > state.history);
    let has_segments = listed.iter().any(|it| is_needed(&it.name));
    match &state.folder {
        Some(other) if has_segments => Err(OpenError::OtherFolder {
            folder: other.clone(),
        }),
        _ => {
            state.folder = folder.cloned();
            state.write(journal).map_err(OpenError::io(what))
        }
    }
}

/// Reads what lies beside the journal: the state, and the lines with a key that are kept.
fn open_beside(
    journal: &Arc<dyn Medium>,
    settings: &Settings,
) -> Result<(State, KeyFiles, Vec<Line>), OpenError> {
    let mut state = open_state(&**journal)?;
    check_folder(&mut state, &**journal, settings.folder.as_ref())?;
    let (key_files, keyed) = KeyFiles::open(Arc::clone(journal), &state.identity)?;
    // A line of the journal never has the revision of one whose key is in a file.
    state.revision = state.revision.max(key_files.kept_to());
    Ok((state, key_files, keyed))
}

/// Reads the state, or makes one.
fn open_state(journal: &dyn Medium) -> Result<State, OpenError> {
    let state = State::find(journal)?;
    let what = "the state beside the journal cannot be written";
    if State::read(journal).map_err(OpenError::io(what))?.is_none() {
        state.write(journal).map_err(OpenError::io(what))?;
    }
    Ok(state)
}
