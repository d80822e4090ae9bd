//! Files that a checkpoint took away, kept open for a moment.
//!
//! A program may have opened a file to write into it just before it was exchanged, and write only
//! after it was looked at. What it writes goes into a file without a name; so such files are looked
//! at once more, and what is found in them then is not lost.

use super::look::{hash_of, read_whole};
use crate::image::FilePath;
use crate::medium::PieceReader;
use bytes::Bytes;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long a program may take from opening a file to writing into it.
const GRACE: Duration = Duration::from_secs(1);

/// How many files are kept open at the most.
const FILES_MAX: usize = 64;

struct Taken {
    path: FilePath,
    file: Box<dyn PieceReader>,
    hash: Option<u128>,
    until: Instant,
}

/// The files that were taken away last, in order.
#[derive(Default)]
pub(super) struct Retired {
    taken: VecDeque<Taken>,
}

impl Retired {
    /// Keeps a file that was taken away and had this content then.
    pub(super) fn keep(
        &mut self,
        path: &FilePath,
        file: Box<dyn PieceReader>,
        hash: Option<u128>,
        now: Instant,
    ) {
        let path = path.clone();
        let until = now + GRACE;
        self.taken.push_back(Taken {
            path,
            file,
            hash,
            until,
        });
    }

    /// When the first of them is to be looked at.
    pub(super) fn next(&self) -> Option<Instant> {
        self.taken.front().map(|it| it.until)
    }

    /// Looks at those whose time has come; gives the texts that were written into them since.
    pub(super) fn look(&mut self, now: Instant) -> Vec<(FilePath, Bytes)> {
        let mut found = Vec::new();
        while let Some(first) = self.taken.front()
            && (first.until <= now || self.taken.len() > FILES_MAX)
        {
            found.extend(self.taken.pop_front().and_then(late_text));
        }
        found
    }

    /// Looks at all of them.
    pub(super) fn look_at_all(&mut self) -> Vec<(FilePath, Bytes)> {
        self.taken.drain(..).filter_map(late_text).collect()
    }
}

/// The text of a file that is another than it was; half a text is none. It is read as a whole only
/// when there is something to read in it: most files are what they were, and may be long.
fn late_text(mut taken: Taken) -> Option<(FilePath, Bytes)> {
    taken.file.rewind().ok()?;
    if Some(hash_of(&mut *taken.file).ok()?) == taken.hash {
        return None;
    }
    taken.file.rewind().ok()?;
    let (text, hash) = read_whole(&mut *taken.file).ok()?;
    let is_whole = jsond_document::Json::parse(&text).is_ok();
    (Some(hash) != taken.hash && is_whole).then_some((taken.path, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::entry::content_hash;
    use crate::medium::Stat;
    use std::io;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
    use std::time::SystemTime;

    const BEFORE: &str = r#"{"a":1}"#;

    /// A file that notes whether its length was asked for, to hold all of it.
    struct OneText {
        text: &'static str,
        is_at_end: bool,
        is_held: Arc<AtomicBool>,
    }

    impl PieceReader for OneText {
        fn next_piece(&mut self) -> io::Result<Option<Bytes>> {
            if std::mem::replace(&mut self.is_at_end, true) {
                return Ok(None);
            }
            Ok(Some(Bytes::from_static(self.text.as_bytes())))
        }

        fn stat(&self) -> io::Result<Stat> {
            self.is_held.store(true, Relaxed);
            Ok(Stat {
                bytes: self.text.len() as u64,
                modified: SystemTime::UNIX_EPOCH,
                changed: SystemTime::UNIX_EPOCH,
                identity: 1,
            })
        }

        fn rewind(&mut self) -> io::Result<()> {
            self.is_at_end = false;
            Ok(())
        }
    }

    /// What is found in a file that had another text when it was taken away, and whether it was held.
    fn found_in(text: &'static str) -> (Option<Bytes>, bool) {
        let mut retired = Retired::default();
        let is_held = Arc::new(AtomicBool::new(false));
        let file = OneText {
            text,
            is_at_end: true,
            is_held: Arc::clone(&is_held),
        };
        let path: FilePath = vec!["a.json".to_owned()];
        let hash = Some(content_hash(BEFORE.as_bytes()));
        retired.keep(&path, Box::new(file), hash, Instant::now());
        assert!(retired.look(Instant::now()).is_empty(), "not yet");
        let found = retired.look(Instant::now() + GRACE).pop();
        (found.map(|(_, text)| text), is_held.load(Relaxed))
    }

    /// Each long file was once read and parsed as a whole a second after it was exchanged: twice its
    /// size in memory, for nothing.
    #[test]
    fn a_file_that_is_as_it_was_is_not_held_in_memory() {
        assert_eq!(found_in(BEFORE), (None, false));
    }

    #[test]
    fn what_was_written_late_is_found_unless_it_is_half_a_text() {
        let late = r#"{"a":2}"#;
        assert_eq!(
            found_in(late),
            (Some(Bytes::from_static(late.as_bytes())), true)
        );
        assert_eq!(found_in(r#"{"a":"#), (None, true));
    }
}
