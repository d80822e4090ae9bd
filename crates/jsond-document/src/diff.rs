//! The difference of two values as edits, in the grain in which people name what they changed:
//! members, records, elements.
//!
//! Records are replaced as a whole and never entered, other objects are. Where the edits would come
//! to much text, or members were spelled or moved in ways that edits cannot reach, the container is
//! replaced instead. What was moved is taken out and added anew. The module `lockstep` compares two
//! containers; this one goes down to them.

mod lockstep;

use crate::edit_many::PlacedValueEdit;
use crate::id_name::IdRule;
use crate::json::Kind;
use crate::value::Value;
use crate::value_edit::ValueEdit;
use crate::view::View;
use lockstep::Lockstep;

/// One edit of those that make a value of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The tokens to the place; into arrays they are indices in the value as the edits before this
    /// one have left it.
    pub pointer: Vec<String>,
    /// The same place, with ids in the place of indices in arrays that are collections.
    pub address: Vec<String>,
    /// What happens there.
    pub edit: DifferenceEdit,
}

/// What happens at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DifferenceEdit {
    /// A member or an element is added.
    Add {
        /// What is added.
        value: Value,
        /// The member before which a member is put; none at the end, and for an element.
        before: Option<String>,
    },
    /// The value there is replaced.
    Replace(Value),
    /// The value there is removed.
    Remove,
}

impl Difference {
    /// The edit in the form that [`Value::edit_many`] takes.
    #[must_use]
    pub fn placed_edit(&self) -> PlacedValueEdit<'_> {
        let edit = match &self.edit {
            DifferenceEdit::Add { value, before } => match before {
                Some(name) => ValueEdit::AddBefore(value, name),
                None => ValueEdit::Add(value),
            },
            DifferenceEdit::Replace(value) => ValueEdit::Replace(value),
            DifferenceEdit::Remove => ValueEdit::Remove,
        };
        (&self.pointer, edit)
    }

    /// About the length of its text in a journal.
    fn bytes(&self) -> usize {
        let tokens = self.pointer.iter().chain(&self.address);
        let path: usize = tokens.map(|token| token.len() + 1).sum();
        let edit = match &self.edit {
            DifferenceEdit::Add { value, before } => {
                value.len_bytes() + before.as_ref().map_or(0, String::len)
            }
            DifferenceEdit::Replace(value) => value.len_bytes(),
            DifferenceEdit::Remove => 0,
        };
        FRAME_BYTES + path + edit
    }
}

/// What the text of an edit has around its place and its value.
const FRAME_BYTES: usize = 32;

/// Containers up to this size may have any number of edits.
const SMALL_BYTES_MAX: usize = 1024;

/// Finds what makes `new` of `old`, record by record; the rule is for both.
///
/// Applied in their order to `old`, the edits give `new` with the same compact text: members in
/// their order, numbers and names as they are spelled. Each container is entered, element by
/// element or member by member, as far as the records of collections; an object is a collection
/// here if it is one in either value, an array if it is one in both. An array that is a collection
/// in one of them only is replaced.
///
/// *Cost*: linear in what the two do not share, in memory only what the edits take.
#[must_use]
pub fn diff(old: &Value, new: &Value, ids: &IdRule) -> Vec<Difference> {
    let (old, new) = (old.indexed_by(ids), new.indexed_by(ids));
    let mut walk = Walk::default();
    walk.enter(&old, &new, ids);
    let differences = walk.differences;
    debug_assert!(
        {
            let edits: Vec<_> = differences.iter().map(Difference::placed_edit).collect();
            old.edit_many(&edits, ids).as_ref() == Ok(&new)
        },
        "INVARIANT: the differences make the new value of the old one: {differences:?}"
    );
    differences
}

/// Says that a container is to be replaced as a whole.
struct Whole;

/// How much may be said about one container before it is replaced.
struct Budget {
    bytes: usize,
}

impl Budget {
    fn of(old: &Value, new: &Value) -> Self {
        let (old, new) = (old.len_bytes(), new.len_bytes());
        let bytes = match old.max(new) {
            ..=SMALL_BYTES_MAX => usize::MAX,
            _ => new.max(SMALL_BYTES_MAX) / 2,
        };
        Self { bytes }
    }
}

/// The way down, and what was found on it.
#[derive(Default)]
struct Walk {
    pointer: Vec<String>,
    address: Vec<String>,
    differences: Vec<Difference>,
}

impl Walk {
    /// Compares two values at the place to which the walk has come.
    fn enter(&mut self, old: &Value, new: &Value, ids: &IdRule) {
        let known = self.differences.len();
        let compared = match (old.kind(), new.kind()) {
            (Kind::Object, Kind::Object) => {
                let id_name = ids.id_name();
                let has_records = old.is_collection(id_name) || new.is_collection(id_name);
                let below = (!has_records).then_some(ids);
                Lockstep::of_members(old, new, below).run(self)
            }
            (Kind::Array, Kind::Array) => self.compare_arrays(old, new, ids),
            _ if old == new => Ok(()),
            _ => Err(Whole),
        };
        if let Err(Whole) = compared {
            self.differences.truncate(known);
            self.differences.push(Difference {
                pointer: self.pointer.clone(),
                address: self.address.clone(),
                edit: DifferenceEdit::Replace(new.clone()),
            });
        }
    }

    /// Compares the values of a member.
    fn enter_member(&mut self, name: &str, old: View<'_>, new: View<'_>, ids: &IdRule) {
        self.pointer.push(name.to_owned());
        self.address.push(name.to_owned());
        let below = ids.child(Kind::Object, name);
        self.enter(&old.to_value(), &new.to_value(), &below);
        self.pointer.pop();
        self.address.pop();
    }

    fn compare_arrays(&mut self, old: &Value, new: &Value, ids: &IdRule) -> Result<(), Whole> {
        let id_name = ids.id_name();
        match (old.is_collection(id_name), new.is_collection(id_name)) {
            (true, true) => Lockstep::of_records(old, new, id_name).run(self),
            (false, false) => self.compare_elements(old, new),
            // An empty array is a collection and none.
            _ if old.count() == 0 || new.count() == 0 => self.compare_elements(old, new),
            _ => Err(Whole),
        }
    }

    /// Compares arrays without ids: what is between the same beginning and the same end.
    fn compare_elements(&mut self, old: &Value, new: &Value) -> Result<(), Whole> {
        let mut budget = Budget::of(old, new);
        let (old_count, new_count) = (old.count(), new.count());
        let head = same_in_front(old, new);
        let tail = same_behind(old, new, old_count.min(new_count) - head);
        let (old_count, new_count) = (old_count - head - tail, new_count - head - tail);
        let olds = old.view().entries_from(head);
        let mut news = new.view().entries_from(head);
        let both = old_count.min(new_count);
        for (at, (a, b)) in (head..).zip(olds.zip(&mut news).take(both)) {
            if !a.value.is_same(b.value) {
                let edit = DifferenceEdit::Replace(b.value.to_value());
                self.note_element(at, edit, &mut budget)?;
            }
        }
        for _ in both..old_count {
            self.note_element(head + both, DifferenceEdit::Remove, &mut budget)?;
        }
        for (at, b) in (head + both..).zip(news.take(new_count - both)) {
            let value = b.value.to_value();
            let edit = DifferenceEdit::Add {
                value,
                before: None,
            };
            self.note_element(at, edit, &mut budget)?;
        }
        Ok(())
    }

    fn note_element(
        &mut self,
        at: usize,
        edit: DifferenceEdit,
        budget: &mut Budget,
    ) -> Result<(), Whole> {
        self.note(at.to_string(), at.to_string(), edit, budget)
    }

    /// Notes a difference below the place of the walk, if it may be said.
    fn note(
        &mut self,
        token: String,
        address: String,
        edit: DifferenceEdit,
        budget: &mut Budget,
    ) -> Result<(), Whole> {
        let below = |above: &[String], token| above.iter().cloned().chain([token]).collect();
        let difference = Difference {
            pointer: below(&self.pointer, token),
            address: below(&self.address, address),
            edit,
        };
        budget.bytes = budget.bytes.checked_sub(difference.bytes()).ok_or(Whole)?;
        self.differences.push(difference);
        Ok(())
    }
}

fn same_in_front(old: &Value, new: &Value) -> usize {
    let both = old.view().entries().zip(new.view().entries());
    both.take_while(|(a, b)| a.value.is_same(b.value)).count()
}

/// How many of the last elements are the same, of `count` at the most.
fn same_behind(old: &Value, new: &Value, count: usize) -> usize {
    let last = |value: &Value| value.count() - count;
    let olds = old.view().entries_from(last(old));
    let news = new.view().entries_from(last(new));
    let mut same = 0;
    for (a, b) in olds.zip(news) {
        same = if a.value.is_same(b.value) {
            same + 1
        } else {
            0
        };
    }
    same
}
