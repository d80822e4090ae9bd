//! Gives a file its new content, and buries nothing that another program has just written.
//!
//! The old file is taken away by exchanging names, and looked at then: if it is not what was read,
//! it gets its name back. Where names cannot be exchanged, the file is looked at directly before it
//! is replaced. What cannot be replaced at all is overwritten where it lies; the copy beside the
//! journal guards that.

use super::look::{Found, hash_at, look};
use super::{Checkpointer, Obstacle, OnDisk, Prepared, Sight, Step};
use crate::image::FilePath;
use crate::served::Served;
use std::io::{self, ErrorKind};

impl Checkpointer {
    /// Gives one file its new content, unless another program has touched it since it was read.
    pub(super) fn exchange(&self, prepared: &Prepared) -> Result<(), Obstacle> {
        let disk_path = self.served.path_of(&prepared.mark.path);
        let found = &prepared.found;
        match &prepared.step {
            Step::Exchange(temporary) if found.hash.is_none() => self.put(temporary, &disk_path),
            Step::Exchange(temporary) => self.swap(temporary, &disk_path, prepared),
            Step::Overwrite(copy) => self.overwrite(copy, &disk_path, prepared),
            Step::Remove => self.take_away(&disk_path, prepared),
            Step::Confirm | Step::Nothing => Ok(()),
        }
    }

    /// Gives a new file its name, which nothing may have got meanwhile.
    fn put(&self, temporary: &str, disk_path: &str) -> Result<(), Obstacle> {
        let medium = &self.served.medium;
        match medium.rename_to_free(temporary, disk_path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(Obstacle::Moved),
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                if medium.kind(disk_path)?.is_some() {
                    return Err(Obstacle::Moved);
                }
                Ok(medium.rename(temporary, disk_path)?)
            }
            other => Ok(other?),
        }
    }

    fn swap(&self, temporary: &str, disk_path: &str, prepared: &Prepared) -> Result<(), Obstacle> {
        let medium = &self.served.medium;
        match medium.exchange(temporary, disk_path) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                self.check_untouched(&prepared.mark.path, &prepared.found)?;
                return medium.rename(temporary, disk_path).map_err(fixed);
            }
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(Obstacle::Moved),
            Err(error) => return Err(fixed(error)),
        }
        self.check_taken(temporary, disk_path, &prepared.found)?;
        Ok(medium.remove(temporary)?)
    }

    /// Looks at what was taken away, and gives it its name back if it is not what was read.
    fn check_taken(&self, taken: &str, disk_path: &str, found: &Found) -> Result<(), Obstacle> {
        let medium = &*self.served.medium;
        if hash_at(medium, taken).is_ok_and(|hash| hash == found.hash) {
            return Ok(());
        }
        let is_back = match medium.kind(disk_path) {
            Ok(None) => medium.rename_to_free(taken, disk_path),
            _ => medium.exchange(taken, disk_path),
        };
        match is_back {
            Ok(()) => Err(Obstacle::Moved),
            Err(_) => Err(Obstacle::Stuck(taken.to_owned())),
        }
    }

    /// Where names cannot be exchanged the file is looked at once more.
    fn check_untouched(&self, path: &FilePath, found: &Found) -> Result<(), Obstacle> {
        let known = OnDisk {
            hash: found.hash,
            ..OnDisk::default()
        };
        match look(&self.served, path, &known)? {
            Sight::Found(now) | Sight::Unchanged(now) if now.hash == found.hash => Ok(()),
            _ => Err(Obstacle::Moved),
        }
    }

    fn take_away(&self, disk_path: &str, prepared: &Prepared) -> Result<(), Obstacle> {
        let medium = &self.served.medium;
        if prepared.found.is_link {
            // The link goes; what it leads to is another file.
            return Ok(medium.remove(disk_path)?);
        }
        let taken = Served::temporary_of(disk_path, prepared.mark.revision);
        match medium.rename_to_free(disk_path, &taken) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                self.check_untouched(&prepared.mark.path, &prepared.found)?;
                return Ok(medium.remove(disk_path)?);
            }
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(Obstacle::Moved),
            other => other?,
        }
        self.check_taken(&taken, disk_path, &prepared.found)?;
        Ok(medium.remove(&taken)?)
    }

    /// DURABILITY: from the first byte on until the last is synced the file holds neither content.
    /// Its mark and the copy are durable, and recovery takes the copy.
    fn overwrite(&self, copy: &str, disk_path: &str, prepared: &Prepared) -> Result<(), Obstacle> {
        self.check_untouched(&prepared.mark.path, &prepared.found)?;
        let gone = || io::Error::from(ErrorKind::NotFound);
        let mut new = self.journal.open(copy)?.ok_or_else(gone)?;
        let mut file = self.served.medium.overwrite(disk_path)?;
        while let Some(piece) = new.next_piece()? {
            file.write(&piece)?;
        }
        Ok(file.finish()?)
    }
}

/// Tells a file that cannot be replaced from other failures.
fn fixed(error: io::Error) -> Obstacle {
    match error.kind() {
        ErrorKind::ResourceBusy | ErrorKind::CrossesDevices => Obstacle::Fixed(error),
        _ => error.into(),
    }
}
