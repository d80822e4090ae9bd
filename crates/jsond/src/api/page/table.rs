//! The tables of a page: records, members of an object, elements of an array.
//!
//! Every row is a link to the resource that it shows. Rows, columns, cells and the bytes of the
//! whole are bounded, so that a page stays small whatever is in the file.

use super::cell;
use super::excerpt::Excerpt;
use super::link::{Link, parameter_of, query_with};
use super::{Children, PageView};
use crate::web::Html;
use jsond_document::{Kind, Value, id_of_value};
use std::borrow::Cow;

/// Rows of one page.
pub(super) const ROWS_MAX: usize = 200;
/// Columns of records; a record's own page has all its members.
const COLUMNS_MAX: usize = 24;
/// Members of one record that are looked at for columns.
const COLUMN_MEMBERS_MAX: usize = 256;
/// No further row is begun behind so much markup.
const TABLE_BYTES_MAX: usize = 1 << 20;
/// Characters of a cell among others.
const CELL_CHARACTERS_MAX: usize = 80;
/// A cell with a longer text is a wide one.
const LONG_CELL_BYTES: usize = 32;
/// Characters of a name.
const NAME_CHARACTERS_MAX: usize = 60;
/// Characters of a nested value that has a row for itself.
const NESTED_CHARACTERS_MAX: usize = 240;
/// Characters of a string that has a row for itself.
const STRING_CHARACTERS_MAX: usize = 4_000;
/// A name of more bytes is no column to sort by.
const SORT_NAME_BYTES_MAX: usize = 100;

/// A member or an element, as one row.
struct Row {
    /// Its name, id or number, cut.
    label: String,
    link: Link,
    value: Value,
}

/// What was shown of a value.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// How many rows.
    pub(super) rows: usize,
    /// Some cell holds an array or object.
    pub(super) nested: bool,
}

/// Renders the members or elements of a value: as records when all that are shown are objects.
pub(super) fn render(html: &mut Html, view: &PageView<'_>) -> Shown {
    let rows = rows_of(view);
    let is_object = |row: &Row| row.value.kind() == Kind::Object;
    let are_records = view.children.is_collection() || rows.iter().all(is_object);
    if rows.is_empty() {
        return Shown::default();
    }
    if are_records && rows.iter().all(is_object) {
        render_records(html, view, &rows)
    } else {
        render_members(html, view, &rows)
    }
}

fn rows_of(view: &PageView<'_>) -> Vec<Row> {
    let here = Link::to(&view.address);
    let members = view.value.members().take(ROWS_MAX).enumerate();
    let row = |(n, member): (usize, jsond_document::Member)| {
        let (label, token) = match view.children {
            Children::Ids => {
                let id = id_of_value(&member.value, view.id_name);
                (
                    id.as_deref().map_or_else(|| (n + 1).to_string(), cut_name),
                    id,
                )
            }
            _ => match &member.spelled_name {
                Some(spelled) => {
                    let label = Excerpt::of_string(spelled, NAME_CHARACTERS_MAX).to_line();
                    (label, member.name().map(Cow::into_owned))
                }
                None => (n.to_string(), Some(n.to_string())),
            },
        };
        let link = match (view.children, token) {
            (Children::Unknown, _) | (_, None) => Link::nowhere(),
            (_, Some(token)) => here.child(&token),
        };
        Row {
            label,
            link,
            value: member.value,
        }
    };
    members.map(row).collect()
}

fn cut_name(name: &str) -> String {
    Excerpt::of_text(name, NAME_CHARACTERS_MAX).to_line()
}

/// Appends a name; an empty one shows as its quotes.
pub(super) fn push_name(html: &mut Html, name: &str) {
    html.text(if name.is_empty() { "\"\"" } else { name });
}

fn scroll(html: &mut Html, class: &str, fill: impl FnOnce(&mut Html)) {
    let region = [
        ("class", "scroll"),
        ("role", "region"),
        ("aria-label", "Table"),
        ("tabindex", "0"),
    ];
    html.element("div", &region, |html| {
        html.element("table", &[("class", class)], fill);
    });
}

/// The member names of the rows in order of first appearance, without one; whether there are more.
fn columns_of(rows: &[Row], without: Option<&str>) -> (Vec<String>, bool) {
    let mut columns: Vec<String> = Vec::new();
    for row in rows {
        for member in row.value.members().take(COLUMN_MEMBERS_MAX) {
            let name = member.name().unwrap_or_default();
            if without.is_some_and(|it| it == name) || columns.iter().any(|column| *column == name)
            {
                continue;
            }
            if columns.len() == COLUMNS_MAX {
                return (columns, true);
            }
            columns.push(name.into_owned());
        }
    }
    let is_long = |row: &Row| row.value.count() > COLUMN_MEMBERS_MAX;
    let more = rows.iter().any(is_long);
    (columns, more)
}

fn render_records(html: &mut Html, view: &PageView<'_>, rows: &[Row]) -> Shown {
    let without = (view.children == Children::Ids).then_some(view.id_name);
    let (columns, more) = columns_of(rows, without);
    let mut shown = Shown::default();
    scroll(html, "records", |html| {
        html.element("thead", &[], |html| {
            html.element("tr", &[], |html| {
                head_of_key(html, view);
                for column in &columns {
                    head(html, view, column, is_numeric(rows, column));
                }
            });
        });
        html.element("tbody", &[], |html| {
            let start = html.len();
            for row in rows {
                if html.len() - start > TABLE_BYTES_MAX {
                    break;
                }
                shown.nested |= render_record(html, row, &columns);
                shown.rows += 1;
            }
        });
    });
    if more {
        let text = format!(
            "The first {} columns are shown; a record’s own page has all its members.",
            columns.len()
        );
        html.span("p", "soft", &text);
    }
    shown
}

/// The head over the links to the records.
fn head_of_key(html: &mut Html, view: &PageView<'_>) {
    let is_named = view.value.kind() == Kind::Object;
    match view.children {
        Children::Ids => head(html, view, view.id_name, false),
        _ if is_named => plain_head(html, "key"),
        _ => plain_head(html, "#"),
    }
}

fn plain_head(html: &mut Html, text: &str) {
    html.element("th", &[("scope", "col")], |html| {
        html.text(text);
    });
}

/// Numbers stand right when a column has nothing else.
fn is_numeric(rows: &[Row], column: &str) -> bool {
    let mut kinds = rows
        .iter()
        .filter_map(|row| row.value.member(column))
        .map(|value| value.kind())
        .filter(|kind| *kind != Kind::Null)
        .peekable();
    kinds.peek().is_some() && kinds.all(|kind| kind == Kind::Number)
}

/// The head of a column: a link that sorts by it, once more the other way.
fn head(html: &mut Html, view: &PageView<'_>, column: &str, is_right: bool) {
    let sort = parameter_of(view.query, "_sort").unwrap_or_default();
    let first = sort.split(',').next().unwrap_or_default();
    let order = match first.strip_prefix('-') {
        Some(name) if name == column => Some("descending"),
        None if first == column => Some("ascending"),
        _ => None,
    };
    let next = if order == Some("ascending") { "-" } else { "" };
    let mut attributes = vec![("scope", "col")];
    attributes.extend(order.map(|order| ("aria-sort", order)));
    attributes.extend(is_right.then_some(("class", "right")));
    html.element("th", &attributes, |html| {
        let href = sort_href(view, column, next);
        cell::link(html, href.as_deref(), |html| {
            push_name(html, &cut_name(column));
        });
        match order {
            Some("ascending") => html.text(" ↑"),
            Some(_) => html.text(" ↓"),
            None => html,
        };
    });
}

/// The link that sorts a collection by a member, if its name can stand in `_sort`.
fn sort_href(view: &PageView<'_>, column: &str, sign: &str) -> Option<String> {
    let is_plain = !column.is_empty()
        && column.len() <= SORT_NAME_BYTES_MAX
        && !column.starts_with('-')
        && !column.contains(['.', ',']);
    if !is_plain || !view.children.is_collection() || view.count() < 2 {
        return None;
    }
    let sort = format!("{sign}{column}");
    let query = query_with(
        view.query,
        &["_sort", "_start", "_end", "_page"],
        &[("_sort", &sort)],
    );
    Link::to(&view.address).href_with(&query)
}

/// Renders one record; says whether a cell of it is nested.
fn render_record(html: &mut Html, row: &Row, columns: &[String]) -> bool {
    let mut nested = false;
    html.element("tr", &[], |html| {
        row_head(html, row);
        for column in columns {
            let Some(value) = row.value.member(column) else {
                html.element("td", &[("class", "none")], |_| {});
                continue;
            };
            nested |= matches!(value.kind(), Kind::Array | Kind::Object);
            let excerpt = Excerpt::of_value(&value, CELL_CHARACTERS_MAX);
            let class = cell_class(&value, &excerpt);
            html.element("td", class.as_slice(), |html| {
                cell::line(html, &value, &excerpt, &row.link.child(column));
            });
        }
    });
    nested
}

/// Numbers stand right, long texts have room.
fn cell_class(value: &Value, excerpt: &Excerpt) -> Option<(&'static str, &'static str)> {
    if value.kind() == Kind::Number {
        return Some(("class", "right"));
    }
    (excerpt.text.len() > LONG_CELL_BYTES).then_some(("class", "long"))
}

fn row_head(html: &mut Html, row: &Row) {
    let mut attributes = vec![("scope", "row")];
    attributes.extend((row.label.len() > LONG_CELL_BYTES).then_some(("class", "long")));
    html.element("th", &attributes, |html| {
        cell::link(html, row.link.href().as_deref(), |html| {
            push_name(html, &row.label);
        });
    });
}

fn render_members(html: &mut Html, view: &PageView<'_>, rows: &[Row]) -> Shown {
    let is_named = view.value.kind() == Kind::Object;
    let mut shown = Shown::default();
    scroll(html, "members", |html| {
        html.element("thead", &[], |html| {
            html.element("tr", &[], |html| {
                plain_head(html, if is_named { "member" } else { "#" });
                plain_head(html, "value");
            });
        });
        html.element("tbody", &[], |html| {
            let start = html.len();
            for row in rows {
                if html.len() - start > TABLE_BYTES_MAX {
                    break;
                }
                render_member(html, row);
                shown.rows += 1;
            }
        });
    });
    shown
}

fn render_member(html: &mut Html, row: &Row) {
    html.element("tr", &[], |html| {
        row_head(html, row);
        html.element("td", &[("class", "block")], |html| match row.value.kind() {
            Kind::Array | Kind::Object => {
                let excerpt = Excerpt::of_value(&row.value, NESTED_CHARACTERS_MAX);
                cell::line(html, &row.value, &excerpt, &row.link);
            }
            _ => cell::block(html, &row.value, STRING_CHARACTERS_MAX),
        });
    });
}
