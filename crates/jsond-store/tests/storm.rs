//! A storm: seeded sequences of writes, checkpoint rounds, failing calls, kills, power cuts, edits
//! by hand and restarts, each compared with a model of what was acknowledged.
//!
//! The hand touches only records of its own, so what a merge must come to is known. A write in
//! flight when a call failed may be there or not. Run one story again with `STORM_SEED=17`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[path = "support/model.rs"]
mod model;
mod support;

use jsond_store::medium::{Fault, Medium, MemoryMedium};
use jsond_store::{Durability, Effect, Mutation, Outcome, Store, StoreError};
use model::{Model, Random, Records, Write};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use support::{keyed, names_with, open, seen, segments, text_at, try_open, wait};

/// What a storm may do.
#[derive(Clone, Copy)]
struct Weather {
    faults: bool,
    /// The hand edits while the server runs, and while it is down.
    hand: bool,
    hand_down: bool,
    /// The hand edits lists too, not only objects.
    hand_lists: bool,
    /// A killed server starts again on the same machine, and what was not synced is not yet.
    same_machine: bool,
}

struct Storm {
    random: Random,
    weather: Weather,
    medium: MemoryMedium,
    store: Store,
    /// What may be there: the acknowledged writes, and then those that were in flight one by one.
    models: Vec<Model>,
    hand: [Records; 2],
    /// Acknowledged writes with the answers that they got: each has a key.
    done: Vec<(Mutation, Answer)>,
    next: u64,
    story: Vec<String>,
    /// The calls of the medium before the last restart, for who looks for what went wrong.
    calls: Vec<String>,
}

/// Effect, addresses and value.
type Answer = (Effect, Vec<String>, Option<String>);

const FILES: [&str; 2] = ["object.json", "list.json"];

impl Storm {
    fn new(seed: u64, weather: Weather) -> Self {
        let medium = MemoryMedium::new();
        medium.put("object.json", b"{\n\t\"1\": {\n\t\t\"n\": 1\n\t}\n}\n");
        medium.put(
            "list.json",
            b"[\n\t{\"id\": 1, \"n\": 1},\n\t{\"id\": 2, \"n\": 2}\n]\n",
        );
        let mut model = Model::default();
        model.apply(&Write::Object("1".to_owned(), Some(1)));
        model.apply(&Write::List("1".to_owned(), Some(1)));
        model.apply(&Write::List("2".to_owned(), Some(2)));
        Self {
            random: Random(seed),
            weather,
            store: open(&medium),
            medium,
            models: vec![model],
            hand: Default::default(),
            done: Vec::new(),
            next: 10,
            story: Vec::new(),
            calls: Vec::new(),
        }
    }

    /// Notes what was called up to something that begins the list of calls anew.
    fn note_calls(&mut self, what: &str) {
        self.calls.extend(self.medium.calls());
        self.calls.push(format!("-- {what}"));
    }

    fn tell(&mut self, what: impl Into<String>) {
        self.story.push(what.into());
    }

    fn run(&mut self) {
        for _ in 0..30 {
            match self.random.below(20) {
                0..=9 => self.write_some(),
                10..=12 => {
                    let worked = self.store.settle();
                    self.tell(format!("settle: {worked}"));
                }
                13..=14 if self.weather.faults => self.plan_a_fault(),
                15..=16 if self.weather.hand => self.edit_while_running(),
                17..=18 => self.restart(),
                19 => self.repeat_some(),
                _ => {}
            }
        }
        self.stop_cleanly();
    }

    fn plan_a_fault(&mut self) {
        let faults = [
            Fault::Once,
            Fault::NoRoom,
            Fault::FromThenOn,
            Fault::FullFromThenOn,
        ];
        let fault = faults[usize::try_from(self.random.below(4)).unwrap()];
        let at = usize::try_from(self.random.below(12)).unwrap();
        self.note_calls("plan");
        self.medium.plan(Some((at, fault)));
        let calls = self.medium.calls().len();
        self.tell(format!("plan {fault:?} at call {at} from call {calls} on"));
    }

    fn any_write(&mut self, model: &Model) -> Write {
        self.next += 1;
        let number = self.next;
        let which = self.random.below(7);
        let records = if which < 3 {
            &model.object
        } else {
            &model.list
        };
        let at = self.random.below(records.len().max(1) as u64);
        let known = records.keys().nth(usize::try_from(at).unwrap()).cloned();
        let (key, number) = match (self.random.below(4), known) {
            (0, Some(key)) => (key, None),
            (1 | 2, Some(key)) => (key, Some(number)),
            _ => (number.to_string(), Some(number)),
        };
        match which {
            0..=2 => Write::Object(key, number),
            3..=5 => Write::List(key, number),
            _ if model.whole.is_some() && number.is_none() => Write::Whole(None),
            _ => Write::Whole(Some(self.next)),
        }
    }

    /// Submits one to three writes at once, which often become one batch.
    fn write_some(&mut self) {
        let mut ahead = self.models[0].clone();
        let mut submitted = Vec::new();
        for _ in 0..=self.random.below(3) {
            let write = self.any_write(&ahead);
            let mutation = ahead.mutation(&write, &mut self.random);
            let mutation = keyed(mutation, &self.next.to_string(), self.next.into());
            ahead.apply(&write);
            submitted.push((write, mutation.clone(), self.store.submit(mutation)));
        }
        let mut refused = false;
        for (write, mutation, answer) in submitted {
            let answer = wait(answer).map(|outcome| {
                let is_applied = matches!(outcome, Outcome::Applied(_));
                if is_applied {
                    self.done.push((mutation, seen(&outcome)));
                }
                is_applied
            });
            self.tell(format!("write {write:?}: {answer:?}"));
            match answer {
                Ok(true) => {
                    assert_eq!(self.models.len(), 1, "acknowledged after a failure");
                    self.models[0].apply(&write);
                }
                // What a write before it would have made is not there.
                Ok(false) => assert!(refused || self.models.len() > 1, "{write:?} was rejected"),
                Err(StoreError::Full | StoreError::NotStored) => refused = true,
                Err(StoreError::OutcomeUnknown) => {
                    let mut model = self.models.last().unwrap().clone();
                    model.apply(&write);
                    self.models.push(model);
                }
                Err(StoreError::Stopped) => panic!("the store has stopped"),
            }
        }
    }

    /// Sends acknowledged writes again: the first answer, and nothing changes.
    fn repeat_some(&mut self) {
        let before = self.in_image();
        for _ in 0..4 {
            let at = self.random.below(self.done.len().max(1) as u64);
            let Some((mutation, answer)) = self.done.get(usize::try_from(at).unwrap()).cloned()
            else {
                return;
            };
            let name = mutation.key.as_ref().unwrap().name.clone();
            match wait(self.store.submit(mutation)) {
                Ok(outcome) => assert_eq!(seen(&outcome), answer, "the repeat of {name}"),
                // A checkpoint in the same batch met a call that fails.
                Err(_) => assert!(self.weather.faults, "the repeat of {name}"),
            }
            self.tell(format!("repeat {name}"));
        }
        assert_eq!(self.in_image(), before, "a repeat changed something");
    }

    /// No checkpoint is due while the hand edits, or it would bury what was written meanwhile.
    fn edit_while_running(&mut self) {
        self.store.settle();
        if self.random.below(2) == 0 {
            self.write_some();
        }
        self.edit_by_hand();
    }

    /// Adds or changes a record of the hand's own in a file as it lies on disk.
    fn edit_by_hand(&mut self) {
        let files = if self.weather.hand_lists { 2 } else { 1 };
        let which = usize::try_from(self.random.below(files)).unwrap();
        self.next += 1;
        let number = self.next;
        let text = self.medium.read(FILES[which]).unwrap();
        let mut file: Value = serde_json::from_slice(&text.unwrap()).unwrap();
        let known = self.hand[which].keys().next().cloned();
        let key = match known {
            Some(key) if self.random.below(2) == 0 => key,
            _ => format!("{}", 1_000_000 + number),
        };
        match &mut file {
            Value::Object(members) => drop(members.insert(key.clone(), json!({ "n": number }))),
            Value::Array(records) => {
                let id: u64 = key.parse().unwrap();
                let there = records.iter_mut().find(|it| it["id"] == json!(id));
                match there {
                    Some(record) => record["n"] = json!(number),
                    None => records.push(json!({ "id": id, "n": number })),
                }
            }
            _ => panic!("{file}"),
        }
        self.hand[which].insert(key.clone(), number);
        self.tell(format!("hand: {} {key} = {number}", FILES[which]));
        let text = serde_json::to_string_pretty(&file).unwrap();
        self.medium.put(FILES[which], text.as_bytes());
    }

    fn restart(&mut self) {
        self.note_calls("restart");
        let ways = if self.weather.same_machine { 4 } else { 3 };
        match self.random.below(ways) {
            0 => {
                self.tell("power cut");
                let left = self.medium.after_power_cut();
                self.store.stop();
                self.medium = left;
            }
            1 => {
                self.tell("kill, and all is synced");
                let left = self.medium.after_kill();
                self.store.stop();
                self.medium = left;
            }
            2 => return self.stop_cleanly(),
            _ => {
                self.tell("kill");
                self.medium.plan(Some((0, Fault::FromThenOn)));
                self.store.stop();
                self.medium.plan(None);
            }
        }
        self.start();
    }

    fn stop_cleanly(&mut self) {
        self.note_calls("stop");
        let clean = self.store.stop();
        self.tell(format!("stop: {clean}"));
        self.medium.plan(None);
        if clean {
            assert_eq!(segments(&self.medium), Vec::<String>::new());
            let on_disk = self.on_disk();
            self.compare(&on_disk);
        }
        self.start();
    }

    /// Starts on what is left; sometimes the start itself is cut off first.
    fn start(&mut self) {
        self.assert_files_are_valid();
        for _ in 0..2 {
            if self.weather.hand_down && self.random.below(3) == 0 {
                self.edit_by_hand();
            }
        }
        if self.weather.faults && self.random.below(3) == 0 {
            let at = usize::try_from(self.random.below(6)).unwrap();
            self.medium.plan(Some((at, Fault::FromThenOn)));
            if let Ok(store) = try_open(&self.medium, Durability::Always) {
                store.stop();
            }
            self.tell(format!("a start that is cut off at call {at}"));
            self.medium.plan(None);
        }
        self.store = open(&self.medium);
        let image = self.in_image();
        self.compare(&image);
        if self.random.below(3) == 0 {
            self.tell("start");
            return;
        }
        let settled = self.store.settle();
        self.tell(format!("start, settle: {settled}"));
        assert!(settled, "a sound medium");
        let image = self.in_image();
        self.compare(&image);
        let on_disk = self.on_disk();
        assert_eq!(on_disk, image, "the files differ from the image");
    }

    fn assert_files_are_valid(&self) {
        for name in names_with(&self.medium, ".json") {
            if name.ends_with(".json") && !name.starts_with('.') {
                let text = self.medium.read(&name).unwrap().unwrap();
                let found: Result<Value, _> = serde_json::from_slice(&text);
                assert!(found.is_ok(), "{name} is torn: {found:?}");
            }
        }
    }

    fn in_image(&self) -> Model {
        model_of(|name| text_at(&self.store, name))
    }

    fn on_disk(&self) -> Model {
        let text = |name: &str| self.medium.read(name).unwrap();
        model_of(|name| text(name).map(|text| String::from_utf8(text).unwrap()))
    }

    /// Compares with what may be there, and goes on with what is.
    fn compare(&mut self, found: &Model) {
        let mut api = found.clone();
        for (which, records) in [&mut api.object, &mut api.list].into_iter().enumerate() {
            let is_hands = |key: &String| key.parse::<u64>().unwrap() > 1_000_000;
            let hands: Records = records
                .iter()
                .filter(|(key, _)| is_hands(key))
                .map(|(key, number)| (key.clone(), *number))
                .collect();
            self.compare_hand(which, hands);
            records.retain(|key, _| !is_hands(key));
        }
        assert!(
            self.models.contains(&api),
            "found {api:?}\nacknowledged {:?}\nin flight {:?}",
            self.models[0],
            &self.models[1..]
        );
        self.models = vec![api];
    }

    /// What the hand wrote is in the file, or kept beside it where the two sides did not go together.
    fn compare_hand(&mut self, which: usize, found: Records) {
        let has_it = |text: &[u8]| {
            let file: Value = serde_json::from_slice(text).unwrap();
            let here = |(key, number): (&String, &u64)| {
                let record = match &file {
                    Value::Array(records) => records
                        .iter()
                        .find(|it| it["id"].as_u64() == key.parse().ok()),
                    object => object.get(key),
                };
                record.is_some_and(|it| it["n"] == json!(number))
            };
            self.hand[which].iter().all(here)
        };
        let kept = names_with(&self.medium, &format!("{}.conflict-", FILES[which]));
        let mut kept = kept
            .iter()
            .map(|name| self.medium.read(name).unwrap().unwrap());
        assert!(
            found == self.hand[which] || kept.any(|text| has_it(&text)),
            "the hand's in {}: {found:?} for {:?}",
            FILES[which],
            self.hand[which]
        );
        self.hand[which] = found;
    }
}

fn model_of(text: impl Fn(&str) -> Option<String>) -> Model {
    let read = |name: &str| -> Option<Value> {
        text(name).map(|text| serde_json::from_str(&text).unwrap())
    };
    let number = |value: &Value| value["n"].as_u64().unwrap();
    let mut model = Model::default();
    let object = read("object.json").unwrap();
    for (key, value) in object.as_object().unwrap() {
        model.object.insert(key.clone(), number(value));
    }
    for value in read("list.json").unwrap().as_array().unwrap() {
        let id = value["id"].to_string();
        let doubled = model.list.insert(id.clone(), number(value));
        assert_eq!(doubled, None, "record {id} is there twice");
    }
    model.whole = read("whole.json").map(|value| number(&value));
    model
}

/// Runs one story; gives it back when it failed.
fn fails(seed: u64, weather: Weather) -> Option<String> {
    let mut storm = Storm::new(seed, weather);
    let run = std::panic::AssertUnwindSafe(|| storm.run());
    let failed = std::panic::catch_unwind(run).err()?;
    let why = failed.downcast_ref::<String>().cloned();
    let why = why.or_else(|| failed.downcast_ref::<&str>().map(|it| (*it).to_owned()));
    Some(format!(
        "seed {seed}\n  {}\n{}\nthe calls up to the last restart:\n  {}",
        storm.story.join("\n  "),
        why.unwrap_or_default(),
        storm.calls.join("\n  ")
    ))
}

fn weather_holds(seeds: u64, weather: Weather) {
    let only = std::env::var("STORM_SEED")
        .ok()
        .and_then(|it| it.parse().ok());
    let seeds: BTreeSet<u64> = only.map_or((0..seeds).collect(), |seed| BTreeSet::from([seed]));
    let failed: Vec<_> = seeds
        .iter()
        .filter_map(|&seed| fails(seed, weather))
        .collect();
    assert!(
        failed.is_empty(),
        "{} of {} stories failed; the shortest:\n{}",
        failed.len(),
        seeds.len(),
        failed.iter().min_by_key(|it| it.len()).unwrap()
    );
}

const CALM: Weather = Weather {
    faults: false,
    hand: false,
    hand_down: false,
    hand_lists: true,
    same_machine: false,
};

#[test]
fn calls_that_fail_and_restarts_on_the_same_machine_lose_nothing() {
    let weather = Weather {
        faults: true,
        same_machine: true,
        ..CALM
    };
    weather_holds(150, weather);
}

#[test]
fn edits_by_hand_while_the_server_runs_merge_whatever_happens() {
    let weather = Weather {
        hand: true,
        hand_lists: true,
        ..CALM
    };
    weather_holds(80, weather);
}

#[test]
fn edits_by_hand_at_any_time_with_calls_that_fail_lose_nothing() {
    let weather = Weather {
        faults: true,
        hand: true,
        hand_down: true,
        hand_lists: true,
        same_machine: true,
    };
    weather_holds(300, weather);
}
