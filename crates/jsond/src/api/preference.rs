//! What a client would like: `Prefer`.

use http::HeaderMap;
use http::header::HeaderName;

const PREFER: HeaderName = HeaderName::from_static("prefer");

/// Reads `Prefer: return=minimal`; of a preference that stands twice the first counts.
///
/// *Source*: RFC 7240 §2, §4.2.
pub(super) fn prefers_minimal(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(PREFER).iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    let mut preferences = lines.flat_map(split_list).filter_map(|it| {
        let preference = it.split(';').next()?;
        let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
        name.trim().eq_ignore_ascii_case("return").then(|| {
            value
                .trim()
                .trim_matches('"')
                .eq_ignore_ascii_case("minimal")
        })
    });
    preferences.next().unwrap_or(false)
}

/// Splits a field at the commas that are not in quotes.
fn split_list(line: &str) -> impl Iterator<Item = &str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    line.split(move |character| {
        let was_escaped = std::mem::replace(&mut is_escaped, false);
        match character {
            '\\' => is_escaped = is_quoted && !was_escaped,
            '"' if !was_escaped => is_quoted = !is_quoted,
            _ => {}
        }
        character == ',' && !is_quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &[&'static str], expected: bool) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("prefer", http::HeaderValue::from_static(line));
        }
        assert_eq!(prefers_minimal(&headers), expected, "{lines:?}");
    }

    #[test]
    fn the_first_preference_of_the_name_counts_in_every_spelling() {
        check(&[], false);
        check(&["return=minimal"], true);
        check(&["Return = \"minimal\" ; x=1"], true);
        check(&["respond-async, return=minimal"], true);
        check(&["return=representation, return=minimal"], false);
        check(&["wait=10", "return=minimal"], true);
        check(
            &["unknown=\"a, return=representation\", return=minimal"],
            true,
        );
        check(&["x=\"\\\"\", return=minimal"], true);
        check(&["return=other"], false);
    }
}
