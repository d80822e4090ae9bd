//! Preconditions in the order of the RFC, on every method that has them.
//!
//! *Source*: RFC 9110 §13.2.2.

use std::time::{Duration, SystemTime};

use crate::support::{Folder, JSON, JSON_PATCH, MERGE_PATCH, Reply, STUDENTS, Server};

const FILE: &str = "/students.json";
const GRADE: &str = "/students.json/Da_Eun/grade";
const OTHER: &str = "\"other\"";

/// The tag and the moment of the file, and moments before and after.
struct Moments {
    tag: String,
    at: String,
    before: String,
    after: String,
}

fn moments(server: &Server) -> Moments {
    let reply = server.get(FILE).is(200);
    let at = reply.need("Last-Modified").to_owned();
    let moment = httpdate::parse_http_date(&at).expect("Last-Modified is a date");
    assert_eq!(httpdate::fmt_http_date(moment), at, "IMF-fixdate");
    assert!(moment <= SystemTime::now(), "no date from the future: {at}");
    let shifted = |seconds: i64| {
        let by = Duration::from_secs(seconds.unsigned_abs());
        httpdate::fmt_http_date(if seconds < 0 {
            moment - by
        } else {
            moment + by
        })
    };
    Moments {
        tag: reply.etag(),
        at,
        before: shifted(-3600),
        after: shifted(3600),
    }
}

/// A server whose file is an hour and a half old, so that no date is weak.
fn server() -> Server {
    let folder = Folder::school();
    let old = SystemTime::now() - Duration::from_secs(5400);
    let file = std::fs::File::options()
        .write(true)
        .open(folder.file("students.json"))
        .unwrap();
    file.set_modified(old).unwrap();
    Server::start(folder, &[])
}

/// A read or a write of the file that would change it; a removal is of the whole file.
fn send(server: &Server, method: &str, fields: &[&str]) -> Reply {
    let (media_type, body) = match method {
        "PUT" | "POST" => (JSON, "{\"New\":{}}"),
        "PATCH" => (MERGE_PATCH, "{\"New\":{}}"),
        _ => ("Accept: */*", ""),
    };
    server.request(method, FILE, &[&[media_type], fields].concat(), body)
}

const READS: [&str; 2] = ["GET", "HEAD"];
const WRITES: [&str; 4] = ["PUT", "PATCH", "POST", "DELETE"];

#[test]
fn if_match_is_judged_first_and_alone() {
    let server = server();
    let now = moments(&server);
    for method in READS.iter().chain(&WRITES) {
        for rest in [
            vec![],
            vec![format!("If-Unmodified-Since: {}", now.after)],
            vec![format!("If-None-Match: {}", now.tag)],
            vec![
                format!("If-None-Match: {OTHER}"),
                format!("If-Modified-Since: {}", now.before),
            ],
        ] {
            let rest: Vec<_> = rest.iter().map(String::as_str).collect();
            let fields = [vec!["If-Match: \"other\""], rest].concat();
            assert_eq!(
                send(&server, method, &fields).status,
                412,
                "{method} {fields:?}"
            );
        }
    }
    assert_eq!(server.folder.text("students.json"), STUDENTS);
}

#[test]
fn if_unmodified_since_counts_only_without_if_match() {
    // A DELETE of a collection without If-Match is the guided 300, whatever the date says.
    for method in ["GET", "HEAD", "PUT", "PATCH", "POST"] {
        let server = server();
        let now = moments(&server);
        let old = format!("If-Unmodified-Since: {}", now.before);
        assert_eq!(
            send(&server, method, &[&old]).status,
            412,
            "{method}: changed since"
        );
        assert_eq!(server.folder.text("students.json"), STUDENTS);
        let both = [format!("If-Match: {}", now.tag), old];
        let status = send(&server, method, &both.each_ref().map(String::as_str)).status;
        let expected = if method == "POST" { 201 } else { 200 };
        assert_eq!(
            status, expected,
            "{method}: the tag is right, the date does not count"
        );
    }
    let server = server();
    let now = moments(&server);
    let both = [
        format!("If-Match: {}", now.tag),
        format!("If-Unmodified-Since: {}", now.before),
    ];
    send(&server, "DELETE", &both.each_ref().map(String::as_str)).is(200);
}

#[test]
fn if_unmodified_since_lets_a_write_through_when_nothing_has_changed() {
    for method in READS {
        let server = server();
        let now = moments(&server);
        for moment in [&now.at, &now.after] {
            let field = format!("If-Unmodified-Since: {moment}");
            assert_eq!(
                send(&server, method, &[&field]).status,
                200,
                "{method} {field}"
            );
        }
    }
    for method in ["PUT", "PATCH", "POST"] {
        let server = server();
        let field = format!("If-Unmodified-Since: {}", moments(&server).at);
        send(&server, method, &[&field]).one_of(&[200, 201]);
        send(&server, method, &[&field]).problem(412);
        assert_eq!(server.json("/students.json/New"), serde_json::json!({}));
    }
}

#[test]
fn if_none_match_is_judged_before_if_modified_since() {
    let server = server();
    let now = moments(&server);
    let check = |method: &str, fields: &[String], status: u16| {
        let words: Vec<_> = fields.iter().map(String::as_str).collect();
        assert_eq!(
            send(&server, method, &words).status,
            status,
            "{method} {fields:?}"
        );
    };
    let none = |tag: &str| format!("If-None-Match: {tag}");
    let since = |moment: &str| format!("If-Modified-Since: {moment}");
    for method in READS {
        check(method, &[none(&now.tag)], 304);
        check(method, &[none(&now.tag), since(&now.before)], 304);
        check(method, &[since(&now.before), none(&now.tag)], 304);
        check(method, &[none(OTHER), since(&now.after)], 200);
        check(method, &[since(&now.after), none(OTHER)], 200);
        check(method, &[since(&now.at)], 304);
        check(method, &[since(&now.after)], 304);
        check(method, &[since(&now.before)], 200);
        check(
            method,
            &[format!("If-Match: {}", now.tag), none(&now.tag)],
            304,
        );
        check(
            method,
            &[format!("If-Unmodified-Since: {}", now.at), none(&now.tag)],
            304,
        );
        check(
            method,
            &[
                format!("If-Unmodified-Since: {}", now.before),
                none(&now.tag),
            ],
            412,
        );
        check(
            method,
            &[format!("If-Unmodified-Since: {}", now.at), since(&now.at)],
            304,
        );
    }
    for method in ["PUT", "PATCH", "POST"] {
        check(method, &[none(&now.tag)], 412);
        check(method, &[none("*")], 412);
        check(method, &[none(&now.tag), since(&now.before)], 412);
    }
    assert_eq!(server.folder.text("students.json"), STUDENTS);
}

#[test]
fn if_modified_since_means_nothing_to_a_write() {
    for method in ["PUT", "PATCH", "POST"] {
        let server = server();
        let field = format!("If-Modified-Since: {}", moments(&server).after);
        send(&server, method, &[&field]).one_of(&[200, 201]);
    }
}

#[test]
fn a_date_that_is_none_or_has_no_counterpart_is_ignored() {
    let server = server();
    for value in [
        "yesterday",
        "",
        "0",
        "2026-11-22T10:00:00Z",
        "Sun, 31 Feb 2026 10:00:00 GMT",
    ] {
        for name in ["If-Modified-Since", "If-Unmodified-Since"] {
            server.ask_for(FILE, &[&format!("{name}: {value}")]).is(200);
        }
    }
    let at = moments(&server).at;
    let old = httpdate::parse_http_date(&at).unwrap();
    let seconds = old
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    server
        .ask_for(FILE, &[&format!("If-Modified-Since: {seconds}")])
        .is(200);
    // A record has no date of its own, so there is nothing that the date could be compared with.
    if server.get(GRADE).field("Last-Modified").is_none() {
        let past = "Thu, 01 Jan 1970 00:00:00 GMT";
        server
            .ask_for(GRADE, &[&format!("If-Unmodified-Since: {past}")])
            .is(200);
        server
            .ask_for(GRADE, &["If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT"])
            .is(200);
    }
}

#[test]
fn the_other_two_forms_of_a_date_are_understood() {
    let server = Server::school();
    for date in [
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:37 GMT",
    ] {
        server
            .ask_for(FILE, &[&format!("If-Unmodified-Since: {date}")])
            .problem(412);
        server
            .ask_for(FILE, &[&format!("If-Modified-Since: {date}")])
            .is(200);
    }
}

#[test]
fn a_304_carries_what_the_200_would_have_said_of_the_cache() {
    let server = server();
    let full = server.get(FILE).is(200);
    let known = format!("If-None-Match: {}", full.etag());
    let reply = server.ask_for(FILE, &[&known]).is(304);
    for name in [
        "ETag",
        "Cache-Control",
        "Content-Location",
        "Expires",
        "Vary",
    ] {
        assert_eq!(reply.field(name), full.field(name), "{name}");
    }
    assert!(reply.body.is_empty());
}

#[test]
fn what_would_be_refused_anyway_is_not_judged_by_its_conditions() {
    let server = server();
    let stale = "If-Match: \"other\"";
    let check = |method: &str, target: &str, fields: &[&str], body: &str, status: u16| {
        let reply = server.request(method, target, fields, body);
        assert_eq!(
            reply.status,
            status,
            "{method} {target} {fields:?}: {}",
            reply.text()
        );
    };
    check(
        "PATCH",
        GRADE,
        &["Content-Type: text/plain", stale],
        "{}",
        415,
    );
    check("PATCH", GRADE, &[MERGE_PATCH, stale], "{", 400);
    check("PATCH", GRADE, &[JSON_PATCH, stale], "", 400);
    check(
        "PATCH",
        "/students.json/Nobody/x",
        &[MERGE_PATCH, stale],
        "{}",
        404,
    );
    check(
        "PATCH",
        GRADE,
        &[JSON_PATCH, stale],
        r#"[{"op":"remove","path":"/no"}]"#,
        412,
    );
    check(
        "PATCH",
        GRADE,
        &[JSON_PATCH],
        r#"[{"op":"remove","path":"/no"}]"#,
        409,
    );
    check("POST", FILE, &[JSON, stale], "{\"Da_Eun\":{}}", 412);
    check("POST", FILE, &[JSON], "{\"Da_Eun\":{}}", 409);
    check("POST", FILE, &[JSON, stale], "{\"New\":1}", 412);
    check("POST", FILE, &[JSON], "{\"New\":1}", 422);
    check("POST", GRADE, &[JSON, stale], "{}", 405);
    check("GET", "/students.json?_nothing=1", &[stale], "", 400);
    check("GET", "/nothing.json", &["If-None-Match: *"], "", 404);
    assert_eq!(server.folder.text("students.json"), STUDENTS);
}

#[test]
fn a_patch_with_a_right_tag_is_done_once() {
    let server = server();
    for (media_type, patch) in [
        (MERGE_PATCH, r#"{"Da_Eun":{"grade":"1"}}"#),
        (
            JSON_PATCH,
            r#"[{"op":"replace","path":"/Da_Eun/grade","value":"2"}]"#,
        ),
    ] {
        let right = format!("If-Match: {}", server.get(FILE).etag());
        server
            .request("PATCH", FILE, &[media_type, &right], patch)
            .is(200);
        server
            .request("PATCH", FILE, &[media_type, &right], patch)
            .problem(412);
    }
    assert_eq!(server.body(GRADE), "\"2\"\n");
}

#[test]
fn a_query_obeys_conditions_as_a_get_does() {
    let server = server();
    let query = |field: &str| {
        let fields = ["Content-Type: application/jsonpath", field];
        server.request("QUERY", FILE, &fields, "$.*.grade")
    };
    let first = query("Accept: */*").is(200);
    if let Some(tag) = first.field("ETag") {
        query(&format!("If-None-Match: {tag}")).is(304);
        query("If-None-Match: \"other\"").is(200);
        assert_ne!(
            tag,
            server.get(FILE).etag(),
            "another representation, another tag"
        );
    }
}
