//! Random documents that are kept as trees, and random layouts, for the tests.
//!
//! Large enough to be trees of several leaves, with trees in them; made of the small documents of
//! the module `random`, so that every kind of value stands in them somewhere.

use super::random::{Dice, Doc, Show, Style, doc, expanded, one_line, random_style};
use super::{Indent, Layout, Newline};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// A document of some 10 to 60 KB.
pub(super) fn large_doc() -> impl Strategy<Value = Doc> {
    let size = 9_000..60_000_usize;
    (vec(doc(), 1..6), size, 1..u64::MAX)
        .prop_map(|(pool, bytes, seed)| grow(&pool, bytes, 2, &mut Dice(seed)))
}

/// Makes an array or object of about `bytes`, with others in it down to `levels`.
fn grow(pool: &[Doc], bytes: usize, levels: usize, dice: &mut Dice) -> Doc {
    let (is_object, records, nested) = (dice.throw(2) == 0, dice.throw(2) == 0, dice.throw(3) == 0);
    let (mut entries, mut left) = (Vec::new(), bytes);
    while left > 0 {
        let number = entries.len();
        let value = if nested && levels > 0 && dice.throw(20) == 0 {
            grow(pool, bytes / 2, levels - 1, dice)
        } else {
            pool[dice.throw(pool.len())].clone()
        };
        let value = if records {
            record(number, value)
        } else {
            value
        };
        left = left.saturating_sub(size(&value) + 8);
        entries.push((format!("\"k{number}\""), value));
    }
    if is_object {
        Doc::Object(entries)
    } else {
        Doc::Array(entries.into_iter().map(|(_, value)| value).collect())
    }
}

/// A file in which each record begins a line and is laid out in a style of its own.
pub(super) fn records_file() -> impl Strategy<Value = (Doc, String)> {
    let styles = vec(prop_oneof![random_style(), one_line(), expanded()], 1..6);
    (vec(doc(), 1..6), styles, any::<bool>(), 1..u64::MAX).prop_map(
        |(pool, styles, is_object, seed)| {
            let mut dice = Dice(seed);
            let (mut entries, mut lines) = (Vec::new(), Vec::new());
            while lines.iter().map(String::len).sum::<usize>() < 30_000 {
                let number = entries.len();
                let doc = record(number, pool[dice.throw(pool.len())].clone());
                let style = styles[dice.throw(styles.len())].clone();
                let name = format!("\"k{number}\"");
                let lead = if is_object {
                    format!("{name}: ")
                } else {
                    String::new()
                };
                lines.push(format!("\n  {lead}{}", Show::text(style, &doc).trim()));
                entries.push((name, doc));
            }
            let inner = lines.join(",");
            if is_object {
                (Doc::Object(entries), format!("{{{inner}\n}}"))
            } else {
                let docs = entries.into_iter().map(|(_, doc)| doc).collect();
                (Doc::Array(docs), format!("[{inner}\n]"))
            }
        },
    )
}

fn record(number: usize, value: Doc) -> Doc {
    let id = ("\"id\"".to_owned(), Doc::Scalar(number.to_string()));
    Doc::Object(vec![id, ("\"value\"".to_owned(), value)])
}

fn size(doc: &Doc) -> usize {
    Show::text(Style::OneLine([":", ",", "", ""]), doc).len()
}

/// A layout, even or with every question answered by itself.
pub(super) fn layouts() -> impl Strategy<Value = Layout> {
    let indents = [
        Indent::OneLine,
        Indent::Tabs(1),
        Indent::Spaces(2),
        Indent::Spaces(4),
        Indent::Spaces(0),
    ];
    let newlines = [Newline::Lf, Newline::CrLf, Newline::Cr];
    let answers = any::<[bool; 10]>();
    (select(newlines.to_vec()), select(indents.to_vec()), answers).prop_map(
        |(newline, indent, yes)| Layout {
            bom: yes[0],
            newline,
            indent,
            space_before_colon: yes[1],
            space_after_colon: yes[2],
            space_after_comma: yes[3],
            padded_objects: yes[4],
            padded_arrays: yes[5],
            padded_empty: yes[6],
            inline_arrays: yes[7],
            inline_records: yes[8],
            final_newline: yes[9],
        },
    )
}
