//! Keeps one side of a conflict beside its file.

use crate::contract::Revision;
use crate::medium::{NameKind, folder_of};
use crate::served::Served;
use std::io;

/// Keeps one side of a conflict beside the file, durably; what was kept before is never touched.
pub(crate) fn keep_conflict(
    served: &Served,
    disk_path: &str,
    text: &[u8],
    revision: Revision,
) -> io::Result<()> {
    keep_conflict_like(served, disk_path, disk_path, text, revision)
}

/// The same, with owner and mode of the file `like` where there is one.
pub(crate) fn keep_conflict_like(
    served: &Served,
    like: &str,
    disk_path: &str,
    text: &[u8],
    revision: Revision,
) -> io::Result<()> {
    let kept = free_name(served, disk_path, text, revision)?;
    if served.medium.read(&kept)?.is_none() {
        let temporary = Served::temporary_of(&kept, revision);
        // Whoever may not read the file may not read what is kept of it.
        let like = served.medium.stat(like)?.map(|_| like);
        served.medium.write(&temporary, text, like)?;
        served.medium.rename(&temporary, &kept)?;
        tracing::warn!(
            file = disk_path,
            kept,
            "the two sides do not go together; one of them was kept beside the file"
        );
    }
    served.medium.sync_folder(folder_of(&kept))
}

/// Gives a folder of another program that lies at `taken`, in place of a file, a free name beside the
/// file, with all that is in it.
pub(crate) fn keep_folder(
    served: &Served,
    taken: &str,
    disk_path: &str,
    revision: Revision,
) -> io::Result<()> {
    let mut tries = 1;
    loop {
        let kept = name_of(disk_path, revision, tries);
        match served.medium.rename_to_free(taken, &kept) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => tries += 1,
            renamed => {
                renamed?;
                tracing::warn!(
                    file = disk_path,
                    kept,
                    "a folder came in place of the file and had to give way; it is beside it now"
                );
                return served.medium.sync_folder(folder_of(&kept));
            }
        }
    }
}

/// A name that is free, or that has this very text already.
fn free_name(
    served: &Served,
    disk_path: &str,
    text: &[u8],
    revision: Revision,
) -> io::Result<String> {
    let mut tries = 1;
    let mut name = name_of(disk_path, revision, tries);
    while !is_free_for(served, &name, text)? {
        tries += 1;
        name = name_of(disk_path, revision, tries);
    }
    Ok(name)
}

fn is_free_for(served: &Served, name: &str, text: &[u8]) -> io::Result<bool> {
    Ok(match served.medium.kind(name)? {
        None => true,
        Some(NameKind::File) => served.medium.read(name)?.is_none_or(|there| there == text),
        Some(_) => false,
    })
}

fn name_of(disk_path: &str, revision: Revision, tries: usize) -> String {
    match tries {
        1 => format!("{disk_path}.conflict-{revision}"),
        _ => format!("{disk_path}.conflict-{revision}-{tries}"),
    }
}
