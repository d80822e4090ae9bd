//! The form of the files: size, header, citations, markers, documented modules, and the map.

use super::source::Source;

const LINES_MAX: usize = 500;

/// The comment a file opens with.
fn header(text: &str) -> impl Iterator<Item = &str> {
    text.lines().take_while(|line| line.starts_with("//!"))
}

/// Under 500 lines, or a reason behind `LONG:` in the header.
pub(crate) fn check_size(source: &Source) -> Vec<String> {
    let lines = source.text.lines().count();
    let reason = header(&source.text)
        .find_map(|line| line.split_once("LONG:"))
        .is_some_and(|(_, reason)| reason.trim().len() > 10);
    if lines < LINES_MAX || reason {
        return Vec::new();
    }
    vec![format!(
        "{}: {lines} lines, and no reason behind LONG: in its header",
        source.path
    )]
}

/// The first line says something.
pub(crate) fn check_header(source: &Source) -> Vec<String> {
    let first = header(&source.text).next().unwrap_or_default();
    if first.trim_start_matches("//!").trim().len() > 10 {
        return Vec::new();
    }
    vec![format!(
        "{}: opens with no //! that says what it is for",
        source.path
    )]
}

/// `RFC 9110 §13.2.2`, always this form; a header of a file may name the whole of one.
pub(crate) fn check_citations(source: &Source) -> Vec<String> {
    let mut faults = Vec::new();
    if source.path.ends_with("tests/tidy/form.rs") {
        // The doctored citations below stand in strings.
        return faults;
    }
    for (number, line) in source.text.lines().enumerate() {
        let Some((_, comment)) = line.split_once("//") else {
            continue;
        };
        for fault in citation_faults(comment) {
            faults.push(format!("{}:{}: {fault}", source.path, number + 1));
        }
    }
    faults
}

fn citation_faults(comment: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let upper = comment.to_uppercase();
    let is_header = comment.starts_with('!');
    let is_source = comment.contains("*Source*:");
    for (place, _) in upper.match_indices("RFC") {
        let before = upper[..place].chars().next_back();
        if before.is_some_and(char::is_alphanumeric) || !comment.is_char_boundary(place) {
            continue;
        }
        let rest = &comment[place..];
        let digits = rest.get(4..).unwrap_or_default();
        let count = digits.bytes().take_while(u8::is_ascii_digit).count();
        if !rest.starts_with("RFC ") || !(3..=5).contains(&count) {
            if rest[3..].starts_with([' ', '-', '_'])
                || digits.starts_with(|c: char| c.is_ascii_digit())
            {
                faults.push(format!(
                    "not in the form RFC 9110 §13.2.2: {}",
                    rest.trim_end()
                ));
            }
            continue;
        }
        let after = digits[count..].trim_start_matches(',').trim_start();
        let lower = after.to_lowercase();
        let worded = ["section", "sec.", "chapter", "appendix", "para"];
        let is_worded = worded.iter().any(|word| lower.starts_with(word));
        let is_section = digits[count..]
            .strip_prefix(" §")
            .is_some_and(is_section_number);
        if is_worded
            || (after.starts_with('§') && !is_section)
            || (is_source && !is_header && !is_section)
        {
            faults.push(format!(
                "not in the form RFC 9110 §13.2.2: {}",
                rest.trim_end()
            ));
        }
    }
    faults
}

/// `13.2.2`, or an appendix as `A.1`.
fn is_section_number(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_digit() || letter.is_ascii_uppercase())
}

/// INVARIANT, DURABILITY, LENIENT and SAFETY (and LONG in a header) mark a comment; nothing else.
pub(crate) fn check_markers(source: &Source) -> Vec<String> {
    let known = ["INVARIANT", "DURABILITY", "LENIENT", "SAFETY", "LONG"];
    let forgotten = [
        ["TO", "DO"].concat(),
        ["FIX", "ME"].concat(),
        ["X", "XX"].concat(),
        ["HA", "CK"].concat(),
    ];
    let mut faults = Vec::new();
    for (number, line) in source.text.lines().enumerate() {
        let Some(comment) = line.trim_start().strip_prefix("//") else {
            continue;
        };
        let words = comment.trim_start_matches(['/', '!']).trim_start();
        let first = words.split([':', ' ', '(']).next().unwrap_or_default();
        let is_capital = first.len() > 2 && first.bytes().all(|byte| byte.is_ascii_uppercase());
        let is_marker = is_capital && words[first.len()..].starts_with(':');
        if (is_marker && !known.contains(&first)) || forgotten.iter().any(|word| first == word) {
            faults.push(format!(
                "{}:{}: {first} is no marker of ours",
                source.path,
                number + 1
            ));
        }
    }
    faults
}

/// A public module in a file is documented by the header of that file, one in place by a `///`.
pub(crate) fn check_public_modules(source: &Source) -> Vec<String> {
    let mut faults = Vec::new();
    let mut previous = "";
    for line in source.text.lines() {
        let is_public = line.trim_start().starts_with("pub mod ");
        if is_public && line.trim_end().ends_with('{') && !previous.trim_start().starts_with("///")
        {
            faults.push(format!("{}: {} has no ///", source.path, line.trim()));
        }
        if !line.trim_start().starts_with("#[") {
            previous = line;
        }
    }
    faults
}

/// Every path in backticks in the map's tables exists.
pub(crate) fn check_map(map: &str, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let mut paths = Vec::new();
    for row in map
        .lines()
        .filter(|line| line.trim_start().starts_with('|'))
    {
        let quoted = row.split('`').skip(1).step_by(2);
        paths.extend(quoted.filter(|text| is_path(text)).map(str::to_owned));
    }
    if paths.is_empty() {
        return vec!["the map has no table with paths in backticks".to_owned()];
    }
    paths.retain(|path| !exists(path.trim_end_matches('/')));
    paths
        .iter()
        .map(|path| format!("the map shows {path}, which is not there"))
        .collect()
}

fn is_path(text: &str) -> bool {
    let is_name = |letter: char| letter.is_alphanumeric() || "_-./".contains(letter);
    let begins = ["crates/", "docs/", "examples/", ".ci/", "fuzz/"];
    text.chars().all(is_name) && begins.iter().any(|beginning| text.starts_with(beginning))
}

/// Asserts that a text has the number of faults said.
#[cfg(test)]
#[track_caller]
fn check(rule: fn(&Source) -> Vec<String>, text: &str, faults: usize) {
    let found = rule(&Source::new("crates/x/src/y.rs", text));
    assert_eq!(found.len(), faults, "{text}\n{found:?}");
}

#[test]
fn a_long_file_without_a_reason_is_found() {
    check(check_size, &"fn f() {}\n".repeat(499), 0);
    check(check_size, &"fn f() {}\n".repeat(500), 1);
    let long = "fn f() {}\n".repeat(600);
    check(
        check_size,
        &format!("//! A table.\n//! LONG: one table, read as one.\n{long}"),
        0,
    );
    check(check_size, &format!("//! A table.\n//! LONG:\n{long}"), 1);
    check(
        check_size,
        &format!("//! A table.\nfn f() {{}}\n//! LONG: too late to say it.\n{long}"),
        1,
    );
}

#[test]
fn a_file_without_a_header_is_found() {
    check(check_header, "//! What this file is for.\n", 0);
    check(check_header, "use std::fmt;\n//! Too late, this one.\n", 1);
    check(check_header, "//!\n", 1);
    check(check_header, "", 1);
}

#[test]
fn a_citation_in_another_form_is_found() {
    check(
        check_citations,
        "/// *Source*: RFC 9110 §13.2.2, RFC 6901 §4.\n",
        0,
    );
    check(
        check_citations,
        "// As RFC 9110 says.\n//! *Source*: RFC 6901.\n",
        0,
    );
    check(check_citations, "let x = \"RFC9110\"; fn perfc() {}\n", 0);
    for bad in [
        "/// *Source*: RFC 9110.",
        "// RFC9110 §13.2.2",
        "// RFC 9110, section 13.2.2",
        "// RFC 9110 Section 13",
        "// RFC 9110 § 13",
        "// RFC 9110, §13",
        "// rfc 9110 §13",
        "// RFC-9110 §13",
    ] {
        check(check_citations, bad, 1);
    }
}

#[test]
fn a_marker_that_is_not_ours_is_found() {
    check(
        check_markers,
        "// INVARIANT: one writer.\n/// URLs: what they are.\n// GET is safe.\n",
        0,
    );
    check(check_markers, &format!("// {}{}: later", "TO", "DO"), 1);
    check(check_markers, &format!("    // {}{} this", "FIX", "ME"), 1);
    check(check_markers, "// WARNING: sharp", 1);
}

#[test]
fn a_public_module_in_place_without_a_word_is_found() {
    check(
        check_public_modules,
        "/// Says what.\n#[cfg(unix)]\npub mod x {\n}\npub mod y;\n",
        0,
    );
    check(check_public_modules, "use a;\npub mod x {\n}\n", 1);
}

#[test]
fn a_map_with_a_place_that_is_gone_is_found() {
    let map =
        "| what | where |\n|---|---|\n| a route | `crates/jsond/src/api/resource.rs`, `Route` |\n";
    assert_eq!(
        check_map(map, |path| path == "crates/jsond/src/api/resource.rs"),
        Vec::<String>::new()
    );
    assert_eq!(check_map(map, |_| false).len(), 1);
    assert_eq!(check_map("no table here", |_| true).len(), 1);
}
