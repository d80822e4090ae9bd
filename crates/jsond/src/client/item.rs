//! The items that follow a target, as people know them from HTTPie.
//!
//! `name=text`, `name:=json`, `/deep/pointer=text`, `Header:value`, `name==query`, `@file`. Pure: a
//! file is only named here. Members stay in the order they were typed, numbers as they were spelled.

use serde_json::value::RawValue;

use super::failure::Failure;

/// One item of a request line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    Query {
        name: String,
        value: String,
    },
    Header {
        name: String,
        value: String,
    },
    /// A member of the body; `json` is the text of its value.
    Member {
        name: String,
        json: String,
    },
    File(String),
}

impl Item {
    /// Parses one word: what stands first in it, `:=`, `==`, `=` or `:`, says what it is.
    pub(super) fn parse(word: &str) -> Result<Self, Failure> {
        if let Some(path) = word.strip_prefix('@') {
            return Ok(Self::File(path.to_owned()));
        }
        let at = word.find([':', '=']).filter(|at| *at > 0).ok_or_else(|| {
            Failure::usage(format!(
                "not an item: {word:?} (items are name=text, name:=json, name==query, Header:value and \
                 @file; what has spaces in it is quoted: 'a b')"
            ))
        })?;
        let (name, rest) = word.split_at(at);
        let name = name.to_owned();
        if let Some(json) = rest.strip_prefix(":=") {
            let json = json_text(json)
                .ok_or_else(|| Failure::usage(format!("not JSON after {name}:= {json:?}")))?;
            return Ok(Self::Member { name, json });
        }
        if let Some(value) = rest.strip_prefix("==") {
            return Ok(Self::Query {
                name,
                value: value.to_owned(),
            });
        }
        if let Some(text) = rest.strip_prefix('=') {
            return Ok(Self::Member {
                name,
                json: serde_json::Value::from(text).to_string(),
            });
        }
        parse_header(word)
    }
}

/// Parses `Name:value` or `Name: value` into a header item.
pub(super) fn parse_header(text: &str) -> Result<Item, Failure> {
    let wrong = || Failure::usage(format!("not a header field: {text:?}"));
    let (name, value) = text.split_once(':').ok_or_else(wrong)?;
    let value = value.trim();
    http::HeaderName::try_from(name).map_err(|_| wrong())?;
    http::HeaderValue::from_str(value).map_err(|_| wrong())?;
    Ok(Item::Header {
        name: name.to_owned(),
        value: value.to_owned(),
    })
}

/// The text, without white space around it, if it is one JSON value.
fn json_text(text: &str) -> Option<String> {
    serde_json::from_str::<&RawValue>(text)
        .ok()
        .map(|value| value.get().to_owned())
}

/// The body that members build up, in their order.
#[derive(Debug, Default)]
pub(super) struct Members(Vec<(String, Node)>);

#[derive(Debug)]
enum Node {
    Json(String),
    Object(Members),
}

impl Members {
    /// Adds a member. A name that begins with `/` is a JSON Pointer (RFC 6901) and goes deeper.
    pub(super) fn add(&mut self, name: &str, json: String) -> Result<(), Failure> {
        let Some(pointer) = name.strip_prefix('/') else {
            return self.add_at(&[name.to_owned()], json);
        };
        let tokens: Vec<String> = pointer
            .split('/')
            .map(|token| token.replace("~1", "/").replace("~0", "~"))
            .collect();
        self.add_at(&tokens, json)
    }

    fn add_at(&mut self, tokens: &[String], json: String) -> Result<(), Failure> {
        let (first, deeper) = tokens.split_first().expect("a name has at least one token");
        let taken = || Failure::usage(format!("given twice: {first:?}"));
        let found = self.0.iter_mut().find(|(name, _)| name == first);
        match (found, deeper) {
            (Some((_, Node::Object(members))), [_, ..]) => members.add_at(deeper, json),
            (Some(_), _) => Err(taken()),
            (None, []) => {
                self.0.push((first.clone(), Node::Json(json)));
                Ok(())
            }
            (None, _) => {
                let mut members = Self::default();
                members.add_at(deeper, json)?;
                self.0.push((first.clone(), Node::Object(members)));
                Ok(())
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The JSON text of the object.
    pub(super) fn encode(&self) -> String {
        let members: Vec<String> = self
            .0
            .iter()
            .map(|(name, node)| {
                let value = match node {
                    Node::Json(text) => text.clone(),
                    Node::Object(members) => members.encode(),
                };
                format!("{}:{value}", serde_json::Value::from(name.as_str()))
            })
            .collect();
        format!("{{{}}}", members.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(word: &str, expected: &Item) {
        assert_eq!(&Item::parse(word).unwrap(), expected, "{word}");
    }

    fn member(name: &str, json: &str) -> Item {
        Item::Member {
            name: name.to_owned(),
            json: json.to_owned(),
        }
    }

    #[test]
    fn the_first_separator_says_what_an_item_is() {
        check("grade=4.4", &member("grade", "\"4.4\""));
        check("grade:=4.40", &member("grade", "4.40"));
        check("url=http://a==b", &member("url", "\"http://a==b\""));
        check(
            "_sort==-grade",
            &Item::Query {
                name: "_sort".into(),
                value: "-grade".into(),
            },
        );
        check(
            "If-Match:*",
            &Item::Header {
                name: "If-Match".into(),
                value: "*".into(),
            },
        );
        check("@body.json", &Item::File("body.json".into()));
        check("name=", &member("name", "\"\""));
    }

    #[test]
    fn what_is_no_item_is_a_usage_error() {
        for word in ["word", "=text", "a:=nope", "bad header:x", "H:a\u{1}", ":x"] {
            assert!(Item::parse(word).is_err(), "{word}");
        }
    }

    fn check_body(members: &[(&str, &str)], expected: &str) {
        let mut body = Members::default();
        for (name, json) in members {
            body.add(name, (*json).to_owned()).unwrap();
        }
        assert_eq!(body.encode(), expected);
    }

    #[test]
    fn members_keep_their_order_and_pointers_go_deeper() {
        check_body(&[("z", "1.0"), ("a", "\"x\"")], r#"{"z":1.0,"a":"x"}"#);
        check_body(
            &[("/a/b", "1"), ("/a/c~1d", "2"), ("e", "3")],
            r#"{"a":{"b":1,"c/d":2},"e":3}"#,
        );
    }

    #[test]
    fn the_same_member_twice_is_refused() {
        let mut body = Members::default();
        body.add("a", "1".into()).unwrap();
        assert!(body.add("a", "2".into()).is_err());
        assert!(body.add("/a/b", "2".into()).is_err());
    }
}
