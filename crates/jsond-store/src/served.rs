//! The served folder, or the single served file, as the store's files on a medium.

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
    pub(crate) fn temporary_of(path: &str, revision: crate::Revision) -> String {
        let folder = folder_of(path);
        let name = path.rsplit('/').next().unwrap_or(path);
        let slash = if folder.is_empty() { "" } else { "/" };
        format!("{folder}{slash}.{name}{TEMPORARY}{revision}")
    }

    /// Lists the paths of all served files and folders; temporary files that a killed
    /// checkpoint left are removed.
    pub(crate) fn list(&self) -> io::Result<Listing> {
        let mut listing = Listing::default();
        if self.single.is_some() {
            listing.files.push(FilePath::new());
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
            let is_hidden = listed.name.starts_with('.');
            // A link to a folder that it lies in would lead in circles.
            let is_circle = listed.is_folder && above.contains(&listed.identity);
            path.push(listed.name);
            let name = path.last().expect("INVARIANT: pushed");
            if !listed.is_folder && is_temporary(name) {
                self.remove_temporary(&path.join("/"));
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

    fn remove_temporary(&self, path: &str) {
        if let Err(error) = self.medium.remove(path) {
            tracing::warn!(path, %error, "a temporary file could not be removed");
        }
    }
}

/// Judges whether a name is one that [`Served::temporary_of`] makes, and no person's file.
fn is_temporary(name: &str) -> bool {
    let Some((kept, revision)) = name.rsplit_once(TEMPORARY) else {
        return false;
    };
    let is_number = !revision.is_empty() && revision.bytes().all(|it| it.is_ascii_digit());
    is_number && kept.starts_with('.') && kept.contains(FILE_ENDING)
}

/// A tree of folders that is deeper than any person makes one.
const FOLDER_DEPTH_MAX: usize = 32;
