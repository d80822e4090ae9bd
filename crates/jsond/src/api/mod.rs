//! From a request to a response: decode, perform, encode.
//!
//! Decoding and encoding are pure, performing is the only await. Speaks the types of the `http`
//! crate and knows no sockets and nothing of how anything is stored.

mod access;
mod action;
mod body_type;
mod choices;
mod coding;
mod codings;
mod conditional;
mod csv;
mod decode;
mod encode;
mod form;
mod guide;
mod heavy;
mod idempotency;
mod listing;
mod metrics;
mod ndjson;
mod negotiate;
mod page;
mod part_link;
mod perform;
mod pieces;
mod preference;
mod problem;
mod question;
mod range;
mod read;
mod representation;
mod resource;
mod running;
mod view;

pub use access::{Access, Caller, Cors, Origin, OriginError, Role, Token, Tokens, TokensError};
pub use encode::Body;
pub use guide::{Guide, GuideReply, Turn};
pub use metrics::{Door, Metrics, OpenConnection};
pub use problem::Problem;
pub use question::Question;
pub use running::Running;

use crate::api::decode::Served;
use crate::limits::{self, Limits};
use crate::wire::Lang;
use access::{Grant, Leave};
use action::{Action, Outcome};
use bytes::Bytes;
use codings::Codings;
use heavy::Heavy;
use http::header::CONTENT_ENCODING;
use http::request::Parts;
use http::{Request, Response};
use jsond_store::{Image, Store};
use std::sync::{Arc, Weak};

/// What is served at one time, to tell whether it still is.
#[derive(Debug, Clone)]
pub struct Version(Weak<Image>);

/// The one way in: answers requests from a store.
#[derive(Debug, Clone)]
pub struct Api {
    store: Arc<Store>,
    access: Arc<Access>,
    heavy: Heavy,
    codings: Codings,
    metrics: Arc<Metrics>,
    limits: Limits,
}

impl Api {
    /// Makes the api of a store, for those who may ask, and for as much as they may ask.
    #[must_use]
    pub fn new(store: Arc<Store>, access: Access, limits: Limits) -> Self {
        let heavy = Heavy::new(limits::HEAVY_JOBS_MAX);
        let codings = Codings::new(limits::CODINGS_CACHE_BYTES_MAX, heavy.clone());
        Self {
            store,
            access: Arc::new(access),
            heavy,
            codings,
            metrics: Arc::new(Metrics::new()),
            limits,
        }
    }

    /// What is counted.
    #[must_use]
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// Runs the post of a thread that handles requests, as one of its tasks, without an end: writes
    /// go to the store together, and come back together.
    pub fn post(&self) -> impl Future<Output = ()> + Send + use<> {
        self.store.post()
    }

    /// What is served now.
    #[must_use]
    pub fn version(&self) -> Version {
        Version(Arc::downgrade(&self.store.image()))
    }

    /// Whether a version is still what is served.
    #[must_use]
    pub fn is_current(&self, version: &Version) -> bool {
        self.store.is_current(&version.0)
    }

    /// Answers a request; every failure is a response too.
    ///
    /// An answer that [holds](Body::holds) is the same for the same head, but for `Date`, as long as
    /// the same [version](Api::version) is served.
    ///
    /// *Cancel*: a write that was submitted happens all the same.
    pub fn handle(&self, request: Request<Bytes>, caller: &Caller) -> Running<'_, Response<Body>> {
        let (head, body) = request.into_parts();
        let facts = encode::Facts::of(&head);
        let (leave, granted) = self.access.admit(&head, caller);
        let outcome = match granted {
            Ok(grant) if body.is_empty() => match self.decode_head(head, &grant) {
                Ok(action) => perform::perform(self, action),
                Err(problem) => Running::Done(Err(problem)),
            },
            Ok(grant) => Running::waiting(self.outcome_of_body(head, body, grant)),
            Err(problem) => Running::waiting(self.refuse(problem, *caller)),
        };
        outcome.then(move |outcome| Running::Done(self.answer(outcome, &facts, leave)))
    }

    fn answer(
        &self,
        outcome: Result<Outcome, Problem>,
        facts: &encode::Facts,
        leave: Leave,
    ) -> Response<Body> {
        if let Ok(Outcome::Applied { applied, .. }) = &outcome {
            self.metrics.wrote(applied.effect);
        }
        let mut response = encode::encode(outcome, facts);
        leave.mark(&mut response);
        if self.access.asks_for_tokens() {
            // Tokens can be taken back.
            response.body_mut().holds_no_longer();
        }
        response
    }

    async fn refuse(&self, problem: Problem, caller: Caller) -> Result<Outcome, Problem> {
        self.access.hold_back(&problem, &caller).await;
        Err(problem)
    }

    fn decode_head(&self, head: Parts, grant: &Grant) -> Result<Action, Problem> {
        let (image, limits) = (&self.store.image(), &self.limits);
        decode::decode(head, Bytes::new(), &Served { image, limits }, grant)
    }

    async fn outcome_of_body(
        &self,
        head: Parts,
        body: Bytes,
        grant: Grant,
    ) -> Result<Outcome, Problem> {
        let body = match head.headers.contains_key(CONTENT_ENCODING) {
            true => self.without_coding(&head, body, &grant).await?,
            false => body,
        };
        let (image, limits) = (self.store.image(), self.limits);
        let bytes = body.len();
        // Reading a large body as JSON takes a good part of a second.
        let job = move || {
            let (image, limits) = (&image, &limits);
            decode::decode(head, body, &Served { image, limits }, &grant)
        };
        let action = self.heavy.run_for(bytes, job).done().await?;
        perform::perform(self, action).done().await
    }

    /// Takes the content codings off the body: a small one may become a large one.
    async fn without_coding(
        &self,
        head: &Parts,
        body: Bytes,
        grant: &Grant,
    ) -> Result<Bytes, Problem> {
        decode::check_head(head, &self.store.image(), grant)?;
        let codings = coding::content_codings(&head.headers).map_err(Problem::coding)?;
        let bytes_max = self.limits.body_bytes_max;
        let job = move || coding::decode_body(&codings, &body, bytes_max);
        let decoded = self
            .heavy
            .run_for(limits::HEAVY_BYTES_MIN, job)
            .done()
            .await;
        decoded.map_err(Problem::coding)
    }

    /// Judges the head of a request whose body has not been read: who need not send it.
    ///
    /// *Errors*: the answer that can be given at once.
    pub async fn check_head(
        &self,
        head: &Parts,
        caller: &Caller,
    ) -> Result<(), Box<Response<Body>>> {
        let (leave, granted) = self.access.admit(head, caller);
        let check = |grant| decode::check_head(head, &self.store.image(), &grant);
        let Err(problem) = granted.and_then(check) else {
            return Ok(());
        };
        Box::pin(self.access.hold_back(&problem, caller)).await;
        let mut response = encode::encode(Err(problem), &encode::Facts::of(head));
        leave.mark(&mut response);
        Err(Box::new(response))
    }

    /// Leads the guided dialogue.
    #[must_use]
    pub fn guide(&self, lang: Lang) -> Guide<'_> {
        Guide {
            store: &self.store,
            metrics: &self.metrics,
            lang,
        }
    }
}

/// Makes the response to a request whose head was read and whose body was not.
#[must_use]
pub fn refuse_body(target: &http::Uri, status: http::StatusCode, detail: &str) -> Response<Body> {
    let facts = encode::Facts::of_target(target);
    encode::encode(Err(Problem::of_status(status, detail)), &facts)
}

/// Makes the response to a request that failed before it could be handled.
#[must_use]
pub fn refuse(status: http::StatusCode, detail: &str) -> Response<Body> {
    encode::encode(
        Err(Problem::of_status(status, detail)),
        &encode::Facts::none(),
    )
}
