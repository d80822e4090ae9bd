//! What Tab offers: methods, dot words, targets, members. Pure; the names come from whoever asks.

use super::address::METHODS;
use super::command::{self, resolve};
use super::escape::escape_line;
use super::language::Language;

/// One part of a target as it is typed in a line of words: letters of all languages stay, what means
/// something there, or would be obeyed by a terminal, is encoded.
fn part_of(name: &str) -> String {
    let mut part = String::with_capacity(name.len());
    for character in name.chars() {
        if is_plain(character) && !"\"'#%/?<>\\^`{|}".contains(character) {
            part.push(character);
        } else {
            let mut bytes = [0; 4];
            for byte in character.encode_utf8(&mut bytes).bytes() {
                part.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    part
}

/// Whether a character can be typed as it is, and is shown as itself.
fn is_plain(character: char) -> bool {
    let text = character.encode_utf8(&mut [0; 4]).to_owned();
    !character.is_whitespace() && escape_line(&text) == text
}

/// A name below a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) text: String,
    /// It is a folder: more names are below it.
    pub(super) is_folder: bool,
}

/// Gives the names below a target in origin form, and below the first of its records.
pub(super) trait Names {
    fn below(&self, target: &str) -> Vec<Name>;
}

/// What could stand in a line, and where it begins.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) start: usize,
    pub(super) words: Vec<String>,
}

/// What could be typed at the end of `line`, for somebody in `folder`.
pub(super) fn request(line: &str, folder: &str, names: &dyn Names) -> Offer {
    let start = line.rfind(char::is_whitespace).map_or(0, |at| at + 1);
    let (before, word) = line.split_at(start);
    let words: Vec<&str> = before.split_whitespace().collect();
    let offered = match words.as_slice() {
        [] if command::Command::is_one(word) => matching(command::WORDS, word, " "),
        [] => matching(METHODS, &word.to_ascii_uppercase(), " "),
        [only] if *only == ".lang" => matching(["en", "ko"], word, ""),
        [only] if *only == ".wire" => matching(["hex", "off", "on", "save "], word, ""),
        [dot] if [".ls", ".cd", ".edit", ".table", ".watch"].contains(dot) => {
            targets(word, folder, names)
        }
        [dot, ..] if dot.starts_with('.') => Vec::new(),
        [_] => targets(word, folder, names),
        [method, target, ..] => members(method, target, word, folder, names),
    };
    Offer {
        start,
        words: offered,
    }
}

/// What could be typed for an answer, of these names.
pub(super) fn answer(line: &str, names: &[Name]) -> Offer {
    let texts = names.iter().map(|name| name.text.as_str());
    let is_typed = |text: &&str| text.chars().all(|it| it == ' ' || is_plain(it));
    let texts = texts.filter(is_typed);
    Offer {
        start: 0,
        words: matching(texts, line, ""),
    }
}

/// How a request goes on whose beginning was typed; nothing where that is not known.
pub(super) fn usage(line: &str, language: Language) -> Option<&'static str> {
    let method = line.strip_suffix(' ')?.to_ascii_uppercase();
    match method.as_str() {
        "GET" | "HEAD" | "OPTIONS" | "DELETE" | "POST" => Some(language.hint_target()),
        "PUT" | "PATCH" => Some(language.hint_change()),
        _ => None,
    }
}

fn matching<'a>(words: impl IntoIterator<Item = &'a str>, start: &str, end: &str) -> Vec<String> {
    let words = words.into_iter().filter(|word| word.starts_with(start));
    words.map(|word| format!("{word}{end}")).collect()
}

/// The targets that begin with a word: those in the folder or the value that its last slash names.
fn targets(word: &str, folder: &str, names: &dyn Names) -> Vec<String> {
    if word.contains(['?', '#']) {
        return Vec::new();
    }
    let (above, part) = word.split_at(word.rfind('/').map_or(0, |at| at + 1));
    let target = match resolve(folder, above) {
        target if target.starts_with('/') => target,
        target => format!("/{target}"),
    };
    let target = match above.is_empty() && folder != "/" {
        true => format!("{}/", folder.trim_end_matches('/')),
        false => target,
    };
    let found = names.below(&target).into_iter().filter_map(|name| {
        let encoded = part_of(&name.text);
        let slash = if name.is_folder { "/" } else { "" };
        let matches = encoded.starts_with(part) || name.text.starts_with(part);
        matches.then(|| format!("{above}{encoded}{slash}"))
    });
    found.collect()
}

/// The members that could be given: those of what is there, or of the first record of a collection.
fn members(method: &str, target: &str, word: &str, folder: &str, names: &dyn Names) -> Vec<String> {
    let is_change = ["PUT", "PATCH", "POST"].contains(&method.to_ascii_uppercase().as_str());
    if !is_change || word.contains(['=', ':', '@']) {
        return Vec::new();
    }
    let target = resolve(folder, target);
    let target = target.strip_prefix('/').unwrap_or(&target);
    let below = |target: &str| names.below(&format!("/{target}"));
    let mut found = below(target);
    if method.eq_ignore_ascii_case("POST")
        && let Some(first) = found.first()
    {
        let first = part_of(&first.text);
        found = below(&format!("{}/{first}", target.trim_end_matches('/')));
    }
    let fitting = found.iter().filter(|name| name.text.starts_with(word));
    let plain = fitting.filter(|name| {
        !name.text.contains(['=', ':', '"', '\'']) && name.text.chars().all(is_plain)
    });
    plain.map(|name| format!("{}=", name.text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct School;

    impl Names for School {
        fn below(&self, target: &str) -> Vec<Name> {
            let names: &[&str] = match target {
                "/" => &["students.json", "sub/"],
                "/sub/" => &["a b.json"],
                "/students.json/" | "/students.json" => &["Chan_Jin", "김민수"],
                "/students.json/Chan_Jin/" | "/students.json/Chan_Jin" => &["grade", "department"],
                _ => &[],
            };
            let name = |text: &&str| Name {
                text: text.trim_end_matches('/').to_owned(),
                is_folder: text.ends_with('/'),
            };
            names.iter().map(name).collect()
        }
    }

    fn check(line: &str, folder: &str, expected: &[&str]) {
        let offer = request(line, folder, &School);
        assert_eq!(offer.words, expected, "{line}");
        assert!(offer.start <= line.len());
    }

    #[test]
    fn methods_and_dot_words_come_first() {
        check("p", "/", &["POST ", "PUT ", "PATCH "]);
        check("DEL", "/", &["DELETE "]);
        check(".la", "/", &[".lang ", ".last "]);
        check(".wire h", "/", &["hex"]);
        check(".save a", "/", &[]);
    }

    #[test]
    fn targets_are_files_keys_and_fields() {
        check("GET ", "/", &["students.json", "sub/"]);
        check("get st", "/", &["students.json"]);
        check("GET /st", "/", &["/students.json"]);
        check(
            "GET students.json/",
            "/",
            &["students.json/Chan_Jin", "students.json/김민수"],
        );
        check(
            "GET students.json/Chan_Jin/g",
            "/",
            &["students.json/Chan_Jin/grade"],
        );
        check("GET sub/", "/", &["sub/a%20b.json"]);
        check(".cd s", "/", &["students.json", "sub/"]);
        check("GET a", "/sub", &["a%20b.json"]);
        check("GET ../st", "/sub", &["../students.json"]);
        check("GET students.json?x", "/", &[]);
    }

    #[test]
    fn members_are_those_of_what_is_changed() {
        check("PUT students.json/Chan_Jin g", "/", &["grade="]);
        check("POST students.json d", "/", &["department="]);
        check(
            "PATCH /students.json/Chan_Jin grade=1 ",
            "/",
            &["grade=", "department="],
        );
        check("GET students.json/Chan_Jin g", "/", &[]);
        check("PUT students.json/Chan_Jin grade=", "/", &[]);
    }

    #[test]
    fn what_a_terminal_obeys_is_encoded_in_a_target_and_else_not_offered() {
        assert_eq!(part_of("x\u{202e}y \x1b[31m학"), "x%E2%80%AEy%20%1B[31m학");
        let names = ["a\u{202e}", "b\x1b", "c d"].map(|text| Name {
            text: text.to_owned(),
            is_folder: false,
        });
        assert_eq!(answer("", &names).words, ["c d"]);
    }

    #[test]
    fn an_answer_is_one_of_the_names() {
        let names = School.below("/students.json");
        assert_eq!(answer("김", &names).words, ["김민수"]);
        assert_eq!(answer("", &names).words.len(), 2);
    }
}
