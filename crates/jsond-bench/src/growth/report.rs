//! The tables of `growth`, with what the contract asks. Measures nothing.

use super::constant::Constant;
use super::{Arguments, FEW, Figures, KINDS, Side};
use crate::statistics::{Latency, Series};
use crate::table::{Must, Report, Row, Table, Unit};

/// A request with many records, by one with few.
const RATIO_MAX: Must = Must::AtMost(1.5);
const CHECKPOINT_SHARE_MAX: Must = Must::AtMost(0.10);
const MEMORY_BY_FILE_MAX: Must = Must::AtMost(2.2);
/// Of the compact text, with so many bytes in addition.
const MEMORY_BY_TEXT_MAX: f64 = 2.2;
const MEMORY_IN_ADDITION_BYTES: f64 = 64.0 * 1024.0 * 1024.0;
const START_SECONDS_MAX: f64 = 2.0;
/// For more than this many bytes a start may take longer in proportion.
const START_BYTES: f64 = 100e6;

/// Everything that was measured.
pub(super) fn of(
    mut setting: Vec<String>,
    arguments: &Arguments,
    figures: &[Figures; 2],
    syncs: &Latency,
) -> Report {
    setting.push(format!(
        "{} rounds, {} requests of each kind in each, {} s under load; {} s of constant writes",
        arguments.common.rounds, arguments.requests, arguments.load_seconds, arguments.seconds
    ));
    let mut tables = vec![Table {
        title: "The disk, for comparison".to_owned(),
        sides: [String::new(), "append of 200 bytes and sync".to_owned()],
        rows: latency_rows("time", None, syncs, None),
    }];
    for (kind, figures) in KINDS.into_iter().zip(figures) {
        let sides = [group(FEW), group(arguments.records)].map(|it| format!("{it} records"));
        let table = |title: &str, sides: &[String; 2], rows| Table {
            title: format!("{} collection: {title}", kind.name()),
            sides: sides.clone(),
            rows,
        };
        tables.push(table("requests", &sides, request_rows(figures)));
        tables.push(table("start and memory", &sides, memory_rows(figures)));
        if let Some(constant) = &figures.constant {
            let sides = [String::new(), sides[1].clone()];
            tables.push(table("constant writes", &sides, constant_rows(constant)));
        }
        let sides = ["without a slow reader", "with one"].map(str::to_owned);
        tables.push(table("a slow reader", &sides, reader_rows(figures)));
    }
    Report { setting, tables }
}

fn request_rows(figures: &Figures) -> Vec<Row> {
    let pair = |what: &str, pick: fn(&Side) -> &Latency| {
        let left = Some(pick(&figures.small));
        latency_rows(what, left, pick(&figures.large), Some(RATIO_MAX))
    };
    let mut rows = pair("GET a record", |it| &it.get);
    rows.extend(pair("PUT a field", |it| &it.put));
    rows.extend(pair("POST a record", |it| &it.post));
    rows.extend(pair("DELETE a record", |it| &it.delete));
    rows.extend(pair("PUT a field under load", |it| &it.loaded));
    // A small file's checkpoints are over in a moment: the figure to compare with is any PUT.
    rows.extend(latency_rows(
        "beside a checkpoint of the large file",
        Some(&figures.small.loaded),
        &figures.large.beside_checkpoint,
        Some(RATIO_MAX),
    ));
    rows.push(Row::pair(
        "writes under load",
        Unit::PerSecond,
        &figures.small.loaded_writes,
        &figures.large.loaded_writes,
    ));
    rows.push(Row::pair(
        "CPU time of the server for each of them",
        Unit::Microseconds,
        &figures.small.loaded_cpu,
        &figures.large.loaded_cpu,
    ));
    rows
}

/// The contract speaks of the latency; it is held by the median, and the 99th percentile is shown.
fn latency_rows(
    what: &str,
    left: Option<&Latency>,
    right: &Latency,
    must: Option<Must>,
) -> Vec<Row> {
    let row = |name: &str, pick: fn(&Latency) -> &Series| {
        let what = format!("{what}, {name}");
        match left {
            Some(left) => Row::pair(what, Unit::Microseconds, pick(left), pick(right)),
            None => Row::single(what, Unit::Microseconds, pick(right).clone()),
        }
    };
    let median = row("median", |it| &it.median);
    let median = match must {
        Some(must) => median.must(must),
        None => median,
    };
    vec![median, row("p99", |it| &it.p99)]
}

fn memory_rows(figures: &Figures) -> Vec<Row> {
    let (text, file) = (figures.compact_bytes as f64, figures.file_bytes as f64);
    let (small, large) = (&figures.small, &figures.large);
    let single = |what: &str, unit, series: Series| Row::single(what, unit, series);
    let both = |what: &str, unit, pick: fn(&Side) -> &Series| {
        single(what, unit, pick(large).clone()).beside(pick(small))
    };
    let start_max = Must::AtMost(START_SECONDS_MAX * (file / START_BYTES).max(1.0));
    let mut rows = vec![
        single("file", Unit::Bytes, one(file)),
        single("compact text", Unit::Bytes, one(text)),
        both("start until the port answers", Unit::Seconds, |it| {
            &it.start
        })
        .must(start_max),
        both("CPU time of the start", Unit::Seconds, |it| &it.start_cpu),
        both("clean stop after writes", Unit::Seconds, |it| &it.stop),
    ];
    let constant = figures.constant.iter().map(|it| it.peak_bytes as f64);
    rows.extend(memory_of(
        "resident after the start",
        &large.resident,
        figures,
    ));
    rows.extend(memory_of("peak of the start", &large.start_peak, figures));
    rows.extend(memory_of(
        "peak with constant writes",
        &constant.collect(),
        figures,
    ));
    rows.extend(memory_of(
        "peak with a slow reader",
        &figures.reader.peak,
        figures,
    ));
    rows
}

/// The contract asks twice: by the file of what is resident after the start, and by the compact
/// text of all memory at any time.
fn memory_of(what: &str, bytes: &Series, figures: &Figures) -> [Row; 3] {
    let (text, file) = (figures.compact_bytes as f64, figures.file_bytes as f64);
    let by_text_max = Must::AtMost(MEMORY_BY_TEXT_MAX + MEMORY_IN_ADDITION_BYTES / text);
    let by_file = Row::single("the same / file", Unit::Times, bytes.divided_by(file));
    let by_text = Row::single(
        "the same / compact text",
        Unit::Times,
        bytes.divided_by(text),
    );
    let by_file = if what.starts_with("resident") {
        by_file.must(MEMORY_BY_FILE_MAX)
    } else {
        by_file
    };
    [
        Row::single(what, Unit::Bytes, bytes.clone()),
        by_file,
        by_text.must(by_text_max),
    ]
}

fn constant_rows(constant: &Constant) -> Vec<Row> {
    let per_second = |bytes: u64| one(bytes as f64 / constant.seconds);
    let share = |seconds: f64| one(seconds / constant.seconds);
    let rest = constant.bytes.saturating_sub(constant.checkpoint_bytes);
    let mut rows = vec![
        Row::single("writes", Unit::PerSecond, per_second(constant.writes)),
        Row::single(
            "written to the disk",
            Unit::BytesPerSecond,
            per_second(constant.bytes),
        ),
        Row::single(
            "of it checkpoints",
            Unit::BytesPerSecond,
            per_second(constant.checkpoint_bytes),
        ),
        Row::single(
            "of it the rest, the journal",
            Unit::BytesPerSecond,
            per_second(rest),
        ),
        Row::single(
            "the rest for each write",
            Unit::Bytes,
            one(rest as f64 / constant.writes as f64),
        ),
        Row::single("checkpoints", Unit::Count, one(constant.checkpoints as f64)),
        Row::single(
            "time in which one was being written",
            Unit::Share,
            constant.writing_share.into_iter().collect(),
        )
        .must(CHECKPOINT_SHARE_MAX),
        Row::single(
            "CPU time of their thread, of one core",
            Unit::Share,
            share(constant.thread_time.as_secs_f64()),
        ),
    ];
    rows.extend(latency_rows("PUT a field", None, &constant.put, None));
    let slowest = one(constant.slowest_micros);
    rows.push(Row::single(
        "PUT a field, slowest",
        Unit::Microseconds,
        slowest,
    ));
    rows
}

fn reader_rows(figures: &Figures) -> Vec<Row> {
    let reader = &figures.reader;
    latency_rows(
        "PUT a field between checkpoints",
        Some(&reader.without),
        &reader.with,
        None,
    )
}

fn one(figure: f64) -> Series {
    std::iter::once(figure).collect()
}

/// `1000000` is 1,000,000.
fn group(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::group;

    #[test]
    fn digits_stand_in_groups_of_three() {
        assert_eq!(group(3), "3");
        assert_eq!(group(1_000), "1,000");
        assert_eq!(group(1_000_000), "1,000,000");
    }
}
