//! A medium on disk: one folder handle, and nothing outside that folder is ever reached.

use super::disk_file::{DiskReader, DiskSegment, DiskWriter, fill_with_zeros, time_of};
use super::{
    Listed, Medium, NameKind, Notice, PieceReader, PieceWriter, SegmentFile, Stat, Watch,
    disk_watch, folder_of,
};
use cap_std::ambient_authority;
use cap_std::fs::{
    Dir, DirBuilder, DirBuilderExt, File, MetadataExt, OpenOptions, OpenOptionsExt, PermissionsExt,
};
use std::fs::TryLockError;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// Opening a FIFO or a device must not wait for its other end.
const NONBLOCK: i32 = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();

/// A folder on disk.
#[derive(Debug)]
pub struct DiskMedium {
    folder: Dir,
    /// Where the folder was when it was opened; only a watcher goes by it.
    path: PathBuf,
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
        let path = std::path::absolute(folder)?;
        let folder = Dir::open_ambient_dir(folder, ambient_authority())?;
        Ok(Self { folder, path })
    }

    /// Judges whether the folder can be listed.
    ///
    /// *Errors*: those of reading a directory.
    pub fn check_readable(&self) -> io::Result<()> {
        self.folder.read_dir(".").map(drop)
    }

    /// Opens a folder inside this one, making it if needed; one that is made is for its owner only,
    /// because what is in it may come from files that are.
    ///
    /// *Errors*: those of making and opening a directory.
    pub fn sub_folder(&self, name: &str) -> io::Result<Self> {
        let mut builder = DirBuilder::new();
        builder.mode(0o700);
        match self.folder.create_dir_with(name, &builder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        self.folder(name)
    }

    /// Opens a folder inside this one.
    ///
    /// *Errors*: those of opening a directory.
    pub fn folder(&self, name: &str) -> io::Result<Self> {
        let folder = self.folder.open_dir(name)?;
        let path = self.path.join(name);
        Ok(Self { folder, path })
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
            Err(error) if is_absence(&error) => return Ok(None),
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

    fn open(&self, path: &str) -> io::Result<Option<Box<dyn PieceReader>>> {
        let file = self.open_regular(path)?;
        Ok(file.map(|file| Box::new(DiskReader::new(file.into_std())) as Box<dyn PieceReader>))
    }

    fn stat(&self, path: &str) -> io::Result<Option<Stat>> {
        match self.folder.metadata(path) {
            Ok(metadata) if metadata.is_file() => Ok(Some(Stat {
                bytes: metadata.len(),
                modified: metadata.modified()?.into_std(),
                changed: time_of(metadata.ctime(), metadata.ctime_nsec()),
                identity: metadata.ino(),
            })),
            Ok(_) => Ok(None),
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn kind(&self, path: &str) -> io::Result<Option<NameKind>> {
        match self.folder.symlink_metadata(path) {
            Ok(it) if it.is_file() => Ok(Some(NameKind::File)),
            Ok(it) if it.is_dir() => Ok(Some(NameKind::Folder)),
            Ok(it) if it.is_symlink() => Ok(Some(NameKind::Link)),
            Ok(_) => Ok(Some(NameKind::Other)),
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn create(&self, path: &str, like: Option<&str>) -> io::Result<Box<dyn PieceWriter>> {
        let mut options = OpenOptions::new();
        options
            .write(true)
            .create(true)
            .truncate(true)
            .custom_flags(NONBLOCK);
        let file = self.folder.open_with(path, &options)?;
        if let Some(like) = like {
            let metadata = self.folder.metadata(like)?;
            let mode = cap_std::fs::Permissions::from_mode(metadata.mode() & 0o7777);
            let (user, group) = (metadata.uid(), metadata.gid());
            let std_file = file.try_clone()?.into_std();
            // Only a privileged process may give files away; the content matters more.
            if let Err(error) = std::os::unix::fs::fchown(&std_file, Some(user), Some(group)) {
                tracing::debug!(path, %error, "the owner could not be kept");
            }
            // Behind the owner: a change of owner takes bits off the mode.
            file.set_permissions(mode)?;
        }
        Ok(Box::new(DiskWriter::new(file.into_std())))
    }

    fn make_folders(&self, folder: &str) -> io::Result<()> {
        self.folder.create_dir_all(folder)?;
        let mut above = folder_of(folder);
        loop {
            self.sync_folder(above)?;
            if above.is_empty() {
                return Ok(());
            }
            above = folder_of(above);
        }
    }

    fn overwrite(&self, path: &str) -> io::Result<Box<dyn PieceWriter>> {
        let mut options = OpenOptions::new();
        options.write(true).custom_flags(NONBLOCK);
        let file = self.folder.open_with(path, &options)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is no regular file"));
        }
        Ok(Box::new(DiskWriter::new(file.into_std())))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.folder.rename(from, &self.folder, to)
    }

    fn rename_to_free(&self, from: &str, to: &str) -> io::Result<()> {
        self.rename_by(from, to, Manner::ToFree)
    }

    fn exchange(&self, one: &str, other: &str) -> io::Result<()> {
        self.rename_by(one, other, Manner::Exchange)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.folder.remove_file(path)
    }

    fn sync(&self, path: &str) -> io::Result<()> {
        match self.open_regular(path)? {
            Some(file) => file.into_std().sync_all(),
            None => Err(ErrorKind::NotFound.into()),
        }
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
        Ok(Box::new(DiskSegment::new(file)))
    }

    fn free_bytes(&self) -> Option<u64> {
        let found = rustix::fs::fstatvfs(&self.folder).ok()?;
        Some(found.f_bavail.saturating_mul(found.f_frsize))
    }

    fn watch(&self, tell: Box<dyn Fn(Notice) + Send>) -> io::Result<Box<dyn Watch>> {
        disk_watch::start(&self.path, tell)
    }
}

/// Judges whether an error only says that nothing has this name.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// How a name is given, apart from replacing what has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    ToFree,
    Exchange,
}

impl DiskMedium {
    /// Both names are in the folder of the first.
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    fn rename_by(&self, from: &str, to: &str, manner: Manner) -> io::Result<()> {
        use rustix::fs::RenameFlags;
        use rustix::io::Errno;
        let folder = folder_of(from);
        let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        let path = if folder.is_empty() { "." } else { folder };
        let folder = self.folder.open_dir(path)?;
        let flags = match manner {
            Manner::ToFree => RenameFlags::NOREPLACE,
            Manner::Exchange => RenameFlags::EXCHANGE,
        };
        rustix::fs::renameat_with(&folder, name(from), &folder, name(to), flags).map_err(|error| {
            match error {
                Errno::INVAL | Errno::NOSYS | Errno::NOTSUP => ErrorKind::Unsupported.into(),
                other => other.into(),
            }
        })
    }

    #[cfg(not(any(target_os = "linux", target_os = "macos")))]
    fn rename_by(&self, _from: &str, _to: &str, _manner: Manner) -> io::Result<()> {
        Err(ErrorKind::Unsupported.into())
    }
}
