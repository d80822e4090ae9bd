//! The guided answering of a 300, one typed line at a time.
//!
//! Pure: it eats what was typed and says what to do next. A person answers field by field, or
//! writes the whole line of words at once as the original client does; `<` goes back.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::choices::{Choices, Field};
use super::language::Language;
use super::request::{Body, Request, encode_form};
use super::words::{join_answer, split_answer};

/// The answer to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// The line of words, as typed.
    Words(String),
    /// The fields by name; an optional one that was left out is not there.
    Fields(Vec<(String, String)>),
}

/// What to do after a typed line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Ask for the field the guide now stands at.
    Ask,
    /// Say this, then ask for the same field again.
    Say(String),
    Done(Answer),
}

/// A dialogue in progress.
#[derive(Debug)]
pub(super) struct Guide<'a> {
    choices: &'a Choices,
    language: Language,
    values: Vec<Option<String>>,
}

impl<'a> Guide<'a> {
    pub(super) fn new(choices: &'a Choices, language: Language) -> Self {
        Self {
            choices,
            language,
            values: Vec::new(),
        }
    }

    /// The field that is asked for now.
    pub(super) fn field(&self) -> &Field {
        &self.choices.fields[self.values.len()]
    }

    /// The target whose names can be the answer, where that is known: a record's key, its member.
    pub(super) fn names_below(&self, request: &Request) -> Option<String> {
        let target = request.http_target();
        let target = target.split('?').next().unwrap_or_default();
        let is_there = matches!(request.method.as_str(), "PUT" | "DELETE");
        match self.values.as_slice() {
            _ if !is_there => None,
            [] => Some(target.to_owned()),
            [Some(key)] => {
                let key = utf8_percent_encode(key, NON_ALPHANUMERIC);
                Some(format!("{}/{key}", target.trim_end_matches('/')))
            }
            _ => None,
        }
    }

    /// Takes a typed line.
    pub(super) fn accept(&mut self, typed: &str) -> Step {
        let typed = typed.trim();
        match typed {
            "<" => {
                self.values.pop();
                return Step::Ask;
            }
            "?" => return Step::Say(self.help()),
            _ => {}
        }
        if self.values.is_empty() && self.is_whole_answer(typed) {
            return Step::Done(Answer::Words(typed.to_owned()));
        }
        let value = unquote(typed);
        if let Err(reason) = self.check(typed, &value) {
            return Step::Say(reason);
        }
        self.values.push((!typed.is_empty()).then_some(value));
        if self.values.len() < self.choices.fields.len() {
            Step::Ask
        } else {
            self.finish()
        }
    }

    /// As many words as fields, or more where the rest are `name=value` as for an empty collection.
    fn is_whole_answer(&self, typed: &str) -> bool {
        let words = split_answer(typed);
        let count = self.choices.fields.len();
        let is_pair = |word: &String| {
            word.split_once('=')
                .is_some_and(|(name, _)| !name.is_empty())
        };
        words.len() > 1
            && (words.len() == count || words.len() > count && words[count..].iter().all(is_pair))
    }

    fn check(&self, typed: &str, value: &str) -> Result<(), String> {
        let field = self.field();
        if typed.is_empty() {
            return if field.required {
                Err(self.language.needed().to_owned())
            } else {
                Ok(())
            };
        }
        let kind = field.kind.as_deref().unwrap_or_default();
        let literal = serde_json::from_str::<Value>(value).ok();
        let fits = match kind {
            "number" => literal.is_some_and(|literal| literal.is_number()),
            "integer" => literal.is_some_and(|literal| literal.is_i64() || literal.is_u64()),
            "boolean" => literal.is_some_and(|literal| literal.is_boolean()),
            _ => true,
        };
        if fits {
            Ok(())
        } else {
            let not_a = self.language.not_a(kind).to_owned();
            let parts: Vec<String> = [not_a].into_iter().chain(self.example()).collect();
            Err(parts.join("; "))
        }
    }

    /// The server's example of the field.
    pub(super) fn example(&self) -> Option<String> {
        let example = self.field().example.as_deref()?;
        let shown = super::escape::escape_bytes_line(example.as_bytes(), 64);
        Some(self.language.example(&shown))
    }

    fn help(&self) -> String {
        let field = self.field();
        let kind = field
            .kind
            .as_deref()
            .map(|kind| super::escape::escape_bytes_line(kind.as_bytes(), 32));
        let mut parts: Vec<String> = kind.into_iter().chain(self.example()).collect();
        parts.push(self.language.field_help().to_owned());
        parts.join("; ")
    }

    fn finish(&mut self) -> Step {
        let names = self.choices.fields.iter().map(|field| field.name.clone());
        let answered = names.zip(self.values.drain(..));
        Step::Done(Answer::Fields(
            answered
                .filter_map(|(name, value)| Some((name, value?)))
                .collect(),
        ))
    }
}

/// A value typed as a JSON string means what is inside.
fn unquote(typed: &str) -> String {
    if typed.starts_with('"') {
        serde_json::from_str::<String>(typed).unwrap_or_else(|_| typed.to_owned())
    } else {
        typed.to_owned()
    }
}

impl Answer {
    /// The answer as one line of words, for the dialogue door.
    pub(super) fn line(&self) -> String {
        match self {
            Self::Words(line) => line.trim().to_owned(),
            Self::Fields(fields) => join_answer(fields.iter().map(|(_, value)| value.as_str())),
        }
    }

    /// The second request of the HTTP door, which carries the answer.
    pub(super) fn into_request(self, asked: &Request, choices: &Choices) -> Request {
        let submit = &choices.submit;
        let takes_form = submit.accept.is_empty()
            || submit
                .accept
                .iter()
                .any(|accept| accept.starts_with("application/x-www-form-"));
        let (media_type, bytes) = match &self {
            Self::Fields(fields) if takes_form => (
                "application/x-www-form-urlencoded",
                encode_form(fields).into_bytes(),
            ),
            _ => ("text/plain", self.line().into_bytes()),
        };
        let query = if submit.target.is_some() {
            Vec::new()
        } else {
            asked.query.clone()
        };
        Request {
            method: submit
                .method
                .clone()
                .unwrap_or_else(|| asked.method.clone()),
            target: submit
                .target
                .clone()
                .unwrap_or_else(|| asked.target.clone()),
            query,
            headers: asked.headers.clone(),
            body: Some(Body {
                media_type: media_type.to_owned(),
                bytes,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROMPT: &[u8] = b"Enter follow data : key student_number grade department";

    fn choices(body: &[u8]) -> Choices {
        Choices::parse(body).unwrap()
    }

    fn check(body: &[u8], typed: &[&str], line: &str) {
        let choices = choices(body);
        let mut guide = Guide::new(&choices, Language::En);
        let (last, before) = typed.split_last().unwrap();
        for typed in before {
            assert!(
                !matches!(guide.accept(typed), Step::Done(_)),
                "done after {typed}"
            );
        }
        match guide.accept(last) {
            Step::Done(answer) => assert_eq!(answer.line(), line),
            step => panic!("not done but {step:?}"),
        }
    }

    #[test]
    fn field_by_field_and_all_at_once_say_the_same() {
        let line = "Seung_Hyun 20213100 4.3 software";
        check(PROMPT, &["Seung_Hyun", "20213100", "4.3", "software"], line);
        check(
            PROMPT,
            &["Seung_Hyun  20213100 4.3 software "],
            "Seung_Hyun  20213100 4.3 software",
        );
    }

    #[test]
    fn an_angle_bracket_goes_back() {
        check(PROMPT, &["<", "A", "B", "<", "2", "3", "4"], "A 2 3 4");
    }

    #[test]
    fn words_that_are_not_as_many_as_the_fields_are_one_value() {
        check(PROMPT, &["Kim Minsu", "1", "2", "3"], "\"Kim Minsu\" 1 2 3");
        check(b"Enter follow data : key", &["Kim Minsu"], "\"Kim Minsu\"");
        check(
            b"Enter follow data : key",
            &["\"Kim Minsu\""],
            "\"Kim Minsu\"",
        );
    }

    #[test]
    fn an_empty_collection_takes_names_with_the_values() {
        check(
            b"Enter follow data : key",
            &["Kim grade=4 a=b"],
            "Kim grade=4 a=b",
        );
    }

    #[test]
    fn an_answer_is_checked_before_it_is_sent() {
        let body = br#"{"fields":[{"name":"key"},{"name":"grade","type":"number"},
            {"name":"open","type":"boolean","example":true},{"name":"note","required":false}]}"#;
        let choices = choices(body);
        let mut guide = Guide::new(&choices, Language::En);
        assert!(matches!(guide.accept(""), Step::Say(_)));
        assert_eq!(guide.accept("A"), Step::Ask);
        assert_eq!(guide.accept("high"), Step::Say("not a number".to_owned()));
        assert_eq!(guide.accept("4.3"), Step::Ask);
        let reason = "neither true nor false; for example true";
        assert_eq!(guide.accept("yes"), Step::Say(reason.to_owned()));
        assert_eq!(guide.accept("false"), Step::Ask);
        let pairs = [("key", "A"), ("grade", "4.3"), ("open", "false")];
        let pairs = pairs.map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert_eq!(guide.accept(""), Step::Done(Answer::Fields(pairs.to_vec())));
    }

    #[test]
    fn the_answer_is_a_second_complete_request() {
        let asked = Request {
            method: "POST".into(),
            target: "students.json".into(),
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
        };
        let fields = Answer::Fields(vec![("key".into(), "Kim Minsu".into())]);
        let request = fields.into_request(&asked, &choices(PROMPT));
        assert_eq!(request.http_target(), "/students.json");
        let body = request.body.unwrap();
        assert_eq!(body.media_type, "application/x-www-form-urlencoded");
        assert_eq!(body.bytes, b"key=Kim%20Minsu");
        let words = Answer::Words("a b".into()).into_request(&asked, &choices(PROMPT));
        assert_eq!(words.body.unwrap().media_type, "text/plain");
    }
}
