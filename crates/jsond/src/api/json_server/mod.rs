//! The interface of json-server, so that a front end that was written for it finds what it expects.
//!
//! Its routes and parameters become the actions that this server knows, and what comes of them is
//! shown in its shapes. What both versions share stands here; [`Version`] is where they differ.
//! `docs/from-json-server.md` tells what is the same, better and different.

mod encode;
mod home;
mod inflect;
mod relation;
mod removal;
mod resource;
mod rewrite;
mod route;
mod v017;
mod v1;
mod write;

use crate::api::access::{Caller, Grant};
use crate::api::action::{Action, Outcome, Read, Text};
use crate::api::coding;
use crate::api::decode::{self, Served, check_expectation, target_of};
use crate::api::dialect::Dialect;
use crate::api::encode::{Body, Facts};
use crate::api::form::parse_form;
use crate::api::negotiate::Media;
use crate::api::problem::Problem;
use crate::api::resource::Target;
use crate::api::view::View;
use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response};
use jsond_document::{FILTER_TESTS_MAX, Json, Kind, SelectError, Value};
use jsond_store::{Address, Image, Place};
use rewrite::Rewrites;
use route::Route;
use std::fmt::Debug;
use std::time::Duration;

/// Which json-server is spoken, and how.
#[derive(Debug, Clone)]
pub struct JsonServerSettings {
    /// The version.
    pub version: JsonServerVersion,
    /// Whether its faults are kept, as far as they lose nothing.
    pub strict: bool,
    /// What stands behind the name of a parent in the name of a foreign key: `Id`.
    pub foreign_key_suffix: String,
    /// The text of a file of rewrite rules.
    pub routes: Option<Vec<u8>>,
}

/// The versions of json-server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonServerVersion {
    /// 1.0.0-beta.15.
    One,
    /// 0.17.4.
    ZeroSeventeen,
}

/// Why the interface cannot be spoken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonServerError {
    /// The rewrite rules are no object of strings.
    #[error("rewrite rules are an object such as {{\"/api/*\": \"/$1\"}}: {0}")]
    Rules(String),
    /// One of them cannot be understood.
    #[error("the rewrite rule {rule:?} cannot be understood: {fault}")]
    Rule {
        /// The path that it is for.
        rule: String,
        /// What is wrong.
        fault: String,
    },
}

/// The interface of json-server.
#[derive(Debug)]
pub struct JsonServer {
    version: &'static dyn Version,
    rules: Rules,
}

/// What is the same for both versions.
#[derive(Debug)]
struct Rules {
    is_strict: bool,
    key_suffix: String,
    rewrites: Rewrites,
    /// Bytes of chance, for new ids.
    chance: fn() -> [u8; 8],
}

/// A request as it has been read.
struct Asked<'a> {
    head: Parts,
    body: Bytes,
    pairs: Vec<(String, String)>,
    served: &'a Served<'a>,
    rules: &'a Rules,
}

/// In what the versions differ.
trait Version: Debug + Send + Sync {
    /// Turns a request into the one that it stands for.
    fn rewrite(&self, _head: &mut Parts) {}

    /// How long a request asks to wait.
    fn pause(&self, _head: &Parts) -> Duration {
        Duration::ZERO
    }

    /// Which resource a path means.
    fn route(&self, segments: Vec<String>, image: &Image, rules: &Rules) -> Route;

    /// What of a collection is wanted; `parent` is the condition that a nested route is.
    fn list(
        &self,
        name: &str,
        parent: Option<&(String, String)>,
        place: &Place,
        asked: &Asked<'_>,
    ) -> Result<View, Problem>;

    /// What of an item is wanted.
    fn item(&self, name: &str, asked: &Asked<'_>) -> Result<View, Problem>;

    /// The change that a request asks for.
    fn write(&self, route: &Route, asked: &Asked<'_>) -> Result<write::Change, Problem>;

    /// What encoding needs to know of the request.
    fn facts(&self, head: &Parts, caller: &Caller, rules: &Rules) -> Facts;

    /// Shows what came of a request as this version does.
    fn encode(
        &self,
        outcome: Result<Outcome, Problem>,
        facts: &Facts,
        rules: &Rules,
    ) -> Response<Body>;
}

impl JsonServer {
    /// Makes the interface.
    ///
    /// *Errors*: rewrite rules that are none.
    pub fn new(settings: JsonServerSettings) -> Result<Self, JsonServerError> {
        let rewrites = match &settings.routes {
            Some(text) => Rewrites::parse(text)?,
            None => Rewrites::default(),
        };
        Ok(Self {
            version: match settings.version {
                JsonServerVersion::One => &v1::One,
                JsonServerVersion::ZeroSeventeen => &v017::ZeroSeventeen,
            },
            rules: Rules {
                is_strict: settings.strict,
                key_suffix: settings.foreign_key_suffix,
                rewrites,
                chance,
            },
        })
    }

    fn action(&self, route: &Route, asked: Asked<'_>) -> Result<Action, Problem> {
        match (&asked.head.method, route) {
            (&Method::OPTIONS, _) => Ok(Action::DescribeServer),
            (&Method::GET | &Method::HEAD, _) => self.read(route, asked),
            (&Method::POST | &Method::PUT | &Method::PATCH | &Method::DELETE, _) => {
                let change = self.version.write(route, &asked)?;
                write::action(change, &asked)
            }
            _ => Err(Problem::not_found()),
        }
    }

    fn read(&self, route: &Route, asked: Asked<'_>) -> Result<Action, Problem> {
        let image = asked.served.image;
        let (address, view) = match route {
            Route::Home => {
                let page = home::page(image, &self.rules);
                return text(Media::Html, page.into(), asked);
            }
            Route::Rules => {
                let rules = self.rules.rewrites.text();
                return text(Media::Json, rules, asked);
            }
            Route::Whole => (Address::default(), data_view()),
            Route::Named { name, parent } => {
                let place = resource::find(image, name)?;
                let view = match place.value.kind() {
                    Kind::Array => self.version.list(name, parent.as_ref(), &place, &asked)?,
                    _ => data_view(),
                };
                (place.canonical(), view)
            }
            Route::Item { name, id } => {
                let place = resource::find(image, name)?;
                let (address, _) =
                    resource::find_item(&place, id).ok_or_else(Problem::not_found)?;
                (address, self.version.item(name, &asked)?)
            }
            Route::Nothing => return Err(Problem::not_found()),
        };
        Ok(Action::Read(Read::of(asked.head, address, true, view)?))
    }
}

impl Dialect for JsonServer {
    fn rewritten(&self, head: &Parts) -> Option<Parts> {
        let mut head = head.clone();
        self.rules.rewrites.apply(&mut head);
        self.version.rewrite(&mut head);
        Some(head)
    }

    fn pause(&self, head: &Parts) -> Duration {
        self.version.pause(head)
    }

    fn bytes(&self, head: &Parts, image: &Image) -> usize {
        // Whether a parameter is one shows when it is known whether some record has such a member.
        let (Some(_), Ok(Target::Address { address, .. })) = (head.uri.query(), target_of(head))
        else {
            return 0;
        };
        let last = address.0.iter().rfind(|it| !it.is_empty());
        let place = last.and_then(|name| resource::find(image, name).ok());
        place.map_or(0, |place| place.value.len_bytes())
    }

    fn check_head(&self, head: &Parts, image: &Image, grant: &Grant) -> Result<(), Problem> {
        let target = grant.shown(target_of(head)?);
        if !matches!(target, Target::Address { .. }) {
            return decode::check_head(head, image, grant).map(drop);
        }
        grant.check_head(&head.method, &target, image)?;
        check_expectation(&head.headers)?;
        coding::content_codings(&head.headers).map_err(Problem::coding)?;
        Ok(())
    }

    fn decode(
        &self,
        head: Parts,
        body: Bytes,
        served: &Served<'_>,
        grant: &Grant,
    ) -> Result<Action, Problem> {
        let Target::Address { address, .. } = grant.shown(target_of(&head)?) else {
            return decode::decode(head, body, served, grant);
        };
        self.check_head(&head, served.image, grant)?;
        let segments = route::segments(address);
        let route = self.version.route(segments, served.image, &self.rules);
        let asked = Asked {
            pairs: parse_form(head.uri.query().unwrap_or_default().as_bytes())?,
            head,
            body,
            served,
            rules: &self.rules,
        };
        let mut action = self.action(&route, asked)?;
        grant.check(&mut action, served.image)?;
        Ok(action)
    }

    fn facts(&self, head: &Parts, caller: &Caller) -> Facts {
        self.version.facts(head, caller, &self.rules)
    }

    fn encode(&self, outcome: Result<Outcome, Problem>, facts: &Facts) -> Response<Body> {
        self.version.encode(outcome, facts, &self.rules)
    }
}

impl Asked<'_> {
    /// The first value of a parameter.
    fn first(&self, name: &str) -> Option<&str> {
        let mut pairs = self.pairs.iter();
        let found = pairs.find(|(it, _)| is_called(it, name));
        found.map(|(_, value)| value.as_str())
    }

    /// All values of a parameter.
    fn all<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'b str> {
        let pairs = self.pairs.iter();
        let found = pairs.filter(move |(it, _)| is_called(it, name));
        found.map(|(_, value)| value.as_str())
    }
}

/// Judges a parameter's name; `name[]` is another way to give several values.
fn is_called(parameter: &str, name: &str) -> bool {
    parameter.strip_suffix("[]").unwrap_or(parameter) == name
}

/// Judges whether there are not too many conditions: each is judged for each record.
fn check_tests(count: usize) -> Result<(), SelectError> {
    if count <= FILTER_TESTS_MAX {
        return Ok(());
    }
    Err(SelectError::TooMany {
        what: "conditions",
        max: FILTER_TESTS_MAX,
    })
}

/// The view of a value as it is, as data.
fn data_view() -> View {
    View {
        is_data: true,
        ..View::default()
    }
}

fn text(media: Media, text: Bytes, asked: Asked<'_>) -> Result<Action, Problem> {
    let read = Read::of_root(asked.head)?;
    Ok(Action::Text(Box::new(Text { read, media, text })))
}

fn chance() -> [u8; 8] {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("INVARIANT: the system has chance to give");
    bytes
}

/// Reads the whole number that a text begins with, as `parseInt` does; one that is too large to be
/// kept counts as the largest there is.
fn parse_int(text: &str) -> Option<i64> {
    let text = text.trim_start();
    let (is_negative, digits) = match text.strip_prefix(['-', '+']) {
        Some(digits) => (text.starts_with('-'), digits),
        None => (false, text),
    };
    let count = digits.bytes().take_while(u8::is_ascii_digit).count();
    if count == 0 {
        return None;
    }
    let size = digits[..count].parse().unwrap_or(i64::MAX);
    Some(if is_negative { -size } else { size })
}

/// The members of an object.
fn members(object: &Json) -> Vec<(String, Value)> {
    let value = Value::from(object.clone());
    let members = value.members().filter_map(|it| {
        let name = it.name()?.into_owned();
        Some((name, it.value))
    });
    members.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_begins_with_a_whole_number_or_does_not() {
        assert_eq!(parse_int("12abc"), Some(12));
        assert_eq!(parse_int(" -2.9"), Some(-2));
        assert_eq!(parse_int("+7"), Some(7));
        assert_eq!(parse_int("99999999999999999999"), Some(i64::MAX));
        assert_eq!(parse_int("x1"), None);
        assert_eq!(parse_int("-"), None);
        assert_eq!(parse_int(""), None);
    }
}
