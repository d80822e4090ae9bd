//! Edits of a value: the text that comes of them is JSON, says what a reading of it says, and is laid
//! over the old text without a loss.
#![no_main]

use jsond_document::{Json, Value, ValueEdit, relayout};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|parts: (Vec<u8>, Vec<String>, Vec<u8>, u8)| {
    let (text, tokens, new, kind) = parts;
    let (Ok(value), Ok(new)) = (Value::parse(&text), Value::parse(&new)) else {
        return;
    };
    let edit = match kind % 3 {
        0 => ValueEdit::Add(&new),
        1 => ValueEdit::Replace(&new),
        _ => ValueEdit::Remove,
    };
    let ids = jsond_document::IdRule::default();
    let Ok(edited) = value.edited(&tokens, &edit, &ids) else {
        return;
    };
    let json = edited.to_json();
    // What is put deep into a value may lie deeper than a text may.
    let Ok(again) = Json::parse(json.as_bytes()) else {
        return;
    };
    assert_eq!(again, json);
    let laid = relayout(&text, &json);
    assert_eq!(Json::parse(&laid).expect("laid out"), json);
});
