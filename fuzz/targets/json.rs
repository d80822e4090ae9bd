//! JSON text: what is taken is JSON and stays what it is, and its layout is kept.
#![no_main]

use jsond_document::{Json, Value, relayout};
use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;

fuzz_target!(|data: &[u8]| {
    let parsed = Json::parse(data);
    let body = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data);
    let is_json = serde_json::from_slice::<&RawValue>(body).is_ok();
    let Ok(json) = parsed else {
        return;
    };
    assert!(is_json);
    let again = Json::parse(json.as_bytes()).expect("compact text is JSON");
    assert_eq!(again, json);
    assert_eq!(
        Json::parse_owned(data.to_vec()).expect("taken before"),
        json
    );
    assert_eq!(Value::parse(data).expect("taken before").to_json(), json);
    assert_eq!(
        relayout(data, &json),
        data,
        "a value is laid over its own text"
    );
});
