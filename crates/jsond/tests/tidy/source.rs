//! The sources of the repository, and the paths (`a::b::c`) that a text of Rust uses. No parser of
//! the language: comments and strings are blanked, and `use` trees are spread out.

use std::path::{Path, PathBuf};

/// One file of Rust.
pub(crate) struct Source {
    /// Relative to the repository, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }
}

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// Every `.rs` file under `crates`.
pub(crate) fn all_sources() -> Vec<Source> {
    let root = repository();
    let mut folders = vec![root.join("crates")];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
                folders.push(path);
            } else if path.extension().is_some_and(|suffix| suffix == "rs") {
                let name = path
                    .strip_prefix(&root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned();
                sources.push(Source {
                    path: name,
                    text: std::fs::read_to_string(&path).unwrap(),
                });
            }
        }
    }
    sources.sort_by(|left, right| left.path.cmp(&right.path));
    sources
}

/// The code without comments and without what stands in string literals on one line.
fn code_of(text: &str) -> String {
    let mut code = String::new();
    for line in text.lines() {
        let mut quoted = false;
        let mut previous = ' ';
        let letters: Vec<char> = line.chars().collect();
        for (place, letter) in letters.iter().enumerate() {
            let is_comment = *letter == '/' && letters.get(place + 1) == Some(&'/');
            if is_comment && !quoted {
                break;
            }
            if *letter == '"' && previous != '\\' && previous != '\'' {
                quoted = !quoted;
            } else if !quoted {
                code.push(*letter);
            }
            previous = *letter;
        }
        code.push('\n');
    }
    code
}

/// Every path the text uses: inline ones as they stand, `use` trees spread out.
pub(crate) fn paths_of(text: &str) -> Vec<String> {
    let code = code_of(text);
    let mut paths = Vec::new();
    let mut rest = code.as_str();
    while let Some(start) = find_use(rest) {
        collect_inline(&rest[..start], &mut paths);
        let tree = &rest[start..];
        let end = tree.find(';').unwrap_or(tree.len());
        let flat: String = tree[..end].split_whitespace().collect::<Vec<_>>().join(" ");
        spread("", &flat, &mut paths);
        rest = &tree[end..];
    }
    collect_inline(rest, &mut paths);
    paths
}

/// The place behind the next `use ` that begins a statement.
fn find_use(code: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(found) = code[from..].find("use ") {
        let place = from + found;
        let before = code[..place].chars().next_back();
        if before.is_none_or(|letter| !letter.is_alphanumeric() && letter != '_') {
            return Some(place + 4);
        }
        from = place + 4;
    }
    None
}

/// `a::{b, c::{d, e}}` is `a::b`, `a::c::d`, `a::c::e`.
fn spread(prefix: &str, tree: &str, paths: &mut Vec<String>) {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        let plain = tree.split(" as ").next().unwrap_or_default().trim();
        if !plain.is_empty() {
            paths.push(format!("{prefix}{plain}"));
        }
        return;
    };
    let prefix = format!("{prefix}{}", &tree[..open]);
    let inner = tree[open + 1..].trim_end().trim_end_matches('}');
    // Only the brace of this level was cut off when the levels are even.
    let missing = inner
        .matches('{')
        .count()
        .saturating_sub(inner.matches('}').count());
    let inner = format!("{inner}{}", "}".repeat(missing));
    let (mut depth, mut start) = (0_usize, 0);
    for (place, letter) in inner.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                spread(&prefix, &inner[start..place], paths);
                start = place + 1;
            }
            _ => {}
        }
    }
    spread(&prefix, &inner[start..], paths);
}

fn collect_inline(code: &str, paths: &mut Vec<String>) {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
    let words = code
        .split(|letter: char| !is_part(letter))
        .filter(|word| word.contains("::"));
    paths.extend(words.map(|word| word.trim_matches(':').to_owned()));
}

#[test]
fn paths_are_spread_and_comments_left_out() {
    let text = "use crate::{wire::{self, head::Head as H}, limits};\n\
                pub(crate) use std::fs;\n// crate::not\nfn f() { crate::api::go(\"crate::nor::this\"); }\n";
    let mut paths = paths_of(text);
    paths.sort();
    assert_eq!(
        paths,
        [
            "crate::api::go",
            "crate::limits",
            "crate::wire::head::Head",
            "crate::wire::self",
            "std::fs"
        ]
    );
}
