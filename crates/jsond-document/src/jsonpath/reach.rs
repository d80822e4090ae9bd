//! Which parts of a document a query can look at, told from its text alone.
//!
//! Each query that begins at the root, also one inside a filter, follows names for a while; behind
//! them it may look at everything.

use super::JsonPath;
use super::ast::{Comparable, Comparison, Logical, Matching, Pattern, Query, Selector, Start};

impl JsonPath {
    /// The places below which the query looks, as the names that lead there from the root; none of
    /// them is the root itself.
    #[must_use]
    pub fn reach(&self) -> Vec<Vec<&str>> {
        let mut found = Vec::new();
        of_query(&self.query, &mut found);
        found
    }
}

fn of_query<'q>(query: &'q Query, found: &mut Vec<Vec<&'q str>>) {
    if query.start == Start::Root {
        let names = query
            .segments
            .iter()
            .map_while(|segment| match &*segment.selectors {
                [Selector::Name(name)] if !segment.descends => Some(name.as_str()),
                _ => None,
            });
        found.push(names.collect());
    }
    for selector in query.segments.iter().flat_map(|it| &it.selectors) {
        if let Selector::Filter(filter) = selector {
            of_filter(filter, found);
        }
    }
}

fn of_filter<'q>(filter: &'q Logical, found: &mut Vec<Vec<&'q str>>) {
    match filter {
        Logical::Or(all) | Logical::And(all) => all.iter().for_each(|it| of_filter(it, found)),
        Logical::Not(inner) => of_filter(inner, found),
        Logical::Exists(query) => of_query(query, found),
        Logical::Compare(comparison) => {
            let Comparison { left, right, .. } = &**comparison;
            [left, right]
                .into_iter()
                .for_each(|it| of_operand(it, found));
        }
        Logical::Matches(matching) => {
            let Matching { text, pattern, .. } = &**matching;
            of_operand(text, found);
            if let Pattern::Found(pattern) = pattern {
                of_operand(pattern, found);
            }
        }
    }
}

fn of_operand<'q>(operand: &'q Comparable, found: &mut Vec<Vec<&'q str>>) {
    match operand {
        Comparable::Literal(_) => {}
        Comparable::Length(inner) => of_operand(inner, found),
        Comparable::Singular(query) | Comparable::Count(query) | Comparable::Value(query) => {
            of_query(query, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, expected: &[&[&str]]) {
        let query = JsonPath::parse(query).unwrap();
        assert_eq!(query.reach(), expected);
    }

    #[test]
    fn names_are_followed_until_something_else_comes() {
        check("$", &[&[]]);
        check("$.a['b.json'].c", &[&["a", "b.json", "c"]]);
        check("$.a[*].b", &[&["a"]]);
        check("$.a..b", &[&["a"]]);
        check("$.a['b','c']", &[&["a"]]);
        check("$.a[0].b", &[&["a"]]);
        check("$..a", &[&[]]);
    }

    #[test]
    fn queries_inside_of_filters_count_when_they_begin_at_the_root() {
        check("$.a[?@.x == $.b.c]", &[&["a"], &["b", "c"]]);
        check("$.a[?@.x[?$.b]]", &[&["a"], &["b"]]);
        check(
            "$.a[?!($.b && count($.c[*]) > 1 || @.d)]",
            &[&["a"], &["b"], &["c"]],
        );
        check("$.a[?length(value($..b)) < 3]", &[&["a"], &[]]);
        check("$.a[?match(@.x, $.b.c)]", &[&["a"], &["b", "c"]]);
        check("$.a[?search($.d, 'x')]", &[&["a"], &["d"]]);
        check("$.a[?@.b == 'c']", &[&["a"]]);
    }
}
