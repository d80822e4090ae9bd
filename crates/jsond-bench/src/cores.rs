//! `cores`: whether a second thread is worth its core, with the load on the same machine. Nothing is
//! pinned here.

use crate::data::{Corpus, Kind};
use crate::http::Connection;
use crate::load::{Get, Load, run_for};
use crate::server::Server;
use crate::setup::{Common, Setup};
use crate::statistics::Series;
use crate::table::{Must, Report, Row, Table, Unit};
use anyhow::{Context as _, Result, ensure};
use std::time::Duration;

/// One thread against two: requests a second
///
/// The load runs beside the server and takes its part of the cores: of a request that costs the
/// load as much as the server there is little to be gained, whatever the server does.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,

    /// How long each side is asked in a round
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
}

struct Question {
    what: &'static str,
    target: &'static str,
    load: Load,
    /// No two requests are the same, so that each has to be answered anew.
    is_numbered: bool,
    must: Option<f64>,
}

/// So few that a filter is done on the thread that asks.
const RECORDS: u64 = 200;
const MUST: f64 = 1.5;

const MANY: Load = Load {
    connections: 64,
    depth: 1,
};

const QUESTIONS: [Question; 3] = [
    Question {
        what: "GET of a record, the same again",
        target: "/object.json/k0000100",
        load: MANY,
        is_numbered: false,
        must: None,
    },
    Question {
        what: "GET of a record, 16 deep pipelines, no two alike",
        target: "/object.json/k0000100",
        load: Load { depth: 16, ..MANY },
        is_numbered: true,
        must: Some(MUST),
    },
    Question {
        what: "GET of a page of what a filter finds, no two alike",
        target: "/object.json?department=software&_sort=name&_page=2",
        load: MANY,
        is_numbered: true,
        must: Some(MUST),
    },
];

/// Measures and prints; what was measured until something failed is printed too.
///
/// *Errors*: a wrong answer, or no server.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let setup = Setup::prepare(&arguments.common)?;
    setup.pinning.release();
    let mut figures = vec![[Series::default(), Series::default()]; QUESTIONS.len()];
    let ended = measure(&setup, arguments, &mut figures);
    report(arguments, &figures).publish("cores", &arguments.common)?;
    ended
}

fn measure(setup: &Setup, arguments: &Arguments, figures: &mut [[Series; 2]]) -> Result<()> {
    let corpus = Corpus::generate(setup.folder().join("served"), Kind::Object, RECORDS)?;
    let time = Duration::from_secs(arguments.seconds);
    for round in arguments.common.each_round() {
        let mut sides = [(0, "1"), (1, "2")];
        if round % 2 == 1 {
            sides.reverse();
        }
        for (side, threads) in sides {
            let flags = ["--threads", threads];
            let server = Server::start_unpinned(setup, &corpus.folder, &flags)?;
            for (question, figures) in QUESTIONS.iter().zip(figures.iter_mut()) {
                let mut connection = Connection::open(server.port)?;
                let answer = connection.exchange("GET", question.target, "")?;
                ensure!(answer.status == 200, "{}: {}", question.what, answer.status);
                let body = answer.body.to_vec();
                let mut get = match question.is_numbered {
                    true => Get::numbered(question.target, body),
                    false => Get::new(question.target, "", 200, body),
                };
                let done = run_for(server.port, &mut get, question.load, time);
                figures[side].push(done.context(question.what)?.rate());
            }
            server.stop()?;
        }
    }
    Ok(())
}

fn report(arguments: &Arguments, figures: &[[Series; 2]]) -> Report {
    let setting = vec![format!(
        "nothing pinned, {} connections, {} s for each side in a round",
        MANY.connections, arguments.seconds
    )];
    let rows = QUESTIONS.iter().zip(figures).map(|(question, series)| {
        let row = Row::pair(question.what, Unit::PerSecond, &series[0], &series[1]);
        match question.must {
            Some(bound) => row.must(Must::AtLeast(bound)),
            None => row,
        }
    });
    Report {
        setting,
        tables: vec![Table {
            title: "Requests a second, the load on the same machine".to_owned(),
            sides: ["--threads 1".to_owned(), "--threads 2".to_owned()],
            rows: rows.collect(),
        }],
    }
}
