//! The media types of request bodies: which there are, and which method takes which.
//!
//! *Source*: RFC 9110 §8.3, RFC 7396 §4, RFC 6902 §6.

use crate::api::access::shows_a_browser;
use crate::api::problem::{Problem, ProblemKind};
use crate::api::resource::Resource;
use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName};
use jsond_document::Json;
use std::borrow::Cow;

/// The media type of a request body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyType {
    /// A JSON value; one without a type is taken for it.
    Json,
    /// `application/merge-patch+json`.
    MergePatch,
    /// `application/json-patch+json`.
    JsonPatch,
    /// `application/jsonpath`.
    JsonPath,
    /// `text/plain`: an answer in words.
    Text,
    /// `application/x-www-form-urlencoded`.
    Form,
}

/// What a PATCH takes, as `Accept-Patch` spells it.
const ACCEPT_PATCH: &str =
    "application/merge-patch+json, application/json-patch+json, application/json";

/// What a PATCH of a folder takes.
const ACCEPT_PATCH_FOLDER: &str = "application/json-patch+json";

/// What a QUERY takes, as `Accept-Query` spells it.
///
/// *Source*: RFC 10008 §3.
pub(super) const ACCEPT_QUERY: &str = "application/jsonpath, application/x-www-form-urlencoded";

/// Reads the media type of the body of a method; what it does not take is refused.
///
/// *Errors*: 415, with what is taken.
pub(super) fn body_type_of(
    method: &Method,
    headers: &HeaderMap,
    resource: Option<Resource>,
) -> Result<BodyType, Problem> {
    let line = headers
        .get(CONTENT_TYPE)
        .map(|it| it.to_str().unwrap_or_default());
    let line = match line {
        // As nearly all say it.
        None | Some("application/json") => Cow::Borrowed("application/json"),
        Some(line) => Cow::Owned(line.to_ascii_lowercase()),
    };
    let mut parts = line.split(';').map(str::trim);
    let found = match parts.next().unwrap_or_default() {
        "application/json" | "text/json" => Some(BodyType::Json),
        "application/merge-patch+json" => Some(BodyType::MergePatch),
        "application/json-patch+json" => Some(BodyType::JsonPatch),
        "application/jsonpath" => Some(BodyType::JsonPath),
        "text/plain" => Some(BodyType::Text),
        "application/x-www-form-urlencoded" => Some(BodyType::Form),
        // What a patch of another type means is not known.
        _ if method == Method::PATCH => None,
        other if other.starts_with("application/") && other.ends_with("+json") => {
            Some(BodyType::Json)
        }
        _ => None,
    };
    let charset = parts.find_map(|it| it.strip_prefix("charset="));
    let is_utf8 = charset.is_none_or(|it| matches!(it.trim_matches('"'), "utf-8" | "utf8"));
    found
        .filter(|found| is_utf8 && takes(method, *found, resource))
        .ok_or_else(|| refusal(method, resource))
}

fn takes(method: &Method, body_type: BodyType, resource: Option<Resource>) -> bool {
    use BodyType::{Form, Json, JsonPatch, JsonPath, MergePatch, Text};
    match (method.as_str(), body_type) {
        ("PATCH", JsonPatch) | ("QUERY", JsonPath | Form) => true,
        // A form is looked at again when the body is there: `curl -d` says it of everything.
        ("PATCH", MergePatch | Json | Form) => resource != Some(Resource::Folder),
        ("PATCH" | "QUERY", _) | (_, JsonPatch | MergePatch | JsonPath) => false,
        (_, Json | Text | Form) => true,
    }
}

/// What a PATCH of a resource takes, as `Accept-Patch` spells it.
pub(super) fn accept_patch(resource: Option<Resource>) -> &'static str {
    if resource == Some(Resource::Folder) {
        ACCEPT_PATCH_FOLDER
    } else {
        ACCEPT_PATCH
    }
}

/// Says what the method takes.
pub(super) fn refusal(method: &Method, resource: Option<Resource>) -> Problem {
    let patches = accept_patch(resource);
    let problem = |detail| Problem::new(ProblemKind::MediaType, detail);
    match method.as_str() {
        "PATCH" => problem(format!("A PATCH takes {patches} here, in UTF-8."))
            .with_field(HeaderName::from_static("accept-patch"), patches),
        "QUERY" => problem(format!("A QUERY takes {ACCEPT_QUERY}; name the type."))
            .with_field(HeaderName::from_static("accept-query"), ACCEPT_QUERY),
        _ => problem(
            "Send application/json in UTF-8, or the answer to the guided dialogue as text/plain \
             or application/x-www-form-urlencoded."
                .to_owned(),
        ),
    }
}

/// `curl -d` sends JSON as a form; a browser's form is never taken for JSON.
pub(super) fn is_hand_typed_json(headers: &HeaderMap, body: &Bytes) -> bool {
    let first = body.trim_ascii_start().first();
    !shows_a_browser(headers)
        && (matches!(first, Some(b'{' | b'[' | b'"')) || Json::parse(body).is_ok())
}
