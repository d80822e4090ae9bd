//! Which folder or file is meant, and where its journal lies.

use anyhow::{Context as _, bail};
use jsond_store::Served;
use jsond_store::medium::{DiskMedium, Lock, Medium, MemoryMedium};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Where the journal lies in a folder.
pub(super) const JOURNAL_FOLDER: &str = ".jsond";

/// What is meant on the command line.
#[derive(Debug, clap::Args)]
pub(super) struct Place {
    /// The folder, or one .json file
    #[arg(default_value = ".")]
    pub(super) path: PathBuf,

    /// The folder of the journal; without it, .jsond inside the served folder
    #[arg(long, value_name = "DIR", env = "JSOND_JOURNAL")]
    pub(super) journal: Option<PathBuf>,
}

/// A folder whose locks are held for as long as this lives.
pub(super) struct Folder {
    pub(super) served: Served,
    pub(super) journal: Arc<dyn Medium>,
    /// The folder's path, if its journal lies elsewhere.
    pub(super) elsewhere: Option<String>,
    /// Where the journal lies.
    pub(super) own: PathBuf,
    _locks: Vec<Lock>,
}

/// A folder that is only read.
pub(super) struct FolderToRead {
    pub(super) served: Served,
    /// None where there is no journal.
    pub(super) journal: Option<Arc<dyn Medium>>,
    /// A server holds the lock.
    pub(super) is_served: bool,
}

impl Folder {
    /// A file that is held in memory and only read.
    pub(super) fn in_memory(served: Served, own: PathBuf) -> Self {
        Self {
            served,
            journal: Arc::new(MemoryMedium::new()),
            elsewhere: None,
            own,
            _locks: Vec::new(),
        }
    }

    /// How large what is served is, and the journal; for a guess of how long a start takes.
    pub(super) fn bytes(&self) -> u64 {
        let journal = bytes_below(&*self.journal, "");
        let served = &self.served;
        match &served.single {
            Some(name) => journal + bytes_of(&*served.medium, name),
            None => journal + bytes_below(&*served.medium, ""),
        }
    }
}

fn bytes_of(medium: &dyn Medium, path: &str) -> u64 {
    let stat = medium.stat(path).ok().flatten();
    stat.map_or(0, |stat| stat.bytes)
}

fn bytes_below(medium: &dyn Medium, folder: &str) -> u64 {
    let listed = medium.list(folder).unwrap_or_default();
    let visible = listed.iter().filter(|it| !it.name.starts_with('.'));
    visible
        .map(|it| {
            let slash = if folder.is_empty() { "" } else { "/" };
            let path = format!("{folder}{slash}{}", it.name);
            match it.is_folder {
                true if path.matches('/').count() < 32 => bytes_below(medium, &path),
                true => 0,
                false => bytes_of(medium, &path),
            }
        })
        .sum()
}

impl Place {
    /// Opens the folder and its journal for writing, and takes the locks.
    pub(super) fn open_locked(&self) -> anyhow::Result<Folder> {
        let shown = self.path.display();
        let (medium, single) = self.open_served()?;
        let journal = self.make_journal(&medium, single.as_deref())?;
        let mut locks = vec![lock(&medium, &self.path)?];
        let mut elsewhere = None;
        if let Some(folder) = &self.journal {
            locks.push(lock(&journal, folder)?);
            let path = std::fs::canonicalize(&self.path)
                .with_context(|| format!("{shown} cannot be found"))?;
            elsewhere = Some(path.to_string_lossy().into_owned());
        }
        let own = self.own(single.as_deref());
        Ok(Folder {
            own,
            served: Served {
                medium: Arc::new(medium),
                single,
            },
            journal: Arc::new(journal),
            elsewhere,
            _locks: locks,
        })
    }

    /// Opens the folder to read it, and its journal if there is one.
    pub(super) fn open_to_read(&self) -> anyhow::Result<FolderToRead> {
        let (medium, single) = self.open_served()?;
        let is_served = medium.lock()?.is_none();
        let journal = match (&self.journal, single.as_deref()) {
            (Some(folder), _) => open_if_there(DiskMedium::open(folder))?,
            (None, single) => {
                let jsond = open_if_there(medium.folder(JOURNAL_FOLDER))?;
                match (jsond, single) {
                    (Some(jsond), Some(name)) => open_if_there(jsond.folder(name))?,
                    (jsond, _) => jsond,
                }
            }
        };
        let served = Served {
            medium: Arc::new(medium),
            single,
        };
        let journal = journal.map(|it| Arc::new(it) as Arc<dyn Medium>);
        Ok(FolderToRead {
            served,
            journal,
            is_served,
        })
    }

    /// Opens the folder, and tells which file in it is meant if it is one.
    fn open_served(&self) -> anyhow::Result<(DiskMedium, Option<String>)> {
        let (path, shown) = (&self.path, self.path.display());
        let metadata = std::fs::metadata(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => anyhow::anyhow!("there is no folder or file {shown}"),
            _ => anyhow::anyhow!("{shown} cannot be opened: {error}"),
        })?;
        let (folder, single) = if metadata.is_dir() {
            (path.clone(), None)
        } else if metadata.is_file() {
            let name = path.file_name().and_then(|name| name.to_str());
            let name = name.with_context(|| format!("the name of {shown} is not UTF-8"))?;
            if !name.ends_with(".json") {
                bail!("{shown} is no .json file; serve a folder, or one .json file");
            }
            let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
            let folder = folder.unwrap_or(Path::new(".")).to_owned();
            (folder, Some(name.to_owned()))
        } else {
            bail!("{shown} is neither a folder nor a file");
        };
        let medium =
            DiskMedium::open(&folder).with_context(|| format!("{shown} cannot be opened"))?;
        medium
            .check_readable()
            .with_context(|| format!("{shown} cannot be read"))?;
        Ok((medium, single))
    }

    /// The path of the folder in which the journal lies.
    fn own(&self, single: Option<&str>) -> PathBuf {
        match (&self.journal, single) {
            (Some(folder), _) => folder.clone(),
            (None, None) => self.path.join(JOURNAL_FOLDER),
            (None, Some(name)) => self.path.with_file_name(JOURNAL_FOLDER).join(name),
        }
    }

    fn make_journal(
        &self,
        served: &DiskMedium,
        single: Option<&str>,
    ) -> anyhow::Result<DiskMedium> {
        if let Some(folder) = &self.journal {
            let shown = folder.display();
            return std::fs::create_dir_all(folder)
                .and_then(|()| DiskMedium::open(folder))
                .with_context(|| format!("the journal folder {shown} cannot be made or opened"));
        }
        let jsond = served.sub_folder(JOURNAL_FOLDER).with_context(|| {
            let folder = self.path.join(JOURNAL_FOLDER);
            format!(
                "the journal folder {} cannot be made or opened (--journal DIR puts it elsewhere)",
                folder.display()
            )
        })?;
        match single {
            Some(name) => jsond
                .sub_folder(name)
                .context("the journal folder cannot be made"),
            None => Ok(jsond),
        }
    }
}

fn open_if_there(opened: io::Result<DiskMedium>) -> anyhow::Result<Option<DiskMedium>> {
    match opened {
        Ok(medium) => Ok(Some(medium)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).context("the journal folder cannot be opened"),
    }
}

/// How often a lock is tried that `jsond check` may hold for an instant.
const LOCK_TRIES: usize = 5;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

fn lock(medium: &DiskMedium, path: &Path) -> anyhow::Result<Lock> {
    let shown = path.display();
    let mut lock = None;
    for attempt in 0..LOCK_TRIES {
        if attempt > 0 {
            std::thread::sleep(LOCK_PAUSE);
        }
        lock = medium
            .lock()
            .with_context(|| format!("{shown} cannot be locked"))?;
        if lock.is_some() {
            break;
        }
    }
    lock.with_context(|| {
        format!("another jsond serves {shown} already; stop it, or serve another folder")
    })
}
