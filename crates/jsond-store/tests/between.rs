//! Hands, failing calls and kills between two steps of a checkpoint, a recovery or a repair.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[path = "support/hooked.rs"]
mod hooked;
mod support;

use hooked::Hooked;
use jsond_store::medium::{Fault, Medium, MemoryMedium};
use jsond_store::{Durability, Edit, Progress, Served, Settings, Store, Watch, repair};
use std::io;
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};
use support::{accept, disk, mutation, names_with, open, open_with, put, text_at, try_open, wait};

fn open_hooked(medium: &Hooked, watch: Watch) -> Store {
    open_journal(medium, watch, medium.inner.sub_folder(".jsond"))
}

fn open_journal(medium: &Hooked, watch: Watch, journal: impl Medium + 'static) -> Store {
    let settings = Settings {
        watch,
        segment_bytes: 2048,
        ..Settings::default()
    };
    let served = Served {
        medium: Arc::new(medium.clone()),
        single: None,
    };
    Store::open(served, Arc::new(journal), &settings, Progress::silent()).unwrap()
}

fn medium_with(text: &str) -> MemoryMedium {
    let medium = MemoryMedium::new();
    medium.put("o.json", text.as_bytes());
    medium
}

/// Whether a text is in the file or in something that was kept beside it.
fn has(medium: &MemoryMedium, text: &str) -> bool {
    let names = names_with(medium, "o.json");
    let seen = names.iter().filter(|name| !name.starts_with('.'));
    seen.map(|name| disk(medium, name))
        .any(|it| it.contains(text))
}

fn fail_if(is_so: bool) -> io::Result<()> {
    match is_so {
        true => Err(io::Error::other("hooked")),
        false => Ok(()),
    }
}

/// A store whose changes have been taken back, while the file on disk has them: the sync of its folder
/// fails until the hook is taken away.
fn with_a_content_not_done(medium: &MemoryMedium) -> (Store, Hooked) {
    let hooked = Hooked::new(medium.clone());
    let store = open_hooked(&hooked, Watch::Off);
    accept(&store, put("o.json/x", "{\"n\":1}"));
    accept(&store, put("o.json/a/n", "2"));
    hooked.before(|words| fail_if(words == "sync folder "));
    store.settle();
    accept(&store, mutation("o.json/x", Edit::Remove));
    accept(&store, put("o.json/a/n", "1"));
    (store, hooked)
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// `jsond repair` found in the lost lines the mark that a new segment repeats of each file that
/// lacks changes. Its content lay on disk, so the file counted as one that holds everything that
/// was kept: a write that was acknowledged, kept and not listed as lost was gone.
#[test]
fn a_repair_takes_no_pending_write_for_one_that_a_file_holds() {
    for is_missing in [false, true] {
        let medium = medium_with(r#"{"a":1}"#);
        medium.put("p.json", br#"{"a":1}"#);
        let hooked = Hooked::new(medium.clone());
        let store = open_hooked(&hooked, Watch::Off);
        hooked.before(|words| fail_if(words.starts_with("create .p.json")));
        accept(&store, put("p.json/a", "2"));
        for n in 0..40 {
            let text = format!("\"{n}{}\"", "x".repeat(200));
            accept(&store, put("o.json/a", &text));
        }
        let left = medium.after_kill();
        store.stop();
        let second = format!(".jsond/{}", support::segments(&left)[1]);
        if is_missing {
            left.remove(&second).unwrap();
        } else {
            let mut bytes = left.read(&second).unwrap().unwrap();
            let header = bytes.iter().position(|&it| it == b'\n').unwrap();
            bytes[header + 30] ^= 1;
            left.put(&second, &bytes);
        }
        assert!(try_open(&left, Durability::Always).is_err());
        let served = Served {
            medium: Arc::new(left.clone()),
            single: None,
        };
        let journal: Arc<dyn Medium> = Arc::new(left.sub_folder(".jsond"));
        repair(&served, &journal).unwrap();
        let store = open(&left);
        assert_eq!(text_at(&store, "p.json/a").as_deref(), Some("2"));
        store.stop();
    }
}

/// A checkpoint got as far as the new content, and the sync of its folder failed. The next one
/// found its content there and journaled it as done, with the text of the content before as the
/// base. After a kill and an edit by hand the later changes were replayed on that: indices hit
/// other records, one that was removed came back, and an acknowledged write was gone.
#[test]
fn a_content_that_is_found_again_has_its_own_text_as_the_base() {
    let medium = medium_with(r#"[{"id":1,"n":1},{"id":2,"n":2},{"id":3,"n":3}]"#);
    let hooked = Hooked::new(medium.clone());
    let store = Arc::new(open_hooked(&hooked, Watch::Off));
    let (mut syncs, mut exchanges) = (0, 0);
    let left = Arc::new(Mutex::new(None));
    let (inner, taken, writer) = (medium.clone(), Arc::clone(&left), Arc::clone(&store));
    accept(&store, mutation("o.json/1", Edit::Remove));
    hooked.before(move |words| {
        exchanges += i32::from(words.starts_with("exchange "));
        if words.starts_with("exchange ") && exchanges == 2 {
            *taken.lock().unwrap() = Some(inner.after_kill());
        }
        syncs += i32::from(words == "sync folder ");
        let is_first = words == "sync folder " && syncs == 1;
        if is_first {
            accept(&writer, put("o.json/2/n", "22"));
        }
        fail_if(is_first)
    });
    assert!(store.settle());
    let left = left.lock().unwrap().take().unwrap();
    store.stop();
    assert_eq!(disk(&left, "o.json"), r#"[{"id":2,"n":2},{"id":3,"n":3}]"#);
    left.put("o.json", br#"[{"id":2,"n":2},{"id":3,"n":33}]"#);
    let store = open(&left);
    let found = text_at(&store, "o.json").unwrap();
    assert_eq!(found, r#"[{"id":2,"n":22},{"id":3,"n":33}]"#);
    store.stop();
}

/// A checkpoint had given a file its content and was killed before that was journaled as done. A
/// hand edited the file then. The base of the merge was the content before, so that what the
/// checkpoint had written was the hand's: a record that was added and then removed came back, and
/// a value that was changed and changed back was the one between.
#[test]
fn an_edit_of_a_content_that_was_not_done_yet_undoes_no_later_write() {
    for pad in ["", &"x".repeat(70_000)] {
        let text = format!("{{\"a\":{{\"n\":1}},\"b\":{{\"n\":1}},\"pad\":\"{pad}\"}}");
        let medium = medium_with(&text);
        let (store, _) = with_a_content_not_done(&medium);
        let left = medium.after_kill();
        store.stop();
        let there = disk(&left, "o.json");
        assert!(there.contains("\"x\""), "{there:.80}");
        let hand = there.replace("\"b\":{\"n\":1}", "\"b\":{\"n\":2}");
        left.put("o.json", hand.as_bytes());
        let store = open(&left);
        let found = ["a/n", "b/n", "x"].map(|it| text_at(&store, &format!("o.json/{it}")));
        let number = |text: &str| Some(text.to_owned());
        assert_eq!(found, [number("1"), number("2"), None]);
        store.stop();
    }
}

/// The same while the server runs: the sync of the folder had failed, and a hand was faster than
/// the next try.
#[test]
fn an_edit_of_a_content_whose_folder_is_not_synced_undoes_no_later_write() {
    let medium = medium_with(r#"{"a":{"n":1},"b":{"n":1}}"#);
    let (store, hooked) = with_a_content_not_done(&medium);
    let hand = disk(&medium, "o.json").replace("\"b\":{\"n\":1}", "\"b\":{\"n\":2}");
    medium.put("o.json", hand.as_bytes());
    hooked.before(|_| Ok(()));
    assert!(store.settle());
    let expected = r#"{"a":{"n":1},"b":{"n":2}}"#;
    assert_eq!(text_at(&store, "o.json").as_deref(), Some(expected));
    assert_eq!(disk(&medium, "o.json"), expected);
    assert!(store.stop());
}

/// Two contents were renamed to a file and the syncs of its folder failed. A new segment said again
/// what was there for certain and only the newest of the two; the power cut kept the first rename, and
/// the start took that content for an edit by hand: a removal that was acknowledged was undone. Found
/// by the storm, seed 200.
#[test]
fn each_content_whose_folder_is_not_synced_stays_known_in_a_new_segment() {
    for is_killed_before in [false, true] {
        let medium = medium_with(r#"{"a":1,"b":1}"#);
        let hooked = Hooked::new(medium.clone());
        hooked.before(|words| fail_if(words == "sync folder "));
        let mut store = open_hooked(&hooked, Watch::Off);
        accept(&store, put("o.json/x", "1"));
        store.settle();
        let first = disk(&medium, "o.json");
        assert!(first.contains('x'), "{first}");
        accept(&store, mutation("o.json/x", Edit::Remove));
        store.settle();
        assert!(!disk(&medium, "o.json").contains('x'));
        let mut left = medium;
        if is_killed_before {
            left = left.after_kill();
            store.stop();
            let hooked = Hooked::new(left.clone());
            hooked.before(|words| fail_if(words.starts_with("create .o.json")));
            store = open_hooked(&hooked, Watch::Off);
        }
        let long = format!("\"{}\"", "x".repeat(600));
        for _ in 0..6 {
            accept(&store, put("o.json/b", &long));
        }
        accept(&store, put("o.json/b", "2"));
        let left = left.after_kill();
        store.stop();
        left.put("o.json", first.as_bytes());
        let store = open(&left);
        let found = text_at(&store, "o.json");
        let expected = r#"{"a":1,"b":2}"#;
        assert_eq!(
            found.as_deref(),
            Some(expected),
            "killed: {is_killed_before}"
        );
        assert!(store.stop());
    }
}

/// The first batch of a new segment found no room, and the next one was too large for it: the
/// segment was begun again under its name, and its name was also that of one that is complete. The
/// next checkpoint removed it while it was written.
#[test]
fn a_segment_that_is_begun_again_is_not_removed_while_it_is_written() {
    let is_of_p = |words: &str| words.starts_with("create .p.json");
    for at in 0..12 {
        let medium = medium_with(r#"{"a":1}"#);
        medium.put("p.json", br#"{"a":1}"#);
        medium.put("q.json", br#"{"a":1}"#);
        let hooked = Hooked::new(medium.clone());
        let store = open_hooked(&hooked, Watch::Off);
        // A file that lacks changes keeps the journal from being given up.
        hooked.before(move |words| fail_if(is_of_p(words)));
        accept(&store, put("p.json/a", "0"));
        let long = |n: usize| format!("\"{}\"", "x".repeat(n));
        accept(&store, put("o.json/a", &long(1200)));
        medium.plan(Some((at, Fault::NoRoom)));
        wait(store.submit(put("q.json/a", &long(1000)))).ok();
        medium.plan(None);
        wait(store.submit(put("q.json/a", &long(9000)))).ok();
        if store.is_latched() {
            continue;
        }
        hooked.before(|_| Ok(()));
        assert!(store.settle());
        hooked.before(move |words| fail_if(is_of_p(words)));
        accept(&store, put("p.json/a", "10"));
        accept(&store, put("o.json/a", "1"));
        store.settle();
        let left = medium.after_kill();
        store.stop();
        let store = open(&left);
        let found = text_at(&store, "p.json/a");
        assert_eq!(found.as_deref(), Some("10"), "no room at call {at}");
        store.stop();
    }
}

/// The one served file was removed by hand while nothing was pending for it. The writer took that
/// for a change that removes the root document, and panicked: every later write was refused.
#[test]
fn a_single_file_that_is_removed_by_hand_comes_back_with_the_next_write() {
    let medium = medium_with(r#"{"a":1,"b":1}"#);
    let settings = Settings::default();
    let store = open_with(&medium, Some("o.json"), &settings).unwrap();
    accept(&store, put("a", "2"));
    assert!(store.settle());
    medium.remove("o.json").unwrap();
    // A file that comes and goes is told of, and looked at.
    medium.put("o.json", b"{");
    medium.remove("o.json").unwrap();
    store.settle();
    store.settle();
    assert_eq!(text_at(&store, "a").as_deref(), Some("2"));
    accept(&store, put("a", "3"));
    assert!(store.settle());
    assert_eq!(disk(&medium, "o.json"), r#"{"a":3,"b":1}"#);
    medium.remove("o.json").unwrap();
    medium.put("o.json", br#"{"a":3,"b":4}"#);
    accept(&store, put("a", "5"));
    assert!(store.settle());
    assert_eq!(text_at(&store, "b").as_deref(), Some("4"));
    assert!(store.stop());
}

/// A hand edited a file between the look at it and the exchange of names, so it got its name back.
/// Another edit came between the two exchanges: it was taken away for ours, and removed.
#[test]
fn an_edit_between_an_exchange_and_the_way_back_is_not_buried() {
    let medium = medium_with(r#"{"a":1,"b":1,"c":1}"#);
    let hooked = Hooked::new(medium.clone());
    let store = open_hooked(&hooked, Watch::Off);
    accept(&store, put("o.json/a", "2"));
    let (inner, mut exchanges) = (medium.clone(), 0);
    hooked.before(move |words| {
        if !words.starts_with("exchange ") {
            return Ok(());
        }
        exchanges += 1;
        match exchanges {
            1 => inner.put("o.json", br#"{"a":1,"b":2,"c":1}"#),
            2 => inner.put("o.json", br#"{"a":1,"b":1,"c":2}"#),
            _ => {}
        }
        Ok(())
    });
    store.settle();
    assert!(store.settle());
    for text in ["\"a\":2", "\"b\":2", "\"c\":2"] {
        assert!(has(&medium, text), "{text} {:?}", names_with(&medium, ""));
    }
    store.stop();
}

/// The way back failed, and the hand's text stayed under a name that no program reads. After a
/// clean stop the journal said nothing of it any more, and the next start removed it.
#[test]
fn an_edit_that_cannot_have_its_name_back_is_kept_beside_the_file() {
    let medium = medium_with(r#"{"a":1,"b":1}"#);
    let hooked = Hooked::new(medium.clone());
    let store = open_hooked(&hooked, Watch::Off);
    accept(&store, put("o.json/a", "2"));
    let (inner, mut exchanges) = (medium.clone(), 0);
    hooked.before(move |words| {
        let is_exchange = words.starts_with("exchange ");
        exchanges += i32::from(is_exchange);
        if is_exchange && exchanges == 1 {
            inner.put("o.json", br#"{"a":1,"b":2}"#);
        }
        fail_if(is_exchange && exchanges == 2)
    });
    store.settle();
    assert!(store.settle());
    assert!(store.stop());
    let store = open(&medium);
    for text in ["\"a\":2", "\"b\":2"] {
        assert!(has(&medium, text), "{text} {:?}", names_with(&medium, ""));
    }
    store.stop();
}

/// A file that can only be overwritten was, in part, when the disk was full. What lay there then
/// was taken for broken JSON by hand: it stayed torn, and writes were refused until a restart.
#[test]
fn an_overwriting_that_failed_is_done_again_and_is_no_edit_by_hand() {
    for fault in [Fault::NoRoom, Fault::Once] {
        for at in 0..20 {
            let pad = "x".repeat(3000);
            let text = format!("{{\"a\":1,\"b\":1,\"c\":\"{pad}\"}}");
            let medium = medium_with(&text);
            medium.mount("o.json");
            let store = open(&medium);
            accept(&store, put("o.json/a", "22222"));
            medium.plan(Some((at, fault)));
            store.settle();
            let calls = medium.calls();
            medium.plan(None);
            if store.is_latched() {
                continue;
            }
            assert!(store.settle(), "{fault:?} at {at} of {calls:?}");
            let written = text.replace("\"a\":1", "\"a\":22222");
            assert_eq!(disk(&medium, "o.json"), written);
            accept(&store, put("o.json/b", "3"));
            assert!(store.stop());
        }
    }
}

/// The copy for an overwriting was there although that was done and journaled: its removal did not
/// survive a power cut. What a hand had made of the file since was taken for half of it and
/// replaced; broken JSON was not even kept.
#[test]
fn a_copy_that_was_used_up_does_not_undo_an_edit_by_hand() {
    let medium = medium_with(r#"{"a":1}"#);
    medium.mount("o.json");
    let store = open(&medium);
    accept(&store, put("o.json/a", "2"));
    assert!(store.settle());
    accept(&store, put("o.json/a", "3"));
    let left = medium.after_kill();
    store.stop();
    let hash = xxhash_rust::xxh3::xxh3_128(br#"{"a":2}"#);
    left.put(&format!(".jsond/overwrite-{hash:032x}.json"), br#"{"a":2}"#);
    let hand = r#"{"a":2, "the work of an hour": }"#;
    left.put("o.json", hand.as_bytes());
    let store = open(&left);
    store.settle();
    assert_eq!(disk(&left, "o.json"), hand);
    store.stop();
}

/// A file was broken JSON from the start on, and was removed by hand. It stayed in the image as
/// one without a value: `PUT` was 404, and no other way led to a new file of that name.
#[test]
fn a_file_that_never_could_be_read_and_is_removed_can_be_made_anew() {
    let medium = medium_with("{ broken");
    let hooked = Hooked::new(medium.clone());
    let store = open_hooked(&hooked, Watch::Poll);
    medium.remove("o.json").unwrap();
    wait_until("it is gone", || store.image().files().is_empty());
    accept(&store, put("o.json", "2"));
    assert!(store.stop());
    assert_eq!(disk(&medium, "o.json").trim_end(), "2");
}

/// A file could not be read for a moment, and then a hand broke it. Nothing was pending, yet it was
/// to be written for ever: it was read again and again, and no stop was clean.
#[test]
fn a_broken_file_for_which_nothing_is_pending_holds_up_no_stop() {
    let medium = medium_with(r#"{"a":1}"#);
    let hooked = Hooked::new(medium.clone());
    let store = open_hooked(&hooked, Watch::Poll);
    let mut is_first = true;
    let (failed, has_failed) = mpsc::channel();
    hooked.before(move |words| {
        let fails = words == "open o.json" && std::mem::take(&mut is_first);
        if fails {
            failed.send(()).ok();
        }
        fail_if(fails)
    });
    medium.put("o.json", b"{ broken");
    has_failed.recv().unwrap();
    wait_until("it is known to be broken", || {
        store.image().files()[0].1.broken.is_some()
    });
    assert!(store.settle());
    assert!(store.stop());
    assert_eq!(disk(&medium, "o.json"), "{ broken");
}

/// A file could once only be overwritten, and was removed then. What was pending for it waited for
/// a file to overwrite, for ever.
#[test]
fn a_file_that_could_only_be_overwritten_and_is_gone_is_made_again() {
    let medium = medium_with(r#"{"a":1}"#);
    medium.mount("o.json");
    let store = open(&medium);
    accept(&store, put("o.json/a", "2"));
    assert!(store.settle());
    medium.remove("o.json").unwrap();
    accept(&store, put("o.json/a", "3"));
    assert!(store.settle());
    assert_eq!(text_at(&store, "o.json/a").as_deref(), Some("3"));
    assert!(disk(&medium, "o.json").contains('3'));
    assert!(store.stop());
}

/// A stop came while a write was in its batch. It was told that all writes are done when it had been
/// taken, not when the batch was: all files were written without that write, and the journal had to
/// stay.
#[test]
fn a_stop_waits_for_the_writes_before_it() {
    let medium = medium_with(r#"{"b":1}"#);
    medium.put("p.json", br#"{"a":1}"#);
    let journal = Hooked::new(medium.sub_folder(".jsond"));
    let (begun, has_begun) = mpsc::channel();
    journal.before(move |words| {
        if words.starts_with("segment ") {
            begun.send(()).ok();
            std::thread::sleep(Duration::from_millis(200));
        }
        Ok(())
    });
    let store = open_journal(&Hooked::new(medium.clone()), Watch::Off, journal);
    // Each begins a segment.
    let long = format!("\"{}\"", "x".repeat(3000));
    let first = store.submit(put("p.json/a", &long));
    has_begun.recv().unwrap();
    let second = store.submit(put("o.json/b", &long));
    assert!(store.stop());
    assert!(wait(first).is_ok() && wait(second).is_ok());
    assert!(support::segments(&medium).is_empty());
    assert!(["o.json", "p.json"].map(|file| disk(&medium, file).contains(&long)) == [true; 2]);
}
