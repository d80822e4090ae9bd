//! What the server prints and in which language, with what a client sent escaped.

use crate::support::{Folder, Server};

/// `127.0.0.1:53211 GET students.json 200 256B 0.2ms`
#[track_caller]
fn check_request_line(line: &str, client: &str, asked: &str) {
    let rest = line
        .strip_prefix(client)
        .unwrap_or_else(|| panic!("{client} first in {line:?}"));
    let rest = rest
        .strip_prefix(asked)
        .unwrap_or_else(|| panic!("{asked:?} in {line:?}"));
    let words: Vec<_> = rest.split(' ').filter(|word| !word.is_empty()).collect();
    let [size, time] = words[..] else {
        panic!("size and time end {line:?}")
    };
    let size = size
        .strip_suffix('B')
        .unwrap_or_else(|| panic!("bytes in {line:?}"));
    assert!(
        size.bytes().all(|byte| byte.is_ascii_digit()),
        "bytes in {line:?}"
    );
    let time = time
        .strip_suffix("ms")
        .unwrap_or_else(|| panic!("milliseconds in {line:?}"));
    assert!(time.parse::<f64>().is_ok(), "milliseconds in {line:?}");
}

#[test]
fn in_english_a_line_says_who_connected_and_one_who_asked_what() {
    let server = Server::school();
    let (wire, reply) = server.ask("GET students.json\r\n\r\n");
    reply.is(200);
    let client = format!("127.0.0.1:{}", wire.port());
    server.prints("of the connection", |line| {
        line == format!("{client} connected")
    });
    let line = server.prints("of the request", |line| {
        line.contains(&format!("{client} GET"))
    });
    check_request_line(&line, &client, " GET students.json 200 ");
}

#[test]
fn every_request_of_either_door_has_its_line() {
    let server = Server::school();
    let mut http = server.connect();
    http.get("/students.json/Da_Eun").is(200);
    http.get("/missing.json").is(404);
    let client = format!("127.0.0.1:{}", http.port());
    for asked in [" GET /students.json/Da_Eun 200 ", " GET /missing.json 404 "] {
        let start = format!("{client}{asked}");
        let line = server.prints(asked, |line| line.starts_with(&start));
        check_request_line(&line, &client, asked);
    }
    let (mut wire, _) = server.ask("DELETE students.json\r\n\r\n");
    wire.send("So_Jeong");
    wire.dialogue_reply().is(200);
    let client = format!("127.0.0.1:{}", wire.port());
    server.prints("of the deletion", |line| {
        line.starts_with(&format!("{client} DELETE students.json 200 "))
    });
    let connected = server
        .stderr()
        .matches(&format!("{client} connected"))
        .count();
    assert_eq!(connected, 1, "one line when a client connects");
}

#[test]
fn in_korean_the_two_lines_are_those_of_the_original() {
    let server = Server::start(Folder::school(), &["--lang", "ko"]);
    let (wire, _) = server.ask("GET students.json\r\n\r\n");
    let client = format!("('127.0.0.1', {})", wire.port());
    server.prints("접속", |line| {
        line == format!("{client} 에서 접속되었습니다.")
    });
    server.prints("요청", |line| {
        line == format!("{client} 에서 GET 를 요청하였습니다.")
    });
    let (wire, _) = server.ask("POST students.json\r\n\r\n");
    let client = format!("('127.0.0.1', {})", wire.port());
    server.prints("요청", |line| {
        line == format!("{client} 에서 POST 를 요청하였습니다.")
    });
}

#[test]
fn in_korean_reasons_are_korean_and_prompts_are_not() {
    let server = Server::start(Folder::school(), &["--lang", "ko"]);
    let is_korean = |text: &str| text.chars().any(|letter| ('가'..='힣').contains(&letter));
    let (_, prompt) = server.ask("POST students.json\r\n\r\n");
    let prompt = prompt.is(300);
    assert_eq!(
        prompt.text().trim_end(),
        "Enter follow data : key student_number grade department"
    );
    for (line, answer) in [
        ("POST students.json", "too few"),
        ("PUT students.json", "Nobody grade 4"),
        ("DELETE students.json", "Nobody"),
    ] {
        let reply = server.guided(line, answer).is(400);
        assert!(is_korean(reply.text()), "{line}: {}", reply.text());
        assert_eq!(
            reply.need("Content-Type").to_lowercase(),
            "text/plain; charset=utf-8"
        );
    }
    let (_, reply) = server.ask("BREW students.json\r\n\r\n");
    assert!(is_korean(reply.is(400).text()));
    let english = Server::school();
    let (_, reply) = english.ask("BREW students.json\r\n\r\n");
    assert!(reply.is(400).text().is_ascii());
}

#[test]
fn control_characters_of_a_client_are_escaped_on_the_console() {
    for language in ["en", "ko"] {
        let server = Server::start(Folder::school(), &["--lang", language]);
        // The question whether the server is ready has lines too, and they may come late.
        server.prints("of the first request", |line| line.contains("GET"));
        let before = server.stderr().lines().count();
        for line in [
            "GET a\u{1b}[31mred\u{7}.json",
            "G\u{1b}]0;title\u{7}ET students.json",
            "GET \u{9b}31m\u{85}\u{2028}.json",
            "GET \u{202e}nosj.stneduts",
            "GET a\rb\u{8}.json",
            "GET a%0d%0a127.0.0.1:1%20connected",
        ] {
            let (_, reply) = server.ask(format!("{line}\r\n\r\n"));
            assert!([400, 404].contains(&reply.status), "{line:?}");
        }
        for target in ["/a%1b%5b31m.json", "/a%0a%0dfake", "/%c2%9b31m"] {
            server.get(target).one_of(&[400, 404]);
        }
        let (wire, _) = server.ask("GET last.json\r\n\r\n");
        let port = wire.port().to_string();
        server.prints("of the last", |line| {
            line.contains(&port) && line.contains("GET")
        });
        let printed = server.stderr();
        let control = printed.chars().find(|letter| {
            *letter != '\n' && (letter.is_control() || matches!(letter, '\u{2028}' | '\u{202e}'))
        });
        assert_eq!(control, None, "{printed}");
        // A connection and a request each, nothing more: no line was forged.
        let lines = printed.lines().count() - before;
        assert!(lines <= 2 * 10, "{lines} lines for 10 requests:\n{printed}");
    }
}

#[test]
fn what_a_client_sent_stands_in_no_reply_unescaped() {
    let server = Server::school();
    // `Reply` refuses control bytes in a head; here the bodies.
    for line in [
        "GET a\u{1b}[31mred.json",
        "B\u{1b}REW students.json",
        "GET <script>x</script>",
    ] {
        let (_, reply) = server.ask(format!("{line}\r\n\r\n"));
        let body = reply.text().to_owned();
        assert!(!body.trim_end().chars().any(char::is_control), "{body:?}");
        assert!(reply.need("Content-Type").starts_with("text/plain"));
    }
}
