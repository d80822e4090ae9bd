//! OPTIONS for every kind of resource: what it says is what the resource does.

use crate::support::{Folder, JSON, Reply, Server};

const METHODS: [&str; 8] = [
    "GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE", "QUERY",
];

fn server() -> Server {
    let folder = Folder::school()
        .with("posts.json", "[{\"id\":1,\"t\":\"a\"}]")
        .with(
            "plain.json",
            "{\"a\":{\"b\":1},\"list\":[1,2],\"empty\":[]}",
        )
        .with("more/inner.json", "{}");
    Server::start(folder, &[])
}

/// A target, and the methods that it has.
const KINDS: [(&str, &[&str]); 10] = [
    ("/students.json", &METHODS),
    ("/posts.json", &METHODS),
    (
        "/students.json/Da_Eun",
        &["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "QUERY"],
    ),
    (
        "/posts.json/1",
        &["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "QUERY"],
    ),
    (
        "/students.json/Da_Eun/grade",
        &["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "QUERY"],
    ),
    (
        "/plain.json",
        &["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "QUERY"],
    ),
    ("/plain.json/list", &METHODS),
    (
        "/plain.json/list/0",
        &["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "QUERY"],
    ),
    ("/plain.json/empty", &METHODS),
    ("/", &["GET", "HEAD", "OPTIONS", "PATCH", "QUERY"]),
];

fn list(reply: &Reply, field: &str) -> Vec<String> {
    let value = reply.field(field).unwrap_or_default();
    value
        .split(',')
        .map(|it| it.trim().trim_matches('"').to_owned())
        .filter(|it| !it.is_empty())
        .collect()
}

#[test]
fn allow_names_the_methods_of_each_kind_of_resource() {
    let server = server();
    for (target, methods) in KINDS {
        let reply = server.request("OPTIONS", target, &[], "").is(204);
        let mut allow = list(&reply, "Allow");
        let mut expected: Vec<_> = methods.iter().map(|method| (*method).to_owned()).collect();
        allow.sort();
        expected.sort();
        assert_eq!(allow, expected, "{target}");
    }
    for target in [
        "/_/version",
        "/_/health/live",
        "/_/health/ready",
        "/_/metrics",
        "/_/docs/problems.md",
    ] {
        let reply = server.request("OPTIONS", target, &[], "").is(204);
        let mut allow = list(&reply, "Allow");
        allow.sort();
        assert_eq!(allow, ["GET", "HEAD", "OPTIONS"], "{target}");
        assert!(reply.field("Accept-Patch").is_none(), "{target}");
    }
}

#[test]
fn allow_is_true() {
    let targets = KINDS
        .iter()
        .map(|(target, _)| *target)
        .chain(["/more/", "/_/version"]);
    for target in targets {
        let server = server();
        let allow = list(&server.request("OPTIONS", target, &[], "").is(204), "Allow");
        for method in METHODS {
            // A body of no known type, so that no write is done: 405 comes before 415.
            let reply = server.request(method, target, &["Content-Type: application/x-none"], "x");
            let refused = reply.status == 405;
            assert_eq!(
                refused,
                !allow.contains(&method.to_owned()),
                "{method} {target}: {}",
                reply.status
            );
            if refused && method != "HEAD" {
                assert_eq!(list(&reply, "Allow"), allow, "{method} {target}");
                let problem = reply.problem(405);
                assert!(
                    problem["allowed"].is_array() || problem["allowed"].is_string(),
                    "{problem}"
                );
            }
        }
    }
}

#[test]
fn accept_patch_names_both_kinds_of_patch() {
    let server = server();
    for (target, methods) in KINDS {
        let reply = server.request("OPTIONS", target, &[], "").is(204);
        let types = list(&reply, "Accept-Patch");
        if methods.contains(&"PATCH") {
            assert!(
                types.contains(&"application/json-patch+json".to_owned()),
                "{target}: {types:?}"
            );
        }
        if methods.contains(&"PATCH") && target != "/" {
            assert!(
                types.contains(&"application/merge-patch+json".to_owned()),
                "{target}: {types:?}"
            );
        }
        for media_type in types {
            let field = format!("Content-Type: {media_type}");
            let reply = server.request("PATCH", target, &[&field], "{");
            assert_eq!(
                reply.status,
                400,
                "{target} takes {media_type}: {}",
                reply.text()
            );
        }
    }
}

#[test]
fn accept_query_names_the_queries_that_are_taken() {
    let server = server();
    for (target, _) in KINDS {
        let reply = server.request("OPTIONS", target, &[], "").is(204);
        let types = list(&reply, "Accept-Query");
        assert!(
            types.contains(&"application/jsonpath".to_owned()),
            "{target}: {types:?}"
        );
        let form = "application/x-www-form-urlencoded".to_owned();
        let is_collection =
            ["/students.json", "/posts.json", "/plain.json/empty"].contains(&target);
        if is_collection {
            assert!(types.contains(&form), "{target}: {types:?}");
        }
        for media_type in types {
            let field = format!("Content-Type: {media_type}");
            let body = if media_type == form { "_limit=1" } else { "$" };
            let status = server.request("QUERY", target, &[&field], body).status;
            assert!(
                status == 200 || (status == 400 && !is_collection),
                "{target} {media_type}: {status}"
            );
        }
    }
}

#[test]
fn options_changes_nothing_and_reads_no_body() {
    let server = server();
    let mut wire = server.connect();
    wire.request("OPTIONS", "/students.json", &[JSON], "{\"x\":")
        .is(204);
    wire.request("OPTIONS", "/students.json", &["If-Match: \"other\""], "")
        .one_of(&[204, 412]);
    assert_eq!(
        wire.get("/students.json/Da_Eun/grade").is(200).text(),
        "\"3.9\"\n"
    );
}

#[test]
fn a_page_from_elsewhere_is_not_let_in_by_default() {
    let server = server();
    let origin = "Origin: http://elsewhere.example";
    for (method, fields) in [
        ("GET", vec![origin]),
        (
            "OPTIONS",
            vec![origin, "Access-Control-Request-Method: PUT"],
        ),
        (
            "OPTIONS",
            vec![
                origin,
                "Access-Control-Request-Method: DELETE",
                "Access-Control-Request-Headers: if-match",
            ],
        ),
    ] {
        let reply = server.request(method, "/students.json", &fields, "");
        assert!(
            reply.field("Access-Control-Allow-Origin").is_none(),
            "{method}\n{}",
            reply.head
        );
    }
}
