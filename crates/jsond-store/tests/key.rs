//! Keys: a repeat of a mutation gets the first answer and changes nothing, whatever happened in
//! between; a mutation that was not done is not remembered.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use jsond_store::medium::{Fault, Medium, MemoryMedium};
use jsond_store::{
    Durability, Edit, Effect, Match, Mutation, Outcome, Precondition, Rejection, Store, StoreError,
};
use std::time::{Duration, Instant, SystemTime};
use support::{
    accept, add, disk, keyed, mutation, open, put, seen, segments, text_at, try_open, wait,
};

const LIST: &str = "[\n\t{\"id\": 1, \"n\": 1}\n]\n";

fn medium() -> MemoryMedium {
    let medium = MemoryMedium::new();
    medium.put("list.json", LIST.as_bytes());
    medium.put("object.json", b"{}\n");
    medium
}

/// An addition whose id the store makes: done twice it would be seen twice.
fn addition() -> Mutation {
    add("list.json", None, "{\"n\":1.0}")
}

fn submit(store: &Store, mutation: Mutation) -> Outcome {
    wait(store.submit(mutation)).unwrap()
}

fn assert_reused(outcome: &Outcome) {
    let is_reused = matches!(outcome, Outcome::Rejected(Rejection::KeyReused));
    assert!(is_reused, "{outcome:?}");
}

fn key_files(medium: &MemoryMedium) -> Vec<String> {
    let listed = medium.list(".jsond").unwrap().into_iter();
    let mut names: Vec<_> = listed.map(|it| it.name).collect();
    names.retain(|name| name.starts_with("keys-"));
    names.sort();
    names
}

#[test]
fn a_repeat_gets_the_first_answer_and_changes_nothing() {
    let store = open(&medium());
    let first = seen(&submit(&store, keyed(addition(), "a", 1)));
    let expected = (
        Effect::Created,
        vec!["list.json/2".to_owned()],
        Some(r#"{"id":2,"n":1.0}"#.to_owned()),
    );
    assert_eq!(first, expected);
    accept(&store, put("list.json/2/n", "7"));
    let before = store.image().revision;
    assert_eq!(seen(&submit(&store, keyed(addition(), "a", 1))), first);
    assert_eq!(store.image().revision, before);
    assert_eq!(
        text_at(&store, "list.json/2").as_deref(),
        Some(r#"{"id":2,"n":7}"#)
    );
    assert_eq!(text_at(&store, "list.json/3"), None);
    store.stop();
}

#[test]
fn another_request_under_a_known_key_is_refused() {
    let store = open(&medium());
    submit(&store, keyed(addition(), "a", 1));
    assert_reused(&submit(&store, keyed(addition(), "a", 2)));
    assert_reused(&submit(&store, keyed(put("object.json/x", "1"), "a", 2)));
    assert_eq!(text_at(&store, "list.json/3"), None);
    submit(&store, keyed(addition(), "A", 2));
    assert!(text_at(&store, "list.json/3").is_some());
    store.stop();
}

#[test]
fn preconditions_are_not_judged_again() {
    let store = open(&medium());
    let create = || Mutation {
        precondition: Precondition {
            if_none_match: Some(Match::Any),
            ..Precondition::default()
        },
        ..keyed(put("object.json/x", "1"), "a", 1)
    };
    let first = seen(&submit(&store, create()));
    assert_eq!(seen(&submit(&store, create())), first);
    store.stop();
}

#[test]
fn a_refused_mutation_is_not_remembered() {
    let store = open(&medium());
    let to_x = |request| keyed(put("object.json/x/y", "1"), "a", request);
    let refused = submit(&store, to_x(1));
    assert!(matches!(
        refused,
        Outcome::Rejected(Rejection::ParentNotFound)
    ));
    accept(&store, put("object.json/x", "{}"));
    assert_eq!(seen(&submit(&store, to_x(2))).0, Effect::Created);
    store.stop();
}

#[test]
fn an_unchanged_write_and_a_removal_are_remembered_also_after_a_kill() {
    let medium = medium();
    let store = open(&medium);
    accept(&store, put("object.json/x", "1"));
    let unchanged = || keyed(put("object.json/x", "1"), "u", 1);
    let removed = || keyed(mutation("list.json/1", Edit::Remove), "r", 2);
    let before = store.image().revision;
    let first = seen(&submit(&store, unchanged()));
    assert_eq!(first.0, Effect::Unchanged);
    assert_eq!(store.image().revision, before);
    let gone = seen(&submit(&store, removed()));
    assert_eq!(gone.2.as_deref(), Some(r#"{"id":1,"n":1}"#));
    accept(&store, put("object.json/x", "2"));
    let left = medium.after_kill();
    store.stop();
    let store = open(&left);
    assert_eq!(seen(&submit(&store, unchanged())), first);
    assert_eq!(seen(&submit(&store, removed())), gone);
    assert_eq!(text_at(&store, "object.json/x").as_deref(), Some("2"));
    store.stop();
}

#[test]
fn repeats_that_come_together_are_done_once() {
    let store = open(&medium());
    let answers: Vec<_> = (0..50)
        .map(|n| store.submit(keyed(addition(), "a", u128::from(n % 10 == 9))))
        .collect();
    let outcomes: Vec<_> = answers.into_iter().map(|it| wait(it).unwrap()).collect();
    let first = seen(&outcomes[0]);
    for (n, outcome) in outcomes.iter().enumerate() {
        if n % 10 == 9 {
            assert_reused(outcome);
        } else {
            assert_eq!(seen(outcome), first);
        }
    }
    assert_eq!(text_at(&store, "list.json/3"), None);
    store.stop();
}

#[test]
fn a_mutation_that_found_no_room_is_not_remembered() {
    let medium = medium();
    let store = open(&medium);
    accept(&store, put("object.json/x", "1"));
    store.settle();
    medium.plan(Some((0, Fault::FullFromThenOn)));
    // Together they are often one batch: the repeat must not be told that it was done.
    let both = [(); 2].map(|()| store.submit(keyed(addition(), "a", 1)));
    let answers = both.map(wait);
    let refused = matches!(answers[0], Err(StoreError::Full));
    medium.plan(None);
    let done = seen(&submit(&store, keyed(addition(), "a", 1)));
    assert_eq!(done.1, ["list.json/2"], "{answers:?}");
    assert_eq!(text_at(&store, "list.json/3"), None);
    assert!(refused, "{answers:?}");
    store.stop();
}

#[test]
fn a_latched_store_answers_repeats_of_what_is_durable_and_does_nothing_else() {
    let medium = medium();
    let store = open(&medium);
    let first = seen(&submit(&store, keyed(addition(), "a", 1)));
    store.settle();
    medium.plan(Some((0, Fault::FromThenOn)));
    for request in [
        keyed(addition(), "b", 1),
        keyed(put("list.json/2/n", "1.0"), "c", 1),
    ] {
        let failed = wait(store.submit(request));
        assert!(
            matches!(failed, Err(StoreError::OutcomeUnknown)),
            "{failed:?}"
        );
    }
    assert_eq!(seen(&submit(&store, keyed(addition(), "a", 1))), first);
    let again = wait(store.submit(keyed(addition(), "b", 1)));
    assert!(
        matches!(again, Err(StoreError::OutcomeUnknown)),
        "{again:?}"
    );
    store.stop();
}

#[test]
fn keys_stay_over_segments_that_go_kills_and_clean_stops() {
    let medium = medium();
    let store = open(&medium);
    let write = |n: u128| keyed(addition(), &format!("key {n}"), n);
    let answers: Vec<_> = (0..60)
        .map(|n| {
            store.settle();
            seen(&submit(&store, write(n)))
        })
        .collect();
    // The keeper works beside: see that it has, in the end.
    let end = Instant::now() + Duration::from_secs(10);
    while segments(&medium).len() > 2 || key_files(&medium).is_empty() {
        assert!(Instant::now() < end, "{:?}", segments(&medium));
        store.settle();
    }
    let left = medium.after_power_cut();
    store.stop();
    let check = |medium: &MemoryMedium, what: &str| {
        let store = open(medium);
        for (n, answer) in (0..).zip(&answers) {
            assert_eq!(seen(&submit(&store, write(n))), *answer, "{what}: {n}");
            assert_reused(&submit(
                &store,
                keyed(addition(), &format!("key {n}"), 1000),
            ));
        }
        assert!(store.stop(), "{what}");
        let list = disk(medium, "list.json");
        assert_eq!(list.matches("\"id\"").count(), 61, "{what}");
    };
    check(&left, "power cut");
    check(&medium, "clean stop");
    assert_eq!(segments(&medium), Vec::<String>::new());
    check(&medium, "another clean stop");
    check(&medium.after_power_cut(), "clean stops and a power cut");
}

#[test]
fn without_its_state_file_the_keys_of_a_folder_are_still_its_own() {
    let medium = medium();
    let store = open(&medium);
    let first = seen(&submit(&store, keyed(addition(), "a", 1)));
    assert!(store.stop());
    medium.remove(".jsond/state.json").unwrap();
    let store = open(&medium);
    assert_eq!(seen(&submit(&store, keyed(addition(), "a", 1))), first);
    let second = seen(&submit(&store, keyed(addition(), "b", 1)));
    assert!(store.stop());
    let store = open(&medium);
    assert_eq!(seen(&submit(&store, keyed(addition(), "b", 1))), second);
    store.stop();
}

#[test]
fn keys_that_cannot_be_written_keep_their_segment_and_stop_no_write() {
    let medium = medium();
    let store = open(&medium);
    medium.refuse("keys.new");
    let write = |n: u128| keyed(addition(), &format!("key {n}"), n);
    for n in 0..40 {
        submit(&store, write(n));
        store.settle();
    }
    assert!(segments(&medium).len() > 2);
    let left = medium.after_power_cut();
    assert!(!store.stop(), "the journal keeps the keys");
    for left in [left, medium.after_power_cut()] {
        let store = open(&left);
        for n in 0..40 {
            let answer = seen(&submit(&store, write(n)));
            assert_eq!(answer.1, [format!("list.json/{}", n + 2)]);
        }
        assert!(store.stop());
        assert_eq!(segments(&left), Vec::<String>::new());
    }
}

#[test]
fn a_value_too_large_to_be_kept_is_answered_as_it_is_now() {
    let medium = medium();
    let store = open(&medium);
    let large = format!("\"{}\"", "x".repeat(2 << 20));
    let write = || keyed(put("object.json/x", &large), "a", 1);
    let first = seen(&submit(&store, write()));
    assert_eq!(first.2.as_deref(), Some(&*large));
    let journal: usize = segments(&medium)
        .iter()
        .map(|name| {
            medium
                .read(&format!(".jsond/{name}"))
                .unwrap()
                .unwrap()
                .len()
        })
        .sum();
    assert!(journal < 3 << 20, "the value is in the journal once");
    accept(&store, put("object.json/x", "2"));
    let left = medium.after_kill();
    store.stop();
    let store = open(&left);
    let again = seen(&submit(&store, write()));
    assert_eq!((again.0, again.1), (first.0, first.1));
    assert_eq!(again.2.as_deref(), Some("2"));
    store.stop();
}

#[test]
fn damaged_keys_and_keys_of_another_folder_stop_the_start_and_change_nothing() {
    let medium = medium();
    let store = open(&medium);
    submit(&store, keyed(addition(), "a", 1));
    assert!(store.stop());
    let name = format!(".jsond/{}", key_files(&medium)[0]);
    let bytes = medium.read(&name).unwrap().unwrap();
    let mut damaged = bytes.clone();
    *damaged.last_mut().unwrap() ^= 1;
    medium.put(&name, &damaged);
    let refused = try_open(&medium, Durability::Always)
        .unwrap_err()
        .to_string();
    assert!(refused.contains("damaged at byte"), "{refused}");
    assert_eq!(medium.read(&name).unwrap().unwrap(), damaged);
    medium.put(&name, &bytes);
    let state = b"{\"identity\":\"another\",\"revision\":9,\"passed\":9}";
    medium.put(".jsond/state.json", state);
    let refused = try_open(&medium, Durability::Always)
        .unwrap_err()
        .to_string();
    assert!(refused.contains("another folder"), "{refused}");
}

/// Puts a file of one key there whose line is as old as this.
fn put_key(medium: &MemoryMedium, time: SystemTime) {
    let line = |text: String| format!("{:08x} {text}\n", crc32c::crc32c(text.as_bytes()));
    let time = humantime::format_rfc3339_millis(time);
    let json = r#"{"key":"old","request":"1","effect":"created","written":["/list.json/9"]}"#;
    let text = line("jsond-keys 1 me 0 7 1".to_owned()) + &line(format!("7 {time} {json}"));
    medium.put(".jsond/keys-00000000000000000007.log", text.as_bytes());
    let state = b"{\"identity\":\"me\",\"revision\":7,\"passed\":7}";
    medium.put(".jsond/state.json", state);
}

#[test]
fn a_key_lives_for_a_day_and_one_from_the_future_until_it_has_been_a_day_here() {
    let now = SystemTime::now();
    let hour = Duration::from_secs(3600);
    for (time, is_known) in [
        (now - 25 * hour, false),
        (now - 23 * hour, true),
        (now + 1000 * hour, true),
    ] {
        let medium = medium();
        put_key(&medium, time);
        let store = open(&medium);
        let answer = seen(&submit(&store, keyed(addition(), "old", 1)));
        let expected = if is_known {
            "list.json/9"
        } else {
            "list.json/2"
        };
        assert_eq!(answer.1, [expected]);
        assert!(store.stop());
        let first = key_files(&medium)[0].ends_with("07.log");
        assert_eq!(first, is_known, "the file of a key that is forgotten goes");
    }
}
