//! The languages on a socket, both directions, without sockets.
//!
//! [`sniff`] chooses the door of a connection, [`http1`] is the HTTP/1.1 machine, [`http2`] judges
//! what hyper's HTTP/2 lets through, [`dialogue`] is the guided dialogue's machine, [`escape`] makes
//! what a client sent fit for a log, [`lang`] names the two languages of people, [`recurring`]
//! remembers bytes that come again. Nothing here reads a clock, a file or a socket, or uses another
//! room.

pub mod dialogue;
pub mod escape;
pub mod http1;
pub mod http2;
pub mod lang;
pub mod recurring;
pub mod sniff;

pub use lang::Lang;
