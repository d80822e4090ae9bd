//! The requests that many subjects need: patches, queries, bodies that are no text, targets whose
//! parts have to be percent-encoded.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Reply, Server, render};

/// The media type of a patch document that is one JSON value.
pub(crate) const MERGE_PATCH: &str = "Content-Type: application/merge-patch+json";
/// The media type of a patch document that is an array of operations.
pub(crate) const JSON_PATCH: &str = "Content-Type: application/json-patch+json";
pub(crate) const JSON: &str = "Content-Type: application/json";

/// The text as it may stand in a segment or a query parameter.
pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

impl Server {
    pub(crate) fn merge_patch(&self, target: &str, body: &str) -> Reply {
        self.request("PATCH", target, &[MERGE_PATCH], body)
    }

    pub(crate) fn json_patch(&self, target: &str, body: &str) -> Reply {
        self.request("PATCH", target, &[JSON_PATCH], body)
    }

    /// A GET with fields.
    pub(crate) fn ask_for(&self, target: &str, fields: &[&str]) -> Reply {
        self.request("GET", target, fields, "")
    }

    /// A request that may take much longer than others.
    pub(crate) fn request_patiently(
        &self,
        method: &str,
        target: &str,
        fields: &[&str],
        body: &str,
    ) -> Reply {
        let mut wire = self.connect();
        wire.patience(std::time::Duration::from_secs(60));
        wire.request(method, target, fields, body)
    }

    /// A request whose body need not be text.
    pub(crate) fn request_bytes(
        &self,
        method: &str,
        target: &str,
        fields: &[&str],
        body: &[u8],
    ) -> Reply {
        let mut wire = self.connect();
        // A server may refuse a large body before it has read all of it.
        wire.send_if_read(render(method, target, fields, body));
        wire.final_reply()
    }

    /// The nodes that a JSONPath query selects.
    pub(crate) fn select(&self, target: &str, query: &str) -> Reply {
        self.get(&format!("{target}?jsonpath={}", encoded(query)))
    }
}
