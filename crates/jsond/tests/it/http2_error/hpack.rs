//! Header compression.

use super::*;

#[test]
#[expect(clippy::too_many_lines, reason = "one table, a row for each rule")]
fn header_blocks_are_as_hpack_has_them() {
    let faulty = |bytes: &[u8]| headers(WHOLE, 1, &[&block(GET, PATH), bytes].concat());
    let first = |bytes: &[u8]| headers(WHOLE, 1, &[bytes, &block(GET, PATH)].concat());
    let kept = b"\x40\x01a\x01b";
    let mut rules = vec![
        (
            "2.3.2",
            "a field that was kept",
            then(&[
                headers(WHOLE, 1, &[&block(GET, PATH)[..], kept].concat()),
                asking(3, &[0xbe]),
            ]),
            Answer(3),
        ),
        (
            "4.2",
            "a table of no bytes forgets",
            then(&[
                headers(WHOLE, 1, &[&block(GET, PATH)[..], kept].concat()),
                headers(
                    WHOLE,
                    3,
                    &[&[0x20][..], &block(GET, PATH), &[0xbe]].concat(),
                ),
            ]),
            Connection(COMPRESSION),
        ),
        (
            "4.2",
            "two changes of the table at the start",
            first(&[0x20, 0x3f, 0xe1, 0x1f]),
            Answer(1),
        ),
    ];
    for (section, what, bytes) in [
        ("2.3.3", "an index behind all tables", &[0xff, 0x00][..]),
        ("2.3.3", "an index behind the static table", &[0xbe]),
        ("2.3.3", "a name behind all tables", &[0x7f, 0x20, 1, b'a']),
        (
            "2.3.3",
            "a name behind all tables, not kept",
            &[0x0f, 0x70, 1, b'a'],
        ),
        ("4.2", "a change of the table at the end", &[0x20]),
        ("5.1", "an integer that is cut off", &[0xff]),
        (
            "5.1",
            "an integer without end",
            &[
                0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01,
            ],
        ),
        ("5.2", "a text that is cut off", &[0x00, 0x05, b'a']),
        (
            "5.2",
            "a value that is cut off",
            &[0x00, 0x01, b'a', 0x05, b'b'],
        ),
        ("5.2", "a name without a value", &[0x00, 0x01, b'a']),
        (
            "5.2",
            "Huffman with a whole byte of padding",
            b"\0\x01a\x85\x49\x50\x9f\xff\xff",
        ),
        (
            "5.2",
            "Huffman with zeros as padding",
            b"\0\x01a\x83\x49\x50\x90",
        ),
        (
            "5.2",
            "Huffman with its end in the text",
            b"\0\x01a\x87\x49\x50\x9f\xff\xff\xff\xfe",
        ),
        (
            "5.2",
            "Huffman of nothing but its end",
            b"\0\x01a\x84\xff\xff\xff\xff",
        ),
        ("6.1", "the index 0", &[0x80]),
    ] {
        rules.push((section, what, faulty(bytes), Connection(COMPRESSION)));
    }
    rules.push((
        "6.3",
        "a table over what was allowed",
        first(&[0x3f, 0xe2, 0x1f]),
        Connection(COMPRESSION),
    ));
    rules.push((
        "6.3",
        "a table of 2^31 bytes",
        first(&[0x3f, 0xe1, 0xff, 0xff, 0xff, 0x07]),
        Connection(COMPRESSION),
    ));
    check(&rules);
}
