//! Arguments as typed, then as meant.

use clap::Parser;

use crate::client;

#[derive(Debug, Parser)]
#[command(name = "jsond", version, about)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Client(client::Arguments),
}

/// Runs the program with the process's arguments.
pub fn main() -> std::process::ExitCode {
    match CommandLine::parse().command {
        Command::Client(arguments) => client::run(arguments),
    }
}
