//! Shapes of answers that both versions share.

use crate::api::encode::Body;
use crate::api::problem::Problem;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Response, StatusCode};

/// The type of JSON.
pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Puts another body into a response.
pub(super) fn set_body(response: &mut Response<Body>, media: HeaderValue, text: impl Into<Bytes>) {
    response.headers_mut().insert(CONTENT_TYPE, media);
    *response.body_mut() = Body::of_text(text);
}

/// Puts a field; our own values are always well-formed.
pub(super) fn put(response: &mut Response<Body>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// The status that a refusal has here: what is not there is never there to be asked otherwise.
pub(super) fn is_missing(problem: &Problem) -> bool {
    matches!(
        problem.status(),
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED
    )
}
