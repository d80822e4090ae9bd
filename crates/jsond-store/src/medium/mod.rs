//! What bytes are kept on: the seam through which every byte passes.
//!
//! There is a medium on disk and one in memory that can be cut off like the power. Paths are
//! relative, with `/` between names, and never leave the medium. Every call may fail, and a test
//! lets every one of them fail in turn.

mod disk;
mod memory;

pub use disk::{DiskMedium, Lock};
pub use memory::{Fault, MemoryMedium};

use std::io;

/// A folder that keeps bytes.
pub trait Medium: Send + Sync + std::fmt::Debug {
    /// Lists what is in a folder (`""` is the medium's own), without order.
    ///
    /// *Errors*: `NotFound` when there is no such folder.
    fn list(&self, folder: &str) -> io::Result<Vec<Listed>>;

    /// Reads a regular file; none when there is no such file.
    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>>;

    /// Looks at a regular file without reading it; none when there is no such file.
    fn stat(&self, path: &str) -> io::Result<Option<Stat>>;

    /// Judges whether something other than a regular file has this name.
    fn is_occupied(&self, path: &str) -> io::Result<bool>;

    /// Writes a whole new file and syncs it, with owner and mode like those of `like`.
    ///
    /// DURABILITY: the content is durable when this returns, the name only after `sync_folder`.
    fn write(&self, path: &str, text: &[u8], like: Option<&str>) -> io::Result<()>;

    /// Gives a file another name in the same folder, replacing what had it.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, path: &str) -> io::Result<()>;

    /// Makes the names in a folder durable.
    fn sync_folder(&self, folder: &str) -> io::Result<()>;

    /// Opens a file for writing at any place, made and filled with `bytes` zeros if it is new.
    ///
    /// DURABILITY: size and name of a new file are durable when this returns.
    fn open_segment(&self, path: &str, bytes: u64) -> io::Result<Box<dyn SegmentFile>>;
}

/// A file of the journal, written in place.
pub trait SegmentFile: Send {
    /// Writes bytes at an offset.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Makes all that was written durable.
    fn sync(&mut self) -> io::Result<()>;
}

/// A name in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The name.
    pub name: String,
    /// Whether it is a folder; otherwise it is a regular file.
    pub is_folder: bool,
    /// Which file or folder it is; a link has the identity of what it leads to.
    pub identity: u64,
}

/// What tells one state of a file from another without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// The size in bytes.
    pub bytes: u64,
    /// When it was last modified.
    pub modified: std::time::SystemTime,
    /// Which file it is; a rename brings another.
    pub identity: u64,
}

/// The folder part of a path.
pub(crate) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}
