//! What a medium in memory holds: what programs see, and what a power cut would leave.
//!
//! A sync that fails is worse than none: the system forgets what it could not write, and the next
//! sync of the same file or folder succeeds without it.

use super::memory::{Fault, MemoryMedium};
use super::{Notice, Stat, folder_of};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) seen: BTreeMap<String, usize>,
    pub(super) durable: BTreeMap<String, usize>,
    pub(super) inodes: Vec<Inode>,
    /// Names that were changed before a sync of their folder failed: the same holds for them.
    pub(super) lost_names: BTreeSet<String>,
    pub(super) folders: BTreeSet<String>,
    pub(super) calls: Vec<String>,
    pub(super) fault: Option<(usize, Fault)>,
    pub(super) skip_syncs: bool,
    pub(super) refused: Option<String>,
    /// The file system cannot exchange names.
    pub(super) knows_no_exchange: bool,
    /// Files that cannot be renamed or replaced, only overwritten.
    pub(super) mounted: BTreeSet<String>,
    pub(super) watcher: Option<Watcher>,
    /// What another program does directly before the next call of this kind.
    pub(super) interruption: Option<(&'static str, Interruption)>,
}

#[derive(Debug, Default, Clone)]
pub(super) struct Inode {
    pub(super) seen: Vec<u8>,
    pub(super) durable: Vec<u8>,
    pub(super) version: u64,
    /// A sync has failed: what was written before it is never durable any more, although a later
    /// sync says that all is well.
    pub(super) is_lost: bool,
}

pub(super) fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Who is told what other programs do.
pub(super) struct Watcher(pub(super) Box<dyn Fn(Notice) + Send>);

impl std::fmt::Debug for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watcher")
    }
}

/// What another program does.
pub(super) struct Interruption(pub(super) Box<dyn FnOnce(&MemoryMedium) + Send>);

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
    pub(super) fn check_movable(&self, path: &str) -> io::Result<()> {
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
    pub(super) fn tell(&self, path: String) {
        if let Some(Watcher(tell)) = &self.watcher {
            tell(Notice::Path(path));
        }
    }

    pub(super) fn note_folders(&mut self, path: &str) {
        let mut folder = folder_of(path);
        while !folder.is_empty() {
            self.folders.insert(folder.to_owned());
            folder = folder_of(folder);
        }
    }

    /// Makes a content durable, unless a sync of it has failed before.
    pub(super) fn sync_inode(&mut self, n: usize) {
        let inode = &mut self.inodes[n];
        if !self.skip_syncs && !inode.is_lost {
            inode.durable = inode.seen.clone();
        }
    }

    /// Calls a sync of a file; what it fails to write it never writes.
    pub(super) fn call_sync(&mut self, path: &str, n: usize) -> io::Result<()> {
        let called = self.call(format!("sync {path}"));
        self.inodes[n].is_lost |= called.is_err() && !self.is_cut_off();
        called
    }

    /// A process that is cut off has called nothing; what it wrote before is as it was.
    fn is_cut_off(&self) -> bool {
        matches!(self.fault, Some((_, Fault::FromThenOn)))
    }

    pub(super) fn sync_names(&mut self, folder: &str) {
        if self.skip_syncs {
            return;
        }
        let is_synced = |path: &String, lost: &BTreeSet<String>| {
            folder_of(path) == folder && !lost.contains(path)
        };
        self.durable
            .retain(|path, _| !is_synced(path, &self.lost_names));
        let seen = self
            .seen
            .iter()
            .filter(|(path, _)| is_synced(path, &self.lost_names));
        self.durable
            .extend(seen.map(|(path, &n)| (path.clone(), n)));
    }

    /// Notes that the names in a folder that are not durable never will be.
    pub(super) fn lose_names(&mut self, folder: &str) {
        if self.is_cut_off() {
            return;
        }
        let paths = self.seen.keys().chain(self.durable.keys());
        let changed = paths.filter(|path| {
            folder_of(path) == folder && self.seen.get(*path) != self.durable.get(*path)
        });
        let changed: Vec<_> = changed.cloned().collect();
        self.lost_names.extend(changed);
    }

    /// Gives a name to a file, or takes it away.
    pub(super) fn set_name(&mut self, path: String, n: Option<usize>) {
        self.lost_names.remove(&path);
        match n {
            Some(n) => self.seen.insert(path, n),
            None => self.seen.remove(&path),
        };
    }
}
