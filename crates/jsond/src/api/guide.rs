//! The dialogue door's way to the store: a request is answered, or a question is asked and its
//! answer applied.

use crate::api::action::Intent;
use crate::api::metrics::Metrics;
use crate::api::problem::{Problem, dialogue_reason};
use crate::api::question::{Misfit, Question};
use crate::api::resource::{Target, parse_target};
use crate::wire::Lang;
use crate::wire::dialogue::{Media, Method, Word};
use crate::wire::escape::escape_control;
use bytes::Bytes;
use http::StatusCode;
use jsond_store::{Applied, Mutation, Outcome, Place, Rejection, Resolved, Store};

/// The dialogue door's way to the store.
#[derive(Debug, Clone, Copy)]
pub struct Guide<'a> {
    pub(super) store: &'a Store,
    pub(super) metrics: &'a Metrics,
    /// The language of the reasons.
    pub(super) lang: Lang,
}

/// What the dialogue door says next.
#[derive(Debug)]
pub enum Turn {
    /// The final reply.
    Final(GuideReply),
    /// A prompt; the answer goes to [`Guide::finish`].
    Ask {
        /// The body of the 300.
        prompt: String,
        /// What was asked.
        question: Box<Question>,
    },
}

/// A final reply of the dialogue.
#[derive(Debug)]
pub struct GuideReply {
    /// The status.
    pub status: StatusCode,
    /// The media type of the body.
    pub media: Media,
    /// The body.
    pub body: Bytes,
}

impl GuideReply {
    fn text(status: StatusCode, text: &str) -> Self {
        // It names what was sent, and is read at a terminal.
        let text = escape_control(text);
        Self {
            status,
            media: Media::Text,
            body: Bytes::from(format!("{text}\n")),
        }
    }

    fn json(status: StatusCode, body: Vec<u8>) -> Self {
        Self {
            status,
            media: Media::Json,
            body: Bytes::from(body),
        }
    }
}

impl Guide<'_> {
    /// Answers a request, or asks what it needs.
    #[must_use]
    pub fn begin(&self, method: Method, target: &str) -> Turn {
        match self.find(target) {
            Err(reply) => Turn::Final(reply),
            Ok(place) => match intent_of(method) {
                None => Turn::Final(GuideReply::json(StatusCode::OK, text_of(&place))),
                Some(intent) => match Question::of(intent, &place) {
                    Some(question) => Turn::Ask {
                        prompt: question.prompt(),
                        question: Box::new(question),
                    },
                    None => Turn::Final(self.no_collection()),
                },
            },
        }
    }

    /// Applies an answer to the state of this moment.
    ///
    /// *Cancel*: the write happens all the same.
    pub async fn finish(&self, question: &Question, words: &[Word]) -> GuideReply {
        let place = match self.store.image().resolve(&question.address) {
            Resolved::Value(place) => place,
            Resolved::Broken(_) => return self.broken(),
            _ => return self.not_found(),
        };
        let answers = match question.of_words(words) {
            Ok(answers) => answers,
            Err(misfit) => return self.bad_request(&misfit),
        };
        if !place.is_collection() {
            return self.no_collection();
        }
        match question.mutation_of(&place, &answers) {
            Ok(mutation) => self.submit(question.intent, mutation).await,
            Err(misfit) => self.bad_request(&misfit),
        }
    }

    async fn submit(&self, intent: Intent, mutation: Mutation) -> GuideReply {
        match self.store.submit(mutation).await {
            Ok(Outcome::Applied(applied)) => {
                self.metrics.wrote(applied.effect);
                let status = match intent {
                    Intent::Add => StatusCode::CREATED,
                    Intent::Set | Intent::Remove => StatusCode::OK,
                };
                GuideReply::json(status, record_text(intent, &applied))
            }
            Ok(Outcome::Rejected(rejection)) => {
                let status = match rejection {
                    Rejection::Exists(_) => StatusCode::CONFLICT,
                    _ => StatusCode::BAD_REQUEST,
                };
                GuideReply::text(status, &dialogue_reason(&rejection, self.lang))
            }
            Err(error) => {
                let problem = Problem::from(error);
                GuideReply::text(problem.status(), problem.detail())
            }
        }
    }

    fn find(&self, target: &str) -> Result<Place, GuideReply> {
        let Ok(Target::Address { address, .. }) = parse_target(&format!("/{target}")) else {
            return Err(self.not_found());
        };
        match self.store.image().resolve(&address) {
            Resolved::Value(place) => Ok(place),
            Resolved::Broken(_) => Err(self.broken()),
            _ => Err(self.not_found()),
        }
    }

    fn not_found(&self) -> GuideReply {
        let text = self.lang.choose(
            "There is no such file or value",
            "그런 파일이나 값이 없습니다",
        );
        GuideReply::text(StatusCode::NOT_FOUND, text)
    }

    fn broken(&self) -> GuideReply {
        let text = self.lang.choose(
            "The file cannot be read as JSON",
            "파일을 JSON 으로 읽을 수 없습니다",
        );
        GuideReply::text(StatusCode::BAD_REQUEST, text)
    }

    fn no_collection(&self) -> GuideReply {
        let text = self.lang.choose(
            "This is no collection of records; only GET and HEAD work here",
            "레코드의 모음이 아니어서 GET 과 HEAD 만 쓸 수 있습니다",
        );
        GuideReply::text(StatusCode::BAD_REQUEST, text)
    }

    fn bad_request(&self, misfit: &Misfit) -> GuideReply {
        GuideReply::text(StatusCode::BAD_REQUEST, &misfit.text(self.lang))
    }
}

fn intent_of(method: Method) -> Option<Intent> {
    match method {
        Method::Get | Method::Head => None,
        Method::Post => Some(Intent::Add),
        Method::Put => Some(Intent::Set),
        Method::Delete => Some(Intent::Remove),
    }
}

/// The record that was added, changed or removed.
fn record_text(intent: Intent, applied: &Applied) -> Vec<u8> {
    let mut address = applied.written.first().cloned().unwrap_or_default();
    let mut value = applied.value.clone();
    if intent == Intent::Set {
        address.0.pop();
        let found = applied.image.as_ref().map(|image| image.resolve(&address));
        if let Some(Resolved::Value(record)) = found {
            value = Some(record.value);
        }
    }
    let mut text = Vec::new();
    if let Some(value) = value {
        value.write_to(&mut text);
        text.push(b'\n');
    }
    text
}

/// A file is given as it lies on disk, laid out; a value inside it as its text.
fn text_of(place: &Place) -> Vec<u8> {
    if place.is_file() {
        return jsond_store::file_text(&place.file, &place.value);
    }
    let mut text = Vec::new();
    place.value.write_to(&mut text);
    text.push(b'\n');
    text
}
