//! Load: as many requests on the way as there is room for, on many connections, by one thread.
//!
//! Every answer is judged by the protocol that asked.

mod etcd;
mod get;
mod postgres;
mod put;
mod redis;

pub(crate) use etcd::EtcdPut;
pub(crate) use get::{Get, GetOneOf};
pub(crate) use postgres::PostgresUpdate;
pub(crate) use put::Put;
pub(crate) use redis::RedisSet;

use anyhow::{Result, bail, ensure};
use rustix::event::epoll;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

/// What is asked, and how an answer is known and judged.
pub(crate) trait Protocol {
    /// What a connection says before its first request.
    fn hello(&self) -> Vec<u8> {
        Vec::new()
    }

    /// The length of the answer to the hello, when it is there whole.
    ///
    /// *Errors*: it is refused.
    fn greeted(&self, _input: &[u8]) -> Result<Option<usize>> {
        Ok(Some(0))
    }

    /// Writes the next request of a client.
    fn ask(&mut self, client: usize, out: &mut Vec<u8>);

    /// The length of the answer to the oldest request of a client that is not answered, when it is
    /// there whole.
    ///
    /// *Errors*: it is wrong.
    fn take(&mut self, client: usize, input: &[u8]) -> Result<Option<usize>>;
}

/// How much is asked at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) connections: usize,
    /// How many requests are on the way on each connection.
    pub(crate) depth: usize,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) answers: u64,
    pub(crate) time: Duration,
}

impl Done {
    /// Answers a second.
    pub(crate) fn rate(&self) -> f64 {
        self.answers as f64 / self.time.as_secs_f64()
    }
}

struct Client {
    stream: TcpStream,
    /// What came and is not judged yet.
    input: Vec<u8>,
    /// How many answers are still to come.
    open: usize,
}

/// How much is read at once.
const READ_BYTES: usize = 256 << 10;

/// With no answer for so long something is wrong.
const SILENCE_MAX: Duration = Duration::from_secs(10);

/// Asks for so long, then takes what is on the way.
///
/// *Errors*: a wrong answer, a connection that is closed, or silence.
pub(crate) fn run_for(
    port: u16,
    protocol: &mut dyn Protocol,
    load: Load,
    time: Duration,
) -> Result<Done> {
    let queue = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    let mut clients = Vec::new();
    for n in 0..load.connections {
        let client = Client::open(port, protocol)?;
        let data = epoll::EventData::new_u64(n as u64);
        epoll::add(&queue, &client.stream, data, epoll::EventFlags::IN)?;
        clients.push(client);
    }
    let mut piece = vec![0; READ_BYTES];
    let mut requests = Vec::new();
    let begin = Instant::now();
    for (n, client) in clients.iter_mut().enumerate() {
        client.ask(n, protocol, load.depth, &mut requests)?;
    }
    let mut answers = 0;
    let mut open = clients.len();
    let mut events = Vec::with_capacity(load.connections);
    while open > 0 {
        events.clear();
        let silence = rustix::event::Timespec::try_from(SILENCE_MAX)?;
        let buffer = rustix::buffer::spare_capacity(&mut events);
        let count = epoll::wait(&queue, buffer, Some(&silence))?;
        ensure!(count > 0, "no answer within {SILENCE_MAX:?}");
        for event in &events {
            let n = usize::try_from(event.data.u64())?;
            let client = &mut clients[n];
            answers += client.take(n, protocol, &mut piece)?;
            if client.open > 0 {
                continue;
            }
            if begin.elapsed() < time {
                client.ask(n, protocol, load.depth, &mut requests)?;
            } else {
                open -= 1;
            }
        }
    }
    Ok(Done {
        answers,
        time: begin.elapsed(),
    })
}

impl Client {
    fn open(port: u16, protocol: &dyn Protocol) -> Result<Self> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(SILENCE_MAX))?;
        stream.write_all(&protocol.hello())?;
        let mut input = Vec::new();
        loop {
            if let Some(length) = protocol.greeted(&input)? {
                input.drain(..length);
                break;
            }
            let mut piece = [0; 4096];
            let count = stream.read(&mut piece)?;
            ensure!(
                count > 0,
                "the server closed the connection at the greeting"
            );
            input.extend_from_slice(&piece[..count]);
        }
        stream.set_nonblocking(true)?;
        let open = 0;
        Ok(Self {
            stream,
            input,
            open,
        })
    }

    fn ask(
        &mut self,
        n: usize,
        protocol: &mut dyn Protocol,
        depth: usize,
        requests: &mut Vec<u8>,
    ) -> Result<()> {
        requests.clear();
        for _ in 0..depth {
            protocol.ask(n, requests);
        }
        // Requests are short: the socket takes them whole.
        self.stream.write_all(requests)?;
        self.open = depth;
        Ok(())
    }

    /// Reads what is there; gives how many answers were completed.
    fn take(&mut self, n: usize, protocol: &mut dyn Protocol, piece: &mut [u8]) -> Result<u64> {
        match self.stream.read(piece) {
            Ok(0) => bail!("the server closed the connection"),
            Ok(count) => self.input.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(0),
            Err(error) => return Err(error.into()),
        }
        let mut at = 0;
        let mut answers = 0;
        while self.open > 0
            && let Some(length) = protocol.take(n, &self.input[at..])?
        {
            at += length;
            answers += 1;
            self.open -= 1;
        }
        self.input.drain(..at);
        Ok(answers)
    }
}
