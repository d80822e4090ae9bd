//! A large array or object as a persistent tree of leaves.
//!
//! An edit makes a new tree that shares all but one path with the old one, so a snapshot costs
//! nothing and stays what it was; what nobody shares may be changed where it is. Leaves are found by order number (kept in the index under each
//! key) or by position; every branch carries the sums of what lies below. How entries are found by
//! their keys is in the module `lookup`.

mod lookup;
mod relabel;

use crate::id_name::IdName;
use crate::index::{Index, Keys};
use crate::json::Kind;
use crate::leaf::{Leaf, LeafEdit, Piece, Sum, pack};
use bytes::Bytes;
use std::borrow::Borrow;
use std::sync::{Arc, OnceLock};

/// How many children a branch has at the most: with one more it would be just too large for what the
/// allocator keeps at hand.
const FAN: usize = 15;

/// The distance between order numbers of leaves made in sequence; splits go in between.
const ORDER_GAP: u64 = 1 << 24;

#[derive(Debug, Clone)]
struct Child {
    /// The order number of the first leaf below.
    order: u64,
    sum: Sum,
    node: Node,
}

#[derive(Debug, Clone)]
enum Node {
    Leaf(Arc<Leaf>),
    Branch(Arc<[Child]>),
}

/// An array or object of many entries.
///
/// INVARIANT: all leaves lie at the same depth, and their order numbers rise from left to right.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    kind: Kind,
    root: Arc<[Child]>,
    sum: Sum,
    /// The member by which the records of an array are indexed; edits inherit it.
    id_name: IdName,
    /// By member name, or by id, also where an array is no collection by that id.
    index: Index,
    pub(crate) digest: OnceLock<u128>,
}

/// Where an entry is.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    order: u64,
    within: usize,
    leaf: Arc<Leaf>,
}

impl Tree {
    /// Builds a tree, and indexes it: an object by member names, an array by the rule's id.
    pub(crate) fn build(
        kind: Kind,
        pieces: impl IntoIterator<Item: Borrow<Piece>>,
        id_name: IdName,
    ) -> Self {
        let leaves = pack(pieces).into_iter().map(Arc::new);
        let level: Vec<_> = leaves
            .zip(0..)
            .map(|(leaf, n)| Child::of_leaf(n * ORDER_GAP, leaf, summed_ids(kind, &id_name)))
            .collect();
        let mut tree = Self::of_children(kind, level, id_name);
        tree.index = tree.make_index();
        tree
    }

    fn of_children(kind: Kind, mut level: Vec<Child>, id_name: IdName) -> Self {
        while level.len() > FAN {
            level = level.chunks(FAN).map(Child::of_branch).collect();
        }
        Self::of_root(kind, level.into(), id_name)
    }

    fn of_root(kind: Kind, root: Arc<[Child]>, id_name: IdName) -> Self {
        let sum = root.iter().map(|child| child.sum).sum();
        Self {
            kind,
            root,
            sum,
            id_name,
            index: Index::default(),
            digest: OnceLock::new(),
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn entries(&self) -> usize {
        self.sum.entries
    }

    /// The length of the compact text.
    pub(crate) fn bytes(&self) -> usize {
        // Every leaf counts a separator, the last one has none; two brackets.
        if self.sum.entries == 0 {
            2
        } else {
            self.sum.bytes + 1
        }
    }

    pub(crate) fn named(&self) -> bool {
        self.kind == Kind::Object
    }

    /// The opening and the closing bracket.
    pub(crate) fn brackets(&self) -> [u8; 2] {
        if self.named() { *b"{}" } else { *b"[]" }
    }

    pub(crate) fn push_text(&self, out: &mut Vec<Bytes>) {
        let (open, close): (&[u8], &[u8]) = if self.named() {
            (b"{", b"}")
        } else {
            (b"[", b"]")
        };
        out.push(Bytes::from_static(open));
        for (n, leaf) in self.leaves().enumerate() {
            if n > 0 {
                out.push(Bytes::from_static(b","));
            }
            leaf.push_text(out);
        }
        out.push(Bytes::from_static(close));
    }

    /// Finds an entry by its position from 0.
    pub(crate) fn at(&self, position: usize) -> Option<Place> {
        let (mut children, mut left) = (&self.root, position);
        'down: loop {
            for child in children.iter() {
                if left >= child.sum.entries {
                    left -= child.sum.entries;
                    continue;
                }
                match &child.node {
                    Node::Branch(below) => {
                        children = below;
                        continue 'down;
                    }
                    Node::Leaf(leaf) => {
                        let leaf = Arc::clone(leaf);
                        return Some(Place {
                            order: child.order,
                            within: left,
                            leaf,
                        });
                    }
                }
            }
            return None;
        }
    }

    pub(crate) fn piece(&self, place: &Place) -> Piece {
        place.leaf.piece(place.within, self.named())
    }

    /// All entries in order, from `position` on.
    pub(crate) fn pieces_from(&self, position: usize) -> impl Iterator<Item = Piece> + '_ {
        let (leaves, skipped) = self.leaves_from(position);
        leaves
            .flat_map(|leaf| leaf.pieces(self.named()))
            .skip(skipped)
    }

    /// The leaves from the one that holds `position` on, and how many of its entries stand before.
    pub(crate) fn leaves_from(&self, position: usize) -> (Leaves<'_>, usize) {
        let start = self.at(position);
        let (order, skipped) = start.map_or((u64::MAX, 0), |place| (place.order, place.within));
        (Leaves::from_order(&self.root, order), skipped)
    }

    /// All leaves from left to right.
    pub(crate) fn leaves(&self) -> Leaves<'_> {
        Leaves::from_order(&self.root, 0)
    }

    fn leaf_of_order(&self, order: u64) -> Option<&Arc<Leaf>> {
        let mut children = &self.root;
        loop {
            let behind = children.partition_point(|child| child.order <= order);
            let child = &children[behind.checked_sub(1)?];
            match &child.node {
                Node::Branch(below) => children = below,
                Node::Leaf(leaf) => return (child.order == order).then_some(leaf),
            }
        }
    }

    /// The position of a place: how many entries stand before it.
    pub(crate) fn position(&self, place: &Place) -> usize {
        let (mut children, mut before) = (&self.root, place.within);
        loop {
            let behind = children.partition_point(|child| child.order <= place.order);
            let (here, left) = children[..behind]
                .split_last()
                .expect("INVARIANT: the leaf of the place is there");
            before += left.iter().map(|child| child.sum.entries).sum::<usize>();
            match &here.node {
                Node::Branch(below) => children = below,
                Node::Leaf(_) => return before,
            }
        }
    }

    /// Puts a value in the place of another.
    pub(crate) fn set(&self, place: &Place, piece: &Piece) -> Self {
        self.edit(place, Some(&self.piece(place)), Some(piece))
    }

    /// Takes an entry out.
    pub(crate) fn remove(&self, place: &Place) -> Self {
        self.edit(place, Some(&self.piece(place)), None)
    }

    /// Puts a new entry before the one at `position`, or at the end.
    pub(crate) fn insert(&self, position: usize, piece: Piece) -> Self {
        let mut tree = self.clone();
        tree.insert_in_place(position, piece);
        tree
    }

    /// Does what [`Tree::insert`] does in this tree, as [`Tree::edit_in_place`] does.
    pub(crate) fn insert_in_place(&mut self, position: usize, piece: Piece) {
        let at_end = position >= self.sum.entries;
        let neighbour = if at_end {
            self.sum.entries.saturating_sub(1)
        } else {
            position
        };
        let Some(mut place) = self.at(neighbour) else {
            *self = Self::build(self.kind, &[piece], self.id_name.clone());
            return;
        };
        place.within += usize::from(at_end);
        self.edit_in_place(&place, None, Some(&piece));
    }

    /// Makes the tree in which an entry goes from a place, comes there, or both.
    fn edit(&self, place: &Place, gone: Option<&Piece>, came: Option<&Piece>) -> Self {
        let mut tree = self.clone();
        tree.edit_in_place(place, gone, came);
        tree
    }

    /// Makes that edit in this tree: what others share of it is copied, what nobody does is changed
    /// where it is.
    pub(crate) fn edit_in_place(
        &mut self,
        place: &Place,
        gone: Option<&Piece>,
        came: Option<&Piece>,
    ) {
        let (order, next) = (place.order, self.order_after(place.order));
        let within = place.within;
        let edit = LeafEdit { within, gone, came };
        let keys = self.keys_of(within, gone, came);
        match edit.leaf_of(&place.leaf, self.named(), next.is_none()) {
            Ok(leaf) => {
                let child = self.child_of(order, Arc::new(leaf));
                if put_one(&mut self.root, child) {
                    self.sum = self.root.iter().map(|child| child.sum).sum();
                }
                self.digest = OnceLock::new();
                self.index.exchange(order, keys);
            }
            Err(leaves) => {
                let leaves: Vec<_> = leaves.into_iter().map(Arc::new).collect();
                self.split(order, next, &leaves, keys);
            }
        }
    }

    /// Puts leaves in the place of the one at `order`; `next` is the number of the one behind it.
    fn split(&mut self, order: u64, next: Option<u64>, leaves: &[Arc<Leaf>], keys: Keys) {
        let room = next.map_or(ORDER_GAP, |next| (next - order) / (leaves.len() as u64 + 1));
        if leaves.len() > 1 && room == 0 {
            return self.relabel(order, leaves, keys);
        }
        let leaves = leaves.iter().zip(0..);
        let children: Vec<_> = leaves
            .map(|(leaf, n)| (order, self.child_of(order + n * room, Arc::clone(leaf))))
            .collect();
        let index = self.moved_index(order, &children, keys);
        let children: Vec<_> = children.into_iter().map(|(_, child)| child).collect();
        let level = replace(&self.root, order, &children);
        *self = Self::of_children(self.kind, level, self.id_name.clone()).with_index(index);
    }

    fn with_index(self, index: Index) -> Self {
        Self { index, ..self }
    }

    /// A leaf with what a tree of this kind sums up of it.
    fn child_of(&self, order: u64, leaf: Arc<Leaf>) -> Child {
        Child::of_leaf(order, leaf, summed_ids(self.kind, &self.id_name))
    }

    fn leaves_with_order(&self) -> Vec<(&Child, &Arc<Leaf>)> {
        fn walk<'a>(children: &'a [Child], out: &mut Vec<(&'a Child, &'a Arc<Leaf>)>) {
            for child in children {
                match &child.node {
                    Node::Leaf(leaf) => out.push((child, leaf)),
                    Node::Branch(below) => walk(below, out),
                }
            }
        }
        let mut out = Vec::new();
        walk(&self.root, &mut out);
        out
    }

    fn order_after(&self, order: u64) -> Option<u64> {
        let mut next = None;
        let mut children = &self.root;
        loop {
            let at = children.partition_point(|child| child.order <= order);
            next = children.get(at).map(|child| child.order).or(next);
            match &children[at.checked_sub(1)?].node {
                Node::Branch(below) => children = below,
                Node::Leaf(_) => return next,
            }
        }
    }
}

impl Child {
    fn of_leaf(order: u64, leaf: Arc<Leaf>, id_name: Option<&str>) -> Self {
        Self {
            order,
            sum: leaf.sum_by(id_name),
            node: Node::Leaf(leaf),
        }
    }

    fn of_branch(children: &[Self]) -> Self {
        Self {
            order: children[0].order,
            sum: children.iter().map(|child| child.sum).sum(),
            node: Node::Branch(children.into()),
        }
    }
}

/// The member whose integers are summed up: the id of the records of an array.
fn summed_ids(kind: Kind, id_name: &IdName) -> Option<&str> {
    (kind == Kind::Array).then(|| id_name.as_str())
}

/// Puts a leaf in the place of the one at its order; branches that others share are copied. Says
/// whether the sum may be another then.
fn put_one(children: &mut Arc<[Child]>, leaf: Child) -> bool {
    let Some(own) = Arc::get_mut(children) else {
        *children = replace_one(children, &leaf);
        return true;
    };
    let at = own.partition_point(|child| child.order <= leaf.order) - 1;
    let child = &mut own[at];
    let before = child.sum;
    match &mut child.node {
        Node::Leaf(_) => *child = leaf,
        Node::Branch(below) => {
            if put_one(below, leaf) {
                child.sum = below.iter().map(|child| child.sum).sum();
            }
        }
    }
    child.sum != before
}

/// Puts a leaf in the place of the one at its order.
fn replace_one(children: &[Child], leaf: &Child) -> Arc<[Child]> {
    let at = children.partition_point(|child| child.order <= leaf.order) - 1;
    let new = match &children[at].node {
        Node::Leaf(_) => leaf.clone(),
        Node::Branch(below) => {
            let below = replace_one(below, leaf);
            Child {
                order: children[at].order,
                sum: below.iter().map(|child| child.sum).sum(),
                node: Node::Branch(below),
            }
        }
    };
    let with = |(n, child): (usize, &Child)| if n == at { new.clone() } else { child.clone() };
    children.iter().enumerate().map(with).collect()
}

/// Replaces the leaf at `order` by `leaves`, which may be none; the result may be over-full by one
/// split and is never deeper or shallower than `children`.
fn replace(children: &[Child], order: u64, leaves: &[Child]) -> Vec<Child> {
    let at = children.partition_point(|child| child.order <= order) - 1;
    let below = match &children[at].node {
        Node::Leaf(_) => leaves.to_vec(),
        Node::Branch(below) => {
            let below = replace(below, order, leaves);
            if below.is_empty() {
                Vec::new()
            } else if below.len() > FAN {
                below
                    .chunks(below.len().div_ceil(2))
                    .map(Child::of_branch)
                    .collect()
            } else {
                vec![Child::of_branch(&below)]
            }
        }
    };
    let mut level = Vec::with_capacity(children.len() + below.len());
    level.extend_from_slice(&children[..at]);
    level.extend(below);
    level.extend_from_slice(&children[at + 1..]);
    level
}

/// The leaves from left to right.
#[derive(Debug, Clone)]
pub(crate) struct Leaves<'a> {
    stack: Vec<std::slice::Iter<'a, Child>>,
}

impl<'a> Leaves<'a> {
    fn from_order(root: &'a [Child], order: u64) -> Self {
        let mut stack = Vec::new();
        let mut children = root;
        loop {
            let at = children
                .partition_point(|child| child.order <= order)
                .saturating_sub(1);
            if order == u64::MAX {
                return Self { stack };
            }
            let here = children.get(at).map(|child| &child.node);
            if let Some(Node::Branch(below)) = here {
                stack.push(children[at + 1..].iter());
                children = below;
            } else {
                stack.push(children[at.min(children.len())..].iter());
                return Self { stack };
            }
        }
    }
}

impl<'a> Iterator for Leaves<'a> {
    type Item = &'a Arc<Leaf>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.stack.last_mut()?.next() {
                None => {
                    self.stack.pop();
                }
                Some(Child {
                    node: Node::Leaf(leaf),
                    ..
                }) => return Some(leaf),
                Some(Child {
                    node: Node::Branch(below),
                    ..
                }) => self.stack.push(below.iter()),
            }
        }
    }
}
