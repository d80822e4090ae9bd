//! What the writer does with keys: a repeat gets the first answer, and no segment goes before its
//! keys are in files.

use super::Writer;
use crate::contract::{Applied, Outcome, Rejection, Revision};
use crate::journal::entry::Body;
use crate::key::Key;
use crate::key::answer::{AnswerValue, Answered};
use crate::key::ring::Found;
use crate::message::Batch;
use crate::resolve::Resolved;
use jsond_document::Value;
use std::sync::Arc;
use std::time::SystemTime;

impl Writer {
    /// The outcome of a mutation whose key is known already.
    pub(super) fn recalled(&self, key: &Key) -> Option<Outcome> {
        Some(match self.keys.find(key)? {
            // A repeat is rare, and nobody has said here what it shows.
            Found::Repeat(answered) => Outcome::Applied(self.first_answer(answered)),
            Found::Other => Outcome::Rejected(Rejection::KeyReused),
        })
    }

    fn first_answer(&self, answered: Answered) -> Applied {
        let value = match answered.value {
            AnswerValue::None => None,
            AnswerValue::Kept(value) => Some(value),
            AnswerValue::Large => self.value_now(&answered.written),
        };
        Applied {
            effect: answered.effect,
            written: answered.written,
            value,
            image: Some(Arc::new(self.image.clone())),
        }
    }

    /// The value at the one address that was written, as it is in the working image.
    pub(super) fn value_now(&self, written: &[crate::Address]) -> Option<Value> {
        match written {
            [address] => match self.image.resolve(address) {
                Resolved::Value(place) => Some(place.value),
                _ => None,
            },
            _ => None,
        }
    }

    /// Enters key, answer and change in one line.
    pub(super) fn enter_keyed(
        &mut self,
        key: &Key,
        applied: &Applied,
        operations: Vec<crate::change::Operation>,
        time: SystemTime,
        batch: &mut Batch,
    ) {
        let answered = Answered::of(key, applied);
        self.keys.remember(self.last.next(), time, &answered);
        self.enter_at(time, Body::Keyed(Box::new(answered), operations), batch);
    }

    /// DURABILITY: judged by what is published, so never by a change that is not durable yet; and
    /// the keys in a segment are in files before it goes.
    pub(super) fn remove_old_segments(&mut self) {
        let needed = self.marks.first_needed(&self.image);
        let needed = needed.unwrap_or(self.last.next());
        if !self.keys.are_kept(self.journal.last_before(needed)) {
            return;
        }
        // Of what is behind that the keys may not be in files.
        let passed = self.journal.last_before(needed);
        if passed == Revision(0) || !self.note_passed(passed) {
            return;
        }
        // Saying it may have closed one more segment, of whose keys nobody has asked.
        let gone = self.journal.remove_before(passed.next());
        let noted = gone.and_then(|gone| match gone {
            Revision(1..) if self.keeps_history => self.state.note_history(gone),
            _ => Ok(()),
        });
        if let Err(error) = noted {
            tracing::warn!(%error, "an old journal segment could not be removed");
        }
    }

    /// DURABILITY: what is about to go is said before it goes. If a removal is not durable and a
    /// later one is, recovery must not take the gap for a lost segment.
    fn note_passed(&mut self, passed: Revision) -> bool {
        let mut batch = self.new_batch();
        self.enter(Body::Passed(passed), &mut batch);
        self.run_batch(batch).is_ok()
    }
}
