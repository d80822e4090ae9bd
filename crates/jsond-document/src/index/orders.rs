//! A persistent map from hashes to leaves and places in them, for few misses of the cache.
//!
//! The highest bits of a hash say which page it is on, and a page is a short sorted list. So of the
//! memory that a million entries take a look-up touches hardly more than the lines of one page,
//! where a tree of the same entries has a node on each level. The pages are doubled when they are
//! full on the average; a page is shared by its two halves until it is too long by itself.

use imbl::Vector;
use std::ops::Range;
use std::sync::Arc;

/// How many bits of a hash tell keys apart; those below are room for a [`Spot::near`].
const NEAR_BITS: u32 = 8;

/// Where a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spot {
    /// The order number of its leaf.
    pub(crate) order: u64,
    /// The number of its entry in the leaf when it came there, or of one near it: others have come
    /// and gone since.
    pub(crate) near: u8,
}

impl Spot {
    /// An entry of a leaf.
    pub(crate) fn of(order: u64, within: usize) -> Self {
        let near = u8::try_from(within).unwrap_or(u8::MAX);
        Self { order, near }
    }
}

/// A hash, with [`Spot::near`] in its lowest bits, and the order number under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    hash: u64,
    order: u64,
}

impl Entry {
    pub(super) fn new(hash: u64, spot: Spot) -> Self {
        let hash = of_key(hash) << NEAR_BITS | u64::from(spot.near);
        let order = spot.order;
        Self { hash, order }
    }

    /// What of the hash tells keys apart.
    pub(super) fn key(&self) -> u64 {
        of_key(self.hash)
    }

    fn spot(&self) -> Spot {
        let [.., near] = self.hash.to_be_bytes();
        let order = self.order;
        Spot { order, near }
    }
}

/// What of a hash tells keys apart.
fn of_key(hash: u64) -> u64 {
    hash >> NEAR_BITS
}

/// How many entries a page has that is cut, where it can be, before one more is put there.
const PAGE_ENTRIES_MAX: usize = 32;

/// So many entries a page has on the average before there are twice as many: one that is longer
/// than [`PAGE_ENTRIES_MAX`] and cannot be cut is let grow until then.
const PAGE_ENTRIES_MEAN: usize = 12;

/// About how many entries a page has at the most on the average when all are there at once.
const PAGE_ENTRIES_AT_FIRST: usize = 24;

#[derive(Debug, Clone, Default)]
pub(super) struct Orders {
    /// As many as a power of two, or none; neighbours that were not cut yet are one page.
    ///
    /// INVARIANT: a page holds all entries of its places, in the order of their hashes.
    pages: Vector<Arc<[Entry]>>,
    /// How many bits of a hash are the place of its page.
    bits: u32,
    entries: usize,
}

impl Orders {
    /// Makes the map of entries with different hashes, in their order.
    pub(super) fn of_sorted(mut entries: &[Entry]) -> Self {
        let pages = (entries.len() / PAGE_ENTRIES_AT_FIRST).next_power_of_two();
        let mut orders = Self {
            pages: Vector::new(),
            bits: pages.ilog2(),
            entries: entries.len(),
        };
        for page in 0..pages {
            let is_here = |entry: &&Entry| orders.place(entry.hash) == page;
            let (here, behind) = entries.split_at(entries.iter().take_while(is_here).count());
            orders.pages.push_back(Arc::from(here));
            entries = behind;
        }
        orders
    }

    pub(super) fn get(&self, hash: u64) -> Option<Spot> {
        let page = self.pages.get(self.place(hash))?;
        let at = find(page, self.bits, hash).ok()?;
        Some(page[at].spot())
    }

    /// Puts a spot under a hash, in the place of the one that was there.
    pub(super) fn insert(&mut self, hash: u64, spot: Spot) {
        let new = Entry::new(hash, spot);
        let Some(page) = self.page(hash) else {
            self.pages.push_back(Arc::from([new]));
            self.entries = 1;
            return;
        };
        let (before, behind) = match find(&page, self.bits, hash) {
            Ok(at) => (&page[..at], &page[at + 1..]),
            Err(_) if page.len() >= PAGE_ENTRIES_MAX && self.cut(hash) => {
                return self.insert(hash, spot);
            }
            Err(at) => {
                self.entries += 1;
                page.split_at(at)
            }
        };
        let page = before.iter().chain([&new]).chain(behind);
        self.put(hash, &page.copied().collect());
    }

    pub(super) fn remove(&mut self, hash: u64) {
        if let Some(page) = self.page(hash)
            && let Ok(at) = find(&page, self.bits, hash)
        {
            self.entries -= 1;
            let left = page[..at].iter().chain(&page[at + 1..]);
            self.put(hash, &left.copied().collect());
        }
    }

    fn place(&self, hash: u64) -> usize {
        // Without bits everything has one place.
        let place = hash.checked_shr(u64::BITS - self.bits).unwrap_or(0);
        usize::try_from(place).expect("INVARIANT: as many places as there are pages")
    }

    fn page(&self, hash: u64) -> Option<Arc<[Entry]>> {
        self.pages.get(self.place(hash)).cloned()
    }

    /// The places of the page of a hash.
    fn places(&self, hash: u64) -> Range<usize> {
        let place = self.place(hash);
        let is_same = |other: &usize| Arc::ptr_eq(&self.pages[*other], &self.pages[place]);
        let before = (0..place).rev().take_while(is_same).count();
        let behind = (place..self.pages.len()).take_while(is_same).count();
        place - before..place + behind
    }

    fn put(&mut self, hash: u64, page: &Arc<[Entry]>) {
        for place in self.places(hash) {
            self.pages.set(place, Arc::clone(page));
        }
    }

    /// Cuts the page of a hash into those of its places; says whether there are more than one.
    fn cut(&mut self, hash: u64) -> bool {
        if self.entries >= self.pages.len() * PAGE_ENTRIES_MEAN {
            let twice = self.pages.iter().flat_map(|page| [page, page]);
            self.pages = twice.cloned().collect();
            self.bits += 1;
        }
        let places = self.places(hash);
        let Some(page) = self.page(hash).filter(|_| places.len() > 1) else {
            return false;
        };
        for place in places {
            let here = page.iter().filter(|entry| self.place(entry.hash) == place);
            let here: Arc<[Entry]> = here.copied().collect();
            self.pages.set(place, here);
        }
        true
    }
}

/// Finds a hash in a page, or where it would be; `bits` of the hash are the place of the page.
///
/// Hashes are spread evenly. So it is near where its next bits say, if the page has one place; a
/// binary search would touch more lines of memory.
fn find(page: &[Entry], bits: u32, hash: u64) -> Result<usize, usize> {
    let part = (hash << bits) >> 32;
    let guess = (part * page.len() as u64) >> 32;
    let mut at = usize::try_from(guess).expect("INVARIANT: less than the length");
    let key = of_key(hash);
    while page.get(at).is_some_and(|entry| entry.key() < key) {
        at += 1;
    }
    while at > 0 && page[at - 1].key() >= key {
        at -= 1;
    }
    match page.get(at) {
        Some(entry) if entry.key() == key => Ok(at),
        _ => Err(at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// Hashes of all kinds: anywhere, among few, and with the same highest bits.
    fn hashes() -> impl Strategy<Value = u64> {
        let hashes = prop_oneof![
            4 => any::<u64>(),
            2 => (0..64_u64).prop_map(|n| n << NEAR_BITS),
            1 => (0..64_u64).prop_map(|n| n << 58),
            1 => (0..4000_u64).prop_map(|n| u64::MAX - (n << NEAR_BITS)),
        ];
        hashes.prop_map(|hash| hash >> NEAR_BITS << NEAR_BITS)
    }

    fn spots() -> impl Strategy<Value = Spot> {
        (any::<u64>(), any::<u8>()).prop_map(|(order, near)| Spot { order, near })
    }

    fn check(orders: &Orders, model: &BTreeMap<u64, Spot>) -> Result<(), TestCaseError> {
        for (hash, spot) in model {
            // The lowest bits of a hash do not count.
            prop_assert_eq!(orders.get(*hash | spot.order >> 56), Some(*spot));
        }
        prop_assert_eq!(orders.entries, model.len());
        let pages = orders.pages.iter().enumerate();
        for (place, page) in pages {
            prop_assert!(page.is_sorted());
            let places = page.iter().map(|entry| orders.place(entry.hash));
            for other in places {
                prop_assert!(Arc::ptr_eq(&orders.pages[other], page), "{place} {other}");
            }
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn it_is_a_map_that_leaves_its_versions_as_they_were(
            first in prop::collection::btree_map(hashes(), spots(), 0..400),
            edits in prop::collection::vec((hashes(), spots(), 0..4_u8), 0..1500),
            absent in prop::collection::vec(hashes(), 20),
        ) {
            let sorted: Vec<_> = first.iter().map(|(hash, spot)| Entry::new(*hash, *spot)).collect();
            let (mut orders, mut model) = (Orders::of_sorted(&sorted), first);
            check(&orders, &model)?;
            let mut kept = Vec::new();
            for (n, (hash, spot, what)) in edits.into_iter().enumerate() {
                if what == 0 {
                    orders.remove(hash);
                    model.remove(&hash);
                } else {
                    orders.insert(hash, spot);
                    model.insert(hash, spot);
                }
                if n % 300 == 0 {
                    kept.push((orders.clone(), model.clone()));
                }
            }
            kept.push((orders, model));
            for (orders, model) in &kept {
                check(orders, model)?;
                for hash in &absent {
                    prop_assert_eq!(orders.get(*hash), model.get(hash).copied());
                }
            }
        }
    }

    #[test]
    fn pages_stay_short_and_few() {
        let mut orders = Orders::default();
        let spread = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for n in 0..100_000 {
            orders.insert(spread(n), Spot::of(n, 0));
        }
        let longest = orders.pages.iter().map(|page| page.len()).max();
        assert!(longest <= Some(PAGE_ENTRIES_MAX), "{longest:?}");
        assert!(orders.pages.len() <= 100_000 / 6, "{}", orders.pages.len());
        // Entries that all belong on one page do not make more pages.
        let mut skewed = Orders::default();
        for n in 0..1000 {
            skewed.insert(n << NEAR_BITS, Spot::of(n, 0));
        }
        assert!(skewed.pages.len() <= 128, "{}", skewed.pages.len());
        assert_eq!(skewed.get(999 << NEAR_BITS), Some(Spot::of(999, 0)));
    }
}
