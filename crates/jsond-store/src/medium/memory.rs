//! A medium in memory whose power can be cut, for tests.
//!
//! It keeps two states: what programs see, and what would be there after a power cut. Content moves
//! from the one to the other by syncing the file, names by syncing the folder. A fault can be
//! planned for the n-th call that changes or syncs something.

use super::{Listed, Medium, SegmentFile, Stat, folder_of};
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
}

/// A folder in memory; clones share it.
#[derive(Debug, Clone, Default)]
pub struct MemoryMedium {
    state: Arc<Mutex<State>>,
    prefix: String,
}

#[derive(Debug, Default)]
struct State {
    seen: BTreeMap<String, usize>,
    durable: BTreeMap<String, usize>,
    inodes: Vec<Inode>,
    folders: BTreeSet<String>,
    calls: Vec<String>,
    fault: Option<(usize, Fault)>,
    skip_syncs: bool,
    refused: Option<String>,
}

#[derive(Debug, Default, Clone)]
struct Inode {
    seen: Vec<u8>,
    durable: Vec<u8>,
    version: u64,
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
        state.durable.insert(path, n);
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
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn full(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }
}

impl State {
    /// Notes a call and fails it if a fault is planned for it.
    fn call(&mut self, words: String) -> io::Result<()> {
        let n = self.calls.len();
        let is_refused = |name: &String| words.contains(name);
        if self.refused.as_ref().is_some_and(is_refused) {
            return Err(io::Error::other("refused"));
        }
        self.calls.push(words);
        match self.fault {
            Some((at, Fault::Once)) if at == n => Err(io::Error::other("planned fault")),
            Some((at, Fault::NoRoom)) if at == n => Err(io::ErrorKind::StorageFull.into()),
            Some((at, Fault::FromThenOn)) if n >= at => Err(io::Error::other("cut off")),
            _ => Ok(()),
        }
    }

    fn note_folders(&mut self, path: &str) {
        let mut folder = folder_of(path);
        while !folder.is_empty() {
            self.folders.insert(folder.to_owned());
            folder = folder_of(folder);
        }
    }

    fn sync_inode(&mut self, n: usize) {
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

    fn stat(&self, path: &str) -> io::Result<Option<Stat>> {
        let state = self.lock();
        Ok(state.seen.get(&self.full(path)).map(|&n| Stat {
            bytes: state.inodes[n].seen.len() as u64,
            modified: SystemTime::UNIX_EPOCH + Duration::from_secs(state.inodes[n].version),
            identity: n as u64,
        }))
    }

    fn is_occupied(&self, path: &str) -> io::Result<bool> {
        Ok(self.lock().folders.contains(&self.full(path)))
    }

    fn write(&self, path: &str, text: &[u8], _like: Option<&str>) -> io::Result<()> {
        let mut state = self.lock();
        let path = self.full(path);
        let n = state.seen.get(&path).copied().unwrap_or_else(|| {
            state.inodes.push(Inode::default());
            state.inodes.len() - 1
        });
        state.seen.insert(path.clone(), n);
        state.inodes[n].version += 1;
        let half = text.len() / 2;
        state.inodes[n].seen = text[..half].to_vec();
        state.call(format!("write {path}"))?;
        state.inodes[n].seen = text.to_vec();
        state.call(format!("sync {path}"))?;
        state.sync_inode(n);
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.lock();
        let (from, to) = (self.full(from), self.full(to));
        state.call(format!("rename {from} {to}"))?;
        let n = state.seen.remove(&from).ok_or(io::ErrorKind::NotFound)?;
        state.seen.insert(to, n);
        Ok(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let mut state = self.lock();
        let path = self.full(path);
        state.call(format!("remove {path}"))?;
        state
            .seen
            .remove(&path)
            .map(drop)
            .ok_or_else(|| io::ErrorKind::NotFound.into())
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
        Ok(Box::new(MemorySegment {
            state: Arc::clone(&self.state),
            path,
            n,
        }))
    }
}

struct MemorySegment {
    state: Arc<Mutex<State>>,
    path: String,
    n: usize,
}

impl SegmentFile for MemorySegment {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut state = self
            .state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        let called = state.call(format!("append {}", self.path));
        // A failed append leaves half of its bytes there.
        let length = if called.is_ok() {
            bytes.len()
        } else {
            bytes.len() / 2
        };
        let text = &mut state.inodes[self.n].seen;
        text.resize(text.len().max(start + length), 0);
        text[start..start + length].copy_from_slice(&bytes[..length]);
        called
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self
            .state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        state.call(format!("sync {}", self.path))?;
        state.sync_inode(self.n);
        Ok(())
    }
}
