//! What a stream takes in each of its states, and what belongs together.

use super::*;

#[test]
#[expect(clippy::too_many_lines, reason = "one table, a row for each rule")]
fn streams_go_through_their_states() {
    let piece = |flags| frame(DATA, flags, 1, b"x");
    let part = &block(GET, PATH)[..4];
    let rest = &block(GET, PATH)[4..];
    let unended = headers(END_STREAM, 1, part);
    check(&[
        (
            "4.3",
            "a block in four frames",
            then(&[
                headers(END_STREAM, 1, part),
                frame(CONTINUATION, 0, 1, b""),
                frame(CONTINUATION, 0, 1, &rest[..3]),
                frame(CONTINUATION, END_HEADERS, 1, &rest[3..]),
            ]),
            Answer(1),
        ),
        (
            "4.3",
            "PRIORITY within a block",
            then(&[unended.clone(), frame(PRIORITY, 0, 1, &[0; 5])]),
            Connection(PROTOCOL),
        ),
        (
            "4.3",
            "HEADERS of another stream within a block",
            then(&[unended.clone(), get(3, PATH)]),
            Connection(PROTOCOL),
        ),
        (
            "4.3",
            "PING within a block",
            then(&[unended.clone(), frame(PING, 0, 0, &[0; 8])]),
            Connection(PROTOCOL),
        ),
        (
            "5.5",
            "an unknown frame within a block",
            then(&[unended.clone(), frame(UNKNOWN, 0, 0, b"")]),
            Connection(PROTOCOL),
        ),
        (
            "6.10",
            "DATA within a block",
            then(&[unended.clone(), piece(0)]),
            Connection(PROTOCOL),
        ),
        (
            "6.10",
            "CONTINUATION of another stream",
            then(&[unended, frame(CONTINUATION, END_HEADERS, 3, rest)]),
            Connection(PROTOCOL),
        ),
        (
            "6.10",
            "CONTINUATION after a block has ended",
            then(&[open(1), frame(CONTINUATION, END_HEADERS, 1, b"")]),
            Connection(PROTOCOL),
        ),
        (
            "6.10",
            "CONTINUATION after DATA",
            then(&[open(1), piece(0), frame(CONTINUATION, END_HEADERS, 1, b"")]),
            Connection(PROTOCOL),
        ),
        (
            "5.1",
            "DATA on an idle stream",
            piece(0),
            Connection(PROTOCOL),
        ),
        (
            "5.1",
            "WINDOW_UPDATE on an idle stream",
            window(1, 5),
            Connection(PROTOCOL),
        ),
        (
            "5.1",
            "CONTINUATION on an idle stream",
            frame(CONTINUATION, END_HEADERS, 1, rest),
            Connection(PROTOCOL),
        ),
        (
            "5.1",
            "DATA after the end of a body",
            then(&[half_closed(1), piece(0)]),
            Stream(1, STREAM_CLOSED),
        ),
        (
            "5.1",
            "HEADERS after the end of a body",
            then(&[half_closed(1), get(1, PATH)]),
            Stream(1, STREAM_CLOSED),
        ),
        (
            "5.1",
            "DATA after the end of a body in DATA",
            then(&[open(1), frame(DATA, END_STREAM, 1, b"\"3.9\""), piece(0)]),
            Stream(1, STREAM_CLOSED),
        ),
        (
            "5.1",
            "WINDOW_UPDATE after the end of a body is taken",
            then(&[half_closed(1), window(1, 5), get(3, PATH)]),
            Answer(3),
        ),
        (
            "5.1",
            "DATA after a reset",
            then(&[open(1), reset(1, 8), piece(0)]),
            Stream(1, STREAM_CLOSED),
        ),
        (
            "5.1",
            "HEADERS after a reset",
            then(&[open(1), reset(1, 8), get(1, PATH)]),
            StreamOr(1, STREAM_CLOSED, PROTOCOL),
        ),
        (
            "5.1",
            "WINDOW_UPDATE after a reset is ignored",
            then(&[open(1), reset(1, 8), window(1, 5), get(3, PATH)]),
            Answer(3),
        ),
        (
            "5.1",
            "PRIORITY after a reset is ignored",
            then(&[
                open(1),
                reset(1, 8),
                frame(PRIORITY, 0, 1, &[0; 5]),
                get(3, PATH),
            ]),
            Answer(3),
        ),
        (
            "5.1.1",
            "an even stream",
            get(2, PATH),
            Connection(PROTOCOL),
        ),
        (
            "5.1.1",
            "a stream before one that was used",
            then(&[get(5, PATH), get(3, PATH)]),
            StreamOr(3, PROTOCOL, STREAM_CLOSED),
        ),
        (
            "5.1.1",
            "a stream that was passed over",
            then(&[get(5, PATH), frame(DATA, 0, 3, b"x")]),
            StreamOr(3, PROTOCOL, STREAM_CLOSED),
        ),
        (
            "5.1.2",
            "one stream too many",
            (0..=128).flat_map(|n| open(2 * n + 1)).collect(),
            StreamOr(257, REFUSED, PROTOCOL),
        ),
        (
            "8.1",
            "HEADERS after a body without END_STREAM",
            then(&[
                open(1),
                piece(0),
                headers(END_HEADERS, 1, &field(b"x", b"y")),
            ]),
            Malformed(1),
        ),
        (
            "8.1",
            "trailers are taken and left alone",
            then(&[
                open(1),
                frame(DATA, 0, 1, b"\"3.9\""),
                headers(WHOLE, 1, &field(b"if-match", b"\"no\"")),
            ]),
            Answer(1),
        ),
        (
            "8.1",
            "a pseudo-header in trailers",
            then(&[
                open(1),
                frame(DATA, 0, 1, b"\"3.9\""),
                headers(WHOLE, 1, &field(b":method", b"GET")),
            ]),
            Malformed(1),
        ),
        (
            "8.1.1",
            "less content than its length",
            then(&[
                headers(
                    END_HEADERS,
                    1,
                    &[put(PATH), field(b"content-length", b"5")].concat(),
                ),
                frame(DATA, END_STREAM, 1, b"4"),
            ]),
            Malformed(1),
        ),
        (
            "8.1.1",
            "more content than its length",
            then(&[
                headers(
                    END_HEADERS,
                    1,
                    &[put(PATH), field(b"content-length", b"1")].concat(),
                ),
                frame(DATA, 0, 1, b"4"),
                frame(DATA, END_STREAM, 1, b"4"),
            ]),
            Malformed(1),
        ),
        (
            "8.1.1",
            "a length and no content",
            headers(
                WHOLE,
                1,
                &[put(PATH), field(b"content-length", b"5")].concat(),
            ),
            Malformed(1),
        ),
        (
            "8.5",
            "CONNECT with a path",
            headers(
                WHOLE,
                1,
                &[&field(b":method", b"CONNECT")[..], &block(GET, PATH)[1..]].concat(),
            ),
            Malformed(1),
        ),
    ]);
}
