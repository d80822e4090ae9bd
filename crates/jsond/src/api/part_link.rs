//! Links from one part of a collection to the others.
//!
//! *Source*: RFC 8288 §3; the relations are those of the IANA registry.

use jsond_document::Part;

/// Links to the other parts of a collection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct PartLinks {
    /// The first part.
    pub(super) first: Option<String>,
    /// The part before this one.
    pub(super) previous: Option<String>,
    /// The part after this one.
    pub(super) next: Option<String>,
    /// The last part.
    pub(super) last: Option<String>,
}

/// Everything but what stands for itself in a query.
const QUERY: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b':')
    .remove(b',')
    .remove(b'@')
    .remove(b'*')
    .remove(b'/');

impl PartLinks {
    /// Makes the links of a part of `total` records; a slice without an end has none.
    ///
    /// *Shape*: references relative to the server, `kept` are the other parameters.
    pub(super) fn of(path: &str, kept: &[(String, String)], part: Part, total: usize) -> Self {
        let link = |first: (&str, usize), second: (&str, usize)| {
            let pairs = kept.iter().map(|(name, value)| pair(name, value));
            let parts = [first, second].map(|(name, number)| pair(name, &number.to_string()));
            let query: Vec<_> = pairs.chain(parts).collect();
            Some(format!("{path}?{}", query.join("&")))
        };
        match part {
            Part::Between { .. } => Self::default(),
            Part::Page { page, per_page } | Part::Nearest { page, per_page } => {
                let to = |page| link(("_page", page), ("_per_page", per_page));
                let last = total.div_ceil(per_page).max(1);
                let page = page.clamp(1, last);
                Self {
                    first: to(1),
                    previous: (page > 1).then(|| to(page - 1)).flatten(),
                    next: (page < last).then(|| to(page + 1)).flatten(),
                    last: to(last),
                }
            }
            Part::Slice { start, end, limit } => {
                let length = end.map(|end| end.saturating_sub(start));
                let length = length.into_iter().chain(limit).min().unwrap_or(0);
                if length == 0 {
                    return Self::default();
                }
                let to = |start| link(("_start", start), ("_limit", length));
                let steps = total.saturating_sub(1) / length;
                let is_behind = start >= total;
                let last = match total.checked_sub(1) {
                    // The parts go on from where this one begins.
                    Some(end) if !is_behind => start + (end - start) / length * length,
                    _ => steps * length,
                };
                let next = start.saturating_add(length);
                Self {
                    first: to(0),
                    previous: (start > 0)
                        .then(|| to(start.min(total).saturating_sub(length)))
                        .flatten(),
                    next: (next < total).then(|| to(next)).flatten(),
                    last: to(last),
                }
            }
        }
    }

    /// Spells the `Link` field; none when there is no other part to name.
    pub(super) fn field(&self) -> Option<String> {
        let links = [
            ("first", &self.first),
            ("prev", &self.previous),
            ("next", &self.next),
            ("last", &self.last),
        ];
        let links: Vec<_> = links
            .into_iter()
            .filter_map(|(relation, link)| {
                Some(format!("<{}>; rel=\"{relation}\"", link.as_ref()?))
            })
            .collect();
        (!links.is_empty()).then(|| links.join(", "))
    }
}

fn pair(name: &str, value: &str) -> String {
    let encode = |text| percent_encoding::utf8_percent_encode(text, QUERY);
    format!("{}={}", encode(name), encode(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(part: Part, total: usize, expected: [Option<&str>; 4]) {
        let kept = [("name:contains".to_owned(), "a b&한".to_owned())];
        let links = PartLinks::of("/s.json", &kept, part, total);
        let found = [links.first, links.previous, links.next, links.last];
        let expected = expected
            .map(|end| end.map(|end| format!("/s.json?name:contains=a%20b%26%ED%95%9C&{end}")));
        assert_eq!(found, expected, "{part:?} of {total}");
    }

    #[test]
    fn a_page_names_the_other_pages() {
        let page = |page| Part::Page { page, per_page: 10 };
        let [one, two, three] = [1, 2, 3].map(|page| format!("_page={page}&_per_page=10"));
        let [one, two, three] = [&one, &two, &three].map(|it| Some(it.as_str()));
        check(page(1), 25, [one, None, two, three]);
        check(page(2), 25, [one, one, three, three]);
        check(page(3), 25, [one, two, None, three]);
        check(page(1), 0, [one, None, None, one]);
    }

    #[test]
    fn a_slice_names_the_slices_beside_it() {
        let slice = |start, end, limit| Part::Slice { start, end, limit };
        let zero = Some("_start=0&_limit=10");
        check(
            slice(0, None, Some(10)),
            25,
            [
                zero,
                None,
                Some("_start=10&_limit=10"),
                Some("_start=20&_limit=10"),
            ],
        );
        check(
            slice(5, Some(15), None),
            25,
            [
                zero,
                zero,
                Some("_start=15&_limit=10"),
                Some("_start=15&_limit=10"),
            ],
        );
        check(
            slice(90, None, Some(10)),
            25,
            [
                zero,
                Some("_start=15&_limit=10"),
                None,
                Some("_start=20&_limit=10"),
            ],
        );
        check(slice(0, None, Some(10)), 0, [zero, None, None, zero]);
        check(slice(3, None, None), 25, [None; 4]);
        check(slice(3, Some(3), None), 25, [None; 4]);
        check(
            slice(usize::MAX, None, Some(usize::MAX)),
            3,
            [
                Some(&format!("_start=0&_limit={}", usize::MAX)),
                Some(&format!("_start=0&_limit={}", usize::MAX)),
                None,
                Some(&format!("_start=0&_limit={}", usize::MAX)),
            ],
        );
    }

    #[test]
    fn the_field_lists_what_there_is() {
        let links = PartLinks {
            first: Some("/a?_page=1".to_owned()),
            next: Some("/a?_page=2".to_owned()),
            ..PartLinks::default()
        };
        let field = "</a?_page=1>; rel=\"first\", </a?_page=2>; rel=\"next\"";
        assert_eq!(links.field().unwrap(), field);
        assert_eq!(PartLinks::default().field(), None);
    }
}
