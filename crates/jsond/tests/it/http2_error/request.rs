//! What a request has to have, and must not have.

use super::*;

#[test]
#[expect(clippy::too_many_lines, reason = "one table, a row for each rule")]
fn requests_are_well_formed() {
    let pseudo = |fields: &[&[u8]]| headers(WHOLE, 1, &fields.concat());
    let (method, scheme): (&[u8], &[u8]) = (&[GET], &[0x86]);
    let path = &block(GET, PATH)[13..];
    let host = field(b"host", b"localhost");
    let mut rules = vec![
        (
            "8.3.1",
            "no :authority and a host",
            pseudo(&[method, scheme, path, &host]),
            Answer(1),
        ),
        (
            "8.3.1",
            "no :method",
            pseudo(&[scheme, path, &host]),
            Malformed(1),
        ),
        (
            "8.3.1",
            "no :scheme",
            pseudo(&[method, path, &host]),
            Malformed(1),
        ),
        (
            "8.3.1",
            "no :path",
            pseudo(&[method, scheme, &host]),
            Malformed(1),
        ),
        (
            "8.3.1",
            "an empty :path",
            pseudo(&[method, scheme, &[4, 0], &host]),
            Malformed(1),
        ),
        (
            "8.3.1",
            "a :path without a slash",
            pseudo(&[method, scheme, b"\x04\x01a", &host]),
            Malformed(1),
        ),
        ("8.3.1", "two :method", asking(1, &[GET]), Malformed(1)),
        (
            "8.3.1",
            "two :scheme",
            pseudo(&[method, scheme, scheme, path, &host]),
            Malformed(1),
        ),
        (
            "8.3.1",
            "two :path",
            pseudo(&[method, scheme, path, path, &host]),
            Malformed(1),
        ),
        (
            "8.3.1",
            "two :authority",
            pseudo(&[method, scheme, path, b"\x01\x01a", b"\x01\x01a"]),
            Malformed(1),
        ),
        (
            "8.3.1",
            "user information in :authority",
            pseudo(&[method, scheme, path, b"\x01\x03a@b"]),
            Malformed(1),
        ),
        (
            "8.3.1",
            "a host that is not :authority",
            asking(1, &field(b"host", b"other")),
            Malformed(1),
        ),
        (
            "8.3",
            "a pseudo-header behind a field",
            pseudo(&[method, scheme, &host, path]),
            Malformed(1),
        ),
        (
            "8.3",
            "a pseudo-header of answers",
            pseudo(&[method, scheme, path, &[0x88], &host]),
            Malformed(1),
        ),
        (
            "8.3",
            "an unknown pseudo-header",
            pseudo(&[method, scheme, path, &field(b":test", b"a"), &host]),
            Malformed(1),
        ),
        (
            "8.2.2",
            "te: trailers",
            asking(1, &field(b"te", b"trailers")),
            Answer(1),
        ),
        (
            "8.2.2",
            "te: gzip",
            asking(1, &field(b"te", b"gzip")),
            Malformed(1),
        ),
    ];
    for (name, value) in [
        ("connection", "close"),
        ("keep-alive", "timeout=5"),
        ("proxy-connection", "close"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "h2c"),
    ] {
        let bytes = asking(1, &field(name.as_bytes(), value.as_bytes()));
        rules.push(("8.2.2", name, bytes, Malformed(1)));
    }
    for (what, name) in [
        ("an empty name", &b""[..]),
        ("a name in capitals", b"Name"),
        ("a space in a name", b"na me"),
        ("a colon in a name", b"na:me"),
        ("a control in a name", b"na\x01me"),
        ("DEL in a name", b"na\x7fme"),
        ("a name that is no ASCII", b"na\xffme"),
    ] {
        rules.push(("8.2.1", what, asking(1, &field(name, b"a")), Malformed(1)));
    }
    for (what, value) in [
        ("NUL in a value", &b"a\0b"[..]),
        ("LF in a value", b"a\nb"),
        ("CR in a value", b"a\rb"),
        ("a space before a value", b" a"),
        ("a space behind a value", b"a "),
        ("a tab before a value", b"\ta"),
    ] {
        rules.push((
            "8.2.1",
            what,
            asking(1, &field(b"name", value)),
            Malformed(1),
        ));
    }
    check(&rules);
}
