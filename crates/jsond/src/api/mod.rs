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
mod view;

pub use access::{Access, Caller, Cors, Origin, OriginError, Role, Token, Tokens, TokensError};
pub use encode::Body;
pub use guide::{Guide, GuideReply, Turn};
pub use metrics::{Door, Metrics, OpenConnection};
pub use problem::Problem;
pub use question::Question;

use crate::api::decode::Served;
use crate::limits::{self, Limits};
use crate::wire::Lang;
use access::Grant;
use action::Outcome;
use bytes::Bytes;
use codings::Codings;
use heavy::Heavy;
use http::header::CONTENT_ENCODING;
use http::{Request, Response};
use jsond_store::Store;
use std::sync::Arc;

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

    /// Answers a request; every failure is a response too.
    ///
    /// *Cancel*: a write that was submitted happens all the same.
    pub async fn handle(&self, request: Request<Bytes>, caller: &Caller) -> Response<Body> {
        let facts = encode::Facts::of(&request);
        let (head, body) = request.into_parts();
        let (leave, granted) = self.access.admit(&head, caller).await;
        let outcome = match granted {
            Ok(grant) => self.outcome(Request::from_parts(head, body), grant).await,
            Err(problem) => Err(problem),
        };
        if let Ok(Outcome::Applied { applied, .. }) = &outcome {
            self.metrics.wrote(applied.effect);
        }
        let mut response = encode::encode(outcome, &facts);
        leave.mark(&mut response);
        response
    }

    async fn outcome(&self, request: Request<Bytes>, grant: Grant) -> Result<Outcome, Problem> {
        // Where there is no body nothing was coded.
        let is_coded =
            !request.body().is_empty() && request.headers().contains_key(CONTENT_ENCODING);
        let request = match is_coded {
            true => Box::pin(self.without_coding(request, &grant)).await?,
            false => request,
        };
        let image = self.store.image();
        let bytes = request.body().len();
        // Reading a large body as JSON takes a good part of a second.
        let limits = self.limits;
        let job = move || {
            let (image, limits) = (&image, &limits);
            decode::decode(request, &Served { image, limits }, &grant)
        };
        let action = self.heavy.run_for(bytes, job).await?;
        perform::perform(self, action).await
    }

    /// Takes the content codings off the body: a small one may become a large one.
    async fn without_coding(
        &self,
        request: Request<Bytes>,
        grant: &Grant,
    ) -> Result<Request<Bytes>, Problem> {
        let (head, body) = request.into_parts();
        decode::check_head(&head, &self.store.image(), grant)?;
        let codings = coding::content_codings(&head.headers).map_err(Problem::coding)?;
        let bytes_max = self.limits.body_bytes_max;
        let job = move || coding::decode_body(&codings, &body, bytes_max);
        let decoded = self.heavy.run_for(limits::HEAVY_BYTES_MIN, job).await;
        let body = decoded.map_err(Problem::coding)?;
        Ok(Request::from_parts(head, body))
    }

    /// Judges the head of a request whose body has not been read: who need not send it.
    ///
    /// *Errors*: the answer that can be given at once.
    pub async fn check_head(
        &self,
        head: &http::request::Parts,
        caller: &Caller,
    ) -> Result<(), Box<Response<Body>>> {
        let (leave, granted) = self.access.admit(head, caller).await;
        let check = |grant| decode::check_head(head, &self.store.image(), &grant);
        let checked = granted.and_then(check);
        checked.map(drop).map_err(|problem| {
            let facts = encode::Facts::of_head(head);
            let mut response = encode::encode(Err(problem), &facts);
            leave.mark(&mut response);
            Box::new(response)
        })
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
    let facts = encode::Facts::of_path(target.path());
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
