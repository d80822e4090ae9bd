//! Who may ask: judged for each request after its framing and before what it asks for.
//!
//! First the name that it was sent to (421), then for whose page a browser sends it (403), then the
//! token of who asks (401), of which comes a [`Grant`]: what it reaches (403) shows when it is known
//! what is asked.

mod cors;
mod delay;
mod grant;
mod host;
mod leave;
mod origin;
mod token;

pub use cors::{Cors, CorsManner};
pub use origin::{Origin, OriginError};
pub use token::{Role, Token, Tokens, TokensError};

pub(super) use cors::{is_of_other_site, shows_a_browser};
pub(super) use grant::Grant;
pub(super) use leave::Leave;

use crate::api::action::Own;
use crate::api::problem::{Problem, ProblemKind};
use crate::api::resource::{Target, parse_target};
use arc_swap::ArcSwap;
use cors::{is_preflight, is_read};
use delay::Delays;
use host::Hosts;
use http::request::Parts;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

/// Whom a request comes from, as far as the connection tells.
#[derive(Debug, Clone, Copy)]
pub struct Caller {
    /// The address of the other end.
    pub address: IpAddr,
    /// Nobody on the way can read along.
    pub is_secure: bool,
}

/// The rules of who may ask.
#[derive(Debug, Default)]
pub struct Access {
    hosts: Hosts,
    cors: Cors,
    tokens: Option<Arc<ArcSwap<Tokens>>>,
    delays: Delays,
    /// Why nothing is written, if nothing is.
    read_only: Option<&'static str>,
}

impl Access {
    /// Makes the rules of a server that listens on `address`, or on both loopback addresses.
    #[must_use]
    pub fn new(address: Option<IpAddr>, names: &[String], cors: Cors) -> Self {
        let hosts = Hosts::new(address, names);
        Self {
            hosts,
            cors,
            ..Self::default()
        }
    }

    /// Asks for one of these tokens, which may be others later.
    #[must_use]
    pub fn with_tokens(self, tokens: Arc<ArcSwap<Tokens>>) -> Self {
        let tokens = Some(tokens);
        Self { tokens, ..self }
    }

    /// Lets nobody write; `reason` says why.
    #[must_use]
    pub fn for_reading(self, reason: &'static str) -> Self {
        let read_only = Some(reason);
        Self { read_only, ..self }
    }

    /// Whether it depends on more than the head who may ask.
    pub(super) fn asks_for_tokens(&self) -> bool {
        self.tokens.is_some()
    }

    /// Judges a request by its head; says what its answer tells a browser. What is refused is
    /// [held back](Access::hold_back).
    ///
    /// *Errors*: 421, 403, 401.
    pub(super) fn admit(&self, head: &Parts, caller: &Caller) -> (Leave, Result<Grant, Problem>) {
        if let Err(problem) = self.hosts.check(head) {
            return (Leave::default(), Err(problem));
        }
        let (leave, verdict) = self.cors.check(head, caller);
        let verdict = verdict.and_then(|()| self.check_writable(head));
        (leave, verdict.and_then(|()| self.grant(head)))
    }

    fn check_writable(&self, head: &Parts) -> Result<(), Problem> {
        match self.read_only {
            Some(reason) if !is_read(&head.method) => {
                Err(Problem::new(ProblemKind::ReadOnly, reason))
            }
            _ => Ok(()),
        }
    }

    /// Holds back the answer to a wrong token for a while.
    pub(super) async fn hold_back(&self, problem: &Problem, caller: &Caller) {
        if problem.is_of(ProblemKind::TokenUnknown) {
            let delay = self.delays.note(caller.address, Instant::now());
            tokio::time::sleep(delay).await;
        }
    }

    fn grant(&self, head: &Parts) -> Result<Grant, Problem> {
        let Some(tokens) = &self.tokens else {
            return Ok(Grant::Open);
        };
        // A preflight never has a token, and probes of health have none.
        if is_preflight(head) {
            return Ok(Grant::Public);
        }
        if let Ok(Target::Own(Own::Live | Own::Ready | Own::Problems)) =
            parse_target(head.uri.path())
        {
            return Ok(Grant::Public);
        }
        tokens.load().find(&head.headers).map(Grant::Token)
    }
}
