//! SET over the protocol of Redis.

use super::Protocol;
use crate::data::{grade_text, new_grade};
use crate::random::Random;
use anyhow::{Result, ensure};
use std::io::Write as _;

/// Writes to keys at random.
#[derive(Debug)]
pub(crate) struct RedisSet {
    records: u64,
    random: Random,
}

impl RedisSet {
    pub(crate) fn new(records: u64) -> Self {
        let random = Random::new(2);
        Self { records, random }
    }
}

const ACKNOWLEDGED: &[u8] = b"+OK\r\n";

impl Protocol for RedisSet {
    fn ask(&mut self, _client: usize, out: &mut Vec<u8>) {
        let key = format!("k{:07}", self.random.below(self.records));
        let value = grade_text(new_grade(&mut self.random));
        out.extend_from_slice(b"*3\r\n");
        for word in ["SET", &key, &value] {
            write!(out, "${}\r\n{word}\r\n", word.len()).ok();
        }
    }

    fn take(&mut self, _client: usize, input: &[u8]) -> Result<Option<usize>> {
        if input.len() < ACKNOWLEDGED.len() {
            return Ok(None);
        }
        ensure!(
            input.starts_with(ACKNOWLEDGED),
            "redis: {}",
            String::from_utf8_lossy(input)
        );
        Ok(Some(ACKNOWLEDGED.len()))
    }
}
