//! How far a start has come.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts what a start has read and built.
///
/// *Units*: bytes; building counts as much as reading twice.
pub struct Progress {
    done: AtomicU64,
    tell: Box<dyn Fn(u64) + Send + Sync>,
}

impl Progress {
    /// Tells `tell` how much has been done.
    #[must_use]
    pub fn new(tell: impl Fn(u64) + Send + Sync + 'static) -> Self {
        let (done, tell) = (AtomicU64::new(0), Box::new(tell));
        Self { done, tell }
    }

    /// Tells nobody.
    #[must_use]
    pub fn silent() -> Self {
        Self::new(|_| {})
    }

    /// How much there is to do where files and journal are this large.
    #[must_use]
    pub fn of_bytes(bytes: u64) -> u64 {
        3 * bytes
    }

    pub(crate) fn add_read(&self, bytes: usize) {
        self.add(bytes as u64);
    }

    pub(crate) fn add_built(&self, bytes: usize) {
        self.add(2 * bytes as u64);
    }

    fn add(&self, amount: u64) {
        let before = self.done.fetch_add(amount, Ordering::Relaxed);
        (self.tell)(before + amount);
    }
}
