//! The guided 300 over the HTTP door: a write without a body on a collection asks what it needs, and
//! a second, complete request brings the answer as words or as a form.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::support::{Folder, Reply, STUDENTS, Server};

const TEXT: &str = "Content-Type: text/plain";
const FORM: &str = "Content-Type: application/x-www-form-urlencoded";
const ACCEPT_JSON: &str = "Accept: application/json";

fn students() -> Value {
    serde_json::from_str(STUDENTS).unwrap()
}

#[test]
fn a_write_without_a_body_on_a_collection_gets_the_prompt_as_text() {
    let server = Server::school();
    for (method, prompt) in [
        (
            "POST",
            "Enter follow data : key student_number grade department",
        ),
        ("PUT", "Enter follow data : key wantToUpdate value"),
        ("DELETE", "Enter follow data : key"),
    ] {
        for fields in [
            &[][..],
            &["Accept: */*"],
            &["Accept: text/plain"],
            &["Content-Length: 0"],
            &["Content-Type: application/json"],
            &["Accept: text/*, */*;q=0.1"],
        ] {
            let mut wire = server.connect();
            let reply = wire.request(method, "/students.json", fields, "").is(300);
            assert_eq!(reply.text().trim_end(), prompt, "{method} {fields:?}");
            assert!(
                reply.need("Content-Type").starts_with("text/plain"),
                "{}",
                reply.head
            );
            wire.get("/students.json").is(200);
        }
    }
    assert_eq!(server.json("/students.json"), students());
}

#[test]
fn content_length_zero_and_an_empty_chunked_body_are_no_body() {
    let server = Server::school();
    for tail in [
        "Content-Length: 0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ] {
        for method in ["POST", "PUT", "DELETE"] {
            let mut wire = server.connect();
            wire.send(format!(
                "{method} /students.json HTTP/1.1\r\nHost: localhost\r\n{tail}"
            ));
            wire.reply().is(300);
            wire.get("/students.json").is(200);
        }
    }
}

#[track_caller]
fn ask_json(server: &Server, method: &str, target: &str) -> Value {
    let reply = server.request(method, target, &[ACCEPT_JSON], "").is(300);
    assert!(
        reply.need("Content-Type").starts_with("application/json"),
        "{}",
        reply.head
    );
    let choices = reply.json();
    assert_eq!(choices["submit"]["method"], method, "{choices}");
    let submit = choices["submit"].to_string();
    for word in ["text/plain", "application/x-www-form-urlencoded"] {
        assert!(submit.contains(word), "{word} in {submit}");
    }
    assert_eq!(choices["submit"]["target"], target, "{choices}");
    for field in choices["fields"].as_array().expect("a list of fields") {
        assert!(
            field["name"].is_string() && field["required"].is_boolean(),
            "{field}"
        );
        assert!(
            field["type"].is_string() && field.get("example").is_some(),
            "{field}"
        );
    }
    choices
}

fn names(choices: &Value) -> Vec<&str> {
    let fields = choices["fields"].as_array().unwrap();
    fields
        .iter()
        .map(|field| field["name"].as_str().unwrap())
        .collect()
}

#[test]
fn a_client_that_names_json_gets_fields_example_and_submit() {
    let server = Server::school();
    let choices = ask_json(&server, "POST", "/students.json");
    assert_eq!(
        names(&choices),
        ["key", "student_number", "grade", "department"]
    );
    assert!(
        choices["submit"].to_string().contains("application/json"),
        "{choices}"
    );
    assert_eq!(
        names(&ask_json(&server, "PUT", "/students.json")),
        ["key", "wantToUpdate", "value"]
    );
    assert_eq!(
        names(&ask_json(&server, "DELETE", "/students.json")),
        ["key"]
    );
    let mixed = server.request(
        "POST",
        "/students.json",
        &["Accept: text/html, application/json;q=0.9"],
        "",
    );
    assert!(
        mixed
            .is(300)
            .need("Content-Type")
            .starts_with("application/json")
    );
}

/// Sends the example of a 300 as its kind says: a line of words, or JSON.
#[track_caller]
fn submit_example(server: &Server, method: &str) -> Reply {
    let choices = ask_json(server, method, "/students.json");
    match &choices["example"] {
        Value::String(words) if words.contains('=') && !words.contains(' ') => {
            server.request(method, "/students.json", &[FORM], words)
        }
        Value::String(words) => server.request(method, "/students.json", &[TEXT], words),
        example => {
            let field = "Content-Type: application/json";
            server.request(method, "/students.json", &[field], &example.to_string())
        }
    }
}

#[test]
fn the_example_is_a_body_that_is_accepted() {
    submit_example(&Server::school(), "POST").is(201);
    submit_example(&Server::school(), "PUT").is(200);
    submit_example(&Server::school(), "DELETE").is(200);
}

#[test]
fn the_second_request_answers_with_words() {
    let server = Server::school();
    let created = server
        .request(
            "POST",
            "/students.json",
            &[TEXT],
            "Seung_Hyun 20213100 4.3 software",
        )
        .is(201);
    assert_eq!(created.need("Location"), "/students.json/Seung_Hyun");
    server
        .request("PUT", "/students.json", &[TEXT], "Seung_Hyun grade 4.5\r\n")
        .is(200);
    server
        .request(
            "DELETE",
            "/students.json",
            &["Content-Type: text/plain; charset=utf-8"],
            "So_Jeong\n",
        )
        .is(200);
    check_last(&server);
}

#[test]
fn the_second_request_answers_with_a_form() {
    let server = Server::school();
    let created = server
        .request(
            "POST",
            "/students.json",
            &[FORM],
            "key=Seung_Hyun&student_number=20213100&grade=4.3&department=software",
        )
        .is(201);
    assert_eq!(created.need("Location"), "/students.json/Seung_Hyun");
    server
        .request(
            "PUT",
            "/students.json",
            &[FORM],
            "value=4%2E5&key=Seung_Hyun&wantToUpdate=grade",
        )
        .is(200);
    server
        .request("DELETE", "/students.json", &[FORM], "key=So%5FJeong")
        .is(200);
    check_last(&server);
}

#[track_caller]
fn check_last(server: &Server) {
    let mut expected = students();
    expected.as_object_mut().unwrap().remove("So_Jeong");
    expected["Seung_Hyun"] =
        json!({"student_number": "20213100", "grade": "4.5", "department": "software"});
    assert_eq!(server.json("/students.json"), expected);
    server.folder.holds("students.json", &expected);
}

#[test]
fn a_form_is_decoded_as_forms_are() {
    let server = Server::school();
    let body = "key=Kim+Minsu&student_number=1%2B1&grade=%EC%88%98&department=a%26b%3Dc";
    let created = server
        .request("POST", "/students.json", &[FORM], body)
        .is(201);
    assert_eq!(created.need("Location"), "/students.json/Kim%20Minsu");
    assert_eq!(
        server.json("/students.json/Kim%20Minsu"),
        json!({"student_number": "1+1", "grade": "수", "department": "a&b=c"})
    );
}

#[test]
fn an_answer_that_does_not_fit_is_refused_and_changes_nothing() {
    let server = Server::school();
    for (method, field, body, statuses) in [
        ("POST", TEXT, "Seung_Hyun", &[400][..]),
        ("POST", TEXT, "a 1 2 3 4", &[400]),
        ("POST", TEXT, "Da_Eun 1 2 3", &[409]),
        ("POST", TEXT, "\"open 1 2 3", &[400]),
        ("POST", TEXT, "   ", &[400]),
        ("POST", TEXT, "a 1 2 3\nb 1 2 3", &[400]),
        (
            "POST",
            FORM,
            "student_number=1&grade=2&department=3",
            &[400],
        ),
        (
            "POST",
            FORM,
            "key=Da_Eun&student_number=1&grade=2&department=3",
            &[409],
        ),
        ("PUT", TEXT, "Da_Eun grade", &[400]),
        ("PUT", TEXT, "Nobody grade 4.5", &[400, 404]),
        ("PUT", FORM, "key=Da_Eun&value=4", &[400]),
        ("DELETE", TEXT, "Nobody", &[400, 404]),
        ("DELETE", TEXT, "Da_Eun So_Jeong", &[400]),
        ("DELETE", FORM, "name=Da_Eun", &[400]),
        ("DELETE", FORM, "key=Da_Eun&key=So_Jeong", &[400]),
    ] {
        let reply = server.request(method, "/students.json", &[field], body);
        assert!(
            statuses.contains(&reply.status),
            "{method} {body:?}: {}",
            reply.status
        );
        let status = reply.status;
        reply.problem(status);
    }
    assert_eq!(server.json("/students.json"), students());
}

#[test]
fn a_json_body_means_what_it_always_means() {
    let server = Server::school();
    let json = "Content-Type: application/json";
    server
        .request(
            "POST",
            "/students.json",
            &[json],
            "{\"Ann\":{\"grade\":\"4\"}}",
        )
        .is(201);
    server
        .request(
            "PUT",
            "/students.json",
            &[json],
            "{\"Ann\":{\"grade\":\"5\"}}",
        )
        .is(200);
    assert_eq!(
        server.json("/students.json"),
        json!({"Ann": {"grade": "5"}})
    );
}

#[test]
fn typed_values_and_array_ids_follow_the_dialogue() {
    let folder = Folder::empty().with(
        "posts.json",
        r#"[{"id":1,"title":"a","stars":4,"draft":true}]"#,
    );
    let server = Server::start(folder, &[]);
    let prompt = server.request("POST", "/posts.json", &[], "").is(300);
    assert_eq!(
        prompt.text().trim_end(),
        "Enter follow data : key title stars draft"
    );
    let created = server
        .request("POST", "/posts.json", &[TEXT], "2 \"A second\" 4.50 false")
        .is(201);
    assert_eq!(created.need("Location"), "/posts.json/2");
    server
        .request(
            "PUT",
            "/posts.json",
            &[FORM],
            "key=1&wantToUpdate=stars&value=5",
        )
        .is(200);
    assert_eq!(
        server.body("/posts.json"),
        "[{\"id\":1,\"title\":\"a\",\"stars\":5,\"draft\":true},\
         {\"id\":2,\"title\":\"A second\",\"stars\":4.50,\"draft\":false}]\n"
    );
}

#[test]
fn a_collection_deeper_down_asks_on_post_only() {
    let folder = Folder::empty().with("db.json", "{\"people\":{\"Ann\":{\"age\":30}},\"n\":1}");
    let server = Server::start(folder, &[]);
    let prompt = server.request("POST", "/db.json/people", &[], "").is(300);
    assert_eq!(prompt.text().trim_end(), "Enter follow data : key age");
    server
        .request("PUT", "/db.json/people", &[], "")
        .problem(400);
    let created = server
        .request("POST", "/db.json/people", &[TEXT], "Ben 31")
        .is(201);
    assert_eq!(created.need("Location"), "/db.json/people/Ben");
    assert_eq!(server.body("/db.json/people/Ben"), "{\"age\":31}\n");
    server.delete("/db.json/people").is(200);
    assert_eq!(server.json("/db.json"), json!({"n": 1}));
}

#[test]
fn with_a_single_file_a_top_level_member_that_is_a_collection_asks() {
    let folder =
        Arc::new(Folder::empty().with("db.json", "{\"people\":{\"Ann\":{\"age\":30}},\"n\":1}"));
    let path = folder.file("db.json");
    let server = Server::start_on(Arc::clone(&folder), path.to_str().unwrap(), &[]);
    for method in ["POST", "PUT", "DELETE"] {
        server.request(method, "/people", &[], "").is(300);
    }
    server.request("DELETE", "/people", &[TEXT], "Ann").is(200);
    assert_eq!(server.json("/"), json!({"people": {}, "n": 1}));
    server
        .request("DELETE", "/people", &["If-Match: *"], "")
        .is(200);
    assert_eq!(server.json("/"), json!({"n": 1}));
}

#[test]
fn a_missing_file_does_not_ask() {
    let server = Server::school();
    server
        .request("POST", "/missing.json", &[], "")
        .problem(404);
    server
        .request("DELETE", "/missing.json", &[], "")
        .problem(404);
    server
        .request("POST", "/missing.json", &[TEXT], "a b c")
        .problem(404);
    assert!(!server.folder.file("missing.json").exists());
}

#[test]
fn if_match_travels_with_an_answer() {
    let server = Server::school();
    let tag = format!("If-Match: {}", server.get("/students.json").etag());
    server
        .request(
            "POST",
            "/students.json",
            &[TEXT, "If-Match: \"other\""],
            "a 1 2 3",
        )
        .problem(412);
    server
        .request("POST", "/students.json", &[TEXT, &tag], "a 1 2 3")
        .is(201);
    server
        .request("DELETE", "/students.json", &[TEXT, &tag], "a")
        .problem(412);
    server.get("/students.json/a").is(200);
}
