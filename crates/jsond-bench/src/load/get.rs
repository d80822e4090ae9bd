//! GET over HTTP/1.1, of one target or of many by turns.

use super::Protocol;
use crate::random::Random;
use anyhow::{Context as _, Result, ensure};
use std::io::Write as _;

/// A request that is sent again and again, and what has to come back.
#[derive(Debug)]
pub(crate) struct Get {
    pub(crate) request: Vec<u8>,
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// Makes each request another one, by a field that means nothing.
    number: Option<u64>,
}

impl Get {
    /// A request for a target with more fields, each with its line end.
    pub(crate) fn new(target: &str, fields: &str, status: u16, body: Vec<u8>) -> Self {
        Self {
            request: request(target, fields),
            status,
            body,
            number: None,
        }
    }

    /// The same request for the same target, but never the same bytes: no answer is remembered.
    pub(crate) fn numbered(target: &str, body: Vec<u8>) -> Self {
        Self {
            number: Some(0),
            ..Self::new(target, "", 200, body)
        }
    }
}

fn request(target: &str, fields: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n").into_bytes()
}

impl Protocol for Get {
    fn ask(&mut self, _client: usize, out: &mut Vec<u8>) {
        let Some(number) = &mut self.number else {
            return out.extend_from_slice(&self.request);
        };
        *number += 1;
        let head = &self.request[..self.request.len() - "\r\n".len()];
        out.extend_from_slice(head);
        write!(out, "X-Number: {number}\r\n\r\n").ok();
    }

    fn take(&mut self, _client: usize, input: &[u8]) -> Result<Option<usize>> {
        judge(input, self.status, &self.body)
    }
}

/// Requests for many targets in a random order. One at a time is on the way on each connection.
#[derive(Debug)]
pub(crate) struct GetOneOf {
    requests: Vec<(Vec<u8>, Vec<u8>)>,
    random: Random,
    /// What each client has asked for.
    asked: Vec<usize>,
}

impl GetOneOf {
    /// Requests for targets, each with the body that has to come back.
    pub(crate) fn new(targets: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        let targets = targets.into_iter();
        Self {
            requests: targets.map(|(it, body)| (request(&it, ""), body)).collect(),
            random: Random::new(1),
            asked: Vec::new(),
        }
    }
}

impl Protocol for GetOneOf {
    fn ask(&mut self, client: usize, out: &mut Vec<u8>) {
        let asked = self.random.below(self.requests.len() as u64);
        let asked = usize::try_from(asked).unwrap_or(0);
        self.asked.resize(self.asked.len().max(client + 1), 0);
        self.asked[client] = asked;
        out.extend_from_slice(&self.requests[asked].0);
    }

    fn take(&mut self, client: usize, input: &[u8]) -> Result<Option<usize>> {
        judge(input, 200, &self.requests[self.asked[client]].1)
    }
}

/// The length of the answer at the beginning, if it is there whole.
pub(super) fn judge(input: &[u8], expected: u16, body: &[u8]) -> Result<Option<usize>> {
    let Some(end) = head_end(input) else {
        return Ok(None);
    };
    let whole = end + body.len();
    if input.len() < whole {
        return Ok(None);
    }
    let status = input
        .get(9..12)
        .and_then(|digits| std::str::from_utf8(digits).ok());
    let status: u16 = status
        .and_then(|it| it.parse().ok())
        .context("no status line")?;
    ensure!(status == expected, "status {status} instead of {expected}");
    ensure!(&input[end..whole] == body, "another body than was foretold");
    Ok(Some(whole))
}

/// Where the head ends; it is short, so it is looked for where it is.
fn head_end(input: &[u8]) -> Option<usize> {
    let head = &input[..input.len().min(2048)];
    let end = memchr::memmem::find(head, b"\r\n\r\n")?;
    Some(end + 4)
}

#[cfg(test)]
mod tests {
    use super::judge;

    fn check(input: &str, expected: Option<usize>) {
        let judged = judge(input.as_bytes(), 200, b"ab");
        assert_eq!(judged.ok().flatten(), expected, "{input:?}");
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
