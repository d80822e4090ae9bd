//! The HTML representation of folders and values: pages of links that need no script.
//!
//! Pure: from what a reader found to a text. Everything on a page links to the resource that it
//! shows, everything is escaped by the markup's own type (`web::Html`), and everything is bounded,
//! so that a file of any size gives a small page. The shell and the stylesheet are the room `web`'s.

mod cell;
mod command;
mod excerpt;
mod folder;
mod json_text;
mod link;
mod table;
#[cfg(test)]
mod tests;
mod words;

pub(super) use folder::folder_page;

use crate::api::part_link::PartLinks;
use crate::web::{self, Html};
use excerpt::Excerpt;
use jsond_document::{Kind, SyntaxError, Value};
use jsond_store::Place;
use link::{Link, own_href, query_with};
use table::push_name;
use words::{bytes_text, count_text, counted};

/// Characters of a string on its own page.
const WHOLE_CHARACTERS_MAX: usize = 64 << 10;
/// Characters of a name in a heading, and of a step of the trail.
const HEADING_CHARACTERS_MAX: usize = 120;
/// Characters of a query that is shown.
const QUERY_CHARACTERS_MAX: usize = 300;
/// The parameters that choose a part; a link to another part leaves them out.
const PART_PARAMETERS: &[&str] = &["_start", "_end", "_limit", "_page", "_per_page"];

/// How the members or elements of a shown value are addressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Children {
    /// By their names; in a collection they are records.
    Names {
        /// The object is a collection.
        collection: bool,
    },
    /// By their ids: the array is a collection.
    Ids,
    /// By their positions.
    Indices,
    /// Not at all: the value is the result of a query and lies somewhere else.
    Unknown,
}

impl Children {
    /// Tells how the children of a stored value are addressed.
    pub(super) fn of(place: &Place) -> Self {
        let collection = place.is_collection();
        match place.value.kind() {
            Kind::Object => Self::Names { collection },
            Kind::Array if collection => Self::Ids,
            Kind::Array => Self::Indices,
            _ => Self::Unknown,
        }
    }

    /// Whether the children are records.
    fn is_collection(self) -> bool {
        matches!(self, Self::Names { collection: true } | Self::Ids)
    }
}

/// What a page of a value shows.
#[derive(Debug, Clone)]
pub(super) struct PageView<'a> {
    /// The canonical address.
    pub(super) address: Vec<String>,
    /// How many of its tokens are folders.
    pub(super) folders: usize,
    /// What is wrong with the file on disk, while an older version is shown.
    pub(super) broken: Option<&'a SyntaxError>,
    /// The value, or what a query left of it.
    pub(super) value: &'a Value,
    /// How its children are addressed: [`Children::of`] the stored value, whatever a query left.
    pub(super) children: Children,
    /// The member that identifies the records of an array.
    pub(super) id_name: &'a str,
    /// The position of the first record that is shown, from 0.
    pub(super) first: usize,
    /// How many records there are in all parts; none when the value is whole.
    pub(super) total: Option<usize>,
    /// Links to the other parts.
    pub(super) links: PartLinks,
    /// The query of the request as it was sent, without the question mark.
    pub(super) query: &'a str,
    /// The server as the request named it, such as `http://localhost:12345`, for commands to copy.
    pub(super) origin: Option<&'a str>,
}

impl<'a> PageView<'a> {
    /// Shows a place whole; the one who asks for less changes the fields.
    pub(super) fn of(place: &'a Place) -> Self {
        Self {
            address: place.canonical().0,
            folders: place.file_path.len().saturating_sub(1),
            broken: place.file.broken.as_ref(),
            value: &place.value,
            children: Children::of(place),
            id_name: place.id_name(),
            first: 0,
            total: None,
            links: PartLinks::default(),
            query: "",
            origin: None,
        }
    }

    /// How many records or members there are in all parts.
    fn count(&self) -> usize {
        self.total.unwrap_or_else(|| self.value.count())
    }

    fn is_scalar(&self) -> bool {
        !matches!(self.value.kind(), Kind::Array | Kind::Object)
    }
}

/// Renders the page of a value.
///
/// *Cost*: bounded by what is shown, whatever the size of the value.
pub(super) fn value_page(view: &PageView<'_>) -> String {
    let mut html = Html::new();
    let name = view.address.last();
    html.element("h1", &[], |html| match name {
        Some(name) => push_name(html, &cut(name)),
        None => {
            html.text("Document");
        }
    });
    facts(&mut html, view);
    notes(&mut html, view);
    let mut nested = false;
    if view.is_scalar() {
        html.element("div", &[("class", "whole")], |html| {
            cell::block(html, view.value, WHOLE_CHARACTERS_MAX);
        });
    } else {
        nested = children(&mut html, view);
    }
    json_section(&mut html, view);
    command::render(&mut html, view, nested);
    web::page(
        &title_of(name),
        &trail_of(&view.address, view.folders),
        &html,
    )
}

/// Names a page in the browser's tab.
fn title_of(name: Option<&String>) -> String {
    match name.map(String::as_str) {
        None => "jsond".to_owned(),
        Some("") => "\"\" · jsond".to_owned(),
        Some(name) => format!("{} · jsond", cut(name)),
    }
}

fn cut(name: &str) -> String {
    Excerpt::of_text(name, HEADING_CHARACTERS_MAX).to_line()
}

/// Renders the way from the root to an address, each step a link; the last one is this page.
fn trail_of(address: &[String], folders: usize) -> Html {
    let mut html = Html::new();
    html.element("li", &[("class", "home")], |html| {
        html.element("a", &[("href", "/")], |html| {
            html.text("jsond");
        });
    });
    for (n, token) in address.iter().enumerate() {
        let link = Link::to(&address[..=n]);
        let href = if n < folders {
            link.folder_href()
        } else {
            link.href()
        };
        let is_last = n + 1 == address.len();
        let current = [("aria-current", "page")];
        html.element("li", if is_last { &current } else { &[] }, |html| {
            let href = href.filter(|_| !is_last);
            cell::link(html, href.as_deref(), |html| push_name(html, &cut(token)));
        });
    }
    html
}

/// Says in a line what the value is.
fn facts(html: &mut Html, view: &PageView<'_>) {
    let count = view.count();
    let what = match (view.children, view.value.kind()) {
        (children, _) if children.is_collection() => {
            format!("collection · {}", counted(count, "record", "records"))
        }
        (Children::Unknown, Kind::Array) => {
            format!("result · {}", counted(count, "value", "values"))
        }
        (_, Kind::Array) => format!("array · {}", counted(count, "element", "elements")),
        (_, Kind::Object) => format!("object · {}", counted(count, "member", "members")),
        (_, kind) => kind.name().to_owned(),
    };
    html.element("p", &[("class", "facts")], |html| {
        html.text(&what);
        if view.query.is_empty() {
            let size = bytes_text(view.value.len_bytes() + 1);
            html.text(&format!(" · {size}"));
        }
        let query = query_with(view.query, &["pretty"], &[]);
        let separator = if query.is_empty() { "" } else { "&" };
        let query = format!("{query}{separator}pretty");
        if let Some(href) = Link::to(&view.address).href_with(&query) {
            html.text(" · ");
            html.element(
                "a",
                &[("href", &href), ("type", "application/json")],
                |html| {
                    html.text("as JSON");
                },
            );
        }
    });
}

/// Says what a reader must know before the value: a broken file, a query.
fn notes(html: &mut Html, view: &PageView<'_>) {
    if let Some(error) = view.broken {
        let text = format!(
            "The file on disk is broken JSON at line {}, column {}. This is the last good version; \
             nothing is written to the file until it is mended.",
            error.line, error.column
        );
        html.span("p", "note bad", &text);
    }
    if !view.query.is_empty() {
        let query = Excerpt::of_text(&link::read(view.query), QUERY_CHARACTERS_MAX);
        html.element("p", &[("class", "note")], |html| {
            html.text("Query ")
                .span("code", "", &query.to_line())
                .text(" · ");
            let href = Link::to(&view.address).href();
            cell::link(html, href.as_deref(), |html| {
                html.text("show all");
            });
        });
    }
}

/// Renders the members or elements; says whether records have nested values.
fn children(html: &mut Html, view: &PageView<'_>) -> bool {
    if view.value.count() == 0 {
        html.element("div", &[("class", "scroll")], |html| {
            html.span("p", "empty", empty_text(view));
        });
        parts(html, view, 0);
        return false;
    }
    let shown = table::render(html, view);
    parts(html, view, shown.rows);
    shown.nested
}

fn empty_text(view: &PageView<'_>) -> &'static str {
    if view.query.is_empty() {
        "Nothing is in it yet."
    } else {
        "Nothing here matches."
    }
}

/// Says which part is shown, with links to the others.
fn parts(html: &mut Html, view: &PageView<'_>, rows: usize) {
    let (here, count) = (view.value.count(), view.count());
    let next = if rows < here && view.children.is_collection() {
        cut_next(view, rows)
    } else {
        view.links.next.clone()
    };
    let links = [
        ("first", &view.links.first),
        ("previous", &view.links.previous),
        ("next", &next),
        ("last", &view.links.last),
    ];
    let links = links.map(|(name, href)| (name, href.as_deref().and_then(own_href)));
    if rows == count && links.iter().all(|(_, href)| href.is_none()) {
        return;
    }
    html.element(
        "nav",
        &[("class", "pages"), ("aria-label", "Parts")],
        |html| {
            html.span("span", "soft", &range_text(view, rows));
            for (name, href) in links {
                if let Some(href) = href {
                    html.element("a", &[("href", href)], |html| {
                        html.text(name);
                    });
                }
            }
        },
    );
}

fn range_text(view: &PageView<'_>, rows: usize) -> String {
    let count = view.count();
    let first = view.first + 1;
    let last = view.first + rows;
    if rows == 0 {
        return format!("none of {}", count_text(count));
    }
    let range = format!(
        "{}–{} of {}",
        count_text(first),
        count_text(last),
        count_text(count)
    );
    if rows < view.value.count() && !view.children.is_collection() {
        return format!("{range}; “as JSON” shows all");
    }
    range
}

/// The link to the records behind those that a page of ours has room for.
fn cut_next(view: &PageView<'_>, rows: usize) -> Option<String> {
    let start = (view.first + rows).to_string();
    let limit = table::ROWS_MAX.to_string();
    let with = [("_start", start.as_str()), ("_limit", limit.as_str())];
    Link::to(&view.address).href_with(&query_with(view.query, PART_PARAMETERS, &with))
}

/// Shows the text of a value that is no collection, when it is short and says more than the table.
fn json_section(html: &mut Html, view: &PageView<'_>) {
    let value = view.value;
    if !json_text::has_room(value) {
        return;
    }
    let is_shown = match value.kind() {
        Kind::Array | Kind::Object => !view.children.is_collection() && value.count() > 0,
        Kind::String => value.to_json().as_bytes().contains(&b'\\'),
        _ => false,
    };
    if is_shown {
        html.span("h2", "", "As JSON text");
        json_text::render(html, value);
    }
}
