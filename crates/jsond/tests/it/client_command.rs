//! The dot words, the tags that are remembered, and what Tab offers: at a terminal, against jsond.

use std::process::Command;

use expectrl::ControlCode;
use serde_json::json;

use crate::client_jsond::{address, person_at, school};
use crate::client_person::Person;
use crate::client_support::{Canned, client, program, response, run};
use crate::support::Server;

const GRADE: &str = "students.json/Da_Eun/grade";

/// Erases what is typed (Ctrl-U) and ends, at a prompt that was seen.
fn ends_here(mut person: Person) -> String {
    person.types_without_return("\x15");
    person.presses(ControlCode::EndOfTransmission);
    person.ends_with(0)
}

fn ends(mut person: Person) -> String {
    person.sees("Method :");
    person.presses(ControlCode::EndOfTransmission);
    person.ends_with(0)
}

#[test]
fn a_change_of_what_was_changed_meanwhile_shows_how_and_asks() {
    for (answers, left) in [
        (&["y"][..], "\"mine\""),
        (&["n"], "\"theirs\""),
        (&[""], "\"theirs\""),
        (&["what", "s", "n"], "\"theirs\""),
        (&["s", "yes"], "\"mine\""),
    ] {
        let server = school();
        let mut person = person_at(&server, &[]);
        person.replies("Method :", "GET students.json/Da_Eun");
        person.sees("200 OK");
        server
            .put("/students.json/Da_Eun/grade", "\"theirs\"")
            .is(200);
        person.replies("Method :", "PUT students.json/Da_Eun grade=mine");
        person.sees("412 Precondition Failed");
        person.sees("-   \"grade\": \"3.9\"");
        person.sees("+   \"grade\": \"theirs\"");
        for answer in answers {
            person.replies("Send yours all the same? [y/N/s] :", answer);
            match *answer {
                "what" => person.sees("y sends yours over theirs"),
                "s" => person.sees("\"grade\": \"theirs\""),
                _ => {}
            }
        }
        person.sees(if left.contains("mine") {
            "200 OK"
        } else {
            "Theirs is left as it is."
        });
        ends(person);
        assert_eq!(
            server.body("/students.json/Da_Eun/grade"),
            format!("{left}\n"),
            "{answers:?}"
        );
    }
}

#[test]
fn a_change_of_what_is_as_it_was_seen_is_simply_made_again_and_again() {
    let server = school();
    let mut person = person_at(&server, &[]);
    person.replies("Method :", &format!("GET {GRADE}"));
    for n in 1..4 {
        person.replies("Method :", &format!("PUT {GRADE} -d"));
        person.sees("error");
        std::fs::write(person.home().join("body"), format!("\"{n}\"")).unwrap();
        person.replies("Method :", &format!("PUT {GRADE} @body"));
        person.sees("200 OK");
    }
    person.replies("Method :", &format!("DELETE {GRADE}"));
    person.sees("200 OK");
    person.replies("Method :", ".wire on");
    person.replies("Method :", "GET students.json/Da_Eun");
    person.replies("Method :", "PATCH students.json/Da_Eun grade=4.1");
    person.sees("If-Match: \"");
    person.sees("200 OK");
    ends(person);
    assert_eq!(server.json("/students.json/Da_Eun/grade"), "4.1");
}

#[test]
fn what_is_gone_when_it_is_to_be_changed_is_said() {
    let server = school();
    let mut person = person_at(&server, &[]);
    person.replies("Method :", "GET students.json/Da_Eun");
    server.delete("/students.json/Da_Eun").is(200);
    person.replies("Method :", "PUT students.json/Da_Eun grade=1");
    person.sees("412");
    person.sees("cannot be read now (404)");
    ends(person);
    server.get("/students.json/Da_Eun").is(404);
}

/// A DELETE of a collection that was seen took the whole file, instead of asking for a key.
#[test]
fn a_delete_of_a_collection_that_was_seen_still_asks_for_a_key() {
    let server = school();
    let mut person = person_at(&server, &[]);
    person.replies("Method :", "GET students.json");
    person.replies("Method :", "HEAD students.json");
    person.replies("Method :", "DELETE students.json");
    person.sees("300 Multiple Choices");
    person.replies("key :", "So_Jeong");
    person.sees("200 OK");
    ends(person);
    let left = server.json("/students.json");
    assert_eq!(left.as_object().unwrap().len(), 2, "{left}");
}

#[test]
fn tab_completes_methods_files_keys_and_fields_from_the_server() {
    let server = school();
    let mut person = person_at(&server, &[]);
    person.sees("Method :");
    person.types_without_return("del\tst\t/Da\t\r");
    person.sees("DELETE students.json/Da_Eun");
    person.sees("200 OK");
    person.sees("Method :");
    person.types_without_return("PUT students.json/Ch\t gr\t4.9\r");
    person.sees("PUT students.json/Chan_Jin grade=4.9");
    person.sees("200 OK");
    person.sees("Method :");
    person.types_without_return("DELETE students.json\r");
    person.sees("key :");
    person.types_without_return("So\t\r");
    person.sees("So_Jeong");
    person.sees("200 OK");
    person.sees("Method :");
    // More than one: all of them are shown.
    person.types_without_return("GET \t");
    person.sees("classes.json");
    person.sees("students.json");
    ends_here(person);
    assert_eq!(
        server.json("/students.json"),
        json!({"Chan_Jin": {"grade": "4.9"}})
    );
}

#[test]
fn a_field_shows_what_its_answer_looks_like_until_one_is_typed() {
    let server = school();
    let mut person = person_at(&server, &[]);
    person.replies("Method :", "POST classes.json");
    for (example, answer) in [
        ("for example 4", "4"),
        ("for example Networks", "Operating Systems"),
        ("for example A-101", "C-007"),
        ("(number)    : for example 40", "48"),
        (": for example true", "false"),
    ] {
        person.sees(example);
        person.types(answer);
    }
    person.sees("201 Created");
    let screen = ends(person);
    assert!(!screen.contains("for example"), "{screen}");
    assert!(screen.contains("  seats (number)    : 48\n"), "{screen}");
}

#[test]
fn hangul_is_typed_edited_and_recalled() {
    let server = school();
    let home = tempfile::tempdir().unwrap();
    let state = home.path().to_owned();
    let at = |server: &Server| {
        let state = state.clone();
        Person::with(&[&address(server)], move |command: &mut Command| {
            command.env("XDG_STATE_HOME", state);
        })
    };
    let mut person = at(&server);
    person.sees("Method :");
    // Typed with a mistake, which goes with two Backspaces; then with the cursor moved back.
    person.types_without_return(
        "PUT students.json/김민소오\x7f\x7f수 학과=소프\x1b[D\x1b[D새\x1b[C\x1b[C웨어\r",
    );
    person.sees("PUT students.json/김민수 학과=새소프웨어");
    person.sees("201 Created  /students.json/김민수");
    person.sees("Method :");
    person.types("GET students.json/김민수 'Authorization: Bearer not-to-be-kept'");
    person.sees("\"학과\": \"새소프웨어\"");
    person.sees("Method :");
    person.types_without_return("\x1b[A");
    person.sees("PUT students.json/김민수 학과=새소프웨어");
    ends_here(person);
    assert_eq!(
        server.json("/students.json/%EA%B9%80%EB%AF%BC%EC%88%98"),
        json!({"학과": "새소프웨어"})
    );
    // The next conversation knows it; the file is its owner's only, and has no token in it.
    let file = home.path().join("jsond/history");
    let kept = std::fs::read_to_string(&file).unwrap();
    assert!(
        kept.contains("김민수") && !kept.contains("not-to-be-kept"),
        "{kept}"
    );
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let mut person = at(&server);
    person.sees("Method :");
    person.types_without_return("\x1b[A");
    person.sees("PUT students.json/김민수");
    ends_here(person);
}

#[test]
fn dot_words_list_show_save_and_go_elsewhere() {
    let server = school();
    server
        .put("/old/a.json", "{\"x\":{\"n\":1}}")
        .one_of(&[201, 404]);
    let home = tempfile::tempdir().unwrap();
    let mut command = program(home.path());
    command.args(["client", &address(&server)]);
    std::fs::write(
        home.path().join("more"),
        "# from a file\nGET classes.json/1/room\n",
    )
    .unwrap();
    let input = ".ls\n.ls students.json\nGET students.json\n.table\n.save kept\n.curl\n.again\n.last\n\
                 .run more\n.table classes.json\n.cd students.json\nGET Da_Eun/grade\n.cd ..\n.lang ko\n.wire\n\
                 .nope\n.save\n.cd nowhere\n";
    let ran = run(command, input.as_bytes());
    let out = ran.text();
    for shown in [
        " name           kind        records  bytes\n",
        " students.json  collection  3        238\n",
        " key       student_number  grade  department\n",
        " Da_Eun    20185678        3.9    design\n",
        "curl 'http://127.0.0.1:",
        "\"A-101\"\n",
        " 1   Networks",
        "\"3.9\"\n",
    ] {
        assert!(out.contains(shown), "{shown}\n{out}\n{}", ran.error);
    }
    assert_eq!(
        out.matches("\"So_Jeong\"").count(),
        3,
        "GET, .again, .last\n{out}"
    );
    for said in [
        "238 bytes saved in kept",
        "/students.json\n",
        "이제 한국어로",
        "전송 보기를 껐습니다",
        ".nope",
        "사용법: .save FILE",
        "/nowhere: 404",
    ] {
        assert!(ran.error.contains(said), "{said}\n{}", ran.error);
    }
    let kept = std::fs::read(home.path().join("kept")).unwrap();
    let kept: serde_json::Value = serde_json::from_slice(&kept).unwrap();
    assert_eq!(kept, server.json("/students.json"));
}

#[test]
fn an_editor_changes_what_the_server_has_and_nothing_else() {
    let server = school();
    let edit = |script: &str, input: &str| {
        let home = tempfile::tempdir().unwrap();
        let mut command = program(home.path());
        command.args(["client", &address(&server)]);
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("EDITOR", script);
        run(command, input.as_bytes())
    };
    let ran = edit("sed -i s/3.9/4.4/", ".edit students.json/Da_Eun\n");
    assert!(ran.error.contains("200 OK"), "{}", ran.error);
    assert_eq!(server.json("/students.json/Da_Eun/grade"), "4.4");
    let ran = edit("true", ".edit students.json/Da_Eun\n");
    assert!(ran.error.contains("Nothing was changed"), "{}", ran.error);
    let ran = edit("false", ".edit students.json/Da_Eun\n");
    assert!(ran.error.contains("the editor:"), "{}", ran.error);
    let ran = edit("sed -i 's/\"4.4\"/,,/'", ".edit students.json/Da_Eun\n");
    assert!(ran.error.contains("400 Bad Request"), "{}", ran.error);
    assert_eq!(server.json("/students.json/Da_Eun/grade"), "4.4");
    let ran = edit("true", ".edit nothing.json\n");
    assert!(ran.error.contains("/nothing.json: 404"), "{}", ran.error);
}

#[test]
fn what_changes_is_watched_until_ctrl_c() {
    let server = school();
    let mut person = person_at(&server, &[]);
    person.replies("Method :", ".watch students.json/Da_Eun");
    person.sees("Watching /students.json/Da_Eun, every 1 s.");
    server.put("/students.json/Da_Eun/grade", "\"4.4\"").is(200);
    person.sees("-   \"grade\": \"3.9\"");
    person.sees("+   \"grade\": \"4.4\"");
    server.delete("/students.json/Da_Eun").is(200);
    person.sees("404 Not Found");
    person.presses(ControlCode::EndOfText);
    ends(person);
}

#[test]
fn json_makes_one_object_of_a_response() {
    let server = school();
    let address = address(&server);
    let object = |words: &[&str]| {
        let ran = client(&[&[&*address, "--json"], words].concat(), "");
        let value: serde_json::Value = serde_json::from_str(ran.text()).unwrap();
        assert_eq!(ran.text().lines().count(), 1);
        (ran.code, value)
    };
    let (code, it) = object(&["GET", GRADE]);
    assert_eq!(
        (code, &it["status"], &it["reason"]),
        (Some(0), &json!(200), &json!("OK"))
    );
    assert_eq!(
        (&it["body"], &it["headers"]["content-type"]),
        (&json!("3.9"), &json!("application/json"))
    );
    let (code, it) = object(&["GET", "nothing.json"]);
    assert_eq!((code, &it["status"]), (Some(4), &json!(404)));
    assert_eq!(it["body"]["status"], 404);
    let (code, it) = object(&["DELETE", "students.json"]);
    assert_eq!((code, &it["status"]), (Some(3), &json!(300)));
    assert_eq!(it["body"]["fields"][0]["name"], "key");
    let (code, it) = object(&["HEAD", "students.json"]);
    assert_eq!((code, it.get("body")), (Some(0), None));
    let gone = client(&["127.0.0.1:1", "--json", "GET", "a"], "");
    assert_eq!((gone.code, gone.text()), (Some(7), ""));
    assert_eq!(client(&[&address, "--json"], "").code, Some(2));
}

#[test]
fn a_connection_is_kept_for_the_next_request_and_one_that_is_gone_costs_nothing() {
    let server = school();
    let ran = client(&[&address(&server)], &format!("GET {GRADE}\n").repeat(5));
    assert_eq!(ran.code, Some(0), "{}", ran.error);
    let log = server.stop().stderr;
    let lines = log.lines().filter(|line| line.contains(GRADE));
    let peers: std::collections::HashSet<_> =
        lines.map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(peers.len(), 1, "{log}");
    // A server that closes after each answer without saying so.
    let closing = Canned::answering(response("200 OK", "", "1\n"));
    let requests = "GET a\nPOST a x=1\nPOST a x=2\nPUT a x=1\n";
    let ran = client(&[&closing.address, "--dialect", "http"], requests);
    assert_eq!(
        (ran.code, ran.text()),
        (Some(0), "1\n1\n1\n1\n"),
        "{}",
        ran.error
    );
    assert_eq!(closing.requests().len(), 4, "{:?}", closing.requests());
}
