//! `start`: how long it takes until the port answers, and how large the program is.

use crate::data::{Corpus, Kind};
use crate::say;
use crate::server::Server;
use crate::setup::{Common, Setup};
use crate::statistics::Series;
use crate::table::{Must, Report, Row, Table, Unit};
use anyhow::{Context as _, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// Start until the port answers: a small folder, 100 MB in one file and in many
///
/// The files are in the cache of the system.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,

    /// The folder of the small start
    #[arg(long, value_name = "DIR", default_value = "examples/school")]
    small: PathBuf,
}

/// Records that make about 100 MB, and in how many files they lie.
const RECORDS: u64 = 855_000;
const FILES: u64 = 1000;

/// In seconds and bytes, from the contract.
const SMALL_MUST: f64 = 0.030;
const LARGE_MUST: f64 = 2.0;
const PROGRAM_MUST: f64 = 15e6;

/// How often the small folder is started in a round.
const SMALL_STARTS: usize = 10;

#[derive(Debug, Default)]
struct Figures {
    small: Series,
    one: Series,
    many: Series,
    program: Series,
}

/// Measures and prints; what was measured until something failed is printed too.
///
/// *Errors*: no server, or no folder.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let setup = Setup::prepare(&arguments.common)?;
    setup.describe().iter().for_each(|line| say(line));
    let mut figures = Figures::default();
    let ended = measure(&setup, arguments, &mut figures);
    report(setup.describe(), &figures).publish("start", &arguments.common)?;
    ended
}

fn measure(setup: &Setup, arguments: &Arguments, figures: &mut Figures) -> Result<()> {
    figures
        .program
        .push(fs::metadata(&setup.program)?.len() as f64);
    let small = setup.folder().join("small");
    copy(&arguments.small, &small)?;
    let one = Corpus::generate(setup.folder().join("one"), Kind::Object, RECORDS)?.folder;
    let many = setup.folder().join("many");
    fs::create_dir(&many)?;
    for n in 0..FILES {
        let part = Corpus::generate(many.join("part"), Kind::Object, RECORDS / FILES)?;
        fs::rename(part.file(), many.join(format!("file{n:04}.json")))?;
        fs::remove_dir(&part.folder)?;
    }
    for _ in arguments.common.each_round() {
        for _ in 0..SMALL_STARTS {
            figures.small.push(start(setup, &small)?);
        }
        figures.one.push(start(setup, &one)?);
        figures.many.push(start(setup, &many)?);
    }
    Ok(())
}

fn start(setup: &Setup, folder: &Path) -> Result<f64> {
    let server = Server::start(setup, folder, &[])?;
    let time = server.start_time.as_secs_f64();
    server.stop()?;
    Ok(time)
}

/// Copies the files of a folder, so that nothing is left behind in it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

fn report(setting: Vec<String>, figures: &Figures) -> Report {
    let row = |what: &str, series: &Series, bound| {
        Row::single(what, Unit::Seconds, series.clone()).must(Must::AtMost(bound))
    };
    let program = Row::single("size of the program", Unit::Bytes, figures.program.clone());
    Report {
        setting,
        tables: vec![Table {
            title: "Start until the port answers".to_owned(),
            sides: [String::new(), "jsond".to_owned()],
            rows: vec![
                row("examples/school", &figures.small, SMALL_MUST),
                row("100 MB in one file", &figures.one, LARGE_MUST),
                row("100 MB in 1,000 files", &figures.many, LARGE_MUST),
                program.must(Must::AtMost(PROGRAM_MUST)),
            ],
        }],
    }
}
