//! What a person in a conversation with `jsond serve` has on the screen: the transcript of the
//! contract, refusals as sentences, and Korean; and that giving up sends nothing.

use std::process::Command;

use expectrl::ControlCode;
use serde_json::{Value, json};

use crate::client_jsond::{address, person_at, school};
use crate::client_person::Person;
use crate::support::{STUDENTS, Server};

/// What a person has on the screen after these lines and Ctrl-D, without colours.
fn screen_of(server: &Server, words: &[&str], typed: &[(&str, &str)]) -> String {
    let address = address(server);
    let words = [&[address.as_str()], words].concat();
    let no_color = |command: &mut Command| {
        command.env("NO_COLOR", "1");
    };
    let mut person = Person::with(&words, no_color);
    for (prompt, line) in typed {
        person.replies(prompt, line);
    }
    person.sees("Method : ");
    person.presses(ControlCode::EndOfTransmission);
    person.ends_with(0)
}

#[test]
fn the_conversation_reads_as_the_contract_shows_it() {
    let server = school();
    let typed = [
        ("Method : ", "POST students.json"),
        ("key            : ", "Seung_Hyun"),
        ("student_number : ", "20213100"),
        ("grade          : ", "4.3"),
        ("department     : ", "software"),
    ];
    let expected = format!(
        "Connected to {} (jsond 0.1.0, 2 files). Ctrl-D ends, ? helps.
Method : POST students.json
300 Multiple Choices
  key            : Seung_Hyun
  student_number : 20213100
  grade          : 4.3
  department     : software
201 Created  /students.json/Seung_Hyun
{{
  \"student_number\": \"20213100\",
  \"grade\": \"4.3\",
  \"department\": \"software\"
}}
Method :\n",
        address(&server)
    );
    assert_eq!(screen_of(&server, &[], &typed), expected);
}

#[test]
fn ctrl_c_or_ctrl_d_in_the_middle_of_the_questions_sends_nothing() {
    for dialect in ["http", "raw"] {
        for key in [ControlCode::EndOfText, ControlCode::EndOfTransmission] {
            let server = school();
            let mut person = person_at(&server, &["--dialect", dialect]);
            person.replies("Method : ", "POST students.json");
            person.replies("  key            : ", "Seung_Hyun");
            person.replies("  student_number : ", "20213100");
            person.sees("  grade          : ");
            person.presses(key);
            person.sees("Given up, nothing was sent.");
            // The conversation goes on, and nothing of the answer is in it.
            person.replies("Method : ", "GET students.json");
            person.sees("200 OK");
            person.sees("Method : ");
            person.presses(ControlCode::EndOfTransmission);
            let screen = person.ends_with(0);
            assert_eq!(screen.matches("Seung_Hyun").count(), 1, "{screen}");
            let ended = server.stop();
            assert!(!ended.stderr.contains(" 201 "), "{}", ended.stderr);
            if dialect == "http" {
                let requests = ended.stderr.matches("POST /students.json").count();
                assert_eq!(requests, 1, "only the question\n{}", ended.stderr);
            }
            assert_eq!(ended.folder.text("students.json"), STUDENTS);
        }
    }
}

#[test]
fn a_person_is_told_what_went_wrong_in_a_sentence() {
    let server = school();
    let typed = [
        ("Method : ", "POST students.json"),
        ("key            : ", "Da_Eun 1 2 3"),
        (
            "Method : ",
            "PUT students.json/Da_Eun If-Match:'\"other\"' a=b",
        ),
        ("Method : ", "GET nothing.json"),
        ("Method : ", "PUT students.json"),
        ("key          : ", "Nobody grade 1"),
        ("Method : ", "POST students.json/Da_Eun/grade a=b"),
    ];
    let screen = screen_of(&server, &[], &typed);
    for (status, sentence) in [
        (
            "409 Conflict",
            "there is a record with the key \"Da_Eun\" already",
        ),
        ("412 Precondition Failed", "GET it again"),
        ("404 Not Found", "GET / lists the files"),
        ("400 Bad Request", "There is no such key: Nobody."),
        ("405 Method Not Allowed", "it knows GET, HEAD"),
    ] {
        let (_, after) = screen.split_once(&format!("\n{status}\n")).unwrap();
        let shown = after.lines().next().unwrap();
        assert!(shown.contains(sentence), "{status}: {shown}\n{screen}");
        let next = after.lines().nth(1).unwrap();
        assert!(next.starts_with("Method :"), "{status}: {next}\n{screen}");
    }
    assert!(
        !screen.contains("{\"") && !screen.contains("problems.md"),
        "{screen}"
    );
    assert_eq!(server.folder.text("students.json"), STUDENTS);
}

#[test]
fn a_person_speaks_korean() {
    let server = school();
    let typed = [
        ("Method : ", "POST students.json"),
        ("  key            : ", "김 민수"),
        ("  student_number : ", ""),
        ("  student_number : ", "20213100"),
        ("  grade          : ", "4.3"),
        ("  department     : ", "소프트웨어"),
        ("Method : ", "GET students.json/김%20민수"),
        ("Method : ", "DELETE students.json"),
        ("  key : ", "<"),
        ("  key : ", "?"),
        ("  key : ", "So_Jeong"),
        ("Method : ", "?"),
    ];
    let screen = screen_of(&server, &["--lang", "ko"], &typed);
    for expected in [
        "(jsond 0.1.0, 파일 2개) 에 접속되었습니다. Ctrl-D 종료, ? 도움말.\n",
        "  답이 필요합니다\n",
        "201 Created  /students.json/김%20민수\n",
        "\n200 OK\n{\n  \"student_number\": \"20213100\",\n  \"grade\": \"4.3\",\n  \"department\": \
         \"소프트웨어\"\n}\n",
        "예: Chan_Jin; < 뒤로",
        "\n  GET /   ",
        "레코드 추가",
    ] {
        assert!(screen.contains(expected), "{expected}\n{screen}");
    }
    let mut students: Value = serde_json::from_str(STUDENTS).unwrap();
    students.as_object_mut().unwrap().remove("So_Jeong");
    students["김 민수"] =
        json!({"student_number": "20213100", "grade": "4.3", "department": "소프트웨어"});
    server.folder.holds("students.json", &students);
}

#[test]
fn a_pasted_worksheet_is_done_line_by_line() {
    let server = school();
    let mut person = person_at(&server, &[]);
    person.sees("Method : ");
    person.pastes(
        "POST students.json\rSeung_Hyun 20213100 4.3 software\rPUT students.json/Da_Eun \
         grade:=4.0 note='two\rlines'\rGET nothing.json",
    );
    for shown in [
        "300 Multiple Choices",
        "key            : Seung_Hyun 20213100 4.3 software",
        "201 Created  /students.json/Seung_Hyun",
        "200 OK",
        "Method : GET nothing.json",
        "404 Not Found",
    ] {
        person.sees(shown);
    }
    person.sees("Method : ");
    person.presses(ControlCode::EndOfTransmission);
    person.ends_with(0);
    let written = json!({"grade": 4.0, "note": "two\nlines"});
    assert_eq!(server.json("/students.json/Da_Eun"), written);
}

#[test]
fn an_empty_collection_says_that_members_can_follow() {
    let server = school();
    server.put("/empty.json", "{}").is(201);
    let typed = [
        ("Method : ", "post"),
        ("File : ", "empty.json"),
        ("  key : ", "Kim grade=4.0 note=x"),
    ];
    let screen = screen_of(&server, &[], &typed);
    assert!(
        screen.contains("on the same line: key name=value"),
        "{screen}"
    );
    let written = json!({"Kim": {"grade": "4.0", "note": "x"}});
    assert_eq!(server.json("/empty.json"), written);
}
