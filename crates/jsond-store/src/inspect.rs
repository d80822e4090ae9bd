//! What a folder and its journal look like to someone who changes nothing.
//!
//! The same reading and the same judgement as at a start, without what a start makes good.

use crate::contract::Revision;
use crate::image::FilePath;
use crate::journal::reader::{OpenError, Read, find_fault, read_segments};
use crate::journal::segment::Tail;
use crate::key::file::KeyFiles;
use crate::medium::Medium;
use crate::progress::Progress;
use crate::served::Served;
use crate::state::State;
use jsond_document::{Json, SyntaxError};
use std::io;
use std::sync::Arc;

/// What was found.
#[derive(Debug)]
pub struct Inspection {
    /// The served files.
    pub files: Vec<FileFound>,
    /// The segments of the journal.
    pub segments: Vec<SegmentFound>,
    /// What stops a start.
    pub faults: Vec<OpenError>,
    /// Whether the journal ends in a batch that was never acknowledged, which a start drops.
    pub has_torn_tail: bool,
}

/// A served file.
#[derive(Debug)]
pub struct FileFound {
    /// Its path.
    pub path: FilePath,
    /// Its size in bytes.
    pub bytes: usize,
    /// What is wrong with it.
    pub fault: Option<FileFault>,
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum FileFault {
    /// It is broken JSON.
    #[error("broken JSON: {0}")]
    Broken(SyntaxError),
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Io(io::Error),
}

/// A segment of the journal.
#[derive(Debug)]
pub struct SegmentFound {
    /// Its name.
    pub name: String,
    /// The revisions of its first and last good line, if it has any.
    pub revisions: Option<(Revision, Revision)>,
    /// How many of its lines are changes.
    pub changes: usize,
}

impl Inspection {
    /// Judges whether a start works and serves every file.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty() && self.files.iter().all(|file| file.fault.is_none())
    }
}

/// Inspects a folder and the journal beside it, if there is one.
///
/// *Errors*: those of reading what has to be there.
pub fn inspect(
    served: &Served,
    journal: Option<&Arc<dyn Medium>>,
) -> Result<Inspection, OpenError> {
    let mut inspection = Inspection {
        files: inspect_files(served)?,
        segments: Vec::new(),
        faults: Vec::new(),
        has_torn_tail: false,
    };
    let Some(journal) = journal else {
        return Ok(inspection);
    };
    let state = State::find(&**journal)?;
    let read = read_segments(&**journal, &state, &Progress::silent())?;
    let fault = find_fault(&read, &state);
    inspection.has_torn_tail = read.last().is_some_and(|it| it.contents.tail == Tail::Torn);
    inspection.segments = read.iter().map(found).collect();
    inspection.faults.extend(fault.map(|it| it.error));
    let keys = KeyFiles::open(Arc::clone(journal), &state.identity);
    inspection.faults.extend(keys.err());
    Ok(inspection)
}

fn found(read: &Read) -> SegmentFound {
    let entries = &read.contents.entries;
    let ends = entries.first().zip(entries.last());
    SegmentFound {
        name: read.name.clone(),
        revisions: ends.map(|(first, last)| (first.revision, last.revision)),
        changes: entries.iter().filter(|it| it.body.is_change()).count(),
    }
}

fn inspect_files(served: &Served) -> Result<Vec<FileFound>, OpenError> {
    let listing = served
        .list()
        .map_err(OpenError::io("the folder cannot be read"))?;
    let inspect = |path: FilePath| {
        let text = served.medium.read(&served.path_of(&path));
        let (bytes, fault) = match text {
            Ok(text) => {
                let text = text.unwrap_or_default();
                let bytes = text.len();
                let parsed = Json::parse_owned(text);
                (bytes, parsed.err().map(FileFault::Broken))
            }
            Err(error) => (0, Some(FileFault::Io(error))),
        };
        FileFound { path, bytes, fault }
    };
    Ok(listing.files.into_iter().map(inspect).collect())
}
