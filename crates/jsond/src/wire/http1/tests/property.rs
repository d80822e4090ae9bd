//! Properties: good pipelines come out as they went in however they are cut, and a damaged head is
//! judged the same in every cut.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use proptest::sample::Index;

use super::harness::{BODY_BYTES_MAX, Bodies, Seen, feed, feed_every_way, head};
use crate::wire::http1::{Limits, Phase};

/// A request as bytes, and what must be seen of it.
#[derive(Debug, Clone)]
struct Sample {
    bytes: Vec<u8>,
    head: String,
    body: Option<Vec<u8>>,
}

#[derive(Debug, Clone)]
enum SampleBody {
    None,
    Length(Vec<u8>),
    Chunked {
        chunks: Vec<Vec<u8>>,
        extension: String,
        trailer: String,
    },
}

fn bodies() -> impl Strategy<Value = SampleBody> {
    let bytes = || vec(any::<u8>(), 1..40);
    prop_oneof![
        Just(SampleBody::None),
        bytes().prop_map(SampleBody::Length),
        (
            vec(bytes(), 0..5),
            "(;[a-z]{1,3}(=[a-z0-9]{1,3}|=\"[ -!#-\\[]{0,5}\")?){0,2}",
            "(T[a-z]{0,4}:[ a-z]{0,9}\r\n){0,2}"
        )
            .prop_map(|(chunks, extension, trailer)| SampleBody::Chunked {
                chunks,
                extension,
                trailer
            }),
    ]
}

fn samples() -> impl Strategy<Value = Sample> {
    let field = (
        "x-[a-z]{1,12}",
        "([!-~]([ !-~]{0,20}[!-~])?)?",
        "[ \t]{0,2}",
    );
    let empty_lines = "(\r\n|\n){0,4}";
    (
        "[A-Z]{1,8}",
        "/[a-zA-Z0-9./%_-]{0,20}",
        vec(field, 0..40),
        bodies(),
        empty_lines,
    )
        .prop_map(|(method, target, fields, body, empty_lines)| {
            let mut bytes =
                format!("{empty_lines}{method} {target} HTTP/1.1\r\nhost: h\r\n").into_bytes();
            let mut head = format!("{method} {target} HTTP/1.1\n");
            let mut map = http::HeaderMap::new();
            map.append("host", "h".parse().unwrap());
            for (name, value, blank) in fields {
                bytes.extend(format!("{name}:{blank}{value}{blank}\r\n").into_bytes());
                map.append(
                    http::HeaderName::try_from(name).unwrap(),
                    value.parse().unwrap(),
                );
            }
            let (conclusion, body) = put_body(&mut bytes, &mut map, body);
            for (name, value) in &map {
                head += &format!("{name}: {}\n", value.as_bytes().escape_ascii());
            }
            Sample {
                bytes,
                head: head + &conclusion + "[keep]",
                body,
            }
        })
}

fn put_body(
    bytes: &mut Vec<u8>,
    map: &mut http::HeaderMap,
    body: SampleBody,
) -> (String, Option<Vec<u8>>) {
    match body {
        SampleBody::None => {
            bytes.extend(b"\r\n");
            (String::new(), None)
        }
        SampleBody::Length(body) => {
            map.append("content-length", body.len().into());
            bytes.extend(format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes());
            bytes.extend(&body);
            (format!("[{} bytes]", body.len()), Some(body))
        }
        SampleBody::Chunked {
            chunks,
            extension,
            trailer,
        } => {
            map.append("transfer-encoding", "chunked".parse().unwrap());
            bytes.extend(b"Transfer-Encoding: chunked\r\n\r\n");
            for chunk in &chunks {
                bytes.extend(format!("{:x}{extension}\r\n", chunk.len()).into_bytes());
                bytes.extend(chunk);
                bytes.extend(b"\r\n");
            }
            bytes.extend(format!("00{extension}\r\n{trailer}\r\n").into_bytes());
            ("[chunked]".to_owned(), Some(chunks.concat()))
        }
    }
}

/// Cuts `bytes` at these places.
fn cut(bytes: &[u8], places: &[Index]) -> Vec<Vec<u8>> {
    let mut places: Vec<usize> = places
        .iter()
        .map(|place| place.index(bytes.len()))
        .collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places
        .windows(2)
        .map(|pair| bytes[pair[0]..pair[1]].to_vec())
        .collect()
}

proptest! {
    #[test]
    fn any_pipeline_of_good_requests_comes_out_as_it_went_in(
        pipeline in vec(samples(), 1..6),
        places in vec(any::<Index>(), 0..12),
    ) {
        let bytes: Vec<u8> = pipeline.iter().flat_map(|sample| sample.bytes.clone()).collect();
        let pieces = cut(&bytes, &places);
        let mut expected: Vec<Seen> = Vec::new();
        for sample in &pipeline {
            expected.push(head(&sample.head));
            expected.extend(sample.body.clone().map(Seen::Body));
        }
        expected.push(Seen::Waiting(Phase::Idle));
        let seen = feed(pieces.iter().map(Vec::as_slice), Bodies::Read, Limits::default());
        assert!(pipeline.iter().all(|sample| sample.body.as_ref().is_none_or(|body| body.len() <= BODY_BYTES_MAX)));
        assert_eq!(seen, expected);
        let skipped = feed(pieces.iter().map(Vec::as_slice), Bodies::Skip, Limits::default());
        expected.retain(|seen| !matches!(seen, Seen::Body(_)));
        assert_eq!(skipped, expected);
    }

    /// The quick way through httparse and the line by line check must agree on every head: what
    /// the one takes, the other must not refuse, and the name of a fault is the same in any cut.
    #[test]
    fn a_damaged_head_is_judged_the_same_in_every_cut(
        sample in samples(),
        damages in vec((any::<Index>(), damage()), 1..4),
    ) {
        let mut bytes = sample.bytes;
        for (place, damage) in damages {
            let place = place.index(bytes.len());
            bytes.splice(place..place, damage);
        }
        feed_every_way(&bytes, Bodies::Read, Limits::default());
    }

    #[test]
    fn any_bytes_are_judged_the_same_in_every_cut(bytes in vec(any::<u8>(), 0..60)) {
        feed_every_way(&bytes, Bodies::Read, Limits::default());
    }

    #[test]
    fn low_limits_hold_the_same_in_every_cut(
        pipeline in vec(samples(), 1..3),
        request_line_bytes_max in 10_usize..40,
        fields_bytes_max in 10_usize..400,
        fields_max in 1_usize..20,
        damage in proptest::option::of((any::<Index>(), damage())),
    ) {
        let mut bytes: Vec<u8> = pipeline.into_iter().flat_map(|sample| sample.bytes).collect();
        if let Some((place, damage)) = damage {
            let place = place.index(bytes.len());
            bytes.splice(place..place, damage);
        }
        let limits = Limits { request_line_bytes_max, fields_bytes_max, fields_max, chunk_extensions_bytes_max: 3 };
        feed_every_way(&bytes, Bodies::Read, limits);
    }
}

fn damage() -> impl Strategy<Value = Vec<u8>> {
    let pieces: Vec<&'static [u8]> = vec![
        b"\r",
        b"\n",
        b"\r\n",
        b" ",
        b"\t",
        b"\0",
        b"\x7f",
        b":",
        b"\r\n ",
        b"\xff",
        b"#",
        b"\r\nHost: x\r\n",
        b"\nContent-Length: 1\r\n",
        b"\r\nContent-Length: 0\r\n",
        b"\r\nTransfer-Encoding: chunked\r\n",
        b"\r\nExpect: x\r\n",
        b"\r\nConnection: close\r\n",
        b"HTTP/1.0",
        b"\r\n\r\n",
        b",",
    ];
    prop_oneof![
        proptest::sample::select(pieces).prop_map(<[u8]>::to_vec),
        vec(any::<u8>(), 1..3),
    ]
}
