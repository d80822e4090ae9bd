//! What bytes are kept on: the seam through which every byte passes.
//!
//! There is a medium on disk and one in memory that can be cut off like the power. Paths are
//! relative, with `/` between names, and never leave the medium. Every call may fail, and a test
//! lets every one of them fail in turn.

mod disk;
mod disk_file;
mod disk_watch;
mod memory;
mod memory_calls;
mod memory_file;
mod memory_state;

pub use disk::{DiskMedium, Lock};
pub use memory::{Fault, MemoryMedium};

use bytes::Bytes;
use std::io;

/// A folder that keeps bytes.
pub trait Medium: Send + Sync + std::fmt::Debug {
    /// Lists what is in a folder (`""` is the medium's own), without order.
    ///
    /// *Errors*: `NotFound` when there is no such folder.
    fn list(&self, folder: &str) -> io::Result<Vec<Listed>>;

    /// Reads a regular file; none when there is no such file.
    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>>;

    /// Opens a regular file to read it a piece at a time; none when there is no such file.
    fn open(&self, path: &str) -> io::Result<Option<Box<dyn PieceReader>>>;

    /// Looks at a regular file without reading it; none when there is no such file.
    fn stat(&self, path: &str) -> io::Result<Option<Stat>>;

    /// Says what has this name, without following a link; none when nothing has it.
    fn kind(&self, path: &str) -> io::Result<Option<NameKind>>;

    /// Makes a new file, or empties an old one, with owner and mode like those of `like`.
    ///
    /// DURABILITY: the content is durable when [`PieceWriter::finish`] returns, the name only after
    /// `sync_folder`.
    fn create(&self, path: &str, like: Option<&str>) -> io::Result<Box<dyn PieceWriter>>;

    /// Makes a folder and those above it, unless they are there; their names are durable then.
    fn make_folders(&self, folder: &str) -> io::Result<()>;

    /// Opens a file whose content is replaced where it lies, from its first byte on; what it had
    /// beyond the new content is cut off in the end.
    fn overwrite(&self, path: &str) -> io::Result<Box<dyn PieceWriter>>;

    /// Gives a file another name, replacing what had it.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Gives a file another name in the same folder that nothing has.
    ///
    /// *Errors*: `AlreadyExists` when something has it; `Unsupported` where the file system knows
    /// no such call.
    fn rename_to_free(&self, from: &str, to: &str) -> io::Result<()>;

    /// Lets two files in the same folder exchange their names at once.
    ///
    /// *Errors*: `Unsupported` where the file system knows no such call.
    fn exchange(&self, one: &str, other: &str) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, path: &str) -> io::Result<()>;

    /// Makes the content durable that another program gave a file.
    fn sync(&self, path: &str) -> io::Result<()>;

    /// Makes the names in a folder durable.
    fn sync_folder(&self, folder: &str) -> io::Result<()>;

    /// Opens a file for writing at any place, made and filled with `bytes` zeros if it is new.
    ///
    /// DURABILITY: size and name of a new file are durable when this returns.
    fn open_segment(&self, path: &str, bytes: u64) -> io::Result<Box<dyn SegmentFile>>;

    /// How many bytes can still be written, where that is known.
    fn free_bytes(&self) -> Option<u64>;

    /// Begins to tell what other programs do to the files in some folders.
    ///
    /// *Errors*: `Unsupported` where the medium tells nothing; then one has to look.
    fn watch(&self, tell: Box<dyn Fn(Notice) + Send>) -> io::Result<Box<dyn Watch>>;

    /// Writes a whole new file and syncs it, with owner and mode like those of `like`.
    ///
    /// DURABILITY: the content is durable when this returns, the name only after `sync_folder`.
    fn write(&self, path: &str, text: &[u8], like: Option<&str>) -> io::Result<()> {
        let mut file = self.create(path, like)?;
        file.write(text)?;
        file.finish()
    }
}

/// A file that is read from its first byte to its last.
pub trait PieceReader: Send {
    /// The next bytes; none at the end.
    fn next_piece(&mut self) -> io::Result<Option<Bytes>>;

    /// What the file is now: it may have been written through another handle meanwhile.
    fn stat(&self) -> io::Result<Stat>;

    /// Goes back to the first byte.
    fn rewind(&mut self) -> io::Result<()>;
}

/// A file that is written from its first byte to its last.
pub trait PieceWriter: Send {
    /// Appends bytes.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes all that was written durable, and nothing else is in the file then.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// Tells what happens in folders until it is dropped.
pub trait Watch: Send {
    /// Adds a folder, without those in it.
    ///
    /// *Errors*: those of the system, such as too many folders.
    fn add(&mut self, folder: &str) -> io::Result<()>;
}

/// What another program did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Something happened to this path.
    Path(String),
    /// Something happened and nobody knows to what: everything has to be looked at.
    Anything,
}

/// What a name is that of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A pipe, a socket, a device.
    Other,
}

/// A file of the journal, written in place.
pub trait SegmentFile: Send {
    /// Writes bytes at an offset.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Makes all that was written durable.
    fn sync(&mut self) -> io::Result<()>;

    /// Cuts off what lies behind a length.
    fn cut(&mut self, bytes: u64) -> io::Result<()>;
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
    /// When its content was last modified, as far as programs tell the truth.
    pub modified: std::time::SystemTime,
    /// When anything about it last changed, by the system's own clock.
    pub changed: std::time::SystemTime,
    /// Which file it is; a rename brings another.
    pub identity: u64,
}

/// The folder part of a path.
pub(crate) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}
