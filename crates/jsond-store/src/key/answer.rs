//! The first answer to a mutation with a key, as it is remembered and written. Pure.
//!
//! The same members stand in a line of the journal and in a line of a file of keys; in the journal
//! a value that is that of an operation is not written twice. `docs/journal.md` describes both.

use crate::change::{Operation, OperationKind};
use crate::contract::{Address, Applied, Effect};
use crate::key::Key;
use jsond_document::{Json, Pointer, Value, quote};

/// A larger value is not kept: a repeat gives the value that is there then. Sixty-four of this size
/// fill the room of all answers.
pub(crate) const VALUE_BYTES_MAX: usize = 1 << 20;

/// A key and the answer that its first request got.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answered {
    pub(crate) key: Key,
    pub(crate) effect: Effect,
    pub(crate) written: Vec<Address>,
    pub(crate) value: AnswerValue,
}

/// The value of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum AnswerValue {
    /// The answer had none.
    None,
    /// The value as it was then.
    Kept(Value),
    /// It was too large to be kept.
    Large,
}

const EFFECTS: [(Effect, &str); 4] = [
    (Effect::Created, "created"),
    (Effect::Replaced, "replaced"),
    (Effect::Unchanged, "unchanged"),
    (Effect::Removed, "removed"),
];

impl Answered {
    /// What is to be remembered of an answer.
    pub(crate) fn of(key: &Key, applied: &Applied) -> Self {
        let value = match &applied.value {
            None => AnswerValue::None,
            Some(value) if value.len_bytes() > VALUE_BYTES_MAX => AnswerValue::Large,
            Some(value) => AnswerValue::Kept(value.clone()),
        };
        Self {
            key: key.clone(),
            effect: applied.effect,
            written: applied.written.clone(),
            value,
        }
    }

    /// Encodes one JSON object for a file of keys.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        self.encode_members(false, out);
        out.push(b'}');
    }

    /// Encodes one JSON object for the journal, with the change that belongs to it.
    pub(crate) fn encode_with(&self, operations: &[Operation], out: &mut Vec<u8>) {
        let is_operations = match (&self.value, operations) {
            (AnswerValue::Kept(value), [operation]) => value_of(operation) == Some(value),
            _ => false,
        };
        self.encode_members(is_operations, out);
        out.extend_from_slice(b",\"patch\":");
        crate::change::encode(operations, out);
        out.push(b'}');
    }

    fn encode_members(&self, value_is_operations: bool, out: &mut Vec<u8>) {
        let (name, request) = (quote(&self.key.name), self.key.request);
        let effect = EFFECTS.iter().find(|(effect, _)| *effect == self.effect);
        let (_, effect) = effect.expect("INVARIANT: every effect has a name");
        let head =
            format!("{{\"key\":{name},\"request\":\"{request:032x}\",\"effect\":\"{effect}\"");
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(b",\"written\":[");
        for (n, Address(tokens)) in self.written.iter().enumerate() {
            if n > 0 {
                out.push(b',');
            }
            let pointer = Pointer::from_tokens(tokens.iter().cloned());
            out.extend_from_slice(quote(&pointer.to_string()).as_bytes());
        }
        out.push(b']');
        match &self.value {
            AnswerValue::None => {}
            AnswerValue::Large => out.extend_from_slice(b",\"large\":true"),
            AnswerValue::Kept(_) if value_is_operations => {
                out.extend_from_slice(b",\"operation\":0");
            }
            AnswerValue::Kept(value) => {
                out.extend_from_slice(b",\"value\":");
                value.write_to(out);
            }
        }
    }

    /// Decodes what one of the two made; the operations are those of the same line.
    pub(crate) fn decode(json: &Json, operations: &[Operation]) -> Option<Self> {
        let name = json.member("key")?.as_text()?.into_owned();
        let request = u128::from_str_radix(&json.member("request")?.as_text()?, 16).ok()?;
        let effect = json.member("effect")?;
        let effect = effect.as_text()?;
        let (effect, _) = EFFECTS.into_iter().find(|(_, name)| *name == effect)?;
        let value = match (json.member("value"), json.member("operation")) {
            (Some(value), _) => AnswerValue::Kept(value.into()),
            (None, Some(_)) => AnswerValue::Kept(value_of(operations.first()?)?.clone()),
            (None, None) if json.member("large").is_some() => AnswerValue::Large,
            (None, None) => AnswerValue::None,
        };
        Some(Self {
            key: Key { name, request },
            effect,
            written: addresses(&json.member("written")?)?,
            value,
        })
    }
}

fn addresses(array: &Json) -> Option<Vec<Address>> {
    let address = |text: Json| {
        let pointer = Pointer::parse(&text.as_text()?).ok()?;
        Some(Address(pointer.tokens().to_vec()))
    };
    Value::from(array.clone())
        .members()
        .map(|member| address(member.value.to_json()))
        .collect()
}

fn value_of(operation: &Operation) -> Option<&Value> {
    match &operation.kind {
        OperationKind::Add(written) | OperationKind::Replace(written) => Some(&written.value),
        OperationKind::Remove => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(text: &str) -> (Json, Vec<Operation>) {
        let json = Json::parse(text.as_bytes()).unwrap();
        let operations = crate::change::decode(&json).unwrap();
        (json, operations)
    }

    fn answered(value: AnswerValue) -> Answered {
        Answered {
            key: Key {
                name: "a \"b\"\n한".to_owned(),
                request: 0xabc,
            },
            effect: Effect::Created,
            written: vec![Address(vec!["l.json".into(), "a/b".into()])],
            value,
        }
    }

    /// Checks what a line of the journal says, and that both forms are read back.
    fn check(value: AnswerValue, patch_text: &str, expected: &str) {
        let (_, operations) = patch(patch_text);
        let answered = answered(value);
        let mut line = Vec::new();
        answered.encode_with(&operations, &mut line);
        let head = "{\"key\":\"a \\\"b\\\"\\n한\",\"request\":\
                    \"00000000000000000000000000000abc\",\"effect\":\"created\",\
                    \"written\":[\"/l.json/a~1b\"]";
        let whole = format!("{head}{expected},\"patch\":{patch_text}}}");
        assert_eq!(String::from_utf8(line.clone()).unwrap(), whole);
        let json = Json::parse(&line).unwrap();
        assert_eq!(Answered::decode(&json, &operations).unwrap(), answered);
        let mut line = Vec::new();
        answered.encode(&mut line);
        let json = Json::parse(&line).unwrap();
        assert_eq!(Answered::decode(&json, &[]).unwrap(), answered);
    }

    #[test]
    fn an_answer_is_read_back_and_a_value_is_written_once() {
        let value = |text: &str| Value::parse(text.as_bytes()).unwrap();
        let add = r#"[{"op":"add","path":"/l.json/0","value":{"n":1.0}}]"#;
        check(
            AnswerValue::Kept(value(r#"{"n":1.0}"#)),
            add,
            ",\"operation\":0",
        );
        check(AnswerValue::Kept(value("null")), add, ",\"value\":null");
        check(AnswerValue::Kept(value("null")), "[]", ",\"value\":null");
        check(AnswerValue::Large, add, ",\"large\":true");
        let remove = r#"[{"op":"remove","path":"/l.json/0"}]"#;
        check(AnswerValue::None, remove, "");
    }

    #[test]
    fn an_answer_that_says_anything_else_is_none() {
        for text in [
            "[]",
            r#"{"key":"a","request":"x","effect":"created","written":[]}"#,
            r#"{"key":"a","request":"1","effect":"made","written":[]}"#,
            r#"{"key":"a","request":"1","effect":"created","written":["a"]}"#,
            r#"{"key":"a","request":"1","effect":"created","written":[],"operation":0}"#,
        ] {
            let json = Json::parse(text.as_bytes()).unwrap();
            assert_eq!(Answered::decode(&json, &[]), None, "{text}");
        }
    }
}
