//! The JSONPath compliance suite of others: every selector that must be refused is, and every other
//! one finds what it must, where it must.
//!
//! Read from `JSOND_SUITES` or `../shared/suites` beside the repository; skipped loudly without it.

#![allow(clippy::unwrap_used, reason = "all of this is test code")]

use jsond_document::{JsonPath, JsonPathBounds, Value};
use std::path::PathBuf;

const BOUNDS: JsonPathBounds = JsonPathBounds {
    steps_max: 1_000_000,
    result_bytes_max: 1_000_000,
};

fn file() -> PathBuf {
    let suites = std::env::var_os("JSOND_SUITES").map_or_else(
        || {
            PathBuf::from(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../../shared/suites"
            ))
        },
        PathBuf::from,
    );
    suites.join("jsonpath/cts.json")
}

/// The one list under `one`, or the several under `several`, of which any will do.
fn allowed(case: &Value, one: &str, several: &str) -> Vec<Value> {
    let lists = case
        .member(several)
        .map(|lists| lists.members().map(|list| list.value).collect());
    lists.unwrap_or_else(|| case.member(one).into_iter().collect())
}

fn check_results(name: &str, path: &JsonPath, case: &Value) {
    let document = case.member("document").expect("a document");
    let found = path.find(&document, BOUNDS).unwrap();
    let values = Value::from(path.values(&document, BOUNDS).unwrap());
    let paths: Vec<_> = found
        .iter()
        .map(|it| jsond_document::quote(&it.path))
        .collect();
    let paths = Value::parse(format!("[{}]", paths.join(",")).as_bytes()).unwrap();
    let results = allowed(case, "result", "results");
    let any = results.iter().any(|it| it.means_the_same_as(&values));
    assert!(any, "{name}: {values:?}");
    let results = allowed(case, "result_paths", "results_paths");
    let any = results.iter().any(|it| it.means_the_same_as(&paths));
    assert!(any, "{name}: {paths:?}");

    let by_path = Value::from(path.values_by_path(&document, BOUNDS).unwrap());
    assert!(
        found
            .iter()
            .all(|it| by_path.member(&it.path).as_ref() == Some(&it.value))
    );
    let distinct: std::collections::HashSet<_> = found.iter().map(|it| &it.path).collect();
    assert_eq!(by_path.count(), distinct.len(), "{name}");
}

#[test]
fn selectors_that_must_be_refused_are_and_the_others_find_what_they_must() {
    let Ok(text) = std::fs::read(file()) else {
        eprintln!("SKIPPED: no JSONPath suite at {}", file().display());
        return;
    };
    let suite = Value::parse(&text).unwrap();
    let (mut found, mut refused) = (0, 0);
    for case in suite.member("tests").unwrap().members() {
        let case = case.value;
        let text = |name| Some(case.member(name)?.to_json().as_text()?.into_owned());
        let (name, selector) = (text("name").unwrap(), text("selector").unwrap());
        let parsed = JsonPath::parse(&selector);
        if case.member("invalid_selector").is_some() {
            let error = parsed.expect_err(&name);
            assert!(error.offset <= selector.len(), "{name}: {error}");
            refused += 1;
        } else {
            check_results(&name, &parsed.expect(&name), &case);
            found += 1;
        }
    }
    eprintln!("{found} found what they must, {refused} refused");
    assert!(found >= 456 && refused >= 247);
}
