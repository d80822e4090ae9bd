//! Queries that ask for too much, and large documents: every one ends, with what it found or with
//! the bound it reached, and the work follows the steps that were allowed.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "all of this is test code, and says what a step cost"
)]

use jsond_document::{JsonPath, JsonPathBounds, JsonPathOverrun, Value};
use std::fmt::Write;
use std::sync::LazyLock;
use std::time::Instant;

const STEPS_MAX: usize = 500_000;

const BOUNDS: JsonPathBounds = JsonPathBounds {
    steps_max: STEPS_MAX,
    result_bytes_max: 1 << 20,
};

const WIDE: JsonPathBounds = JsonPathBounds {
    steps_max: 1 << 40,
    result_bytes_max: 1 << 30,
};

/// So many records with four members and an element: a million nodes, less where nothing is
/// optimized.
const RECORDS_COUNT: usize = if cfg!(debug_assertions) {
    40_000
} else {
    200_000
};

static RECORDS: LazyLock<Value> = LazyLock::new(|| {
    let mut text = String::from("[");
    for n in 0..RECORDS_COUNT {
        let separator = if n == 0 { "" } else { "," };
        write!(
            text,
            "{separator}{{\"id\":{n},\"name\":\"Name {n}\",\"age\":{},\"x\":[{n}]}}",
            n % 90
        )
        .unwrap();
    }
    text.push(']');
    Value::parse(text.as_bytes()).unwrap()
});

/// A million small numbers.
static NUMBERS: LazyLock<Value> = LazyLock::new(|| {
    let numbers = "1,".repeat(999_999);
    Value::parse(format!("[{numbers}2]").as_bytes()).unwrap()
});

fn nested(levels: usize, within: &str) -> Value {
    let text = format!("{}{within}{}", "[".repeat(levels), "]".repeat(levels));
    Value::parse(text.as_bytes()).unwrap()
}

fn run(query: &str, document: &Value, bounds: JsonPathBounds) -> Result<usize, JsonPathOverrun> {
    let begun = Instant::now();
    let path = JsonPath::parse(query).unwrap();
    let ended = path.values(document, bounds);
    let ended = ended.map(|json| Value::from(json).count());
    let nanoseconds = begun.elapsed().as_nanos() / u128::try_from(STEPS_MAX).unwrap();
    eprintln!("{nanoseconds:5} ns a step, {ended:?}: {query}");
    ended
}

#[track_caller]
fn check_steps(query: &str, document: &Value) {
    let ended = run(query, document, BOUNDS);
    assert_eq!(ended, Err(JsonPathOverrun::Steps(STEPS_MAX)), "{query}");
}

#[test]
fn queries_that_multiply_end_at_the_bound() {
    for query in [
        "$..*..*..*[?@ == 'none']",
        "$[?count($..*)>0]",
        "$[?count($[*])>0]",
        "$[?$[?@.none]]",
        "$..[?$..[?$..none]]",
        "$..[?$..[?@ == $]]",
        "$[?value($..age) == 1]",
        "$..[?length($) == 1]..[?@.none]",
        "$[?@.name == $[39999].none][?@.none]..*..*..none",
        "$..[*,*]..[*,*]..[*,*]..[?$..none]",
        "$[::-1][?$[::-1].none]",
        "$[?$[::100].none]",
        "$[?$[*][0]]",
    ] {
        check_steps(query, &RECORDS);
    }
    for query in [
        "$[?count($..*)>0]",
        "$[?count($[::7])>0]",
        "$[?$[::-7][0]]",
        "$[?$[?@ == 3]]",
        "$[*][?@ == 1]..*[?$..[?$ == $]]",
        "$[?$ == $]",
    ] {
        let ended = run(query, &NUMBERS, BOUNDS);
        let overrun = ended == Err(JsonPathOverrun::Steps(STEPS_MAX));
        assert!(overrun || ended == Ok(0), "{query} {ended:?}");
    }
}

#[test]
fn slices_cost_what_they_select() {
    let far = (1_i64 << 53) - 1;
    let bounds = JsonPathBounds {
        steps_max: 2_000,
        ..BOUNDS
    };
    let count = |query: String| run(&query, &NUMBERS, bounds);
    assert_eq!(count(format!("$[::{far}]")), Ok(1));
    assert_eq!(count(format!("$[::-{far}]")), Ok(1));
    assert_eq!(count(format!("$[-{far}:{far}:100000]")), Ok(10));
    assert_eq!(count("$[999998:]".to_owned()), Ok(2));
    assert_eq!(count("$[:0:-100000]".to_owned()), Ok(10));
    assert_eq!(count("$[-1]".to_owned()), Ok(1));
    assert_eq!(count("$[5:2]".to_owned()), Ok(0));
    assert_eq!(count("$[::0]".to_owned()), Ok(0));
}

#[test]
fn the_result_is_bounded_before_it_is_made() {
    let bounds = JsonPathBounds {
        result_bytes_max: 100,
        ..BOUNDS
    };
    let overrun = JsonPathOverrun::ResultBytes(100);
    let path = JsonPath::parse("$").unwrap();
    assert_eq!(path.values(&RECORDS, bounds), Err(overrun));
    assert_eq!(path.values_by_path(&RECORDS, bounds), Err(overrun));
    let path = JsonPath::parse("$[*]").unwrap();
    assert_eq!(path.find(&RECORDS, bounds), Err(overrun));

    let ones = nested(1, "1,1,1");
    for (bytes, fits) in [(7, true), (6, false)] {
        let bounds = JsonPathBounds {
            result_bytes_max: bytes + 1,
            ..BOUNDS
        };
        let ended = path.values(&ones, bounds);
        assert_eq!(ended.is_ok(), fits, "{bytes} {ended:?}");
    }
}

#[test]
fn long_names_and_deep_places_bound_the_paths() {
    let name = "n".repeat(10_000);
    let numbers = "1,".repeat(100_000);
    let text = format!("{{\"{name}\":{{\"{name}\":[{numbers}1]}}}}");
    let document = Value::parse(text.as_bytes()).unwrap();
    let path = JsonPath::parse("$..*").unwrap();
    let overrun = path.values_by_path(&document, BOUNDS);
    assert_eq!(overrun, Err(JsonPathOverrun::ResultBytes(1 << 20)));
    let bounds = JsonPathBounds {
        steps_max: STEPS_MAX,
        ..WIDE
    };
    let overrun = path.find(&document, bounds);
    assert_eq!(overrun, Err(JsonPathOverrun::Steps(STEPS_MAX)));
}

#[test]
fn queries_in_queries_of_deep_documents_do_not_exhaust_the_stack() {
    // Half of what a thread of a server has.
    let thread = std::thread::Builder::new().stack_size(1 << 20);
    let ran = thread.spawn(|| {
        let deep = nested(128, "1");
        // Only the innermost value passes, so that every query goes down all the way.
        let filters = "$".to_owned() + &"..[?@ == 1 && $".repeat(40) + "..none" + &"]".repeat(40);
        let ended = run(&filters, &deep, BOUNDS);
        assert_eq!(ended, Err(JsonPathOverrun::Levels(512)));
        let filters = "$".to_owned() + &"..[?@ == 1 && $".repeat(3) + "..none" + &"]".repeat(3);
        assert_eq!(run(&filters, &deep, BOUNDS), Ok(0));
        assert_eq!(run("$..*", &deep, BOUNDS), Ok(128));
        assert_eq!(run("$..[?$ == $]", &deep, BOUNDS), Ok(128));
        let last = "@".to_owned() + &"[0]".repeat(127);
        assert_eq!(run(&format!("$[?{last} == 1]"), &deep, BOUNDS), Ok(1));
        let open = "(".repeat(62);
        let close = ")".repeat(62);
        assert_eq!(run(&format!("$[?{open}@{close}]"), &deep, BOUNDS), Ok(1));
        for (open, close) in [("(", ")"), ("[?@", "]"), ("length(", ")"), ("!(", ")")] {
            let query = format!("$[?{}@{}]", open.repeat(1000), close.repeat(1000));
            let error = JsonPath::parse(&query).unwrap_err();
            assert!(
                error.message.contains("nested") || error.offset < 20,
                "{error}"
            );
        }
    });
    ran.unwrap().join().unwrap();
}

#[test]
fn long_queries_are_refused() {
    let error = JsonPath::parse(&("$".to_owned() + &".a".repeat(10_000))).unwrap_err();
    assert!(error.message.contains("longer"), "{error}");
    let error = JsonPath::parse("$[?match(@, '(\\\\p{L}{100}){100}')]").unwrap_err();
    assert!(error.message.contains("too large"), "{error}");
    let many = vec!["match(@, 'a')"; 40].join(" || ");
    let error = JsonPath::parse(&format!("$[?{many}]")).unwrap_err();
    assert!(error.message.contains("too large"), "{error}");
}

#[test]
fn patterns_from_the_document_are_bounded() {
    let a_and_b = "ab".repeat(500);
    let texts = vec![format!("\"{a_and_b}\""); 1000].join(",");
    let with = |pattern: &str| {
        let text = format!("{{\"p\":\"{pattern}\",\"t\":[{texts}]}}");
        Value::parse(text.as_bytes()).unwrap()
    };
    let search = "$.t[?search(@, $.p)]";
    assert_eq!(run(search, &with("a.a"), BOUNDS), Ok(1000));
    assert_eq!(run(search, &with("(a"), BOUNDS), Ok(0));
    assert_eq!(run(search, &with("\\\\d"), BOUNDS), Ok(0));
    let overrun = run(search, &with("(a{1000}){1000}"), BOUNDS);
    assert_eq!(overrun, Err(JsonPathOverrun::Pattern));
    check_steps(search, &with("[ab]*a[ab]{200}c"));
    check_steps(search, &with(&("a".repeat(999) + "[xy]")));

    let patterns: Vec<_> = (0..5000).map(|n| format!("\"[ab]{{{n}}}\"")).collect();
    let patterns = nested(1, &patterns.join(","));
    check_steps("$[?search('ab', @)]", &patterns);
}

#[test]
fn long_strings_cost_by_their_length() {
    let long = "x".repeat(1_000_000);
    let longs = vec![format!("\"{long}\""); 8].join(",");
    let texts = vec![format!("[{longs}]"); 4].join(",");
    let document = nested(1, &texts);
    check_steps("$[?@ == $[0]]..[?@ == $[0][1]]..none", &document);
    check_steps("$[*][?length(@) == 1]", &document);
    check_steps("$[*][?@ < $[0][0]]", &document);
    check_steps("$[*][?match(@, 'x*y')]", &document);
}

#[test]
fn ordinary_queries_over_a_million_nodes_are_cheap() {
    let bounds = JsonPathBounds {
        steps_max: 2_500_000,
        result_bytes_max: 1 << 24,
    };
    let old = (0..RECORDS_COUNT).filter(|n| n % 90 > 30).count();
    assert_eq!(run("$[?@.age > 30]", &RECORDS, bounds), Ok(old));
    assert_eq!(run("$[?@.name == 'Name 7']", &RECORDS, bounds), Ok(1));
    assert_eq!(
        run("$[?search(@.name, '99+$')].id", &RECORDS, bounds),
        Ok(RECORDS_COUNT / 100)
    );
    assert_eq!(run("$..age", &RECORDS, WIDE), Ok(RECORDS_COUNT));
    assert_eq!(run("$[12345].name", &RECORDS, bounds), Ok(1));
    assert_eq!(run("$[?@ == 2]", &NUMBERS, WIDE), Ok(1));
}

#[test]
fn numbers_come_back_as_they_were_spelled_and_compare_exactly() {
    let text = r#"[1e400,9007199254740993,9007199254740992,1.50,-0,1E+2,"\u0061\/"]"#;
    let document = Value::parse(text.as_bytes()).unwrap();
    let check = |query: &str, expected: &str| {
        let json = JsonPath::parse(query).unwrap().values(&document, BOUNDS);
        assert_eq!(json.unwrap().as_str(), expected, "{query}");
    };
    check("$[*]", text);
    check("$[?@ == 9007199254740993]", "[9007199254740993]");
    check("$[?@ > 9007199254740992]", "[1e400,9007199254740993]");
    check("$[?@ > 9.9e399]", "[1e400]");
    check("$[?@ == 10e399]", "[1e400]");
    check("$[?@ == 0]", "[-0]");
    check("$[?@ == 100.0]", "[1E+2]");
    check("$[?@ == 'a/']", r#"["\u0061\/"]"#);
    check("$[?length(@) == 2]", r#"["\u0061\/"]"#);
    check("$[?@ == 1.5 || @ == -0.0]", "[1.50,-0]");
}

#[test]
fn paths_are_normalized_and_a_node_has_one_member() {
    let text = r#"{"a":[{"b'\"\\\n\u0001\/é":1}],"c":2}"#;
    let document = Value::parse(text.as_bytes()).unwrap();
    let path = JsonPath::parse("$..[*,*]").unwrap();
    let by_path = path.values_by_path(&document, BOUNDS).unwrap();
    let expected = r#"{"$['a']":[{"b'\"\\\n\u0001\/é":1}],"$['c']":2,"$['a'][0]":{"b'\"\\\n\u0001\/é":1},"$['a'][0]['b\\'\"\\\\\\n\\u0001/é']":1}"#;
    assert_eq!(by_path.as_str(), expected);
    let found = path.find(&document, BOUNDS).unwrap();
    assert_eq!(found.len(), 8);
    for found in &found {
        let again = JsonPath::parse(&found.path).unwrap();
        let again = again.find(&document, BOUNDS).unwrap();
        assert_eq!(
            again,
            std::slice::from_ref(found),
            "the path leads to the node"
        );
    }
}
