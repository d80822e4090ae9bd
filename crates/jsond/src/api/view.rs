//! The query parameters of a read: what of a value is wanted, and how it is laid out. Pure.
//!
//! A name that begins with `_`, and `q`, `jsonpath` and `pretty`, are words of this interface; every
//! other name, and each with an operator behind it, is a condition on a member.

use crate::api::joins::Joins;
use crate::api::problem::{Problem, ProblemKind};
use crate::limits::Limits;
use jsond_document::{JsonPath, JsonPathBounds, Part, PartText, SelectError, Selection, quote};

/// What of a value is wanted.
#[derive(Debug, Default)]
pub(super) struct View {
    /// Laid out for people.
    pub(super) pretty: bool,
    /// A JSONPath that is to be run.
    pub(super) path: Option<PathQuery>,
    /// A part of a collection.
    pub(super) selection: Selection,
    /// The first parameter that is known for collections only.
    pub(super) of_collection: Option<String>,
    /// Whether `_fields` was given.
    pub(super) has_fields: bool,
    /// Whether any array counts as a collection, and a value is to be had as data only, whatever is
    /// accepted.
    pub(super) is_data: bool,
    /// What is put into the records.
    pub(super) joins: Option<Box<Joins>>,
    /// Whether a page is shown with its place among the others.
    pub(super) envelope: bool,
    /// All parameters but those that ask for a part, for the links to other parts.
    pub(super) kept: Vec<(String, String)>,
}

/// A JSONPath that is to be run.
#[derive(Debug)]
pub(super) struct PathQuery {
    pub(super) path: JsonPath,
    /// Whether the result names the places.
    pub(super) names_places: bool,
    /// How much it may cost.
    pub(super) bounds: JsonPathBounds,
}

/// The parameters that ask for a part.
#[derive(Default)]
struct PartParameters {
    start: Option<String>,
    end: Option<String>,
    limit: Option<String>,
    page: Option<String>,
    per_page: Option<String>,
}

impl View {
    /// Reads the parameters.
    pub(super) fn of(pairs: Vec<(String, String)>, limits: &Limits) -> Result<Self, Problem> {
        let mut view = Self::default();
        let mut part = PartParameters::default();
        let mut with_paths = false;
        for (name, value) in pairs {
            if let Some(place) = part.place(&name) {
                if place.replace(value).is_some() {
                    return Err(twice(&name));
                }
                view.of_collection.get_or_insert(name);
                continue;
            }
            match name.as_str() {
                "pretty" => view.pretty = switch(&name, &value)?,
                "_paths" => with_paths = switch(&name, &value)?,
                "jsonpath" if view.path.is_some() => return Err(twice(&name)),
                "jsonpath" => {
                    view.path = Some(PathQuery {
                        path: parse_path(&value)?,
                        names_places: false,
                        bounds: JsonPathBounds {
                            steps_max: limits.jsonpath_steps_max,
                            result_bytes_max: limits.jsonpath_result_bytes_max,
                        },
                    });
                }
                _ => view.take(&name, &value)?,
            }
            view.kept.push((name, value));
        }
        match &mut view.path {
            Some(query) => query.names_places = with_paths,
            None if with_paths => {
                let detail = "_paths is for a query with jsonpath.";
                return Err(Problem::new(ProblemKind::UnknownParameter, detail));
            }
            None => {}
        }
        view.selection.part = part.parse()?;
        view.check_alone()?;
        Ok(view)
    }

    /// Bounds what the JSONPath may cost, if there is one.
    pub(super) fn bound(&mut self, bounds: JsonPathBounds) {
        if let Some(query) = &mut self.path {
            query.bounds = bounds;
        }
    }

    /// Whether the value is wanted as it is stored.
    pub(super) fn is_plain(&self) -> bool {
        !self.pretty && self.is_whole()
    }

    /// Whether the whole value is wanted.
    pub(super) fn is_whole(&self) -> bool {
        self.path.is_none()
            && self.of_collection.is_none()
            && !self.has_fields
            && self.joins.is_none()
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), Problem> {
        match name {
            "_fields" => {
                self.has_fields = true;
                let taken = self.selection.with_fields(value);
                return taken.map_err(|error| refused(&error));
            }
            "q" => self
                .selection
                .with_search(value)
                .map_err(|error| refused(&error))?,
            "_sort" => self
                .selection
                .with_sort(value)
                .map_err(|error| refused(&error))?,
            _ if name.starts_with('_') && !name.contains(':') => return Err(unknown(name)),
            _ => self
                .selection
                .with_condition(name, value)
                .map_err(|error| refused(&error))?,
        }
        self.of_collection.get_or_insert_with(|| name.to_owned());
        Ok(())
    }

    /// A JSONPath runs on the whole value.
    fn check_alone(&self) -> Result<(), Problem> {
        let other = self.of_collection.as_deref();
        let other = other.or(self.has_fields.then_some("_fields"));
        match (&self.path, other) {
            (Some(_), Some(other)) => {
                let detail = format!(
                    "jsonpath runs on the whole value; leave {} out, or say it in the path.",
                    quote(other)
                );
                Err(Problem::new(ProblemKind::UnknownParameter, detail))
            }
            _ => Ok(()),
        }
    }
}

impl PartParameters {
    fn place(&mut self, name: &str) -> Option<&mut Option<String>> {
        match name {
            "_start" => Some(&mut self.start),
            "_end" => Some(&mut self.end),
            "_limit" => Some(&mut self.limit),
            "_page" => Some(&mut self.page),
            "_per_page" => Some(&mut self.per_page),
            _ => None,
        }
    }

    fn parse(&self) -> Result<Option<Part>, Problem> {
        Part::parse(PartText {
            start: self.start.as_deref(),
            end: self.end.as_deref(),
            limit: self.limit.as_deref(),
            page: self.page.as_deref(),
            per_page: self.per_page.as_deref(),
        })
        .map_err(|error| refused(&error))
    }
}

/// Reads a parameter that is true or false.
pub(super) fn switch(name: &str, value: &str) -> Result<bool, Problem> {
    match value {
        "" | "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => {
            let detail = format!("{name} is true or false, not {}.", quote(value));
            Err(Problem::new(ProblemKind::UnknownParameter, detail))
        }
    }
}

fn parse_path(text: &str) -> Result<JsonPath, Problem> {
    JsonPath::parse(text).map_err(|error| {
        let detail = format!("The JSONPath cannot be read: {error}.");
        Problem::new(ProblemKind::MalformedQuery, detail)
    })
}

fn twice(name: &str) -> Problem {
    let detail = format!("The query parameter {name} stands twice.");
    Problem::new(ProblemKind::UnknownParameter, detail)
}

fn unknown(name: &str) -> Problem {
    let detail = format!(
        "The query parameter {} is not known; those with _ are _sort, _start, _end, _limit, _page, \
         _per_page, _fields and _paths. For a member of this name write {}.",
        quote(name),
        quote(&format!("{name}:eq"))
    );
    Problem::new(ProblemKind::UnknownParameter, detail)
}

/// Turns what a selection refuses into a problem.
pub(super) fn refused(error: &SelectError) -> Problem {
    let kind = match error {
        SelectError::PastTheEnd { .. } => ProblemKind::NoSuchPage,
        SelectError::TooCostly => ProblemKind::QueryTooCostly,
        _ => ProblemKind::UnknownParameter,
    };
    let mut detail = error.to_string();
    if let Some(first) = detail.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    Problem::new(kind, detail + ".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(pairs: &[(&str, &str)]) -> Result<View, Problem> {
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        View::of(pairs.collect(), &Limits::default())
    }

    fn check_refused(pairs: &[(&str, &str)], words: &str) {
        let problem = view(pairs).map(drop).unwrap_err();
        assert_eq!(problem.status(), 400, "{pairs:?}");
        assert!(problem.detail().contains(words), "{}", problem.detail());
    }

    #[test]
    fn words_of_the_interface_are_told_from_members() {
        assert!(view(&[]).unwrap().is_plain());
        assert!(!view(&[("pretty", "")]).unwrap().is_plain());
        assert!(view(&[("pretty", "0")]).unwrap().is_plain());
        assert!(!view(&[("grade", "4")]).unwrap().is_whole());
        assert!(!view(&[("q:eq", "4")]).unwrap().is_whole());
        assert!(!view(&[("_x:eq", "4")]).unwrap().is_whole());
        assert!(!view(&[("_fields", "a")]).unwrap().is_whole());
        assert!(
            view(&[("jsonpath", "$"), ("_paths", "true")])
                .unwrap()
                .path
                .unwrap()
                .names_places
        );
        assert_eq!(
            view(&[("_page", "2")]).unwrap().of_collection.unwrap(),
            "_page"
        );
    }

    #[test]
    fn what_is_not_known_is_refused_with_what_to_do() {
        check_refused(&[("_colour", "red")], "_per_page");
        check_refused(&[("grade:near", "4")], "startsWith");
        check_refused(&[("_page", "-1")], "whole number");
        check_refused(&[("_page", "1"), ("_page", "2")], "twice");
        check_refused(&[("jsonpath", "$["), ("_paths", "true")], "at byte");
        check_refused(&[("_paths", "true")], "jsonpath");
        check_refused(&[("jsonpath", "$"), ("grade", "4")], "whole value");
        check_refused(&[("jsonpath", "$"), ("_fields", "a")], "whole value");
        check_refused(&[("pretty", "yes")], "true or false");
    }
}
