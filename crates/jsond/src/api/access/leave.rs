//! What answers tell browsers about pages of other origins.
//!
//! *Source*: the Fetch standard, "HTTP responses".

use super::cors::CorsManner;
use http::Response;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW,
    CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, VARY,
};

pub(super) const ALLOW_PRIVATE: HeaderName =
    HeaderName::from_static("access-control-allow-private-network");

/// The fields of our answers that a page of another origin may read.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "Accept-Patch, Accept-Query, Allow, Content-Location, Content-Range, ETag, Last-Modified, \
     Link, Location, Preference-Applied, Retry-After, WWW-Authenticate, X-Total-Count",
);

/// The methods of json-server.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, PUT, PATCH, POST, DELETE");

/// For how many seconds a browser need not ask again.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// What an answer tells a browser about pages of other origins.
#[derive(Debug, Default)]
pub(in crate::api) struct Leave {
    /// The origin that may read it.
    pub(super) origin: Option<HeaderValue>,
    /// Another origin would be told otherwise.
    pub(super) depends: bool,
    /// How pages of this machine are told.
    pub(super) manner: Option<CorsManner>,
    /// What a preflight asks for.
    pub(super) asked: Option<Asked>,
}

/// What a preflight asks for.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) fields: Option<HeaderValue>,
    pub(super) is_private: bool,
}

impl Leave {
    /// Adds to an answer what a browser has to be told.
    ///
    /// *Source*: the Fetch standard, "HTTP responses".
    pub(in crate::api) fn mark<B>(self, response: &mut Response<B>) {
        let headers = response.headers_mut();
        if self.depends {
            vary_by_origin(headers);
        }
        let Some(origin) = self.origin else {
            return;
        };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        match self.manner {
            Some(CorsManner::Star) => {
                headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
                headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, CONTENT_TYPE.into());
            }
            Some(CorsManner::Origin) => {
                let yes = HeaderValue::from_static("true");
                headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
            }
            None => {}
        }
        let Some(asked) = self.asked else {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
            return;
        };
        if let Some(methods) = headers.get(ALLOW).cloned() {
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
        }
        if let Some(fields) = asked.fields.filter(is_list_of_names) {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, fields);
        }
        if asked.is_private {
            headers.insert(ALLOW_PRIVATE, HeaderValue::from_static("true"));
        }
        headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    }
}

/// Whether a value is nothing but names of fields.
fn is_list_of_names(value: &HeaderValue) -> bool {
    let names = value.as_bytes().split(|byte| *byte == b',');
    names
        .map(<[u8]>::trim_ascii)
        .all(|name| HeaderName::from_bytes(name).is_ok())
}

fn vary_by_origin(headers: &mut HeaderMap) {
    let before = headers.get(VARY).map(HeaderValue::as_bytes);
    let names = match before {
        Some(before) => [before, b", Origin"].concat(),
        None => b"Origin".to_vec(),
    };
    let names = HeaderValue::from_bytes(&names);
    headers.insert(VARY, names.expect("INVARIANT: names and commas"));
}
