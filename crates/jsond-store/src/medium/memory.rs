//! A medium in memory whose power can be cut, for tests.
//!
//! It keeps two states: what programs see, and what would be there after a power cut. Content moves
//! from the one to the other by syncing the file, names by syncing the folder. A fault can be
//! planned for the n-th call that changes or syncs something.

use super::memory_file::Handle;
use super::{
    Listed, Medium, NameKind, Notice, PieceReader, PieceWriter, SegmentFile, Stat, Watch, folder_of,
};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

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
    state: Arc<Mutex<State>>,
    prefix: String,
}

#[derive(Debug, Default)]
pub(super) struct State {
    seen: BTreeMap<String, usize>,
    durable: BTreeMap<String, usize>,
    pub(super) inodes: Vec<Inode>,
    folders: BTreeSet<String>,
    calls: Vec<String>,
    fault: Option<(usize, Fault)>,
    skip_syncs: bool,
    refused: Option<String>,
    /// The file system cannot exchange names.
    knows_no_exchange: bool,
    /// Files that cannot be renamed or replaced, only overwritten.
    mounted: BTreeSet<String>,
    watcher: Option<Watcher>,
    /// What another program does directly before the next call of this kind.
    interruption: Option<(&'static str, Interruption)>,
}

#[derive(Debug, Default, Clone)]
pub(super) struct Inode {
    pub(super) seen: Vec<u8>,
    pub(super) durable: Vec<u8>,
    pub(super) version: u64,
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
            version: 0,
        };
        state.inodes.push(inode);
        let n = state.inodes.len() - 1;
        state.note_folders(&path);
        state.seen.insert(path.clone(), n);
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
    fn let_others_in(&self, call: &str) {
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
                version: 0,
            });
            new.seen.insert(path.clone(), new.inodes.len() - 1);
        }
        new.durable = new.seen.clone();
        Self {
            state: Arc::new(Mutex::new(new)),
            prefix: self.prefix.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn handle(&self, path: String, n: usize) -> Handle {
        let state = Arc::clone(&self.state);
        Handle { state, path, n }
    }

    fn full(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }
}

pub(super) fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Who is told what other programs do.
struct Watcher(Box<dyn Fn(Notice) + Send>);

impl std::fmt::Debug for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watcher")
    }
}

/// What another program does.
struct Interruption(Box<dyn FnOnce(&MemoryMedium) + Send>);

impl std::fmt::Debug for Interruption {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Interruption")
    }
}

impl State {
    pub(super) fn stat_of(&self, n: usize) -> Stat {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(self.inodes[n].version);
        Stat {
            bytes: self.inodes[n].seen.len() as u64,
            modified: time,
            changed: time,
            identity: n as u64,
        }
    }

    /// Fails like a file on which another file system is mounted.
    fn check_movable(&self, path: &str) -> io::Result<()> {
        if self.mounted.contains(path) {
            return Err(io::ErrorKind::ResourceBusy.into());
        }
        Ok(())
    }

    /// Notes a call and fails it if a fault is planned for it.
    pub(super) fn call(&mut self, words: String) -> io::Result<()> {
        let n = self.calls.len();
        let is_refused = |name: &String| words.contains(name);
        if self.refused.as_ref().is_some_and(is_refused) {
            return Err(io::Error::other("refused"));
        }
        let needs_room = ["make", "append", "write"]
            .iter()
            .any(|it| words.starts_with(it));
        self.calls.push(words);
        match self.fault {
            Some((at, Fault::Once)) if at == n => Err(io::Error::other("planned fault")),
            Some((at, Fault::NoRoom)) if at == n => Err(io::ErrorKind::StorageFull.into()),
            Some((at, Fault::FullFromThenOn)) if n >= at && needs_room => {
                Err(io::ErrorKind::StorageFull.into())
            }
            Some((at, Fault::FromThenOn)) if n >= at => Err(io::Error::other("cut off")),
            _ => Ok(()),
        }
    }

    /// Tells the watcher of something that another program did.
    fn tell(&self, path: String) {
        if let Some(Watcher(tell)) = &self.watcher {
            tell(Notice::Path(path));
        }
    }

    fn note_folders(&mut self, path: &str) {
        let mut folder = folder_of(path);
        while !folder.is_empty() {
            self.folders.insert(folder.to_owned());
            folder = folder_of(folder);
        }
    }

    pub(super) fn sync_inode(&mut self, n: usize) {
        if !self.skip_syncs {
            self.inodes[n].durable = self.inodes[n].seen.clone();
        }
    }

    fn sync_names(&mut self, folder: &str) {
        if self.skip_syncs {
            return;
        }
        self.durable.retain(|path, _| folder_of(path) != folder);
        let seen = self
            .seen
            .iter()
            .filter(|(path, _)| folder_of(path) == folder);
        self.durable
            .extend(seen.map(|(path, &n)| (path.clone(), n)));
    }
}

impl Medium for MemoryMedium {
    fn list(&self, folder: &str) -> io::Result<Vec<Listed>> {
        let state = self.lock();
        let folder = self.full(folder);
        let folder = folder.trim_end_matches('/');
        if !folder.is_empty() && !state.folders.contains(folder) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let name_of = |path: &String| path.rsplit('/').next().unwrap_or_default().to_owned();
        let here = |path: &&String| folder_of(path) == folder && path.as_str() != folder;
        let files = state.seen.keys().filter(here);
        let files = files.map(|path| Listed {
            name: name_of(path),
            is_folder: false,
            identity: crc32c::crc32c(path.as_bytes()).into(),
        });
        let folders = state.folders.iter().filter(here);
        let folders = folders.map(|path| Listed {
            name: name_of(path),
            is_folder: true,
            identity: crc32c::crc32c(path.as_bytes()).into(),
        });
        Ok(files.chain(folders).collect())
    }

    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        let state = self.lock();
        Ok(state
            .seen
            .get(&self.full(path))
            .map(|&n| state.inodes[n].seen.clone()))
    }

    fn open(&self, path: &str) -> io::Result<Option<Box<dyn PieceReader>>> {
        let state = self.lock();
        let path = self.full(path);
        let n = state.seen.get(&path).copied();
        Ok(n.map(|n| self.handle(path, n).reader()))
    }

    fn stat(&self, path: &str) -> io::Result<Option<Stat>> {
        let state = self.lock();
        let n = state.seen.get(&self.full(path));
        Ok(n.map(|&n| state.stat_of(n)))
    }

    fn kind(&self, path: &str) -> io::Result<Option<NameKind>> {
        let state = self.lock();
        let path = self.full(path);
        let is_file = state.seen.contains_key(&path);
        let kind = if is_file {
            NameKind::File
        } else {
            NameKind::Folder
        };
        Ok((is_file || state.folders.contains(&path)).then_some(kind))
    }

    fn create(&self, path: &str, _like: Option<&str>) -> io::Result<Box<dyn PieceWriter>> {
        let mut state = self.lock();
        let path = self.full(path);
        let n = state.seen.get(&path).copied().unwrap_or_else(|| {
            state.inodes.push(Inode::default());
            state.inodes.len() - 1
        });
        state.seen.insert(path.clone(), n);
        state.inodes[n].seen.clear();
        drop(state);
        Ok(self.handle(path, n).writer(false))
    }

    fn overwrite(&self, path: &str) -> io::Result<Box<dyn PieceWriter>> {
        let state = self.lock();
        let path = self.full(path);
        let n = *state.seen.get(&path).ok_or(io::ErrorKind::NotFound)?;
        drop(state);
        Ok(self.handle(path, n).writer(true))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.let_others_in("rename");
        let mut state = self.lock();
        let (from, to) = (self.full(from), self.full(to));
        state.call(format!("rename {from} {to}"))?;
        state.check_movable(&to)?;
        let n = state.seen.remove(&from).ok_or(io::ErrorKind::NotFound)?;
        state.seen.insert(to, n);
        Ok(())
    }

    fn rename_to_free(&self, from: &str, to: &str) -> io::Result<()> {
        self.let_others_in("rename");
        let mut state = self.lock();
        let (from, to) = (self.full(from), self.full(to));
        state.call(format!("rename {from} {to}"))?;
        if state.seen.contains_key(&to) || state.folders.contains(&to) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let n = state.seen.remove(&from).ok_or(io::ErrorKind::NotFound)?;
        state.seen.insert(to, n);
        Ok(())
    }

    fn exchange(&self, one: &str, other: &str) -> io::Result<()> {
        self.let_others_in("exchange");
        let mut state = self.lock();
        let (one, other) = (self.full(one), self.full(other));
        if state.knows_no_exchange {
            return Err(io::ErrorKind::Unsupported.into());
        }
        state.call(format!("exchange {one} {other}"))?;
        state.check_movable(&other)?;
        let first = *state.seen.get(&one).ok_or(io::ErrorKind::NotFound)?;
        let second = *state.seen.get(&other).ok_or(io::ErrorKind::NotFound)?;
        state.seen.insert(one, second);
        state.seen.insert(other, first);
        Ok(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.let_others_in("remove");
        let mut state = self.lock();
        let path = self.full(path);
        state.call(format!("remove {path}"))?;
        state
            .seen
            .remove(&path)
            .map(drop)
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn sync(&self, path: &str) -> io::Result<()> {
        let mut state = self.lock();
        let path = self.full(path);
        state.call(format!("sync {path}"))?;
        let n = *state.seen.get(&path).ok_or(io::ErrorKind::NotFound)?;
        state.sync_inode(n);
        Ok(())
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        let mut state = self.lock();
        let folder = self.full(folder);
        let folder = folder.trim_end_matches('/');
        state.call(format!("sync folder {folder}"))?;
        state.sync_names(folder);
        Ok(())
    }

    fn open_segment(&self, path: &str, bytes: u64) -> io::Result<Box<dyn SegmentFile>> {
        let mut state = self.lock();
        let path = self.full(path);
        let length = usize::try_from(bytes).map_err(io::Error::other)?;
        let n = match state.seen.get(&path) {
            Some(&n) if state.inodes[n].seen.len() >= length => n,
            found => {
                let found = found.copied();
                state.call(format!("make {path}"))?;
                let n = found.unwrap_or_else(|| {
                    state.inodes.push(Inode::default());
                    state.inodes.len() - 1
                });
                state.seen.insert(path.clone(), n);
                state.inodes[n].seen.resize(length, 0);
                state.sync_inode(n);
                state.sync_names(folder_of(&path));
                n
            }
        };
        Ok(Box::new(self.handle(path, n)))
    }

    fn free_bytes(&self) -> Option<u64> {
        None
    }

    fn watch(&self, tell: Box<dyn Fn(Notice) + Send>) -> io::Result<Box<dyn Watch>> {
        self.lock().watcher = Some(Watcher(tell));
        Ok(Box::new(MemoryWatch))
    }
}

struct MemoryWatch;

impl Watch for MemoryWatch {
    fn add(&mut self, _folder: &str) -> io::Result<()> {
        Ok(())
    }
}
