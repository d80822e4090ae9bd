//! A medium that lets something happen directly before one of its calls.

use jsond_store::medium::{
    Listed, Medium, MemoryMedium, NameKind, Notice, PieceReader, PieceWriter, SegmentFile, Stat,
    Watch,
};
use std::io;
use std::sync::{Arc, Mutex};

type Hook = Box<dyn FnMut(&str) -> io::Result<()> + Send>;

/// Calls are told as words, such as `exchange a b`; a hook may do anything, or fail them.
#[derive(Clone)]
pub(crate) struct Hooked<M = MemoryMedium> {
    pub(crate) inner: M,
    hook: Arc<Mutex<Option<Hook>>>,
}

impl<M> std::fmt::Debug for Hooked<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hooked")
    }
}

impl<M> Hooked<M> {
    pub(crate) fn new(inner: M) -> Self {
        let hook = Arc::default();
        Self { inner, hook }
    }

    pub(crate) fn before(&self, hook: impl FnMut(&str) -> io::Result<()> + Send + 'static) {
        *self.hook.lock().unwrap() = Some(Box::new(hook));
    }

    fn tell(&self, words: &str) -> io::Result<()> {
        match &mut *self.hook.lock().unwrap() {
            Some(hook) => hook(words),
            None => Ok(()),
        }
    }
}

impl<M: Medium> Medium for Hooked<M> {
    fn list(&self, folder: &str) -> io::Result<Vec<Listed>> {
        self.inner.list(folder)
    }

    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        self.tell(&format!("read {path}"))?;
        self.inner.read(path)
    }

    fn open(&self, path: &str) -> io::Result<Option<Box<dyn PieceReader>>> {
        self.tell(&format!("open {path}"))?;
        self.inner.open(path)
    }

    fn stat(&self, path: &str) -> io::Result<Option<Stat>> {
        self.tell(&format!("stat {path}"))?;
        self.inner.stat(path)
    }

    fn kind(&self, path: &str) -> io::Result<Option<NameKind>> {
        self.tell(&format!("kind {path}"))?;
        self.inner.kind(path)
    }

    fn create(&self, path: &str, like: Option<&str>) -> io::Result<Box<dyn PieceWriter>> {
        self.tell(&format!("create {path}"))?;
        self.inner.create(path, like)
    }

    fn make_folders(&self, folder: &str) -> io::Result<()> {
        self.inner.make_folders(folder)
    }

    fn overwrite(&self, path: &str) -> io::Result<Box<dyn PieceWriter>> {
        self.tell(&format!("overwrite {path}"))?;
        self.inner.overwrite(path)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.tell(&format!("rename {from} {to}"))?;
        self.inner.rename(from, to)
    }

    fn rename_to_free(&self, from: &str, to: &str) -> io::Result<()> {
        self.tell(&format!("rename to free {from} {to}"))?;
        self.inner.rename_to_free(from, to)
    }

    fn exchange(&self, one: &str, other: &str) -> io::Result<()> {
        self.tell(&format!("exchange {one} {other}"))?;
        self.inner.exchange(one, other)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.tell(&format!("remove {path}"))?;
        self.inner.remove(path)
    }

    fn sync(&self, path: &str) -> io::Result<()> {
        self.tell(&format!("sync {path}"))?;
        self.inner.sync(path)
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        self.tell(&format!("sync folder {folder}"))?;
        self.inner.sync_folder(folder)
    }

    fn open_segment(&self, path: &str, bytes: u64) -> io::Result<Box<dyn SegmentFile>> {
        self.tell(&format!("segment {path}"))?;
        self.inner.open_segment(path, bytes)
    }

    fn free_bytes(&self) -> Option<u64> {
        self.inner.free_bytes()
    }

    fn watch(&self, tell: Box<dyn Fn(Notice) + Send>) -> io::Result<Box<dyn Watch>> {
        self.inner.watch(tell)
    }
}
