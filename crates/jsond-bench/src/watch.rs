//! Looks at a served folder from outside, a thousand times a second: is a checkpoint being written,
//! and how many have been. Sees names and inodes only, so a checkpoint is what lies between the
//! appearance of the temporary file beside the file and its removal.

use anyhow::{Result, bail};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long lies between two looks.
const PAUSE: Duration = Duration::from_millis(1);

/// A beginning and an end.
type Period = (Instant, Instant);

/// What was seen so far.
#[derive(Debug, Default)]
struct Seen {
    is_writing: AtomicBool,
    checkpoints: AtomicU64,
    /// Beginning and end of each time in which a checkpoint was being written.
    times: Mutex<Vec<Period>>,
    is_over: AtomicBool,
}

/// A thread that looks until this is dropped.
#[derive(Debug)]
pub(crate) struct Watch {
    seen: Arc<Seen>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Begins to look at one file of a folder.
    pub(crate) fn start(file: &Path) -> Self {
        let seen = Arc::new(Seen::default());
        let (file, shared) = (file.to_owned(), Arc::clone(&seen));
        let thread = std::thread::spawn(move || look_until_over(&file, &shared));
        let thread = Some(thread);
        Self { seen, thread }
    }

    /// Judges whether a checkpoint was being written at the last look.
    pub(crate) fn is_writing(&self) -> bool {
        self.seen.is_writing.load(Relaxed)
    }

    /// How many times the file has been replaced.
    pub(crate) fn checkpoints(&self) -> u64 {
        self.seen.checkpoints.load(Relaxed)
    }

    /// The part of the time in which a checkpoint was being written, over whole cycles; none before
    /// the second has begun.
    pub(crate) fn writing_share(&self) -> Option<f64> {
        share_of(&self.seen.times())
    }

    /// Waits until a checkpoint has been written since the start, and none is being written.
    ///
    /// *Errors*: it takes longer than `time_max`.
    pub(crate) fn wait_for_rest(&self, time_max: Duration) -> Result<()> {
        let begin = Instant::now();
        while self.checkpoints() == 0 || self.is_writing() {
            if begin.elapsed() > time_max {
                bail!("no checkpoint was finished within {} s", time_max.as_secs());
            }
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }
}

impl Seen {
    fn times(&self) -> std::sync::MutexGuard<'_, Vec<Period>> {
        // Nothing panics while it is held.
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, is_writing: bool, now: Instant) {
        let was_writing = self.is_writing.load(Relaxed);
        let mut times = self.times();
        match times.last_mut() {
            Some((_, end)) if was_writing => *end = now,
            _ if is_writing => times.push((now, now)),
            _ => {}
        }
        self.is_writing.store(is_writing, Relaxed);
    }
}

/// From the beginning of the first to that of the last, so that no rest is counted by half.
fn share_of(times: &[Period]) -> Option<f64> {
    let [(first, _), .., (last, _)] = times else {
        return None;
    };
    let written: Duration = times.iter().map(|(begin, end)| *end - *begin).sum();
    let of_last = times
        .last()
        .map_or(Duration::ZERO, |(begin, end)| *end - *begin);
    Some((written - of_last).as_secs_f64() / (*last - *first).as_secs_f64())
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.seen.is_over.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

fn look_until_over(file: &Path, seen: &Seen) {
    let (folder, prefix) = temporary_of(file);
    let mut inode = inode_of(file);
    while !seen.is_over.load(Relaxed) {
        let is_writing = has_temporary(&folder, &prefix);
        let found = inode_of(file);
        if found.is_some() && found != inode {
            inode = found;
            seen.checkpoints.fetch_add(1, Relaxed);
        }
        seen.note(is_writing, Instant::now());
        std::thread::sleep(PAUSE);
    }
}

/// The folder of a file, and how the names of temporary files for it begin.
fn temporary_of(file: &Path) -> (PathBuf, String) {
    let folder = file.parent().unwrap_or(Path::new(".")).to_owned();
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    (folder, format!(".{name}.jsond-"))
}

fn has_temporary(folder: &Path, prefix: &str) -> bool {
    let Ok(entries) = fs::read_dir(folder) else {
        return false;
    };
    let mut names = entries.flatten().map(|entry| entry.file_name());
    names.any(|name| name.to_string_lossy().starts_with(prefix))
}

fn inode_of(file: &Path) -> Option<u64> {
    fs::metadata(file).ok().map(|it| it.ino())
}

#[cfg(test)]
mod tests {
    use super::{Watch, has_temporary, share_of, temporary_of};
    use std::fs;
    use std::time::{Duration, Instant};

    #[test]
    fn the_share_is_that_of_whole_cycles() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let check = |times: &[(u64, u64)], expected| {
            let times: Vec<_> = times.iter().map(|it| (at(it.0), at(it.1))).collect();
            assert_eq!(share_of(&times), expected);
        };
        check(&[], None);
        check(&[(1, 2)], None);
        check(&[(1, 2), (11, 19)], Some(0.1));
        check(&[(0, 1), (4, 7), (8, 9)], Some(0.5));
    }

    #[test]
    fn a_temporary_file_of_this_file_is_told_from_others() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.json");
        let (folder, prefix) = temporary_of(&file);
        fs::write(folder.join(".b.json.jsond-1"), "").unwrap();
        assert!(!has_temporary(&folder, &prefix));
        fs::write(folder.join(".a.json.jsond-7"), "").unwrap();
        assert!(has_temporary(&folder, &prefix));
    }

    #[test]
    fn a_file_that_is_replaced_has_had_a_checkpoint() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.json");
        fs::write(&file, "1").unwrap();
        let watch = Watch::start(&file);
        assert!(watch.wait_for_rest(Duration::ZERO).is_err());
        let temporary = folder.path().join(".a.json.jsond-1");
        fs::write(&temporary, "2").unwrap();
        while !watch.is_writing() {
            std::thread::yield_now();
        }
        fs::rename(&temporary, &file).unwrap();
        watch.wait_for_rest(Duration::from_secs(60)).unwrap();
        assert_eq!(watch.checkpoints(), 1);
    }
}
