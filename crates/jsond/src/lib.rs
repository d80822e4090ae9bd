//! The program: wire, api, server, client, web, site, cli. `main` only calls [`cli::main`].

pub mod api;
pub mod cli;
pub mod client;
pub mod limits;
pub mod server;
pub mod site;
pub mod web;
pub mod wire;
