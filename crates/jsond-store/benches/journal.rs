//! What a durable change costs on the disk under Cargo's target folder, one after the other:
//! `cargo bench -p jsond-store`.
//!
//! Beside it is the sync that each of them waits for: 200 bytes in a file that is there already.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on panics")]

use criterion::{Criterion, criterion_group, criterion_main};
use jsond_document::Value;
use jsond_store::medium::{DiskMedium, Medium};
use jsond_store::{Address, Edit, Mutation, Precondition, Progress, Served, Settings, Store};
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

const RECORDS: usize = 10_000;

fn open(medium: Arc<dyn Medium>, journal: Arc<dyn Medium>) -> Store {
    let served = Served {
        medium,
        single: None,
    };
    Store::open(served, journal, &Settings::default(), Progress::silent()).unwrap()
}

fn collection() -> String {
    let records: Vec<_> = (0..RECORDS)
        .map(|n| format!("\"k{n}\": {{\"name\": \"Student {n}\", \"n\": 10000000}}"))
        .collect();
    format!("{{\n{}\n}}\n", records.join(",\n"))
}

fn put(n: usize) -> Mutation {
    let (record, value) = (n * 7919 % RECORDS, 10_000_000 + n);
    Mutation {
        address: Address(vec!["a.json".into(), format!("k{record}"), "n".into()]),
        precondition: Precondition::default(),
        edit: Edit::Put {
            value: Value::parse(value.to_string().as_bytes()).unwrap(),
            text: None,
        },
        key: None,
        wants_image: false,
    }
}

/// Makes one change after the other.
fn change(criterion: &mut Criterion, store: &Store) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let mut n = 0;
    criterion.bench_function("append and sync", |it| {
        it.iter(|| {
            n += 1;
            runtime.block_on(store.submit(put(n))).unwrap()
        });
    });
    store.stop();
}

/// The sync alone.
fn raw(criterion: &mut Criterion, folder: &Path) {
    const FILE_BYTES: usize = 1 << 20;
    let path = folder.join("raw");
    std::fs::write(&path, vec![0; FILE_BYTES]).unwrap();
    let file = File::options().write(true).open(&path).unwrap();
    file.sync_all().unwrap();
    let mut at = 0;
    criterion.bench_function("overwrite and sync", |it| {
        it.iter(|| {
            at = (at + 200) % FILE_BYTES;
            file.write_all_at(&[b'x'; 200], at as u64).unwrap();
            file.sync_data().unwrap();
        });
    });
}

fn on_disk(criterion: &mut Criterion) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    raw(criterion, folder.path());
    std::fs::write(folder.path().join("a.json"), collection()).unwrap();
    let medium = DiskMedium::open(folder.path()).unwrap();
    let journal = medium.sub_folder(".jsond").unwrap();
    let store = open(Arc::new(medium), Arc::new(journal));
    change(criterion, &store);
}

criterion_group!(benches, on_disk);
criterion_main!(benches);
