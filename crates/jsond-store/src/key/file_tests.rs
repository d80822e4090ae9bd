//! Files of keys: what is kept is read back, any damage is refused, and there are few files.

use super::*;
use crate::contract::{Address, Effect};
use crate::key::Key;
use crate::key::answer::AnswerValue;
use crate::key::memory::{Kept, LIFE};
use crate::medium::{Fault, MemoryMedium};
use std::time::Duration;

const IDENTITY: &str = "0c7b7a2e-0000-4000-8000-000000000001";
const TIME: SystemTime = SystemTime::UNIX_EPOCH;

fn answered(revision: u64) -> Answered {
    Answered {
        key: Key {
            name: format!("key {revision}"),
            request: revision.into(),
        },
        effect: Effect::Created,
        written: vec![Address(vec!["a.json".to_owned(), revision.to_string()])],
        value: AnswerValue::None,
    }
}

fn remember(keys: &mut Keys, revision: u64, time: SystemTime) {
    let kept = Kept::new(Revision(revision), time, time, &answered(revision));
    keys.remember(kept, time);
}

fn keys(revisions: impl IntoIterator<Item = u64>) -> Keys {
    let mut keys = Keys::default();
    for revision in revisions {
        remember(&mut keys, revision, TIME);
    }
    keys
}

fn open(medium: &MemoryMedium) -> (KeyFiles, Vec<u64>) {
    let (files, lines) = KeyFiles::open(Arc::new(medium.clone()), IDENTITY).unwrap();
    for (revision, time, found) in &lines {
        assert_eq!(*found, answered(revision.0));
        assert_eq!(*time, TIME);
    }
    let mut found: Vec<_> = lines.iter().map(|(revision, ..)| revision.0).collect();
    found.sort_unstable();
    (files, found)
}

fn names_on(medium: &MemoryMedium) -> Vec<String> {
    let listed = medium.list("").unwrap();
    let mut names: Vec<_> = listed.into_iter().map(|it| it.name).collect();
    names.sort();
    names
}

#[test]
fn what_is_kept_is_read_back_and_nothing_behind_it() {
    let medium = MemoryMedium::new();
    let (mut files, found) = open(&medium);
    assert!(found.is_empty());
    files.keep(&keys([2, 5, 9]), Revision(7)).unwrap();
    let (files, found) = open(&medium.after_power_cut());
    assert_eq!(found, [2, 5]);
    assert_eq!(files.kept_to(), Revision(7));
}

#[test]
fn a_file_with_any_bit_flipped_or_cut_at_any_byte_is_refused() {
    let medium = MemoryMedium::new();
    open(&medium).0.keep(&keys([1, 2]), Revision(2)).unwrap();
    let name = name_of(Revision(2));
    let bytes = medium.read(&name).unwrap().unwrap();
    let refused = |bytes: &[u8]| {
        let medium = MemoryMedium::new();
        medium.put(&name, bytes);
        let opened = KeyFiles::open(Arc::new(medium), IDENTITY);
        matches!(opened, Err(OpenError::KeysDamaged { .. }))
    };
    assert!(!refused(&bytes));
    for at in 0..bytes.len() {
        assert!(refused(&bytes[..at]), "cut at {at}");
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            assert!(refused(&flipped), "bit {bit} of byte {at}");
        }
    }
    let doubled = [bytes.clone(), bytes.clone()].concat();
    assert!(refused(&doubled));
    assert!(refused(&[bytes, vec![0]].concat()));
}

#[test]
fn a_file_of_another_folder_is_refused_and_names_its_identity() {
    let medium = MemoryMedium::new();
    open(&medium).0.keep(&keys([1]), Revision(1)).unwrap();
    let opened = KeyFiles::open(Arc::new(medium.clone()), "another");
    assert!(matches!(opened, Err(OpenError::KeysForeign { .. })));
    assert_eq!(identity(&medium).as_deref(), Some(IDENTITY));
}

#[test]
fn there_are_few_files_and_a_key_is_written_few_times() {
    let medium = MemoryMedium::new();
    let (mut files, _) = open(&medium);
    let mut all = Keys::default();
    let mut written_bytes = 0;
    for revision in 1..=1000 {
        remember(&mut all, revision, TIME);
        files.keep(&all, Revision(revision)).unwrap();
        assert!(names_on(&medium).len() <= 11, "{:?}", names_on(&medium));
        let newest = medium.read(&name_of(Revision(revision))).unwrap();
        written_bytes += newest.unwrap().len();
    }
    assert_eq!(open(&medium).1, (1..=1000).collect::<Vec<_>>());
    let once: usize = files.files.iter().map(|file| file.bytes).sum();
    assert!(written_bytes < once * 20, "{written_bytes} for {once}");
}

#[test]
fn files_of_which_every_key_is_forgotten_go() {
    let medium = MemoryMedium::new();
    let (mut files, _) = open(&medium);
    let mut all = keys(1..=100);
    files.keep(&all, Revision(100)).unwrap();
    remember(&mut all, 101, TIME + Duration::from_secs(1));
    files.keep(&all, Revision(101)).unwrap();
    assert_eq!(names_on(&medium).len(), 2);
    all.forget_old(TIME + LIFE);
    files.keep(&all, Revision(101)).unwrap();
    assert_eq!(names_on(&medium), [name_of(Revision(101))]);
    all.forget_old(TIME + LIFE + Duration::from_secs(1));
    files.keep(&all, Revision(101)).unwrap();
    assert_eq!(names_on(&medium), Vec::<String>::new());
}

#[test]
fn a_call_that_fails_loses_no_key_and_the_next_try_keeps_all() {
    for fault in [Fault::Once, Fault::NoRoom, Fault::FromThenOn] {
        for at in 0.. {
            let medium = MemoryMedium::new();
            let (mut files, _) = open(&medium);
            files.keep(&keys([1]), Revision(1)).unwrap();
            medium.plan(Some((at, fault)));
            let all = keys([1, 2, 3]);
            let result = files.keep(&all, Revision(3));
            let calls = medium.calls();
            let what = format!("{fault:?} at call {at} of {calls:?}");
            for left in [medium.after_power_cut(), medium.after_kill()] {
                let (_, found) = open(&left);
                let all = found == [1, 2, 3];
                assert!(
                    all || (result.is_err() && found == [1]),
                    "{what}: {found:?}"
                );
            }
            medium.plan(None);
            files.keep(&all, Revision(3)).unwrap();
            assert_eq!(open(&medium.after_power_cut()).1, [1, 2, 3], "{what}");
            let (mut files, found) = open(&medium);
            assert_eq!(found, [1, 2, 3], "{what}");
            files.keep(&all, Revision(3)).unwrap();
            assert_eq!(names_on(&medium), [name_of(Revision(3))], "{what}");
            if at >= calls.len() {
                break;
            }
        }
    }
}

/// The story of a storm: the sync of a name failed, the process was killed, and the next one on the
/// same machine built upon the file, whose name no power cut would leave.
#[test]
fn a_name_whose_sync_failed_before_the_start_is_written_once_more() {
    let first: Vec<u64> = (1..40).collect();
    // It is taken in by the file whose sync fails, or stays beside it.
    for after in [50, 41] {
        let medium = MemoryMedium::new();
        let all: Vec<u64> = (1..after).collect();
        let (mut files, _) = open(&medium);
        files
            .keep(&keys(first.iter().copied()), Revision(39))
            .unwrap();
        let sync_of_name = 3;
        medium.plan(Some((sync_of_name, Fault::Once)));
        let to = Revision(after - 1);
        assert!(files.keep(&keys(all.iter().copied()), to).is_err());
        assert!(medium.calls()[sync_of_name].starts_with("sync folder"));
        medium.plan(None);

        let (mut files, found) = open(&medium);
        assert_eq!(found, all);
        assert_eq!(files.kept_to(), to);
        assert!(files.certain_to() < to, "segments may not go yet");
        files.keep(&keys(all.iter().copied()), to).unwrap();
        assert_eq!(files.certain_to(), to);
        let (_, left) = open(&medium.after_power_cut());
        assert_eq!(left, all);
    }
}
