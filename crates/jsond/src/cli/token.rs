//! `jsond token`: makes tokens, which are shown once and never kept.

use super::print_error;
use crate::api::{Role, Token, Tokens};
use anyhow::Context as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Make tokens for jsond serve --token-file
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    New(New),
}

/// Make a token and show it, once: only its SHA-256 is kept
///
/// The token goes to standard output. Its line for the file of tokens is appended to --token-file,
/// or shown on standard error.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
struct New {
    /// Whose token it is: one word
    #[arg(value_name = "NAME", value_parser = parse_name)]
    name: String,

    /// What it is for: read, write (which reads too), or admin (which also sees /_/metrics)
    #[arg(long, value_name = "ROLE", default_value = "read")]
    role: Role,

    /// A path that it reaches, with all below it, as in a URL; without one, everything
    ///
    /// Give the option once for each path.
    #[arg(long = "path", value_name = "PATH")]
    paths: Vec<String>,

    /// The file to which its line is appended; it is made if it is not there
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  jsond token new kim --role write --path /school --token-file tokens
  jsond serve data --token-file tokens
  curl -H \"Authorization: Bearer $TOKEN\" http://localhost:12345/school/

Exit codes: 0 when it was made; 1 when something failed; 2 for wrong arguments.";

fn parse_name(word: &str) -> Result<String, String> {
    let is_word = !word.is_empty() && !word.contains(char::is_whitespace);
    if !is_word || word.starts_with('#') || word.contains(char::is_control) {
        return Err("it is one word".to_owned());
    }
    Ok(word.to_owned())
}

/// Makes what was asked for.
pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let Command::New(new) = &arguments.command;
    let Ok(secret) = make_secret() else {
        print_error("the system gives no random bytes");
        return ExitCode::FAILURE;
    };
    let line = Token::line(&new.name, new.role, &new.paths, &secret);
    if let Err(error) = Tokens::parse(&line) {
        print_error(&format!("--path: {}", error.what));
        return ExitCode::from(2);
    }
    if let Some(file) = &new.token_file
        && let Err(error) = append(file, &line)
    {
        print_error(&format!("{error:#}"));
        return ExitCode::FAILURE;
    }
    let mut stderr = anstream::stderr();
    let told = match &new.token_file {
        Some(file) => writeln!(stderr, "Its line is in {}.", file.display()),
        None => writeln!(
            stderr,
            "Append this line to the file of --token-file:\n{line}"
        ),
    };
    told.and_then(|()| writeln!(stderr, "The token, which is shown only here:"))
        .ok();
    match writeln!(std::io::stdout(), "{secret}") {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// 256 bits of chance, with a word before them by which it is known in a log or a repository.
fn make_secret() -> Result<String, getrandom::Error> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes)?;
    let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
    Ok(format!("jsond_{}", digits.collect::<String>()))
}

/// Appends a line to a file that was readable before and stays so.
fn append(file: &Path, line: &str) -> anyhow::Result<()> {
    let shown = file.display();
    let before = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).with_context(|| format!("{shown} cannot be read")),
    };
    Tokens::parse(&before).with_context(|| format!("{shown} is no file of tokens"))?;
    let is_open = !before.is_empty() && !before.ends_with('\n');
    let line = format!("{}{line}\n", if is_open { "\n" } else { "" });
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(file)
        .and_then(|mut file| file.write_all(line.as_bytes()))
        .with_context(|| format!("{shown} cannot be written"))
}
