//! Who may ask: judged for each request after its framing and before what it asks for.
//!
//! First the name that it was sent to (421), then for whose page a browser sends it (403). Judges
//! heads and knows nothing of what is served.

mod cors;
mod host;
mod origin;

pub use cors::Cors;
pub use origin::{Origin, OriginError};

pub(super) use cors::{Leave, shows_a_browser};

use crate::api::problem::Problem;
use host::Hosts;
use http::request::Parts;
use std::net::IpAddr;

/// Whom a request comes from, as far as the connection tells.
#[derive(Debug, Clone, Copy)]
pub struct Caller {
    /// The address of the other end.
    pub address: IpAddr,
    /// Nobody on the way can read along.
    pub is_secure: bool,
}

/// The rules of who may ask.
#[derive(Debug, Clone, Default)]
pub struct Access {
    hosts: Hosts,
    cors: Cors,
}

impl Access {
    /// Makes the rules of a server that listens on `address`, or on both loopback addresses.
    #[must_use]
    pub fn new(address: Option<IpAddr>, names: &[String], cors: Cors) -> Self {
        let hosts = Hosts::new(address, names);
        Self { hosts, cors }
    }

    /// Judges a request by its head; says what its answer tells a browser.
    ///
    /// *Errors*: 421, 403.
    pub(super) fn check(&self, head: &Parts, caller: &Caller) -> (Leave, Result<(), Problem>) {
        if let Err(problem) = self.hosts.check(head) {
            return (Leave::default(), Err(problem));
        }
        self.cors.check(head, caller)
    }
}
