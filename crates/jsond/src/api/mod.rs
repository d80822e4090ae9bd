//! From a request to a response: decode, perform, encode.
//!
//! Decoding and encoding are pure, performing is the only await. Speaks the types of the `http`
//! crate and knows no sockets and nothing of how anything is stored.

mod action;
mod choices;
#[allow(dead_code)]
mod coding;
#[allow(dead_code)]
mod codings;
mod conditional;
#[allow(dead_code)]
mod csv;
mod decode;
mod encode;
mod guide;
#[allow(dead_code)]
mod heavy;
mod listing;
#[allow(dead_code)]
mod ndjson;
#[allow(dead_code)]
mod negotiate;
#[allow(dead_code, unused_imports)]
mod page;
mod perform;
#[allow(dead_code)]
mod pieces;
mod problem;
mod question;
#[allow(dead_code)]
mod range;
mod resource;

pub use encode::Body;
pub use guide::{Guide, GuideReply, Turn};
pub use problem::Problem;
pub use question::Question;

use crate::wire::Lang;
use bytes::Bytes;
use http::{Request, Response};
use jsond_store::Store;
use std::sync::Arc;

/// The one way in: answers requests from a store.
#[derive(Debug, Clone)]
pub struct Api {
    store: Arc<Store>,
}

impl Api {
    /// Makes the api of a store.
    #[must_use]
    pub fn new(store: Arc<Store>) -> Self {
        Self { store }
    }

    /// Answers a request; every failure is a response too.
    ///
    /// *Cancel*: a write that was submitted happens all the same.
    pub async fn handle(&self, request: Request<Bytes>) -> Response<Body> {
        let facts = encode::Facts::of(&request);
        let outcome = match decode::decode(request, &self.store.image()) {
            Ok(action) => perform::perform(&self.store, action).await,
            Err(problem) => Err(problem),
        };
        encode::encode(outcome, &facts)
    }

    /// Judges the head of a request whose body has not been read: who need not send it.
    ///
    /// *Errors*: the answer that can be given at once.
    pub fn check_head(&self, head: &http::request::Parts) -> Result<(), Box<Response<Body>>> {
        decode::check_head(head, &self.store.image())
            .map(drop)
            .map_err(|problem| {
                let facts = encode::Facts::of_head(head);
                Box::new(encode::encode(Err(problem), &facts))
            })
    }

    /// Leads the guided dialogue.
    #[must_use]
    pub fn guide(&self, lang: Lang) -> Guide<'_> {
        Guide {
            store: &self.store,
            lang,
        }
    }
}

/// Makes the response to a request that failed before it could be handled.
#[must_use]
pub fn refuse(status: http::StatusCode, detail: &str) -> Response<Body> {
    encode::encode(
        Err(Problem::of_status(status, detail)),
        &encode::Facts::none(),
    )
}
