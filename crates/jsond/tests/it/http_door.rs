//! The HTTP door: what GET, HEAD, PUT, POST and DELETE mean on a file, a record and a field, and the
//! representation they answer with.

use serde_json::{Value, json};

use crate::support::{Folder, STUDENTS, Server};

const DA_EUN: &str =
    "{\"student_number\":\"20185678\",\"grade\":\"3.9\",\"department\":\"design\"}\n";

fn students() -> Value {
    serde_json::from_str(STUDENTS).unwrap()
}

#[test]
fn get_is_the_compact_text_and_a_newline_at_every_depth() {
    let server = Server::school();
    let compact: String = STUDENTS
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .collect();
    for (target, expected) in [
        ("/students.json", format!("{compact}\n")),
        ("/students.json/Da_Eun", DA_EUN.to_owned()),
        ("/students.json/Da_Eun/grade", "\"3.9\"\n".to_owned()),
    ] {
        let reply = server.get(target).is(200);
        assert_eq!(reply.text(), expected, "{target}");
        assert_eq!(reply.need("Content-Type"), "application/json");
        reply.etag();
    }
}

#[test]
fn head_is_get_without_the_body() {
    let server = Server::school();
    for target in [
        "/",
        "/students.json",
        "/students",
        "/students.json/Da_Eun/grade",
        "/missing.json",
        "/_/version",
        "/_/health/ready",
    ] {
        let get = server.get(target);
        let mut wire = server.connect();
        let head = wire.request("HEAD", target, &[], "");
        assert_eq!(head.status, get.status, "{target}");
        assert_eq!(head.lasting_fields(), get.lasting_fields(), "{target}");
        // The connection is still in step.
        wire.get("/students.json/Da_Eun").is(200);
    }
}

#[test]
fn numbers_and_strings_come_back_as_they_were_spelled() {
    let text = "{ \"n\" : [ 1.0, 1e400, -0, 12345678901234567890.50, 1E+2 ],\n \"s\" : \"\\u0041\\/é\\ud83d\\ude00\" }";
    let server = Server::start(Folder::empty().with("spelled.json", text), &[]);
    assert_eq!(
        server.body("/spelled.json"),
        "{\"n\":[1.0,1e400,-0,12345678901234567890.50,1E+2],\"s\":\"\\u0041\\/é\\ud83d\\ude00\"}\n"
    );
    assert_eq!(server.body("/spelled.json/n/0"), "1.0\n");
    server.put("/spelled.json/n/0", " 2.50 ").is(200);
    assert_eq!(server.body("/spelled.json/n/0"), "2.50\n");
    server.put("/spelled.json/s", "\"\\u0042\"").is(200);
    assert_eq!(server.body("/spelled.json/s"), "\"\\u0042\"\n");
}

#[test]
fn put_replaces_a_value_and_answers_with_it_and_its_new_tag() {
    let server = Server::school();
    let before = server.get("/students.json/Da_Eun/grade").etag();
    let reply = server
        .put("/students.json/Da_Eun/grade", " \"4.0\" ")
        .is(200);
    assert_eq!(reply.text(), "\"4.0\"\n");
    assert_eq!(reply.need("Content-Type"), "application/json");
    assert_ne!(reply.etag(), before);
    let after = server.get("/students.json/Da_Eun/grade").is(200);
    assert_eq!((after.text(), after.etag()), ("\"4.0\"\n", reply.etag()));
    let record = server
        .put("/students.json/Da_Eun", "{\"grade\": 4}")
        .is(200);
    assert_eq!(record.text(), "{\"grade\":4}\n");
    assert_eq!(server.json("/students.json/Da_Eun"), json!({"grade": 4}));
    assert_eq!(
        server.json("/students.json/So_Jeong"),
        students()["So_Jeong"]
    );
}

#[test]
fn put_creates_a_member_of_an_existing_parent() {
    let server = Server::school();
    let record = server
        .put("/students.json/Seung_Hyun", "{ \"grade\": \"4.3\" }")
        .is(201);
    assert_eq!(record.need("Location"), "/students.json/Seung_Hyun");
    assert_eq!(record.text(), "{\"grade\":\"4.3\"}\n");
    assert_eq!(
        server.get("/students.json/Seung_Hyun").etag(),
        record.etag()
    );
    let field = server
        .put("/students.json/Seung_Hyun/city", "\"Seoul\"")
        .is(201);
    assert_eq!(field.need("Location"), "/students.json/Seung_Hyun/city");
    assert_eq!(
        server.body("/students.json/Seung_Hyun"),
        "{\"grade\":\"4.3\",\"city\":\"Seoul\"}\n"
    );
}

#[test]
fn put_below_a_missing_parent_is_404_and_below_a_plain_value_409() {
    let server = Server::school();
    server
        .put("/students.json/Nobody/grade", "\"4.0\"")
        .problem(404);
    server.put("/missing.json/a", "1").problem(404);
    server.put("/no-such-folder/new.json", "{}").problem(404);
    server
        .put("/students.json/Da_Eun/grade/deeper", "1")
        .problem(409);
    server
        .put("/students.json/Da_Eun/grade/deeper/still", "1")
        .one_of(&[404, 409]);
    assert_eq!(server.json("/students.json"), students());
}

#[test]
fn put_creates_and_replaces_a_whole_file() {
    let server = Server::school();
    let created = server
        .put("/classes.json", "{\"1a\":{\"room\":\"101\"}}")
        .is(201);
    assert_eq!(created.need("Location"), "/classes.json");
    assert_eq!(created.text(), "{\"1a\":{\"room\":\"101\"}}\n");
    server
        .folder
        .holds("classes.json", &json!({"1a": {"room": "101"}}));
    let replaced = server.put("/classes.json", "[1, 2]").is(200);
    assert_eq!(replaced.text(), "[1,2]\n");
    assert!(replaced.field("Location").is_none());
    server.folder.holds("classes.json", &json!([1, 2]));
}

#[test]
fn post_adds_to_a_collection() {
    let server = Server::school();
    let one = server
        .post("/students.json", "{\"Ann\": {\"grade\": \"4.0\"}}")
        .is(201);
    assert_eq!(one.need("Location"), "/students.json/Ann");
    assert_eq!(server.json("/students.json/Ann/grade"), "4.0");
    let many = server
        .post("/students.json", "{\"Ben\":{},\"Kim Minsu\":{\"grade\":1}}")
        .is(201);
    assert_eq!(
        many.json(),
        json!(["/students.json/Ben", "/students.json/Kim%20Minsu"])
    );
    assert_eq!(server.json("/students.json/Kim%20Minsu/grade"), 1);
    let order: Vec<_> = ["So_Jeong", "Ann", "Ben", "Kim Minsu"]
        .map(|key| {
            server
                .body("/students.json")
                .find(&format!("\"{key}\""))
                .unwrap()
        })
        .into();
    assert!(order.is_sorted(), "added at the end, in order");
}

#[test]
fn post_of_an_existing_key_is_409_and_adds_nothing_of_the_rest() {
    let server = Server::school();
    let before = server.get("/students.json").etag();
    server
        .post("/students.json", "{\"Da_Eun\":{}}")
        .problem(409);
    server
        .post("/students.json", "{\"New\":{},\"Da_Eun\":{}}")
        .problem(409);
    server.get("/students.json/New").problem(404);
    assert_eq!(server.get("/students.json").etag(), before);
}

#[test]
fn post_of_what_is_no_record_is_refused() {
    let server = Server::school();
    for body in [
        "[]",
        "[{\"a\":1}]",
        "5",
        "\"x\"",
        "null",
        "{\"a\":5}",
        "{\"a\":{},\"b\":[]}",
    ] {
        let status = server.post("/students.json", body).status;
        assert!((400..500).contains(&status), "{body}: {status}");
    }
    assert_eq!(server.json("/students.json"), students());
}

#[test]
fn delete_answers_with_what_was_removed() {
    let server = Server::school();
    let field = server.delete("/students.json/Chan_Jin/grade").is(200);
    assert_eq!(field.text(), "\"4.1\"\n");
    let record = server.delete("/students.json/Da_Eun").is(200);
    assert_eq!(record.text(), DA_EUN);
    server.get("/students.json/Da_Eun").problem(404);
    server.delete("/students.json/Da_Eun").problem(404);
    server.delete("/students.json/Chan_Jin/grade").problem(404);
    server.delete("/missing.json").problem(404);
    server.delete("/students.json/Da_Eun/grade/x").problem(404);
    let mut expected = students();
    expected.as_object_mut().unwrap().remove("Da_Eun");
    expected["Chan_Jin"]
        .as_object_mut()
        .unwrap()
        .remove("grade");
    assert_eq!(server.json("/students.json"), expected);
    server.folder.holds("students.json", &expected);
}

#[test]
fn a_whole_file_goes_only_when_it_is_meant() {
    let server = Server::start(Folder::school().with("plain.json", "[1]"), &[]);
    server.delete("/students.json").is(300);
    server.delete("/plain.json").problem(428);
    server
        .request("DELETE", "/plain.json", &["If-Match: \"other\""], "")
        .problem(412);
    assert!(server.folder.file("plain.json").exists());
    let tag = server.get("/plain.json").etag();
    let gone = server
        .request("DELETE", "/plain.json", &[&format!("If-Match: {tag}")], "")
        .is(200);
    assert_eq!(gone.text(), "[1]\n");
    server.get("/plain.json").problem(404);
    server
        .request("DELETE", "/students.json", &["If-Match: *"], "")
        .is(200);
    crate::support::eventually(
        "both files are gone",
        std::time::Duration::from_secs(5),
        || {
            let gone = |name| !server.folder.file(name).exists();
            (gone("plain.json") && gone("students.json")).then_some(())
        },
    );
    assert_eq!(server.json("/"), json!({}));
    let server = Server::start(server.kill(), &[]);
    server.get("/students.json").problem(404);
}

#[test]
fn an_unchanged_write_changes_nothing() {
    let server = Server::school();
    let time = || {
        std::fs::metadata(server.folder.file("students.json"))
            .unwrap()
            .modified()
            .unwrap()
    };
    let (tag, before) = (server.get("/students.json").etag(), time());
    server.put("/students.json/Da_Eun/grade", "\"3.9\"").is(200);
    let spread = DA_EUN.replace(',', " ,\n ").replace(':', " : ");
    assert_eq!(
        server.put("/students.json/Da_Eun", &spread).is(200).text(),
        DA_EUN
    );
    server
        .put("/students.json", &STUDENTS.replace('\t', "  "))
        .is(200);
    assert_eq!(server.get("/students.json").etag(), tag);
    server.put("/other.json", "1").is(201);
    server.folder.holds("other.json", &json!(1));
    assert_eq!(
        (server.folder.text("students.json"), time()),
        (STUDENTS.to_owned(), before)
    );
}

#[test]
fn prefer_minimal_leaves_the_body_out() {
    let server = Server::school();
    let minimal = "Prefer: return=minimal";
    let json = "Content-Type: application/json";
    let mut wire = server.connect();
    let reply = wire.request(
        "PUT",
        "/students.json/Da_Eun/grade",
        &[minimal, json],
        "\"4.0\"",
    );
    let tag = reply.is(204).etag();
    assert_eq!(wire.get("/students.json/Da_Eun/grade").is(200).etag(), tag);
    let created = wire
        .request("PUT", "/students.json/X", &[minimal, json], "{}")
        .is(201);
    assert_eq!(created.body, b"");
    assert_eq!(created.need("Location"), "/students.json/X");
    wire.request("DELETE", "/students.json/X", &[minimal], "")
        .is(204);
    wire.get("/students.json/X").is(404);
    let async_ = wire.request(
        "PUT",
        "/students.json/Da_Eun/grade",
        &["Prefer: respond-async", json],
        "\"4.1\"",
    );
    assert_eq!(
        async_.is(200).text(),
        "\"4.1\"\n",
        "respond-async is ignored"
    );
}
