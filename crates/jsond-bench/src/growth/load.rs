//! Eight clients that write fields of other records of the same file as fast as they are answered,
//! while one is timed.

use super::client::Client;
use crate::data::{FIELD, LOAD_CLIENTS, Shape, grade_text, new_grade};
use crate::http::Connection;
use crate::random::Random;
use crate::server::Server;
use crate::watch::Watch;
use anyhow::{Result, anyhow};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// What a time under load came to.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    /// The timed PUTs, in microseconds.
    pub(super) times: Vec<f64>,
    /// Those that met a checkpoint that was being written.
    pub(super) beside_checkpoint: Vec<f64>,
    pub(super) between_checkpoints: Vec<f64>,
    /// The writes of all clients.
    pub(super) writes: u64,
}

/// Writes for a time.
///
/// *Errors*: a wrong answer to any of the clients.
pub(super) fn write_for(
    time: Duration,
    server: &Server,
    client: &mut Client<'_>,
    watch: &Watch,
) -> Result<Loaded> {
    let (is_over, writes) = (AtomicBool::new(false), AtomicU64::new(0));
    let (shape, port, pid) = (client.corpus.shape, server.port, server.pid());
    let mut loaded = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..LOAD_CLIENTS)
            .map(|number| {
                let random = Random::new(u64::from(pid) * 100 + number + 1);
                let (is_over, writes) = (&is_over, &writes);
                scope.spawn(move || write_until_over(port, shape, number, random, is_over, writes))
            })
            .collect();
        let timed = put_for(time, client, watch);
        is_over.store(true, Relaxed);
        for client in clients {
            client
                .join()
                .map_err(|_| anyhow!("a client of the load panicked"))??;
        }
        timed
    })?;
    loaded.writes = writes.load(Relaxed) + loaded.times.len() as u64;
    Ok(loaded)
}

/// PUTs one after the other for a time, without a load.
pub(super) fn put_for(time: Duration, client: &mut Client<'_>, watch: &Watch) -> Result<Loaded> {
    let begin = Instant::now();
    let mut loaded = Loaded::default();
    while begin.elapsed() < time {
        let was_writing = watch.is_writing();
        let micros = client.put()?.as_secs_f64() * 1e6;
        loaded.times.push(micros);
        let met_checkpoint = was_writing || watch.is_writing();
        let part = match met_checkpoint {
            true => &mut loaded.beside_checkpoint,
            false => &mut loaded.between_checkpoints,
        };
        part.push(micros);
    }
    loaded.writes = loaded.times.len() as u64;
    Ok(loaded)
}

fn write_until_over(
    port: u16,
    shape: Shape,
    number: u64,
    mut random: Random,
    is_over: &AtomicBool,
    writes: &AtomicU64,
) -> Result<()> {
    let mut connection = Connection::open(port)?;
    while !is_over.load(Relaxed) {
        let key = shape.key_for(number, &mut random);
        let target = format!("{}/{FIELD}", shape.target_of(&key));
        let text = grade_text(new_grade(&mut random));
        connection.demand(("PUT", &target, &text), (200, &text))?;
        writes.fetch_add(1, Relaxed);
    }
    Ok(())
}
