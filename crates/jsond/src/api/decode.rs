//! From a request to an action, or to the problem that it is. Pure.
//!
//! The order of checks is that of HTTP.md: target, method, media type, syntax. What needs the
//! state (existence, preconditions, meaning) is judged when the action is performed.

use crate::api::action::{Action, Answer, Ask, Given, Intent, Own, Read, Write};
use crate::api::conditional::{modified_since_of, precondition_of};
use crate::api::problem::{Problem, ProblemKind};
use crate::api::resource::{
    ALL_METHODS, FOREIGN_METHODS, Resource, Target, TargetError, find, parse_target,
};
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use http::request::Parts;
use http::{Method, Request};
use jsond_document::{Json, Kind, Value};
use jsond_store::{Addition, Address, Edit, Image, Mutation};

/// Decodes a request, in the light of one version of what is served.
pub(super) fn decode(request: Request<Bytes>, image: &Image) -> Result<Action, Problem> {
    let (head, body) = request.into_parts();
    match check_head(&head, image)? {
        Target::Server => Ok(Action::DescribeServer),
        Target::OwnMissing => Err(Problem::not_found()),
        Target::Own(own) => decode_own(&head, own),
        Target::Address { address, slash } => decode_address(&head, address, slash, body),
    }
}

/// Judges what can be judged before the body is there: target, method, media type.
pub(super) fn check_head(head: &Parts, image: &Image) -> Result<Target, Problem> {
    let target = target_of(head)?;
    let method = &head.method;
    let is_foreign = FOREIGN_METHODS.contains(method);
    if !ALL_METHODS.contains(method) && !is_foreign {
        let detail = format!("The method {method} is not known here.");
        return Err(Problem::new(ProblemKind::MethodUnknown, detail));
    }
    if target == Target::Server && *method != Method::OPTIONS {
        return Err(Problem::new(
            ProblemKind::MalformedTarget,
            "The target * is for OPTIONS only.",
        ));
    }
    if method.is_safe() && !is_foreign {
        // Every resource knows these, so reading need not look for it twice.
        return Ok(target);
    }
    let resource = resource_of(&target, image);
    let allowed = resource.map_or(ALL_METHODS, Resource::methods);
    // What is absent is told by 404, but not to a method that nothing here knows.
    let is_absent = matches!(resource, None | Some(Resource::Absent));
    if is_foreign || (!is_absent && !allowed.contains(method)) {
        return Err(Problem::method_not_allowed(method, allowed));
    }
    if matches!(*method, Method::PUT | Method::POST | Method::DELETE) {
        check_coding(&head.headers)?;
        media_of(&head.headers)?;
    }
    Ok(target)
}

/// What kind of resource is at a target.
fn resource_of(target: &Target, image: &Image) -> Option<Resource> {
    match target {
        Target::Server => None,
        Target::Own(_) | Target::OwnMissing => Some(Resource::Own),
        Target::Address { address, .. } => Resource::of(&find(image, address)),
    }
}

fn target_of(head: &Parts) -> Result<Target, Problem> {
    parse_target(head.uri.path()).map_err(|error| {
        let detail = match error {
            TargetError::Percent => {
                "A % in the target is not followed by two hexadecimal digits; write %25 for a %."
            }
            TargetError::Text => "A segment of the target is not UTF-8 text, or has a NUL in it.",
        };
        Problem::new(ProblemKind::MalformedTarget, detail)
    })
}

fn check_coding(headers: &HeaderMap) -> Result<(), Problem> {
    let is_identity = headers.get_all(CONTENT_ENCODING).iter().all(|line| {
        line.as_bytes()
            .trim_ascii()
            .eq_ignore_ascii_case(b"identity")
    });
    if is_identity {
        return Ok(());
    }
    Err(Problem::new(
        ProblemKind::Coding,
        "Send the body without a Content-Encoding.",
    ))
}

fn decode_own(head: &Parts, own: Own) -> Result<Action, Problem> {
    if head.method == Method::OPTIONS {
        return Ok(Action::DescribeServer);
    }
    Ok(Action::Own(own))
}

fn decode_address(
    head: &Parts,
    address: Address,
    slash: bool,
    body: Bytes,
) -> Result<Action, Problem> {
    let parameters = Parameters::of(head.uri.query())?;
    match head.method {
        Method::GET | Method::HEAD => Ok(Action::Read(Read {
            address,
            slash,
            pretty: parameters.pretty,
            precondition: precondition_of(&head.headers)?,
            modified_since: modified_since_of(&head.headers),
        })),
        Method::OPTIONS => Ok(Action::Describe(address)),
        Method::PUT => decode_write(head, address, body, Intent::Set),
        Method::POST => decode_write(head, address, body, Intent::Add),
        _ => decode_write(head, address, body, Intent::Remove),
    }
}

/// The query parameters that are known.
struct Parameters {
    pretty: bool,
}

impl Parameters {
    fn of(query: Option<&str>) -> Result<Self, Problem> {
        let mut parameters = Self { pretty: false };
        for (name, value) in parse_form(query.unwrap_or_default().as_bytes()) {
            match (name.as_str(), value.as_str()) {
                ("pretty", "" | "true" | "1") => parameters.pretty = true,
                ("pretty", "false" | "0") => {}
                _ => {
                    let detail = format!(
                        "The query parameter {} is not known here; pretty is.",
                        jsond_document::quote(&name)
                    );
                    return Err(Problem::new(ProblemKind::UnknownParameter, detail));
                }
            }
        }
        Ok(parameters)
    }
}

fn decode_write(
    head: &Parts,
    address: Address,
    body: Bytes,
    intent: Intent,
) -> Result<Action, Problem> {
    let ask = Ask {
        intent,
        address,
        precondition: precondition_of(&head.headers)?,
        minimal: prefers_minimal(&head.headers),
    };
    if body.is_empty() {
        return Ok(Action::Ask(ask));
    }
    let given = match media_of(&head.headers)? {
        Media::Json => return decode_json(ask, &body, intent),
        Media::Text => Given::Words(body),
        Media::Form if is_hand_typed_json(&head.headers, &body) => {
            return decode_json(ask, &body, intent);
        }
        Media::Form => Given::Form(parse_form(&body)),
    };
    Ok(Action::Answer(Answer { ask, given }))
}

/// The media types of bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Media {
    Json,
    Text,
    Form,
}

/// Reads the media type of a body; one without a type is taken as JSON.
fn media_of(headers: &HeaderMap) -> Result<Media, Problem> {
    let Some(line) = headers.get(CONTENT_TYPE) else {
        return Ok(Media::Json);
    };
    let line = line.to_str().unwrap_or_default().to_ascii_lowercase();
    let mut parts = line.split(';').map(str::trim);
    let media = match parts.next().unwrap_or_default() {
        "application/json" | "text/json" => Some(Media::Json),
        "text/plain" => Some(Media::Text),
        "application/x-www-form-urlencoded" => Some(Media::Form),
        other if other.starts_with("application/") && other.ends_with("+json") => Some(Media::Json),
        _ => None,
    };
    let charset = parts.find_map(|it| it.strip_prefix("charset="));
    let is_utf8 = charset.is_none_or(|it| matches!(it.trim_matches('"'), "utf-8" | "utf8"));
    media.filter(|_| is_utf8).ok_or_else(|| {
        let detail = "Send application/json in UTF-8, or the answer to the guided dialogue as \
                      text/plain or application/x-www-form-urlencoded.";
        Problem::new(ProblemKind::MediaType, detail)
    })
}

/// `curl -d` sends JSON as a form; a browser's form is never taken for JSON.
fn is_hand_typed_json(headers: &HeaderMap, body: &[u8]) -> bool {
    let shows_a_browser = headers
        .keys()
        .any(|name| name == http::header::ORIGIN || name.as_str().starts_with("sec-fetch-"));
    let first = body.trim_ascii_start().first();
    !shows_a_browser && (matches!(first, Some(b'{' | b'[' | b'"')) || Json::parse(body).is_ok())
}

fn decode_json(ask: Ask, body: &[u8], intent: Intent) -> Result<Action, Problem> {
    let json = Json::parse(body).map_err(Problem::malformed_json)?;
    let edit = match intent {
        Intent::Remove => {
            let detail = "A DELETE names its value in the target; send it without a JSON body.";
            return Err(Problem::new(ProblemKind::MalformedAnswer, detail));
        }
        Intent::Set => put_of(json, body),
        Intent::Add => Edit::Add(additions_of(&json)),
    };
    let Ask {
        address,
        precondition,
        minimal,
        ..
    } = ask;
    Ok(Action::Write(Write {
        mutation: Mutation {
            address,
            precondition,
            edit,
            key: None,
        },
        minimal,
    }))
}

/// A body on several lines is kept as the layout of a file; one on one line gets one.
fn put_of(json: Json, body: &[u8]) -> Edit {
    let text = body
        .trim_ascii()
        .contains(&b'\n')
        .then(|| Bytes::copy_from_slice(body));
    Edit::Put {
        value: Value::from(json),
        text,
    }
}

/// What a POST adds: the members of an object, the elements of an array, or one record. Which of
/// them is meant shows when the collection is known; see `perform`.
fn additions_of(json: &Json) -> Vec<Addition> {
    match json.kind() {
        Kind::Array => Value::from(json.clone())
            .members()
            .map(|member| Addition {
                key: None,
                value: member.value,
            })
            .collect(),
        _ => vec![Addition {
            key: None,
            value: Value::from(json.clone()),
        }],
    }
}

/// Reads `Prefer: return=minimal`.
///
/// *Source*: RFC 7240 §4.2.
fn prefers_minimal(headers: &HeaderMap) -> bool {
    let lines = headers
        .get_all("prefer")
        .iter()
        .filter_map(|line| line.to_str().ok());
    let mut preferences = lines.flat_map(|line| line.split([',', ';'])).map(str::trim);
    preferences
        .find(|it| it.starts_with("return="))
        .is_some_and(|it| it == "return=minimal")
}

/// Reads names and values of a form or a query.
fn parse_form(text: &[u8]) -> Vec<(String, String)> {
    let decode = |part: &[u8]| {
        let spaced: Vec<u8> = part
            .iter()
            .map(|&byte| if byte == b'+' { b' ' } else { byte })
            .collect();
        percent_encoding::percent_decode(&spaced)
            .decode_utf8_lossy()
            .into_owned()
    };
    text.split(|&byte| byte == b'&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let at = part.iter().position(|&byte| byte == b'=');
            let (name, value) = at.map_or((part, &[][..]), |at| (&part[..at], &part[at + 1..]));
            (decode(name), decode(value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Request<Bytes> {
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Bytes::from(body.to_owned())).unwrap()
    }

    fn image() -> Image {
        let students = r#"{"a":{"x":1}}"#;
        Image::of_files([("students.json", students), ("one.json", "1")])
    }

    fn check(request: Request<Bytes>, expected: u16) {
        let words = format!("{request:?}");
        let status =
            decode(request, &image()).map_or_else(|problem| problem.status().as_u16(), |_| 200);
        assert_eq!(status, expected, "{words}");
    }

    #[test]
    fn requests_are_refused_in_the_order_of_the_contract() {
        check(request("GET", "/a", &[], ""), 200);
        check(request("GET", "/%zz", &[], ""), 400);
        check(request("BREW", "/%zz", &[], ""), 400);
        check(
            request("BREW", "/a", &[("content-type", "image/png")], "x"),
            501,
        );
        check(request("PATCH", "/a", &[], "{}"), 405);
        check(
            request("POST", "/one", &[("content-type", "image/png")], "x"),
            405,
        );
        check(
            request("PUT", "/", &[("content-type", "image/png")], "x"),
            405,
        );
        check(request("POST", "/students", &[], r#"{"b":{}}"#), 200);
        check(request("DELETE", "/_/version", &[], ""), 405);
        check(
            request("PUT", "/a", &[("content-type", "image/png")], "{"),
            415,
        );
        check(
            request(
                "PUT",
                "/a",
                &[("content-type", "application/json; charset=latin1")],
                "1",
            ),
            415,
        );
        check(
            request("PUT", "/a", &[("content-encoding", "gzip")], "{"),
            415,
        );
        check(request("PUT", "/a", &[], "{"), 400);
        check(request("GET", "/a?_colour=red", &[], ""), 400);
        check(request("GET", "/a?pretty", &[], ""), 200);
        check(request("PUT", "/a", &[("if-match", "x")], "1"), 400);
    }

    #[test]
    fn a_form_that_is_json_is_json_unless_a_browser_sent_it() {
        let form = ("content-type", "application/x-www-form-urlencoded");
        let action = decode(request("POST", "/a", &[form], r#"{"X":{}}"#), &image()).unwrap();
        assert!(matches!(action, Action::Write(_)));
        for sign in ["origin", "sec-fetch-mode"] {
            let action = decode(
                request("POST", "/a", &[form, (sign, "x")], r#"{"X":{}}"#),
                &image(),
            )
            .unwrap();
            assert!(matches!(action, Action::Answer(_)), "{sign}");
        }
        let action = decode(request("POST", "/a", &[form], "key=a+b&x=%C3%A9"), &image()).unwrap();
        let Action::Answer(Answer {
            given: Given::Form(pairs),
            ..
        }) = action
        else {
            panic!()
        };
        assert_eq!(
            pairs,
            [
                ("key".to_owned(), "a b".to_owned()),
                ("x".to_owned(), "é".to_owned())
            ]
        );
    }
}
