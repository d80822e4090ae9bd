//! Where the record with a key is: from a hash of the key to the order number of its leaf, and to about
//! the place where it is in there.
//!
//! The index keeps no keys; the leaf is asked whether it holds the key. Two keys with one hash are
//! twins: the second is kept by its full text. What keeps an array from being a collection, ids that
//! stand more than once and entries without one, is counted, so that no edit has to look for it.

mod orders;

pub(crate) use orders::Spot;

use imbl::OrdMap;
use orders::{Entry, Orders};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;
use xxhash_rust::xxh3::xxh3_64_with_seed;

#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    orders: Orders,
    twins: OrdMap<String, u64>,
    /// The keys that stand more than once, and how often in which leaf.
    ///
    /// INVARIANT: at least twice, and not among the others.
    repeated: OrdMap<String, OrdMap<u64, usize>>,
    /// How many entries have no key.
    keyless: usize,
}

/// The keys that an edit takes away and brings, where they are not the same; one that is none is
/// that of an entry without a key.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    pub(crate) gone: Option<Option<String>>,
    pub(crate) came: Option<Option<String>>,
    /// The leaf that holds the key that comes already.
    pub(crate) held: Option<u64>,
    /// The place in the leaf of what goes and comes.
    pub(crate) within: usize,
}

/// The spots of keys, as they are gathered to be indexed at once.
#[derive(Debug)]
pub(crate) struct Spots {
    entries: Vec<Entry>,
    keyless: usize,
}

impl Spots {
    /// With room for so many keys.
    pub(crate) fn with_capacity(keys_max: usize) -> Self {
        let entries = Vec::with_capacity(keys_max);
        let keyless = 0;
        Self { entries, keyless }
    }

    pub(crate) fn push(&mut self, key: &str, spot: Spot) {
        self.entries.push(Entry::new(hash(key), spot));
    }

    /// Adds entries without a key.
    pub(crate) fn push_keyless(&mut self, count: usize) {
        self.keyless += count;
    }
}

/// Which bits of a hash count; the tests leave only a few, so that twins are common there.
const HASH_MASK: u64 = if cfg!(test) { 0xff << 56 } else { u64::MAX };

/// So that nobody can find keys that are all on one page.
static SEED: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(0));

impl Index {
    /// Indexes entries by the hashes of their keys; none where two keys have one hash, or are the
    /// same.
    pub(crate) fn of_spots(spots: Spots) -> Option<Self> {
        let Spots {
            mut entries,
            keyless,
        } = spots;
        entries.sort_unstable();
        let is_unique = entries
            .windows(2)
            .all(|pair| pair[0].key() != pair[1].key());
        is_unique.then(|| Self {
            orders: Orders::of_sorted(&entries),
            keyless,
            ..Self::default()
        })
    }

    /// Judges whether every entry has a key of its own.
    pub(crate) fn is_unique(&self) -> bool {
        self.keyless == 0 && self.repeated.is_empty()
    }

    /// The leaves that may hold the key, to be asked; a twin is held for certain.
    pub(crate) fn candidates(&self, key: &str) -> impl Iterator<Item = Spot> {
        let others = self.place_of(key).map(|order| Spot::of(order, 0));
        self.place_by_hash(key).into_iter().chain(others)
    }

    /// The leaf that may hold the key, or another with its hash.
    pub(crate) fn place_by_hash(&self, key: &str) -> Option<Spot> {
        self.orders.get(hash(key))
    }

    /// The leaf that holds the key for certain, of a twin or of one that stands more than once.
    pub(crate) fn place_of(&self, key: &str) -> Option<u64> {
        let repeated = || Some(self.repeated.get(key)?.get_min()?.0);
        self.twins.get(key).copied().or_else(repeated)
    }

    /// Notes entries without a key.
    pub(crate) fn add_keyless(&mut self, count: usize) {
        self.keyless += count;
    }

    /// Forgets an entry without a key.
    pub(crate) fn remove_keyless(&mut self) {
        self.keyless -= 1;
    }

    /// Notes an edit in the leaf at `order`.
    pub(crate) fn exchange(&mut self, order: u64, keys: Keys) {
        match keys.gone {
            Some(Some(key)) => self.remove(&key, order),
            Some(None) => self.remove_keyless(),
            None => {}
        }
        match (keys.came, keys.held) {
            (Some(Some(key)), Some(held)) => self.repeat(&key, held, order),
            (Some(Some(key)), None) => self.insert(&key, Spot::of(order, keys.within)),
            (Some(None), _) => self.add_keyless(1),
            (None, _) => {}
        }
    }

    /// Notes a key that the tree did not hold.
    pub(crate) fn insert(&mut self, key: &str, spot: Spot) {
        let hash = hash(key);
        if self.orders.get(hash).is_some() {
            self.twins.insert(key.to_owned(), spot.order);
        } else {
            self.orders.insert(hash, spot);
        }
    }

    /// Notes a key once more, which the tree holds in the leaf at `held` already.
    pub(crate) fn repeat(&mut self, key: &str, held: u64, order: u64) {
        if !self.repeated.contains_key(key) {
            self.forget(key);
            self.repeated.insert(key.to_owned(), OrdMap::unit(held, 1));
        }
        if let Some(places) = self.repeated.get_mut(key) {
            *places.entry(order).or_insert(0) += 1;
        }
    }

    /// Notes that a key that the tree holds has moved from one leaf to another.
    pub(crate) fn relocate(&mut self, key: &str, from: u64, to: Spot) {
        if let Some(places) = self.repeated.get_mut(key) {
            take_one(places, from);
            *places.entry(to.order).or_insert(0) += 1;
        } else if let Some(place) = self.twins.get_mut(key) {
            *place = to.order;
        } else {
            self.orders.insert(hash(key), to);
        }
    }

    /// Forgets a key in a leaf.
    pub(crate) fn remove(&mut self, key: &str, order: u64) {
        let Some(places) = self.repeated.get_mut(key) else {
            self.forget(key);
            return;
        };
        take_one(places, order);
        if places.values().sum::<usize>() == 1 {
            let left = places.keys().next().copied();
            self.repeated.remove(key);
            let left = left.expect("INVARIANT: one is left");
            self.insert(key, Spot::of(left, 0));
        }
    }

    fn forget(&mut self, key: &str) {
        if self.twins.remove(key).is_none() {
            self.orders.remove(hash(key));
        }
    }
}

/// Counts one less in a leaf.
fn take_one(places: &mut OrdMap<u64, usize>, order: u64) {
    match places.get_mut(&order) {
        Some(count) if *count > 1 => *count -= 1,
        _ => {
            places.remove(&order);
        }
    }
}

/// The hash by which a key is found.
fn hash(key: &str) -> u64 {
    xxh3_64_with_seed(key.as_bytes(), *SEED) & HASH_MASK
}
