//! The dialogue door: what a target may name, and the answers for files that are missing, broken,
//! no collection, deeper, in a sub-folder, empty, or arrays.

use serde_json::{Value, json};

use crate::support::{Folder, STUDENTS, Server};

#[test]
fn a_missing_file_is_404_at_once_for_every_method() {
    let server = Server::school();
    for method in ["GET", "POST", "PUT", "DELETE"] {
        for target in [
            "missing.json",
            "missing",
            "students.json/Nobody",
            "no/such/file.json",
        ] {
            let (_, reply) = server.ask(format!("{method} {target}\r\n\r\n"));
            assert_eq!(reply.status, 404, "{method} {target}");
        }
    }
    assert!(
        !server.folder.file("missing.json").exists(),
        "asking for a file makes none"
    );
}

#[test]
fn a_file_that_is_no_json_is_400_with_a_reason() {
    let folder = Folder::school().with("broken.json", "{\n  \"a\": 1,\n  \"b\": tru\n}\n");
    let server = Server::start(folder, &[]);
    for method in ["GET", "POST", "PUT", "DELETE"] {
        let (_, reply) = server.ask(format!("{method} broken.json\r\n\r\n"));
        assert_eq!(reply.status, 400, "{method}");
        assert!(!reply.text().trim().is_empty(), "400 has a reason");
    }
    assert_eq!(
        server.folder.text("broken.json"),
        "{\n  \"a\": 1,\n  \"b\": tru\n}\n"
    );
    server.ask("GET students.json\r\n\r\n").1.is(200);
}

#[test]
fn the_suffix_may_be_left_out() {
    let server = Server::school();
    let expected: Value = serde_json::from_str(STUDENTS).unwrap();
    assert_eq!(
        server.ask("GET students\r\n\r\n").1.is(200).json(),
        expected
    );
    server
        .guided("POST students", "Seung_Hyun 20213100 4.3 software")
        .is(201);
    server
        .guided("PUT students", "Seung_Hyun grade 4.5")
        .is(200);
    server.guided("DELETE students", "So_Jeong").is(200);
    assert_eq!(server.body("/students.json/Seung_Hyun/grade"), "\"4.5\"\n");
}

#[test]
fn a_target_may_go_deeper() {
    let server = Server::school();
    let (_, record) = server.ask("GET students.json/Da_Eun\r\n\r\n");
    let expected: Value = serde_json::from_str(STUDENTS).unwrap();
    assert_eq!(record.is(200).json(), expected["Da_Eun"]);
    let (_, field) = server.ask("GET students/Da_Eun/grade HTTP/1.1\r\n\r\n");
    assert_eq!(field.is(200).json(), "3.9");
    server
        .ask("GET students.json/Da_Eun/nothing\r\n\r\n")
        .1
        .is(404);
    server
        .ask("GET students.json/Da_Eun/grade/deeper\r\n\r\n")
        .1
        .is(404);
}

#[test]
fn a_collection_deeper_in_a_file_or_folder_has_its_dialogue() {
    let database = r#"{"posts":[{"id":1,"title":"a"}],"people":{"Ann":{"age":30}}}"#;
    let folder = Folder::school()
        .with("db.json", database)
        .with("school/class.json", "{\"1a\":{\"room\":\"101\"}}");
    let server = Server::start(folder, &[]);
    let (_, prompt) = server.ask("POST db.json/people\r\n\r\n");
    assert_eq!(
        prompt.is(300).text().trim_end(),
        "Enter follow data : key age"
    );
    server.guided("POST db.json/people", "Ben 31").is(201);
    server.guided("POST db/posts", "2 b").is(201);
    server.guided("DELETE db.json/posts", "1").is(200);
    server
        .guided("PUT school/class.json", "1a room 102")
        .is(200);
    server.folder.holds(
        "db.json",
        &json!({"posts": [{"id": 2, "title": "b"}], "people": {"Ann": {"age": 30}, "Ben": {"age": 31}}}),
    );
    server
        .folder
        .holds("school/class.json", &json!({"1a": {"room": "102"}}));
}

#[test]
fn a_value_that_is_no_collection_answers_changes_with_400() {
    let folder = Folder::school()
        .with("settings.json", "{\"theme\":\"dark\",\"size\":{\"w\":1}}")
        .with("list.json", "[1,2,3]")
        .with("mixed.json", "[{\"id\":1},{\"name\":\"x\"}]")
        .with("twins.json", "[{\"id\":7},{\"id\":\"7\"}]")
        .with("number.json", "5")
        .with("text.json", "\"x\"")
        .with("null.json", "null");
    let server = Server::start(folder, &[]);
    for file in [
        "settings",
        "list",
        "mixed",
        "twins",
        "number",
        "text",
        "null",
        "students.json/Da_Eun",
    ] {
        for method in ["POST", "PUT", "DELETE"] {
            let (_, reply) = server.ask(format!("{method} {file}\r\n\r\n"));
            assert_eq!(reply.status, 400, "{method} {file}");
        }
        server.ask(format!("GET {file}\r\n\r\n")).1.is(200);
    }
}

#[test]
fn an_array_collection_asks_for_the_id_as_key_and_not_twice() {
    let posts = "[\n\t{\"id\": 1, \"title\": \"a\", \"draft\": true},\n\t{\"id\": 2, \"title\": \"b\", \"draft\": false}\n]\n";
    let server = Server::start(Folder::empty().with("posts.json", posts), &[]);
    let (_, prompt) = server.ask("POST posts.json\r\n\r\n");
    assert_eq!(
        prompt.is(300).text().trim_end(),
        "Enter follow data : key title draft"
    );
    server
        .guided("POST posts.json", "3 \"A third\" false")
        .is(201);
    server.guided("POST posts.json", "3 again true").is(409);
    server.guided("PUT posts.json", "1 title new").is(200);
    server.guided("PUT posts.json", "9 title new").is(400);
    server.guided("DELETE posts.json", "2").is(200);
    server.guided("DELETE posts.json", "2").is(400);
    server.folder.holds(
        "posts.json",
        &json!([
            {"id": 1, "title": "new", "draft": true},
            {"id": 3, "title": "A third", "draft": false},
        ]),
    );
}

#[test]
fn in_an_array_with_string_ids_the_key_stays_a_string() {
    let server = Server::start(Folder::empty().with("a.json", r#"[{"id":"7","n":1}]"#), &[]);
    server.guided("POST a.json", "8 2").is(201);
    server
        .folder
        .holds("a.json", &json!([{"id": "7", "n": 1}, {"id": "8", "n": 2}]));
    server.guided("POST a.json", "7 2").is(409);
}

/// Ids 7 and "7" are not distinct, so a key is taken in either spelling.
#[test]
fn a_key_that_spells_an_existing_id_is_409_whatever_its_type() {
    let server = Server::start(Folder::empty().with("a.json", r#"[{"id":7,"n":1}]"#), &[]);
    server.guided("POST a.json", "7 2").is(409);
    server.guided("POST a.json", "\"7\" 2").is(409);
    server.guided("PUT a.json", "7 n 5").is(200);
    server.folder.holds("a.json", &json!([{"id": 7, "n": 5}]));
}

#[test]
fn an_empty_collection_takes_names_and_values() {
    let server = Server::start(Folder::empty().with("empty.json", "{}\n"), &[]);
    let (_, prompt) = server.ask("POST empty.json\r\n\r\n");
    assert!(prompt.is(300).text().starts_with("Enter follow data : key"));
    server.guided("POST empty.json", "Kim grade").is(400);
    server
        .guided("POST empty.json", "Kim =4.3")
        .one_of(&[400, 201]);
    let server = Server::start(Folder::empty().with("empty.json", "{}\n"), &[]);
    server
        .guided(
            "POST empty.json",
            "Kim name=Minsu grade=4.3 empty= formula=a=b",
        )
        .is(201);
    server.folder.holds(
        "empty.json",
        &json!({"Kim": {"name": "Minsu", "grade": "4.3", "empty": "", "formula": "a=b"}}),
    );
    // Now there is a first record, and the words are those of its members.
    server.guided("POST empty.json", "Lee Jiho 4.1 x y").is(201);
    server.guided("POST empty.json", "Park name=Jiho").is(400);
}

#[test]
fn a_key_alone_makes_an_empty_record_in_an_empty_collection() {
    let server = Server::start(Folder::empty().with("empty.json", "{}"), &[]);
    server.guided("POST empty.json", "Kim").is(201);
    server.folder.holds("empty.json", &json!({"Kim": {}}));
}

#[test]
fn an_empty_array_takes_names_and_values_and_the_key_is_the_id() {
    let server = Server::start(Folder::empty().with("empty.json", "[]"), &[]);
    server.guided("POST empty.json", "k1 title=first").is(201);
    server
        .folder
        .holds("empty.json", &json!([{"id": "k1", "title": "first"}]));
    assert_eq!(server.json("/empty.json/k1/title"), "first");
}

#[test]
fn in_an_empty_collection_nothing_can_be_changed_or_removed() {
    let server = Server::start(Folder::empty().with("empty.json", "{}"), &[]);
    server.guided("PUT empty.json", "a b c").is(400);
    server.guided("DELETE empty.json", "a").is(400);
    server.folder.holds("empty.json", &json!({}));
}

#[test]
fn what_is_not_served_is_not_in_the_dialogue_either() {
    let folder = Folder::school()
        .with(".secret.json", "{\"a\":{}}")
        .with("notes.txt", "hello")
        .with(".hidden/x.json", "{}");
    let server = Server::start(folder, &[]);
    for target in [
        ".secret.json",
        ".secret",
        "notes.txt",
        ".hidden/x.json",
        ".jsond/journal",
        "../students.json",
        "..",
        ".",
        "x/../students.json",
        "..%2fstudents.json",
        "students.json\0",
        "\\students.json",
    ] {
        for method in ["GET", "POST"] {
            let (_, reply) = server.ask(format!("{method} {target}\r\n\r\n"));
            assert!(
                [400, 404].contains(&reply.status),
                "{method} {target:?}: {}",
                reply.status
            );
        }
    }
}

#[test]
fn names_and_words_may_be_korean() {
    let folder = Folder::empty().with(
        "학생.json",
        "{\"김민수\":{\"학과\":\"수학\",\"학점\":\"4.1\"}}",
    );
    let server = Server::start(folder, &["--lang", "ko"]);
    let (_, prompt) = server.ask("POST 학생.json\r\n\r\n");
    assert_eq!(
        prompt.is(300).text().trim_end(),
        "Enter follow data : key 학과 학점"
    );
    server
        .guided("POST 학생.json", "이지은 소프트웨어 4.3")
        .is(201);
    server
        .guided("PUT 학생", "김민수 학과 \"응용 수학\"")
        .is(200);
    server.folder.holds(
        "학생.json",
        &json!({"김민수": {"학과": "응용 수학", "학점": "4.1"}, "이지은": {"학과": "소프트웨어", "학점": "4.3"}}),
    );
}
