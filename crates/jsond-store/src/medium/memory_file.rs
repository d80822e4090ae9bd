//! Open files of a medium in memory.
//!
//! A file that is overwritten where it lies may reach the disk in any order of its pages: of what
//! was written and not synced, the first half of each piece survives a power cut.

use super::memory_state::{State, lock};
use super::{PieceReader, PieceWriter, SegmentFile, Stat};
use bytes::Bytes;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

/// How much is read at once: little, so that small files come in pieces too.
const PIECE_BYTES: usize = 1024;

/// One file of a medium.
pub(super) struct Handle {
    pub(super) state: Arc<Mutex<State>>,
    pub(super) path: String,
    pub(super) n: usize,
}

struct MemoryReader {
    handle: Handle,
    at: usize,
}

struct MemoryWriter {
    handle: Handle,
    at: usize,
    in_place: bool,
}

impl Handle {
    pub(super) fn reader(self) -> Box<dyn PieceReader> {
        Box::new(MemoryReader {
            handle: self,
            at: 0,
        })
    }

    pub(super) fn writer(self, in_place: bool) -> Box<dyn PieceWriter> {
        Box::new(MemoryWriter {
            handle: self,
            at: 0,
            in_place,
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Notes the call, and writes all of the bytes, or half of them if it fails.
    fn write(&self, words: &str, start: usize, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.lock();
        let called = state.call(format!("{words} {}", self.path));
        let length = match called {
            Ok(()) => bytes.len(),
            Err(_) => bytes.len() / 2,
        };
        put(&mut state.inodes[self.n].seen, start, &bytes[..length]);
        if start == 0 {
            // What a sync failed to write before is written anew.
            state.inodes[self.n].is_lost = false;
        }
        called
    }
}

fn put(text: &mut Vec<u8>, start: usize, bytes: &[u8]) {
    text.resize(text.len().max(start + bytes.len()), 0);
    text[start..start + bytes.len()].copy_from_slice(bytes);
}

impl PieceReader for MemoryReader {
    fn next_piece(&mut self) -> io::Result<Option<Bytes>> {
        let state = self.handle.lock();
        let text = &state.inodes[self.handle.n].seen;
        let end = text.len().min(self.at + PIECE_BYTES);
        let piece = Bytes::copy_from_slice(text.get(self.at..end).unwrap_or_default());
        self.at = end;
        Ok((!piece.is_empty()).then_some(piece))
    }

    fn stat(&self) -> io::Result<Stat> {
        Ok(self.handle.lock().stat_of(self.handle.n))
    }

    fn rewind(&mut self) -> io::Result<()> {
        self.at = 0;
        Ok(())
    }
}

impl PieceWriter for MemoryWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = self.handle.write("write", self.at, bytes);
        let mut state = self.handle.lock();
        let inode = &mut state.inodes[self.handle.n];
        inode.version += 1;
        written?;
        if self.in_place {
            put(&mut inode.durable, self.at, &bytes[..bytes.len() / 2]);
        }
        self.at += bytes.len();
        Ok(())
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        let mut state = self.handle.lock();
        let n = self.handle.n;
        state.inodes[n].seen.truncate(self.at);
        state.call_sync(&self.handle.path, n)?;
        state.sync_inode(n);
        Ok(())
    }
}

impl SegmentFile for Handle {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        self.write("append", start, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.lock();
        state.call_sync(&self.path, self.n)?;
        state.sync_inode(self.n);
        Ok(())
    }

    fn cut(&mut self, bytes: u64) -> io::Result<()> {
        let mut state = self.lock();
        state.call(format!("cut {}", self.path))?;
        let length = usize::try_from(bytes).map_err(io::Error::other)?;
        state.inodes[self.n].seen.truncate(length);
        Ok(())
    }
}
