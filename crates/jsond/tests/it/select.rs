//! Reading part of a collection: every operator, sort, part, search and fields, and that nothing
//! unknown is ignored. What the whole must satisfy for any data is in `select_property`.

use serde_json::{Value, json};

use crate::support::{Folder, Reply, Server, encoded};

/// An object collection with a member of every type, spelled in several ways.
const PEOPLE: &str = r#"{
    "ann": {"age": 30, "name": "Ann Lee", "tags": ["red", "Blue"], "at": {"city": "Seoul", "no": 1}, "ok": true},
    "ben": {"age": "30", "name": "ben LEE", "tags": [], "at": {"city": "Busan", "no": 2}, "ok": false},
    "cid": {"age": 4.50, "name": "Cid", "tags": ["red"], "at": null, "ok": null},
    "dee": {"age": 9007199254740993, "name": "Dée", "at": {"city": "seoul"}},
    "eve": {"age": -1e2, "name": "Eve"},
    "fay": {"name": "a+b & c=d", "none": null}
}"#;

/// An array collection of numbered records.
fn numbers(count: usize) -> String {
    let record = |n: usize| {
        format!(
            "{{\"id\":{n},\"even\":{},\"third\":{}}}",
            n.is_multiple_of(2),
            n % 3
        )
    };
    format!(
        "[{}]",
        (1..=count).map(record).collect::<Vec<_>>().join(",")
    )
}

fn server() -> Server {
    let folder = Folder::empty()
        .with("people.json", PEOPLE)
        .with("n.json", numbers(25))
        .with("plain.json", "{\"a\":1,\"b\":{\"c\":2}}");
    Server::start(folder, &[])
}

/// The keys of the records that a query leaves, in the order of the text.
#[track_caller]
fn keys(reply: Reply) -> Vec<String> {
    let reply = reply.is(200);
    let total = reply.need("X-Total-Count").to_owned();
    let all = ["ann", "ben", "cid", "dee", "eve", "fay"];
    let place = |key: &str| reply.text().find(&format!("\"{key}\":{{"));
    let mut found: Vec<_> = all
        .iter()
        .filter_map(|key| Some((place(key)?, *key)))
        .collect();
    found.sort_unstable();
    let found: Vec<_> = found.into_iter().map(|(_, key)| key.to_owned()).collect();
    assert_eq!(
        reply.json().as_object().map(serde_json::Map::len),
        Some(found.len())
    );
    assert_eq!(total, found.len().to_string(), "X-Total-Count");
    found
}

/// Asserts which people a query string leaves, in order; `-` is nobody.
#[track_caller]
fn check(server: &Server, query: &str, expected: &str) {
    let found = keys(server.get(&format!("/people.json?{query}"))).join(" ");
    assert_eq!(found, expected, "{query}");
}

/// The ids of an answer from the array collection.
#[track_caller]
fn ids(reply: Reply) -> Vec<u64> {
    let records = reply.is(200).json();
    let records = records.as_array().expect("an array stays an array");
    records
        .iter()
        .map(|record| record["id"].as_u64().unwrap())
        .collect()
}

#[test]
fn equality_compares_by_the_type_of_the_stored_value() {
    let server = server();
    for (query, expected) in [
        ("age=30", "ann ben"),
        ("age=4.5", "cid"),
        ("age=45e-1", "cid"),
        ("age=-100", "eve"),
        ("age=9007199254740993", "dee"),
        ("age=9007199254740992", ""),
        ("none=null", "fay"),
        ("ok=true", "ann"),
        ("ok=false", "ben"),
        ("ok=null", "cid"),
        ("name=Cid", "cid"),
        ("name=cid", ""),
        ("name=Cid&name=Eve", "cid eve"),
        ("name=Cid&age=30", ""),
        ("name=Ann%20Lee", "ann"),
        ("name=Ann+Lee", "ann"),
        ("name=D%C3%A9e", "dee"),
        ("name=a%2Bb%20%26%20c%3Dd", "fay"),
        ("at.city=Seoul", "ann"),
        ("at.no=2", "ben"),
        ("at=null", "cid"),
        ("at.city.deeper=1", ""),
        ("nobody=has", ""),
        ("name:eq=Cid", "cid"),
        ("name%3Aeq=Cid", "cid"),
    ] {
        check(&server, query, expected);
    }
}

#[test]
fn comparisons_are_exact_on_numbers_and_by_code_point_on_strings() {
    let server = server();
    for (query, expected) in [
        ("age:gt=30", "dee"),
        ("age:gte=30", "ann ben dee"),
        ("age:lt=30", "cid eve"),
        ("age:lte=4.5", "cid eve"),
        ("age:gt=9007199254740992", "dee"),
        ("age:gt=9007199254740993", ""),
        ("age:gte=9007199254740993.0", "dee"),
        (
            "age:lt=9007199254740992.99999999999999999999",
            "ann ben cid eve",
        ),
        ("age:gte=4&age:lt=31", "ann ben cid"),
        ("name:lt=Cid", "ann"),
        ("name:gte=a", "ben fay"),
        ("at.no:gt=1", "ben"),
        ("name:ne=Cid", "ann ben dee eve fay"),
        ("ok:ne=true", "ben cid"),
        ("at.city:ne=Busan", "ann dee"),
        ("nobody:ne=x", ""),
        ("name:in=Cid,Eve,Zed", "cid eve"),
        ("age:in=30,4.5", "ann ben cid"),
        ("at.city:in=Busan", "ben"),
    ] {
        check(&server, query, expected);
    }
}

#[test]
fn text_operators_ignore_case_and_contains_looks_into_arrays() {
    let server = server();
    for (query, expected) in [
        ("name:contains=lee", "ann ben"),
        ("name:contains=E", "ann ben dee eve"),
        ("name:startsWith=BEN", "ben"),
        ("name:endsWith=lee", "ann ben"),
        ("name:endsWith=ann", ""),
        ("name:contains=D%C3%89", "dee"),
        ("name:matches=%5EAnn", "ann"),
        ("name:matches=%5E.%7B3%7D%24", "cid dee eve"),
        ("nobody:contains=x", ""),
        ("nobody:matches=.%2A", ""),
        ("tags:contains=red", "ann cid"),
        ("tags:contains=re", ""),
        ("tags:exists=true", "ann ben cid"),
        ("tags:exists=false", "dee eve fay"),
        ("at.no:exists=true", "ann ben"),
        ("age:exists=true", "ann ben cid dee eve"),
        ("none:exists=true", "fay"),
    ] {
        check(&server, query, expected);
    }
}

#[test]
fn q_finds_every_word_in_any_string() {
    let server = server();
    for (query, expected) in [
        ("q=lee", "ann ben"),
        ("q=LEE%20seoul", "ann"),
        ("q=seoul+lee", "ann"),
        ("q=seoul", "ann dee"),
        ("q=blue", "ann"),
        ("q=nothing", ""),
        ("q=lee&ok=false", "ben"),
        ("q=age", ""),
        ("q=d%C3%89e", "dee"),
    ] {
        check(&server, query, expected);
    }
}

#[test]
fn a_regular_expression_takes_linear_time_and_a_broken_one_is_400() {
    let long = format!("{{\"a\":{{\"s\":\"{}!\"}}}}", "a".repeat(50_000));
    let server = Server::start(Folder::school().with("long.json", long), &[]);
    let begin = std::time::Instant::now();
    for pattern in ["(a*)*b", "(a|aa)+$", "^(a+)+$"] {
        let reply = server.get(&format!("/long.json?s:matches={}", encoded(pattern)));
        assert_eq!(reply.is(200).text(), "{}\n", "{pattern}");
    }
    server
        .get("/long.json?s:matches=((x%7B0,100%7D)%7B0,100%7D)%7B0,100%7D")
        .one_of(&[400, 422]);
    assert!(begin.elapsed().as_secs() < 10, "{:?}", begin.elapsed());
    for pattern in ["(", "[a", "(?P<x", "*"] {
        server
            .get(&format!("/long.json?s:matches={}", encoded(pattern)))
            .problem(400);
    }
    server.still_serves();
}

#[test]
fn sort_is_stable_with_minus_for_descending_and_missing_last() {
    let text = r#"[{"id":1,"k":"b","n":2},{"id":2,"k":"a","n":10},{"id":3,"n":2},{"id":4,"k":"a","n":1.5},
        {"id":5,"k":"b","n":2.0},{"id":6,"k":"c","n":{"x":1}},{"id":7,"k":"é","n":[1]},
        {"id":8,"k":"B","n":"2"},{"id":9,"k":"z","n":null},{"id":10,"k":"y","n":true},{"id":11,"k":"x"}]"#;
    let server = Server::start(Folder::empty().with("s.json", text), &[]);
    for (query, expected) in [
        ("_sort=k", vec![8, 2, 4, 1, 5, 6, 11, 10, 9, 7, 3]),
        ("_sort=-k", vec![7, 9, 10, 11, 6, 1, 5, 2, 4, 8, 3]),
        ("_sort=n", vec![9, 10, 4, 1, 3, 5, 2, 8, 7, 6, 11]),
        ("_sort=-n", vec![6, 7, 8, 2, 1, 3, 5, 4, 10, 9, 11]),
        ("_sort=-id", (1..=11).rev().collect()),
        ("_sort=k,-id&k:in=a,b", vec![4, 2, 5, 1]),
        ("_sort=-k,n&k:in=a,b", vec![1, 5, 4, 2]),
        ("_sort=nothing", (1..=11).collect()),
    ] {
        let found = ids(server.get(&format!("/s.json?{query}")));
        assert_eq!(found, expected, "{query}");
    }
}

#[test]
fn a_filtered_object_is_an_object_in_file_order_or_sorted() {
    let server = server();
    check(&server, "name:exists=true", "ann ben cid dee eve fay");
    check(&server, "_sort=-name&ok:exists=true", "ben cid ann");
    check(&server, "_sort=name&q=lee", "ann ben");
    let reply = server.get("/people.json?name=Nobody").is(200);
    assert_eq!(reply.text(), "{}\n");
    assert_eq!(server.get("/n.json?id=99").is(200).text(), "[]\n");
    let spelled = server.get("/people.json?age=4.5").is(200);
    assert!(
        spelled.text().contains("\"age\":4.50,"),
        "as spelled: {}",
        spelled.text()
    );
    let pretty = server.get("/people.json?age=4.5&pretty").is(200);
    assert!(pretty.text().lines().count() > 1, "{}", pretty.text());
    assert_eq!(pretty.json(), spelled.json());
}

#[test]
fn fields_leaves_only_these_members() {
    let server = server();
    let reply = server
        .get("/people.json?_fields=age,at.city&ok=true")
        .is(200);
    assert_eq!(
        reply.json(),
        json!({"ann": {"age": 30, "at": {"city": "Seoul"}}})
    );
    let reply = server.get("/people.json?_fields=nothing&ok=true").is(200);
    assert_eq!(reply.json(), json!({"ann": {}}));
    let reply = server.get("/n.json?_fields=third&_limit=2").is(200);
    assert_eq!(reply.json(), json!([{"third": 1}, {"third": 2}]));
    let record = server.get("/people.json/ann?_fields=name,at.no").is(200);
    assert_eq!(record.json(), json!({"name": "Ann Lee", "at": {"no": 1}}));
    let spelled = server.get("/people.json/cid?_fields=age").is(200);
    assert_eq!(spelled.text(), "{\"age\":4.50}\n");
    let by_absent = server.get("/people.json?_fields=name&age=4.5").is(200);
    assert_eq!(by_absent.json(), json!({"cid": {"name": "Cid"}}));
}

#[test]
fn unknown_parameters_and_operators_are_never_ignored() {
    let server = server();
    for query in [
        "_nothing=1",
        "_Sort=age",
        "_sort_=age",
        "_=1",
        "age:bigger=1",
        "age:GT=1",
        "age:=1",
        "at.no:foo=1",
        "tags:exists=maybe",
        "tags:exists=",
        "_order=asc",
        "_embed=x",
        "_nothing:eq2=1",
    ] {
        let problem = server.get(&format!("/people.json?{query}")).problem(400);
        assert!(
            problem["detail"].as_str().unwrap().len() > 15,
            "{query}: {problem}"
        );
    }
    server.get("/people.json?nobody=1").is(200);
}

#[test]
fn on_what_is_no_collection_only_three_parameters_are_known() {
    let server = server();
    for target in [
        "/plain.json",
        "/people.json/ann",
        "/people.json/ann/age",
        "/people.json/ann/tags",
    ] {
        for query in [
            "a=1", "q=x", "_sort=a", "_limit=1", "_page=1", "_start=0", "age:gt=1", "_x=1",
        ] {
            server.get(&format!("{target}?{query}")).problem(400);
        }
        server.get(&format!("{target}?pretty")).is(200);
        server.get(&format!("{target}?jsonpath=$")).is(200);
    }
    assert_eq!(
        server.get("/plain.json?_fields=b.c").is(200).json(),
        json!({"b": {"c": 2}})
    );
}

#[test]
fn a_member_with_a_reserved_name_is_reached_with_eq() {
    let text =
        r#"[{"id":1,"q":"x","jsonpath":"$","_sort":"s","pretty":1},{"id":2,"q":"y","pretty":2}]"#;
    let server = Server::start(Folder::empty().with("r.json", text), &[]);
    for (query, expected) in [
        ("q:eq=x", vec![1]),
        ("jsonpath:eq=%24", vec![1]),
        ("_sort:eq=s", vec![1]),
        ("pretty:eq=2", vec![2]),
        ("pretty:gte=1", vec![1, 2]),
        ("q:in=x,y&_sort=-id", vec![2, 1]),
    ] {
        assert_eq!(
            ids(server.get(&format!("/r.json?{query}"))),
            expected,
            "{query}"
        );
    }
}

#[test]
fn a_filter_is_a_representation_with_a_tag_of_its_own() {
    let server = server();
    let all = server.get("/people.json").etag();
    let some = server.get("/people.json?age=30").is(200);
    let tag = some.etag();
    assert_ne!(tag, all);
    assert_ne!(tag, server.get("/people.json?age=4.5").etag());
    assert_eq!(tag, server.get("/people.json?age=30").etag());
    let known = format!("If-None-Match: {tag}");
    server.ask_for("/people.json?age=30", &[&known]).is(304);
    server.ask_for("/people.json?age=4.5", &[&known]).is(200);
    let head = server.request("HEAD", "/people.json?age=30", &[], "");
    assert_eq!(head.lasting_fields(), some.lasting_fields());
    server.put("/people.json/cid/age", "30").is(200);
    server.ask_for("/people.json?age=30", &[&known]).is(200);
}

#[test]
fn query_takes_the_same_filters_as_a_form() {
    let server = server();
    let form = "Content-Type: application/x-www-form-urlencoded";
    let query = |body: &str| server.request("QUERY", "/people.json", &[form], body);
    for body in [
        "age=30&_sort=-name",
        "name=Ann+Lee",
        "q=lee%20seoul",
        "age%3Agte=30",
        "_fields=age&_limit=2",
    ] {
        let asked = query(body).is(200);
        let read = server.get(&format!("/people.json?{body}")).is(200);
        assert_eq!(asked.text(), read.text(), "{body}");
        assert_eq!(
            asked.field("X-Total-Count"),
            read.field("X-Total-Count"),
            "{body}"
        );
    }
    for body in ["_nothing=1", "age:bigger=1", "_limit=x"] {
        query(body).problem(400);
    }
    server
        .request("QUERY", "/people.json/ann", &[form], "age=30")
        .one_of(&[400, 415]);
    let browser = [form, "Origin: http://elsewhere.example"];
    server
        .request("QUERY", "/people.json", &browser, "age=30")
        .one_of(&[200, 403]);
    assert_eq!(server.json("/people.json").as_object().unwrap().len(), 6);
}

#[test]
fn a_large_collection_is_read_in_part_while_it_is_written() {
    let server = Server::start(Folder::empty().with("n.json", numbers(20_000)), &[]);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for number in 0..20 {
                server
                    .put(&format!("/n.json/{}/third", 1 + number * 100), "7")
                    .is(200);
            }
        });
        for _ in 0..5 {
            let reply = server.get("/n.json?even=true&_sort=-id&_limit=3").is(200);
            assert_eq!(reply.need("X-Total-Count"), "10000");
            assert_eq!(ids(reply), [20_000, 19_998, 19_996]);
        }
        writer.join().unwrap();
    });
    let changed: Value = server.json("/n.json?third=7&_fields=id");
    assert_eq!(changed.as_array().unwrap().len(), 20);
}
