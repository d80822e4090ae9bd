//! Gives a file its new content, and buries nothing that another program has just written.
//!
//! The old file is taken away by exchanging names, and looked at then: if it is not what was read,
//! it gets its name back. Where names cannot be exchanged, the file is looked at directly before it
//! is replaced. What cannot be replaced at all is overwritten where it lies; the copy beside the
//! journal guards that.

use super::look::{Found, hash_at, look};
use super::{Checkpointer, Half, Obstacle, OnDisk, Prepared, Sight, Step};
use crate::conflict::{keep_conflict_like, keep_folder};
use crate::contract::Revision;
use crate::image::FilePath;
use crate::journal::entry::{Mark, content_hash};
use crate::medium::{Medium, NameKind};
use crate::served::Served;
use std::io::{self, ErrorKind};
use std::time::Instant;

/// How often a name is given back that others give to something newer at the same moment.
const RETURNS_MAX: usize = 8;

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
            Step::Confirm => self.confirm(prepared),
            Step::Nothing => Ok(()),
        }
    }

    /// Makes sure of a removal that may not be durable: what was taken away gets its name back, to be
    /// taken away again. If it is gone, the folder is changed, so that its next sync has to write it.
    fn confirm(&self, prepared: &Prepared) -> Result<(), Obstacle> {
        if self.give_back(prepared) {
            return Err(Obstacle::Moved);
        }
        let temporary = self.taken_of(prepared);
        self.served.medium.write(&temporary, b"", None)?;
        Ok(self.served.medium.remove(&temporary)?)
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
        self.check_taken(temporary, disk_path, prepared)?;
        if let Ok(Some(old)) = medium.open(temporary) {
            let (path, hash) = (&prepared.mark.path, prepared.found.hash);
            let mut retired = self.retired.borrow_mut();
            retired.keep(path, old, hash, Instant::now());
        }
        Ok(medium.remove(temporary)?)
    }

    /// Looks at what was taken away, and gives it its name back if it is not what was read.
    fn check_taken(
        &self,
        taken: &str,
        disk_path: &str,
        prepared: &Prepared,
    ) -> Result<(), Obstacle> {
        let read = Holder::of_text(prepared.found.hash);
        if holder_at(&*self.served.medium, taken).is_ok_and(|holder| holder == read) {
            return Ok(());
        }
        if let Err(error) = self.return_name(taken, disk_path, prepared.mark.hash) {
            tracing::warn!(taken, %error, "the text of another program got no name back");
        }
        let Mark { hash, revision, .. } = prepared.mark;
        match self.clear_away(taken, disk_path, hash, revision) {
            Ok(()) => Err(Obstacle::Moved),
            Err(_) => Err(Obstacle::Stuck(taken.to_owned())),
        }
    }

    /// Gives what was taken away its name back, unless another program has given the name to
    /// something newer meanwhile, which keeps it then.
    fn return_name(&self, taken: &str, disk_path: &str, ours: Option<u128>) -> io::Result<()> {
        let medium = &*self.served.medium;
        if matches!(medium.kind(disk_path), Ok(None)) {
            return medium.rename_to_free(taken, disk_path);
        }
        if ours.is_none() {
            return Ok(());
        }
        let mut put_there = Some(Holder::of_text(ours));
        for _ in 0..RETURNS_MAX {
            let given = holder_at(medium, taken).ok();
            medium.exchange(taken, disk_path)?;
            if Some(holder_at(medium, taken)?) == put_there {
                break;
            }
            // That came between, and is newer than what has the name now.
            put_there = given;
        }
        Ok(())
    }

    /// Removes what lies under a temporary name. A text that is not ours is kept beside its file: its
    /// name could not be given back, or has been given to something newer. A link has no text of its
    /// own; what it leads to may be anything. A folder gets a name beside it.
    pub(super) fn clear_away(
        &self,
        taken: &str,
        disk_path: &str,
        ours: Option<u128>,
        revision: Revision,
    ) -> io::Result<()> {
        let medium = &*self.served.medium;
        match medium.kind(taken)? {
            Some(NameKind::File) => {}
            Some(NameKind::Link | NameKind::Other) => return medium.remove(taken),
            Some(NameKind::Folder) => {
                return keep_folder(&self.served, taken, disk_path, revision);
            }
            None => return Ok(()),
        }
        let text = medium.read(taken)?;
        let is_ours = |text: &Vec<u8>| Some(content_hash(text)) == ours;
        if let Some(text) = text.filter(|text| !is_ours(text)) {
            keep_conflict_like(&self.served, taken, disk_path, &text, revision)?;
        }
        medium.remove(taken)
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

    /// Takes a file away; [`Self::bury`] removes it, when the folder is synced.
    ///
    /// DURABILITY: until then it can get its name back. If the sync of a folder has failed, no later
    /// one makes durable that a name has gone, unless it goes once more.
    fn take_away(&self, disk_path: &str, prepared: &Prepared) -> Result<(), Obstacle> {
        let medium = &self.served.medium;
        if prepared.found.is_link {
            // The link goes; what it leads to is another file.
            return Ok(medium.remove(disk_path)?);
        }
        let taken = self.taken_of(prepared);
        match medium.rename_to_free(disk_path, &taken) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                self.check_untouched(&prepared.mark.path, &prepared.found)?;
                return Ok(medium.remove(disk_path)?);
            }
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(Obstacle::Moved),
            other => other?,
        }
        self.check_taken(&taken, disk_path, prepared)
    }

    /// The name under which a file that is to go lies until the folder is synced.
    fn taken_of(&self, prepared: &Prepared) -> String {
        let disk_path = self.served.path_of(&prepared.mark.path);
        Served::temporary_of(&disk_path, prepared.mark.revision)
    }

    /// Removes what was taken away. What cannot be removed now the next start removes.
    pub(super) fn bury(&self, prepared: &Prepared) {
        if prepared.step == Step::Remove && !prepared.found.is_link {
            self.served.medium.remove(&self.taken_of(prepared)).ok();
        }
    }

    /// Gives what was taken away its name back, and says whether it has; where another program has
    /// given the name to something else meanwhile, it is removed.
    pub(super) fn give_back(&self, prepared: &Prepared) -> bool {
        let disk_path = self.served.path_of(&prepared.mark.path);
        let taken = self.taken_of(prepared);
        match self.served.medium.rename_to_free(&taken, &disk_path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                self.served.medium.remove(&taken).ok();
                false
            }
            given => given.is_ok(),
        }
    }

    fn overwrite(&self, copy: &str, disk_path: &str, prepared: &Prepared) -> Result<(), Obstacle> {
        self.check_untouched(&prepared.mark.path, &prepared.found)?;
        let bytes = self.journal.stat(copy)?.map_or(0, |stat| stat.bytes);
        let there = prepared.found.stat.map_or(0, |stat| stat.bytes);
        let free = self.served.medium.free_bytes();
        if free.is_some_and(|free| free < bytes.saturating_sub(there)) {
            // Half a file is worse than an old one.
            return Err(io::Error::from(ErrorKind::StorageFull).into());
        }
        self.write_over(copy, disk_path).map_err(|error| {
            let torn = hash_at(&*self.served.medium, disk_path).ok().flatten();
            let copy = copy.to_owned();
            Obstacle::Half(Half { copy, torn }, error)
        })
    }

    /// DURABILITY: from the first byte on until the last is synced the file holds neither content.
    /// Its mark and the copy are durable, and recovery takes the copy.
    fn write_over(&self, copy: &str, disk_path: &str) -> io::Result<()> {
        let mut new = self.journal.open(copy)?.ok_or(ErrorKind::NotFound)?;
        let mut file = self.served.medium.overwrite(disk_path)?;
        while let Some(piece) = new.next_piece()? {
            file.write(&piece)?;
        }
        file.finish()
    }

    /// Overwrites a file once more that was half overwritten; what another program has made of it
    /// since is left alone.
    pub(super) fn finish_half(&mut self, path: &FilePath) -> Result<(), Obstacle> {
        let Some(Half { copy, torn }) = self.half.get(path).cloned() else {
            return Ok(());
        };
        let disk_path = self.served.path_of(path);
        let there = hash_at(&*self.served.medium, &disk_path)?;
        if there == torn || there == hash_at(&*self.journal, &copy)? {
            self.write_over(&copy, &disk_path)?;
        }
        self.half.remove(path);
        Ok(())
    }
}

/// What has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Holder {
    kind: Option<NameKind>,
    /// The hash of a regular file.
    hash: Option<u128>,
}

impl Holder {
    /// A regular file with a text, or nothing.
    fn of_text(hash: Option<u128>) -> Self {
        let kind = hash.map(|_| NameKind::File);
        Self { kind, hash }
    }
}

/// Looks at what has a name, and follows no link.
fn holder_at(medium: &dyn Medium, path: &str) -> io::Result<Holder> {
    let kind = medium.kind(path)?;
    let hash = match kind {
        Some(NameKind::File) => hash_at(medium, path)?,
        _ => None,
    };
    Ok(Holder { kind, hash })
}

/// Tells a file that cannot be replaced from other failures.
fn fixed(error: io::Error) -> Obstacle {
    match error.kind() {
        ErrorKind::ResourceBusy | ErrorKind::CrossesDevices => Obstacle::Fixed(error),
        _ => error.into(),
    }
}
