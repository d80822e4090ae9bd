//! Everything that can be refused, as problem details. Every status code of a refusal is chosen
//! here, and every lower error is turned into a problem here.
//!
//! *Source*: RFC 9457 §3.

use crate::wire::Lang;
use http::{Method, StatusCode};
use jsond_document::{SyntaxError, quote};
use jsond_store::{Rejection, StoreError};
use std::fmt::Write;

/// A refusal.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    kind: ProblemKind,
    detail: String,
    place: Option<SyntaxError>,
    allowed: Option<&'static [Method]>,
}

/// The problem types; `docs/problems.md` has a section for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProblemKind {
    MalformedRequest,
    MalformedJson,
    MalformedAnswer,
    MalformedTarget,
    UnknownParameter,
    EmptyBody,
    NotFound,
    MethodNotAllowed,
    MethodUnknown,
    RequestTimeout,
    Exists,
    Conflict,
    PatchConflict,
    BrokenFile,
    PreconditionFailed,
    PreconditionRequired,
    BodyTooLarge,
    TargetTooLong,
    MediaType,
    Expectation,
    Unprocessable,
    HeadersTooLarge,
    Internal,
    Version,
    StorageFailed,
    Stopping,
    StorageFull,
    Coding,
}

use ProblemKind as P;

/// Name (in `docs/problems.md`), status and title of each problem type.
const TABLE: [(P, &str, u16, &str); 28] = [
    (
        P::MalformedRequest,
        "malformed-request",
        400,
        "Malformed request",
    ),
    (P::MalformedJson, "malformed-json", 400, "Malformed JSON"),
    (
        P::MalformedAnswer,
        "malformed-answer",
        400,
        "The answer does not fit the question",
    ),
    (
        P::MalformedTarget,
        "malformed-target",
        400,
        "Malformed target",
    ),
    (
        P::UnknownParameter,
        "unknown-parameter",
        400,
        "Unknown query parameter",
    ),
    (P::EmptyBody, "empty-body", 400, "A body is needed"),
    (P::NotFound, "not-found", 404, "Not found"),
    (
        P::MethodNotAllowed,
        "method-not-allowed",
        405,
        "Method not allowed",
    ),
    (P::RequestTimeout, "request-timeout", 408, "Request timeout"),
    (P::Exists, "already-exists", 409, "Already exists"),
    (P::Conflict, "conflict", 409, "Conflict"),
    (
        P::PatchConflict,
        "patch-conflict",
        409,
        "The patch does not apply",
    ),
    (P::BrokenFile, "broken-file", 409, "The file is broken JSON"),
    (
        P::PreconditionFailed,
        "precondition-failed",
        412,
        "Precondition failed",
    ),
    (P::BodyTooLarge, "body-too-large", 413, "Body too large"),
    (P::TargetTooLong, "target-too-long", 414, "Target too long"),
    (
        P::MediaType,
        "unsupported-media-type",
        415,
        "Unsupported media type",
    ),
    (
        P::Coding,
        "unsupported-content-coding",
        415,
        "Unsupported content coding",
    ),
    (
        P::Expectation,
        "expectation-failed",
        417,
        "Expectation failed",
    ),
    (
        P::Unprocessable,
        "unprocessable-value",
        422,
        "The value may not stand there",
    ),
    (
        P::PreconditionRequired,
        "precondition-required",
        428,
        "Precondition required",
    ),
    (
        P::HeadersTooLarge,
        "headers-too-large",
        431,
        "Header fields too large",
    ),
    (P::Internal, "internal-error", 500, "Internal error"),
    (P::MethodUnknown, "method-unknown", 501, "Method unknown"),
    (P::StorageFailed, "storage-failed", 503, "Storage failed"),
    (P::Stopping, "stopping", 503, "The server is stopping"),
    (
        P::Version,
        "version-not-supported",
        505,
        "HTTP version not supported",
    ),
    (P::StorageFull, "storage-full", 507, "No room on the disk"),
];

/// Where the problem types are described: the file `docs/problems.md`, served by jsond itself.
const TYPE_BASE: &str = "/_/docs/problems.md#";

impl ProblemKind {
    fn row(self) -> &'static (Self, &'static str, u16, &'static str) {
        TABLE
            .iter()
            .find(|row| row.0 == self)
            .expect("INVARIANT: a test finds every kind")
    }
}

impl Problem {
    pub(super) fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            place: None,
            allowed: None,
        }
    }

    /// Makes the problem that fits a status, for refusals that come from the wire.
    #[must_use]
    pub fn of_status(status: StatusCode, detail: &str) -> Self {
        let row = TABLE.iter().find(|row| row.2 == status.as_u16());
        Self::new(row.map_or(P::MalformedRequest, |row| row.0), detail)
    }

    pub(super) fn bad_header(name: &str) -> Self {
        Self::new(
            P::MalformedRequest,
            format!("The header field {name} is malformed."),
        )
    }

    pub(super) fn not_found() -> Self {
        let detail = "There is no value at this target; GET / lists the files that there are.";
        Self::new(P::NotFound, detail)
    }

    pub(super) fn method_not_allowed(method: &Method, allowed: &'static [Method]) -> Self {
        let list = allow_of(allowed);
        let detail = format!("{method} is not for this resource; it knows {list}.");
        Self {
            allowed: Some(allowed),
            ..Self::new(P::MethodNotAllowed, detail)
        }
    }

    pub(super) fn malformed_json(error: SyntaxError) -> Self {
        let detail = format!("The body is not JSON that can be kept: {error}.");
        Self {
            place: Some(error),
            ..Self::new(P::MalformedJson, detail)
        }
    }

    /// The file cannot be read as JSON and there is no good version of it.
    pub(super) fn broken_on_read(error: SyntaxError) -> Self {
        let detail = format!("The file is broken JSON: {error}. Mend it with an editor.");
        Self {
            place: Some(error),
            ..Self::new(P::Internal, detail)
        }
    }

    /// The status of the response.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.row().2).expect("INVARIANT: the table has valid codes")
    }

    /// One sentence that says what to do.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    pub(super) fn allowed(&self) -> Option<&'static [Method]> {
        self.allowed
    }

    /// Renders the problem as JSON; `instance` is the target's path.
    pub(super) fn render(&self, instance: Option<&str>) -> String {
        let (_, name, status, title) = self.kind.row();
        let mut text = format!(
            "{{\"type\":\"{TYPE_BASE}{name}\",\"title\":\"{title}\",\"status\":{status},\
             \"detail\":{}",
            quote(&self.detail)
        );
        if let Some(instance) = instance {
            write!(text, ",\"instance\":{}", quote(instance)).ok();
        }
        if let Some(SyntaxError {
            offset,
            line,
            column,
            ..
        }) = self.place
        {
            write!(
                text,
                ",\"offset\":{offset},\"line\":{line},\"column\":{column}"
            )
            .ok();
        }
        if let Some(allowed) = self.allowed {
            let list: Vec<_> = allowed
                .iter()
                .map(|method| quote(method.as_str()))
                .collect();
            write!(text, ",\"allowed\":[{}]", list.join(",")).ok();
        }
        text.push_str("}\n");
        text
    }
}

/// Spells the value of an `Allow` field.
pub(super) fn allow_of(methods: &[Method]) -> String {
    methods
        .iter()
        .map(Method::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        let words = rejection.to_string();
        let mut place = None;
        let (kind, detail) = match rejection {
            Rejection::NotFound => return Self::not_found(),
            Rejection::ParentNotFound => (
                P::NotFound,
                format!("Nothing can be made here: {words}. Make the parent first."),
            ),
            Rejection::ParentNotAContainer(_) => (P::Conflict, format!("{words}.")),
            Rejection::Exists(_) => (
                P::Exists,
                format!("Nothing was changed: {words}. PUT to it replaces it."),
            ),
            Rejection::Precondition => {
                let detail = "The value is not the one that the request expects; GET it again and \
                              repeat the write with its new ETag.";
                (P::PreconditionFailed, detail.to_owned())
            }
            Rejection::NotACollection => (P::Conflict, format!("Nothing can be added: {words}.")),
            Rejection::NotARecord => {
                let detail = "A record must be an object; to an object of objects send \
                              {\"key\":{…}}, to an array of records {…}.";
                (P::Unprocessable, detail.to_owned())
            }
            Rejection::IdMismatch(_) => (P::Conflict, format!("Nothing was changed: {words}.")),
            Rejection::Patch { .. }
            | Rejection::Edit(_)
            | Rejection::Test
            | Rejection::IntoItself => (P::PatchConflict, format!("Nothing was changed: {words}.")),
            Rejection::IdKind
            | Rejection::TooDeep(_)
            | Rejection::TooLarge(_)
            | Rejection::KeyReused => (P::Unprocessable, format!("{words}.")),
            Rejection::Index => {
                let detail = "The array has no such place; - is the place after the last.";
                (P::NotFound, detail.to_owned())
            }
            Rejection::Folder => (P::Conflict, "A folder cannot be written.".to_owned()),
            Rejection::Name => {
                let detail = "A file of this name cannot be made or removed here.";
                (P::NotFound, detail.to_owned())
            }
            Rejection::Broken(error) => {
                place = Some(error);
                (P::BrokenFile, format!("Nothing was changed: {words}."))
            }
        };
        Self {
            place,
            ..Self::new(kind, capitalized(detail))
        }
    }
}

fn capitalized(text: String) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => text,
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let detail = capitalized(format!("{error}."));
        match error {
            StoreError::OutcomeUnknown => Self::new(P::StorageFailed, detail),
            StoreError::Full => Self::new(P::StorageFull, detail),
            StoreError::Stopped => Self::new(P::Stopping, detail),
        }
    }
}

/// Says a refusal of the store in the dialogue, in one line.
pub(super) fn dialogue_reason(rejection: &Rejection, lang: Lang) -> String {
    match (rejection, lang) {
        (Rejection::Exists(key), Lang::En) => format!("The key {key} is there already"),
        (Rejection::Exists(key), Lang::Ko) => format!("이미 있는 key 입니다: {key}"),
        (
            Rejection::NotFound | Rejection::ParentNotFound | Rejection::ParentNotAContainer(_),
            Lang::En,
        ) => "There is no such key".to_owned(),
        (
            Rejection::NotFound | Rejection::ParentNotFound | Rejection::ParentNotAContainer(_),
            Lang::Ko,
        ) => "그런 key 가 없습니다".to_owned(),
        (Rejection::Broken(_), Lang::En) => "The file cannot be read as JSON".to_owned(),
        (Rejection::Broken(_), Lang::Ko) => "파일을 JSON 으로 읽을 수 없습니다".to_owned(),
        (other, Lang::En) => format!("Not done: {other}"),
        (other, Lang::Ko) => format!("처리하지 못했습니다: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_type_has_its_section_in_the_documentation() {
        let documentation = include_str!("../../../../docs/problems.md");
        for (kind, name, status, title) in TABLE {
            assert_eq!(kind.row().1, name);
            let heading = format!("## {name}");
            let section = documentation
                .split(&heading)
                .nth(1)
                .unwrap_or_else(|| panic!("{name}"));
            let section = section.split("\n## ").next().unwrap();
            assert!(section.contains(&status.to_string()), "{name}");
            assert!(section.contains(title), "{name}");
        }
        assert_eq!(documentation.matches("\n## ").count(), TABLE.len());
    }

    #[test]
    fn a_problem_is_json_and_points_at_the_place() {
        let error = jsond_document::Value::parse(b"{\n\"a\": tru}").unwrap_err();
        let text = Problem::malformed_json(error).render(Some("/a \"b\""));
        let json = jsond_document::Json::parse(text.as_bytes()).unwrap();
        assert_eq!(json.member("line").unwrap().as_str(), "2");
        assert_eq!(json.member("status").unwrap().as_str(), "400");
        assert_eq!(
            json.member("instance").unwrap().as_text().unwrap(),
            "/a \"b\""
        );
    }
}
