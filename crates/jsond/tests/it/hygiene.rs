//! What a client sent comes back harmless, and odd spellings get nobody past a rule. Each was found
//! from outside, by somebody who tried.

use std::time::Duration;

use crate::support::secure::Secure;
use crate::support::{Folder, JSON, Server, run_to_end};

const GRADE: &str = "/students.json/Da_Eun/grade";

#[test]
fn the_dialogue_is_never_within_tls() {
    let server = Server::start(Folder::school(), &["--tls", "self-signed"]);
    let certificate = server.folder.path().join(".jsond/tls-cert.pem");
    for line in ["GET students.json\r\n\r\n", "POST students.json\n\n"] {
        let mut secure = Secure::open(server.address(), &certificate, "http/1.1");
        secure.send(line);
        let text = String::from_utf8(secure.rest()).unwrap();
        assert!(text.starts_with("HTTP/1.1 400 "), "{line:?} gave {text}");
        assert!(text.contains("application/problem+json"), "{text}");
    }
    let folder = Folder::school();
    let path = folder.path().to_str().unwrap();
    let flags = [
        "serve",
        path,
        "--port",
        "0",
        "--tls",
        "self-signed",
        "--dialogue",
        "on",
    ];
    let output = run_to_end(&flags);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("TLS"));
}

#[test]
fn what_was_typed_into_a_dialogue_comes_back_without_what_a_terminal_obeys() {
    let server = Server::school();
    let answer = |line: &str, answer: &str| {
        let reply = server.guided(line, answer);
        let text = reply.text().trim_end_matches('\n').to_owned();
        assert!(!text.chars().any(char::is_control), "{text:?}");
        assert!(!text.contains('\u{202e}'), "{text:?}");
        (reply.status, text)
    };
    for key in ["\x1b[31mX", "a\u{0}b", "\u{202e}X", "\u{9b}31m"] {
        assert_eq!(
            answer("PUT students.json\r\n\r\n", &format!("{key} a b\r\n")).0,
            400
        );
        assert_eq!(
            answer("DELETE students.json\r\n\r\n", &format!("{key}\r\n")).0,
            400
        );
    }
    let words = "\"\\u001b[2J\" 1 2 3\r\n";
    server.guided("POST students.json\r\n\r\n", words).is(201);
    let (status, text) = answer("POST students.json\r\n\r\n", words);
    assert_eq!(status, 409);
    assert!(text.contains("\\x1b[2J"), "{text}");
}

#[test]
fn a_problem_spells_out_what_a_terminal_obeys() {
    let server = Server::school();
    let body = "{\"\\u007f\\u009b31m\\u202e\":{}}";
    server.post("/students.json", body).is(201);
    let reply = server.post("/students.json", body);
    assert_eq!(reply.status, 409);
    let raw = reply.text();
    assert!(!raw.trim_end().chars().any(char::is_control), "{raw:?}");
    assert!(!raw.contains('\u{202e}'), "{raw:?}");
    let detail = reply.problem(409)["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("\u{7f}\u{9b}31m\u{202e}"), "{detail:?}");
}

#[test]
fn a_preflight_is_told_names_and_nothing_else() {
    let origin = "http://front.example:5173";
    let server = Server::start(Folder::school(), &["--cors", origin]);
    let ask = |fields: &[u8]| {
        let mut wire = server.connect();
        let head = format!(
            "OPTIONS /students.json HTTP/1.1\r\nHost: localhost\r\nOrigin: {origin}\r\n\
             Access-Control-Request-Method: PUT\r\nAccess-Control-Request-Headers: "
        );
        wire.send([head.as_bytes(), fields, b"\r\n\r\n"].concat());
        let reply = wire.reply();
        assert_eq!(reply.status, 204);
        reply
            .field("access-control-allow-headers")
            .map(str::to_owned)
    };
    assert_eq!(
        ask(b"content-type, x-a").as_deref(),
        Some("content-type, x-a")
    );
    for odd in [&b"x\xff, \x85"[..], b"a b", b"a;b", b"a:b"] {
        assert_eq!(ask(odd), None, "{odd:?}");
    }
}

#[test]
fn a_site_that_is_not_known_to_be_ours_is_another() {
    let server = Server::school();
    for sites in [
        &["Cross-Site"][..],
        &["none", "cross-site"],
        &["none, cross-site"],
        &["cross-site;x"],
        &["\"cross-site\""],
        &["future-site"],
        &[""],
    ] {
        let sites: Vec<_> = sites
            .iter()
            .map(|it| format!("Sec-Fetch-Site: {it}"))
            .collect();
        let mut fields = vec![JSON];
        fields.extend(sites.iter().map(String::as_str));
        server
            .request("PUT", GRADE, &fields, "\"4.0\"")
            .problem(403);
    }
    for ours in ["none", "same-origin", "Same-Origin"] {
        let site = format!("Sec-Fetch-Site: {ours}");
        server
            .request("PUT", GRADE, &[JSON, &site], "\"3.9\"")
            .is(200);
    }
}

#[test]
fn a_file_whose_name_means_something_else_elsewhere_is_not_served() {
    let names = ["a\\b.json", "a\u{1b}[2J.json", "sub\\c/a.json"];
    let folder = names.iter().fold(Folder::school(), |folder, name| {
        if let Some((above, _)) = name.rsplit_once('/') {
            std::fs::create_dir_all(folder.file(above)).unwrap();
        }
        folder.with(name, "{}")
    });
    let server = Server::start(folder, &[]);
    // And when one comes while it runs; what comes after it is seen.
    server.folder.write("c\\d.json", "{}");
    server.folder.write("seen.json", "{\"a\":{}}");
    server.turns("/seen.json", 200, Duration::from_secs(10));
    for target in [
        "/a%5cb.json",
        "/a%1b%5b2J.json",
        "/sub%5cc/a.json",
        "/c%5Cd.json",
    ] {
        server.get(target).one_of(&[400, 404]);
    }
    let listing = server.json("/");
    let listed: Vec<_> = listing.as_object().unwrap().keys().collect();
    assert_eq!(
        listed,
        ["classes.json", "seen.json", "students.json"]
            .iter()
            .filter(|name| server.folder.file(name).exists())
            .collect::<Vec<_>>()
    );
}

#[test]
fn an_expectation_among_others_is_refused_and_its_body_is_not_waited_for() {
    let server = Server::school();
    let ask = |expect: &str| {
        let mut wire = server.connect();
        wire.send(format!(
            "PUT {GRADE} HTTP/1.1\r\nHost: localhost\r\n{JSON}\r\nContent-Length: 5\r\n{expect}\r\n\r\n"
        ));
        wire
    };
    for expect in [
        "Expect: 100-continue, foo",
        "Expect: foo, 100-continue",
        "Expect: 100-continue\r\nExpect: foo",
    ] {
        let mut wire = ask(expect);
        wire.reply().problem(417);
        wire.closes();
    }
    let mut wire = ask("Expect: 100-continue, 100-Continue");
    assert_eq!(wire.interim(), 100);
    wire.send("\"4.0\"");
    wire.reply().is(200);
}

#[test]
fn a_hangup_stops_a_server_that_has_nothing_to_read_again() {
    let server = Server::school();
    server.put(GRADE, "\"4.0\"").is(200);
    let exit = server.end("HUP");
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
    assert!(exit.folder.text("students.json").contains("4.0"));
}
