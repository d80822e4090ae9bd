//! What the writer does about a disk that is nearly full.
//!
//! What is acknowledged has to fit into the files as well, so a new segment leaves room for them.

use super::Writer;
use crate::message::Batch;

impl Writer {
    /// How much room the next checkpoint may need, as far as that can be told; it is asked for when
    /// a segment is begun.
    pub(super) fn reserve(&self, batch: &Batch) -> u64 {
        if !self.journal.would_rotate(batch.text.len()) {
            return 0;
        }
        let behind = self.marks.behind(&self.image);
        let largest = behind.filter_map(|path| {
            let value = self.image.file(path)?.value.as_ref()?;
            // Laid out it is somewhat longer.
            Some(value.len_bytes() as u64 * 5 / 4)
        });
        largest.max().unwrap_or_default()
    }

    /// Gives up the journal when every file holds all its changes; says whether that was so.
    ///
    /// DURABILITY: judged by what is published, and the keys in it are in files before it goes.
    pub(super) fn make_room(&mut self) -> bool {
        let published = self.published.load();
        let is_needed = self.marks.first_needed(&published).is_some();
        let last = self.journal.last();
        !is_needed
            && self.keys.are_kept(last)
            && self.state.finish(last, self.keeps_history).is_ok()
            && self.journal.remove_all().is_ok()
    }
}
