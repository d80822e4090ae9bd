//! JSON Patch: a list of operations that holds as a whole or not at all.
//!
//! The operations run against anything that can find and edit values by their tokens: one value,
//! or a whole folder of documents. `move` and `copy` come down to adding and removing.
//!
//! *Source*: RFC 6902.

use crate::edit::EditError;
use crate::json::{Json, Kind};
use crate::pointer::{Pointer, PointerError};
use crate::value::Value;

/// A JSON Patch document.
#[derive(Debug, Clone, PartialEq)]
pub struct Patch(Vec<PatchOperation>);

/// One operation.
///
/// *Source*: RFC 6902 §4.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are the standard's own")]
pub enum PatchOperation {
    Add { path: Pointer, value: Value },
    Remove { path: Pointer },
    Replace { path: Pointer, value: Value },
    Move { from: Pointer, path: Pointer },
    Copy { from: Pointer, path: Pointer },
    Test { path: Pointer, value: Value },
}

/// What an operation does at one place.
#[derive(Debug, Clone, PartialEq)]
pub enum PatchEdit {
    /// Adds a member, or replaces the one of that name, or inserts an element.
    Add(Value),
    /// Replaces a value that is there.
    Replace(Value),
    /// Removes a value.
    Remove,
}

/// What a patch runs against.
pub trait Patched {
    /// Why an edit is refused.
    type Error;

    /// Finds the value at a place; array tokens are indices.
    fn find(&self, tokens: &[String]) -> Option<Value>;

    /// Makes an edit at a place.
    ///
    /// *Errors*: the target's own; the caller gives the half-patched target up.
    fn edit(&mut self, tokens: &[String], edit: PatchEdit) -> Result<(), Self::Error>;
}

/// Why a text is no JSON Patch.
///
/// *Units*: `index` counts the operations from 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatchSyntaxError {
    /// The document is no array.
    #[error("a JSON Patch is an array of operations")]
    NotAnArray,
    /// An operation is no object.
    #[error("operation {0} is no object")]
    NotAnObject(usize),
    /// A member that the operation needs is missing or of another kind.
    #[error("operation {index} needs the member {name}")]
    Member {
        /// The operation.
        index: usize,
        /// The member's name.
        name: &'static str,
    },
    /// The operation is not one of the six.
    #[error("operation {index}: op is add, remove, replace, move, copy or test, not {}", crate::quote(.op))]
    Unknown {
        /// The operation.
        index: usize,
        /// What stands in its place.
        op: String,
    },
    /// A path is no JSON pointer.
    #[error("operation {index}: {error}")]
    Pointer {
        /// The operation.
        index: usize,
        /// What is wrong with it.
        error: PointerError,
    },
}

/// Why a patch does not apply.
///
/// *Units*: `index` counts the operations from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatchError<E> {
    /// The operation.
    pub index: usize,
    /// The place that it is about.
    pub path: Pointer,
    /// What is in the way.
    pub fault: PatchFault<E>,
}

/// What is in the way of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatchFault<E> {
    /// The value that is to be tested, moved or copied is not there.
    NotFound,
    /// The value is not the one that `test` wants.
    Test,
    /// A value cannot be moved into itself.
    IntoItself,
    /// The target refuses the edit.
    Edit(E),
}

impl From<Vec<PatchOperation>> for Patch {
    fn from(operations: Vec<PatchOperation>) -> Self {
        Self(operations)
    }
}

impl Patch {
    /// Parses a patch document.
    ///
    /// *Errors*: see [`PatchSyntaxError`].
    pub fn parse(json: &Json) -> Result<Self, PatchSyntaxError> {
        if json.kind() != Kind::Array {
            return Err(PatchSyntaxError::NotAnArray);
        }
        crate::scan::elements(json.as_bytes(), 0)
            .enumerate()
            .map(|(index, entry)| operation(index, &json.slice(entry.value)))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The operations, in order.
    #[must_use]
    pub fn operations(&self) -> &[PatchOperation] {
        &self.0
    }

    /// Runs the operations.
    ///
    /// *Errors*: the first operation that does not apply; the target is then half-patched.
    pub fn run<T: Patched>(&self, target: &mut T) -> Result<(), PatchError<T::Error>> {
        for (index, operation) in self.0.iter().enumerate() {
            run_one(operation, target).map_err(|fault| PatchError {
                index,
                path: operation.path().clone(),
                fault,
            })?;
        }
        Ok(())
    }
}

impl PatchOperation {
    /// The place that the operation is about: where it reads first, or else writes.
    #[must_use]
    pub fn path(&self) -> &Pointer {
        match self {
            Self::Add { path, .. }
            | Self::Remove { path }
            | Self::Replace { path, .. }
            | Self::Move { path, .. }
            | Self::Copy { path, .. }
            | Self::Test { path, .. } => path,
        }
    }
}

fn run_one<T: Patched>(
    operation: &PatchOperation,
    target: &mut T,
) -> Result<(), PatchFault<T::Error>> {
    let found = |target: &T, from: &Pointer| target.find(from.tokens()).ok_or(PatchFault::NotFound);
    let (path, edit) = match operation {
        PatchOperation::Add { path, value } => (path, PatchEdit::Add(value.clone())),
        PatchOperation::Replace { path, value } => (path, PatchEdit::Replace(value.clone())),
        PatchOperation::Remove { path } => (path, PatchEdit::Remove),
        PatchOperation::Copy { from, path } => (path, PatchEdit::Add(found(target, from)?)),
        PatchOperation::Move { from, path } => {
            let value = found(target, from)?;
            if from == path {
                return Ok(());
            }
            if path.tokens().starts_with(from.tokens()) {
                return Err(PatchFault::IntoItself);
            }
            let removed = target.edit(from.tokens(), PatchEdit::Remove);
            removed.map_err(PatchFault::Edit)?;
            (path, PatchEdit::Add(value))
        }
        PatchOperation::Test { path, value } => {
            let is_same = found(target, path)?.means_the_same_as(value);
            return if is_same {
                Ok(())
            } else {
                Err(PatchFault::Test)
            };
        }
    };
    target.edit(path.tokens(), edit).map_err(PatchFault::Edit)
}

fn operation(index: usize, json: &Json) -> Result<PatchOperation, PatchSyntaxError> {
    if json.kind() != Kind::Object {
        return Err(PatchSyntaxError::NotAnObject(index));
    }
    let member = |name| PatchSyntaxError::Member { index, name };
    let text = |name| {
        let text = json.member(name).ok_or(member(name))?;
        text.as_text()
            .map(std::borrow::Cow::into_owned)
            .ok_or(member(name))
    };
    let pointer = |name| {
        Pointer::parse(&text(name)?).map_err(|error| PatchSyntaxError::Pointer { index, error })
    };
    let value = || json.member("value").map(Value::from).ok_or(member("value"));
    let op = text("op")?;
    let path = pointer("path")?;
    Ok(match op.as_str() {
        "add" => PatchOperation::Add {
            path,
            value: value()?,
        },
        "remove" => PatchOperation::Remove { path },
        "replace" => PatchOperation::Replace {
            path,
            value: value()?,
        },
        "move" => PatchOperation::Move {
            from: pointer("from")?,
            path,
        },
        "copy" => PatchOperation::Copy {
            from: pointer("from")?,
            path,
        },
        "test" => PatchOperation::Test {
            path,
            value: value()?,
        },
        _ => return Err(PatchSyntaxError::Unknown { index, op }),
    })
}

impl Patched for Value {
    type Error = EditError;

    fn find(&self, tokens: &[String]) -> Option<Value> {
        self.point(tokens)
    }

    fn edit(&mut self, tokens: &[String], edit: PatchEdit) -> Result<(), EditError> {
        *self = match edit {
            PatchEdit::Add(value) => self.add(tokens, &value),
            PatchEdit::Replace(value) => self.replace(tokens, &value),
            PatchEdit::Remove => self.remove(tokens),
        }?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        Value::parse(text.as_bytes()).unwrap()
    }

    fn patch(text: &str) -> Patch {
        Patch::parse(&value(text).to_json()).unwrap()
    }

    fn check(document: &str, text: &str, expected: &str) {
        let mut found = value(document);
        patch(text).run(&mut found).unwrap();
        assert_eq!(found.to_json().as_str(), expected, "{document} {text}");
    }

    #[test]
    fn the_six_operations_keep_every_byte_that_they_are_not_about() {
        check(
            r#"{"a":1.0,"b":[1e400]}"#,
            r#"[{"op":"copy","from":"/b/0","path":"/b/-"},{"op":"test","path":"/a","value":1}]"#,
            r#"{"a":1.0,"b":[1e400,1e400]}"#,
        );
        check(
            r#"{"a":1,"b":-0,"c":3}"#,
            r#"[{"op":"move","from":"/a","path":"/d"},{"op":"remove","path":"/c"}]"#,
            r#"{"b":-0,"d":1}"#,
        );
        check(
            "[1,2,3]",
            r#"[{"op":"move","from":"/0","path":"/2"}]"#,
            "[2,3,1]",
        );
        check(
            "1",
            r#"[{"op":"add","path":"","value":{"x":30.0}}]"#,
            r#"{"x":30.0}"#,
        );
        check("[1]", r#"[{"op":"move","from":"/0","path":"/0"}]"#, "[1]");
    }

    #[test]
    fn a_patch_that_does_not_apply_says_which_operation_and_why() {
        let fault = |document: &str, text: &str| {
            let error = patch(text).run(&mut value(document)).unwrap_err();
            (error.index, error.fault)
        };
        let test = r#"[{"op":"add","path":"/b","value":1},{"op":"test","path":"/a","value":"1"}]"#;
        assert_eq!(fault(r#"{"a":1}"#, test), (1, PatchFault::Test));
        let into = r#"[{"op":"move","from":"/a","path":"/a/b"}]"#;
        assert_eq!(fault(r#"{"a":{}}"#, into), (0, PatchFault::IntoItself));
        let absent = r#"[{"op":"copy","from":"/b","path":"/a"}]"#;
        assert_eq!(fault("{}", absent), (0, PatchFault::NotFound));
        let edit = r#"[{"op":"remove","path":"/b"}]"#;
        let fault = fault("{}", edit);
        assert_eq!(
            fault,
            (0, PatchFault::Edit(EditError::NotFound { depth: 0 }))
        );
    }

    #[test]
    fn what_is_no_patch_is_refused_with_its_place() {
        let error = |text: &str| {
            Patch::parse(&value(text).to_json())
                .unwrap_err()
                .to_string()
        };
        assert_eq!(error("{}"), "a JSON Patch is an array of operations");
        assert_eq!(error("[1]"), "operation 0 is no object");
        assert_eq!(
            error(r#"[{"op":"add","path":"/a"}]"#),
            "operation 0 needs the member value"
        );
        assert_eq!(
            error(r#"[{"op":1,"path":"/a"}]"#),
            "operation 0 needs the member op"
        );
        assert!(error(r#"[{"op":"spam","path":"/a"}]"#).contains("not \"spam\""));
        assert!(error(r#"[{"op":"remove","path":"a"}]"#).contains("begins with /"));
    }
}
