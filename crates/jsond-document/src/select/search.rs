//! Search: every word occurs, without regard to case, in some string of the record.
//!
//! Strings count wherever they stand in the record as values, member names do not.

use super::error::SelectError;
use super::text::{Lower, Needle};
use crate::scan::string_end;
use crate::view::View;

/// How many words there may be; each has its bit.
const WORDS_MAX: usize = 64;

/// The words that are sought.
#[derive(Debug, Clone, Default)]
pub(super) struct Search {
    words: Vec<Needle>,
}

/// The words that have not been found yet, one bit each.
struct Missing<'a> {
    words: &'a [Needle],
    bits: u64,
    room: &'a mut Lower,
}

impl Search {
    /// Takes more words, with white space between them.
    pub(super) fn add(&mut self, words: &str) -> Result<(), SelectError> {
        if self.words.len() + words.split_whitespace().count() > WORDS_MAX {
            return Err(SelectError::TooMany {
                what: "words to search",
                max: WORDS_MAX,
            });
        }
        self.words.extend(words.split_whitespace().map(Needle::new));
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Judges whether all words are in the record.
    pub(super) fn is_met(&self, record: View<'_>, room: &mut Lower) -> bool {
        let all = u64::MAX.checked_shr(64 - u32::try_from(self.words.len()).unwrap_or(64));
        if record
            .text()
            .is_some_and(|text| self.is_ruled_out(text, room))
        {
            return false;
        }
        let mut missing = Missing {
            words: &self.words,
            bits: all.unwrap_or(0),
            room,
        };
        missing.look_into(record)
    }

    /// Judges quickly whether a word is nowhere in a text, be it in strings or not.
    fn is_ruled_out(&self, text: &[u8], room: &mut Lower) -> bool {
        if memchr::memchr(b'\\', text).is_some() {
            return false;
        }
        let lower = room.of_text(text);
        !self.words.iter().all(|word| word.is_in(lower))
    }
}

impl Missing<'_> {
    /// Looks into all strings of a value; says whether nothing is missing any more.
    fn look_into(&mut self, value: View<'_>) -> bool {
        match value.text() {
            Some(text) => self.look_into_text(text),
            None => self.bits == 0 || value.entries().any(|entry| self.look_into(entry.value)),
        }
    }

    fn look_into_text(&mut self, text: &[u8]) -> bool {
        let mut at = 0;
        while self.bits != 0
            && let Some(found) = memchr::memchr(b'"', &text[at..])
        {
            let start = at + found;
            at = string_end(text, start);
            // Behind a member name there is a colon.
            if text.get(at) != Some(&b':') {
                self.look_into_string(&text[start..at]);
            }
        }
        self.bits == 0
    }

    fn look_into_string(&mut self, spelled: &[u8]) {
        let text = self.room.of_spelled(spelled);
        for (word, bit) in self.words.iter().zip((0..).map(|n| 1 << n)) {
            if self.bits & bit != 0 && word.is_in(text) {
                self.bits &= !bit;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Value;

    fn check(record: &str, words: &str, expected: bool) {
        let mut search = Search::default();
        search.add(words).unwrap();
        let padded = format!("[{record},{:?}]", ["-"; 3000]);
        for text in [record, &padded] {
            let value = Value::parse(text.as_bytes()).unwrap();
            let found = search.is_met(value.view(), &mut Lower::default());
            assert_eq!(found, expected, "{words:?} in {record}");
        }
    }

    #[test]
    fn every_word_occurs_in_some_string_of_the_record() {
        let record = r#"{"name":"Kim Jin","more":{"tags":["RED","b\u006cue"],"n":17}}"#;
        check(record, "kim", true);
        check(record, "kim red", true);
        check(record, " JI \t BLUE\n", true);
        check(record, "kim green", false);
        check(record, "m j", true);
        check(record, "", true);
        check(record, " ", true);
        check(r#"{"a":"김진"}"#, "진", true);
    }

    #[test]
    fn names_and_values_that_are_no_strings_do_not_count() {
        let record = r#"{"name":"x","n":17,"yes":true,"no":null,"a:":"y"}"#;
        for word in ["name", "17", "true", "null", "a:", "\"", ","] {
            check(record, word, false);
        }
        check("{}", "a", false);
        check("{}", "", true);
    }

    #[test]
    fn sixty_four_words_are_sought_and_no_more() {
        let words: Vec<_> = (0..WORDS_MAX).map(|n| format!("w{n}.")).collect();
        check(&format!("[{:?}]", words.join("")), &words.join(" "), true);
        check(
            &format!("[{:?}]", words[1..].join("")),
            &words.join(" "),
            false,
        );
        check(
            &format!("[{:?}]", words[..63].join("")),
            &words.join(" "),
            false,
        );
        let mut search = Search::default();
        assert!(search.add(&words.join(" ")).is_ok());
        assert!(search.add("more").is_err());
    }
}
