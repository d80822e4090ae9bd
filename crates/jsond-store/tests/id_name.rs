//! Members of other names as ids: what survives a restart with the same names and with others, what
//! a hand's edit merges by, and that every large array stays indexed by its own name.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod support;

use jsond_document::{IdRule, Json, Kind, Patch, Value};
use jsond_store::medium::MemoryMedium;
use jsond_store::{Edit, Image, Outcome, Settings, Store};
use support::{
    accept, add, address, disk, mutation, names_with, open, open_by, open_with, put, text_at, wait,
};

const SLUG: &[&str] = &["posts=slug"];
const POSTS: &str = r#"[{"slug":"x","id":"y","n":0},{"slug":"y","id":"x","n":0}]"#;

fn medium() -> MemoryMedium {
    let medium = MemoryMedium::new();
    medium.put("posts.json", POSTS.as_bytes());
    medium
}

/// What is left when a store is killed whose checkpoints could not be written.
fn killed_behind(posts: &str, words: &[&str], write: impl Fn(&Store)) -> MemoryMedium {
    let medium = MemoryMedium::new();
    medium.put("posts.json", posts.as_bytes());
    let store = open_by(&medium, words);
    medium.refuse("posts.json.jsond-");
    write(&store);
    let left = medium.after_kill();
    store.stop();
    left
}

/// Every array of the image is indexed by the name that rules it, however it came to be there.
#[track_caller]
fn check_index(image: &Image) {
    fn check(value: &Value, ids: &IdRule) {
        let kind = value.kind();
        assert!(value.is_indexed_by(ids.id_name()), "by {}", ids.id_name());
        for member in value.members() {
            let name = member.name();
            let below = ids.child(kind, name.as_deref().unwrap_or_default());
            check(&member.value, &below);
        }
    }
    for (path, file) in image.files() {
        let name = path.last().map_or("", String::as_str);
        assert_eq!(file.ids.id_name(), image.ids.of(name), "{name}");
        check(file.value.as_ref().unwrap(), &file.ids);
    }
}

#[test]
fn a_write_by_slug_survives_a_kill_whatever_the_names_are_then() {
    let expected = r#"[{"slug":"x","id":"y","n":1},{"slug":"y","id":"x","n":0},{"slug":"z"}]"#;
    for words in [SLUG, &[], &["n"], &["_id", "posts=n"]] {
        let left = killed_behind(POSTS, SLUG, |store| {
            accept(store, put("posts.json/x/n", "1"));
            accept(store, put("posts.json/z", "{}"));
        });
        let store = open_by(&left, words);
        assert_eq!(text_at(&store, "posts.json").unwrap(), expected);
        check_index(&store.image());
        assert!(store.stop(), "{words:?}");
        assert_eq!(disk(&left, "posts.json"), expected, "{words:?}");
        let store = open_by(&left, words);
        assert_eq!(text_at(&store, "posts.json").unwrap(), expected);
        store.stop();
    }
}

#[test]
fn a_write_by_slug_lands_in_its_record_on_an_edited_file_whatever_the_names_are_then() {
    // The id of each record is the slug of the other: an address read by the wrong member changes
    // the wrong record. One address looks like an index, and so is not written out.
    let posts = r#"[{"slug":"0","id":"1","n":0},{"slug":"1","id":"0","n":0}]"#;
    let edited =
        r#"[{"slug":"h","id":"h"},{"slug":"1","id":"0","n":0},{"slug":"0","id":"1","n":0}]"#;
    let expected =
        r#"[{"slug":"h","id":"h"},{"slug":"1","id":"0","n":0},{"slug":"0","id":"1","n":7}]"#;
    let run = |before: &[&str], path: &str, after: &[&str]| {
        let left = killed_behind(posts, before, |store| accept(store, put(path, "7")));
        left.put("posts.json", edited.as_bytes());
        let store = open_by(&left, after);
        let found = text_at(&store, "posts.json").unwrap();
        check_index(&store.image());
        store.stop();
        assert_eq!(names_with(&left, ".patch"), [""; 0]);
        found
    };
    for after in [SLUG, &[], &["n"]] {
        assert_eq!(run(SLUG, "posts.json/0/n", after), expected, "{after:?}");
        assert_eq!(run(&[], "posts.json/1/n", after), expected, "{after:?}");
    }
}

#[test]
fn an_edit_by_hand_and_a_write_merge_by_the_slug() {
    let medium = medium();
    let store = open_by(&medium, SLUG);
    let hand = POSTS.replace(r#""id":"y","n":0"#, r#""id":"y","n":5"#);
    medium.put("posts.json", hand.as_bytes());
    accept(&store, put("posts.json/y/n", "6"));
    accept(&store, put("posts.json/z", "{}"));
    assert!(store.settle());
    let expected = r#"[{"slug":"x","id":"y","n":5},{"slug":"y","id":"x","n":6},{"slug":"z"}]"#;
    assert_eq!(text_at(&store, "posts.json").unwrap(), expected);
    assert_eq!(disk(&medium, "posts.json"), expected);
    assert_eq!(names_with(&medium, ".conflict"), [""; 0]);
    check_index(&store.image());
    store.stop();
}

#[test]
fn without_the_names_a_journal_has_no_word_of_them() {
    let journal_of = |words: &[&str]| {
        let left = killed_behind(POSTS, words, |store| {
            accept(store, put("posts.json/x/n", "1"));
        });
        let names = support::segments(&left);
        disk(&left, &format!(".jsond/{}", names[0]))
    };
    assert!(journal_of(SLUG).contains(r#""address":"/posts.json/x/n","ids":["posts=slug"]"#));
    let plain = journal_of(&[]);
    assert!(
        plain.contains(r#""address":"/posts.json/x/n","value""#),
        "{plain}"
    );
}

#[test]
fn the_root_of_a_single_file_is_called_by_the_name_of_the_file() {
    let medium = MemoryMedium::new();
    medium.put("posts.json", POSTS.as_bytes());
    let settings = Settings {
        ids: jsond_document::IdNames::parse(SLUG.iter().copied()).unwrap(),
        ..Settings::default()
    };
    let store = open_with(&medium, Some("posts.json"), &settings).unwrap();
    accept(&store, put("x/n", "1"));
    assert_eq!(text_at(&store, "x/id").unwrap(), "\"y\"");
    store.stop();
    assert!(disk(&medium, "posts.json").starts_with(r#"[{"slug":"x","id":"y","n":1}"#));
}

fn many(count: usize) -> String {
    let record = |n| format!(r#"{{"slug":"s{n}","_id":"_{n}","id":{n},"pad":"{n:040}"}}"#);
    let records: Vec<_> = (0..count).map(record).collect();
    format!("[{}]", records.join(","))
}

fn patch(path: &str, text: &str) -> jsond_store::Mutation {
    let patch = Patch::parse(&Json::parse(text.as_bytes()).unwrap()).unwrap();
    mutation(path, Edit::Patch(patch))
}

#[test]
fn every_large_array_stays_indexed_by_its_own_name() {
    let medium = MemoryMedium::new();
    let names: &[&str] = &["posts=slug", "users=_id"];
    medium.put("posts.json", many(500).as_bytes());
    let db = format!(
        r#"{{"posts":{},"deep":{{"users":{}}}}}"#,
        many(400),
        many(300)
    );
    medium.put("db.json", db.as_bytes());
    let store = open_by(&medium, names);
    let step = |mutation| {
        accept(&store, mutation);
        check_index(&store.image());
    };
    check_index(&store.image());
    step(put("posts.json/s7/pad", "1"));
    step(put("posts.json/new", "{}"));
    step(mutation("posts.json/s8", Edit::Remove));
    step(put("users.json", &many(600)));
    step(put("db.json/users", &many(600)));
    step(add("db.json/posts", None, "{}"));
    let root = |text: &str| {
        let mutation = patch("", text);
        jsond_store::Mutation {
            address: jsond_store::Address::default(),
            ..mutation
        }
    };
    step(root(
        r#"[{"op":"move","from":"/posts.json","path":"/users.json"}]"#,
    ));
    step(root(
        r#"[{"op":"copy","from":"/users.json","path":"/other.json"}]"#,
    ));
    step(root(
        r#"[{"op":"copy","from":"/db.json/deep","path":"/db.json/posts/0/deep"}]"#,
    ));
    step(patch(
        "db.json",
        r#"[{"op":"move","from":"/posts","path":"/users"}]"#,
    ));
    let text = format!(
        r#"{{"posts":{},"users":null,"deep":{{"posts":[]}}}}"#,
        many(300)
    );
    let merge = Value::parse(text.as_bytes()).unwrap();
    step(mutation("db.json", Edit::Merge(merge)));
    step(put("small.json", r#"{"posts":[]}"#));
    for n in 0..40 {
        let text = format!(r#"{{"pad":"{n:0400}"}}"#);
        step(add("small.json/posts", None, &text));
    }
    let posts = store.image();
    let jsond_store::Resolved::Value(place) = posts.resolve(&address("small.json/posts")) else {
        panic!("it is there")
    };
    assert!(place.has_ids() && place.id_name() == "slug" && place.value.len_bytes() > 16_000);
    assert_eq!(text_at(&store, "small.json/posts/40/slug").unwrap(), "40");
    let image = store.image();
    assert!(store.stop());
    let store = open_by(&medium, names);
    check_index(&store.image());
    for (path, file) in store.image().files() {
        assert_eq!(image.file(&path).unwrap().value, file.value, "{path:?}");
    }
    store.stop();
    let store = open(&medium);
    check_index(&store.image());
    store.stop();
}

#[test]
fn a_record_keeps_the_slug_in_its_address_and_may_change_its_id() {
    let medium = medium();
    let store = open_by(&medium, SLUG);
    let refused = |mutation| {
        let Ok(Outcome::Rejected(rejection)) = wait(store.submit(mutation)) else {
            panic!("it is refused")
        };
        rejection.to_string()
    };
    let merge = |text: &str| Edit::Merge(Value::parse(text.as_bytes()).unwrap());
    let words = "a record keeps the id in its address; \"b\" is another";
    assert_eq!(refused(put("posts.json/x", r#"{"slug":"b"}"#)), words);
    assert_eq!(
        refused(mutation("posts.json/x", merge(r#"{"slug":"b"}"#))),
        words
    );
    assert!(refused(put("posts.json/x/slug", "\"b\"")).starts_with("a record keeps"));
    assert!(refused(mutation("posts.json/x/slug", Edit::Remove)).starts_with("a record keeps"));
    assert!(refused(put("posts.json/c", r#"{"slug":"d"}"#)).starts_with("a record keeps"));
    assert!(refused(add("posts.json", None, r#"{"slug":"x"}"#)).starts_with("there is a record"));
    accept(&store, put("posts.json/x/id", "\"free\""));
    accept(&store, mutation("posts.json/y", merge(r#"{"id":null}"#)));
    let expected = r#"[{"slug":"x","id":"free","n":0},{"slug":"y","n":0}]"#;
    assert_eq!(text_at(&store, "posts.json").unwrap(), expected);
    assert!(matches!(store.image().resolve(&address("posts.json/free")),
        jsond_store::Resolved::Absent { parent, .. } if parent.value.kind() == Kind::Array));
    store.stop();
}
