//! Keys under faults: every call of the medium failed in turn while a script of keyed mutations
//! runs; then the store is opened again and the whole script is sent once more under its keys.
//!
//! Every answer must be the one of a run without faults, and every change must be there once: the
//! ids are made by the store, so what is done twice is seen.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use jsond_document::{Json, Patch};
use jsond_store::medium::{Fault, MemoryMedium};
use jsond_store::{Address, Edit, Effect, Mutation, Outcome, Store, StoreError};
use support::{add, disk, keyed, mutation, open, put, seen, segments, text_at, wait};

/// What a client sees of one answer.
type Seen = (Effect, Vec<String>, Option<String>);

const STEPS: usize = 24;

fn medium() -> MemoryMedium {
    let medium = MemoryMedium::new();
    medium.put("list.json", b"[]\n");
    medium.put("object.json", b"{}\n");
    medium
}

/// One write of the script; done twice or out of turn, each would come to something else.
fn step(n: usize) -> Mutation {
    let record = format!("{{\"n\":{n},\"long\":\"{}\"}}", "x".repeat(40));
    let write = match n % 6 {
        2 => across_files(n),
        0..=1 => add("list.json", None, &record),
        3 => add("object.json", Some(&n.to_string()), &record),
        4 => put(&format!("object.json/{}/n", n - 1), &(n - 1).to_string()),
        _ => mutation(&format!("object.json/{}", n - 2), Edit::Remove),
    };
    keyed(write, &format!("step {n}"), n as u128)
}

/// One change of two files; done twice it would add two records of one id.
fn across_files(n: usize) -> Mutation {
    let id = n / 2 + 2;
    let text = format!(
        r#"[{{"op":"add","path":"/list.json/-","value":{{"id":{id},"n":{n}}}}},
            {{"op":"add","path":"/object.json/from {n}","value":{{"n":{n}}}}}]"#
    );
    let patch = Patch::parse(&Json::parse(text.as_bytes()).unwrap()).unwrap();
    Mutation {
        address: Address::default(),
        ..mutation("", Edit::Patch(patch))
    }
}

fn contents(store: &Store) -> [Option<String>; 2] {
    ["list.json", "object.json"].map(|name| text_at(store, name))
}

/// Sends the script until the outcome of a step is unknown; what found no room is sent again.
fn run(store: &Store, expected: &[Seen]) -> usize {
    for (n, answer) in expected.iter().enumerate() {
        let outcome = match wait(store.submit(step(n))) {
            Err(StoreError::Full) => wait(store.submit(step(n))),
            other => other,
        };
        match outcome {
            Ok(outcome) => assert_eq!(seen(&outcome), *answer, "step {n}"),
            Err(StoreError::OutcomeUnknown | StoreError::Full | StoreError::NotStored) => return n,
            Err(StoreError::Stopped) => panic!("the store has stopped"),
        }
        // Segments go while the script runs, and their keys go to files.
        if n % 5 == 4 {
            store.settle();
            store.settle();
        }
    }
    STEPS
}

/// The answers of a run without faults, and what the files hold after it.
fn expected() -> (Vec<Seen>, [Option<String>; 2]) {
    let store = open(&medium());
    let answers = (0..STEPS).map(|n| seen(&wait(store.submit(step(n))).unwrap()));
    let answers = answers.collect();
    let contents = contents(&store);
    store.stop();
    (answers, contents)
}

fn expect_nothing_done_twice(expected: &[Seen]) {
    let effects: Vec<_> = expected[3..6].iter().map(|(effect, ..)| *effect).collect();
    assert_eq!(
        effects,
        [Effect::Created, Effect::Unchanged, Effect::Removed]
    );
}

/// Opens what is left: what was acknowledged is known, and the rest can be done under its keys.
fn check_left(
    left: &MemoryMedium,
    acknowledged: usize,
    expected: &(Vec<Seen>, [Option<String>; 2]),
    what: &str,
) {
    let store = open(left);
    let before = contents(&store);
    for (n, answer) in expected.0.iter().enumerate() {
        let outcome = wait(store.submit(step(n))).unwrap();
        assert!(
            matches!(outcome, Outcome::Applied(_)),
            "{what}: step {n}: {outcome:?}"
        );
        assert_eq!(seen(&outcome), *answer, "{what}: step {n}");
        if n + 1 == acknowledged {
            assert_eq!(
                contents(&store),
                before,
                "{what}: repeats changed something"
            );
        }
    }
    assert_eq!(contents(&store), expected.1, "{what}");
    assert!(store.stop(), "{what}");
    assert_eq!(segments(left), Vec::<String>::new(), "{what}");
    // The keys are in files now, and nowhere else.
    let store = open(left);
    for (n, answer) in expected.0.iter().enumerate() {
        let outcome = wait(store.submit(step(n))).unwrap();
        assert_eq!(seen(&outcome), *answer, "{what}: step {n}, from files");
    }
    assert_eq!(contents(&store), expected.1, "{what}");
    assert!(store.stop(), "{what}");
    let ids = disk(left, "list.json").matches("\"id\"").count();
    assert_eq!(ids, STEPS / 2, "{what}");
}

#[test]
fn every_call_that_fails_leaves_each_keyed_mutation_done_once_and_its_answer_known() {
    let expected = expected();
    expect_nothing_done_twice(&expected.0);
    let (mut points, mut with_files) = (0, 0);
    for fault in [
        Fault::FromThenOn,
        Fault::Once,
        Fault::NoRoom,
        Fault::FullFromThenOn,
    ] {
        for at in 0.. {
            let medium = medium();
            let store = open(&medium);
            medium.plan(Some((at, fault)));
            let acknowledged = run(&store, &expected.0);
            let (cut, killed) = (medium.after_power_cut(), medium.after_kill());
            let what = format!("{fault:?} at call {at} ({:?})", medium.calls().get(at));
            check_left(&cut, acknowledged, &expected, &format!("power cut, {what}"));
            check_left(&killed, acknowledged, &expected, &format!("kill, {what}"));
            // The stop meets the fault too, if the script has not.
            store.stop();
            let left = medium.after_power_cut();
            check_left(&left, acknowledged, &expected, &format!("stop, {what}"));
            let calls = medium.calls();
            points += 1;
            with_files += usize::from(calls.get(at).is_some_and(|it| it.contains("keys")));
            if at >= calls.len() {
                break;
            }
        }
    }
    eprintln!("{points} fault points, {with_files} of them in files of keys");
    assert!(points >= 300, "{points}");
    assert!(with_files >= 9, "faults in the files of keys: {with_files}");
}

#[test]
fn without_syncs_a_power_cut_loses_keys() {
    // The negative control of the test above.
    let expected = expected();
    let medium = medium();
    let store = open(&medium);
    medium.skip_syncs();
    assert_eq!(run(&store, &expected.0), STEPS);
    let left = medium.after_power_cut();
    store.stop();
    let checked = std::panic::catch_unwind(|| check_left(&left, STEPS, &expected, "no syncs"));
    assert!(checked.is_err());
}
