//! A file that is bind-mounted alone, as containers do it: nothing can be renamed over it, so it is
//! overwritten in place, guarded by the journal. Only between kill -9 and the next start may it be
//! half a file.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Bound, JSON, STUDENTS, Server, Wire, may_mount};

fn serve(bound: &Bound) -> Server {
    Server::start(Arc::clone(&bound.inside), &[])
}

/// Which file it is; a rename would bring another.
fn inode_of(bound: &Bound) -> u64 {
    let path = bound.outside.file("outside.json");
    fs::metadata(path).unwrap().ino()
}

#[test]
fn a_file_that_is_bound_alone_is_overwritten_in_place() {
    if !may_mount("a bound file") {
        return;
    }
    let bound = Bound::new("students.json", STUDENTS);
    let inode = inode_of(&bound);
    let server = serve(&bound);
    // Longer, shorter, and of the same length.
    for grade in ["\"4.0\"", "\"a grade that is much longer\"", "1", "2"] {
        server.put("/students.json/Da_Eun/grade", grade).is(200);
        let expected = STUDENTS.replace("\"3.9\"", grade);
        bound.outside.becomes("outside.json", &expected);
        assert_eq!(inode_of(&bound), inode, "the same file");
    }
    server.delete("/students.json/So_Jeong").is(200);
    let image = server.json("/students.json");
    bound.outside.holds("outside.json", &image);
    let exit = server.stop();
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
    let names: Vec<_> = fs::read_dir(exit.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != ".jsond")
        .collect();
    assert_eq!(names, ["students.json"], "nothing else is left");
    let value: Value = serde_json::from_str(&bound.outside.text("outside.json")).unwrap();
    assert_eq!(value, image);
}

#[test]
fn a_single_file_that_is_bound_alone_is_overwritten_in_place() {
    if !may_mount("a bound single file") {
        return;
    }
    let bound = Bound::new("db.json", "{\"posts\":[{\"id\":1,\"title\":\"a\"}]}\n");
    let inode = inode_of(&bound);
    let path = bound.inside.file("db.json");
    let server = Server::start_on(Arc::clone(&bound.inside), path.to_str().unwrap(), &[]);
    server.put("/posts/1/title", "\"b\"").is(200);
    let expected = "{\"posts\":[{\"id\":1,\"title\":\"b\"}]}\n";
    bound.outside.becomes("outside.json", expected);
    let exit = server.stop();
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
    assert_eq!(inode_of(&bound), inode);
    assert_eq!(bound.outside.text("outside.json"), expected);
}

#[test]
fn an_edit_by_hand_of_a_bound_file_is_taken_in() {
    if !may_mount("an edit of a bound file") {
        return;
    }
    let bound = Bound::new("students.json", STUDENTS);
    let server = serve(&bound);
    let hand = STUDENTS.replace("\"4.1\"", "\"2.0\"");
    bound.outside.write("outside.json", &hand);
    server.put("/students.json/Da_Eun/grade", "\"4.0\"").is(200);
    let expected = hand.replace("\"3.9\"", "\"4.0\"");
    bound.outside.becomes("outside.json", &expected);
    assert!(bound.inside.conflicts("students.json").is_empty());
}

/// 200 KB, so that an overwriting takes a while.
fn large() -> String {
    let record = |number: usize| format!("  \"r{number}\": {{\"text\": \"{}\"}}", "x".repeat(80));
    let records: Vec<_> = (0..2000).map(record).collect();
    format!(
        "{{\n  \"counter\": {{\"n\": 0}},\n{}\n}}\n",
        records.join(",\n")
    )
}

fn count_to(wire: &mut Wire, number: u64) {
    let target = "/f.json/counter/n";
    let reply = wire.request("PUT", target, &[JSON], &number.to_string());
    reply.is(200);
}

#[test]
fn kill_9_while_a_bound_file_is_overwritten_loses_nothing() {
    const ROUNDS: u64 = 30;
    if !may_mount("kill -9 beside a bound file") {
        return;
    }
    let text = large();
    let with = |number: u64| text.replace("{\"n\": 0}", &format!("{{\"n\": {number}}}"));
    let bound = Bound::new("f.json", &text);
    let inode = inode_of(&bound);
    let mut server = serve(&bound);
    let (mut last, mut torn) = (0, 0);
    for round in 0..ROUNDS {
        let mut wire = server.connect();
        let start = Instant::now();
        // From the first checkpoint on, another instant in each round.
        let bound_of_round = Duration::from_millis(20 + 4 * round);
        while start.elapsed() < bound_of_round {
            last += 1;
            count_to(&mut wire, last);
        }
        server.kill();
        torn += usize::from(
            serde_json::from_str::<Value>(&bound.outside.text("outside.json")).is_err(),
        );
        server = serve(&bound);
        let found = server.json("/f.json/counter/n");
        assert_eq!(found, json!(last), "round {round}, {torn} torn so far");
        assert!(
            bound.inside.conflicts("f.json").is_empty(),
            "no hand did it"
        );
        bound.outside.becomes("outside.json", &with(last));
    }
    assert_eq!(inode_of(&bound), inode);
    let exit = server.stop();
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
    assert_eq!(bound.outside.text("outside.json"), with(last));
    eprintln!("{torn} of {ROUNDS} rounds left half a file behind");
}
