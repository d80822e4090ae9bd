//! End to end: the real program as a process, spoken to over real sockets, held to the contracts
//! (the dialogue, HTTP, durability, security). One test binary; each module is one subject.
//!
//! Nothing here knows the code of the server: a test that needs to is in the wrong place.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "all of this is test code, and a skipped test says so on standard error"
)]

mod support;

mod body;
mod choices;
mod client_exit;
mod client_hostile;
mod client_http;
mod client_jsond;
mod client_person;
mod client_pipe;
mod client_screen;
mod client_support;
mod client_terminal;
mod collection;
mod conditional;
mod connection;
mod console;
mod curl;
mod dialogue;
mod dialogue_change;
mod dialogue_crowd;
mod dialogue_door;
mod dialogue_target;
mod disk;
mod framing;
mod hostile;
mod http_door;
mod kill;
mod patience;
mod resource;
mod start;
mod student;
mod target;
