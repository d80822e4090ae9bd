//! The dot words at work: what a person tells the client itself.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::process::Command as Process;
use std::time::Duration;

use super::capture;
use super::clock::Clock;
use super::command::{Command, Fault, WireCommand, resolve};
use super::conversation::Conversation;
use super::escape::{escape_bytes_line, escape_line};
use super::failure::{Cause, Failure};
use super::head::Head;
use super::limit;
use super::members::Members;
use super::memory::{Response, with_tag};
use super::render::Form;
use super::request::{Body, Request};
use super::terminal::{Lines, Pipe};
use super::wire::Mode;
use super::words::split_request;
use super::{curl, diff, table};

/// What is to be done after a dot word.
pub(super) enum Obeyed {
    /// Nothing more.
    Done,
    /// Send this.
    Send(Request),
    End,
}

impl Conversation<'_> {
    /// Obeys a line that is for the client itself.
    pub(super) fn obey(&mut self, line: &str, lines: &mut dyn Lines) -> Obeyed {
        let words = split_request(line).unwrap_or_default();
        let command = match Command::parse(&words) {
            Ok(command) => command,
            Err(Fault::Unknown) => {
                let word = escape_line(words.first().map_or(line, |word| word));
                self.screen.say(&self.language.unknown_command(&word));
                return Obeyed::Done;
            }
            Err(Fault::Usage(usage)) => {
                self.screen.say(&self.language.usage(usage));
                return Obeyed::Done;
            }
        };
        match self.carry_out(command, lines) {
            Ok(obeyed) => obeyed,
            Err(failure) => {
                self.tell(&failure);
                Obeyed::Done
            }
        }
    }

    fn carry_out(&mut self, command: Command, lines: &mut dyn Lines) -> Result<Obeyed, Failure> {
        match command {
            Command::Help => self.screen.say(self.language.help()),
            Command::Quit => return Ok(Obeyed::End),
            Command::Again => {
                let request = self.memory.request.clone();
                return request.map(Obeyed::Send).ok_or_else(|| self.nothing_yet());
            }
            Command::Last => {
                let response = self.memory.response.take();
                let response = response.ok_or_else(|| self.nothing_yet())?;
                let shown = self.screen.show(&response);
                self.memory.response = Some(response);
                shown?;
            }
            Command::Curl => {
                let request = self.memory.request.as_ref();
                let request = request.ok_or_else(|| self.nothing_yet())?;
                let text = curl::command(request, &self.session.peer);
                self.screen.print(&format!("{text}\n"))?;
            }
            Command::Save(file) => self.save(&file)?,
            Command::Run(file) => self.run_file(&file)?,
            Command::Edit(target) => return self.edit(target),
            Command::List(target) => self.list(target)?,
            Command::ChangeFolder(target) => self.change_folder(target)?,
            Command::Table(target) => self.table(target)?,
            Command::Watch(target, seconds) => self.watch(target, seconds)?,
            Command::Language(language) => {
                self.language = language;
                lines.speak(language);
                self.screen.say(language.spoken());
            }
            Command::Wire(command) => self.wire(command)?,
        }
        Ok(Obeyed::Done)
    }

    fn nothing_yet(&self) -> Failure {
        Failure::usage(self.language.nothing_yet())
    }

    /// A target as typed, or that of the last request, in origin form.
    fn target(&self, typed: Option<String>) -> Result<String, Failure> {
        match (typed, &self.memory.request) {
            (Some(typed), _) => {
                let target = resolve(&self.folder.borrow(), &typed);
                Ok(Request::get(&target).http_target())
            }
            (None, Some(request)) => Ok(request.http_target()),
            (None, None) => Err(self.nothing_yet()),
        }
    }

    /// Reads something on the side; the answer is not shown.
    pub(super) fn look(&mut self, target: &str) -> Result<Response, Failure> {
        let clock = Clock::start(self.session.timeout().or(Some(limit::HEAD_PATIENCE)));
        let request = Request::get(target);
        let too_long = self.language.too_long_to_keep();
        let looking = async {
            let opened = self.session.open_http(&request, &clock).await?;
            let mut exchange = opened.map_err(|(failure, _)| failure)?;
            let mut response = Response {
                head: exchange.head.clone(),
                ..Response::default()
            };
            while let Some(piece) = exchange.next(&clock).await? {
                response.push(&piece, limit::KEPT_BODY_BYTES_MAX);
                if response.is_cut {
                    return Err(Failure::new(Cause::Other, too_long));
                }
            }
            self.session.keep_idle(exchange.into_connection());
            Ok(response)
        };
        self.runtime.block_on(self.interrupts.limit(looking))
    }

    /// Reads something that has to be there.
    fn look_at(&mut self, target: &str) -> Result<Response, Failure> {
        let response = self.look(target)?;
        match response.head.status {
            200 => Ok(response),
            _ => Err(refused(target, &response.head)),
        }
    }

    fn save(&mut self, file: &str) -> Result<(), Failure> {
        let response = self.memory.response.as_ref();
        let body = response.ok_or_else(|| self.nothing_yet())?.whole();
        let body = body.ok_or_else(|| Failure::usage(self.language.too_long_to_keep()))?;
        std::fs::write(file, body).map_err(|error| cannot_write(file, &error))?;
        self.screen
            .say(&self.language.saved(body.len(), &escape_line(file)));
        Ok(())
    }

    /// Sends the requests of a file, as from a pipe.
    fn run_file(&mut self, file: &str) -> Result<(), Failure> {
        let opened = File::open(file)
            .map_err(|error| Failure::usage(format!("cannot read {file}: {error}")))?;
        if self.depth == limit::RUN_DEPTH_MAX {
            return Err(Failure::usage(self.language.runs_itself()));
        }
        let was_guided = std::mem::replace(&mut self.is_guided, false);
        self.depth += 1;
        self.run(&mut Pipe::new(BufReader::new(opened)));
        self.depth -= 1;
        self.is_guided = was_guided;
        Ok(())
    }

    /// Lets a person change something in an editor; what was changed is sent.
    fn edit(&mut self, target: Option<String>) -> Result<Obeyed, Failure> {
        let target = self.target(target)?;
        let response = self.look_at(&target)?;
        // All of it is about to be seen.
        self.memory.learn(&Request::get(&target), &response);
        let body = response.whole();
        let body = body.ok_or_else(|| Failure::usage(self.language.too_long_to_keep()))?;
        let laid_out = Form::Json.render(body);
        let before = laid_out.as_deref().map_or(body, str::as_bytes);
        let after = edited(before)?;
        if after == before {
            self.screen.say(self.language.unchanged());
            return Ok(Obeyed::Done);
        }
        let mut request = Request::get(&target);
        "PUT".clone_into(&mut request.method);
        let media_type = response.head.header("content-type");
        request.body = Some(Body {
            media_type: media_type.unwrap_or("application/json").to_owned(),
            bytes: after,
        });
        Ok(Obeyed::Send(match response.head.header("etag") {
            Some(tag) if !self.is_guided => with_tag(&request, tag),
            // A person's request carries the tag by itself, and is talked about when it fails.
            _ => request,
        }))
    }

    fn list(&mut self, target: Option<String>) -> Result<(), Failure> {
        let folder = match target {
            Some(target) => resolve(&self.folder.borrow(), &target),
            None => self.folder.borrow().clone(),
        };
        let target = Request::get(&folder).http_target();
        let mut response = self.look(&target)?;
        if matches!(response.head.status, 301 | 308) && !target.ends_with('/') {
            response = self.look(&format!("{target}/"))?;
        }
        if response.head.status != 200 {
            return Err(refused(&target, &response.head));
        }
        let text = response.whole().and_then(listing);
        let text = text.ok_or_else(|| Failure::usage(self.language.nothing_to_list()))?;
        self.screen.print(&text)
    }

    fn change_folder(&mut self, target: Option<String>) -> Result<(), Failure> {
        let Some(target) = target else {
            "/".clone_into(&mut self.folder.borrow_mut());
            return Ok(());
        };
        let mut folder = resolve(&self.folder.borrow(), &target);
        if !folder.starts_with('/') {
            folder.insert(0, '/');
        }
        let folder = folder.trim_end_matches('/').to_owned();
        if folder.is_empty() {
            "/".clone_into(&mut self.folder.borrow_mut());
            return Ok(());
        }
        let target = Request::get(&folder).http_target();
        let response = self.look(&target)?;
        if !matches!(response.head.status, 200 | 301 | 308) {
            return Err(refused(&target, &response.head));
        }
        self.screen.say(&escape_line(&folder));
        *self.folder.borrow_mut() = folder;
        Ok(())
    }

    fn table(&mut self, target: Option<String>) -> Result<(), Failure> {
        let width = self.screen.width();
        let looked;
        let response = match target {
            Some(_) => {
                let target = self.target(target)?;
                looked = self.look_at(&target)?;
                &looked
            }
            None => {
                let response = self.memory.response.as_ref();
                response.ok_or_else(|| self.nothing_yet())?
            }
        };
        let body = response.whole();
        let text = body.and_then(|body| table::of_collection(body, width));
        let text = text.ok_or_else(|| Failure::usage(self.language.no_collection()))?;
        self.screen.print(&text)
    }

    /// Looks again and again, and shows what is different, until the person has seen enough.
    fn watch(&mut self, target: Option<String>, seconds: u64) -> Result<(), Failure> {
        let target = self.target(target)?;
        let mut before = self.look_at(&target)?;
        self.screen
            .say(&self.language.watching(&escape_line(&target), seconds));
        loop {
            let pause = async {
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                Ok(())
            };
            match self.runtime.block_on(self.interrupts.limit(pause)) {
                Err(failure) if failure.cause == Cause::Interrupted => return Ok(()),
                other => other?,
            }
            let now = match self.look(&target) {
                Err(failure) if failure.cause == Cause::Interrupted => return Ok(()),
                other => other?,
            };
            if now.head.status != before.head.status {
                self.screen.say_status(&now.head);
            }
            let changes = diff::lines(&before.body, &now.body);
            if now.head.status == 200 && !changes.is_empty() {
                self.screen.say(&changes);
            }
            before = now;
        }
    }

    fn wire(&mut self, command: WireCommand) -> Result<(), Failure> {
        let mode = match command {
            WireCommand::Save(file) => return self.save_capture(&file),
            WireCommand::Tell => self.wire.borrow().mode,
            WireCommand::On => Mode::Text,
            WireCommand::Hex => Mode::Hex,
            WireCommand::Off => Mode::Off,
        };
        self.wire.borrow_mut().mode = mode;
        self.screen.say(self.language.wire(mode));
        Ok(())
    }

    fn save_capture(&mut self, file: &str) -> Result<(), Failure> {
        let record = self.session.record.borrow();
        let write = || {
            let mut out = BufWriter::new(File::create(file)?);
            let packets = capture::write(&record, &mut out)?;
            out.flush().map(|()| packets)
        };
        let packets = write().map_err(|error| cannot_write(file, &error))?;
        drop(record);
        self.screen
            .say(&self.language.captured(packets, &escape_line(file)));
        Ok(())
    }
}

fn cannot_write(file: &str, error: &std::io::Error) -> Failure {
    Failure::usage(format!("cannot write {file}: {error}"))
}

fn refused(target: &str, head: &Head) -> Failure {
    let target = escape_bytes_line(target.as_bytes(), 256);
    let reason = escape_bytes_line(head.reason.as_bytes(), 64);
    Failure::new(Cause::Other, format!("{target}: {} {reason}", head.status))
}

/// The listing of a folder as a table, or the members of a value, each with what it is.
fn listing(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let members: Members = serde_json::from_str(text).ok()?;
    let cell = |value: &serde_json::Value, name: &str| match value.get(name) {
        None | Some(serde_json::Value::Null) => String::new(),
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let mut rows = Vec::new();
    let mut is_folder = true;
    for (name, value) in &members.0 {
        let value: serde_json::Value = serde_json::from_str(value.get()).ok()?;
        is_folder &= value.get("kind").is_some_and(serde_json::Value::is_string);
        let columns = ["kind", "records", "bytes"].map(|column| cell(&value, column));
        rows.push([vec![name.clone()], columns.to_vec()].concat());
    }
    if is_folder {
        return Some(table::of_rows(
            &["name", "kind", "records", "bytes"],
            &rows,
            None,
        ));
    }
    table::of_collection(body, None).or_else(|| {
        let names = members.0.iter();
        Some(names.map(|(name, _)| escape_line(name) + "\n").collect())
    })
}

/// Lets a person change a text in the editor of their choice.
fn edited(text: &[u8]) -> Result<Vec<u8>, Failure> {
    let wrong = |error: std::io::Error| Failure::new(Cause::Other, format!("the editor: {error}"));
    let folder = std::env::temp_dir();
    let file = folder.join(format!("jsond-{}.json", uuid::Uuid::new_v4()));
    // A file of somebody else's is never taken, nor a link followed.
    let mut opened = private(&file).map_err(wrong)?;
    opened.write_all(text).map_err(wrong)?;
    drop(opened);
    let is_set = |name: &&str| std::env::var_os(name).filter(|value| !value.is_empty());
    let editor = ["VISUAL", "EDITOR"].iter().find_map(is_set);
    let editor = editor.unwrap_or_else(|| "vi".into());
    // As git does it: the variable may have arguments of its own.
    let ended = Process::new("sh")
        .args(["-c", "eval \"$JSOND_EDITOR\" '\"$1\"'", "sh"])
        .arg(&file)
        .env("JSOND_EDITOR", &editor)
        .status();
    let after = std::fs::read(&file);
    let _ = std::fs::remove_file(&file);
    let ended = ended.map_err(wrong)?;
    if !ended.success() {
        return Err(Failure::new(Cause::Other, format!("the editor: {ended}")));
    }
    after.map_err(wrong)
}

/// Makes a file that nobody else can read.
fn private(file: &std::path::Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = File::options();
    options.write(true).create_new(true).mode(0o600);
    options.open(file)
}
