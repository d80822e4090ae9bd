//! The client: speaks HTTP and the guided dialogue to any server.
//!
//! It knows what any HTTP client may know, nothing of the server's insides. From the pure to the
//! touching: address, words, item, request, command, complete, choices, guide, memory; head,
//! transcript, wire, capture, peer, socket; http and raw, session (which dialect); terminal, render,
//! screen; conversation with perform and obey. Here: what a run is, and its exit code.

mod address;
mod arguments;
mod capture;
mod catalog;
mod choices;
mod clock;
mod command;
mod complete;
mod conversation;
mod curl;
mod diff;
mod escape;
mod failure;
mod greeting;
mod guide;
mod head;
mod http;
mod interrupt;
mod item;
mod language;
mod limit;
mod members;
mod memory;
mod obey;
mod object;
mod paint;
mod peer;
mod perform;
mod plan;
mod prompt;
mod raw;
mod render;
mod request;
mod screen;
mod secret;
mod session;
mod socket;
mod table;
mod terminal;
mod transcript;
mod wire;
mod words;

use std::cell::RefCell;
use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::rc::Rc;

pub use arguments::Arguments;

use catalog::Catalog;
use conversation::Conversation;
use failure::{Cause, Failure};
use interrupt::Interrupts;
use memory::Memory;
use plan::{Plan, Surroundings};
use request::Request;
use screen::{Screen, Show};
use session::Session;
use terminal::{Keyboard, Lines, Pipe};
use transcript::{Record, Tap};
use wire::Wire;

/// Runs the client; the exit code says how the last request went.
pub fn run(arguments: Arguments) -> ExitCode {
    let surroundings = Surroundings::of_process();
    let language = surroundings.language(arguments.lang);
    match plan::make(arguments, &surroundings).and_then(|plan| perform(plan, &surroundings)) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            let mut screen = error_screen();
            screen.say(&language.error(&escape::escape_line(&failure.detail)));
            ExitCode::from(failure.exit_code())
        }
    }
}

/// Performs a plan; gives the exit code.
fn perform(mut plan: Plan, surroundings: &Surroundings) -> Result<u8, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Cause::Other, error.to_string()))?;
    let interrupts = match surroundings.is_guided() {
        true => Interrupts::of_person(&runtime),
        false => Interrupts::end_the_process(),
    };
    let wire = Wire::new(plan.wire, Box::new(anstream::stderr()));
    let wire = Rc::new(RefCell::new(wire));
    let session = |record| Session::new(plan.peer.clone(), plan.dialect, plan.timeout, record);
    let tap: Rc<RefCell<dyn Tap>> = Rc::<RefCell<Wire>>::clone(&wire);
    let folder = Rc::new(RefCell::new("/".to_owned()));
    let catalog = Catalog::new(&runtime, session(Record::default()), Rc::clone(&folder));
    let request = plan.request.take();
    let transcript_bytes_max = match request {
        Some(_) => limit::TRANSCRIPT_OF_ONE_BYTES_MAX,
        None => limit::TRANSCRIPT_BYTES_MAX,
    };
    let mut conversation = Conversation {
        runtime: &runtime,
        session: session(Record::tapped(tap, transcript_bytes_max)),
        screen: plan.screen(surroundings, request.is_some()),
        language: plan.language,
        extras: &plan.extras,
        read_file: &plan::read_file_only,
        is_guided: surroundings.is_guided(),
        interrupts,
        wire,
        folder,
        memory: Memory::default(),
        kept_bytes_max: match (&request, plan.as_object) {
            // Nobody can ask for it afterwards.
            (Some(_), false) => 0,
            _ => limit::KEPT_BODY_BYTES_MAX,
        },
        depth: 0,
    };
    if plan.peer.shows_its_token() {
        conversation.screen.say(plan.language.token_is_shown());
    }
    let code = match request {
        Some(request) => perform_one(&mut conversation, &request, &catalog, &plan, surroundings)?,
        None => converse(&mut conversation, &catalog, &plan, surroundings)?,
    };
    drop(conversation);
    drop(catalog);
    // A look-up that does not come back must not hold up the end.
    runtime.shutdown_background();
    Ok(code)
}

/// One request, with a person to answer its question if there is one.
fn perform_one<'a>(
    conversation: &mut Conversation<'_>,
    request: &Request,
    catalog: &'a Catalog<'a>,
    plan: &Plan,
    surroundings: &Surroundings,
) -> Result<u8, Failure> {
    let mut keyboard = match plan.as_object {
        // What is read by a program is answered by none.
        true => None,
        false => surroundings.keyboard(catalog, plan)?,
    };
    let lines = keyboard.as_mut().map(|keyboard| keyboard as &mut dyn Lines);
    let outcome = conversation.perform(request, lines);
    let code = conversation.exit_code(&outcome);
    if let (Ok(_), true) = (outcome, plan.as_object) {
        let response = conversation.memory.response.take().unwrap_or_default();
        conversation.screen = plan.plain_output();
        let printed = object::of(&response).and_then(|text| conversation.screen.print(&text));
        if let Err(failure) = printed {
            return match failure.cause {
                Cause::OutputGone => Ok(code),
                _ => Err(failure),
            };
        }
    }
    Ok(code)
}

/// Requests until the input ends.
fn converse<'a>(
    conversation: &mut Conversation<'_>,
    catalog: &'a Catalog<'a>,
    plan: &Plan,
    surroundings: &Surroundings,
) -> Result<u8, Failure> {
    if !surroundings.is_guided() {
        return Ok(conversation.run(&mut Pipe::new(io::stdin().lock())));
    }
    let asks_name = plan.asks_name();
    let greeting = conversation.session.greet(conversation.language, asks_name);
    let greeting = conversation.runtime.block_on(greeting)?;
    conversation.screen.say(&greeting);
    match surroundings.keyboard(catalog, plan)? {
        Some(mut keyboard) => Ok(conversation.run(&mut keyboard)),
        None => Ok(0),
    }
}

fn error_screen() -> Screen<'static> {
    Screen::new(
        Box::new(io::sink()),
        Box::new(anstream::stderr()),
        Show::default(),
        false,
    )
}

impl Surroundings {
    /// The keyboard of the person who is there, if one is.
    fn keyboard<'a>(
        &self,
        catalog: &'a Catalog<'a>,
        plan: &Plan,
    ) -> Result<Option<Keyboard<'a>>, Failure> {
        if !self.is_guided() {
            return Ok(None);
        }
        if !self.can_edit() {
            return Ok(Some(Keyboard::plain()));
        }
        Keyboard::editing(catalog, plan.language, self.history_file())
            .map(Some)
            .map_err(|error| Failure::new(Cause::Other, error.to_string()))
    }

    fn of_process() -> Self {
        let variable = |name: &str| std::env::var_os(name);
        Self {
            input_is_terminal: io::stdin().is_terminal(),
            output_is_terminal: io::stdout().is_terminal(),
            error_is_terminal: io::stderr().is_terminal(),
            terminal_kind: variable("TERM"),
            locale: ["LC_ALL", "LC_MESSAGES", "LANG"].map(variable),
            state: variable("XDG_STATE_HOME"),
            home: variable("HOME"),
        }
    }
}
