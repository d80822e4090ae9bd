//! Columns: objects whose values stand under each other, with spaces around the colon to fill up.

use super::breaks_line;
use super::slot::Slots;
use std::ops::RangeInclusive;

/// How many members are looked at.
const MEMBERS_SEEN_MAX: usize = 64;

/// The column in which the values of an object stand.
pub(super) struct Column {
    /// From the start of a name to the start of its value.
    width_columns: usize,
    /// Which side of the colon does not fill up, and how many spaces stand there.
    fixed: Fixed,
}

enum Fixed {
    Before(usize),
    After(usize),
}

impl Column {
    /// Finds the column if names of different length share one.
    pub(super) fn find(slots: &Slots<'_>) -> Option<Self> {
        let rows: Vec<Row> = (0..slots.parts.len())
            .filter(|&index| breaks_line(slots.lead(index)))
            .take(MEMBERS_SEEN_MAX)
            .map(|index| Row::of(slots, index))
            .collect::<Option<_>>()?;
        let first = rows.first()?;
        if rows.iter().all(|row| row.name == first.name)
            || rows.iter().any(|row| row.width() != first.width())
        {
            return None;
        }
        let fixed = if rows.iter().all(|row| row.after == first.after) {
            Fixed::After(first.after)
        } else {
            Fixed::Before(first.before)
        };
        Some(Self {
            width_columns: first.width(),
            fixed,
        })
    }

    /// What stands between a spelled name and its value.
    pub(super) fn gap(&self, name: &[u8]) -> Vec<u8> {
        let free = self.width_columns.saturating_sub(columns(name) + ":".len());
        let (before, after) = match self.fixed {
            Fixed::Before(before) => (before, free.saturating_sub(before).max(1)),
            Fixed::After(after) => (free.saturating_sub(after), after),
        };
        format!("{:before$}:{:after$}", "", "").into_bytes()
    }
}

/// A member: the length of its name and of the white space on both sides of its colon.
struct Row {
    name: usize,
    before: usize,
    after: usize,
}

impl Row {
    /// Reads a member whose value is on the line of its name, with nothing but spaces between.
    fn of(slots: &Slots<'_>, index: usize) -> Option<Self> {
        let part = &slots.parts[index];
        let gap = &slots.text[part.name_end..part.value];
        let before = memchr::memchr(b':', gap)?;
        if gap.iter().any(|byte| !matches!(byte, b' ' | b':')) {
            return None;
        }
        Some(Self {
            name: columns(&slots.text[part.start..part.name_end]),
            before,
            after: gap.len() - before - 1,
        })
    }

    fn width(&self) -> usize {
        self.name + self.before + 1 + self.after
    }
}

/// Counts the columns that a spelled name takes in an editor: two for each Hangul, Han or Kana.
pub(super) fn columns(name: &[u8]) -> usize {
    let is_wide = |char: &char| WIDE.iter().any(|range| range.contains(char));
    let name = String::from_utf8_lossy(name);
    name.chars().count() + name.chars().filter(is_wide).count()
}

/// The blocks of characters that take two columns, roughly as in Unicode Annex 11.
const WIDE: [RangeInclusive<char>; 7] = [
    '\u{1100}'..='\u{115f}',
    '\u{2e80}'..='\u{a4cf}',
    '\u{ac00}'..='\u{d7a3}',
    '\u{f900}'..='\u{faff}',
    '\u{ff01}'..='\u{ff60}',
    '\u{1f300}'..='\u{1faff}',
    '\u{20000}'..='\u{3fffd}',
];
