//! What of a collection the parameters of json-server 1.x ask for.

use super::condition;
use super::{Asked, data_view, joins, parse_int};
use crate::api::problem::Problem;
use crate::api::view::{View, refused};
use jsond_document::{Collation, Filter, Part, SelectError, Selection};
use jsond_store::Place;

/// The parameters that are never conditions.
const RESERVED: [&str; 5] = ["_sort", "_page", "_per_page", "_embed", "_where"];

/// Those of 0.17, which are taken where no record has such a member.
const OLDER: [&str; 6] = ["_limit", "_start", "_end", "_order", "_expand", "q"];

/// How many records a page has when nothing is said.
const PER_PAGE: usize = 10;

/// Reads the parameters.
pub(super) fn view(name: &str, place: &Place, asked: &Asked<'_>) -> Result<View, Problem> {
    let older: Vec<&str> = OLDER
        .into_iter()
        .filter(|word| {
            let is_asked = !asked.rules.is_strict && asked.first(word).is_some();
            is_asked && !place.value.has_field(word)
        })
        .collect();
    let words = Words { asked, older };
    let joins = joins(name, asked, words.knows("_expand"))?;
    if asked.pairs.is_empty() {
        return Ok(View {
            joins,
            ..data_view()
        });
    }
    let is_word = |name: &str| RESERVED.contains(&name) || words.knows(name);
    let pairs = asked.pairs.iter().filter(|(name, _)| !is_word(name));
    let mut filters = vec![condition::of_parameters(pairs, place, asked)?];
    if let Some(text) = words.first("q").filter(|it| !it.is_empty()) {
        filters.push(Filter::anywhere(text));
    }
    let mut selection = words.sorted().map_err(|error| refused(&error))?;
    selection.part = words.part();
    let is_part = |name: &str| matches!(name, "_page" | "_per_page");
    let kept = asked.pairs.iter().filter(|(name, _)| !is_part(name));
    Ok(View {
        selection: selection.with_filter(Filter::All(filters)),
        of_collection: asked.pairs.first().map(|(name, _)| name.clone()),
        envelope: words.page().is_some(),
        kept: kept.cloned().collect(),
        joins,
        ..data_view()
    })
}

/// The parameters that are no conditions.
struct Words<'a> {
    asked: &'a Asked<'a>,
    /// Which of those of 0.17 are taken.
    older: Vec<&'a str>,
}

impl Words<'_> {
    fn knows(&self, name: &str) -> bool {
        self.older.contains(&name)
    }

    /// The value of one of those of 0.17.
    fn first(&self, name: &str) -> Option<&str> {
        self.asked.first(name).filter(|_| self.knows(name))
    }

    fn page(&self) -> Option<i64> {
        self.asked.first("_page").and_then(parse_int)
    }

    fn part(&self) -> Option<Part> {
        let number = |name| self.first(name).map(|text| parse_int(text).unwrap_or(0));
        if let Some(page) = self.page() {
            let per_page = self.asked.first("_per_page").and_then(parse_int);
            let per_page = per_page.or_else(|| number("_limit"));
            let per_page = per_page.map_or(PER_PAGE, |it| usize::try_from(it.max(1)).unwrap_or(1));
            let page = usize::try_from(page.max(1)).unwrap_or(1);
            return Some(Part::Nearest { page, per_page });
        }
        let start = number("_start");
        match (number("_end"), number("_limit")) {
            (Some(end), _) => Some((start.unwrap_or(0), end)),
            (None, Some(limit)) => {
                let start = start.unwrap_or(0);
                Some((start, start.saturating_add(limit)))
            }
            (None, None) => None,
        }
        .map(|(start, end)| Part::Between { start, end })
    }

    fn sorted(&self) -> Result<Selection, SelectError> {
        let mut selection = Selection::default().with_collation(Collation::Dictionary);
        let list = self.asked.first("_sort").unwrap_or_default();
        let orders = self.first("_order").unwrap_or_default();
        let mut orders = orders.split(',');
        for item in list.split(',').filter(|it| !it.is_empty()) {
            let order = orders.next().unwrap_or_default();
            let name = item.strip_prefix('-');
            let is_descending = name.is_some() != order.eq_ignore_ascii_case("desc");
            selection.with_key(name.unwrap_or(item), is_descending)?;
        }
        Ok(selection)
    }
}
