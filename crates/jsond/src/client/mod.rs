//! The client: speaks HTTP and the guided dialogue to any server.
//!
//! It knows what any HTTP client may know, nothing of the server's insides. From the pure to the
//! touching: address, words, item, request, choices, guide; head, transcript, socket; http and raw,
//! session (which dialect); terminal, render, screen, conversation. Here: what a run is, and its exit code.

mod address;
mod arguments;
mod choices;
mod clock;
mod conversation;
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
mod plan;
mod prompt;
mod raw;
mod render;
mod request;
mod screen;
mod session;
mod socket;
mod terminal;
mod transcript;
mod words;

use std::io::{self, IsTerminal};
use std::process::ExitCode;

pub use arguments::Arguments;

use conversation::Conversation;
use failure::{Cause, Failure};
use interrupt::Interrupts;
use plan::{Plan, Surroundings};
use request::Request;
use screen::{Screen, Show};
use session::Session;
use terminal::{Keyboard, Lines, Pipe};

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
    let session = Session::new(plan.address.clone(), plan.dialect, plan.timeout);
    let request = plan.request.take();
    let mut conversation = Conversation {
        runtime: &runtime,
        session,
        screen: plan.screen(surroundings, request.is_some()),
        language: plan.language,
        extras: &plan.extras,
        read_file: &plan::read_file_only,
        is_guided: surroundings.is_guided(),
        interrupts,
    };
    let code = match request {
        Some(request) => perform_one(&mut conversation, &request, surroundings),
        None => converse(&mut conversation, surroundings, plan.asks_name())?,
    };
    drop(conversation);
    // A look-up that does not come back must not hold up the end.
    runtime.shutdown_background();
    Ok(code)
}

/// One request, with a person to answer its question if there is one.
fn perform_one(
    conversation: &mut Conversation<'_>,
    request: &Request,
    surroundings: &Surroundings,
) -> u8 {
    let mut keyboard = surroundings.keyboard();
    let lines = keyboard.as_mut().map(|keyboard| keyboard as &mut dyn Lines);
    let outcome = conversation.perform(request, lines);
    conversation.exit_code(&outcome)
}

/// Requests until the input ends.
fn converse(
    conversation: &mut Conversation<'_>,
    surroundings: &Surroundings,
    asks_name: bool,
) -> Result<u8, Failure> {
    let Some(mut keyboard) = surroundings.keyboard() else {
        return Ok(conversation.run(&mut Pipe::new(io::stdin().lock())));
    };
    let greeting = conversation.session.greet(conversation.language, asks_name);
    let greeting = conversation.runtime.block_on(greeting)?;
    conversation.screen.say(&greeting);
    Ok(conversation.run(&mut keyboard))
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
    fn keyboard(&self) -> Option<Keyboard> {
        self.is_guided().then(|| Keyboard::new(self.can_edit()))
    }

    fn of_process() -> Self {
        let variable = |name: &str| std::env::var_os(name);
        Self {
            input_is_terminal: io::stdin().is_terminal(),
            output_is_terminal: io::stdout().is_terminal(),
            error_is_terminal: io::stderr().is_terminal(),
            terminal_kind: variable("TERM"),
            locale: ["LC_ALL", "LC_MESSAGES", "LANG"].map(variable),
        }
    }
}
