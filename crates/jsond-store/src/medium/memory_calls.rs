//! The calls of a medium in memory.
//!
//! Each that changes or syncs something is counted and may be planned to fail.

use super::memory::MemoryMedium;
use super::memory_state::{Inode, Watcher};
use super::{
    Listed, Medium, NameKind, Notice, PieceReader, PieceWriter, SegmentFile, Stat, Watch, folder_of,
};
use std::io;

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
        state.set_name(path.clone(), Some(n));
        state.inodes[n].seen.clear();
        state.inodes[n].is_lost = false;
        drop(state);
        Ok(self.handle(path, n).writer(false))
    }

    fn make_folders(&self, folder: &str) -> io::Result<()> {
        let mut state = self.lock();
        let folder = self.full(folder);
        state.note_folders(&format!("{folder}/file"));
        Ok(())
    }

    fn overwrite(&self, path: &str) -> io::Result<Box<dyn PieceWriter>> {
        let mut state = self.lock();
        let path = self.full(path);
        let n = *state.seen.get(&path).ok_or(io::ErrorKind::NotFound)?;
        // All of it is written anew.
        state.inodes[n].is_lost = false;
        drop(state);
        Ok(self.handle(path, n).writer(true))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.let_others_in("rename");
        let mut state = self.lock();
        let (from, to) = (self.full(from), self.full(to));
        state.call(format!("rename {from} {to}"))?;
        state.check_movable(&to)?;
        let n = *state.seen.get(&from).ok_or(io::ErrorKind::NotFound)?;
        state.set_name(from, None);
        state.set_name(to, Some(n));
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
        let n = *state.seen.get(&from).ok_or(io::ErrorKind::NotFound)?;
        state.set_name(from, None);
        state.set_name(to, Some(n));
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
        state.set_name(one, Some(second));
        state.set_name(other, Some(first));
        Ok(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.let_others_in("remove");
        let mut state = self.lock();
        let path = self.full(path);
        state.call(format!("remove {path}"))?;
        if !state.seen.contains_key(&path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        state.set_name(path.clone(), None);
        state.tell(path);
        Ok(())
    }

    fn sync(&self, path: &str) -> io::Result<()> {
        let mut state = self.lock();
        let path = self.full(path);
        let n = *state.seen.get(&path).ok_or(io::ErrorKind::NotFound)?;
        state.call_sync(&path, n)?;
        state.sync_inode(n);
        Ok(())
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        let mut state = self.lock();
        let folder = self.full(folder);
        let folder = folder.trim_end_matches('/');
        if let Err(error) = state.call(format!("sync folder {folder}")) {
            state.lose_names(folder);
            return Err(error);
        }
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
                state.set_name(path.clone(), Some(n));
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
