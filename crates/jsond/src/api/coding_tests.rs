//! Tests of codings: round trips, bombs, truncation at every byte, equal bytes for equal texts.

use super::*;
use proptest::prelude::*;

const MANY: usize = 1 << 20;

fn gzip_of(text: &[u8]) -> Bytes {
    encode(Coding::Gzip, &[Bytes::copy_from_slice(text)])
}

fn brotli_of_text(text: &[u8]) -> Bytes {
    encode(Coding::Brotli, &[Bytes::copy_from_slice(text)])
}

/// A text like those that are served.
fn records(count: usize) -> Vec<u8> {
    let record = |n: usize| {
        format!(
            r#"{{"id":{n},"name":"Chan {n}","grade":{}.5}}"#,
            n * 7919 % 100
        )
    };
    let list: Vec<_> = (0..count).map(record).collect();
    format!("[{}]\n", list.join(",")).into_bytes()
}

fn headers_of(lines: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(CONTENT_ENCODING, line.parse().unwrap());
    }
    headers
}

#[track_caller]
fn check_list(lines: &[&str], expected: Result<&[Coding], CodingError>) {
    let found = content_codings(&headers_of(lines));
    assert_eq!(
        found.as_deref().map_err(|error| *error),
        expected,
        "{lines:?}"
    );
}

#[test]
fn the_list_of_codings_is_read_in_order() {
    use Coding::{Brotli, Gzip};
    check_list(&[], Ok(&[]));
    check_list(&["", " , "], Ok(&[]));
    check_list(&["gzip"], Ok(&[Gzip]));
    check_list(&["X-GZIP"], Ok(&[Gzip]));
    check_list(&["identity"], Ok(&[]));
    check_list(&["gzip,\tBR , identity"], Ok(&[Gzip, Brotli]));
    check_list(&["br", "gzip,", "br"], Ok(&[Brotli, Gzip, Brotli]));
    check_list(&["gzip, gzip, gzip, gzip"], Err(CodingError::Unsupported));
    check_list(&[&"gzip,".repeat(10_000)], Err(CodingError::Unsupported));
    for unknown in [
        "zstd",
        "deflate",
        "compress",
        "gzip;q=1",
        "gzip br",
        "*",
        "gzip, zstd",
    ] {
        check_list(&[unknown], Err(CodingError::Unsupported));
    }
}

#[test]
fn codings_are_undone_in_reverse_order() {
    let text = records(100);
    let coded = gzip_of(&brotli_of_text(&text));
    let order = [Coding::Brotli, Coding::Gzip];
    assert_eq!(
        decode_body(&order, &coded, MANY),
        Ok(Bytes::from(text.clone()))
    );
    let wrong = [Coding::Gzip, Coding::Brotli];
    assert_eq!(
        decode_body(&wrong, &coded, MANY),
        Err(CodingError::Malformed)
    );
    let plain = Bytes::from(text);
    let same = decode_body(&[], &plain, MANY).unwrap();
    assert_eq!(same.as_ptr(), plain.as_ptr());
    assert_eq!(
        decode_body(&[], &plain, plain.len() - 1),
        Err(CodingError::TooLarge)
    );
}

#[test]
fn a_request_without_content_has_nothing_to_decode() {
    for coding in [Coding::Gzip, Coding::Brotli] {
        assert_eq!(
            decode_body(&[coding], &Bytes::new(), MANY),
            Ok(Bytes::new())
        );
    }
    assert_eq!(
        decode_body(&[Coding::Gzip], &gzip_of(b""), MANY),
        Ok(Bytes::new())
    );
    assert_eq!(
        decode_body(&[Coding::Brotli], &brotli_of_text(b""), MANY),
        Ok(Bytes::new())
    );
}

#[test]
fn the_bound_on_the_decoded_size_is_exact() {
    let text = records(3000);
    for coding in [Coding::Gzip, Coding::Brotli] {
        let coded = encode(coding, &[Bytes::from(text.clone())]);
        let decode = |bytes_max| decode_body(&[coding], &coded, bytes_max).map(|it| it.len());
        assert_eq!(decode(text.len()), Ok(text.len()), "{coding:?}");
        assert_eq!(
            decode(text.len() - 1),
            Err(CodingError::TooLarge),
            "{coding:?}"
        );
        assert_eq!(decode(0), Err(CodingError::TooLarge), "{coding:?}");
    }
}

#[test]
fn a_bomb_is_found_while_it_goes_off() {
    let zeros = Bytes::from(vec![b' '; 24 << 20]);
    for coding in [Coding::Gzip, Coding::Brotli] {
        let bomb = encode(coding, std::slice::from_ref(&zeros));
        assert!(bomb.len() < MANY / 10, "{coding:?}: {}", bomb.len());
        let result = decode_body(&[coding], &bomb, MANY);
        assert_eq!(result, Err(CodingError::TooLarge), "{coding:?}");
        // The inner bomb of two is found in the first step.
        let twice = encode(coding, &[bomb]);
        let result = decode_body(&[coding, coding], &twice, MANY);
        assert_eq!(result, Err(CodingError::TooLarge), "{coding:?} twice");
    }
}

#[test]
fn the_room_for_what_is_decoded_stays_within_the_bound() {
    let mut decoded = Decoded {
        bytes: Vec::new(),
        bytes_max: 1_000_000,
    };
    let step = [0; 999];
    while decoded.take(&step).is_ok() {
        assert!(decoded.bytes.capacity() <= 1_000_000);
    }
    assert_eq!(decoded.bytes.len(), 999_999 / 999 * 999);
}

#[test]
fn what_is_cut_off_at_any_byte_is_malformed() {
    let text = records(40);
    for coding in [Coding::Gzip, Coding::Brotli] {
        let coded = encode(coding, &[Bytes::from(text.clone())]);
        for end in 1..coded.len() {
            let result = decode_body(&[coding], &coded.slice(..end), MANY);
            assert_eq!(
                result,
                Err(CodingError::Malformed),
                "{coding:?} cut at {end}"
            );
        }
    }
}

#[test]
fn what_follows_the_end_is_malformed() {
    for coding in [Coding::Gzip, Coding::Brotli] {
        for text in [records(40), records(10_000)] {
            let coded = encode(coding, &[Bytes::from(text)]);
            for garbage in [&b"\0"[..], b"x", b"\x1f", b"\x1f\x8b\x08", &[0; 70_000]] {
                let body = Bytes::from([&coded, garbage].concat());
                let result = decode_body(&[coding], &body, MANY);
                assert_eq!(
                    result,
                    Err(CodingError::Malformed),
                    "{coding:?} and {garbage:?}"
                );
            }
        }
    }
    let twice = Bytes::from([brotli_of_text(b"1"), brotli_of_text(b"2")].concat());
    assert_eq!(
        decode_body(&[Coding::Brotli], &twice, MANY),
        Err(CodingError::Malformed)
    );
}

#[test]
fn a_body_that_is_not_coded_is_malformed() {
    for body in [
        &b"{}"[..],
        b"{\"a\":1}",
        b"\x1f\x8b",
        b"\0\0\0\0",
        b"\xff\xff\xff\xff",
    ] {
        for coding in [Coding::Gzip, Coding::Brotli] {
            let result = decode_body(&[coding], &Bytes::from_static(body), MANY);
            assert_eq!(
                result,
                Err(CodingError::Malformed),
                "{coding:?} of {body:?}"
            );
        }
    }
}

#[test]
fn a_checksum_that_is_wrong_is_malformed() {
    let coded = gzip_of(&records(10));
    for at in coded.len() - 8..coded.len() {
        let mut body = coded.to_vec();
        body[at] ^= 1;
        let result = decode_body(&[Coding::Gzip], &Bytes::from(body), MANY);
        assert_eq!(result, Err(CodingError::Malformed), "{at}");
    }
}

#[test]
fn several_members_of_gzip_are_one_text() {
    let members = [gzip_of(b"[1,"), gzip_of(b""), gzip_of(b"2]")].concat();
    let decoded = decode_body(&[Coding::Gzip], &Bytes::from(members), MANY);
    assert_eq!(decoded, Ok(Bytes::from_static(b"[1,2]")));
    let many = Bytes::from(gzip_of(b"").repeat(100_000));
    assert_eq!(decode_body(&[Coding::Gzip], &many, MANY), Ok(Bytes::new()));
}

#[test]
fn a_member_with_every_field_of_the_header_is_read() {
    let mut coder = GzBuilder::new()
        .filename("students.json")
        .comment("by hand")
        .extra(vec![1, 2, 3])
        .mtime(1_700_000_000)
        .write(Vec::new(), Compression::best());
    coder.write_all(b"{}").unwrap();
    let body = Bytes::from(coder.finish().unwrap());
    assert_eq!(
        decode_body(&[Coding::Gzip], &body, MANY),
        Ok(Bytes::from_static(b"{}"))
    );
}

#[test]
fn a_large_window_of_brotli_is_refused() {
    let params = BrotliEncoderParams {
        large_window: true,
        lgwin: 26,
        quality: 5,
        ..Default::default()
    };
    let mut coder = CompressorWriter::with_params(Vec::new(), 4096, &params);
    coder.write_all(&records(2000)).unwrap();
    let body = Bytes::from(coder.into_inner());
    assert_eq!(body[0] & 0x7f, 0x11, "the sign of a large window");
    assert_eq!(
        decode_body(&[Coding::Brotli], &body, MANY),
        Err(CodingError::Malformed)
    );
}

#[test]
fn equal_texts_give_equal_bytes_however_they_are_cut() {
    let text = Bytes::from(records(20_000));
    assert!(text.len() > 8 * BLOCK_BYTES);
    let cut =
        |size: usize| -> Vec<Bytes> { text.chunks(size).map(Bytes::copy_from_slice).collect() };
    for coding in [Coding::Gzip, Coding::Brotli] {
        let whole = encode(coding, std::slice::from_ref(&text));
        assert!(whole.len() < text.len() / 4, "{coding:?}: {}", whole.len());
        for size in [1, 7, 4096, BLOCK_BYTES, BLOCK_BYTES + 1] {
            assert!(
                encode(coding, &cut(size)) == whole,
                "{coding:?} in pieces of {size}"
            );
        }
        let decoded = decode_body(&[coding], &whole, text.len()).unwrap();
        assert!(decoded == text);
    }
}

#[test]
fn the_head_of_gzip_says_no_time() {
    assert_eq!(gzip_of(b"{}")[..8], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
}

#[test]
fn every_length_around_a_window_comes_back() {
    for bits in [10, 16, 17] {
        for length in (1_usize << bits) - 17..(1 << bits) + 2 {
            let text: Vec<u8> = (0..length).map(|n| b"abcdefg"[n * n % 7]).collect();
            for coding in [Coding::Gzip, Coding::Brotli] {
                let coded = encode(coding, &[Bytes::from(text.clone())]);
                assert!(
                    decode_body(&[coding], &coded, MANY).unwrap() == text,
                    "{coding:?} {length}"
                );
            }
        }
    }
}

proptest! {
    #[test]
    fn what_is_coded_comes_back(text in prop::collection::vec(any::<u8>(), 1..3000)) {
        for coding in [Coding::Identity, Coding::Gzip, Coding::Brotli] {
            let coded = encode(coding, &[Bytes::from(text.clone())]);
            prop_assert_eq!(&decode_body(&[coding], &coded, MANY).unwrap(), &text);
        }
    }

    #[test]
    fn a_damaged_body_never_panics_and_stays_within_the_bound(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        for coding in [Coding::Gzip, Coding::Brotli] {
            let mut body = encode(coding, &[Bytes::from(records(50))]).to_vec();
            for (at, byte) in &damage {
                let at = at.index(body.len());
                body[at] = *byte;
            }
            if let Ok(decoded) = decode_body(&[coding], &Bytes::from(body), 4000) {
                prop_assert!(decoded.len() <= 4000);
            }
        }
    }

    #[test]
    fn any_bytes_never_panic(body in prop::collection::vec(any::<u8>(), 0..300)) {
        for coding in [Coding::Gzip, Coding::Brotli] {
            let _ = decode_body(&[coding], &Bytes::from(body.clone()), 4000);
        }
    }
}
