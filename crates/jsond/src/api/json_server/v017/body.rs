//! Bodies as json-server 0.17 reads them: by their media type.

use super::Asked;
use crate::api::form::parse_form;
use crate::api::problem::{Problem, ProblemKind};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use jsond_document::{Json, Kind, Value, quote};

/// The media type of a body, in lower case and without parameters.
pub(super) fn media_of(head: &Parts) -> String {
    let line = head.headers.get(CONTENT_TYPE);
    let line = line.and_then(|it| it.to_str().ok()).unwrap_or_default();
    let media = line.split(';').next().unwrap_or_default();
    media.trim().to_ascii_lowercase()
}

/// Parses a body: an object, or with the faults kept also an array.
///
/// *Errors*: no JSON, no object, a media type of which nothing would be stored.
pub(super) fn parse(asked: &Asked<'_>) -> Result<Json, Problem> {
    let empty = || Json::parse(b"{}").map_err(Problem::malformed_json);
    if asked.body.is_empty() {
        return empty();
    }
    let json = match &*media_of(&asked.head) {
        "application/json" => Json::parse(&asked.body).map_err(Problem::malformed_json)?,
        "application/x-www-form-urlencoded" if is_form(asked) => return form(asked),
        _ if asked.rules.is_strict => return empty(),
        _ => Json::parse(&asked.body).map_err(|_| {
            let detail = "Send a JSON object with Content-Type: application/json.";
            Problem::new(ProblemKind::MediaType, detail)
        })?,
    };
    match json.kind() {
        Kind::Object => Ok(json),
        Kind::Array if asked.rules.is_strict => Ok(json),
        kind => {
            let detail = format!(
                "The body must be an object, and this is of kind {}.",
                kind.name()
            );
            Err(Problem::new(ProblemKind::MalformedRequest, detail))
        }
    }
}

/// The object that an array is in JavaScript, with indices as names.
pub(super) fn object(json: Json) -> Json {
    if json.kind() != Kind::Array {
        return json;
    }
    let value = Value::from(json);
    let names: Vec<_> = (0..value.count()).map(|it| it.to_string()).collect();
    let members = value.members().map(|it| it.value);
    Value::object(names.iter().map(String::as_str).zip(members)).to_json()
}

/// What curl sends for `-d` without a type is called a form, also when it is JSON.
fn is_form(asked: &Asked<'_>) -> bool {
    asked.rules.is_strict || !asked.body.trim_ascii_start().starts_with(b"{")
}

fn form(asked: &Asked<'_>) -> Result<Json, Problem> {
    let mut members: Vec<(String, Vec<String>)> = Vec::new();
    for (name, value) in parse_form(&asked.body)? {
        match members.iter_mut().find(|(it, _)| *it == name) {
            Some((_, values)) => values.push(value),
            None => members.push((name, vec![value])),
        }
    }
    let members = members.iter().map(|(name, values)| {
        let texts: Vec<_> = values.iter().map(|it| quote(it)).collect();
        let value = match &texts[..] {
            [one] => one.clone(),
            all => format!("[{}]", all.join(",")),
        };
        format!("{}:{value}", quote(name))
    });
    let text = format!("{{{}}}", members.collect::<Vec<_>>().join(","));
    Json::parse(text.as_bytes()).map_err(Problem::malformed_json)
}
