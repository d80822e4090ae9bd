//! The store on a real disk: links, locks, a journal that is taken away.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use jsond_store::medium::DiskMedium;
use jsond_store::{Progress, Served, Settings, Store, StoreError};
use std::path::Path;
use std::sync::Arc;
use support::{accept, put, text_at, wait};

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.json"), "{\"x\": {\"n\": 1}}\n").unwrap();
    folder
}

fn open(folder: &Path) -> Store {
    let medium = DiskMedium::open(folder).unwrap();
    let journal = medium.sub_folder(".jsond").unwrap();
    let served = Served {
        medium: Arc::new(medium),
        single: None,
    };
    Store::open(
        served,
        Arc::new(journal),
        &Settings::default(),
        Progress::silent(),
    )
    .unwrap()
}

#[test]
fn a_link_that_leads_in_circles_is_followed_once() {
    // A link to the folder that it lies in was followed 32 times, and each file read as often.
    let folder = folder();
    std::os::unix::fs::symlink(".", folder.path().join("loop")).unwrap();
    let store = open(folder.path());
    let paths: Vec<_> = store
        .image()
        .files()
        .into_iter()
        .map(|(path, _)| path)
        .collect();
    assert_eq!(paths, [vec!["a.json"], vec!["loop", "a.json"]]);
    store.stop();
}

#[test]
fn a_link_out_of_the_folder_is_not_served() {
    let (folder, outside) = (folder(), folder());
    std::os::unix::fs::symlink(outside.path().join("a.json"), folder.path().join("b.json"))
        .unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path().join("c")).unwrap();
    let store = open(folder.path());
    assert_eq!(store.image().files().len(), 1);
    store.stop();
}

#[test]
fn one_process_holds_the_lock_of_a_folder_whatever_is_removed_in_it() {
    let folder = folder();
    let first = DiskMedium::open(folder.path()).unwrap();
    let held = first.lock().unwrap().unwrap();
    std::fs::remove_dir_all(folder.path().join(".jsond")).ok();
    assert!(
        DiskMedium::open(folder.path())
            .unwrap()
            .lock()
            .unwrap()
            .is_none()
    );
    drop(held);
    assert!(
        DiskMedium::open(folder.path())
            .unwrap()
            .lock()
            .unwrap()
            .is_some()
    );
}

#[test]
fn a_journal_that_was_removed_takes_no_more_writes() {
    // Writes went into a file without a name, were acknowledged, and were gone after a kill.
    let folder = folder();
    let store = open(folder.path());
    accept(&store, put("a.json/x/n", "2"));
    assert!(!store.is_latched());
    std::fs::remove_dir_all(folder.path().join(".jsond")).unwrap();
    let refused = wait(store.submit(put("a.json/x/n", "3")));
    assert!(
        matches!(refused, Err(StoreError::OutcomeUnknown)),
        "{refused:?}"
    );
    assert_eq!(text_at(&store, "a.json/x/n").as_deref(), Some("2"));
    assert!(store.is_latched());
    assert!(!store.stop());
}
