//! What the tests of durability share: waiting without a runtime, mutations, and looks at media.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use jsond_document::{IdNames, Value};
use jsond_store::medium::{Medium, MemoryMedium};
use jsond_store::{
    Addition, Address, Durability, Edit, Effect, Key, Mutation, OpenError, Outcome, Precondition,
    Progress, Resolved, Served, Settings, Store, Watch,
};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

struct Unpark(std::thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}

pub(crate) fn address(path: &str) -> Address {
    Address(path.split('/').map(str::to_owned).collect())
}

pub(crate) fn mutation(path: &str, edit: Edit) -> Mutation {
    Mutation {
        address: address(path),
        precondition: Precondition::default(),
        edit,
        key: None,
        wants_image: true,
    }
}

pub(crate) fn put(path: &str, text: &str) -> Mutation {
    let value = Value::parse(text.as_bytes()).unwrap();
    mutation(path, Edit::Put { value, text: None })
}

pub(crate) fn add(path: &str, key: Option<&str>, text: &str) -> Mutation {
    let value = Value::parse(text.as_bytes()).unwrap();
    let key = key.map(str::to_owned);
    mutation(path, Edit::Add(vec![Addition { key, value }]))
}

/// Opens with small segments, so that a script fills a few of them.
pub(crate) fn try_open(medium: &MemoryMedium, durability: Durability) -> Result<Store, OpenError> {
    let settings = Settings {
        durability,
        watch: Watch::Off,
        segment_bytes: 2048,
        ..Settings::default()
    };
    open_with(medium, None, &settings)
}

pub(crate) fn open_with(
    medium: &MemoryMedium,
    single: Option<&str>,
    settings: &Settings,
) -> Result<Store, OpenError> {
    let served = Served {
        medium: Arc::new(medium.clone()),
        single: single.map(str::to_owned),
    };
    let journal = Arc::new(medium.sub_folder(".jsond"));
    Store::open(served, journal, settings, Progress::silent())
}

/// Opens with members of other names as ids, as `--id` says them.
pub(crate) fn open_by(medium: &MemoryMedium, words: &[&str]) -> Store {
    let settings = Settings {
        segment_bytes: 2048,
        watch: Watch::Off,
        ids: IdNames::parse(words.iter().copied()).unwrap(),
        ..Settings::default()
    };
    open_with(medium, None, &settings).unwrap()
}

pub(crate) fn open(medium: &MemoryMedium) -> Store {
    try_open(medium, Durability::Always).unwrap()
}

pub(crate) fn accept(store: &Store, mutation: Mutation) {
    let outcome = wait(store.submit(mutation));
    assert!(matches!(outcome, Ok(Outcome::Applied(_))), "{outcome:?}");
}

pub(crate) fn text_at(store: &Store, path: &str) -> Option<String> {
    match store.image().resolve(&address(path)) {
        Resolved::Value(place) => Some(place.value.to_json().to_string()),
        _ => None,
    }
}

pub(crate) fn disk(medium: &MemoryMedium, path: &str) -> String {
    String::from_utf8(medium.read(path).unwrap().unwrap()).unwrap()
}

pub(crate) fn segments(medium: &MemoryMedium) -> Vec<String> {
    let mut names: Vec<_> = medium
        .list(".jsond")
        .unwrap()
        .into_iter()
        .map(|it| it.name)
        .filter(|it| it.starts_with("journal-"))
        .collect();
    names.sort();
    names
}

pub(crate) fn names_with(medium: &MemoryMedium, part: &str) -> Vec<String> {
    let names = medium.list("").unwrap().into_iter().map(|it| it.name);
    names.filter(|it| it.contains(part)).collect()
}

/// The same mutation under a key.
pub(crate) fn keyed(mutation: Mutation, name: &str, request: u128) -> Mutation {
    let name = name.to_owned();
    Mutation {
        key: Some(Key { name, request }),
        ..mutation
    }
}

/// What the client sees of an answer: effect, addresses, value.
pub(crate) fn seen(outcome: &Outcome) -> (Effect, Vec<String>, Option<String>) {
    let Outcome::Applied(applied) = outcome else {
        panic!("{outcome:?}");
    };
    let written = applied.written.iter().map(|it| it.0.join("/")).collect();
    let value = applied.value.as_ref().map(|it| it.to_json().to_string());
    (applied.effect, written, value)
}
