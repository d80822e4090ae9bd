//! What a conversation remembers: the last exchange, and the versions of what was seen. Pure.
//!
//! A PUT, PATCH or DELETE of something that was seen carries the entity tag it had then, so that
//! nobody's change in between is overwritten unseen. *Source*: RFC 9110 §13.1.1

use std::collections::VecDeque;

use serde_json::Value;

use super::head::Head;
use super::limit;
use super::render::Form;
use super::request::Request;

/// A final response with as much of its body as is kept.
#[derive(Debug, Clone, Default)]
pub(super) struct Response {
    pub(super) head: Head,
    pub(super) body: Vec<u8>,
    /// The body was too long, or broke off.
    pub(super) is_cut: bool,
}

impl Response {
    /// Takes a piece of the body, if there is room for it.
    pub(super) fn push(&mut self, piece: &[u8], room: usize) {
        if self.body.len() + piece.len() > room {
            self.body = Vec::new();
            self.is_cut = true;
        } else if !self.is_cut {
            self.body.extend_from_slice(piece);
        }
    }

    /// The body, if all of it is here.
    pub(super) fn whole(&self) -> Option<&[u8]> {
        (!self.is_cut).then_some(&self.body)
    }
}

/// A version of something that was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    path: String,
    pub(super) tag: String,
    /// What it was; `None` when only the tag is known.
    pub(super) body: Option<Vec<u8>>,
}

/// What a conversation remembers.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// The last request that a person sent, and what came of it.
    pub(super) request: Option<Request>,
    pub(super) response: Option<Response>,
    seen: VecDeque<Seen>,
}

impl Memory {
    /// The version of a target that was seen last.
    pub(super) fn seen(&self, path: &str) -> Option<&Seen> {
        let path = canonical(path);
        self.seen.iter().find(|seen| seen.path == path)
    }

    /// The request with the entity tag of what it changes, if that was seen and nothing else is said.
    pub(super) fn conditional(&self, request: &Request) -> Option<Request> {
        let says_more = request.headers.iter().any(|(name, _)| {
            ["if-match", "if-none-match", "if-unmodified-since"]
                .iter()
                .any(|condition| name.eq_ignore_ascii_case(condition))
        });
        let seen = self.seen(&request.http_target())?;
        let is_change = match request.method.as_str() {
            "PUT" | "PATCH" => request.body.is_some(),
            // Without a condition the DELETE of a collection asks for a key, and that of a file is
            // refused; with one it would be meant for the whole.
            "DELETE" => {
                is_within_a_file(&request.http_target())
                    && seen
                        .body
                        .as_deref()
                        .is_some_and(|body| !may_hold_records(body))
            }
            _ => false,
        };
        (is_change && !says_more).then(|| with_tag(request, &seen.tag))
    }

    /// Learns from what came of a request that was sent.
    pub(super) fn learn(&mut self, request: &Request, response: &Response) {
        let path = canonical(&request.http_target());
        let is_done = (200..300).contains(&response.head.status);
        let is_read = matches!(request.method.as_str(), "GET" | "HEAD");
        if is_done && !is_read && request.method != "OPTIONS" && request.method != "QUERY" {
            self.changed(request);
        }
        let shows_it = matches!(request.method.as_str(), "GET" | "PUT" | "PATCH");
        let is_known = request.method == "HEAD" || shows_it;
        if !is_done || !is_known || response.head.status == 206 {
            return;
        }
        let tag = response.head.header("etag");
        // A weak tag never matches in If-Match, and that of another form of it means that form.
        let is_json = Form::of(&response.head) == Some(Form::Json);
        let is_coded = response.head.header("content-encoding").is_some();
        let is_whole = is_json && !is_coded;
        let Some(tag) = tag.filter(|tag| tag.starts_with('"') && is_whole) else {
            return self.forget(&path);
        };
        let body = response
            .whole()
            .filter(|_| shows_it && response.head.status == 200);
        let body = body.filter(|body| body.len() <= limit::HELD_BODY_BYTES_MAX);
        let seen = Seen {
            tag: tag.to_owned(),
            body: body.map(<[u8]>::to_vec),
            path,
        };
        self.forget(&seen.path);
        self.seen.push_front(seen);
        self.seen.truncate(limit::SEEN_MAX);
    }

    /// Learns that a request has changed something: what is around it is no longer what it was.
    pub(super) fn changed(&mut self, request: &Request) {
        self.forget_around(&canonical(&request.http_target()));
    }

    fn forget(&mut self, path: &str) {
        self.seen.retain(|seen| seen.path != path);
    }

    /// A change of something changes what it is in, and what is in it.
    fn forget_around(&mut self, path: &str) {
        let bare = |path: &str| {
            let path = path.split('?').next().unwrap_or_default();
            path.trim_end_matches('/').to_owned()
        };
        let path = bare(path);
        let is_below = |inner: &str, outer: &str| {
            inner
                .strip_prefix(outer)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.seen.retain(|seen| {
            let seen = bare(&seen.path);
            !is_below(&seen, &path) && !is_below(&path, &seen)
        });
    }
}

/// A target with what is percent-encoded decoded, but for the slashes in its parts: however it is
/// spelled, it is one.
fn canonical(target: &str) -> String {
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    let part = |part: &str| {
        let decoded = percent_encoding::percent_decode_str(part).decode_utf8_lossy();
        decoded.replace('/', "%2F")
    };
    let path: Vec<String> = path.split('/').map(part).collect();
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    path.join("/") + &query
}

/// Whether a target is of something in a file, and not of the file: one that ends in its name, or
/// has no name of one in it, may be of a file.
fn is_within_a_file(target: &str) -> bool {
    let path = target.split('?').next().unwrap_or_default();
    path.trim_end_matches('/').contains(".json/")
}

/// Whether a value may be a collection: it is empty, or something in it is an object or an array.
fn may_hold_records(body: &[u8]) -> bool {
    let is_container = |value: &Value| value.is_object() || value.is_array();
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => members.is_empty() || members.values().any(is_container),
        Ok(Value::Array(items)) => items.is_empty() || items.iter().any(is_container),
        Ok(_) => false,
        Err(_) => true,
    }
}

/// The request, to be done only if what it changes still has this tag.
pub(super) fn with_tag(request: &Request, tag: &str) -> Request {
    let mut request = request.clone();
    request
        .headers
        .retain(|(name, _)| !name.eq_ignore_ascii_case("if-match"));
    request
        .headers
        .push(("If-Match".to_owned(), tag.to_owned()));
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(line: &str) -> Request {
        let words: Vec<_> = line.split(' ').map(str::to_owned).collect();
        let read = |_: &str| unreachable!("no file is named");
        Request::parse(&words, &Default::default(), &read).unwrap()
    }

    fn answer(status: u16, tag: &str) -> Response {
        Response {
            head: Head {
                status,
                reason: String::new(),
                headers: vec![
                    ("etag".into(), tag.into()),
                    ("content-type".into(), "application/json".into()),
                ],
            },
            body: b"1".to_vec(),
            is_cut: false,
        }
    }

    fn tag_of(memory: &Memory, line: &str) -> Option<String> {
        let request = memory.conditional(&request(line))?;
        let tag = request.headers.iter().find(|(name, _)| name == "If-Match");
        tag.map(|(_, value)| value.clone())
    }

    #[test]
    fn a_change_of_what_was_seen_carries_its_tag() {
        let mut memory = Memory::default();
        memory.learn(&request("GET a.json/b"), &answer(200, "\"1\""));
        for change in ["PUT a.json/b x=1", "PATCH /a.json/b x=1", "DELETE a.json/b"] {
            assert_eq!(
                tag_of(&memory, change).as_deref(),
                Some("\"1\""),
                "{change}"
            );
        }
        for other in [
            "GET a.json/b",
            "POST a.json/b x=1",
            "PUT a.json/c x=1",
            "PUT a.json/b",
            "PUT a.json/b x=1 If-None-Match:*",
        ] {
            assert_eq!(tag_of(&memory, other), None, "{other}");
        }
        memory.learn(&request("PUT a.json/b x=1"), &answer(200, "\"2\""));
        assert_eq!(tag_of(&memory, "DELETE a.json/b").as_deref(), Some("\"2\""));
        memory.learn(&request("DELETE a.json/b"), &answer(200, "\"3\""));
        assert_eq!(tag_of(&memory, "PUT a.json/b x=1"), None);
    }

    /// A DELETE of a collection that was seen took the whole file away, instead of asking for a key.
    #[test]
    fn a_delete_of_what_may_be_a_collection_carries_no_tag() {
        for (body, carries) in [
            ("{}", false),
            ("[]", false),
            ("{\"a\":{}}", false),
            ("[1,[]]", false),
            ("{", false),
            ("{\"grade\":\"4.0\"}", true),
            ("[1,2]", true),
            ("\"4.0\"", true),
        ] {
            let mut memory = Memory::default();
            let mut response = answer(200, "\"1\"");
            response.body = body.as_bytes().to_vec();
            memory.learn(&request("GET a.json/x"), &response);
            let delete = tag_of(&memory, "DELETE a.json/x");
            assert_eq!(delete.is_some(), carries, "{body}");
            // Nor does that of a file, whatever is in it.
            memory.learn(&request("GET a.json"), &response);
            memory.learn(&request("GET db"), &response);
            assert_eq!(tag_of(&memory, "DELETE a.json"), None, "{body}");
            assert_eq!(tag_of(&memory, "DELETE db"), None, "{body}");
        }
        let mut memory = Memory::default();
        memory.learn(&request("HEAD a"), &answer(200, "\"1\""));
        assert_eq!(tag_of(&memory, "DELETE a"), None);
        assert!(tag_of(&memory, "PUT a x=1").is_some());
    }

    #[test]
    fn a_change_makes_what_is_around_it_unknown() {
        let mut memory = Memory::default();
        for (n, path) in ["/a.json", "/a.json/b", "/a.json/b/c", "/a.json/bc", "/"]
            .iter()
            .enumerate()
        {
            memory.learn(
                &request(&format!("GET {path}")),
                &answer(200, &format!("\"{n}\"")),
            );
        }
        memory.learn(&request("POST a.json/b x=1"), &answer(201, "\"new\""));
        let left: Vec<_> = memory.seen.iter().map(|seen| seen.path.as_str()).collect();
        assert_eq!(left, ["/a.json/bc"]);
    }

    #[test]
    fn a_target_is_one_however_it_is_spelled() {
        let mut memory = Memory::default();
        memory.learn(&request("GET /a.json/김"), &answer(200, "\"1\""));
        assert!(tag_of(&memory, "PUT /a.json/%EA%B9%80 x=1").is_some());
        memory.learn(
            &request("PUT /a%2Ejson/%ea%b9%80/b x=1"),
            &answer(200, "\"2\""),
        );
        assert_eq!(
            tag_of(&memory, "PUT /a.json/김 x=1"),
            None,
            "what is in it was changed"
        );
        assert_ne!(canonical("/a%2Fb"), canonical("/a/b"));
    }

    #[test]
    fn the_tag_of_another_form_is_not_remembered() {
        for (name, value) in [("content-type", "text/csv"), ("content-encoding", "gzip")] {
            let mut memory = Memory::default();
            let mut response = answer(200, "\"1\"");
            response.head.headers.retain(|field| field.0 != name);
            response.head.headers.push((name.into(), value.into()));
            memory.learn(&request("GET a"), &response);
            assert_eq!(tag_of(&memory, "PUT a x=1"), None, "{value}");
        }
    }

    #[test]
    fn what_failed_or_has_no_strong_tag_is_not_remembered() {
        let mut memory = Memory::default();
        memory.learn(&request("GET a"), &answer(404, "\"1\""));
        memory.learn(&request("GET a"), &answer(200, "W/\"1\""));
        memory.learn(&request("GET a"), &answer(206, "\"1\""));
        assert_eq!(tag_of(&memory, "DELETE a"), None);
        for n in 0..2 * limit::SEEN_MAX {
            memory.learn(&request(&format!("GET a{n}")), &answer(200, "\"1\""));
        }
        assert_eq!(memory.seen.len(), limit::SEEN_MAX);
    }

    #[test]
    fn a_body_that_is_too_long_is_kept_in_no_part() {
        let mut response = Response::default();
        response.push(b"0123", 4);
        assert!(response.whole().is_some());
        response.push(b"x", 4);
        response.push(b"", 4);
        assert_eq!(response.whole(), None);
    }
}
