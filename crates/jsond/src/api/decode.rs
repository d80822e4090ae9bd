//! From a request to an action, or to the problem that it is. Pure.
//!
//! The order of checks is that of HTTP.md: target, method, media type, syntax. What needs the
//! state (existence, preconditions, meaning) is judged when the action is performed.

use crate::api::access::Grant;
use crate::api::action::{Action, Answer, Ask, Given, Intent, Own, Read, Shown};
use crate::api::body_type::{self, BodyType, body_type_of, is_hand_typed_json};
use crate::api::coding;
use crate::api::conditional::precondition_of;
use crate::api::form::parse_form;
use crate::api::idempotency::idempotency_key_of;
use crate::api::preference::prefers_minimal;
use crate::api::problem::{Problem, ProblemKind};
use crate::api::resource::{
    ALL_METHODS, FOREIGN_METHODS, Resource, Target, TargetError, find, parse_target,
};
use crate::api::view::{View, switch};
use crate::limits::Limits;
use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_RANGE, EXPECT, HeaderMap, HeaderValue};
use http::request::Parts;
use jsond_document::{Json, Kind, Patch, Value};
use jsond_store::{Addition, Address, Edit, Image, Resolved};

/// What is served, in one version, and how much of it may be asked for.
pub(super) struct Served<'a> {
    pub(super) image: &'a Image,
    pub(super) limits: &'a Limits,
}

/// Decodes a request, in the light of what is served.
pub(super) fn decode(
    head: Parts,
    body: Bytes,
    served: &Served<'_>,
    grant: &Grant,
) -> Result<Action, Problem> {
    let (target, body_type) = check_head(&head, served.image, grant)?;
    let mut action = decode_target(head, target, body_type, body, served)?;
    grant.check(&mut action, served.image)?;
    Ok(action)
}

fn decode_target(
    head: Parts,
    target: Target,
    body_type: BodyType,
    body: Bytes,
    served: &Served<'_>,
) -> Result<Action, Problem> {
    match target {
        Target::Server => Ok(Action::DescribeServer),
        Target::OwnMissing => Err(Problem::not_found()),
        Target::Own(own) => decode_own(&head, own),
        Target::Address { address, slash } => {
            decode_address(head, (address, slash), body_type, body, served)
        }
    }
}

/// Judges what can be judged before the body is there: target, method, media type.
pub(super) fn check_head(
    head: &Parts,
    image: &Image,
    grant: &Grant,
) -> Result<(Target, BodyType), Problem> {
    let target = grant.shown(target_of(head)?);
    grant.check_head(&head.method, &target, image)?;
    check_expectation(&head.headers)?;
    let method = head.method.as_str();
    let is_foreign = FOREIGN_METHODS.contains(&method);
    if !ALL_METHODS.contains(&method) && !is_foreign {
        let detail = format!("The method {method} is not known here.");
        return Err(Problem::new(ProblemKind::MethodUnknown, detail));
    }
    if target == Target::Server && method != "OPTIONS" {
        return Err(Problem::new(
            ProblemKind::MalformedTarget,
            "The target * is for OPTIONS only.",
        ));
    }
    if matches!(method, "GET" | "HEAD" | "OPTIONS") {
        // Every resource knows these, so reading need not look for it twice.
        return Ok((target, BodyType::Json));
    }
    let resource = match method == "PUT" && is_in_a_file(&target, image) {
        true => None,
        false => resource_of(&target, image),
    };
    let allowed = resource.map_or(ALL_METHODS, Resource::methods);
    // What is absent is told by 404, but not to a method that nothing here knows.
    let is_absent = matches!(resource, None | Some(Resource::Absent));
    if is_foreign || (!is_absent && !allowed.contains(&method)) {
        return Err(Problem::method_not_allowed(method, allowed));
    }
    coding::content_codings(&head.headers).map_err(Problem::coding)?;
    let body_type = body_type_of(&head.method, &head.headers, resource)?;
    Ok((target, body_type))
}

/// Only a 100 can be expected; the servers' doors send it.
///
/// *Source*: RFC 9110 §10.1.1.
pub(super) fn check_expectation(headers: &HeaderMap) -> Result<(), Problem> {
    let is_continue = |line: &HeaderValue| {
        let mut members = line
            .as_bytes()
            .split(|byte| *byte == b',')
            .map(<[u8]>::trim_ascii);
        members.all(|member| member.eq_ignore_ascii_case(b"100-continue"))
    };
    if headers.get_all(EXPECT).iter().all(is_continue) {
        return Ok(());
    }
    let detail = "Only Expect: 100-continue can be met; leave the field out.";
    Err(Problem::new(ProblemKind::Expectation, detail))
}

/// Judges whether a target lies in a file: whatever it is, or could be, takes a PUT of each media type
/// that any takes, so that it need not be looked for twice.
fn is_in_a_file(target: &Target, image: &Image) -> bool {
    let Target::Address { address, .. } = target else {
        return false;
    };
    let (path, inside) = image.split(&address.0);
    !inside.is_empty() && image.file(path).is_some()
}

/// What kind of resource is at a target.
fn resource_of(target: &Target, image: &Image) -> Option<Resource> {
    match target {
        Target::Server => None,
        Target::Own(_) | Target::OwnMissing => Some(Resource::Own),
        Target::Address { address, .. } => Resource::of(&find(image, address)),
    }
}

pub(super) fn target_of(head: &Parts) -> Result<Target, Problem> {
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

/// A part of a value is never put in the place of the whole.
///
/// *Source*: RFC 9110 §14.5.
fn check_whole(headers: &HeaderMap) -> Result<(), Problem> {
    if !headers.contains_key(CONTENT_RANGE) {
        return Ok(());
    }
    let detail = "A part of a value cannot be sent; leave Content-Range out, or PATCH the value.";
    Err(Problem::new(ProblemKind::MalformedRequest, detail))
}

fn decode_own(head: &Parts, own: Own) -> Result<Action, Problem> {
    if head.method == Method::OPTIONS {
        return Ok(Action::DescribeOwn);
    }
    Ok(Action::Own(own))
}

fn decode_address(
    head: Parts,
    (mut address, slash): (Address, bool),
    body_type: BodyType,
    body: Bytes,
    served: &Served<'_>,
) -> Result<Action, Problem> {
    let Served { image, limits } = *served;
    let is_of_folder = matches!(head.method.as_str(), "PATCH" | "QUERY");
    if is_of_folder && let Resolved::Folder { path, .. } = find(image, &address) {
        // The slash at the end of the target is none of the folder's own tokens.
        address = Address(path);
        if !slash {
            return Ok(Action::Move(address));
        }
    }
    let query = head.uri.query().unwrap_or_default();
    let mut pairs = parse_form(query.as_bytes())?;
    match head.method.as_str() {
        "GET" | "HEAD" | "QUERY" => {
            if head.method.as_str() == "QUERY" {
                pairs.extend(pairs_of_query(body_type, &body)?);
            }
            let view = View::of(pairs, limits)?;
            Ok(Action::Read(Read::of(head, address, slash, view)?))
        }
        "OPTIONS" => Ok(Action::Describe(address)),
        method => {
            let is_pretty = parameters_of_write(&pairs)?;
            check_whole(&head.headers)?;
            let ask = Ask {
                intent: match method {
                    "PUT" => Intent::Set,
                    "POST" => Intent::Add,
                    _ => Intent::Remove,
                },
                precondition: precondition_of(&head.headers)?,
                shown: match is_pretty {
                    _ if prefers_minimal(&head.headers) => Shown::Nothing,
                    true => Shown::Pretty,
                    false => Shown::Compact,
                },
                key: idempotency_key_of(&head, &body)?,
                address,
            };
            if method == "PATCH" {
                let operations_max = limits.patch_operations_max;
                decode_patch(&head, ask, (body_type, &body), operations_max)
            } else {
                decode_write(&head, ask, body_type, body)
            }
        }
    }
}

/// The parameters that the body of a QUERY stands for.
///
/// *Source*: RFC 10008 §2.
fn pairs_of_query(body_type: BodyType, body: &Bytes) -> Result<Vec<(String, String)>, Problem> {
    if body_type == BodyType::Form {
        return parse_form(body);
    }
    let path = std::str::from_utf8(body.trim_ascii()).map_err(|_| {
        let detail = "The body of the QUERY is not UTF-8 text.";
        Problem::new(ProblemKind::MalformedQuery, detail)
    })?;
    if path.is_empty() {
        let detail = "Send the JSONPath as the body, such as $[?@.grade > 4].";
        return Err(Problem::new(ProblemKind::EmptyBody, detail));
    }
    Ok(vec![("jsonpath".to_owned(), path.to_owned())])
}

/// A write is about its target; only how the answer is laid out can be asked for.
fn parameters_of_write(pairs: &[(String, String)]) -> Result<bool, Problem> {
    let mut is_pretty = false;
    for (name, value) in pairs {
        if name != "pretty" {
            let name = jsond_document::quote(name);
            let detail = format!("The query parameter {name} is for reading; a write takes none.");
            return Err(Problem::new(ProblemKind::UnknownParameter, detail));
        }
        is_pretty = switch(name, value)?;
    }
    Ok(is_pretty)
}

fn decode_patch(
    head: &Parts,
    ask: Ask,
    (body_type, body): (BodyType, &Bytes),
    operations_max: usize,
) -> Result<Action, Problem> {
    if body.is_empty() {
        let detail = "Send the patch as the body.";
        return Err(Problem::new(ProblemKind::EmptyBody, detail));
    }
    if body_type == BodyType::Form && !is_hand_typed_json(&head.headers, body) {
        return Err(body_type::refusal(&head.method, None));
    }
    let json = Json::parse(body).map_err(Problem::malformed_json)?;
    let edit = if body_type == BodyType::JsonPatch {
        Edit::Patch(parse_patch(&json, operations_max)?)
    } else {
        Edit::Merge(Value::from(json))
    };
    Ok(Action::Write(ask.write(edit)))
}

pub(super) fn parse_patch(json: &Json, operations_max: usize) -> Result<Patch, Problem> {
    let patch = Patch::parse(json).map_err(|error| {
        let detail = format!("The body is no JSON Patch: {error}.");
        Problem::new(ProblemKind::MalformedPatch, detail)
    })?;
    let count = patch.operations().len();
    if count > operations_max {
        let detail =
            format!("The patch has {count} operations; send at most {operations_max} at once.");
        return Err(Problem::new(ProblemKind::PatchTooLong, detail));
    }
    Ok(patch)
}

fn decode_write(
    head: &Parts,
    ask: Ask,
    body_type: BodyType,
    body: Bytes,
) -> Result<Action, Problem> {
    if body.is_empty() {
        return Ok(Action::Ask(Box::new(ask)));
    }
    let given = match body_type {
        BodyType::Text => Given::Words(body),
        BodyType::Form if is_hand_typed_json(&head.headers, &body) => {
            return decode_json(ask, &body);
        }
        BodyType::Form => Given::Form(parse_form(&body)?),
        _ => return decode_json(ask, &body),
    };
    Ok(Action::Answer(Box::new(Answer { ask, given })))
}

fn decode_json(ask: Ask, body: &[u8]) -> Result<Action, Problem> {
    let json = Json::parse(body).map_err(Problem::malformed_json)?;
    let edit = match ask.intent {
        Intent::Remove => {
            let detail = "A DELETE names its value in the target; send it without a JSON body.";
            return Err(Problem::new(ProblemKind::MalformedAnswer, detail));
        }
        Intent::Set => put_of(json, body),
        Intent::Add => Edit::Add(additions_of(&json)),
    };
    Ok(Action::Write(ask.write(edit)))
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

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

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
        let status = decoded(request).map_or_else(|problem| problem.status().as_u16(), |_| 200);
        assert_eq!(status, expected, "{words}");
    }

    fn decoded(request: Request<Bytes>) -> Result<Action, Problem> {
        let (image, limits) = (&image(), &Limits::default());
        let (head, body) = request.into_parts();
        decode(head, body, &Served { image, limits }, &Grant::Open)
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
        check(request("TRACE", "/a", &[], ""), 405);
        check(request("PATCH", "/students", &[], "{}"), 200);
        check(request("PATCH", "/", &[], "{}"), 415);
        let json_patch = ("content-type", "application/json-patch+json");
        check(request("PATCH", "/", &[json_patch], "[]"), 200);
        check(request("PATCH", "/students", &[json_patch], "{}"), 400);
        check(request("PATCH", "/students", &[json_patch], "[{}]"), 400);
        check(request("PATCH", "/students", &[json_patch], ""), 400);
        check(request("PATCH", "/_/version", &[], "{}"), 405);
        let operation = r#"{"op":"remove","path":"/a"}"#;
        let long = format!("[{}]", vec![operation; 10_001].join(","));
        check(request("PATCH", "/students", &[json_patch], &long), 413);
        check(request("QUERY", "/students", &[], "$"), 415);
        let path = ("content-type", "application/jsonpath");
        check(request("QUERY", "/students", &[path], "$.a"), 200);
        check(request("QUERY", "/students", &[path], "$["), 400);
        check(request("PUT", "/students", &[path], "$.a"), 415);
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
        let coding = |name| [("content-encoding", name)];
        check(request("PUT", "/a", &coding("zip"), "{"), 415);
        check(
            request("PUT", "/a", &[("content-range", "bytes 0-0/1")], "1"),
            400,
        );
        check(request("PUT", "/a?x=1", &[], "1"), 400);
        check(request("GET", "/a", &[("expect", "tea")], ""), 417);
        check(request("PUT", "/a", &[], "{"), 400);
        check(request("GET", "/a?_colour=red", &[], ""), 400);
        check(request("GET", "/a?pretty", &[], ""), 200);
        check(request("GET", "/a?%ff=1", &[], ""), 400);
        check(
            request("POST", "/students", &[("idempotency-key", "")], "{}"),
            400,
        );
        check(request("PUT", "/a", &[("if-match", "x")], "1"), 400);
    }

    #[test]
    fn a_form_that_is_json_is_json_unless_a_browser_sent_it() {
        let form = ("content-type", "application/x-www-form-urlencoded");
        let action = decoded(request("POST", "/a", &[form], r#"{"X":{}}"#)).unwrap();
        assert!(matches!(action, Action::Write(_)));
        for sign in ["origin", "sec-fetch-mode"] {
            let action =
                decoded(request("POST", "/a", &[form, (sign, "x")], r#"{"X":{}}"#)).unwrap();
            assert!(matches!(action, Action::Answer(_)), "{sign}");
        }
        let action = decoded(request("POST", "/a", &[form], "key=a+b&x=%C3%A9")).unwrap();
        let Action::Answer(answer) = action else {
            panic!("the form is an answer")
        };
        let Given::Form(pairs) = answer.given else {
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
