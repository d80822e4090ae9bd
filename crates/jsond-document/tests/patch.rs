//! JSON Patch: the suite of others, and what an edit of one member leaves alone.
//!
//! The suite is read from `JSOND_SUITES` or `../shared/suites` beside the repository; skipped
//! loudly without it.

use jsond_document::{Json, Patch, Pointer, Value, quote};
use proptest::prelude::*;
use serde_json::value::RawValue;
use std::path::PathBuf;

fn folder() -> PathBuf {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/suites");
    let suites = std::env::var_os("JSOND_SUITES").map_or_else(|| beside.into(), PathBuf::from);
    suites.join("json-patch")
}

/// Runs one record of the suite; none when it is disabled.
fn run(record: &str) -> Option<()> {
    let Ok(record) = Json::parse(record.as_bytes()) else {
        assert!(record.contains("\"disabled\""), "{record}");
        return None;
    };
    if record.member("disabled").is_some() {
        return None;
    }
    let document = Value::from(record.member("doc").expect("a record has a document"));
    let mut found = document.clone();
    let result = Patch::parse(&record.member("patch").expect("a record has a patch"))
        .map_err(|error| error.to_string())
        .and_then(|patch| patch.run(&mut found).map_err(|error| format!("{error:?}")));
    match record.member("expected") {
        Some(expected) => {
            assert_eq!(result, Ok(()), "{record}");
            assert!(found.means_the_same_as(&expected.into()), "{record}");
        }
        None if record.member("error").is_some() => assert!(result.is_err(), "{record}"),
        None => assert_eq!(result, Ok(()), "{record}"),
    }
    Some(())
}

#[test]
fn every_record_of_the_json_patch_suite_comes_out_as_it_says() {
    let mut count = 0;
    for name in ["tests.json", "spec_tests.json"] {
        let path = folder().join(name);
        let Ok(text) = std::fs::read_to_string(&path) else {
            eprintln!("SKIPPED: no JSON Patch suite at {}", path.display());
            return;
        };
        let records: Vec<Box<RawValue>> = serde_json::from_str(&text).unwrap();
        count += records.iter().filter_map(|it| run(it.get())).count();
    }
    eprintln!("{count} records of the JSON Patch suite");
    assert_eq!(count, 108);
}

/// Names and texts that careless programs change.
const NAMES: [&str; 8] = [
    r#""""#,
    r#""/""#,
    r#""~""#,
    r#""__proto__""#,
    r#""$serde_json::private::Number""#,
    r#""\u0061""#,
    r#""\ud83d\ude00""#,
    r#""한\t""#,
];
const SCALARS: [&str; 10] = [
    "9007199254740993",
    "1e400",
    "-0",
    "1.0",
    "123456789012345678901234567890",
    "0.10E+2",
    r#""\u00e9\/\u0000""#,
    "null",
    "true",
    r#""""#,
];

#[derive(Debug, Clone)]
enum Plain {
    Scalar(&'static str),
    Array(Vec<Plain>),
    Object(Vec<(&'static str, Plain)>),
}

impl Plain {
    fn text(&self) -> String {
        match self {
            Self::Scalar(text) => (*text).to_owned(),
            Self::Array(items) => {
                let items: Vec<_> = items.iter().map(Self::text).collect();
                format!("[{}]", items.join(","))
            }
            Self::Object(members) => {
                let members: Vec<_> = members
                    .iter()
                    .map(|(name, value)| format!("{name}:{}", value.text()))
                    .collect();
                format!("{{{}}}", members.join(","))
            }
        }
    }

    /// Every place in the value, with where its text begins and ends in the whole.
    fn places(&self, start: usize, path: &Pointer, out: &mut Vec<(Pointer, usize, usize)>) {
        let mut at = start + 1;
        match self {
            Self::Scalar(_) => {}
            Self::Array(items) => {
                for (n, item) in items.iter().enumerate() {
                    item.places(at, &path.child(n.to_string()), out);
                    at += item.text().len() + 1;
                }
            }
            Self::Object(members) => {
                for (name, value) in members {
                    at += name.len() + 1;
                    let token = jsond_document::unquote(name.as_bytes()).into_owned();
                    value.places(at, &path.child(token), out);
                    at += value.text().len() + 1;
                }
            }
        }
        out.push((path.clone(), start, start + self.text().len()));
    }
}

fn plain() -> impl Strategy<Value = Plain> {
    let scalar = prop::sample::select(&SCALARS[..]).prop_map(Plain::Scalar);
    scalar.prop_recursive(4, 400, 8, |inner| {
        let names = prop::sample::subsequence(&NAMES[..], 0..=NAMES.len());
        let values = prop::collection::vec(inner.clone(), NAMES.len());
        prop_oneof![
            prop::collection::vec(inner, 0..60).prop_map(Plain::Array),
            (names, values).prop_map(|(names, values)| {
                Plain::Object(names.into_iter().zip(values).collect())
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn after_an_edit_of_one_value_every_other_byte_is_what_it_was(
        plain in plain(), pick in any::<prop::sample::Index>(), new in plain(),
    ) {
        let text = plain.text();
        let mut places = Vec::new();
        plain.places(0, &Pointer::root(), &mut places);
        let (path, start, end) = &places[pick.index(places.len())];
        let value = Value::parse(text.as_bytes()).unwrap();
        let patch = format!(
            r#"[{{"op":"replace","path":{},"value":{}}}]"#,
            quote(&path.to_string()), new.text()
        );
        let patch = Patch::parse(&Json::parse(patch.as_bytes()).unwrap()).unwrap();
        let mut found = value.clone();
        patch.run(&mut found).unwrap();
        let expected = format!("{}{}{}", &text[..*start], new.text(), &text[*end..]);
        prop_assert_eq!(&found.to_json().to_string(), &expected);
        prop_assert_eq!(&value.to_json().to_string(), &text);
        let same = Value::parse(expected.as_bytes()).unwrap();
        prop_assert_eq!(found.digest(), same.digest());
    }
}
