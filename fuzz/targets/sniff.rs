//! The first bytes of a connection, and all of HTTP/1.1 behind them: what comes whole and what comes
//! cut at each byte is the same.
#![no_main]

use bytes::BytesMut;
use jsond::wire::http1::{BodyFraming, Event, Limits, Machine};
use jsond::wire::sniff::sniff;
use libfuzzer_sys::fuzz_target;

/// What the machine says of bytes that come in pieces of this size.
fn events(data: &[u8], piece: usize) -> Vec<String> {
    let mut machine = Machine::new(Limits::default());
    let (mut input, mut said) = (BytesMut::new(), Vec::new());
    for piece in data.chunks(piece) {
        input.extend_from_slice(piece);
        loop {
            match machine.next(&mut input) {
                Ok(Event::NeedMore) => break,
                Ok(Event::Head(head)) => {
                    said.push(format!("{:?} {:?}", head.parts, head.framing));
                    if head.framing != BodyFraming::None
                        && let Err(refusal) = machine.read_body(1 << 16)
                    {
                        said.push(format!("{refusal:?}"));
                        return said;
                    }
                }
                Ok(Event::Body(body)) => said.push(format!("{body:?}")),
                Ok(Event::Closed) => {
                    said.push("closed".to_owned());
                    return said;
                }
                Err(refusal) => {
                    said.push(format!("{refusal:?}"));
                    return said;
                }
            }
        }
    }
    said
}

fuzz_target!(|data: &[u8]| {
    for is_open in [true, false] {
        let _ = sniff(data, is_open, 8 << 10);
    }
    let whole = events(data, data.len().max(1));
    assert_eq!(whole, events(data, 1));
    assert_eq!(whole, events(data, 7));
});
