//! Tests of negotiation: what RFC 9110 says, what clients send, and what nobody should.

use super::*;

const ALL: &[Media] = &[Media::Json, Media::NdJson, Media::Csv, Media::Html];

fn headers_of(name: &HeaderName, lines: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(name, HeaderValue::from_bytes(line.as_bytes()).unwrap());
    }
    headers
}

#[track_caller]
fn check(lines: &[&str], expected: Option<Media>) {
    let headers = headers_of(&ACCEPT, lines);
    assert_eq!(choose_media(&headers, ALL), expected, "{lines:?}");
}

#[track_caller]
fn check_coding(lines: &[&str], expected: Option<Coding>, identity: bool) {
    let headers = headers_of(&ACCEPT_ENCODING, lines);
    assert_eq!(choose_coding(&headers), expected, "{lines:?}");
    assert_eq!(accepts_identity(&headers), identity, "{lines:?}");
}

#[test]
fn without_a_wish_the_answer_is_json() {
    for lines in [&[][..], &[""], &[" , ,"], &["", ""]] {
        check(lines, Some(Media::Json));
    }
}

#[test]
fn the_highest_weight_wins_and_a_tie_goes_to_the_earlier_offer() {
    check(&["*/*"], Some(Media::Json));
    check(&["text/csv"], Some(Media::Csv));
    check(&["TEXT/CSV"], Some(Media::Csv));
    check(&["text/csv, application/json"], Some(Media::Json));
    check(&["application/json;q=0.9, text/csv"], Some(Media::Csv));
    check(
        &["application/json;q=0.9,text/csv;q=0.91"],
        Some(Media::Csv),
    );
    check(
        &["application/json;q=0.9", "text/csv;q=0.91"],
        Some(Media::Csv),
    );
    check(&["application/x-ndjson"], Some(Media::NdJson));
    check(&["text/csv, application/x-ndjson"], Some(Media::NdJson));
    check(&["text/*"], Some(Media::Csv));
    check(&["application/*"], Some(Media::Json));
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
    check(&[browser], Some(Media::Html));
}

#[test]
fn the_most_specific_range_decides_wherever_it_stands() {
    check(&["*/*, application/json;q=0"], Some(Media::NdJson));
    check(&["application/json;q=0.1, */*"], Some(Media::NdJson));
    check(
        &["text/*;q=0.5, text/html;q=0.7, */*;q=0.1"],
        Some(Media::Html),
    );
    check(&["text/*, text/csv;q=0, */*;q=0.2"], Some(Media::Html));
    check(
        &["text/html;q=0.3, text/html;charset=utf-8;q=0.9, text/csv;q=0.5"],
        Some(Media::Html),
    );
    check(
        &["text/csv;q=0.9, text/csv;header=present;q=0.1, text/html;q=0.5"],
        Some(Media::Html),
    );
}

#[test]
fn a_weight_of_zero_excludes() {
    check(&["application/json;q=0"], None);
    check(&["*/*;q=0"], None);
    check(
        &["application/json;q=0.000, text/csv;q=0.001"],
        Some(Media::Csv),
    );
    check(&["application/*;q=0, text/*;q=0, */*"], None);
}

#[test]
fn what_is_not_there_is_not_acceptable() {
    check(&["image/png"], None);
    check(&["application/problem+json"], None);
    check(&["application/vnd.api+json"], None);
    let headers = headers_of(&ACCEPT, &["text/csv"]);
    assert_eq!(choose_media(&headers, &[Media::Json]), None);
    assert_eq!(choose_media(&HeaderMap::new(), &[]), None);
}

#[test]
fn parameters_that_mean_nothing_here_do_not_spoil_a_match() {
    check(&["application/json;charset=utf-8"], Some(Media::Json));
    check(&["application/json; charset=ISO-8859-1"], Some(Media::Json));
    check(&["text/csv;charset=UTF8"], Some(Media::Csv));
    check(
        &["text/csv ; header=\"present\" ;; charset=\"utf\\-8\";"],
        Some(Media::Csv),
    );
    check(&["text/csv; dialect=\"a,b;q=0\\\"\""], Some(Media::Csv));
    check(
        &["application/json;version=2;q=0, */*;q=0.5"],
        Some(Media::Json),
    );
    check(
        &["application/json;version=2;q=0.1, application/json, text/csv;q=0.5"],
        Some(Media::Json),
    );
    check(&["text/csv;q=0.5;level=1;flag"], Some(Media::Csv));
}

#[test]
fn parameters_of_ours_with_another_value_do_not_match() {
    check(&["text/csv;header=absent"], None);
    check(&["text/html;charset=latin1"], None);
    check(
        &["text/csv;header=absent, application/json;q=0.1"],
        Some(Media::Json),
    );
}

#[test]
fn malformed_elements_are_passed_over_and_the_others_count() {
    for bad in [
        "text",
        "text/",
        "/csv",
        "*/csv",
        "te xt/csv",
        "text/html;q",
        "text/html;q=",
        "text/html;q=.",
        "text/html;q=2",
        "text/html;q=1.001",
        "text/html;q=-1",
        "text/html;q=0,5",
        "text/html; x",
        "text/html; x = 1",
        "text/html;q=\"1\"",
        "text/html;x=\"open",
        "text/h\u{fc}ml",
        "text/html;=1",
        "text/html;q=1e0",
        "text/html;q=0.5.5",
        "text/html/x",
    ] {
        check(&[&format!("text/csv;q=0.4, {bad}")], Some(Media::Csv));
        check(&[" ,, text/csv;q=0.4,", bad], Some(Media::Csv));
    }
    check(&["nonsense"], Some(Media::Json));
}

#[test]
fn what_the_java_library_sends_is_understood() {
    check(
        &["text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"],
        Some(Media::Html),
    );
    let headers = headers_of(&ACCEPT, &["image/gif, image/jpeg, *; q=.2, */*; q=.2"]);
    assert_eq!(choose_media(&headers, &[Media::Json]), Some(Media::Json));
}

#[test]
fn weights_are_read_in_thousandths() {
    let cases: &[(&str, Option<u16>)] = &[
        ("0", Some(0)),
        ("0.", Some(0)),
        ("1", Some(1000)),
        ("1.", Some(1000)),
        ("1.000", Some(1000)),
        ("0.5", Some(500)),
        ("0.05", Some(50)),
        ("0.123", Some(123)),
        ("0.3333", Some(333)),
        ("0.0001", Some(1)),
        (".2", Some(200)),
        ("", None),
        (".", None),
        ("00.5", None),
        ("1.1", None),
        ("10", None),
        ("0.x", None),
    ];
    for (text, expected) in cases {
        assert_eq!(parse_weight(text.as_bytes()), *expected, "{text}");
    }
}

#[test]
fn without_a_wish_the_coding_is_identity() {
    check_coding(&[], Some(Coding::Identity), true);
    check_coding(&[""], Some(Coding::Identity), true);
    check_coding(&["zstd, compress"], Some(Coding::Identity), true);
    check_coding(&["gzip;q=x"], Some(Coding::Identity), true);
}

#[test]
fn brotli_is_preferred_when_the_weights_are_equal() {
    check_coding(&["gzip, deflate, br, zstd"], Some(Coding::Brotli), true);
    check_coding(&["gzip", "br"], Some(Coding::Brotli), true);
    check_coding(&["deflate, gzip"], Some(Coding::Gzip), true);
    check_coding(&["X-GZip"], Some(Coding::Gzip), true);
    check_coding(&["gzip;q=0, x-gzip"], Some(Coding::Gzip), true);
    check_coding(&["br;q=0.8, gzip"], Some(Coding::Gzip), true);
    check_coding(
        &["br;q=0.8, gzip;q=0.9, identity"],
        Some(Coding::Identity),
        true,
    );
    check_coding(&["gzip;q=0.5, identity;q=0.5"], Some(Coding::Gzip), true);
    check_coding(&["gzip;q=0.001"], Some(Coding::Gzip), true);
}

#[test]
fn the_star_stands_for_every_coding_that_is_not_named() {
    check_coding(&["*"], Some(Coding::Brotli), true);
    check_coding(&["br;q=0, *"], Some(Coding::Gzip), true);
    check_coding(&["gzip;q=0.2, *;q=0.5"], Some(Coding::Brotli), true);
    check_coding(&["identity;q=1, *;q=0.5"], Some(Coding::Identity), true);
    check_coding(
        &["gzip;q=1.0, identity; q=0.5, *;q=0"],
        Some(Coding::Gzip),
        true,
    );
    check_coding(&["identity, *;q=0"], Some(Coding::Identity), true);
}

#[test]
fn identity_can_be_excluded() {
    check_coding(&["identity;q=0"], None, false);
    check_coding(&["*;q=0"], None, false);
    check_coding(&["zstd, *;q=0"], None, false);
    check_coding(&["identity;q=0, gzip"], Some(Coding::Gzip), false);
    check_coding(&["identity;q=0, br;q=0, *"], Some(Coding::Gzip), false);
    check_coding(&["gzip;q=0"], Some(Coding::Identity), true);
}

#[test]
fn a_field_as_large_as_a_head_may_be_is_read_in_one_pass() {
    let many = "text/x;a=\"b\\\"c\";q=0.1,".repeat(3000) + "text/csv";
    check(&[&many], Some(Media::Csv));
    check(&[&"\"".repeat(65_535)], Some(Media::Json));
    check(&[&(",;".repeat(32_000) + ",text/csv")], Some(Media::Csv));
    let codings = ";,".repeat(32_000) + "gzip";
    check_coding(&[&codings], Some(Coding::Gzip), true);
}
