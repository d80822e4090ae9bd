//! Writes the new content of a file beside it.
//!
//! A small file is laid out in memory. A large one is read, laid out and written in pieces, so that
//! it costs no memory; what was read is hashed on the way, so that an edit by hand is not missed.

use super::look::{Found, Remembered};
use super::schedule::Cost;
use super::{Checkpointer, Looked, Obstacle, Prepared, Step};
use crate::contract::Revision;
use crate::image::{File, FilePath, Template};
use crate::journal::entry::{Hasher, Mark, content_hash};
use crate::layout::{lay_out, lay_out_pieces};
use crate::medium::{Medium, PieceWriter, folder_of};
use crate::served::Served;
use bytes::Bytes;
use jsond_document::{Layout, Skeleton, Value};
use std::io;
use std::time::Instant;

/// Up to this size the text on disk is kept in memory as the layout.
const TEMPLATE_BYTES_MAX: usize = 64 << 10;

/// What the copies are called from which a file is overwritten.
const COPY: &str = "overwrite-";

/// The layout of a file whose text is this.
pub(crate) fn template_of(text: &[u8]) -> Template {
    if text.len() <= TEMPLATE_BYTES_MAX {
        Template::Text(Bytes::copy_from_slice(text))
    } else {
        Template::OnDisk(Layout::detect(text))
    }
}

/// The name of the copy, beside the journal, of a content that a file is overwritten by.
pub(crate) fn copy_of(hash: u128) -> String {
    format!("{COPY}{hash:032x}.json")
}

/// Removes the copies by which files were to be overwritten, unless they may be needed once more.
pub(crate) fn remove_copies(journal: &dyn Medium, needed: &[u128]) {
    let listed = journal.list("").unwrap_or_default();
    let needed: Vec<_> = needed.iter().map(|&hash| copy_of(hash)).collect();
    let copies = listed.iter().filter(|it| it.name.starts_with(COPY));
    for copy in copies.filter(|it| !needed.contains(&it.name)) {
        if let Err(error) = journal.remove(&copy.name) {
            tracing::warn!(copy.name, %error, "a copy could not be removed");
        }
    }
}

/// A content that has been written, durably, under a name that no program reads.
struct Written {
    name: String,
    hash: u128,
    template: Template,
}

/// Where a new content is written: beside its file, or beside the journal.
struct Draft<'a> {
    medium: &'a dyn Medium,
    name: String,
    like: Option<String>,
    in_place: bool,
}

impl Checkpointer {
    /// Writes the new content of a file beside it; none when there is nothing to write.
    pub(super) fn prepare(&mut self, looked: Looked) -> Result<Option<Prepared>, Obstacle> {
        let start = Instant::now();
        let Looked {
            path,
            found,
            is_unsure,
            ..
        } = looked;
        self.free_stuck(&path)?;
        let image = self.published.load_full();
        let file = image
            .file(&path)
            .and_then(|file| Some((file, file.value.clone()?)));
        let mut prepared = match file {
            Some((file, value)) => self.prepare_text(&path, (file, value), found, is_unsure)?,
            None => removal(&path, image.revision, found, is_unsure),
        };
        prepared.cost.since = start;
        Ok(Some(prepared))
    }

    /// DURABILITY: what a failed checkpoint has left is written anew as a whole, because a sync that
    /// failed once and works then says nothing about what was written before.
    fn prepare_text(
        &self,
        path: &FilePath,
        (file, value): (&File, Value),
        mut found: Found,
        is_unsure: bool,
    ) -> Result<Prepared, Obstacle> {
        let disk_path = self.served.path_of(path);
        if found.text.is_none() && found.hash.is_some() && !found.is_large() {
            // It was known to be unchanged and not read.
            let text = self.served.medium.read(&disk_path)?;
            found.text = text.map(Bytes::from);
            if found.text.as_deref().map(content_hash) != found.hash {
                return Err(Obstacle::Moved);
            }
        }
        // What is not there cannot be overwritten, and has nothing that a name could not replace.
        let in_place = found.hash.is_some() && (found.is_link || self.in_place.contains(path));
        let draft = if in_place {
            Draft {
                medium: &*self.journal,
                name: format!("{COPY}{}.new", file.revision),
                like: None,
                in_place,
            }
        } else {
            Draft {
                medium: &*self.served.medium,
                name: Served::temporary_of(&disk_path, file.revision),
                like: found.hash.is_some().then(|| disk_path.clone()),
                in_place,
            }
        };
        draft.make_folder()?;
        let written = if found.is_large() {
            Some(self.write_large(path, file, &value, &found, &draft)?)
        } else {
            write_small(file, &value, &found, &draft, is_unsure)?
        };
        let hash = written.as_ref().map_or(found.hash, |it| Some(it.hash));
        let template = match &written {
            Some(written) => written.template.clone(),
            None => file.template.clone(),
        };
        let step = match written {
            None => Step::Nothing,
            Some(written) if Some(written.hash) == found.hash && !is_unsure => {
                draft.medium.remove(&written.name)?;
                Step::Nothing
            }
            Some(written) if in_place => Step::Overwrite(self.name_copy(&written)?),
            Some(written) => Step::Exchange(written.name),
        };
        let mark = Mark {
            path: path.clone(),
            revision: file.revision,
            hash,
        };
        Ok(Prepared {
            mark,
            value: Some(value),
            old_template: file.template.clone(),
            template,
            cost: Cost {
                since: Instant::now(),
                is_large: found.is_large(),
            },
            found,
            step,
        })
    }

    /// Gives a copy the name by which recovery finds it, durably.
    fn name_copy(&self, written: &Written) -> io::Result<String> {
        let name = copy_of(written.hash);
        self.journal.rename(&written.name, &name)?;
        self.journal.sync_folder("")?;
        Ok(name)
    }

    /// Lays a large file out while it is read.
    fn write_large(
        &self,
        path: &FilePath,
        file: &File,
        value: &Value,
        found: &Found,
        draft: &Draft<'_>,
    ) -> Result<Written, Obstacle> {
        let Template::OnDisk(layout) = &file.template else {
            // It has just grown, or was made anew as a whole.
            let text = lay_out_small(file, value, found);
            return draft.write(&text);
        };
        let base = match self.on_disk.get(path).map(|known| &known.content) {
            Some(Remembered::Large(skeleton)) => Some(skeleton.clone()),
            Some(Remembered::Value(value)) => Some(Skeleton::of(value)),
            Some(Remembered::None) | None => None,
        };
        let disk_path = self.served.path_of(path);
        let mut old = self.served.medium.open(&disk_path)?;
        let (mut read, mut hasher) = (Hasher::default(), Hasher::default());
        let mut out = draft.create()?;
        let laid = {
            let next = || match &mut old {
                Some(old) => {
                    let piece = old.next_piece()?;
                    piece.iter().for_each(|piece| read.update(piece));
                    Ok(piece)
                }
                None => Ok(None),
            };
            let write = |bytes: &[u8]| {
                hasher.update(bytes);
                out.write(bytes)
            };
            lay_out_pieces(next, base.as_ref(), value, write)
        };
        let is_laid = laid.map_err(|error| draft.discard(error))?;
        if !is_laid {
            drop(out);
            (hasher, out) = (Hasher::default(), draft.create()?);
            let write = |bytes: &[u8]| {
                hasher.update(bytes);
                out.write(bytes)
            };
            let rendered = layout.render_file_pieces(value, write);
            rendered.map_err(|error| draft.discard(error))?;
        } else if Some(read.finish()) != found.hash {
            return Err(draft.discard(Obstacle::Moved));
        }
        out.finish().map_err(|error| draft.discard(error))?;
        Ok(Written {
            name: draft.name.clone(),
            hash: hasher.finish(),
            template: file.template.clone(),
        })
    }
}

impl Draft<'_> {
    /// A hand may have removed the folder of a file that lacks changes.
    fn make_folder(&self) -> Result<(), Obstacle> {
        let folder = folder_of(&self.name);
        if !folder.is_empty() && self.medium.kind(folder)?.is_none() {
            self.medium.make_folders(folder)?;
        }
        Ok(())
    }

    fn create(&self) -> Result<Box<dyn PieceWriter>, Obstacle> {
        let created = self.medium.create(&self.name, self.like.as_deref());
        created.map_err(|error| self.refused(error))
    }

    fn write(&self, text: &[u8]) -> Result<Written, Obstacle> {
        let written = self.medium.write(&self.name, text, self.like.as_deref());
        written.map_err(|error| self.discard(self.refused(error)))?;
        Ok(Written {
            name: self.name.clone(),
            hash: content_hash(text),
            template: template_of(text),
        })
    }

    /// A folder that takes no new files may have files that can be overwritten.
    fn refused(&self, error: io::Error) -> Obstacle {
        let is_closed = matches!(
            error.kind(),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
        );
        if is_closed && self.like.is_some() && !self.in_place {
            Obstacle::Fixed(error)
        } else {
            error.into()
        }
    }

    /// Leaves nothing behind of what failed.
    fn discard(&self, error: impl Into<Obstacle>) -> Obstacle {
        self.medium.remove(&self.name).ok();
        error.into()
    }
}

fn lay_out_small(file: &File, value: &Value, found: &Found) -> Vec<u8> {
    let template = match &file.template {
        Template::Text(text) => Some(text.as_ref()),
        Template::OnDisk(_) => found.text.as_deref(),
        Template::None => None,
    };
    lay_out(template, value)
}

/// Lays a file out in memory; none when its content is there already.
fn write_small(
    file: &File,
    value: &Value,
    found: &Found,
    draft: &Draft<'_>,
    is_unsure: bool,
) -> Result<Option<Written>, Obstacle> {
    let text = lay_out_small(file, value, found);
    if Some(content_hash(&text)) == found.hash && !is_unsure {
        return Ok(None);
    }
    draft.write(&text).map(Some)
}

/// A file that is no more.
fn removal(path: &FilePath, revision: Revision, found: Found, is_unsure: bool) -> Prepared {
    let step = match found.hash {
        Some(_) => Step::Remove,
        None if is_unsure => Step::Confirm,
        None => Step::Nothing,
    };
    Prepared {
        mark: Mark {
            path: path.clone(),
            revision,
            hash: None,
        },
        value: None,
        template: Template::None,
        old_template: Template::None,
        step,
        found,
        cost: Cost {
            since: Instant::now(),
            is_large: false,
        },
    }
}
