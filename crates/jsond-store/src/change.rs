//! What has happened, as a JSON Patch against the root document.
//!
//! The operations are concrete: array tokens are indices, file names are whole. Applying the same
//! changes to the same files gives the same image everywhere.
//!
//! *Source*: RFC 6902 §3, §4.

use crate::contract::Address;
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

/// A value and, for a whole file, what else recovery needs; other programs that read the patch
/// pass over it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Written {
    /// The value.
    pub(crate) value: Value,
    /// The laid-out text.
    pub(crate) text: Option<Bytes>,
    /// The hash of the content on disk into which this value was merged.
    pub(crate) over: Option<u128>,
}

impl From<Value> for Written {
    fn from(value: Value) -> Self {
        Self {
            value,
            text: None,
            over: None,
        }
    }
}

/// Encodes operations as the text of a JSON Patch, on one line.
pub(crate) fn encode(operations: &[Operation], out: &mut Vec<u8>) {
    out.push(b'[');
    for (n, operation) in operations.iter().enumerate() {
        if n > 0 {
            out.push(b',');
        }
        let (name, written) = match &operation.kind {
            OperationKind::Add(written) => ("add", Some(written)),
            OperationKind::Replace(written) => ("replace", Some(written)),
            OperationKind::Remove => ("remove", None),
        };
        let path = quote(&operation.path.to_string());
        out.extend_from_slice(format!("{{\"op\":\"{name}\",\"path\":{path}").as_bytes());
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
        if let Some(written) = written {
            out.extend_from_slice(b",\"value\":");
            written.value.write_to(out);
            if let Some(text) = &written.text {
                out.extend_from_slice(b",\"text\":");
                out.extend_from_slice(quote(&String::from_utf8_lossy(text)).as_bytes());
            }
            if let Some(over) = written.over {
                out.extend_from_slice(format!(",\"over\":\"{over:032x}\"").as_bytes());
            }
        }
        out.push(b'}');
    }
    out.push(b']');
}

/// Decodes the operations of a JSON Patch that [`encode`] made.
pub(crate) fn decode(patch: &Json) -> Option<Vec<Operation>> {
    Value::from(patch.clone())
        .members()
        .map(|member| operation(&member.value.to_json()))
        .collect()
}

fn operation(json: &Json) -> Option<Operation> {
    let path = Pointer::parse(&json.member("path")?.as_text()?).ok()?;
    let written = || {
        let value = Value::from(json.member("value")?);
        let text = json
            .member("text")
            .and_then(|text| Some(text.as_text()?.into_owned()));
        let over = json
            .member("over")
            .and_then(|over| Some(over.as_text()?.into_owned()));
        let over = over
            .map(|digits| u128::from_str_radix(&digits, 16))
            .transpose()
            .ok()?;
        Some(Written {
            value,
            text: text.map(Bytes::from),
            over,
        })
    };
    let kind = match &*json.member("op")?.as_text()? {
        "add" => OperationKind::Add(written()?),
        "replace" => OperationKind::Replace(written()?),
        "remove" => OperationKind::Remove,
        _ => return None,
    };
    let address = match json.member("address") {
        Some(text) => Some(Address(
            Pointer::parse(&text.as_text()?).ok()?.tokens().to_vec(),
        )),
        None => None,
    };
    let before = match json.member("before") {
        Some(name) => Some(name.as_text()?.into_owned()),
        None => None,
    };
    let ids = match json.member("ids") {
        Some(words) => ids_of(words)?,
        None => IdNames::default(),
    };
    Some(Operation {
        kind,
        path,
        address,
        before,
        ids,
    })
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
        let operations = vec![
            Operation {
                kind: OperationKind::Add(Written {
                    value: value(r#"{"a":1e400}"#),
                    text: Some(Bytes::from_static(b"{\n \"a\": 1e400\n}\n")),
                    over: Some(0xabc),
                }),
                path: path("/new.json"),
                address: None,
                before: None,
                ids: IdNames::parse(["_id", "posts=s\"lug"]).unwrap(),
            },
            Operation {
                kind: OperationKind::Add(value("[]").into()),
                path: path("/s.json/b"),
                address: None,
                before: Some("a/\"\n~".to_owned()),
                ids: IdNames::default(),
            },
            Operation {
                kind: OperationKind::Replace(value("-0").into()),
                path: path("/s.json/a~1b/~0"),
                address: None,
                before: None,
                ids: IdNames::default(),
            },
            Operation {
                kind: OperationKind::Remove,
                path: path("/s.json/3"),
                address: Some(Address(vec!["s.json".into(), "id/3".into()])),
                before: None,
                ids: IdNames::parse(["s=slug"]).unwrap(),
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
            kind: OperationKind::Add(Value::parse(b"0").unwrap().into()),
            path: Pointer::from_tokens(["a.json", name]),
            address: None,
            before: before.map(str::to_owned),
            ids: IdNames::default(),
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
