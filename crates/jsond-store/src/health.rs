//! What keeps the store from taking writes; shared by its threads and its handle.

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the journal can be trusted.
#[derive(Debug, Default)]
pub(crate) struct Health {
    is_latched: AtomicBool,
    has_lost_its_journal: AtomicBool,
}

impl Health {
    /// The journal has failed: no write is taken until a restart.
    pub(crate) fn latch(&self) {
        self.is_latched.store(true, Ordering::Relaxed);
    }

    /// The journal was removed while the store ran; what it held is in memory only.
    pub(crate) fn lose_journal(&self) {
        self.has_lost_its_journal.store(true, Ordering::Relaxed);
        self.latch();
    }

    pub(crate) fn is_latched(&self) -> bool {
        self.is_latched.load(Ordering::Relaxed)
    }

    pub(crate) fn has_lost_its_journal(&self) -> bool {
        self.has_lost_its_journal.load(Ordering::Relaxed)
    }
}
