//! Where the record with a key is: from a hash of the key to the order number of its leaf.
//!
//! The index keeps no keys; the leaf is asked whether it holds the key. Two keys with one hash are
//! twins: the second is kept by its full text.

use imbl::OrdMap;
use xxhash_rust::xxh3::xxh3_64;

#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    orders: OrdMap<u64, u64>,
    twins: OrdMap<String, u64>,
}

/// Which bits of a hash count; the tests leave only a few, so that twins are common there.
const HASH_MASK: u64 = if cfg!(test) { 0xff } else { u64::MAX };

impl Index {
    /// The leaf that may hold the key, to be asked; a twin is held for certain.
    pub(crate) fn candidates(&self, key: &str) -> impl Iterator<Item = u64> {
        let by_hash = self.orders.get(&hash(key)).copied();
        by_hash.into_iter().chain(self.twins.get(key).copied())
    }

    /// Notes a key that the tree did not hold.
    pub(crate) fn insert(&mut self, key: &str, order: u64) {
        let hash = hash(key);
        if self.orders.contains_key(&hash) {
            self.twins.insert(key.to_owned(), order);
        } else {
            self.orders.insert(hash, order);
        }
    }

    /// Notes that a key that the tree holds has moved to another leaf.
    pub(crate) fn relocate(&mut self, key: &str, order: u64) {
        if let Some(place) = self.twins.get_mut(key) {
            *place = order;
        } else {
            self.orders.insert(hash(key), order);
        }
    }

    /// Forgets a key.
    pub(crate) fn remove(&mut self, key: &str) {
        if self.twins.remove(key).is_none() {
            self.orders.remove(&hash(key));
        }
    }
}

fn hash(key: &str) -> u64 {
    xxh3_64(key.as_bytes()) & HASH_MASK
}
