//! Content codings of answers: gzip and br, a tag for each, made only where it is worth it.
//!
//! *Source*: RFC 9110 §8.4, RFC 9110 §12.5.3.

use std::io::Read;
use std::sync::Arc;

use flate2::read::MultiGzDecoder;

use crate::support::{Folder, JSON, JSON_PATCH, MERGE_PATCH, Reply, Server};

const LARGE: &str = "/large.json";

fn large() -> String {
    let record = |n: usize| format!("{{\"id\":{n},\"text\":\"the same words again\"}}");
    format!("[{}]", (0..200).map(record).collect::<Vec<_>>().join(","))
}

fn server() -> Server {
    Server::start(Folder::school().with("large.json", large()), &[])
}

fn accepting(server: &Server, target: &str, codings: &str) -> Reply {
    server.ask_for(target, &[&format!("Accept-Encoding: {codings}")])
}

/// The body without its coding.
fn decoded(reply: &Reply) -> Vec<u8> {
    let mut bytes = Vec::new();
    match reply.field("Content-Encoding") {
        None => return reply.body.clone(),
        Some("gzip") => MultiGzDecoder::new(&*reply.body)
            .read_to_end(&mut bytes)
            .unwrap(),
        Some("br") => brotli::Decompressor::new(&*reply.body, 4096)
            .read_to_end(&mut bytes)
            .unwrap(),
        Some(other) => panic!("an answer in {other}"),
    };
    bytes
}

/// Whether a list field names a member.
fn names(reply: &Reply, field: &str, member: &str) -> bool {
    let list = reply.field(field).unwrap_or_default();
    list.split(',')
        .any(|it| it.trim().eq_ignore_ascii_case(member))
}

#[test]
fn a_large_answer_comes_in_the_coding_that_is_asked_for() {
    let server = server();
    let plain = server.get(LARGE).is(200);
    assert!(plain.field("Content-Encoding").is_none());
    for (codings, expected) in [
        ("gzip", Some("gzip")),
        ("br", Some("br")),
        ("GZIP", Some("gzip")),
        ("gzip;q=0.5", Some("gzip")),
        ("gzip;q=1.0, br;q=0", Some("gzip")),
        ("gzip;q=0, br", Some("br")),
        ("gzip;q=0.2, br;q=0.8", Some("br")),
        ("gzip;q=0.8, br;q=0.2", Some("gzip")),
        ("deflate, gzip", Some("gzip")),
        ("identity;q=0, gzip", Some("gzip")),
        ("gzip ; q=0.1", Some("gzip")),
        ("", None),
        ("identity", None),
        ("deflate", None),
        ("zstd, compress", None),
        ("gzip;q=0", None),
        ("gzip;q=0, br;q=0.000", None),
        ("*;q=0, identity", None),
        ("gzip;q=0.1, identity;q=0.9", None),
        ("gzipped", None),
    ] {
        let reply = accepting(&server, LARGE, codings).is(200);
        assert_eq!(reply.field("Content-Encoding"), expected, "{codings:?}");
        assert_eq!(decoded(&reply), plain.body, "{codings:?}");
        assert_eq!(reply.need("Content-Type"), "application/json");
        assert!(
            names(&reply, "Vary", "Accept-Encoding"),
            "{codings:?}\n{}",
            reply.head
        );
        assert!(
            expected.is_none() || reply.body.len() < plain.body.len() / 2,
            "{codings:?}"
        );
    }
    assert!(
        names(&plain, "Vary", "Accept-Encoding"),
        "the plain answer varies too\n{}",
        plain.head
    );
    for codings in ["gzip, deflate, br, zstd", "gzip, br", "*"] {
        let reply = accepting(&server, LARGE, codings).is(200);
        assert!(
            matches!(reply.field("Content-Encoding"), Some("gzip" | "br")),
            "{codings}"
        );
        assert_eq!(decoded(&reply), plain.body);
    }
    let reply = accepting(&server, LARGE, "*;q=0").one_of(&[200, 406]);
    assert!(reply.field("Content-Encoding").is_none());
}

#[test]
fn nothing_below_one_kibibyte_is_coded() {
    // The body is the text and a newline.
    let text = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 3));
    let folder = Folder::school()
        .with("below.json", text(1023))
        .with("at.json", text(1025));
    let server = Server::start(folder, &[]);
    for target in [
        "/below.json",
        "/students.json",
        "/students.json/Da_Eun",
        "/_/version",
        "/nothing.json",
    ] {
        let reply = accepting(&server, target, "gzip, br");
        assert!(reply.field("Content-Encoding").is_none(), "{target}");
    }
    assert_eq!(server.get("/below.json").body.len(), 1023);
    let reply = accepting(&server, "/at.json", "gzip").is(200);
    assert_eq!(reply.field("Content-Encoding"), Some("gzip"));
}

#[test]
fn every_coding_has_a_tag_of_its_own_that_stays() {
    let server = server();
    let tags = |server: &Server| {
        ["identity", "gzip", "br"].map(|coding| accepting(server, LARGE, coding).is(200).etag())
    };
    let before = tags(&server);
    assert!(
        before[0] != before[1] && before[1] != before[2] && before[0] != before[2],
        "{before:?}"
    );
    assert_eq!(tags(&server), before);
    let bodies = |server: &Server| ["gzip", "br"].map(|it| accepting(server, LARGE, it).body);
    let bytes = bodies(&server);
    assert_eq!(bodies(&server), bytes, "one tag, the same bytes");
    let server = Server::start(server.kill(), &[]);
    assert_eq!(tags(&server), before, "also after a restart");
    assert_eq!(bodies(&server), bytes, "also after a restart");
    server.put("/large.json/7/text", "\"other words\"").is(200);
    let after = tags(&server);
    for place in 0..3 {
        assert_ne!(after[place], before[place]);
    }
    assert_eq!(
        decoded(&accepting(&server, LARGE, "gzip")),
        server.get(LARGE).body
    );
}

#[test]
fn a_304_is_told_by_the_tag_of_the_coding_that_would_be_sent() {
    let server = server();
    for coding in ["identity", "gzip", "br"] {
        let full = accepting(&server, LARGE, coding).is(200);
        let fields = [
            format!("Accept-Encoding: {coding}"),
            format!("If-None-Match: {}", full.etag()),
        ];
        let reply = server
            .ask_for(LARGE, &fields.each_ref().map(String::as_str))
            .is(304);
        assert_eq!(reply.etag(), full.etag(), "{coding}");
        assert!(names(&reply, "Vary", "Accept-Encoding"), "{}", reply.head);
        for other in ["identity", "gzip", "br"]
            .iter()
            .filter(|other| **other != coding)
        {
            let fields = [
                format!("Accept-Encoding: {other}"),
                format!("If-None-Match: {}", full.etag()),
            ];
            let reply = server
                .ask_for(LARGE, &fields.each_ref().map(String::as_str))
                .is(200);
            assert_eq!(reply.etag(), accepting(&server, LARGE, other).etag());
        }
    }
}

#[test]
fn if_match_takes_the_tag_of_any_coding() {
    let server = server();
    for coding in ["identity", "gzip", "br"] {
        for (method, field, target, body) in [
            (
                "PUT",
                JSON,
                LARGE.to_owned(),
                large().replace("again", coding),
            ),
            (
                "PATCH",
                JSON_PATCH,
                LARGE.to_owned(),
                "[{\"op\":\"remove\",\"path\":\"/1\"}]".to_owned(),
            ),
            ("PATCH", MERGE_PATCH, LARGE.to_owned(), large()),
            (
                "POST",
                JSON,
                LARGE.to_owned(),
                "{\"text\":\"new\"}".to_owned(),
            ),
        ] {
            let tag = accepting(&server, &target, coding).is(200).etag();
            let right = format!("If-Match: \"x\", {tag}");
            server
                .request(method, &target, &[field, &right], &body)
                .one_of(&[200, 201]);
            server
                .request(method, &target, &[field, &right], &body)
                .problem(412);
        }
        let tag = accepting(&server, LARGE, coding).etag();
        server
            .ask_for(LARGE, &[&format!("If-Match: {tag}")])
            .is(200);
    }
    let tag = accepting(&server, LARGE, "br").etag();
    server
        .request("DELETE", LARGE, &["If-Match: \"other\""], "")
        .problem(412);
    server
        .request("DELETE", LARGE, &[&format!("If-Match: {tag}")], "")
        .is(200);
}

#[test]
fn head_says_what_get_says_in_every_coding() {
    let server = server();
    for coding in ["identity", "gzip", "br"] {
        let field = format!("Accept-Encoding: {coding}");
        let get = server.ask_for(LARGE, &[&field]).is(200);
        let mut wire = server.connect();
        let head = wire.request("HEAD", LARGE, &[&field], "");
        assert_eq!(head.lasting_fields(), get.lasting_fields(), "{coding}");
        wire.get("/students.json").is(200);
    }
}

#[test]
fn other_representations_are_coded_with_tags_of_their_own() {
    let server = server();
    let mut tags = Vec::new();
    for (target, media_type) in [
        (LARGE.to_owned(), "application/json"),
        (LARGE.to_owned(), "text/csv"),
        (LARGE.to_owned(), "application/x-ndjson"),
        (format!("{LARGE}?pretty"), "application/json"),
        (format!("{LARGE}?_limit=150"), "application/json"),
    ] {
        let accept = format!("Accept: {media_type}");
        let plain = server.ask_for(&target, &[&accept]).is(200);
        let coded = server
            .ask_for(&target, &[&accept, "Accept-Encoding: gzip"])
            .is(200);
        assert_eq!(decoded(&coded), plain.body, "{target} {media_type}");
        tags.extend(plain.field("ETag").map(str::to_owned));
        if coded.field("Content-Encoding").is_some() {
            tags.extend(coded.field("ETag").map(str::to_owned));
        }
    }
    let count = tags.len();
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), count, "different bytes have different tags");
}

#[test]
fn a_crowd_gets_codings_of_a_changing_file_right() {
    let server = Arc::new(server());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..30 {
                server
                    .put("/large.json/3/text", &number.to_string())
                    .is(200);
            }
        });
        for coding in ["gzip", "br", "gzip", "identity"] {
            let server = &server;
            scope.spawn(move || {
                let mut wire = server.connect();
                let field = format!("Accept-Encoding: {coding}");
                for _ in 0..30 {
                    let reply = wire.request("GET", LARGE, &[&field], "").is(200);
                    let value: serde_json::Value =
                        serde_json::from_slice(&decoded(&reply)).unwrap();
                    assert_eq!(value.as_array().unwrap().len(), 200);
                }
            });
        }
    });
}
