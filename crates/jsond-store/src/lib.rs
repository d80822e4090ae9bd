//! Documents that survive: image, journal, checkpoint, recovery.
//!
//! Knows no HTTP, no sockets, no terminals.
