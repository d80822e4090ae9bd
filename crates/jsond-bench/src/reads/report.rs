//! The tables of `reads`. Pure.

use super::{Arguments, Figures, LARGE_BYTES, Pair};
use crate::statistics::Series;
use crate::table::{Must, Report, Row, Table, Unit};

/// What jsond may cost for each request, nginx being 1; from the contract.
const SMALL_MUST: f64 = 0.70;
const RECORD_MUST: f64 = 0.85;
const UNCHANGED_MUST: f64 = 0.75;

/// How many times as fast jsond has to be.
const PIPELINE_MUST: f64 = 8.0;
const LARGE_MUST: f64 = 1.0;

/// What jsond may cost for each request, json-server being 1.
const JSON_SERVER_MUST: f64 = 1.0 / 25.0;

pub(super) fn of(setting: Vec<String>, arguments: &Arguments, figures: &Figures) -> Report {
    let mut setting = setting;
    setting.push(format!(
        "{} connections, {} s for each side in a round, {} records in the large file",
        arguments.connections, arguments.seconds, arguments.records
    ));
    let cpu = |what: &str, pair: &Pair, must| {
        let row = Row::pair(what, Unit::Microseconds, &pair.rival.cpu, &pair.jsond.cpu);
        row.must(Must::AtMost(must))
    };
    let rate = |what: &str, pair: &Pair, must| {
        let row = Row::pair(what, Unit::PerSecond, &pair.rival.rate, &pair.jsond.rate);
        row.must(Must::AtLeast(must))
    };
    let bytes = |series: &Series| -> Series {
        let figures = series.figures().iter();
        figures.map(|rate| rate * LARGE_BYTES as f64).collect()
    };
    let (large_nginx, large_jsond) = (
        bytes(&figures.large.rival.rate),
        bytes(&figures.large.jsond.rate),
    );
    let large = Row::pair(
        "GET of 10 MB",
        Unit::BytesPerSecond,
        &large_nginx,
        &large_jsond,
    );
    let sides = ["nginx, a static file".to_owned(), "jsond".to_owned()];
    Report {
        setting,
        tables: vec![
            Table {
                title: "CPU time of the server for each request".to_owned(),
                sides: sides.clone(),
                rows: vec![
                    cpu("GET of a small file", &figures.small, SMALL_MUST),
                    cpu("GET of one record", &figures.record, RECORD_MUST),
                    cpu("GET of one field", &figures.field, RECORD_MUST),
                    cpu("GET of one record, 304", &figures.unchanged, UNCHANGED_MUST),
                    cpu("GET of records at random", &figures.random, RECORD_MUST),
                ],
            },
            Table {
                title: "CPU time of the server for each request, a record of a list".to_owned(),
                sides: ["json-server".to_owned(), "jsond".to_owned()],
                rows: vec![cpu(
                    "GET of one of 100 records",
                    &figures.json_server,
                    JSON_SERVER_MUST,
                )],
            },
            Table {
                title: "Rates".to_owned(),
                sides,
                rows: vec![
                    rate(
                        "GET of a small file, 16 deep pipelines",
                        &figures.pipeline,
                        PIPELINE_MUST,
                    ),
                    large.must(Must::AtLeast(LARGE_MUST)),
                ],
            },
        ],
    }
}
