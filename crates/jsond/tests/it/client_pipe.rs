//! The client without a terminal, against a student's server: one request per line of its input.

use crate::client_support::{Canned, Student, client, response};

const SCRIPT: &str = "\
# the seven exchanges of the course
GET students.json

POST students.json
Seung_Hyun 20213100 4.3 software
put students.json
Seung_Hyun grade 4.5
DELETE students.json
So_Jeong
GET students.json
";

/// Runs the script in a dialect and compares the file it leaves.
fn check_script(style: &str, dialect: &str) {
    let Some(server) = Student::start(style) else {
        return;
    };
    let ran = client(&[&server.address, "--dialect", dialect], SCRIPT);
    assert_eq!(ran.code, Some(0), "{}", ran.error);
    let file = server.file();
    let names: Vec<usize> = ["Chan_Jin", "Da_Eun", "Seung_Hyun", "\"grade\": \"4.5\""]
        .map(|name| {
            file.find(name)
                .unwrap_or_else(|| panic!("no {name} in {file}"))
        })
        .to_vec();
    assert!(names.is_sorted(), "{file}");
    assert!(!file.contains("So_Jeong"), "{file}");
    assert!(ran.text().contains("So_Jeong") && ran.text().contains("Seung_Hyun"));
    assert!(ran.error.contains("300 Multiple Choices") && ran.error.contains("201 Created"));
    assert!(!ran.text().contains("Method") && !ran.error.contains("Method : "));
}

#[test]
fn the_seven_exchanges_work_with_a_students_server() {
    check_script("bare", "auto");
}

#[test]
fn the_seven_exchanges_work_when_raw_is_asked_for() {
    check_script("bare", "raw");
}

#[test]
fn a_head_that_no_parser_takes_is_put_up_with() {
    check_script("words", "auto");
}

#[test]
fn the_answer_goes_as_the_original_client_sends_it() {
    let Some(server) = Student::start("bare") else {
        return;
    };
    let ran = client(
        &[&server.address, "--dialect", "raw"],
        "DELETE students.json\nSo_Jeong\n",
    );
    assert_eq!(ran.code, Some(0), "{}", ran.error);
    let log = server.log();
    assert_eq!(
        log,
        "request ['DELETE', 'students.json']\nanswer 'So_Jeong'\n"
    );
}

#[test]
fn raw_is_learned_once_and_then_kept() {
    let Some(server) = Student::start("bare") else {
        return;
    };
    client(&[&server.address], "GET students.json\nGET students.json\n");
    let log = server.log();
    assert_eq!(log.matches("HTTP/1.1").count(), 1, "{log}");
    assert_eq!(log.matches("['GET', 'students.json']").count(), 2, "{log}");
}

#[test]
fn without_an_answer_nothing_is_sent_and_the_code_is_3() {
    let Some(server) = Student::start("bare") else {
        return;
    };
    let before = server.file();
    for input in ["POST students.json\n", "POST students.json\n\n"] {
        let ran = client(&[&server.address], input);
        assert_eq!(ran.code, Some(3), "{}", ran.error);
        assert!(
            ran.error.contains("key student_number grade department"),
            "{}",
            ran.error
        );
        assert_eq!(ran.text(), "");
    }
    assert_eq!(server.file(), before);
}

#[test]
fn the_exit_code_is_that_of_the_last_request() {
    let Some(server) = Student::start("bare") else {
        return;
    };
    let ran = client(&[&server.address], "GET missing.json\nGET students.json\n");
    assert_eq!(ran.code, Some(0), "{}", ran.error);
    let ran = client(&[&server.address], "GET students.json\nGET missing.json\n");
    assert_eq!(ran.code, Some(4), "{}", ran.error);
    let ran = client(&[&server.address], "PUT students.json\nnobody grade 1\n");
    assert_eq!(ran.code, Some(4), "{}", ran.error);
    assert_eq!(client(&[&server.address], "# nothing\n\n").code, Some(0));
}

#[test]
fn a_line_that_is_no_request_is_code_2_and_the_next_is_read() {
    let server = Canned::answering(response("200 OK", "", "{}\n"));
    let ran = client(&[&server.address], "GET a.json nonsense\nGET a.json\n");
    assert_eq!((ran.code, ran.text()), (Some(0), "{}\n"));
    assert!(ran.error.contains("not an item"), "{}", ran.error);
    let ran = client(&[&server.address], "GET a.json\nGET 'a\nGET\n");
    assert_eq!(ran.code, Some(2), "{}", ran.error);
}

#[test]
fn messages_come_in_korean_too() {
    let Some(server) = Student::start("bare") else {
        return;
    };
    let ran = client(&[&server.address, "--lang", "ko"], "DELETE students.json\n");
    assert!(ran.error.contains("필요한 답: key"), "{}", ran.error);
}

#[test]
fn a_server_that_falls_over_a_line_of_three_words_is_asked_in_two() {
    let server = Canned::with(|request, stream| {
        if request.starts_with("GET a.json\r\n") {
            std::io::Write::write_all(stream, b"HTTP/1.1 200 OK\n\n{}").unwrap();
        }
    });
    let ran = client(&[&server.address, "GET", "a.json"], "");
    assert_eq!((ran.code, ran.text()), (Some(0), "{}"), "{}", ran.error);
}
