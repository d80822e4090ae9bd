//! The JSON parsing suite of others: what must be accepted, what must be refused.
//!
//! Read from `JSOND_SUITES` or `../shared/suites` beside the repository; skipped loudly without it.

use jsond_document::{Json, SyntaxFault};
use std::path::PathBuf;

/// The suite wants these accepted; duplicate names are refused here, because no two programs agree
/// on what they mean.
const DEVIATIONS: [&str; 2] = [
    "y_object_duplicated_key.json",
    "y_object_duplicated_key_and_value.json",
];

fn folder() -> PathBuf {
    let suites = std::env::var_os("JSOND_SUITES").map_or_else(
        || {
            PathBuf::from(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../../shared/suites"
            ))
        },
        PathBuf::from,
    );
    suites.join("json-parsing/test_parsing")
}

#[test]
fn texts_that_must_be_accepted_are_and_texts_that_must_be_refused_are() {
    let Ok(files) = std::fs::read_dir(folder()) else {
        eprintln!("SKIPPED: no JSON parsing suite at {}", folder().display());
        return;
    };
    let (mut accepted, mut refused, mut free) = (0, 0, 0);
    for file in files {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let parsed = Json::parse(&std::fs::read(&path).unwrap());
        if DEVIATIONS.contains(&name.as_str()) {
            let fault = parsed.unwrap_err().fault;
            assert!(matches!(fault, SyntaxFault::DuplicateName(_)), "{name}");
            continue;
        }
        match name.as_bytes()[0] {
            b'y' => {
                assert!(parsed.is_ok(), "{name}: {parsed:?}");
                accepted += 1;
            }
            b'n' => {
                assert!(parsed.is_err(), "{name}: {parsed:?}");
                refused += 1;
            }
            _ => free += 1,
        }
    }
    eprintln!("{accepted} accepted, {refused} refused, {free} free");
    assert!(accepted >= 90 && refused >= 180);
}
