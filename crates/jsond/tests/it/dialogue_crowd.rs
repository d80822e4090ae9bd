//! The dialogue door with many people at it: two in the same file, a thousand thinking, some who
//! leave in the middle.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{STUDENTS, Server, Wire, skip};

fn students() -> Value {
    serde_json::from_str(STUDENTS).unwrap()
}

#[track_caller]
fn open(server: &Server, line: &str) -> Wire {
    let (wire, prompt) = server.ask(format!("{line}\r\n\r\n"));
    prompt.is(300);
    wire
}

fn answer(mut wire: Wire, words: &str) -> u16 {
    wire.send(words);
    wire.dialogue_reply().status
}

#[test]
fn two_people_in_a_dialogue_on_the_same_file_lose_nothing() {
    let server = Server::school();
    let first = open(&server, "POST students.json");
    let second = open(&server, "POST students.json");
    let third = open(&server, "PUT students.json");
    let fourth = open(&server, "DELETE students.json");
    assert_eq!(answer(second, "second 2 2 2"), 201);
    assert_eq!(answer(third, "Da_Eun grade 4.0"), 200);
    assert_eq!(answer(first, "first 1 1 1\n"), 201);
    assert_eq!(answer(fourth, "Chan_Jin"), 200);
    let now = server.json("/students.json");
    let keys: Vec<_> = now.as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["Da_Eun", "So_Jeong", "first", "second"]);
    assert_eq!(now["Da_Eun"]["grade"], "4.0");
    server.folder.holds("students.json", &now);
}

#[test]
fn both_answers_at_the_same_moment_are_both_there() {
    let server = Server::school();
    for round in 0..20 {
        let wires = [
            open(&server, "POST students.json"),
            open(&server, "POST students.json"),
        ];
        let threads: Vec<_> = wires
            .into_iter()
            .enumerate()
            .map(|(number, wire)| {
                std::thread::spawn(move || answer(wire, &format!("k{round}_{number} 1 2 3\r\n")))
            })
            .collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), 201);
        }
    }
    assert_eq!(server.json("/students.json").as_object().unwrap().len(), 43);
}

#[test]
fn an_answer_meets_the_state_of_its_own_moment() {
    let server = Server::school();
    let late = open(&server, "PUT students.json");
    let twin = open(&server, "POST students.json");
    server.delete("/students.json/Da_Eun").is(200);
    server.guided("POST students.json", "new 1 2 3").is(201);
    assert_eq!(
        answer(late, "Da_Eun grade 4.0"),
        400,
        "the record is gone by now"
    );
    assert_eq!(answer(twin, "new 4 5 6"), 409, "the key is there by now");
    assert_eq!(server.json("/students.json/new/grade"), "2");
}

#[test]
fn a_file_that_went_away_during_the_dialogue_is_no_success() {
    let server = Server::school();
    let late = open(&server, "POST students.json");
    server
        .request("DELETE", "/students.json", &["If-Match: *"], "")
        .is(200);
    let status = answer(late, "new 4 5 6");
    assert!([400, 404].contains(&status), "{status}");
    server.get("/students.json").is(404);
}

#[test]
fn a_client_that_vanishes_in_mid_dialogue_costs_nobody_anything() {
    let server = Server::school();
    for words in ["", "Seung_Hyun", "Seung_Hyun 20213100 4.3"] {
        let mut gone = open(&server, "POST students.json");
        gone.send(words);
        drop(gone);
        let mut reset = open(&server, "DELETE students.json");
        reset.send("");
        reset.reset();
    }
    let mut half = server.connect();
    half.send("POST stud");
    drop(half);
    let mut half = server.connect();
    half.send("POST students.json\r\nHost: ");
    half.reset();
    server.still_serves();
    assert_eq!(server.json("/students.json"), students());
}

/// This process and the server each need a descriptor for every dialogue.
fn crowd() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let soft = limits
        .lines()
        .find(|line| line.starts_with("Max open files"))
        .and_then(|line| line.split_whitespace().nth(3)?.parse().ok())
        .unwrap_or(4096_usize);
    let crowd = 1_000.min(soft.saturating_sub(400));
    if crowd < 1_000 {
        skip(
            "a thousand dialogues",
            &format!("{soft} descriptors allow {crowd} (ulimit -n 4096)"),
        );
    }
    crowd
}

#[test]
fn a_thousand_open_dialogues_keep_nobody_waiting_and_none_is_lost() {
    let server = Server::school();
    let crowd = crowd();
    let mut thinking: Vec<Wire> = (0..crowd)
        .map(|_| {
            let mut wire = server.connect();
            wire.send("POST students.json\r\n\n\n");
            wire
        })
        .collect();
    for wire in &mut thinking {
        wire.dialogue_reply().is(300);
    }

    let start = Instant::now();
    server.ask("GET students.json\r\n\r\n").1.is(200);
    server.ask("GET missing.json\r\n\r\n").1.is(404);
    server
        .guided("POST students.json", "Seung_Hyun 20213100 4.3 software")
        .is(201);
    server
        .guided("PUT students.json", "Seung_Hyun grade 4.5")
        .is(200);
    server.guided("DELETE students.json", "So_Jeong").is(200);
    server.put("/students.json/Da_Eun/grade", "\"4.0\"").is(200);
    for _ in 0..1_000 {
        server.get("/students.json/Da_Eun/grade").is(200);
    }
    let took = start.elapsed();
    assert!(
        took < Duration::from_secs(15),
        "1,000 others served in {took:?}"
    );

    for (number, wire) in thinking.iter_mut().enumerate() {
        wire.send(format!("k{number} 1 2 3"));
    }
    for wire in &mut thinking {
        wire.dialogue_reply().is(201);
    }
    let records = server.json("/students.json");
    assert_eq!(records.as_object().unwrap().len(), 3 + crowd);
    server.folder.holds("students.json", &records);
}
