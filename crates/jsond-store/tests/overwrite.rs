//! A file that is mounted alone can only be overwritten where it lies: each call fails in turn, the
//! power is cut and the process killed at each of them, and pages reach the disk in any order.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use jsond_store::medium::{Fault, Medium, MemoryMedium};
use jsond_store::{Outcome, Store};
use support::{accept, disk, names_with, open, put, text_at, wait};

const BEFORE: &str = "{\n\t\"a\": {\"n\": 0, \"text\": \"0123456789\"},\n\t\"b\": {\"n\": 0}\n}\n";
const STEPS: u64 = 6;

fn medium() -> MemoryMedium {
    let medium = MemoryMedium::new();
    medium.put("students.json", BEFORE.as_bytes());
    medium.mount("students.json");
    medium
}

/// Counts up until a write fails; says how many were acknowledged.
fn run(store: &Store) -> u64 {
    for n in 1..=STEPS {
        let place = if n % 2 == 0 { "a" } else { "b" };
        let text = n.to_string().repeat(usize::try_from(n).unwrap());
        let outcome = wait(store.submit(put(&format!("students.json/{place}/n"), &text)));
        if !matches!(outcome, Ok(Outcome::Applied(_))) {
            return n - 1;
        }
        store.settle();
    }
    STEPS
}

/// The numbers after so many steps.
fn numbers(steps: u64) -> [String; 2] {
    let last = |odd: u64| (1..=steps).rev().find(|n| n % 2 == odd).unwrap_or_default();
    [last(0), last(1)].map(|n| match n {
        0 => "0".to_owned(),
        n => n.to_string().repeat(usize::try_from(n).unwrap()),
    })
}

fn found(store: &Store) -> [String; 2] {
    ["students/a/n", "students/b/n"].map(|path| text_at(store, path).unwrap())
}

#[track_caller]
fn check_left(left: &MemoryMedium, acknowledged: u64, what: &str) {
    left.mount("students.json");
    let store = open(left);
    let now = found(&store);
    let in_flight = numbers((acknowledged + 1).min(STEPS));
    assert!(
        now == numbers(acknowledged) || now == in_flight,
        "{what}: {now:?}"
    );
    assert!(store.settle(), "{what}");
    let text = disk(left, "students.json");
    assert_eq!(
        text.lines().count(),
        BEFORE.lines().count(),
        "{what}: {text}"
    );
    assert!(store.stop(), "{what}");
    let [a, b] = now;
    let expected = BEFORE.replacen("\"n\": 0", &format!("\"n\": {a}"), 1);
    let expected = expected.replacen("\"b\": {\"n\": 0", &format!("\"b\": {{\"n\": {b}"), 1);
    assert_eq!(disk(left, "students.json"), expected, "{what}");
    assert_eq!(names_with(left, "conflict-"), [""; 0], "{what}");
    let own = left.list(".jsond").unwrap();
    assert_eq!(own.len(), 1, "{what}: {own:?}");
}

#[test]
fn every_call_that_fails_while_a_file_is_overwritten_leaves_the_acknowledged_writes() {
    let whole = medium();
    let store = open(&whole);
    whole.plan(None);
    assert_eq!(run(&store), STEPS);
    let calls = whole.calls();
    assert!(
        calls.iter().any(|call| call == "write students.json"),
        "{calls:?}"
    );
    store.stop();
    let mut points = 0;
    for fault in [Fault::FromThenOn, Fault::Once, Fault::NoRoom] {
        for at in 0..calls.len() {
            let medium = medium();
            let store = open(&medium);
            medium.plan(Some((at, fault)));
            let acknowledged = run(&store);
            let what = format!("{fault:?} at call {at} ({:?})", medium.calls().get(at));
            let (cut, killed) = (medium.after_power_cut(), medium.after_kill());
            check_left(&cut, acknowledged, &format!("power cut, {what}"));
            check_left(&killed, acknowledged, &format!("kill, {what}"));
            store.stop();
            points += 1;
        }
    }
    eprintln!("{points} fault points");
    assert!(points > 100);
}

#[test]
fn without_the_copy_a_file_that_was_half_overwritten_is_lost() {
    // The negative control of the test above.
    let medium = medium();
    let store = open(&medium);
    accept(&store, put("students.json/a/n", "1"));
    store.settle();
    medium.plan(None);
    accept(&store, put("students.json/a/n", "22222222"));
    store.settle();
    let calls = medium.calls();
    let at = calls
        .iter()
        .position(|call| call == "write students.json")
        .unwrap();
    store.stop();
    let medium = self::medium();
    let store = open(&medium);
    accept(&store, put("students.json/a/n", "1"));
    store.settle();
    medium.plan(Some((at, Fault::FromThenOn)));
    drop(wait(store.submit(put("students.json/a/n", "22222222"))));
    store.settle();
    let left = medium.after_kill();
    store.stop();
    let copies = left.list(".jsond").unwrap().into_iter().map(|it| it.name);
    for copy in copies.filter(|name| name.starts_with("overwrite-")) {
        left.remove(&format!(".jsond/{copy}")).unwrap();
    }
    let torn = disk(&left, "students.json");
    let store = open(&left);
    assert_eq!(
        disk(&left, "students.json"),
        torn,
        "nothing to make it whole by"
    );
    store.stop();
}
