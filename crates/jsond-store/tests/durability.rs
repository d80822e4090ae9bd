//! What survives: every call of the medium failed in turn, the power cut at each of them.
//!
//! The script of writes is the same in each run; after each run the store is opened again on what
//! a power cut or a kill left, and must hold every acknowledged write, at most the one in flight
//! besides, and only valid files.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use jsond_document::{Json, Patch, Value};
use jsond_store::medium::{Fault, Medium, MemoryMedium};
use jsond_store::{
    Address, Durability, Edit, Image, Mutation, Outcome, Resolved, Store, StoreError,
};
use std::collections::BTreeMap;
use support::{address, mutation, open, put, try_open, wait};

const STUDENTS: &str = "{\n\t\"Chan_Jin\": {\n\t\t\"grade\": \"4.1\"\n\t}\n}\n";

fn add(path: &str, key: &str, text: &str) -> Mutation {
    support::add(path, Some(key), text)
}

/// Sixty writes over three files: fields, records, whole files made and removed.
fn script() -> Vec<Mutation> {
    let mut script = Vec::new();
    for n in 0..10 {
        script.push(add(
            "students.json",
            &format!("s{n}"),
            &format!("{{\"n\":{n}}}"),
        ));
        script.push(put("students.json/Chan_Jin/grade", &format!("\"{n}.5\"")));
        script.push(put("log.json", &format!("[{n},1e400]")));
        script.push(put(&format!("students.json/s{n}/seen"), "true"));
        script.push(across_files(n));
        script.push(if n % 3 == 2 {
            mutation("log.json", Edit::Remove)
        } else {
            put(&format!("n{}.json", n % 2), &format!("{{\"of\":{n}}}"))
        });
    }
    script
}

/// One change of two files.
fn across_files(n: usize) -> Mutation {
    let text = format!(
        r#"[{{"op":"replace","path":"/students.json/Chan_Jin/grade","value":{n}}},
            {{"op":"add","path":"/log.json/-","value":"graded"}}]"#
    );
    let patch = Patch::parse(&Json::parse(text.as_bytes()).unwrap()).unwrap();
    Mutation {
        address: Address::default(),
        ..mutation("", Edit::Patch(patch))
    }
}

fn medium() -> MemoryMedium {
    let medium = MemoryMedium::new();
    medium.put("students.json", STUDENTS.as_bytes());
    medium
}

fn contents(image: &Image) -> BTreeMap<String, String> {
    let text = |file: &jsond_store::File| file.value.as_ref().unwrap().to_json().to_string();
    image
        .files()
        .into_iter()
        .map(|(path, file)| (path.join("/"), text(file)))
        .collect()
}

/// The contents after each prefix of the script, by a store that never fails.
fn prefixes() -> Vec<BTreeMap<String, String>> {
    let store = open(&medium());
    let mut prefixes = vec![contents(&store.image())];
    for mutation in script() {
        assert!(matches!(
            wait(store.submit(mutation)),
            Ok(Outcome::Applied(_))
        ));
        prefixes.push(contents(&store.image()));
    }
    store.stop();
    prefixes
}

/// Runs the script until a write fails; returns how many were acknowledged.
fn run(store: &Store) -> usize {
    for (n, mutation) in script().into_iter().enumerate() {
        match wait(store.submit(mutation)) {
            Ok(Outcome::Applied(_)) => {}
            Err(StoreError::OutcomeUnknown | StoreError::Full | StoreError::NotStored) => return n,
            other => panic!("step {n}: {other:?}"),
        }
        // Checkpoints run beside the script; wait for one now and then to mix the two.
        if n % 7 == 6 {
            store.settle();
        }
    }
    script().len()
}

fn assert_files_are_valid(medium: &MemoryMedium, what: &str) {
    for listed in medium.list("").unwrap() {
        if !listed.is_folder && listed.name.ends_with(".json") && !listed.name.starts_with('.') {
            let text = medium.read(&listed.name).unwrap().unwrap();
            let found = Value::parse(&text);
            assert!(found.is_ok(), "{what}: {} is torn: {found:?}", listed.name);
        }
    }
}

/// Opens what is left and compares it with the acknowledged prefix.
fn check_left(
    left: &MemoryMedium,
    acknowledged: usize,
    prefixes: &[BTreeMap<String, String>],
    what: &str,
) -> bool {
    assert_files_are_valid(left, what);
    let store = open(left);
    let found = contents(&store.image());
    store.stop();
    let whole = found == prefixes[acknowledged];
    let one_more = prefixes.get(acknowledged + 1) == Some(&found);
    if whole || one_more {
        let left_files: BTreeMap<_, _> = found
            .keys()
            .map(|path| (path.clone(), value_text(&left.read(path).unwrap().unwrap())))
            .collect();
        assert_eq!(left_files, found, "{what}: the files after a clean stop");
    }
    whole || one_more
}

fn value_text(text: &[u8]) -> String {
    Value::parse(text).unwrap().to_json().to_string()
}

fn calls_of_a_whole_run() -> usize {
    let medium = medium();
    let store = open(&medium);
    medium.plan(None);
    assert_eq!(run(&store), script().len());
    store.stop();
    medium.calls().len()
}

#[test]
fn every_call_that_fails_once_or_for_good_leaves_the_acknowledged_prefix() {
    let prefixes = prefixes();
    let calls = calls_of_a_whole_run();
    let mut points = 0;
    for fault in [
        Fault::FromThenOn,
        Fault::Once,
        Fault::NoRoom,
        Fault::FullFromThenOn,
    ] {
        for at in 0..calls {
            let medium = medium();
            let store = open(&medium);
            medium.plan(Some((at, fault)));
            let acknowledged = run(&store);
            let what = format!("{fault:?} at call {at} ({:?})", medium.calls().get(at));
            let (cut, killed) = (medium.after_power_cut(), medium.after_kill());
            assert!(
                check_left(&cut, acknowledged, &prefixes, &format!("power cut, {what}")),
                "{what}"
            );
            assert!(
                check_left(&killed, acknowledged, &prefixes, &format!("kill, {what}")),
                "{what}"
            );
            store.stop();
            points += 1;
        }
    }
    eprintln!("{points} fault points, {calls} calls in a whole run");
    assert!(points >= 300, "{points}");
}

#[test]
fn without_syncs_a_power_cut_loses_acknowledged_writes() {
    // The negative control of the test above.
    let prefixes = prefixes();
    let medium = medium();
    let store = open(&medium);
    medium.skip_syncs();
    let acknowledged = run(&store);
    assert_eq!(acknowledged, script().len());
    assert!(!check_left(
        &medium.after_power_cut(),
        acknowledged,
        &prefixes,
        "no syncs"
    ));
    store.stop();
}

#[test]
fn a_clean_stop_leaves_plain_files_and_nothing_that_data_depends_on() {
    let medium = medium();
    let store = open(&medium);
    run(&store);
    let expected = contents(&store.image());
    assert!(store.stop());
    let names: Vec<_> = medium
        .list(".jsond")
        .unwrap()
        .into_iter()
        .map(|it| it.name)
        .collect();
    assert_eq!(names, ["state.json"]);
    let alone = MemoryMedium::new();
    for listed in medium.list("").unwrap() {
        if !listed.is_folder {
            alone.put(&listed.name, &medium.read(&listed.name).unwrap().unwrap());
        }
    }
    let store = open(&alone);
    assert_eq!(contents(&store.image()), expected);
    store.stop();
}

#[test]
fn the_journal_is_written_and_synced_before_the_answer_and_the_file_after_its_mark() {
    let medium = medium();
    let store = open(&medium);
    medium.plan(None);
    wait(store.submit(put("students.json/Chan_Jin/grade", "\"4.5\""))).unwrap();
    let at_answer = medium.calls();
    store.settle();
    let all = medium.calls();
    let segment = ".jsond/journal-00000000000000000001.log";
    let appended = format!("append {segment}");
    let synced = format!("sync {segment}");
    let make = format!("make {segment}");
    assert_eq!(
        at_answer[..5],
        [
            make,
            appended.clone(),
            synced.clone(),
            appended.clone(),
            synced.clone()
        ]
    );
    let temporary = ".students.json.jsond-2";
    assert_eq!(
        all[5..],
        [
            format!("write {temporary}"),
            format!("sync {temporary}"),
            appended.clone(),
            synced.clone(),
            format!("exchange {temporary} students.json"),
            format!("remove {temporary}"),
            "sync folder ".to_owned(),
            appended,
            synced,
        ]
    );
    store.stop();
}

#[test]
fn an_edit_by_hand_before_a_checkpoint_is_merged_and_never_buried() {
    let medium = medium();
    let store = open(&medium);
    let hand = STUDENTS.replace("\n}\n", ",\n\t\"Hand\": {\"made\": true}\n}\n");
    medium.put("students.json", hand.as_bytes());
    wait(store.submit(put("students.json/Chan_Jin/grade", "\"4.5\""))).unwrap();
    store.settle();
    let text = String::from_utf8(medium.read("students.json").unwrap().unwrap()).unwrap();
    assert_eq!(text, hand.replace("4.1", "4.5"));
    assert!(matches!(
        store.image().resolve(&address("students/Hand/made")),
        Resolved::Value(_)
    ));
    store.stop();
}

#[test]
fn an_edit_by_hand_of_the_same_record_is_kept_beside_the_file() {
    let medium = medium();
    let store = open(&medium);
    let hand = STUDENTS.replace("4.1", "1.0");
    medium.put("students.json", hand.as_bytes());
    wait(store.submit(put("students.json/Chan_Jin/grade", "\"4.5\""))).unwrap();
    store.settle();
    let read = |name: &str| String::from_utf8(medium.read(name).unwrap().unwrap()).unwrap();
    assert_eq!(read("students.json"), STUDENTS.replace("4.1", "4.5"));
    let names = medium
        .list("")
        .unwrap()
        .into_iter()
        .map(|listed| listed.name);
    let kept = names
        .into_iter()
        .find(|name| name.contains(".conflict-"))
        .unwrap();
    assert_eq!(read(&kept), hand);
    store.stop();
}

#[test]
fn a_file_broken_by_hand_is_never_overwritten() {
    let medium = medium();
    let store = open(&medium);
    medium.put("students.json", b"{ broken");
    wait(store.submit(put("students.json/Chan_Jin/grade", "\"4.5\""))).unwrap();
    store.settle();
    assert_eq!(medium.read("students.json").unwrap().unwrap(), b"{ broken");
    let refused = wait(store.submit(put("students.json/Chan_Jin/grade", "\"4.6\""))).unwrap();
    assert!(
        matches!(
            refused,
            Outcome::Rejected(jsond_store::Rejection::Broken(_))
        ),
        "{refused:?}"
    );
    medium.put("students.json", STUDENTS.as_bytes());
    store.settle();
    assert_eq!(
        medium.read("students.json").unwrap().unwrap(),
        STUDENTS.replace("4.1", "4.5").as_bytes()
    );
    store.stop();
}

/// A store that was killed with one change in its journal and none of it in the file.
fn killed_with_a_pending_change() -> MemoryMedium {
    let medium = medium();
    let store = open(&medium);
    wait(store.submit(put("students.json/Chan_Jin/grade", "\"4.5\""))).unwrap();
    let left = medium.after_kill();
    store.stop();
    // The checkpoint may have been faster than the kill; then the old text is put back, as the
    // file system would have it when the rename did not survive.
    left.put("students.json", STUDENTS.as_bytes());
    left
}

fn kept_conflicts(medium: &MemoryMedium) -> Vec<String> {
    let names = medium
        .list("")
        .unwrap()
        .into_iter()
        .map(|listed| listed.name);
    let kept = names.filter(|name| name.contains(".conflict-"));
    kept.map(|name| String::from_utf8(medium.read(&name).unwrap().unwrap()).unwrap())
        .collect()
}

#[test]
fn an_edit_while_the_server_was_down_and_a_pending_write_are_both_there() {
    let left = killed_with_a_pending_change();
    let hand = STUDENTS.replace("\n}\n", ",\n\t\"Hand\": {\"made\": true}\n}\n");
    left.put("students.json", hand.as_bytes());
    let store = open(&left);
    store.settle();
    let text = String::from_utf8(left.read("students.json").unwrap().unwrap()).unwrap();
    assert_eq!(text, hand.replace("4.1", "4.5"));
    assert_eq!(kept_conflicts(&left), [""; 0], "different records merge");
    store.stop();
}

#[test]
fn a_file_removed_while_the_server_was_down_comes_back_with_its_pending_writes() {
    let left = killed_with_a_pending_change();
    left.remove("students.json").unwrap();
    let store = open(&left);
    store.settle();
    let text = String::from_utf8(left.read("students.json").unwrap().unwrap()).unwrap();
    assert_eq!(text, STUDENTS.replace("4.1", "4.5"));
    assert_eq!(kept_conflicts(&left), [""; 0]);
    assert!(store.stop());
}

#[test]
fn a_file_broken_while_the_server_was_down_waits_with_its_pending_writes_to_be_mended() {
    let left = killed_with_a_pending_change();
    left.put("students.json", b"{ broken");
    let store = open(&left);
    let grade = |store: &Store| support::text_at(store, "students/Chan_Jin/grade");
    assert_eq!(grade(&store).as_deref(), Some("\"4.5\""), "what was shown");
    assert!(!store.settle());
    assert_eq!(left.read("students.json").unwrap().unwrap(), b"{ broken");
    let refused = wait(store.submit(put("students.json/Chan_Jin/grade", "1"))).unwrap();
    assert!(matches!(refused, Outcome::Rejected(_)), "{refused:?}");
    assert!(!store.stop(), "the journal has to stay");
    let hand = STUDENTS.replace("\n}\n", ",\n\t\"Hand\": {\"made\": true}\n}\n");
    for is_mended_while_down in [true, false] {
        let left = left.after_kill();
        if is_mended_while_down {
            left.put("students.json", hand.as_bytes());
        }
        let store = open(&left);
        if !is_mended_while_down {
            left.put("students.json", hand.as_bytes());
        }
        assert!(store.settle());
        let text = String::from_utf8(left.read("students.json").unwrap().unwrap()).unwrap();
        assert_eq!(text, hand.replace("4.1", "4.5"));
        assert_eq!(grade(&store).as_deref(), Some("\"4.5\""));
        assert_eq!(kept_conflicts(&left), [""; 0]);
        assert!(store.stop());
    }
}

#[test]
fn a_segment_of_another_folder_or_one_that_is_missing_stops_the_start() {
    let left = killed_with_a_pending_change();
    let segment = ".jsond/journal-00000000000000000001.log";
    let bytes = left.read(segment).unwrap().unwrap();
    let other = medium();
    other.put(segment, &bytes);
    other.put(
        ".jsond/state.json",
        b"{\"identity\":\"another\",\"revision\":0,\"passed\":0}",
    );
    let refused = try_open(&other, Durability::Always).unwrap_err();
    assert!(refused.to_string().contains("another folder"), "{refused}");
    assert_eq!(
        other.read("students.json").unwrap().unwrap(),
        STUDENTS.as_bytes()
    );
}
