//! Which part of the result is wanted: a slice, or a page.

use super::error::SelectError;
use std::ops::Range;

/// The size of a page when none is said.
const PER_PAGE: usize = 10;

/// A part of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// From one position to another.
    Slice {
        /// The first position, from 0.
        start: usize,
        /// The position behind the last.
        end: Option<usize>,
        /// How many at the most.
        limit: Option<usize>,
    },
    /// One of the parts of equal size.
    Page {
        /// Which, from 1.
        page: usize,
        /// How many records a page has, from 1.
        per_page: usize,
    },
    /// The page, or the first or last where there is none of this number.
    Nearest {
        /// Which, from 1.
        page: usize,
        /// How many records a page has, from 1.
        per_page: usize,
    },
    /// From one position to another, each from the end where it is negative.
    Between {
        /// The first position.
        start: i64,
        /// The position behind the last.
        end: i64,
    },
}

/// The texts of the parameters that ask for a part.
#[derive(Debug, Clone, Copy, Default)]
pub struct PartText<'a> {
    /// `_start`
    pub start: Option<&'a str>,
    /// `_end`
    pub end: Option<&'a str>,
    /// `_limit`
    pub limit: Option<&'a str>,
    /// `_page`
    pub page: Option<&'a str>,
    /// `_per_page`
    pub per_page: Option<&'a str>,
}

impl Part {
    /// Parses the parameters; without any there is no part.
    ///
    /// *Errors*: [`SelectError::NoCount`], [`SelectError::PageAndSlice`].
    pub fn parse(text: PartText<'_>) -> Result<Option<Self>, SelectError> {
        let named = |name, value: Option<&str>| value.map(|_| name);
        let slice = named("_start", text.start)
            .or(named("_end", text.end))
            .or(named("_limit", text.limit));
        let page = named("_page", text.page).or(named("_per_page", text.per_page));
        match (page, slice) {
            (Some(page), Some(slice)) => Err(SelectError::PageAndSlice { page, slice }),
            (Some(_), None) => Ok(Some(Self::Page {
                page: count("_page", text.page, 1)?.unwrap_or(1),
                per_page: count("_per_page", text.per_page, 1)?.unwrap_or(PER_PAGE),
            })),
            (None, Some(_)) => Ok(Some(Self::Slice {
                start: count("_start", text.start, 0)?.unwrap_or(0),
                end: count("_end", text.end, 0)?,
                limit: count("_limit", text.limit, 0)?,
            })),
            (None, None) => Ok(None),
        }
    }

    /// The positions that are wanted, however many there are.
    pub(super) fn range(self) -> Range<usize> {
        let (start, end) = match self {
            Self::Slice { start, end, limit } => {
                let limited = limit.map_or(usize::MAX, |limit| start.saturating_add(limit));
                (start, end.unwrap_or(usize::MAX).min(limited))
            }
            Self::Page { page, per_page } => {
                let start = page.saturating_sub(1).saturating_mul(per_page);
                (start, start.saturating_add(per_page))
            }
            // Shows when it is known how many there are.
            Self::Nearest { .. } | Self::Between { .. } => (0, usize::MAX),
        };
        start..end.max(start)
    }

    /// The positions of so many that are wanted.
    pub(super) fn range_of(self, total: usize) -> Range<usize> {
        match self {
            Self::Nearest { page, per_page } => {
                let page = page.clamp(1, pages(total, per_page));
                Self::Page { page, per_page }.range_of(total)
            }
            Self::Between { start, end } => {
                let at = |position: i64| {
                    let size = usize::try_from(position.unsigned_abs()).unwrap_or(usize::MAX);
                    match position < 0 {
                        true => total.saturating_sub(size),
                        false => size.min(total),
                    }
                };
                at(start)..at(end).max(at(start))
            }
            Self::Slice { .. } | Self::Page { .. } => {
                let range = self.range();
                range.start.min(total)..range.end.min(total)
            }
        }
    }

    /// Judges whether a result has the page that is asked for.
    ///
    /// *Errors*: [`SelectError::PastTheEnd`].
    pub(super) fn check(self, total: usize) -> Result<(), SelectError> {
        let Self::Page { page, per_page } = self else {
            return Ok(());
        };
        let last = pages(total, per_page);
        if page <= last {
            return Ok(());
        }
        Err(SelectError::PastTheEnd { page, last })
    }
}

/// How many pages there are; one where there is nothing.
fn pages(total: usize, per_page: usize) -> usize {
    total.div_ceil(per_page.max(1)).max(1)
}

/// Reads a whole number; one that is too large to be kept counts as the largest there is.
fn count(
    parameter: &'static str,
    text: Option<&str>,
    min: usize,
) -> Result<Option<usize>, SelectError> {
    let Some(text) = text else { return Ok(None) };
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().unwrap_or(usize::MAX);
    if is_digits && number >= min {
        return Ok(Some(number));
    }
    Err(SelectError::NoCount {
        parameter,
        value: text.to_owned(),
        min,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::select::Selection;
    use crate::value::Value;

    const NONE: PartText<'_> = PartText {
        start: None,
        end: None,
        limit: None,
        page: None,
        per_page: None,
    };

    fn check(text: PartText<'_>, expected: Range<usize>) {
        assert_eq!(
            Part::parse(text).unwrap().unwrap().range(),
            expected,
            "{text:?}"
        );
    }

    fn refuse(text: PartText<'_>, word: &str) {
        let error = Part::parse(text).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }

    #[test]
    fn a_slice_and_a_page_are_ranges() {
        let (two, five) = (Some("2"), Some("5"));
        assert_eq!(Part::parse(NONE), Ok(None));
        check(PartText { start: two, ..NONE }, 2..usize::MAX);
        check(PartText { end: five, ..NONE }, 0..5);
        check(
            PartText {
                start: two,
                end: five,
                ..NONE
            },
            2..5,
        );
        check(
            PartText {
                start: five,
                end: two,
                ..NONE
            },
            5..5,
        );
        check(
            PartText {
                start: two,
                limit: five,
                ..NONE
            },
            2..7,
        );
        check(
            PartText {
                start: two,
                limit: two,
                end: five,
                ..NONE
            },
            2..4,
        );
        check(
            PartText {
                limit: Some("0"),
                ..NONE
            },
            0..0,
        );
        check(PartText { page: two, ..NONE }, 10..20);
        check(
            PartText {
                page: two,
                per_page: five,
                ..NONE
            },
            5..10,
        );
        check(
            PartText {
                per_page: five,
                ..NONE
            },
            0..5,
        );
    }

    #[test]
    fn numbers_of_any_size_are_taken() {
        let huge = Some("99999999999999999999999999999999");
        let max = usize::MAX;
        check(
            PartText {
                start: huge,
                limit: huge,
                ..NONE
            },
            max..max,
        );
        check(
            PartText {
                page: huge,
                per_page: huge,
                ..NONE
            },
            max..max,
        );
        check(
            PartText {
                page: Some("1"),
                per_page: huge,
                ..NONE
            },
            0..max,
        );
        check(PartText { end: huge, ..NONE }, 0..max);
    }

    #[test]
    fn what_is_no_whole_number_is_refused_by_its_name() {
        for bad in ["", "-1", "+1", "1.5", "1e3", " 1", "x", "١"] {
            refuse(
                PartText {
                    start: Some(bad),
                    ..NONE
                },
                "_start takes",
            );
            refuse(
                PartText {
                    limit: Some(bad),
                    ..NONE
                },
                "_limit takes",
            );
            refuse(
                PartText {
                    page: Some(bad),
                    ..NONE
                },
                "_page takes",
            );
        }
        refuse(
            PartText {
                page: Some("0"),
                ..NONE
            },
            "from 1 on, not \"0\"",
        );
        refuse(
            PartText {
                per_page: Some("0"),
                ..NONE
            },
            "_per_page takes",
        );
        let (page, limit) = (Some("1"), Some("1"));
        refuse(
            PartText {
                page,
                limit,
                ..NONE
            },
            "use _page and _per_page, or",
        );
    }

    #[test]
    fn a_page_behind_the_last_is_told_the_last() {
        let page = |page, per_page| Part::Page { page, per_page };
        assert_eq!(page(1, 10).check(0), Ok(()));
        assert_eq!(page(2, 10).check(20), Ok(()));
        let past = |page, last| Err(SelectError::PastTheEnd { page, last });
        assert_eq!(page(2, 10).check(0), past(2, 1));
        assert_eq!(page(3, 10).check(20), past(3, 2));
        assert_eq!(page(9, usize::MAX).check(20), past(9, 1));
        let slice = Part::Slice {
            start: 7,
            end: None,
            limit: None,
        };
        assert_eq!(slice.check(0), Ok(()));
    }

    #[test]
    fn parts_can_be_the_nearest_page_or_count_from_the_end() {
        let records = Value::parse(b"[{\"n\":0},{\"n\":1},{\"n\":2},{\"n\":3},{\"n\":4}]").unwrap();
        let check = |part: Part, expected: &str| {
            for sort in [None, Some("n")] {
                let mut selection = Selection {
                    part: Some(part),
                    ..Selection::default()
                };
                if let Some(sort) = sort {
                    selection.with_sort(sort).unwrap();
                }
                let found = selection.apply(&records).unwrap().json;
                let digits: String = found
                    .as_str()
                    .chars()
                    .filter(char::is_ascii_digit)
                    .collect();
                assert_eq!(digits, expected, "{part:?}");
            }
        };
        let nearest = |page, per_page| Part::Nearest { page, per_page };
        check(nearest(1, 2), "01");
        check(nearest(9, 2), "4");
        check(nearest(0, 10), "01234");
        let between = |start, end| Part::Between { start, end };
        check(between(1, 3), "12");
        check(between(-2, 9), "34");
        check(between(0, -1), "0123");
        check(between(3, 1), "");
        check(between(i64::MIN, i64::MAX), "01234");
    }
}
