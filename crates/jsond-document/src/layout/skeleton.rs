//! What is remembered of a value so that another can be laid over its text: no text, only digests.
//!
//! A skeleton shares nothing with its value and is some hundred times smaller. Digests say where to
//! look, not what is true: what is laid out by them is compared with the new value at the end.

use crate::leaf::{Leaf, Piece, pack};
use crate::tree::Tree;
use crate::{Kind, Value};
use std::fmt;
use std::sync::Arc;
use xxhash_rust::xxh3::{Xxh3, xxh3_64, xxh3_64_with_seed};

/// The leaves of a value with a digest of each, in place of the value itself.
///
/// *Cost*: of a clone none; in memory about 24 bytes for every 4 KB of compact text.
#[derive(Clone)]
pub struct Skeleton(Arc<Frame>);

struct Frame {
    kind: Kind,
    entries: usize,
    bytes: usize,
    digest: u64,
    bones: Box<[Bone]>,
}

/// What is remembered of a leaf.
pub(super) enum Bone {
    Run {
        entries: u32,
        /// The length of the text, with the commas between its entries.
        bytes: u32,
        digest: u64,
    },
    Big(Box<Big>),
}

/// An entry that is a tree of its own.
pub(super) struct Big {
    pub(super) name: Option<Box<[u8]>>,
    pub(super) tree: Skeleton,
    digest: u64,
}

impl Skeleton {
    /// Remembers a value.
    ///
    /// *Cost*: linear in the compact text, which is digested once.
    #[must_use]
    pub fn of(value: &Value) -> Self {
        let kind = value.kind();
        match value.as_tree() {
            Some(tree) => Self::of_tree(tree),
            None if matches!(kind, Kind::Array | Kind::Object) => {
                let pieces = value.members().map(Piece::from);
                Self::of_bones(kind, pack(pieces).iter().map(Bone::of).collect())
            }
            None => Self::of_bones(kind, Box::default()),
        }
    }

    pub(super) fn of_tree(tree: &Tree) -> Self {
        let bones = tree.leaves().map(|leaf| Bone::of(leaf)).collect();
        Self::of_bones(tree.kind(), bones)
    }

    fn of_bones(kind: Kind, bones: Box<[Bone]>) -> Self {
        let mut digest = Xxh3::with_seed(kind as u64);
        let marks = bones.iter().map(Bone::digest);
        marks.for_each(|mark| digest.update(&mark.to_le_bytes()));
        Self(Arc::new(Frame {
            kind,
            entries: bones.iter().map(Bone::entries).sum(),
            // Brackets, and a comma between two leaves.
            bytes: bones.iter().map(|bone| bone.bytes() + 1).sum::<usize>() + 1,
            digest: digest.digest(),
            bones,
        }))
    }

    pub(super) fn kind(&self) -> Kind {
        self.0.kind
    }

    pub(super) fn entries(&self) -> usize {
        self.0.entries
    }

    /// The length of the compact text of an array or object that has entries.
    pub(super) fn bytes(&self) -> usize {
        self.0.bytes
    }

    pub(super) fn bones(&self) -> &[Bone] {
        &self.0.bones
    }

    pub(super) fn is_named(&self) -> bool {
        self.0.kind == Kind::Object
    }

    pub(super) fn brackets(&self) -> [u8; 2] {
        if self.is_named() { *b"{}" } else { *b"[]" }
    }
}

impl fmt::Debug for Skeleton {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Skeleton")
            .field("kind", &self.0.kind)
            .field("entries", &self.0.entries)
            .field("leaves", &self.0.bones.len())
            .finish_non_exhaustive()
    }
}

impl Bone {
    fn of(leaf: &Leaf) -> Self {
        let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        match leaf {
            Leaf::Run { text, starts, .. } => Self::Run {
                entries: narrow(starts.len()),
                bytes: narrow(text.len()),
                digest: xxh3_64(text),
            },
            Leaf::Big { name, tree } => {
                let tree = Skeleton::of_tree(tree);
                // The name is copied: a part of the text would keep the whole of it.
                let name = name.as_deref().map(Box::<[u8]>::from);
                let digest = xxh3_64_with_seed(name.as_deref().unwrap_or(b""), tree.0.digest);
                Self::Big(Box::new(Big { name, tree, digest }))
            }
        }
    }

    pub(super) fn digest(&self) -> u64 {
        match self {
            Self::Run { digest, .. } => *digest,
            Self::Big(big) => big.digest,
        }
    }

    pub(super) fn entries(&self) -> usize {
        match self {
            Self::Run { entries, .. } => *entries as usize,
            Self::Big(_) => 1,
        }
    }

    /// The length of the compact text.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Run { bytes, .. } => *bytes as usize,
            Self::Big(big) => big.bytes(),
        }
    }
}

impl Big {
    /// The length of the compact text.
    pub(super) fn bytes(&self) -> usize {
        self.name.as_ref().map_or(0, |name| name.len() + 1) + self.tree.bytes()
    }

    /// Entries that may be compared by what is in them have the same mark.
    pub(super) fn mark(&self) -> u64 {
        let name = self.name.as_deref().unwrap_or(b"");
        xxh3_64_with_seed(name, self.tree.kind() as u64 + 1)
    }

    /// Judges whether both have the same name and kind.
    pub(super) fn is_namesake(&self, other: &Self) -> bool {
        self.name == other.name && self.tree.kind() == other.tree.kind()
    }

    /// Judges whether both are the same, in the same leaves.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.is_namesake(other) && self.digest == other.digest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skeleton_knows_the_length_and_the_number_of_entries() {
        let numbers: Vec<_> = (0..9000).map(|n| n.to_string()).collect();
        for text in [
            "[1]".to_owned(),
            format!("[{}]", numbers.join(",")),
            format!("{{\"a\":[{}],\"b\":\"\",\"c\":{{}}}}", numbers.join(",")),
        ] {
            let value = Value::parse(text.as_bytes()).unwrap();
            let skeleton = Skeleton::of(&value);
            assert_eq!(skeleton.bytes(), text.len());
            assert_eq!(skeleton.entries(), value.count());
            assert_eq!(skeleton.0.digest, Skeleton::of(&value).0.digest);
        }
    }
}
