//! What a storm writes, and the model that says what must be there: an object of records, a list of
//! records and a file that comes and goes.

use crate::support::{add, mutation, put};
use jsond_store::{Edit, Mutation};
use serde_json::json;
use std::collections::BTreeMap;

/// The numbers of Knuth's MMIX, of which the upper bits are used.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Records by key, each with one number.
pub(crate) type Records = BTreeMap<String, u64>;

#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Model {
    pub(crate) object: Records,
    pub(crate) list: Records,
    pub(crate) whole: Option<u64>,
}

#[derive(Debug, Clone)]
pub(crate) enum Write {
    Object(String, Option<u64>),
    List(String, Option<u64>),
    Whole(Option<u64>),
}

impl Model {
    pub(crate) fn apply(&mut self, write: &Write) {
        let set = |records: &mut Records, key: &String, number: Option<u64>| match number {
            Some(number) => drop(records.insert(key.clone(), number)),
            None => drop(records.remove(key)),
        };
        match write {
            Write::Object(key, number) => set(&mut self.object, key, *number),
            Write::List(key, number) => set(&mut self.list, key, *number),
            Write::Whole(number) => self.whole = *number,
        }
    }

    /// The mutation that makes this write here.
    pub(crate) fn mutation(&self, write: &Write, random: &mut Random) -> Mutation {
        let record = |number: u64| json!({ "n": number }).to_string();
        match write {
            Write::Object(key, None) => mutation(&format!("object.json/{key}"), Edit::Remove),
            Write::List(key, None) => mutation(&format!("list.json/{key}"), Edit::Remove),
            Write::Whole(None) => mutation("whole.json", Edit::Remove),
            Write::Whole(Some(number)) => put("whole.json", &record(*number)),
            Write::Object(key, Some(number)) if !self.object.contains_key(key) => {
                add("object.json", Some(key), &record(*number))
            }
            Write::List(key, Some(number)) if !self.list.contains_key(key) => {
                let text = format!("{{\"id\":{key},\"n\":{number}}}");
                add("list.json", None, &text)
            }
            Write::Object(key, Some(number)) if random.below(2) == 0 => {
                put(&format!("object.json/{key}"), &record(*number))
            }
            Write::Object(key, Some(number)) => {
                put(&format!("object.json/{key}/n"), &number.to_string())
            }
            Write::List(key, Some(number)) => {
                put(&format!("list.json/{key}/n"), &number.to_string())
            }
        }
    }
}
