//! Frames: their sizes, their streams, their padding, what they carry.

use super::*;

#[test]
#[expect(clippy::too_many_lines, reason = "one table, a row for each rule")]
fn frames_are_of_their_size_and_on_their_stream() {
    let long = vec![0; 16_385];
    let padded = |length: u8, rest: &[u8]| [&[length], rest].concat();
    check(&[
        (
            "4.1",
            "an unknown frame is ignored",
            then(&[frame(UNKNOWN, 0, 0, b"12345678"), get(1, PATH)]),
            Answer(1),
        ),
        (
            "4.1",
            "an unknown frame on a stream is ignored",
            then(&[frame(UNKNOWN, 0xff, 77, b""), get(1, PATH)]),
            Answer(1),
        ),
        (
            "4.1",
            "unknown flags are ignored",
            then(&[frame(PING, 0x16, 0, b"12345678"), get(1, PATH)]),
            Answer(1),
        ),
        (
            "4.1",
            "the reserved bit is ignored",
            then(&[frame(PING, 0, 1 << 31, b"12345678"), get(1, PATH)]),
            Answer(1),
        ),
        (
            "4.2",
            "DATA of 16,384 bytes is taken",
            then(&[open(1), frame(DATA, 0, 1, &long[1..]), get(3, PATH)]),
            Answer(3),
        ),
        (
            "4.2",
            "DATA over 16,384 bytes",
            then(&[open(1), frame(DATA, 0, 1, &long)]),
            Stream(1, FRAME_SIZE),
        ),
        (
            "4.2",
            "HEADERS over 16,384 bytes",
            headers(WHOLE, 1, &long),
            Connection(FRAME_SIZE),
        ),
        (
            "4.2",
            "SETTINGS over 16,384 bytes",
            frame(SETTINGS, 0, 0, &vec![0; 16_386]),
            Connection(FRAME_SIZE),
        ),
        (
            "4.2",
            "an unknown frame over 16,384 bytes",
            frame(UNKNOWN, 0, 0, &long),
            Connection(FRAME_SIZE),
        ),
        (
            "6.1",
            "DATA on stream 0",
            frame(DATA, 0, 0, b"x"),
            Connection(PROTOCOL),
        ),
        (
            "6.1",
            "DATA with more padding than payload",
            then(&[open(1), frame(DATA, PADDED, 1, &padded(6, b"12345"))]),
            Connection(PROTOCOL),
        ),
        (
            "6.1",
            "DATA with a padding as long as all",
            then(&[open(1), frame(DATA, PADDED, 1, &padded(5, b"1234"))]),
            Connection(PROTOCOL),
        ),
        (
            "6.1",
            "DATA that is padded and empty",
            then(&[open(1), frame(DATA, PADDED, 1, b"")]),
            Connection(FRAME_SIZE),
        ),
        (
            "6.1",
            "DATA with padding",
            then(&[
                open(1),
                frame(DATA, PADDED | END_STREAM, 1, &padded(2, b"\"3.9\"\0\0")),
            ]),
            Answer(1),
        ),
        (
            "6.2",
            "HEADERS on stream 0",
            headers(WHOLE, 0, &block(GET, PATH)),
            Connection(PROTOCOL),
        ),
        (
            "6.2",
            "HEADERS with more padding than payload",
            headers(WHOLE | PADDED, 1, &padded(200, &block(GET, PATH))),
            Connection(PROTOCOL),
        ),
        (
            "6.2",
            "HEADERS with padding",
            headers(
                WHOLE | PADDED,
                1,
                &padded(3, &[&block(GET, PATH)[..], &[0; 3]].concat()),
            ),
            Answer(1),
        ),
        (
            "6.2",
            "HEADERS with priority",
            headers(
                WHOLE | WITH_PRIORITY,
                1,
                &[&[0, 0, 0, 0, 9][..], &block(GET, PATH)].concat(),
            ),
            Answer(1),
        ),
        (
            "6.2",
            "HEADERS with a priority that is cut off",
            headers(WHOLE | WITH_PRIORITY, 1, &[0, 0, 0, 0]),
            Connection(FRAME_SIZE),
        ),
        (
            "6.3",
            "PRIORITY on stream 0",
            frame(PRIORITY, 0, 0, &[0; 5]),
            Connection(PROTOCOL),
        ),
        (
            "6.3",
            "PRIORITY of four bytes",
            frame(PRIORITY, 0, 1, &[0; 4]),
            Stream(1, FRAME_SIZE),
        ),
        (
            "6.3",
            "PRIORITY on an idle stream is ignored",
            then(&[frame(PRIORITY, 0, 9, &[0, 0, 0, 0, 9]), get(1, PATH)]),
            Answer(1),
        ),
        (
            "6.4",
            "RST_STREAM on stream 0",
            reset(0, 8),
            Connection(PROTOCOL),
        ),
        (
            "6.4",
            "RST_STREAM of three bytes",
            then(&[open(1), frame(RST_STREAM, 0, 1, &[0; 3])]),
            Connection(FRAME_SIZE),
        ),
        (
            "6.4",
            "RST_STREAM on an idle stream",
            reset(1, 8),
            Connection(PROTOCOL),
        ),
        (
            "6.5",
            "SETTINGS on a stream",
            frame(SETTINGS, 0, 1, &[0, 3, 0, 0, 0, 100]),
            Connection(PROTOCOL),
        ),
        (
            "6.5",
            "SETTINGS of five bytes",
            frame(SETTINGS, 0, 0, &[0; 5]),
            Connection(FRAME_SIZE),
        ),
        (
            "6.5",
            "an acknowledgement with a payload",
            frame(SETTINGS, ACK, 0, &[0, 3, 0, 0, 0, 100]),
            Connection(FRAME_SIZE),
        ),
        (
            "6.5.2",
            "ENABLE_PUSH of two",
            settings(2, 2),
            Connection(PROTOCOL),
        ),
        (
            "6.5.2",
            "a window over 2^31-1",
            settings(4, 1 << 31),
            Connection(FLOW_CONTROL),
        ),
        (
            "6.5.2",
            "a frame size under 16,384",
            settings(5, 16_383),
            Connection(PROTOCOL),
        ),
        (
            "6.5.2",
            "a frame size over 2^24-1",
            settings(5, 1 << 24),
            Connection(PROTOCOL),
        ),
        (
            "6.5.2",
            "an unknown setting is ignored",
            then(&[settings(0xff, 1), get(1, PATH)]),
            Answer(1),
        ),
        (
            "6.5.2",
            "a table of no bytes",
            then(&[settings(1, 0), get(1, PATH)]),
            Answer(1),
        ),
        (
            "6.6",
            "PUSH_PROMISE from a client",
            frame(
                PUSH_PROMISE,
                END_HEADERS,
                1,
                &[&[0, 0, 0, 2][..], &block(GET, PATH)].concat(),
            ),
            Connection(PROTOCOL),
        ),
        (
            "6.7",
            "PING on a stream",
            frame(PING, 0, 1, &[0; 8]),
            Connection(PROTOCOL),
        ),
        (
            "6.7",
            "PING of seven bytes",
            frame(PING, 0, 0, &[0; 7]),
            Connection(FRAME_SIZE),
        ),
        (
            "6.7",
            "PING of nine bytes",
            frame(PING, 0, 0, &[0; 9]),
            Connection(FRAME_SIZE),
        ),
        (
            "6.8",
            "GOAWAY on a stream",
            frame(GOAWAY, 0, 1, &[0; 8]),
            Connection(PROTOCOL),
        ),
        (
            "6.8",
            "GOAWAY of seven bytes",
            frame(GOAWAY, 0, 0, &[0; 7]),
            Connection(FRAME_SIZE),
        ),
        (
            "6.9",
            "WINDOW_UPDATE by nothing",
            window(0, 0),
            Connection(PROTOCOL),
        ),
        (
            "6.9",
            "WINDOW_UPDATE of a stream by nothing",
            then(&[open(1), window(1, 0)]),
            Stream(1, PROTOCOL),
        ),
        (
            "6.9",
            "WINDOW_UPDATE of three bytes",
            frame(WINDOW_UPDATE, 0, 0, &[0; 3]),
            Connection(FRAME_SIZE),
        ),
        (
            "6.9.1",
            "a window of the connection over 2^31-1",
            then(&[window(0, (1 << 31) - 1), window(0, 1)]),
            Connection(FLOW_CONTROL),
        ),
        (
            "6.9.1",
            "a window of a stream over 2^31-1",
            then(&[open(1), window(1, (1 << 31) - 1)]),
            Stream(1, FLOW_CONTROL),
        ),
        (
            "6.9.2",
            "settings that make a window too large",
            then(&[open(1), window(1, 70_000), settings(4, (1 << 31) - 1)]),
            Connection(FLOW_CONTROL),
        ),
        (
            "6.10",
            "CONTINUATION on stream 0",
            frame(CONTINUATION, END_HEADERS, 0, b""),
            Connection(PROTOCOL),
        ),
        (
            "7",
            "GOAWAY with an unknown code",
            then(&[
                get(1, PATH),
                frame(GOAWAY, 0, 0, &[0, 0, 0, 0, 0, 0, 0, 0xff]),
            ]),
            Answer(1),
        ),
        (
            "7",
            "RST_STREAM with an unknown code",
            then(&[open(1), reset(1, 0xff), get(3, PATH)]),
            Answer(3),
        ),
    ]);
}
