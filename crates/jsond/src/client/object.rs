//! A response as one JSON object, for programs. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde::ser::SerializeMap;
use serde_json::value::RawValue;

use super::failure::{Cause, Failure};
use super::head::Head;
use super::memory::Response;
use super::render::Form;
use crate::wire::escape::escape_in_json;

#[derive(Serialize)]
struct Object<'a> {
    status: u16,
    reason: &'a str,
    headers: Fields<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Body<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
}

/// A body that is text: JSON as it is spelled, or a string.
#[derive(Serialize)]
#[serde(untagged)]
enum Body<'a> {
    Json(&'a RawValue),
    Text(&'a str),
}

/// The fields; one that came several times is a list.
struct Fields<'a>(&'a Head);

impl Serialize for Fields<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let fields = &self.0.headers;
        for (n, (name, value)) in fields.iter().enumerate() {
            let is_it = |other: &&(String, String)| other.0.eq_ignore_ascii_case(name);
            if fields[..n].iter().any(|other| is_it(&other)) {
                continue;
            }
            let all: Vec<&str> = fields
                .iter()
                .filter(is_it)
                .map(|it| it.1.as_str())
                .collect();
            match all.as_slice() {
                [_] => map.serialize_entry(name, value)?,
                _ => map.serialize_entry(name, &all)?,
            }
        }
        map.end()
    }
}

/// The object, on a line of its own.
///
/// Errors: the body is too long to be kept, or broke off.
pub(super) fn of(response: &Response) -> Result<String, Failure> {
    let Some(bytes) = response.whole() else {
        return Err(Failure::new(
            Cause::Other,
            "the body is too long for --json",
        ));
    };
    let text = std::str::from_utf8(bytes).ok();
    let is_json = Form::of(&response.head).is_some();
    let json = text
        .filter(|_| is_json)
        .and_then(|text| serde_json::from_str(text).ok());
    let body = match (json, text) {
        _ if bytes.is_empty() => None,
        (Some(json), _) => Some(Body::Json(json)),
        (None, text) => text.map(Body::Text),
    };
    let object = Object {
        status: response.head.status,
        reason: &response.head.reason,
        headers: Fields(&response.head),
        body_base64: text.is_none().then(|| STANDARD.encode(bytes)),
        body,
    };
    let text = serde_json::to_string(&object);
    let text = text.map_err(|error| Failure::new(Cause::Other, error.to_string()))?;
    // It may be read at a terminal too; to a program it is the same.
    Ok(escape_in_json(&text).into_owned() + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(content_type: &str, body: &[u8], expected: &str) {
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let response = Response {
            head: Head {
                status: 200,
                reason: "OK".into(),
                headers: vec![
                    field("content-type", content_type),
                    field("a", "1"),
                    field("A", "2"),
                ],
            },
            body: body.to_vec(),
            is_cut: false,
        };
        let head = format!(
            r#"{{"status":200,"reason":"OK","headers":{{"content-type":"{content_type}","a":["1","2"]}}"#
        );
        assert_eq!(of(&response).unwrap(), format!("{head}{expected}}}\n"));
    }

    #[test]
    fn a_body_is_its_value_a_string_or_base64() {
        check(
            "application/json",
            b"{\"b\":1.50,\"a\":[]}\n",
            r#","body":{"b":1.50,"a":[]}"#,
        );
        check("application/json", b"{", r#","body":"{""#);
        check("text/plain", b"1", r#","body":"1""#);
        check("text/plain", b"", "");
        check(
            "application/json",
            "\"\u{9b}\u{202e}\"".as_bytes(),
            r#","body":"\u009b\u202e""#,
        );
        check("image/png", b"\xff\x00", r#","body_base64":"/wA=""#);
    }
}
