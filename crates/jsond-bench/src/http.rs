//! A client for one keep-alive connection that sends a request, takes the whole answer, and says
//! how long that took. Knows only answers with a `Content-Length`.

use anyhow::{Context as _, Result, bail, ensure};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// An answer that takes longer is taken for none.
const TIME_MAX: Duration = Duration::from_secs(60);

/// No two requests are the same: what was answered before may be given again.
static NUMBER: AtomicU64 = AtomicU64::new(0);

/// One connection.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    request: Vec<u8>,
    answer: Vec<u8>,
}

/// One answer.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) head: &'a str,
    pub(crate) body: &'a [u8],
    /// From the first byte of the request to the last of the answer.
    pub(crate) time: Duration,
}

impl Answer<'_> {
    /// A field of the head, by its name in lower case.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        field(self.head, name)
    }
}

impl Connection {
    /// Connects to a port of this machine.
    pub(crate) fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIME_MAX))?;
        Ok(Self {
            stream,
            request: Vec::new(),
            answer: Vec::new(),
        })
    }

    /// Sends a request and takes the answer.
    pub(crate) fn exchange(
        &mut self,
        method: &str,
        target: &str,
        body: &str,
    ) -> Result<Answer<'_>> {
        self.write_request(method, target, body)?;
        let begin = Instant::now();
        self.stream.write_all(&self.request)?;
        let head_end = self.read_head()?;
        let body_bytes = body_length(&self.answer[..head_end])?;
        self.read_to(head_end + body_bytes)?;
        let time = begin.elapsed();
        let head = std::str::from_utf8(&self.answer[..head_end])?;
        ensure!(
            self.answer.len() == head_end + body_bytes,
            "{method} {target}: more bytes than one answer"
        );
        Ok(Answer {
            status: parse_status(head)?,
            head,
            body: &self.answer[head_end..],
            time,
        })
    }

    /// Sends a request whose answer has to be this one.
    ///
    /// *Errors*: another status, or another body.
    pub(crate) fn demand(
        &mut self,
        (method, target, body): (&str, &str, &str),
        (status, expected): (u16, &str),
    ) -> Result<Duration> {
        let answer = self.exchange(method, target, body)?;
        let is_body = answer.body.strip_suffix(b"\n") == Some(expected.as_bytes());
        if answer.status != status || !is_body {
            bail!(
                "wrong answer to {method} {target} {body}: {} {} instead of {status} {expected}",
                answer.status,
                String::from_utf8_lossy(answer.body).trim_end()
            );
        }
        Ok(answer.time)
    }

    /// Sends a request, takes the head of the answer, and gives the connection for its body: what
    /// came of it already and the rest in the stream.
    pub(crate) fn begin(
        mut self,
        method: &str,
        target: &str,
    ) -> Result<(String, usize, TcpStream)> {
        self.write_request(method, target, "")?;
        self.stream.write_all(&self.request)?;
        let head_end = self.read_head()?;
        let head = std::str::from_utf8(&self.answer[..head_end])?.to_owned();
        Ok((head, self.answer.len() - head_end, self.stream))
    }

    fn write_request(&mut self, method: &str, target: &str, body: &str) -> Result<()> {
        self.request.clear();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        write!(
            self.request,
            "{method} {target} HTTP/1.1\r\nHost: localhost\r\nX-Number: {number}\r\n"
        )?;
        if !body.is_empty() {
            let length = body.len();
            write!(
                self.request,
                "Content-Type: application/json\r\nContent-Length: {length}\r\n"
            )?;
        }
        write!(self.request, "\r\n{body}")?;
        Ok(())
    }

    /// Reads until the head is there; gives the place behind it.
    fn read_head(&mut self) -> Result<usize> {
        self.answer.clear();
        loop {
            self.read_some()?;
            let end = self.answer.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = end {
                return Ok(end + 4);
            }
        }
    }

    fn read_to(&mut self, length: usize) -> Result<()> {
        while self.answer.len() < length {
            self.read_some()?;
        }
        Ok(())
    }

    fn read_some(&mut self) -> Result<()> {
        let mut piece = [0; 16 << 10];
        let count = self.stream.read(&mut piece).context("no answer")?;
        ensure!(count > 0, "the server closed the connection");
        self.answer.extend_from_slice(&piece[..count]);
        Ok(())
    }
}

/// The status of a head.
pub(crate) fn parse_status(head: &str) -> Result<u16> {
    let status = head.strip_prefix("HTTP/1.1 ").and_then(|it| it.get(..3));
    status
        .and_then(|it| it.parse().ok())
        .context("no status line")
}

/// A field of a head, by its name in lower case.
pub(crate) fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    let mut found = fields.filter(|(it, _)| it.eq_ignore_ascii_case(name));
    found.next().map(|(_, value)| value.trim())
}

fn body_length(head: &[u8]) -> Result<usize> {
    let head = std::str::from_utf8(head)?;
    if parse_status(head)? == 204 {
        return Ok(0);
    }
    let length = field(head, "content-length").context("an answer without Content-Length")?;
    Ok(length.parse()?)
}

#[cfg(test)]
mod tests {
    use super::{body_length, field, parse_status};

    #[test]
    fn a_head_gives_its_status_and_its_fields() {
        let head = "HTTP/1.1 201 Created\r\nLocation: /a.json/7\r\ncontent-length: 12\r\n\r\n";
        assert_eq!(parse_status(head).unwrap(), 201);
        assert_eq!(field(head, "location"), Some("/a.json/7"));
        assert_eq!(field(head, "etag"), None);
        assert_eq!(body_length(head.as_bytes()).unwrap(), 12);
        assert!(body_length(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(parse_status("HTTP/2 200\r\n").is_err());
    }
}
