//! The dialogue door: what an answer changes, which values it stores, what it refuses, and what the
//! file on disk looks like afterwards.

use serde_json::{Value, json};

use crate::support::{Folder, STUDENTS, Server};

fn students() -> Value {
    serde_json::from_str(STUDENTS).unwrap()
}

/// Asserts that answer after answer is refused with `status`, and that nothing changed.
#[track_caller]
fn check_refused(line: &str, status: u16, answers: &[&str]) {
    let server = Server::school();
    for answer in answers {
        let reply = server.guided(line, answer);
        assert_eq!(reply.status, status, "{line}, answer {answer:?}");
        assert!(!reply.text().trim().is_empty(), "a reason for {answer:?}");
    }
    assert_eq!(server.json("/students.json"), students());
    let exit = server.stop();
    assert_eq!(exit.folder.text("students.json"), STUDENTS);
}

#[test]
fn the_three_changes_leave_the_file_the_contract_shows() {
    let server = Server::school();
    server
        .guided("POST students.json", "Seung_Hyun 20213100 4.3 software")
        .is(201);
    let with_four = STUDENTS.replace(
        "\"department\": \"mathematics\"\n\t}\n}",
        "\"department\": \"mathematics\"\n\t},\n\t\"Seung_Hyun\": {\n\t\t\"student_number\": \"20213100\",\n\
         \t\t\"grade\": \"4.3\",\n\t\t\"department\": \"software\"\n\t}\n}",
    );
    server.folder.becomes("students.json", &with_four);
    server
        .guided("PUT students.json", "Seung_Hyun grade 4.5")
        .is(200);
    server
        .folder
        .becomes("students.json", &with_four.replace("\"4.3\"", "\"4.5\""));
    server.guided("DELETE students.json", "So_Jeong").is(200);
    let last = "{\n\t\"Chan_Jin\": {\n\t\t\"student_number\": \"20171234\",\n\t\t\"grade\": \"4.1\",\n\
                \t\t\"department\": \"software\"\n\t},\n\t\"Da_Eun\": {\n\t\t\"student_number\": \"20185678\",\n\
                \t\t\"grade\": \"3.9\",\n\t\t\"department\": \"design\"\n\t},\n\t\"Seung_Hyun\": {\n\
                \t\t\"student_number\": \"20213100\",\n\t\t\"grade\": \"4.5\",\n\
                \t\t\"department\": \"software\"\n\t}\n}\n";
    server.folder.becomes("students.json", last);
    let exit = server.stop();
    assert_eq!(exit.folder.text("students.json"), last);
}

#[test]
fn a_post_with_the_wrong_number_of_words_is_400() {
    check_refused(
        "POST students.json",
        400,
        &[
            "Seung_Hyun",
            "Seung_Hyun 1 2",
            "Seung_Hyun 1 2 3 4",
            "Kim Minsu 1 2 3",
            "\"Kim Minsu\" 1 2",
        ],
    );
}

#[test]
fn a_post_of_a_key_that_is_there_is_409() {
    check_refused(
        "POST students.json",
        409,
        &["Da_Eun 1 2 3", "\"Chan_Jin\" 1 2 3"],
    );
}

#[test]
fn a_put_that_is_not_three_words_or_names_no_record_is_400() {
    check_refused(
        "PUT students.json",
        400,
        &[
            "Da_Eun",
            "Da_Eun grade",
            "Da_Eun grade 4.5 more",
            "Nobody grade 4.5",
            "da_eun grade 4.5",
        ],
    );
}

#[test]
fn a_delete_that_is_not_one_word_or_names_no_record_is_400() {
    check_refused(
        "DELETE students.json",
        400,
        &["Nobody", "Da_Eun So_Jeong", "da_eun", "\"Da_Eun \""],
    );
}

#[test]
fn an_answer_that_cannot_be_read_is_400() {
    check_refused(
        "POST students.json",
        400,
        &[
            "\"open 1 2 3",
            "\"bad \\q\" 1 2 3",
            "\"lone \\ud800\" 1 2 3",
            "a 1 2 \"3",
        ],
    );
    let server = Server::school();
    let (mut wire, prompt) = server.ask("POST students.json\r\n\r\n");
    prompt.is(300);
    wire.send(b"key 1 \xff\xfe 3\r\n");
    wire.dialogue_reply().is(400);
    assert_eq!(server.json("/students.json"), students());
}

#[test]
fn white_space_of_any_kind_and_width_separates_words() {
    let server = Server::school();
    server
        .guided("POST students.json", "  a\t1   2 \t 3  ")
        .is(201);
    assert_eq!(
        server.body("/students.json/a"),
        "{\"student_number\":\"1\",\"grade\":\"2\",\"department\":\"3\"}\n"
    );
}

#[test]
fn a_quoted_word_is_a_json_string() {
    let server = Server::school();
    let answer = r#""Kim Minsu" "2021 3100" "a\"b\\c" "\uc218\ud559""#;
    server.guided("POST students.json", answer).is(201);
    let record = server.json("/students.json/Kim%20Minsu");
    assert_eq!(
        record,
        json!({"student_number": "2021 3100", "grade": "a\"b\\c", "department": "수학"})
    );
    server
        .guided("PUT students.json", r#""Kim Minsu" "home town" """#)
        .is(200);
    assert_eq!(server.json("/students.json/Kim%20Minsu/home%20town"), "");
    server
        .guided("DELETE students.json", r#""Kim Minsu""#)
        .is(200);
    assert_eq!(server.json("/students.json"), students());
}

#[test]
fn words_that_look_like_json_or_escapes_are_stored_as_typed() {
    let server = Server::school();
    server
        .guided("POST students.json", r"a {} [1] C:\new")
        .is(201);
    assert_eq!(
        server.json("/students.json/a"),
        json!({"student_number": "{}", "grade": "[1]", "department": "C:\\new"})
    );
    server
        .guided("POST students.json", "b true null 4.30")
        .is(201);
    assert_eq!(
        server.json("/students.json/b"),
        json!({"student_number": "true", "grade": "null", "department": "4.30"})
    );
}

#[test]
fn a_post_takes_the_types_of_the_first_record() {
    let records =
        r#"{"first":{"n":1,"b":true,"z":null,"s":"x","o":{},"a":[]},"second":{"n":"one"}}"#;
    let server = Server::start(Folder::empty().with("typed.json", records), &[]);
    server
        .guided("POST typed.json", "k 4.30 false null 7 8 9")
        .is(201);
    assert_eq!(
        server.body("/typed.json/k"),
        "{\"n\":4.30,\"b\":false,\"z\":null,\"s\":\"7\",\"o\":\"8\",\"a\":\"9\"}\n"
    );
    server
        .guided("POST typed.json", "l -1e+30 true null true null false")
        .is(201);
    assert_eq!(
        server.body("/typed.json/l"),
        "{\"n\":-1e+30,\"b\":true,\"z\":null,\"s\":\"true\",\"o\":\"null\",\"a\":\"false\"}\n"
    );
}

#[test]
fn a_word_that_is_no_literal_of_the_type_stays_a_string() {
    let records = r#"{"first":{"n":1,"b":true,"z":null}}"#;
    let server = Server::start(Folder::empty().with("typed.json", records), &[]);
    for (key, words, expected) in [
        ("a", "+5 True Null", r#"{"n":"+5","b":"True","z":"Null"}"#),
        ("b", "0x10 1 0", r#"{"n":"0x10","b":"1","z":"0"}"#),
        ("c", "01 null true", r#"{"n":"01","b":"null","z":"true"}"#),
        ("d", "1. yes none", r#"{"n":"1.","b":"yes","z":"none"}"#),
        ("e", ".5 5 5", r#"{"n":".5","b":"5","z":"5"}"#),
        (
            "f",
            "NaN \"true\" \"null\"",
            r#"{"n":"NaN","b":"true","z":"null"}"#,
        ),
        ("g", "\"5\" false null", r#"{"n":"5","b":false,"z":null}"#),
        ("h", "-0 false null", r#"{"n":-0,"b":false,"z":null}"#),
    ] {
        server
            .guided("POST typed.json", &format!("{key} {words}"))
            .is(201);
        assert_eq!(
            server.body(&format!("/typed.json/{key}")),
            format!("{expected}\n"),
            "{words}"
        );
    }
}

#[test]
fn a_put_takes_the_type_of_the_member_that_is_there() {
    let records = r#"{"first":{"n":"text"},"r":{"n":1,"b":true,"z":null,"s":"x"}}"#;
    let server = Server::start(Folder::empty().with("typed.json", records), &[]);
    for (answer, member, expected) in [
        ("r n 1.50", "n", "1.50\n"),
        ("r n many", "n", "\"many\"\n"),
        ("r n 2", "n", "\"2\"\n"),
        ("r b false", "b", "false\n"),
        ("r b 0", "b", "\"0\"\n"),
        ("r z null", "z", "null\n"),
        ("r z 5", "z", "\"5\"\n"),
        ("r s 5", "s", "\"5\"\n"),
        ("r new 5", "new", "\"5\"\n"),
        ("r other true", "other", "\"true\"\n"),
    ] {
        server.guided("PUT typed.json", answer).is(200);
        assert_eq!(
            server.body(&format!("/typed.json/r/{member}")),
            expected,
            "{answer}"
        );
    }
    assert_eq!(
        server.body("/typed.json/first"),
        "{\"n\":\"text\"}\n",
        "others are untouched"
    );
}

#[test]
fn a_put_may_add_a_member_at_the_end_of_the_record() {
    let server = Server::school();
    server
        .guided("PUT students.json", "Da_Eun city Seoul")
        .is(200);
    server.folder.becomes(
        "students.json",
        &STUDENTS.replace(
            "\"department\": \"design\"\n",
            "\"department\": \"design\",\n\t\t\"city\": \"Seoul\"\n",
        ),
    );
}

#[test]
fn a_put_of_the_same_value_changes_nothing() {
    let server = Server::school();
    let before = server.get("/students.json").etag();
    server
        .guided("PUT students.json", "Da_Eun grade 3.9")
        .is(200);
    assert_eq!(server.get("/students.json").etag(), before);
    let exit = server.stop();
    assert_eq!(exit.folder.text("students.json"), STUDENTS);
}

#[test]
fn deleting_every_record_leaves_an_empty_collection_that_takes_new_ones() {
    let server = Server::school();
    for key in ["Chan_Jin", "So_Jeong", "Da_Eun"] {
        server.guided("DELETE students.json", key).is(200);
    }
    server.folder.holds("students.json", &json!({}));
    server.guided("POST students.json", "Kim grade=4.3").is(201);
    server
        .folder
        .holds("students.json", &json!({"Kim": {"grade": "4.3"}}));
}

#[test]
fn the_other_door_sees_a_change_as_soon_as_it_is_acknowledged() {
    let server = Server::school();
    let mut http = server.connect();
    let before = http.get("/students.json").etag();
    server
        .guided("PUT students.json", "Da_Eun grade 4.0")
        .is(200);
    let after = http.get("/students.json");
    assert_ne!(after.etag(), before);
    assert_eq!(after.json()["Da_Eun"]["grade"], "4.0");
}

#[test]
fn the_file_keeps_its_own_layout() {
    let lines = "{\r\n  \"a\": {\"n\": 1.0, \"s\": \"\\u0041\"},\r\n  \"b\": {\"n\": 2e3, \"s\": \"x\"}\r\n}";
    let server = Server::start(Folder::empty().with("lines.json", lines), &[]);
    server.guided("PUT lines.json", "b n 3").is(200);
    server
        .folder
        .becomes("lines.json", &lines.replace("2e3", "3"));
    server.guided("POST lines.json", "c 4 y").is(201);
    let with_three = lines.replace("2e3", "3").replace(
        "\"x\"}\r\n}",
        "\"x\"},\r\n  \"c\": {\"n\": 4, \"s\": \"y\"}\r\n}",
    );
    server.folder.becomes("lines.json", &with_three);
    server.guided("DELETE lines.json", "b").is(200);
    server.folder.becomes(
        "lines.json",
        &with_three.replace("  \"b\": {\"n\": 3, \"s\": \"x\"},\r\n", ""),
    );
}

#[test]
fn an_acknowledged_dialogue_survives_kill_9() {
    let server = Server::school();
    server
        .guided("POST students.json", "Seung_Hyun 20213100 4.3 software")
        .is(201);
    let folder = server.kill();
    let server = Server::start(folder, &[]);
    assert_eq!(server.json("/students.json/Seung_Hyun/grade"), "4.3");
    server
        .folder
        .holds("students.json", &server.json("/students.json"));
}
