//! The names that the server answers for.
//!
//! A page of a stranger can have its own name point at this machine (DNS rebinding); its browser
//! then sends that name as Host, and a server that asks for its own name is out of reach.

use crate::api::problem::{Problem, ProblemKind};
use http::header::{HOST, HeaderValue};
use http::request::Parts;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which hosts a request may name.
#[derive(Debug, Clone, Default)]
pub(super) struct Hosts {
    /// In lower case, without a dot at the end.
    names: Vec<String>,
    reach: Reach,
}

/// From where the server is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Reach {
    /// From this machine: loopback names and those that were given.
    #[default]
    Loopback,
    /// From others, and names were given: those, loopback names, and addresses, which nobody can
    /// point elsewhere.
    Named,
    /// From others, under any name.
    Any,
}

impl Hosts {
    /// The rule for a server on this address, or on both loopback addresses, with these names.
    pub(super) fn new(address: Option<IpAddr>, names: &[String]) -> Self {
        let reach = match address {
            None => Reach::Loopback,
            Some(address) if address.is_loopback() => Reach::Loopback,
            Some(_) if names.is_empty() => Reach::Any,
            Some(_) => Reach::Named,
        };
        let names = names.iter().map(|name| plain(name)).collect();
        Self { names, reach }
    }

    /// Judges the host that a request names; HTTP/1.0 need not name one.
    ///
    /// *Errors*: 421.
    ///
    /// *Source*: RFC 9110 §7.4.
    pub(super) fn check(&self, head: &Parts) -> Result<(), Problem> {
        if self.reach == Reach::Any {
            return Ok(());
        }
        let of_target = head.uri.authority().map(|it| it.as_str().as_bytes());
        let of_field = head.headers.get_all(HOST);
        let mut all = of_target
            .into_iter()
            .chain(of_field.iter().map(HeaderValue::as_bytes));
        if all.all(|authority| self.is_ours(authority)) {
            return Ok(());
        }
        let detail = "This server does not answer for the host that the request names. Ask for \
                      localhost, or start jsond with --name and that host.";
        Err(Problem::new(ProblemKind::Misdirected, detail))
    }

    fn is_ours(&self, authority: &[u8]) -> bool {
        let Ok(text) = std::str::from_utf8(authority) else {
            return false;
        };
        let host = host_of(text);
        // Nearly all requests name one of these, which are ours whatever the reach.
        if matches!(host, "localhost" | "127.0.0.1") {
            return true;
        }
        let host = plain(host);
        let address = address_of(&host);
        let is_named = || self.names.contains(&host);
        match address {
            Some(address) if self.reach == Reach::Loopback => address.is_loopback() || is_named(),
            Some(_) => true,
            None => is_local_name(&host) || is_named(),
        }
    }
}

/// Judges whether a host is this machine whatever anybody's names point at.
pub(super) fn is_loopback(host: &str) -> bool {
    let host = plain(host);
    match address_of(&host) {
        Some(address) => address.is_loopback(),
        None => is_local_name(&host),
    }
}

fn is_local_name(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost")
}

/// The host of a host and port.
fn host_of(authority: &str) -> &str {
    match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    }
}

/// A host as it is compared.
fn plain(host: &str) -> String {
    let host = host.strip_prefix('[').unwrap_or(host);
    let host = host.strip_suffix(']').unwrap_or(host);
    let host = host.strip_suffix('.').unwrap_or(host);
    host.to_ascii_lowercase()
}

fn address_of(host: &str) -> Option<IpAddr> {
    let v4 = || host.parse::<Ipv4Addr>().map(IpAddr::V4);
    let v6 = || host.parse::<Ipv6Addr>().map(|it| it.to_canonical());
    v4().or_else(|_| v6()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn check(hosts: &Hosts, authority: &str, expected: bool) {
        let head = |build: http::request::Builder| build.body(()).unwrap().into_parts().0;
        let by_field = head(Request::get("/").header(HOST, authority));
        assert_eq!(
            hosts.check(&by_field).is_ok(),
            expected,
            "Host: {authority}"
        );
        let by_target = head(Request::get(format!("http://{authority}/")));
        assert_eq!(hosts.check(&by_target).is_ok(), expected, "{authority}");
        // Both have to be ours.
        let by_both = head(Request::get("http://localhost/").header(HOST, authority));
        assert_eq!(hosts.check(&by_both).is_ok(), expected, "both {authority}");
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    const LOOPBACK: [&str; 10] = [
        "localhost",
        "LocalHost:12345",
        "localhost.",
        "app.localhost:1",
        "127.0.0.1",
        "127.9.8.7:80",
        "[::1]",
        "[::1]:12345",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
    ];

    const FOREIGN: [&str; 12] = [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evillocalhost",
        "localhost-evil:12345",
        "0.0.0.0",
        "192.168.0.7",
        "2130706433",
        "127.1",
        "[::2]",
        "[fe80::1]:12345",
        "school.example",
    ];

    #[test]
    fn on_loopback_only_loopback_names_are_ours() {
        for hosts in [
            Hosts::new(None, &[]),
            Hosts::new(Some(Ipv4Addr::LOCALHOST.into()), &[]),
            Hosts::new(Some(Ipv6Addr::LOCALHOST.into()), &[]),
        ] {
            LOOPBACK.iter().for_each(|it| check(&hosts, it, true));
            FOREIGN.iter().for_each(|it| check(&hosts, it, false));
        }
    }

    #[test]
    fn a_name_that_was_given_is_ours_too() {
        let given = names(&["School.example.", "192.168.0.7", "[fe80::1]"]);
        let hosts = Hosts::new(None, &given);
        for name in [
            "school.example:80",
            "SCHOOL.EXAMPLE.",
            "192.168.0.7",
            "[fe80::1]:1",
        ] {
            check(&hosts, name, true);
        }
        check(&hosts, "a.school.example", false);
        check(&hosts, "192.168.0.8", false);
        check(&hosts, "localhost", true);
    }

    #[test]
    fn for_others_any_name_is_ours_unless_some_were_given() {
        let everywhere = Some(Ipv4Addr::UNSPECIFIED.into());
        let open = Hosts::new(everywhere, &[]);
        FOREIGN.iter().for_each(|it| check(&open, it, true));
        let named = Hosts::new(everywhere, &names(&["school.example"]));
        for ours in ["school.example", "192.168.0.7:80", "[fe80::1]", "localhost"] {
            check(&named, ours, true);
        }
        check(&named, "evil.example", false);
    }

    #[test]
    fn without_a_host_there_is_nothing_to_judge() {
        let head = Request::get("/").body(()).unwrap().into_parts().0;
        assert!(Hosts::new(None, &[]).check(&head).is_ok());
    }
}
