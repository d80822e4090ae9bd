//! Reading the journal back: all segments in order, damage refused, leftovers and torn tails made
//! good.

use super::segment::{self, Contents, Tail};
use crate::contract::Revision;
use crate::journal::entry::Entry;
use crate::medium::Medium;
use crate::state::State;
use std::io;

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder or its journal cannot be read or written.
    #[error("{what}: {error}")]
    Io {
        /// What was tried.
        what: String,
        /// What the system said.
        #[source]
        error: io::Error,
    },
    /// Acknowledged entries of the journal are damaged.
    #[error(
        "the journal segment {segment} is damaged at byte {offset}, before its last batch; \
         acknowledged writes may be in it, so nothing was changed"
    )]
    Damaged {
        /// The segment's name.
        segment: String,
        /// Where the damage begins.
        offset: usize,
    },
    /// A segment in the middle is not there.
    #[error("a journal segment is missing: {segment} begins after revision {expected}")]
    Missing {
        /// The segment after the gap.
        segment: String,
        /// The revision at which it should begin.
        expected: Revision,
    },
    /// A segment belongs to another folder.
    #[error("the journal segment {segment} belongs to another folder")]
    Foreign {
        /// The segment's name.
        segment: String,
    },
    /// A file of remembered keys is damaged.
    #[error(
        "the remembered keys in {file} are damaged at byte {offset}, so nothing was changed; \
         without this file jsond starts, and repeats of requests that it knew are done again"
    )]
    KeysDamaged {
        /// The file's name.
        file: String,
        /// Where the damage begins.
        offset: usize,
    },
    /// A file of remembered keys belongs to another folder.
    #[error("the remembered keys in {file} belong to another folder")]
    KeysForeign {
        /// The file's name.
        file: String,
    },
}

impl OpenError {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Io {
            what: what.into(),
            error,
        }
    }
}

/// The entries of a journal, and its segments with their last revisions.
type Journal = (Vec<Entry>, Vec<(String, Revision)>);

/// A segment's file with what it says.
struct Read {
    name: String,
    contents: Contents,
    length: usize,
}

/// Reads the journal, and mends what can be mended without losing anything acknowledged.
pub(crate) fn read_journal(journal: &dyn Medium, state: &State) -> Result<Journal, OpenError> {
    let read = read_segments(journal)?;
    let (mut entries, mut segments): Journal = Default::default();
    let mut next: Option<Revision> = None;
    let count = read.len();
    for (
        n,
        Read {
            name,
            contents,
            length,
        },
    ) in read.into_iter().enumerate()
    {
        check_segment(&name, &contents, n + 1 == count, next, state)?;
        if contents.tail == Tail::Torn {
            mend_tail(journal, &name, &contents, length)?;
        } else {
            sync_segment(journal, &name, length)?;
        }
        let last = contents
            .entries
            .last()
            .map_or(Revision(0), |entry| entry.revision);
        next = Some(last.next());
        segments.push((name, last));
        entries.extend(contents.entries);
    }
    Ok((entries, segments))
}

/// Reads all segments in order. Those in which nothing was ever acknowledged are removed: a full
/// disk or a crash may leave them, and the chain of revisions says whether one is missing.
fn read_segments(journal: &dyn Medium) -> Result<Vec<Read>, OpenError> {
    let listed = journal
        .list("")
        .map_err(OpenError::io("the journal cannot be read"))?;
    let mut names: Vec<_> = listed.into_iter().map(|listed| listed.name).collect();
    names.retain(|name| segment::is_name(name));
    names.sort();
    let mut read = Vec::new();
    for name in names {
        let bytes = journal
            .read(&name)
            .map_err(OpenError::io(format!("{name} cannot be read")))?;
        let bytes = bytes.unwrap_or_default();
        let contents = segment::read(&bytes);
        if contents.entries.is_empty() && contents.tail != Tail::Damaged {
            discard(journal, &name)?;
        } else {
            read.push(Read {
                name,
                contents,
                length: bytes.len(),
            });
        }
    }
    Ok(read)
}

fn check_segment(
    name: &str,
    contents: &Contents,
    is_last: bool,
    next: Option<Revision>,
    state: &State,
) -> Result<(), OpenError> {
    let segment = name.to_owned();
    let offset = contents.end;
    let Some(header) = &contents.header else {
        return Err(OpenError::Damaged { segment, offset });
    };
    if header.identity != state.identity {
        return Err(OpenError::Foreign { segment });
    }
    if contents.tail == Tail::Damaged || (!is_last && contents.tail != Tail::Clean) {
        return Err(OpenError::Damaged { segment, offset });
    }
    match next {
        Some(expected) if header.first != expected => Err(OpenError::Missing { segment, expected }),
        _ => Ok(()),
    }
}

fn discard(journal: &dyn Medium, name: &str) -> Result<(), OpenError> {
    let what = || format!("the empty segment {name} cannot be removed");
    journal.remove(name).map_err(OpenError::io(what()))?;
    journal.sync_folder("").map_err(OpenError::io(what()))
}

/// DURABILITY: a server that was killed may have left entries that are only in memory yet. From now
/// on they are shown and built upon, so a power cut must not take them back.
fn sync_segment(journal: &dyn Medium, name: &str, length: usize) -> Result<(), OpenError> {
    let what = || format!("the segment {name} cannot be synced");
    journal
        .open_segment(name, length as u64)
        .and_then(|mut file| file.sync())
        .map_err(OpenError::io(what()))
}

/// DURABILITY: what lies behind the good end must never be read as entries later, when good ones
/// have grown up to it.
fn mend_tail(
    journal: &dyn Medium,
    name: &str,
    contents: &Contents,
    length: usize,
) -> Result<(), OpenError> {
    tracing::warn!(
        segment = name,
        offset = contents.end,
        "the journal ends in a batch that was never acknowledged; it is dropped"
    );
    let what = || format!("the tail of {name} cannot be mended");
    let mut file = journal
        .open_segment(name, length as u64)
        .map_err(OpenError::io(what()))?;
    let zeros = vec![0; length - contents.end];
    file.write_at(contents.end as u64, &zeros)
        .map_err(OpenError::io(what()))?;
    file.sync().map_err(OpenError::io(what()))
}
