//! What an edit does at its place: a value is added, replaced or removed.
//!
//! It borrows the value. Where the place is, and whether the edit fits there, is the matter of the
//! module `edit`.

use crate::value::Value;

/// What to do at the last token.
#[derive(Debug, Clone, Copy)]
pub enum ValueEdit<'a> {
    /// Adds a member, or replaces the one of that name, or inserts an element.
    Add(&'a Value),
    /// Adds a member before the one of this name, or at the end where there is none; a member that
    /// is there already is replaced where it stands. In an array it is an addition like any other.
    AddBefore(&'a Value, &'a str),
    /// Replaces a value that is there.
    Replace(&'a Value),
    /// Removes a value.
    Remove,
}

impl<'a> ValueEdit<'a> {
    /// The value that is put there.
    pub(crate) fn value(&self) -> Option<&'a Value> {
        match *self {
            Self::Add(value) | Self::AddBefore(value, _) | Self::Replace(value) => Some(value),
            Self::Remove => None,
        }
    }

    /// The member before which a new one is to stand.
    pub(crate) fn neighbour(&self) -> Option<&'a str> {
        match *self {
            Self::AddBefore(_, name) => Some(name),
            _ => None,
        }
    }

    /// The same edit with another value.
    pub(crate) fn with(self, value: &'a Value) -> Self {
        match self {
            Self::Add(_) => Self::Add(value),
            Self::AddBefore(_, name) => Self::AddBefore(value, name),
            Self::Replace(_) => Self::Replace(value),
            Self::Remove => Self::Remove,
        }
    }
}
