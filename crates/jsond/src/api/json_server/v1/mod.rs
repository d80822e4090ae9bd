//! json-server 1.x: envelopes of pages, operators behind a colon, ids that are texts.
//!
//! *Source*: json-server 1.0.0-beta.15.

mod condition;
mod list;

use super::encode::{JSON, is_missing, put, set_body};
use super::relation::{check_count, children, parent};
use super::removal::Dependents;
use super::route::Route;
use super::write::{Change, Create, ItemEdit, ItemWrite, NewId, SingleWrite, typed_patch};
use super::{Asked, Rules, Version, data_view, inflect, parse_int};
use crate::api::access::Caller;
use crate::api::action::Outcome;
use crate::api::encode::{self, Body, Facts};
use crate::api::joins::{Joins, Related};
use crate::api::problem::{Problem, ProblemKind};
use crate::api::view::View;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::header::{CONTENT_TYPE, HeaderName};
use http::request::Parts;
use http::{Method, Response};
use jsond_document::{Json, Kind, quote};
use jsond_store::{Effect, Image, Place};

/// json-server 1.x.
#[derive(Debug)]
pub(super) struct One;

impl Version for One {
    fn route(&self, segments: Vec<String>, _image: &Image, _rules: &Rules) -> Route {
        let mut segments = segments.into_iter().skip_while(String::is_empty);
        match (segments.next(), segments.next(), segments.next()) {
            (None, ..) => Route::Home,
            (Some(name), None, _) => Route::named(name),
            (Some(name), Some(id), None) => Route::Item { name, id },
            _ => Route::Nothing,
        }
    }

    fn list(
        &self,
        name: &str,
        _parent: Option<&(String, String)>,
        place: &Place,
        asked: &Asked<'_>,
    ) -> Result<View, Problem> {
        list::view(name, place, asked)
    }

    fn item(&self, name: &str, asked: &Asked<'_>) -> Result<View, Problem> {
        Ok(View {
            joins: joins(name, asked, !asked.rules.is_strict)?,
            ..data_view()
        })
    }

    fn write(&self, route: &Route, asked: &Asked<'_>) -> Result<Change, Problem> {
        let method = &asked.head.method;
        if method == Method::DELETE {
            if !asked.body.is_empty() {
                Json::parse(&asked.body).map_err(Problem::malformed_json)?;
            }
            return removal(route, asked);
        }
        if let (&Method::PATCH, Route::Item { name, id }) = (method, route)
            && !asked.rules.is_strict
            && let Some(change) = typed_patch(name, id, media_of(asked), asked)?
        {
            return Ok(change);
        }
        let is_write = matches!(
            (method, route),
            (
                &Method::POST | &Method::PUT | &Method::PATCH,
                Route::Named { .. }
            ) | (&Method::PUT | &Method::PATCH, Route::Item { .. })
        );
        if !is_write {
            return Err(Problem::not_found());
        }
        let body = body(asked)?;
        Ok(match route.clone() {
            Route::Named { name, .. } if method == Method::POST => Change::Create(Create {
                name,
                body,
                id: new_id(asked.rules),
            }),
            Route::Named { name, .. } => Change::Single(SingleWrite {
                name,
                body,
                effect: Effect::Replaced,
                assigns: method == Method::PATCH,
            }),
            Route::Item { name, id } => Change::Item(ItemWrite {
                name,
                id,
                what: match method == Method::PATCH {
                    true => ItemEdit::Assign(body),
                    false => ItemEdit::Replace(body),
                },
            }),
            _ => return Err(Problem::not_found()),
        })
    }

    fn facts(&self, head: &Parts, _caller: &Caller, _rules: &Rules) -> Facts {
        Facts::of(head)
    }

    fn encode(
        &self,
        outcome: Result<Outcome, Problem>,
        facts: &Facts,
        rules: &Rules,
    ) -> Response<Body> {
        match outcome {
            Err(problem) => refusal(problem, facts),
            Ok(mut outcome) => {
                if let Outcome::Applied { applied, .. } = &mut outcome
                    && rules.is_strict
                    && let Some(value) = &mut applied.value
                    && value.kind() == Kind::Object
                {
                    *value = value.with_text_id(jsond_document::ID_NAME);
                }
                let is_description = matches!(outcome, Outcome::Methods(None));
                let mut response = encode::encode(Ok(outcome), facts);
                if is_description {
                    put(&mut response, http::header::ALLOW, METHODS);
                    for name in ["accept-patch", "accept-query"] {
                        response.headers_mut().remove(HeaderName::from_static(name));
                    }
                }
                response
            }
        }
    }
}

const METHODS: &str = "GET, HEAD, PUT, PATCH, POST, DELETE";

const NO_OBJECT: &str = "Body must be a JSON object";

/// The object that a body is.
fn body(asked: &Asked<'_>) -> Result<Json, Problem> {
    let json = match asked.body.is_empty() {
        true => Json::parse(b"{}"),
        false => Json::parse(&asked.body),
    };
    let json = json.map_err(Problem::malformed_json)?;
    match json.kind() {
        Kind::Object => Ok(json),
        _ => Err(Problem::new(ProblemKind::MalformedRequest, NO_OBJECT)),
    }
}

fn media_of<'a>(asked: &'a Asked<'_>) -> &'a str {
    let line = asked.head.headers.get(CONTENT_TYPE);
    let line = line.and_then(|it| it.to_str().ok()).unwrap_or_default();
    line.split(';').next().unwrap_or_default().trim()
}

fn removal(route: &Route, asked: &Asked<'_>) -> Result<Change, Problem> {
    let Route::Item { name, id } = route.clone() else {
        return Err(Problem::not_found());
    };
    let of = asked.all("_dependent").map(str::to_owned).collect();
    let dependents = Dependents::named(&name, of, asked.rules);
    Ok(Change::Item(ItemWrite {
        name,
        id,
        what: ItemEdit::Remove(dependents),
    }))
}

fn new_id(rules: &Rules) -> NewId {
    let made = BASE64_URL_SAFE_NO_PAD.encode((rules.chance)());
    match rules.is_strict {
        true => NewId::Made(made),
        false => NewId::GivenOr(made),
    }
}

/// What is put into items: what `_embed` asks for, and `_expand` where it is known.
fn joins(name: &str, asked: &Asked<'_>, knows_expand: bool) -> Result<Option<Box<Joins>>, Problem> {
    let is_strict = asked.rules.is_strict;
    let embed = asked.all("_embed").map(|related| {
        if inflect::singular(related) == related {
            parent(related, is_strict, asked)
        } else {
            children(name, related, is_strict, asked)
        }
    });
    let expand = asked.all("_expand").filter(|_| knows_expand);
    let relations: Vec<Related> = embed
        .chain(expand.map(|related| parent(related, is_strict, asked)))
        .collect();
    check_count(&relations)?;
    let is_seen = relations
        .iter()
        .any(|it| is_named(&it.relation.member, asked));
    Ok((!relations.is_empty() || is_strict).then(|| {
        Box::new(Joins {
            relations,
            come_first: is_seen,
            text_ids: is_strict,
        })
    }))
}

/// Judges whether a condition or the sort sees what is in a member; where none does, related records
/// need to be put only into those that are sent.
fn is_named(member: &str, asked: &Asked<'_>) -> bool {
    let begins = |text: &str| text.strip_prefix('-').unwrap_or(text).starts_with(member);
    asked.pairs.iter().any(|(name, value)| match name.as_str() {
        "_where" | "q" => true,
        "_sort" => value.split(',').any(begins),
        name => begins(name),
    })
}

/// A refusal: what json-server says where it says something, else the problem with an `error`.
fn refusal(problem: Problem, facts: &Facts) -> Response<Body> {
    let is_missing = is_missing(&problem);
    let problem = match is_missing {
        true => Problem::not_found(),
        false => problem,
    };
    let status = problem.status().as_u16();
    let detail = problem.detail().to_owned();
    let mut response = encode::encode(Err(problem), facts);
    if is_missing {
        set_body(&mut response, JSON, "{\"error\":\"Not Found\"}\n");
    } else if status == 400 {
        set_body(
            &mut response,
            JSON,
            format!("{{\"error\":{}}}\n", quote(&detail)),
        );
    } else {
        let text = response.body().text();
        let members = text.strip_prefix(b"{").unwrap_or(b"}").to_vec();
        let text = [
            format!("{{\"error\":{},", quote(&detail)).as_bytes(),
            &members,
        ]
        .concat();
        let media = response.headers()[CONTENT_TYPE].clone();
        set_body(&mut response, media, text);
    }
    response
}
