//! What of a collection the parameters of json-server 0.17 ask for.

use super::{Asked, data_view, joins};
use crate::api::json_server::{check_tests, parse_int};
use crate::api::problem::Problem;
use crate::api::view::{View, refused};
use jsond_document::{Collation, Filter, Json, Name, Order, Part, SelectError, Selection};
use jsond_store::Place;

/// The parameters that are never conditions.
const RESERVED: [&str; 12] = [
    "q", "_start", "_end", "_page", "_sort", "_order", "_limit", "_embed", "_expand", "_delay",
    "callback", "_",
];

/// How many records a page has when nothing is said.
const PER_PAGE: i64 = 10;

/// The operators that a name can end in.
const OPERATORS: [&str; 4] = ["_lte", "_gte", "_ne", "_like"];

/// Reads the parameters.
pub(super) fn view(
    name: &str,
    parent: Option<&(String, String)>,
    place: &Place,
    asked: &Asked<'_>,
) -> Result<View, Problem> {
    let joins = joins(name, asked)?;
    if asked.pairs.is_empty() && parent.is_none() {
        return Ok(View {
            joins,
            ..data_view()
        });
    }
    let filter = filter(parent, place, asked).map_err(|error| refused(&error))?;
    let mut selection = Selection::default()
        .with_filter(filter)
        .with_collation(Collation::Operators);
    sort(&mut selection, asked).map_err(|error| refused(&error))?;
    selection.part = part(asked);
    Ok(View {
        selection,
        of_collection: Some(name.to_owned()),
        joins,
        ..data_view()
    })
}

fn filter(
    parent: Option<&(String, String)>,
    place: &Place,
    asked: &Asked<'_>,
) -> Result<Filter, SelectError> {
    let mut filters = Vec::new();
    if let Some(text) = asked.first("q").filter(|it| !it.is_empty()) {
        filters.push(Filter::anywhere(text));
    }
    let mut tests = 0;
    let groups = grouped(parent, asked);
    // Each name is looked for in all records.
    check_tests(groups.len())?;
    for (name, values) in groups {
        let operator = OPERATORS.iter().find(|it| name.ends_with(**it));
        // A parameter that means nothing here is left out, so that a typo returns everything.
        if operator.is_some() || place.value.has_field(&name) {
            // Equal values are found at once, however many there are.
            tests += match operator {
                None | Some(&"_ne") => 1,
                Some(_) => values.len(),
            };
            check_tests(tests)?;
            filters.push(condition(&name, operator.copied(), values)?);
        }
    }
    Ok(Filter::All(filters))
}

/// The conditions, with all values of a name together.
fn grouped(parent: Option<&(String, String)>, asked: &Asked<'_>) -> Vec<(String, Vec<String>)> {
    let pairs = asked.pairs.iter().map(|(name, value)| {
        // `name[]` and `name[0]` are ways to give several values.
        let name = name.split_once('[').map_or(name.as_str(), |(name, _)| name);
        (name.to_owned(), value.clone())
    });
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for (name, value) in pairs.filter(|(name, _)| !RESERVED.contains(&name.as_str())) {
        match groups.iter_mut().find(|(it, _)| *it == name) {
            Some((_, values)) => values.push(value),
            None => groups.push((name, vec![value])),
        }
    }
    if let Some((key, id)) = parent {
        groups.retain(|(name, _)| name != key);
        groups.push((key.clone(), vec![id.clone()]));
    }
    groups
}

fn condition(
    name: &str,
    operator: Option<&str>,
    values: Vec<String>,
) -> Result<Filter, SelectError> {
    let path = name
        .strip_suffix(operator.unwrap_or_default())
        .unwrap_or(name);
    let path = Name::Dotted(path);
    let ordered = |order| {
        let each = values
            .iter()
            .map(|it| Filter::ordered(path, order, &Json::string(it)));
        Ok(Filter::Any(each.collect::<Result<_, _>>()?))
    };
    let test = match operator {
        Some("_gte") => ordered(Order::GreaterOrEqual),
        Some("_lte") => ordered(Order::LessOrEqual),
        Some("_ne") => Ok(Filter::spelled(path, values)?.negated()),
        Some("_like") => {
            let each = values.iter().map(|it| Filter::like(path, it));
            Ok(Filter::Any(each.collect::<Result<_, _>>()?))
        }
        _ => Filter::spelled(path, values),
    }?;
    let null = Json::parse(b"null").expect("INVARIANT: it is JSON");
    let is_there = Filter::same(path, &[null])?.negated();
    Ok(Filter::All(vec![is_there, test]))
}

fn sort(selection: &mut Selection, asked: &Asked<'_>) -> Result<(), SelectError> {
    let list = asked.first("_sort").unwrap_or_default();
    let mut orders = asked.first("_order").unwrap_or_default().split(',');
    for item in list.split(',').filter(|_| !list.is_empty()) {
        let order = orders.next().unwrap_or_default();
        let path = item.replace('[', ".").replace(']', "");
        selection.with_key(&path, order.eq_ignore_ascii_case("desc"))?;
    }
    Ok(())
}

fn part(asked: &Asked<'_>) -> Option<Part> {
    let given = |name| asked.first(name).filter(|it| !it.is_empty());
    let number = |name| given(name).map(|text| parse_int(text).unwrap_or(0));
    let start = number("_start").unwrap_or(0);
    let (start, end) = if given("_page").is_some() {
        let (page, limit) = page(asked.first("_page"), asked.first("_limit"));
        let end = page.saturating_mul(limit);
        (end.saturating_sub(limit), end)
    } else if let Some(end) = number("_end") {
        (start, end)
    } else {
        let limit = number("_limit")?;
        (start, start.saturating_add(limit))
    };
    Some(Part::Between { start, end })
}

/// The number of a page and how many records it has, by the parameters that ask for it.
pub(super) fn page(page: Option<&str>, limit: Option<&str>) -> (i64, i64) {
    let page = page.and_then(parse_int).unwrap_or(1).max(1);
    let limit = limit.and_then(parse_int).filter(|it| *it != 0);
    (page, limit.unwrap_or(PER_PAGE))
}
