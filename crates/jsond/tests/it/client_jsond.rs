//! `jsond client` against `jsond serve`: the seven steps of the course in every way there is to take
//! them, with typed answers and exit codes.
//!
//! The steps: GET, GET of a missing file, POST, PUT, a bad method, HEAD, DELETE.

use expectrl::ControlCode;
use serde_json::{Value, json};

use crate::client_person::Person;
use crate::client_support::{Ran, client};
use crate::student::last_text;
use crate::support::{Folder, STUDENTS, Server};

const CLASSES: &str = include_str!("../../../../examples/school/classes.json");

/// The whole school of the examples.
pub(crate) fn school() -> Server {
    Server::start(Folder::school().with("classes.json", CLASSES), &[])
}

pub(crate) fn address(server: &Server) -> String {
    server.address().to_string()
}

/// A person at the school, past the greeting and before the first prompt.
pub(crate) fn person_at(server: &Server, words: &[&str]) -> Person {
    let address = address(server);
    let mut person = Person::at(&[&[address.as_str()], words].concat());
    person.sees(&address);
    person
}

/// A request line typed at the prompt, and the status line that has to follow.
fn step(person: &mut Person, line: &str, status: &str) {
    person.replies("Method : ", line);
    person.sees(status);
}

/// The seven steps at a terminal, with answers field by field, or on one line where `one_line`.
fn walk(person: &mut Person, bad_method: &str, one_line: bool) {
    person.sees("Method : ");
    person.types("GET students.json");
    person.sees("200 OK");
    person.sees("\"Chan_Jin\"");
    step(person, "GET nothing.json", "404 Not Found");
    for (line, answers, status) in [
        (
            "POST students.json",
            &[
                ("  key            : ", "Seung_Hyun"),
                ("  student_number : ", "20213100"),
                ("  grade          : ", "4.3"),
                ("  department     : ", "software"),
            ][..],
            "201 Created",
        ),
        (
            "PUT students.json",
            &[
                ("  key          : ", "Seung_Hyun"),
                ("  wantToUpdate : ", "grade"),
                ("  value        : ", "4.5"),
            ],
            "200 OK",
        ),
        ("GIVE students.json", &[], bad_method),
        ("HEAD students.json", &[], "200 OK"),
        (
            "DELETE students.json",
            &[("  key : ", "So_Jeong")],
            "200 OK",
        ),
    ] {
        person.replies("Method : ", line);
        if !answers.is_empty() {
            person.sees("300 Multiple Choices");
        }
        if one_line && !answers.is_empty() {
            let words: Vec<&str> = answers.iter().map(|(_, answer)| *answer).collect();
            person.replies(answers[0].0, &words.join(" "));
        } else {
            for (prompt, answer) in answers {
                person.replies(prompt, answer);
            }
        }
        person.sees(status);
    }
    person.sees("Method : ");
    person.presses(ControlCode::EndOfTransmission);
}

#[track_caller]
fn check_walk(words: &[&str], bad_method: &str, one_line: bool) {
    let server = school();
    let mut person = person_at(&server, words);
    walk(&mut person, bad_method, one_line);
    server.folder.becomes("students.json", &last_text());
    person.ends_with(0);
    assert_eq!(server.folder.text("classes.json"), CLASSES);
}

const BAD_METHOD_HTTP: &str = "501 Not Implemented";
const BAD_METHOD_DIALOGUE: &str = "400 Bad Request";

#[test]
fn the_seven_steps_at_a_terminal_field_by_field() {
    check_walk(&[], BAD_METHOD_HTTP, false);
}

#[test]
fn the_seven_steps_at_a_terminal_with_answers_on_one_line() {
    check_walk(&[], BAD_METHOD_HTTP, true);
}

#[test]
fn the_seven_steps_through_the_dialogue_door_at_a_terminal() {
    check_walk(&["--dialect", "raw"], BAD_METHOD_DIALOGUE, false);
    check_walk(&["--dialect", "raw"], BAD_METHOD_DIALOGUE, true);
}

const SCRIPT: &str = "\
# the seven steps of the course
GET students.json
GET nothing.json
POST students.json
Seung_Hyun 20213100 4.3 software
PUT students.json
Seung_Hyun grade 4.5
GIVE students.json
HEAD students.json
DELETE students.json
So_Jeong
";

/// The status lines of a run, without the fields that a HEAD is answered with.
fn statuses(ran: &Ran) -> Vec<&str> {
    let lines = ran.error.lines().filter(|line| !line.starts_with("  "));
    lines.collect()
}

#[test]
fn the_seven_steps_from_a_pipe() {
    let server = school();
    let ran = client(&[&address(&server)], SCRIPT);
    assert_eq!(ran.code, Some(0), "{}", ran.error);
    let expected = [
        "200 OK",
        "404 Not Found",
        "300 Multiple Choices",
        "201 Created  /students.json/Seung_Hyun",
        "300 Multiple Choices",
        "200 OK",
        BAD_METHOD_HTTP,
        "200 OK",
        "300 Multiple Choices",
        "200 OK",
    ];
    assert_eq!(statuses(&ran), expected);
    assert!(ran.error.contains("\n  Content-Length: "), "{}", ran.error);
    let bodies: Vec<Value> = serde_json::Deserializer::from_slice(&ran.out)
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let students: Value = serde_json::from_str(STUDENTS).unwrap();
    let added = json!({"student_number": "20213100", "grade": "4.3", "department": "software"});
    assert_eq!(bodies.len(), 6, "HEAD has no body: {bodies:?}");
    assert_eq!((&bodies[0], &bodies[1]["status"]), (&students, &json!(404)));
    assert_eq!((&bodies[2], &bodies[3]), (&added, &json!("4.5")));
    assert_eq!(bodies[4]["status"], 501);
    assert_eq!(bodies[5], students["So_Jeong"]);
    server.folder.becomes("students.json", &last_text());
}

#[test]
fn the_seven_steps_from_a_pipe_through_the_dialogue_door() {
    let server = school();
    let ran = client(&[&address(&server), "--dialect", "raw"], SCRIPT);
    assert_eq!(ran.code, Some(0), "{}", ran.error);
    let codes: Vec<&str> = statuses(&ran).iter().map(|line| &line[..3]).collect();
    let expected = [
        "200", "404", "300", "201", "300", "200", "400", "200", "300", "200",
    ];
    assert_eq!(codes, expected);
    // The dialogue door gives the file as it is.
    assert!(ran.text().starts_with(STUDENTS), "{}", ran.text());
    server.prints("of the dialogue", |line| {
        line.ends_with("connected") || line.contains(" GET students.json 200")
    });
    server.folder.becomes("students.json", &last_text());
}

#[test]
fn the_seven_steps_one_at_a_time_with_their_exit_codes() {
    let server = school();
    let address = address(&server);
    for (words, code) in [
        (&["GET", "students.json"][..], 0),
        (&["get", "nothing.json"], 4),
        (&["POST", "students.json"], 3),
        (
            &[
                "POST",
                "students.json",
                "-d",
                "Seung_Hyun 20213100 4.3 software",
            ],
            0,
        ),
        (&["PUT", "students.json", "-d", "Seung_Hyun grade 4.5"], 0),
        (&["GIVE", "students.json"], 5),
        (&["GIVE", "students.json", "--dialect", "raw"], 4),
        (&["HEAD", "students.json"], 0),
        (&["DELETE", "students.json"], 3),
        (&["DELETE", "students.json", "-d", "So_Jeong"], 0),
    ] {
        let ran = client(&[&[address.as_str()], words].concat(), "So_Jeong\n");
        assert_eq!(ran.code, Some(code), "{words:?} {}", ran.error);
        match code {
            3 => assert!(
                ran.error.contains("Answers are needed: key"),
                "{}",
                ran.error
            ),
            _ => assert_eq!(ran.error, "", "{words:?}"),
        }
        let has_body = words[0] != "HEAD" && code != 3;
        assert_eq!(!ran.out.is_empty(), has_body, "{words:?} {}", ran.text());
    }
    server.folder.becomes("students.json", &last_text());
}

#[test]
fn one_request_at_a_terminal_asks_its_questions_too() {
    let server = school();
    let mut person = Person::at(&[&address(&server), "delete", "students.json"]);
    person.sees("300 Multiple Choices");
    person.replies("  key : ", "So_Jeong");
    person.sees("200 OK");
    person.ends_with(0);
    assert_eq!(server.get("/students.json/So_Jeong").status, 404);
}

#[test]
fn a_script_gets_the_whole_problem() {
    let server = school();
    let address = address(&server);
    for (words, status) in [
        (&["POST", "students.json", "-d", "Da_Eun 1 2 3"][..], 409),
        (
            &["PUT", "students.json/Da_Eun", "If-Match:\"other\"", "a=b"],
            412,
        ),
        (&["GET", "nothing.json"], 404),
        (&["POST", "students.json", "-d", "{\"A\":\n{\"b\" 1}}"], 400),
    ] {
        let ran = client(&[&[address.as_str()], words].concat(), "");
        let problem: Value = serde_json::from_slice(&ran.out).unwrap();
        assert_eq!((ran.code, &problem["status"]), (Some(4), &json!(status)));
        assert!(problem["detail"].is_string(), "{problem}");
        if status == 400 {
            assert_eq!(
                (&problem["line"], &problem["column"]),
                (&json!(2), &json!(6))
            );
        }
    }
    assert_eq!(server.folder.text("students.json"), STUDENTS);
}

#[test]
fn in_an_array_collection_numbers_and_booleans_keep_their_type() {
    let server = school();
    let mut person = person_at(&server, &[]);
    person.replies("Method : ", "POST classes.json");
    for (prompt, answer) in [
        ("  key               : ", "4"),
        ("  title             : ", "Operating Systems"),
        ("  room              : ", "C-007"),
        ("  seats (number)    : ", "many"),
        ("  seats (number)    : ", "48"),
        ("  open (true/false) : ", "yes"),
        ("  open (true/false) : ", "false"),
    ] {
        person.replies(prompt, answer);
        match answer {
            "many" => person.sees("  not a number; for example 40"),
            "yes" => person.sees("  neither true nor false; for example true"),
            _ => {}
        }
    }
    person.sees("201 Created  /classes.json/4");
    for (line, prompt, answer) in [
        ("PUT classes.json", "  key          : ", "1 seats 41"),
        ("PUT classes.json", "  key          : ", "2 open false"),
        ("PUT classes.json", "  key          : ", "2 room 203"),
        ("DELETE classes.json", "  key : ", "3"),
    ] {
        person.replies("Method : ", line);
        person.replies(prompt, answer);
        person.sees("200 OK");
    }
    person.replies("Method : ", ".quit");
    person.ends_with(0);
    let expected = json!([
        {"id": 1, "title": "Networks", "room": "A-101", "seats": 41, "open": true},
        {"id": 2, "title": "Databases", "room": "203", "seats": 32, "open": false},
        {"id": 4, "title": "Operating Systems", "room": "C-007", "seats": 48, "open": false},
    ]);
    server.folder.holds("classes.json", &expected);
}

#[test]
fn an_id_is_an_answer_to_a_delete_also_when_it_is_a_number() {
    let server = school();
    let ran = client(
        &[&address(&server), "DELETE", "classes.json", "-d", "3"],
        "",
    );
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert_eq!(server.get("/classes.json/3").status, 404);
}

#[test]
fn standard_input_is_not_a_body_where_the_requests_come_from_it() {
    let server = school();
    let script = "PUT students.json/Da_Eun/grade @-\nGET students.json/Da_Eun/grade\n";
    let ran = client(&[&address(&server)], script);
    assert_eq!(
        (ran.code, ran.text()),
        (Some(0), "\"3.9\"\n"),
        "{}",
        ran.error
    );
    assert!(ran.error.contains("name a file"), "{}", ran.error);
}
