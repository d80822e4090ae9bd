//! The listing of a folder: an object of name to kind, records, size and tag.
//!
//! Every entry has the same members; what there is none of is null.

use crate::api::conditional::Tag;
use imbl::OrdMap;
use jsond_document::{Json, quote};
use jsond_store::{Entry, File, folder_digest};

/// Renders the listing of a folder.
pub(super) fn render(entries: &OrdMap<String, Entry>) -> Json {
    Json::parse(text_of(entries).as_bytes()).expect("INVARIANT: an object of objects")
}

fn text_of(entries: &OrdMap<String, Entry>) -> String {
    let members: Vec<_> = entries
        .iter()
        .map(|(name, entry)| {
            let text = match entry {
                Entry::Folder(below) => render_folder(below),
                Entry::File(file) => render_file(file),
            };
            format!("{}:{text}", quote(name))
        })
        .collect();
    format!("{{{}}}", members.join(","))
}

fn render_folder(entries: &OrdMap<String, Entry>) -> String {
    let bytes = text_of(entries).len() + 1;
    let tag = Tag::of(folder_digest(entries));
    render_entry("folder", Some(entries.len()), Some((bytes, tag)))
}

fn render_file(file: &File) -> String {
    let Some(value) = &file.value else {
        return render_entry("broken", None, None);
    };
    let is_collection = file.is_collection();
    let kind = if is_collection {
        "collection"
    } else {
        value.kind().name()
    };
    let records = is_collection.then(|| value.count());
    let representation = (value.len_bytes() + 1, Tag::of(value.digest()));
    render_entry(kind, records, Some(representation))
}

/// The size and the tag are those of what a GET answers.
fn render_entry(
    kind: &str,
    records: Option<usize>,
    representation: Option<(usize, Tag)>,
) -> String {
    let null = || "null".to_owned();
    let records = records.map_or_else(null, |it| it.to_string());
    let (bytes, tag) = representation.map_or_else(
        || (null(), null()),
        |(bytes, tag)| (bytes.to_string(), quote(&tag.to_string())),
    );
    format!("{{\"kind\":\"{kind}\",\"records\":{records},\"bytes\":{bytes},\"etag\":{tag}}}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsond_store::Image;

    #[test]
    fn every_entry_has_the_four_members_and_they_are_those_of_its_answer() {
        let below = Image::of_files([("x.json", "[1]")]).root;
        let image = Image::of_files([("a.json", r#"{"k":{"n":1}}"#), ("b.json", "3")]);
        let mut entries = image.folder(&[]).unwrap().clone();
        entries.insert("sub".to_owned(), below);
        let listing = render(&entries);
        let member = |name: &str, what: &str| {
            listing
                .member(name)
                .unwrap()
                .member(what)
                .unwrap()
                .to_string()
        };
        assert_eq!(member("a.json", "kind"), "\"collection\"");
        assert_eq!(member("a.json", "records"), "1");
        assert_eq!(member("a.json", "bytes"), "14");
        assert_eq!(member("b.json", "kind"), "\"number\"");
        assert_eq!(member("b.json", "records"), "null");
        assert_eq!(member("sub", "kind"), "\"folder\"");
        assert_eq!(member("sub", "records"), "1");
        let Entry::Folder(below) = &entries["sub"] else {
            panic!("it is a folder")
        };
        assert_eq!(
            member("sub", "bytes"),
            (render(below).as_bytes().len() + 1).to_string()
        );
        assert_eq!(
            member("sub", "etag"),
            quote(&Tag::of(folder_digest(below)).to_string())
        );
    }
}
