//! Lines into words and back: request lines and the answers of a dialogue.
//!
//! The two have their own rules. A request line is split as a shell would, so that an item may hold
//! spaces. An answer follows the dialogue's grammar: a word that starts with `"` is a JSON string.

/// Splits a request line at white space; `'…'` and `"…"` keep what is inside together.
///
/// Errors: `None` when a quotation does not end.
pub(super) fn split_request(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for character in line.chars() {
        match quote {
            Some(end) if character == end => quote = None,
            None if matches!(character, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            None if character.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

/// Takes the first line off a text, or the first request, whose quotations may go over lines.
pub(super) fn take_line(text: &mut String, is_request: bool) -> Option<String> {
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        end += line.len();
        if !is_request || split_request(&text[..end]).is_some() {
            break;
        }
    }
    let rest = text.split_off(end);
    let line = std::mem::replace(text, rest);
    (!line.is_empty()).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Splits an answer at white space; a word that starts with `"` is a JSON string.
pub(super) fn split_answer(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        let (word, length) = next_answer_word(rest);
        words.push(word);
        rest = rest[length..].trim_start();
    }
    words
}

/// The first word of a line that does not begin with white space, and the bytes it takes.
fn next_answer_word(line: &str) -> (String, usize) {
    if line.starts_with('"') {
        let mut strings = serde_json::Deserializer::from_str(line).into_iter::<String>();
        if let Some(Ok(word)) = strings.next() {
            return (word, strings.byte_offset());
        }
    }
    let length = line.find(char::is_whitespace).unwrap_or(line.len());
    (line[..length].to_owned(), length)
}

/// Joins values into an answer line that [`split_answer`] takes apart again.
pub(super) fn join_answer<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    values
        .into_iter()
        .map(quote_answer)
        .collect::<Vec<_>>()
        .join(" ")
}

fn quote_answer(value: &str) -> String {
    let plain = !value.is_empty()
        && !value.starts_with('"')
        && !value.contains(|character: char| character.is_whitespace() || character.is_control());
    if plain {
        value.to_owned()
    } else {
        serde_json::Value::from(value).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_request(line: &str, expected: &[&str]) {
        assert_eq!(split_request(line).unwrap(), expected, "{line}");
    }

    #[test]
    fn quotations_keep_an_item_together() {
        check_request(
            "  PATCH  /a.json name='Kim Minsu' ",
            &["PATCH", "/a.json", "name=Kim Minsu"],
        );
        check_request(
            "POST a tags:='[\"x y\"]'",
            &["POST", "a", "tags:=[\"x y\"]"],
        );
        check_request("GET \"\"", &["GET", ""]);
        check_request("", &[]);
        assert_eq!(split_request("GET 'a"), None);
    }

    #[test]
    fn a_text_is_taken_line_by_line_and_a_quotation_holds_a_request_together() {
        let mut text = "PUT b x:='{\r\n1}'\r\n\nO'Brien 1\nGET 'c\nd".to_owned();
        let mut take = |is_request| take_line(&mut text, is_request);
        assert_eq!(take(true).as_deref(), Some("PUT b x:='{\r\n1}'"));
        assert_eq!(take(true).as_deref(), Some(""));
        assert_eq!(take(false).as_deref(), Some("O'Brien 1"));
        assert_eq!(take(true).as_deref(), Some("GET 'c\nd"));
        assert_eq!(take(true), None);
    }

    fn check_answer(line: &str, expected: &[&str]) {
        assert_eq!(split_answer(line), expected, "{line}");
    }

    #[test]
    fn a_word_that_starts_with_a_quotation_mark_is_a_json_string() {
        check_answer(
            "Seung_Hyun 20213100\t4.3  software\n",
            &["Seung_Hyun", "20213100", "4.3", "software"],
        );
        check_answer(r#""Kim Minsu" 1"#, &["Kim Minsu", "1"]);
        check_answer(r#""Kim\u0020Minsu" 1"#, &["Kim Minsu", "1"]);
        check_answer(r#""not closed"#, &["\"not", "closed"]);
        check_answer(r#"it's "#, &["it's"]);
    }

    #[test]
    fn joined_values_come_apart_again() {
        for values in [["Kim Minsu", ""], ["\"x", "a\nb"], ["4.3", "학생"]] {
            assert_eq!(split_answer(&join_answer(values)), values);
        }
        assert_eq!(join_answer(["Da_Eun", "4.3"]), "Da_Eun 4.3");
    }
}
