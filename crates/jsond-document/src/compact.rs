//! From any text to compact text: checked, without byte order mark and insignificant white space.
//!
//! The text is judged first and moved together afterwards, because faults point into the input. Up
//! to its first white space nothing is moved, so compact text costs no more than a copy, and in
//! place nothing. What is refused is in the module `check`.

use crate::check::{Bounds, Checked, check, is_grammatical};
use crate::error::SyntaxError;
use crate::scan::{skip_space, value_end};
use std::ops::Range;

/// A buffer is given back in part when what is free in it is more than this part of it.
const FREE_DIVISOR: usize = 4;

/// Checks `input` and returns its compact text.
pub(crate) fn compact(input: &[u8], bounds: Bounds) -> Result<Vec<u8>, SyntaxError> {
    let checked = check(input, bounds)?;
    let mut out = Vec::with_capacity(input.len() - checked.start);
    out.extend_from_slice(&input[checked.start..checked.first_space]);
    push_compact(input, checked.first_space, &mut out);
    out.shrink_to_fit();
    Ok(out)
}

/// Returns the compact text of what was checked before, or should have been: only the grammar is
/// judged, without which a text cannot be stepped through. None if it does not hold.
pub(crate) fn compact_again(input: &[u8]) -> Option<Vec<u8>> {
    is_grammatical(input).then(|| {
        let mut out = Vec::with_capacity(input.len());
        push_compact(input, 0, &mut out);
        out
    })
}

/// Appends the compact text of what begins at or after `at`.
fn push_compact(input: &[u8], mut at: usize, out: &mut Vec<u8>) {
    while let Some(run) = next_run(input, at) {
        out.extend_from_slice(&input[run.clone()]);
        at = run.end;
    }
}

/// Checks `text` and makes it compact where it is.
pub(crate) fn compact_in_place(text: &mut Vec<u8>, bounds: Bounds) -> Result<(), SyntaxError> {
    let Checked { start, first_space } = check(text, bounds)?;
    text.copy_within(start..first_space, 0);
    let (mut at, mut end) = (first_space, first_space - start);
    while let Some(run) = next_run(text, at) {
        at = run.end;
        text.copy_within(run.clone(), end);
        end += run.len();
    }
    text.truncate(end);
    if text.capacity() - end > text.capacity() / FREE_DIVISOR {
        text.shrink_to_fit();
    }
    Ok(())
}

/// Finds the next tokens that have no white space between them.
fn next_run(text: &[u8], at: usize) -> Option<Range<usize>> {
    let start = skip_space(text, at);
    let mut end = start;
    while let Some(byte) = text.get(end) {
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => break,
            b'"' => end = value_end(text, end),
            _ => end += 1,
        }
    }
    (end > start).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Json;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    /// Text that is JSON or nearly so.
    fn nearly_json() -> impl Strategy<Value = Vec<u8>> {
        const TOKENS: [&str; 26] = [
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            " ",
            "\n",
            "\r\n\t",
            "\"a\"",
            "\"b \\\" \"",
            "\"\\ud834\"",
            "\"\\u0061\"",
            "1",
            "-0.5e7",
            "true",
            "nul",
            "\u{feff}",
            "\"학과\"",
            "[1, 2]",
            "{\"a\" : 1}",
            "{ }",
            "[ [ ] ]",
            "\"",
            "\\",
            "11111111111",
        ];
        let wrapped = vec(select(&TOKENS[..]), 0..5)
            .prop_map(|tokens| format!("{{\"x\": [ {} ] }}\n", tokens.join(", ")));
        let loose = vec(select(&TOKENS[..]), 0..9).prop_map(|tokens| tokens.concat());
        (
            any::<bool>(),
            prop_oneof![wrapped, loose],
            vec(any::<u8>(), 0..2),
        )
            .prop_map(|(bom, text, tail)| {
                let bom = if bom { "\u{feff}" } else { "" };
                let tail = if text.len() % 4 == 0 {
                    tail
                } else {
                    Vec::new()
                };
                [bom.as_bytes(), text.as_bytes(), &tail].concat()
            })
    }

    #[test]
    fn what_was_checked_before_is_judged_by_its_grammar_only() {
        let twice = br#" { "a" : "\ud834 ", "a": 2 } "#;
        assert!(compact(twice, Bounds::NONE).is_err());
        assert_eq!(
            compact_again(twice).as_deref(),
            Some(&br#"{"a":"\ud834 ","a":2}"#[..])
        );
        for other in ["", "{", "[1,]", "{\"a\"}", "\"a", "1 2", "[\u{feff}]"] {
            assert_eq!(compact_again(other.as_bytes()), None, "{other}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2000, ..ProptestConfig::default() })]

        #[test]
        fn a_text_is_parsed_in_place_as_it_is_beside_itself(input in nearly_json()) {
            let bounds = Bounds { depth_max: 3, number_bytes_max: 10 };
            let in_place = Json::parse_owned_within(input.clone(), bounds);
            prop_assert_eq!(in_place, Json::parse_within(&input, bounds));
            prop_assert_eq!(Json::parse_owned(input.clone()), Json::parse(&input));
        }
    }

    #[test]
    fn every_place_of_white_space_is_closed_up() {
        let input = "\u{feff} \n[ 1 ,\t\"a b\" , { \"c\" : [ ] } ]\r\n";
        let json = Json::parse_owned(input.as_bytes().to_vec()).unwrap();
        assert_eq!(json.as_str(), r#"[1,"a b",{"c":[]}]"#);
    }

    #[test]
    fn compact_text_stays_in_its_buffer() {
        let input = br#"{"a":[1,"x y"]}"#.to_vec();
        let place = input.as_ptr();
        let json = Json::parse_owned(input).unwrap();
        assert_eq!(json.as_bytes().as_ptr(), place);
    }

    #[test]
    fn a_buffer_is_cut_only_where_that_gives_much_back() {
        let text = |spaces: usize| format!("[{}1]", " ".repeat(spaces)).into_bytes();
        let capacity_of = |mut text: Vec<u8>| {
            text.shrink_to_fit();
            compact_in_place(&mut text, Bounds::default()).unwrap();
            (text.len(), text.capacity())
        };
        assert_eq!(capacity_of(text(1000)), (3, 3));
        let (_, kept) = capacity_of(text(1));
        assert_eq!(kept, 4);
    }
}
