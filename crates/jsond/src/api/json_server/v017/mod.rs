//! json-server 0.17: numbers as ids, nested routes, totals and links in header fields.
//!
//! *Source*: json-server 0.17.4.

mod answer;
mod body;
mod list;

use super::relation::{check_count, children, key_of_parent, parent};
use super::removal::Dependents;
use super::route::Route;
use super::write::{Change, Create, ItemEdit, ItemWrite, NewId, SingleWrite, typed_patch};
use super::{Asked, Rules, Version, data_view, resource};
use crate::api::access::Caller;
use crate::api::action::Outcome;
use crate::api::encode::{Body, Facts};
use crate::api::form::parse_form;
use crate::api::joins::Joins;
use crate::api::problem::Problem;
use crate::api::view::View;
use crate::limits::PAUSE_MAX;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::header::{ACCEPT_ENCODING, HeaderName, RANGE};
use http::request::Parts;
use http::{Method, Response};
use jsond_document::{Json, Kind, number_of};
use jsond_store::{Effect, Image, Place};
use std::time::Duration;

/// json-server 0.17.
#[derive(Debug)]
pub(super) struct ZeroSeventeen;

/// Another method than POST that a POST stands for.
const OVERRIDE: HeaderName = HeaderName::from_static("x-http-method-override");

impl Version for ZeroSeventeen {
    fn rewrite(&self, head: &mut Parts) {
        if answer::callback_of(head).is_some() {
            // What is called back is a script around the whole, so neither coded nor a part.
            head.headers.remove(ACCEPT_ENCODING);
            head.headers.remove(RANGE);
        }
        let word = head.headers.get(OVERRIDE).and_then(|it| it.to_str().ok());
        let word = word.and_then(|it| it.split(',').next()).unwrap_or_default();
        let method = match &*word.trim().to_ascii_uppercase() {
            "GET" => Method::GET,
            "PUT" => Method::PUT,
            "PATCH" => Method::PATCH,
            "DELETE" => Method::DELETE,
            _ => return,
        };
        if head.method == Method::POST {
            head.method = method;
        }
    }

    fn pause(&self, head: &Parts) -> Duration {
        let asked = query_value(head, "_delay").map_or(0.0, |text| number_of(&text));
        let asked = Duration::try_from_secs_f64(asked / 1000.0).unwrap_or_default();
        asked.min(PAUSE_MAX)
    }

    fn route(&self, segments: Vec<String>, image: &Image, rules: &Rules) -> Route {
        let named = |name: &str| resource::name_in_any_case(image, name);
        match &segments[..] {
            [] => Route::Home,
            [name] if name.eq_ignore_ascii_case("db") => Route::Whole,
            [name] if name == "__rules" && !rules.rewrites.is_empty() => Route::Rules,
            [name] => Route::named(named(name)),
            [name, id] => Route::Item {
                name: named(name),
                id: id.clone(),
            },
            [above, id, name] => Route::Named {
                name: named(name),
                parent: Some((key_of_parent(above, rules), id.clone())),
            },
            _ => Route::Nothing,
        }
    }

    fn list(
        &self,
        name: &str,
        parent: Option<&(String, String)>,
        place: &Place,
        asked: &Asked<'_>,
    ) -> Result<View, Problem> {
        list::view(name, parent, place, asked)
    }

    fn item(&self, name: &str, asked: &Asked<'_>) -> Result<View, Problem> {
        Ok(View {
            joins: joins(name, asked)?,
            ..data_view()
        })
    }

    fn write(&self, route: &Route, asked: &Asked<'_>) -> Result<Change, Problem> {
        let method = &asked.head.method;
        match (method, route.clone()) {
            (&Method::DELETE, Route::Item { name, id }) => {
                let what = ItemEdit::Remove(dependents(&name, asked));
                Ok(Change::Item(ItemWrite { name, id, what }))
            }
            (&Method::PUT | &Method::PATCH, Route::Item { name, id }) => {
                item_write(name, id, asked)
            }
            (&Method::POST, Route::Named { name, parent }) => post(name, parent, asked),
            (&Method::PUT | &Method::PATCH, Route::Named { name, parent: None }) => {
                Ok(Change::Single(SingleWrite {
                    name,
                    body: body::parse(asked)?,
                    effect: Effect::Replaced,
                    assigns: method == Method::PATCH,
                }))
            }
            _ => Err(Problem::not_found()),
        }
    }

    fn facts(&self, head: &Parts, caller: &Caller, rules: &Rules) -> Facts {
        answer::facts(head, caller, rules)
    }

    fn encode(
        &self,
        outcome: Result<Outcome, Problem>,
        facts: &Facts,
        _rules: &Rules,
    ) -> Response<Body> {
        answer::encode(outcome, facts)
    }
}

fn dependents(name: &str, asked: &Asked<'_>) -> Dependents {
    if asked.rules.is_strict {
        let suffix = asked.rules.key_suffix.clone();
        return Dependents::Sweep { suffix };
    }
    let of = asked.all("_dependent").map(str::to_owned).collect();
    Dependents::named(name, of, asked.rules)
}

fn item_write(name: String, id: String, asked: &Asked<'_>) -> Result<Change, Problem> {
    let is_patch = asked.head.method == Method::PATCH;
    if is_patch
        && !asked.rules.is_strict
        && let Some(change) = typed_patch(&name, &id, &body::media_of(&asked.head), asked)?
    {
        return Ok(change);
    }
    let body = body::object(body::parse(asked)?);
    let what = match is_patch {
        true => ItemEdit::Assign(body),
        false => ItemEdit::Replace(body),
    };
    Ok(Change::Item(ItemWrite { name, id, what }))
}

/// A new item of a collection, or a new value of a singleton.
fn post(
    name: String,
    parent: Option<(String, String)>,
    asked: &Asked<'_>,
) -> Result<Change, Problem> {
    let place = resource::find_to_write(asked.served.image, &name)?;
    let mut body = body::parse(asked)?;
    if let Some((key, id)) = parent.filter(|_| body.kind() == Kind::Object) {
        body = body.with_member(&key, &Json::string(&id));
    }
    if place.value.kind() != Kind::Array {
        return Ok(Change::Single(SingleWrite {
            name,
            body,
            effect: Effect::Created,
            assigns: false,
        }));
    }
    let mut made = BASE64_URL_SAFE_NO_PAD.encode((asked.rules.chance)());
    made.truncate(NANOID_CHARACTERS);
    let id = NewId::GivenOrNext(made);
    Ok(Change::Create(Create { name, body, id }))
}

/// How long an id is that is no number.
const NANOID_CHARACTERS: usize = 7;

/// What `_embed` and `_expand` put into items.
fn joins(name: &str, asked: &Asked<'_>) -> Result<Option<Box<Joins>>, Problem> {
    let is_strict = asked.rules.is_strict;
    let embed = asked.all("_embed").filter(|it| !it.is_empty());
    let embed = embed.map(|related| {
        let mut children = children(name, related, is_strict, asked);
        children.or_none = true;
        children
    });
    let expand = asked.all("_expand").filter(|it| !it.is_empty());
    // Parents are found by the text of their ids.
    let relations: Vec<_> = embed
        .chain(expand.map(|related| parent(related, false, asked)))
        .collect();
    check_count(&relations)?;
    Ok((!relations.is_empty()).then(|| {
        Box::new(Joins {
            relations,
            come_first: false,
            text_ids: false,
        })
    }))
}

/// The parameters of a target; none where they cannot be read, which is told elsewhere.
fn pairs_of(head: &Parts) -> Vec<(String, String)> {
    let query = head.uri.query().unwrap_or_default();
    parse_form(query.as_bytes()).unwrap_or_default()
}

/// The first value of a parameter of a target.
fn query_value(head: &Parts, name: &str) -> Option<String> {
    let found = pairs_of(head).into_iter().find(|(it, _)| it == name);
    found.map(|(_, value)| value)
}
