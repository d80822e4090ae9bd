//! A collection as NDJSON: a record a line.
//!
//! An element of an array is a line as it is; a member of an object is a line as an object of that
//! one member, so that its name is not lost. Lines end in LF. What is empty has no line at all.

use crate::api::pieces::PieceWriter;
use bytes::Bytes;
use jsond_document::{Kind, Value};

/// Renders the members or elements of a value; a scalar is one line.
///
/// *Cost*: linear in the text; large records are shared.
pub(super) fn render(value: &Value) -> Vec<Bytes> {
    let mut text = PieceWriter::default();
    if !matches!(value.kind(), Kind::Array | Kind::Object) {
        text.value(value);
        text.end().push(b'\n');
    }
    for member in value.members() {
        let close: &[u8] = match &member.spelled_name {
            None => b"\n",
            Some(name) => {
                let end = text.end();
                end.push(b'{');
                end.extend_from_slice(name);
                end.push(b':');
                b"}\n"
            }
        };
        text.value(&member.value);
        text.end().extend_from_slice(close);
        text.may_cut();
    }
    text.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expected: &str) {
        let text = render(&Value::parse(value.as_bytes()).unwrap()).concat();
        assert_eq!(String::from_utf8(text).unwrap(), expected, "{value}");
    }

    #[test]
    fn an_element_is_a_line() {
        check(
            r#"[ {"id":1,"x":[1, 2]}, {"id":"a\n"} ]"#,
            "{\"id\":1,\"x\":[1,2]}\n{\"id\":\"a\\n\"}\n",
        );
        check("[1.50,null,\"x\",[]]", "1.50\nnull\n\"x\"\n[]\n");
    }

    #[test]
    fn a_member_is_a_line_with_its_name_as_spelled() {
        check(
            r#"{"a":{"x":1},"\u0062":{},"":{"y":null}}"#,
            "{\"a\":{\"x\":1}}\n{\"\\u0062\":{}}\n{\"\":{\"y\":null}}\n",
        );
    }

    #[test]
    fn an_empty_collection_has_no_line_and_a_scalar_is_one() {
        check("[]", "");
        check("{}", "");
        check("1.0", "1.0\n");
    }

    #[test]
    fn a_large_collection_has_the_same_lines_in_pieces_of_one_size() {
        let big = "x".repeat(20_000);
        let record = |n: usize| match n {
            7 => format!(r#"{{"id":7,"text":"{big}","more":[{n},{n}]}}"#),
            _ => format!(r#"{{"id":{n},"name":"record {n}"}}"#),
        };
        let records: Vec<_> = (0..20_000).map(record).collect();
        let value = Value::parse(format!("[{}]", records.join(",")).as_bytes()).unwrap();
        let pieces = render(&value);
        assert!((10..40).contains(&pieces.len()), "{} pieces", pieces.len());
        let expected: String = records.iter().map(|line| format!("{line}\n")).collect();
        assert!(pieces.concat() == expected.as_bytes());
    }

    #[test]
    fn every_line_is_json_and_the_lines_are_the_collection() {
        let text = r#"{"k":{"a":"\u2028\r\n","b":{"c":[{}]}},"l":{}}"#;
        let lines = render(&Value::parse(text.as_bytes()).unwrap()).concat();
        let lines = String::from_utf8(lines).unwrap();
        let parsed: Vec<_> = lines
            .lines()
            .map(|line| Value::parse(line.as_bytes()).unwrap())
            .collect();
        assert_eq!(parsed.len(), 2);
        assert_eq!(
            parsed[0].member("k").unwrap().member("a").unwrap(),
            Value::parse(br#""\u2028\r\n""#).unwrap()
        );
    }
}
