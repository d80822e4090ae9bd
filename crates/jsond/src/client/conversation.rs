//! Requests one after another, typed by a person or read from a pipe, and the answering of 300s.
//!
//! The loop is the same for both; only who is asked differs. Blocking between requests, since there
//! is nothing else to do while a person thinks; a request itself can be interrupted.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use tokio::runtime::Runtime;

use super::address::METHODS;
use super::choices::Choices;
use super::command::{Command as DotWord, resolve};
use super::failure::{Cause, Failure, exit_code_of_status};
use super::guide::{Answer, Guide, Step};
use super::interrupt::Interrupts;
use super::language::Language;
use super::memory::Memory;
use super::obey::Obeyed;
use super::request::{Extras, ReadFile, Request};
use super::screen::Screen;
use super::session::Session;
use super::terminal::{Lines, Purpose, Typed};
use super::wire::Wire;
use super::words::split_request;

/// Everything that stays the same from one request to the next.
pub(super) struct Conversation<'a> {
    pub(super) runtime: &'a Runtime,
    pub(super) session: Session,
    pub(super) screen: Screen<'a>,
    pub(super) language: Language,
    pub(super) extras: &'a Extras,
    pub(super) read_file: ReadFile<'a>,
    /// A person answers; otherwise lines are taken as they come.
    pub(super) is_guided: bool,
    pub(super) interrupts: Interrupts,
    /// The view of what crosses the wire.
    pub(super) wire: Rc<RefCell<Wire>>,
    /// Where targets without a slash begin.
    pub(super) folder: Rc<RefCell<String>>,
    pub(super) memory: Memory,
    /// How much of a body is kept.
    pub(super) kept_bytes_max: usize,
    /// How many files of requests are being run, one within another.
    pub(super) depth: usize,
}

/// What a line at the prompt means.
enum Command {
    Request(Vec<String>),
    /// A request that is there already.
    Send(Request),
    Nothing,
    End,
}

impl Conversation<'_> {
    /// Runs until the input ends; returns the exit code of the last request.
    pub(super) fn run(&mut self, lines: &mut dyn Lines) -> u8 {
        let mut exit_code = 0;
        loop {
            let command = match self.next_command(lines) {
                Ok(command) => command,
                Err(failure) => {
                    self.tell(&failure);
                    return failure.exit_code();
                }
            };
            let outcome = match command {
                Command::End => return if self.is_guided { 0 } else { exit_code },
                Command::Nothing => continue,
                Command::Send(request) => self.perform(&request, Some(lines)),
                Command::Request(words) => self.perform_words(words, lines),
            };
            exit_code = self.exit_code(&outcome);
            match outcome.map_err(|failure| failure.cause) {
                Err(Cause::OutputGone) => return exit_code,
                Err(Cause::Interrupted) => lines.forget(),
                _ => {}
            }
        }
    }

    /// Judges what came of a request, and tells the person of a failure.
    pub(super) fn exit_code(&mut self, outcome: &Result<u16, Failure>) -> u8 {
        match outcome {
            Ok(status) => exit_code_of_status(*status),
            Err(failure) if failure.cause == Cause::OutputGone => {
                self.screen.status.map_or(0, exit_code_of_status)
            }
            Err(failure) => {
                self.screen.break_off();
                self.tell(failure);
                failure.exit_code()
            }
        }
    }

    pub(super) fn tell(&mut self, failure: &Failure) {
        let text = match failure.cause {
            Cause::OutputGone => return,
            Cause::Interrupted => self.language.interrupted().to_owned(),
            _ => self
                .language
                .error(&super::escape::escape_line(&failure.detail)),
        };
        self.screen.say(&text);
    }

    fn next_command(&mut self, lines: &mut dyn Lines) -> Result<Command, Failure> {
        let line = match read(lines, "Method : ", Purpose::Request)? {
            Typed::Line(line) => line,
            Typed::GivenUp => return Ok(Command::Nothing),
            Typed::End => return Ok(Command::End),
        };
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(Command::Nothing);
        }
        if DotWord::is_one(line) {
            return Ok(self.obeyed(line, lines));
        }
        let Some(mut words) = split_request(line) else {
            self.tell(&Failure::usage("a quotation does not end"));
            return Ok(Command::Nothing);
        };
        if words.len() == 1 && self.is_guided {
            return self.complete(words.remove(0), lines);
        }
        Ok(Command::Request(words))
    }

    /// Asks for what is missing when only a method was typed, or something else that stands alone.
    fn complete(&mut self, word: String, lines: &mut dyn Lines) -> Result<Command, Failure> {
        let upper = word.to_ascii_uppercase();
        match upper.as_str() {
            "HELP" => return Ok(self.obeyed(".help", lines)),
            "QUIT" | "EXIT" => return Ok(Command::End),
            _ if METHODS.contains(&upper.as_str()) => {}
            _ if upper.bytes().all(|b| b.is_ascii_uppercase() || b == b'-') => {
                self.screen.say(&self.language.unusual_method(&upper));
            }
            _ => {
                self.screen.say(self.language.method_first());
                return Ok(Command::Nothing);
            }
        }
        lines.offer(None, None);
        let line = match read(lines, "File : ", Purpose::Answer)? {
            Typed::Line(line) => line,
            Typed::GivenUp => return Ok(Command::Nothing),
            Typed::End => return Ok(Command::End),
        };
        if DotWord::is_one(line.trim()) {
            return Ok(self.obeyed(line.trim(), lines));
        }
        let rest = split_request(&line).unwrap_or_default();
        Ok(match rest.as_slice() {
            [] => Command::Nothing,
            // Whoever missed that a file is asked for here types the next request.
            [method, _, ..] if METHODS.contains(&method.to_ascii_uppercase().as_str()) => {
                Command::Request(rest)
            }
            _ => Command::Request([vec![word], rest].concat()),
        })
    }

    fn obeyed(&mut self, line: &str, lines: &mut dyn Lines) -> Command {
        match self.obey(line, lines) {
            Obeyed::Done => Command::Nothing,
            Obeyed::Send(request) => Command::Send(request),
            Obeyed::End => Command::End,
        }
    }

    fn perform_words(
        &mut self,
        mut words: Vec<String>,
        lines: &mut dyn Lines,
    ) -> Result<u16, Failure> {
        if let Some(target) = words.get_mut(1) {
            *target = resolve(&self.folder.borrow(), target);
        }
        let request = Request::parse(&words, self.extras, self.read_file)?;
        self.perform(&request, Some(lines))
    }

    /// The answer to a question; `None` when nothing is to be sent.
    pub(super) fn answer_of(
        &mut self,
        request: &Request,
        choices: &Choices,
        lines: &mut (dyn Lines + '_),
    ) -> Result<Option<Answer>, Failure> {
        if choices.excess.is_some() {
            return Ok(None);
        }
        if self.is_guided {
            self.guide(request, choices, lines)
        } else {
            next_answer(lines)
        }
    }

    /// Asks a person field by field.
    fn guide(
        &mut self,
        request: &Request,
        choices: &Choices,
        lines: &mut (dyn Lines + '_),
    ) -> Result<Option<Answer>, Failure> {
        let column = super::prompt::column(choices, self.language);
        let mut guide = Guide::new(choices, self.language);
        if choices.takes_more {
            let needed = choices.needed(self.language);
            let text = self.language.takes_more(&needed);
            self.screen.say(&format!("  {text}"));
        }
        loop {
            let prompt = super::prompt::field(guide.field(), column, self.language);
            lines.offer(guide.names_below(request).as_deref(), guide.example());
            let Typed::Line(line) = read(lines, &prompt, Purpose::Answer)? else {
                return Ok(None);
            };
            match guide.accept(&line) {
                Step::Ask => {}
                Step::Say(text) => self.screen.say(&format!("  {text}")),
                Step::Done(answer) => return Ok(Some(answer)),
            }
        }
    }
}

/// The next line that is no comment, as the answer; an empty line gives up.
fn next_answer(lines: &mut (dyn Lines + '_)) -> Result<Option<Answer>, Failure> {
    loop {
        let Typed::Line(line) = read(lines, "", Purpose::Answer)? else {
            return Ok(None);
        };
        if !line.starts_with('#') {
            return Ok((!line.trim().is_empty()).then_some(Answer::Words(line)));
        }
    }
}

pub(super) fn read(
    lines: &mut (dyn Lines + '_),
    prompt: &str,
    purpose: Purpose,
) -> Result<Typed, Failure> {
    lines
        .next(prompt, purpose)
        .map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => Failure::usage(error.to_string()),
            _ => Failure::new(Cause::Other, error.to_string()),
        })
}

#[cfg(test)]
mod tests {
    use super::super::address::Address;
    use super::super::peer::Peer;
    use super::super::screen::Show;
    use super::super::session::Dialect;
    use super::super::terminal::scripted::Scripted;
    use super::super::transcript::Record;
    use super::super::wire::Mode;
    use super::*;

    /// Lets a conversation go on over scripted lines; gives what it returned and what it said.
    fn converse<T>(is_guided: bool, go: impl FnOnce(&mut Conversation<'_>) -> T) -> (T, String) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let mut said = Vec::new();
        let peer = Peer::plain(Address::default());
        let session = Session::new(peer, Dialect::Auto, None, Record::default());
        let screen = Screen::new(
            Box::new(io::sink()),
            Box::new(&mut said),
            Show::default(),
            false,
        );
        let mut conversation = Conversation {
            runtime: &runtime,
            session,
            screen,
            language: Language::En,
            extras: &Extras::default(),
            read_file: &|path| Err(Failure::usage(path)),
            is_guided,
            interrupts: Interrupts::none(),
            wire: Rc::new(RefCell::new(Wire::new(Mode::Off, Box::new(io::sink())))),
            folder: Rc::new(RefCell::new("/".to_owned())),
            memory: Memory::default(),
            kept_bytes_max: 1024,
            depth: 0,
        };
        let returned = go(&mut conversation);
        drop(conversation);
        (returned, String::from_utf8(said).unwrap())
    }

    fn answer(is_guided: bool, lines: &mut Scripted) -> (Option<Answer>, String) {
        let choices = Choices::parse(b"Enter follow data : key grade").unwrap();
        converse(is_guided, |conversation| {
            conversation
                .answer_of(&Request::get("a.json"), &choices, lines)
                .unwrap()
        })
    }

    #[test]
    fn a_person_is_asked_field_by_field() {
        let mut lines = Scripted::of(&["A", "", "4.3"]);
        let (answer, said) = answer(true, &mut lines);
        let fields = [("key", "A"), ("grade", "4.3")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert_eq!(answer, Some(Answer::Fields(fields.to_vec())));
        assert_eq!(lines.prompts, ["  key   : ", "  grade : ", "  grade : "]);
        assert_eq!(said, "  an answer is needed here\n");
    }

    #[test]
    fn giving_up_or_ending_sends_nothing() {
        for typed in [Typed::GivenUp, Typed::End] {
            let mut lines = Scripted::of(&["A"]);
            lines.typed.push_back(typed);
            assert_eq!(answer(true, &mut lines).0, None);
        }
    }

    #[test]
    fn from_a_pipe_the_next_line_is_the_answer() {
        let (answer_given, _) = answer(false, &mut Scripted::of(&["# not this", "A 4.3"]));
        assert_eq!(answer_given, Some(Answer::Words("A 4.3".to_owned())));
        assert_eq!(answer(false, &mut Scripted::of(&["", "A 4.3"])).0, None);
        assert_eq!(answer(false, &mut Scripted::of(&[])).0, None);
    }

    #[test]
    fn words_that_leave_or_ask_for_help_are_understood_without_their_dot() {
        let mut lines = Scripted::of(&["help", "GIVE", "", "exit", "GET a.json"]);
        let (code, said) = converse(true, |conversation| conversation.run(&mut lines));
        assert_eq!((code, lines.typed.len()), (0, 1));
        assert!(said.starts_with("  GET / "), "{said}");
        assert!(said.contains("GIVE is no usual method"), "{said}");
    }

    #[test]
    fn a_request_where_a_file_is_asked_for_is_that_request() {
        let complete = |typed: &str| {
            let mut lines = Scripted::of(&[typed]);
            let command = converse(true, |conversation| {
                conversation.complete("POST".to_owned(), &mut lines)
            });
            match command.0.unwrap() {
                Command::Request(words) => words.join(" "),
                _ => String::new(),
            }
        };
        assert_eq!(complete("get a.json"), "get a.json");
        assert_eq!(complete("a.json b=c"), "POST a.json b=c");
        assert_eq!(complete("get"), "POST get");
        assert_eq!(complete("?"), "");
    }

    #[test]
    fn a_method_alone_asks_for_the_file() {
        let mut lines = Scripted::of(&["GET", "", "a.json", "?", ".nope", ".quit"]);
        let (code, said) = converse(true, |conversation| conversation.run(&mut lines));
        assert_eq!(code, 0);
        assert_eq!(lines.prompts[..3], ["Method : ", "File : ", "Method : "]);
        assert!(said.contains("A method comes first"), "{said}");
        assert!(
            said.contains(".help") && said.contains("No such command: .nope"),
            "{said}"
        );
    }
}
