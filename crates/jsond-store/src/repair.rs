//! Makes a journal that stops a start one that does not: the good prefix stays, the rest is set
//! aside beside it, and nothing is thrown away.
//!
//! A file may have been written when lines were there that are lost now. Of what can still be read
//! of them the marks count: a file whose content they know is not brought back to what it was.

use crate::checkpoint::hash_at;
use crate::contract::Revision;
use crate::journal::entry::{Body, Entry, Mark};
use crate::journal::reader::{OpenError, Read, find_fault, read_segments};
use crate::journal::segment::salvage;
use crate::key::file::KeyFiles;
use crate::medium::Medium;
use crate::progress::Progress;
use crate::served::Served;
use crate::state::State;
use std::sync::Arc;
use std::time::SystemTime;

/// What a repair did, and what it could not keep.
#[derive(Debug, Default)]
pub struct Repair {
    /// The last revision that is kept.
    pub kept_to: Revision,
    /// The files that were set aside, by their new names.
    pub set_aside: Vec<String>,
    /// The changes that can still be read in what was set aside, and are not in the journal any
    /// more.
    pub lost: Vec<LostChange>,
}

/// A change that was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostChange {
    /// Its revision.
    pub revision: Revision,
    /// When it happened.
    pub time: SystemTime,
    /// What it wrote, as pointers.
    pub paths: Vec<String>,
    /// Whether a file holds it all the same.
    pub is_in_its_file: bool,
}

/// Repairs the journal beside a folder. The caller holds the folder's lock.
///
/// DURABILITY: what is set aside is durable under its new name before anything is taken away.
///
/// *Errors*: those of the media; then a repair can be tried again.
pub fn repair(served: &Served, journal: &Arc<dyn Medium>) -> Result<Repair, OpenError> {
    let medium = &**journal;
    let state = State::find(medium)?;
    let read = read_segments(medium, &state, &Progress::silent())?;
    let mut repair = Repair::default();
    let fault = find_fault(&read, &state);
    let good = fault.as_ref().map_or(read.len(), |fault| fault.at);
    let is_damage = matches!(
        fault.as_ref().map(|it| &it.error),
        Some(OpenError::Damaged { .. })
    );
    let kept = read[..good].iter().rev().find_map(|it| it.contents.last());
    repair.kept_to = kept.unwrap_or(state.passed);
    if let Some((first, behind)) = read[good..].split_first() {
        let mut lines = salvage_all(medium, &read[good..])?;
        let has_good_part = is_damage && !first.contents.entries.is_empty();
        if has_good_part {
            repair.kept_to = first.contents.last().unwrap_or_default();
        }
        lines.retain(|entry| entry.revision > repair.kept_to);
        let marks = marks_that_hold(served, &lines)?;
        repair.lost = lost(&lines, &marks);
        let keeper = if has_good_part {
            set_aside_copy(medium, first, &mut repair)?;
            Some(first)
        } else {
            set_aside(medium, &first.name, &mut repair)?;
            read[..good].last()
        };
        for one in behind {
            set_aside(medium, &one.name, &mut repair)?;
        }
        if let Some(keeper) = keeper {
            close(medium, keeper, &marks, repair.kept_to)?;
        }
    }
    set_damaged_keys_aside(journal, &state, &mut repair)?;
    Ok(repair)
}

/// Everything that can still be read in some segments.
fn salvage_all(medium: &dyn Medium, segments: &[Read]) -> Result<Vec<Entry>, OpenError> {
    let mut entries = Vec::new();
    for one in segments {
        let failed = OpenError::io(format!("{} cannot be read", one.name));
        let bytes = medium.read(&one.name).map_err(failed)?;
        entries.extend(salvage(&bytes.unwrap_or_default()));
    }
    Ok(entries)
}

/// The marks among lost lines whose content lies on disk.
fn marks_that_hold(served: &Served, lines: &[Entry]) -> Result<Vec<Mark>, OpenError> {
    let mut marks: Vec<Mark> = Vec::new();
    for entry in lines.iter().rev() {
        let mark = match &entry.body {
            Body::Mark(mark) | Body::Done(mark, _) => mark.clone(),
            Body::Edited(edited) if edited.pending.is_empty() => edited.mark(entry.revision),
            _ => continue,
        };
        if marks.iter().any(|it| it.path == mark.path) {
            continue;
        }
        let disk_path = served.path_of(&mark.path);
        let failed = OpenError::io(format!("{disk_path} cannot be read"));
        let hash = hash_at(&*served.medium, &disk_path).map_err(failed)?;
        if hash == mark.hash {
            marks.push(mark);
        }
    }
    Ok(marks)
}

fn lost(lines: &[Entry], marks: &[Mark]) -> Vec<LostChange> {
    let mut lost = Vec::new();
    for entry in lines {
        let operations = match &entry.body {
            Body::Change(operations) | Body::Keyed(_, operations) => operations,
            Body::Edited(edited) => &edited.patch,
            Body::Mark(_) | Body::Done(..) | Body::Passed(_) => continue,
        };
        let holds = |mark: &Mark, tokens: &[String]| {
            tokens.starts_with(&mark.path) && mark.revision >= entry.revision
        };
        let is_held = |tokens: &[String]| marks.iter().any(|mark| holds(mark, tokens));
        lost.push(LostChange {
            revision: entry.revision,
            time: entry.time,
            paths: operations.iter().map(|it| it.path.to_string()).collect(),
            is_in_its_file: operations.iter().all(|it| is_held(it.path.tokens())),
        });
    }
    lost
}

/// The name of something that is set aside; nothing has it yet.
fn aside_name(medium: &dyn Medium, name: &str) -> Result<String, OpenError> {
    let failed = OpenError::io("the journal cannot be read");
    let listed = medium.list("").map_err(failed)?;
    let free = |n: &u32| {
        let candidate = format!("aside-{n}-{name}");
        listed.iter().all(|it| it.name != candidate)
    };
    let n = (1..).find(free).unwrap_or_default();
    Ok(format!("aside-{n}-{name}"))
}

fn set_aside(medium: &dyn Medium, name: &str, repair: &mut Repair) -> Result<(), OpenError> {
    let aside = aside_name(medium, name)?;
    let moved = medium
        .rename(name, &aside)
        .and_then(|()| medium.sync_folder(""));
    moved.map_err(OpenError::io(format!("{name} cannot be set aside")))?;
    repair.set_aside.push(aside);
    Ok(())
}

fn set_aside_copy(medium: &dyn Medium, read: &Read, repair: &mut Repair) -> Result<(), OpenError> {
    let name = &read.name;
    let failed = || OpenError::io(format!("{name} cannot be set aside"));
    let aside = aside_name(medium, name)?;
    let bytes = medium.read(name).map_err(failed())?.unwrap_or_default();
    let copied = medium
        .write(&aside, &bytes, None)
        .and_then(|()| medium.sync_folder(""));
    copied.map_err(failed())?;
    repair.set_aside.push(aside);
    Ok(())
}

/// Ends the last segment that is kept behind its good lines, with marks of what lies on disk.
fn close(
    medium: &dyn Medium,
    keeper: &Read,
    marks: &[Mark],
    kept_to: Revision,
) -> Result<(), OpenError> {
    let end = keeper.contents.end;
    let batch = kept_to.next();
    let mut lines = Vec::new();
    for (mark, n) in marks.iter().zip(0..) {
        // DURABILITY: a mark that is repeated says of a file that it lacks changes. Those that are
        // kept are still to be made.
        let mark = Mark {
            revision: mark.revision.min(kept_to),
            ..mark.clone()
        };
        let body = Body::Done(mark, None);
        let entry = Entry {
            revision: Revision(batch.0 + n),
            batch,
            time: SystemTime::now(),
            body,
        };
        entry.encode(&mut lines);
    }
    let length = keeper.length.max(end + lines.len());
    lines.resize(length - end, 0);
    let closed = medium
        .open_segment(&keeper.name, length as u64)
        .and_then(|mut file| {
            file.write_at(end as u64, &lines)?;
            file.sync()
        });
    closed.map_err(OpenError::io(format!("{} cannot be mended", keeper.name)))
}

fn set_damaged_keys_aside(
    journal: &Arc<dyn Medium>,
    state: &State,
    repair: &mut Repair,
) -> Result<(), OpenError> {
    loop {
        match KeyFiles::open(Arc::clone(journal), &state.identity) {
            Err(OpenError::KeysDamaged { file, .. } | OpenError::KeysForeign { file }) => {
                set_aside(&**journal, &file, repair)?;
            }
            Err(other) => return Err(other),
            Ok(_) => return Ok(()),
        }
    }
}
