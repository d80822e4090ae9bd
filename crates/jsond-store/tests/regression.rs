//! Regressions: sequences of crash, hand edit, rotation and failing calls that once broke the promise
//! of what survives. Each opens with its story.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use jsond_store::medium::{Fault, Medium, MemoryMedium};
use jsond_store::{Durability, Edit, StoreError};
use std::time::Duration;
use support::{
    accept, add, disk, mutation, names_with, open, put, segments, text_at, try_open, wait,
};

const STUDENTS: &str = "{\n\t\"Chan_Jin\": {\n\t\t\"grade\": \"4.1\"\n\t}\n}\n";
const LIST: &str = "[\n\t{\"id\": 1, \"x\": 1},\n\t{\"id\": 2, \"x\": 1}\n]\n";

fn medium() -> MemoryMedium {
    let medium = MemoryMedium::new();
    medium.put("students.json", STUDENTS.as_bytes());
    medium.put("list.json", LIST.as_bytes());
    medium
}

#[test]
fn a_flipped_bit_in_a_segments_header_is_refused_and_not_taken_for_an_empty_segment() {
    // Two batches were acknowledged; one bit of the first line flips. The segment was thrown away
    // and the store started without either write.
    let medium = medium();
    let store = open(&medium);
    accept(&store, put("students.json/Chan_Jin/grade", "\"4.5\""));
    accept(&store, put("students.json/Chan_Jin/grade", "\"4.6\""));
    let killed = medium.after_kill();
    let name = format!(".jsond/{}", segments(&killed)[0]);
    let mut bytes = killed.read(&name).unwrap().unwrap();
    bytes[3] ^= 1;
    killed.put(&name, &bytes);
    killed.put("students.json", STUDENTS.as_bytes());
    store.stop();
    if let Ok(store) = try_open(&killed, Durability::Always) {
        let found = text_at(&store, "students.json/Chan_Jin/grade");
        store.stop();
        assert_eq!(found.as_deref(), Some("\"4.6\""), "lost without a word");
    }
}

#[test]
fn an_edit_while_the_server_was_down_is_taken_when_nothing_was_pending() {
    // A write is acknowledged and checkpointed, the process is killed while idle, a person edits
    // the file, and the server starts again: the edit was undone by the old write.
    let medium = medium();
    let store = open(&medium);
    accept(&store, put("students.json/Chan_Jin/grade", "\"4.5\""));
    assert!(store.settle());
    let killed = medium.after_kill();
    store.stop();
    let hand = disk(&killed, "students.json").replace("4.5", "5.0");
    killed.put("students.json", hand.as_bytes());
    let store = open(&killed);
    let found = text_at(&store, "students.json/Chan_Jin/grade");
    store.stop();
    assert_eq!(found.as_deref(), Some("\"5.0\""));
    assert_eq!(disk(&killed, "students.json"), hand);
}

#[test]
fn a_record_is_not_added_twice_when_another_was_edited_while_the_server_was_down() {
    // As above, with an array: the replayed addition put the record there a second time.
    let medium = medium();
    let store = open(&medium);
    accept(&store, add("list.json", None, r#"{"id":3,"x":1}"#));
    assert!(store.settle());
    let killed = medium.after_kill();
    store.stop();
    let hand = disk(&killed, "list.json").replace("{\"id\": 1, \"x\": 1}", "{\"id\": 1, \"x\": 9}");
    killed.put("list.json", hand.as_bytes());
    let store = open(&killed);
    let found = text_at(&store, "list.json").unwrap();
    store.stop();
    assert_eq!(found, r#"[{"id":1,"x":9},{"id":2,"x":1},{"id":3,"x":1}]"#);
}

#[test]
fn a_pending_replacement_of_a_file_does_not_bury_an_edit_made_while_the_server_was_down() {
    // A whole file is replaced and acknowledged, the process is killed before the checkpoint, a
    // person edits the old file, the server starts: the person's version was gone.
    let medium = medium();
    let store = open(&medium);
    accept(&store, put("list.json", r#"[{"id":7,"x":1}]"#));
    let killed = medium.after_kill();
    store.stop();
    let hand = LIST.replace("\"x\": 1", "\"x\": 9");
    killed.put("list.json", hand.as_bytes());
    let store = open(&killed);
    store.settle();
    store.stop();
    let kept = names_with(&killed, ".conflict-");
    assert_eq!(
        kept.len(),
        1,
        "the hand's version is nowhere: {}",
        disk(&killed, "list.json")
    );
    assert_eq!(disk(&killed, &kept[0]), hand);
}

#[test]
fn a_kill_between_the_merge_and_the_conflict_file_loses_neither_side() {
    // The merge was journaled first and the hand's version kept afterwards; then the two lines of
    // a merge were two, and half of them undid the acknowledged write.
    let run = |fault: Option<(usize, Fault)>| {
        let medium = medium();
        let store = open(&medium);
        medium.put("students.json", STUDENTS.replace("4.1", "1.0").as_bytes());
        medium.plan(fault);
        let outcome = wait(store.submit(put("students.json/Chan_Jin/grade", "\"4.5\"")));
        store.settle();
        let calls = medium.calls();
        let killed = medium.after_kill();
        store.stop();
        (calls, killed, outcome.is_ok())
    };
    let (calls, ..) = run(None);
    for (at, call) in calls.iter().enumerate() {
        let (_, killed, acknowledged) = run(Some((at, Fault::FromThenOn)));
        let store = open(&killed);
        store.settle();
        store.stop();
        let text = disk(&killed, "students.json");
        let kept = names_with(&killed, ".conflict-");
        let is_there =
            text.contains("1.0") || kept.iter().any(|name| disk(&killed, name).contains("1.0"));
        let what = format!("cut off at {call:?}: {text} {kept:?}");
        assert!(is_there, "the hand's version is nowhere, {what}");
        assert!(
            !acknowledged || text.contains("4.5"),
            "the write is lost, {what}"
        );
    }
}

#[test]
fn pages_that_reached_the_disk_out_of_order_before_a_late_sync_do_not_stop_the_next_start() {
    // With `--durability interval` several batches lie on disk unsynced; a power cut may keep a
    // later page and lose an earlier one. The start was refused as if acknowledged-and-synced
    // entries were damaged.
    let medium = medium();
    let hour = Durability::Interval(Duration::from_secs(60));
    let store = try_open(&medium, hour).unwrap();
    for n in 0..3 {
        accept(&store, put(&format!("students.json/Chan_Jin/n{n}"), "1"));
    }
    let killed = medium.after_kill();
    store.stop();
    killed.put("students.json", STUDENTS.as_bytes());
    let name = format!(".jsond/{}", segments(&killed)[0]);
    let bytes = killed.read(&name).unwrap().unwrap();
    let mut lost = bytes.clone();
    let at = bytes
        .windows(12)
        .position(|it| it == b"/Chan_Jin/n1")
        .unwrap();
    lost[at - 20..at + 20].fill(0);
    killed.put(&name, &lost);
    let opened = try_open(&killed, hour).map(|store| store.stop());
    assert!(
        opened.is_ok(),
        "{:?}",
        opened.err().map(|it| it.to_string())
    );
}

#[test]
fn a_segment_that_is_gone_already_does_not_keep_the_journal_for_good() {
    // The removal of an old segment succeeds and the sync of the journal folder fails once; from
    // then on every removal of segments failed, and a clean stop was not one.
    let medium = medium();
    let store = open(&medium);
    let big = format!("\"{}\"", "x".repeat(600 << 10));
    for n in 0..4 {
        accept(&store, put("big.json", &big.replace('x', &n.to_string())));
        store.settle();
    }
    accept(&store, put("big.json", &big.replace('x', "5")));
    medium.plan(None);
    store.settle();
    wait(store.submit(put("nowhere.json/x/y", "1"))).ok();
    let calls = medium.calls();
    let Some(at) = calls
        .iter()
        .position(|it| it.starts_with("remove .jsond/journal"))
    else {
        panic!("{calls:?}")
    };
    accept(&store, put("big.json", &big.replace('x', "6")));
    medium.plan(Some((at + 1, Fault::Once)));
    store.settle();
    wait(store.submit(put("nowhere.json/x/y", "1"))).ok();
    let calls = medium.calls();
    assert!(store.stop(), "{calls:?} {:?}", segments(&medium));
}

#[test]
fn a_rotation_that_finds_no_room_leaves_nothing_that_stops_the_next_start() {
    // The new segment cannot be begun (507), smaller writes go on in the old one, later there is
    // room again, and the next rotation succeeds. After a kill the start was refused.
    let medium = medium();
    let store = open(&medium);
    let big = format!("\"{}\"", "x".repeat(600 << 10));
    accept(&store, put("big.json", &big));
    store.settle();
    // make, header
    medium.plan(Some((1, Fault::FullFromThenOn)));
    let refused = wait(store.submit(put("big.json", &big.replace('x', "y"))));
    medium.plan(None);
    assert!(matches!(refused, Err(StoreError::Full)), "{refused:?}");
    accept(&store, put("students.json/Chan_Jin/grade", "\"4.5\""));
    accept(&store, put("big.json", &big.replace('x', "z")));
    let killed = medium.after_kill();
    store.stop();
    let opened = try_open(&killed, Durability::Always);
    let store = match opened {
        Ok(store) => store,
        Err(error) => panic!("{error}; {:?}", segments(&killed)),
    };
    assert_eq!(
        text_at(&store, "students.json/Chan_Jin/grade").as_deref(),
        Some("\"4.5\"")
    );
    store.stop();
}

#[test]
fn a_record_removed_after_a_half_failed_checkpoint_does_not_come_back() {
    // A record is added; its checkpoint renames the file, and then the sync of the folder fails
    // once. The record is removed, acknowledged. The retry took the file on disk for an edit by
    // hand, and the record was back.
    let run = |fault: Option<(usize, Fault)>| {
        let medium = medium();
        let store = open(&medium);
        medium.plan(fault);
        accept(&store, add("students.json", Some("r"), "{\"n\":1}"));
        let end = std::time::Instant::now() + Duration::from_secs(5);
        while !medium.calls().iter().any(|it| it == "sync folder ")
            && std::time::Instant::now() < end
        {
            std::thread::yield_now();
        }
        if fault.is_some() {
            accept(&store, mutation("students.json/r", Edit::Remove));
        }
        store.settle();
        let found = text_at(&store, "students.json/r");
        store.stop();
        (medium, found)
    };
    let (medium, _) = run(None);
    let calls = medium.calls();
    let at = calls.iter().position(|it| it == "sync folder ").unwrap();
    let (medium, found) = run(Some((at, Fault::Once)));
    assert_eq!(names_with(&medium, ".conflict-"), Vec::<String>::new());
    assert_eq!(found, None, "{}", disk(&medium, "students.json"));
}

#[test]
fn an_older_text_put_back_while_the_server_was_down_is_an_edit() {
    // A checkpoint was done, the process was killed while idle, and a backup was put back: it was
    // taken for a checkpoint that had not happened, and undone without a word.
    let medium = medium();
    let store = open(&medium);
    accept(&store, put("list.json/1/x", "2"));
    assert!(store.settle());
    let left = medium.after_kill();
    store.stop();
    left.put("list.json", LIST.as_bytes());
    let store = open(&left);
    store.settle();
    let text = disk(&left, "list.json");
    store.stop();
    let kept = names_with(&left, "conflict");
    assert!(text == LIST || !kept.is_empty(), "buried: {text} {kept:?}");
}

#[test]
fn a_file_made_and_written_and_then_removed_while_down_stays_removed() {
    // The file was not there when its first change was journaled, and was made again.
    let medium = medium();
    let store = open(&medium);
    accept(&store, put("new.json", "{}"));
    assert!(store.settle());
    let left = medium.after_kill();
    store.stop();
    left.remove("new.json").unwrap();
    let store = open(&left);
    store.settle();
    let text = text_at(&store, "new.json");
    store.stop();
    assert_eq!(text, None);
}

#[test]
fn a_hidden_file_of_the_user_is_not_taken_for_a_temporary_one() {
    // Every hidden file with `.jsond-` in its name was removed at the start.
    let medium = medium();
    medium.put(".notes.jsond-todo", b"mine");
    medium.put(".jsond-ignore", b"mine");
    let store = open(&medium);
    store.stop();
    assert_eq!(names_with(&medium, ".jsond-").len(), 2);
}

#[test]
fn what_a_killed_server_had_not_synced_is_synced_by_the_next_start() {
    // Killed between any two calls, started again on the same machine, and later the power is cut:
    // entries that were read but never synced left a gap (a segment was missing), and a rename whose
    // folder was never synced was undone after a clean stop.
    for at in 0..16 {
        for stop in [false, true] {
            let medium = medium();
            let store = open(&medium);
            medium.plan(Some((at, Fault::FromThenOn)));
            let outcome = wait(store.submit(put("students.json/Chan_Jin/grade", "\"4.5\"")));
            store.settle();
            store.stop();
            medium.plan(None);
            let store = open(&medium);
            let shown = text_at(&store, "students.json/Chan_Jin/grade");
            assert!(outcome.is_err() || shown.as_deref() == Some("\"4.5\""));
            if stop {
                assert!(store.stop());
            } else {
                accept(&store, put("list.json/1/x", "2"));
            }
            let left = medium.after_power_cut();
            store.stop();
            let store = open(&left);
            let found = text_at(&store, "students.json/Chan_Jin/grade");
            store.stop();
            assert_eq!(found, shown, "cut off at call {at}, stop {stop}");
        }
    }
}

#[test]
fn a_pending_write_lands_in_its_own_record_when_a_hand_removed_the_one_before() {
    // Pending changes of a list were replayed by index onto an edited text: into another record.
    let medium = medium();
    let store = open(&medium);
    accept(&store, put("list.json/2/x", "5"));
    let left = medium.after_power_cut();
    store.stop();
    left.put(
        "list.json",
        b"[{\"id\":0,\"x\":7},{\"id\":1,\"x\":1},{\"id\":2,\"x\":1}]",
    );
    let store = open(&left);
    let found = text_at(&store, "list.json").unwrap();
    store.stop();
    assert_eq!(found, r#"[{"id":0,"x":7},{"id":1,"x":1},{"id":2,"x":5}]"#);
}

#[test]
fn a_record_is_not_doubled_by_an_edit_after_a_kill_between_the_rename_and_its_done() {
    // Between the rename and its `done` nobody knows the base; replaying added the record twice.
    let medium = medium();
    let store = open(&medium);
    accept(&store, add("list.json", None, r#"{"id":3,"x":1}"#));
    let calls = medium.calls().len();
    medium.plan(Some((5, Fault::FromThenOn)));
    store.settle();
    let all = medium.calls();
    let left = medium.after_kill();
    store.stop();
    let text = disk(&left, "list.json");
    left.put(
        "list.json",
        text.replace("\"x\": 1},", "\"x\": 9},").as_bytes(),
    );
    let store = open(&left);
    let found = text_at(&store, "list.json").unwrap();
    store.stop();
    assert_eq!(
        found.matches("\"id\":3").count(),
        1,
        "{calls} {all:?} {found}"
    );
}

#[test]
fn a_change_whose_done_found_no_room_and_then_a_hand_edit_while_down() {
    // A list with a write pending behind a checkpoint whose `done` line was refused.
    let medium = medium();
    let store = open(&medium);
    accept(&store, add("list.json", None, r#"{"id":3,"x":1}"#));
    medium.plan(Some((6, Fault::NoRoom)));
    store.settle();
    let calls = medium.calls();
    medium.plan(None);
    accept(&store, put("list.json/1/x", "2"));
    let left = medium.after_power_cut();
    store.stop();
    let text = disk(&left, "list.json");
    left.put(
        "list.json",
        text.replace("\"id\": 2, \"x\": 1", "\"id\": 2, \"x\": 9")
            .as_bytes(),
    );
    let store = open(&left);
    let found = text_at(&store, "list.json").unwrap();
    store.stop();
    assert_eq!(
        found, r#"[{"id":1,"x":2},{"id":2,"x":9},{"id":3,"x":1}]"#,
        "{calls:?}"
    );
}

#[test]
fn a_file_broken_while_down_is_not_overwritten_by_a_pending_replacement() {
    // Broken by hand while a whole-file write was pending: the write went over what was being mended.
    let medium = medium();
    let store = open(&medium);
    accept(&store, put("list.json", "[]"));
    let left = medium.after_power_cut();
    store.stop();
    left.put("list.json", b"{ broken");
    let store = open(&left);
    store.settle();
    let text = disk(&left, "list.json");
    let kept = names_with(&left, "conflict");
    store.stop();
    assert_eq!(text, "{ broken", "{kept:?}");
}

#[test]
fn a_pending_removal_of_an_edited_file_keeps_the_hands_version() {
    // The file was edited while its removal was pending: its text has to be somewhere.
    let medium = medium();
    let store = open(&medium);
    accept(&store, mutation("list.json", Edit::Remove));
    let left = medium.after_power_cut();
    store.stop();
    left.put("list.json", b"[{\"id\":9}]");
    let store = open(&left);
    store.settle();
    let names = names_with(&left, "list.json");
    store.stop();
    assert!(
        names.iter().any(|name| disk(&left, name) == "[{\"id\":9}]"),
        "{names:?}"
    );
}

#[test]
fn a_file_whose_removal_could_not_be_synced_does_not_come_back() {
    // The sync of the folder failed once, after the file was removed. The checkpoint changed the folder
    // and synced it again, which says nothing of the name that had gone; the segment with the removal
    // went, and a power cut brought the file back. So it was after a kill and a start, too.
    let mut met = 0;
    for (at, is_killed) in (0..12).flat_map(|at| [(at, false), (at, true)]) {
        let medium = medium();
        let mut store = open(&medium);
        accept(&store, mutation("list.json", Edit::Remove));
        medium.plan(Some((at, Fault::NoRoom)));
        store.settle();
        let call = medium.calls().get(at).cloned().unwrap_or_default();
        met += usize::from(call == "sync folder ");
        if is_killed {
            medium.plan(Some((0, Fault::FromThenOn)));
            store.stop();
            medium.plan(None);
            store = open(&medium);
        }
        medium.plan(None);
        store.settle();
        // Old segments go behind the next checkpoint; a journal that has failed takes no write.
        wait(store.submit(put("students.json/Chan_Jin/grade", "\"4.5\""))).ok();
        store.settle();
        let left = medium.after_power_cut();
        store.stop();
        let store = open(&left);
        let found = text_at(&store, "list.json");
        store.stop();
        assert_eq!(found, None, "{call}, killed: {is_killed}");
        assert_eq!(names_with(&left, "list.json"), Vec::<String>::new());
    }
    assert!(met >= 2, "the sync of the folder was to fail: {met}");
}
