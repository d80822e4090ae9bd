//! The page of a folder: its folders, then its files, each a link to itself.

use super::link::Link;
use super::table::push_name;
use super::words::{bytes_text, count_text, counted};
use super::{cell, command, trail_of};
use crate::web::{self, Html};
use imbl::OrdMap;
use jsond_store::{Entry, File};

/// Rows of one page; the JSON listing has all.
const ROWS_MAX: usize = 2_000;

/// Renders the page of a folder.
///
/// *Shape*: `path` as in an address, `origin` as in [`super::PageView`].
pub(in crate::api) fn folder_page(
    path: &[String],
    entries: &OrdMap<String, Entry>,
    origin: Option<&str>,
) -> String {
    let is_folder = |entry: &(&String, &Entry)| matches!(entry.1, Entry::Folder(_));
    let (folders, files): (Vec<_>, Vec<_>) = entries.iter().partition(is_folder);
    let mut html = Html::new();
    html.element("h1", &[], |html| match path.last() {
        Some(name) => push_name(html, name),
        None => {
            html.text("Folder");
        }
    });
    let facts = [
        (folders.len(), "folder", "folders"),
        (files.len(), "file", "files"),
    ];
    let facts: Vec<_> = facts
        .into_iter()
        .filter(|(count, one, _)| *count > 0 || *one == "file")
        .map(|(count, one, many)| counted(count, one, many))
        .collect();
    html.span("p", "facts", &facts.join(" · "));
    let rows: Vec<_> = folders.into_iter().chain(files).collect();
    table(&mut html, path, &rows);
    command::render_folder(&mut html, path, origin);
    let title = super::title_of(path.last());
    web::page(&title, &trail_of(path, path.len()), &html)
}

fn table(html: &mut Html, path: &[String], rows: &[(&String, &Entry)]) {
    html.element("div", &[("class", "scroll")], |html| {
        if rows.is_empty() {
            html.span("p", "empty", "There are no .json files here yet.");
            return;
        }
        html.element("table", &[("class", "folder")], |html| {
            html.element("thead", &[], head);
            html.element("tbody", &[], |html| {
                let here = Link::to(path);
                for (name, entry) in rows.iter().take(ROWS_MAX) {
                    html.element("tr", &[], |html| row(html, &here, name, entry));
                }
            });
        });
    });
    if let Some(more) = rows.len().checked_sub(ROWS_MAX).filter(|more| *more > 0) {
        let text = format!("… {} more; the JSON listing has all.", count_text(more));
        html.span("p", "soft", &text);
    }
}

fn head(html: &mut Html) {
    html.element("tr", &[], |html| {
        for (text, class) in [
            ("name", ""),
            ("kind", ""),
            ("records", "right"),
            ("size", "right"),
        ] {
            html.element("th", &[("scope", "col"), ("class", class)], |html| {
                html.text(text);
            });
        }
    });
}

fn row(html: &mut Html, here: &Link, name: &str, entry: &Entry) {
    let link = here.child(name);
    let (href, slash) = match entry {
        Entry::Folder(_) => (link.folder_href(), "/"),
        Entry::File(_) => (link.href(), ""),
    };
    html.element("th", &[("scope", "row")], |html| {
        cell::link(html, href.as_deref(), |html| {
            push_name(html, name);
            html.text(slash);
        });
    });
    match entry {
        Entry::Folder(below) => {
            html.span("td", "soft", "folder");
            html.span("td", "right", &count_text(below.len()));
            html.element("td", &[("class", "none right")], |_| {});
        }
        Entry::File(file) => file_cells(html, file),
    }
}

fn file_cells(html: &mut Html, file: &File) {
    html.element("td", &[], |html| {
        if let Some(value) = &file.value {
            let kind = if file.is_collection() {
                "collection"
            } else {
                value.kind().name()
            };
            html.span("span", "soft", kind);
        }
        if let Some(error) = &file.broken {
            let kept = if file.value.is_some() {
                " · last good version"
            } else {
                ""
            };
            let text = format!(
                "broken at line {}, column {}{kept}",
                error.line, error.column
            );
            html.text(if file.value.is_some() { " " } else { "" });
            html.span("span", "bad", &text);
        } else if file.value.is_none() {
            html.span("span", "bad", "broken");
        }
    });
    let records = file.value.as_ref().filter(|_| file.is_collection());
    number_cell(html, records.map(|value| count_text(value.count())));
    number_cell(
        html,
        file.value
            .as_ref()
            .map(|value| bytes_text(value.len_bytes() + 1)),
    );
}

fn number_cell(html: &mut Html, text: Option<String>) {
    match text {
        Some(text) => html.span("td", "right", &text),
        None => html.element("td", &[("class", "none right")], |_| {}),
    };
}
