//! From what is on the media to the image: read the files, replay what they lack.
//!
//! A torn tail of the journal is dropped and said; damage before the last batch, a missing segment
//! or a segment of another folder is a loud refusal that names the place.

mod file;
mod history;
mod merge;

use crate::checkpoint::{OnDisk, hash_at, remove_copies};
use crate::conflict::keep_conflict;
use crate::contract::Revision;
use crate::image::{FilePath, Image};
use crate::journal::entry::{Body, Entry, Mark};
use crate::journal::reader::{OpenError, read_journal};
use crate::key::answer::Answered;
use crate::key::file::Line;
use crate::medium::Medium;
use crate::message::TakenBefore;
use crate::progress::Progress;
use crate::served::{Served, Temporary};
use crate::state::State;
pub(crate) use merge::bases_in_journal;

use file::recover_file;
use history::{Histories, History};
use jsond_document::{IdNames, Json};
use std::collections::HashMap;

/// What recovery found.
pub(crate) struct Recovered {
    pub(crate) image: Image,
    pub(crate) last: Revision,
    pub(crate) on_disk: HashMap<FilePath, OnDisk>,
    /// Files whose changes are not on disk yet.
    pub(crate) behind: Vec<FilePath>,
    /// What was announced of files that have such a content, since the last that was there for
    /// certain. Nobody knows whether it is durable, and a power cut may bring back each of them.
    pub(crate) announced: Vec<Mark>,
    /// Edits by hand that were merged with what was pending.
    pub(crate) taken: Vec<TakenBefore>,
    pub(crate) segments: Vec<(String, Revision)>,
    /// The keys in the journal with the answers.
    pub(crate) keyed: Vec<Line>,
}

/// Where recovery reads.
pub(crate) struct Media<'a> {
    pub(crate) served: &'a Served,
    pub(crate) journal: &'a dyn Medium,
    pub(crate) progress: &'a Progress,
}

/// Reads the journal and the files.
pub(crate) fn recover(
    media: &Media<'_>,
    state: &State,
    ids: IdNames,
) -> Result<Recovered, OpenError> {
    let served = media.served;
    let (entries, segments) = read_journal(media.journal, state, media.progress)?;
    let keyed = entries.iter().filter_map(line_of).collect();
    let last = entries
        .last()
        .map_or(Revision(0), |entry| entry.revision)
        .max(state.revision);
    let mut histories = Histories::of(entries, state);
    let mut recovered = Recovered {
        image: Image::empty(ids, served.single.as_deref(), last),
        last,
        on_disk: HashMap::new(),
        behind: Vec::new(),
        announced: Vec::new(),
        taken: Vec::new(),
        segments,
        keyed,
    };
    let listing = served
        .list()
        .map_err(OpenError::io("the folder cannot be read"))?;
    for temporary in &listing.temporaries {
        take_temporary(media, temporary, histories.files.get(&temporary.file), last)?;
    }
    if !recovered.segments.is_empty() {
        sync_folders(served, &listing.folders)?;
    }
    for path in listing.folders {
        recovered.image = recovered.image.with_folder(&path);
    }
    for path in listing.files {
        let history = histories.files.remove(&path).unwrap_or_default();
        recover_file(media, &path, &history, &mut recovered)?;
    }
    for (path, history) in std::mem::take(&mut histories.files) {
        recover_file(media, &path, &history, &mut recovered)?;
    }
    let needed: Vec<_> = recovered
        .announced
        .iter()
        .filter_map(|mark| mark.hash)
        .collect();
    remove_copies(media.journal, &needed);
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

/// Removes a temporary file that a killed checkpoint left, unless it has the text of another
/// program: between an exchange of names and the look at what was taken away it may. A file that was
/// taken away gets its name back, until the journal says that it has gone for good.
fn take_temporary(
    media: &Media<'_>,
    temporary: &Temporary,
    history: Option<&History>,
    last: Revision,
) -> Result<(), OpenError> {
    let served = media.served;
    let path = &temporary.disk_path;
    let what = || format!("the temporary file {path} cannot be judged");
    let history = history.filter(|history| history.was_announced(temporary.revision));
    if let Some(history) = history {
        let hash = hash_at(&*served.medium, path).map_err(OpenError::io(what()))?;
        let disk_path = served.path_of(&temporary.file);
        if hash.is_some_and(|hash| history.find(Some(hash)).is_some())
            && history.is_going(temporary.revision)
            && served.medium.rename_to_free(path, &disk_path).is_ok()
        {
            return Ok(());
        }
        if hash.is_some_and(|hash| !history.knows(hash)) {
            let text = served.medium.read(path).map_err(OpenError::io(what()))?;
            // Half a text is that of a second try of the same checkpoint that was cut off.
            if let Some(text) = text.filter(|text| Json::parse(text).is_ok()) {
                keep_conflict(served, &disk_path, &text, last).map_err(OpenError::io(what()))?;
            }
        }
    }
    if let Err(error) = served.medium.remove(path) {
        tracing::warn!(path, %error, "a temporary file could not be removed");
    }
    Ok(())
}
