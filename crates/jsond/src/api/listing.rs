//! The listing of a folder: an object of name to kind, records, size and tag.

use crate::api::conditional::Tag;
use imbl::OrdMap;
use jsond_document::{Json, quote};
use jsond_store::{Entry, File};

/// Renders the listing of a folder.
pub(super) fn render(entries: &OrdMap<String, Entry>) -> Json {
    let members: Vec<_> = entries
        .iter()
        .map(|(name, entry)| {
            let text = match entry {
                Entry::Folder(below) => {
                    format!("{{\"kind\":\"folder\",\"records\":{}}}", below.len())
                }
                Entry::File(file) => render_file(file),
            };
            format!("{}:{text}", quote(name))
        })
        .collect();
    let text = format!("{{{}}}", members.join(","));
    Json::parse(text.as_bytes()).expect("INVARIANT: an object of objects")
}

fn render_file(file: &File) -> String {
    let Some(value) = &file.value else {
        return "{\"kind\":\"broken\"}".to_owned();
    };
    let is_collection = file.is_collection();
    let kind = if is_collection {
        "collection"
    } else {
        value.kind().name()
    };
    let records = if is_collection {
        value.count().to_string()
    } else {
        "null".to_owned()
    };
    format!(
        "{{\"kind\":\"{kind}\",\"records\":{records},\"bytes\":{},\"etag\":{}}}",
        value.len_bytes() + 1,
        quote(&Tag::of(value.digest()).to_string())
    )
}
