//! The arguments of `jsond client`, as typed.
//!
//! What they mean is worked out in [`super::plan`]; nothing here touches the world.

use std::path::PathBuf;
use std::time::Duration;

use super::language::Language;
use super::session::Dialect;

/// Talks to a server of JSON files: one request, or a conversation
///
/// Without METHOD a conversation begins: at a terminal with prompts, from a pipe with one request
/// per line of standard input.
#[derive(Debug, Clone, clap::Args)]
#[command(override_usage = USAGE, after_help = EXAMPLES, after_long_help = EXAMPLES_AND_EXIT_CODES)]
pub struct Arguments {
    /// [HOST:PORT] [METHOD TARGET ITEMS…]; 127.0.0.1:12345 without HOST:PORT
    ///
    /// https://HOST:PORT speaks TLS.
    ///
    /// A first word that is not made of letters alone is HOST:PORT; so is a plain name that stands
    /// alone or before GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, QUERY or TRACE. Methods may be
    /// written in any case, and a file name needs no slash: get students.json.
    ///
    /// Items: name=text and name:=json make a JSON body (/a/b=text goes deeper), name==value a
    /// query parameter, Name:value a header field, @file is the body.
    #[arg(value_name = "WORDS")]
    pub(super) words: Vec<String>,

    /// What the server speaks
    #[arg(long, value_enum, default_value_t)]
    pub(super) dialect: Dialect,

    /// Give up after so many seconds
    ///
    /// The time for one whole request. Without it, an answer has to begin within 30 seconds and
    /// then to keep coming.
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds)]
    pub(super) timeout: Option<Duration>,

    /// Put the response head before the body
    #[arg(short, long)]
    pub(super) include: bool,

    /// Show what was sent and what came, on standard error
    #[arg(short, long)]
    pub(super) verbose: bool,

    /// Show the bytes as they cross the wire, on standard error
    #[arg(long)]
    pub(super) wire: bool,

    /// Print status, header fields and body as one JSON object
    ///
    /// A body that is JSON is its value, other text a string, and anything else base64.
    #[arg(long, conflicts_with = "include")]
    pub(super) json: bool,

    /// Add a header field, as in -H 'Accept: text/csv'
    #[arg(short = 'H', long = "header", value_name = "NAME:VALUE")]
    pub(super) headers: Vec<String>,

    /// Send this text as the body; @FILE sends a file, @- standard input
    #[arg(short, long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(super) data: Option<String>,

    /// Send the token in this file with every request, as Authorization: Bearer
    #[arg(long, value_name = "FILE")]
    pub(super) token_file: Option<PathBuf>,

    /// Trust the certificates in this file, in PEM, instead of those of the system
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    pub(super) cacert: Option<PathBuf>,

    /// Take any certificate: others on the way can read and change everything
    #[arg(short = 'k', long)]
    pub(super) insecure: bool,

    /// Write the body of the response to a file
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,

    /// The language of messages; without it, that of the locale
    #[arg(long, value_enum)]
    pub(super) lang: Option<Language>,
}

const USAGE: &str = "\
jsond client [OPTIONS] [HOST:PORT]
       jsond client [OPTIONS] [HOST:PORT] METHOD TARGET [ITEMS]...";

/// A macro, since only literals can be put together into one.
macro_rules! examples {
    () => {
        "\
Examples:
  jsond client                                       a conversation, where ? helps
  jsond client get students.json                     a file
  jsond client POST students.json -d 'Kim 2021 4.0 software'
                                                     the answers to what POST asks
  jsond client localhost:8080 PUT a.json/x n:=1      at another server"
    };
}

const EXAMPLES: &str = examples!();

const EXAMPLES_AND_EXIT_CODES: &str = concat!(
    examples!(),
    "\n\n\
Exit codes: 0 for 2xx and 304; 2 usage; 3, 4, 5 for a final 3xx, 4xx, 5xx (300: answers are needed); \
6 name not found; 7 cannot connect; 28 timeout; 35 TLS; 56 broken connection; 130 Ctrl-C; \
1 anything else. From a pipe it is that of the last request."
);

fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| "not a number of seconds".to_owned())?;
    if !(seconds > 0.0 && seconds <= 86_400.0) {
        return Err("more than 0 and at most 86400 seconds".to_owned());
    }
    Ok(Duration::from_secs_f64(seconds))
}
