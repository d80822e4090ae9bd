//! Commands to copy from a page into a terminal: what this resource is to curl.

use super::excerpt::Excerpt;
use super::link::Link;
use super::{Children, PageView};
use crate::web::Html;
use jsond_document::{Kind, Member, Value, quote};

/// A longer value is no example.
const EXAMPLE_CHARACTERS_MAX: usize = 200;

/// Members that are looked at for an example.
const MEMBERS_MAX: usize = 64;

/// Stands for the server when a page does not know how it was asked for.
const UNKNOWN_ORIGIN: &str = "URL";

/// Appends the commands of a value's page; a collection with nested values has no CSV.
pub(super) fn render(html: &mut Html, view: &PageView<'_>, nested: bool) {
    let Some(path) = Link::to(&view.address).path() else {
        return;
    };
    let origin = origin_of(view.origin);
    let url = url_word(&format!("{origin}{path}"), view.query);
    let bare = url_word(&format!("{origin}{path}"), "");
    let mut commands = vec![("JSON", format!("curl {url}"))];
    if view.children.is_collection() {
        if !nested {
            commands.push(("CSV", format!("curl -H 'Accept: text/csv' {url}")));
        }
        let lines = format!("curl -H 'Accept: application/x-ndjson' {url}");
        commands.push(("A record a line", lines));
    }
    if let Some(body) = addition(view) {
        commands.push(("Add a record", format!("curl -d {} {bare}", quoted(&body))));
    }
    if let Some(body) = replacement(view) {
        commands.push((
            "Change it",
            format!("curl -X PUT -d {} {bare}", quoted(&body)),
        ));
    }
    if let Some(body) = patch(view) {
        let command = format!("curl -X PATCH -d {} {bare}", quoted(&body));
        commands.push(("Change a member", command));
    }
    push(html, &commands);
}

/// Appends the command of a folder's page.
pub(super) fn render_folder(html: &mut Html, path: &[String], origin: Option<&str>) {
    if let Some(path) = Link::to(path).path() {
        let slash = if path.ends_with('/') { "" } else { "/" };
        let url = url_word(&format!("{}{path}{slash}", origin_of(origin)), "");
        push(html, &[("JSON", format!("curl {url}"))]);
    }
}

fn push(html: &mut Html, commands: &[(&'static str, String)]) {
    html.element("footer", &[], |html| {
        html.span("h2", "", "From a terminal");
        html.element("dl", &[], |html| {
            for (label, command) in commands {
                html.span("dt", "", label);
                html.element("dd", &[], |html| {
                    html.span("code", "", command);
                });
            }
        });
    });
}

/// A record like the first, to be sent as it is.
fn addition(view: &PageView<'_>) -> Option<String> {
    if !view.query.is_empty() {
        return None;
    }
    let record = view.value.members().next()?.value;
    let text = example(&record)?;
    match view.children {
        Children::Names { collection: true } => Some(format!("{{\"new_key\":{text}}}")),
        Children::Ids => {
            let kept = record.members().filter_map(|member| {
                let spelled = String::from_utf8_lossy(member.spelled_name.as_deref()?).into_owned();
                let is_id = member.name()? == view.id_name;
                (!is_id).then(|| format!("{spelled}:{}", member.value.to_json()))
            });
            Some(format!("{{{}}}", kept.collect::<Vec<_>>().join(",")))
        }
        _ => None,
    }
}

/// The scalar itself, to be changed.
fn replacement(view: &PageView<'_>) -> Option<String> {
    let is_scalar = !matches!(view.value.kind(), Kind::Array | Kind::Object);
    is_scalar.then(|| example(view.value)).flatten()
}

/// The first member that is a scalar, to be changed in an object that is no collection.
fn patch(view: &PageView<'_>) -> Option<String> {
    if view.children != (Children::Names { collection: false }) || !view.query.is_empty() {
        return None;
    }
    let is_scalar = |member: &Member| {
        // A null in a merge patch removes.
        !matches!(member.value.kind(), Kind::Array | Kind::Object | Kind::Null)
    };
    let member = view.value.members().take(MEMBERS_MAX).find(is_scalar)?;
    let text = example(&member.value)?;
    let name = member
        .name()
        .filter(|name| name.len() <= EXAMPLE_CHARACTERS_MAX)?;
    (!Html::hides(&name)).then(|| format!("{{{}:{text}}}", quote(&name)))
}

fn example(value: &Value) -> Option<String> {
    let excerpt = Excerpt::of_compact(value, EXAMPLE_CHARACTERS_MAX);
    (excerpt.more_bytes == 0 && !Html::hides(&excerpt.text)).then_some(excerpt.text)
}

/// The server as it was asked for, if that is fit to stand in a command.
fn origin_of(origin: Option<&str>) -> &str {
    let is_fit = |origin: &&str| {
        let host = origin
            .strip_prefix("http://")
            .or_else(|| origin.strip_prefix("https://"));
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:[]_".contains(&byte);
        host.is_some_and(|host| !host.is_empty() && host.bytes().all(is_part))
    };
    origin.filter(is_fit).unwrap_or(UNKNOWN_ORIGIN)
}

/// Spells a URL as one word of a shell that curl takes as it is.
fn url_word(url: &str, query: &str) -> String {
    let mut word = url.replace('\'', "%27");
    let mut sign = '?';
    for byte in query.bytes() {
        if sign == '?' {
            word.push(sign);
            sign = '&';
        }
        // Curl reads brackets and braces as patterns, and a shell its own characters.
        if byte.is_ascii_graphic() && !b"'\"[]{}\\^`|<>".contains(&byte) {
            word.push(char::from(byte));
        } else {
            word.push_str(&format!("%{byte:02X}"));
        }
    }
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/:._%@+,=-".contains(&byte);
    if word.bytes().all(is_plain) {
        word
    } else {
        format!("'{word}'")
    }
}

/// Spells a text as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_one_word_of_a_shell() {
        assert_eq!(
            url_word("http://localhost:1/a.json", ""),
            "http://localhost:1/a.json"
        );
        assert_eq!(url_word("http://[::1]:1/a", ""), "'http://[::1]:1/a'");
        assert_eq!(url_word("URL/a'b;c$(d)", ""), "'URL/a%27b;c$(d)'");
        assert_eq!(
            url_word("URL/a", "jsonpath=$['x'][0]&b={}"),
            "'URL/a?jsonpath=$%5B%27x%27%5D%5B0%5D&b=%7B%7D'"
        );
    }

    #[test]
    fn a_text_is_one_word_of_a_shell() {
        assert_eq!(quoted("\"it's\""), "'\"it'\\''s\"'");
    }

    #[test]
    fn an_origin_that_is_none_is_not_shown() {
        assert_eq!(
            origin_of(Some("http://localhost:12345")),
            "http://localhost:12345"
        );
        assert_eq!(origin_of(Some("https://[::1]:1")), "https://[::1]:1");
        for bad in [
            "",
            "http://",
            "ftp://x",
            "http://a/b",
            "http://a'b",
            "http://a b",
            "$(x)",
        ] {
            assert_eq!(origin_of(Some(bad)), UNKNOWN_ORIGIN, "{bad}");
        }
    }
}
