//! The page that lists the resources.

use super::{Rules, resource};
use crate::api::resource::path_of;
use crate::web::{self, Html};
use jsond_document::Kind;
use jsond_store::{Address, Image};

/// Rows of the page; nobody looks at more.
const ROWS_MAX: usize = 2_000;

/// Renders the page.
pub(super) fn page(image: &Image, rules: &Rules) -> String {
    let resources = resource::all(image);
    let mut html = Html::new();
    html.element("h1", &[], |html| {
        html.text("Resources");
    });
    let facts = match resources.len() {
        1 => "1 resource".to_owned(),
        count => format!("{count} resources"),
    };
    html.span("p", "facts", &facts);
    html.element("div", &[("class", "scroll")], |html| {
        if resources.is_empty() {
            html.span("p", "empty", "There are no resources here yet.");
            return;
        }
        html.element("table", &[("class", "folder")], |html| {
            html.element("tbody", &[], |html| {
                for (name, place) in resources.iter().take(ROWS_MAX) {
                    let what = match place.value.kind() {
                        Kind::Array => counted(place.value.count()),
                        kind => kind.name().to_owned(),
                    };
                    row(html, name, &what);
                }
            });
        });
    });
    if !rules.rewrites.is_empty() {
        html.element("h2", &[], |html| {
            html.text("Rewrite rules");
        });
        html.element("table", &[("class", "folder")], |html| {
            html.element("tbody", &[], |html| {
                for (from, to) in rules.rewrites.pairs() {
                    html.element("tr", &[], |html| {
                        for text in [from, to] {
                            html.element("td", &[], |html| {
                                html.text(text);
                            });
                        }
                    });
                }
            });
        });
    }
    web::page("Resources", &Html::new(), &html)
}

fn counted(count: usize) -> String {
    match count {
        1 => "1 item".to_owned(),
        count => format!("{count} items"),
    }
}

fn row(html: &mut Html, name: &str, what: &str) {
    let target = path_of(&Address(vec![name.to_owned()]));
    html.element("tr", &[], |html| {
        html.element("td", &[], |html| {
            html.element("a", &[("href", &target)], |html| {
                html.text(&format!("/{name}"));
            });
        });
        html.element("td", &[], |html| {
            html.text(what);
        });
    });
}
