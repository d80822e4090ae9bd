//! Arguments as typed, and which command they mean.

mod banner;
mod bar;
mod check;
mod lang;
mod like;
mod limits;
mod listen;
mod place;
mod reload;
mod repair;
mod serve;
mod signals;
mod source;
mod tls;
mod token;
mod word;

use crate::client;
use clap::Parser;
use std::io::Write as _;
use std::process::ExitCode;

#[derive(Debug, Parser)]
#[command(name = "jsond", version, about, max_term_width = 100)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Serve(Box<serve::Arguments>),
    Client(client::Arguments),
    Check(check::Arguments),
    Repair(repair::Arguments),
    Token(token::Arguments),
}

/// Runs the program with the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    match CommandLine::parse().command {
        Command::Serve(arguments) => serve::run(*arguments),
        Command::Client(arguments) => client::run(arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Repair(arguments) => repair::run(&arguments),
        Command::Token(arguments) => token::run(&arguments),
    }
}

/// Tells a person what went wrong.
fn print_error(message: &str) {
    writeln!(anstream::stderr(), "jsond: {message}").ok();
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_commands_and_their_arguments_go_together() {
        CommandLine::command().debug_assert();
    }
}
