//! Answers as json-server 0.17 gives them: links with whole addresses, `{}` for what is missing,
//! scripts that call back.

use super::super::Rules;
use super::super::encode::{is_missing, put, set_body};
use super::list;
use super::{pairs_of, query_value};
use crate::api::access::{Caller, is_of_other_site};
use crate::api::action::Outcome;
use crate::api::encode::{self, Body, Conversation, Facts};
use crate::api::problem::{Problem, ProblemKind};
use crate::api::resource::path_of;
use http::header::{
    ALLOW, CONTENT_TYPE, EXPIRES, HOST, HeaderName, HeaderValue, LINK, LOCATION, PRAGMA,
};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use jsond_store::{Address, Effect};

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
const SCRIPT: HeaderValue = HeaderValue::from_static("text/javascript; charset=utf-8");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const TOTAL_COUNT: HeaderName = HeaderName::from_static("x-total-count");
const METHODS: &str = "GET,HEAD,PUT,PATCH,POST,DELETE";

/// The function that an answer is to call.
pub(super) fn callback_of(head: &Parts) -> Option<String> {
    if !matches!(head.method, Method::GET | Method::HEAD) {
        return None;
    }
    let name = query_value(head, "callback")?;
    let name: String = name
        .chars()
        .filter(|it| it.is_alphanumeric() || "[]_$.".contains(*it))
        .collect();
    (!name.is_empty()).then_some(name)
}

pub(super) fn facts(head: &Parts, caller: &Caller, rules: &Rules) -> Facts {
    let host = head.headers.get(HOST).and_then(|it| it.to_str().ok());
    let host = host.or(head.uri.authority().map(http::uri::Authority::as_str));
    let scheme = if caller.is_secure { "https" } else { "http" };
    let target = head.uri.path_and_query().map_or("/", |it| it.as_str());
    let pairs = pairs_of(head);
    let first = |name| {
        pairs
            .iter()
            .find(|(it, _)| it == name)
            .map(|(_, value)| value.as_str())
    };
    let has = |name| first(name).is_some_and(|it| !it.is_empty());
    let is_paged = has("_page");
    let (page, limit) = list::page(first("_page"), first("_limit"));
    Facts::of(head).with(Conversation {
        method: head.method.clone(),
        origin: format!("{scheme}://{}", host.unwrap_or("localhost")),
        target: target.to_owned(),
        page: is_paged.then_some((page, limit)),
        is_part: is_paged || has("_end") || has("_limit"),
        callback: callback_of(head),
        is_foreign: is_of_other_site(head),
        is_strict: rules.is_strict,
    })
}

pub(super) fn encode(outcome: Result<Outcome, Problem>, facts: &Facts) -> Response<Body> {
    let Some(asked) = facts.conversation() else {
        return encode::encode(outcome, facts);
    };
    let outcome = match (outcome, &asked.callback) {
        (Ok(_), Some(_)) if asked.is_foreign => {
            Err(Problem::new(ProblemKind::ForeignPage, SCRIPTS))
        }
        (outcome, _) => outcome,
    };
    let mut response = match outcome {
        Err(problem) if is_missing(&problem) => {
            let mut response = encode::encode(Err(Problem::not_found()), facts);
            set_body(&mut response, JSON, "{}\n");
            response
        }
        Err(problem) => {
            let is_read_only = problem.is_of(ProblemKind::ReadOnly);
            let mut response = encode::encode(Err(problem), facts);
            if is_read_only {
                set_body(&mut response, TEXT, "Forbidden");
            }
            response
        }
        Ok(Outcome::Methods(_)) => {
            let mut response = encode::encode(Ok(Outcome::Methods(None)), facts);
            put(&mut response, ALLOW, METHODS);
            response
        }
        Ok(Outcome::Applied { applied, shown }) => {
            let effect = applied.effect;
            let address = applied.written.first().cloned();
            let is_minimal = shown == crate::api::action::Shown::Nothing;
            let mut response = encode::encode(Ok(Outcome::Applied { applied, shown }), facts);
            if effect == Effect::Removed && !is_minimal {
                set_body(&mut response, JSON, "{}\n");
            }
            written(&mut response, asked, address);
            response
        }
        Ok(outcome) => {
            let mut response = encode::encode(Ok(outcome), facts);
            listed(&mut response, asked);
            response
        }
    };
    let headers = response.headers_mut();
    let is_json = headers
        .get(CONTENT_TYPE)
        .is_some_and(|it| it == "application/json");
    if is_json {
        headers.insert(CONTENT_TYPE, JSON);
    }
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(EXPIRES, HeaderValue::from_static("-1"));
    if let Some(name) = asked.callback.as_deref().filter(|_| !asked.is_foreign) {
        call_back(&mut response, name);
    }
    response
}

const SCRIPTS: &str = "A page of another site asks for a script with data; it gets none.";

/// Where what was posted is.
fn written(response: &mut Response<Body>, asked: &Conversation, address: Option<Address>) {
    let Some(address) = address.filter(|_| asked.method == Method::POST) else {
        return;
    };
    // Also where the value was the same before.
    *response.status_mut() = StatusCode::CREATED;
    let path = path_of(&address);
    let location = match (asked.is_strict, address.0.len() > 1) {
        (false, _) => format!("{}{path}", asked.origin),
        (true, false) => format!("{}{}", asked.origin, asked.target),
        (true, true) => {
            let id = path.rsplit('/').next().unwrap_or_default();
            format!("{}{}/{id}", asked.origin, asked.target)
        }
    };
    put(response, LOCATION, &location);
}

/// What a list says of the whole that it is a part of.
fn listed(response: &mut Response<Body>, asked: &Conversation) {
    let total = response.headers().get(TOTAL_COUNT);
    let total = total.and_then(|it| it.to_str().ok()?.parse::<i64>().ok());
    response.headers_mut().remove(LINK);
    if !asked.is_part && asked.is_strict {
        response.headers_mut().remove(TOTAL_COUNT);
    }
    if let (Some(total), Some(page)) = (total, asked.page) {
        let url = format!("{}{}", asked.origin, asked.target);
        let links = links(&url, page, total, asked.is_strict);
        put(response, LINK, &links);
    }
}

/// The links of a page; none where there is nothing on it, or all.
fn links(url: &str, (page, limit): (i64, i64), total: i64, is_strict: bool) -> String {
    let end = page.saturating_mul(limit);
    let at = |position: i64| match position < 0 {
        true => total.saturating_add(position).max(0),
        false => position.min(total),
    };
    let count = at(end) - at(end.saturating_sub(limit));
    if count <= 0 {
        return String::new();
    }
    let last = -(-total).div_euclid(limit);
    let link = |relation: &str, number: i64| {
        let to = match is_strict {
            true => url.replacen(&format!("page={page}"), &format!("page={number}"), 1),
            false => with_page(url, number),
        };
        format!("<{to}>; rel=\"{relation}\"")
    };
    let is_some = count != total;
    let links = [
        is_some.then(|| link("first", 1)),
        (page > 1).then(|| link("prev", page - 1)),
        (end < total).then(|| link("next", page + 1)),
        is_some.then(|| link("last", last)),
    ];
    links.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The same address with another page.
fn with_page(url: &str, number: i64) -> String {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some(("_page", _)) => format!("_page={number}"),
        _ => pair.to_owned(),
    });
    format!("{path}?{}", pairs.collect::<Vec<_>>().join("&"))
}

/// Makes a script of JSON that calls a function with it.
fn call_back(response: &mut Response<Body>, name: &str) {
    let media = response.headers().get(CONTENT_TYPE);
    let is_json = media.is_some_and(|it| it.as_bytes().starts_with(b"application/json"));
    if !is_json || response.status() == StatusCode::NOT_MODIFIED {
        return;
    }
    let text = response.body().text();
    let text = String::from_utf8_lossy(text.trim_ascii_end());
    // These two end a line in a script, and not in JSON.
    let text = text
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029");
    let script = format!("/**/ typeof {name} === 'function' && {name}({text});");
    set_body(response, SCRIPT, script);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, page: (i64, i64), total: i64, expected: &[(&str, u64)]) {
        let expected: Vec<_> = expected
            .iter()
            .map(|(relation, number)| format!("<http://h/p?_page={number}&x>; rel=\"{relation}\""))
            .collect();
        assert_eq!(
            links(url, page, total, false),
            expected.join(", "),
            "{page:?}"
        );
    }

    #[test]
    fn a_page_links_to_the_others_by_their_whole_addresses() {
        let url = "http://h/p?_page=2&x";
        let two = [("first", 1), ("prev", 1), ("next", 3), ("last", 3)];
        check(url, (2, 2), 5, &two);
        check(url, (1, 2), 5, &[("first", 1), ("next", 2), ("last", 3)]);
        check(url, (3, 2), 5, &[("first", 1), ("prev", 2), ("last", 3)]);
        check(url, (1, 10), 5, &[]);
        check(url, (9, 2), 5, &[]);
        check(url, (1, 2), 0, &[]);
    }
}
