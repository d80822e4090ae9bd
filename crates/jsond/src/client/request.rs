//! A request as meant: method, target, header fields, body.
//!
//! Built from words, the same ones on a command line, at the prompt and in a script. The target is
//! kept as typed, since the two doors of a server want it in different forms.

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

use super::failure::Failure;
use super::item::{Item, Members};

/// What may not stand raw in a target: everything a request line would break at, and `#`.
const TARGET: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// What is encoded in the names and values of a query or a form.
const FORM: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'*');

/// A body with its media type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Body {
    pub(super) media_type: String,
    pub(super) bytes: Vec<u8>,
}

/// A request as meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: String,
    /// As typed: `students.json`, `/students.json/Da_Eun?pretty`.
    pub(super) target: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<Body>,
}

/// Where the body comes from besides the items, and what every request carries.
#[derive(Debug, Clone, Default)]
pub(super) struct Extras {
    pub(super) headers: Vec<(String, String)>,
    pub(super) data: Option<Vec<u8>>,
}

/// Reads a file that an item names. A seam, so that parsing stays pure.
pub(super) type ReadFile<'a> = &'a dyn Fn(&str) -> Result<Vec<u8>, Failure>;

impl Request {
    /// Builds a request from `METHOD TARGET ITEMS…`.
    pub(super) fn parse(
        words: &[String],
        extras: &Extras,
        read_file: ReadFile<'_>,
    ) -> Result<Self, Failure> {
        let [method, target, items @ ..] = words else {
            return Err(Failure::usage(
                "a method and a target are needed: GET students.json",
            ));
        };
        let mut request = Self {
            method: parse_method(method)?,
            target: parse_target(target)?,
            query: Vec::new(),
            headers: extras.headers.clone(),
            body: None,
        };
        let mut parts = Parts {
            data: extras.data.clone(),
            ..Parts::default()
        };
        for word in items {
            request.add(Item::parse(word)?, &mut parts, read_file)?;
        }
        request.body = parts.into_body(&request.method)?;
        Ok(request)
    }

    /// A GET with nothing else.
    pub(super) fn get(target: &str) -> Self {
        Self {
            method: "GET".to_owned(),
            target: target.to_owned(),
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
        }
    }

    fn add(&mut self, item: Item, parts: &mut Parts, read: ReadFile<'_>) -> Result<(), Failure> {
        match item {
            Item::Query { name, value } => self.query.push((name, value)),
            Item::Header { name, value } => self.headers.push((name, value)),
            Item::Member { name, json } => parts.members.add(&name, json)?,
            Item::File(path) if parts.data.is_none() => parts.data = Some(read(&path)?),
            Item::File(_) => return Err(Failure::usage("only one body can be sent")),
        }
        Ok(())
    }

    /// The target in origin form: with its slash, its query, and safe to put in a request line.
    pub(super) fn http_target(&self) -> String {
        let slash = if self.target.starts_with('/') || self.target == "*" {
            ""
        } else {
            "/"
        };
        let mut target = format!("{slash}{}", utf8_percent_encode(&self.target, TARGET));
        if !self.query.is_empty() {
            target.push(if target.contains('?') { '&' } else { '?' });
            target.push_str(&encode_form(&self.query));
        }
        target
    }

    /// The target as the dialogue door wants it, as typed.
    pub(super) fn raw_target(&self) -> &str {
        &self.target
    }
}

/// `name=value` pairs as `application/x-www-form-urlencoded`.
pub(super) fn encode_form(pairs: &[(String, String)]) -> String {
    let encode = |text: &str| utf8_percent_encode(text, FORM).to_string();
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    pairs.join("&")
}

/// A method word in any case, as it goes on the wire.
fn parse_method(word: &str) -> Result<String, Failure> {
    let is_method = !word.is_empty()
        && word.len() <= 32
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic() || byte == b'-');
    if !is_method || word.eq_ignore_ascii_case("CONNECT") {
        return Err(Failure::usage(format!("not a method: {word:?}")));
    }
    Ok(word.to_ascii_uppercase())
}

fn parse_target(word: &str) -> Result<String, Failure> {
    let is_target = !word.is_empty() && !word.chars().any(char::is_control);
    if !is_target {
        return Err(Failure::usage(format!("not a target: {word:?}")));
    }
    Ok(word.to_owned())
}

/// What becomes the body: members or data, never both.
#[derive(Debug, Default)]
struct Parts {
    members: Members,
    data: Option<Vec<u8>>,
}

impl Parts {
    fn into_body(self, method: &str) -> Result<Option<Body>, Failure> {
        let bytes = match (self.data, self.members.is_empty()) {
            (None, true) => return Ok(None),
            (None, false) => self.members.encode().into_bytes(),
            (Some(data), true) => data,
            (Some(_), false) => return Err(Failure::usage("only one body can be sent")),
        };
        Ok(Some(Body {
            media_type: media_type_of(method, &bytes).to_owned(),
            bytes,
        }))
    }
}

/// The media type a body most likely means; a `Content-Type` header says otherwise.
fn media_type_of(method: &str, bytes: &[u8]) -> &'static str {
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok();
    let is_array = bytes.trim_ascii_start().starts_with(b"[");
    // JSON with a mistake in it is meant as JSON: the server can say where the mistake is.
    let is_meant = is_array || bytes.trim_ascii_start().starts_with(b"{");
    match method {
        "QUERY" if !is_json => "application/jsonpath",
        // What a DELETE carries is the answer to its question, also when it is a number.
        "DELETE" if !is_meant => "text/plain",
        "PATCH" if is_array => "application/json-patch+json",
        "PATCH" if is_json || is_meant => "application/merge-patch+json",
        _ if is_json || is_meant => "application/json",
        _ => "text/plain",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(line: &str) -> Result<Request, Failure> {
        let words = super::super::words::split_request(line).unwrap();
        let read = |path: &str| match path {
            "body.json" => Ok(b"[1]".to_vec()),
            _ => Err(Failure::usage("no such file")),
        };
        Request::parse(&words, &Extras::default(), &read)
    }

    fn check_target(line: &str, expected: &str) {
        assert_eq!(request(line).unwrap().http_target(), expected, "{line}");
    }

    #[test]
    fn a_bare_name_gets_its_slash_and_a_target_is_made_safe() {
        check_target("get students.json", "/students.json");
        check_target("get /students.json/Da_Eun", "/students.json/Da_Eun");
        check_target("get '/a b/학.json?x=1#y'", "/a%20b/%ED%95%99.json?x=1%23y");
        check_target(
            "get a.json?x=%20 _sort==-g q=='a b&c'",
            "/a.json?x=%20&_sort=-g&q=a%20b%26c",
        );
        check_target("options *", "*");
    }

    #[test]
    fn a_method_comes_in_any_case() {
        assert_eq!(request("pAtCh a.json").unwrap().method, "PATCH");
        for line in ["a.json b", "GET", "connect a:1", "G\u{c9}T a", "GET ''"] {
            assert!(request(line).is_err(), "{line}");
        }
    }

    fn check_body(line: &str, media_type: &str, text: &str) {
        let body = request(line).unwrap().body.unwrap();
        assert_eq!(
            (body.media_type.as_str(), body.bytes.as_slice()),
            (media_type, text.as_bytes())
        );
    }

    #[test]
    fn members_and_files_become_the_body() {
        check_body(
            "post a name=x grade:=4.0",
            "application/json",
            r#"{"name":"x","grade":4.0}"#,
        );
        check_body(
            "patch a grade=4.4",
            "application/merge-patch+json",
            r#"{"grade":"4.4"}"#,
        );
        check_body("patch a @body.json", "application/json-patch+json", "[1]");
        assert!(request("put a @body.json name=x").is_err());
        assert!(request("put a @other.json").is_err());
    }

    fn check_media_type(method: &str, text: &str, expected: &str) {
        assert_eq!(
            media_type_of(method, text.as_bytes()),
            expected,
            "{method} {text}"
        );
    }

    #[test]
    fn the_media_type_is_what_the_body_is_meant_to_be() {
        check_media_type("POST", "{\"a\":1", "application/json");
        check_media_type("PATCH", "[{]", "application/json-patch+json");
        check_media_type("POST", "Kim 2021 4.0 software", "text/plain");
        check_media_type("PUT", "4.5", "application/json");
        check_media_type("DELETE", "3", "text/plain");
        check_media_type("DELETE", "{}", "application/json");
        check_media_type("QUERY", "$.a", "application/jsonpath");
    }

    #[test]
    fn header_items_are_header_fields() {
        let request = request("delete a.json If-Match:*").unwrap();
        assert_eq!(request.headers, [("If-Match".to_owned(), "*".to_owned())]);
        assert_eq!(request.body, None);
    }
}
