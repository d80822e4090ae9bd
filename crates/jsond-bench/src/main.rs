//! Measures jsond side by side, in rounds: `cargo run --release -p jsond-bench -- reads`.
//!
//! The program is started as a user starts it and spoken to over sockets; every answer that is
//! timed is checked. Nothing of this is a test that has to pass: a figure that misses its bound is
//! printed as such. It reads `/proc`, so it needs Linux.

mod cores;
mod data;
mod growth;
mod http;
mod load;
mod machine;
mod memory;
mod plot;
mod process;
mod query;
mod random;
mod reads;
mod rival;
mod server;
mod setup;
mod start;
mod statistics;
mod table;
mod watch;
mod writes;

use clap::Parser as _;
use std::io::Write as _;
use std::process::ExitCode;

/// Measures jsond side by side, in rounds
#[derive(Debug, clap::Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// INVARIANT: a command prepares a `Setup`, measures, and publishes a `Report`; what it measured
/// until something failed is published too.
#[derive(Debug, clap::Subcommand)]
enum Command {
    Reads(reads::Arguments),
    Writes(writes::Arguments),
    Growth(growth::Arguments),
    Memory(memory::Arguments),
    Query(query::Arguments),
    Start(start::Arguments),
    Cores(cores::Arguments),
    /// Runs within `writes`
    #[command(hide = true)]
    Syncs(writes::Syncs),
    /// Runs within `writes`
    #[command(hide = true)]
    Least(rival::Least),
}

fn main() -> ExitCode {
    let ended = match Cli::parse().command {
        Command::Reads(arguments) => reads::run(&arguments),
        Command::Writes(arguments) => writes::run(&arguments),
        Command::Growth(arguments) => growth::run(&arguments),
        Command::Memory(arguments) => memory::run(&arguments),
        Command::Query(arguments) => query::run(&arguments),
        Command::Start(arguments) => start::run(&arguments),
        Command::Cores(arguments) => cores::run(&arguments),
        Command::Syncs(arguments) => writes::sync_again(&arguments),
        Command::Least(arguments) => rival::serve_least(&arguments),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Tells a person how far it is, on standard error.
fn say(line: &str) {
    writeln!(std::io::stderr(), "{line}").ok();
}
