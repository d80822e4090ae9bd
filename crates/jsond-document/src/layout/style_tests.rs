//! Which layout a text has, and what is printed where there is no old text to follow.

use super::tests::{STUDENTS, check};
use super::*;

fn check_detect(text: &str, expected: &Layout) {
    assert_eq!(&Layout::detect(text.as_bytes()), expected, "{text}");
}

#[test]
fn another_kind_of_root_is_printed_in_the_style_of_the_file() {
    check(
        "\u{feff}{\r\n   \"a\": 1\r\n}",
        "[1,[2]]",
        "\u{feff}[\r\n   1,\r\n   [\r\n      2\r\n   ]\r\n]",
    );
    check(" 1 \n", "2", " 2 \n");
    check("true", "false", "false");
    check("\"a\"\n", "{\"a\":1}", "{\n\t\"a\": 1\n}\n");
}

#[test]
fn a_broken_template_lends_its_style_only() {
    check("", "{\"a\":1}", "{\n\t\"a\": 1\n}\n");
    check("\n", "[]", "[]\n");
    check(
        "{\n  \"a\": 1,\n  \"b\": [1, 2],\n}\n",
        r#"{"a":[3,4],"c":{"d":1}}"#,
        "{\n  \"a\": [3, 4],\n  \"c\": {\n    \"d\": 1\n  }\n}\n",
    );
    check(
        "{\n  \"a\": 1,\n  \"a\": 2\n}",
        r#"{"a":1}"#,
        "{\n  \"a\": 1\n}",
    );
}

#[test]
fn a_layout_is_found_in_its_first_places() {
    let tabs = Layout::tabs();
    check_detect("", &tabs);
    check_detect(STUDENTS, &tabs);
    check_detect(
        "\u{feff}[\r\n    {\"a\":1}\r\n]",
        &Layout {
            bom: true,
            newline: Newline::CrLf,
            indent: Indent::Spaces(4),
            space_after_colon: false,
            space_after_comma: false,
            inline_records: true,
            final_newline: false,
            ..tabs.clone()
        },
    );
    check_detect(
        "{ \"a\" : [1,2] }\n",
        &Layout {
            indent: Indent::OneLine,
            space_before_colon: true,
            space_after_comma: false,
            padded_objects: true,
            inline_arrays: true,
            ..tabs.clone()
        },
    );
    check_detect(
        "{\n\"a\": [\n  1]}\n",
        &Layout {
            indent: Indent::Spaces(2),
            ..tabs.clone()
        },
    );
    check_detect(
        "[\r\r]\r",
        &Layout {
            newline: Newline::Cr,
            padded_empty: true,
            ..tabs
        },
    );
}

#[test]
fn values_are_printed_at_their_depth_and_for_people() {
    let value = Json::parse(br#"{"a":[1,{"b":[]}],"c":{}}"#).unwrap();
    let layout = Layout {
        bom: true,
        indent: Indent::Spaces(2),
        newline: Newline::CrLf,
        final_newline: false,
        ..Layout::tabs()
    };
    let text = "{\r\n  \"a\": [\r\n    1,\r\n    {\r\n      \"b\": []\r\n    }\r\n  ],\r\n  \"c\": {}\r\n}";
    assert_eq!(layout.render(&value, 0), text.as_bytes());
    assert_eq!(
        layout.render(&value, 1),
        text.replace("\r\n", "\r\n  ").as_bytes()
    );
    assert_eq!(
        layout.render_file(&value),
        format!("\u{feff}{text}").as_bytes()
    );
    assert_eq!(pretty(&value, &layout), format!("{text}\r\n").as_bytes());
    let one_line = Layout {
        indent: Indent::OneLine,
        ..Layout::tabs()
    };
    assert_eq!(
        one_line.render_file(&value),
        b"{\"a\": [1, {\"b\": []}], \"c\": {}}\n"
    );
    assert_eq!(
        pretty(&value, &one_line),
        Layout::tabs().render_file(&value)
    );
}

/// Three thousand records as deep as is asked, and what one change makes of them.
fn check_deep(depth: usize, uneven: &str, expected: &str) {
    let mut records: Vec<_> = (0..3000).map(|id| format!("{{\"id\":{id}}}")).collect();
    let value = |records: &[String]| {
        let inner = format!("[{}]", records.join(","));
        let text = format!("{}{inner}{}", "{\"a\":".repeat(depth), "}".repeat(depth));
        Json::parse_within(text.as_bytes(), crate::Bounds::NONE).unwrap()
    };
    let even = String::from_utf8(Layout::tabs().render_file(&value(&records))).unwrap();
    records[1500] = "{\"id\":true}".to_owned();
    let template = even.replace("\"id\": 7\n", uneven);
    let found = String::from_utf8(relayout(template.as_bytes(), &value(&records))).unwrap();
    let changed = even.replace("\"id\": 1500\n", "\"id\": true\n");
    let as_expected = changed.replace("\"id\": 7\n", expected) == found;
    assert!(as_expected, "{depth}");
}

#[test]
fn deep_and_wide_files_change_in_one_place() {
    check_deep(0, "\"id\" :  7\n", "\"id\" :  7\n");
    check_deep(126, "\"id\" :  7\n", "\"id\" :  7\n");
}

#[test]
fn deeper_files_than_documents_may_be_are_printed_evenly() {
    check_deep(300, "\"id\" :  7\n", "\"id\": 7\n");
}

/// A file whose first line stood in by 100,000 spaces made every new line of a deep value stand in
/// by as many for each level.
#[test]
fn a_level_stands_in_by_sixteen_at_the_most() {
    for (unit, kind) in [(" ", Indent::Spaces(16)), ("\t", Indent::Tabs(16))] {
        let text = format!("{{\n{}\"a\": 1\n}}\n", unit.repeat(1000));
        assert_eq!(Layout::detect(text.as_bytes()).indent, kind);
    }
}
