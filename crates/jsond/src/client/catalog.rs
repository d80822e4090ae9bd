//! The names that the server has, for completion: asked for on the side, with little patience.
//!
//! On a connection of its own, so that the wire view shows what the person asked for and nothing else.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde_json::value::RawValue;
use tokio::runtime::Runtime;

use super::clock::Clock;
use super::complete::{Name, Names};
use super::limit;
use super::members::Members;
use super::session::Session;

/// How long names are taken for true.
const FRESH: Duration = Duration::from_secs(3);

/// The names that the server has.
pub(super) struct Catalog<'a> {
    runtime: &'a Runtime,
    session: RefCell<Session>,
    /// Where the person stands.
    pub(super) folder: Rc<RefCell<String>>,
    /// What was asked last.
    last: RefCell<Option<(String, Instant, Vec<Name>)>>,
}

impl<'a> Catalog<'a> {
    pub(super) fn new(runtime: &'a Runtime, session: Session, folder: Rc<RefCell<String>>) -> Self {
        Self {
            runtime,
            session: RefCell::new(session),
            folder,
            last: RefCell::new(None),
        }
    }
}

impl Names for Catalog<'_> {
    fn below(&self, target: &str) -> Vec<Name> {
        if let Some((asked, at, names)) = &*self.last.borrow()
            && asked == target
            && at.elapsed() < FRESH
        {
            return names.clone();
        }
        let clock = Clock::start(Some(limit::GREETING_PATIENCE));
        let trimmed = match target.len() {
            1 => target,
            _ => target.strip_suffix('/').unwrap_or(target),
        };
        let mut session = self.session.borrow_mut();
        let fetching = async {
            let found = session.fetch(trimmed, &clock).await?;
            match found.0.status {
                // A folder has its slash at the end.
                301 | 308 => session.fetch(target, &clock).await,
                _ => Some(found),
            }
        };
        let names = match self.runtime.block_on(fetching) {
            Some((head, body)) if head.status == 200 => names_of(&body),
            _ => Vec::new(),
        };
        let last = (target.to_owned(), Instant::now(), names.clone());
        *self.last.borrow_mut() = Some(last);
        names
    }
}

/// The names in a listing, an object or an array of records with ids.
fn names_of(body: &[u8]) -> Vec<Name> {
    let Ok(text) = std::str::from_utf8(body) else {
        return Vec::new();
    };
    if let Ok(members) = serde_json::from_str::<Members>(text) {
        let is_folder = |value: &RawValue| {
            let value: Result<serde_json::Value, _> = serde_json::from_str(value.get());
            value.is_ok_and(|value| value.get("kind").is_some_and(|kind| kind == "folder"))
        };
        let names = members.0.into_iter().map(|(text, value)| Name {
            is_folder: is_folder(&value),
            text,
        });
        return names.take(limit::NAMES_MAX).collect();
    }
    let items: Vec<serde_json::Value> = serde_json::from_str(text).unwrap_or_default();
    let ids = items.iter().filter_map(|item| match item.get("id")? {
        serde_json::Value::String(id) => Some(id.clone()),
        id => Some(id.to_string()),
    });
    let names = ids.take(limit::NAMES_MAX).map(|text| Name {
        text,
        is_folder: false,
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(body: &str) -> Vec<String> {
        let names = names_of(body.as_bytes()).into_iter();
        let shown = names.map(|name| name.text + if name.is_folder { "/" } else { "" });
        shown.collect()
    }

    #[test]
    fn names_are_members_and_ids() {
        assert_eq!(
            names(r#"{"b.json":{"kind":"collection"},"a":{"kind":"folder"}}"#),
            ["b.json", "a/"]
        );
        assert_eq!(names(r#"[{"id":2},{"id":"x"},{"no":1},3]"#), ["2", "x"]);
        for none in ["1", "[]", "{}", "{", "\"a\""] {
            assert!(names(none).is_empty(), "{none}");
        }
    }
}
