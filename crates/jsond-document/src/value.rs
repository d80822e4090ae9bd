//! A JSON value of any size: small ones are one text, large ones a tree of texts.

use crate::collection;
use crate::id_name::IdRule;
use crate::json::{Json, Kind};
use crate::leaf::Piece;
use crate::pointer::array_index;
use crate::tree::Tree;
use crate::{quote, scan, string};
use bytes::Bytes;
use std::borrow::Cow;
use std::sync::Arc;
use xxhash_rust::xxh3::Xxh3;

/// An array or object whose text is longer than this is kept as a tree.
pub(crate) const TEXT_BYTES_MAX: usize = 8192;

/// A hash of a value's compact text: equal texts have equal digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub u128);

impl Digest {
    /// Hashes a text.
    #[must_use]
    pub fn of(text: &[u8]) -> Self {
        Self(xxhash_rust::xxh3::xxh3_128(text))
    }

    /// Hashes a text in pieces, as if it were one.
    #[must_use]
    pub fn of_pieces(pieces: &[Bytes]) -> Self {
        let mut hasher = Xxh3::new();
        for piece in pieces {
            hasher.update(piece);
        }
        Self(hasher.digest128())
    }

    /// The lower half.
    #[must_use]
    pub fn low(self) -> u64 {
        u64::try_from(self.0 & u128::from(u64::MAX)).expect("INVARIANT: 64 bits")
    }
}

/// A JSON value, immutable, cheap to clone; every edit makes a new one that shares with the old.
///
/// Two values are equal when their compact texts are.
#[derive(Clone)]
pub struct Value(Repr);

#[derive(Clone)]
pub(crate) enum Repr {
    Text(Json),
    Tree(Arc<Tree>),
}

/// A member of an object or an element of an array.
#[derive(Debug, Clone)]
pub struct Member {
    /// The member name as spelled, with its quotes; none for an element.
    pub spelled_name: Option<Bytes>,
    /// The value.
    pub value: Value,
}

impl Member {
    /// The member name; none for an element.
    #[must_use]
    pub fn name(&self) -> Option<Cow<'_, str>> {
        self.spelled_name.as_deref().map(string::unquote)
    }
}

impl From<Json> for Value {
    fn from(json: Json) -> Self {
        Self::indexed(json, &IdRule::default())
    }
}

/// Judges whether a text is kept as a tree.
fn is_large(json: &Json) -> bool {
    json.as_bytes().len() > TEXT_BYTES_MAX && matches!(json.kind(), Kind::Array | Kind::Object)
}

impl Value {
    /// Parses a text.
    ///
    /// *Errors*: as [`Json::parse`].
    pub fn parse(input: &[u8]) -> Result<Self, crate::SyntaxError> {
        Json::parse(input).map(Self::from)
    }

    /// Takes a text; its large arrays of records are indexed as the rule says.
    #[must_use]
    pub fn indexed(json: Json, ids: &IdRule) -> Self {
        if !is_large(&json) {
            return Self(Repr::Text(json));
        }
        let text = json.as_bytes();
        let named = json.kind() == Kind::Object;
        let piece = |entry: scan::Entry| {
            let name = named.then(|| text.slice(entry.name));
            let child = json.slice(entry.value);
            let value = if is_large(&child) {
                Self::indexed(child, &ids.entry(name.as_deref()))
            } else {
                Self::small(child)
            };
            Piece { name, value }
        };
        // One after the other: all at once they take many times the memory of the text.
        let pieces = scan::entries(text, 0).map(piece);
        let id_name = ids.index_name(json.kind());
        Self(Repr::Tree(Arc::new(Tree::build(
            json.kind(),
            pieces,
            id_name,
        ))))
    }

    /// Makes the same value with its large arrays of records indexed as the rule says.
    ///
    /// *Cost*: in the number of leaves where they are already, else linear.
    #[must_use]
    pub fn indexed_by(&self, ids: &IdRule) -> Self {
        match &self.0 {
            Repr::Text(_) => self.clone(),
            Repr::Tree(tree) => Self(Repr::Tree(tree.indexed_by(ids))),
        }
    }

    /// Judges whether records are found by the member of this name without reading all of them.
    #[must_use]
    pub fn is_indexed_by(&self, id_name: &str) -> bool {
        match &self.0 {
            Repr::Tree(tree) if tree.kind() == Kind::Array => tree.is_indexed_by(id_name),
            _ => true,
        }
    }

    /// Takes a small text as it is.
    pub(crate) fn small(json: Json) -> Self {
        Self(Repr::Text(json))
    }

    /// Takes a tree, as text again when it has become small.
    pub(crate) fn large(tree: Arc<Tree>) -> Self {
        if tree.bytes() > TEXT_BYTES_MAX / 2 {
            return Self(Repr::Tree(tree));
        }
        let mut parts = Vec::new();
        tree.push_text(&mut parts);
        Self(Repr::Text(Json::from_compact(parts.concat())))
    }

    pub(crate) fn repr(&self) -> &Repr {
        &self.0
    }

    pub(crate) fn as_tree(&self) -> Option<&Arc<Tree>> {
        match &self.0 {
            Repr::Tree(tree) => Some(tree),
            Repr::Text(_) => None,
        }
    }

    pub(crate) fn as_tree_mut(&mut self) -> Option<&mut Arc<Tree>> {
        match &mut self.0 {
            Repr::Tree(tree) => Some(tree),
            Repr::Text(_) => None,
        }
    }

    /// The kind of the value.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match &self.0 {
            Repr::Text(json) => json.kind(),
            Repr::Tree(tree) => tree.kind(),
        }
    }

    /// The length of the compact text in bytes.
    #[must_use]
    pub fn len_bytes(&self) -> usize {
        match &self.0 {
            Repr::Text(json) => json.as_bytes().len(),
            Repr::Tree(tree) => tree.bytes(),
        }
    }

    /// How many members or elements the value has; a scalar has none.
    ///
    /// *Cost*: constant for a large value.
    #[must_use]
    pub fn count(&self) -> usize {
        match &self.0 {
            Repr::Tree(tree) => tree.entries(),
            Repr::Text(_) => self.members().count(),
        }
    }

    /// The compact text in pieces that are shared with the value, in order.
    #[must_use]
    pub fn text_pieces(&self) -> Vec<Bytes> {
        let mut parts = Vec::new();
        match &self.0 {
            Repr::Text(json) => parts.push(json.as_bytes().clone()),
            Repr::Tree(tree) => tree.push_text(&mut parts),
        }
        parts
    }

    /// Appends the compact text to `out`.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        match &self.0 {
            Repr::Text(json) => out.extend_from_slice(json.as_bytes()),
            Repr::Tree(_) => {
                out.reserve(self.len_bytes());
                for part in self.text_pieces() {
                    out.extend_from_slice(&part);
                }
            }
        }
    }

    /// The value as one text.
    ///
    /// *Cost*: shared for a small value, a copy of a large one.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match &self.0 {
            Repr::Text(json) => json.clone(),
            Repr::Tree(_) => Json::from_compact(self.text_pieces().concat()),
        }
    }

    /// Counts the levels of nested arrays and objects; a scalar has none.
    #[must_use]
    pub fn depth(&self) -> usize {
        match &self.0 {
            Repr::Text(json) => json.depth(),
            Repr::Tree(_) => self.to_json().depth(),
        }
    }

    /// The hash of the compact text.
    ///
    /// *Cost*: linear once for each version of a large value, then kept.
    #[must_use]
    pub fn digest(&self) -> Digest {
        match &self.0 {
            Repr::Text(json) => json.digest(),
            Repr::Tree(tree) => {
                let digest = || Digest::of_pieces(&self.text_pieces()).0;
                Digest(*tree.digest.get_or_init(digest))
            }
        }
    }

    /// Judges whether the value is a collection; the module `collection` has the rule.
    ///
    /// *Cost*: constant for a large object, and for a large array that is indexed by this name.
    #[must_use]
    pub fn is_collection(&self, id_name: &str) -> bool {
        match &self.0 {
            Repr::Text(json) => collection::is_collection(json, id_name),
            Repr::Tree(tree) => tree.is_collection(id_name),
        }
    }

    /// The members or elements, in order.
    pub fn members(&self) -> Box<dyn Iterator<Item = Member> + '_> {
        self.members_from(0)
    }

    /// The members or elements from a position on, in order.
    pub fn members_from(&self, position: usize) -> Box<dyn Iterator<Item = Member> + '_> {
        match &self.0 {
            Repr::Tree(tree) => Box::new(tree.pieces_from(position).map(|piece| Member {
                spelled_name: piece.name,
                value: piece.value,
            })),
            Repr::Text(json) if matches!(json.kind(), Kind::Array | Kind::Object) => {
                let named = json.kind() == Kind::Object;
                let entries = scan::entries(json.as_bytes(), 0).skip(position);
                Box::new(entries.map(move |entry| Member {
                    spelled_name: named.then(|| json.as_bytes().slice(entry.name)),
                    value: Self::small(json.slice(entry.value)),
                }))
            }
            Repr::Text(_) => Box::new(std::iter::empty()),
        }
    }

    /// Finds a member of an object by name.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<Self> {
        match &self.0 {
            Repr::Text(json) => json.member(name).map(Self::small),
            Repr::Tree(tree) if tree.kind() == Kind::Object => {
                tree.find(name).map(|place| tree.piece(&place).value)
            }
            Repr::Tree(_) => None,
        }
    }

    /// Finds an element of an array by its position from 0.
    #[must_use]
    pub fn element(&self, position: usize) -> Option<Self> {
        if self.kind() != Kind::Array {
            return None;
        }
        match &self.0 {
            Repr::Tree(tree) => tree.at(position).map(|place| tree.piece(&place).value),
            Repr::Text(_) => self
                .members_from(position)
                .next()
                .map(|member| member.value),
        }
    }

    /// Finds a record of an array that is a collection by its id, the member of this name, with its
    /// position.
    ///
    /// *Cost*: logarithmic for a large array that is indexed by this name, else linear.
    #[must_use]
    pub fn record(&self, id_name: &str, id: &str) -> Option<(usize, Self)> {
        if self.kind() != Kind::Array || !self.is_collection(id_name) {
            return None;
        }
        match &self.0 {
            Repr::Tree(tree) if tree.is_indexed_by(id_name) => tree
                .find(id)
                .map(|place| (tree.position(&place), tree.piece(&place).value)),
            _ => {
                let mut records = self.members().map(|member| member.value).enumerate();
                records.find(|(_, record)| {
                    collection::id_of_value(record, id_name).is_some_and(|it| it == id)
                })
            }
        }
    }

    /// Finds the child that a reference token of a JSON pointer names.
    ///
    /// *Source*: RFC 6901 §4.
    #[must_use]
    pub fn child(&self, token: &str) -> Option<Self> {
        match self.kind() {
            Kind::Object => self.member(token),
            Kind::Array => self.element(array_index(token)?),
            _ => None,
        }
    }

    /// Finds the value that the tokens of a JSON pointer lead to.
    #[must_use]
    pub fn point(&self, tokens: &[String]) -> Option<Self> {
        match tokens {
            [] => Some(self.clone()),
            [first, rest @ ..] => self.child(first)?.point(rest),
        }
    }

    /// Spells an object of one member.
    #[must_use]
    pub fn object_of(name: &str, value: &Self) -> Self {
        Self::object([(name, value.clone())])
    }

    /// Makes an object of members; large values are shared.
    ///
    /// *Shape*: the names are distinct.
    #[must_use]
    pub fn object<'a>(members: impl IntoIterator<Item = (&'a str, Self)>) -> Self {
        let pieces: Vec<_> = members
            .into_iter()
            .map(|(name, value)| Piece {
                name: Some(Bytes::from(quote(name))),
                value,
            })
            .collect();
        let id_name = IdRule::default().index_name(Kind::Object);
        Self::large(Arc::new(Tree::build(Kind::Object, &pieces, id_name)))
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::Text(a), Repr::Text(b)) => a == b,
            (Repr::Tree(a), Repr::Tree(b)) if Arc::ptr_eq(a, b) => true,
            _ => self.len_bytes() == other.len_bytes() && self.digest() == other.digest(),
        }
    }
}

impl Eq for Value {}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(&self.to_json(), f)
    }
}
