//! JSONPath over HTTP: the compliance suite through the `jsonpath` parameter and through QUERY, paths,
//! queries on folders. What takes for ever is in `jsonpath_cost`.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::support::{Folder, Reply, Server, Wire, encoded, suite};

const JSONPATH: &str = "Content-Type: application/jsonpath";

#[derive(Deserialize)]
struct Suite {
    tests: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    selector: String,
    document: Option<Box<RawValue>>,
    result: Option<Value>,
    results: Option<Vec<Value>>,
    result_paths: Option<Vec<String>>,
    results_paths: Option<Vec<Vec<String>>>,
    #[serde(default)]
    invalid_selector: bool,
}

impl Case {
    /// The documents of invalid selectors do not matter.
    fn text(&self) -> &str {
        self.document
            .as_ref()
            .map_or("null", |document| document.get())
    }

    fn results(&self) -> Vec<Value> {
        let one = self.result.clone().map(|result| vec![result]);
        one.or_else(|| self.results.clone()).unwrap_or_default()
    }

    fn paths(&self) -> Vec<Vec<String>> {
        let one = self.result_paths.clone().map(|paths| vec![paths]);
        one.or_else(|| self.results_paths.clone())
            .unwrap_or_default()
    }
}

/// The cases, and a server that has the document of each.
fn suite_server() -> Option<(Vec<Case>, Server)> {
    let path = suite("JSONPath suite", "jsonpath/cts.json")?;
    let suite: Suite = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(suite.tests.len(), 703);
    let mut folder = Folder::empty();
    for (number, case) in suite.tests.iter().enumerate() {
        folder = folder.with(&format!("c{number}.json"), case.text());
    }
    let server = Server::start(folder, &[]);
    Some((suite.tests, server))
}

/// Runs every case with `judge`, and names all that failed.
fn check_cases(judge: impl Fn(&mut Wire, usize, &Case) -> Result<(), String>) {
    let Some((cases, server)) = suite_server() else {
        return;
    };
    let mut wire = server.connect();
    let mut faults = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        if let Err(fault) = judge(&mut wire, number, case) {
            faults.push(format!("{} ({}): {fault}", case.name, case.selector));
        }
    }
    let count = faults.len();
    assert_eq!(count, 0, "{count} of 703 failed:\n{}", faults.join("\n"));
}

#[test]
fn the_703_cases_hold_through_the_parameter_by_value_and_order() {
    check_cases(|wire, number, case| {
        let target = format!("/c{number}.json?jsonpath={}", encoded(&case.selector));
        let reply = wire.get(&target);
        if case.invalid_selector {
            return refused(&reply, reply.status == 400);
        }
        let right = reply.status == 200 && case.results().contains(&reply.json());
        right.then_some(()).ok_or_else(|| {
            let results = &case.results()[0];
            format!(
                "{} {}, not {results}",
                reply.status,
                reply.text().trim_end()
            )
        })
    });
}

fn refused(reply: &Reply, is_right: bool) -> Result<(), String> {
    let is_problem = reply.field("Content-Type") == Some("application/problem+json");
    (is_right && (is_problem || reply.status == 200))
        .then_some(())
        .ok_or_else(|| format!("invalid, but {} {}", reply.status, reply.text().trim_end()))
}

#[test]
fn the_703_cases_hold_with_paths() {
    check_cases(|wire, number, case| {
        let target = format!(
            "/c{number}.json?_paths=true&jsonpath={}",
            encoded(&case.selector)
        );
        let reply = wire.get(&target);
        if case.invalid_selector {
            return refused(&reply, reply.status == 400);
        }
        let nodes: Vec<(String, Value)> = members(reply.text());
        let expected: Vec<Vec<(String, Value)>> = case
            .paths()
            .into_iter()
            .zip(case.results())
            .map(|(paths, values)| first_of_each(paths, values.as_array().unwrap()))
            .collect();
        let right = reply.status == 200 && expected.contains(&nodes);
        right
            .then_some(())
            .ok_or_else(|| format!("{} {nodes:?}, not {:?}", reply.status, expected[0]))
    });
}

/// A node that is selected twice has one path, so one member.
fn first_of_each(paths: Vec<String>, values: &[Value]) -> Vec<(String, Value)> {
    let mut nodes: Vec<(String, Value)> = Vec::new();
    for (path, value) in paths.into_iter().zip(values) {
        if !nodes.iter().any(|(known, _)| *known == path) {
            nodes.push((path, value.clone()));
        }
    }
    nodes
}

/// The members of an object in the order of its text; serde_json's map would sort them.
fn members(text: &str) -> Vec<(String, Value)> {
    struct InOrder(Vec<(String, Value)>);
    impl<'de> Deserialize<'de> for InOrder {
        fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            from.deserialize_map(Visitor).map(InOrder)
        }
    }
    struct Visitor;
    impl<'de> serde::de::Visitor<'de> for Visitor {
        type Value = Vec<(String, Value)>;
        fn expecting(&self, form: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            form.write_str("an object")
        }
        fn visit_map<A: serde::de::MapAccess<'de>>(
            self,
            mut map: A,
        ) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some(member) = map.next_entry()? {
                members.push(member);
            }
            Ok(members)
        }
    }
    serde_json::from_str::<InOrder>(text).map_or_else(|_| Vec::new(), |members| members.0)
}

#[test]
fn the_703_cases_hold_through_the_query_method() {
    check_cases(|wire, number, case| {
        let reply = wire.request(
            "QUERY",
            &format!("/c{number}.json"),
            &[JSONPATH],
            &case.selector,
        );
        if case.invalid_selector {
            // White space around a body may be dropped: a file with a query ends in a line end.
            let is_spaced = case.selector.trim() != case.selector;
            return refused(
                &reply,
                reply.status == 400 || is_spaced && reply.status == 200,
            );
        }
        let right = reply.status == 200 && case.results().contains(&reply.json());
        right
            .then_some(())
            .ok_or_else(|| format!("{} {}", reply.status, reply.text().trim_end()))
    });
}

#[test]
fn a_query_gives_values_as_they_are_spelled() {
    let text = r#"{"a":[1.0,1e400,-0,"\u0041"],"b":{"a":[9007199254740993]}}"#;
    let server = Server::start(Folder::empty().with("x.json", text), &[]);
    let reply = server.select("/x.json", "$..a[*]").is(200);
    assert_eq!(
        reply.text(),
        "[1.0,1e400,-0,\"\\u0041\",9007199254740993]\n"
    );
    assert_eq!(reply.need("Content-Type"), "application/json");
    let exact = server
        .select("/x.json", "$..a[?@ == 9007199254740993]")
        .is(200);
    assert_eq!(exact.text(), "[9007199254740993]\n");
    assert_eq!(
        server
            .select("/x.json", "$.b.a[?@ == 9007199254740992]")
            .text(),
        "[]\n"
    );
    assert_eq!(server.select("/x.json", "$.nothing").is(200).text(), "[]\n");
}

#[test]
fn a_query_runs_on_what_the_target_names_at_every_depth() {
    let server = Server::school();
    let all = server.select("/students.json", "$.*.grade").is(200).json();
    assert_eq!(all, json!(["4.1", "3.9", "4.4"]));
    assert_eq!(
        server.select("/students.json/Da_Eun", "$.grade").json(),
        json!(["3.9"])
    );
    assert_eq!(
        server.select("/students.json/Da_Eun/grade", "$").json(),
        json!(["3.9"])
    );
    assert_eq!(
        server.select("/students", "$.Da_Eun.grade").json(),
        json!(["3.9"])
    );
    server.select("/nothing.json", "$").problem(404);
}

#[test]
fn on_the_root_and_on_folders_a_query_runs_on_the_documents() {
    let folder = Folder::school()
        .with("more/n.json", "{\"n\":1}")
        .with("more/deep/m.json", "[2]")
        .with("plain.txt", "text");
    let server = Server::start(folder, &[]);
    let query = "$['students.json'].*.grade";
    assert_eq!(
        server.select("/", query).is(200).json(),
        json!(["4.1", "3.9", "4.4"])
    );
    assert_eq!(server.select("/", "$.more['n.json'].n").json(), json!([1]));
    assert_eq!(
        server.select("/", "$.more.deep['m.json'][0]").json(),
        json!([2])
    );
    assert_eq!(server.select("/more/", "$['n.json'].n").json(), json!([1]));
    assert_eq!(server.select("/more/", "$..[?@ == 2]").json(), json!([2]));
    assert_eq!(server.select("/", "$['plain.txt']").json(), json!([]));
    assert_eq!(
        server.select("/", "$['students.json'].bytes").json(),
        json!([])
    );
    let paths = server
        .get(&format!("/?_paths=true&jsonpath={}", encoded("$.more..n")))
        .is(200);
    assert_eq!(paths.text(), "{\"$['more']['n.json']['n']\":1}\n");
    let asked = server
        .request("QUERY", "/", &[JSONPATH], "$.more['n.json'].n")
        .is(200);
    assert_eq!(asked.text(), "[1]\n");
    server.put("/more/n.json/n", "3").is(200);
    assert_eq!(server.select("/", "$.more['n.json'].n").json(), json!([3]));
}

#[test]
fn paths_are_normalized_and_lead_back_to_their_values() {
    let text = r#"{"a":{"it's":[{"b\\":1}],"\u000b\n":2,"\u00e9\ud83d\ude00":3,"":4}}"#;
    let server = Server::start(Folder::empty().with("x.json", text), &[]);
    let target = format!("/x.json?_paths=true&jsonpath={}", encoded("$..*"));
    let nodes: Map<String, Value> =
        serde_json::from_str(server.get(&target).is(200).text()).unwrap();
    for path in [
        "$['a']",
        r"$['a']['it\'s'][0]['b\\']",
        r"$['a']['\u000b\n']",
        "$['a']['é😀']",
        "$['a']['']",
    ] {
        assert!(nodes.contains_key(path), "{path} in {nodes:?}");
    }
    for (path, value) in &nodes {
        let found = server.select("/x.json", path).is(200).json();
        assert_eq!(found, json!([value]), "{path}");
    }
    for word in ["yes", "2"] {
        server
            .get(&format!("/x.json?_paths={word}&jsonpath=$"))
            .problem(400);
    }
    assert_eq!(
        server
            .get("/x.json/a?_paths=false&jsonpath=$.nothing")
            .is(200)
            .text(),
        "[]\n"
    );
}

#[test]
fn a_query_in_another_type_or_without_one_is_refused() {
    let server = Server::school();
    let target = "/students.json";
    server
        .request("QUERY", target, &["Content-Type: text/plain"], "$")
        .problem(415);
    server
        .request("QUERY", target, &["Content-Type: application/sql"], "$")
        .problem(415);
    let bare = server.request("QUERY", target, &[], "$");
    assert!([400, 415].contains(&bare.status), "{}", bare.text());
    for body in ["", " ", "grade", "$[", "$\u{0}"] {
        server
            .request("QUERY", target, &[JSONPATH], body)
            .problem(400);
    }
    server
        .request_bytes("QUERY", target, &[JSONPATH], b"$['\xff']")
        .one_of(&[400, 415]);
    server
        .request("QUERY", "/nothing.json", &[JSONPATH], "$")
        .problem(404);
    server
        .get(&format!("{target}?jsonpath=$&jsonpath=$.a"))
        .problem(400);
    server.get(&format!("{target}?jsonpath=")).problem(400);
    let problem = server.select(target, "$.Da_Eun[").problem(400);
    assert!(problem["detail"].as_str().unwrap().len() > 20, "{problem}");
}
