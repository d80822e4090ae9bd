//! One turn of one file: start, read, write under load, write in peace, stop, look at the file.

use super::client::Client;
use super::load;
use super::{Arguments, Side};
use crate::data::Corpus;
use crate::process;
use crate::server::Server;
use crate::setup::Setup;
use crate::watch::Watch;
use anyhow::Result;
use std::time::Duration;

/// Requests of each kind that are not timed, before those that are.
const WARM_UP: u32 = 20;

const CHECKPOINT_MAX: Duration = Duration::from_secs(120);

/// The load comes first: a large file is written then for the first time since the start, and
/// rests afterwards, so that the requests in peace meet no checkpoint of it.
pub(super) fn take(
    setup: &Setup,
    arguments: &Arguments,
    corpus: &mut Corpus,
    side: &mut Side,
) -> Result<()> {
    let watch = Watch::start(&corpus.file());
    let server = Server::start(setup, &corpus.folder, &[])?;
    side.start.push(server.start_time.as_secs_f64());
    side.resident.push(server.memory_bytes("VmRSS")? as f64);
    side.start_peak.push(server.memory_bytes("VmHWM")? as f64);
    let start_cpu = process::cpu_time(server.pid())?;
    side.start_cpu.push(start_cpu.as_secs_f64());
    let mut client = Client::connect(&server, corpus)?;
    let count = arguments.requests;
    side.get.add_round(&times(count, || client.get())?);
    let time = Duration::from_secs(arguments.load_seconds);
    let cpu_before = process::cpu_time(server.pid())?;
    let loaded = load::write_for(time, &server, &mut client, &watch)?;
    let cpu = process::cpu_time(server.pid())? - cpu_before;
    side.loaded_cpu
        .push(cpu.as_secs_f64() * 1e6 / loaded.writes as f64);
    side.loaded.add_round(&loaded.times);
    side.beside_checkpoint.add_round(&loaded.beside_checkpoint);
    side.loaded_writes
        .push(loaded.writes as f64 / time.as_secs_f64());
    watch.wait_for_rest(CHECKPOINT_MAX)?;
    side.put.add_round(&times(count, || client.put())?);
    let mut deletes = Vec::new();
    let posts = times(count, || {
        let [post, delete] = client.post_and_delete()?;
        deletes.push(delete.as_secs_f64() * 1e6);
        Ok(post)
    })?;
    side.post.add_round(&posts);
    side.delete
        .add_round(&deletes[deletes.len() - posts.len()..]);
    side.stop.push(server.stop()?.as_secs_f64());
    corpus.check_on_disk()
}

/// Does it so many times, after some that do not count.
///
/// *Units*: microseconds.
fn times(count: u32, mut once: impl FnMut() -> Result<Duration>) -> Result<Vec<f64>> {
    for _ in 0..WARM_UP {
        once()?;
    }
    let timed = (0..count).map(|_| Ok(once()?.as_secs_f64() * 1e6));
    timed.collect()
}
