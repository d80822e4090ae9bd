//! Feeds transcripts to a machine in every cut and tells what it made of them.

use bytes::BytesMut;
use http::Version;

use crate::wire::http1::{BodyFraming, Event, Head, Limits, Machine, Phase, Refusal};

/// Bodies in these tests are taken up to this.
pub(super) const BODY_BYTES_MAX: usize = 1000;

/// What a machine made of a transcript, one entry per event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// A head: the request line, then each field on a line, then what was concluded.
    Head(String),
    Body(Vec<u8>),
    Refused(Refusal),
    Closed,
    /// The transcript ended here.
    Waiting(Phase),
}

/// What the pretended server does with bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bodies {
    Read,
    Skip,
}

/// Feeds pieces one after the other.
pub(super) fn feed<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
    bodies: Bodies,
    limits: Limits,
) -> Vec<Seen> {
    let mut machine = Machine::new(limits);
    let mut input = BytesMut::new();
    let mut seen = Vec::new();
    for piece in pieces {
        input.extend_from_slice(piece);
        if drain(&mut machine, &mut input, bodies, &mut seen) {
            // Whatever comes now, a closed machine stays closed.
            input.extend_from_slice(b"GET /never HTTP/1.1\r\nHost: a\r\n\r\n");
            assert!(matches!(machine.next(&mut input), Ok(Event::Closed)));
            return seen;
        }
    }
    seen.push(Seen::Waiting(machine.phase()));
    seen
}

/// Asks until the machine needs more; answers whether it is closed.
fn drain(
    machine: &mut Machine,
    input: &mut BytesMut,
    bodies: Bodies,
    seen: &mut Vec<Seen>,
) -> bool {
    loop {
        match machine.next(input) {
            Ok(Event::NeedMore) => return false,
            Ok(Event::Head(head)) => {
                seen.push(Seen::Head(describe(&head)));
                if let Err(refusal) = decide(machine, bodies, head.framing) {
                    seen.push(Seen::Refused(refusal));
                    return true;
                }
            }
            Ok(Event::Body(body)) => seen.push(Seen::Body(body.to_vec())),
            Ok(Event::Closed) => {
                seen.push(Seen::Closed);
                return true;
            }
            Err(refusal) => {
                seen.push(Seen::Refused(refusal));
                return true;
            }
        }
    }
}

fn decide(machine: &mut Machine, bodies: Bodies, framing: BodyFraming) -> Result<(), Refusal> {
    match (framing, bodies) {
        (BodyFraming::None, _) => Ok(()),
        (_, Bodies::Read) => machine.read_body(BODY_BYTES_MAX),
        (_, Bodies::Skip) => machine.skip_body(BODY_BYTES_MAX),
    }
}

fn describe(head: &Head) -> String {
    let parts = &head.parts;
    let mut text = format!("{} {} {:?}\n", parts.method, parts.uri, parts.version);
    for (name, value) in &parts.headers {
        text += &format!("{name}: {}\n", value.as_bytes().escape_ascii());
    }
    match head.framing {
        BodyFraming::None => {}
        BodyFraming::Length(length) => text += &format!("[{length} bytes]"),
        BodyFraming::Chunked => text += "[chunked]",
    }
    text += if head.keep_alive { "[keep]" } else { "[close]" };
    text += if head.expects_continue {
        "[continue]"
    } else {
        ""
    };
    assert!(parts.version == Version::HTTP_11 || !head.keep_alive);
    text
}

/// Feeds `transcript` whole, byte by byte and split at each place; all must come to the same.
pub(super) fn feed_every_way(transcript: &[u8], bodies: Bodies, limits: Limits) -> Vec<Seen> {
    let whole = feed([transcript], bodies, limits);
    let bytewise = feed(transcript.chunks(1), bodies, limits);
    assert_eq!(
        bytewise,
        whole,
        "byte by byte: {}",
        transcript.escape_ascii()
    );
    let step = (transcript.len() / 512).max(1);
    for place in (1..transcript.len()).step_by(step) {
        let (first, second) = transcript.split_at(place);
        let split = feed([first, second], bodies, limits);
        assert_eq!(
            split,
            whole,
            "split at {place}: {}",
            transcript.escape_ascii()
        );
    }
    whole
}

/// As [`feed_every_way`], with bodies read and the usual limits.
pub(super) fn see(transcript: &[u8]) -> Vec<Seen> {
    feed_every_way(transcript, Bodies::Read, Limits::default())
}

/// A head as [`Seen`] tells it.
pub(super) fn head(text: &str) -> Seen {
    Seen::Head(text.to_owned())
}
