//! What a large file costs while it is written without a pause: bytes, time of checkpoints, memory.

use super::client::Client;
use super::load;
use crate::data::Corpus;
use crate::process;
use crate::server::Server;
use crate::setup::Setup;
use crate::statistics::Latency;
use crate::watch::Watch;
use anyhow::Result;
use std::time::{Duration, Instant};

/// Threads that checkpoints are written by; the system cuts names at 15 letters.
const CHECKPOINT_THREAD: &str = "jsond-checkpoin";

/// One run.
#[derive(Debug)]
pub(super) struct Constant {
    pub(super) seconds: f64,
    pub(super) put: Latency,
    pub(super) writes: u64,
    /// What the server wrote to the disk, without its log.
    pub(super) bytes: u64,
    pub(super) checkpoint_bytes: u64,
    pub(super) checkpoints: u64,
    /// The part of the time in which a temporary file was there, over whole cycles.
    pub(super) writing_share: Option<f64>,
    /// CPU time of the thread that writes checkpoints.
    pub(super) thread_time: Duration,
    pub(super) peak_bytes: u64,
    pub(super) slowest_micros: f64,
}

/// Writes for a time, as fast as eight clients and the timed one can.
pub(super) fn measure(setup: &Setup, corpus: &mut Corpus, time: Duration) -> Result<Constant> {
    let watch = Watch::start(&corpus.file());
    let server = Server::start(setup, &corpus.folder, &[])?;
    let pid = server.pid();
    let file_bytes = corpus.file_bytes()?;
    let mut client = Client::connect(&server, corpus)?;
    let bytes_before = process::written_bytes(pid)?;
    let log_before = server.log_bytes()?;
    let thread_before = process::thread_time(pid, CHECKPOINT_THREAD)?;
    let begin = Instant::now();
    let loaded = load::write_for(time, &server, &mut client, &watch)?;
    let seconds = begin.elapsed().as_secs_f64();
    let log_bytes = server.log_bytes()? - log_before;
    let written = process::written_bytes(pid)? - bytes_before;
    let (checkpoints, writing_share) = (watch.checkpoints(), watch.writing_share());
    let thread_time = process::thread_time(pid, CHECKPOINT_THREAD)? - thread_before;
    let mut put = Latency::default();
    put.add_round(&loaded.times);
    let constant = Constant {
        seconds,
        put,
        writes: loaded.writes,
        bytes: written.saturating_sub(log_bytes),
        checkpoint_bytes: checkpoints * file_bytes,
        checkpoints,
        writing_share,
        thread_time,
        peak_bytes: server.memory_bytes("VmHWM")?,
        slowest_micros: loaded.times.iter().copied().fold(0.0, f64::max),
    };
    server.stop()?;
    corpus.check_on_disk()?;
    Ok(constant)
}
