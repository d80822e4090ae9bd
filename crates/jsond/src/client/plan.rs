//! The arguments as meant: a plan that can be carried out.
//!
//! Only the reading of a body file and of standard input touches the world.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::address::take_address;
use super::arguments::Arguments;
use super::failure::Failure;
use super::item::{Item, parse_header};
use super::language::Language;
use super::peer::{Peer, Trust, read_token};
use super::request::{Extras, Request};
use super::screen::{Screen, Show};
use super::session::Dialect;
use super::wire::Mode;

/// What the process finds around it.
#[derive(Debug, Clone, Default)]
pub(super) struct Surroundings {
    pub(super) input_is_terminal: bool,
    pub(super) output_is_terminal: bool,
    pub(super) error_is_terminal: bool,
    pub(super) terminal_kind: Option<OsString>,
    /// The settings that name a locale, the strongest first.
    pub(super) locale: [Option<OsString>; 3],
    /// Where programs keep what they remember.
    pub(super) state: Option<OsString>,
    pub(super) home: Option<OsString>,
}

impl Surroundings {
    /// Whether a person types and sees the prompts.
    pub(super) fn is_guided(&self) -> bool {
        self.input_is_terminal && self.error_is_terminal
    }

    /// Whether the terminal may be one that a line editor can use.
    pub(super) fn can_edit(&self) -> bool {
        let kind = self.terminal_kind.as_deref();
        self.output_is_terminal && kind.is_some_and(|kind| !kind.is_empty() && kind != "dumb")
    }

    /// Where the requests of a person are kept.
    pub(super) fn history_file(&self) -> Option<PathBuf> {
        let is_set = |it: &&OsString| !it.is_empty();
        let state = self.state.as_ref().filter(is_set).map(PathBuf::from);
        let below_home =
            || Some(Path::new(self.home.as_ref().filter(is_set)?).join(".local/state"));
        Some(state.or_else(below_home)?.join("jsond/history"))
    }

    pub(super) fn language(&self, asked: Option<Language>) -> Language {
        asked.unwrap_or_else(|| Language::of_locale(self.locale.iter().map(Option::as_deref)))
    }
}

/// What is to be done.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) peer: Peer,
    pub(super) dialect: Dialect,
    pub(super) timeout: Option<Duration>,
    pub(super) language: Language,
    pub(super) extras: Extras,
    /// One request; without it a conversation.
    pub(super) request: Option<Request>,
    /// How what crosses the wire is shown.
    pub(super) wire: Mode,
    /// The response is printed as one JSON object.
    pub(super) as_object: bool,
    include: bool,
    verbose: bool,
    output: Option<PathBuf>,
}

/// Works out what the arguments mean.
pub(super) fn make(arguments: Arguments, surroundings: &Surroundings) -> Result<Plan, Failure> {
    let (address, words) = take_address(&arguments.words)?;
    let trust = Trust {
        certificates: arguments.cacert.clone(),
        any: arguments.insecure,
    };
    let token = arguments.token_file.as_deref().map(read_token);
    let peer = Peer::new(address, &trust, token.transpose()?)?;
    let mut extras = Extras {
        headers: parse_headers(&arguments.headers)?,
        data: None,
    };
    let is_conversation = words.is_empty();
    let is_for_one = arguments.data.is_some() || arguments.output.is_some() || arguments.json;
    if is_conversation && is_for_one {
        return Err(Failure::usage(
            "-d, -o and --json need a METHOD and a TARGET",
        ));
    }
    let request = if is_conversation {
        None
    } else {
        extras.data = arguments.data.as_deref().map(read_data).transpose()?;
        Some(Request::parse(words, &extras, &read_file)?)
    };
    Ok(Plan {
        peer,
        dialect: arguments.dialect,
        timeout: arguments.timeout,
        language: surroundings.language(arguments.lang),
        extras,
        request,
        wire: match arguments.wire {
            true => Mode::Text,
            false => Mode::Off,
        },
        as_object: arguments.json,
        include: arguments.include,
        verbose: arguments.verbose,
        output: arguments.output,
    })
}

impl Plan {
    /// Whether the server is asked for its name; a raw one would not understand.
    pub(super) fn asks_name(&self) -> bool {
        self.dialect != Dialect::Raw
    }

    /// The outputs of a run.
    pub(super) fn screen(
        &self,
        surroundings: &Surroundings,
        is_one_request: bool,
    ) -> Screen<'static> {
        let show = Show {
            // A script that makes one request reads the exit code; a person reads this.
            status: !is_one_request || surroundings.error_is_terminal,
            head: self.include,
            both_heads: self.verbose,
        };
        let error = Box::new(anstream::stderr());
        if self.as_object {
            return Screen::new(Box::new(io::sink()), error, show, false);
        }
        if self.output.is_none() && surroundings.output_is_terminal {
            return Screen::new(Box::new(anstream::stdout()), error, show, true);
        }
        Screen::new(self.file_or_output(), error, show, false)
    }

    /// The outputs for what a program reads: bytes as they are.
    pub(super) fn plain_output(&self) -> Screen<'static> {
        let error = Box::new(anstream::stderr());
        Screen::new(self.file_or_output(), error, Show::default(), false)
    }

    fn file_or_output(&self) -> Box<dyn Write> {
        match &self.output {
            Some(path) => Box::new(LateFile {
                path: path.clone(),
                file: None,
            }),
            None => Box::new(io::stdout()),
        }
    }
}

/// A file that is made when the first byte or the end of a response comes, and not before: a request
/// that fails leaves what was there.
struct LateFile {
    path: PathBuf,
    file: Option<File>,
}

impl LateFile {
    fn file(&mut self) -> io::Result<&mut File> {
        if self.file.is_none() {
            let made = File::create(&self.path).map_err(|error| {
                io::Error::new(error.kind(), format!("{}: {error}", self.path.display()))
            })?;
            self.file = Some(made);
        }
        Ok(self.file.as_mut().expect("the file has just been made"))
    }
}

impl Write for LateFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file()?.flush()
    }
}

fn parse_headers(headers: &[String]) -> Result<Vec<(String, String)>, Failure> {
    let parse = |text: &String| match parse_header(text)? {
        Item::Header { name, value } => Ok((name, value)),
        _ => Err(Failure::usage(format!("not a header field: {text:?}"))),
    };
    headers.iter().map(parse).collect()
}

fn read_data(data: &str) -> Result<Vec<u8>, Failure> {
    match data.strip_prefix('@') {
        Some(path) => read_file(path),
        None => Ok(data.as_bytes().to_vec()),
    }
}

/// Reads a file for a body, where standard input is what the requests come from.
pub(super) fn read_file_only(path: &str) -> Result<Vec<u8>, Failure> {
    match path {
        "-" => Err(Failure::usage(
            "the requests come from standard input, so it is no body: name a file",
        )),
        _ => read_file(path),
    }
}

/// Reads a file for a body; `-` is standard input.
pub(super) fn read_file(path: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = match path {
        "-" => io::stdin().lock().read_to_end(&mut bytes),
        _ => File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)),
    };
    read.map_err(|error| Failure::usage(format!("cannot read {path}: {error}")))?;
    Ok(bytes)
}
