//! Sorting: by members, each ascending or descending, missing ones last, equal ones in file order.
//!
//! Other collations are in `collation.rs`. Keys are read once from each record. Of a part of the result only that part is put in order.

use super::collation::{self, Collation, Dictionary};
use super::error::SelectError;
use super::javascript::Operand;
use super::number::Number;
use super::path::Path;
use super::text::bytes_of;
use crate::json::Kind;
use crate::view::{View, ViewEntry};
use std::borrow::Cow;
use std::cell::RefCell;
use std::cmp::Ordering;
use std::ops::Range;

/// How many members a result may be sorted by.
const KEYS_MAX: usize = 16;

/// The members to sort by.
#[derive(Debug, Clone, Default)]
pub(super) struct Sort {
    keys: Vec<SortKey>,
    pub(super) collation: Collation,
}

#[derive(Debug, Clone)]
struct SortKey {
    path: Path,
    is_descending: bool,
}

/// What a record is sorted by.
///
/// *Shape*: the variants stand in the order in which the kinds of value are sorted.
#[derive(Debug)]
enum Key<'a> {
    Null,
    Boolean(bool),
    Number(Number<'a>),
    /// The first eight bytes, which mostly decide, and all of them.
    Text(u64, Cow<'a, [u8]>),
    Array,
    Object,
    /// What another collation than ours compares.
    Operand(Operand<'a>),
    Missing,
}

/// A record with its keys.
#[derive(Debug)]
struct Row<'a> {
    first: Key<'a>,
    /// Where the record stands among those that were kept, which is file order.
    at: usize,
}

/// Records that wait to be put in order.
#[derive(Debug)]
pub(super) struct Sorter<'s, 'a> {
    sort: &'s Sort,
    entries: Vec<ViewEntry<'a>>,
    rows: Vec<Row<'a>>,
    /// The keys behind the first, record by record.
    others: Vec<Key<'a>>,
    dictionary: RefCell<Option<Dictionary>>,
}

impl Sort {
    /// Takes more names, with commas between them and `-` before those that descend.
    pub(super) fn add(&mut self, list: &str) -> Result<(), SelectError> {
        for item in list.split(',') {
            let name = item.strip_prefix('-');
            self.add_name(name.unwrap_or(item), name.is_some())?;
        }
        Ok(())
    }

    /// Takes one more name.
    pub(super) fn add_name(&mut self, name: &str, is_descending: bool) -> Result<(), SelectError> {
        if self.keys.len() == KEYS_MAX {
            return Err(SelectError::TooMany {
                what: "names to sort by",
                max: KEYS_MAX,
            });
        }
        let path = Path::new(name)?;
        self.keys.push(SortKey {
            path,
            is_descending,
        });
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub(super) fn sorter<'a>(&self) -> Sorter<'_, 'a> {
        Sorter {
            sort: self,
            entries: Vec::new(),
            rows: Vec::new(),
            others: Vec::new(),
            dictionary: RefCell::new(
                (self.collation == Collation::Dictionary).then(Dictionary::new),
            ),
        }
    }
}

impl SortKey {
    fn order(
        &self,
        a: &Key<'_>,
        b: &Key<'_>,
        collation: Collation,
        dictionary: &RefCell<Option<Dictionary>>,
    ) -> Ordering {
        if collation != Collation::Natural {
            let ordering = match dictionary.borrow_mut().as_mut() {
                Some(dictionary) => dictionary.compare(a.operand(), b.operand()),
                None => collation::compare(a.operand(), b.operand()),
            };
            return if self.is_descending {
                ordering.reverse()
            } else {
                ordering
            };
        }
        let ordering = a.compare(b);
        let is_missing = matches!(a, Key::Missing) || matches!(b, Key::Missing);
        if self.is_descending && !is_missing {
            return ordering.reverse();
        }
        ordering
    }
}

impl<'a> Key<'a> {
    fn of(value: Option<View<'a>>) -> Self {
        let Some(value) = value else {
            return Self::Missing;
        };
        match (value.kind(), value.text()) {
            (Kind::Boolean, Some(text)) => Self::Boolean(text == b"true"),
            (Kind::Number, Some(text)) => Self::Number(Number::of(text)),
            (Kind::String, Some(spelled)) => Self::of_text(bytes_of(spelled)),
            (Kind::Array, _) => Self::Array,
            (Kind::Object, _) => Self::Object,
            _ => Self::Null,
        }
    }

    fn of_text(text: Cow<'a, [u8]>) -> Self {
        let mut first = [0; 8];
        let length = text.len().min(first.len());
        first[..length].copy_from_slice(&text[..length]);
        Self::Text(u64::from_be_bytes(first), text)
    }

    fn of_operand(value: Option<View<'a>>) -> Self {
        value.map_or(Self::Missing, |value| Self::Operand(Operand::of(value)))
    }

    fn operand(&self) -> Option<&Operand<'a>> {
        match self {
            Self::Operand(operand) => Some(operand),
            _ => None,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Boolean(_) => 1,
            Self::Number(_) => 2,
            Self::Text(..) => 3,
            Self::Array => 4,
            Self::Object | Self::Operand(_) => 5,
            Self::Missing => 6,
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.cmp(b),
            (Self::Text(a, all_a), Self::Text(b, all_b)) => a.cmp(b).then_with(|| all_a.cmp(all_b)),
            (Self::Boolean(a), Self::Boolean(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl<'a> Sorter<'_, 'a> {
    /// Takes a record; those that are equal in everything stay in the order they came.
    pub(super) fn push(&mut self, entry: ViewEntry<'a>) {
        let mut keys = self.sort.keys.iter();
        let read = match self.sort.collation {
            Collation::Natural => Key::of,
            Collation::Dictionary | Collation::Operators => Key::of_operand,
        };
        let mut key = || keys.next().map(|key| read(key.path.find(entry.value)));
        let first = key().unwrap_or(Key::Missing);
        self.others.extend(std::iter::from_fn(key));
        let at = self.entries.len();
        self.rows.push(Row { first, at });
        self.entries.push(entry);
    }

    /// The records of a part of the order.
    ///
    /// *Cost*: linear in all, and n log n in those of the part.
    pub(super) fn part(self, range: &Range<usize>) -> Vec<ViewEntry<'a>> {
        let Self {
            sort,
            entries,
            mut rows,
            others,
            dictionary,
        } = self;
        let order = |a: &Row<'_>, b: &Row<'_>| sort.order(&others, a, b, &dictionary);
        let (start, end) = (range.start.min(rows.len()), range.end.min(rows.len()));
        if sort.collation != Collation::Natural {
            collation::merge_sort(&mut rows, &order);
            let rows = rows[start..end.max(start)].iter();
            return rows.map(|row| entries[row.at]).collect();
        }
        if end < rows.len() {
            rows.select_nth_unstable_by(end, order);
        }
        let mut rows = &mut rows[..end];
        if start > 0 && start < end {
            rows.select_nth_unstable_by(start, order);
        }
        rows = &mut rows[start..];
        rows.sort_unstable_by(order);
        rows.iter().map(|row| entries[row.at]).collect()
    }
}

impl Sort {
    /// Orders two records; never equal, because their places in the file differ.
    fn order(
        &self,
        others: &[Key<'_>],
        a: &Row<'_>,
        b: &Row<'_>,
        dictionary: &RefCell<Option<Dictionary>>,
    ) -> Ordering {
        let collation = self.collation;
        let Some((first, rest)) = self.keys.split_first() else {
            return a.at.cmp(&b.at);
        };
        let behind = |row: &Row<'_>| &others[row.at * rest.len()..][..rest.len()];
        let by_rest = || {
            let mut pairs = rest.iter().zip(behind(a).iter().zip(behind(b)));
            pairs
                .find_map(|(key, (a, b))| {
                    Some(key.order(a, b, collation, dictionary)).filter(|it| it.is_ne())
                })
                .unwrap_or(a.at.cmp(&b.at))
        };
        let order = first.order(&a.first, &b.first, collation, dictionary);
        order.then_with(by_rest)
    }
}
