//! The same request again and again: a server that remembers answers must not show that it does.
//!
//! Every answer is compared with that to the same question in other words: a field that means
//! nothing makes another head, of which nothing is remembered yet.

use crate::support::keys::{Keys, bearer};
use crate::support::{Folder, PATIENCE, Reply, Server, Wire, eventually};

/// Often enough that an answer is remembered and given again.
const TIMES: usize = 4;

/// Everything of a reply but when it was sent.
fn content(reply: &Reply) -> (u16, Vec<(String, String)>, Vec<u8>) {
    let mut fields = reply.fields.clone();
    fields.retain(|(name, _)| !name.eq_ignore_ascii_case("date"));
    (reply.status, fields, reply.body.clone())
}

/// Asks the same several times on one connection and once in other words; gives the last answer.
fn again(wire: &mut Wire, method: &str, target: &str, fields: &[&str]) -> Reply {
    static NEW: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let ask = |wire: &mut Wire, fields: &[&str]| {
        let mut all = vec!["Host: localhost"];
        all.extend(fields);
        wire.send(format!(
            "{method} {target} HTTP/1.1\r\n{}\r\n\r\n",
            all.join("\r\n")
        ));
        match method {
            "HEAD" => wire.reply_to_head(),
            _ => wire.reply(),
        }
    };
    let replies: Vec<_> = (0..TIMES).map(|_| ask(wire, fields)).collect();
    let new = NEW.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let new = format!("X-Nothing: {new}");
    let other = ask(wire, &[fields, &[&new]].concat());
    for reply in &replies {
        assert_eq!(
            content(reply),
            content(&other),
            "{method} {target} {fields:?}"
        );
    }
    other
}

#[test]
fn the_same_request_gets_the_same_answer_until_something_is_written() {
    let server = Server::school();
    let mut wire = server.connect();
    for grade in 0..5 {
        let target = "/students.json/Da_Eun/grade";
        server.put(target, &grade.to_string()).is(200);
        assert_eq!(
            again(&mut wire, "GET", target, &[]).text(),
            format!("{grade}\n")
        );
        let tag = again(&mut wire, "HEAD", target, &[]).is(200).etag();
        let condition = format!("If-None-Match: {tag}");
        again(&mut wire, "GET", target, &[&condition]).is(304);
        let whole = again(&mut wire, "GET", "/students.json", &[]).json();
        assert_eq!(whole["Da_Eun"]["grade"], grade);
    }
    server.delete("/students.json/Da_Eun").one_of(&[200, 204]);
    again(&mut wire, "GET", "/students.json/Da_Eun/grade", &[]).is(404);
}

#[test]
fn forms_that_are_chosen_by_a_field_are_kept_apart() {
    let server = Server::school();
    let mut wire = server.connect();
    for _ in 0..2 {
        for (fields, media) in [
            (&["Accept: application/json"][..], "application/json"),
            (&["Accept: text/html"], "text/html; charset=utf-8"),
            (&["Accept: text/csv"], "text/csv; charset=utf-8"),
        ] {
            let reply = again(&mut wire, "GET", "/students.json", fields).is(200);
            let found = reply.need("content-type");
            assert!(
                found.starts_with(media.split(';').next().unwrap()),
                "{found}"
            );
        }
        again(&mut wire, "GET", "/students.json", &["Range: bytes=0-3"]).is(206);
        again(&mut wire, "GET", "/students.json?_page=1", &[]).is(200);
        again(&mut wire, "GET", "/missing.json", &[]).is(404);
        again(&mut wire, "GET", "/", &[]).is(200);
        again(&mut wire, "OPTIONS", "/students.json", &[]).is(204);
    }
}

#[test]
fn an_edit_by_hand_is_seen_by_a_request_that_came_before() {
    let server = Server::start(Folder::empty().with("a.json", "{\"n\":1}\n"), &[]);
    let mut wire = server.connect();
    assert_eq!(again(&mut wire, "GET", "/a.json/n", &[]).text(), "1\n");
    server.folder.save_by_rename("a.json", "{\"n\":2}\n");
    server.shows("/a.json/n", &serde_json::json!(2), PATIENCE);
    assert_eq!(again(&mut wire, "GET", "/a.json/n", &[]).text(), "2\n");
    server.folder.save_by_rename("a.json", "{\"n\":");
    std::thread::sleep(std::time::Duration::from_millis(300));
    again(&mut wire, "GET", "/a.json/n", &[]);
}

#[test]
fn a_pipeline_of_the_same_requests_and_a_write_among_them_is_answered_in_order() {
    let server = Server::start(Folder::empty().with("a.json", "{\"n\":0}\n"), &[]);
    let mut wire = server.connect();
    let get = "GET /a.json/n HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut expected = Vec::new();
    let mut all = String::new();
    for number in 0..20 {
        all.push_str(&get.repeat(number));
        expected.extend(vec![format!("{number}\n"); number]);
        let next = (number + 1).to_string();
        all.push_str(&format!(
            "PUT /a.json/n HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{next}",
            next.len()
        ));
        expected.push(format!("{next}\n"));
    }
    wire.send(&all);
    for body in expected {
        assert_eq!(wire.reply().is(200).text(), body);
    }
}

fn get(member: &str, field: &str) -> String {
    format!("GET /a.json/{member} HTTP/1.1\r\nHost: localhost\r\n{field}\r\n")
}

/// Requests that are remembered are answered where they lie when they come; what comes behind them
/// need not be remembered, nor be whole.
#[test]
fn a_pipeline_that_is_cut_anywhere_is_answered_in_order_and_logged() {
    let server = Server::start(Folder::empty().with("a.json", "{\"m\":1,\"n\":2}\n"), &[]);
    let mut wire = server.connect();
    for _ in 0..TIMES {
        for (member, body) in [("m", "1\n"), ("n", "2\n")] {
            wire.send(get(member, ""));
            assert_eq!(wire.reply().is(200).text(), body);
        }
    }
    let all = |number: usize| {
        let new = get("m", &format!("X-Nothing: {number}\r\n"));
        [get("m", ""), get("n", ""), new, get("n", "")].concat()
    };
    let cuts: Vec<_> = (0..all(1000).len()).step_by(5).collect();
    for cut in &cuts {
        let text = all(1000 + cut);
        let (first, second) = text.split_at(*cut);
        wire.send(first);
        std::thread::sleep(std::time::Duration::from_millis(1));
        wire.send(second);
        for body in ["1\n", "2\n", "1\n", "2\n"] {
            assert_eq!(wire.reply().is(200).text(), body, "cut at {cut}");
        }
    }
    let lines = server.stop().stderr;
    for member in ["m", "n"] {
        let line = format!(" GET /a.json/{member} 200 2B ");
        let count = lines.lines().filter(|it| it.contains(&line)).count();
        assert_eq!(count, TIMES + 2 * cuts.len(), "{member}");
    }
}

/// A line end behind a request counted as the beginning of the next one, and no answer that was given
/// again changed that. When at last a request came in two pieces its time was over: 408.
#[test]
fn a_line_end_behind_a_request_begins_no_other() {
    let folder = Folder::empty().with("a.json", "{\"m\":1,\"n\":2}\n");
    let server = Server::start(folder, &["--head-timeout", "1"]);
    let mut wire = server.connect();
    let begin = std::time::Instant::now();
    let mut is_first = true;
    while begin.elapsed() < std::time::Duration::from_millis(1500) {
        for _ in 0..TIMES {
            wire.send(get("m", ""));
            assert_eq!(wire.reply().is(200).text(), "1\n");
        }
        if std::mem::take(&mut is_first) {
            wire.send(format!("{}\r\n", get("m", "")));
            wire.reply().is(200);
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let text = get("n", "");
    let (first, second) = text.split_at(30);
    wire.send(first);
    std::thread::sleep(std::time::Duration::from_millis(200));
    wire.send(second);
    assert_eq!(wire.reply().is(200).text(), "2\n");
    let lines = server.stop().stderr;
    let line = lines.lines().find(|it| it.contains("/a.json/n")).unwrap();
    let time = line.split(' ').next_back().unwrap().trim_end_matches("ms");
    assert!(time.parse::<f64>().unwrap() < 1000.0, "{line}");
}

/// A few empty lines before a request are passed over. They were counted from one request that was
/// parsed to the next, however many answers had been given again between: the fifth was one too many.
#[test]
fn empty_lines_are_counted_anew_behind_each_request() {
    let server = Server::start(Folder::empty().with("a.json", "{\"m\":1}\n"), &[]);
    let mut wire = server.connect();
    for _ in 0..20 {
        wire.send(format!("{}\r\n", get("m", "")));
        assert_eq!(wire.reply().is(200).text(), "1\n");
    }
}

#[test]
fn a_token_that_is_taken_back_lets_nobody_in_who_was_let_in_before() {
    let keys = Keys::new();
    let secret = keys.make("reader", "read", &[]);
    let server = keys.serve(Folder::school(), &[]);
    let mut wire = server.connect();
    let authorization = bearer(&secret);
    again(&mut wire, "GET", "/students.json", &[&authorization]).is(200);
    std::fs::write(keys.file(), "").unwrap();
    server.signal("HUP");
    let begin = std::time::Instant::now();
    loop {
        let reply = wire.request("GET", "/students.json", &[&authorization], "");
        if reply.status == 401 {
            break;
        }
        assert!(begin.elapsed() < PATIENCE, "{}", reply.status);
    }
}

/// How many GETs were answered with 200.
fn counted(server: &Server) -> usize {
    let page = server.body("/_/metrics");
    let name = "jsond_requests_total{method=\"GET\",status=\"200\"} ";
    let count = page.lines().find_map(|line| line.strip_prefix(name));
    count.map_or(0, |it| it.parse().unwrap())
}

#[test]
fn what_is_counted_and_logged_is_what_was_answered() {
    let server = Server::school();
    let mut wire = server.connect();
    let target = "/students.json/Da_Eun/grade";
    let (before, asked) = (counted(&server), 50);
    for _ in 0..asked {
        wire.get(target).is(200);
    }
    let log = eventually("all lines", PATIENCE, || {
        let log = server.stderr();
        let lines = log.lines().filter(|line| line.contains(target));
        (lines.count() == asked).then_some(log)
    });
    let lines = log.lines().filter(|line| line.contains(target));
    for line in lines {
        let words: Vec<_> = line.split(' ').collect();
        assert_eq!(words.len(), 6, "{line}");
        assert_eq!(words[1..4], ["GET", target, "200"], "{line}");
        assert!(
            words[4].ends_with('B') && words[5].ends_with("ms"),
            "{line}"
        );
    }
    // The page itself is counted when it has been answered.
    assert_eq!(counted(&server), before + asked + 1);
}

#[test]
fn a_second_goes_by_in_the_date_of_an_answer_that_is_given_again() {
    let server = Server::school();
    let mut wire = server.connect();
    let dates = |wire: &mut Wire| {
        (0..TIMES)
            .map(|_| wire.get("/students.json").need("date").to_owned())
            .last()
            .unwrap()
    };
    let first = dates(&mut wire);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    assert_ne!(dates(&mut wire), first);
}
