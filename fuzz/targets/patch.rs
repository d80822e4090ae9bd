//! JSON Patch and merge patch on a document of some kinds.
#![no_main]

use jsond_document::{Json, Patch, Patched, Value, merge_patch};
use libfuzzer_sys::fuzz_target;

const DOCUMENT: &[u8] =
    br#"{"a":{"b":[1,2,{"c":null}],"":"x"},"list":[[],{},"y"],"n":1.50,"~/":true}"#;

fuzz_target!(|data: &[u8]| {
    let Ok(json) = Json::parse(data) else {
        return;
    };
    let document = Value::parse(DOCUMENT).expect("JSON");
    if let Ok(patch) = Patch::parse(&json) {
        let mut target = document.clone();
        if patch.run(&mut target).is_ok() {
            Json::parse_within(target.to_json().as_bytes(), jsond_document::Bounds::NONE)
                .expect("a patched document is JSON");
        }
    }
    let mut merged = document.clone();
    for (tokens, edit) in merge_patch(&document, &Value::from(json)) {
        // What is nested too deeply is refused where it is put.
        if merged.edit(&tokens, edit).is_err() {
            return;
        }
    }
    Json::parse_within(merged.to_json().as_bytes(), jsond_document::Bounds::NONE)
        .expect("a merged document is JSON");
});
