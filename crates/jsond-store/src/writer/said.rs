//! What the writer has the journal say of the files on disk.

use super::Writer;
use crate::change::Operation;
use crate::image::{File, FilePath, Template};
use crate::journal::entry::{Body, Mark, content_hash};
use crate::message::{Batch, Settled};
use bytes::Bytes;

impl Writer {
    /// DURABILITY: the first change after a checkpoint is preceded by a mark that says what the
    /// file on disk is, so that recovery knows where to start.
    fn mark_clean(&mut self, path: &FilePath, batch: &mut Batch) {
        if self.marks.is_clean(path, &self.image) {
            let on_disk = self.marks.of(path);
            let text = self.text_on_disk(&on_disk);
            self.enter_done(on_disk, text, batch);
        }
    }

    /// Does what [`Writer::mark_clean`] does for all files that operations touch.
    pub(super) fn mark_all_clean(&mut self, operations: &[Operation], batch: &mut Batch) {
        for operation in operations {
            let (path, _) = self.image.split(operation.path.tokens());
            if !batch.touched.contains(path) {
                let path = path.to_vec();
                self.mark_clean(&path, batch);
                batch.touched.insert(path);
            }
        }
    }

    /// A file on disk has a content: what lies before it in the journal is no longer needed for it.
    pub(super) fn settle(&mut self, settled: Settled, batch: &mut Batch) {
        let Settled {
            mark,
            template,
            old_template,
        } = settled;
        if let Some(file) = self.image.file(&mark.path)
            && file.template == old_template
        {
            let mut file = File::clone(file);
            file.template = template.clone();
            self.image = self.image.with_file(&mark.path, Some(file));
            batch.refresh = true;
        }
        // DURABILITY: from here on an unknown content of the file is an edit by hand of this one.
        // What changed since is behind this content, which so becomes the base of a merge.
        let is_behind = self
            .image
            .file(&mark.path)
            .is_some_and(|file| file.revision > mark.revision);
        let text = match template {
            Template::Text(text) if is_behind => Some(text),
            _ => None,
        };
        // A base of another version would be worse than none.
        let text = text.filter(|text| Some(content_hash(text)) == mark.hash);
        self.enter_done(mark.clone(), text, batch);
        self.marks.settle(mark);
    }

    fn enter_done(&mut self, mark: Mark, text: Option<Bytes>, batch: &mut Batch) {
        let has_text = text.is_some() || mark.hash.is_none();
        self.marks.note_text(&mark.path, has_text);
        batch.said.insert(mark.path.clone());
        self.enter(Body::Done(mark, text), batch);
    }

    /// The text of a file that holds all its changes, if it is kept in memory.
    fn text_on_disk(&self, mark: &Mark) -> Option<Bytes> {
        match &self.image.file(&mark.path)?.template {
            Template::Text(text) if Some(content_hash(text)) == mark.hash => Some(text.clone()),
            _ => None,
        }
    }
}
