//! The journal: append-only segments of lines, one line for each atomic change.
//!
//! Appending and syncing happen in one place, [`Journal::commit`]. The journal knows no files and
//! no image.

pub(crate) mod entry;
pub(crate) mod reader;
pub(crate) mod segment;

use crate::contract::Revision;
use crate::medium::{Medium, SegmentFile};
use segment::Header;
use std::io;
use std::sync::Arc;

/// The segments of one folder, and the one that is written.
pub(crate) struct Journal {
    medium: Arc<dyn Medium>,
    identity: String,
    /// A segment's size unless one batch is larger.
    segment_bytes: u64,
    open: Option<Open>,
    /// Segments that are complete, with their last revision.
    closed: Vec<(String, Revision)>,
}

/// The lines that are appended together.
pub(crate) struct Batch<'a> {
    pub(crate) text: &'a [u8],
    pub(crate) first: Revision,
    pub(crate) last: Revision,
}

/// When a batch is synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sync {
    /// Before it is acknowledged.
    Now,
    /// With a later one.
    Later,
}

struct Open {
    name: String,
    file: Box<dyn SegmentFile>,
    end: u64,
    bytes: u64,
    last: Revision,
}

impl Journal {
    pub(crate) fn new(
        medium: Arc<dyn Medium>,
        identity: String,
        segment_bytes: u64,
        closed: Vec<(String, Revision)>,
    ) -> Self {
        Self {
            medium,
            identity,
            segment_bytes,
            open: None,
            closed,
        }
    }

    /// Says whether a batch of this size starts a new segment.
    pub(crate) fn would_rotate(&self, bytes: usize) -> bool {
        self.open
            .as_ref()
            .is_none_or(|open| open.end + bytes as u64 > open.bytes)
    }

    /// Appends one batch and, unless it may wait, syncs it.
    ///
    /// DURABILITY: when this returns `Ok` after syncing, the batch and all before it are on stable
    /// storage. When it fails, the batch was not acknowledged, and the caller decides whether
    /// anything may be written again.
    pub(crate) fn commit(&mut self, batch: &Batch<'_>, sync: Sync) -> Result<(), CommitError> {
        self.append(batch.text, batch.first)
            .map_err(CommitError::of_append)?;
        if sync == Sync::Now {
            self.sync().map_err(CommitError::Failed)?;
        }
        let open = self.open.as_mut().expect("INVARIANT: appended");
        open.end += batch.text.len() as u64;
        open.last = batch.last;
        Ok(())
    }

    /// Syncs what was appended.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        self.open.as_mut().map_or(Ok(()), |open| open.file.sync())
    }

    fn append(&mut self, batch: &[u8], first: Revision) -> io::Result<()> {
        if self.would_rotate(batch.len()) {
            self.rotate(first, batch.len())?;
        }
        let open = self.open.as_mut().expect("INVARIANT: rotated");
        open.file.write_at(open.end, batch)
    }

    fn rotate(&mut self, first: Revision, batch_bytes: usize) -> io::Result<()> {
        let header = Header {
            identity: self.identity.clone(),
            first,
        }
        .encode();
        // Room for more than this batch, or a batch that is always large would always begin one.
        let bytes = (header.len() + batch_bytes) as u64 + self.segment_bytes;
        let name = segment::name_of(first);
        let file = match self.make_segment(&name, bytes, &header) {
            Ok(file) => file,
            Err(error) => {
                // Half a segment would keep a full disk full. If it stays, recovery removes it.
                self.medium.remove(&name).ok();
                return Err(error);
            }
        };
        if let Some(old) = self.open.take() {
            self.closed.push((old.name, old.last));
        }
        let end = header.len() as u64;
        self.open = Some(Open {
            name,
            file,
            end,
            bytes,
            last: first,
        });
        Ok(())
    }

    fn make_segment(
        &mut self,
        name: &str,
        bytes: u64,
        header: &[u8],
    ) -> io::Result<Box<dyn SegmentFile>> {
        let mut file = self.medium.open_segment(name, bytes)?;
        file.write_at(0, header)?;
        file.sync()?;
        // DURABILITY: a segment is begun only when all before it is on stable storage.
        self.sync()?;
        Ok(file)
    }

    /// Makes the tail good again after an append that found no room.
    pub(crate) fn mend(&mut self, written: usize) -> io::Result<()> {
        let Some(open) = &mut self.open else {
            return Ok(());
        };
        let length = (written as u64).min(open.bytes - open.end);
        let zeros = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        open.file.write_at(open.end, &zeros)?;
        open.file.sync()
    }

    /// The last revision in the segments whose entries are all before `needed`.
    pub(crate) fn last_before(&self, needed: Revision) -> Revision {
        let closed = self.closed.iter().map(|(_, last)| *last);
        let before = closed.take_while(|last| *last < needed);
        before.last().unwrap_or_default()
    }

    /// Removes the segments whose entries are all before `needed`.
    pub(crate) fn remove_before(&mut self, needed: Revision) -> io::Result<()> {
        while let Some((name, last)) = self.closed.first() {
            if *last >= needed {
                return Ok(());
            }
            match self.medium.remove(name) {
                // It went before, and only its folder could not be synced.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                other => other?,
            }
            // DURABILITY: in this order on disk too, or a gap would look like a lost segment.
            self.medium.sync_folder("")?;
            self.closed.remove(0);
        }
        Ok(())
    }

    /// Removes all segments: no file needs them any more.
    pub(crate) fn remove_all(&mut self) -> io::Result<()> {
        let open = self.open.take().map(|open| (open.name, open.last));
        self.closed.extend(open);
        self.remove_before(Revision(u64::MAX))
    }
}

/// Why a batch is not durable.
#[derive(Debug)]
pub(crate) enum CommitError {
    /// There is no room; surely nothing of the batch was acknowledged or will be recovered.
    NoRoom(io::Error),
    /// Anything else; what is on the medium is unknown.
    Failed(io::Error),
}

impl CommitError {
    fn of_append(error: io::Error) -> Self {
        let no_room = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded];
        if no_room.contains(&error.kind()) {
            Self::NoRoom(error)
        } else {
            Self::Failed(error)
        }
    }
}
