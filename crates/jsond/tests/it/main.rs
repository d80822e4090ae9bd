//! End to end: the real program, as one binary.

#![allow(
    clippy::unwrap_used,
    reason = "in a test an unexpected value is a failure, helpers included"
)]

mod client_exit;
mod client_hostile;
mod client_http;
mod client_pipe;
mod client_support;
mod client_terminal;
