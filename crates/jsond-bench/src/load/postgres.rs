//! UPDATE by primary key over the protocol of PostgreSQL, as a prepared statement.
//!
//! *Source*: PostgreSQL documentation, "Frontend/Backend Protocol", version 3.

use super::Protocol;
use crate::data::{grade_text, new_grade};
use crate::random::Random;
use anyhow::{Result, bail, ensure};

/// Writes to rows at random.
#[derive(Debug)]
pub(crate) struct PostgresUpdate {
    user: String,
    records: u64,
    random: Random,
}

impl PostgresUpdate {
    pub(crate) fn new(user: String, records: u64) -> Self {
        let random = Random::new(3);
        Self {
            user,
            records,
            random,
        }
    }
}

const VERSION: u32 = 3 << 16;

const STATEMENT: &[u8] = b"w\0update record set grade = $1 where id = $2::text::int\0\0\0";

/// A message: its type, its length with the length's own four bytes, its content.
fn message(out: &mut Vec<u8>, kind: u8, content: &[u8]) {
    out.push(kind);
    let length = u32::try_from(content.len() + 4).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(content);
}

/// The length of all messages to the end of `ends` of them that say that the server is ready.
///
/// *Errors*: the server reports one.
fn ready(input: &[u8], mut ends: usize) -> Result<Option<(usize, bool)>> {
    let mut at = 0;
    let mut is_done = false;
    while let Some(&[kind, a, b, c, d]) = input.get(at..at + 5) {
        let end = at + 1 + usize::try_from(u32::from_be_bytes([a, b, c, d]))?;
        let Some(content) = input.get(at + 5..end) else {
            return Ok(None);
        };
        at = end;
        match kind {
            b'E' => bail!("postgres: {}", String::from_utf8_lossy(content)),
            b'C' => is_done = content == b"UPDATE 1\0",
            b'Z' if ends == 1 => return Ok(Some((at, is_done))),
            b'Z' => ends -= 1,
            _ => {}
        }
    }
    Ok(None)
}

impl Protocol for PostgresUpdate {
    fn hello(&self) -> Vec<u8> {
        let words = format!("user\0{0}\0database\0postgres\0\0", self.user);
        let length = u32::try_from(words.len() + 8).unwrap_or(u32::MAX);
        let mut out = length.to_be_bytes().to_vec();
        out.extend_from_slice(&VERSION.to_be_bytes());
        out.extend_from_slice(words.as_bytes());
        message(&mut out, b'P', STATEMENT);
        message(&mut out, b'S', b"");
        out
    }

    fn greeted(&self, input: &[u8]) -> Result<Option<usize>> {
        Ok(ready(input, 2)?.map(|(length, _)| length))
    }

    fn ask(&mut self, _client: usize, out: &mut Vec<u8>) {
        let id = self.random.below(self.records).to_string();
        let value = grade_text(new_grade(&mut self.random));
        // The portal without a name, the statement, no formats, two parameters, no formats.
        let mut bind = b"\0w\0\0\0\0\x02".to_vec();
        for word in [value, id] {
            let length = u32::try_from(word.len()).unwrap_or(u32::MAX);
            bind.extend_from_slice(&length.to_be_bytes());
            bind.extend_from_slice(word.as_bytes());
        }
        bind.extend_from_slice(&[0, 0]);
        message(out, b'B', &bind);
        message(out, b'E', b"\0\0\0\0\0");
        message(out, b'S', b"");
    }

    fn take(&mut self, _client: usize, input: &[u8]) -> Result<Option<usize>> {
        let Some((length, is_done)) = ready(input, 1)? else {
            return Ok(None);
        };
        ensure!(is_done, "postgres changed no row");
        Ok(Some(length))
    }
}

#[cfg(test)]
mod tests {
    use super::{message, ready};

    #[test]
    fn an_answer_ends_when_the_server_is_ready() {
        let mut input = Vec::new();
        message(&mut input, b'2', b"");
        message(&mut input, b'C', b"UPDATE 1\0");
        let before = input.clone();
        message(&mut input, b'Z', b"I");
        assert_eq!(ready(&input, 1).unwrap(), Some((input.len(), true)));
        assert_eq!(ready(&before, 1).unwrap(), None);
        assert_eq!(ready(&input, 2).unwrap(), None);
        assert_eq!(ready(&input[..3], 1).unwrap(), None);
        let mut error = Vec::new();
        message(&mut error, b'E', b"no\0");
        assert!(ready(&error, 1).is_err());
    }
}
