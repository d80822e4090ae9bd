//! `memory`: what jsond holds: a large file, and connections on which nothing happens.

use crate::data::{Corpus, Kind};
use crate::http::Connection;
use crate::say;
use crate::server::Server;
use crate::setup::{Common, Setup};
use crate::statistics::Series;
use crate::table::{Must, Report, Row, Table, Unit};
use anyhow::{Context as _, Result};
use rustix::process::{Resource, getrlimit, setrlimit};
use std::fs;
use std::time::Duration;

/// Memory of the server: a large file, idle connections
///
/// The program is started anew in each round.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,

    /// The records of the large file
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(100..=9_000_000))]
    records: u64,

    /// How many idle connections there are
    #[arg(long, value_name = "N", default_value_t = 4000, value_parser = clap::value_parser!(u16).range(100..=9000))]
    connections: u16,
}

/// Bytes in each round, for an object and for an array, and for a connection.
#[derive(Debug, Default)]
struct Figures {
    file_bytes: [f64; 2],
    resident: [Series; 2],
    idle: Series,
}

const KINDS: [Kind; 2] = [Kind::Object, Kind::Array];

/// After so long nothing is freed any more that a request needed.
const REST: Duration = Duration::from_secs(1);

/// Measures and prints; what was measured until something failed is printed too.
///
/// *Errors*: a wrong answer, or no server.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let setup = Setup::prepare(&arguments.common)?;
    setup.describe().iter().for_each(|line| say(line));
    let mut figures = Figures::default();
    let ended = measure(&setup, arguments, &mut figures);
    let report = report(setup.describe(), arguments, &figures);
    report.publish("memory", &arguments.common)?;
    ended
}

fn measure(setup: &Setup, arguments: &Arguments, figures: &mut Figures) -> Result<()> {
    let folder = |kind: Kind| setup.folder().join(kind.name());
    let generate = |kind| Corpus::generate(folder(kind), kind, arguments.records);
    let corpora = [generate(KINDS[0])?, generate(KINDS[1])?];
    let small = setup.folder().join("small");
    fs::create_dir(&small)?;
    fs::write(small.join("small.json"), "{\"a\":1}\n")?;
    for _ in arguments.common.each_round() {
        for (n, corpus) in corpora.iter().enumerate() {
            figures.file_bytes[n] = corpus.file_bytes()? as f64;
            let server = Server::start(setup, &corpus.folder, &[])?;
            std::thread::sleep(REST);
            figures.resident[n].push(server.memory_bytes("VmRSS")? as f64);
            server.stop()?;
        }
        let server = Server::start(setup, &small, &[])?;
        figures.idle.push(idle(&server, arguments.connections)?);
        server.stop()?;
    }
    Ok(())
}

/// What a connection costs that has made its request and waits; in bytes.
fn idle(server: &Server, count: u16) -> Result<f64> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).context("the limit of open files")?;
    let open = || -> Result<Connection> {
        let mut connection = Connection::open(server.port)?;
        connection.demand(("GET", "/small.json/a", ""), (200, "1"))?;
        Ok(connection)
    };
    let _first = open()?;
    std::thread::sleep(REST);
    let before = server.memory_bytes("VmRSS")? as f64;
    let _all: Vec<_> = (0..count).map(|_| open()).collect::<Result<_>>()?;
    std::thread::sleep(REST);
    Ok((server.memory_bytes("VmRSS")? as f64 - before) / f64::from(count))
}

/// What may be resident, from the contract: of the file, and for a connection.
const FILE_MUST: f64 = 2.2;
const IDLE_MUST: f64 = 4096.0;

fn report(mut setting: Vec<String>, arguments: &Arguments, figures: &Figures) -> Report {
    setting.push(format!(
        "{} records in the large file, {} idle connections",
        arguments.records, arguments.connections
    ));
    let mut rows = Vec::new();
    for (n, kind) in KINDS.iter().enumerate() {
        let file: Series = [figures.file_bytes[n]].into_iter().collect();
        let part = figures.resident[n].divided_by(figures.file_bytes[n]);
        rows.extend([
            Row::single(
                format!("{} collection: file", kind.name()),
                Unit::Bytes,
                file,
            ),
            Row::single(
                "resident after the start",
                Unit::Bytes,
                figures.resident[n].clone(),
            ),
            Row::single("resident / file", Unit::Times, part).must(Must::AtMost(FILE_MUST)),
        ]);
    }
    let idle = Row::single(
        "idle keep-alive connection",
        Unit::Bytes,
        figures.idle.clone(),
    );
    rows.push(idle.must(Must::AtMost(IDLE_MUST)));
    Report {
        setting,
        tables: vec![Table {
            title: "Resident memory".to_owned(),
            sides: [String::new(), "jsond".to_owned()],
            rows,
        }],
    }
}
