//! A table for each operator, and what a selection makes of a whole collection.

use super::*;

/// Judges one condition on the member `m` of a record, in a small and in a large collection.
fn check(condition: &str, value: &str, stored: &str, expected: bool) {
    let mut selection = Selection::default();
    selection.with_condition(condition, value).unwrap();
    check_record(
        &selection,
        &format!(r#"{{"a":0,"m":{stored},"z":0}}"#),
        expected,
    );
}

fn check_record(selection: &Selection, record: &str, expected: bool) {
    let others = vec![r#"{"b":"none of them"}"#; 500].join(",");
    for text in [format!("[{record}]"), format!("[{record},{others}]")] {
        let collection = Value::parse(text.as_bytes()).unwrap();
        let json = selection.apply(&collection).unwrap().json;
        let found = json.as_str().starts_with(&format!("[{record}"));
        assert_eq!(found, expected, "{record} by {selection:?}");
    }
}

fn refuse(condition: &str, value: &str, words: &str) {
    let error = Selection::default()
        .with_condition(condition, value)
        .unwrap_err();
    assert!(error.to_string().contains(words), "{error}");
}

/// Stored values that are all unlike each other.
const STORED: [&str; 10] = [
    "null",
    "true",
    "false",
    "3",
    "-4.5",
    r#""text""#,
    r#""""#,
    "[1]",
    "{}",
    r#"{"a":[]}"#,
];

#[test]
fn equality_compares_by_the_type_of_the_stored_value() {
    check("m", "3", "3", true);
    check("m", "3", r#""3""#, true);
    check("m", "3.0", "3", true);
    check("m", "3.0", r#""3""#, false);
    check("m", "30e-1", "3", true);
    check("m", "3", "3.000", true);
    check("m", "03", "3", false);
    check("m", " 3", "3", false);
    check("m", "3", "4", false);
    check("m", "-0", "0", true);
    check("m", "1e400", "10e399", true);
    check("m", "9007199254740993", "9007199254740992", false);
    check(
        "m",
        "123456789012345678901234567890",
        "1.23456789012345678901234567890e29",
        true,
    );
    check("m", "null", "null", true);
    check("m", "null", r#""null""#, true);
    check("m", "", "null", false);
    check("m", "true", "true", true);
    check("m", "true", "false", false);
    check("m", "1", "true", false);
    check("m", "", r#""""#, true);
    check("m", "a/é", r#""\u0061\/\u00e9""#, true);
    check("m", "A", r#""a""#, false);
    check("m", "\\n", r#""\n""#, false);
    check("m", "\\", r#""\\""#, true);
    check("m", "[1,{}]", "[1.0,{}]", true);
    check("m", " [ 1 ] ", "[1]", true);
    check("m", "[1", "[1]", false);
    check("m", r#"{"b":1,"a":2}"#, r#"{"a":2,"b":1}"#, true);
    check("m", "[1]", r#""[1]""#, true);
    check("m:eq", "3", "3", true);
}

#[test]
fn in_and_equality_given_twice_mean_either() {
    check("m:in", "1,2,3", "2", true);
    check("m:in", "1,2,3", r#""3""#, true);
    check("m:in", "1,2,3", "4", false);
    check("m:in", "1, 2", "2", false);
    check("m:in", "a,", r#""""#, true);
    check("m:in", "", r#""""#, true);
    check("m:in", "null,true", "null", true);
    for (stored, expected) in [("1", true), ("2.0", true), ("\"4\"", true), ("3", false)] {
        let mut selection = Selection::default();
        selection.with_condition("m", "2").unwrap();
        selection.with_condition("m:in", "5,1").unwrap();
        selection.with_condition("m:eq", "4").unwrap();
        check_record(&selection, &format!(r#"{{"m":{stored}}}"#), expected);
    }
}

#[test]
fn inequality_asks_for_a_present_member() {
    for stored in STORED {
        check("m:ne", stored.trim_matches('"'), stored, false);
        check("m:ne", "something else", stored, true);
    }
    check("m:ne", "3.0", "3", false);
    check("m:ne", "null", "null", false);
    check("m:ne", "3", "null", true);
    check("x:ne", "3", "3", false);
    for (stored, expected) in [("1", false), ("2", false), ("3", true)] {
        let mut selection = Selection::default();
        selection.with_condition("m:ne", "1").unwrap();
        selection.with_condition("m:ne", "2").unwrap();
        check_record(&selection, &format!(r#"{{"m":{stored}}}"#), expected);
    }
}

#[test]
fn order_is_that_of_numbers_if_both_read_as_numbers_else_of_strings() {
    let table = |stored: &str, value: &str, lt: bool, equal: bool| {
        check("m:lt", value, stored, lt);
        check("m:lte", value, stored, lt || equal);
        check("m:gt", value, stored, !lt && !equal);
        check("m:gte", value, stored, !lt || equal);
    };
    table("9", "10", true, false);
    table(r#""9""#, "10", true, false);
    table("9", "10x", false, false);
    table(r#""9""#, "10x", false, false);
    table(r#""09""#, "10", true, false);
    table(r#""1e1""#, "10.0", false, true);
    table("1e1", "10.0", false, true);
    table("9007199254740993", "9007199254740992", false, false);
    table("-1e400", "-1e401", false, false);
    table("0.1", "0.10", false, true);
    table("0.1", "0.10000000000000000000000001", true, false);
    table(r#""b""#, "a", false, false);
    table(r#""\u0061""#, "a", false, true);
    table(r#""Z""#, "a", true, false);
    table("\"\u{ffff}\"", "\u{10000}", true, false);
    table(r#""""#, "a", true, false);
    table(r#""a""#, "", false, false);
    table("true", "false", false, false);
    table("true", "true", false, true);
    for operator in ["m:lt", "m:lte", "m:gt", "m:gte", "x:lt", "x:gte"] {
        for (stored, value) in [
            ("null", "null"),
            ("[1]", "[1]"),
            ("{}", "{}"),
            ("null", "0"),
        ] {
            check(operator, value, stored, false);
        }
    }
    for (stored, expected) in [("2", false), ("3", true), ("5", true), ("6", false)] {
        let mut selection = Selection::default();
        selection.with_condition("m:gt", "2").unwrap();
        selection.with_condition("m:lt", "6").unwrap();
        check_record(&selection, &format!(r#"{{"m":{stored}}}"#), expected);
    }
}

#[test]
fn text_operators_look_at_strings_without_regard_to_case() {
    check("m:contains", "ERA", r#""Operator""#, true);
    check("m:contains", "", r#""""#, true);
    check("m:contains", "x", r#""Operator""#, false);
    check("m:contains", "É", r#""caf\u00e9s""#, true);
    check("m:startsWith", "op", r#""Operator""#, true);
    check("m:startsWith", "per", r#""Operator""#, false);
    check("m:endsWith", "TOR", r#""Operator""#, true);
    check("m:endsWith", "to", r#""Operator""#, false);
    check("m:endsWith", "\"", r#""say \"x\"""#, true);
    check("m:matches", "^o.*R$", r#""Operator""#, true);
    check("m:matches", "p[e-f]+r", r#""Operator""#, true);
    check("m:matches", "^per", r#""Operator""#, false);
    check("m:matches", "^김.$", r#""김진""#, true);
    check("m:matches", "a/b", r#""a\/b""#, true);
    for operator in ["m:contains", "m:startsWith", "m:endsWith", "m:matches"] {
        for stored in ["null", "true", "3", r#"{"a":"3"}"#] {
            check(operator, "", stored, false);
        }
        check(&operator.replace("m:", "x:"), "", r#""""#, false);
    }
}

#[test]
fn contains_on_an_array_asks_for_an_equal_element() {
    check("m:contains", "3", "[1,3.0]", true);
    check("m:contains", "3", r#"["3"]"#, true);
    check("m:contains", "re", r#"["red"]"#, false);
    check("m:contains", "RED", r#"["red"]"#, false);
    check("m:contains", "null", "[null]", true);
    check("m:contains", "[]", "[[]]", true);
    check("m:contains", "", "[]", false);
    let many = (0..5000)
        .map(|n| n.to_string())
        .collect::<Vec<_>>()
        .join(",");
    check("m:contains", "4321", &format!("[{many}]"), true);
    check("m:contains", "54321", &format!("[{many}]"), false);
}

#[test]
fn exists_asks_for_presence_only() {
    for stored in STORED {
        check("m:exists", "true", stored, true);
        check("m:exists", "false", stored, false);
        check("m.x:exists", "true", stored, false);
    }
    check("m.x:exists", "false", "null", true);
    refuse("m:exists", "yes", "true or false");
    refuse("m:exists", "", "true or false");
}

#[test]
fn an_expression_is_refused_when_it_is_bad_or_costs_too_much() {
    refuse(
        "m:matches",
        "a(",
        "of m:matches is refused at character 2: unclosed group",
    );
    refuse("m:matches", "(a{1000}){1000}", "too large; shorten it");
    let mut selection = Selection::default();
    selection.with_condition("m", "x").unwrap();
    selection
        .with_condition("m:matches", "a[ab]{999}c")
        .unwrap();
    let record = |text: &str| format!(r#"{{"m":"{text}"}}"#);
    let long = "ab".repeat(300_000);
    let select = |text: String| selection.apply(&Value::parse(text.as_bytes()).unwrap());
    let costly = select(format!("[{},{}]", record("x"), record(&long)));
    assert_eq!(
        costly.unwrap().json.as_str(),
        "[]",
        "the other condition comes first"
    );
    let mut selection = Selection::default();
    selection
        .with_condition("m:matches", "a[ab]{999}c")
        .unwrap();
    let value = Value::parse(format!("[{}]", record(&long)).as_bytes()).unwrap();
    assert_eq!(selection.apply(&value).unwrap_err(), SelectError::TooCostly);
}

#[test]
fn there_is_a_bound_on_everything_that_is_asked() {
    let mut selection = Selection::default();
    for n in 0..CONDITIONS_MAX {
        selection.with_condition(&format!("m{n}:gt"), "1").unwrap();
    }
    assert!(selection.with_condition("more", "1").is_err());
    let list: Vec<_> = (0..10_001).map(|n| n.to_string()).collect();
    refuse("m:in", &list.join(","), "more than 10000 values");
    // Each value sorted all of them anew, and one given again did not count: minutes of work.
    let mut selection = Selection::default();
    for value in list[1..].iter().chain(vec!["1".to_owned(); 100_000].iter()) {
        selection.with_condition("m", value).unwrap();
    }
    assert!(selection.with_condition("m", "more").is_err());
    let mut selection = Selection::default();
    let mut containers = (0..100).map(|n| selection.with_condition("m", &format!("[{n}]")));
    assert!(containers.any(|added| added.is_err()));
    assert!(
        Selection::default()
            .with_sort(&vec!["a"; 17].join(","))
            .is_err()
    );
    // Each name was looked at for each record, and all of them sorted anew with each list.
    let mut selection = Selection::default();
    for n in 0..256 {
        selection.with_fields(&format!("m{n},m0")).unwrap();
    }
    assert!(selection.with_fields("m0").is_ok());
    assert!(selection.with_fields("m0,more").is_err());
    assert!(
        Selection::default()
            .with_search(&vec!["a"; 65].join(" "))
            .is_err()
    );
    assert!(
        Selection::default()
            .with_condition(&".".repeat(1000), "1")
            .is_err()
    );
}

fn select(asked: impl FnOnce(&mut Selection), text: &str) -> String {
    let mut selection = Selection::default();
    asked(&mut selection);
    let collection = Value::parse(text.as_bytes()).unwrap();
    selection.apply(&collection).unwrap().json.to_string()
}

#[test]
fn the_shape_of_the_collection_stays() {
    let object = r#"{"b":{"n":2},"\u0061":{"n":1},"c":{"m":1}}"#;
    let by_n = |selection: &mut Selection| selection.with_sort("n").unwrap();
    assert_eq!(
        select(by_n, object),
        r#"{"\u0061":{"n":1},"b":{"n":2},"c":{"m":1}}"#
    );
    let one = |selection: &mut Selection| selection.with_condition("n", "2").unwrap();
    assert_eq!(select(one, object), r#"{"b":{"n":2}}"#);
    let none = |selection: &mut Selection| selection.with_condition("n", "9").unwrap();
    assert_eq!(select(none, object), "{}");
    assert_eq!(select(none, r#"[{"id":1}]"#), "[]");
    assert_eq!(select(none, "[]"), "[]");
    assert_eq!(select(|_| {}, object), object);
}

#[test]
fn types_are_sorted_in_their_order_and_missing_ones_come_last() {
    let values = [
        "null",
        "false",
        "true",
        "-1e400",
        "-1",
        "-0",
        "0.0",
        "0.5",
        "9007199254740992",
        "9007199254740993",
        "1e400",
        r#""""#,
        r#""A""#,
        r#""a""#,
        r#""\u0061b""#,
        r#""가""#,
        "[2]",
        "[1]",
        r#"{"b":1}"#,
        "{}",
    ];
    let text = |order: &[usize]| {
        let record = |&n: &usize| match values.get(n) {
            Some(value) => format!(r#"{{"id":{n},"m":{value}}}"#),
            None => format!(r#"{{"id":{n}}}"#),
        };
        format!(
            "[{}]",
            order.iter().map(record).collect::<Vec<_>>().join(",")
        )
    };
    let sort = |list: &str, order: &[usize]| {
        let by = |selection: &mut Selection| selection.with_sort(list).unwrap();
        select(by, &text(order))
    };
    let file: Vec<usize> = (0..22).collect();
    assert_eq!(sort("m", &file), text(&file));
    // Those that are equal, -0 and 0.0, the arrays, the objects and the missing, keep their order.
    let descending = [
        18, 19, 16, 17, 15, 14, 13, 12, 11, 10, 9, 8, 7, 5, 6, 4, 3, 2, 1, 0, 20, 21,
    ];
    assert_eq!(sort("-m", &file), text(&descending));
    assert_eq!(
        sort("m,-id", &[5, 6, 21, 20, 16, 17]),
        text(&[6, 5, 17, 16, 21, 20])
    );
    assert_eq!(sort("x", &[3, 1, 2]), text(&[3, 1, 2]));
}

#[test]
fn the_work_is_done_in_order_and_the_whole_is_counted() {
    let text = r#"[{"id":1,"n":5,"t":"a"},{"id":2,"n":4,"t":"b"},{"id":3,"n":3,"t":"a"},{"id":4,"n":2,"t":"a"},{"id":5}]"#;
    let collection = Value::parse(text.as_bytes()).unwrap();
    let mut selection = Selection::default();
    assert!(selection.is_everything());
    selection.with_condition("n:gt", "1").unwrap();
    selection.with_search("A").unwrap();
    selection.with_sort("n").unwrap();
    selection.with_fields("id").unwrap();
    selection.part = Some(Part::Page {
        page: 2,
        per_page: 2,
    });
    assert!(!selection.is_everything());
    let selected = selection.apply(&collection).unwrap();
    assert_eq!(selected.json.as_str(), r#"[{"id":1}]"#);
    assert_eq!((selected.total, selected.range), (3, 2..3));
    selection.part = Some(Part::Page {
        page: 3,
        per_page: 2,
    });
    let past = SelectError::PastTheEnd { page: 3, last: 2 };
    assert_eq!(selection.apply(&collection).unwrap_err(), past);
    let (start, end, limit) = (7, Some(1), Some(usize::MAX));
    selection.part = Some(Part::Slice { start, end, limit });
    let selected = selection.apply(&collection).unwrap();
    assert_eq!((selected.json.as_str(), selected.range), ("[]", 3..3));
}

#[test]
fn fields_of_a_value_that_is_no_collection_are_projected() {
    let mut selection = Selection::default();
    let project = |selection: &Selection, text: &str| {
        let value = Value::parse(text.as_bytes()).unwrap();
        selection.project(&value).map(|json| json.to_string())
    };
    assert_eq!(project(&selection, "17").unwrap(), "17");
    selection.with_fields("a").unwrap();
    assert_eq!(
        project(&selection, r#"{"a":1,"b":2}"#).unwrap(),
        r#"{"a":1}"#
    );
    assert_eq!(
        project(&selection, r#"[{"a":1,"b":2},{}]"#).unwrap(),
        r#"[{"a":1},{}]"#
    );
    assert_eq!(
        project(&selection, "17"),
        Err(SelectError::NoMembers(Kind::Number))
    );
    assert_eq!(
        project(&selection, "[{},1]"),
        Err(SelectError::NoMembers(Kind::Number))
    );
}
