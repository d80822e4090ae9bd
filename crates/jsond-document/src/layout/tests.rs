//! Literal files before and after an edit, one layout each.

use super::*;

/// Lays `value` over `template` and compares the text, and its value, with what is expected.
pub(super) fn check(template: &str, value: &str, expected: &str) {
    let value = Json::parse(value.as_bytes()).unwrap();
    let found = relayout(template.as_bytes(), &value);
    assert_eq!(String::from_utf8_lossy(&found), expected, "{template}");
    assert_eq!(Json::parse(&found).unwrap(), value);
    assert_eq!(relayout(expected.as_bytes(), &value), expected.as_bytes());
}

pub(super) const STUDENTS: &str = r#"{
	"Chan_Jin": {
		"student_number": "20171234",
		"grade": "4.1"
	},
	"Da_Eun": {
		"student_number": "20185678",
		"grade": "3.9"
	},
	"So_Jeong": {
		"student_number": "20191357",
		"grade": "4.4"
	}
}
"#;

#[test]
fn three_students_become_three_others() {
    check(
        STUDENTS,
        r#"{"Chan_Jin":{"student_number":"20171234","grade":"4.1"},
            "Da_Eun":{"student_number":"20185678","grade":"3.9"},
            "So_Jeong":{"student_number":"20191357","grade":"4.4"},
            "Seung_Hyun":{"student_number":"20213100","grade":"4.3"}}"#,
        &STUDENTS.replace(
            "\"4.4\"\n\t}",
            "\"4.4\"\n\t},\n\t\"Seung_Hyun\": {\n\t\t\"student_number\": \"20213100\",\n\t\t\"grade\": \"4.3\"\n\t}",
        ),
    );
    check(
        STUDENTS,
        r#"{"Chan_Jin":{"student_number":"20171234","grade":"4.1"},
            "Da_Eun":{"student_number":"20185678","grade":"3.9"},
            "Seung_Hyun":{"student_number":"20213100","grade":"4.5"}}"#,
        &STUDENTS
            .replace("So_Jeong", "Seung_Hyun")
            .replace("20191357", "20213100")
            .replace("4.4", "4.5"),
    );
}

#[test]
fn a_changed_scalar_is_replaced_in_its_place() {
    let changed = r#"{"a":1,"b":[1,2,{"c":"new"}],"d":null}"#;
    for template in [
        "{\n  \"a\": 1,\n  \"b\": [\n    1,\n    2,\n    {\n      \"c\": true\n    }\n  ],\n  \"d\": null\n}\n",
        "{\n    \"a\": 1,\n    \"b\": [1, 2, {\"c\": true}],\n    \"d\": null\n}",
        "{\r\n\t\"a\": 1,\r\n\t\"b\": [ 1, 2, { \"c\": true } ],\r\n\t\"d\": null\r\n}\r\n",
        "\u{feff}{\n  \"a\" : 1 ,\n  \"b\" : [ 1\n , 2\n , {\"c\":true} ] ,\n  \"d\" : null\n}\n\n",
        "{\"a\":1,\"b\":[1,2,{\"c\":true}],\"d\":null}",
        " \t{ \"a\":1,\"b\"  :[1,\r\r2,{\n\n\"c\":true}\t]\t,\"d\":null\n} ",
    ] {
        check(template, changed, &template.replace("true", "\"new\""));
    }
}

#[test]
fn a_member_added_or_removed_takes_its_line_and_a_comma() {
    let two = "{\n  \"a\": 1,\n  \"b\": 2\n}\n";
    check(two, r#"{"a":1}"#, "{\n  \"a\": 1\n}\n");
    check(two, r#"{"b":2}"#, "{\n  \"b\": 2\n}\n");
    check(
        two,
        r#"{"a":1,"c":3,"b":2}"#,
        "{\n  \"a\": 1,\n  \"c\": 3,\n  \"b\": 2\n}\n",
    );
    check(
        two,
        r#"{"c":3,"a":1,"b":2}"#,
        "{\n  \"c\": 3,\n  \"a\": 1,\n  \"b\": 2\n}\n",
    );
    check(two, r#"{"b":2,"a":1}"#, "{\n  \"b\": 2,\n  \"a\": 1\n}\n");
    check(two, r#"{"a":1,"z":2}"#, "{\n  \"a\": 1,\n  \"z\": 2\n}\n");
}

#[test]
fn records_on_one_line_each_stay_so() {
    let template = "[\n  {\"id\": 1, \"name\": \"Ann\"},\n  {\"id\": 2, \"name\": \"Bo\"}\n]\n";
    check(
        template,
        r#"[{"id":1,"name":"Ann"},{"id":2,"name":"Bo"},{"id":3,"name":"Cy","tags":["x",{"y":[]}]}]"#,
        "[\n  {\"id\": 1, \"name\": \"Ann\"},\n  {\"id\": 2, \"name\": \"Bo\"},\n  {\"id\": 3, \"name\": \"Cy\", \"tags\": [\"x\", {\"y\": []}]}\n]\n",
    );
    check(
        template,
        r#"[{"id":2,"name":"Bo"}]"#,
        "[\n  {\"id\": 2, \"name\": \"Bo\"}\n]\n",
    );
    check(
        template,
        r#"[{"id":1,"name":"Ann"}]"#,
        "[\n  {\"id\": 1, \"name\": \"Ann\"}\n]\n",
    );
}

#[test]
fn records_that_share_the_lines_of_their_brackets_stay_so() {
    let template = "[{\n  \"a\": 1\n}, {\n  \"a\": 2\n}]\n";
    check(
        template,
        r#"[{"a":1},{"a":2},{"a":3}]"#,
        "[{\n  \"a\": 1\n}, {\n  \"a\": 2\n}, {\n  \"a\": 3\n}]\n",
    );
    check(template, r#"[{"a":2}]"#, "[{\n  \"a\": 2\n}]\n");
    check(template, r#"[{"a":1}]"#, "[{\n  \"a\": 1\n}]\n");
    check(
        "[{\n  \"a\": 1\n}]",
        r#"[{"a":1},{"a":{"b":[]}}]"#,
        "[{\n  \"a\": 1\n}, {\n  \"a\": {\n    \"b\": []\n  }\n}]",
    );
}

#[test]
fn arrays_on_one_line_stay_so() {
    let template = "{\n    \"n\": [1, 2, 3],\n    \"m\": [ \"x\" ]\n}";
    check(
        template,
        r#"{"n":[1,2,3,4],"m":["x","y"]}"#,
        "{\n    \"n\": [1, 2, 3, 4],\n    \"m\": [ \"x\", \"y\" ]\n}",
    );
    check(
        template,
        r#"{"n":[2,3],"m":[]}"#,
        "{\n    \"n\": [2, 3],\n    \"m\": []\n}",
    );
    check(
        template,
        r#"{"n":[1,3],"m":["x"],"o":[7,8]}"#,
        "{\n    \"n\": [1, 3],\n    \"m\": [ \"x\" ],\n    \"o\": [ 7, 8 ]\n}",
    );
}

#[test]
fn numbers_wrapped_over_lines_stay_on_their_lines() {
    let template = "[\n  1, 2,\n  3, 4,\n  5, 6\n]";
    check(template, "[1,2,4,5,6]", "[\n  1, 2,\n  4,\n  5, 6\n]");
    check(template, "[1,2,5,6]", "[\n  1, 2,\n  5, 6\n]");
    check(template, "[2,3,4,5,6]", "[\n  2,\n  3, 4,\n  5, 6\n]");
    check(
        template,
        "[1,2,3,4,5,6,7]",
        "[\n  1, 2,\n  3, 4,\n  5, 6, 7\n]",
    );
    check(template, "[6,5,4,3,2,1]", "[\n  6, 5,\n  4, 3,\n  2, 1\n]");
}

#[test]
fn blank_lines_between_records_stay_and_come_with_new_ones() {
    let template = "{\n\t\"a\": {\"n\": 1},\n\n\t\"b\": {\"n\": 2},\n\n\t\"c\": {\"n\": 3}\n}\n";
    check(
        template,
        r#"{"a":{"n":1},"b":{"n":2},"c":{"n":3},"d":{"n":4}}"#,
        &template.replace("{\"n\": 3}", "{\"n\": 3},\n\n\t\"d\": {\"n\": 4}"),
    );
    check(
        template,
        r#"{"a":{"n":1},"c":{"n":3}}"#,
        "{\n\t\"a\": {\"n\": 1},\n\n\t\"c\": {\"n\": 3}\n}\n",
    );
    check(
        template,
        r#"{"b":{"n":2},"c":{"n":3}}"#,
        "{\n\t\"b\": {\"n\": 2},\n\n\t\"c\": {\"n\": 3}\n}\n",
    );
    check(
        template,
        r#"{"a":{"n":1},"b":{"n":2}}"#,
        "{\n\t\"a\": {\"n\": 1},\n\n\t\"b\": {\"n\": 2}\n}\n",
    );
}

#[test]
fn values_under_each_other_stay_so() {
    let template = "{\n  \"id\":       1,\n  \"surname\":  \"K\"\n}";
    check(
        template,
        r#"{"id":20,"surname":"K","name":"Ann","longer_than_all":0}"#,
        "{\n  \"id\":       20,\n  \"surname\":  \"K\",\n  \"name\":     \"Ann\",\n  \"longer_than_all\": 0\n}",
    );
    check(
        "{\n  \"id\"   : 1,\n  \"이름\" : 2\n}",
        r#"{"id":1,"이름":2,"a":3}"#,
        "{\n  \"id\"   : 1,\n  \"이름\" : 2,\n  \"a\"    : 3\n}",
    );
    let table = "[\n  {\"id\": 1,   \"name\": \"Ann\",    \"age\": 30},\n  {\"id\": 10,  \"name\": \"Bobby\",  \"age\": 4}\n]";
    check(
        table,
        r#"[{"id":1,"name":"Ann","age":31},{"id":10,"name":"Bobby","age":4}]"#,
        &table.replace("30", "31"),
    );
}

#[test]
fn commas_at_the_start_of_lines_stay_there() {
    let template = "{ \"a\": 1\n, \"b\": 2\n, \"c\": 3\n}\n";
    check(template, r#"{"a":1,"c":3}"#, "{ \"a\": 1\n, \"c\": 3\n}\n");
    check(template, r#"{"b":2,"c":3}"#, "{ \"b\": 2\n, \"c\": 3\n}\n");
    check(template, r#"{"a":1,"b":2}"#, "{ \"a\": 1\n, \"b\": 2\n}\n");
    check(
        template,
        r#"{"a":1,"b":2,"c":3,"d":4}"#,
        "{ \"a\": 1\n, \"b\": 2\n, \"c\": 3\n, \"d\": 4\n}\n",
    );
}

#[test]
fn spaces_at_the_end_of_a_line_belong_to_that_line() {
    let template = "{\n  \"a\": 1, \n  \"b\": 2,\n  \"c\": 3\n}";
    check(
        template,
        r#"{"a":1,"c":3}"#,
        "{\n  \"a\": 1, \n  \"c\": 3\n}",
    );
    check(
        template,
        r#"{"a":1,"x":0,"b":2,"c":3}"#,
        "{\n  \"a\": 1, \n  \"x\": 0,\n  \"b\": 2,\n  \"c\": 3\n}",
    );
}

#[test]
fn an_uneven_indentation_stays_uneven() {
    let template = "{\n  \"a\": 1,\n      \"b\": 2,\n\t\"c\": 3\n}";
    check(
        template,
        r#"{"b":2,"c":3}"#,
        "{\n      \"b\": 2,\n\t\"c\": 3\n}",
    );
    check(
        template,
        r#"{"a":1,"b":2,"c":{"d":[]}}"#,
        "{\n  \"a\": 1,\n      \"b\": 2,\n\t\"c\": {\n\t  \"d\": []\n\t}\n}",
    );
}

#[test]
fn empty_ones_fill_in_the_style_of_the_file() {
    let template = "{\n  \"a\": {},\n  \"b\": []\n}\n";
    check(
        template,
        r#"{"a":{"x":1},"b":[{"y":2},[]]}"#,
        "{\n  \"a\": {\n    \"x\": 1\n  },\n  \"b\": [\n    {\n      \"y\": 2\n    },\n    []\n  ]\n}\n",
    );
    check(
        "{}\n",
        r#"{"a":{"b":1}}"#,
        "{\n\t\"a\": {\n\t\t\"b\": 1\n\t}\n}\n",
    );
    check("[ ]", "[1,{}]", "[\n\t1,\n\t{ }\n]");
    check(
        "\u{feff}{\r\n}\r\n",
        r#"{"a":1}"#,
        "\u{feff}{\r\n\t\"a\": 1\r\n}\r\n",
    );
    check(
        r#"{"a":{},"b":[]}"#,
        r#"{"a":{"x":[1]},"b":[1,2]}"#,
        r#"{"a":{"x":[1]},"b":[1,2]}"#,
    );
    check(
        "[\n  { \"id\": 1, \"tags\": [] }\n]",
        r#"[{"id":1,"tags":["x",{"y":1}]}]"#,
        "[\n  { \"id\": 1, \"tags\": [\"x\", { \"y\": 1 }] }\n]",
    );
}

#[test]
fn full_ones_empty_in_the_style_of_the_file() {
    check(
        "{\n  \"a\": {\n    \"b\": 1\n  },\n  \"c\": { }\n}",
        r#"{"a":{},"c":{}}"#,
        "{\n  \"a\": { },\n  \"c\": { }\n}",
    );
    check("{\n  \"a\": 1\n}\n", "{}", "{}\n");
    check("[1]", "[]", "[]");
}

#[test]
fn a_list_of_records_among_lists_of_scalars_is_expanded() {
    check(
        "{\n  \"tags\": [\"a\", \"b\"]\n}",
        r#"{"tags":["a","b"],"posts":[{"id":1}],"more":["c"]}"#,
        "{\n  \"tags\": [\"a\", \"b\"],\n  \"posts\": [\n    {\n      \"id\": 1\n    }\n  ],\n  \"more\": [\"c\"]\n}",
    );
}

#[test]
fn records_move_with_their_layout() {
    let template =
        "[\n  {\"id\": 1, \"n\": 1},\n  {\n    \"id\": 2, \"n\": 2\n  },\n  {\"id\":3,\"n\":3}\n]";
    check(
        template,
        r#"[{"id":3,"n":3},{"id":2,"n":20},{"id":1,"n":1}]"#,
        "[\n  {\"id\":3,\"n\":3},\n  {\n    \"id\": 2, \"n\": 20\n  },\n  {\"id\": 1, \"n\": 1}\n]",
    );
    check(
        template,
        r#"[{"id":2,"n":20},{"id":4,"n":4},{"id":3,"n":30}]"#,
        "[\n  {\n    \"id\": 2, \"n\": 20\n  },\n  {\n    \"id\": 4, \"n\": 4\n  },\n  {\"id\":3,\"n\":30}\n]",
    );
}

#[test]
fn a_record_without_id_is_known_by_what_it_keeps() {
    check(
        "[\n  {\"a\": 1, \"b\": 1},\n  { \"a\":2, \"b\":2 },\n  {\"a\": 3, \"b\": 3}\n]",
        r#"[{"a":2,"b":9},{"a":3,"b":3}]"#,
        "[\n  { \"a\":2, \"b\":9 },\n  {\"a\": 3, \"b\": 3}\n]",
    );
}

#[test]
fn records_without_id_move_with_their_layout() {
    check(
        "[\n  {\"a\": 1},\n  { \"a\":2 },\n  {\"a\" : 3}\n]",
        r#"[{"a":3},{"a":1},{"a":2}]"#,
        "[\n  {\"a\" : 3},\n  {\"a\": 1},\n  { \"a\":2 }\n]",
    );
}

#[test]
fn as_many_changed_records_as_are_left_are_paired_in_order() {
    check(
        "[\n {\"n\":1,\"m\":1},\n { \"n\":2,\"m\":2 },\n {\"n\":3, \"m\":3},\n {\"n\" :4,\"m\" :4}\n]",
        r#"[{"n":2,"m":9},{"n":9,"m":4},{"n":4,"m":8}]"#,
        "[\n { \"n\":2,\"m\":9 },\n {\"n\":9, \"m\":4},\n {\"n\" :4,\"m\" :8}\n]",
    );
}

#[test]
fn a_renamed_member_keeps_its_layout() {
    check(
        "{\n  \"a\": [1, 2],\n  \"b\": [3,\n4]\n}",
        r#"{"a":[1,2],"longer":[3,4]}"#,
        "{\n  \"a\": [1, 2],\n  \"longer\": [3,\n4]\n}",
    );
    check(
        "{\n  \"\\u0061\": [1,\n2],\n  \"b\": [3, 4]\n}",
        r#"{"b":[3,4],"a":[1,2]}"#,
        "{\n  \"b\": [3, 4],\n  \"a\": [1,\n2]\n}",
    );
}

#[test]
fn a_new_member_joins_the_group_before_it() {
    let template = "{\n  \"a\": 1,\n  \"b\": 2,\n\n  \"c\": 3\n}";
    check(
        template,
        r#"{"a":1,"b":2,"x":0,"c":3}"#,
        "{\n  \"a\": 1,\n  \"b\": 2,\n  \"x\": 0,\n\n  \"c\": 3\n}",
    );
    check(
        "{\n\n  \"a\": 1\n}",
        r#"{"a":1,"b":2}"#,
        "{\n\n  \"a\": 1,\n  \"b\": 2\n}",
    );
    check(
        "{\n\n  \"a\": 1\n\n}",
        r#"{"a":1,"b":2}"#,
        "{\n\n  \"a\": 1,\n\n  \"b\": 2\n\n}",
    );
}

#[test]
fn a_collection_of_records_on_one_line_each_is_expanded() {
    check(
        "{\n  \"a\": {\"x\": 1},\n  \"b\": 2\n}",
        r#"{"a":{"x":1},"b":2,"posts":{"1":{"n":1},"2":{}}}"#,
        "{\n  \"a\": {\"x\": 1},\n  \"b\": 2,\n  \"posts\": {\n    \"1\": {\"n\": 1},\n    \"2\": {}\n  }\n}",
    );
}

#[test]
fn nasty_names_and_numbers_keep_their_spelling() {
    let template = "{\n  \"\": -0,\n  \"/\": 1.0,\n  \"~\": 1e400,\n  \"__proto__\": 9007199254740993,\n  \"\\u0061\": \"\\/\"\n}";
    check(
        template,
        r#"{"":-0,"/":1.00,"~":1E400,"__proto__":9007199254740992,"\u0061":"/"}"#,
        &template
            .replace("1.0", "1.00")
            .replace("1e400", "1E400")
            .replace("993", "992")
            .replace("\\/", "/"),
    );
    check(
        template,
        r#"{"":-0,"/":123456789012345678901234567890,"~":1e400,"__proto__":{},"a":"\/"}"#,
        &template
            .replace("1.0", "123456789012345678901234567890")
            .replace("9007199254740993", "{}")
            .replace("\\u0061", "a"),
    );
}
