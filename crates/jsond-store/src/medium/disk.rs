//! A medium on disk: one folder handle, and nothing outside that folder is ever reached.

use super::{Listed, Medium, SegmentFile, Stat, folder_of};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, MetadataExt, OpenOptions, OpenOptionsExt, PermissionsExt};
use std::fs::TryLockError;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Opening a FIFO or a device must not wait for its other end.
const NONBLOCK: i32 = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();

/// Zeros are written in pieces of this size.
static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];

/// A folder on disk.
#[derive(Debug)]
pub struct DiskMedium {
    folder: Dir,
}

/// Holds a lock until it is dropped, or the process ends however it ends.
#[derive(Debug)]
pub struct Lock {
    _folder: std::fs::File,
}

impl DiskMedium {
    /// Opens a folder.
    ///
    /// *Errors*: those of opening a directory.
    pub fn open(folder: &Path) -> io::Result<Self> {
        Dir::open_ambient_dir(folder, ambient_authority()).map(|folder| Self { folder })
    }

    /// Judges whether the folder can be listed.
    ///
    /// *Errors*: those of reading a directory.
    pub fn check_readable(&self) -> io::Result<()> {
        self.folder.read_dir(".").map(drop)
    }

    /// Opens a folder inside this one, making it if needed.
    ///
    /// *Errors*: those of making and opening a directory.
    pub fn sub_folder(&self, name: &str) -> io::Result<Self> {
        match self.folder.create_dir(name) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        self.folder.open_dir(name).map(|folder| Self { folder })
    }

    /// Locks this folder; none when another process holds the lock.
    ///
    /// The lock is on the folder itself, so nothing that is removed in it gives it away.
    ///
    /// *Errors*: those of opening the folder.
    pub fn lock(&self) -> io::Result<Option<Lock>> {
        let folder = self.folder.open(".")?.into_std();
        match folder.try_lock() {
            Ok(()) => Ok(Some(Lock { _folder: folder })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn open_regular(&self, path: &str) -> io::Result<Option<File>> {
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(NONBLOCK);
        let file = match self.folder.open_with(path, &options) {
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                return Ok(None);
            }
            other => other?,
        };
        Ok(file.metadata()?.is_file().then_some(file))
    }
}

impl Medium for DiskMedium {
    fn list(&self, folder: &str) -> io::Result<Vec<Listed>> {
        let path = if folder.is_empty() { "." } else { folder };
        let mut out = Vec::new();
        for entry in self.folder.read_dir(path)? {
            let Ok(name) = entry?.file_name().into_string() else {
                continue;
            };
            let below = if folder.is_empty() {
                name.clone()
            } else {
                format!("{folder}/{name}")
            };
            // A link is followed inside the folder; one that leads outside names nothing.
            let Ok(metadata) = self.folder.metadata(&below) else {
                continue;
            };
            if metadata.is_dir() || metadata.is_file() {
                let (is_folder, identity) = (metadata.is_dir(), metadata.ino());
                out.push(Listed {
                    name,
                    is_folder,
                    identity,
                });
            }
        }
        Ok(out)
    }

    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        let Some(mut file) = self.open_regular(path)? else {
            return Ok(None);
        };
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        Ok(Some(text))
    }

    fn stat(&self, path: &str) -> io::Result<Option<Stat>> {
        match self.folder.metadata(path) {
            Ok(metadata) if metadata.is_file() => Ok(Some(Stat {
                bytes: metadata.len(),
                modified: metadata.modified()?.into_std(),
                identity: metadata.ino(),
            })),
            Ok(_) => Ok(None),
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn is_occupied(&self, path: &str) -> io::Result<bool> {
        match self.folder.symlink_metadata(path) {
            Ok(metadata) => Ok(!metadata.is_file()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn write(&self, path: &str, text: &[u8], like: Option<&str>) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options
            .write(true)
            .create(true)
            .truncate(true)
            .custom_flags(NONBLOCK);
        let mut file = self.folder.open_with(path, &options)?;
        if let Some(like) = like {
            let metadata = self.folder.metadata(like)?;
            let mode = cap_std::fs::Permissions::from_mode(metadata.mode() & 0o7777);
            file.set_permissions(mode)?;
            let (user, group) = (metadata.uid(), metadata.gid());
            let std_file = file.try_clone()?.into_std();
            // Only a privileged process may give files away; the content matters more.
            if let Err(error) = std::os::unix::fs::fchown(&std_file, Some(user), Some(group)) {
                tracing::debug!(path, %error, "the owner could not be kept");
            }
        }
        file.write_all(text)?;
        file.sync_all()
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.folder.rename(from, &self.folder, to)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.folder.remove_file(path)
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        let path = if folder.is_empty() { "." } else { folder };
        // A folder handle of cap-std may be one that can only be walked through (`O_PATH`).
        self.folder.open_dir(path)?.open(".")?.sync_all()
    }

    fn open_segment(&self, path: &str, bytes: u64) -> io::Result<Box<dyn SegmentFile>> {
        let mut options = OpenOptions::new();
        options
            .read(true)
            .write(true)
            .create(true)
            .custom_flags(NONBLOCK);
        let file = self.folder.open_with(path, &options)?.into_std();
        let length = file.metadata()?.len();
        if length < bytes {
            fill_with_zeros(&file, length, bytes)?;
            file.sync_all()?;
            self.sync_folder(folder_of(path))?;
        }
        Ok(Box::new(DiskSegment { file }))
    }
}

/// Writes zeros rather than reserving room: a sync after overwriting written blocks has no
/// bookkeeping of the file system to do.
fn fill_with_zeros(file: &std::fs::File, from: u64, to: u64) -> io::Result<()> {
    let mut at = from;
    while at < to {
        let length = usize::try_from(to - at).map_or(ZEROS.len(), |left| left.min(ZEROS.len()));
        file.write_all_at(&ZEROS[..length], at)?;
        at += length as u64;
    }
    Ok(())
}

struct DiskSegment {
    file: std::fs::File,
}

impl SegmentFile for DiskSegment {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, offset)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        // A file that has no name any more is not found by the next start.
        if std::os::unix::fs::MetadataExt::nlink(&self.file.metadata()?) == 0 {
            return Err(io::Error::new(
                ErrorKind::NotFound,
                "the journal was removed",
            ));
        }
        Ok(())
    }
}
