//! Load: as many requests on the way as there is room for, on many connections, by one thread.
//!
//! Every answer is compared with the first one, which is judged: status and body have to be as
//! foretold, and a head has to be as long as that of the first.

use anyhow::{Context as _, Result, bail, ensure};
use rustix::event::epoll;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

/// What is asked again and again.
pub(super) struct Exchange<'a> {
    pub(super) request: &'a [u8],
    pub(super) status: u16,
    pub(super) body: &'a [u8],
    /// How many requests are on the way on each connection.
    pub(super) depth: usize,
    pub(super) connections: usize,
}

/// What came of it.
pub(super) struct Done {
    pub(super) answers: u64,
    pub(super) time: Duration,
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
pub(super) fn run_for(port: u16, exchange: &Exchange<'_>, time: Duration) -> Result<Done> {
    let queue = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    let mut clients = Vec::new();
    for n in 0..exchange.connections {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let data = epoll::EventData::new_u64(n as u64);
        epoll::add(&queue, &stream, data, epoll::EventFlags::IN)?;
        clients.push(Client {
            stream,
            input: Vec::new(),
            open: 0,
        });
    }
    let requests = exchange.request.repeat(exchange.depth);
    let begin = Instant::now();
    for client in &mut clients {
        client.ask(&requests, exchange.depth)?;
    }
    let mut piece = vec![0; READ_BYTES];
    let mut answers = 0;
    let mut open = clients.len();
    let mut events = Vec::with_capacity(exchange.connections);
    while open > 0 {
        events.clear();
        let silence = rustix::event::Timespec::try_from(SILENCE_MAX)?;
        let buffer = rustix::buffer::spare_capacity(&mut events);
        let count = epoll::wait(&queue, buffer, Some(&silence))?;
        ensure!(count > 0, "no answer within {SILENCE_MAX:?}");
        for event in &events {
            let at = usize::try_from(event.data.u64())?;
            let client = &mut clients[at];
            answers += client.take(&mut piece, exchange)?;
            if client.open > 0 {
                continue;
            }
            if begin.elapsed() < time {
                client.ask(&requests, exchange.depth)?;
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
    fn ask(&mut self, requests: &[u8], depth: usize) -> Result<()> {
        // Requests are short: the socket takes them whole.
        self.stream.write_all(requests)?;
        self.open = depth;
        Ok(())
    }

    /// Reads what is there; gives how many answers were completed.
    fn take(&mut self, piece: &mut [u8], exchange: &Exchange<'_>) -> Result<u64> {
        match self.stream.read(piece) {
            Ok(0) => bail!("the server closed the connection"),
            Ok(count) => self.input.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(0),
            Err(error) => return Err(error.into()),
        }
        let mut at = 0;
        let mut answers = 0;
        while let Some(length) = judge(&self.input[at..], exchange)? {
            at += length;
            answers += 1;
            ensure!(self.open > 0, "more answers than requests");
            self.open -= 1;
        }
        self.input.drain(..at);
        Ok(answers)
    }
}

/// The length of the answer at the beginning, if it is there whole.
fn judge(input: &[u8], exchange: &Exchange<'_>) -> Result<Option<usize>> {
    let Some(end) = head_end(input) else {
        return Ok(None);
    };
    let whole = end + exchange.body.len();
    if input.len() < whole {
        return Ok(None);
    }
    let status = input
        .get(9..12)
        .and_then(|digits| std::str::from_utf8(digits).ok());
    let status: u16 = status
        .and_then(|it| it.parse().ok())
        .context("no status line")?;
    ensure!(
        status == exchange.status,
        "status {status} instead of {}",
        exchange.status
    );
    ensure!(
        &input[end..whole] == exchange.body,
        "another body than was foretold"
    );
    Ok(Some(whole))
}

/// Where the head ends; it is short, so it is looked for where it is.
fn head_end(input: &[u8]) -> Option<usize> {
    let head = &input[..input.len().min(2048)];
    let end = head.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some(end + 4)
}

#[cfg(test)]
mod tests {
    use super::{Exchange, judge};

    fn check(input: &str, expected: Option<usize>) {
        let exchange = Exchange {
            request: b"",
            status: 200,
            body: b"ab",
            depth: 1,
            connections: 1,
        };
        assert_eq!(
            judge(input.as_bytes(), &exchange).ok().flatten(),
            expected,
            "{input:?}"
        );
    }

    #[test]
    fn an_answer_is_taken_when_it_is_whole_and_as_foretold() {
        check("HTTP/1.1 200 OK\r\nA: b\r\n\r\nab", Some(27));
        check("HTTP/1.1 200 OK\r\nA: b\r\n\r\nabHTTP/1.1", Some(27));
        check("HTTP/1.1 200 OK\r\nA: b\r\n\r\na", None);
        check("HTTP/1.1 200 OK\r\nA: b\r\n", None);
        check("HTTP/1.1 404 No\r\nA: b\r\n\r\nab", None);
        check("HTTP/1.1 200 OK\r\nA: b\r\n\r\nxb", None);
    }
}
