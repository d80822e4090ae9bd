//! The lists of requests, as people write them: a line is a request (`METHOD target body`), and the
//! indented lines below say how it is sent and judged. A list is ordered, since writes have effects;
//! `{made}` is the id that the server made last. Below: `field:` to send, `type:` another media type
//! than JSON (or `none`), `filler:` a body of so many bytes, `compare:` fields that must be equal,
//! `status only:` why the bodies are not compared, `differs:` why the answers must not be the same,
//! then `instead:` what jsond answers (a status, and JSON, or `error` for an object with a text of
//! that name) and `has:` a field that it has.

use super::tree::Tree;

/// A request, and how its two answers are judged.
#[derive(Debug)]
pub(super) struct Row {
    /// As the request stands in the list.
    pub(super) line: String,
    pub(super) method: String,
    pub(super) target: String,
    pub(super) fields: Vec<String>,
    pub(super) body: String,
    /// Names of fields that are compared.
    pub(super) compare: Vec<String>,
    pub(super) rule: Rule,
    media_type: Option<String>,
}

/// How two answers are judged.
#[derive(Debug)]
pub(super) enum Rule {
    /// Equal in status and body.
    Same,
    /// Equal in status, because the words of the bodies are nobody's interface.
    SameStatus,
    /// Not equal, and jsond's is this.
    Differs(Expected),
}

/// What jsond answers where json-server is not to be followed.
#[derive(Debug, Default)]
pub(super) struct Expected {
    pub(super) status: u16,
    pub(super) shape: Shape,
    /// Fields with their values.
    pub(super) has: Vec<(String, String)>,
}

/// What a body has to be.
#[derive(Debug, Default)]
pub(super) enum Shape {
    #[default]
    Any,
    /// An object with a text as its `error`.
    Error,
    Json(Tree),
}

/// Parses a list.
///
/// *Errors*: panics at a line that means nothing.
pub(super) fn parse_list(text: &str) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for line in text.lines() {
        match line.strip_prefix("  ") {
            _ if line.trim().is_empty() || line.starts_with('#') => {}
            None => rows.push(parse_request(line)),
            Some(attribute) => {
                let row = rows.last_mut().expect("a request stands above");
                parse_attribute(row, attribute);
            }
        }
    }
    rows.iter_mut().for_each(finish);
    rows
}

fn parse_request(line: &str) -> Row {
    let mut parts = line.splitn(3, ' ').map(str::to_owned);
    Row {
        line: line.to_owned(),
        method: parts.next().unwrap_or_default(),
        target: parts.next().expect("a target stands behind the method"),
        body: parts.next().unwrap_or_default(),
        fields: Vec::new(),
        compare: Vec::new(),
        rule: Rule::Same,
        media_type: None,
    }
}

fn parse_attribute(row: &mut Row, attribute: &str) {
    let (name, value) = attribute
        .split_once(": ")
        .expect("an attribute has a value");
    match name {
        "field" => row.fields.push(value.to_owned()),
        "type" => row.media_type = Some(value.to_owned()),
        "filler" => row.body = filler(value.parse().expect("a number of bytes")),
        "compare" => row.compare = value.split(", ").map(str::to_owned).collect(),
        "status only" => row.rule = Rule::SameStatus,
        "differs" => row.rule = Rule::Differs(Expected::default()),
        "instead" => parse_instead(expected(row), value),
        "has" => {
            let (name, value) = value.split_once(": ").expect("a field and its value");
            expected(row).has.push((name.to_owned(), value.to_owned()));
        }
        _ => panic!("{attribute:?} below {:?}", row.line),
    }
}

fn expected(row: &mut Row) -> &mut Expected {
    match &mut row.rule {
        Rule::Differs(expected) => expected,
        _ => panic!("no reason why {:?} differs", row.line),
    }
}

fn parse_instead(expected: &mut Expected, value: &str) {
    let (status, body) = value.split_once(' ').unwrap_or((value, ""));
    expected.status = status.parse().expect("a status");
    expected.shape = match body {
        "" => Shape::Any,
        "error" => Shape::Error,
        json => Shape::Json(Tree::parse(json.as_bytes()).expect("JSON")),
    };
}

/// JSON of so many bytes.
fn filler(bytes: usize) -> String {
    let empty = r#"{"text":""}"#;
    format!(r#"{{"text":"{}"}}"#, "x".repeat(bytes - empty.len()))
}

fn finish(row: &mut Row) {
    if let Rule::Differs(expected) = &row.rule {
        assert!(expected.status != 0, "what instead of {:?}?", row.line);
    }
    let fallback = (!row.body.is_empty()).then_some("application/json");
    match row.media_type.as_deref().or(fallback) {
        None | Some("none") => {}
        Some(media_type) => row.fields.push(format!("Content-Type: {media_type}")),
    }
}

#[test]
fn a_list_is_parsed_with_what_stands_below_a_request() {
    let text = "# heading\n\nPOST /a?b={\"c\":1} {\"d\": 2}\n  field: X: y\n  compare: Link, ETag\n\
                PUT /a\n  type: text/plain\n  differs: so\n  instead: 400 {\"e\":1}\n  has: X: y\n";
    let rows = parse_list(text);
    let [first, second] = rows.as_slice() else {
        panic!("two rows, not {rows:?}")
    };
    assert_eq!(first.body, "{\"d\": 2}");
    assert_eq!(first.fields, ["X: y", "Content-Type: application/json"]);
    assert_eq!(first.compare, ["Link", "ETag"]);
    assert!(matches!(first.rule, Rule::Same));
    assert_eq!(second.fields, ["Content-Type: text/plain"]);
    let Rule::Differs(expected) = &second.rule else {
        panic!("{second:?}")
    };
    assert_eq!(expected.status, 400);
    assert_eq!(expected.has, [("X".to_owned(), "y".to_owned())]);
    assert_eq!(filler(20).len(), 20);
}
