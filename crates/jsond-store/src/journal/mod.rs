//! The journal: append-only segments of lines, one line for each atomic change.
//!
//! Appending and syncing happen in one place, [`Journal::commit`]. The journal knows no files and
//! no image.

pub(crate) mod entry;
pub(crate) mod reader;
pub(crate) mod segment;

use crate::contract::{Revision, Settings};
use crate::medium::{Medium, SegmentFile};
use segment::Header;
use std::io;
use std::sync::Arc;

/// With no more room to spare than this a segment is made for one batch.
const SPARE_BYTES_MIN: u64 = 8 << 10;

/// The segments of one folder, and the one that is written.
pub(crate) struct Journal {
    medium: Arc<dyn Medium>,
    identity: String,
    /// A segment's size unless one batch is larger.
    segment_bytes: u64,
    /// Segments that nothing needs any more stay.
    keeps_history: bool,
    open: Option<Open>,
    /// Segments that are complete, with their last revision.
    closed: Vec<(String, Revision)>,
}

/// The lines that are appended together.
pub(crate) struct Batch<'a> {
    pub(crate) text: &'a [u8],
    pub(crate) first: Revision,
    pub(crate) last: Revision,
    /// How much room a new segment has to leave for the files that lack changes: what is
    /// acknowledged must also fit into them.
    pub(crate) reserve: u64,
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
    /// How much of an append may lie behind the end that found no room.
    unmended: u64,
}

impl Journal {
    pub(crate) fn new(
        medium: Arc<dyn Medium>,
        identity: String,
        settings: &Settings,
        closed: Vec<(String, Revision)>,
    ) -> Self {
        Self {
            medium,
            identity,
            segment_bytes: settings.segment_bytes,
            keeps_history: settings.history,
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
        self.mend_tail()
            .and_then(|()| self.append(batch))
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

    fn append(&mut self, batch: &Batch<'_>) -> io::Result<()> {
        if self.would_rotate(batch.text.len()) {
            self.rotate(batch)?;
        }
        let open = self.open.as_mut().expect("INVARIANT: rotated");
        open.file.write_at(open.end, batch.text)
    }

    fn rotate(&mut self, batch: &Batch<'_>) -> io::Result<()> {
        let first = batch.first;
        let header = Header {
            identity: self.identity.clone(),
            first,
        }
        .encode();
        let name = segment::name_of(first);
        let needed = (header.len() + batch.text.len()) as u64;
        let (file, bytes) = self.make_segment_that_fits(&name, needed, batch.reserve, &header)?;
        // One whose first batch found no room is begun again under its name.
        if let Some(old) = self.open.take().filter(|old| old.name != name) {
            self.closed.push((old.name, old.last));
        }
        let end = header.len() as u64;
        self.open = Some(Open {
            name,
            file,
            end,
            bytes,
            // Nothing is in it yet.
            last: Revision(first.0 - 1),
            unmended: 0,
        });
        Ok(())
    }

    /// Makes a segment with room for more than one batch, or a batch that is always large would
    /// always begin one; on a disk that is nearly full with less room.
    fn make_segment_that_fits(
        &mut self,
        name: &str,
        needed: u64,
        reserve: u64,
        header: &[u8],
    ) -> io::Result<(Box<dyn SegmentFile>, u64)> {
        let mut spare = self.segment_bytes;
        loop {
            let bytes = needed + spare;
            // What the segment takes the files may come to need as well.
            let made = match self.medium.free_bytes() {
                Some(free) if free < reserve.saturating_add(2 * bytes) => {
                    Err(io::ErrorKind::StorageFull.into())
                }
                _ => self.make_segment(name, bytes, header),
            };
            match made {
                Ok(file) => return Ok((file, bytes)),
                Err(error) => {
                    // Half a segment would keep a full disk full. If it stays, recovery removes it.
                    self.medium.remove(name).ok();
                    if spare == 0 || !is_no_room(&error) {
                        return Err(error);
                    }
                }
            }
            spare = if spare > SPARE_BYTES_MIN {
                spare / 8
            } else {
                0
            };
        }
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

    /// Makes the tail good again after an append that found no room; where there is no room for
    /// that either, before the next append.
    ///
    /// *Errors*: any other failure; then nobody knows what the tail is.
    pub(crate) fn mend(&mut self, written: usize) -> io::Result<()> {
        if let Some(open) = &mut self.open {
            open.unmended = open.unmended.max(written as u64);
        }
        match self.mend_tail() {
            Err(error) if !is_no_room(&error) && !is_refusal(&error) => Err(error),
            _ => Ok(()),
        }
    }

    fn mend_tail(&mut self) -> io::Result<()> {
        let Some(open) = self.open.as_mut().filter(|open| open.unmended > 0) else {
            return Ok(());
        };
        let length = open.unmended.min(open.bytes - open.end);
        let zeros = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        open.file.write_at(open.end, &zeros)?;
        open.file.sync()?;
        open.unmended = 0;
        Ok(())
    }

    /// The last revision of all.
    pub(crate) fn last(&self) -> Revision {
        let open = self.open.as_ref().map(|open| open.last);
        let closed = self.closed.last().map(|(_, last)| *last);
        open.or(closed).unwrap_or_default()
    }

    /// The last revision in the segments whose entries are all before `needed`.
    pub(crate) fn last_before(&self, needed: Revision) -> Revision {
        let closed = self.closed.iter().map(|(_, last)| *last);
        let before = closed.take_while(|last| *last < needed);
        before.last().unwrap_or_default()
    }

    /// Removes the segments whose entries are all before `needed`, or gives them up to history; says
    /// up to which revision they went.
    pub(crate) fn remove_before(&mut self, needed: Revision) -> io::Result<Revision> {
        let mut gone = Revision(0);
        while let Some((name, last)) = self.closed.first() {
            if *last >= needed {
                break;
            }
            gone = *last;
            match self.retire(name) {
                // It went before, and only its folder could not be synced.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                other => other?,
            }
            // DURABILITY: in this order on disk too, or a gap would look like a lost segment.
            self.medium.sync_folder("")?;
            self.closed.remove(0);
        }
        Ok(gone)
    }

    /// Removes a segment, or leaves it as history without the zeros behind its lines.
    fn retire(&self, name: &str) -> io::Result<()> {
        if !self.keeps_history {
            return self.medium.remove(name);
        }
        let text = self.medium.read(name)?.ok_or(io::ErrorKind::NotFound)?;
        let end = text
            .iter()
            .rposition(|&byte| byte != 0)
            .map_or(0, |at| at + 1);
        self.medium
            .open_segment(name, text.len() as u64)?
            .cut(end as u64)
    }

    /// Removes all segments: no file needs them any more.
    pub(crate) fn remove_all(&mut self) -> io::Result<()> {
        let open = self.open.take().map(|open| (open.name, open.last));
        self.closed.extend(open);
        self.remove_before(Revision(u64::MAX)).map(drop)
    }
}

/// Why a batch is not durable.
#[derive(Debug)]
pub(crate) enum CommitError {
    /// There is no room; surely nothing of the batch was acknowledged or will be recovered.
    NoRoom(io::Error),
    /// The system lets nothing be written at this moment; surely nothing of the batch was either.
    Refused(io::Error),
    /// Anything else; what is on the medium is unknown.
    Failed(io::Error),
}

impl CommitError {
    fn of_append(error: io::Error) -> Self {
        if is_no_room(&error) {
            Self::NoRoom(error)
        } else if is_refusal(&error) {
            Self::Refused(error)
        } else {
            Self::Failed(error)
        }
    }
}

fn is_no_room(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

/// Judges whether the system refused to begin: too many open files, no permission, a file system
/// that has become read-only. An error of the disk itself is none.
fn is_refusal(error: &io::Error) -> bool {
    let code = error
        .raw_os_error()
        .map(rustix::io::Errno::from_raw_os_error);
    let too_many = [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE];
    code.is_some_and(|code| too_many.contains(&code))
        || matches!(
            error.kind(),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
        )
}
