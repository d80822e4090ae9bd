//! How the entries of a tree are found by their keys: the members of an object by name, the records
//! of an array by id.
//!
//! An array is indexed by the member of one name, and its edits inherit that name. Whoever asks by
//! another name is answered rightly too, by reading all records.

use super::{Child, Node, Place, Tree, summed_ids};
use crate::collection;
use crate::id_name::IdRule;
use crate::index::{Index, Keys, Spot, Spots};
use crate::leaf::{Leaf, Piece};
use crate::value::Value;
use std::sync::Arc;

impl Tree {
    /// Judges whether the value is a collection.
    ///
    /// *Cost*: constant for the name by which it is indexed, linear for another.
    pub(crate) fn is_collection(&self, id_name: &str) -> bool {
        if self.sum.objects != self.sum.entries {
            return false;
        }
        if self.named() || self.is_indexed_by(id_name) {
            return self.index.is_unique();
        }
        collection::are_records(self.pieces_from(0).map(|piece| piece.value), id_name)
    }

    /// Judges whether the records of an array are indexed by the member of this name.
    pub(crate) fn is_indexed_by(&self, id_name: &str) -> bool {
        self.id_name.as_str() == id_name
    }

    /// Makes the tree whose arrays are indexed as a rule says; itself where they are already.
    ///
    /// *Cost*: linear where an index has to be made, else in the number of leaves.
    pub(crate) fn indexed_by(self: &Arc<Self>, ids: &IdRule) -> Arc<Self> {
        let id_name = ids.index_name(self.kind);
        let mut is_changed = false;
        let mut below = Vec::new();
        for leaf in self.leaves() {
            if let Leaf::Big { name, tree } = &**leaf {
                let new = tree.indexed_by(&ids.entry(name.as_deref()));
                is_changed |= !Arc::ptr_eq(tree, &new);
                below.push(new);
            }
        }
        if is_changed {
            let digest = self.digest.clone();
            let tree = Self::build(self.kind, self.pieces_with(below), id_name);
            return Arc::new(Self { digest, ..tree });
        }
        if self.id_name == id_name {
            return Arc::clone(self);
        }
        let leaves = self.leaves_with_order().into_iter();
        let level: Vec<_> = leaves
            .map(|(child, leaf)| {
                let id_name = summed_ids(self.kind, &id_name);
                Child::of_leaf(child.order, Arc::clone(leaf), id_name)
            })
            .collect();
        let mut tree = Self::of_children(self.kind, level, id_name);
        tree.digest = self.digest.clone();
        tree.index = tree.make_index();
        Arc::new(tree)
    }

    /// The largest id of an array if all entries have an integer as their id; 0 without entries.
    pub(crate) fn largest_integer_id(&self) -> Option<u64> {
        (self.sum.integers == self.sum.entries).then_some(self.sum.largest)
    }

    /// All entries, with other trees in the place of the large ones.
    fn pieces_with(&self, large: Vec<Arc<Self>>) -> Vec<Piece> {
        let mut large = large.into_iter().map(Value::large);
        let with = |leaf: &Arc<Leaf>| {
            let mut pieces = leaf.pieces(self.named());
            if let (Leaf::Big { .. }, [piece]) = (&**leaf, &mut pieces[..]) {
                piece.value = large.next().expect("INVARIANT: one for each");
            }
            pieces
        };
        self.leaves().flat_map(with).collect()
    }

    /// Finds an entry by member name or, in a collection, by id.
    pub(crate) fn find(&self, key: &str) -> Option<Place> {
        self.index.candidates(key).find_map(|spot| {
            let (leaf, within) = self.find_at(spot, key)?;
            Some(Place {
                order: spot.order,
                within,
                leaf: Arc::clone(leaf),
            })
        })
    }

    /// Finds the leaf that holds a member, and the member's place in it.
    pub(crate) fn find_in_leaf(&self, name: &str) -> Option<(&Leaf, usize)> {
        self.index.candidates(name).find_map(|spot| {
            let (leaf, within) = self.find_at(spot, name)?;
            Some((&**leaf, within))
        })
    }

    /// Finds the entry with a key in the leaf of a spot: the leaf, and the place in it; the first one
    /// where it stands more than once and the spot is the first of the leaf.
    fn find_at(&self, spot: Spot, key: &str) -> Option<(&Arc<Leaf>, usize)> {
        let leaf = self.leaf_of_order(spot.order)?;
        let (near, id_name) = (usize::from(spot.near), self.id_name.as_str());
        let within = leaf.find(key, near, self.named(), id_name)?;
        Some((leaf, within))
    }

    /// What an edit means for the index, as long as it is not made.
    pub(super) fn keys_of(
        &self,
        within: usize,
        gone: Option<&Piece>,
        came: Option<&Piece>,
    ) -> Keys {
        let name = |piece: Option<&Piece>| piece.and_then(|piece| piece.name.clone());
        if name(gone).is_some() && name(gone) == name(came) {
            return Keys::default();
        }
        let id_name = self.id_name.as_str();
        let key_of = |piece: &'_ Piece| piece.key(id_name).map(std::borrow::Cow::into_owned);
        let (gone, came) = (gone.map(key_of), came.map(key_of));
        if gone == came {
            return Keys::default();
        }
        // What is gone has another key, so what has this one now is held still.
        let held = came.as_ref().and_then(|key| self.find(key.as_deref()?));
        Keys {
            gone,
            came,
            held: held.map(|held| held.order),
            within,
        }
    }

    /// Takes the index out, as it is after an edit in the leaf at `order` of which `children` came and
    /// perhaps of its neighbours; each with the number of the leaf that held its entries before.
    pub(super) fn moved_index(
        &mut self,
        order: u64,
        children: &[(u64, Child)],
        keys: Keys,
    ) -> Index {
        let mut index = std::mem::take(&mut self.index);
        index.exchange(order, keys);
        for (from, child) in children {
            let Node::Leaf(leaf) = &child.node else {
                continue;
            };
            if *from == child.order {
                continue;
            }
            for (within, piece) in leaf.pieces(self.named()).iter().enumerate() {
                if let Some(key) = piece.key(self.id_name.as_str()) {
                    index.relocate(&key, *from, Spot::of(child.order, within));
                }
            }
        }
        index
    }

    /// Indexes all entries.
    ///
    /// The hashes of all keys tell whether they are different: a list of the keys would take about the
    /// memory of the text while a large file is read.
    pub(super) fn make_index(&self) -> Index {
        // Elements that are no objects have no key.
        let keys_max = match self.named() {
            true => self.sum.entries,
            false => self.sum.objects,
        };
        let mut spots = Spots::with_capacity(keys_max);
        for (child, leaf) in self.leaves_with_order() {
            if !self.named() && leaf.sum().objects == 0 {
                spots.push_keyless(leaf.sum().entries);
                continue;
            }
            for (within, piece) in leaf.pieces(self.named()).iter().enumerate() {
                match piece.key(self.id_name.as_str()) {
                    Some(key) => spots.push(&key, Spot::of(child.order, within)),
                    None => spots.push_keyless(1),
                }
            }
        }
        Index::of_spots(spots).unwrap_or_else(|| self.index_one_by_one())
    }

    /// Indexes all entries where some have the key of another, or its hash.
    fn index_one_by_one(&self) -> Index {
        let mut index = Index::default();
        for (&Child { order, .. }, leaf) in self.leaves_with_order() {
            for (within, piece) in leaf.pieces(self.named()).iter().enumerate() {
                let Some(key) = piece.key(self.id_name.as_str()) else {
                    index.add_keyless(1);
                    continue;
                };
                // The names of an object are distinct.
                let held = match self.named() {
                    true => None,
                    false => self.held_before(&index, &key, order, within),
                };
                match held {
                    Some(held) => index.repeat(&key, held, order),
                    None => index.insert(&key, Spot::of(order, within)),
                }
            }
        }
        index
    }

    /// The leaf that holds a key already when all entries before a place are indexed.
    fn held_before(&self, index: &Index, key: &str, order: u64, within: usize) -> Option<u64> {
        let is_before = |&held: &u64| {
            // From the first entry on: the key may stand in the leaf more than once.
            let found = self.find_at(Spot::of(held, 0), key);
            found.is_some_and(|(_, it)| held < order || it < within)
        };
        let by_hash = || Some(index.place_by_hash(key)?.order).filter(is_before);
        index.place_of(key).or_else(by_hash)
    }
}

#[cfg(test)]
mod tests {
    use crate::{ID_NAME, Value};
    use proptest::prelude::*;

    #[derive(Debug, Clone)]
    enum Step {
        Add(usize, String),
        Set(usize, String),
        Remove(usize),
    }

    /// Few ids, so that they stand twice and thrice, and some elements without one.
    fn element() -> impl Strategy<Value = String> {
        prop_oneof![
            8 => (0..400_u16).prop_map(|id| format!("{{\"id\":{id},\"text\":\"{id:040}\"}}")),
            2 => (0..400_u16).prop_map(|id| format!("{{\"id\":\"{id}\"}}")),
            1 => Just("{\"id\":null}".to_owned()),
            1 => Just("17".to_owned()),
        ]
    }

    fn step() -> impl Strategy<Value = Step> {
        let place = 0..1000_usize;
        prop_oneof![
            2 => (place.clone(), element()).prop_map(|(at, text)| Step::Add(at, text)),
            1 => (place.clone(), element()).prop_map(|(at, text)| Step::Set(at, text)),
            3 => place.prop_map(Step::Remove),
        ]
    }

    fn take(value: &Value, step: &Step) -> Value {
        let parse = |text: &String| Value::parse(text.as_bytes()).unwrap();
        let at = |place: usize, count: usize| vec![(place % count).to_string()];
        match step {
            Step::Add(place, text) => value.add(&at(*place, value.count() + 1), &parse(text)),
            _ if value.count() == 0 => return value.clone(),
            Step::Set(place, text) => value.replace(&at(*place, value.count()), &parse(text)),
            Step::Remove(place) => value.remove(&at(*place, value.count())),
        }
        .unwrap()
    }

    /// Judges an edited value by the one that its text gives anew.
    fn check(edited: &Value) {
        let fresh = Value::parse(edited.to_json().as_str().as_bytes()).unwrap();
        let is_collection = fresh.is_collection(ID_NAME);
        assert_eq!(edited.is_collection(ID_NAME), is_collection);
        for id in (0..400_u16).filter(|_| is_collection) {
            let id = id.to_string();
            assert_eq!(edited.record(ID_NAME, &id), fresh.record(ID_NAME, &id));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn an_array_is_a_collection_whenever_its_elements_have_distinct_ids(
            start in proptest::collection::vec(element(), 200..300),
            steps in proptest::collection::vec(step(), 1..100),
        ) {
            let mut value = Value::parse(format!("[{}]", start.join(",")).as_bytes()).unwrap();
            for step in &steps {
                value = take(&value, step);
                check(&value);
            }
            // What stands twice or has no id goes, one after the other.
            let mut ids = std::collections::HashSet::new();
            for at in (0..value.count()).rev() {
                let member = value.child(&at.to_string()).unwrap();
                let id = crate::id_of_value(&member, ID_NAME);
                if id.is_none_or(|id| !ids.insert(id)) {
                    value = value.remove(&[at.to_string()]).unwrap();
                    check(&value);
                }
            }
            prop_assert!(value.is_collection(ID_NAME));
        }
    }

    /// An array with an id twice was read in full at each edit, to see whether it still is.
    #[test]
    fn an_id_that_stands_twice_does_not_make_edits_slow() {
        let records: Vec<_> = (0..30_000).map(|id| format!("{{\"id\":{id}}}")).collect();
        let text = format!("[{},{{\"id\":0}}]", records.join(","));
        let mut value = Value::parse(text.as_bytes()).unwrap();
        let places: Vec<_> = (1..5000)
            .map(|at| [at.to_string(), "n".to_owned()])
            .collect();
        let one = Value::parse(b"1").unwrap();
        for place in &places {
            value = value.add(place, &one).unwrap();
            assert!(!value.is_collection(ID_NAME));
        }
        value = value.remove(&["0".to_owned()]).unwrap();
        assert!(value.is_collection(ID_NAME));
        assert_eq!(value.record(ID_NAME, "0").unwrap().0, 29_999);
    }
}
