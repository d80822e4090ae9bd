//! Which member identifies a record of an array: `id`, or the name that its collection was given.
//!
//! A collection is called by the last part of its path without `.json`: `posts` for the file
//! `posts.json` and for the member `posts` of a file. An array that is an element of an array has
//! no name of its own, since its index changes; the default rules there. Where all names are the
//! default, nothing is stored and nothing is looked up.

use crate::collection::ID_NAME;
use crate::json::Kind;
use crate::string;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The end of a file's name that is no part of the collection's name.
const FILE_ENDING: &str = ".json";

/// The name of the member that identifies a record; `id` unless it was given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct IdName(Option<Arc<str>>);

impl IdName {
    fn new(name: &str) -> Self {
        Self((name != ID_NAME).then(|| Arc::from(name)))
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or(ID_NAME)
    }
}

/// The name of the identifying member for each collection, by the collection's name.
///
/// Cheap to clone, and empty where every name is the default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdNames(Option<Arc<Named>>);

#[derive(Debug, Default, PartialEq, Eq)]
struct Named {
    default: IdName,
    by_collection: BTreeMap<String, IdName>,
}

/// Why words do not say how members are named that identify records.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdNamesError {
    /// Nothing stands behind `=`, or there is no word at all.
    #[error("{0:?} names no member; write NAME, or COLLECTION=NAME as in posts=slug")]
    NoName(String),
    /// Nothing stands before `=`.
    #[error("{0:?} names no collection before the =; write COLLECTION=NAME as in posts=slug")]
    NoCollection(String),
    /// A path stands before `=`.
    #[error("{0:?} has a path before the =; a collection is called by the last part of its path")]
    Path(String),
    /// A collection has two names.
    #[error("the collection {0} is given two names; one member identifies its records")]
    Twice(String),
    /// There are two defaults.
    #[error("two names are given for all collections; write COLLECTION=NAME for one of them")]
    DefaultTwice,
}

impl IdNames {
    /// Reads words of the form `NAME`, for all collections, and `COLLECTION=NAME`, for one.
    ///
    /// *Errors*: see [`IdNamesError`].
    pub fn parse<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, IdNamesError> {
        let mut default = None;
        let mut by_collection = BTreeMap::new();
        for word in words {
            let (collection, name) = read(word)?;
            let Some(collection) = collection else {
                if default.replace(IdName::new(name)).is_some() {
                    return Err(IdNamesError::DefaultTwice);
                }
                continue;
            };
            let old = by_collection.insert(collection.to_owned(), IdName::new(name));
            if old.is_some() {
                return Err(IdNamesError::Twice(collection.to_owned()));
            }
        }
        let default = default.unwrap_or_default();
        by_collection.retain(|_, name| *name != default);
        let named = Named {
            default,
            by_collection,
        };
        Ok(Self((named != Named::default()).then(|| Arc::new(named))))
    }

    /// Spells the words that [`Self::parse`] reads; none where every name is the default.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let Some(named) = &self.0 else {
            return Vec::new();
        };
        let default = named.default.0.as_deref().map(str::to_owned);
        let others = named.by_collection.iter();
        let others = others.map(|(collection, name)| format!("{collection}={}", name.as_str()));
        default.into_iter().chain(others).collect()
    }

    /// Judges whether every name is the default.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.0.is_none()
    }

    /// The name for the collection of this name; `.json` may stand behind it.
    #[must_use]
    pub fn of(&self, collection: &str) -> &str {
        match &self.0 {
            None => ID_NAME,
            Some(named) => named.of(Some(collection)).as_str(),
        }
    }

    /// The rule for a value of this name, and for what is in it; `.json` may stand behind it.
    #[must_use]
    pub fn rule(&self, collection: &str) -> IdRule {
        self.rule_of(Some(collection))
    }

    fn rule_of(&self, collection: Option<&str>) -> IdRule {
        let own = match &self.0 {
            None => IdName::default(),
            Some(named) => named.of(collection).clone(),
        };
        IdRule {
            names: self.clone(),
            own,
        }
    }
}

impl Named {
    fn of(&self, collection: Option<&str>) -> &IdName {
        let collection = collection.map(|it| it.strip_suffix(FILE_ENDING).unwrap_or(it));
        collection
            .and_then(|collection| self.by_collection.get(collection))
            .unwrap_or(&self.default)
    }
}

/// Reads one word: the collection, if one is named, and the name of the member.
fn read(word: &str) -> Result<(Option<&str>, &str), IdNamesError> {
    let (collection, name) = match word.split_once('=') {
        Some((collection, name)) => (Some(collection), name),
        None => (None, word),
    };
    let collection = collection.map(|it| it.strip_suffix(FILE_ENDING).unwrap_or(it));
    match collection {
        Some("") => Err(IdNamesError::NoCollection(word.to_owned())),
        Some(path) if path.contains('/') => Err(IdNamesError::Path(word.to_owned())),
        _ if name.is_empty() => Err(IdNamesError::NoName(word.to_owned())),
        _ => Ok((collection, name)),
    }
}

/// The name of the identifying member for the records of one value, and the names for all in it.
///
/// Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdRule {
    names: IdNames,
    own: IdName,
}

impl IdRule {
    /// The name of the member that identifies the records of the value, if it is an array.
    #[must_use]
    pub fn id_name(&self) -> &str {
        self.own.as_str()
    }

    /// The names for all collections.
    #[must_use]
    pub fn names(&self) -> &IdNames {
        &self.names
    }

    /// The rule for the child that a token of a JSON pointer names.
    #[must_use]
    pub fn child(&self, parent: Kind, token: &str) -> Self {
        self.names
            .rule_of((parent == Kind::Object).then_some(token))
    }

    /// The rule for an entry: a member by its name as spelled, or an element, which has none.
    pub(crate) fn entry(&self, spelled_name: Option<&[u8]>) -> Self {
        if self.names.is_default() {
            return Self::default();
        }
        self.names
            .rule_of(spelled_name.map(string::unquote).as_deref())
    }

    /// The name by which a tree for the value is indexed; an object is indexed by member names.
    pub(crate) fn index_name(&self, kind: Kind) -> IdName {
        if kind == Kind::Array {
            self.own.clone()
        } else {
            IdName::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(words: &[&str], collection: &str, expected: &str) {
        let names = IdNames::parse(words.iter().copied()).unwrap();
        assert_eq!(names.of(collection), expected, "{words:?} {collection}");
        assert_eq!(names.rule(collection).id_name(), expected);
        let again = names.words();
        let again = IdNames::parse(again.iter().map(String::as_str)).unwrap();
        assert_eq!(again, names, "{words:?}");
    }

    #[test]
    fn a_collection_has_its_own_name_or_the_default() {
        check(&[], "posts", "id");
        check(&["posts=slug"], "posts", "slug");
        check(&["posts=slug"], "posts.json", "slug");
        check(&["posts.json=slug"], "posts", "slug");
        check(&["posts=slug"], "post", "id");
        check(&["_id"], "posts", "_id");
        check(&["_id", "posts=slug", "tags=id"], "tags", "id");
        check(&["_id", "posts=slug", "tags=id"], "posts", "slug");
        check(&["_id", "posts=slug", "tags=id"], "other", "_id");
        check(&["posts=a=b"], "posts", "a=b");
    }

    #[test]
    fn names_that_are_all_the_default_are_none() {
        for words in [&[][..], &["id"], &["posts=id"], &["id", "posts=id"]] {
            let names = IdNames::parse(words.iter().copied()).unwrap();
            assert_eq!(names, IdNames::default(), "{words:?}");
            assert!(names.is_default());
        }
    }

    fn check_refused(words: &[&str], expected: &str) {
        let error = IdNames::parse(words.iter().copied()).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
    }

    #[test]
    fn words_that_name_nothing_or_name_it_twice_are_refused() {
        check_refused(&["posts="], "\"posts=\" names no member");
        check_refused(&[""], "\"\" names no member");
        check_refused(&["=x"], "\"=x\" names no collection");
        check_refused(&["="], "\"=\" names no collection");
        check_refused(&[".json=x"], "\".json=x\" names no collection");
        check_refused(&["/posts=x"], "\"/posts=x\" has a path");
        check_refused(&["posts=a", "posts=b"], "the collection posts");
        check_refused(&["posts=a", "posts.json=a"], "the collection posts");
        check_refused(&["a", "b"], "two names are given for all");
    }

    #[test]
    fn an_element_of_an_array_has_no_name_of_its_own() {
        let names = IdNames::parse(["0=slug", "posts=slug"]).unwrap();
        let rule = names.rule("posts");
        assert_eq!(rule.child(Kind::Array, "0").id_name(), "id");
        assert_eq!(rule.child(Kind::Object, "0").id_name(), "slug");
        assert_eq!(rule.entry(None).id_name(), "id");
        assert_eq!(rule.entry(Some(br#""p\u006fsts""#)).id_name(), "slug");
    }
}
