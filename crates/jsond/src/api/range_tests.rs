//! Tests of ranges: selecting, `If-Range`, slicing and the body of several parts.

use super::*;
use proptest::prelude::*;
use std::time::Duration;
use std::time::UNIX_EPOCH;

fn headers_of(lines: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(RANGE, HeaderValue::from_bytes(line.as_bytes()).unwrap());
    }
    headers
}

#[track_caller]
fn check(line: &str, bytes: u64, expected: &Selection) {
    assert_eq!(
        select(&headers_of(&[line]), bytes),
        *expected,
        "{line} of {bytes}"
    );
}

/// Checks the parts that a line selects, given as first and last position.
#[track_caller]
fn check_parts(line: &str, bytes: u64, expected: &[(u64, u64)]) {
    let parts = expected.iter().map(|&(first, last)| first..last + 1);
    check(line, bytes, &Selection::Parts(parts.collect()));
}

#[test]
fn one_range_is_read_in_all_three_forms() {
    check_parts("bytes=0-499", 10_000, &[(0, 499)]);
    check_parts("bytes=500-999", 10_000, &[(500, 999)]);
    check_parts("bytes=9500-", 10_000, &[(9500, 9999)]);
    check_parts("bytes=-500", 10_000, &[(9500, 9999)]);
    check_parts("bytes=0-0", 10_000, &[(0, 0)]);
    check_parts("bytes=9999-9999", 10_000, &[(9999, 9999)]);
    check_parts("bytes=0-", 10, &[(0, 9)]);
    check_parts("bytes=5-1000", 10, &[(5, 9)]);
    check_parts("bytes=-1000", 10, &[(0, 9)]);
}

#[test]
fn unit_and_white_space_are_read_as_the_standard_allows() {
    check_parts("Bytes=1-2", 10, &[(1, 2)]);
    check_parts(" BYTES= \t1-2 ", 10, &[(1, 2)]);
    check_parts("bytes=, 1-2 ,\t, 5-6,,", 10, &[(1, 2), (5, 6)]);
    check_parts("bytes=001-0002", 10, &[(1, 2)]);
}

#[test]
fn malformed_fields_and_other_units_are_ignored() {
    for line in [
        "",
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes= ",
        "bytes=-",
        "bytes=1",
        "bytes=a-b",
        "bytes=1-b",
        "bytes=2-1",
        "bytes=1-2-3",
        "bytes=--1",
        "bytes=+1-2",
        "bytes=1 -2",
        "bytes=1- 2",
        "bytes =1-2",
        "bytes:1-2",
        "bytes=1-2;3-4",
        "bytes=0-1,x",
        "bytes=0x1-2",
        "lines=1-2",
        "bytes=1-2,2-1",
        "bytes=1-\u{664}",
        "=1-2",
        "bytes=bytes=1-2",
        "bytes=1.0-2",
    ] {
        check(line, 10, &Selection::Whole);
    }
    assert_eq!(select(&HeaderMap::new(), 10), Selection::Whole);
    assert_eq!(
        select(&headers_of(&["bytes=0-1", "bytes=0-1"]), 10),
        Selection::Whole
    );
    assert_eq!(
        select(&headers_of(&["bytes=0-1", ""]), 10),
        Selection::Whole
    );
}

#[test]
fn numbers_of_any_length_are_safe() {
    let nines = "9".repeat(40_000);
    check_parts(&format!("bytes=1-{nines}"), 10, &[(1, 9)]);
    check_parts(&format!("bytes=-{nines}"), 10, &[(0, 9)]);
    check_parts("bytes=1-18446744073709551615", 10, &[(1, 9)]);
    check_parts("bytes=1-18446744073709551616", 10, &[(1, 9)]);
    check_parts(
        "bytes=0-18446744073709551615",
        u64::MAX,
        &[(0, u64::MAX - 1)],
    );
    check(&format!("bytes={nines}-"), 10, &Selection::Unsatisfiable);
    check(
        &format!("bytes={nines}-{nines}"),
        10,
        &Selection::Unsatisfiable,
    );
    check(
        &format!("bytes={nines}-{}", &nines[1..]),
        10,
        &Selection::Whole,
    );
    check(
        &format!("bytes={nines}-0{nines}"),
        10,
        &Selection::Unsatisfiable,
    );
}

#[test]
fn ranges_of_what_is_not_there_are_unsatisfiable_or_left_out() {
    check("bytes=10-", 10, &Selection::Unsatisfiable);
    check("bytes=10-20,30-40", 10, &Selection::Unsatisfiable);
    check("bytes=-0", 10, &Selection::Unsatisfiable);
    check("bytes=0-", 0, &Selection::Unsatisfiable);
    check("bytes=-0", 0, &Selection::Unsatisfiable);
    check("bytes=-5", 0, &Selection::Whole);
    check_parts("bytes=10-20,1-2,-0", 10, &[(1, 2)]);
}

#[test]
fn parts_keep_the_order_asked_for_and_those_that_touch_become_one() {
    check_parts("bytes=0-1,4-5", 10, &[(0, 1), (4, 5)]);
    check_parts("bytes=8-9,0-1", 10, &[(8, 9), (0, 1)]);
    check_parts("bytes=0-3,2-5", 10, &[(0, 5)]);
    check_parts("bytes=0-1,2-3", 10, &[(0, 3)]);
    check_parts("bytes=2-3,0-1", 10, &[(0, 3)]);
    check_parts("bytes=6-7,0-0,5-6", 10, &[(5, 7), (0, 0)]);
    check_parts("bytes=0-0,6-6,5-5,9-9", 10, &[(0, 0), (5, 6), (9, 9)]);
    check_parts("bytes=1-4,2-3", 10, &[(1, 4)]);
    check_parts("bytes=-2,0-0", 10, &[(8, 9), (0, 0)]);
}

#[test]
fn a_hostile_list_gets_the_whole() {
    let list = |count: usize| {
        let parts: Vec<_> = (0..count).map(|n| format!("{0}-{0}", 2 * n)).collect();
        format!("bytes={}", parts.join(","))
    };
    check(&list(RANGES_MAX + 1), 1000, &Selection::Whole);
    assert!(matches!(
        select(&headers_of(&[&list(RANGES_MAX)]), 1000),
        Selection::Parts(parts) if parts.len() == RANGES_MAX
    ));
    check("bytes=0-,0-", 1000, &Selection::Whole);
    check("bytes=0-599,400-999", 1000, &Selection::Whole);
    check(
        &format!("bytes={}", "0-,".repeat(20_000)),
        1000,
        &Selection::Whole,
    );
    check_parts(&format!("bytes={}1-2", ",".repeat(60_000)), 10, &[(1, 2)]);
}

const TAG: &str = "\"abc\"";

fn if_range(lines: &[&str], tag: &str, modified: Option<SystemTime>) -> bool {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(IF_RANGE, HeaderValue::from_bytes(line.as_bytes()).unwrap());
    }
    if_range_holds(&headers, tag, modified)
}

#[test]
fn if_range_takes_a_strong_tag_and_never_a_weak_one() {
    assert!(if_range(&[], TAG, None));
    assert!(if_range(&["\"abc\""], TAG, None));
    assert!(if_range(&[" \"abc\"\t"], TAG, None));
    for line in [
        "\"abd\"",
        "W/\"abc\"",
        "w/\"abc\"",
        "\"abc",
        "abc",
        "*",
        "",
        "\"abc\", \"abc\"",
        "\"ABC\"",
    ] {
        assert!(!if_range(&[line], TAG, None), "{line}");
    }
    assert!(!if_range(&["W/\"abc\""], "W/\"abc\"", None));
    assert!(!if_range(&["\"abc\"", "\"abc\""], TAG, None));
}

#[test]
fn if_range_takes_exactly_the_date_of_the_last_change() {
    let date = "Sun, 06 Nov 1994 08:49:37 GMT";
    let time = UNIX_EPOCH + Duration::from_millis(784_111_777_900);
    assert!(if_range(&[date], TAG, Some(time)));
    assert!(if_range(
        &["Sunday, 06-Nov-94 08:49:37 GMT"],
        TAG,
        Some(time)
    ));
    assert!(if_range(&["Sun Nov  6 08:49:37 1994"], TAG, Some(time)));
    assert!(!if_range(&[date], TAG, None));
    assert!(!if_range(&[date], TAG, Some(time + Duration::from_secs(1))));
    assert!(!if_range(&[date], TAG, Some(time - Duration::from_secs(1))));
    assert!(!if_range(&["Sun, 06 Nov 1994"], TAG, Some(time)));
    assert!(!if_range(&["nonsense"], TAG, None));
    assert!(!if_range(&["\u{fc}"], TAG, None));
}

#[test]
fn content_ranges_are_spelled_with_both_ends() {
    assert_eq!(content_range(&(0..500), 1234), "bytes 0-499/1234");
    assert_eq!(content_range(&(0..1), 1), "bytes 0-0/1");
    assert_eq!(content_range_unsatisfied(1234), "bytes */1234");
}

#[test]
fn a_slice_shares_its_bytes() {
    let piece = Bytes::from(b"0123456789".to_vec());
    let slices = slice(&[piece.clone(), piece.clone()], 8..13);
    assert_eq!(slices, [&b"89"[..], b"012"]);
    assert_eq!(slices[0].as_ptr(), piece[8..].as_ptr());
    assert_eq!(slices[1].as_ptr(), piece.as_ptr());
}

#[test]
fn several_parts_are_framed_as_the_standard_shows() {
    let pieces = [Bytes::from_static(b"{\"a\""), Bytes::from_static(b":1}\n")];
    let media = HeaderValue::from_static("application/json");
    let multipart = multipart_with("B", &pieces, &[6..8, 0..2], &media);
    assert_eq!(multipart.content_type, "multipart/byteranges; boundary=B");
    let expected = "--B\r\nContent-Type: application/json\r\nContent-Range: bytes 6-7/8\r\n\r\n\
                    }\n\r\n--B\r\nContent-Type: application/json\r\nContent-Range: bytes 0-1/8\r\n\r\n\
                    {\"\r\n--B--\r\n";
    assert_eq!(multipart.pieces.concat(), expected.as_bytes());
}

#[test]
fn boundaries_differ_but_their_length_does_not() {
    let pieces = [Bytes::from_static(b"0123456789")];
    let media = HeaderValue::from_static("text/csv; charset=utf-8");
    let [one, two] = [0, 1].map(|_| multipart(&pieces, &[0..1, 4..6], &media));
    assert_ne!(one.content_type, two.content_type);
    assert_eq!(one.pieces.concat().len(), two.pieces.concat().len());
    let boundary = one
        .content_type
        .to_str()
        .unwrap()
        .rsplit_once('=')
        .unwrap()
        .1
        .to_owned();
    assert!(boundary.len() <= 70, "RFC 2046 §5.1.1 allows no more");
    let body = String::from_utf8(one.pieces.concat()).unwrap();
    assert_eq!(body.matches(&boundary).count(), 3);
}

proptest! {
    #[test]
    fn a_slice_of_pieces_is_the_slice_of_the_whole(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..5), 0..8),
        start in 0_usize..40,
        length in 0_usize..40,
    ) {
        let whole = pieces.concat();
        let start = start.min(whole.len());
        let end = (start + length).min(whole.len());
        let pieces: Vec<Bytes> = pieces.into_iter().map(Bytes::from).collect();
        let found = slice(&pieces, start as u64..end as u64);
        prop_assert!(found.iter().all(|piece| !piece.is_empty()));
        prop_assert_eq!(found.concat(), &whole[start..end]);
    }

    #[test]
    fn selected_parts_are_within_disjoint_and_cover_what_was_asked(
        specs in prop::collection::vec((0_u64..60, 0_u64..8), 1..12),
        bytes in 1_u64..50,
    ) {
        let list: Vec<_> = specs.iter().map(|(first, more)| format!("{first}-{}", first + more)).collect();
        let wanted = |at: u64| specs.iter().any(|(first, more)| (*first..=first + more).contains(&at));
        match select(&headers_of(&[&format!("bytes={}", list.join(", "))]), bytes) {
            Selection::Unsatisfiable => prop_assert!((0..bytes).all(|at| !wanted(at))),
            Selection::Whole => {
                let asked: u64 = specs.iter().map(|(first, more)| (first + more + 1).min(bytes).saturating_sub(*first)).sum();
                prop_assert!(asked > bytes);
            }
            Selection::Parts(parts) => {
                for at in 0..bytes {
                    let times = parts.iter().filter(|part| part.contains(&at)).count();
                    prop_assert_eq!(times, usize::from(wanted(at)), "{}", at);
                }
                for part in &parts {
                    prop_assert!(part.start < part.end && part.end <= bytes);
                    prop_assert!(parts.iter().all(|other| other.start != part.end));
                }
            }
        }
    }
}
