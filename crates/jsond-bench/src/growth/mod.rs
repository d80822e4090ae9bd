//! `growth`: does the same request cost the same with three records and with a million, and what
//! does a large file cost while it is written: disk, time, memory. One server runs at a time; the
//! sides alternate, in every round.

mod client;
mod constant;
mod load;
mod reader;
mod report;
mod turn;

use crate::data::{Corpus, Kind, sync_times};
use crate::say;
use crate::setup::{Common, Setup};
use crate::statistics::{Latency, Series};
use anyhow::Result;
use std::time::Duration;

/// Latency, memory, start and disk with 3 records and with many
///
/// Starts jsond on generated files, an object collection and an array collection with ids, once
/// with 3 records and once with many, in turn, and times requests whose answers it checks. Then
/// the large files are written without a pause, and one is read slowly while it is written.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,

    /// The records of the large files, of about 100 bytes each
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(100..=9_000_000))]
    records: u64,

    /// How many requests of each kind are timed in a round
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(10..))]
    requests: u32,

    /// How long other clients write in a round
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    load_seconds: u64,

    /// How long the large files are written without a pause at the end
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,

    /// How long a slow reader reads
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    reader_seconds: u64,
}

/// The records of the small files.
const FEW: u64 = 3;

const KINDS: [Kind; 2] = [Kind::Object, Kind::Array];

/// What was measured with one file, a figure for each round.
#[derive(Debug, Default)]
struct Side {
    /// Seconds.
    start: Series,
    stop: Series,
    /// Bytes.
    resident: Series,
    /// The highest memory until then.
    start_peak: Series,
    /// Seconds.
    start_cpu: Series,
    get: Latency,
    put: Latency,
    post: Latency,
    delete: Latency,
    loaded: Latency,
    /// Those of `loaded` that met a checkpoint.
    beside_checkpoint: Latency,
    loaded_writes: Series,
    /// CPU time for each of them, in microseconds.
    loaded_cpu: Series,
}

/// All that was measured of one kind of collection.
#[derive(Debug, Default)]
struct Figures {
    small: Side,
    large: Side,
    compact_bytes: u64,
    file_bytes: u64,
    constant: Option<constant::Constant>,
    reader: reader::Reader,
}

/// Measures and prints; what was measured until something failed is printed too.
///
/// *Errors*: a wrong answer, a file that is not as it was acknowledged, or no server.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let setup = Setup::prepare(&arguments.common)?;
    for line in setup.describe() {
        say(&line);
    }
    let mut figures = KINDS.map(|_| Figures::default());
    let mut syncs = Latency::default();
    let ended = measure(&setup, arguments, &mut figures, &mut syncs);
    let report = report::of(setup.describe(), arguments, &figures, &syncs);
    report.publish("growth", &arguments.common)?;
    ended
}

fn measure(
    setup: &Setup,
    arguments: &Arguments,
    figures: &mut [Figures; 2],
    syncs: &mut Latency,
) -> Result<()> {
    let generate = |kind: Kind, records| {
        let name = format!("{}-{records}", kind.name());
        Corpus::generate(setup.folder().join(name), kind, records)
    };
    say("generating");
    let mut corpora = Vec::new();
    for (kind, figures) in KINDS.into_iter().zip(figures.iter_mut()) {
        let (small, large) = (generate(kind, FEW)?, generate(kind, arguments.records)?);
        figures.compact_bytes = large.compact_bytes;
        figures.file_bytes = large.file_bytes()?;
        corpora.push([small, large]);
    }
    for round in arguments.common.each_round() {
        syncs.add_round(&sync_times(setup.folder(), 200)?);
        for ([small, large], figures) in corpora.iter_mut().zip(figures.iter_mut()) {
            let mut turns = [(small, &mut figures.small), (large, &mut figures.large)];
            if round % 2 == 1 {
                turns.reverse();
            }
            for (corpus, side) in turns {
                turn::take(setup, arguments, corpus, side)?;
            }
        }
    }
    for ([_, large], figures) in corpora.iter_mut().zip(figures.iter_mut()) {
        say(&format!("constant writes, {}", large.shape.kind.name()));
        let time = Duration::from_secs(arguments.seconds);
        figures.constant = Some(constant::measure(setup, large, time)?);
        say(&format!("slow reader, {}", large.shape.kind.name()));
        reader::measure(setup, arguments, large, &mut figures.reader)?;
    }
    Ok(())
}
