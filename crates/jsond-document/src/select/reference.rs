//! A plain reference for selections: naive code over documents that were never text.
//!
//! It shares nothing with what it is compared with, except the rules: numbers are compared as rows
//! of digits, names are split into lists, everything is copied.

use regex::Regex;
use serde_json::value::RawValue;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A text and one of its spellings as a JSON string, quotes included.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spelled {
    pub(super) spelled: String,
    pub(super) text: String,
}

#[derive(Debug, Clone)]
pub(super) enum Doc {
    Null,
    Boolean(bool),
    Number(String),
    Text(Spelled),
    Array(Vec<Doc>),
    Object(Vec<(Spelled, Doc)>),
}

impl Doc {
    /// The compact text.
    pub(super) fn show(&self) -> String {
        let join = |items: Vec<String>| items.join(",");
        match self {
            Self::Null => "null".to_owned(),
            Self::Boolean(it) => it.to_string(),
            Self::Number(text) => text.clone(),
            Self::Text(text) => text.spelled.clone(),
            Self::Array(items) => format!("[{}]", join(items.iter().map(Self::show).collect())),
            Self::Object(members) => {
                let member =
                    |(name, doc): &(Spelled, Self)| format!("{}:{}", name.spelled, doc.show());
                format!("{{{}}}", join(members.iter().map(member).collect()))
            }
        }
    }

    /// Parses a text; names lose their order and spelling.
    fn parse(text: &str) -> Option<Self> {
        let raw: Box<RawValue> = serde_json::from_str(text).ok()?;
        let text = raw.get().trim();
        Some(match text.as_bytes()[0] {
            b'n' => Self::Null,
            b't' | b'f' => Self::Boolean(text == "true"),
            b'"' => Self::Text(Spelled {
                spelled: text.to_owned(),
                text: serde_json::from_str(text).ok()?,
            }),
            b'[' => {
                let items: Vec<Box<RawValue>> = serde_json::from_str(text).ok()?;
                let items = items.iter().map(|item| Self::parse(item.get()));
                Self::Array(items.collect::<Option<_>>()?)
            }
            b'{' => {
                let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text).ok()?;
                let members = members.into_iter().map(|(text, value)| {
                    let spelled = String::new();
                    Some((Spelled { spelled, text }, Self::parse(value.get())?))
                });
                Self::Object(members.collect::<Option<_>>()?)
            }
            _ => Self::Number(text.to_owned()),
        })
    }

    fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Boolean(a), Self::Boolean(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => digits(a) == digits(b),
            (Self::Text(a), Self::Text(b)) => a.text == b.text,
            (Self::Array(a), Self::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b))
            }
            (Self::Object(a), Self::Object(b)) => {
                let has = |(name, value): &(Spelled, Self)| {
                    b.iter()
                        .any(|(other, it)| other.text == name.text && it.same(value))
                };
                a.len() == b.len() && a.iter().all(has)
            }
            _ => false,
        }
    }

    fn find(&self, parts: &[&str]) -> Option<&Self> {
        let Some((first, rest)) = parts.split_first() else {
            return Some(self);
        };
        match self {
            Self::Object(members) => {
                let named = |name: &str| members.iter().find(|(it, _)| it.text == name);
                named(&parts.join("."))
                    .map(|it| &it.1)
                    .or_else(|| named(first).and_then(|it| it.1.find(rest)))
            }
            Self::Array(items) => (0..items.len())
                .find(|n| n.to_string() == **first)
                .and_then(|n| items[n].find(rest)),
            _ => None,
        }
    }

    fn texts(&self) -> Vec<&str> {
        match self {
            Self::Text(text) => vec![&text.text],
            Self::Array(items) => items.iter().flat_map(Self::texts).collect(),
            Self::Object(members) => members.iter().flat_map(|it| it.1.texts()).collect(),
            _ => Vec::new(),
        }
    }
}

fn is_number(text: &str) -> bool {
    static GRAMMAR: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$").unwrap());
    GRAMMAR.is_match(text)
}

/// A number as a sign and a row of digits in which the point has a fixed place.
fn digits(number: &str) -> (bool, String) {
    const PLACES: i32 = 1000;
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let exponent: i32 = exponent.parse().unwrap();
    let unsigned = mantissa.trim_start_matches('-');
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let zeros = PLACES + exponent - i32::try_from(fraction.len()).unwrap();
    let row = format!(
        "{whole}{fraction}{}",
        "0".repeat(usize::try_from(zeros).unwrap())
    );
    let row = format!("{row:0>2000}");
    let is_zero = row.bytes().all(|byte| byte == b'0');
    (mantissa.starts_with('-') && !is_zero, row)
}

fn compare_numbers(a: &str, b: &str) -> Ordering {
    match (digits(a), digits(b)) {
        ((false, a), (false, b)) => a.cmp(&b),
        ((true, a), (true, b)) => b.cmp(&a),
        ((a, _), (b, _)) => b.cmp(&a),
    }
}

fn equal(stored: &Doc, value: &str) -> bool {
    match stored {
        Doc::Null => value == "null",
        Doc::Boolean(it) => value == it.to_string(),
        Doc::Number(text) => is_number(value) && compare_numbers(text, value).is_eq(),
        Doc::Text(text) => text.text == value,
        _ => Doc::parse(value).is_some_and(|value| value.same(stored)),
    }
}

fn compare(stored: &Doc, value: &str) -> Option<Ordering> {
    let text = match stored {
        Doc::Text(text) => text.text.clone(),
        Doc::Number(text) => text.clone(),
        Doc::Boolean(it) => it.to_string(),
        _ => return None,
    };
    let points = |text: &str| text.chars().map(u32::from).collect::<Vec<_>>();
    Some(if is_number(&text) && is_number(value) {
        compare_numbers(&text, value)
    } else {
        points(&text).cmp(&points(value))
    })
}

fn text_meets(operator: &str, text: &str, value: &str) -> bool {
    let (lower, wanted) = (text.to_lowercase(), value.to_lowercase());
    match operator {
        "contains" => lower.contains(&wanted),
        "startsWith" => lower.starts_with(&wanted),
        "endsWith" => lower.ends_with(&wanted),
        "matches" => Regex::new(&format!("(?i){value}")).unwrap().is_match(text),
        other => panic!("{other}"),
    }
}

/// A condition as name, operator and value; what a URL says in `name:op=value`.
pub(super) type Asked = (String, &'static str, String);

fn meets(record: &Doc, (name, operator, value): &Asked, all: &[Asked]) -> bool {
    let stored = record.find(&name.split('.').collect::<Vec<_>>());
    let Some(stored) = stored else {
        return *operator == "exists" && value == "false";
    };
    let ordered = |judge: fn(Ordering) -> bool| compare(stored, value).is_some_and(judge);
    match *operator {
        "eq" | "in" => all.iter().filter(|it| it.0 == *name).any(|it| match it.1 {
            "eq" => equal(stored, &it.2),
            "in" => it.2.split(',').any(|one| equal(stored, one)),
            _ => false,
        }),
        "ne" => !equal(stored, value),
        "lt" => ordered(Ordering::is_lt),
        "lte" => ordered(Ordering::is_le),
        "gt" => ordered(Ordering::is_gt),
        "gte" => ordered(Ordering::is_ge),
        "exists" => value == "true",
        _ => match stored {
            Doc::Text(text) => text_meets(operator, &text.text, value),
            Doc::Array(items) if *operator == "contains" => {
                items.iter().any(|item| equal(item, value))
            }
            _ => false,
        },
    }
}

fn sort_order(a: Option<&Doc>, b: Option<&Doc>, is_descending: bool) -> Ordering {
    let rank = |doc: &Doc| match doc {
        Doc::Null => 0,
        Doc::Boolean(_) => 1,
        Doc::Number(_) => 2,
        Doc::Text(_) => 3,
        Doc::Array(_) => 4,
        Doc::Object(_) => 5,
    };
    let (a, b) = match (a, b) {
        (Some(a), Some(b)) => (a, b),
        (a, b) => return a.is_none().cmp(&b.is_none()),
    };
    let ordering = match (a, b) {
        (Doc::Boolean(a), Doc::Boolean(b)) => a.cmp(b),
        (Doc::Number(a), Doc::Number(b)) => compare_numbers(a, b),
        (Doc::Text(a), Doc::Text(b)) => a.text.chars().cmp(b.text.chars()),
        (a, b) => rank(a).cmp(&rank(b)),
    };
    if is_descending {
        ordering.reverse()
    } else {
        ordering
    }
}

/// Keeps of a value what paths ask for; none when there is nothing.
fn keep(doc: &Doc, paths: &[Vec<String>]) -> Option<Doc> {
    let is_empty =
        |names: &[Spelled], path: &[String]| !names.iter().any(|name| name.text == path.join("."));
    let below = |name: &str, names: &[Spelled]| -> Vec<Vec<String>> {
        let inside = paths
            .iter()
            .filter(|path| path.len() > 1 && path[0] == name);
        let free = inside.filter(|path| is_empty(names, path));
        free.map(|path| path[1..].to_vec()).collect()
    };
    let is_asked = |name: &str| paths.iter().any(|path| path.join(".") == name);
    match doc {
        Doc::Object(members) => {
            let names: Vec<Spelled> = members.iter().map(|it| it.0.clone()).collect();
            let kept = members.iter().filter_map(|(name, value)| {
                let value = match is_asked(&name.text) {
                    true => Some(value.clone()),
                    false => keep(value, &below(&name.text, &names)),
                };
                Some((name.clone(), value?))
            });
            let kept: Vec<_> = kept.collect();
            (!kept.is_empty()).then_some(Doc::Object(kept))
        }
        Doc::Array(items) => {
            let kept =
                items
                    .iter()
                    .enumerate()
                    .filter_map(|(n, item)| match is_asked(&n.to_string()) {
                        true => Some(item.clone()),
                        false => keep(item, &below(&n.to_string(), &[])),
                    });
            let kept: Vec<_> = kept.collect();
            (!kept.is_empty()).then_some(Doc::Array(kept))
        }
        _ => None,
    }
}

/// What is asked of a collection, as a URL would say it.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) conditions: Vec<Asked>,
    pub(super) words: String,
    pub(super) sort: Vec<(bool, String)>,
    /// Start and end.
    pub(super) slice: Option<(usize, usize)>,
    pub(super) fields: Option<Vec<String>>,
}

impl Question {
    fn keeps(&self, record: &Doc) -> bool {
        let lower = |text: &str| text.to_lowercase();
        let occurs = |word: &str| {
            let texts = record.texts();
            texts.iter().any(|text| lower(text).contains(&lower(word)))
        };
        self.conditions
            .iter()
            .all(|it| meets(record, it, &self.conditions))
            && self.words.split_whitespace().all(occurs)
    }

    fn order(&self, a: &Doc, b: &Doc) -> Ordering {
        let by = |(is_descending, name): &(bool, String)| {
            let parts: Vec<_> = name.split('.').collect();
            sort_order(a.find(&parts), b.find(&parts), *is_descending)
        };
        self.sort
            .iter()
            .map(by)
            .find(|it| it.is_ne())
            .unwrap_or(Ordering::Equal)
    }

    fn project(&self, record: &Doc) -> Doc {
        let Some(fields) = &self.fields else {
            return record.clone();
        };
        let split = |name: &String| name.split('.').map(str::to_owned).collect();
        let paths: Vec<Vec<String>> = fields.iter().map(split).collect();
        keep(record, &paths).unwrap_or(Doc::Object(Vec::new()))
    }

    /// The answer: how many records the filters leave, and the text of the part.
    pub(super) fn answer(&self, records: &[(Spelled, Doc)], is_object: bool) -> (usize, String) {
        let mut kept: Vec<_> = records.iter().filter(|it| self.keeps(&it.1)).collect();
        kept.sort_by(|a, b| self.order(&a.1, &b.1));
        let total = kept.len();
        let (start, end) = self.slice.unwrap_or((0, total));
        let part = kept.into_iter().take(end).skip(start);
        let part = part.map(|(name, record)| (name.clone(), self.project(record)));
        let doc = if is_object {
            Doc::Object(part.collect())
        } else {
            Doc::Array(part.map(|it| it.1).collect())
        };
        (total, doc.show())
    }
}
