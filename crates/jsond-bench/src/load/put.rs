//! PUT of a field over HTTP/1.1: to records at random, each client to its own.

use super::get::judge;
use super::{Load, Protocol};
use crate::data::{FIELD, Shape, grade_text, new_grade};
use crate::random::Random;
use anyhow::Result;
use std::collections::HashMap;
use std::io::Write as _;

/// Writes, and what each has to have left behind.
#[derive(Debug)]
pub(crate) struct Put {
    shape: Shape,
    clients: u64,
    random: Random,
    /// The key and the value that each client waits for.
    asked: Vec<(String, u64)>,
    /// The value that was acknowledged last, by key.
    pub(crate) written: HashMap<String, u64>,
}

impl Put {
    pub(crate) fn new(shape: Shape, load: Load) -> Self {
        Self {
            shape,
            clients: load.connections as u64,
            random: Random::new(1),
            asked: vec![(String::new(), 0); load.connections],
            written: HashMap::new(),
        }
    }
}

impl Protocol for Put {
    fn ask(&mut self, client: usize, out: &mut Vec<u8>) {
        let rows = self.shape.records / self.clients;
        let place = self.random.below(rows) * self.clients + client as u64;
        let key = self.shape.kind.key(place);
        let grade = new_grade(&mut self.random);
        let (target, body) = (self.shape.target_of(&key), grade_text(grade));
        write!(
            out,
            "PUT {target}/{FIELD} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .ok();
        self.asked[client] = (key, grade);
    }

    fn take(&mut self, client: usize, input: &[u8]) -> Result<Option<usize>> {
        let (key, grade) = &self.asked[client];
        let body = format!("{}\n", grade_text(*grade));
        let taken = judge(input, 200, body.as_bytes())?;
        if taken.is_some() {
            self.written.insert(key.clone(), *grade);
        }
        Ok(taken)
    }
}
