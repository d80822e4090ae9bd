//! What is refused: a table for each framing rule. Behind every bad request stands a good one,
//! which must never be yielded.

use super::harness::{Bodies, Seen, feed_every_way, see};
use crate::wire::http1::{Limits, Refusal};

/// The request that a smuggler would like to have taken.
const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

/// The first request line and fields of a good chunked request.
const CHUNKED: &str = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Every bad request, with the smuggled one behind it, must come to this refusal, in any cut.
#[track_caller]
fn check(bad: &str, refusal: Refusal) {
    check_bytes(bad.as_bytes(), refusal);
}

#[track_caller]
fn check_bytes(bad: &[u8], refusal: Refusal) {
    let transcript = [bad, SMUGGLED.as_bytes(), SMUGGLED.as_bytes()].concat();
    for bodies in [Bodies::Read, Bodies::Skip] {
        let seen = feed_every_way(&transcript, bodies, Limits::default());
        assert_eq!(
            seen.last(),
            Some(&Seen::Refused(refusal)),
            "{}",
            bad.escape_ascii()
        );
        let smuggled = seen
            .iter()
            .any(|seen| matches!(seen, Seen::Head(head) if head.contains("smuggled")));
        assert!(!smuggled, "{}", bad.escape_ascii());
    }
}

/// The same for a field, in a request that is good but for it.
#[track_caller]
fn check_field(field: &str, refusal: Refusal) {
    check(
        &format!("POST / HTTP/1.1\r\nHost: a\r\n{field}\r\n\r\n"),
        refusal,
    );
    check(
        &format!("POST / HTTP/1.1\r\nHost: a\r\n{field}\r\nX: y\r\n\r\n"),
        refusal,
    );
}

#[test]
fn a_content_length_that_is_no_single_number_is_refused() {
    for bad in [
        "",
        "x",
        "+5",
        "-5",
        "5x",
        "0x5",
        "5 5",
        "5.0",
        "5;",
        "\"5\"",
        "٥",
        "1e1",
        "- 5",
        "0b1",
        "5\u{a0}",
        "18446744073709551616",
        "99999999999999999999999999",
    ] {
        check_field(
            &format!("Content-Length: {bad}"),
            Refusal::MalformedContentLength,
        );
    }
    for bad in ["5,6", "5, 5", "5,", ",5"] {
        check_field(
            &format!("Content-Length: {bad}"),
            Refusal::DoubledContentLength,
        );
    }
    check_field(
        "Content-Length: 5\r\nContent-Length: 6",
        Refusal::DoubledContentLength,
    );
    check_field(
        "Content-Length: 5\r\ncontent-length: 5",
        Refusal::DoubledContentLength,
    );
    check_field(
        "Content-Length: 0\r\nContent-Length: 36",
        Refusal::DoubledContentLength,
    );
}

#[test]
fn a_transfer_encoding_that_is_not_exactly_chunked_is_refused() {
    for bad in [
        "",
        "x",
        "identity",
        "chunked, identity",
        "chunked, chunked",
        "chunked,",
        ",chunked",
        "chunkedchunked",
        "\"chunked\"",
        "chunked;q=1",
        "xchunked",
        "chunked x",
        "chunked\u{a0}",
        "identity, chunked",
        "cow, chunked",
        "gzip",
        "chunked, gzip",
        "chunk",
        "ch\u{212a}nked",
    ] {
        check_field(
            &format!("Transfer-Encoding: {bad}"),
            Refusal::MalformedTransferEncoding,
        );
    }
    check_field(
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        Refusal::MalformedTransferEncoding,
    );
    check_field(
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        Refusal::MalformedTransferEncoding,
    );
    check_field(
        "Transfer-Encoding: \r\nTransfer-Encoding: chunked",
        Refusal::MalformedTransferEncoding,
    );
    for known in ["gzip, chunked", "deflate,chunked", "x-gzip, GZIP, Chunked"] {
        check_field(
            &format!("Transfer-Encoding: {known}"),
            Refusal::UnsupportedTransferCoding,
        );
    }
    check(
        "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        Refusal::TransferEncodingInHttp10,
    );
}

#[test]
fn a_length_together_with_a_transfer_encoding_is_refused() {
    for bad in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Content-Length: 0\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: x",
        "Content-Length: 5\r\nX: y\r\nTRANSFER-ENCODING: identity",
    ] {
        check_field(bad, Refusal::LengthAndTransferEncoding);
    }
}

#[test]
fn a_malformed_chunk_size_line_is_refused() {
    for bad in [
        "",
        "g",
        "0x5",
        "+5",
        "-5",
        " 5",
        "5 ",
        "5\t",
        "5 ;a",
        "5\r",
        "5\n",
        "5,",
        "\"5\"",
        "5.",
        "0_5",
        "ffffffffffffffff0",
        "00000000000000005",
        "h'5'",
    ] {
        check(
            &format!("{CHUNKED}{bad}\r\nhello\r\n0\r\n\r\n"),
            Refusal::MalformedChunkSize,
        );
    }
    check(
        &format!("{CHUNKED}5\nhello\r\n0\r\n\r\n"),
        Refusal::MalformedChunkSize,
    );
    check(
        &format!("{CHUNKED}5\r\rhello\r\n0\r\n\r\n"),
        Refusal::MalformedChunkSize,
    );
    check(
        &format!("{CHUNKED}5\r\nhello\r\n0\n\r\n"),
        Refusal::MalformedChunkSize,
    );
    check(
        &format!("{CHUNKED}ffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
        Refusal::BodyTooLarge,
    );
    check(
        &format!("{CHUNKED}fffffffffffffffe\r\nhello\r\n0\r\n\r\n"),
        Refusal::BodyTooLarge,
    );
}

#[test]
fn a_malformed_chunk_extension_is_refused() {
    for bad in [
        ";",
        ";a;",
        ";a=",
        ";=b",
        "; a",
        ";a =b",
        ";a=\"b",
        ";a=\"b\"c",
        ";a=\"b\\",
        ";\"a\"",
        ";a=b c",
        ";a\0",
        ";a=\"\n\"",
        ";a\n",
        ";a=\"\x01\"",
        ";ä",
    ] {
        check(
            &format!("{CHUNKED}5{bad}\r\nhello\r\n0\r\n\r\n"),
            Refusal::MalformedChunkExtension,
        );
    }
    check(
        &format!("{CHUNKED}5;a\rb\r\nhello\r\n0\r\n\r\n"),
        Refusal::MalformedChunkSize,
    );
}

#[test]
fn data_that_does_not_end_where_its_size_says_is_refused() {
    for bad in [
        "5\r\nhello0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "5\r\nhello\r0\r\n\r\n",
        "5\r\nhello!\r\n0\r\n\r\n",
        "5\r\nhell\r\n0\r\n\r\n",
    ] {
        check(&format!("{CHUNKED}{bad}"), Refusal::MalformedChunkEnd);
    }
}

#[test]
fn a_malformed_trailer_is_refused() {
    for bad in [
        "x", " x: y", "x : y", ": y", "x\0: y", "x: \x01", "x: a\rb", "x: y\n", "\n", "\rx",
    ] {
        check(
            &format!("{CHUNKED}5\r\nhello\r\n0\r\n{bad}\r\n\r\n"),
            Refusal::MalformedTrailer,
        );
    }
    check(&format!("{CHUNKED}0\r\n\n"), Refusal::MalformedTrailer);
}

#[test]
fn a_malformed_field_line_is_refused() {
    for (bad, refusal) in [
        ("X : y", Refusal::SpaceBeforeColon),
        ("Content-Length\t: 36", Refusal::SpaceBeforeColon),
        ("X: y\r\n z", Refusal::FoldedField),
        ("X: y\r\n\tContent-Length: 36", Refusal::FoldedField),
        (" X: a\0b", Refusal::FoldedField),
        (" ", Refusal::FoldedField),
        ("X", Refusal::MissingColon),
        (": y", Refusal::MalformedFieldName),
        ("a b: y", Refusal::MalformedFieldName),
        ("a/b: y", Refusal::MalformedFieldName),
        ("é: y", Refusal::MalformedFieldName),
        ("X: a\0b", Refusal::ControlCharacter),
        ("X: a\x0bb", Refusal::ControlCharacter),
        ("X: a\x7fb", Refusal::ControlCharacter),
        ("X\0: b", Refusal::ControlCharacter),
        ("X: a\x1b[0m", Refusal::ControlCharacter),
        ("X: a\rContent-Length: 36", Refusal::BareCarriageReturn),
        ("X: a\r", Refusal::BareCarriageReturn),
        ("X: a\r\r", Refusal::BareCarriageReturn),
        ("X\r: a", Refusal::BareCarriageReturn),
        ("\rX: a", Refusal::BareCarriageReturn),
        ("X: a\nContent-Length: 36", Refusal::BareLineFeed),
        ("X:\nTransfer-Encoding: chunked", Refusal::BareLineFeed),
    ] {
        check_field(bad, refusal);
    }
    check("GET / HTTP/1.1\r\n Host: a\r\n\r\n", Refusal::FoldedField);
    check("GET / HTTP/1.1\r\nHost: a\n\r\n", Refusal::BareLineFeed);
    check(
        "GET / HTTP/1.1\r\nHost: a\r\n\rX\r\n\r\n",
        Refusal::BareCarriageReturn,
    );
}

#[test]
fn a_missing_doubled_or_malformed_host_is_refused() {
    check("GET / HTTP/1.1\r\n\r\n", Refusal::MissingHost);
    check(
        "GET http://a/ HTTP/1.1\r\nX: y\r\n\r\n",
        Refusal::MissingHost,
    );
    for version in ["1.0", "1.1"] {
        check(
            &format!("GET / HTTP/{version}\r\nHost: a\r\nHost: a\r\n\r\n"),
            Refusal::DoubledHost,
        );
        check(
            &format!("GET http://a/ HTTP/{version}\r\nHost: a\r\nhost: b\r\n\r\n"),
            Refusal::DoubledHost,
        );
        for bad in [
            "", "a b", "a,b", "a/", "u@a", "a:b", "[::1", "a:70000", "é", "a\tb", "a?b", "http://a",
        ] {
            check(
                &format!("GET / HTTP/{version}\r\nHost: {bad}\r\n\r\n"),
                Refusal::MalformedHost,
            );
        }
    }
}

#[test]
fn a_malformed_request_line_is_refused() {
    for (bad, refusal) in [
        ("GET /", Refusal::MissingVersion),
        ("GET / HTTP/1", Refusal::MalformedVersion),
        ("GET / HTTX/1.1", Refusal::MalformedVersion),
        ("GET / HTTP/1.1x", Refusal::MalformedVersion),
        ("GET / HTTP/01.1", Refusal::MalformedVersion),
        ("GET / HTTP/2.0", Refusal::UnsupportedVersion),
        ("PRI * HTTP/2.0", Refusal::UnsupportedVersion),
        ("GET / HTTP/0.9", Refusal::UnsupportedVersion),
        ("GET  / HTTP/1.1", Refusal::MalformedRequestLine),
        ("GET / HTTP/1.1 ", Refusal::MalformedRequestLine),
        ("GET / x HTTP/1.1", Refusal::MalformedRequestLine),
        ("GET\t/ HTTP/1.1", Refusal::MalformedMethod),
        (" GET / HTTP/1.1", Refusal::MalformedMethod),
        ("G(T / HTTP/1.1", Refusal::MalformedMethod),
        ("GÉT / HTTP/1.1", Refusal::MalformedMethod),
        ("GET /é HTTP/1.1", Refusal::MalformedTarget),
        ("GET /a#b HTTP/1.1", Refusal::FragmentInTarget),
        ("GET x HTTP/1.1", Refusal::UnservedTargetForm),
        ("CONNECT a:1 HTTP/1.1", Refusal::UnservedTargetForm),
        ("GET * HTTP/1.1", Refusal::UnservedTargetForm),
        ("GET http:// HTTP/1.1", Refusal::MalformedTargetAuthority),
        ("GET /\x01 HTTP/1.1", Refusal::ControlCharacter),
        ("GET /\0 HTTP/1.1", Refusal::ControlCharacter),
        ("GET / HTTP/1.1\rX: y", Refusal::BareCarriageReturn),
        ("GET /\r HTTP/1.1", Refusal::BareCarriageReturn),
    ] {
        check(&format!("{bad}\r\nHost: a\r\n\r\n"), refusal);
        check(&format!("\r\n{bad}\nHost: a\n\n"), refusal);
    }
    check_bytes(
        b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
        Refusal::MalformedTarget,
    );
    check_bytes(
        b"\x16\x03\x01\x02\x00\x01\x00\r\n",
        Refusal::ControlCharacter,
    );
    check(
        "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        Refusal::BareCarriageReturn,
    );
}

#[test]
fn the_framing_is_judged_whatever_is_expected() {
    check_field(
        "Expect: x\r\nContent-Length: y",
        Refusal::MalformedContentLength,
    );
    check("GET / HTTP/1.1\r\nExpect: x\r\n\r\n", Refusal::MissingHost);
}

/// A client must not have to end its head to learn that it is wrong: a peer that waits for an
/// answer after half a head would only ever see the timeout.
#[test]
fn a_fault_is_found_before_the_head_has_ended() {
    for (beginning, refusal) in [
        ("GET / HTTP/5.6\r\n", Refusal::UnsupportedVersion),
        ("GET / HTTP/1.1\r\n Host: foo\r\n", Refusal::FoldedField),
        (
            "PUT /url HTTP/1.1\r\nContent-Length: 1000000000000000000000\r\n",
            Refusal::MalformedContentLength,
        ),
        (
            "PUT /url HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n",
            Refusal::DoubledContentLength,
        ),
        (
            "PUT /url HTTP/1.1\r\nContent-Length: 3\r\n\rabc",
            Refusal::BareCarriageReturn,
        ),
        ("GET / HTTP/1.1\r\n\t", Refusal::FoldedField),
        ("\x16", Refusal::ControlCharacter),
        ("G\0", Refusal::ControlCharacter),
    ] {
        assert_eq!(
            see(beginning.as_bytes()),
            [Seen::Refused(refusal)],
            "{beginning:?}"
        );
    }
}
