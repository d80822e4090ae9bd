//! The served folder, or the single served file, as the store's files on a medium.

use crate::contract::Revision;
use crate::image::FilePath;
use crate::medium::{Medium, folder_of};
use std::io;
use std::sync::Arc;

/// What is served.
#[derive(Debug, Clone)]
pub struct Served {
    /// The folder.
    pub medium: Arc<dyn Medium>,
    /// The one file of it that is the root document, if it is not the folder itself.
    pub single: Option<String>,
}

/// The end of every served file's name.
pub(crate) const FILE_ENDING: &str = ".json";

/// Marks the temporary files of a checkpoint, `.name.json.jsond-17`.
const TEMPORARY: &str = ".jsond-";

/// The paths of what is served.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) files: Vec<FilePath>,
    pub(crate) folders: Vec<FilePath>,
    /// Temporary files: those of a checkpoint under way, or of one that was killed.
    pub(crate) temporaries: Vec<Temporary>,
}

/// A temporary file that a checkpoint left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Temporary {
    pub(crate) disk_path: String,
    /// The file beside which it lies.
    pub(crate) file: FilePath,
    pub(crate) revision: Revision,
}

impl Served {
    /// The path of a file on the medium.
    pub(crate) fn path_of(&self, path: &FilePath) -> String {
        match &self.single {
            Some(name) => name.clone(),
            None => path.join("/"),
        }
    }

    /// The path of the temporary file beside a file.
    pub(crate) fn temporary_of(path: &str, revision: Revision) -> String {
        let folder = folder_of(path);
        let name = path.rsplit('/').next().unwrap_or(path);
        let slash = if folder.is_empty() { "" } else { "/" };
        format!("{folder}{slash}.{name}{TEMPORARY}{revision}")
    }

    /// Judges whether a temporary file is one of this file.
    pub(crate) fn is_temporary_of(path: &str, temporary: &str) -> bool {
        let start = Self::temporary_of(path, Revision(0));
        temporary.starts_with(start.trim_end_matches('0'))
    }

    /// Lists the paths of all served files and folders.
    pub(crate) fn list(&self) -> io::Result<Listing> {
        let mut listing = Listing::default();
        if let Some(single) = &self.single {
            listing.files.push(FilePath::new());
            for listed in self.medium.list("")? {
                let temporary = Temporary::parse(&listed.name, &[]);
                listing
                    .temporaries
                    .extend(temporary.filter(|it| it.file == [single.as_str()]));
            }
            for temporary in &mut listing.temporaries {
                temporary.file.clear();
            }
        } else {
            self.list_below(&mut FilePath::new(), &mut Vec::new(), &mut listing)?;
        }
        listing.files.sort();
        Ok(listing)
    }

    fn list_below(
        &self,
        path: &mut FilePath,
        above: &mut Vec<u64>,
        listing: &mut Listing,
    ) -> io::Result<()> {
        let folder = path.join("/");
        for listed in self.medium.list(&folder)? {
            let is_hidden = is_hidden(&listed.name);
            // A link to a folder that it lies in would lead in circles.
            let is_circle = listed.is_folder && above.contains(&listed.identity);
            path.push(listed.name);
            let name = path.last().expect("INVARIANT: pushed");
            let temporary = Temporary::parse(name, &path[..path.len() - 1]);
            if let Some(temporary) = temporary.filter(|_| !listed.is_folder) {
                listing.temporaries.push(temporary);
            } else if !is_hidden && listed.is_folder && !is_circle && path.len() < FOLDER_DEPTH_MAX
            {
                listing.folders.push(path.clone());
                above.push(listed.identity);
                let below = self.list_below(path, above, listing);
                above.pop();
                if let Err(error) = below {
                    tracing::warn!(folder = path.join("/"), %error, "the folder cannot be read");
                }
            } else if !is_hidden && !listed.is_folder && name.ends_with(FILE_ENDING) {
                listing.files.push(path.clone());
            }
            path.pop();
        }
        Ok(())
    }
}

/// Whether a name in a folder is none that is served: it begins with a dot, or has a character that
/// means something else in a path of another system, or to a terminal.
pub(crate) fn is_hidden(name: &str) -> bool {
    let is_odd = |character: char| character == '\\' || character.is_control();
    name.starts_with('.') || name.chars().any(is_odd)
}

impl Temporary {
    /// Reads a name that [`Served::temporary_of`] made; none where it is a person's file.
    fn parse(name: &str, folder: &[String]) -> Option<Self> {
        let (kept, revision) = name.rsplit_once(TEMPORARY)?;
        let is_number = !revision.is_empty() && revision.bytes().all(|it| it.is_ascii_digit());
        let kept = kept.strip_prefix('.').filter(|_| is_number)?;
        if !kept.contains(FILE_ENDING) {
            return None;
        }
        let path_with = |name: &str| {
            let tokens = folder.iter().cloned().chain([name.to_owned()]);
            tokens.collect::<FilePath>()
        };
        Some(Self {
            disk_path: path_with(name).join("/"),
            file: path_with(kept),
            revision: Revision(revision.parse().ok()?),
        })
    }
}

/// A tree of folders that is deeper than any person makes one.
const FOLDER_DEPTH_MAX: usize = 32;
