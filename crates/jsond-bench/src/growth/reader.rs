//! A reader that takes a whole large file at a megabyte a second, while a field is written again
//! and again: does it hold up the writer?

use super::Arguments;
use super::client::Client;
use super::load::{self, Loaded};
use crate::data::Corpus;
use crate::http::{self, Connection};
use crate::server::Server;
use crate::setup::Setup;
use crate::statistics::{Latency, Series};
use crate::watch::Watch;
use anyhow::{Context as _, Result, anyhow, ensure};
use std::io::Read as _;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

const BYTES_PER_SECOND: u32 = 1_000_000;

/// How often it is done with and without a reader.
const TURNS_MAX: u32 = 3;

const CHECKPOINT_MAX: Duration = Duration::from_secs(120);

/// Latency of PUT without a reader and with one, between checkpoints.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub(super) without: Latency,
    pub(super) with: Latency,
    /// Bytes.
    pub(super) peak: Series,
}

/// Writes with and without a reader, in turn.
pub(super) fn measure(
    setup: &Setup,
    arguments: &Arguments,
    corpus: &mut Corpus,
    reader: &mut Reader,
) -> Result<()> {
    let watch = Watch::start(&corpus.file());
    let server = Server::start(setup, &corpus.folder, &[])?;
    let mut client = Client::connect(&server, corpus)?;
    client.put()?;
    watch.wait_for_rest(CHECKPOINT_MAX)?;
    let time = Duration::from_secs(arguments.reader_seconds);
    for _ in 0..arguments.common.rounds.min(TURNS_MAX) {
        let alone = load::put_for(time, &mut client, &watch)?;
        reader.without.add_round(&alone.between_checkpoints);
        let beside = put_beside_reader(time, &server, &mut client, &watch)?;
        reader.with.add_round(&beside.between_checkpoints);
    }
    reader.peak.push(server.memory_bytes("VmHWM")? as f64);
    server.stop()?;
    corpus.check_on_disk()
}

fn put_beside_reader(
    time: Duration,
    server: &Server,
    client: &mut Client<'_>,
    watch: &Watch,
) -> Result<Loaded> {
    let is_over = AtomicBool::new(false);
    // The line end comes after the text.
    let body_bytes = client.corpus.compact_bytes + 1;
    let (port, target) = (server.port, client.corpus.shape.target());
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| read_slowly(port, &target, body_bytes, &is_over));
        let loaded = load::put_for(time, client, watch);
        is_over.store(true, Relaxed);
        reader
            .join()
            .map_err(|_| anyhow!("the reader panicked"))??;
        loaded
    })
}

/// Reads until it is told to end, or the body has ended.
fn read_slowly(port: u16, target: &str, body_bytes: u64, is_over: &AtomicBool) -> Result<()> {
    let connection = Connection::open(port)?;
    let (head, mut count, mut stream) = connection.begin("GET", target)?;
    let length = http::field(&head, "content-length").context("no Content-Length")?;
    ensure!(
        http::parse_status(&head)? == 200 && length.parse::<u64>()? == body_bytes,
        "wrong answer to GET {target}: {body_bytes} bytes were expected in {head}"
    );
    let begin = Instant::now();
    let mut piece = vec![0; 20_000];
    while !is_over.load(Relaxed) && (count as u64) < body_bytes {
        let due = Duration::from_secs(count as u64) / BYTES_PER_SECOND;
        std::thread::sleep(
            due.saturating_sub(begin.elapsed())
                .min(Duration::from_millis(50)),
        );
        if begin.elapsed() >= due {
            let some = stream.read(&mut piece)?;
            ensure!(some > 0, "the server ended the answer too early");
            count += some;
        }
    }
    Ok(())
}
