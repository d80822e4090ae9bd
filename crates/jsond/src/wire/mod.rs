//! The languages on a socket, both directions, without sockets.
//!
//! [`sniff`] chooses the door of a connection, [`http1`] is the HTTP/1.1 machine, [`dialogue`] the
//! guided dialogue's, [`escape`] makes what a client sent fit for a log, [`lang`] names the two
//! languages of people. Nothing here reads a clock, a file or a socket, or uses another room.

pub mod dialogue;
pub mod escape;
pub mod http1;
pub mod lang;
pub mod sniff;

pub use lang::Lang;
