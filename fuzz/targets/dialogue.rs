//! The grammar of the dialogue: a request and an answer, whole and byte by byte.
#![no_main]

use bytes::BytesMut;
use jsond::wire::dialogue::{AnswerEnd, Limits, Machine, parse_words};
use libfuzzer_sys::fuzz_target;

fn said(data: &[u8], piece: usize) -> String {
    let mut machine = Machine::new(Limits::default());
    let mut input = BytesMut::new();
    for piece in data.chunks(piece) {
        input.extend_from_slice(piece);
        match machine.request(&mut input, false) {
            Ok(None) => {}
            Ok(Some(request)) => return format!("{request:?}"),
            Err(reason) => return format!("{reason:?}"),
        }
    }
    format!("{:?}", machine.request(&mut input, true))
}

fuzz_target!(|data: &[u8]| {
    assert_eq!(said(data, data.len().max(1)), said(data, 1));
    let mut machine = Machine::new(Limits::default());
    for end in [AnswerEnd::LineEnd, AnswerEnd::Quiet, AnswerEnd::Closed] {
        let mut input = BytesMut::from(data);
        let _ = machine.answer(&mut input, end);
    }
    let _ = parse_words(data);
});
