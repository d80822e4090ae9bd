//! Coded representations: each is made once per version, and kept in a bounded cache.
//!
//! However many requests ask for the same one at the same time, one of them makes it and the others
//! wait. The right to make it is a turn that moves into the job: a request that goes away while it
//! waits passes the turn on, and one that goes away while the job runs loses nothing.

use crate::api::coding;
use crate::api::heavy::Heavy;
use crate::api::negotiate::Coding;
use crate::limits::{CODED_BYTES_MAX, CODED_BYTES_MIN};
use bytes::Bytes;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::sync::Semaphore;

/// Makes and keeps coded representations; clones share one cache.
#[derive(Debug, Clone)]
pub(super) struct Codings {
    shared: Arc<Shared>,
    heavy: Heavy,
}

/// Which representation in which coding.
type Key = (Arc<str>, Coding);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    cache: Cache,
    flights: HashMap<Key, Arc<Flight>>,
    /// How many were made, of all that were asked for.
    made: u64,
}

/// One coded representation in the making.
#[derive(Debug)]
struct Flight {
    /// One permit: the right to make it.
    turn: Arc<Semaphore>,
    made: OnceLock<Bytes>,
}

impl Codings {
    /// Makes an empty cache of so many bytes; large jobs go where `heavy` runs them.
    pub(super) fn new(cache_bytes_max: usize, heavy: Heavy) -> Self {
        let state = State {
            cache: Cache::new(cache_bytes_max),
            flights: HashMap::new(),
            made: 0,
        };
        let state = Mutex::new(state);
        Self {
            shared: Arc::new(Shared { state }),
            heavy,
        }
    }

    /// Judges by its length whether a representation is worth a coding.
    pub(super) fn is_worth(bytes: usize) -> bool {
        (CODED_BYTES_MIN..=CODED_BYTES_MAX).contains(&bytes)
    }

    /// Counts the representations that were made since the start.
    #[cfg(test)]
    pub(super) fn made(&self) -> u64 {
        self.shared.lock().made
    }

    /// Finds a coded representation that is kept.
    pub(super) fn kept(&self, tag: &str, coding: Coding) -> Option<Bytes> {
        self.shared.lock().cache.find(&(Arc::from(tag), coding))
    }

    /// Finds a coded representation, or makes it from its text.
    ///
    /// INVARIANT: equal tags are of equal texts.
    ///
    /// *Cost*: none but a look-up when it is kept. *Cancel*: what is being made is made and kept.
    pub(super) async fn encode(&self, tag: &str, coding: Coding, pieces: Vec<Bytes>) -> Bytes {
        let ticket = match Shared::join(&self.shared, (Arc::from(tag), coding)) {
            Ok(kept) => return kept,
            Err(ticket) => ticket,
        };
        let turn = Arc::clone(&ticket.flight().turn).acquire_owned().await;
        let turn = turn.expect("INVARIANT: never closed");
        if let Some(made) = ticket.flight().made.get() {
            return made.clone();
        }
        let bytes = pieces.iter().map(Bytes::len).sum();
        let job = move || {
            let coded = coding::encode(coding, &pieces);
            ticket.publish(&coded);
            drop(turn);
            coded
        };
        self.heavy.run_for(bytes, job).done().await
    }
}

impl Shared {
    /// Locks the state, which is whole after every statement, whatever panicked.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Finds what is kept, or joins those who wait for it.
    fn join(shared: &Arc<Self>, key: Key) -> Result<Bytes, Ticket> {
        let mut state = shared.lock();
        if let Some(kept) = state.cache.find(&key) {
            return Ok(kept);
        }
        let flight = state.flights.entry(key.clone()).or_insert_with(|| {
            Arc::new(Flight {
                turn: Arc::new(Semaphore::new(1)),
                made: OnceLock::new(),
            })
        });
        Err(Ticket {
            flight: Some(Arc::clone(flight)),
            shared: Arc::clone(shared),
            key,
        })
    }
}

/// A place among those who wait for a flight; the last one takes it off the list.
#[derive(Debug)]
struct Ticket {
    shared: Arc<Shared>,
    key: Key,
    /// INVARIANT: there until the ticket is dropped.
    flight: Option<Arc<Flight>>,
}

impl Ticket {
    fn flight(&self) -> &Flight {
        self.flight.as_ref().expect("INVARIANT: not dropped yet")
    }

    /// Hands what was made to those who wait, and to those who come later.
    fn publish(&self, coded: &Bytes) {
        let mut state = self.shared.lock();
        state.made += 1;
        state.cache.insert(self.key.clone(), coded.clone());
        // Nobody has set it: this is the one turn.
        let _ = self.flight().made.set(coded.clone());
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        // INVARIANT: flights are cloned and dropped under the lock only, so the count is exact.
        drop(self.flight.take());
        let flight = state.flights.get(&self.key);
        if flight.is_some_and(|flight| Arc::strong_count(flight) == 1) {
            state.flights.remove(&self.key);
        }
    }
}

/// What keeping an entry costs beside its bytes and its tag.
const ENTRY_BYTES: usize = 256;

/// A map bounded in bytes; what was used least recently goes first.
#[derive(Debug)]
struct Cache {
    entries: HashMap<Key, Kept>,
    /// The keys by the time of their last use.
    order: BTreeMap<u64, Key>,
    clock: u64,
    bytes: usize,
    bytes_max: usize,
}

#[derive(Debug)]
struct Kept {
    coded: Bytes,
    used: u64,
}

impl Cache {
    fn new(bytes_max: usize) -> Self {
        Self {
            entries: HashMap::new(),
            order: BTreeMap::new(),
            clock: 0,
            bytes: 0,
            bytes_max,
        }
    }

    fn find(&mut self, key: &Key) -> Option<Bytes> {
        let kept = self.entries.get_mut(key)?;
        self.clock += 1;
        if let Some(key) = self.order.remove(&kept.used) {
            self.order.insert(self.clock, key);
        }
        kept.used = self.clock;
        Some(kept.coded.clone())
    }

    /// Keeps an entry, unless it would push out too much else.
    fn insert(&mut self, key: Key, coded: Bytes) {
        self.remove(&key);
        let cost = cost_of(&key, &coded);
        if cost > self.bytes_max / 4 {
            return;
        }
        while self.bytes + cost > self.bytes_max {
            let Some((_, oldest)) = self.order.pop_first() else {
                break;
            };
            self.remove(&oldest);
        }
        self.clock += 1;
        let used = self.clock;
        self.bytes += cost;
        self.order.insert(used, key.clone());
        self.entries.insert(key, Kept { coded, used });
    }

    fn remove(&mut self, key: &Key) {
        if let Some(kept) = self.entries.remove(key) {
            self.order.remove(&kept.used);
            self.bytes -= cost_of(key, &kept.coded);
        }
    }
}

fn cost_of(key: &Key, coded: &Bytes) -> usize {
    key.0.len() + coded.len() + ENTRY_BYTES
}

#[cfg(test)]
#[path = "codings_tests.rs"]
mod tests;
