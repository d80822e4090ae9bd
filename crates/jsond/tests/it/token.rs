//! Tokens: what each role and each path lets its holder do, over every method; that a token is in no
//! log; that the file of tokens is read again; and how tokens are made.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::Request;

use crate::support::http2::{Http2, full, run};
use crate::support::keys::{Keys, bearer};
use crate::support::{
    Folder, JSON, JSON_PATCH, PATIENCE, Reply, STUDENTS, Server, eventually, run_to_end,
};

fn folder() -> Folder {
    Folder::school()
        .with("school/a.json", "{\"x\":{\"n\":1}}")
        .with(
            "school/list.json",
            "[{\"id\":7,\"n\":1},{\"id\":0,\"n\":2}]",
        )
        .with("schoolyard/b.json", "{}")
}

/// Asks with a token, and gives the status.
fn status(server: &Server, secret: &str, method: &str, target: &str) -> u16 {
    let authorization = bearer(secret);
    let (media, body) = match method {
        "PUT" => (JSON, "{}"),
        "POST" => (JSON, "{\"k\":{}}"),
        "PATCH" if target.ends_with('/') => (JSON_PATCH, "[]"),
        "PATCH" => ("Content-Type: application/merge-patch+json", "{}"),
        "QUERY" => ("Content-Type: application/jsonpath", "$"),
        _ => (JSON, ""),
    };
    let reply = server.request(method, target, &[&authorization, media], body);
    if matches!(reply.status, 401 | 403) {
        assert_eq!(reply.field("x-content-type-options"), Some("nosniff"));
        assert_eq!(
            reply.field("content-type"),
            Some("application/problem+json")
        );
    }
    reply.status
}

const READS: [&str; 4] = ["GET", "HEAD", "OPTIONS", "QUERY"];
const WRITES: [&str; 4] = ["PUT", "POST", "PATCH", "DELETE"];

/// For each role a token that reaches everything, and one that reaches /school.
fn of_each_role(keys: &Keys) -> [(&'static str, String, String); 3] {
    ["read", "write", "admin"].map(|role| {
        let everywhere = keys.make(role, role, &[]);
        let below = keys.make(role, role, &["/school"]);
        (role, everywhere, below)
    })
}

const OUTSIDE: [&str; 10] = [
    "/",
    "/students.json",
    "/schoolyard/b.json",
    "/schoolyard/",
    "/nothing",
    "/school.json",
    "/school%2Fa.json",
    "/SCHOOL/a.json",
    "//school/a.json",
    "/schoolyard/../school/a.json",
];

#[test]
fn every_role_reads_what_its_token_reaches() {
    let keys = Keys::new();
    let roles = of_each_role(&keys);
    let server = keys.serve(folder(), &[]);
    for (role, everywhere, below) in &roles {
        for method in READS {
            for (secret, target) in [
                (everywhere, "/students.json"),
                (everywhere, "/school/a.json/x"),
                (everywhere, "/"),
                (everywhere, "/nothing"),
                (below, "/school/a.json"),
                (below, "/school/a/x/n"),
                (below, "/school/"),
                (below, "/school"),
                (below, "/school/nothing"),
            ] {
                let found = status(&server, secret, method, target);
                assert!(
                    !matches!(found, 401 | 403),
                    "{role} {method} {target}: {found}"
                );
            }
            for target in OUTSIDE {
                assert_eq!(
                    status(&server, below, method, target),
                    403,
                    "{method} {target}"
                );
            }
        }
        let metrics = status(&server, everywhere, "GET", "/_/metrics");
        assert_eq!(metrics, if *role == "admin" { 200 } else { 403 }, "{role}");
        assert_eq!(status(&server, below, "GET", "/_/version"), 200, "{role}");
    }
}

#[test]
fn only_some_roles_write_what_their_token_reaches() {
    let keys = Keys::new();
    let roles = of_each_role(&keys);
    for (role, everywhere, below) in &roles {
        let may = *role != "read";
        for method in WRITES {
            for (secret, target, may) in [
                (everywhere, "/students.json", may),
                (everywhere, "/school/a.json", may),
                (below, "/school/a.json", may),
                (below, "/school/a.json/x", may),
                (below, "/school/new.json", may),
            ] {
                // Each row finds the same folder.
                let server = keys.serve(folder(), &[]);
                let found = status(&server, secret, method, target);
                assert_eq!(found != 403, may, "{role} {method} {target}: {found}");
                assert_ne!(found, 401);
            }
            let server = keys.serve(folder(), &[]);
            for target in OUTSIDE.iter().chain(&["/new.json"]) {
                let found = status(&server, below, method, target);
                assert_eq!(found, 403, "{role} {method} {target}");
            }
            let folder = server.stop().folder;
            assert_eq!(folder.text("students.json"), STUDENTS);
            assert!(!folder.file("new.json").exists());
        }
    }
}

#[test]
fn without_a_token_only_health_and_the_page_on_problems_are_open() {
    let keys = Keys::new();
    let secret = keys.make("kim", "admin", &[]);
    let server = keys.serve(folder(), &[]);
    for method in READS.iter().chain(&WRITES) {
        for target in [
            "/",
            "/students.json",
            "/nothing",
            "/_/metrics",
            "/_/version",
            "/_/x",
        ] {
            let reply = server.request(method, target, &[], "");
            assert_eq!(reply.status, 401, "{method} {target}");
            assert_eq!(
                reply.field("www-authenticate"),
                Some("Bearer realm=\"jsond\"")
            );
        }
    }
    for target in ["/_/health/live", "/_/health/ready", "/_/docs/problems.md"] {
        server.get(target).is(200);
    }
    for line in [
        format!("Authorization: Basic {secret}"),
        "Authorization: Bearer".to_owned(),
        format!("Authorization: {secret}"),
        format!("Cookie: token={secret}"),
    ] {
        let reply = server.request("GET", "/students.json", &[&line], "");
        assert_eq!(reply.status, 401, "{line}");
    }
    let target = format!("/students.json?access_token={secret}");
    assert_eq!(
        server.get(&target).status,
        401,
        "tokens in targets get into logs"
    );
    // The dialogue shows no token, so its door is closed.
    let mut wire = server.connect();
    wire.send("GET students.json\n\n");
    wire.reply().problem(400);
    let output = run_to_end(&["serve", "--token-file", "x", "--dialogue", "on"]);
    assert_eq!(output.status.code(), Some(2));
}

fn ask(server: &Server, secret: &str, request: (&str, &str, &str, &str)) -> Reply {
    let (method, target, media, body) = request;
    server.request(method, target, &[&bearer(secret), media], body)
}

#[test]
fn a_patch_above_is_judged_by_every_path_that_it_touches() {
    let keys = Keys::new();
    let paths = ["/school", "/students.json/Da_Eun"];
    let secret = keys.make("kim", "write", &paths);
    let in_array = keys.make("lee", "write", &["/school/list.json/0"]);
    let reader = keys.make("park", "read", &paths);
    let server = keys.serve(folder(), &[]);
    let patch = |secret: &str, target: &str, operations: &str| {
        let request = ("PATCH", target, JSON_PATCH, operations);
        ask(&server, secret, request).status
    };
    let grade = r#"{"op":"replace","path":"/students.json/Da_Eun/grade","value":"1.0"}"#;
    let a = r#"{"op":"add","path":"/school/a.json/y","value":2}"#;
    assert_eq!(patch(&secret, "/", &format!("[{grade},{a}]")), 204);
    for outside in [
        r#"{"op":"test","path":"/students.json/Chan_Jin/grade","value":"4.1"}"#,
        r#"{"op":"replace","path":"/students.json","value":{}}"#,
        r#"{"op":"remove","path":"/students.json/Chan_Jin"}"#,
        r#"{"op":"copy","from":"/students.json/Chan_Jin","path":"/school/a.json/z"}"#,
        r#"{"op":"move","from":"/students.json/Chan_Jin","path":"/school/a.json/z"}"#,
        r#"{"op":"copy","from":"/school/a.json/x","path":"/students.json/Chan_Jin/x"}"#,
        r#"{"op":"add","path":"/students.json/Da_Eun2","value":1}"#,
    ] {
        assert_eq!(
            patch(&secret, "/", &format!("[{a},{outside}]")),
            403,
            "{outside}"
        );
        assert_eq!(
            patch(&secret, "/", &format!("[{outside}]")),
            403,
            "{outside}"
        );
    }
    assert_eq!(patch(&reader, "/", &format!("[{a}]")), 403);
    // A URL says the id 0, a patch the place 0: they are different records.
    let first = r#"[{"op":"replace","path":"/school/list.json/0/n","value":9}]"#;
    assert_eq!(patch(&in_array, "/", first), 403);
    assert_eq!(
        patch(
            &in_array,
            "/school/list.json",
            r#"[{"op":"test","path":"/0/n","value":1}]"#
        ),
        403
    );
    assert_eq!(
        patch(
            &in_array,
            "/school/list.json/0",
            r#"[{"op":"test","path":"/n","value":2}]"#
        ),
        200
    );
    let server = Server::start(server.stop().folder, &[]);
    assert_eq!(server.json("/students.json/Da_Eun/grade"), "1.0");
    assert_eq!(server.body("/school/list.json/7/n"), "1\n");
    assert_eq!(server.body("/school/a.json"), "{\"x\":{\"n\":1},\"y\":2}\n");
}

#[test]
fn a_query_above_is_judged_by_every_path_that_it_touches() {
    let keys = Keys::new();
    let secret = keys.make("kim", "read", &["/school", "/students.json/Da_Eun"]);
    let server = keys.serve(folder(), &[]);
    for (query, expected) in [
        ("$.school['a.json'].x", 200),
        ("$.school[*]", 200),
        ("$.school..n", 200),
        ("$['students.json'].Da_Eun.grade", 200),
        (
            "$['students.json'].Da_Eun[?@ == $['students.json'].Da_Eun.grade]",
            200,
        ),
        ("$", 403),
        ("$.*", 403),
        ("$..n", 403),
        ("$['students.json']", 403),
        ("$['students.json'].*", 403),
        ("$['students.json','school']", 403),
        ("$['students.json'].Chan_Jin", 403),
        ("$.school[?@.n == $['students.json'].Chan_Jin.grade]", 403),
        ("$.school[?count($..*) > 9]", 403),
    ] {
        let request = ("QUERY", "/", "Content-Type: application/jsonpath", query);
        assert_eq!(ask(&server, &secret, request).status, expected, "{query}");
        let target = format!("/?jsonpath={}", crate::support::encoded(query));
        assert_eq!(
            ask(&server, &secret, ("GET", &target, JSON, "")).status,
            expected,
            "{query}"
        );
    }
}

#[test]
fn a_token_is_in_no_log_and_a_wrong_one_waits_for_its_answer() {
    let keys = Keys::new();
    let secret = keys.make("kim", "read", &[]);
    let file = keys.file();
    let flags = ["--token-file", file.to_str().unwrap()];
    let server = Server::start_after("export JSOND_LOG=trace", Arc::new(folder()), &flags);
    let start = Instant::now();
    for round in 0..3 {
        let reply = ask(&server, "wrong_secret", ("GET", "/students.json", JSON, ""));
        assert_eq!(reply.status, 401, "{round}");
        let told = reply.need("www-authenticate");
        assert!(told.contains("invalid_token"), "{told}");
    }
    assert!(
        start.elapsed() >= Duration::from_millis(350),
        "{:?}",
        start.elapsed()
    );
    let put = ("PUT", "/students.json", JSON, "{}");
    assert_eq!(ask(&server, "wrong_secret", put).status, 401);
    // The right one does not wait.
    let start = Instant::now();
    assert_eq!(
        ask(&server, &secret, ("GET", "/students.json", JSON, "")).status,
        200
    );
    assert!(
        start.elapsed() < Duration::from_millis(300),
        "{:?}",
        start.elapsed()
    );
    for token in [secret.as_str(), "wrong_secret"] {
        let request = Request::get("http://localhost/students.json")
            .header("authorization", format!("Bearer {token}"))
            .body(full(""))
            .unwrap();
        run(async { Http2::open(server.address()).await.send(request).await });
    }
    let exit = server.stop();
    assert!(exit.stderr.contains("HTTP/2"), "{}", exit.stderr);
    for token in [secret.as_str(), "wrong_secret"] {
        assert!(!exit.stderr.contains(token), "{}", exit.stderr);
    }
}

#[test]
fn the_file_of_tokens_is_read_again_while_the_server_runs() {
    let keys = Keys::new();
    let old = keys.make("old", "read", &[]);
    let server = keys.serve(folder(), &[]);
    let file = keys.file();
    let becomes = |secret: &str, expected: u16| {
        eventually("the token counts", PATIENCE, || {
            let request = ("GET", "/students.json", JSON, "");
            (ask(&server, secret, request).status == expected).then_some(())
        });
    };
    becomes(&old, 200);
    let new = keys.make("new", "read", &[]);
    becomes(&new, 200);
    becomes(&old, 200);
    // What cannot be read leaves in force what was read before.
    let good = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, "new read nonsense\n").unwrap();
    server.prints("the fault", |line| line.contains("stay as they were"));
    becomes(&new, 200);
    let line = good.lines().find(|line| line.starts_with("new")).unwrap();
    std::fs::write(&file, format!("{line}\n")).unwrap();
    becomes(&old, 401);
    becomes(&new, 200);
    // On SIGHUP too, and the process does not end by it.
    std::fs::write(&file, &good).unwrap();
    server.signal("HUP");
    becomes(&old, 200);
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn a_preflight_needs_no_token_and_tells_nothing_of_what_there_is() {
    let keys = Keys::new();
    let secret = keys.make("kim", "write", &["/school"]);
    let server = keys.serve(folder(), &["--cors", "http://localhost:5173"]);
    let fields = [
        "Origin: http://localhost:5173",
        "Access-Control-Request-Method: PUT",
        "Access-Control-Request-Headers: authorization",
    ];
    let told = ["/students.json", "/nothing/there"].map(|target| {
        let reply = server.request("OPTIONS", target, &fields, "").is(204);
        assert_eq!(
            reply.field("access-control-allow-headers"),
            Some("authorization")
        );
        reply.lasting_fields()
    });
    assert_eq!(told[0], told[1]);
    let fields = [fields[0], &bearer(&secret), JSON];
    let reply = server
        .request("PUT", "/school/a.json/x", &fields, "1")
        .is(200);
    assert_eq!(
        reply.field("access-control-allow-origin"),
        Some("http://localhost:5173")
    );
    let reply = server
        .request("GET", "/students.json", &fields[..1], "")
        .is(401);
    assert_eq!(
        reply.field("access-control-allow-origin"),
        Some("http://localhost:5173")
    );
}

#[test]
fn a_token_is_made_once_and_only_its_hash_is_kept() {
    let keys = Keys::new();
    let secret = keys.make("kim", "write", &["/school", "/a%20b.json"]);
    let other = keys.make("kim", "read", &[]);
    assert_ne!(secret, other);
    assert!(secret.len() > 64, "{secret}");
    let text = std::fs::read_to_string(keys.file()).unwrap();
    assert!(!text.contains(&secret) && !text.contains(&other));
    assert!(text.starts_with("kim write /school /a%20b.json "), "{text}");
    assert_eq!(text.lines().count(), 2);
    let mode = std::fs::metadata(keys.file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let output = run_to_end(&["token", "new", "lee"]);
    let shown = String::from_utf8(output.stderr).unwrap();
    assert!(shown.contains("lee read "), "{shown}");
    for bad in [
        &["token", "new", "two words"][..],
        &["token", "new", "kim", "--role", "owner"],
        &["token", "new", "kim", "--path", "school"],
        &["token", "new", "kim", "--path", "/_/metrics"],
        &["token", "new", ""],
        &["token"],
    ] {
        assert_eq!(run_to_end(bad).status.code(), Some(2), "{bad:?}");
    }
    let file = keys.file();
    std::fs::write(&file, "nonsense").unwrap();
    let file = file.to_str().unwrap();
    let output = run_to_end(&["token", "new", "kim", "--token-file", file]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(std::fs::read_to_string(file).unwrap(), "nonsense");
}

#[test]
fn a_server_without_its_tokens_does_not_start() {
    let folder = Folder::school();
    let path = folder.path().to_str().unwrap();
    for (file, text) in [("missing", None), ("bad", Some("kim owner x"))] {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join(file);
        text.iter()
            .for_each(|text| std::fs::write(&file, text).unwrap());
        let file = file.to_str().unwrap();
        let output = run_to_end(&["serve", path, "--port", "0", "--token-file", file]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(file), "{said}");
    }
}
