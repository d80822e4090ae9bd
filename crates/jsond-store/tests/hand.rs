//! Edits by hand at the worst moments: directly before an exchange, after it, in a file that is
//! large, mounted, or on a file system that cannot exchange names.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use jsond_store::medium::{Medium, MemoryMedium};
use jsond_store::{Settings, Store, Watch};
use std::time::{Duration, Instant};
use support::{accept, add, disk, names_with, open, open_with, put, text_at};

const STUDENTS: &str = "{\n\t\"a\": {\"n\": 1},\n\t\"b\": {\"n\": 1}\n}\n";

fn medium() -> MemoryMedium {
    let medium = MemoryMedium::new();
    medium.put("students.json", STUDENTS.as_bytes());
    medium
}

/// The text in which the hand has changed the record `b`.
fn hand(text: &str) -> String {
    text.replace("\"b\": {\"n\": 1}", "\"b\": {\"n\": 7}")
}

fn open_watching(medium: &MemoryMedium) -> Store {
    let settings = Settings {
        watch: Watch::Auto,
        ..Settings::default()
    };
    open_with(medium, None, &settings).unwrap()
}

#[track_caller]
fn eventually(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(10), "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[track_caller]
fn check_both_sides(store: &Store, medium: &MemoryMedium) {
    assert!(store.settle());
    let expected = hand(STUDENTS).replace("\"a\": {\"n\": 1}", "\"a\": {\"n\": 2}");
    assert_eq!(disk(medium, "students.json"), expected);
    assert_eq!(text_at(store, "students/a/n").as_deref(), Some("2"));
    assert_eq!(text_at(store, "students/b/n").as_deref(), Some("7"));
    assert_eq!(names_with(medium, "conflict"), [""; 0]);
    assert_eq!(names_with(medium, ".jsond-"), [""; 0]);
}

/// What a kill leaves of a large file with a write that its text on disk lacks.
fn killed_after_k7(text: &str) -> MemoryMedium {
    let medium = MemoryMedium::new();
    medium.put("large.json", text.as_bytes());
    let store = open(&medium);
    accept(&store, put("large.json/k7/n", "70"));
    let left = medium.after_kill();
    store.stop();
    left
}

#[test]
fn an_edit_directly_before_the_exchange_gets_its_name_back_and_is_merged() {
    for in_place in [true, false] {
        let medium = medium();
        let store = open(&medium);
        medium.interrupt("exchange", move |medium| {
            let text = hand(&disk(medium, "students.json"));
            match in_place {
                true => medium.write_in_place("students.json", text.as_bytes()),
                false => medium.put("students.json", text.as_bytes()),
            }
        });
        accept(&store, put("students.json/a/n", "2"));
        check_both_sides(&store, &medium);
        assert!(store.stop());
    }
}

#[test]
fn an_edit_before_the_last_look_is_merged_where_names_cannot_be_exchanged() {
    let medium = medium();
    medium.forget_exchange();
    let store = open(&medium);
    medium.interrupt("exchange", |medium| {
        let text = hand(&disk(medium, "students.json"));
        medium.put("students.json", text.as_bytes());
    });
    accept(&store, put("students.json/a/n", "2"));
    check_both_sides(&store, &medium);
    assert!(store.stop());
}

#[test]
fn a_file_that_a_hand_makes_directly_before_a_new_file_gets_its_name_is_not_replaced() {
    let medium = medium();
    let store = open(&medium);
    medium.interrupt("rename", |medium| {
        medium.put("new.json", b"{\"hand\": 1}\n");
    });
    accept(&store, put("new.json", "{\"api\":1}"));
    assert!(store.settle());
    assert_eq!(text_at(&store, "new").as_deref(), Some("{\"api\":1}"));
    let kept = names_with(&medium, "new.json.conflict-");
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(disk(&medium, &kept[0]), "{\"hand\": 1}\n");
    assert!(store.stop());
}

#[test]
fn an_edit_directly_before_a_removal_is_kept() {
    let medium = medium();
    let store = open(&medium);
    medium.interrupt("rename", |medium| {
        let text = hand(&disk(medium, "students.json"));
        medium.put("students.json", text.as_bytes());
    });
    accept(
        &store,
        support::mutation("students.json", jsond_store::Edit::Remove),
    );
    assert!(store.settle());
    assert_eq!(disk(&medium, "students.json"), hand(STUDENTS));
    assert_eq!(text_at(&store, "students/b/n").as_deref(), Some("7"));
    assert!(store.stop());
}

#[test]
fn what_is_written_into_a_file_that_was_just_taken_away_is_kept_beside_it() {
    // An editor opened the file, a checkpoint exchanged it, and then the editor wrote.
    let medium = medium();
    let store = open(&medium);
    let write = medium.open_by_hand("students.json");
    accept(&store, put("students.json/a/n", "2"));
    eventually("the checkpoint", || {
        disk(&medium, "students.json").contains("\"n\": 2")
            && names_with(&medium, ".jsond-").is_empty()
    });
    write(hand(STUDENTS).as_bytes());
    eventually("the conflict", || {
        !names_with(&medium, "conflict-").is_empty()
    });
    let kept = names_with(&medium, "students.json.conflict-");
    assert_eq!(disk(&medium, &kept[0]), hand(STUDENTS));
    assert!(store.stop());
}

#[test]
fn a_temporary_file_with_the_text_of_another_program_is_kept_by_the_next_start() {
    // Killed between the exchange of names and the one that would have given the hand's text its
    // name back.
    let medium = medium();
    let store = open(&medium);
    let (tell, told) = std::sync::mpsc::channel();
    medium.interrupt("exchange", |medium| {
        let text = hand(&disk(medium, "students.json"));
        medium.put("students.json", text.as_bytes());
        medium.interrupt("exchange", move |medium| {
            tell.send(medium.after_kill()).unwrap();
        });
    });
    accept(&store, put("students.json/a/n", "2"));
    store.settle();
    store.stop();
    let left = told.recv().unwrap();
    assert_eq!(
        disk(&left, "students.json"),
        STUDENTS.replacen("1}", "2}", 1)
    );
    assert_eq!(names_with(&left, ".jsond-").len(), 1);
    let store = open(&left);
    let kept = names_with(&left, "students.json.conflict-");
    assert_eq!(disk(&left, &kept[0]), hand(STUDENTS));
    assert!(store.settle());
    assert_eq!(names_with(&left, ".jsond-"), [""; 0]);
    assert!(store.stop());
}

#[test]
fn what_other_programs_do_is_noticed_and_published() {
    let medium = medium();
    let store = open_watching(&medium);
    let shows = |path: &str, text: Option<&str>| text_at(&store, path).as_deref() == text;
    medium.put("students.json", hand(STUDENTS).as_bytes());
    eventually("an edit", || shows("students/b/n", Some("7")));
    medium.put("new.json", b"[1, 2]");
    eventually("a new file", || shows("new", Some("[1,2]")));
    medium.put("new.json", b"[1, ");
    std::thread::sleep(Duration::from_millis(400));
    assert!(shows("new", Some("[1,2]")), "broken text is not shown");
    medium.put("new.json", b"[3]");
    eventually("the mended file", || shows("new", Some("[3]")));
    assert!(store.stop());
}

/// A file of records that is larger than what is kept in memory as the layout.
fn large(count: usize) -> String {
    let record = |n: usize| {
        format!(
            "\t\"k{n}\": {{\"n\": {n}, \"text\": \"{}\"}}",
            "x".repeat(60)
        )
    };
    let records: Vec<_> = (0..count).map(record).collect();
    format!("{{\n{}\n}}\n", records.join(",\n"))
}

#[test]
fn an_edit_of_a_large_file_while_nobody_ran_merges_with_what_was_pending() {
    for count in [1500, 20_000] {
        let text = large(count);
        let medium = MemoryMedium::new();
        medium.put("large.json", text.as_bytes());
        let store = open(&medium);
        accept(&store, put("large.json/k7/n", "70"));
        accept(&store, add("large.json", Some("new"), "{\"n\":1}"));
        accept(
            &store,
            support::mutation("large.json/k9", jsond_store::Edit::Remove),
        );
        let left = medium.after_kill();
        store.stop();
        left.put(
            "large.json",
            text.replace("\"n\": 11,", "\"n\": 110,").as_bytes(),
        );
        let store = open(&left);
        assert_eq!(names_with(&left, "conflict-"), [""; 0], "{count}");
        for (path, expected) in [
            ("k7/n", Some("70")),
            ("k11/n", Some("110")),
            ("k9", None),
            ("new/n", Some("1")),
        ] {
            assert_eq!(
                text_at(&store, &format!("large/{path}")).as_deref(),
                expected,
                "{path}"
            );
        }
        assert!(store.settle());
        let changed = disk(&left, "large.json");
        let (old, new): (Vec<_>, Vec<_>) = (text.lines().collect(), changed.lines().collect());
        let kept = old.iter().filter(|line| new.contains(line)).count();
        assert!(
            old.len() - kept <= 4,
            "{} of {} lines stay",
            kept,
            old.len()
        );
        assert!(store.stop());
    }
}

#[test]
fn an_edit_of_the_same_large_record_while_nobody_ran_keeps_the_hands_text() {
    let text = large(1500);
    let left = killed_after_k7(&text);
    let edited = text
        .replace("\"n\": 7,", "\"n\": 700,")
        .replace("\"n\": 11,", "\"n\": 110,");
    left.put("large.json", edited.as_bytes());
    let store = open(&left);
    let kept = names_with(&left, "large.json.conflict-");
    assert_eq!(kept.len(), 1);
    assert_eq!(disk(&left, &kept[0]), edited);
    assert_eq!(text_at(&store, "large/k7/n").as_deref(), Some("70"));
    assert_eq!(text_at(&store, "large/k11/n").as_deref(), Some("110"));
    assert!(store.stop());
}

#[test]
fn an_edit_that_moves_and_inserts_members_is_served_in_its_own_order() {
    let medium = medium();
    let store = open(&medium);
    let edited =
        "{\n\t\"b\": {\"n\": 1},\n\t\"c\": {\"n\": 1e400},\n\t\"\\u0061\": {\"n\": 1}\n}\n";
    medium.put("students.json", edited.as_bytes());
    accept(&store, put("other.json", "1"));
    accept(&store, put("students.json/d", "{\"n\":4}"));
    assert!(store.settle());
    let expected = edited.replace("1}\n}", "1},\n\t\"d\": {\"n\": 4}\n}");
    assert_eq!(disk(&medium, "students.json"), expected);
    let compact: String = expected.split_whitespace().collect();
    assert_eq!(text_at(&store, "students").unwrap(), compact);
    assert!(store.stop());
    assert_eq!(
        medium.read("students.json").unwrap().unwrap(),
        expected.as_bytes()
    );
}

#[test]
fn an_edit_of_a_large_file_merges_with_writes_that_no_checkpoint_could_write() {
    // Of a file as large as this no base is kept in memory; it is in the journal.
    let text = large(20_000);
    let medium = MemoryMedium::new();
    medium.put("large.json", text.as_bytes());
    let store = open(&medium);
    medium.refuse(".large.json.jsond");
    accept(&store, put("large.json/k7/n", "70"));
    accept(
        &store,
        support::mutation("large.json/k9", jsond_store::Edit::Remove),
    );
    accept(&store, add("large.json", Some("new"), "{\"n\":1}"));
    medium.put(
        "large.json",
        text.replace("\"n\": 11,", "\"n\": 110,").as_bytes(),
    );
    assert!(!store.settle());
    let expected = [
        ("k7/n", Some("70")),
        ("k11/n", Some("110")),
        ("k9", None),
        ("new/n", Some("1")),
    ];
    for (path, expected) in expected {
        assert_eq!(
            text_at(&store, &format!("large/{path}")).as_deref(),
            expected,
            "{path}"
        );
    }
    assert_eq!(names_with(&medium, "conflict-"), [""; 0]);
    let both = text.replace("\"n\": 7,", "\"n\": 700,");
    medium.put("large.json", both.as_bytes());
    assert!(!store.settle());
    assert_eq!(text_at(&store, "large/k7/n").as_deref(), Some("70"));
    assert_eq!(names_with(&medium, "large.json.conflict-").len(), 1);
    store.stop();
}

#[test]
fn a_large_file_broken_while_nobody_ran_waits_with_its_pending_writes_to_be_mended() {
    let text = large(20_000);
    let left = killed_after_k7(&text);
    left.put("large.json", &text.as_bytes()[..text.len() / 2]);
    let store = open(&left);
    assert!(!store.settle());
    assert!(!store.stop(), "the journal has to stay");
    assert_eq!(names_with(&left, "conflict-"), [""; 0]);
    let mended = text.replace("\"n\": 11,", "\"n\": 110,");
    for is_mended_while_down in [true, false] {
        let left = left.after_kill();
        if is_mended_while_down {
            left.put("large.json", mended.as_bytes());
        }
        let store = open(&left);
        if !is_mended_while_down {
            left.put("large.json", mended.as_bytes());
        }
        assert!(store.settle(), "mended while down: {is_mended_while_down}");
        assert_eq!(text_at(&store, "large/k7/n").as_deref(), Some("70"));
        assert_eq!(text_at(&store, "large/k11/n").as_deref(), Some("110"));
        assert_eq!(names_with(&left, "conflict-"), [""; 0]);
        assert!(disk(&left, "large.json").contains("\"k7\": {\"n\": 70, "));
        assert!(store.stop());
    }
}

#[test]
fn a_new_file_that_is_broken_is_there_and_takes_no_writes_until_it_is_mended_or_gone() {
    // A broken file that came while jsond ran was not there at all, and a PUT would have made it.
    let medium = medium();
    let store = open_watching(&medium);
    let is_broken = || {
        let image = store.image();
        let file = image.file(&["new.json".to_owned()]);
        file.is_some_and(|file| file.value.is_none() && file.broken.is_some())
    };
    medium.put("new.json", b"[1, ");
    eventually("it is there", is_broken);
    let refused = support::wait(store.submit(put("new.json", "1"))).unwrap();
    let rejection = matches!(
        refused,
        jsond_store::Outcome::Rejected(jsond_store::Rejection::Broken(_))
    );
    assert!(rejection, "{refused:?}");
    medium.put("new.json", b"[1, 2]");
    eventually("it is mended", || {
        text_at(&store, "new").as_deref() == Some("[1,2]")
    });
    medium.put("other.json", b"{");
    eventually("another", || {
        store.image().file(&["other.json".to_owned()]).is_some()
    });
    medium.remove("other.json").unwrap();
    eventually("it is gone", || {
        store.image().file(&["other.json".to_owned()]).is_none()
    });
    accept(&store, put("other.json", "1"));
    assert!(store.stop());
}
