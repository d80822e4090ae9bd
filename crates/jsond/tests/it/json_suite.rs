//! The JSON parsing suite, each text as the body of a PUT: what has to be accepted comes back equal,
//! what has to be refused is 400 and stores nothing, and what is free does what docs/http.md says.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::{Folder, JSON, Reply, Server, suite};

/// The suite wants these accepted. HTTP.md refuses a name that stands twice in one object, because no
/// two programs agree on what it means.
const REFUSED_BY_CONTRACT: [&str; 2] = [
    "y_object_duplicated_key.json",
    "y_object_duplicated_key_and_value.json",
];

const PAGE: &str = include_str!("../../../../docs/http.md");

/// The texts of one kind, `y`, `n` or `i`, by name.
fn texts(kind: char) -> Option<BTreeMap<String, Vec<u8>>> {
    let folder: PathBuf = suite("JSON parsing suite", "json-parsing/test_parsing")?;
    let mut texts = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.starts_with(kind) {
            texts.insert(name, std::fs::read(path).unwrap());
        }
    }
    Some(texts)
}

/// One name has a `#`, which would begin a fragment.
fn target(name: &str) -> String {
    format!("/{}", name.replace('#', "%23"))
}

/// PUTs the text as a new file of its own.
fn put(server: &Server, name: &str, text: &[u8]) -> Reply {
    server.request_bytes("PUT", &target(name), &[JSON], text)
}

/// Whether nothing of a refused text was stored; says why not.
fn check_refused(server: &Server, name: &str, reply: Reply) -> Result<(), String> {
    if reply.status != 400 {
        return Err(format!("{name}: {} instead of 400", reply.status));
    }
    let problem = reply.problem(400);
    let detail = problem["detail"].as_str().unwrap();
    if problem.get("line").is_none() && !detail.contains("body") && !detail.contains("UTF-8") {
        return Err(format!("{name}: says not where or what: {problem}"));
    }
    let stored = server.get(&target(name)).status != 404 || server.folder.file(name).exists();
    if stored {
        Err(format!("{name}: stored"))
    } else {
        Ok(())
    }
}

#[test]
fn the_95_good_texts_are_accepted_but_for_two_with_a_name_given_twice() {
    let Some(texts) = texts('y') else {
        return;
    };
    assert_eq!(texts.len(), 95);
    let server = Server::start(Folder::school(), &[]);
    let mut faults = Vec::new();
    for (name, text) in &texts {
        let reply = put(&server, name, text);
        if REFUSED_BY_CONTRACT.contains(&name.as_str()) {
            faults.extend(check_refused(&server, name, reply).err());
            continue;
        }
        let expected: Value = serde_json::from_slice(text).unwrap();
        let read = server.get(&target(name));
        let equal = reply.status == 201 && read.status == 200 && read.json() == expected;
        if !equal || read.text() != reply.text() || read.etag() != reply.etag() {
            faults.push(format!("{name}: {} {}", reply.status, read.text()));
        }
        server.folder.holds(name, &expected);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    server.still_serves();
}

#[test]
fn the_188_bad_texts_are_400_and_store_nothing() {
    let Some(texts) = texts('n') else {
        return;
    };
    assert_eq!(texts.len(), 188);
    let server = Server::start(Folder::school(), &[]);
    let faults: Vec<_> = texts
        .iter()
        .filter_map(|(name, text)| check_refused(&server, name, put(&server, name, text)).err())
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    server.still_serves();
}

/// The rows of the table in docs/http.md: the name of a text, and what is done with it.
fn documented() -> BTreeMap<String, String> {
    let rows = PAGE.lines().filter(|line| line.starts_with("| `i_"));
    rows.map(|row| {
        let mut cells = row.split('|').map(str::trim).skip(1);
        let name = cells.next().unwrap().trim_matches('`').to_owned();
        (name, cells.next().unwrap().to_owned())
    })
    .collect()
}

#[test]
fn what_is_done_with_the_35_free_texts_is_what_the_page_says() {
    let documented = documented();
    assert_eq!(documented.len(), 35, "rows in docs/http.md");
    let Some(texts) = texts('i') else {
        return;
    };
    let server = Server::start(Folder::school(), &[]);
    let mut outcomes = BTreeMap::new();
    for (name, text) in &texts {
        let reply = put(&server, name, text);
        let outcome = match reply.status {
            201 => "kept".to_owned(),
            status => {
                reply.problem(status);
                server.get(&target(name)).problem(404);
                assert!(!server.folder.file(name).exists(), "{name} was stored");
                status.to_string()
            }
        };
        outcomes.insert(name.clone(), outcome);
    }
    let table: Vec<_> = outcomes
        .iter()
        .map(|(name, outcome)| format!("| `{name}` | {outcome} |"))
        .collect();
    assert_eq!(
        outcomes,
        documented,
        "the real table:\n{}",
        table.join("\n")
    );
}

#[test]
fn what_is_kept_of_the_free_texts_comes_back_as_it_was_spelled() {
    let Some(texts) = texts('i') else {
        return;
    };
    let server = Server::start(Folder::school(), &[]);
    for (name, text) in &texts {
        if put(&server, name, text).status != 201 {
            continue;
        }
        let text = std::str::from_utf8(text).expect("what is kept is UTF-8");
        let text = text.trim_start_matches('\u{feff}').trim();
        assert_eq!(server.body(&target(name)), format!("{text}\n"), "{name}");
    }
}

#[test]
fn the_texts_are_judged_the_same_when_they_come_in_pieces() {
    let Some(texts) = texts('n') else {
        return;
    };
    let server = Server::school();
    for (name, text) in texts
        .iter()
        .filter(|(_, text)| !text.is_empty() && text.len() < 200)
    {
        let mut wire = server.connect();
        let target = target(name);
        wire.send(format!("PUT {target} HTTP/1.1\r\nHost: localhost\r\n{JSON}\r\nTransfer-Encoding: chunked\r\n\r\n"));
        for byte in text {
            wire.send([b"1\r\n".as_slice(), &[*byte], b"\r\n"].concat());
        }
        wire.send("0\r\n\r\n");
        assert_eq!(wire.reply().status, 400, "{name}");
        wire.get("/students.json/Da_Eun/grade").is(200);
    }
}
