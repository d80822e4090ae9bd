//! What has happened, as a JSON Patch against the root document.
//!
//! The operations are concrete: array tokens are indices, file names are whole. Applying the same
//! changes to the same files gives the same image everywhere.
//!
//! *Source*: RFC 6902 §3, §4.

use crate::contract::Address;
use crate::undo::Undo;
use bytes::Bytes;
use jsond_document::{IdNames, Json, Pointer, Value, quote};

/// One operation of a change.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Operation {
    /// What it does.
    pub(crate) kind: OperationKind,
    /// Where, from the root document.
    pub(crate) path: Pointer,
    /// The same place with ids in the place of indices, if it lies in an array of records: where
    /// it is in a content for which the operation was not made.
    pub(crate) address: Option<Address>,
    /// The member before which an added one stands; without it, or where it is not there, the
    /// added one stands at the end.
    pub(crate) before: Option<String>,
    /// Which members identified records when the change was made: what the address, or a path
    /// that is the same, is to be read by.
    pub(crate) ids: IdNames,
    /// What the record that it goes into was before the change, where that is kept.
    pub(crate) undo: Option<Undo>,
}

impl Operation {
    /// An operation of which nothing more is said.
    pub(crate) fn new(kind: OperationKind, path: Pointer) -> Self {
        Self {
            kind,
            path,
            address: None,
            before: None,
            ids: IdNames::default(),
            undo: None,
        }
    }

    /// The place by ids: the address, or the path that is the same.
    pub(crate) fn address_tokens(&self) -> &[String] {
        match &self.address {
            Some(Address(tokens)) => tokens,
            None => self.path.tokens(),
        }
    }
}

/// What an operation does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum OperationKind {
    /// Adds a member, or inserts an element.
    Add(Written),
    /// Replaces a value.
    Replace(Written),
    /// Removes a value.
    Remove,
}

impl OperationKind {
    /// What is written.
    fn written(&self) -> Option<&Written> {
        match self {
            Self::Add(written) | Self::Replace(written) => Some(written),
            Self::Remove => None,
        }
    }

    /// How long the text of what is written is.
    pub(crate) fn written_bytes(&self) -> usize {
        self.written().map_or(0, |it| it.value.len_bytes())
    }
}

/// A value and, for a whole file, what else recovery needs; other programs that read the patch
/// pass over it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Written {
    /// The value.
    pub(crate) value: Value,
    /// The laid-out text.
    pub(crate) text: Option<Bytes>,
}

impl From<Value> for Written {
    fn from(value: Value) -> Self {
        Self { value, text: None }
    }
}

/// Encodes operations as the text of a JSON Patch, on one line.
pub(crate) fn encode(operations: &[Operation], out: &mut Vec<u8>) {
    out.push(b'[');
    for (n, operation) in operations.iter().enumerate() {
        if n > 0 {
            out.push(b',');
        }
        encode_one(operation, out);
    }
    out.push(b']');
}

fn encode_one(operation: &Operation, out: &mut Vec<u8>) {
    let name = match &operation.kind {
        OperationKind::Add(_) => "add",
        OperationKind::Replace(_) => "replace",
        OperationKind::Remove => "remove",
    };
    out.extend_from_slice(b"{\"op\":\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\",\"path\":");
    operation.path.write_quoted(out);
    if let Some(Address(tokens)) = &operation.address {
        let address = quote(&Pointer::from_tokens(tokens.iter().cloned()).to_string());
        out.extend_from_slice(format!(",\"address\":{address}").as_bytes());
    }
    if let Some(name) = &operation.before {
        out.extend_from_slice(format!(",\"before\":{}", quote(name)).as_bytes());
    }
    if !operation.ids.is_default() {
        let words: Vec<_> = operation.ids.words().iter().map(|it| quote(it)).collect();
        out.extend_from_slice(format!(",\"ids\":[{}]", words.join(",")).as_bytes());
    }
    if let Some(written) = operation.kind.written() {
        out.extend_from_slice(b",\"value\":");
        written.value.write_to(out);
        if let Some(text) = &written.text {
            out.extend_from_slice(b",\"text\":");
            out.extend_from_slice(quote(&String::from_utf8_lossy(text)).as_bytes());
        }
    }
    if let Some(Undo { tokens, was }) = &operation.undo {
        out.extend_from_slice(b",\"unit\":");
        out.extend_from_slice(itoa::Buffer::new().format(*tokens).as_bytes());
        if let Some(was) = was {
            out.extend_from_slice(b",\"was\":");
            was.write_to(out);
        }
    }
    out.push(b'}');
}

/// Decodes the operations of a JSON Patch that [`encode`] made.
pub(crate) fn decode(patch: &Json) -> Option<Vec<Operation>> {
    Value::from(patch.clone())
        .members()
        .map(|member| operation(&member.value.to_json()))
        .collect()
}

fn operation(json: &Json) -> Option<Operation> {
    let text = |name: &str| match json.member(name) {
        Some(text) => text.as_text().map(|text| Some(text.into_owned())),
        None => Some(None),
    };
    let written = || {
        Some(Written {
            value: Value::from(json.member("value")?),
            text: text("text")?.map(Bytes::from),
        })
    };
    let kind = match &*json.member("op")?.as_text()? {
        "add" => OperationKind::Add(written()?),
        "replace" => OperationKind::Replace(written()?),
        "remove" => OperationKind::Remove,
        _ => return None,
    };
    let address = match text("address")? {
        Some(text) => Some(Address(Pointer::parse(&text).ok()?.tokens().to_vec())),
        None => None,
    };
    let ids = match json.member("ids") {
        Some(words) => ids_of(words)?,
        None => IdNames::default(),
    };
    Some(Operation {
        address,
        before: text("before")?,
        ids,
        undo: undo(json)?,
        ..Operation::new(kind, Pointer::parse(&text("path")??).ok()?)
    })
}

/// Reads what the unit was; the inner value is none where it is not kept.
#[expect(
    clippy::option_option,
    reason = "the outer one says that something is wrong"
)]
fn undo(json: &Json) -> Option<Option<Undo>> {
    let Some(tokens) = json.member("unit") else {
        return Some(None);
    };
    let was = json.member("was").map(Value::from);
    let tokens = tokens.as_str().parse().ok()?;
    Some(Some(Undo { tokens, was }))
}

/// Reads the words of `--id` under which a change was made.
fn ids_of(words: Json) -> Option<IdNames> {
    let word = |it: jsond_document::Member| Some(it.value.to_json().as_text()?.into_owned());
    let words: Vec<_> = Value::from(words)
        .members()
        .map(word)
        .collect::<Option<_>>()?;
    IdNames::parse(words.iter().map(String::as_str)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_read_back_as_it_was_written() {
        let value = |text: &str| Value::parse(text.as_bytes()).unwrap();
        let path = |text: &str| Pointer::parse(text).unwrap();
        let whole = Written {
            value: value(r#"{"a":1e400}"#),
            text: Some(Bytes::from_static(b"{\n \"a\": 1e400\n}\n")),
        };
        let operations = vec![
            Operation {
                ids: IdNames::parse(["_id", "posts=s\"lug"]).unwrap(),
                undo: Some(Undo {
                    tokens: 1,
                    was: None,
                }),
                ..Operation::new(OperationKind::Add(whole), path("/new.json"))
            },
            Operation {
                before: Some("a/\"\n~".to_owned()),
                ..Operation::new(OperationKind::Add(value("[]").into()), path("/s.json/b"))
            },
            Operation::new(
                OperationKind::Replace(value("-0").into()),
                path("/s.json/a~1b/~0"),
            ),
            Operation {
                address: Some(Address(vec!["s.json".into(), "id/3".into()])),
                ids: IdNames::parse(["s=slug"]).unwrap(),
                undo: Some(Undo {
                    tokens: 2,
                    was: Some(value(r#"{"id":3,"n":1.0}"#)),
                }),
                ..Operation::new(OperationKind::Remove, path("/s.json/3"))
            },
        ];
        let mut text = Vec::new();
        encode(&operations, &mut text);
        assert!(!text.contains(&b'\n'));
        assert_eq!(decode(&Json::parse(&text).unwrap()).unwrap(), operations);
    }
    #[test]
    fn an_added_member_stands_before_the_one_that_its_operation_names() {
        let image = crate::image::Image::of_files([("a.json", r#"{"x":1,"y":2}"#)]);
        let add = |name: &str, before: Option<&str>| Operation {
            before: before.map(str::to_owned),
            ..Operation::new(
                OperationKind::Add(Value::parse(b"0").unwrap().into()),
                Pointer::from_tokens(["a.json", name]),
            )
        };
        let operations = [
            add("a", Some("x")),
            add("b", Some("y")),
            add("c", Some("absent")),
            add("d", None),
        ];
        let (revision, time) = (image.revision, std::time::SystemTime::UNIX_EPOCH);
        let image = image.apply(&operations, revision, time).unwrap();
        let value = image.file(&["a.json".to_owned()]).unwrap().value.clone();
        let expected = r#"{"a":0,"x":1,"b":0,"y":2,"c":0,"d":0}"#;
        assert_eq!(value.unwrap().to_json().as_str(), expected);
    }
}
