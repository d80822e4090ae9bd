//! A medium in memory whose power can be cut, for tests.
//!
//! It keeps two states: what programs see, and what would be there after a power cut. Content moves
//! from the one to the other by syncing the file, names by syncing the folder. A fault can be
//! planned for the n-th call that changes or syncs something.

use super::memory_file::Handle;
use super::memory_state::{Inode, Interruption, State, lock};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

/// What a planned fault does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// This one call fails with an input/output error.
    Once,
    /// This call and all later ones fail: the process is cut off from its medium.
    FromThenOn,
    /// This one call fails because there is no room.
    NoRoom,
    /// This call and all later ones that need room fail because there is none.
    FullFromThenOn,
}

/// A folder in memory; clones share it.
#[derive(Debug, Clone, Default)]
pub struct MemoryMedium {
    pub(super) state: Arc<Mutex<State>>,
    pub(super) prefix: String,
}

impl MemoryMedium {
    /// Makes an empty medium.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same medium with every path below a folder of it.
    #[must_use]
    pub fn sub_folder(&self, name: &str) -> Self {
        self.lock().folders.insert(name.to_owned());
        Self {
            state: Arc::clone(&self.state),
            prefix: format!("{}{name}/", self.prefix),
        }
    }

    /// Puts a file there, durably, as another program would have done long ago.
    pub fn put(&self, path: &str, text: &[u8]) {
        let mut state = self.lock();
        let path = self.full(path);
        let inode = Inode {
            seen: text.to_vec(),
            durable: text.to_vec(),
            ..Inode::default()
        };
        state.inodes.push(inode);
        let n = state.inodes.len() - 1;
        state.note_folders(&path);
        state.set_name(path.clone(), Some(n));
        state.durable.insert(path.clone(), n);
        state.tell(path);
    }

    /// Plans a fault for the n-th call from now, counted from 0.
    pub fn plan(&self, fault: Option<(usize, Fault)>) {
        let mut state = self.lock();
        state.calls.clear();
        state.fault = fault;
    }

    /// The calls since the last plan, in words.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        self.lock().calls.clone()
    }

    /// Makes all syncs do nothing: the negative control of every durability test.
    pub fn skip_syncs(&self) {
        self.lock().skip_syncs = true;
    }

    /// Makes every call that names this file fail from now on.
    pub fn refuse(&self, name: &str) {
        self.lock().refused = Some(name.to_owned());
    }

    /// Makes the medium one whose file system cannot exchange names.
    pub fn forget_exchange(&self) {
        self.lock().knows_no_exchange = true;
    }

    /// Makes a file one that can only be overwritten, as if it were mounted alone.
    pub fn mount(&self, path: &str) {
        let path = self.full(path);
        self.lock().mounted.insert(path);
    }

    /// Has another program do something directly before the next exchange, rename or removal.
    pub fn interrupt(&self, call: &'static str, act: impl FnOnce(&Self) + Send + 'static) {
        self.lock().interruption = Some((call, Interruption(Box::new(act))));
    }

    /// Lets another program do what it waits for.
    pub(super) fn let_others_in(&self, call: &str) {
        let mut state = self.lock();
        let is_due = state
            .interruption
            .as_ref()
            .is_some_and(|(due, _)| *due == call);
        let interruption = state.interruption.take_if(|_| is_due);
        drop(state);
        if let Some((_, Interruption(act))) = interruption {
            act(self);
        }
    }

    /// Opens a file as another program does that will write into it later, whatever name it has
    /// then.
    ///
    /// # Panics
    ///
    /// When there is no such file.
    pub fn open_by_hand(&self, path: &str) -> impl FnOnce(&[u8]) + use<> {
        let n = self.lock().seen[&self.full(path)];
        let medium = self.clone();
        move |text| {
            let mut state = medium.lock();
            state.inodes[n].seen = text.to_vec();
            state.inodes[n].version += 1;
        }
    }

    /// Does what another program does that saves in place: gives a file another content.
    pub fn write_in_place(&self, path: &str, text: &[u8]) {
        let mut state = self.lock();
        let path = self.full(path);
        let n = state.seen[&path];
        state.inodes[n].seen = text.to_vec();
        state.inodes[n].version += 1;
        state.tell(path);
    }

    /// The medium as it is after a power cut now: only what was synced.
    #[must_use]
    pub fn after_power_cut(&self) -> Self {
        self.left_with(|state| &state.durable, |inode| &inode.durable)
    }

    /// The medium as it is after the process was killed now: all that was written.
    #[must_use]
    pub fn after_kill(&self) -> Self {
        self.left_with(|state| &state.seen, |inode| &inode.seen)
    }

    /// A medium of its own on which these names and contents are all there is, and durable.
    fn left_with(
        &self,
        names: impl Fn(&State) -> &BTreeMap<String, usize>,
        content: impl Fn(&Inode) -> &Vec<u8>,
    ) -> Self {
        let old = self.lock();
        let mut new = State {
            folders: old.folders.clone(),
            ..State::default()
        };
        for (path, &n) in names(&old) {
            let text = content(&old.inodes[n]).clone();
            new.inodes.push(Inode {
                seen: text.clone(),
                durable: text,
                ..Inode::default()
            });
            new.seen.insert(path.clone(), new.inodes.len() - 1);
        }
        new.durable = new.seen.clone();
        Self {
            state: Arc::new(Mutex::new(new)),
            prefix: self.prefix.clone(),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub(super) fn handle(&self, path: String, n: usize) -> Handle {
        let state = Arc::clone(&self.state);
        Handle { state, path, n }
    }

    pub(super) fn full(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }
}
