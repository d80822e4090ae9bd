//! `query`: filters over a large collection, which no index helps: each reads all records.

use crate::data::{Corpus, Kind};
use crate::http::Connection;
use crate::say;
use crate::server::Server;
use crate::setup::{Common, Setup};
use crate::statistics::{Series, median};
use crate::table::{Must, Report, Row, Table, Unit};
use anyhow::{Context as _, Result, ensure};

/// Filters, sorting and pages over a large collection
///
/// Every answer is checked: how many records there are in it, and in all.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,

    /// The records of the collection
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1000..=9_000_000))]
    records: u64,

    /// How often each is asked in a round
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    requests: u32,
}

/// What is asked, and what has to come of it.
struct Question {
    what: &'static str,
    query: &'static str,
    /// Which records are found, by their places.
    is_found: fn(u64) -> bool,
    /// How many of them are shown.
    shown_max: u64,
    /// In microseconds, from the contract.
    must: Option<f64>,
}

const EQUALITY_MUST: f64 = 15_000.0;
const SORT_MUST: f64 = 60_000.0;

const fn year(place: u64) -> u64 {
    1960 + place % 64
}

const QUESTIONS: [Question; 4] = [
    Question {
        what: "filter by equality, all that are found",
        query: "department=software",
        is_found: |place| place % 5 == 0,
        shown_max: u64::MAX,
        must: Some(EQUALITY_MUST),
    },
    Question {
        what: "filter by equality, a page",
        query: "department=software&_page=3",
        is_found: |place| place % 5 == 0,
        shown_max: 10,
        must: Some(EQUALITY_MUST),
    },
    Question {
        what: "filter by range, sort, page",
        query: "year:gte=1990&year:lt=2010&_sort=-year,name&_page=2&_per_page=50",
        is_found: |place| year(place) >= 1990 && year(place) < 2010,
        shown_max: 50,
        must: Some(SORT_MUST),
    },
    Question {
        what: "JSONPath with a filter",
        query: "jsonpath=$[?@.year==1999].name",
        is_found: |place| year(place) == 1999,
        shown_max: u64::MAX,
        must: None,
    },
];

/// Measures and prints; what was measured until something failed is printed too.
///
/// *Errors*: a wrong answer, or no server.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let setup = Setup::prepare(&arguments.common)?;
    setup.describe().iter().for_each(|line| say(line));
    let mut figures = vec![[Series::default(), Series::default()]; QUESTIONS.len()];
    let ended = measure(&setup, arguments, &mut figures);
    let report = report(setup.describe(), arguments, &figures);
    report.publish("query", &arguments.common)?;
    ended
}

const KINDS: [Kind; 2] = [Kind::Object, Kind::Array];

fn measure(setup: &Setup, arguments: &Arguments, figures: &mut [[Series; 2]]) -> Result<()> {
    let folder = |kind: Kind| setup.folder().join(kind.name());
    let generate = |kind| Corpus::generate(folder(kind), kind, arguments.records);
    let corpora = [generate(KINDS[0])?, generate(KINDS[1])?];
    let start = |corpus: &Corpus| Server::start(setup, &corpus.folder, &[]);
    let servers = [start(&corpora[0])?, start(&corpora[1])?];
    for _ in arguments.common.each_round() {
        for (question, figures) in QUESTIONS.iter().zip(figures.iter_mut()) {
            for ((server, corpus), series) in servers.iter().zip(&corpora).zip(figures) {
                let mut connection = Connection::open(server.port)?;
                let mut samples = Vec::new();
                for _ in 0..arguments.requests {
                    samples.push(ask(&mut connection, question, corpus)?);
                }
                series.push(median(&samples).unwrap_or_default());
            }
        }
    }
    servers
        .into_iter()
        .try_for_each(|server| server.stop().map(drop))
}

/// Asks once; gives how long it took in microseconds.
fn ask(connection: &mut Connection, question: &Question, corpus: &Corpus) -> Result<f64> {
    let target = format!("{}?{}", corpus.shape.target(), question.query);
    let answer = connection.exchange("GET", &target, "")?;
    ensure!(answer.status == 200, "{target}: {}", answer.status);
    let found: serde_json::Value = serde_json::from_slice(answer.body)?;
    let shown = found
        .as_object()
        .map(serde_json::Map::len)
        .or(found.as_array().map(Vec::len));
    let expected = (0..corpus.shape.records).filter(|place| (question.is_found)(*place));
    let expected = expected.count() as u64;
    let shown = shown.context("no collection")? as u64;
    ensure!(
        shown == expected.min(question.shown_max),
        "{target}: {shown} records"
    );
    if let Some(total) = answer.field("x-total-count") {
        ensure!(total == expected.to_string(), "{target}: {total} in all");
    }
    Ok(answer.time.as_secs_f64() * 1e6)
}

fn report(mut setting: Vec<String>, arguments: &Arguments, figures: &[[Series; 2]]) -> Report {
    setting.push(format!(
        "{} records, {} requests of each kind in a round",
        arguments.records, arguments.requests
    ));
    let table = |n: usize| Table {
        title: format!(
            "Queries over an {} collection, time until the whole answer",
            KINDS[n].name()
        ),
        sides: [String::new(), "jsond".to_owned()],
        rows: QUESTIONS
            .iter()
            .zip(figures)
            .map(|(question, series)| {
                let row = Row::single(question.what, Unit::Microseconds, series[n].clone());
                match question.must {
                    Some(bound) => row.must(Must::AtMost(bound)),
                    None => row,
                }
            })
            .collect(),
    };
    Report {
        setting,
        tables: vec![table(0), table(1)],
    }
}
