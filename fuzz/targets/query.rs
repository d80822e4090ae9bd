//! JSONPath and conditions: bounded, and what is found is in the document.
#![no_main]

use jsond_document::{JsonPath, JsonPathBounds, Selection, Value};
use libfuzzer_sys::fuzz_target;

const DOCUMENT: &[u8] =
    br#"[{"id":1,"t":"a","n":{"x":[1,2,3]}},{"id":"2","t":"\u00e9","n":null},{"id":3,"t":"","n":{"x":[]}}]"#;

fuzz_target!(|parts: (String, String, String)| {
    let document = Value::parse(DOCUMENT).expect("JSON");
    let (path, name, condition) = parts;
    if let Ok(path) = JsonPath::parse(&path) {
        let bounds = JsonPathBounds {
            steps_max: 20_000,
            result_bytes_max: 1 << 16,
        };
        let _ = path.reach();
        if let Ok(found) = path.find(&document, bounds) {
            let text = document.to_json();
            for node in found {
                let found = node.value.to_json();
                assert!(text.as_str().contains(found.as_str()), "{}", node.path);
            }
        }
        let _ = path.values(&document, bounds);
        let _ = path.values_by_path(&document, bounds);
    }
    let mut selection = Selection::default();
    let _ = selection.with_condition(&name, &condition);
    let _ = selection.with_sort(&name);
    let _ = selection.with_search(&condition);
    let _ = selection.with_fields(&name);
    let _ = selection.apply(&document);
});
