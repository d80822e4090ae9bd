//! Starting and stopping `jsond serve`: flags, banner, port file, clear refusals, signals.

use std::net::{Ipv6Addr, TcpListener};
use std::sync::Arc;

use serde_json::json;

use crate::support::{Folder, STUDENTS, Server, Wire, run_to_end, skip};

/// Asserts that the program refuses to start, and says a line with each of the words.
#[track_caller]
fn check_refused(arguments: &[&str], words: &[&str]) {
    let output = run_to_end(arguments);
    let code = output.status.code().expect("ended by itself, by no signal");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_ne!(code, 0, "{stderr}");
    for word in words {
        assert!(stderr.contains(word), "{word:?} in {stderr:?}");
    }
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert!(
        output.stdout.is_empty(),
        "what people read goes to standard error"
    );
}

#[test]
fn the_example_is_the_school_of_the_contract() {
    let students: serde_json::Value = serde_json::from_str(STUDENTS).unwrap();
    let keys: Vec<_> = students
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(keys, ["Chan_Jin", "Da_Eun", "So_Jeong"]);
    assert!(STUDENTS.starts_with("{\n\t\"Chan_Jin\": {\n\t\t\"student_number\": "));
}

#[test]
fn the_banner_names_the_address_and_shows_three_commands_to_try() {
    let server = Server::school();
    let banner = server.stderr();
    assert!(banner.contains(&format!(":{}", server.port)), "{banner}");
    let commands = banner
        .lines()
        .filter(|line| {
            ["curl ", "jsond client", "nc "]
                .iter()
                .any(|word| line.contains(word))
        })
        .count();
    assert!(commands >= 3, "three commands to try:\n{banner}");
}

#[test]
fn a_command_of_the_banner_works_as_printed() {
    let server = Server::school();
    let banner = server.stderr();
    let start = format!(":{}/", server.port);
    let targets: Vec<_> = banner
        .split(&start)
        .skip(1)
        .map(|rest| {
            rest.split([' ', '\'', '"', '\n', '|'])
                .next()
                .unwrap()
                .to_owned()
        })
        .collect();
    for target in &targets {
        server.get(&format!("/{target}")).one_of(&[200, 308]);
    }
}

#[test]
fn the_help_names_every_flag() {
    let output = run_to_end(&["serve", "--help"]);
    assert!(output.status.success());
    let help = String::from_utf8(output.stdout).unwrap();
    for flag in [
        "--host",
        "--port",
        "--port-file",
        "--lang",
        "--dialogue",
        "--durability",
        "--help",
    ] {
        assert!(help.contains(flag), "{flag} in\n{help}");
    }
    assert!(help.contains("12345"), "the default port is named:\n{help}");
}

#[test]
fn without_a_path_the_current_folder_is_served() {
    let folder = Arc::new(Folder::school());
    let server = Server::start_on(folder, "", &[]);
    assert_eq!(server.body("/students.json/Da_Eun/grade"), "\"3.9\"\n");
}

#[test]
fn a_single_file_is_the_root_document() {
    let folder =
        Arc::new(Folder::empty().with("db.json", "{\"posts\":[{\"id\":1,\"title\":\"a\"}]}\n"));
    let path = folder.file("db.json");
    let server = Server::start_on(Arc::clone(&folder), path.to_str().unwrap(), &[]);
    assert_eq!(
        server.json("/"),
        json!({"posts": [{"id": 1, "title": "a"}]})
    );
    assert_eq!(server.json("/posts/1/title"), "a");
    server.put("/posts/1/title", "\"b\"").is(200);
    folder.holds("db.json", &json!({"posts": [{"id": 1, "title": "b"}]}));
    let exit = server.stop();
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let folder = Folder::school();
    check_refused(
        &["serve", folder.path().to_str().unwrap(), "--port", &port],
        &[&port],
    );
    assert_eq!(folder.text("students.json"), STUDENTS);
    // The folder is free again: the refusal left no lock behind.
    Server::start(folder, &[]).still_serves();
}

#[test]
fn a_port_that_another_jsond_holds_is_named() {
    let server = Server::school();
    let port = server.port.to_string();
    let other = Folder::school();
    check_refused(
        &["serve", other.path().to_str().unwrap(), "--port", &port],
        &[&port],
    );
    server.still_serves();
}

#[test]
fn a_missing_folder_is_named() {
    let folder = Folder::empty();
    let missing = folder.file("no-such-folder");
    let missing = missing.to_str().unwrap();
    check_refused(&["serve", missing, "--port", "0"], &["no-such-folder"]);
    assert!(
        !folder.file("no-such-folder").exists(),
        "serving makes no folder"
    );
}

#[test]
fn a_path_that_is_neither_folder_nor_json_is_refused() {
    let folder = Folder::empty().with("notes.txt", "hello");
    let path = folder.file("notes.txt");
    check_refused(
        &["serve", path.to_str().unwrap(), "--port", "0"],
        &["notes.txt"],
    );
    assert_eq!(folder.text("notes.txt"), "hello");
}

#[test]
fn a_second_server_on_the_same_folder_ends_with_a_clear_message() {
    let server = Server::school();
    let path = server.folder.path().to_str().unwrap().to_owned();
    check_refused(&["serve", &path, "--port", "0"], &[&path]);
    server.still_serves();
    server.put("/students.json/Da_Eun/grade", "\"4.0\"").is(200);
}

#[test]
fn after_kill_9_the_folder_can_be_served_again() {
    let server = Server::school();
    server.put("/students.json/Da_Eun/grade", "\"4.0\"").is(200);
    let folder = server.kill();
    let server = Server::start(folder, &[]);
    assert_eq!(server.body("/students.json/Da_Eun/grade"), "\"4.0\"\n");
}

#[test]
fn flags_that_make_no_sense_are_refused() {
    let folder = Folder::school();
    let path = folder.path().to_str().unwrap();
    for flags in [
        ["--port", "70000"],
        ["--port", "x"],
        ["--lang", "fr"],
        ["--dialogue", "maybe"],
        ["--durability", "never"],
        ["--durability", "interval="],
        ["--threads", "0"],
        ["--no-such-flag", "x"],
    ] {
        check_refused(&["serve", path, flags[0], flags[1]], &[flags[0]]);
    }
}

#[test]
fn sigterm_and_sigint_write_the_files_and_end_with_zero() {
    for signal in ["TERM", "INT"] {
        let server = Server::school();
        let mut idle = server.connect();
        idle.get("/students.json").is(200);
        server.put("/students.json/Da_Eun/grade", "\"4.0\"").is(200);
        let exit = server.end(signal);
        assert_eq!(exit.code, Some(0), "SIG{signal}: {}", exit.stderr);
        assert_eq!(
            exit.folder.text("students.json"),
            STUDENTS.replace("\"3.9\"", "\"4.0\"")
        );
        idle.closes();
    }
}

#[test]
fn after_a_clean_stop_no_data_depends_on_the_own_folder() {
    let server = Server::school();
    server.put("/students.json/Da_Eun/grade", "\"4.0\"").is(200);
    server.put("/new.json", "{\"a\":{\"n\":1}}").is(201);
    server.delete("/students.json/So_Jeong").is(200);
    let expected = (server.json("/students.json"), server.json("/new.json"));
    let exit = server.stop();
    let own = exit.folder.file(".jsond");
    if own.exists() {
        std::fs::remove_dir_all(own).unwrap();
    }
    let server = Server::start(exit.folder, &[]);
    assert_eq!(
        (server.json("/students.json"), server.json("/new.json")),
        expected
    );
}

#[test]
fn a_restart_keeps_files_and_tags_as_they_were() {
    let server = Server::school();
    server.put("/students.json/Da_Eun/grade", "\"4.0\"").is(200);
    let tags = |server: &Server| {
        [
            "/students.json",
            "/students.json/Da_Eun",
            "/students.json/Chan_Jin/grade",
        ]
        .map(|target| server.get(target).is(200).etag())
    };
    let before = tags(&server);
    let exit = server.stop();
    let text = exit.folder.text("students.json");
    let server = Server::start(exit.folder, &[]);
    assert_eq!(tags(&server), before, "after a clean stop");
    let server = Server::start(server.kill(), &[]);
    assert_eq!(tags(&server), before, "after kill -9");
    assert_eq!(server.folder.text("students.json"), text);
}

#[test]
fn reading_alone_changes_no_file() {
    let server = Server::school();
    let time = |server: &Server| {
        std::fs::metadata(server.folder.file("students.json"))
            .unwrap()
            .modified()
            .unwrap()
    };
    let before = time(&server);
    server.get("/").is(200);
    server.get("/students.json").is(200);
    server.ask("GET students.json\r\n\r\n").1.is(200);
    assert_eq!(time(&server), before);
    let exit = server.stop();
    assert_eq!(exit.folder.text("students.json"), STUDENTS);
}

#[test]
fn durability_by_interval_is_said_at_start() {
    let server = Server::start(Folder::school(), &["--durability", "interval=50"]);
    assert!(server.stderr().contains("50"), "{}", server.stderr());
    server.put("/students.json/Da_Eun/grade", "\"4.0\"").is(200);
    let exit = server.stop();
    assert_eq!(exit.code, Some(0));
    assert_eq!(
        exit.folder.text("students.json"),
        STUDENTS.replace("\"3.9\"", "\"4.0\"")
    );
}

#[test]
fn it_listens_on_both_loopback_addresses_on_the_same_port() {
    let server = Server::school();
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        return skip("both loopback addresses", "no IPv6 here");
    }
    let mut wire = Wire::open((Ipv6Addr::LOCALHOST, server.port).into());
    wire.get("/students.json").is(200);
    let mut wire = Wire::open((Ipv6Addr::LOCALHOST, server.port).into());
    wire.send("GET students.json\r\n\r\n");
    wire.dialogue_reply().is(200);
}

#[test]
fn a_host_is_listened_on_when_named() {
    let server = Server::start(Folder::school(), &["--host", "127.0.0.1", "--threads", "1"]);
    server.still_serves();
}

#[test]
fn an_address_for_others_needs_more_than_a_flag() {
    let folder = Folder::school();
    check_refused(
        &[
            "serve",
            folder.path().to_str().unwrap(),
            "--host",
            "0.0.0.0",
            "--port",
            "0",
        ],
        &["0.0.0.0"],
    );
}
