//! `jsond serve`: from the arguments to a running server, and to its exit code.

use super::bar::Bar;
use super::listen::{Host, listen};
use super::place::{Folder, Place};
use super::word::{
    parse_durability, parse_host, parse_id, parse_origin, parse_switch, parse_watch,
};
use super::{banner, lang, like, limits, print_error, reload, signals, source, tls};
use crate::api::{Access, Api, Cors, Tokens};
use crate::server::{self, Console, Settings, Tls};
use crate::wire::Lang;
use anyhow::Context as _;
use arc_swap::ArcSwap;
use jsond_document::IdNames;
use jsond_store::{Durability, Progress, Store};
use std::io::Write;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Serves a folder of JSON files over HTTP, and keeps them as plain JSON files
///
/// students.json in the folder is http://localhost:12345/students.json, and every value in it has
/// a URL of its own. A write is answered only when it is on disk. Whoever has nothing but a socket
/// can send `GET students.json` or `POST students.json` to the same port and is asked for the rest.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,

    /// The address to listen on; without it, or as localhost, 127.0.0.1 and ::1, which only this
    /// machine reaches
    #[arg(long, short = 'H', value_name = "ADDRESS", env = "JSOND_HOST")]
    host: Option<Host>,

    /// The port; 0 picks a free one; without it 12345, and 3000 with --like
    #[arg(long, short, value_name = "PORT", env = "JSOND_PORT")]
    port: Option<u16>,

    /// Write the port to this file once it answers
    #[arg(long, value_name = "FILE")]
    port_file: Option<PathBuf>,

    /// The language of messages, en or ko; without it, that of the locale
    #[arg(long, value_name = "LANG", env = "JSOND_LANG")]
    lang: Option<Lang>,

    /// The guided dialogue for clients that know no HTTP: on or off
    ///
    /// Without it, on where only this machine can connect.
    #[arg(long, value_name = "on|off", value_parser = parse_switch)]
    dialogue: Option<bool>,

    /// When a write is answered: always (when it is on disk) or interval=MS
    ///
    /// With interval=MS writes are answered at once and reach the disk every MS milliseconds; a
    /// power cut then loses the last of them.
    #[arg(long, value_name = "WHEN", default_value = "always", value_parser = parse_durability)]
    durability: Durability,

    /// The member that identifies a record of an array: NAME for all collections, COLLECTION=NAME
    /// for one, as in posts=slug; without it, id
    ///
    /// A collection is called by the last part of its path without .json: posts for posts.json, and
    /// for the member posts of a file. Give the option once for each collection.
    #[arg(long = "id", short = 'i', value_name = "[COLLECTION=]NAME", value_parser = parse_id)]
    ids: Vec<String>,

    /// How edits of the files by other programs are noticed: auto, poll or off
    ///
    /// auto: by what the system tells, or every two seconds where it tells nothing. poll: by looking
    /// every two seconds, for files that other machines write. off: not before jsond writes the same
    /// file, or starts.
    #[arg(
        long,
        short = 'w',
        value_name = "HOW",
        num_args = 0..=1,
        default_value = "auto",
        default_missing_value = "auto"
    )]
    watch: String,

    /// Keep the journal: segments that no file needs any more stay, for people to read
    #[arg(long)]
    history: bool,

    /// Ask for a token: a file with a line for each, as jsond token new makes them
    ///
    /// It is read again when it changes, and on SIGHUP. Only /_/health and the page on problems need
    /// no token then, and the dialogue door is closed.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,

    /// A host that the server answers for besides the loopback names: school.example
    ///
    /// On loopback a request for any other host is refused (421): a page of a stranger can have its
    /// own name point at this machine. On an address that others reach any host is answered for,
    /// unless names are given. Give the option once for each name.
    #[arg(long = "name", value_name = "HOST", value_parser = parse_host)]
    names: Vec<String>,

    /// An origin whose pages may read and write: http://localhost:5173, or * for all
    ///
    /// Without it only pages that this server sent may change anything, and no others may read.
    /// Another port is another origin. Give the option once for each origin.
    #[arg(long = "cors", value_name = "ORIGIN", value_parser = parse_origin)]
    origins: Vec<String>,

    /// How many threads serve connections; without it, one for each core
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,

    /// The certificate for TLS in PEM, with those that vouch for it
    ///
    /// It is read again, with its key, when one of them changes, and on SIGHUP.
    #[arg(
        long,
        value_name = "FILE",
        requires = "tls_key",
        conflicts_with = "tls"
    )]
    tls_cert: Option<PathBuf>,

    /// The private key of --tls-cert in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// Speak TLS with a certificate that jsond makes: self-signed
    ///
    /// It is made once, for localhost, --host and each --name, and kept beside the journal. Its
    /// fingerprint is shown, so that clients can tell it from another.
    #[arg(long, value_name = "HOW", value_parser = ["self-signed"], conflicts_with = "plain")]
    tls: Option<String>,

    /// On an address that others reach: yes, without encryption; everybody on the way reads along
    #[arg(long)]
    plain: bool,

    /// On an address that others reach: yes, without tokens; everybody there may read and write
    #[arg(long)]
    open: bool,

    #[command(flatten)]
    like: like::Flags,

    #[command(flatten)]
    limits: limits::Flags,
}

impl Arguments {
    fn host(&self) -> Option<IpAddr> {
        self.host.and_then(|host| host.0)
    }

    fn port(&self) -> u16 {
        self.port.unwrap_or_else(|| self.like.port())
    }

    /// Takes the file of `--watch db.json`, as it is typed for json-server.
    fn take_file(&mut self) -> Result<(), String> {
        let Err(error) = parse_watch(&self.watch) else {
            return Ok(());
        };
        let is_file = self.watch.ends_with(".json") || self.watch.ends_with(".json5");
        if self.like.name().is_none() || !is_file || self.place.path != Path::new(".") {
            return Err(format!("--watch: {error}"));
        }
        self.place.path = std::mem::replace(&mut self.watch, "auto".to_owned()).into();
        Ok(())
    }

    fn is_near(&self) -> bool {
        self.host().is_none_or(|host| host.is_loopback())
    }

    /// Why nothing is written, if nothing is.
    fn reads_only(&self) -> Option<&'static str> {
        if source::is_json5(&self.place.path) {
            return Some(source::READ_ONLY);
        }
        self.like.reads_only()
    }

    fn speaks_tls(&self) -> bool {
        self.tls.is_some() || self.tls_cert.is_some()
    }

    /// Why there can be no dialogue, if there is a reason.
    fn closes_dialogue(&self) -> Option<&'static str> {
        if self.token_file.is_some() {
            return Some("--token-file: a dialogue shows no token");
        }
        if self.reads_only().is_some() {
            return Some("--read-only or a JSON5 file: a dialogue is for writing");
        }
        self.speaks_tls()
            .then_some("TLS: who speaks the dialogue speaks none")
    }

    fn opens_dialogue(&self) -> bool {
        self.dialogue.unwrap_or(self.is_near()) && self.closes_dialogue().is_none()
    }

    /// The certificate and key that are to be shown, if any; makes them where they are to be made.
    fn tls_files(&self, own: &Path) -> anyhow::Result<Option<tls::Files>> {
        if let (Some(certificate), Some(key)) = (self.tls_cert.clone(), self.tls_key.clone()) {
            return Ok(Some(tls::Files { certificate, key }));
        }
        let made = || tls::Files::self_signed(own, self.host(), &self.names);
        self.tls.as_ref().map(|_| made()).transpose()
    }
}

const EXAMPLES: &str = "\
Examples:
  jsond serve examples/school            a folder, at http://localhost:12345/
  jsond serve db.json --port 3000        one file, whose members are /posts, /comments, …
  jsond serve db.json --like json-server as json-server 1.x; json-server@0.17 as the one before
  jsond serve --port 0 --port-file port  a free port, written to the file `port`
  jsond serve --id posts=slug            /posts.json/hello is the record whose slug is hello
  jsond serve data --journal /var/lib/x  the journal lies elsewhere, the folder stays plain

  curl http://localhost:12345/students.json
  curl -d '{\"Seung_Hyun\":{\"grade\":\"4.3\"}}' http://localhost:12345/students.json
  curl -X PUT -d '\"4.5\"' http://localhost:12345/students.json/Seung_Hyun/grade
  printf 'GET students.json\\n\\n' | nc localhost 12345

Exit codes: 0 after a clean stop; 1 when something failed; 2 for wrong arguments.";

/// Serves until a signal comes.
pub(super) fn run(mut arguments: Arguments) -> ExitCode {
    if let Err(message) = arguments.take_file() {
        print_error(&message);
        return ExitCode::from(2);
    }
    let arguments = &arguments;
    let reached_by_others = arguments.host().filter(|host| !host.is_loopback());
    if let Some(host) = reached_by_others
        && let Some(message) = missing_consent(arguments, host)
    {
        print_error(&message);
        return ExitCode::from(2);
    }
    let ids = match IdNames::parse(arguments.ids.iter().map(String::as_str)) {
        Ok(ids) => ids,
        Err(error) => {
            print_error(&format!("--id: {error}"));
            return ExitCode::from(2);
        }
    };
    if let (Some(true), Some(obstacle)) = (arguments.dialogue, arguments.closes_dialogue()) {
        print_error(&format!("--dialogue on does not go with {obstacle}"));
        return ExitCode::from(2);
    }
    match serve(arguments, ids) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            print_error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// On an address that others reach each danger has to be agreed to by its flag.
fn missing_consent(arguments: &Arguments, host: IpAddr) -> Option<String> {
    let mut missing = Vec::new();
    if !arguments.plain && !arguments.speaks_tls() {
        missing.push(
            "  --tls-cert FILE --tls-key FILE, or --tls self-signed  encrypt, or\n  --plain  says that unencrypted traffic is meant: others can read along",
        );
    }
    if !arguments.open && arguments.token_file.is_none() {
        missing.push(
            "  --token-file FILE  asks for tokens, or\n  --open   says that access without tokens is meant: anybody can write",
        );
    }
    (!missing.is_empty()).then(|| {
        format!(
            "{host} can be reached from other machines; missing:\n{}",
            missing.join("\n")
        )
    })
}

fn serve(arguments: &Arguments, ids: IdNames) -> anyhow::Result<bool> {
    start_log();
    let lang = arguments
        .lang
        .unwrap_or_else(|| lang::by_locale(|name| std::env::var(name).ok()));
    arguments.like.prepare(&arguments.place.path)?;
    let folder = match source::is_json5(&arguments.place.path) {
        true => source::open(&arguments.place.path)?,
        false => arguments.place.open_locked()?,
    };
    let listeners = listen(arguments.host(), arguments.port())?;
    let access = access_of(arguments)?;
    let files = arguments.tls_files(&folder.own)?;
    let tls = files.as_ref().map(tls::Files::load).transpose()?;
    let store = Arc::new(open_store(&folder, arguments, ids)?);
    let port = listeners[0].local_addr()?.port();
    // Before the port is known to anybody: who knows it may send a signal.
    let stop = signals::listen(files.is_none() && arguments.token_file.is_none())
        .context("signals cannot be listened for")?;
    let limits = arguments.limits.limits();
    let api = Api::new(Arc::clone(&store), access, limits);
    let api = arguments.like.dress(api)?;
    announce(
        arguments,
        lang,
        port,
        files.as_ref().zip(tls.as_ref()),
        &store,
    )?;
    let settings = Settings {
        lang,
        dialogue: arguments.opens_dialogue(),
        threads: arguments.threads.map_or_else(cores, usize::from),
        tls,
        limits,
    };
    let (console, console_thread) = Console::start(lang, std::io::stderr());
    let served = server::run(listeners, api, settings, console, stop);
    let is_clean = store.stop();
    console_thread.join().ok();
    drop(folder);
    served.context("the server could not be started")?;
    Ok(is_clean)
}

/// Reads who may ask, and keeps it as the file of tokens says.
fn access_of(arguments: &Arguments) -> anyhow::Result<Access> {
    let cors = Cors::parse(arguments.origins.iter().map(String::as_str))?;
    let cors = arguments.like.cors(cors, arguments.is_near());
    let mut access = Access::new(arguments.host(), &arguments.names, cors);
    if let Some(reason) = arguments.reads_only() {
        access = access.for_reading(reason);
    }
    let Some(file) = arguments.token_file.clone() else {
        return Ok(access);
    };
    let tokens = Arc::new(ArcSwap::from_pointee(read_tokens(&file)?));
    let held = Arc::clone(&tokens);
    reload::watch(vec![file.clone()], move || match read_tokens(&file) {
        Ok(tokens) => {
            held.store(Arc::new(tokens));
            tracing::info!(file = %file.display(), "the tokens were read again");
        }
        Err(error) => tracing::error!("the tokens stay as they were: {error:#}"),
    })
    .context("the file of tokens cannot be watched")?;
    Ok(access.with_tokens(tokens))
}

fn read_tokens(file: &Path) -> anyhow::Result<Tokens> {
    let shown = file.display();
    let text = std::fs::read_to_string(file).with_context(|| format!("{shown} cannot be read"))?;
    Tokens::parse(&text).with_context(|| format!("{shown} is no file of tokens"))
}

fn open_store(folder: &Folder, arguments: &Arguments, ids: IdNames) -> anyhow::Result<Store> {
    let settings = jsond_store::Settings {
        durability: arguments.durability,
        ids,
        watch: parse_watch(&arguments.watch).unwrap_or_default(),
        history: arguments.history,
        folder: folder.elsewhere.clone(),
        ..Default::default()
    };
    let bar = Bar::start(Progress::of_bytes(folder.bytes()));
    let progress = Progress::new(bar.counter());
    let (served, journal) = (folder.served.clone(), Arc::clone(&folder.journal));
    let opened = Store::open(served, journal, &settings, progress);
    bar.finish();
    Ok(opened?)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Warnings and errors go to standard error; JSOND_LOG says how much.
fn start_log() {
    use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
    use tracing_subscriber::util::SubscriberInitExt as _;
    let level = std::env::var("JSOND_LOG")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(tracing::Level::WARN);
    // h2 warns of what a peer does wrong, once for every frame: no peer may fill the log.
    let of_peers = if level > tracing::Level::WARN {
        level
    } else {
        tracing::Level::ERROR
    };
    let filter = tracing_subscriber::filter::Targets::new()
        .with_default(level)
        .with_target("h2", of_peers);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_filter(filter);
    tracing_subscriber::registry().with(lines).init();
}

/// Says where the server is: to people, and to the file that was asked for.
fn announce(
    arguments: &Arguments,
    lang: Lang,
    port: u16,
    tls: Option<(&tls::Files, &Tls)>,
    store: &Store,
) -> anyhow::Result<()> {
    let host = match arguments.host() {
        None => "localhost".to_owned(),
        Some(IpAddr::V6(host)) => format!("[{host}]"),
        Some(host) => host.to_string(),
    };
    let path = arguments.place.path.display().to_string();
    let own_certificate = |(files, _): (&'_ tls::Files, _)| {
        let is_ours = arguments.tls.is_some();
        is_ours.then(|| files.certificate.clone())
    };
    let certificate = tls.map(own_certificate);
    let place = banner::Place {
        host: &host,
        port,
        tls: certificate.as_ref().map(|it| it.as_deref()),
    };
    let mut text = match arguments.like.name() {
        Some(name) => banner::render_like(lang, &path, name, &place, &store.image()),
        None => banner::render(lang, &path, &place, &store.image()),
    };
    if let Some((_, tls)) = tls {
        let word = lang.choose("Certificate, SHA-256:", "인증서 SHA-256:");
        text.push_str(&format!("{word} {}\n", tls.fingerprint()));
    }
    if let Durability::Interval(interval) = arguments.durability {
        let milliseconds = interval.as_millis();
        text.push_str(&lang.choose(
            format!("Writes are answered before they are on disk; a power cut loses up to {milliseconds} ms of them.\n"),
            format!("쓰기는 디스크에 남기 전에 응답합니다. 정전이 되면 마지막 {milliseconds} ms 의 쓰기를 잃습니다.\n"),
        ));
    }
    anstream::stderr().write_all(text.as_bytes()).ok();
    if let Some(file) = &arguments.port_file {
        write_port(file, port).with_context(|| format!("{} cannot be written", file.display()))?;
    }
    Ok(())
}

/// Writes the port file by a rename, so that a reader sees it whole or not at all.
fn write_port(file: &Path, port: u16) -> std::io::Result<()> {
    let mut temporary = file.as_os_str().to_owned();
    temporary.push(".new");
    std::fs::write(&temporary, format!("{port}\n"))?;
    std::fs::rename(&temporary, file)
}
