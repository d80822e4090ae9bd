//! `--like json-server` and `--like json-server@0.17`, with and without `--strict`: every row of the
//! contract's tables as a request and its answer.
//!
//! The tables are texts beside this file. Each part of one begins anew with the seed; a row is a
//! request, fields of it, and the answer, where it is another with `--strict` also that. What
//! json-server itself answers is compared in `json_server_npm.rs`.

use crate::support::{Folder, Reply, Server};
use serde_json::Value;
use std::sync::Arc;

const ONE: (&str, &str, &str) = (
    "json-server",
    include_str!("json_server/one.txt"),
    include_str!("json_server/one.json"),
);

const ZERO_SEVENTEEN: (&str, &str, &str) = (
    "json-server@0.17",
    include_str!("json_server/zero_seventeen.txt"),
    include_str!("json_server/zero_seventeen.json"),
);

/// A request and what it is to be answered.
struct Row<'a> {
    method: &'a str,
    target: String,
    body: Option<&'a str>,
    fields: Vec<String>,
    plain: &'a str,
    strict: Option<&'a str>,
}

impl<'a> Row<'a> {
    fn parse(lines: &[&'a str]) -> Self {
        let mut words = lines[0].splitn(3, ' ');
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        let mut row = Self {
            method,
            target: spelled(target),
            body: words.next(),
            fields: Vec::new(),
            plain: "",
            strict: None,
        };
        for line in &lines[1..] {
            let line = line.trim_start();
            match line.strip_prefix("strict ") {
                Some(answer) => row.strict = Some(answer),
                None if line.starts_with(|it: char| it.is_ascii_digit()) => row.plain = line,
                None => row.fields.push(line.to_owned()),
            }
        }
        let has_type = row.fields.iter().any(|it| it.starts_with("Content-Type:"));
        if row.body.is_some() && !has_type {
            row.fields.push("Content-Type: application/json".to_owned());
        }
        row.fields.retain(|it| it != "Content-Type:");
        row
    }

    fn expected(&self, is_strict: bool) -> &str {
        self.strict.filter(|_| is_strict).unwrap_or(self.plain)
    }

    fn check(&self, server: &Server, is_strict: bool) {
        let fields: Vec<_> = self.fields.iter().map(String::as_str).collect();
        let body = self.body.unwrap_or_default();
        let reply = server.request(self.method, &self.target, &fields, body);
        let expected = self.expected(is_strict);
        let (status, body) = expected.split_once(' ').unwrap_or((expected, ""));
        let shown = format!("{} {} {fields:?}\n{}", self.method, self.target, reply.head);
        assert_eq!(reply.status.to_string(), status, "{shown}{}", reply.text());
        match body {
            // A page, a text, or nothing.
            "" => {}
            "<problem>" => {
                let json = reply.json();
                let says = |name: &str| json[name].is_string();
                assert!(
                    says("error") || (says("type") && says("detail")),
                    "{shown}{json}"
                );
            }
            body => assert_eq!(comparable(&reply, body), body, "{shown}"),
        }
    }
}

/// Percent-encodes what may not stand in a target.
fn spelled(target: &str) -> String {
    let must = |it: char| !it.is_ascii() || " \"<>\\^`{|}[]".contains(it);
    let mut spelled = String::new();
    for character in target.chars() {
        if must(character) {
            for byte in character.to_string().bytes() {
                spelled.push_str(&format!("%{byte:02X}"));
            }
        } else {
            spelled.push(character);
        }
    }
    spelled
}

/// The body as the table spells it: ids that were made are told by their length.
fn comparable(reply: &Reply, expected: &str) -> String {
    let text = reply.text().trim_end().to_owned();
    let _: Value = reply.json();
    let mut parts = expected.split("\"<made>\"");
    let mut rest = text.as_str();
    let mut out = parts.next().unwrap_or_default().to_owned();
    let Some(after) = rest.strip_prefix(out.as_str()) else {
        return text;
    };
    rest = after;
    for part in parts {
        let Some((id, after)) = rest.strip_prefix('"').and_then(|it| it.split_once('"')) else {
            return text;
        };
        let is_made = matches!(id.len(), 7 | 11)
            && id
                .bytes()
                .all(|it| it.is_ascii_alphanumeric() || b"-_".contains(&it));
        let Some(after) = after.strip_prefix(part).filter(|_| is_made) else {
            return text;
        };
        out.push_str("\"<made>\"");
        out.push_str(part);
        rest = after;
    }
    out + rest
}

fn check((like, table, seed): (&str, &str, &str), is_strict: bool) {
    let mut rows = 0;
    for part in table.split("== ").filter(|part| !part.trim().is_empty()) {
        let folder = Arc::new(Folder::empty().with("db.json", seed));
        let path = folder.file("db.json");
        let mut flags = vec!["--like", like];
        flags.extend(is_strict.then_some("--strict"));
        let server = Server::start_on(folder, path.to_str().unwrap(), &flags);
        let lines: Vec<_> = part.lines().skip(1).filter(|it| !it.is_empty()).collect();
        let starts = (0..lines.len()).filter(|&at| !lines[at].starts_with(' '));
        let starts: Vec<_> = starts.chain([lines.len()]).collect();
        for pair in starts.windows(2) {
            Row::parse(&lines[pair[0]..pair[1]]).check(&server, is_strict);
            rows += 1;
        }
    }
    assert!(rows > 150, "only {rows} rows were read");
}

#[test]
fn one_answers_as_its_table_says() {
    check(ONE, false);
}

#[test]
fn one_answers_as_its_table_says_when_it_is_strict() {
    check(ONE, true);
}

#[test]
fn zero_seventeen_answers_as_its_table_says() {
    check(ZERO_SEVENTEEN, false);
}

#[test]
fn zero_seventeen_answers_as_its_table_says_when_it_is_strict() {
    check(ZERO_SEVENTEEN, true);
}
