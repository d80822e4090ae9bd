//! Files that a checkpoint took away, kept open for a moment.
//!
//! A program may have opened a file to write into it just before it was exchanged, and write only
//! after it was looked at. What it writes goes into a file without a name; so such files are looked
//! at once more, and what is found in them then is not lost.

use super::look::read_whole;
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

/// The text of a file that is another than it was; half a text is none.
fn late_text(mut taken: Taken) -> Option<(FilePath, Bytes)> {
    taken.file.rewind().ok()?;
    let (text, hash) = read_whole(&mut *taken.file).ok()?;
    let is_whole = jsond_document::Json::parse(&text).is_ok();
    (Some(hash) != taken.hash && is_whole).then_some((taken.path, text))
}
