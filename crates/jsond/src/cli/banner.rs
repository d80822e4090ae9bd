//! What a person reads when the server starts: where it is, and three commands to try.

use crate::wire::Lang;
use jsond_document::{ID_NAME, Kind, Member, quote};
use jsond_store::Image;

/// Renders the banner.
pub(super) fn render(lang: Lang, path: &str, host: &str, port: u16, image: &Image) -> String {
    let files = image.files();
    let count = files.len();
    let url = format!("http://{host}:{port}");
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
    let [read, write] = examples(&url, image);
    let client = if host == "localhost" && port == 12345 {
        "jsond client".to_owned()
    } else {
        format!("jsond client {host}:{port}")
    };
    format!("{first_line}\n{try_it}\n  {read}\n  {write}\n  {client}\n{stop}\n")
}

/// A command that reads and one that writes, with names that are really there.
fn examples(url: &str, image: &Image) -> [String; 2] {
    let found = image.files().into_iter().find_map(|(path, file)| {
        let value = file.value.as_ref()?;
        let record = value.is_collection().then(|| value.members().next())??;
        let names_another = |field: &Member| field.name().is_some_and(|name| name != ID_NAME);
        let field = record.value.members().find(names_another)?;
        let key = record.name().map(std::borrow::Cow::into_owned);
        let key = key.or_else(|| jsond_document::id_of_value(&record.value))?;
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
        Some(([path, key, field], value)) if !value.contains('\'') => [
            format!("curl {url}/{path}"),
            format!("curl -X PUT -d '{value}' {url}/{path}/{key}/{field}"),
        ],
        _ => [
            format!("curl {url}/"),
            format!(
                "curl -X PUT -d '{{{}:{{}}}}' {url}/new.json",
                quote("first")
            ),
        ],
    }
}
