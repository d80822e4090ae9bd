//! Reading part of a collection: filter, search, sort, part, fields, in this order.
//!
//! Works on the text of records, in one pass: no tree is built of what was stored, and only records
//! that stay are kept, as slices. What a selection asks is read once, when it is made. Knows
//! nothing of URLs; the caller takes a query apart and says which names are reserved.

mod collation;
mod condition;
mod error;
mod expression;
mod fields;
mod filter;
mod javascript;
mod number;
mod operator;
mod part;
mod path;
mod search;
mod sort;
mod text;
mod values;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;

pub use collation::Collation;
pub use error::SelectError;
pub use filter::{FILTER_TESTS_MAX, Filter, Name, Order, Where};
pub use javascript::{number_of, spell_number, spell_value};

pub(crate) use javascript::text_of;
pub use part::{Part, PartText};

use crate::json::{Json, Kind};
use crate::value::Value;
use crate::view::ViewEntry;
use condition::{Condition, Room};
use fields::{Fields, write_record};
use operator::Operator;
use search::Search;
use sort::Sort;
use std::ops::Range;

/// How many conditions there may be besides values of equality, which are bounded on their own.
const CONDITIONS_MAX: usize = 64;

/// What is asked of a collection; by default everything.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    conditions: Vec<Condition>,
    filter: Option<Box<Filter>>,
    search: Search,
    sort: Sort,
    fields: Fields,
    /// Which part of what the filters leave; all of it by default.
    pub part: Option<Part>,
}

/// What a selection leaves of a collection.
#[derive(Debug, Clone)]
pub struct Selected {
    /// How many records the filters leave.
    pub total: usize,
    /// Which of them these are.
    pub range: Range<usize>,
    /// The records, an object if the collection was one, else an array.
    pub json: Json,
}

impl Selection {
    /// Asks that a member meet a condition.
    ///
    /// *Shape*: `name` as in a URL, `a.b` or `a.b:op`, split at the last colon. *Errors*: an
    /// unknown operator, a value that the operator does not take, too many conditions.
    pub fn with_condition(&mut self, name: &str, value: &str) -> Result<(), SelectError> {
        let (name, operator) = Operator::split(name)?;
        let known = self.conditions.iter().position(|it| it.name() == name);
        let at = known.unwrap_or(self.conditions.len());
        if known.is_none() {
            self.conditions.push(Condition::new(name)?);
        }
        self.conditions[at].add(operator, value)?;
        if self.conditions.iter().map(Condition::tests).sum::<usize>() <= CONDITIONS_MAX {
            return Ok(());
        }
        Err(SelectError::TooMany {
            what: "conditions",
            max: CONDITIONS_MAX,
        })
    }

    /// Asks for what a filter says, in the place of one that was given before.
    #[must_use]
    pub fn with_filter(self, filter: Filter) -> Self {
        let filter = Some(Box::new(filter));
        Self { filter, ..self }
    }

    /// Asks that every word occur in some string of the record.
    ///
    /// *Errors*: too many words.
    pub fn with_search(&mut self, words: &str) -> Result<(), SelectError> {
        self.search.add(words)
    }

    /// Sorts by more members, `-grade,name`.
    ///
    /// *Errors*: too many names.
    pub fn with_sort(&mut self, list: &str) -> Result<(), SelectError> {
        self.sort.add(list)
    }

    /// Sorts by one more member.
    ///
    /// *Errors*: too many names.
    pub fn with_key(&mut self, name: &str, is_descending: bool) -> Result<(), SelectError> {
        self.sort.add_name(name, is_descending)
    }

    /// Sorts in another order than the natural one.
    #[must_use]
    pub fn with_collation(mut self, collation: Collation) -> Self {
        self.sort.collation = collation;
        self
    }

    /// Keeps only the members of a list, and those of lists before it, `a,b.c`.
    ///
    /// *Errors*: too many names.
    pub fn with_fields(&mut self, list: &str) -> Result<(), SelectError> {
        self.fields.add(list)
    }

    /// Judges whether the selection leaves every collection as it is.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.keeps_all() && self.sort.is_empty() && self.fields.is_empty() && self.part.is_none()
    }

    /// Selects from a collection.
    ///
    /// *Cost*: linear in the text that must be read for the conditions; of a collection that is
    /// neither filtered nor sorted only the part is read. *Errors*: a page behind the last one,
    /// fields of a record that is no object, a regular expression that costs too much.
    pub fn apply(&self, collection: &Value) -> Result<Selected, SelectError> {
        let wanted = self.part.map_or(0..usize::MAX, Part::range);
        let mut room = Room::default();
        let (mut entries, total) = self.entries(collection, &wanted, &mut room);
        if room.steps.are_over() {
            return Err(SelectError::TooCostly);
        }
        let mut range = 0..total;
        if let Some(part) = self.part {
            part.check(total)?;
            range = part.range_of(total);
            // Of these positions more than wanted were kept.
            entries.drain(..range.start.saturating_sub(wanted.start).min(entries.len()));
            entries.truncate(range.len());
        }
        Ok(Selected {
            total,
            range,
            json: self.write(collection.kind(), &entries)?,
        })
    }

    /// Keeps the fields that are asked for of a value that is no collection: of an object, or of
    /// each object in an array.
    ///
    /// *Errors*: [`SelectError::NoMembers`].
    pub fn project(&self, value: &Value) -> Result<Json, SelectError> {
        let view = value.view();
        if self.fields.is_empty() {
            return Ok(value.to_json());
        }
        if view.kind() == Kind::Array {
            return self.write(Kind::Array, &view.entries().collect::<Vec<_>>());
        }
        let mut out = Vec::new();
        write_record(view, &self.fields.names(), &mut out)?;
        Ok(Json::from_compact(out))
    }

    fn keeps_all(&self) -> bool {
        self.conditions.is_empty() && self.filter.is_none() && self.search.is_empty()
    }

    /// The records of the part that is wanted, and how many the filters leave.
    fn entries<'a>(
        &self,
        collection: &'a Value,
        wanted: &Range<usize>,
        room: &mut Room,
    ) -> (Vec<ViewEntry<'a>>, usize) {
        let view = collection.view();
        if !self.sort.is_empty() {
            return self.sorted(collection, wanted, room);
        }
        if self.keeps_all() {
            let entries = view.entries_from(wanted.start).take(wanted.len());
            return (entries.collect(), collection.count());
        }
        let (mut kept, mut total) = (Vec::new(), 0);
        for entry in view.entries() {
            if self.keeps(&entry, room) {
                if wanted.contains(&total) {
                    kept.push(entry);
                }
                total += 1;
            }
        }
        (kept, total)
    }

    fn sorted<'a>(
        &self,
        collection: &'a Value,
        wanted: &Range<usize>,
        room: &mut Room,
    ) -> (Vec<ViewEntry<'a>>, usize) {
        let (mut sorter, mut total) = (self.sort.sorter(), 0);
        for entry in collection.view().entries() {
            if self.keeps(&entry, room) {
                sorter.push(entry);
                total += 1;
            }
        }
        (sorter.part(wanted), total)
    }

    fn keeps(&self, entry: &ViewEntry<'_>, room: &mut Room) -> bool {
        let mut conditions = self.conditions.iter();
        let mut filter = self.filter.iter();
        conditions.all(|condition| condition.is_met(entry.value, room))
            && filter.all(|filter| filter.is_met(entry.value, room))
            && (self.search.is_empty() || self.search.is_met(entry.value, &mut room.lower))
    }

    /// Writes records as an array or object, each with the fields that are asked for.
    fn write(&self, kind: Kind, entries: &[ViewEntry<'_>]) -> Result<Json, SelectError> {
        let (open, close) = if kind == Kind::Object {
            (b'{', b'}')
        } else {
            (b'[', b']')
        };
        let fields = self.fields.names();
        let mut out = Vec::new();
        if self.fields.is_empty() {
            let bytes = |entry: &ViewEntry<'_>| entry.name.len() + entry.value.len_bytes() + 2;
            out.reserve_exact(2 + entries.iter().map(bytes).sum::<usize>());
        }
        out.push(open);
        for entry in entries {
            if out.len() > 1 {
                out.push(b',');
            }
            out.extend_from_slice(entry.name);
            if !entry.name.is_empty() {
                out.push(b':');
            }
            if self.fields.is_empty() {
                entry.value.write_to(&mut out);
            } else {
                write_record(entry.value, &fields, &mut out)?;
            }
        }
        out.push(close);
        Ok(Json::from_compact(out))
    }
}
