//! Parts of a representation by bytes: single, from the end, open, several, unsatisfiable, `If-Range`.
//!
//! *Source*: RFC 9110 §14.

use crate::support::{Folder, JSON, Reply, STUDENTS, Server};

const FILE: &str = "/students.json";

fn large() -> String {
    let record = |n: usize| format!("{{\"id\":{n},\"text\":\"the same words again\"}}");
    format!("[{}]\n", (0..200).map(record).collect::<Vec<_>>().join(","))
}

fn server() -> Server {
    Server::start(Folder::school().with("large.json", large()), &[])
}

fn part(server: &Server, target: &str, range: &str) -> Reply {
    server.ask_for(target, &[&format!("Range: {range}")])
}

/// Asserts that a range gives these bytes of the whole.
#[track_caller]
fn check(server: &Server, whole: &Reply, range: &str, first: usize, last: usize) {
    let reply = part(server, FILE, range).is(206);
    assert_eq!(reply.body, whole.body[first..=last], "{range}");
    let total = whole.body.len();
    assert_eq!(
        reply.need("Content-Range"),
        format!("bytes {first}-{last}/{total}"),
        "{range}"
    );
    assert_eq!(reply.need("Content-Type"), "application/json");
    assert_eq!(reply.etag(), whole.etag());
    for name in ["Last-Modified", "Vary", "Cache-Control", "Content-Location"] {
        assert_eq!(reply.field(name), whole.field(name), "{name}");
    }
}

#[test]
fn a_single_range_is_206_with_these_bytes() {
    let server = server();
    let whole = server.get(FILE).is(200);
    let end = whole.body.len() - 1;
    for (range, first, last) in [
        ("bytes=0-9", 0, 9),
        ("bytes=0-0", 0, 0),
        ("bytes=10-10", 10, 10),
        ("bytes=5-", 5, end),
        ("bytes=0-", 0, end),
        ("bytes=-1", end, end),
        ("bytes=-10", end - 9, end),
        ("bytes=-99999", 0, end),
        ("bytes=100-99999", 100, end),
        ("bytes=0-18446744073709551615", 0, end),
        ("bytes=0-99999999999999999999999999", 0, end),
        ("BYTES=0-9", 0, 9),
        ("bytes=,0-9", 0, 9),
    ] {
        check(&server, &whole, range, first, last);
    }
    check(&server, &whole, &format!("bytes={end}-"), end, end);
}

#[test]
fn all_parts_together_are_the_whole() {
    let server = server();
    let whole = server.get("/large.json").is(200);
    let mut wire = server.connect();
    let mut joined = Vec::new();
    while joined.len() < whole.body.len() {
        let field = format!("Range: bytes={}-{}", joined.len(), joined.len() + 1022);
        let reply = wire.request("GET", "/large.json", &[&field], "").is(206);
        joined.extend(reply.body);
    }
    assert_eq!(joined, whole.body);
}

#[test]
fn a_range_that_cannot_be_satisfied_is_416_and_says_the_length() {
    let server = server();
    let total = server.get(FILE).body.len();
    for range in [
        format!("bytes={total}-"),
        format!("bytes={total}-{}", total + 5),
        "bytes=99999-".to_owned(),
        "bytes=-0".to_owned(),
        "bytes=99999999999999999999999-".to_owned(),
        "bytes=5000-5001,6000-6001".to_owned(),
    ] {
        let reply = part(&server, FILE, &range);
        assert_eq!(reply.status, 416, "{range}");
        assert_eq!(
            reply.need("Content-Range"),
            format!("bytes */{total}"),
            "{range}"
        );
        reply.problem(416);
    }
}

#[test]
fn what_is_no_range_of_bytes_is_not_obeyed() {
    let server = server();
    let whole = server.get(FILE).is(200);
    for range in ["lines=0-9", "items=1-2", "byte=0-9"] {
        assert_eq!(
            part(&server, FILE, range).is(200).body,
            whole.body,
            "{range}"
        );
    }
    for range in [
        "bytes=",
        "bytes",
        "bytes=-",
        "bytes=a-b",
        "bytes=9-0",
        "bytes=1-2-3",
        "bytes=0x0-9",
        "bytes=+0-9",
        "0-9",
        "bytes=0-9;1-2",
        "bytes=--1",
        "bytes=0 - 9",
        "bytes=1.5-2",
    ] {
        let reply = part(&server, FILE, range).one_of(&[200, 400, 416]);
        assert!(reply.status != 200 || reply.body == whole.body, "{range}");
    }
}

/// The parts of a multipart answer: where each begins and ends, and its bytes.
fn parts(reply: &Reply) -> Vec<(String, Vec<u8>)> {
    let media_type = reply.need("Content-Type");
    let boundary = media_type
        .strip_prefix("multipart/byteranges; boundary=")
        .expect(media_type);
    let delimiter = format!("\r\n--{}", boundary.trim_matches('"')).into_bytes();
    let body = [b"\r\n".as_slice(), &reply.body].concat();
    let mut pieces = split(&body, &delimiter);
    let end = pieces.pop().expect("an end");
    assert!(end.starts_with(b"--"), "the closing delimiter");
    pieces.remove(0);
    let read = |piece: &[u8]| {
        let halves = split(piece, b"\r\n\r\n");
        let head = String::from_utf8(halves[0].clone()).unwrap().to_lowercase();
        assert!(head.contains("content-type: application/json"), "{head}");
        let line = head
            .lines()
            .find_map(|line| line.strip_prefix("content-range: "));
        (
            line.expect("Content-Range").to_owned(),
            halves[1..].join(b"\r\n\r\n".as_slice()),
        )
    };
    pieces.iter().map(|piece| read(piece)).collect()
}

fn split(bytes: &[u8], delimiter: &[u8]) -> Vec<Vec<u8>> {
    let mut pieces = vec![Vec::new()];
    let mut place = 0;
    while place < bytes.len() {
        if bytes[place..].starts_with(delimiter) {
            pieces.push(Vec::new());
            place += delimiter.len();
        } else {
            pieces.last_mut().unwrap().push(bytes[place]);
            place += 1;
        }
    }
    pieces
}

#[test]
fn several_ranges_are_a_multipart_answer() {
    let server = server();
    let whole = server.get("/large.json").is(200);
    let total = whole.body.len();
    for range in [
        "bytes=0-9,100-109",
        "bytes=0-0, -1",
        "bytes=500-509,0-9,1000-",
        "bytes=0-9,99999999-,20-29",
    ] {
        let reply = part(&server, "/large.json", range).is(206);
        assert!(
            reply.field("Content-Range").is_none(),
            "only the parts have one: {}",
            reply.head
        );
        let parts = parts(&reply);
        assert!(parts.len() >= 2, "{range}");
        for (place, bytes) in parts {
            let numbers = place.strip_prefix("bytes ").unwrap();
            let (ends, length) = numbers.split_once('/').unwrap();
            let (first, last) = ends.split_once('-').unwrap();
            let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
            assert_eq!(length, total.to_string());
            assert_eq!(bytes, whole.body[first..=last], "{range}");
        }
    }
}

#[test]
fn many_overlapping_ranges_do_not_make_an_answer_larger_than_a_few_wholes() {
    let server = server();
    let whole = server.get("/large.json").is(200).body.len();
    for piece in ["0-", "-5000", "1-,0-"] {
        let range = format!("bytes={}", vec![piece; 900].join(","));
        let reply = part(&server, "/large.json", &range).one_of(&[200, 206, 400, 416]);
        assert!(
            reply.body.len() < 3 * whole,
            "{} bytes for {whole}",
            reply.body.len()
        );
    }
    let tiny: Vec<_> = (0..1000).map(|n| format!("{0}-{0}", n * 2)).collect();
    let reply = part(&server, "/large.json", &format!("bytes={}", tiny.join(",")));
    let reply = reply.one_of(&[200, 206, 400, 416]);
    assert!(
        reply.body.len() < 50 * whole,
        "{} bytes for {whole}",
        reply.body.len()
    );
    server.still_serves();
}

#[test]
fn if_range_gives_the_part_of_the_same_version_only() {
    let server = server();
    let whole = server.get(FILE).is(200);
    let tag = whole.etag();
    let moment = whole.need("Last-Modified").to_owned();
    let asked = |condition: &str, range: &str| {
        let fields = [format!("If-Range: {condition}"), format!("Range: {range}")];
        server.ask_for(FILE, &fields.each_ref().map(String::as_str))
    };
    assert_eq!(asked(&tag, "bytes=0-9").is(206).body, whole.body[..10]);
    for other in [
        "\"other\"".to_owned(),
        format!("W/{tag}"),
        "*".to_owned(),
        "Thu, 01 Jan 1970 00:00:00 GMT".to_owned(),
        "nonsense".to_owned(),
    ] {
        let reply = asked(&other, "bytes=0-9").is(200);
        assert_eq!(reply.body, whole.body, "{other}");
        assert!(reply.field("Content-Range").is_none());
        asked(&other, "bytes=99999-").is(200);
    }
    asked(&tag, "bytes=99999-").problem(416);
    // A date is strong only when it lies long enough before the answer.
    asked(&moment, "bytes=0-9").one_of(&[200, 206]);
    server.put("/students.json/Da_Eun/grade", "\"4.0\"").is(200);
    asked(&tag, "bytes=0-9").is(200);
    server.ask_for(FILE, &[&format!("If-Range: {tag}")]).is(200);
}

#[test]
fn conditions_come_before_the_range() {
    let server = server();
    let tag = server.get(FILE).etag();
    let asked = |condition: &str| server.ask_for(FILE, &[condition, "Range: bytes=0-9"]);
    asked(&format!("If-None-Match: {tag}")).is(304);
    asked(&format!("If-Match: {tag}")).is(206);
    asked("If-Match: \"other\"").problem(412);
    asked("If-None-Match: \"other\"").is(206);
    server
        .ask_for("/nothing.json", &["Range: bytes=0-9"])
        .problem(404);
}

#[test]
fn only_get_knows_ranges() {
    let server = server();
    let range = "Range: bytes=0-9";
    let head = server.request("HEAD", FILE, &[range], "");
    assert_eq!(head.status, 200);
    assert_eq!(head.lasting_fields(), server.get(FILE).lasting_fields());
    server
        .request("HEAD", FILE, &["Range: bytes=99999-"], "")
        .is(200);
    let options = server.request("OPTIONS", FILE, &[range], "");
    assert_eq!(options.status, 204);
    server
        .request(
            "PUT",
            "/students.json/New",
            &[JSON, range],
            "{\"grade\":\"1\"}",
        )
        .is(201);
    assert_eq!(server.body("/students.json/New"), "{\"grade\":\"1\"}\n");
    server
        .request("DELETE", "/students.json/New", &["Range: bytes=0-0"], "")
        .is(200);
}

#[test]
fn a_part_of_a_value_is_never_put() {
    let server = server();
    let fields = [JSON, "Content-Range: bytes 0-3/100"];
    server.request("PUT", FILE, &fields, "{}  ").problem(400);
    assert_eq!(server.folder.text("students.json"), STUDENTS);
}

#[test]
fn a_range_is_of_the_identity_representation() {
    let server = server();
    let whole = server.get("/large.json").is(200);
    for coding in ["gzip", "br", "gzip, br", "*"] {
        let fields = ["Range: bytes=0-99", &format!("Accept-Encoding: {coding}")];
        let reply = server.ask_for("/large.json", &fields).is(206);
        assert!(reply.field("Content-Encoding").is_none(), "{}", reply.head);
        assert_eq!(reply.body, whole.body[..100]);
        assert_eq!(reply.etag(), whole.etag());
        let coded = server
            .ask_for("/large.json", &[&format!("Accept-Encoding: {coding}")])
            .is(200);
        let fields = ["Range: bytes=0-99", &format!("If-Range: {}", coded.etag())];
        server.ask_for("/large.json", &fields).is(200);
    }
}

#[test]
fn records_and_fields_and_pretty_answers_have_ranges_too() {
    let server = server();
    for target in [
        "/students.json/Da_Eun",
        "/students.json/Da_Eun/grade",
        "/students.json?pretty",
        "/students",
    ] {
        let whole = server.get(target).is(200);
        let reply = part(&server, target, "bytes=1-3").is(206);
        assert_eq!(reply.body, whole.body[1..4], "{target}");
        assert_eq!(reply.etag(), whole.etag());
    }
}
