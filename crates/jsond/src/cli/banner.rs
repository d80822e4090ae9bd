//! What a person reads when the server starts: where it is, and three commands to try.

use crate::wire::Lang;
use jsond_document::{Kind, Member, Value, id_of_value};
use jsond_store::Image;
use std::path::Path;

/// Where the server is.
pub(super) struct Place<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
    /// TLS is spoken, with a certificate that is in this file if nobody vouches for it.
    pub(super) tls: Option<Option<&'a Path>>,
}

/// Renders the banner.
pub(super) fn render(lang: Lang, path: &str, place: &Place<'_>, image: &Image) -> String {
    let Place { host, port, tls } = *place;
    let files = image.files();
    let count = files.len();
    let scheme = if tls.is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{host}:{port}");
    let version = env!("CARGO_PKG_VERSION");
    let first_line = match lang {
        Lang::En => {
            let plural = if count == 1 { "" } else { "s" };
            format!("jsond {version} serves {path} ({count} file{plural}) at {url}/")
        }
        Lang::Ko => format!("jsond {version}: {path} (파일 {count}개)를 {url}/ 에서 제공합니다"),
    };
    let try_it = lang.choose("Try, in another terminal:", "다른 터미널에서 해 보세요:");
    let stop = lang.choose("Ctrl-C stops.", "Ctrl-C 로 끝냅니다.");
    let curl = match tls.flatten() {
        Some(certificate) => format!("curl --cacert {}", certificate.display()),
        None => "curl".to_owned(),
    };
    let [read, write] = examples(&url, image).map(|line| line.replacen("curl", &curl, 1));
    let client = if tls.is_some() {
        return format!("{first_line}\n{try_it}\n  {read}\n  {write}\n{stop}\n");
    } else if host == "localhost" && port == 12345 {
        "jsond client".to_owned()
    } else {
        format!("jsond client {host}:{port}")
    };
    format!("{first_line}\n{try_it}\n  {read}\n  {write}\n  {client}\n{stop}\n")
}

/// Resources of the banner of another server; the page at the root has all.
const RESOURCES_MAX: usize = 20;

/// Renders the banner of a server that behaves as another.
pub(super) fn render_like(
    lang: Lang,
    path: &str,
    name: &str,
    place: &Place<'_>,
    image: &Image,
) -> String {
    let Place { host, port, tls } = *place;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{host}:{port}");
    let version = env!("CARGO_PKG_VERSION");
    let mut text = match lang {
        Lang::En => format!("jsond {version} serves {path} as {name} does, at {url}/\n"),
        Lang::Ko => {
            format!("jsond {version}: {path} 를 {name} 처럼 {url}/ 에서 제공합니다\n")
        }
    };
    let root = image.file(&[]).and_then(|file| file.value.clone());
    let names: Vec<_> = match root.filter(|it| it.kind() == Kind::Object) {
        Some(root) => root
            .members()
            .filter_map(|it| it.name().map(std::borrow::Cow::into_owned))
            .collect(),
        None => Vec::new(),
    };
    for name in names.iter().take(RESOURCES_MAX) {
        text.push_str(&format!("  {url}/{}\n", name.escape_debug()));
    }
    if names.len() > RESOURCES_MAX {
        text.push_str("  …\n");
    }
    text.push_str(lang.choose("Ctrl-C stops.\n", "Ctrl-C 로 끝냅니다.\n"));
    text
}

/// A command that reads and one that writes, with names that are really there.
fn examples(url: &str, image: &Image) -> [String; 2] {
    let found = image.files().into_iter().find_map(|(path, file)| {
        let value = file.value.as_ref()?;
        let record = file.is_collection().then(|| value.members().next())??;
        let id_name = file.ids.id_name();
        let names_another = |field: &Member| field.name().is_some_and(|name| name != id_name);
        let field = record.value.members().find(names_another)?;
        let key = record.name().map(std::borrow::Cow::into_owned);
        let key = key.or_else(|| id_of_value(&record.value, id_name))?;
        let plain = matches!(
            field.value.kind(),
            Kind::String | Kind::Number | Kind::Boolean
        );
        let words = [path.join("/"), key, field.name()?.into_owned()];
        let simple = |word: &String| {
            word.chars()
                .all(|it| it.is_alphanumeric() || "._-/".contains(it))
        };
        (plain && words.iter().all(simple)).then(|| (words, field.value.to_json().to_string()))
    });
    match found {
        Some(([path, key, field], value)) if !value.contains('\'') => {
            // The root of a single file has no path.
            let file = format!("{url}/{path}");
            let file = file.trim_end_matches('/');
            [
                format!("curl {file}"),
                format!("curl -X PUT -d '{value}' {file}/{key}/{field}"),
            ]
        }
        _ => [format!("curl {url}/"), first_write(url, image)],
    }
}

/// A command that makes something where there is nothing to change yet.
fn first_write(url: &str, image: &Image) -> String {
    let root = image.file(&[]).and_then(|file| file.value.as_ref());
    match root.map(Value::kind) {
        None => format!("curl -X PUT -d '{{\"first\":{{}}}}' {url}/new.json"),
        Some(Kind::Object) => format!("curl -X PUT -d '{{}}' {url}/first"),
        Some(Kind::Array) => format!("curl -d '{{}}' {url}/"),
        Some(_) => format!("curl -X PUT -d '{{}}' {url}/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsond_store::Entry;

    fn check(root: &str, expected: [&str; 2]) {
        let folder = Image::of_files([("db.json", root)]);
        let file = folder.file(&["db.json".to_owned()]).unwrap();
        let image = Image {
            root: Entry::File(std::sync::Arc::clone(file)),
            ..folder.clone()
        };
        assert_eq!(examples("U", &image), expected, "{root}");
    }

    #[test]
    fn the_commands_of_a_single_file_name_what_is_there() {
        check(
            r#"[{"id":1,"t":"x"}]"#,
            ["curl U", "curl -X PUT -d '\"x\"' U/1/t"],
        );
        check(r#"{"a":{"t":2}}"#, ["curl U", "curl -X PUT -d '2' U/a/t"]);
        check("[]", ["curl U/", "curl -d '{}' U/"]);
        check(r#"{"a":1}"#, ["curl U/", "curl -X PUT -d '{}' U/first"]);
    }
}
