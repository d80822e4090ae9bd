//! Everything that can be refused, as problem details. Every status code of a refusal is chosen
//! here; `lower` turns the errors of the store into problems.
//!
//! *Source*: RFC 9457 §3.

mod lower;

pub(super) use lower::dialogue_reason;

use crate::api::coding::{self, CodingError};
use crate::wire::escape::escape_in_json;
use http::StatusCode;
use http::header::{ACCEPT_ENCODING, HeaderName};
use jsond_document::{Pointer, SyntaxError, quote};
use std::borrow::Cow;
use std::fmt::Write;

/// A refusal.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    kind: ProblemKind,
    detail: String,
    more: Box<More>,
}

/// What only some refusals say.
#[derive(Debug, Clone, PartialEq, Default)]
struct More {
    place: Option<SyntaxError>,
    allowed: Option<&'static [&'static str]>,
    /// The place in the value, as a JSON pointer.
    pointer: Option<String>,
    /// The media types that there are.
    available: Option<Vec<&'static str>>,
    /// Header fields that say what would be taken.
    fields: Vec<(HeaderName, Cow<'static, str>)>,
}

/// The problem types; `docs/problems.md` has a section for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProblemKind {
    MalformedRequest,
    MalformedJson,
    MalformedPatch,
    MalformedAnswer,
    MalformedCoding,
    MalformedQuery,
    MalformedTarget,
    UnknownParameter,
    EmptyBody,
    TokenNeeded,
    TokenUnknown,
    ForeignPage,
    ReadOnly,
    TokenTooWeak,
    NotFound,
    MethodNotAllowed,
    MethodUnknown,
    NoSuchPage,
    NotAcceptable,
    RequestTimeout,
    Exists,
    Conflict,
    PatchConflict,
    BrokenFile,
    PreconditionFailed,
    PreconditionRequired,
    BodyTooLarge,
    PatchTooLong,
    TargetTooLong,
    MediaType,
    Unsatisfiable,
    Expectation,
    Misdirected,
    Unprocessable,
    KeyReused,
    QueryTooCostly,
    HeadersTooLarge,
    Internal,
    Version,
    StorageFailed,
    Stopping,
    StorageFull,
    NotStored,
    Coding,
}

use ProblemKind as P;

/// Name (in `docs/problems.md`), status and title of each problem type.
const TABLE: [(P, &str, u16, &str); 44] = [
    (
        P::MalformedRequest,
        "malformed-request",
        400,
        "Malformed request",
    ),
    (P::MalformedJson, "malformed-json", 400, "Malformed JSON"),
    (P::MalformedPatch, "malformed-patch", 400, "Malformed patch"),
    (
        P::MalformedCoding,
        "malformed-coding",
        400,
        "Malformed content coding",
    ),
    (P::MalformedQuery, "malformed-query", 400, "Malformed query"),
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
    (P::TokenNeeded, "token-needed", 401, "A token is needed"),
    (P::TokenUnknown, "token-unknown", 401, "Unknown token"),
    (
        P::TokenTooWeak,
        "token-too-weak",
        403,
        "The token does not reach so far",
    ),
    (
        P::ForeignPage,
        "foreign-page",
        403,
        "A page may not do this",
    ),
    (P::ReadOnly, "read-only", 403, "Nothing is written here"),
    (P::NotFound, "not-found", 404, "Not found"),
    (
        P::MethodNotAllowed,
        "method-not-allowed",
        405,
        "Method not allowed",
    ),
    (P::NoSuchPage, "no-such-page", 404, "No such page"),
    (P::NotAcceptable, "not-acceptable", 406, "Not acceptable"),
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
    (P::PatchTooLong, "patch-too-long", 413, "Patch too long"),
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
        P::Misdirected,
        "misdirected-request",
        421,
        "Misdirected request",
    ),
    (
        P::Unprocessable,
        "unprocessable-value",
        422,
        "The value may not stand there",
    ),
    (
        P::KeyReused,
        "idempotency-key-reused",
        422,
        "Idempotency key reused",
    ),
    (
        P::QueryTooCostly,
        "query-too-costly",
        422,
        "Query too costly",
    ),
    (
        P::PreconditionRequired,
        "precondition-required",
        428,
        "Precondition required",
    ),
    (
        P::Unsatisfiable,
        "range-not-satisfiable",
        416,
        "Range not satisfiable",
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
    (P::NotStored, "not-stored", 507, "Not stored"),
];

/// Where the problem types are described: the file `docs/problems.md`, served by jsond itself.
const TYPE_BASE: &str = "/_/docs/problems.md#";

impl More {
    fn render(&self, text: &mut String) {
        let list = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|it| quote(it)).collect();
            names.join(",")
        };
        if let Some(pointer) = &self.pointer {
            write!(text, ",\"pointer\":{}", quote(pointer)).ok();
        }
        if let Some(place) = &self.place {
            let SyntaxError {
                offset,
                line,
                column,
                ..
            } = place;
            let place = format!(",\"offset\":{offset},\"line\":{line},\"column\":{column}");
            text.push_str(&place);
        }
        if let Some(allowed) = self.allowed {
            write!(text, ",\"allowed\":[{}]", list(allowed)).ok();
        }
        if let Some(available) = &self.available {
            write!(text, ",\"available\":[{}]", list(available)).ok();
        }
    }
}

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
            more: Box::default(),
        }
    }

    /// Adds a header field to the response.
    pub(super) fn with_field(
        mut self,
        name: HeaderName,
        value: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.more.fields.push((name, value.into()));
        self
    }

    /// Judges whether the problem is of a kind.
    pub(super) fn is_of(&self, kind: ProblemKind) -> bool {
        self.kind == kind
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

    pub(super) fn method_not_allowed(method: &str, allowed: &'static [&'static str]) -> Self {
        let list = allowed.join(", ");
        let detail = format!("{method} is not for this resource; it knows {list}.");
        let mut problem = Self::new(P::MethodNotAllowed, detail);
        problem.more.allowed = Some(allowed);
        problem
    }

    pub(super) fn malformed_json(error: SyntaxError) -> Self {
        let detail = format!("The body is not JSON that can be kept: {error}.");
        Self::new(P::MalformedJson, detail).at(error)
    }

    /// The body cannot be decoded.
    pub(super) fn coding(error: CodingError) -> Self {
        let detail = match error {
            CodingError::Unsupported => {
                let detail = "Send the body as it is, or with Content-Encoding gzip or br.";
                return Self::new(P::Coding, detail).with_field(ACCEPT_ENCODING, coding::ACCEPTED);
            }
            CodingError::Malformed => "The body is not what its Content-Encoding says.",
            CodingError::TooLarge => {
                let detail = "The decoded body is larger than the server takes.";
                return Self::new(P::BodyTooLarge, detail);
            }
        };
        Self::new(P::MalformedCoding, detail)
    }

    /// The file cannot be read as JSON and there is no good version of it.
    pub(super) fn broken_on_read(error: SyntaxError) -> Self {
        let detail = format!("The file is broken JSON: {error}. Mend it with an editor.");
        Self::new(P::Internal, detail).at(error)
    }

    /// Points at a place in the value.
    pub(super) fn with_pointer(mut self, pointer: &Pointer) -> Self {
        self.more.pointer = Some(pointer.to_string());
        self
    }

    /// Lists the media types that there are.
    pub(super) fn with_available(mut self, available: Vec<&'static str>) -> Self {
        self.more.available = Some(available);
        self
    }

    /// Points at the place in the text.
    fn at(mut self, place: SyntaxError) -> Self {
        self.more.place = Some(place);
        self
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

    pub(super) fn allowed(&self) -> Option<&'static [&'static str]> {
        self.more.allowed
    }

    pub(super) fn fields(&self) -> &[(HeaderName, Cow<'static, str>)] {
        &self.more.fields
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
        self.more.render(&mut text);
        text.push_str("}\n");
        escape_in_json(&text).into_owned()
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
