//! Reading the journal back: all segments in order, damage refused, leftovers and torn tails made
//! good.

use super::segment::{self, Contents, Tail};
use crate::contract::Revision;
use crate::journal::entry::{Body, Entry};
use crate::medium::Medium;
use crate::progress::Progress;
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
         acknowledged writes may be in it, so nothing was changed. `jsond check` tells more, \
         `jsond repair` keeps what is before it"
    )]
    Damaged {
        /// The segment's name.
        segment: String,
        /// Where the damage begins.
        offset: usize,
    },
    /// A segment in the middle is not there.
    #[error(
        "a journal segment is missing: {segment} begins after revision {expected}. Put the missing \
         one back, or let `jsond repair` keep what is before it"
    )]
    Missing {
        /// The segment after the gap.
        segment: String,
        /// The revision at which it should begin.
        expected: Revision,
    },
    /// A segment belongs to another folder.
    #[error(
        "the journal segment {segment} belongs to another folder. Move it to where it belongs, or \
         let `jsond repair` set it aside"
    )]
    Foreign {
        /// The segment's name.
        segment: String,
    },
    /// The journal was used with another folder, and has changes of it.
    #[error(
        "the journal has changes of the folder {folder}, and this is another. If that folder was \
         moved here, take the member \"folder\" out of state.json beside the journal"
    )]
    OtherFolder {
        /// The folder that it was used with.
        folder: String,
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
pub(crate) struct Read {
    pub(crate) name: String,
    pub(crate) contents: Contents,
    pub(crate) length: usize,
}

impl Read {
    /// Judges whether nothing in it was ever acknowledged: a full disk or a crash may leave such a
    /// segment, and the chain of revisions says whether one is missing.
    fn is_empty(&self) -> bool {
        self.contents.entries.is_empty() && self.contents.tail != Tail::Damaged
    }
}

/// What is wrong with a journal: which of the segments, and how.
pub(crate) struct Fault {
    pub(crate) at: usize,
    pub(crate) error: OpenError,
}

/// Reads the journal, and mends what can be mended without losing anything acknowledged.
pub(crate) fn read_journal(
    journal: &dyn Medium,
    state: &State,
    progress: &Progress,
) -> Result<Journal, OpenError> {
    let read = read_segments(journal, state, progress)?;
    let passed = count_passed(&read, state);
    if let Some(fault) = find_fault(&read, state) {
        return Err(fault.error);
    }
    let (mut entries, mut segments): Journal = Default::default();
    let count = read
        .iter()
        .rposition(|it| !it.is_empty())
        .map_or(0, |at| at + 1);
    for (at, read) in read.into_iter().enumerate() {
        if at < passed {
            segments.push((read.name, read.contents.last().unwrap_or_default()));
            continue;
        }
        if read.is_empty() {
            discard(journal, &read.name)?;
            continue;
        }
        let Read {
            name,
            contents,
            length,
        } = read;
        if contents.tail == Tail::Torn {
            mend_tail(journal, &name, &contents, length)?;
        }
        if at + 1 == count {
            sync_segment(journal, &name, &contents, length)?;
        }
        let last = contents.last().unwrap_or_default();
        segments.push((name, last));
        entries.extend(contents.entries);
    }
    Ok((entries, segments))
}

/// Reads all segments that are no history, in order; changes nothing.
pub(crate) fn read_segments(
    journal: &dyn Medium,
    state: &State,
    progress: &Progress,
) -> Result<Vec<Read>, OpenError> {
    let listed = journal
        .list("")
        .map_err(OpenError::io("the journal cannot be read"))?;
    let mut names: Vec<_> = listed.into_iter().map(|listed| listed.name).collect();
    names.retain(|name| segment::is_name(name));
    names.sort();
    // The next one says where a segment ends.
    let first_behind =
        |name: &String| segment::first_of(name).is_some_and(|first| first.0 <= state.history.0 + 1);
    let history = names.iter().take_while(|name| first_behind(name)).count();
    names.drain(..history.saturating_sub(1));
    let mut read = Vec::new();
    for name in names {
        let bytes = journal
            .read(&name)
            .map_err(OpenError::io(format!("{name} cannot be read")))?;
        let bytes = bytes.unwrap_or_default();
        progress.add_read(bytes.len());
        let (contents, length) = (segment::read(&bytes), bytes.len());
        progress.add_built(length);
        if contents.last().is_some_and(|last| last <= state.history) {
            // The last one of the history, of which nothing but reading tells where it ends.
            continue;
        }
        read.push(Read {
            name,
            contents,
            length,
        });
    }
    Ok(read)
}

/// How many of the first segments nobody needs: they were about to go. One of them may have come
/// back, or be missing, when the sync of their folder failed.
fn count_passed(read: &[Read], state: &State) -> usize {
    let passed = read.iter().flat_map(|it| &it.contents.entries).rev();
    let passed = passed.filter_map(|entry| match entry.body {
        Body::Passed(revision) => Some(revision),
        _ => None,
    });
    let passed = passed.max().unwrap_or_default().max(state.passed);
    // The one after it says where a segment ends.
    let begins_before =
        |it: &Read| segment::first_of(&it.name).is_some_and(|it| it <= passed.next());
    read.iter().rposition(begins_before).unwrap_or_default()
}

/// Finds the first segment that stops a start.
pub(crate) fn find_fault(read: &[Read], state: &State) -> Option<Fault> {
    let mut next: Option<Revision> = None;
    let last_full = read.iter().rposition(|it| !it.is_empty());
    let passed = count_passed(read, state);
    let needed = read.iter().enumerate().skip(passed);
    for (at, one) in needed.filter(|(_, it)| !it.is_empty()) {
        let is_last = Some(at) == last_full;
        if let Err(error) = check_segment(&one.name, &one.contents, is_last, next, state) {
            return Some(Fault { at, error });
        }
        next = Some(one.contents.last().unwrap_or_default().next());
    }
    None
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

/// DURABILITY: a server that was killed may have left entries that are only in memory yet, and one
/// whose sync failed entries of which the system has forgotten that they are not on the disk. From
/// now on they are shown and built upon, so they are written once more before they are synced. Only
/// the last segment can have such entries: none is begun before the one before it is durable.
fn sync_segment(
    journal: &dyn Medium,
    name: &str,
    contents: &Contents,
    length: usize,
) -> Result<(), OpenError> {
    let what = || format!("the segment {name} cannot be synced");
    let bytes = journal.read(name).map_err(OpenError::io(what()))?;
    let bytes = bytes.unwrap_or_default();
    journal
        .open_segment(name, length as u64)
        .and_then(|mut file| {
            file.write_at(0, &bytes[..contents.end.min(bytes.len())])?;
            file.sync()
        })
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
        "the journal ends in a batch that was never acknowledged, or is damaged; it is dropped"
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
