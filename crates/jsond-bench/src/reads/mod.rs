//! `reads`: what a GET costs jsond, against a static file from nginx. Both run at the same time, each
//! on the core of the servers while the other is idle; the sides alternate, in every round.

mod generator;
mod nginx;
mod report;

use crate::data::{Corpus, FIELD, Kind};
use crate::http::Connection;
use crate::process;
use crate::say;
use crate::server::Server;
use crate::setup::{Common, Setup};
use crate::statistics::Series;
use anyhow::{Context as _, Result, ensure};
use generator::{Exchange, run_for};
use nginx::Nginx;
use std::path::Path;
use std::time::Duration;

/// GET against nginx: CPU for each request, pipelines, large bodies
///
/// Starts jsond on generated files and nginx on copies of them, and asks both for the same bytes
/// over keep-alive connections. Every answer is compared with what it has to be.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,

    /// The records of the file of which one is asked for
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(100..=9_000_000))]
    records: u64,

    /// How long each side is asked in a round
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,

    /// How many connections there are at the same time
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1000))]
    connections: u16,
}

/// What one side did in each round.
#[derive(Debug, Default)]
struct Side {
    /// CPU time of the server for each request, in microseconds.
    cpu: Series,
    /// Answers a second.
    rate: Series,
}

/// One thing that both sides are asked for.
#[derive(Debug, Default)]
struct Pair {
    nginx: Side,
    jsond: Side,
}

/// All that was measured.
#[derive(Debug, Default)]
struct Figures {
    small: Pair,
    record: Pair,
    field: Pair,
    unchanged: Pair,
    pipeline: Pair,
    large: Pair,
}

/// A request line's target on each side, with more fields, and what comes back.
struct Question {
    name: &'static str,
    targets: [String; 2],
    fields: [String; 2],
    status: u16,
    body: Vec<u8>,
    /// How many requests are on the way at the same time on each connection.
    depth: usize,
}

/// The body of the small file, as that of the comparisons in the contract.
const SMALL_BYTES: usize = 239;
const LARGE_BYTES: usize = 10_000_000;

/// How many connections a large body is asked for on: more only fill buffers.
const LARGE_CONNECTIONS: usize = 4;

const PIPELINE_DEPTH: usize = 16;

/// Measures and prints; what was measured until something failed is printed too.
///
/// *Errors*: a wrong answer, or no server. A rival that is not installed is named, and its rows
/// say so.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let setup = Setup::prepare(&arguments.common)?;
    for line in setup.describe() {
        say(&line);
    }
    let mut figures = Figures::default();
    let mut setting = setup.describe();
    let ended = measure(&setup, arguments, &mut figures, &mut setting);
    let report = report::of(setting, arguments, &figures);
    report.publish(arguments.common.json.as_deref())?;
    ended
}

fn measure(
    setup: &Setup,
    arguments: &Arguments,
    figures: &mut Figures,
    setting: &mut Vec<String>,
) -> Result<()> {
    let folder = setup.folder().join("served");
    let corpus = Corpus::generate(folder.clone(), Kind::Object, arguments.records)?;
    let padding = SMALL_BYTES - "{\"text\":\"\"}\n".len();
    std::fs::write(
        folder.join("small.json"),
        format!("{{\"text\":\"{}\"}}\n", "x".repeat(padding)),
    )?;
    std::fs::write(
        folder.join("large.json"),
        format!("\"{}\"\n", "x".repeat(LARGE_BYTES - 3)),
    )?;
    let server = Server::start(setup, &folder)?;
    let record = corpus.shape.kind.key(arguments.records / 2);
    let target = corpus.shape.target_of(&record);
    let field = format!("{target}/{FIELD}");
    let copies = setup.folder().join("copies");
    std::fs::create_dir(&copies)?;
    let mut connection = Connection::open(server.port)?;
    for (name, target) in [
        ("small.json", "/small.json"),
        ("record.json", &target),
        ("field.json", &field),
        ("large.json", "/large.json"),
    ] {
        let answer = connection.exchange("GET", target, "")?;
        ensure!(answer.status == 200, "{target}: {}", answer.status);
        std::fs::write(copies.join(name), answer.body)?;
    }
    drop(connection);
    let nginx = match Nginx::start(setup, &copies) {
        Ok(nginx) => Some(nginx),
        Err(error) => {
            let line = format!("nginx is missing from the tables: {error:#}");
            say(&line);
            setting.push(line);
            None
        }
    };
    if let Some(nginx) = &nginx {
        setting.push(nginx.words.clone());
    }
    let questions = questions(&copies, (&target, &field), &server, nginx.as_ref())?;
    for round in 0..arguments.common.rounds {
        say(&format!(
            "round {} of {}",
            round + 1,
            arguments.common.rounds
        ));
        for (question, pair) in questions.iter().zip(pairs(figures)) {
            let mut ports = vec![(1, server.port, vec![server.pid()])];
            if let Some(nginx) = &nginx {
                ports.push((0, nginx.port, nginx.pids()?));
            }
            if round % 2 == 0 {
                ports.reverse();
            }
            for (side, port, pids) in ports {
                let took = ask(question, side, port, &pids, arguments)?;
                let side = if side == 0 {
                    &mut pair.nginx
                } else {
                    &mut pair.jsond
                };
                side.cpu.push(took.0);
                side.rate.push(took.1);
            }
        }
    }
    server.stop()?;
    Ok(())
}

fn pairs(figures: &mut Figures) -> [&mut Pair; 6] {
    let Figures {
        small,
        record,
        field,
        unchanged,
        pipeline,
        large,
    } = figures;
    [small, record, field, unchanged, pipeline, large]
}

/// What both sides are asked for, in the order of [`pairs`].
fn questions(
    copies: &Path,
    (record, field): (&str, &str),
    server: &Server,
    nginx: Option<&Nginx>,
) -> Result<Vec<Question>> {
    let plain = |name, file: &str, target: &str, depth| -> Result<Question> {
        Ok(Question {
            name,
            targets: [format!("/{file}"), target.to_owned()],
            fields: Default::default(),
            status: 200,
            body: std::fs::read(copies.join(file))?,
            depth,
        })
    };
    let tag = |port: u16, target: &str| -> Result<String> {
        let mut connection = Connection::open(port)?;
        let answer = connection.exchange("GET", target, "")?;
        let tag = answer.field("etag").context("an answer without ETag")?;
        Ok(format!("If-None-Match: {tag}\r\n"))
    };
    let ours = tag(server.port, record)?;
    let theirs = nginx.map(|nginx| tag(nginx.port, "/record.json"));
    let unchanged = Question {
        fields: [theirs.transpose()?.unwrap_or_default(), ours],
        status: 304,
        body: Vec::new(),
        ..plain("304", "record.json", record, 1)?
    };
    Ok(vec![
        plain("small file", "small.json", "/small.json", 1)?,
        plain("record", "record.json", record, 1)?,
        plain("field", "field.json", field, 1)?,
        unchanged,
        plain("pipeline", "small.json", "/small.json", PIPELINE_DEPTH)?,
        plain("large", "large.json", "/large.json", 1)?,
    ])
}

/// Asks one side for a while; gives the CPU time for each request in microseconds, and the rate.
fn ask(
    question: &Question,
    side: usize,
    port: u16,
    pids: &[u32],
    arguments: &Arguments,
) -> Result<(f64, f64)> {
    let (target, fields) = (&question.targets[side], &question.fields[side]);
    let request = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n");
    let connections = match question.body.len() {
        LARGE_BYTES.. => LARGE_CONNECTIONS,
        _ => usize::from(arguments.connections),
    };
    let exchange = Exchange {
        request: request.as_bytes(),
        status: question.status,
        body: &question.body,
        depth: question.depth,
        connections,
    };
    // What comes first is not what comes always.
    run_for(port, &exchange, Duration::from_millis(200)).context(question.name)?;
    let cpu = || -> Result<Duration> { pids.iter().map(|pid| process::cpu_time(*pid)).sum() };
    let before = cpu()?;
    let time = Duration::from_secs(arguments.seconds);
    let done = run_for(port, &exchange, time).context(question.name)?;
    let used = cpu()? - before;
    ensure!(done.answers > 0, "{}: no answer", question.name);
    let answers = done.answers as f64;
    Ok((
        used.as_secs_f64() * 1e6 / answers,
        answers / done.time.as_secs_f64(),
    ))
}
