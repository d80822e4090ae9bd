//! How it is noticed that another program has changed a file.
//!
//! Where the system tells, files that it names are looked at; everything is looked at when it has
//! lost count, and now and then all the same. Where it does not tell, everything is looked at every
//! two seconds. Looking is cheap: a file whose size and times are the same is not read.

use crate::checkpoint::Order;
use crate::image::FilePath;
use crate::medium::{NameKind, Notice, Watch as MediumWatch};
use crate::served::{FILE_ENDING, Listing, Served, is_hidden};
use std::collections::HashSet;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

/// How edits by hand are noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Watch {
    /// By the system's notices where there are any, else by looking.
    #[default]
    Auto,
    /// By looking.
    Poll,
    /// Not before a checkpoint of the same file.
    Off,
}

/// How often everything is looked at where nobody tells of changes.
const POLL_PERIOD: Duration = Duration::from_secs(2);

/// How often everything is looked at all the same.
const CARE_PERIOD: Duration = Duration::from_secs(60);

/// How long after a notice of a folder everything is looked at.
const RESCAN_DELAY: Duration = Duration::from_millis(100);

/// Where a notice has one look.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// At this file.
    At(FilePath),
    /// At everything.
    Around,
    Nowhere,
}

/// Knows when everything is to be looked at.
pub(crate) struct Watcher {
    period: Option<Duration>,
    due: Option<Instant>,
    told: Option<Box<dyn MediumWatch>>,
    folders: HashSet<FilePath>,
}

impl Watcher {
    /// Begins to watch; what is told goes to `orders`.
    pub(crate) fn start(watch: Watch, served: &Served, orders: Sender<Order>) -> Self {
        let tell = move |notice| {
            orders.send(Order::Notice(notice)).ok();
        };
        let told = match watch {
            Watch::Auto => served.medium.watch(Box::new(tell)),
            Watch::Poll | Watch::Off => Err(std::io::ErrorKind::Unsupported.into()),
        };
        if let (Watch::Auto, Err(error)) = (watch, &told) {
            tracing::info!(%error, "the system tells nothing of this folder; it is looked at");
        }
        let period = match (watch, &told) {
            (Watch::Off, _) => None,
            (_, Ok(_)) => Some(CARE_PERIOD),
            (_, Err(_)) => Some(POLL_PERIOD),
        };
        Self {
            period,
            due: None,
            told: told.ok(),
            folders: HashSet::new(),
        }
    }

    /// When everything is to be looked at.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.due
    }

    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    pub(crate) fn rescan_soon(&mut self, now: Instant) {
        let soon = now + RESCAN_DELAY;
        if self.period.is_some() {
            self.due = Some(self.due.map_or(soon, |due| due.min(soon)));
        }
    }

    /// Lists everything; none where nobody looks.
    pub(crate) fn list(&mut self, served: &Served, now: Instant) -> Option<Listing> {
        self.due = Some(now + self.period?);
        let mut listing = self.try_list(served)?;
        if self.told.is_some() {
            self.add_folders(&listing);
            // What came between the listing and the watching is not told.
            listing = self.try_list(served)?;
        }
        self.folders = listing.folders.iter().cloned().collect();
        Some(listing)
    }

    fn try_list(&self, served: &Served) -> Option<Listing> {
        served
            .list()
            .inspect_err(|error| tracing::warn!(%error, "the folder cannot be listed"))
            .ok()
    }

    /// All of them every time: one of the same name may be another folder than before.
    fn add_folders(&mut self, listing: &Listing) {
        let Some(told) = &mut self.told else {
            return;
        };
        let folders = listing.folders.iter().map(|path| path.join("/"));
        let failed = std::iter::once(String::new())
            .chain(folders)
            .filter_map(|folder| told.add(&folder).err())
            .find(|error| error.kind() != std::io::ErrorKind::NotFound);
        if let Some(error) = failed {
            tracing::warn!(
                %error,
                "not every folder can be watched; all of them are looked at every two seconds"
            );
            self.told = None;
            self.period = Some(POLL_PERIOD);
        }
    }

    /// Says where a notice has one look.
    pub(crate) fn judge(&self, notice: &Notice, served: &Served) -> Look {
        let path = match notice {
            Notice::Anything => return Look::Around,
            Notice::Path(path) => path,
        };
        if let Some(single) = &served.single {
            return match path == single {
                true => Look::At(FilePath::new()),
                false => Look::Nowhere,
            };
        }
        if path.is_empty() {
            return Look::Around;
        }
        let tokens: FilePath = path.split('/').map(str::to_owned).collect();
        if tokens.iter().any(|token| is_hidden(token)) {
            return Look::Nowhere;
        }
        let is_folder = matches!(served.medium.kind(path), Ok(Some(NameKind::Folder)));
        if is_folder || self.folders.contains(&tokens) {
            Look::Around
        } else if path.ends_with(FILE_ENDING) {
            Look::At(tokens)
        } else {
            Look::Nowhere
        }
    }
}
