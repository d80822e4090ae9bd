//! A journal that is cut off or damaged at every byte: the start finds exactly the whole changes
//! before, or refuses loudly and changes nothing; and what `repair` makes of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use jsond_store::medium::{Medium, MemoryMedium};
use jsond_store::{Durability, OpenError, Served, Settings, Watch, inspect, repair};
use std::collections::BTreeMap;
use std::sync::Arc;
use support::{accept, add, disk, open, open_with, put, segments, text_at, try_open};

const STUDENTS: &str = "{\n\t\"a\": {\"n\": 0},\n\t\"b\": {\"n\": 0}\n}\n";
const CHANGES: usize = 8;

/// The journal of some changes, none of which is in the file yet, and the value after each.
fn pending() -> (MemoryMedium, Vec<String>) {
    let medium = MemoryMedium::new();
    medium.put("students.json", STUDENTS.as_bytes());
    let store = open(&medium);
    medium.refuse(".students.json.jsond");
    let mut values = vec![text_at(&store, "students").unwrap()];
    for n in 1..=CHANGES {
        let change = match n % 3 {
            0 => add("students.json", Some(&format!("k{n}")), "{\"n\":1}"),
            1 => put("students.json/a/n", &n.to_string()),
            _ => put("students.json/b/n", &n.to_string()),
        };
        accept(&store, change);
        values.push(text_at(&store, "students").unwrap());
    }
    let left = medium.after_kill();
    store.stop();
    (left, values)
}

fn only_segment(medium: &MemoryMedium) -> (String, Vec<u8>) {
    let names = segments(medium);
    let name = format!(".jsond/{}", names[0]);
    let bytes = medium.read(&name).unwrap().unwrap();
    (name, bytes)
}

/// What is served when the journal is this; none when the start is refused.
fn opened(left: &MemoryMedium, name: &str, bytes: &[u8]) -> Option<String> {
    let medium = left.after_kill();
    medium.put(name, bytes);
    match try_open(&medium, Durability::Always) {
        Ok(store) => {
            let text = text_at(&store, "students");
            store.stop();
            text
        }
        Err(OpenError::Damaged { .. } | OpenError::Foreign { .. }) => {
            assert_eq!(disk(&medium, "students.json"), STUDENTS);
            assert_eq!(medium.read(name).unwrap().unwrap(), bytes, "changed");
            None
        }
        Err(other) => panic!("{other}"),
    }
}

/// Where each change ends in the journal.
fn ends(bytes: &[u8]) -> Vec<usize> {
    let mut at = 0;
    let mut ends = Vec::new();
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        at += line.len();
        let is_change = line.windows(8).any(|window| window == b" change ");
        ends.extend(is_change.then_some(at));
    }
    ends
}

#[test]
fn a_journal_cut_off_at_any_byte_gives_exactly_the_whole_changes_before() {
    let (left, values) = pending();
    let (name, bytes) = only_segment(&left);
    let ends = ends(&bytes);
    assert_eq!(ends.len(), CHANGES);
    let text_end = bytes.iter().rposition(|&byte| byte != 0).unwrap() + 1;
    for length in 0..text_end {
        let whole = ends.iter().filter(|&&end| end <= length).count();
        let mut zeroed = bytes.clone();
        zeroed[length..].fill(0);
        for cut in [&bytes[..length], &zeroed] {
            let found = opened(&left, &name, cut);
            assert_eq!(found.as_ref(), Some(&values[whole]), "cut at {length}");
        }
    }
}

#[test]
fn a_flipped_bit_at_any_byte_is_refused_or_gives_the_changes_before_the_last_batch() {
    let (left, values) = pending();
    let (name, bytes) = only_segment(&left);
    let text_end = bytes.iter().rposition(|&byte| byte != 0).unwrap() + 1;
    let (mut refused, mut torn) = (0, 0);
    for at in 0..text_end {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        match opened(&left, &name, &flipped) {
            None => refused += 1,
            Some(found) => {
                torn += 1;
                // Damage inside the last batch cannot be told from a batch that was cut off.
                let is_before_last = values[CHANGES - 1..].contains(&found);
                assert!(is_before_last, "byte {at}: {found}");
            }
        }
    }
    assert!(refused > torn && torn > 0, "{refused} {torn}");
}

fn served(medium: &MemoryMedium) -> (Served, Arc<dyn Medium>) {
    let served = Served {
        medium: Arc::new(medium.clone()),
        single: None,
    };
    (served, Arc::new(medium.sub_folder(".jsond")))
}

#[test]
fn a_repair_keeps_the_good_prefix_and_sets_the_rest_aside() {
    let (left, values) = pending();
    let (name, bytes) = only_segment(&left);
    let ends = ends(&bytes);
    for good in 0..CHANGES - 1 {
        let mut damaged = bytes.clone();
        damaged[ends[good] - 5] ^= 1;
        let medium = left.after_kill();
        medium.put(&name, &damaged);
        let (served, journal) = served(&medium);
        let before = inspect(&served, Some(&journal)).unwrap();
        assert!(!before.is_sound() && before.faults.len() == 1, "{before:?}");
        let done = repair(&served, &journal).unwrap();
        assert_eq!(done.set_aside.len(), 1);
        let aside = format!(".jsond/{}", done.set_aside[0]);
        assert_eq!(medium.read(&aside).unwrap().unwrap(), damaged);
        assert_eq!(done.lost.len(), CHANGES - good - 1, "{:?}", done.lost);
        assert!(done.lost.iter().all(|it| !it.is_in_its_file));
        assert!(inspect(&served, Some(&journal)).unwrap().is_sound());
        let store = open(&medium);
        assert_eq!(text_at(&store, "students").as_ref(), Some(&values[good]));
        accept(&store, put("students.json/b/n", "99"));
        assert!(store.stop());
        assert!(disk(&medium, "students.json").contains("99"));
    }
}

#[test]
fn a_file_that_was_written_behind_the_damage_is_not_brought_back() {
    // The lines of a checkpoint lie behind the damage; the file itself is newer than what is kept.
    let medium = MemoryMedium::new();
    medium.put("students.json", STUDENTS.as_bytes());
    let store = open_with(
        &medium,
        None,
        &Settings {
            watch: Watch::Off,
            ..Settings::default()
        },
    )
    .unwrap();
    for n in 1..=3 {
        accept(&store, put("students.json/a/n", &n.to_string()));
    }
    store.settle();
    accept(&store, put("other.json", "1"));
    let left = medium.after_kill();
    store.stop();
    let newest = disk(&left, "students.json");
    assert!(newest.contains("\"n\": 3"));
    let (name, mut bytes) = only_segment(&left);
    let ends = ends(&bytes);
    bytes[ends[1] - 5] ^= 1;
    left.put(&name, &bytes);
    assert!(try_open(&left, Durability::Always).is_err());
    let (served, journal) = served(&left);
    let done = repair(&served, &journal).unwrap();
    let held: BTreeMap<_, _> = done
        .lost
        .iter()
        .map(|it| (it.paths[0].clone(), it.is_in_its_file))
        .collect();
    assert_eq!(held.get("/students.json/a/n"), Some(&true), "{done:?}");
    let store = open(&left);
    assert_eq!(text_at(&store, "students/a/n").as_deref(), Some("3"));
    assert!(store.stop());
    assert_eq!(disk(&left, "students.json"), newest);
}

#[test]
fn history_keeps_the_segments_and_a_start_does_not_read_them() {
    let medium = MemoryMedium::new();
    medium.put("students.json", STUDENTS.as_bytes());
    let settings = Settings {
        watch: Watch::Off,
        segment_bytes: 256,
        history: true,
        ..Settings::default()
    };
    for round in 0..3 {
        let store = open_with(&medium, None, &settings).unwrap();
        for n in 0..6 {
            accept(
                &store,
                put("students.json/a/n", &format!("{}{n}", round + 1)),
            );
            store.settle();
        }
        assert!(store.stop());
    }
    let names = segments(&medium);
    assert!(names.len() > 3, "{names:?}");
    let all: String = names
        .iter()
        .map(|name| disk(&medium, &format!(".jsond/{name}")))
        .collect();
    let changes = all.lines().filter(|line| line.contains(" change "));
    assert_eq!(changes.count(), 3 * 6, "every change is kept");
    assert!(!all.contains('\0'));
    // Damage in what nothing needs stops no start.
    let first = format!(".jsond/{}", names[0]);
    medium.put(&first, b"damaged");
    let store = open_with(&medium, None, &settings).unwrap();
    assert_eq!(text_at(&store, "students/a/n").as_deref(), Some("35"));
    assert!(store.stop());
}
