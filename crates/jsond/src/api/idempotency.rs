//! The key of a request that may be sent twice and is to happen once.

use crate::api::problem::Problem;
use crate::limits;
use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_TYPE, HeaderName};
use http::request::Parts;
use jsond_document::Digest;
use jsond_store::Key;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Reads the `Idempotency-Key` of a POST or a PATCH, with what tells its request from others.
pub(super) fn idempotency_key_of(head: &Parts, body: &Bytes) -> Result<Option<Key>, Problem> {
    if !matches!(head.method, Method::POST | Method::PATCH) {
        return Ok(None);
    }
    let Some(line) = head.headers.get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    let name = line.to_str().unwrap_or_default().trim();
    let name = name
        .strip_prefix('"')
        .and_then(|it| it.strip_suffix('"'))
        .unwrap_or(name);
    if name.is_empty() || name.len() > limits::IDEMPOTENCY_KEY_BYTES_MAX {
        return Err(Problem::bad_header("Idempotency-Key"));
    }
    let body_type = head
        .headers
        .get(CONTENT_TYPE)
        .map_or(&[][..], |it| it.as_bytes());
    let target = head.uri.to_string();
    let parts = [
        head.method.as_str().as_bytes(),
        target.as_bytes(),
        body_type,
        body,
    ];
    let mut text = Vec::with_capacity(body.len() + 256);
    for part in parts {
        text.extend_from_slice(&(part.len() as u64).to_be_bytes());
        text.extend_from_slice(part);
    }
    Ok(Some(Key {
        name: name.to_owned(),
        request: Digest::of(&text).0,
    }))
}
