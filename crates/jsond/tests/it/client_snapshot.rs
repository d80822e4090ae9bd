//! Whole screens of a conversation with jsond, as people see them, kept as snapshots.

use std::process::Command;

use expectrl::ControlCode;

use crate::client_jsond::{address, school};
use crate::client_person::Person;
use crate::support::Server;

/// What is on the screen after these lines and Ctrl-D; the address and times have names instead.
fn screen(server: &Server, words: &[&str], typed: &[(&str, &str)]) -> String {
    let address = address(server);
    let words = [&[address.as_str()], words].concat();
    let mut person = Person::with(&words, |command: &mut Command| {
        command.env("NO_COLOR", "1");
    });
    for (prompt, line) in typed {
        person.replies(prompt, line);
    }
    person.sees("Method :");
    person.presses(ControlCode::EndOfTransmission);
    let screen = person.ends_with(0).replace(&address, "ADDRESS");
    let lines = screen.lines().map(|line| match line.split_once(" ms: ") {
        Some((_, rest)) => format!("* TIME ms: {rest}\n"),
        None if line.starts_with("* 127.0.0.1:") => "* PORT connected to ADDRESS\n".to_owned(),
        None if line.starts_with("< Date: ") => "< Date: DATE\\r\\n\n".to_owned(),
        None => format!("{line}\n"),
    });
    lines.collect()
}

#[test]
fn the_guided_dialogue() {
    let typed = [
        ("Method :", "POST students.json"),
        ("key            :", "Seung_Hyun"),
        ("student_number :", "<"),
        ("key            :", "?"),
        ("key            :", "Seung_Hyun"),
        ("student_number :", "20213100"),
        ("grade          :", "4.3"),
        ("department     :", "software"),
        ("Method :", "DELETE"),
        ("File :", "students.json"),
        ("key :", "So_Jeong"),
    ];
    insta::assert_snapshot!(screen(&school(), &[], &typed));
    insta::assert_snapshot!(screen(&school(), &["--lang", "ko"], &typed));
}

#[test]
fn help_in_both_languages() {
    insta::assert_snapshot!(screen(&school(), &[], &[("Method :", "?")]));
    insta::assert_snapshot!(screen(&school(), &["--lang", "ko"], &[("Method :", "?")]));
}

#[test]
fn tables_and_listings() {
    let typed = [
        ("Method :", ".ls"),
        ("Method :", ".table students.json"),
        ("Method :", "GET classes.json?seats:gt=10"),
        ("Method :", ".table"),
        ("Method :", ".table students.json/Da_Eun"),
        ("Method :", ".nope"),
        ("Method :", ".save"),
    ];
    insta::assert_snapshot!(screen(&school(), &[], &typed));
}

#[test]
fn a_change_that_somebody_was_quicker_with() {
    let server = school();
    let address = address(&server);
    for lang in ["en", "ko"] {
        server.put("/students.json/Da_Eun/grade", "\"3.9\"").is(200);
        let mut person = Person::with(&[&address, "--lang", lang], |command: &mut Command| {
            command.env("NO_COLOR", "1");
        });
        person.replies("Method :", "GET students.json/Da_Eun");
        person.sees("200 OK");
        server.put("/students.json/Da_Eun/grade", "\"4.4\"").is(200);
        person.replies(
            "Method :",
            "PUT students.json/Da_Eun grade=4.0 department=design",
        );
        person.replies("[y/N/s] :", "s");
        person.replies("[y/N/s] :", "n");
        person.sees("Method :");
        person.presses(ControlCode::EndOfTransmission);
        insta::assert_snapshot!(person.ends_with(0).replace(&address, "ADDRESS"));
    }
}

#[test]
fn the_wire() {
    let typed = [
        ("Method :", ".wire on"),
        (
            "Method :",
            "GET students.json/Da_Eun/grade Authorization:secret",
        ),
        ("Method :", ".wire hex"),
        ("Method :", "GET students.json/Da_Eun/grade Date:0"),
    ];
    let text = screen(&school(), &[], &typed);
    // The second answer has a date in hexadecimal.
    let (before, after) = text.split_once(".wire hex").unwrap();
    insta::assert_snapshot!(before);
    assert!(after.contains("> 00000"), "{after}");
    assert!(
        after.contains("47 45 54 20 2f 73 74 75  64 65 6e 74"),
        "{after}"
    );
}
