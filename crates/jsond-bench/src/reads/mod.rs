//! `reads`: what a GET costs jsond, against a static file from nginx and a record from json-server.
//! All run at the same time, each on the core of the servers while the others are idle; the sides
//! take turns, in every round.

mod report;

use crate::data::{Corpus, FIELD, Kind, Record};
use crate::http::Connection;
use crate::load::{Done, Get, GetOneOf, Load, Protocol, run_for};
use crate::process;
use crate::random::Random;
use crate::rival::{self, Entry};
use crate::say;
use crate::server::Server;
use crate::setup::{Common, Setup};
use crate::statistics::Series;
use anyhow::{Context as _, Result, ensure};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

/// GET against nginx and json-server: CPU for each request, pipelines, large bodies
///
/// Starts jsond on generated files, nginx on copies of them and json-server on a list of a hundred
/// records, and asks for the same bytes over keep-alive connections. Every answer is compared with
/// what it has to be.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) common: Common,

    /// The records of the file of which one is asked for
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(100..=9_000_000))]
    records: u64,

    /// How long each side is asked in a round
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,

    /// How many connections there are at the same time
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1000))]
    connections: u16,

    /// json-server 1.x
    #[arg(long, value_name = "PROGRAM", default_value = "json-server")]
    json_server: String,
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
    rival: Side,
    jsond: Side,
}

/// All that was measured.
#[derive(Debug, Default)]
struct Figures {
    small: Pair,
    record: Pair,
    field: Pair,
    unchanged: Pair,
    random: Pair,
    pipeline: Pair,
    large: Pair,
    json_server: Pair,
}

/// What is asked of the rival and of jsond.
struct Question {
    name: &'static str,
    rival: Against,
    ask: [Box<dyn Protocol>; 2],
    load: Load,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Against {
    Nginx,
    JsonServer,
}

/// The body of the small file, as that of the comparisons in the contract.
const SMALL_BYTES: usize = 239;
const LARGE_BYTES: usize = 10_000_000;

/// How many connections a large body is asked for on: more only fill buffers.
const LARGE_CONNECTIONS: usize = 4;

const PIPELINE_DEPTH: usize = 16;

/// How many of the records are asked for at random: nginx has a file for each.
const RANDOM_RECORDS: u64 = 10_000;

/// The list that json-server finds a record in.
const LIST_RECORDS: u64 = 100;

/// Measures and prints; what was measured until something failed is printed too.
///
/// *Errors*: a wrong answer, or no server. A rival that is not installed is named, and its rows
/// say so.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let setup = Setup::prepare(&arguments.common)?;
    let mut setting = setup.describe();
    setting.iter().for_each(|line| say(line));
    let mut figures = Figures::default();
    let ended = measure(&setup, arguments, &mut figures, &mut setting);
    let report = report::of(setting, arguments, &figures);
    report.publish("reads", &arguments.common)?;
    ended
}

fn measure(
    setup: &Setup,
    arguments: &Arguments,
    figures: &mut Figures,
    setting: &mut Vec<String>,
) -> Result<()> {
    let files = Files::generate(setup, arguments)?;
    let server = Server::start(setup, &files.corpus.folder, &[])?;
    files.copy(server.port)?;
    let nginx = Entry::of("nginx", rival::nginx(setup, &files.copies));
    let list = std::fs::read_to_string(files.corpus.folder.join("db.json"))?;
    let started = rival::json_server(setup, &arguments.json_server, &list);
    let json_server = Entry::of("json-server", started);
    setting.extend([nginx.words(), json_server.words()]);
    let ports = (server.port, nginx.port(), json_server.port());
    let mut questions = files.questions(arguments, ports)?;
    for round in arguments.common.each_round() {
        for (question, pair) in questions.iter_mut().zip(pairs(figures)) {
            let entry = match question.rival {
                Against::Nginx => &nginx,
                Against::JsonServer => &json_server,
            };
            let mut sides = vec![(1, server.port, server.pid())];
            if let Ok(rival) = &entry.rival {
                sides.push((0, rival.port, rival.pid()));
            }
            if round % 2 == 0 {
                sides.reverse();
            }
            for (side, port, pid) in sides {
                let protocol = &mut *question.ask[side];
                let time = Duration::from_secs(arguments.seconds);
                let took = ask(protocol, question.load, port, pid, time);
                let (cpu, done) = took.context(question.name)?;
                let side = match side {
                    0 => &mut pair.rival,
                    _ => &mut pair.jsond,
                };
                side.cpu.push(cpu);
                side.rate.push(done.rate());
            }
        }
    }
    server.stop()?;
    Ok(())
}

fn pairs(figures: &mut Figures) -> [&mut Pair; 8] {
    let Figures {
        small,
        record,
        field,
        unchanged,
        random,
        pipeline,
        large,
        json_server,
    } = figures;
    [
        small,
        record,
        field,
        unchanged,
        random,
        pipeline,
        large,
        json_server,
    ]
}

/// Asks one side for a while; gives the CPU time for each request in microseconds, and the rest.
fn ask(
    protocol: &mut dyn Protocol,
    load: Load,
    port: u16,
    pid: u32,
    time: Duration,
) -> Result<(f64, Done)> {
    // What comes first is not what comes always.
    run_for(port, protocol, load, Duration::from_millis(200))?;
    let before = process::cpu_time(pid)?;
    let done = run_for(port, protocol, load, time)?;
    let used = process::cpu_time(pid)? - before;
    ensure!(done.answers > 0, "no answer");
    Ok((used.as_secs_f64() * 1e6 / done.answers as f64, done))
}

/// What jsond serves, and the copies of its answers for nginx.
struct Files {
    corpus: Corpus,
    copies: PathBuf,
    /// Target and name of the copy.
    record: String,
    field: String,
    /// The keys that are asked for at random.
    keys: Vec<String>,
}

impl Files {
    fn generate(setup: &Setup, arguments: &Arguments) -> Result<Self> {
        let folder = setup.folder().join("served");
        let corpus = Corpus::generate(folder.clone(), Kind::Object, arguments.records)?;
        let padding = SMALL_BYTES - "{\"text\":\"\"}\n".len();
        let small = format!("{{\"text\":\"{}\"}}\n", "x".repeat(padding));
        std::fs::write(folder.join("small.json"), small)?;
        let large = format!("\"{}\"\n", "x".repeat(LARGE_BYTES - 3));
        std::fs::write(folder.join("large.json"), large)?;
        std::fs::write(folder.join("db.json"), list())?;
        let copies = setup.folder().join("copies");
        std::fs::create_dir(&copies)?;
        let record = corpus
            .shape
            .target_of(&Kind::Object.key(arguments.records / 2));
        let mut random = Random::new(7);
        let count = RANDOM_RECORDS.min(arguments.records);
        let places = (0..count).map(|_| random.below(arguments.records));
        Ok(Self {
            keys: places.map(|place| Kind::Object.key(place)).collect(),
            field: format!("{record}/{FIELD}"),
            record,
            corpus,
            copies,
        })
    }

    /// Copies what jsond answers into files of their own.
    fn copy(&self, port: u16) -> Result<()> {
        let mut connection = Connection::open(port)?;
        let mut copy = |file: PathBuf, target: &str| -> Result<()> {
            let answer = connection.exchange("GET", target, "")?;
            ensure!(answer.status == 200, "{target}: {}", answer.status);
            Ok(std::fs::write(file, answer.body)?)
        };
        copy(self.copies.join("small.json"), "/small.json")?;
        copy(self.copies.join("record.json"), &self.record)?;
        copy(self.copies.join("field.json"), &self.field)?;
        copy(self.copies.join("large.json"), "/large.json")?;
        let records = self.copies.join("records");
        std::fs::create_dir(&records)?;
        for key in &self.keys {
            let target = self.corpus.shape.target_of(key);
            copy(records.join(format!("{key}.json")), &target)?;
        }
        Ok(())
    }

    /// What is asked, in the order of [`pairs`].
    fn questions(
        &self,
        arguments: &Arguments,
        (port, nginx, json_server): (u16, Option<u16>, Option<u16>),
    ) -> Result<Vec<Question>> {
        let many = Load {
            connections: usize::from(arguments.connections),
            depth: 1,
        };
        let plain = |name, file: &str, target: &str, load| -> Result<Question> {
            let body = std::fs::read(self.copies.join(file))?;
            let theirs = Get::new(&format!("/{file}"), "", 200, body.clone());
            Ok(Question {
                name,
                rival: Against::Nginx,
                ask: [Box::new(theirs), Box::new(Get::new(target, "", 200, body))],
                load,
            })
        };
        let deep = Load {
            depth: PIPELINE_DEPTH,
            ..many
        };
        let few = Load {
            connections: LARGE_CONNECTIONS,
            depth: 1,
        };
        Ok(vec![
            plain("small file", "small.json", "/small.json", many)?,
            plain("record", "record.json", &self.record, many)?,
            plain("field", "field.json", &self.field, many)?,
            self.unchanged(port, nginx, many)?,
            self.random(many)?,
            plain("pipeline", "small.json", "/small.json", deep)?,
            plain("large", "large.json", "/large.json", few)?,
            of_list(port, json_server, many)?,
        ])
    }

    fn unchanged(&self, port: u16, nginx: Option<u16>, load: Load) -> Result<Question> {
        let ask = |port: u16, target: &str| -> Result<Box<dyn Protocol>> {
            let mut connection = Connection::open(port)?;
            let answer = connection.exchange("GET", target, "")?;
            let tag = answer.field("etag").context("an answer without ETag")?;
            let field = format!("If-None-Match: {tag}\r\n");
            Ok(Box::new(Get::new(target, &field, 304, Vec::new())))
        };
        let ours = ask(port, &self.record)?;
        let theirs = match nginx {
            Some(port) => ask(port, "/record.json")?,
            None => Box::new(Get::new("/", "", 304, Vec::new())),
        };
        Ok(Question {
            name: "304",
            rival: Against::Nginx,
            ask: [theirs, ours],
            load,
        })
    }

    fn random(&self, load: Load) -> Result<Question> {
        let records = self.copies.join("records");
        let mut theirs = Vec::new();
        let mut ours = Vec::new();
        for key in &self.keys {
            let file = format!("{key}.json");
            let body = std::fs::read(records.join(&file))?;
            theirs.push((format!("/records/{file}"), body.clone()));
            ours.push((self.corpus.shape.target_of(key), body));
        }
        Ok(Question {
            name: "records at random",
            rival: Against::Nginx,
            ask: [
                Box::new(GetOneOf::new(theirs)),
                Box::new(GetOneOf::new(ours)),
            ],
            load,
        })
    }
}

/// The list as json-server takes it.
fn list() -> String {
    let mut text = String::from("{\"records\":[\n");
    for place in 0..LIST_RECORDS {
        let gap = if place > 0 { ",\n" } else { "" };
        let record = Record::at(Kind::Array, place).text(Kind::Array, "");
        write!(text, "{gap}{record}").ok();
    }
    text + "\n]}\n"
}

/// A record of a list. json-server lays it out, and makes its id a text.
fn of_list(port: u16, json_server: Option<u16>, load: Load) -> Result<Question> {
    let id = LIST_RECORDS / 2;
    let record = Record::at(Kind::Array, id - 1).text(Kind::Array, "");
    let target = format!("/db.json/records/{id}");
    Connection::open(port)?.demand(("GET", &target, ""), (200, &record))?;
    let their_target = format!("/records/{id}");
    let theirs = match json_server {
        None => Vec::new(),
        Some(port) => {
            let mut connection = Connection::open(port)?;
            let answer = connection.exchange("GET", &their_target, "")?;
            let found: serde_json::Value = serde_json::from_slice(answer.body)?;
            let mut expected: serde_json::Value = serde_json::from_str(&record)?;
            expected["id"] = id.to_string().into();
            ensure!(found == expected, "json-server answers {found}");
            answer.body.to_vec()
        }
    };
    let ours = format!("{record}\n").into_bytes();
    Ok(Question {
        name: "record of a list",
        rival: Against::JsonServer,
        ask: [
            Box::new(Get::new(&their_target, "", 200, theirs)),
            Box::new(Get::new(&target, "", 200, ours)),
        ],
        load,
    })
}
