//! The language in which requests are asked and answers given: the only place where one interface
//! differs from another.
//!
//! A dialect turns a request into an action and an outcome into a response; what lies between is
//! the same for all. The interface of this server's own is [`Native`].

use crate::api::access::{Caller, Grant};
use crate::api::action::{Action, Outcome};
use crate::api::decode::{self, Served};
use crate::api::encode::{self, Body, Facts};
use crate::api::problem::Problem;
use bytes::Bytes;
use http::Response;
use http::request::Parts;
use jsond_store::Image;
use std::fmt::Debug;
use std::time::Duration;

/// How requests are read and answers written. Pure.
pub(super) trait Dialect: Debug + Send + Sync {
    /// The request that one stands for, if it stands for another.
    fn rewritten(&self, _head: &Parts) -> Option<Parts> {
        None
    }

    /// How long an answer is to wait besides what it takes.
    fn pause(&self, _head: &Parts) -> Duration {
        Duration::ZERO
    }

    /// How much text has to be read before it is known what a request without a body asks for.
    ///
    /// *Units*: bytes.
    fn bytes(&self, _head: &Parts, _image: &Image) -> usize {
        0
    }

    /// Judges a request before its body is there.
    fn check_head(&self, head: &Parts, image: &Image, grant: &Grant) -> Result<(), Problem>;

    /// Turns a request into an action.
    fn decode(
        &self,
        head: Parts,
        body: Bytes,
        served: &Served<'_>,
        grant: &Grant,
    ) -> Result<Action, Problem>;

    /// What encoding needs to know of the request.
    fn facts(&self, head: &Parts, _caller: &Caller) -> Facts {
        Facts::of(head)
    }

    /// Turns an outcome, or a problem, into a response.
    fn encode(&self, outcome: Result<Outcome, Problem>, facts: &Facts) -> Response<Body>;
}

/// The interface that `docs/http.md` describes.
#[derive(Debug)]
pub(super) struct Native;

impl Dialect for Native {
    fn check_head(&self, head: &Parts, image: &Image, grant: &Grant) -> Result<(), Problem> {
        decode::check_head(head, image, grant).map(drop)
    }

    fn decode(
        &self,
        head: Parts,
        body: Bytes,
        served: &Served<'_>,
        grant: &Grant,
    ) -> Result<Action, Problem> {
        decode::decode(head, body, served, grant)
    }

    fn encode(&self, outcome: Result<Outcome, Problem>, facts: &Facts) -> Response<Body> {
        encode::encode(outcome, facts)
    }
}
