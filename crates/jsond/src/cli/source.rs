//! A file of JSON5: read, held in memory as the JSON that it means, and never written, because no
//! write could keep its comments.

use super::place::{Folder, JOURNAL_FOLDER};
use super::reload;
use anyhow::Context as _;
use jsond_document::{Json, quote, spell_number};
use jsond_store::Served;
use jsond_store::medium::MemoryMedium;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// What who would write is told.
pub(super) const READ_ONLY: &str = "The file is JSON5, and a write would lose its comments and \
     spelling; edit it by hand, or convert it to a .json file.";

/// The name of the file in memory.
const NAME: &str = "db.json";

/// Whether a path is that of a JSON5 file.
pub(super) fn is_json5(path: &Path) -> bool {
    path.extension()
        .is_some_and(|it| it.eq_ignore_ascii_case("json5"))
}

/// Reads the file, and again whenever it changes.
pub(super) fn open(path: &Path) -> anyhow::Result<Folder> {
    let medium = MemoryMedium::new();
    medium.put(NAME, &read(path)?);
    let (held, file) = (medium.clone(), path.to_owned());
    let watched = reload::watch(vec![path.to_owned()], move || match read(&file) {
        Ok(text) => held.write_in_place(NAME, &text),
        Err(error) => tracing::error!("the last good version is served: {error:#}"),
    });
    watched.with_context(|| format!("{} cannot be watched", path.display()))?;
    let served = Served {
        medium: Arc::new(medium),
        single: Some(NAME.to_owned()),
    };
    let own = path.with_file_name(JOURNAL_FOLDER);
    Ok(Folder::in_memory(served, own))
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("{shown} cannot be read"))?;
    let json = convert(&text).with_context(|| format!("{shown} is no JSON5"))?;
    Ok(json.as_bytes().to_vec())
}

/// The JSON that a JSON5 text means.
fn convert(text: &str) -> anyhow::Result<Json> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let Text(json) = json5::from_str(text)?;
    Ok(Json::parse(json.as_bytes())?)
}

/// The JSON of a value, with its members in their order.
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Writer)
    }
}

struct Writer;

impl<'de> Visitor<'de> for Writer {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Text, E> {
        Ok(Text("null".to_owned()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Text, E> {
        Ok(Text(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Text, E> {
        Ok(Text(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Text, E> {
        Ok(Text(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Text, E> {
        if value.is_finite() {
            return Ok(Text(spell_number(value)));
        }
        Err(E::custom(format!(
            "{} is no number of JSON",
            spell_number(value)
        )))
    }

    fn visit_str<E>(self, value: &str) -> Result<Text, E> {
        Ok(Text(quote(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Text, A::Error> {
        let mut texts = Vec::new();
        while let Some(Text(text)) = elements.next_element()? {
            texts.push(text);
        }
        Ok(Text(format!("[{}]", texts.join(","))))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Text, A::Error> {
        let mut texts = Vec::new();
        while let Some((name, Text(text))) = members.next_entry::<String, Text>()? {
            texts.push(format!("{}:{text}", quote(&name)));
        }
        Ok(Text(format!("{{{}}}", texts.join(","))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json5_text_becomes_the_json_that_it_means() {
        let text = "\u{feff}// a comment\n{posts: [{id: 1, 'title': 'it\\'s', n: .5, h: 0xff, \
                    p: +2, big: 1e30,},], /* b */ \"z\": null, a: [true, -3]}";
        assert_eq!(
            convert(text).unwrap().as_str(),
            concat!(
                r#"{"posts":[{"id":1,"title":"it's","n":0.5,"h":255,"p":2,"big":1e+30}],"#,
                r#""z":null,"a":[true,-3]}"#
            )
        );
    }

    #[test]
    fn what_json_has_no_word_for_is_told() {
        let refused = |text| format!("{:#}", convert(text).unwrap_err());
        assert!(refused("{a: Infinity}").contains("Infinity"));
        assert!(refused("{a: 1, a: 2}").contains('a'));
        assert!(refused("{a: }").contains("line") || refused("{a: }").contains(':'));
    }
}
