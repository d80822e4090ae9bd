//! The client that is timed. It knows what each of its records is, and takes no other answer.

use crate::data::{Corpus, FIELD, Kind, Record, grade_text, new_grade};
use crate::http::Connection;
use crate::random::Random;
use crate::server::Server;
use anyhow::{Context as _, Result, ensure};
use std::time::Duration;

/// A connection, and the records that only it touches.
#[derive(Debug)]
pub(super) struct Client<'a> {
    connection: Connection,
    pub(super) corpus: &'a mut Corpus,
    random: Random,
}

impl<'a> Client<'a> {
    pub(super) fn connect(server: &Server, corpus: &'a mut Corpus) -> Result<Self> {
        Ok(Self {
            connection: Connection::open(server.port)?,
            // A sequence of its own for each turn.
            random: Random::new(u64::from(server.pid())),
            corpus,
        })
    }

    /// GET of one of its records.
    pub(super) fn get(&mut self) -> Result<Duration> {
        let record = &self.corpus.own[self.random.index(self.corpus.own.len())];
        let target = self.corpus.shape.target_of(&record.key);
        let expected = record.text(self.corpus.shape.kind, "");
        let request = ("GET", target.as_str(), "");
        self.connection.demand(request, (200, &expected))
    }

    /// PUT of one field of one of its records.
    pub(super) fn put(&mut self) -> Result<Duration> {
        let index = self.random.index(self.corpus.own.len());
        let record = &mut self.corpus.own[index];
        record.grade = new_grade(&mut self.random);
        let target = format!("{}/{FIELD}", self.corpus.shape.target_of(&record.key));
        let text = grade_text(record.grade);
        let request = ("PUT", target.as_str(), text.as_str());
        self.connection.demand(request, (200, &text))
    }

    /// POST of a new record, and DELETE of another, so that there are as many as before.
    pub(super) fn post_and_delete(&mut self) -> Result<[Duration; 2]> {
        let (new, post_time) = self.post()?;
        let index = self.random.index(self.corpus.own.len());
        let old = self.corpus.own[index].clone();
        self.corpus.exchange(index, new);
        let target = self.corpus.shape.target_of(&old.key);
        let text = old.text(self.corpus.shape.kind, "");
        let request = ("DELETE", target.as_str(), "");
        let delete_time = self.connection.demand(request, (200, &text))?;
        Ok([post_time, delete_time])
    }

    /// To the object with a key, to the array without an id.
    fn post(&mut self) -> Result<(Record, Duration)> {
        let shape = self.corpus.shape;
        let before = self.corpus.last;
        let mut record = Record::new(shape.kind.key(before), before);
        let text = match shape.kind {
            Kind::Object => format!("{{\"{}\":{}}}", record.key, record.text(shape.kind, "")),
            Kind::Array => record.text_without_id(),
        };
        let target = shape.target();
        let answer = self.connection.exchange("POST", &target, &text)?;
        if shape.kind == Kind::Array && answer.status == 201 {
            record.key = new_id(answer.field("location"), &target, before)?;
        }
        let expected = record.text(shape.kind, "");
        ensure!(
            answer.status == 201 && answer.body.strip_suffix(b"\n") == Some(expected.as_bytes()),
            "wrong answer to POST {target} {text}: {} {} instead of 201 {expected}",
            answer.status,
            String::from_utf8_lossy(answer.body).trim_end()
        );
        let time = answer.time;
        self.corpus.last = match shape.kind {
            Kind::Object => before + 1,
            Kind::Array => record.key.parse()?,
        };
        Ok((record, time))
    }
}

/// The id that the server chose: a number over all that were there.
fn new_id(location: Option<&str>, target: &str, last: u64) -> Result<String> {
    let id = location
        .and_then(|it| it.strip_prefix(target))
        .and_then(|it| it.strip_prefix('/'));
    let number = id
        .and_then(|it| it.parse::<u64>().ok())
        .filter(|it| *it > last);
    let id = number.with_context(|| format!("no id over {last} in Location: {location:?}"))?;
    Ok(id.to_string())
}

#[cfg(test)]
mod tests {
    use super::new_id;

    #[test]
    fn an_id_of_the_server_is_larger_than_all_before() {
        let id = |location| new_id(location, "/array.json", 7).ok();
        assert_eq!(id(Some("/array.json/8")), Some("8".to_owned()));
        assert_eq!(id(Some("/array.json/7")), None);
        assert_eq!(id(Some("/other.json/8")), None);
        assert_eq!(id(None), None);
    }
}
