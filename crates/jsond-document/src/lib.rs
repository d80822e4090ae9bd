//! JSON text: read, point into, edit, lay out.
//!
//! Pure: no I/O, no clock, no threads, no environment.
