//! `writes`: durable writes of a field, against the syncs that the disk gives, and against Redis,
//! etcd and PostgreSQL, each told to sync before it acknowledges. All run at the same time, each on
//! the core of the servers while the others are idle.

use crate::data::{Corpus, FIELD, Kind, Shape, grade_text};
use crate::load::{EtcdPut, Load, PostgresUpdate, Protocol, Put, RedisSet, run_for};
use crate::rival::{self, Entry};
use crate::say;
use crate::server::Server;
use crate::setup::{Common, Setup};
use crate::statistics::Series;
use crate::table::{Must, Report, Row, Table, Unit};
use anyhow::{Context as _, Result, ensure};
use std::collections::HashMap;
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Durable PUT against raw syncs, Redis, etcd and PostgreSQL
///
/// Every answer is checked, and after a clean stop the file is compared with what was acknowledged.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    common: Common,

    /// The records that are written to
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1000..=9_000_000))]
    records: u64,

    /// How long each side is asked in a round
    #[arg(long, value_name = "SECONDS", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,

    /// How many clients write at the same time
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(2..=90))]
    clients: u16,
}

/// Writes a second in each round, by one client and by many.
#[derive(Debug, Default)]
struct Rates {
    one: Series,
    many: Series,
}

impl Rates {
    fn of(&mut self, load: Load) -> &mut Series {
        match load.connections {
            1 => &mut self.one,
            _ => &mut self.many,
        }
    }
}

#[derive(Debug, Default)]
struct Figures {
    raw: Series,
    jsond: Rates,
    redis: Rates,
    etcd: Rates,
    postgres: Rates,
    least: Rates,
}

/// How many bytes are synced in the comparison: about a change in the journal.
const RAW_BYTES: usize = 200;
/// The file that they are written to, which is there before.
const RAW_FILE_BYTES: usize = 4 << 20;

const ONE: Load = Load {
    connections: 1,
    depth: 1,
};

/// Measures and prints; what was measured until something failed is printed too.
///
/// *Errors*: a wrong answer, a file that is not as it was acknowledged, or no server. A rival that
/// is not installed is named, and its rows say so.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let setup = Setup::prepare(&arguments.common)?;
    let mut setting = setup.describe();
    setting.iter().for_each(|line| say(line));
    let mut figures = Figures::default();
    let ended = measure(&setup, arguments, &mut figures, &mut setting);
    let report = report(setting, arguments, &figures);
    report.publish("writes", &arguments.common)?;
    ended
}

fn measure(
    setup: &Setup,
    arguments: &Arguments,
    figures: &mut Figures,
    setting: &mut Vec<String>,
) -> Result<()> {
    let records = arguments.records;
    let corpus = Corpus::generate(setup.folder().join("served"), Kind::Object, records)?;
    let rivals = Rivals::start(setup, records);
    setting.extend(rivals.entries().map(Entry::words));
    let server = Server::start(setup, &corpus.folder, &[])?;
    let time = Duration::from_secs(arguments.seconds);
    let many = Load {
        connections: usize::from(arguments.clients),
        depth: 1,
    };
    let mut puts = (Put::new(corpus.shape, ONE), Put::new(corpus.shape, many));
    let mut written = HashMap::new();
    for round in arguments.common.each_round() {
        figures.raw.push(raw_rate(setup, time)?);
        let mut ours = |rates: &mut Rates| -> Result<()> {
            let done = run_for(server.port, &mut puts.0, ONE, time)?;
            rates.one.push(done.rate());
            written.extend(puts.0.written.drain());
            let done = run_for(server.port, &mut puts.1, many, time)?;
            rates.many.push(done.rate());
            written.extend(puts.1.written.drain());
            Ok(())
        };
        if round % 2 == 0 {
            ours(&mut figures.jsond)?;
        }
        rivals.ask(corpus.shape, figures, many, time)?;
        if round % 2 == 1 {
            ours(&mut figures.jsond)?;
        }
    }
    server.stop()?;
    check_on_disk(&corpus, &written)
}

/// The programs that are compared with.
struct Rivals {
    records: u64,
    redis: Entry,
    etcd: Entry,
    postgres: Entry,
    least: Entry,
    /// As whom one speaks to PostgreSQL.
    user: String,
}

impl Rivals {
    fn start(setup: &Setup, records: u64) -> Self {
        let (postgres, user) = match rival::postgres(setup, records) {
            Ok((rival, user)) => (Ok(rival), user),
            Err(error) => (Err(error), String::new()),
        };
        Self {
            records,
            redis: Entry::of("Redis", rival::redis(setup)),
            etcd: Entry::of("etcd", rival::etcd(setup)),
            postgres: Entry::of("PostgreSQL", postgres),
            least: Entry::of("the least", rival::least(setup)),
            user,
        }
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        [&self.redis, &self.etcd, &self.postgres, &self.least].into_iter()
    }

    /// Asks those that are there, one after the other.
    fn ask(&self, shape: Shape, figures: &mut Figures, many: Load, time: Duration) -> Result<()> {
        let records = self.records;
        let Figures {
            redis,
            etcd,
            postgres,
            least,
            ..
        } = figures;
        for load in [ONE, many] {
            let mut set = RedisSet::new(records);
            let mut put = EtcdPut::new(records, load.connections);
            let mut update = PostgresUpdate::new(self.user.clone(), records);
            let mut same = Put::new(shape, load);
            let protocols: [&mut dyn Protocol; 4] = [&mut set, &mut put, &mut update, &mut same];
            let rates = [&mut *redis, &mut *etcd, &mut *postgres, &mut *least];
            for ((entry, protocol), rates) in self.entries().zip(protocols).zip(rates) {
                let Some(port) = entry.port() else {
                    continue;
                };
                let done = run_for(port, protocol, load, time).context(entry.name)?;
                rates.of(load).push(done.rate());
            }
        }
        Ok(())
    }
}

/// Lets this program sync on the core of the servers, in a process of its own; gives how often in a
/// second. From which core it is asked makes a difference where the disk answers to one of them.
fn raw_rate(setup: &Setup, time: Duration) -> Result<f64> {
    let path = setup.folder().join("raw");
    std::fs::write(&path, vec![0; RAW_FILE_BYTES])?;
    let mut command = setup.pinning.command(&std::env::current_exe()?);
    command
        .arg("syncs")
        .arg(&path)
        .arg(time.as_secs().to_string());
    let output = command.stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "syncing failed");
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

/// What [`raw_rate`] starts.
#[derive(Debug, clap::Args)]
pub(crate) struct Syncs {
    file: PathBuf,
    seconds: u64,
}

/// Overwrites a part of a file that is there and syncs it, again and again; prints how often in a
/// second.
pub(crate) fn sync_again(syncs: &Syncs) -> Result<()> {
    let file = File::options().write(true).open(&syncs.file)?;
    file.sync_all()?;
    let (content, time) = ([b'x'; RAW_BYTES], Duration::from_secs(syncs.seconds));
    let begin = Instant::now();
    let mut count = 0_u32;
    for place in (0..RAW_FILE_BYTES / RAW_BYTES).cycle() {
        file.write_all_at(&content, (place * RAW_BYTES) as u64)?;
        file.sync_data()?;
        count += 1;
        if begin.elapsed() >= time {
            break;
        }
    }
    let rate = f64::from(count) / begin.elapsed().as_secs_f64();
    writeln!(std::io::stdout(), "{rate}")?;
    Ok(())
}

/// Compares the file after a clean stop with what was acknowledged last.
fn check_on_disk(corpus: &Corpus, written: &HashMap<String, u64>) -> Result<()> {
    let text = std::fs::read_to_string(corpus.file())?;
    let found: HashMap<String, serde_json::Value> = serde_json::from_str(&text)?;
    for (key, grade) in written {
        let found = found.get(key).map(|record| record[FIELD].to_string());
        let expected = grade_text(*grade);
        ensure!(
            found.as_ref() == Some(&expected),
            "{key} holds {found:?} instead of {expected}"
        );
    }
    say(&format!(
        "{} records are as they were acknowledged last",
        written.len()
    ));
    Ok(())
}

/// What jsond has to reach, from the contract: of the syncs that the disk gives, and of what others
/// do.
const RAW_MUST: f64 = 0.5;
const REDIS_MUST: f64 = 1.3;
const ETCD_MUST: f64 = 7.0;
const POSTGRES_MUST: f64 = 9.0;

/// What is no rival, but what there is to be had.
const LEAST: &str = "the least that answers a PUT after a sync";

fn report(mut setting: Vec<String>, arguments: &Arguments, figures: &Figures) -> Report {
    setting.push(format!(
        "{} clients, {} s for each side in a round, {} records",
        arguments.clients, arguments.seconds, arguments.records
    ));
    let row =
        |what: &str, left: &Series, right: &Series| Row::pair(what, Unit::PerSecond, left, right);
    let at_least = |row: Row, bound| row.must(Must::AtLeast(bound));
    let Figures {
        raw,
        jsond,
        redis,
        etcd,
        postgres,
        least,
    } = figures;
    let sides = |left: &str| [left.to_owned(), "jsond, PUT of a field".to_owned()];
    let raw = at_least(
        row("an overwrite of 200 bytes and fdatasync", raw, &jsond.one),
        RAW_MUST,
    );
    Report {
        setting,
        tables: vec![
            Table {
                title: "Durable writes a second, one client".to_owned(),
                sides: sides("the other"),
                rows: vec![
                    raw,
                    row("Redis, SET", &redis.one, &jsond.one),
                    row("etcd, Put", &etcd.one, &jsond.one),
                    row("PostgreSQL, UPDATE", &postgres.one, &jsond.one),
                    row(LEAST, &least.one, &jsond.one),
                ],
            },
            Table {
                title: format!("Durable writes a second, {} clients", arguments.clients),
                sides: sides("the other"),
                rows: vec![
                    at_least(row("Redis, SET", &redis.many, &jsond.many), REDIS_MUST),
                    at_least(row("etcd, Put", &etcd.many, &jsond.many), ETCD_MUST),
                    at_least(
                        row("PostgreSQL, UPDATE", &postgres.many, &jsond.many),
                        POSTGRES_MUST,
                    ),
                    row(LEAST, &least.many, &jsond.many),
                ],
            },
        ],
    }
}
