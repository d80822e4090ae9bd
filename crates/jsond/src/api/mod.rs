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
mod dialect;
mod encode;
mod form;
mod guide;
mod heavy;
mod idempotency;
mod joins;
mod json_server;
mod listing;
mod metrics;
mod ndjson;
mod negotiate;
mod page;
mod part_link;
mod pause;
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

pub use access::{
    Access, Caller, Cors, CorsManner, Origin, OriginError, Role, Token, Tokens, TokensError,
};
pub use encode::Body;
pub use guide::{Guide, GuideReply, Turn};
pub use json_server::{JsonServer, JsonServerError, JsonServerSettings, JsonServerVersion};
pub use metrics::{Door, Metrics, OpenConnection};
pub use pause::Pause;
pub use problem::Problem;
pub use question::Question;
pub use running::Running;

use crate::api::decode::Served;
use crate::limits::{self, Limits};
use crate::site::{Files, FoundFile};
use crate::wire::Lang;
use access::{Grant, Leave};
use action::{Action, Outcome, Read};
use bytes::Bytes;
use codings::Codings;
use dialect::{Dialect, Native};
use heavy::Heavy;
use http::header::CONTENT_ENCODING;
use http::request::Parts;
use http::{Request, Response};
use jsond_store::{Image, Newest, Store};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// What is served at one time, to tell whether it still is.
#[derive(Debug, Clone)]
pub struct Version(Weak<Image>);

/// What is served now.
#[derive(Debug)]
pub struct NewestVersion(Newest);

impl NewestVersion {
    /// Whether it is of this version.
    #[must_use]
    pub fn is(&self, version: &Version) -> bool {
        self.0.is(&version.0)
    }
}

/// The one way in: answers requests from a store.
#[derive(Debug, Clone)]
pub struct Api {
    store: Arc<Store>,
    access: Arc<Access>,
    heavy: Heavy,
    codings: Codings,
    metrics: Arc<Metrics>,
    limits: Limits,
    dialect: Arc<dyn Dialect>,
    files: Option<Arc<Files>>,
    pause: Pause,
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
            dialect: Arc::new(Native),
            files: None,
            pause: Pause::default(),
        }
    }

    /// Speaks as json-server does.
    #[must_use]
    pub fn with_json_server(self, dialect: JsonServer) -> Self {
        let dialect = Arc::new(dialect);
        Self { dialect, ..self }
    }

    /// Serves files of a front end as they lie on the disk, before what is in the store.
    #[must_use]
    pub fn with_files(self, files: Files) -> Self {
        let files = Some(Arc::new(files));
        Self { files, ..self }
    }

    /// Holds every answer back for a while.
    #[must_use]
    pub fn with_pause(self, pause: Pause) -> Self {
        Self { pause, ..self }
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

    /// What is served now, to compare versions with it; not to be kept.
    #[must_use]
    pub fn newest(&self) -> NewestVersion {
        NewestVersion(self.store.newest())
    }

    /// Answers a request; every failure is a response too.
    ///
    /// An answer that [holds](Body::holds) is the same for the same head, but for `Date`, as long as
    /// the same [version](Api::version) is served.
    ///
    /// *Cancel*: a write that was submitted happens all the same.
    pub fn handle(&self, request: Request<Bytes>, caller: &Caller) -> Running<'_, Response<Body>> {
        let (head, body) = request.into_parts();
        let head = self.dialect.rewritten(&head).unwrap_or(head);
        let facts = self.dialect.facts(&head, caller);
        let pause = self.pause.length() + self.dialect.pause(&head);
        let (leave, granted) = self.access.admit(&head, caller);
        let file = self.files.as_ref().and_then(|files| files.find(&head));
        let (outcome, leave) = match (granted, file) {
            (Ok(_), Some(file)) => {
                let gives = self.files.as_ref().is_some_and(|it| it.gives_leave());
                let leave = if gives { leave } else { Leave::default() };
                (self.send_file(head, file), leave)
            }
            (Ok(grant), None) => (self.outcome(head, body, grant), leave),
            (Err(problem), _) => (Running::waiting(self.refuse(problem, *caller)), leave),
        };
        let answer =
            outcome.then(move |outcome| Running::Done(self.answer(outcome, &facts, leave)));
        match pause.is_zero() {
            true => answer,
            false => Running::waiting(held_back(pause, answer)),
        }
    }

    fn outcome(
        &self,
        head: Parts,
        body: Bytes,
        grant: Grant,
    ) -> Running<'_, Result<Outcome, Problem>> {
        let bytes = match body.is_empty() {
            true => self.dialect.bytes(&head, &self.store.image()),
            false if head.headers.contains_key(CONTENT_ENCODING) => {
                return Running::waiting(self.outcome_of_coded(head, body, grant));
            }
            false => body.len(),
        };
        let action = self.decode(head, body, grant, bytes);
        action.then(|action| match action {
            Ok(action) => perform::perform(self, action),
            Err(problem) => Running::Done(Err(problem)),
        })
    }

    /// Decodes a request for which so many bytes have to be read; many take a good part of a second.
    fn decode(
        &self,
        head: Parts,
        body: Bytes,
        grant: Grant,
        bytes: usize,
    ) -> Running<'static, Result<Action, Problem>> {
        let (dialect, image) = (Arc::clone(&self.dialect), self.store.image());
        let limits = self.limits;
        let job = move || {
            let (image, limits) = (&image, &limits);
            dialect.decode(head, body, &Served { image, limits }, &grant)
        };
        self.heavy.run_for(bytes, job)
    }

    fn send_file(&self, head: Parts, file: FoundFile) -> Running<'_, Result<Outcome, Problem>> {
        let read = match Read::of_root(head) {
            Ok(read) => read,
            Err(problem) => return Running::Done(Err(problem)),
        };
        let bytes = usize::try_from(file.bytes).unwrap_or(usize::MAX);
        let job = move || representation::of_file(file);
        let made = self.heavy.run_for(bytes, job);
        made.then(move |made| {
            let made = made.map(|made| made.of_target(read.target.path()));
            read::send(self, &read, made)
        })
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
        let mut response = self.dialect.encode(outcome, facts);
        leave.mark(&mut response);
        if self.access.asks_for_tokens() || self.files.is_some() || !self.pause.is_zero() {
            // Tokens can be taken back, files can come and go, and a pause is one every time.
            response.body_mut().holds_no_longer();
        }
        response
    }

    async fn refuse(&self, problem: Problem, caller: Caller) -> Result<Outcome, Problem> {
        self.access.hold_back(&problem, &caller).await;
        Err(problem)
    }

    async fn outcome_of_coded(
        &self,
        head: Parts,
        body: Bytes,
        grant: Grant,
    ) -> Result<Outcome, Problem> {
        let body = self.without_coding(&head, body, &grant).await?;
        let bytes = body.len();
        let action = self.decode(head, body, grant, bytes).done().await?;
        perform::perform(self, action).done().await
    }

    /// Takes the content codings off the body: a small one may become a large one.
    async fn without_coding(
        &self,
        head: &Parts,
        body: Bytes,
        grant: &Grant,
    ) -> Result<Bytes, Problem> {
        self.dialect.check_head(head, &self.store.image(), grant)?;
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
        let rewritten = self.dialect.rewritten(head);
        let head = rewritten.as_ref().unwrap_or(head);
        let (leave, granted) = self.access.admit(head, caller);
        let image = self.store.image();
        let check = |grant| self.dialect.check_head(head, &image, &grant);
        let Err(problem) = granted.and_then(check) else {
            return Ok(());
        };
        Box::pin(self.access.hold_back(&problem, caller)).await;
        Err(Box::new(self.refused(problem, head, caller, leave)))
    }

    /// Makes the response to a request whose head was read and whose body was not.
    #[must_use]
    pub fn refuse_body(
        &self,
        head: &Parts,
        caller: &Caller,
        status: http::StatusCode,
        detail: &str,
    ) -> Response<Body> {
        let (leave, _) = self.access.admit(head, caller);
        self.refused(Problem::of_status(status, detail), head, caller, leave)
    }

    fn refused(
        &self,
        problem: Problem,
        head: &Parts,
        caller: &Caller,
        leave: Leave,
    ) -> Response<Body> {
        let facts = self.dialect.facts(head, caller);
        let mut response = self.dialect.encode(Err(problem), &facts);
        leave.mark(&mut response);
        response
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

async fn held_back(pause: Duration, answer: Running<'_, Response<Body>>) -> Response<Body> {
    let answer = answer.done().await;
    tokio::time::sleep(pause).await;
    answer
}

/// Makes the response to a request that failed before it could be handled.
#[must_use]
pub fn refuse(status: http::StatusCode, detail: &str) -> Response<Body> {
    encode::encode(
        Err(Problem::of_status(status, detail)),
        &encode::Facts::none(),
    )
}
