//! Two servers side by side: the same request to both, and a judgement of the two answers. Ids
//! that a server makes at random get the names `<made 1>`, `<made 2>`, … in all that is compared.

use std::fmt;
use std::net::SocketAddr;

use super::list::{Expected, Row, Rule, Shape};
use super::npm::Version;
use super::plain::{Answer, exchange};
use super::tree::Tree;
use crate::support::render;

/// A server, and the ids that it has made.
pub(super) struct Side {
    address: SocketAddr,
    id_length: usize,
    made: Vec<String>,
}

/// What is judged of an answer.
#[derive(Debug, PartialEq)]
pub(super) struct Seen {
    status: u16,
    content: Content,
    /// The fields that the row compares.
    fields: Vec<(String, Option<String>)>,
    /// The fields that the row wants of jsond.
    wanted: Vec<Option<String>>,
}

#[derive(Debug, PartialEq)]
enum Content {
    Nothing,
    Json(Tree),
    /// A call of a function, as a page loads it by a script element.
    Call(String, Tree),
    Text(String),
}

impl Side {
    pub(super) fn new(address: SocketAddr, version: Version) -> Self {
        Self {
            address,
            id_length: version.id_length(),
            made: Vec::new(),
        }
    }

    /// Sends the request of a row.
    pub(super) fn ask(&mut self, row: &Row) -> Seen {
        let target = encoded_target(&self.with_made(&row.target));
        let body = self.with_made(&row.body);
        let mut fields: Vec<&str> = row.fields.iter().map(String::as_str).collect();
        fields.push("Connection: close");
        let request = render(&row.method, &target, &fields, body.as_bytes());
        let host = format!("Host: localhost:{}\r\n", self.address.port());
        let request = replaced(&request, b"Host: localhost\r\n", host.as_bytes());
        let answer = exchange(self.address, &request);
        let mut content = Content::parse(&answer.body);
        if !matches!(row.rule, Rule::Differs(_)) {
            // Where only one makes an id, the numbers would no longer be those of the other.
            self.remember(&answer, &content, &body);
        }
        content.map_texts(&|text| self.with_names(text));
        Seen {
            status: answer.status,
            content,
            fields: self.compared(&answer, &row.compare),
            wanted: wanted(&answer, row),
        }
    }

    fn with_made(&self, text: &str) -> String {
        match self.made.last() {
            Some(made) => text.replace("{made}", made),
            None => text.to_owned(),
        }
    }

    fn with_names(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (number, made) in self.made.iter().enumerate() {
            text = text.replace(made, &format!("<made {}>", number + 1));
        }
        text
    }

    /// Keeps the id of what was created, unless the client chose it or it is not a random one.
    fn remember(&mut self, answer: &Answer, content: &Content, body: &str) {
        let Content::Json(created) = content else {
            return;
        };
        let chosen = Tree::parse(body.as_bytes());
        let chosen = chosen.as_ref().and_then(|body| body.member("id"));
        let id = created.member("id");
        if let Some(text) = id.and_then(Tree::text)
            && answer.status == 201
            && id != chosen
            && text.len() == self.id_length
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
        {
            self.made.push(text.to_owned());
        }
    }

    fn compared(&self, answer: &Answer, names: &[String]) -> Vec<(String, Option<String>)> {
        let port = format!(":{}", self.address.port());
        let value = |name: &String| {
            let value = answer.field(name)?.replace(&port, ":<port>");
            // Of a media type its essence, of the rest all.
            let is_type = name.eq_ignore_ascii_case("Content-Type");
            let end = value.find(';').filter(|_| is_type).unwrap_or(value.len());
            Some(self.with_names(&value[..end]))
        };
        names
            .iter()
            .map(|name| (name.clone(), value(name)))
            .collect()
    }
}

fn wanted(answer: &Answer, row: &Row) -> Vec<Option<String>> {
    let Rule::Differs(expected) = &row.rule else {
        return Vec::new();
    };
    let value = |(name, _): &(String, String)| answer.field(name).map(str::to_owned);
    expected.has.iter().map(value).collect()
}

fn replaced(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let place = bytes.windows(old.len()).position(|window| window == old);
    let place = place.expect("it is there");
    [&bytes[..place], new, &bytes[place + old.len()..]].concat()
}

/// Encodes what JSON and words need; a `%` in the list is already one of an encoding.
fn encoded_target(target: &str) -> String {
    let mut encoded = String::new();
    for byte in target.bytes() {
        match byte {
            b'"' | b'{' | b'}' | b'<' | b'>' | b'^' | b'`' | b'|' | b'\\' | 0x80.. => {
                encoded.push_str(&format!("%{byte:02X}"));
            }
            _ => encoded.push(char::from(byte)),
        }
    }
    encoded
}

impl Content {
    fn parse(body: &[u8]) -> Self {
        if body.is_empty() {
            return Self::Nothing;
        }
        if let Some(tree) = Tree::parse(body) {
            return Self::Json(tree);
        }
        let text = String::from_utf8_lossy(body).into_owned();
        Self::parse_call(&text).unwrap_or_else(|| Self::Text(text.trim_end().to_owned()))
    }

    fn parse_call(text: &str) -> Option<Self> {
        let text = text.trim_end().strip_suffix(");")?;
        let (before, argument) = text.split_once('(')?;
        let tree = Tree::parse(argument.as_bytes())?;
        Some(Self::Call(before.to_owned(), tree))
    }

    fn map_texts(&mut self, change: &impl Fn(&str) -> String) {
        match self {
            Self::Nothing => {}
            Self::Json(tree) | Self::Call(_, tree) => tree.map_texts(change),
            Self::Text(text) => *text = change(text),
        }
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} ", self.status)?;
        match &self.content {
            Content::Nothing => write!(out, "(no body)")?,
            Content::Json(tree) => write!(out, "{tree}")?,
            Content::Call(before, tree) => write!(out, "{before}({tree})")?,
            Content::Text(text) => {
                let start: String = text.chars().take(200).collect();
                write!(out, "the words {start:?}")?;
            }
        }
        for (name, value) in &self.fields {
            write!(out, "\n        {name}: {value:?}")?;
        }
        Ok(())
    }
}

/// Judges the answer of json-server and that of jsond.
///
/// *Errors*: what is wrong, in words.
pub(super) fn judge(row: &Row, theirs: &Seen, ours: &Seen) -> Result<(), String> {
    let both = || format!("{}\n  theirs {theirs}\n  ours   {ours}", row.line);
    let is_like = theirs.status == ours.status && do_fields_agree(theirs, ours);
    match &row.rule {
        Rule::Same if !is_like || theirs.content != ours.content => {
            Err(format!("not the same: {}", both()))
        }
        Rule::SameStatus if !is_like => Err(format!("not the same: {}", both())),
        Rule::Differs(_) if theirs == ours => Err(format!("differs no more: {}", both())),
        Rule::Differs(expected) if !ours.is_as(expected) => {
            Err(format!("not what the list says instead: {}", both()))
        }
        _ => Ok(()),
    }
}

/// Equal values; but a page may be shown more fields than json-server shows it.
fn do_fields_agree(theirs: &Seen, ours: &Seen) -> bool {
    let names = |value: &Option<String>| -> Vec<String> {
        let names = value.iter().flat_map(|value| value.split(','));
        names.map(|name| name.trim().to_ascii_lowercase()).collect()
    };
    let mut pairs = theirs.fields.iter().zip(&ours.fields);
    pairs.all(|((name, theirs), (_, ours))| {
        let is_list = name.eq_ignore_ascii_case("Access-Control-Expose-Headers");
        let ours_are = names(ours);
        theirs == ours || is_list && names(theirs).iter().all(|name| ours_are.contains(name))
    })
}

impl Seen {
    fn is_as(&self, expected: &Expected) -> bool {
        let body = match (&expected.shape, &self.content) {
            (Shape::Any, content) => !matches!(content, Content::Text(_)),
            (Shape::Error, Content::Json(tree)) => {
                tree.member("error").and_then(Tree::text).is_some()
            }
            (Shape::Json(expected), Content::Json(tree)) => tree == expected,
            _ => false,
        };
        let values = expected.has.iter().map(|(_, value)| Some(value.clone()));
        self.status == expected.status && body && self.wanted.iter().cloned().eq(values)
    }
}

#[test]
fn a_row_fails_when_the_answers_are_not_what_it_says() {
    let seen = |status, body: &str| Seen {
        status,
        content: Content::parse(body.as_bytes()),
        fields: Vec::new(),
        wanted: Vec::new(),
    };
    let check = |list: &str, theirs: (u16, &str), ours: (u16, &str), expected: bool| {
        let rows = super::list::parse_list(list);
        let [theirs, ours] = [theirs, ours].map(|(status, body)| seen(status, body));
        let judged = judge(&rows[0], &theirs, &ours);
        assert_eq!(judged.is_ok(), expected, "{list}{theirs} {ours} {judged:?}");
    };
    let same = "GET /a\n";
    check(
        same,
        (200, r#"{"a":1,"b":2}"#),
        (200, "{\"a\": 1.0,\n\"b\": 2}\n"),
        true,
    );
    check(
        same,
        (200, r#"{"a":1,"b":2}"#),
        (200, r#"{"b":2,"a":1}"#),
        false,
    );
    check(same, (200, "[1]"), (201, "[1]"), false);
    check(same, (200, "null"), (200, ""), false);
    check(same, (200, "text"), (200, r#""text""#), false);
    check(same, (200, "f([1]);"), (200, "f([1.0]);"), true);
    check(same, (200, "f([1]);"), (200, "g([1]);"), false);
    let status = "GET /a\n  status only: so\n";
    check(status, (200, "[1]"), (200, "other"), true);
    check(status, (200, "[1]"), (404, "[1]"), false);
    let differs = "GET /a\n  differs: so\n  instead: 400 error\n";
    check(differs, (500, "words"), (400, r#"{"error":"no"}"#), true);
    check(differs, (500, "words"), (400, r#"{"title":"no"}"#), false);
    check(differs, (500, "words"), (500, "words"), false);
    check(
        differs,
        (400, r#"{"error":"no"}"#),
        (400, r#"{"error":"no"}"#),
        false,
    );
    let differs = "GET /a\n  differs: so\n  instead: 200 [1]\n";
    check(differs, (200, ""), (200, "[1]"), true);
    check(differs, (200, ""), (200, "[2]"), false);
}
