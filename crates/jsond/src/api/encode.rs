//! From an outcome, or a problem, to a response. Pure.

use crate::api::action::Outcome;
use crate::api::choices::{self, Form};
use crate::api::conditional::{PRETTY_SUFFIX, tag_of};
use crate::api::problem::{Problem, allow_of};
use crate::api::question::Question;
use crate::api::resource::path_of;
use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Request, Response, StatusCode};
use jsond_document::{Value, quote};
use jsond_store::{Applied, Effect, Place};

/// The body of a response: pieces shared with the image, in order.
#[derive(Debug, Clone, Default)]
pub struct Body {
    pieces: Vec<Bytes>,
    /// The length, also of a body that is left out.
    bytes: usize,
}

impl Body {
    /// The length in bytes, as `Content-Length` says it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// Keeps the length only: the answer to a HEAD.
    pub fn leave_out(&mut self) {
        self.pieces.clear();
    }

    /// The pieces.
    #[must_use]
    pub fn into_pieces(self) -> Vec<Bytes> {
        self.pieces
    }

    fn of_pieces(pieces: Vec<Bytes>) -> Self {
        let bytes = pieces.iter().map(Bytes::len).sum();
        Self { pieces, bytes }
    }

    fn of_text(text: impl Into<Bytes>) -> Self {
        Self::of_pieces(vec![text.into()])
    }

    /// The representation of a value: its compact text and a newline.
    fn of_value(value: &Value) -> Self {
        let mut pieces = value.text_pieces();
        pieces.push(Bytes::from_static(b"\n"));
        Self::of_pieces(pieces)
    }
}

/// What encoding needs to know of the request.
#[derive(Debug)]
pub(super) struct Facts {
    path: Option<String>,
    form: Form,
}

impl Facts {
    pub(super) fn of(request: &Request<Bytes>) -> Self {
        let form = choices::form_of(request.headers());
        Self {
            path: Some(request.uri().path().to_owned()),
            form,
        }
    }

    pub(super) fn of_head(head: &Parts) -> Self {
        let form = choices::form_of(&head.headers);
        Self {
            path: Some(head.uri.path().to_owned()),
            form,
        }
    }

    /// Facts of a request that could not be read.
    pub(super) fn none() -> Self {
        Self {
            path: None,
            form: Form::Text,
        }
    }
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// Encodes an outcome or a problem.
pub(super) fn encode(outcome: Result<Outcome, Problem>, facts: &Facts) -> Response<Body> {
    let mut response = match outcome {
        Err(problem) => encode_problem(&problem, facts),
        Ok(outcome) => encode_outcome(outcome, facts),
    };
    let nosniff = HeaderValue::from_static("nosniff");
    response
        .headers_mut()
        .insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    response
}

fn encode_problem(problem: &Problem, facts: &Facts) -> Response<Body> {
    let body = Body::of_text(problem.render(facts.path.as_deref()));
    let mut response = respond(problem.status(), Some(PROBLEM), body);
    if let Some(allowed) = problem.allowed() {
        put(response.headers_mut(), header::ALLOW, &allow_of(allowed));
    }
    response
}

fn encode_outcome(outcome: Outcome, facts: &Facts) -> Response<Body> {
    match outcome {
        Outcome::Value { place, pretty } => encode_value(&place, pretty, facts),
        Outcome::NotModified { place, pretty } => {
            let mut response = encode_value(&place, pretty, facts);
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            *response.body_mut() = Body::default();
            response.headers_mut().remove(header::CONTENT_TYPE);
            response
        }
        Outcome::Folder(text) => respond(StatusCode::OK, Some(JSON), Body::of_text(text)),
        Outcome::Moved(target) => {
            let body = Body::of_text(format!("The folder is at {target}\n"));
            let mut response = respond(StatusCode::PERMANENT_REDIRECT, Some(TEXT), body);
            put(response.headers_mut(), header::LOCATION, &target);
            response
        }
        Outcome::Methods(methods) => {
            let mut response = respond(StatusCode::NO_CONTENT, None, Body::default());
            put(response.headers_mut(), header::ALLOW, &allow_of(&methods));
            response
        }
        Outcome::Applied {
            applied,
            minimal,
            one,
        } => encode_applied(&applied, minimal, one),
        Outcome::Choices(question) => encode_choices(&question, facts.form),
        Outcome::Own { content_type, text } => respond(
            StatusCode::OK,
            Some(HeaderValue::from_static(content_type)),
            Body::of_text(text),
        ),
    }
}

fn encode_value(place: &Place, pretty: bool, facts: &Facts) -> Response<Body> {
    let (body, suffix) = if pretty {
        (
            Body::of_text(jsond_store::pretty_text(&place.file, &place.value)),
            PRETTY_SUFFIX,
        )
    } else {
        (Body::of_value(&place.value), "")
    };
    let mut response = respond(StatusCode::OK, Some(JSON), body);
    let headers = response.headers_mut();
    put(headers, header::ETAG, &tag_of(&place.value, suffix));
    if place.is_file() {
        put(
            headers,
            header::LAST_MODIFIED,
            &httpdate::fmt_http_date(place.file.modified),
        );
    }
    let canonical = path_of(&place.canonical());
    if facts
        .path
        .as_ref()
        .is_some_and(|path| !is_same_path(path, &canonical))
    {
        put(headers, header::CONTENT_LOCATION, &canonical);
    }
    response
}

/// Two spellings of a path are the same when they decode to the same bytes.
fn is_same_path(path: &str, canonical: &str) -> bool {
    path == canonical
        || percent_encoding::percent_decode_str(path)
            .eq(percent_encoding::percent_decode_str(canonical))
}

fn encode_applied(applied: &Applied, minimal: bool, one: bool) -> Response<Body> {
    let created = applied.effect == Effect::Created;
    let status = match (created, minimal) {
        (true, _) => StatusCode::CREATED,
        (false, true) => StatusCode::NO_CONTENT,
        (false, false) => StatusCode::OK,
    };
    let body = match &applied.value {
        _ if minimal => Body::default(),
        _ if created && !one => Body::of_text(locations(applied)),
        Some(value) => Body::of_value(value),
        None => Body::default(),
    };
    let media = (!body.is_empty()).then_some(JSON);
    let mut response = respond(status, media, body);
    let headers = response.headers_mut();
    if let (Some(value), false) = (&applied.value, applied.effect == Effect::Removed) {
        put(headers, header::ETAG, &tag_of(value, ""));
    }
    if let ([address], true) = (applied.written.as_slice(), created) {
        put(headers, header::LOCATION, &path_of(address));
    }
    if minimal {
        put(
            headers,
            HeaderName::from_static("preference-applied"),
            "return=minimal",
        );
    }
    response
}

fn locations(applied: &Applied) -> String {
    let list: Vec<_> = applied
        .written
        .iter()
        .map(|address| quote(&path_of(address)))
        .collect();
    format!("[{}]\n", list.join(","))
}

fn encode_choices(question: &Question, form: Form) -> Response<Body> {
    let (media, text) = match form {
        Form::Text => (TEXT, question.prompt()),
        Form::Json => (JSON, choices::render(question)),
    };
    let mut response = respond(
        StatusCode::MULTIPLE_CHOICES,
        Some(media),
        Body::of_text(text),
    );
    put(response.headers_mut(), header::VARY, "Accept");
    response
}

fn respond(status: StatusCode, media: Option<HeaderValue>, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    if let Some(media) = media {
        response.headers_mut().insert(header::CONTENT_TYPE, media);
    }
    response
}

/// Puts a field; our own values are always well-formed.
fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    headers.insert(
        name,
        HeaderValue::from_str(value).expect("INVARIANT: visible ASCII"),
    );
}
