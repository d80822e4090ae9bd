//! From what is on the media to the image: read the files, replay what they lack.
//!
//! A torn tail of the journal is dropped and said; damage before the last batch, a missing segment
//! or a segment of another folder is a loud refusal that names the place.

use crate::change::{Operation, OperationKind};
use crate::checkpoint::{OnDisk, template_of};
use crate::contract::Revision;
use crate::hand::keep_conflict;
use crate::image::{File, FilePath, Image, Template};
use crate::journal::entry::{Body, Entry, Mark, content_hash};
use crate::journal::reader::{OpenError, read_journal};
use crate::key::answer::Answered;
use crate::key::file::Line;
use crate::medium::Medium;
use crate::replay::{Content, replay};
use crate::served::Served;
use crate::state::State;
use jsond_document::{IdNames, IdRule, Json, Value};
use std::collections::{BTreeMap, HashMap};
use std::time::SystemTime;

/// What recovery found.
pub(crate) struct Recovered {
    pub(crate) image: Image,
    pub(crate) last: Revision,
    pub(crate) on_disk: HashMap<FilePath, OnDisk>,
    /// Files whose changes are not on disk yet.
    pub(crate) behind: Vec<FilePath>,
    /// Those of them that were edited by hand meanwhile, with the hash of what is on disk.
    pub(crate) merged: Vec<(FilePath, Option<u128>)>,
    pub(crate) segments: Vec<(String, Revision)>,
    /// The keys in the journal with the answers.
    pub(crate) keyed: Vec<Line>,
}

/// Reads the journal and the files.
pub(crate) fn recover(
    served: &Served,
    journal: &dyn Medium,
    state: &State,
    ids: IdNames,
) -> Result<Recovered, OpenError> {
    let (entries, segments) = read_journal(journal, state)?;
    let keyed = entries.iter().filter_map(line_of).collect();
    let last = entries
        .last()
        .map_or(Revision(0), |entry| entry.revision)
        .max(state.revision);
    let mut plan = Plan::of(entries, state);
    let mut recovered = Recovered {
        image: Image::empty(ids, served.single.as_deref(), last),
        last,
        on_disk: HashMap::new(),
        behind: Vec::new(),
        merged: Vec::new(),
        segments,
        keyed,
    };
    let listing = served
        .list()
        .map_err(OpenError::io("the folder cannot be read"))?;
    if !recovered.segments.is_empty() {
        sync_folders(served, &listing.folders)?;
    }
    for path in listing.folders {
        recovered.image = recovered.image.with_folder(&path);
    }
    for path in listing.files {
        let history = plan.files.remove(&path).unwrap_or_default();
        recover_file(served, &path, &history, &mut recovered)?;
    }
    for (path, history) in std::mem::take(&mut plan.files) {
        recover_file(served, &path, &history, &mut recovered)?;
    }
    Ok(recovered)
}

/// The key of an entry, if it has one.
fn line_of(entry: &Entry) -> Option<Line> {
    match &entry.body {
        Body::Keyed(answered, _) => Some((entry.revision, entry.time, Answered::clone(answered))),
        _ => None,
    }
}

/// DURABILITY: a server that was killed may have renamed files without syncing their folders. What
/// is read now counts as on disk, so a power cut must not bring the old files back.
fn sync_folders(served: &Served, folders: &[FilePath]) -> Result<(), OpenError> {
    let paths = folders.iter().map(|path| path.join("/"));
    for path in std::iter::once(String::new()).chain(paths) {
        let what = format!("the folder {path:?} cannot be synced");
        served
            .medium
            .sync_folder(&path)
            .map_err(OpenError::io(what))?;
    }
    Ok(())
}

/// What the journal says of one file, in order.
#[derive(Default)]
struct History {
    /// The contents that may lie on disk: the last one that was done, and those announced since.
    marks: Vec<Mark>,
    /// The last revision that the file on disk held for certain.
    done: Option<Revision>,
    operations: Vec<(Revision, SystemTime, Operation)>,
}

impl History {
    /// The revision before the merge of an edit by hand that left this content on disk.
    fn merged_over(&self, hash: Option<u128>) -> Option<Revision> {
        let merged = self
            .operations
            .iter()
            .rev()
            .filter(|(revision, ..)| self.done.is_none_or(|done| *revision > done))
            .find(|(_, _, operation)| match &operation.kind {
                OperationKind::Add(written) | OperationKind::Replace(written) => {
                    written.over.is_some() && written.over == hash
                }
                OperationKind::Remove => false,
            });
        merged.map(|(revision, ..)| Revision(revision.0 - 1))
    }
}

struct Plan {
    files: BTreeMap<FilePath, History>,
}

impl Plan {
    fn of(entries: Vec<Entry>, state: &State) -> Self {
        let mut files: BTreeMap<FilePath, History> = BTreeMap::new();
        for entry in &entries {
            let (Body::Mark(mark) | Body::Done(mark)) = &entry.body else {
                continue;
            };
            let history = files.entry(mark.path.clone()).or_default();
            if matches!(entry.body, Body::Done(_)) {
                // An older content that lies there now was put back by a hand.
                history.marks.clear();
                history.done = Some(mark.revision);
            }
            history.marks.push(mark.clone());
        }
        for entry in entries {
            let (revision, time) = (entry.revision, entry.time);
            if revision <= state.passed {
                continue;
            }
            for operation in entry.body.into_operations().into_iter().flatten() {
                let tokens = operation.path.tokens();
                let Some(history) = history_of(&mut files, tokens) else {
                    tracing::error!(path = %operation.path, "a change of a file without a mark");
                    continue;
                };
                history.operations.push((revision, time, operation));
            }
        }
        Self { files }
    }
}

/// Finds the file that an operation's path leads into: every change is preceded by a mark of its
/// file in the segments that are kept.
fn history_of<'a>(
    files: &'a mut BTreeMap<FilePath, History>,
    tokens: &[String],
) -> Option<&'a mut History> {
    let length = (0..=tokens.len()).find(|&length| files.contains_key(&tokens[..length]))?;
    files.get_mut(&tokens[..length])
}

fn recover_file(
    served: &Served,
    path: &FilePath,
    history: &History,
    recovered: &mut Recovered,
) -> Result<(), OpenError> {
    let disk_path = served.path_of(path);
    let what = || format!("{disk_path} cannot be read");
    let text = match served.medium.read(&disk_path) {
        Ok(text) => text,
        Err(error) if history.operations.is_empty() => {
            tracing::warn!(file = disk_path, %error, "the file cannot be read and is not served");
            return Ok(());
        }
        Err(error) => return Err(OpenError::io(what())(error)),
    };
    let stat = served
        .medium
        .stat(&disk_path)
        .map_err(OpenError::io(what()))?;
    let hash = text.as_deref().map(content_hash);
    let modified = stat.map_or(SystemTime::UNIX_EPOCH, |stat| stat.modified);
    let base = history.marks.iter().rev().find(|mark| mark.hash == hash);
    // An unknown content is an edit by hand of the last one that was there for certain.
    let base = base
        .map(|mark| mark.revision)
        .or_else(|| history.merged_over(hash));
    let base_revision = base.or(history.done).unwrap_or_default();
    let ids = recovered.image.rule_of(path);
    let file = text
        .as_deref()
        .map(|text| read_file(&disk_path, text, ids, base_revision, modified));
    let on_disk = OnDisk {
        hash,
        revision: base_revision,
        value: file.as_ref().and_then(|file| file.value.clone()),
    };
    let broken = file.as_ref().and_then(|file| file.broken.clone());
    recovered.on_disk.insert(path.clone(), on_disk);
    recovered.image = recovered.image.with_file(path, file);
    let is_known = base.is_some();
    let pending: Vec<_> = history
        .operations
        .iter()
        .filter(|(revision, ..)| *revision > base_revision)
        .collect();
    if pending.is_empty() {
        return Ok(());
    }
    recovered.behind.push(path.clone());
    let start = pending
        .iter()
        .rposition(|(_, _, operation)| is_whole(operation, path));
    if !is_known && let Some(text) = &text {
        let kept = keep_conflict(served, &disk_path, text, recovered.last);
        kept.map_err(OpenError::io(format!(
            "the edited {disk_path} cannot be kept"
        )))?;
    }
    if !is_known {
        recovered.merged.push((path.clone(), hash));
    }
    let content = if is_known {
        Content::Known
    } else {
        Content::Edited
    };
    let (image, aside) = replay(&recovered.image, &pending[start.unwrap_or(0)..], content);
    recovered.image = Image {
        revision: recovered.last,
        ..image
    };
    // A file that a person is mending is not overwritten, whatever is pending for it.
    recovered.image = recovered.image.with_broken(path, broken);
    keep_aside(served, &disk_path, &aside, recovered.last)
}

/// An operation on the whole file needs no base.
fn is_whole(operation: &Operation, path: &FilePath) -> bool {
    operation.path.tokens() == path.as_slice()
}

/// Keeps acknowledged changes that do not apply as a JSON Patch beside the file.
fn keep_aside(
    served: &Served,
    disk_path: &str,
    aside: &[Operation],
    revision: Revision,
) -> Result<(), OpenError> {
    if aside.is_empty() {
        return Ok(());
    }
    let mut patch = Vec::new();
    crate::change::encode(aside, &mut patch);
    patch.push(b'\n');
    let patch_path = format!("{disk_path}.patch");
    keep_conflict(served, &patch_path, &patch, revision).map_err(OpenError::io(format!(
        "the pending changes of {disk_path} cannot be kept"
    )))
}

fn read_file(
    disk_path: &str,
    text: &[u8],
    ids: IdRule,
    revision: Revision,
    modified: SystemTime,
) -> File {
    let (value, broken) = match Json::parse(text) {
        Ok(json) => (Some(Value::indexed(json, &ids)), None),
        Err(error) => {
            tracing::warn!(file = disk_path, %error, "the file is broken JSON");
            (None, Some(error))
        }
    };
    let template = if broken.is_none() {
        template_of(text)
    } else {
        Template::None
    };
    File {
        value,
        broken,
        revision,
        modified,
        template,
        ids,
    }
}
