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

mod again;
mod attack;
mod bad_start;
mod bind_mount;
mod body;
mod choices;
mod client_care;
mod client_command;
mod client_exit;
mod client_hostile;
mod client_http;
mod client_jsond;
mod client_others;
mod client_person;
mod client_pipe;
mod client_screen;
mod client_secure;
mod client_snapshot;
mod client_support;
mod client_terminal;
mod client_wire;
mod coded_body;
mod coding;
mod collection;
mod compare_and_set;
mod conditional;
mod conditional_order;
mod connection;
mod console;
mod curl;
mod dialogue;
mod dialogue_change;
mod dialogue_crowd;
mod dialogue_door;
mod dialogue_target;
mod disk;
mod foreign;
mod framing;
mod full_disk;
mod hand_conflict;
mod hand_crowd;
mod hand_edit;
mod heavy;
mod hostile;
mod http2;
mod http2_error;
mod http2_frame;
mod http_door;
mod hygiene;
mod id_name;
mod idempotency;
mod idle;
mod json_server;
mod json_server_flag;
mod json_server_measured;
mod json_server_npm;
mod json_server_own;
mod json_suite;
mod jsonpath;
mod jsonpath_cost;
mod kill;
mod layout_diff;
mod limit;
mod limit_flag;
mod metrics;
mod negotiate;
mod options;
mod order;
mod own_folder;
mod pace;
mod page;
mod patch;
mod patch_folder;
mod patience;
mod prefer;
mod preserve;
mod priority;
mod problem;
mod range;
mod resource;
mod script;
mod select;
mod select_property;
mod single_file;
mod start;
mod strace_fault;
mod strace_kill;
mod strace_order;
mod strace_start;
mod student;
mod swap;
mod target;
mod tls;
mod token;
mod token_reach;
