//! Whole pages: what is escaped, where links lead, that every element ends, and how large they are.

use super::*;
use crate::api::resource::{Target, parse_target};
use jsond_store::{Address, Entry, Image, Resolved};

/// Nasty in every place: markup, another scheme, quotes, what nobody sees, Korean.
const NASTY: &str = "\"><script>alert('x')</script>javascript:alert(1)&amp;\0\u{202e}\n학생";

fn place(image: &Image, tokens: &[&str]) -> Place {
    let address = Address(tokens.iter().map(|&token| token.to_owned()).collect());
    let Resolved::Value(place) = image.resolve(&address) else {
        panic!("{tokens:?} is there")
    };
    place
}

fn page_of(text: &str) -> String {
    let image = Image::of_files([("a.json", text)]);
    value_page(&PageView::of(&place(&image, &["a.json"])))
}

/// The page between its shell and its end, checked for balance on the way.
#[track_caller]
fn main_of(page: &str) -> &str {
    check_balance(page);
    let (_, rest) = page.split_once("<main>").unwrap();
    rest.split_once("</main>").unwrap().0
}

/// Every element that begins ends, in order; every `<` begins a tag of ours.
#[track_caller]
fn check_balance(page: &str) {
    let (before, rest) = page.split_once("<style>").unwrap();
    let (_, after) = rest.split_once("</style>").unwrap();
    let page = format!("{before}{after}");
    let mut open = Vec::new();
    for tag in page.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').expect("a tag ends");
        let name = tag.split(' ').next().unwrap();
        assert!(tag.matches('"').count().is_multiple_of(2), "<{tag}>");
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "</{name}>"),
            None if ["!doctype", "meta", "link"].contains(&name) => {}
            None => {
                assert!(
                    name.bytes().all(|byte| byte.is_ascii_alphanumeric()),
                    "<{tag}>"
                );
                open.push(name);
            }
        }
    }
    assert_eq!(open, [""; 0]);
    assert!(!page.contains("<script"));
    assert!(!page.contains(['\0', '\u{202e}']));
}

/// The links of a piece of a page, references resolved.
fn links_of(html: &str) -> Vec<String> {
    html.split("href=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .map(|href| href.replace("&amp;", "&").replace("&#39;", "'"))
        .collect()
}

/// The address that a link without a query leads to.
fn address_of(href: &str) -> Vec<String> {
    let path = href.split('?').next().unwrap();
    let Ok(Target::Address { address, .. }) = parse_target(path) else {
        panic!("{href} is no address")
    };
    address.0
}

#[test]
fn names_and_values_never_become_markup() {
    let name = serde_json::to_string(NASTY).unwrap();
    for text in [
        name.clone(),
        format!("{{{name}:{name}}}"),
        format!("{{{name}:{{{name}:{name}}}}}"),
        format!("{{{name}:{{{name}:[{name}]}}}}"),
        format!("[{{\"id\":{name},{name}:{name}}}]"),
        format!("[{name},[{name}],{{{name}:1}}]"),
    ] {
        let page = page_of(&text);
        let main = main_of(&page);
        assert!(main.contains("&lt;script&gt;"), "{text}");
        assert!(main.contains("학생"), "{text}");
        for href in links_of(main) {
            assert!(href.starts_with('/') && !href.starts_with("//"), "{href}");
        }
    }
}

#[test]
fn names_in_the_address_and_the_query_never_become_markup() {
    let value = Value::parse(b"{\"a\":{\"b\":1},\"c\":{\"b\":2}}").unwrap();
    let mut view = PageView {
        address: vec![NASTY.into(), format!("{NASTY}.json")],
        folders: 1,
        broken: None,
        value: &value,
        children: Children::Names { collection: true },
        id_name: "id",
        first: 0,
        total: Some(9),
        links: PartLinks::default(),
        query: "q=\"><script>alert(1)</script>&x='%22%3E%3Cscript%3E&_page=1",
        origin: Some("http://\"><script>"),
    };
    view.links.next = Some("javascript:alert(1)".into());
    view.links.last = Some("/a?\"><script>".into());
    let page = value_page(&view);
    main_of(&page);
    assert!(!page.contains("href=\"javascript:"));
    assert!(page.contains("href=\"/a?&quot;&gt;&lt;script&gt;\""));
}

#[test]
fn a_record_links_to_itself_by_key_and_by_id() {
    let image = Image::of_files([
        ("학생.json", r#"{"Chan Jin":{"a/b":[1]},"So?#%":{"":{}}}"#),
        ("list.json", r#"[{"id":7,"x":[1]},{"id":"a/b","x":{}}]"#),
    ]);
    let check = |file: &str, expected: &[&[&str]]| {
        let page = value_page(&PageView::of(&place(&image, &[file])));
        let found: Vec<_> = links_of(main_of(&page))
            .into_iter()
            .filter(|href| !href.contains('?'))
            .map(|href| address_of(&href))
            .collect();
        assert_eq!(found, expected);
        for address in found {
            assert!(matches!(
                image.resolve(&Address(address)),
                Resolved::Value(_)
            ));
        }
    };
    check(
        "학생.json",
        &[
            &["학생.json", "Chan Jin"],
            &["학생.json", "Chan Jin", "a/b"],
            &["학생.json", "So?#%"],
            &["학생.json", "So?#%", ""],
        ],
    );
    check(
        "list.json",
        &[
            &["list.json", "7"],
            &["list.json", "7", "x"],
            &["list.json", "a/b"],
            &["list.json", "a/b", "x"],
        ],
    );
}

#[test]
fn members_and_elements_link_to_themselves() {
    let found = |text: &str| links_of(main_of(&page_of(text)));
    let links = found(r#"{"a":1,"b":[2],"..":3}"#);
    assert_eq!(
        links,
        ["/a.json?pretty", "/a.json/a", "/a.json/b", "/a.json/b"]
    );
    let links = found(r#"["x",null,{"id":1}]"#);
    assert_eq!(
        links,
        [
            "/a.json?pretty",
            "/a.json/0",
            "/a.json/1",
            "/a.json/2",
            "/a.json/2"
        ]
    );
}

#[test]
fn records_without_distinct_ids_link_to_their_positions() {
    let main = page_of(r#"[{"id":1,"a":1},{"id":1,"b":2}]"#);
    let links = links_of(main_of(&main));
    assert_eq!(links, ["/a.json?pretty", "/a.json/0", "/a.json/1"]);
    assert!(main.contains("<bdi>id</bdi></th>"), "{main}");
}

#[test]
fn columns_stand_in_order_of_first_appearance_and_are_bounded() {
    let page = page_of(r#"{"x":{"b":1,"a":2},"y":{"c":null,"a":"2"}}"#);
    let head = page.split("</thead>").next().unwrap();
    let at = |name: &str| head.find(&format!(">{name}</a>")).unwrap();
    assert!(at("b") < at("a") && at("a") < at("c"));
    assert!(
        page.contains("<td class=\"none\"></td>"),
        "c is missing in x"
    );
    assert!(
        page.contains("<span class=\"word\">null</span>"),
        "and null in y"
    );
    let wide: Vec<_> = (0..200).map(|n| format!("\"m{n}\":{n}")).collect();
    let page = page_of(&format!("{{\"x\":{{{}}}}}", wide.join(",")));
    let main = main_of(&page);
    assert_eq!(main.matches("scope=\"col\"").count(), 1 + 24);
    assert!(main.contains("The first 24 columns are shown"));
}

#[test]
fn rows_are_bounded_and_the_rest_is_one_link_away() {
    let records: Vec<_> = (1..=450).map(|id| format!("{{\"id\":{id}}}")).collect();
    let page = page_of(&format!("[{}]", records.join(",")));
    let main = main_of(&page);
    assert_eq!(main.matches("scope=\"row\"").count(), 200);
    assert!(main.contains("1–200 of 450"));
    assert!(links_of(main).contains(&"/a.json?_start=200&_limit=200".to_owned()));
    let page = page_of(&format!("[{}]", vec!["1"; 450].join(",")));
    let main = main_of(&page);
    assert!(main.contains("1–200 of 450; “as JSON” shows all"));
}

#[test]
fn a_part_says_which_and_links_to_the_others() {
    let value = Value::parse(b"[{\"id\":3},{\"id\":4}]").unwrap();
    let mut view = PageView {
        address: vec!["a.json".into()],
        folders: 0,
        broken: None,
        value: &value,
        children: Children::Ids,
        id_name: "id",
        first: 2,
        total: Some(1_005),
        links: PartLinks::default(),
        query: "_page=2&_per_page=2&_sort=id",
        origin: None,
    };
    view.links.previous = Some("/a.json?_page=1&_per_page=2&_sort=id".into());
    view.links.next = Some("/a.json?_page=3&_per_page=2&_sort=id".into());
    let page = value_page(&view);
    let main = main_of(&page);
    assert!(main.contains("3–4 of 1,005"));
    assert!(main.contains("collection · 1,005 records"));
    assert!(main.contains("href=\"/a.json?_page=3&amp;_per_page=2&amp;_sort=id\">next</a>"));
    assert!(main.contains("aria-sort=\"ascending\""));
    assert!(
        links_of(main).contains(&"/a.json?_per_page=2&_sort=-id".to_owned()),
        "the other order begins at its first part"
    );
}

#[test]
fn the_result_of_a_query_has_no_links_into_it() {
    let value = Value::parse(b"[[1],[2]]").unwrap();
    let image = Image::of_files([("a.json", "{\"x\":[[1],[2]]}")]);
    let place = place(&image, &["a.json"]);
    let page = value_page(&PageView {
        value: &value,
        children: Children::Unknown,
        query: "jsonpath=$.x[*]",
        ..PageView::of(&place)
    });
    let links = links_of(main_of(&page));
    assert_eq!(links, ["/a.json?jsonpath=$.x[*]&pretty", "/a.json"]);
    assert!(page.contains("<code>jsonpath=$.x[*]</code>"));
}

#[test]
fn a_huge_value_gives_a_small_page() {
    let megabyte = "가\\u202e".repeat(80_000);
    let string = format!("\"{megabyte}\"");
    let name = format!("\"{}\"", "<".repeat(100_000));
    let nested = format!("[{}]", [string.as_str(); 3].join(","));
    let row = format!("{{\"a\":{string},{name}:{nested}}}");
    let rows: Vec<_> = (0..4).map(|n| format!("\"{n}\":{row}")).collect();
    for text in [
        string.clone(),
        nested.clone(),
        format!("{{{name}:{string}}}"),
        format!("{{{}}}", rows.join(",")),
        format!(
            "{{{}}}",
            rows.join(",").replace("\"0\":{", "\"0\":1,\"10\":{")
        ),
        format!("[{}]", vec!["[\"\\u0000<<<<<<<<<<<\"]"; 60_000].join(",")),
    ] {
        let page = page_of(&text);
        main_of(&page);
        assert!(page.len() < 4 << 20, "{} from {}", page.len(), text.len());
    }
    let page = page_of(&string);
    assert!(
        page.contains("<span class=\"more\"> … "),
        "it says how much is left out"
    );
}

#[test]
fn rows_stop_when_the_page_is_large_enough() {
    let cells = (0..24).map(|n| format!("\"c{n}\":\"{}\"", "\\u0001".repeat(90)));
    let row = format!("{{{}}}", cells.collect::<Vec<_>>().join(","));
    let rows: Vec<_> = (0..200).map(|n| format!("\"{n}\":{row}")).collect();
    let page = page_of(&format!("{{{}}}", rows.join(",")));
    let main = main_of(&page);
    assert!(main.len() < 2 << 20);
    let shown = main.matches("scope=\"row\"").count();
    assert!((1..200).contains(&shown));
    assert!(
        main.contains(&format!("1–{shown} of 200")),
        "the rest is counted"
    );
    assert!(
        main.contains(&format!("_start={shown}&amp;_limit=200")),
        "and linked"
    );
}

#[test]
fn numbers_stay_as_they_are_spelled() {
    let page = page_of(r#"{"a":{"n":9007199254740993},"b":{"n":1e400},"c":{"n":-0.10}}"#);
    for spelled in ["9007199254740993", "1e400", "-0.10"] {
        assert!(page.contains(&format!("<span class=\"number\">{spelled}</span>")));
    }
}

#[test]
fn commands_are_for_the_server_that_was_asked() {
    let image = Image::of_files([
        ("it's.json", r#"{"a":{"n":"it's"}}"#),
        ("n.json", "4.50"),
        ("o.json", r#"{"a":[],"b":null,"c":"x"}"#),
    ]);
    let command = |file: &str, query: &str| {
        let place = place(&image, &[file]);
        let page = value_page(&PageView {
            origin: Some("http://localhost:12345"),
            query,
            ..PageView::of(&place)
        });
        let text = main_of(&page).replace("&#39;", "'").replace("&quot;", "\"");
        let codes = text.split("<dd><code>").skip(1);
        codes
            .map(|rest| rest.split('<').next().unwrap().replace("&amp;", "&"))
            .collect::<Vec<_>>()
    };
    let url = "http://localhost:12345/it%27s.json";
    assert_eq!(
        command("it's.json", ""),
        [
            format!("curl {url}"),
            format!("curl -H 'Accept: text/csv' {url}"),
            format!("curl -H 'Accept: application/x-ndjson' {url}"),
            format!("curl -d '{{\"new_key\":{{\"n\":\"it'\\''s\"}}}}' {url}"),
        ]
    );
    assert_eq!(
        command("it's.json", "n=1&_limit=2")[0],
        format!("curl '{url}?n=1&_limit=2'")
    );
    assert_eq!(
        command("o.json", "")[1..],
        ["curl -X PATCH -d '{\"c\":\"x\"}' http://localhost:12345/o.json"]
    );
    assert_eq!(
        command("n.json", ""),
        [
            "curl http://localhost:12345/n.json",
            "curl -X PUT -d '4.50' http://localhost:12345/n.json"
        ]
    );
}

#[test]
fn a_broken_file_says_so() {
    let image = Image::of_files([("a.json", "{\"a\":1}")]);
    let place = place(&image, &["a.json"]);
    let error = Value::parse(b"{\n  \"a\": }").unwrap_err();
    let page = value_page(&PageView {
        broken: Some(&error),
        ..PageView::of(&place)
    });
    assert!(main_of(&page).contains("broken JSON at line 2, column 8"));
}

#[test]
fn a_folder_lists_folders_first_and_links_to_all() {
    let nasty_name = NASTY.replace('\0', "");
    let image = Image::of_files([
        ("b.json", "{\"x\":{}}"),
        ("a.json", "[1,2]"),
        (nasty_name.as_str(), "null"),
    ]);
    let Entry::Folder(mut entries) = image.root.clone() else {
        panic!("it is a folder")
    };
    entries.insert("z".into(), image.root.clone());
    let Some(Entry::File(file)) = entries.get("a.json") else {
        panic!("it is a file")
    };
    let broken = jsond_store::File {
        value: None,
        broken: Some(Value::parse(b"[1,]").unwrap_err()),
        ..jsond_store::File::clone(file)
    };
    entries.insert("broken.json".into(), Entry::File(broken.into()));
    let path = ["학교".to_owned()];
    let page = folder_page(&path, &entries, None);
    let main = main_of(&page);
    let addresses: Vec<_> = links_of(main).iter().map(|href| address_of(href)).collect();
    let expected = [
        &["학교", "z", ""][..],
        &["학교", &nasty_name],
        &["학교", "a.json"],
        &["학교", "b.json"],
        &["학교", "broken.json"],
    ];
    assert_eq!(addresses, expected);
    assert!(main.contains("1 folder · 4 files"));
    assert!(main.contains("broken at line 1, column 4"));
    assert!(page.contains("<title>학교 · jsond</title>"));
}

#[test]
fn an_empty_folder_and_an_empty_collection_say_so() {
    let page = folder_page(&[], &imbl::OrdMap::new(), None);
    assert!(main_of(&page).contains("There are no .json files here yet."));
    assert!(main_of(&page_of("{}")).contains("Nothing is in it yet."));
}

#[test]
fn the_trail_links_every_step_but_the_last() {
    let image = Image::of_files([("a.json", r#"{"b":{"c":[1]}}"#)]);
    let page = value_page(&PageView::of(&place(&image, &["a.json", "b", "c"])));
    let trail = page
        .split("<nav")
        .nth(1)
        .unwrap()
        .split("</nav>")
        .next()
        .unwrap();
    assert_eq!(links_of(trail), ["/", "/a.json", "/a.json/b"]);
    assert!(trail.contains("<li aria-current=\"page\"><bdi>c</bdi></li>"));
}
