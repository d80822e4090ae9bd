//! How the entries of a tree are found by their keys: the members of an object by name, the records
//! of an array by id.
//!
//! An array is indexed by the member of one name, and its edits inherit that name. Whoever asks by
//! another name is answered rightly too, by reading all records.

use super::{Child, Node, Place, Tree};
use crate::collection;
use crate::id_name::IdRule;
use crate::index::Index;
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
            return self.index.is_some();
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
            let tree = Self::build(self.kind, &self.pieces_with(below), id_name);
            return Arc::new(Self { digest, ..tree });
        }
        if self.id_name == id_name {
            return Arc::clone(self);
        }
        let mut tree = Self {
            kind: self.kind,
            root: Arc::clone(&self.root),
            sum: self.sum,
            id_name,
            index: None,
            digest: self.digest.clone(),
        };
        tree.index = tree.make_index();
        Arc::new(tree)
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
        self.index.as_ref()?.candidates(key).find_map(|order| {
            let (before, leaf) = self.leaf_of_order(order)?;
            let within = leaf.find(key, self.named(), self.id_name.as_str())?;
            Some(Place {
                position: before + within,
                order,
                within,
                leaf: Arc::clone(leaf),
            })
        })
    }

    /// Finds the leaf that holds a member, and the member's place in it.
    pub(crate) fn find_in_leaf(&self, name: &str) -> Option<(&Leaf, usize)> {
        self.index.as_ref()?.candidates(name).find_map(|order| {
            let (_, leaf) = self.leaf_of_order(order)?;
            Some((
                &**leaf,
                leaf.find(name, self.named(), self.id_name.as_str())?,
            ))
        })
    }

    /// The index after an edit that made `children` of one leaf.
    pub(super) fn index_after(
        &self,
        children: &[Child],
        gone: Option<&Piece>,
        came: Option<&Piece>,
    ) -> Option<Index> {
        let mut index = self.index.clone()?;
        let id_name = self.id_name.as_str();
        let gone = gone.and_then(|piece| piece.key(id_name));
        let came = match came {
            Some(piece) => Some(piece.key(id_name)?),
            None => None,
        };
        if gone != came {
            if let Some(key) = &came
                && self.find(key).is_some()
            {
                // An id that stands twice: the array is no collection any more.
                return None;
            }
            if let Some(key) = &gone {
                index.remove(key);
            }
            if let Some(key) = &came {
                index.insert(
                    key,
                    children
                        .first()
                        .expect("INVARIANT: it came somewhere")
                        .order,
                );
            }
        }
        for child in children.iter().skip(1) {
            let Node::Leaf(leaf) = &child.node else {
                continue;
            };
            for piece in leaf.pieces(self.named()) {
                let key = piece.key(id_name).expect("INVARIANT: indexed");
                index.relocate(&key, child.order);
            }
        }
        Some(index)
    }

    /// Indexes all entries; none when an array's elements are not records with distinct ids.
    pub(super) fn make_index(&self) -> Option<Index> {
        if !self.named() && self.sum.objects != self.sum.entries {
            return None;
        }
        let mut index = Index::default();
        let mut ids = std::collections::HashSet::new();
        for (order, leaf) in self.leaves_with_order() {
            for piece in leaf.pieces(self.named()) {
                let key = piece.key(self.id_name.as_str())?;
                if !self.named() && !ids.insert(xxhash_rust::xxh3::xxh3_128(key.as_bytes())) {
                    return None;
                }
                index.insert(&key, order);
            }
        }
        Some(index)
    }
}
