//! The direction of arrows between the rooms of the program, and the absences the crates promise.

use super::source::{Source, paths_of};

/// One row of the table of rooms.
struct Room {
    name: &'static str,
    /// Rooms and crates of ours that it may use.
    may_use: &'static [&'static str],
    /// Beginnings of paths of others that it must not know; tests of the room may.
    must_not_know: &'static [&'static [&'static str]],
}

const ALL: &[&str] = &[
    "cli",
    "config",
    "exit",
    "server",
    "client",
    "api",
    "site",
    "web",
    "wire",
    "limits",
    "jsond_store",
    "jsond_document",
];
/// Addresses are only names; these are the sockets.
const SOCKETS: &[&str] = &[
    "std::net::TcpStream",
    "std::net::TcpListener",
    "std::net::UdpSocket",
    "std::os::unix::net",
    "tokio::net",
    "socket2",
];
/// Beside sockets, what would let a room store something or serve on its own.
const WORLD: &[&str] = &[
    "std::fs",
    "std::thread",
    "std::process",
    "cap_std",
    "tokio",
    "hyper",
];

const ROOMS: &[Room] = &[
    Room {
        name: "cli",
        may_use: ALL,
        must_not_know: &[],
    },
    Room {
        name: "config",
        may_use: ALL,
        must_not_know: &[],
    },
    Room {
        name: "exit",
        may_use: ALL,
        must_not_know: &[],
    },
    Room {
        name: "server",
        may_use: &["api", "wire", "limits"],
        must_not_know: &[&["std::fs"]],
    },
    Room {
        name: "client",
        may_use: &["wire", "jsond_document"],
        must_not_know: &[],
    },
    Room {
        name: "api",
        may_use: &[
            "wire",
            "web",
            "site",
            "limits",
            "jsond_store",
            "jsond_document",
        ],
        must_not_know: &[SOCKETS, &["hyper", "std::fs", "cap_std"]],
    },
    Room {
        name: "site",
        may_use: &[],
        must_not_know: &[SOCKETS, &["std::thread", "std::process", "tokio", "hyper"]],
    },
    Room {
        name: "web",
        may_use: &[],
        must_not_know: &[SOCKETS, WORLD],
    },
    Room {
        name: "wire",
        may_use: &[],
        must_not_know: &[SOCKETS, WORLD],
    },
    Room {
        name: "limits",
        may_use: &[],
        must_not_know: &[SOCKETS, WORLD],
    },
];

/// A file of unit tests: it may read test data, but its arrows are those of its room.
fn is_test(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("tests.rs")
}

/// The room a file of the program lies in; the library's root and `main` lie in none.
fn room_of(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("crates/jsond/src/")?;
    let name = inside.split('/').next()?.trim_end_matches(".rs");
    (!matches!(name, "lib" | "main")).then_some(name)
}

/// Names of ours in a path: the room behind `crate::` or a chain of `super::`, or one of our crates.
fn ours_in(path: &str) -> Option<&str> {
    let mut parts = path.split("::").skip_while(|part| *part == "super");
    let first = parts.next()?;
    let is_super = path.starts_with("super::");
    match first {
        "crate" | "jsond" => parts.next().filter(|name| ALL.contains(name)),
        "jsond_store" | "jsond_document" => Some(first),
        name if is_super && ALL.contains(&name) => Some(name),
        _ => None,
    }
}

fn begins_with(path: &str, beginning: &str) -> bool {
    path == beginning
        || path
            .strip_prefix(beginning)
            .is_some_and(|rest| rest.starts_with("::"))
}

/// A room uses only what its row names.
pub(crate) fn check_arrows(source: &Source) -> Vec<String> {
    let Some(name) = room_of(&source.path) else {
        return Vec::new();
    };
    let Some(room) = ROOMS.iter().find(|room| room.name == name) else {
        return vec![format!(
            "{}: the room {name} has no row in the table of rooms",
            source.path
        )];
    };
    let fault = |path: &String| {
        let arrow = ours_in(path).is_some_and(|used| used != name && !room.may_use.contains(&used));
        let mut unknown = room.must_not_know.iter().copied().flatten();
        let known = !is_test(&source.path) && unknown.any(|start| begins_with(path, start));
        (arrow || known).then(|| format!("{}: {name} must not use {path}", source.path))
    };
    paths_of(&source.text).iter().filter_map(fault).collect()
}

const NO_WORLD: &[&str] = &[
    "std::fs",
    "std::net",
    "std::thread",
    "std::time",
    "std::env",
    "std::process",
    "std::sync::mpsc",
    "tokio",
    "cap_std",
    "rustix",
];

/// The document is pure; the store knows no sockets.
pub(crate) fn check_absences(source: &Source) -> Vec<String> {
    let absent = if source.path.starts_with("crates/jsond-document/src/") {
        NO_WORLD
    } else if source.path.starts_with("crates/jsond-store/src/") {
        SOCKETS
    } else {
        &[]
    };
    let is_absent = |path: &&String| absent.iter().any(|beginning| begins_with(path, beginning));
    let paths = paths_of(&source.text);
    paths
        .iter()
        .filter(is_absent)
        .map(|path| format!("{}: {path}", source.path))
        .collect()
}

/// A crate whose manifest names no such library cannot use one.
pub(crate) fn check_manifest(name: &str, manifest: &str) -> Vec<String> {
    let web = [
        "http",
        "http-body-util",
        "httparse",
        "hyper",
        "hyper-util",
        "socket2",
        "rustls",
        "tokio-rustls",
        "h2",
        "clap",
        "rustyline",
        "anstream",
        "anstyle",
        "jsond",
    ];
    let world = [
        "tokio",
        "cap-std",
        "rustix",
        "tracing",
        "jsond-store",
        "notify",
        "uuid",
    ];
    let absent: Vec<&str> = if name == "jsond-document" {
        [&web[..], &world[..]].concat()
    } else {
        web.to_vec()
    };
    let named: Vec<&str> = manifest
        .lines()
        .take_while(|line| !line.starts_with("[dev-dependencies"))
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .collect();
    let mut faults: Vec<String> = absent
        .iter()
        .filter(|library| named.contains(library))
        .map(|library| format!("{name} depends on {library}"))
        .collect();
    if manifest
        .lines()
        .any(|line| line.starts_with("tokio") && line.contains("\"net\""))
    {
        faults.push(format!("{name} asks for tokio's sockets"));
    }
    faults
}

/// Asserts that a text in a file has the number of faults said.
#[cfg(test)]
#[track_caller]
fn check(rule: fn(&Source) -> Vec<String>, path: &str, text: &str, faults: usize) {
    let found = rule(&Source::new(path, text));
    assert_eq!(found.len(), faults, "{path}\n{text}\n{found:?}");
}

#[test]
fn an_arrow_that_points_up_is_found() {
    let found = |path, text, expected| check(check_arrows, path, text, expected);
    let wire = "crates/jsond/src/wire/head.rs";
    let downward = "use super::sniff;\nuse crate::wire::x;\nuse bytes::Bytes;";
    found(wire, downward, 0);
    found(wire, "use crate::api::handle;", 1);
    found(wire, "use crate::{wire, limits::HEAD};", 1);
    found(wire, "fn f() -> jsond_store::Store {}", 1);
    found(wire, "use std::{io, net::TcpStream};", 1);
    found(wire, "use super::super::server::run;", 1);
    found(wire, "use std::net::Ipv6Addr;", 0);
    found(wire, "// crate::api is not for us\nfn f() {}", 0);
    let wire_test = "crates/jsond/src/wire/tests/data.rs";
    found(wire_test, "use std::fs;", 0);
    found(wire_test, "use crate::api::x;", 1);
    let api = "crates/jsond/src/api/mod.rs";
    let downward = "use crate::{wire::x, web, limits};\nuse jsond_store::Store;";
    found(api, downward, 0);
    found(api, "use crate::server::Server;", 1);
    let outside = "fn f(s: tokio::net::TcpStream, b: hyper::Body) {}";
    found(api, outside, 2);
    let client = "crates/jsond/src/client/mod.rs";
    found(client, "use crate::api::problem;", 1);
    let server = "crates/jsond/src/server/mod.rs";
    found(server, "use crate::client::x;", 1);
    let limits = "crates/jsond/src/limits.rs";
    found(limits, "use crate::wire::x;", 1);
    let root = "crates/jsond/src/lib.rs";
    found(root, "pub mod x; use crate::api::y;", 0);
    found("crates/jsond/src/attic/mod.rs", "", 1);
}

#[test]
fn a_document_that_looks_at_the_world_is_found() {
    let document = "crates/jsond-document/src/value.rs";
    check(
        check_absences,
        document,
        "use std::{fmt, collections::HashMap};",
        0,
    );
    check(check_absences, document, "use std::fs::File;", 1);
    check(
        check_absences,
        document,
        "use std::{env, time::Instant};",
        2,
    );
    check(
        check_absences,
        document,
        "fn f() { std::thread::sleep(d); tokio::spawn(x); }",
        2,
    );
    check(
        check_absences,
        "crates/jsond-store/src/lib.rs",
        "use std::net::TcpStream;",
        1,
    );
    check(
        check_absences,
        "crates/jsond-store/src/lib.rs",
        "use std::fs::File;",
        0,
    );
}

#[test]
fn a_manifest_with_a_library_it_must_not_have_is_found() {
    let good = "[dependencies]\nbytes.workspace = true\n[dev-dependencies]\nhyper = \"1\"\n";
    assert_eq!(check_manifest("jsond-store", good), Vec::<String>::new());
    let bad = "[dependencies]\nhttp.workspace = true\ntokio = { features = [\"net\"] }\n";
    assert_eq!(check_manifest("jsond-store", bad).len(), 2);
    assert_eq!(
        check_manifest("jsond-document", "[dependencies]\ntokio = \"1\"\n").len(),
        1
    );
}
