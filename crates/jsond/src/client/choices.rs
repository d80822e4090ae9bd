//! What a 300 asks for: read from the JSON description or from the plain prompt line.
//!
//! Both come from a server that is not trusted. Fields are bounded, and everything that is shown
//! later is escaped there; a 300 that asks for nothing we understand is not a question.

use serde_json::Value;

use super::language::Language;
use super::limit;

/// One thing the server wants to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) required: bool,
    /// The JSON type, if the server says one: `string`, `number`, …
    pub(super) kind: Option<String>,
    pub(super) example: Option<String>,
}

/// Where and how the answers go over the HTTP door.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Submit {
    pub(super) method: Option<String>,
    pub(super) target: Option<String>,
    pub(super) accept: Vec<String>,
}

/// The question of a 300.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Choices {
    pub(super) fields: Vec<Field>,
    pub(super) submit: Submit,
    /// Members that were not asked for may follow, each with its name.
    pub(super) takes_more: bool,
    /// How many fields the server asked for, when they are more than can be answered.
    pub(super) excess: Option<usize>,
}

impl Choices {
    /// Reads the body of a 300; `None` when it is no question of the dialogue.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(body);
        match serde_json::from_str::<Value>(&text) {
            Ok(description) => Self::from_description(&description),
            Err(_) => Self::from_prompt(&text),
        }
    }

    fn from_description(description: &Value) -> Option<Self> {
        let fields = description.get("fields")?.as_array()?;
        let read: Option<Vec<Field>> = fields
            .iter()
            .take(limit::FIELDS_MAX)
            .map(read_field)
            .collect();
        let submit = description
            .get("submit")
            .map(read_submit)
            .unwrap_or_default();
        let choices = Self::of(read?, fields.len(), submit)?;
        Some(Self {
            takes_more: description.get("more").is_some_and(Value::is_string),
            ..choices
        })
    }

    /// Reads `Enter follow data : key student_number`: the words after the last colon of the line.
    fn from_prompt(text: &str) -> Option<Self> {
        let line = text.lines().rev().find(|line| line.contains(':'))?;
        let (_, words) = line.rsplit_once(':')?;
        let words: Vec<&str> = words.split_whitespace().collect();
        if words.iter().any(|word| word.starts_with(['<', '{', '['])) {
            return None;
        }
        let fields = words.iter().take(limit::FIELDS_MAX).map(|word| Field {
            name: (*word).to_owned(),
            required: true,
            kind: None,
            example: None,
        });
        Self::of(fields.collect(), words.len(), Submit::default())
    }

    fn of(fields: Vec<Field>, count: usize, submit: Submit) -> Option<Self> {
        let excess = (count > limit::FIELDS_MAX).then_some(count);
        (!fields.is_empty()).then_some(Self {
            fields,
            submit,
            takes_more: false,
            excess,
        })
    }

    /// The names of what is needed, for a message.
    pub(super) fn needed(&self, language: Language) -> String {
        let names: Vec<String> = self
            .fields
            .iter()
            .take(limit::FIELDS_NAMED_MAX)
            .map(|field| super::escape::escape_bytes_line(field.name.as_bytes(), 64))
            .collect();
        let count = self.excess.unwrap_or(self.fields.len());
        let mut needed = names.join(" ");
        if count > names.len() {
            needed = format!("{needed} {}", language.and_more(count - names.len()));
        }
        needed
    }
}

fn read_field(field: &Value) -> Option<Field> {
    Some(Field {
        name: field
            .get("name")?
            .as_str()
            .filter(|name| !name.is_empty())?
            .to_owned(),
        required: field
            .get("required")
            .and_then(Value::as_bool)
            .unwrap_or(true),
        kind: field.get("type").and_then(Value::as_str).map(str::to_owned),
        example: field
            .get("example")
            .filter(|example| !example.is_null())
            .map(read_example),
    })
}

fn read_example(example: &Value) -> String {
    example
        .as_str()
        .map_or_else(|| example.to_string(), str::to_owned)
}

/// Reads where the answers go. Only a path on the same server is believed.
fn read_submit(submit: &Value) -> Submit {
    let text = |name: &str| submit.get(name).and_then(Value::as_str).map(str::to_owned);
    let is_method = |method: &String| ["POST", "PUT", "DELETE"].contains(&method.as_str());
    let is_path = |target: &String| target.starts_with('/') && !target.contains(char::is_control);
    let accept = submit
        .get("accept")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    Submit {
        method: text("method").filter(is_method),
        target: text("target").filter(is_path),
        accept: accept
            .filter_map(Value::as_str)
            .map(str::to_ascii_lowercase)
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(body: &str) -> Option<Vec<String>> {
        Some(
            Choices::parse(body.as_bytes())?
                .fields
                .into_iter()
                .map(|field| field.name)
                .collect(),
        )
    }

    #[test]
    fn a_prompt_line_names_its_fields() {
        let expected = Some(vec![
            "key".to_owned(),
            "wantToUpdate".to_owned(),
            "value".to_owned(),
        ]);
        assert_eq!(
            names("Enter follow data : key wantToUpdate value"),
            expected
        );
        assert_eq!(
            names("Enter follow data : key wantToUpdate value\r\n\r\n"),
            expected
        );
        assert_eq!(names("Multiple Choices\n"), None);
        assert_eq!(names("<a href=\"http://a\">one</a>: <b>"), None);
        assert_eq!(names("http:"), None);
    }

    #[test]
    fn a_json_description_says_more() {
        let body = br#"{"fields":[{"name":"key","required":true,"type":"string","example":"A"},
            {"name":"grade","required":false,"type":"number","example":4.10}],
            "submit":{"method":"POST","target":"/students.json",
                      "accept":["application/x-www-form-urlencoded","text/plain"]}}"#;
        let choices = Choices::parse(body).unwrap();
        assert_eq!(choices.fields[0].example.as_deref(), Some("A"));
        assert!(!choices.fields[1].required);
        assert_eq!(choices.submit.target.as_deref(), Some("/students.json"));
        assert_eq!(choices.submit.accept.len(), 2);
    }

    #[test]
    fn a_server_cannot_send_the_answers_elsewhere() {
        let body = br#"{"fields":[{"name":"key"}],
            "submit":{"method":"PATCH","target":"http://elsewhere/"}}"#;
        assert_eq!(Choices::parse(body).unwrap().submit, Submit::default());
    }

    #[test]
    fn too_many_fields_are_counted_and_not_kept() {
        let prompt = format!("Enter follow data : {}", "f ".repeat(10_000));
        let choices = Choices::parse(prompt.as_bytes()).unwrap();
        assert_eq!(
            (choices.fields.len(), choices.excess),
            (limit::FIELDS_MAX, Some(10_000))
        );
        assert!(choices.needed(Language::En).ends_with("… and 9968 more"));
    }

    #[test]
    fn names_are_escaped_in_messages() {
        let choices = Choices::parse(b"Enter : ke\x1b[2Jy").unwrap();
        assert_eq!(choices.needed(Language::En), "ke\\x1b[2Jy");
    }
}
