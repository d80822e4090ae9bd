//! The server: accepts connections and drives them until it is told to stop.
//!
//! One thread accepts, each worker thread runs the connections that were given to it on a runtime
//! of its own; nothing is shared between them but the store and the console. Knows neither what a
//! resource is nor how anything is stored.

mod connection;
mod console;
mod date;
mod dialogue;
mod h2;
mod http1;
mod output;
mod recall;
mod stream;
mod tls;
mod wait;

pub use console::Console;
pub use tls::{Tls, TlsError};

use crate::api::Api;
use crate::limits::{self, Limits};
use crate::wire::Lang;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};

/// What a server is told once, at its start.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The language of reasons and of the console.
    pub lang: Lang,
    /// Whether the dialogue door is open.
    pub dialogue: bool,
    /// How many worker threads there are.
    pub threads: usize,
    /// What is shown to clients, if they are to speak TLS.
    pub tls: Option<Tls>,
    /// How much clients may ask, and how long they may take.
    pub limits: Limits,
}

/// What all connections share.
#[derive(Debug)]
struct Context {
    api: Api,
    settings: Settings,
    console: Console,
    /// Room for dialogues that wait for an answer.
    dialogues: Semaphore,
}

impl Context {
    /// Counts a connection, for as long as the caller keeps what this gives.
    fn open(&self, door: crate::api::Door) -> crate::api::OpenConnection {
        Arc::clone(self.api.metrics()).open(door)
    }
}

/// A connection on its way to a worker.
struct Accepted {
    stream: std::net::TcpStream,
    peer: SocketAddr,
    permit: tokio::sync::OwnedSemaphorePermit,
}

/// Serves the api on the listeners until `stop` is done, then drains.
///
/// *Errors*: those of starting threads and registering listeners.
pub fn run(
    listeners: Vec<std::net::TcpListener>,
    api: Api,
    settings: Settings,
    console: Console,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let Limits {
        drain_time,
        connections_max,
        dialogues_max,
        ..
    } = settings.limits;
    let threads = settings.threads.max(1);
    let context = Arc::new(Context {
        api,
        settings,
        console,
        dialogues: Semaphore::new(dialogues_max),
    });
    let (stopping, is_stopping) = watch::channel(false);
    let mut workers = Vec::new();
    let mut queues = Vec::new();
    for n in 0..threads {
        let (queue, accepted) = mpsc::unbounded_channel();
        queues.push(queue);
        workers.push(start_worker(
            n,
            Arc::clone(&context),
            accepted,
            is_stopping.clone(),
            drain_time,
        )?);
    }
    drop(is_stopping);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let permits = Semaphore::new(connections_possible(connections_max));
    let accepted = runtime.block_on(accept_until(listeners, queues, permits, stop));
    stopping.send(true).ok();
    for worker in workers {
        worker.join().ok();
    }
    accepted
}

/// Accepts on all listeners until `stop` is done.
async fn accept_until(
    listeners: Vec<std::net::TcpListener>,
    queues: Vec<mpsc::UnboundedSender<Accepted>>,
    permits: Semaphore,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let listeners = listeners.into_iter().map(TcpListener::from_std);
    let listeners: Vec<_> = listeners.collect::<io::Result<_>>()?;
    let permits = Arc::new(permits);
    tokio::select! {
        () = stop => Ok(()),
        () = accept(&listeners, &queues, &permits) => Ok(()),
    }
}

/// As many of the connections as the descriptors allow, some kept back.
fn connections_possible(connections_max: usize) -> usize {
    let descriptors = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let usable = descriptors
        .unwrap_or(u64::MAX)
        .saturating_sub(limits::DESCRIPTORS_RESERVED);
    let usable = usize::try_from(usable).unwrap_or(usize::MAX).max(4);
    usable.min(connections_max)
}

/// Gives connections to the workers by turns, as long as there are permits; the listeners share
/// them, so that none holds one back while nobody comes to it.
async fn accept(
    listeners: &[TcpListener],
    queues: &[mpsc::UnboundedSender<Accepted>],
    permits: &Arc<Semaphore>,
) {
    let mut next = 0_usize;
    loop {
        let Ok(permit) = Arc::clone(permits).acquire_owned().await else {
            return;
        };
        next = next.wrapping_add(1);
        let accepted = accept_one(listeners, next).await;
        match accepted.and_then(|(stream, peer)| Ok((stream.into_std()?, peer))) {
            Ok((stream, peer)) => {
                let accepted = Accepted {
                    stream,
                    peer,
                    permit,
                };
                queues[next % queues.len()].send(accepted).ok();
            }
            Err(error) => {
                // No descriptor left, or a client that was gone at once: neither may spin.
                tracing::debug!(%error, "a connection could not be accepted");
                tokio::time::sleep(limits::ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Accepts on whichever listener has somebody first; `turn` says which one is asked first.
async fn accept_one(listeners: &[TcpListener], turn: usize) -> io::Result<(TcpStream, SocketAddr)> {
    poll_fn(|task| {
        let (before, after) = listeners.split_at(turn % listeners.len());
        let mut asked = after.iter().chain(before);
        asked
            .find_map(|listener| match listener.poll_accept(task) {
                Poll::Ready(accepted) => Some(Poll::Ready(accepted)),
                Poll::Pending => None,
            })
            .unwrap_or(Poll::Pending)
    })
    .await
}

fn start_worker(
    n: usize,
    context: Arc<Context>,
    accepted: mpsc::UnboundedReceiver<Accepted>,
    is_stopping: watch::Receiver<bool>,
    drain: Duration,
) -> io::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    std::thread::Builder::new()
        .name(format!("jsond-worker-{n}"))
        .spawn(move || {
            runtime.block_on(work(context, accepted, is_stopping, drain));
        })
}

async fn work(
    context: Arc<Context>,
    mut accepted: mpsc::UnboundedReceiver<Accepted>,
    is_stopping: watch::Receiver<bool>,
    drain: Duration,
) {
    let mut connections = tokio::task::JoinSet::new();
    // It ends with the runtime.
    tokio::spawn(context.api.post());
    loop {
        tokio::select! {
            next = accepted.recv() => match next {
                Some(Accepted { stream, peer, permit }) => {
                    let Ok(stream) = TcpStream::from_std(stream) else { continue };
                    let (context, is_stopping) = (Arc::clone(&context), is_stopping.clone());
                    connections.spawn(async move {
                        connection::serve(stream, peer, context, is_stopping).await;
                        drop(permit);
                    });
                }
                None => break,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    let all = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(drain, all).await.is_err() {
        tracing::warn!("some connections did not end in time");
    }
}
