//! Rewrite rules: targets that stand for others.
//!
//! A rule is a path with `:name` for a segment and `*` for anything, and the target that it stands
//! for, with `:name`, or `$1` for the first of them. Each rule sees what the ones before it made.
//!
//! *Source*: json-server 0.17, `--routes`, which uses express-urlrewrite 1.4 and path-to-regexp 1.9.

use super::JsonServerError;
use bytes::Bytes;
use http::request::Parts;
use http::uri::PathAndQuery;
use jsond_document::{Json, Kind, Value};
use regex::{Captures, Regex, RegexBuilder};

/// The rules, in order.
#[derive(Debug, Default)]
pub(super) struct Rewrites {
    rules: Vec<Rewrite>,
    text: Bytes,
}

#[derive(Debug)]
struct Rewrite {
    from: String,
    to: String,
    pattern: Regex,
    /// The names of the groups of the pattern, in order; those without a name are numbered.
    names: Vec<String>,
}

impl Rewrites {
    /// Parses a file of rules.
    pub(super) fn parse(text: &[u8]) -> Result<Self, JsonServerError> {
        let json = Json::parse(text).map_err(|error| JsonServerError::Rules(error.to_string()))?;
        if json.kind() != Kind::Object {
            let words = format!("this is a JSON {}", json.kind().name());
            return Err(JsonServerError::Rules(words));
        }
        let text = json.as_bytes().clone();
        let value = Value::from(json);
        let rules = value.members().map(|member| {
            let from = member.name().unwrap_or_default().into_owned();
            let to = member.value.to_json();
            let to = to.as_text().filter(|_| to.kind() == Kind::String);
            let to = to.ok_or_else(|| fault(&from, "it stands for no string"))?;
            Rewrite::new(from, to.into_owned())
        });
        let rules = rules.collect::<Result<_, _>>()?;
        Ok(Self { rules, text })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The rules as JSON.
    pub(super) fn text(&self) -> Bytes {
        self.text.clone()
    }

    /// The rules as they were written.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let rules = self.rules.iter();
        rules.map(|rule| (rule.from.as_str(), rule.to.as_str()))
    }

    /// Rewrites the target of a request.
    pub(super) fn apply(&self, head: &mut Parts) {
        let Some(target) = head.uri.path_and_query().filter(|_| !self.is_empty()) else {
            return;
        };
        let mut text = target.as_str().to_owned();
        for rule in &self.rules {
            if let Some(new) = rule.apply(&text) {
                text = new;
            }
        }
        let Ok(new) = text.parse::<PathAndQuery>() else {
            return;
        };
        if text != target.as_str() {
            let mut parts = head.uri.clone().into_parts();
            parts.path_and_query = Some(new);
            head.uri = http::Uri::from_parts(parts).unwrap_or_else(|_| head.uri.clone());
        }
    }
}

fn fault(rule: &str, fault: &str) -> JsonServerError {
    JsonServerError::Rule {
        rule: rule.to_owned(),
        fault: fault.to_owned(),
    }
}

impl Rewrite {
    fn new(from: String, to: String) -> Result<Self, JsonServerError> {
        let (pattern, names) = pattern_of(&from);
        let pattern = RegexBuilder::new(&pattern)
            .case_insensitive(true)
            .build()
            .map_err(|error| fault(&from, &error.to_string()))?;
        if let Some(unknown) = names_in(&to).find(|name| !names.contains(name)) {
            return Err(fault(
                &from,
                &format!("{to} names :{unknown}, which it does not"),
            ));
        }
        Ok(Self {
            from,
            to,
            pattern,
            names,
        })
    }

    fn apply(&self, target: &str) -> Option<String> {
        let captures = self.pattern.captures(target)?;
        let mut out = String::new();
        let mut rest = self.to.as_str();
        while let Some(at) = rest.find(['$', ':']) {
            out.push_str(&rest[..at]);
            let sign = &rest[at..=at];
            let word = word_at(&rest[at + 1..]);
            let is_number = word.bytes().all(|it| it.is_ascii_digit()) && !word.is_empty();
            rest = &rest[at + 1..];
            let found = match sign {
                "$" if is_number => Some(self.group(&captures, word.parse().ok()?)),
                ":" if !word.is_empty() => {
                    let index = self.names.iter().position(|it| it == word);
                    index.map(|index| self.group(&captures, index + 1))
                }
                _ => None,
            };
            match found {
                Some(text) => {
                    out.push_str(text);
                    rest = &rest[word.len()..];
                }
                None => out.push_str(sign),
            }
        }
        out.push_str(rest);
        Some(out)
    }

    fn group<'a>(&self, captures: &Captures<'a>, index: usize) -> &'a str {
        captures.get(index).map_or("", |it| it.as_str())
    }
}

/// The letters, digits and underscores that a text begins with.
fn word_at(text: &str) -> &str {
    let end = text.find(|it: char| !(it.is_ascii_alphanumeric() || it == '_'));
    &text[..end.unwrap_or(text.len())]
}

fn names_in(text: &str) -> impl Iterator<Item = String> {
    let names = text.split(':').skip(1).map(word_at);
    names.filter(|it| !it.is_empty()).map(str::to_owned)
}

/// The regular expression of a path, and the names of its groups.
fn pattern_of(path: &str) -> (String, Vec<String>) {
    let (mut pattern, mut names) = ("^".to_owned(), Vec::new());
    let path = path.strip_suffix('/').unwrap_or(path);
    let mut rest = path;
    while let Some(first) = rest.chars().next() {
        let after = &rest[first.len_utf8()..];
        let word = word_at(after);
        rest = match first {
            '\\' if !after.is_empty() => {
                let length = after.chars().next().map_or(0, char::len_utf8);
                pattern.push_str(&regex::escape(&after[..length]));
                &after[length..]
            }
            '*' => {
                pattern.push_str("(.*)");
                names.push(names.len().to_string());
                after
            }
            ':' if !word.is_empty() => {
                names.push(word.to_owned());
                push_parameter(&mut pattern, &after[word.len()..])
            }
            first => {
                pattern.push_str(&regex::escape(first.encode_utf8(&mut [0; 4])));
                after
            }
        };
    }
    pattern.push_str("/?$");
    (pattern, names)
}

/// Writes the group of a parameter, and gives what is behind it.
fn push_parameter<'a>(pattern: &mut String, rest: &'a str) -> &'a str {
    let own = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'));
    let (group, rest) = own.unwrap_or(("[^/]+?", rest));
    match rest.strip_prefix('?') {
        Some(rest) if pattern.ends_with('/') => {
            pattern.truncate(pattern.len() - 1);
            pattern.push_str(&format!("(?:/({group}))?"));
            rest
        }
        _ => {
            pattern.push_str(&format!("({group})"));
            rest
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn check(rules: &str, target: &str, expected: &str) {
        let rewrites = Rewrites::parse(rules.as_bytes()).unwrap();
        let head = Request::builder().uri(target).body(()).unwrap();
        let mut head = head.into_parts().0;
        rewrites.apply(&mut head);
        assert_eq!(head.uri.to_string(), expected, "{rules}");
    }

    #[test]
    fn targets_stand_for_others() {
        let rules = r#"{"/api/*": "/$1", "/:resource/:id/show": "/:resource/:id",
            "/posts/:category": "/posts?category=:category",
            "/articles?id=:id": "/posts/:id", "/a\\?b=:b": "/:b", "/old/:x?": "/new/:x"}"#;
        check(rules, "/api/users/1", "/users/1");
        check(rules, "/api/users?x=1&y=2", "/users?x=1&y=2");
        check(rules, "/api/posts/1/show", "/posts?category=1");
        check(rules, "/users/7/show", "/users/7");
        check(rules, "/users/7/SHOW/", "/users/7");
        check(rules, "/posts/news", "/posts?category=news");
        check(rules, "/articles?id=3", "/posts/3");
        check(rules, "/a?b=4", "/4");
        check(rules, "/old", "/new/");
        check(rules, "/old/5", "/new/5");
        check(rules, "/other", "/other");
    }

    #[test]
    fn what_is_no_rule_is_told() {
        let refused = |text: &str| Rewrites::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(refused("[]").contains("array"));
        assert!(refused("{").contains("object such as"));
        assert!(refused(r#"{"/a": 1}"#).contains("no string"));
        assert!(refused(r#"{"/a/:b": "/:c"}"#).contains(":c"));
        assert!(refused(r#"{"/a/:b([)": "/"}"#).contains("understood"));
    }
}
