//! Open files of a medium on disk: read in pieces, written in pieces, written in place.
//!
//! Knows nothing of names and folders.

use super::{PieceReader, PieceWriter, SegmentFile, Stat};
use bytes::Bytes;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::time::{Duration, SystemTime};

/// How much of a file is read or written at once.
const PIECE_BYTES: usize = 256 << 10;

/// How much of a file is written before it is synced in between: one sync at the end of a large
/// file would hold up the syncs of the journal on the same disk for as long as it takes.
const SYNC_BYTES: usize = 4 << 20;

/// A file that is read in pieces.
pub(super) struct DiskReader {
    file: File,
}

impl DiskReader {
    pub(super) fn new(file: File) -> Self {
        Self { file }
    }
}

impl PieceReader for DiskReader {
    fn next_piece(&mut self) -> io::Result<Option<Bytes>> {
        let mut piece = Vec::with_capacity(PIECE_BYTES);
        let mut part = (&mut self.file).take(PIECE_BYTES as u64);
        part.read_to_end(&mut piece)?;
        Ok((!piece.is_empty()).then(|| Bytes::from(piece)))
    }

    fn stat(&self) -> io::Result<Stat> {
        let metadata = self.file.metadata()?;
        Ok(Stat {
            bytes: metadata.len(),
            modified: metadata.modified()?,
            changed: time_of(metadata.ctime(), metadata.ctime_nsec()),
            identity: metadata.ino(),
        })
    }

    fn rewind(&mut self) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(0)).map(drop)
    }
}

/// A file that is written in pieces.
pub(super) struct DiskWriter {
    file: File,
    /// What is gathered for one call.
    waiting: Vec<u8>,
    bytes: u64,
    unsynced: usize,
}

impl DiskWriter {
    pub(super) fn new(file: File) -> Self {
        Self {
            file,
            waiting: Vec::new(),
            bytes: 0,
            unsynced: 0,
        }
    }

    fn write_out(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.bytes += bytes.len() as u64;
        self.unsynced += bytes.len();
        if self.unsynced >= SYNC_BYTES {
            self.file.sync_data()?;
            self.unsynced = 0;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut waiting = std::mem::take(&mut self.waiting);
        self.write_out(&waiting)?;
        waiting.clear();
        self.waiting = waiting;
        Ok(())
    }
}

impl PieceWriter for DiskWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.waiting.len() + bytes.len() > PIECE_BYTES {
            self.flush()?;
        }
        if bytes.len() < PIECE_BYTES {
            self.waiting.extend_from_slice(bytes);
            return Ok(());
        }
        bytes
            .chunks(SYNC_BYTES)
            .try_for_each(|part| self.write_out(part))
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.flush()?;
        if self.file.metadata()?.len() > self.bytes {
            self.file.set_len(self.bytes)?;
        }
        self.file.sync_all()
    }
}

/// A file of the journal.
pub(super) struct DiskSegment {
    file: File,
}

impl DiskSegment {
    pub(super) fn new(file: File) -> Self {
        Self { file }
    }
}

impl SegmentFile for DiskSegment {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, offset)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        // A file that has no name any more is not found by the next start.
        if names_of(&self.file)? == 0 {
            return Err(io::Error::new(
                ErrorKind::NotFound,
                "the journal was removed",
            ));
        }
        Ok(())
    }

    fn cut(&mut self, bytes: u64) -> io::Result<()> {
        self.file.set_len(bytes)
    }
}

/// How many names a file has.
///
/// Nothing else is asked for. A file whose times were asked for gets, on Linux 6.13 and later, a
/// time of its own with its next write, and the sync after it writes that time as well.
fn names_of(file: &File) -> io::Result<u64> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{AtFlags, StatxFlags};
        let asked = StatxFlags::NLINK;
        if let Ok(found) = rustix::fs::statx(file, "", AtFlags::EMPTY_PATH, asked)
            && StatxFlags::from_bits_retain(found.stx_mask).contains(asked)
        {
            return Ok(found.stx_nlink.into());
        }
    }
    Ok(file.metadata()?.nlink())
}

/// Zeros are written in pieces of this size.
///
/// Small pieces: of a file that was written in large ones the system keeps large pages, and each
/// sync of a line would write a whole one.
static ZEROS: [u8; 4096] = [0; 4096];

/// Writes zeros rather than reserving room: a sync after overwriting written blocks has no
/// bookkeeping of the file system to do.
pub(super) fn fill_with_zeros(file: &File, from: u64, to: u64) -> io::Result<()> {
    let mut at = from;
    while at < to {
        let length = usize::try_from(to - at).map_or(ZEROS.len(), |left| left.min(ZEROS.len()));
        file.write_all_at(&ZEROS[..length], at)?;
        at += length as u64;
    }
    Ok(())
}

/// A time of the system, of which one before 1970 is as good as 1970.
pub(super) fn time_of(seconds: i64, nanoseconds: i64) -> SystemTime {
    let seconds = u64::try_from(seconds).unwrap_or_default();
    let nanoseconds = u32::try_from(nanoseconds).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds)
}
