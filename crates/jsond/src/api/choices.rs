//! 300 Multiple Choices at the HTTP door: what a write without a body needs.
//!
//! *Source*: RFC 9110 §15.4.1.

use crate::api::action::Intent;
use crate::api::question::Question;
use crate::api::resource::path_of;
use http::HeaderMap;
use http::header::ACCEPT;
use jsond_document::quote;

/// How a client wants to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The prompt line.
    Text,
    /// An object that a program can read.
    Json,
}

/// Reads how a client wants to be asked: as JSON only when it names JSON and likes it at least as
/// well as text.
pub(super) fn form_of(headers: &HeaderMap) -> Form {
    let mut json: f32 = 0.0;
    let mut text: f32 = 0.0;
    for line in headers.get_all(ACCEPT) {
        for item in line.to_str().unwrap_or_default().split(',') {
            let mut parts = item.split(';').map(str::trim);
            let media = parts.next().unwrap_or_default().to_ascii_lowercase();
            let quality = parts
                .find_map(|it| it.strip_prefix("q="))
                .map_or(1.0, |it| it.parse::<f32>().unwrap_or(0.0));
            match media.as_str() {
                "application/json" => json = json.max(quality),
                "text/plain" | "text/*" => text = text.max(quality),
                _ => {}
            }
        }
    }
    if json > 0.0 && json >= text {
        Form::Json
    } else {
        Form::Text
    }
}

/// Renders the question as JSON: the fields, a body that would be accepted, and where to send it.
pub(super) fn render(question: &Question) -> String {
    let fields: Vec<_> = question
        .fields
        .iter()
        .map(|field| {
            format!(
                "{{\"name\":{},\"required\":true,\"type\":\"{}\",\"example\":{}}}",
                quote(&field.name),
                field.kind.name(),
                quote(&field.example)
            )
        })
        .collect();
    let examples: Vec<_> = question
        .fields
        .iter()
        .map(|field| field.example.as_str())
        .collect();
    let target = path_of(&question.address);
    let (method, direct) = match question.intent {
        Intent::Add => ("POST", target.clone()),
        Intent::Set => ("PUT", format!("{target}/{{key}}/{{wantToUpdate}}")),
        Intent::Remove => ("DELETE", format!("{target}/{{key}}")),
    };
    let open = if question.is_open {
        ",\"more\":\"name=value\""
    } else {
        ""
    };
    format!(
        "{{\"prompt\":{prompt},\"fields\":[{fields}]{open},\"example\":{example},\"submit\":\
         {{\"method\":\"{method}\",\"target\":{target},\"accept\":[\"text/plain\",\
         \"application/x-www-form-urlencoded\"],\"direct\":{{\"method\":\"{method}\",\"target\":\
         {direct},\"accept\":[\"application/json\"]}}}}}}\n",
        prompt = quote(&question.prompt()),
        fields = fields.join(","),
        example = quote(&examples.join(" ")),
        target = quote(&target),
        direct = quote(&direct),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(accept: &str, expected: Form) {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, accept.parse().unwrap());
        assert_eq!(form_of(&headers), expected, "{accept}");
    }

    #[test]
    fn json_is_chosen_only_when_it_is_named() {
        check("*/*", Form::Text);
        check("application/json", Form::Json);
        check("application/json, text/plain, */*", Form::Json);
        check("text/plain, application/json;q=0.5", Form::Text);
        check("application/json;q=0, */*", Form::Text);
        check("application/*", Form::Text);
    }
}
