//! Parts of a collection: where they begin and end, and that `X-Total-Count` and `Link` always say the
//! whole.

use crate::support::{Folder, Reply, Server};

fn numbers(count: usize) -> Server {
    let record = |n: usize| format!("{{\"id\":{n},\"odd\":{}}}", n % 2 == 1);
    let text = format!(
        "[{}]",
        (1..=count).map(record).collect::<Vec<_>>().join(",")
    );
    Server::start(
        Folder::empty().with("n.json", text).with("none.json", "[]"),
        &[],
    )
}

#[track_caller]
fn ids(reply: &Reply) -> Vec<u64> {
    assert_eq!(reply.status, 200, "{}", reply.text());
    let records = reply.json();
    let records = records.as_array().unwrap();
    records
        .iter()
        .map(|record| record["id"].as_u64().unwrap())
        .collect()
}

/// The relations of a `Link` field and their targets, without scheme and host.
///
/// *Source*: RFC 8288 §3.
fn links(reply: &Reply) -> Vec<(String, String)> {
    let mut links = Vec::new();
    let mut rest = reply.field("Link").unwrap_or_default();
    while let Some((target, after)) = rest
        .trim_start_matches([',', ' '])
        .strip_prefix('<')
        .and_then(|it| it.split_once('>'))
    {
        let end = after.find(", <").unwrap_or(after.len());
        let (parameters, next) = after.split_at(end);
        let relation = parameters
            .split(';')
            .find_map(|part| part.trim().strip_prefix("rel="));
        let relation = relation.expect("a relation").trim_matches('"').to_owned();
        links.push((relation, path_of(target)));
        rest = next;
    }
    assert!(rest.is_empty(), "the rest of Link: {rest:?}");
    links
}

fn path_of(target: &str) -> String {
    let path = target
        .strip_prefix("http://")
        .map(|it| &it[it.find('/').unwrap()..]);
    let path = path.unwrap_or(target);
    assert!(path.starts_with('/') || path.starts_with('?'), "{target}");
    if path.starts_with('?') {
        format!("/n.json{path}")
    } else {
        path.to_owned()
    }
}

fn link(reply: &Reply, relation: &str) -> Option<String> {
    let mut found = links(reply)
        .into_iter()
        .filter(|(name, _)| name == relation);
    let first = found.next().map(|(_, target)| target);
    assert!(found.next().is_none(), "{relation} twice");
    first
}

#[test]
fn a_part_is_given_by_start_end_limit_or_page() {
    let server = numbers(25);
    for (query, expected) in [
        ("_start=0&_end=3", (1..=3).collect::<Vec<_>>()),
        ("_start=10&_end=12", vec![11, 12]),
        ("_start=20&_limit=3", vec![21, 22, 23]),
        ("_start=23", vec![24, 25]),
        ("_end=2", vec![1, 2]),
        ("_limit=4", (1..=4).collect()),
        ("_start=24&_limit=10", vec![25]),
        ("_start=24&_end=1000000000000", vec![25]),
        ("_page=1&_per_page=10", (1..=10).collect()),
        ("_page=3&_per_page=10", (21..=25).collect()),
        ("_page=1&_per_page=100", (1..=25).collect()),
        ("_per_page=7&_page=4", (22..=25).collect()),
        ("odd=true&_start=1&_end=3", vec![3, 5]),
        ("_sort=-id&_limit=2", vec![25, 24]),
    ] {
        let reply = server.get(&format!("/n.json?{query}"));
        assert_eq!(ids(&reply), expected, "{query}");
        let total = if query.contains("odd") { "13" } else { "25" };
        assert_eq!(reply.need("X-Total-Count"), total, "{query}");
    }
}

#[test]
fn the_links_lead_through_all_pages_forth_and_back() {
    let server = numbers(23);
    for query in [
        "_page=1&_per_page=5",
        "_per_page=5&_page=1&_sort=-id",
        "_page=1&_per_page=4&odd=true",
        "_page=1&_per_page=5&_fields=id",
    ] {
        let first_target = format!("/n.json?{query}");
        let first = server.get(&first_target);
        assert_eq!(link(&first, "prev"), None, "{query}");
        let last = link(&first, "last").expect("last");
        let mut seen = ids(&first);
        let mut page = first.clone();
        let mut back = Vec::new();
        while let Some(next) = link(&page, "next") {
            back.push(page.text().to_owned());
            page = server.get(&next);
            seen.extend(ids(&page));
            assert!(seen.len() <= 23, "the pages end");
            assert_eq!(page.need("X-Total-Count"), first.need("X-Total-Count"));
        }
        assert_eq!(page.text(), server.get(&last).is(200).text(), "{query}");
        assert_eq!(seen, whole(&server, query), "{query}");
        while let Some(before) = back.pop() {
            page = server.get(&link(&page, "prev").expect("prev"));
            assert_eq!(page.text(), before);
        }
        let first_again = server.get(&link(&page, "first").expect("first"));
        assert_eq!(first_again.text(), first.text());
    }
}

/// What all pages together must show.
fn whole(server: &Server, query: &str) -> Vec<u64> {
    let rest: Vec<_> = query
        .split('&')
        .filter(|part| !part.contains("page"))
        .collect();
    ids(&server.get(&format!(
        "/n.json?{}",
        [vec!["id:exists=true"], rest].concat().join("&")
    )))
}

#[test]
fn the_links_of_a_slice_lead_through_the_whole() {
    let server = numbers(12);
    let mut page = server.get("/n.json?_start=0&_limit=5");
    let mut seen = ids(&page);
    while let Some(next) = link(&page, "next") {
        page = server.get(&next);
        seen.extend(ids(&page));
        assert!(seen.len() <= 12, "the slices end: {seen:?}");
    }
    assert_eq!(seen, (1..=12).collect::<Vec<_>>());
    let middle = server.get("/n.json?_start=5&_limit=5");
    assert_eq!(
        ids(&server.get(&link(&middle, "prev").expect("prev"))),
        [1, 2, 3, 4, 5]
    );
    assert_eq!(
        ids(&server.get(&link(&middle, "first").expect("first"))),
        [1, 2, 3, 4, 5]
    );
}

#[test]
fn what_is_asked_for_with_odd_letters_survives_in_the_links() {
    let folder = Folder::empty().with(
        "n.json",
        r#"[{"id":1,"s":"a&b=c d+é%<>\",;"},{"id":2,"s":"a&b=c d+é%<>\",;"},{"id":3,"s":"x"}]"#,
    );
    let server = Server::start(folder, &[]);
    let wanted = crate::support::encoded("a&b=c d+é%<>\",;");
    let first = server.get(&format!("/n.json?s={wanted}&_page=1&_per_page=1"));
    assert_eq!(ids(&first), [1]);
    assert_eq!(first.need("X-Total-Count"), "2");
    let second = server.get(&link(&first, "next").expect("next"));
    assert_eq!(ids(&second), [2]);
    assert_eq!(link(&second, "next"), None);
}

#[test]
fn a_page_past_the_end_and_a_part_that_is_no_number_are_problems() {
    let server = numbers(25);
    for query in [
        "_page=4&_per_page=10",
        "_page=26&_per_page=1",
        "_page=99999999999999999999&_per_page=1",
    ] {
        let reply = server.get(&format!("/n.json?{query}"));
        let status = reply.status;
        assert!((400..500).contains(&status), "{query}: {status}");
        let problem = reply.problem(status);
        assert!(problem["detail"].as_str().unwrap().len() > 20, "{problem}");
    }
    for query in [
        "_page=0",
        "_page=-1",
        "_page=x",
        "_page=",
        "_page=1.5",
        "_page=1&_per_page=0",
        "_per_page=-1&_page=1",
        "_limit=-1",
        "_limit=x",
        "_start=-1",
        "_start=x&_end=2",
        "_end=1e2",
    ] {
        server.get(&format!("/n.json?{query}")).problem(400);
    }
    assert_eq!(
        server.get("/none.json?_page=1&_per_page=10").is(200).text(),
        "[]\n"
    );
    assert_eq!(
        server
            .get("/none.json?_page=1")
            .is(200)
            .need("X-Total-Count"),
        "0"
    );
}

#[test]
fn head_of_a_page_says_what_get_says() {
    let server = numbers(25);
    for query in [
        "_page=2&_per_page=10",
        "odd=true&_limit=3",
        "_start=5&_end=7",
    ] {
        let target = format!("/n.json?{query}");
        let get = server.get(&target).is(200);
        let head = server.request("HEAD", &target, &[], "");
        assert_eq!(head.lasting_fields(), get.lasting_fields(), "{query}");
    }
}
