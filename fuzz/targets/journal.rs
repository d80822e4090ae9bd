//! A segment of the journal with anything in its lines, whose checksums are right: it is read or
//! refused, and nothing panics over it.
#![no_main]

use jsond_store::medium::{Medium, MemoryMedium};
use jsond_store::{Progress, Served, Settings, Store, inspect};
use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, OnceLock};

const STATE: &str = "state.json";

/// The state of a new folder, and its identity.
fn state() -> &'static (Vec<u8>, String) {
    static STATE_TEXT: OnceLock<(Vec<u8>, String)> = OnceLock::new();
    STATE_TEXT.get_or_init(|| {
        let journal = MemoryMedium::new();
        let beside: Arc<dyn Medium> = Arc::new(journal.clone());
        let store = Store::open(served(), beside, &Settings::default(), Progress::silent());
        store.expect("a new folder").stop();
        let text = journal.read(STATE).expect("memory").expect("a state");
        let json: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
        let identity = json["identity"].as_str().expect("an identity").to_owned();
        (text, identity)
    })
}

fn served() -> Served {
    let medium = MemoryMedium::new();
    medium.put("a.json", b"{\"a\":{\"n\":1}}\n");
    Served {
        medium: Arc::new(medium),
        single: None,
    }
}

fn line(text: &[u8]) -> Vec<u8> {
    [
        format!("{:08x} ", crc32c::crc32c(text)).as_bytes(),
        text,
        b"\n",
    ]
    .concat()
}

fuzz_target!(|data: &[u8]| {
    let (state, identity) = state();
    let journal = MemoryMedium::new();
    journal.put(STATE, state);
    let mut segment = line(format!("jsond-journal 1 {identity} 1").as_bytes());
    for text in data.split(|&byte| byte == b'\n') {
        segment.extend_from_slice(&line(text));
    }
    journal.put("journal-00000000000000000001.log", &segment);
    let beside: Arc<dyn Medium> = Arc::new(journal);
    let _ = inspect(&served(), Some(&beside));
});
