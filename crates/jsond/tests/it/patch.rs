//! PATCH with merge patches and JSON Patches: the examples of the RFCs, the suite of others, and what
//! a patch that fails leaves behind, which is everything as it was.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::support::{Folder, JSON, Server, suite};

const MENDABLE: [u16; 3] = [400, 409, 422];

/// Asserts that a file holds these bytes still, on disk and in the answers.
#[track_caller]
fn check_untouched(server: &Server, name: &str, bytes: &[u8], tag: &str) {
    assert_eq!(server.folder.bytes(name), bytes, "{name} on disk");
    assert_eq!(server.get(&format!("/{name}")).etag(), tag, "{name}");
}

/// A document, a merge patch and the result.
///
/// *Source*: RFC 7396 §A.
const MERGE_EXAMPLES: [(&str, &str, &str); 15] = [
    (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
    (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
    (r#"{"a":"b"}"#, r#"{"a":null}"#, r"{}"),
    (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
    (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
    (r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#),
    (
        r#"{"a":{"b":"c"}}"#,
        r#"{"a":{"b":"d","c":null}}"#,
        r#"{"a":{"b":"d"}}"#,
    ),
    (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
    (r#"["a","b"]"#, r#"["c","d"]"#, r#"["c","d"]"#),
    (r#"{"a":"b"}"#, r#"["c"]"#, r#"["c"]"#),
    (r#"{"a":"foo"}"#, "null", "null"),
    (r#"{"a":"foo"}"#, r#""bar""#, r#""bar""#),
    (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#),
    ("[1,2]", r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#),
    ("{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
];

#[test]
fn the_fifteen_examples_of_merge_patch_come_out_as_the_rfc_says() {
    let mut folder = Folder::empty();
    for (number, (document, _, _)) in MERGE_EXAMPLES.iter().enumerate() {
        folder = folder.with(&format!("m{number}.json"), document).with(
            &format!("inner{number}.json"),
            format!("{{\"v\":{document}}}"),
        );
    }
    let server = Server::start(folder, &[]);
    for (number, (document, patch, result)) in MERGE_EXAMPLES.iter().enumerate() {
        for target in [format!("/m{number}.json"), format!("/inner{number}.json/v")] {
            let reply = server.merge_patch(&target, patch).is(200);
            assert_eq!(
                reply.text().trim_end(),
                *result,
                "{document} with {patch} at {target}"
            );
            let read = server.get(&target).is(200);
            assert_eq!((read.text(), read.etag()), (reply.text(), reply.etag()));
        }
        let result: Value = serde_json::from_str(result).unwrap();
        server.folder.holds(&format!("m{number}.json"), &result);
    }
}

#[test]
fn plain_json_is_a_merge_patch_and_parameters_do_no_harm() {
    let server = Server::school();
    let record = "/students.json/Da_Eun";
    for (media_type, patch, member) in [
        ("application/json", r#"{"a":1}"#, "a"),
        ("application/json; charset=utf-8", r#"{"b":1}"#, "b"),
        (
            "application/merge-patch+json;charset=UTF-8",
            r#"{"c":1}"#,
            "c",
        ),
        ("Application/Merge-Patch+JSON", r#"{"d":1}"#, "d"),
        (
            "application/json-patch+json; charset=utf-8",
            r#"[{"op":"add","path":"/e","value":1}]"#,
            "e",
        ),
    ] {
        let field = format!("Content-Type: {media_type}");
        let reply = server.request("PATCH", record, &[&field], patch).is(200);
        assert_eq!(reply.json()[member], 1, "{media_type}");
    }
    assert_eq!(server.json(record)["grade"], "3.9");
}

#[test]
fn a_patch_of_another_type_is_415_and_names_those_that_are_taken() {
    let server = Server::school();
    for media_type in [
        "text/plain",
        "application/xml",
        "application/jsonpath",
        "application/json-patch",
        "application/patch+json",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
    ] {
        let field = format!("Content-Type: {media_type}");
        let reply = server.request("PATCH", "/students.json/Da_Eun", &[&field], "{}");
        let accepted = reply.need("Accept-Patch").to_owned();
        for known in [
            "application/merge-patch+json",
            "application/json-patch+json",
        ] {
            assert!(accepted.contains(known), "{media_type}: {accepted}");
        }
        reply.problem(415);
    }
}

#[derive(Deserialize)]
struct Record {
    #[serde(default)]
    comment: String,
    doc: Box<RawValue>,
    patch: Box<RawValue>,
    expected: Option<Value>,
    error: Option<String>,
    #[serde(default)]
    disabled: bool,
}

/// Runs one file of the suite; gives how many records were enabled.
fn run_suite(name: &str) -> Option<usize> {
    let path = suite("JSON Patch suite", &format!("json-patch/{name}"))?;
    let text = std::fs::read_to_string(path).unwrap();
    let records: Vec<Record> = serde_json::from_str(&text).unwrap();
    let mut folder = Folder::empty();
    for (number, record) in records.iter().enumerate() {
        folder = folder.with(&format!("d{number}.json"), record.doc.get());
    }
    let server = Server::start(folder, &[]);
    let mut faults = Vec::new();
    for (number, record) in records.iter().enumerate().filter(|(_, it)| !it.disabled) {
        if let Err(fault) = try_record(&server, number, record) {
            faults.push(format!("{number} {:?}: {fault}", record.comment));
        }
    }
    assert!(faults.is_empty(), "{name}:\n{}", faults.join("\n"));
    // Whatever was refused has not reached the disk later either.
    let folder = server.stop().folder;
    for (number, record) in records
        .iter()
        .enumerate()
        .filter(|(_, it)| it.error.is_some())
    {
        assert_eq!(folder.text(&format!("d{number}.json")), record.doc.get());
    }
    Some(records.iter().filter(|record| !record.disabled).count())
}

fn try_record(server: &Server, number: usize, record: &Record) -> Result<(), String> {
    let name = format!("d{number}.json");
    let target = format!("/{name}");
    let before = server.get(&target).is(200);
    let reply = server.json_patch(&target, record.patch.get());
    let after = server.get(&target).is(200);
    let shown = format!("{} {}", reply.status, reply.text());
    if record.error.is_none() {
        let expected = record.expected.clone();
        let expected = expected.unwrap_or_else(|| serde_json::from_str(record.doc.get()).unwrap());
        let right = reply.status == 200 && reply.json() == expected && after.json() == expected;
        return right
            .then_some(())
            .ok_or(format!("{expected} expected, {shown}"));
    }
    let refused = MENDABLE.contains(&reply.status);
    let same = (after.etag(), after.text()) == (before.etag(), before.text());
    let kept = server.folder.text(&name) == record.doc.get();
    if refused {
        let status = reply.status;
        reply.problem(status);
    }
    (refused && same && kept).then_some(()).ok_or(format!(
        "error expected, {shown}, same {same}, on disk {kept}"
    ))
}

#[test]
fn the_json_patch_suite_holds_over_http() {
    let counts = ["tests.json", "spec_tests.json"].map(run_suite);
    if let [Some(tests), Some(examples)] = counts {
        assert_eq!((tests, examples), (92, 16));
    }
}

#[test]
fn array_tokens_in_a_patch_are_indices_also_where_urls_use_ids() {
    let text = r#"[{"id":10,"t":"a"},{"id":20,"t":"b"}]"#;
    let server = Server::start(Folder::empty().with("posts.json", text), &[]);
    let tag = server.get("/posts.json").etag();
    for path in ["/10/t", "/2/t", "/01/t", "/-/t", "/-1/t", "/1.0/t", "/+1/t"] {
        let patch = format!(r#"[{{"op":"replace","path":"{path}","value":"x"}}]"#);
        server.json_patch("/posts.json", &patch).problem(409);
    }
    check_untouched(&server, "posts.json", text.as_bytes(), &tag);
    let patch = r#"[{"op":"replace","path":"/1/t","value":"x"},
        {"op":"add","path":"/-","value":{"id":30}},{"op":"add","path":"/0","value":{"id":5}}]"#;
    server.json_patch("/posts.json", patch).is(200);
    assert_eq!(
        server.json("/posts.json"),
        json!([{"id":5},{"id":10,"t":"a"},{"id":20,"t":"x"},{"id":30}])
    );
    let inner = r#"[{"op":"replace","path":"/t","value":"y"}]"#;
    server.json_patch("/posts.json/20", inner).is(200);
    assert_eq!(server.body("/posts.json/20/t"), "\"y\"\n");
}

#[test]
fn a_test_compares_numbers_exactly_and_by_value() {
    let text = r#"{"n":9007199254740993,"d":1.0,"e":1e2,"z":-0,"h":1e400}"#;
    let server = Server::start(Folder::empty().with("n.json", text), &[]);
    for (path, value, status) in [
        ("/n", "9007199254740993", 200),
        ("/n", "9007199254740992", 409),
        ("/n", "9007199254740993.0", 200),
        ("/d", "1", 200),
        ("/d", "1.00000000000000000000001", 409),
        ("/e", "100", 200),
        ("/z", "0", 200),
        ("/h", "1e400", 200),
        ("/h", "1e401", 409),
        ("/d", "\"1.0\"", 409),
    ] {
        let patch = format!(r#"[{{"op":"test","path":"{path}","value":{value}}}]"#);
        let reply = server.json_patch("/n.json", &patch);
        assert_eq!(reply.status, status, "{path} {value}: {}", reply.text());
    }
    assert_eq!(server.folder.text("n.json"), text);
}

#[test]
fn a_patch_keeps_the_spelling_of_everything_it_does_not_name() {
    let text =
        "{\n  \"a\" : 1.0,\n  \"b\":[1e400 , -0],\"\\u0063\": \"\\u00e9\\/\",\n\n  \"d\": {}\n}\n";
    let folder = Folder::empty().with("x.json", text).with("y.json", text);
    let server = Server::start(folder, &[]);
    server.merge_patch("/x.json", r#"{"a":2.50}"#).is(200);
    let patch = r#"[{"op":"replace","path":"/a","value":2.50}]"#;
    server.json_patch("/y.json", patch).is(200);
    for name in ["x.json", "y.json"] {
        assert_eq!(
            server.body(&format!("/{name}")),
            "{\"a\":2.50,\"b\":[1e400,-0],\"\\u0063\":\"\\u00e9\\/\",\"d\":{}}\n"
        );
        server.folder.becomes(name, &text.replace("1.0", "2.50"));
    }
}

#[test]
fn a_patch_answers_with_the_new_representation_and_its_tag() {
    let server = Server::school();
    let record = "/students.json/Da_Eun";
    let before = server.get(record).etag();
    let reply = server.merge_patch(record, r#"{"grade":"4.0"}"#).is(200);
    assert_eq!(reply.need("Content-Type"), "application/json");
    assert_ne!(reply.etag(), before);
    let read = server.get(record);
    assert_eq!((read.text(), read.etag()), (reply.text(), reply.etag()));
    assert!(
        reply
            .text()
            .starts_with("{\"student_number\":\"20185678\",\"grade\":\"4.0\"")
    );
}

#[test]
fn a_patch_that_changes_nothing_touches_neither_file_nor_tag() {
    let server = Server::school();
    let bytes = server.folder.bytes("students.json");
    let moment = std::fs::metadata(server.folder.file("students.json"))
        .unwrap()
        .modified();
    let tag = server.get("/students.json").etag();
    server
        .merge_patch("/students.json/Da_Eun", r#"{"grade":"3.9","x":null}"#)
        .is(200);
    server.merge_patch("/students.json", "{}").is(200);
    server.json_patch("/students.json", "[]").is(200);
    let there_and_back = r#"[{"op":"add","path":"/x","value":{}},{"op":"remove","path":"/x"}]"#;
    server.json_patch("/students.json", there_and_back).is(200);
    check_untouched(&server, "students.json", &bytes, &tag);
    let folder = server.stop().folder;
    let now = std::fs::metadata(folder.file("students.json"))
        .unwrap()
        .modified();
    assert_eq!(folder.bytes("students.json"), bytes);
    assert_eq!(now.unwrap(), moment.unwrap());
}

#[test]
fn a_document_that_is_no_patch_is_refused_and_says_so() {
    let server = Server::school();
    let bytes = server.folder.bytes("students.json");
    let tag = server.get("/students.json").etag();
    for patch in [
        "{}",
        "1",
        "[1]",
        "[[]]",
        r#"[{"path":"/a","value":1}]"#,
        r#"[{"op":"add","value":1}]"#,
        r#"[{"op":"add","path":"/a"}]"#,
        r#"[{"op":"move","path":"/a"}]"#,
        r#"[{"op":"copy","path":"/a","from":1}]"#,
        r#"[{"op":"spam","path":"/a","value":1}]"#,
        r#"[{"op":"ADD","path":"/a","value":1}]"#,
        r#"[{"op":"add","path":"a","value":1}]"#,
        r#"[{"op":"add","path":"/a~","value":1}]"#,
        r#"[{"op":"add","path":"/a~2","value":1}]"#,
        r#"[{"op":null,"path":"/a","value":1}]"#,
    ] {
        let reply = server.json_patch("/students.json", patch);
        assert!(
            [400, 422].contains(&reply.status),
            "{patch}: {}",
            reply.text()
        );
        let status = reply.status;
        reply.problem(status);
    }
    for broken in [
        "",
        "[",
        "{\"a\":1,}",
        r#"[{"op":"remove","path":"/a","op":"add"}]"#,
        "nul",
    ] {
        server.json_patch("/students.json", broken).problem(400);
    }
    for broken in ["", "{", r#"{"a":1,"a":2}"#, r#"{"a":"\ud800"}"#] {
        server.merge_patch("/students.json", broken).problem(400);
    }
    check_untouched(&server, "students.json", &bytes, &tag);
}

#[test]
fn a_patch_of_what_is_not_there_is_404() {
    let server = Server::school();
    for target in [
        "/nothing.json",
        "/students.json/Nobody",
        "/students.json/Da_Eun/grade/x",
    ] {
        server.merge_patch(target, r#"{"a":1}"#).problem(404);
        server.json_patch(target, "[]").problem(404);
    }
    assert!(!server.folder.file("nothing.json").exists());
}

#[test]
fn a_merge_patch_of_an_array_collection_reaches_a_record_by_its_id() {
    let server = Server::start(
        Folder::empty().with(
            "p.json",
            r#"[{"id":7,"t":"a","n":{"x":1,"y":2}},{"id":"s","t":"b"}]"#,
        ),
        &[],
    );
    server
        .request(
            "PATCH",
            "/p.json/7",
            &[JSON],
            r#"{"t":null,"n":{"x":null,"z":3}}"#,
        )
        .is(200);
    server.merge_patch("/p.json/s", r#"{"t":"B"}"#).is(200);
    assert_eq!(
        server.body("/p.json"),
        "[{\"id\":7,\"n\":{\"y\":2,\"z\":3}},{\"id\":\"s\",\"t\":\"B\"}]\n"
    );
}
