//! The program: wire, api, server, client, web, cli. `main` only calls [`cli::main`].

pub mod cli;
pub mod client;
pub mod wire;
