//! What the holder of a token reaches: judged for what a request asks, in the light of what is
//! served.
//!
//! A prefix means what the same path in a URL means. What is asked above it is judged by each path
//! that it touches; where only the names in it can say, as in a patch, they are followed through
//! folders and objects, but not into arrays, where a patch and a URL call the same thing by other
//! names.

use super::cors::is_read;
use super::token::{Role, Token};
use crate::api::action::{Action, Own, Shown};
use crate::api::problem::{Problem, ProblemKind};
use crate::api::resource::{Target, find};
use http::Method;
use jsond_document::{Kind, PatchOperation};
use jsond_store::{Address, Edit, Image, Key, Resolved};
use std::sync::Arc;

/// What who asks may do and reach.
#[derive(Debug, Clone)]
pub(in crate::api) enum Grant {
    /// Everything: there are no tokens.
    Open,
    /// What may be had without a token.
    Public,
    /// What a token lets its holder do.
    Token(Arc<Token>),
}

/// How a path lies to what a token reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Lies {
    Outside,
    /// Something below it is reached.
    Above,
    Inside,
}

impl Grant {
    /// What a target is to who has no token: a preflight is told what the server can do, and not
    /// what there is.
    pub(in crate::api) fn shown(&self, target: Target) -> Target {
        match (self, target) {
            (Self::Public, Target::Address { .. }) => Target::Server,
            (_, target) => target,
        }
    }

    /// Judges a request when its head is there.
    ///
    /// *Errors*: 403.
    pub(in crate::api) fn check_head(
        &self,
        method: &Method,
        target: &Target,
        image: &Image,
    ) -> Result<(), Problem> {
        let Self::Token(token) = self else {
            return Ok(());
        };
        if !is_read(method) && token.role < Role::Write {
            return Err(weak("This token is for reading."));
        }
        match target {
            Target::Own(Own::Metrics) if token.role < Role::Admin => Err(weak(
                "What is counted is shown to a token with the role admin.",
            )),
            Target::Server | Target::Own(_) | Target::OwnMissing => Ok(()),
            Target::Address { address, .. } => {
                let may_be_of_parts = matches!(method.as_str(), "GET" | "HEAD" | "QUERY" | "PATCH");
                match token.place(&address.0, image) {
                    Lies::Inside => Ok(()),
                    Lies::Above if may_be_of_parts => Ok(()),
                    Lies::Above | Lies::Outside => Err(out_of_reach()),
                }
            }
        }
    }

    /// Judges what a request asks for. The answer to a write of parts shows nothing of the whole,
    /// and a key is one of the token's own.
    ///
    /// *Errors*: 403.
    pub(in crate::api) fn check(&self, action: &mut Action, image: &Image) -> Result<(), Problem> {
        let Self::Token(token) = self else {
            return Ok(());
        };
        let (address, below) = touched(action);
        let Some(address) = address else {
            return Ok(());
        };
        let place = token.place(&address.0, image);
        let is_reached = match (place, below) {
            (Lies::Inside, _) => true,
            (Lies::Outside, _) | (Lies::Above, None) => false,
            // What touches nothing is about the whole.
            (Lies::Above, Some(below)) => {
                let reaches = |names: &Vec<&str>| token.names(address, names, image);
                !below.is_empty() && below.iter().all(reaches)
            }
        };
        let reaches = |address: &Address| token.place(&address.0, image) == Lies::Inside;
        if !is_reached || !joined(action).all(reaches) {
            return Err(out_of_reach());
        }
        if let Some(key) = key_of(action) {
            // No name of a token has a space in it.
            key.name = format!("{} {}", token.name(), key.name);
        }
        if let Action::Write(write) = action
            && place == Lies::Above
        {
            write.shown = Shown::Hidden;
        }
        Ok(())
    }
}

/// The address that an action is about, and the paths below that it touches, as far as they say
/// more.
fn touched(action: &Action) -> (Option<&Address>, Option<Vec<Vec<&str>>>) {
    match action {
        Action::DescribeServer | Action::DescribeOwn | Action::Own(_) => (None, None),
        Action::Text(text) => (Some(&text.read.address), None),
        Action::Read(read) => {
            let below = read.view.path.as_ref().map(|query| query.path.reach());
            (Some(&read.address), below)
        }
        Action::Move(address) | Action::Describe(address) => (Some(address), None),
        Action::Answer(answer) => (Some(&answer.ask.address), None),
        Action::Ask(ask) => (Some(&ask.address), None),
        Action::Write(write) => {
            let below = match &write.mutation.edit {
                Edit::Patch(patch) => Some(patch.operations().iter().flat_map(paths).collect()),
                _ => None,
            };
            (Some(&write.mutation.address), below)
        }
    }
}

/// What is shown besides what an action is about.
fn joined(action: &Action) -> impl Iterator<Item = &Address> {
    let joins = match action {
        Action::Read(read) => read.view.joins.as_deref(),
        _ => None,
    };
    let relations = joins.map_or(&[][..], |joins| &joins.relations);
    relations.iter().map(|it| &it.address)
}

/// The key of a request that is to happen once.
fn key_of(action: &mut Action) -> Option<&mut Key> {
    match action {
        Action::Write(write) => write.mutation.key.as_mut(),
        Action::Answer(answer) => answer.ask.key.as_mut(),
        Action::Ask(ask) => ask.key.as_mut(),
        _ => None,
    }
}

fn paths(operation: &PatchOperation) -> Vec<Vec<&str>> {
    let from = match operation {
        PatchOperation::Move { from, .. } | PatchOperation::Copy { from, .. } => Some(from),
        _ => None,
    };
    let all = from.into_iter().chain([operation.path()]);
    all.map(|path| path.tokens().iter().map(String::as_str).collect())
        .collect()
}

impl Token {
    fn place(&self, tokens: &[String], image: &Image) -> Lies {
        if self.prefixes.is_empty() {
            return Lies::Inside;
        }
        let path = canonical(tokens, image);
        let prefixes = self.prefixes.iter().map(|prefix| canonical(prefix, image));
        let places = prefixes.map(|prefix| {
            if path.starts_with(&prefix) {
                Lies::Inside
            } else if prefix.starts_with(&path) {
                Lies::Above
            } else {
                Lies::Outside
            }
        });
        places.max().unwrap_or(Lies::Outside)
    }

    /// Judges whether names that are followed from an address lead to something that is reached.
    fn names(&self, address: &Address, names: &[&str], image: &Image) -> bool {
        let mut path = canonical(&address.0, image);
        path.extend(names.iter().map(ToString::to_string));
        self.prefixes.iter().any(|prefix| {
            let prefix = canonical(prefix, image);
            path.starts_with(&prefix) && !passes_an_array(&prefix, image)
        })
    }
}

/// The address under which what an address means is known: files by their whole names.
fn canonical(tokens: &[String], image: &Image) -> Vec<String> {
    let mut tokens = tokens;
    // What is not there has the name of the nearest that is, and its own tokens from there on.
    let mut rest = Vec::new();
    loop {
        let address = Address(tokens.to_vec());
        // A slash is that of a folder only where the path ends.
        let resolved = match rest.is_empty() {
            true => find(image, &address),
            false => image.resolve(&address),
        };
        let found = match resolved {
            Resolved::Folder { path, .. } | Resolved::AbsentFile { path } => Some(path),
            Resolved::Value(place) => Some(place.canonical().0),
            Resolved::Absent { parent, token } => {
                let mut path = parent.canonical().0;
                path.push(token);
                Some(path)
            }
            Resolved::Broken(_) | Resolved::Nothing => None,
        };
        if let Some(mut path) = found {
            path.extend(rest.into_iter().rev());
            return path;
        }
        let Some((last, above)) = tokens.split_last() else {
            return rest.into_iter().rev().collect();
        };
        rest.push(last.clone());
        tokens = above;
    }
}

fn passes_an_array(path: &[String], image: &Image) -> bool {
    (0..path.len()).any(|length| {
        let found = image.resolve(&Address(path[..length].to_vec()));
        matches!(found, Resolved::Value(place) if place.value.kind() == Kind::Array)
    })
}

fn weak(detail: &str) -> Problem {
    Problem::new(ProblemKind::TokenTooWeak, detail)
}

fn out_of_reach() -> Problem {
    weak("This token does not reach that path, or not all that the request touches.")
}
