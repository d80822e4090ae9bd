//! What the guided dialogue asks about a collection, and the mutation that an answer means.
//!
//! Both doors use it. The grammar of words is in `wire::dialogue`; the state is asked again when
//! the answer has come.

use crate::api::action::{Given, Intent};
use crate::api::problem::{Problem, ProblemKind};
use crate::wire::Lang;
use crate::wire::dialogue::{Word, parse_words};
use jsond_document::{Json, Kind, Value};
use jsond_store::{Addition, Address, Edit, Mutation, Place, Precondition};

/// What the dialogue asks about a collection.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    pub(super) intent: Intent,
    /// The collection.
    pub(super) address: Address,
    pub(super) fields: Vec<Field>,
    /// An empty collection takes any number of `name=value` words after the key.
    pub(super) is_open: bool,
}

/// One thing that is asked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    pub(super) name: String,
    /// The kind in which the answer is stored if it reads as one.
    pub(super) kind: Kind,
    pub(super) example: String,
}

/// Why an answer does not fit the question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Misfit {
    Count { expected: usize, found: usize },
    NameValue(String),
    NoSuchKey(String),
    MissingField(String),
    UnknownField(String),
    Twice(String),
    Words(crate::wire::dialogue::Reason),
}

impl Misfit {
    pub(super) fn text(&self, lang: Lang) -> String {
        match (self, lang) {
            (Self::Count { expected, found }, Lang::En) => {
                format!("{expected} words are needed, {found} came")
            }
            (Self::Count { expected, found }, Lang::Ko) => {
                format!("단어 {expected}개가 필요한데 {found}개가 왔습니다")
            }
            (Self::NameValue(word), Lang::En) => format!("{word} is not of the form name=value"),
            (Self::NameValue(word), Lang::Ko) => format!("name=value 형식이 아닙니다: {word}"),
            (Self::NoSuchKey(key), Lang::En) => format!("There is no such key: {key}"),
            (Self::NoSuchKey(key), Lang::Ko) => format!("그런 key 가 없습니다: {key}"),
            (Self::MissingField(name), Lang::En) => format!("The field {name} is missing"),
            (Self::MissingField(name), Lang::Ko) => format!("{name} 항목이 없습니다"),
            (Self::UnknownField(name), Lang::En) => format!("There is no field {name}"),
            (Self::UnknownField(name), Lang::Ko) => format!("{name} 라는 항목은 없습니다"),
            (Self::Twice(name), Lang::En) => format!("The field {name} is given twice"),
            (Self::Twice(name), Lang::Ko) => format!("{name} 항목이 두 번 왔습니다"),
            (Self::Words(reason), lang) => reason.text(lang).to_owned(),
        }
    }
}

impl From<Misfit> for Problem {
    fn from(misfit: Misfit) -> Self {
        Self::new(
            ProblemKind::MalformedAnswer,
            format!("{}.", misfit.text(Lang::En)),
        )
    }
}

impl Question {
    /// Makes the question about a value; none when it is no collection.
    pub(super) fn of(intent: Intent, place: &Place) -> Option<Self> {
        if !place.is_collection() {
            return None;
        }
        let first = place.value.members().next();
        let key_of = |member: &jsond_document::Member| {
            let name = member.name().map(std::borrow::Cow::into_owned);
            name.or_else(|| place.id_of(&member.value))
                .unwrap_or_default()
        };
        let field = |name: &str, kind, example: String| Field {
            name: name.to_owned(),
            kind,
            example,
        };
        let first_key = first.as_ref().map_or("a_key".to_owned(), key_of);
        let fields = match intent {
            Intent::Add => {
                let mut fields = vec![field("key", Kind::String, fresh_key(place))];
                fields.extend(
                    first
                        .as_ref()
                        .map(|it| fields_of(place, &it.value))
                        .unwrap_or_default(),
                );
                fields
            }
            Intent::Set => {
                let member = first
                    .as_ref()
                    .and_then(|it| fields_of(place, &it.value).into_iter().next());
                let (name, example) = member
                    .map_or(("name".to_owned(), "value".to_owned()), |it| {
                        (it.name, it.example)
                    });
                vec![
                    field("key", Kind::String, first_key),
                    field("wantToUpdate", Kind::String, name),
                    field("value", Kind::String, example),
                ]
            }
            Intent::Remove => vec![field("key", Kind::String, first_key)],
        };
        let is_open = intent == Intent::Add && first.is_none();
        Some(Self {
            intent,
            address: place.canonical(),
            fields,
            is_open,
        })
    }

    /// The prompt, the same in all languages.
    pub(super) fn prompt(&self) -> String {
        let names: Vec<_> = self
            .fields
            .iter()
            .map(|field| spell_word(&field.name))
            .collect();
        format!("Enter follow data : {}", names.join(" "))
    }

    /// Turns the answer into the mutation that it asks for, in the state of the moment.
    pub(super) fn mutation(&self, place: &Place, given: &Given) -> Result<Mutation, Misfit> {
        let answers = match given {
            Given::Words(line) => self.of_words(&parse_words(line).map_err(Misfit::Words)?)?,
            Given::Form(pairs) => self.of_form(pairs)?,
        };
        self.mutation_of(place, &answers)
    }

    pub(super) fn of_words(&self, words: &[Word]) -> Result<Vec<(String, Word)>, Misfit> {
        let expected = self.fields.len();
        let fits = words.len() == expected || (self.is_open && words.len() > expected);
        if !fits {
            return Err(Misfit::Count {
                expected,
                found: words.len(),
            });
        }
        let (named, open) = words.split_at(expected);
        let names = self.fields.iter().map(|field| field.name.clone());
        let mut answers: Vec<_> = names.zip(named.iter().cloned()).collect();
        for word in open {
            answers.push(name_and_value(word)?);
        }
        Ok(answers)
    }

    fn of_form(&self, pairs: &[(String, String)]) -> Result<Vec<(String, Word)>, Misfit> {
        let is_known = |name: &String| self.fields.iter().any(|field| field.name == *name);
        if let Some((name, _)) = pairs
            .iter()
            .find(|(name, _)| !self.is_open && !is_known(name))
        {
            return Err(Misfit::UnknownField(name.clone()));
        }
        let mut names = std::collections::HashSet::new();
        if let Some((name, _)) = pairs.iter().find(|(name, _)| !names.insert(name)) {
            return Err(Misfit::Twice(name.clone()));
        }
        let word = |text: &String| Word {
            text: text.clone(),
            quoted: false,
        };
        let mut answers = Vec::new();
        for field in &self.fields {
            let found = pairs.iter().find(|(name, _)| *name == field.name);
            let (name, text) = found.ok_or_else(|| Misfit::MissingField(field.name.clone()))?;
            answers.push((name.clone(), word(text)));
        }
        let open = pairs.iter().filter(|(name, _)| !is_known(name));
        answers.extend(open.map(|(name, text)| (name.clone(), word(text))));
        Ok(answers)
    }

    pub(super) fn mutation_of(
        &self,
        place: &Place,
        answers: &[(String, Word)],
    ) -> Result<Mutation, Misfit> {
        let mut address = self.address.clone();
        let key = answers[0].1.text.clone();
        let edit = match self.intent {
            Intent::Add => Edit::Add(vec![self.addition(place, key, &answers[1..])]),
            Intent::Set => {
                let record = place
                    .child(&key)
                    .ok_or_else(|| Misfit::NoSuchKey(key.clone()))?;
                let (member, word) = (&answers[1].1.text, &answers[2].1);
                let value = Value::from(typed(word, record.value.member(member).as_ref()));
                address.0.extend([key, member.clone()]);
                Edit::Put { value, text: None }
            }
            Intent::Remove => {
                place
                    .child(&key)
                    .ok_or_else(|| Misfit::NoSuchKey(key.clone()))?;
                address.0.push(key);
                Edit::Remove
            }
        };
        Ok(Mutation {
            address,
            precondition: Precondition::default(),
            edit,
            key: None,
            wants_image: true,
        })
    }

    fn addition(&self, place: &Place, key: String, answers: &[(String, Word)]) -> Addition {
        let first = place.value.members().next().map(|member| member.value);
        let model = |name: &str| first.as_ref().and_then(|first| first.member(name));
        let is_array = place.value.kind() == Kind::Array;
        let mut members = Vec::new();
        if is_array {
            let word = Word {
                text: key.clone(),
                quoted: false,
            };
            let id_name = place.id_name();
            members.push((id_name.to_owned(), typed(&word, model(id_name).as_ref())));
        }
        for (name, word) in answers {
            let value = typed(word, model(name).as_ref());
            // A name that is given twice counts once, the last time.
            members.retain(|(other, _)| other != name);
            members.push((name.clone(), value));
        }
        Addition {
            key: (!is_array).then_some(key),
            value: object_of(&members),
        }
    }
}

fn object_of(members: &[(String, Json)]) -> Value {
    let members: Vec<_> = members
        .iter()
        .map(|(name, value)| format!("{}:{value}", jsond_document::quote(name)))
        .collect();
    let text = format!("{{{}}}", members.join(","));
    Value::parse(text.as_bytes()).expect("INVARIANT: distinct names and checked values")
}

/// The members of the first record, without its id.
fn fields_of(place: &Place, record: &Value) -> Vec<Field> {
    let is_array = place.value.kind() == Kind::Array;
    record
        .members()
        .filter_map(|member| {
            let name = member.name()?.into_owned();
            (!is_array || name != place.id_name()).then(|| {
                let json = member.value.to_json();
                let (kind, example) = match (json.kind(), json.as_text()) {
                    (_, Some(text)) => (Kind::String, spell_word(&text)),
                    (Kind::Array | Kind::Object, _) => (Kind::String, "text".to_owned()),
                    (kind, _) => (kind, json.to_string()),
                };
                Field {
                    name,
                    kind,
                    example,
                }
            })
        })
        .collect()
}

/// A key that the collection does not have.
fn fresh_key(place: &Place) -> String {
    let is_array = place.value.kind() == Kind::Array;
    let count = place.value.count() + 1;
    (count..)
        .map(|n| {
            if is_array {
                n.to_string()
            } else {
                format!("new_{n}")
            }
        })
        .find(|key| place.child(key).is_none())
        .unwrap_or_default()
}

/// Spells a text as a word, quoted where it would not be one word.
fn spell_word(text: &str) -> String {
    let is_plain = !text.is_empty()
        && !text.starts_with('"')
        && !text.contains(|it: char| it.is_whitespace() || it.is_control());
    if is_plain {
        text.to_owned()
    } else {
        jsond_document::quote(text)
    }
}

fn name_and_value(word: &Word) -> Result<(String, Word), Misfit> {
    let (name, text) = word
        .text
        .split_once('=')
        .ok_or_else(|| Misfit::NameValue(word.text.clone()))?;
    Ok((
        name.to_owned(),
        Word {
            text: text.to_owned(),
            quoted: word.quoted,
        },
    ))
}

/// Reads a word as the kind that the member has already, else as a string, as it was typed.
fn typed(word: &Word, model: Option<&Value>) -> Json {
    let kind = model.map_or(Kind::String, Value::kind);
    let is_literal = matches!(kind, Kind::Number | Kind::Boolean | Kind::Null);
    if is_literal
        && !word.quoted
        && let Ok(json) = Json::parse(word.text.as_bytes())
        && json.kind() == kind
    {
        return json;
    }
    Json::string(&word.text)
}
