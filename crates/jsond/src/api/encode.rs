//! From an outcome, or a problem, to a response. Pure.

use crate::api::action::{Outcome, Shown};
use crate::api::body_type::{self, ACCEPT_QUERY};
use crate::api::choices::{self, Form};
use crate::api::conditional::Tag;
use crate::api::listing;
use crate::api::negotiate::{Coding, Media};
use crate::api::problem::Problem;
use crate::api::question::Question;
use crate::api::read::{Selected, SentPart};
use crate::api::resource::{ALL_METHODS, Resource, reference_of};
use crate::web;
use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Method, Response, StatusCode, Uri};
use imbl::OrdMap;
use jsond_document::{Value, quote};
use jsond_store::{Applied, Effect, Entry, folder_digest};

/// The body of a response and what is known of it: pieces shared with the image, in order.
#[derive(Debug, Clone, Default)]
pub struct Body {
    pieces: Vec<Bytes>,
    /// The length, also of a body that is left out.
    bytes: usize,
    holds: bool,
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

    /// Whether the answer is a function of the head of its request and of what is served.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.holds
    }

    pub(super) fn holds_no_longer(&mut self) {
        self.holds = false;
    }

    /// The pieces.
    #[must_use]
    pub fn into_pieces(self) -> Vec<Bytes> {
        self.pieces
    }

    fn of_pieces(pieces: Vec<Bytes>) -> Self {
        let bytes = pieces.iter().map(Bytes::len).sum();
        Self {
            pieces,
            bytes,
            holds: false,
        }
    }

    /// All of it in one piece.
    pub(super) fn text(&self) -> Bytes {
        match &self.pieces[..] {
            [piece] => piece.clone(),
            pieces => pieces.concat().into(),
        }
    }

    pub(super) fn of_text(text: impl Into<Bytes>) -> Self {
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
    /// The target; none where the request could not be read.
    target: Option<Uri>,
    form: Form,
    conversation: Option<Box<Conversation>>,
}

/// What else of a request shows in its answer, where an interface shows more than this server's own.
#[derive(Debug)]
pub(super) struct Conversation {
    pub(super) method: Method,
    /// Scheme and authority of the address that was asked.
    pub(super) origin: String,
    /// Path and query of it.
    pub(super) target: String,
    /// The number of the page that is asked for, and how many records it has.
    pub(super) page: Option<(i64, i64)>,
    /// Whether a part of a collection is asked for.
    pub(super) is_part: bool,
    /// The function that the answer is to call.
    pub(super) callback: Option<String>,
    /// Whether a page of another site asks.
    pub(super) is_foreign: bool,
    /// Whether faults are kept.
    pub(super) is_strict: bool,
}

impl Facts {
    pub(super) fn of(head: &Parts) -> Self {
        Self {
            target: Some(head.uri.clone()),
            form: choices::form_of(&head.headers),
            conversation: None,
        }
    }

    pub(super) fn with(self, conversation: Conversation) -> Self {
        let conversation = Some(Box::new(conversation));
        Self {
            conversation,
            ..self
        }
    }

    pub(super) fn conversation(&self) -> Option<&Conversation> {
        self.conversation.as_deref()
    }

    /// Facts of a request that could not be read.
    pub(super) fn none() -> Self {
        Self {
            target: None,
            form: Form::Text,
            conversation: None,
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
    let body = Body::of_text(problem.render(facts.target.as_ref().map(Uri::path)));
    let mut response = respond(problem.status(), Some(PROBLEM), body);
    if let Some(allowed) = problem.allowed() {
        put(response.headers_mut(), header::ALLOW, &allowed.join(", "));
    }
    if problem.status() == StatusCode::NOT_ACCEPTABLE {
        response.headers_mut().insert(header::VARY, VARY);
    }
    for (name, value) in problem.fields() {
        put(response.headers_mut(), name.clone(), value);
    }
    response
}

fn encode_outcome(outcome: Outcome, facts: &Facts) -> Response<Body> {
    match outcome {
        Outcome::Selected(selected) => encode_selected(*selected),
        Outcome::Moved(target) => {
            let body = Body::of_text(format!("The folder is at {target}\n"));
            let mut response = respond(StatusCode::PERMANENT_REDIRECT, Some(TEXT), body);
            put(response.headers_mut(), header::LOCATION, &target);
            response
        }
        Outcome::Methods(resource) => encode_methods(resource),
        Outcome::Applied { applied, shown } => encode_applied(&applied, shown),
        Outcome::Choices(question) => encode_choices(&question, facts.form),
        Outcome::Own { content_type, text } => {
            let media = HeaderValue::from_static(content_type);
            let mut response = respond(StatusCode::OK, Some(media), Body::of_text(text));
            // It says how things are at this moment.
            put(response.headers_mut(), header::CACHE_CONTROL, "no-store");
            response
        }
    }
}

fn encode_selected(selected: Selected) -> Response<Body> {
    let Selected {
        representation,
        tag,
        coding,
        part,
        location,
    } = selected;
    let mut response = encode_part(part, representation.media);
    let is_there = response.status() != StatusCode::NOT_MODIFIED;
    response.body_mut().holds = true;
    let headers = response.headers_mut();
    headers.insert(header::ETAG, tag.to_value());
    headers.insert(header::CACHE_CONTROL, NO_CACHE);
    headers.insert(header::VARY, VARY);
    if let Some(modified) = representation.modified {
        put(
            headers,
            header::LAST_MODIFIED,
            &httpdate::fmt_http_date(modified),
        );
    }
    if let Some(location) = &location {
        put(headers, header::CONTENT_LOCATION, location);
    }
    if let Some(total) = representation.total {
        put(headers, TOTAL_COUNT, &total.to_string());
    }
    if let Some(links) = representation.links.field() {
        put(headers, header::LINK, &links);
    }
    match coding {
        _ if !is_there => {}
        Coding::Identity => put(headers, header::ACCEPT_RANGES, "bytes"),
        coding => put(headers, header::CONTENT_ENCODING, coding.name()),
    }
    if is_there && representation.media == Media::Html {
        put(headers, header::CONTENT_SECURITY_POLICY, web::POLICY);
    }
    response
}

fn encode_part(part: SentPart, media: Media) -> Response<Body> {
    let media = media.content_type();
    match part {
        SentPart::Nothing => respond(StatusCode::NOT_MODIFIED, None, Body::default()),
        SentPart::Whole(pieces) => respond(StatusCode::OK, Some(media), Body::of_pieces(pieces)),
        SentPart::Range { field, pieces } => {
            let body = Body::of_pieces(pieces);
            let mut response = respond(StatusCode::PARTIAL_CONTENT, Some(media), body);
            response.headers_mut().insert(header::CONTENT_RANGE, field);
            response
        }
        SentPart::Ranges(parts) => {
            let body = Body::of_pieces(parts.pieces);
            respond(StatusCode::PARTIAL_CONTENT, Some(parts.content_type), body)
        }
    }
}

/// A value may change at any time; whoever keeps it asks whether it still holds.
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");

/// What representations are chosen by.
const VARY: HeaderValue = HeaderValue::from_static("Accept, Accept-Encoding");

const TOTAL_COUNT: HeaderName = HeaderName::from_static("x-total-count");

fn encode_methods(resource: Option<Resource>) -> Response<Body> {
    let mut response = respond(StatusCode::NO_CONTENT, None, Body::default());
    let methods = resource.map_or(ALL_METHODS, Resource::methods);
    let headers = response.headers_mut();
    put(headers, header::ALLOW, &methods.join(", "));
    if methods.contains(&"PATCH") {
        let patches = body_type::accept_patch(resource);
        put(headers, HeaderName::from_static("accept-patch"), patches);
    }
    if methods.contains(&"QUERY") {
        put(
            headers,
            HeaderName::from_static("accept-query"),
            ACCEPT_QUERY,
        );
    }
    response
}

fn encode_applied(applied: &Applied, shown: Shown) -> Response<Body> {
    let minimal = matches!(shown, Shown::Nothing | Shown::Hidden);
    let created = applied.effect == Effect::Created;
    let status = match (created, minimal) {
        (true, _) => StatusCode::CREATED,
        (false, true) => StatusCode::NO_CONTENT,
        (false, false) => StatusCode::OK,
    };
    let folder = folder_of(applied);
    let laid_out = (applied.value.as_ref())
        .filter(|_| shown == Shown::Pretty)
        .map(|value| Bytes::from(laid_out(applied, value)));
    let body = match (&applied.value, folder) {
        _ if minimal => Body::default(),
        (Some(value), _) => match &laid_out {
            Some(text) => Body::of_text(text.clone()),
            None => Body::of_value(value),
        },
        (None, Some(entries)) => Body::of_text(format!("{}\n", listing::render(entries))),
        (None, None) if created && applied.written.len() > 1 => Body::of_text(locations(applied)),
        (None, None) => Body::default(),
    };
    let media = (!body.is_empty()).then_some(JSON);
    let mut response = respond(status, media, body);
    let headers = response.headers_mut();
    let tag = match (&applied.value, folder) {
        (Some(value), _) if applied.effect != Effect::Removed => {
            Some(Tag::of_json(value, laid_out.as_deref()))
        }
        (None, Some(entries)) => Some(Tag::of(folder_digest(entries))),
        _ => None,
    };
    if let Some(tag) = tag.filter(|_| shown != Shown::Hidden) {
        headers.insert(header::ETAG, tag.to_value());
    }
    if let ([address], true) = (applied.written.as_slice(), created) {
        put(headers, header::LOCATION, &reference_of(address));
    }
    if shown == Shown::Nothing {
        put(
            headers,
            HeaderName::from_static("preference-applied"),
            "return=minimal",
        );
    }
    response
}

/// Lays a written value out in the style of its file; what was removed from a file that went with
/// it, in that of new files.
fn laid_out(applied: &Applied, value: &Value) -> Vec<u8> {
    let (image, address) = (applied.image.as_ref(), applied.written.first());
    let file = image.zip(address).and_then(|(image, address)| {
        let (path, _) = image.split(&address.0);
        image.file(path)
    });
    match file {
        Some(file) => jsond_store::pretty_text(file, value),
        None => jsond_document::pretty(&value.to_json(), &jsond_document::Layout::tabs()),
    }
}

/// The folder that was patched, as it is now.
fn folder_of(applied: &Applied) -> Option<&OrdMap<String, Entry>> {
    match (&applied.value, applied.written.as_slice()) {
        (None, [address]) => applied.image.as_ref()?.folder(&address.0),
        _ => None,
    }
}

fn locations(applied: &Applied) -> String {
    let list: Vec<_> = applied
        .written
        .iter()
        .map(|address| quote(&reference_of(address)))
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

/// As many as the answer to a read of a value has: a map has room for three quarters of a power of
/// two, and one for twelve is too large for what the allocator keeps at hand.
const FIELDS_MOSTLY: usize = 6;

fn respond(status: StatusCode, media: Option<HeaderValue>, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    // Room for all fields that most answers have: each time it grows costs more than it.
    *response.headers_mut() = HeaderMap::with_capacity(FIELDS_MOSTLY);
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
