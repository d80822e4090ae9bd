//! Measures jsond side by side, in rounds: `cargo run --release -p jsond-bench -- growth`.
//!
//! The program is started as a user starts it and spoken to over sockets; every answer that is
//! timed is checked. Nothing of this is a test that has to pass: a figure that misses its bound is
//! printed as such. It reads `/proc`, so it needs Linux.

mod data;
mod growth;
mod http;
mod machine;
mod process;
mod random;
mod reads;
mod server;
mod setup;
mod statistics;
mod table;
mod watch;

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
    Growth(growth::Arguments),
    Reads(reads::Arguments),
}

fn main() -> ExitCode {
    let ended = match Cli::parse().command {
        Command::Growth(arguments) => growth::run(&arguments),
        Command::Reads(arguments) => reads::run(&arguments),
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
