//! Random documents, a printer of the tests' own, and random edits.
//!
//! The printer knows nothing of the one under test: it prints in one even style, or throws dice for
//! each piece of white space.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// A document as its spelled scalars and names.
#[derive(Debug, Clone)]
pub(super) enum Doc {
    Scalar(String),
    Array(Vec<Doc>),
    Object(Vec<(String, Doc)>),
}

/// Spelled names, no two of which read alike.
pub(super) const NAMES: [&str; 14] = [
    "\"\"",
    "\"/\"",
    "\"~\"",
    "\"__proto__\"",
    "\"\\u0061\"",
    "\"b\\\"\"",
    "\"c}\"",
    "\"d,\"",
    "\"id\"",
    "\"name\"",
    "\"학과\"",
    "\"\\\\\"",
    "\"a much longer name: [\"",
    "\"\\ud834\\udd1e\"",
];

/// Spelled scalars.
pub(super) const SCALARS: [&str; 16] = [
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1",
    "1.0",
    "1e400",
    "9007199254740993",
    "123456789012345678901234567890",
    "-1.5E-7",
    "\"\"",
    "\"]},\"",
    "\"\\\"\\\\\"",
    "\"\\u00e9é\"",
    "\" two  spaces \"",
];

fn scalar() -> impl Strategy<Value = Doc> {
    select(&SCALARS[..]).prop_map(|text| Doc::Scalar(text.to_owned()))
}

fn object_of(value: impl Strategy<Value = Doc>) -> impl Strategy<Value = Doc> {
    vec((select(&NAMES[..]), value), 0..6).prop_map(|members| {
        let mut object: Vec<(String, Doc)> = Vec::new();
        for (name, value) in members {
            if object.iter().all(|(other, _)| other != name) {
                object.push((name.to_owned(), value));
            }
        }
        Doc::Object(object)
    })
}

pub(super) fn doc() -> impl Strategy<Value = Doc> {
    scalar().prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..7).prop_map(Doc::Array),
            object_of(inner.clone()),
            vec(object_of(scalar()), 0..5).prop_map(Doc::Array),
        ]
    })
}

/// An array that shows the style of a file, and a document.
pub(super) fn telling(doc: Doc) -> Doc {
    let first = ["1", "2"].map(|text| Doc::Scalar(text.to_owned()));
    Doc::Object(vec![
        ("\"first\"".to_owned(), Doc::Array(first.to_vec())),
        ("\"empty\"".to_owned(), Doc::Array(Vec::new())),
        ("\"doc\"".to_owned(), doc),
    ])
}

/// Numbers that look random and can be had again.
#[derive(Debug, Clone)]
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn throw(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(sides.max(1)).unwrap()).unwrap()
    }
}

/// A printer of the test's own.
pub(super) struct Show {
    style: Style,
    out: String,
    depth: usize,
}

#[derive(Debug, Clone)]
pub(super) enum Style {
    /// Newline, indentation of one level, colon.
    Expanded(&'static str, &'static str, &'static str),
    /// Colon, comma, padding of braces and of brackets.
    OneLine([&'static str; 4]),
    Random(Dice),
}

/// The places where a printer puts white space.
enum Spot {
    Edge,
    Inside(bool),
    Comma,
    Colon,
}

impl Show {
    pub(super) fn text(style: Style, doc: &Doc) -> String {
        let (out, depth) = (String::new(), 0);
        let mut show = Self { style, out, depth };
        show.space(&Spot::Edge);
        show.doc(doc);
        show.space(&Spot::Edge);
        show.out
    }

    fn doc(&mut self, doc: &Doc) {
        match doc {
            Doc::Scalar(text) => self.out.push_str(text),
            Doc::Array(elements) => self.entries(false, elements.iter().map(|doc| (None, doc))),
            Doc::Object(members) => self.entries(
                true,
                members.iter().map(|(name, doc)| (Some(name.as_str()), doc)),
            ),
        }
    }

    fn entries<'a>(
        &mut self,
        is_object: bool,
        entries: impl ExactSizeIterator<Item = (Option<&'a str>, &'a Doc)>,
    ) {
        let is_empty = entries.len() == 0;
        self.out.push(if is_object { '{' } else { '[' });
        self.depth += 1;
        for (index, (name, doc)) in entries.enumerate() {
            self.space(&if index == 0 {
                Spot::Inside(is_object)
            } else {
                Spot::Comma
            });
            if let Some(name) = name {
                self.out.push_str(name);
                self.space(&Spot::Colon);
            }
            self.doc(doc);
        }
        self.depth -= 1;
        if !is_empty || matches!(self.style, Style::Random(_)) {
            self.space(&Spot::Inside(is_object));
        }
        self.out.push(if is_object { '}' } else { ']' });
    }

    /// Writes white space and the comma or colon in it.
    fn space(&mut self, spot: &Spot) {
        let token = match spot {
            Spot::Comma => ",",
            Spot::Colon => ":",
            _ => "",
        };
        let text = match (&mut self.style, spot) {
            (Style::Expanded(_, _, colon) | Style::OneLine([colon, ..]), Spot::Colon) => {
                (*colon).to_owned()
            }
            (Style::OneLine([_, comma, ..]), Spot::Comma) => (*comma).to_owned(),
            (Style::OneLine([.., braces, _]), Spot::Inside(true)) => (*braces).to_owned(),
            (Style::OneLine([.., brackets]), Spot::Inside(false)) => (*brackets).to_owned(),
            (Style::OneLine(_) | Style::Expanded(..), Spot::Edge) => String::new(),
            (Style::Expanded(newline, unit, _), _) => {
                format!("{token}{newline}{}", unit.repeat(self.depth))
            }
            (Style::Random(dice), _) => format!("{}{token}{}", random(dice), random(dice)),
        };
        self.out.push_str(&text);
    }
}

fn random(dice: &mut Dice) -> &'static str {
    const SPACES: [&str; 9] = ["", " ", "   ", "\n", "\n\n", "\r\n  ", "\r", " \n\t", "\t"];
    let number = dice.throw(SPACES.len() * 2);
    SPACES.get(number).copied().unwrap_or_default()
}

pub(super) fn expanded() -> impl Strategy<Value = Style> {
    (
        select(&["\n", "\r\n", "\r"][..]),
        select(&["\t", "  ", "    ", " ", "", "\t\t"][..]),
        select(&[":", ": ", " : "][..]),
    )
        .prop_map(|(newline, unit, colon)| Style::Expanded(newline, unit, colon))
}

pub(super) fn one_line() -> impl Strategy<Value = Style> {
    (
        select(&[":", ": ", " : "][..]),
        select(&[",", ", "][..]),
        select(&["", " "][..]),
        select(&["", " "][..]),
    )
        .prop_map(|(colon, comma, braces, brackets)| {
            Style::OneLine([colon, comma, braces, brackets])
        })
}

pub(super) fn random_style() -> impl Strategy<Value = Style> {
    (1..u64::MAX).prop_map(|seed| Style::Random(Dice(seed)))
}

/// What stands before and after the value of a file.
pub(super) fn edges() -> impl Strategy<Value = (&'static str, &'static str)> {
    (
        select(&["", "\u{feff}"][..]),
        select(&["", "\n", "\r\n", "\n\n "][..]),
    )
}

/// Changes a document in one place: a value, a name, the number or order of entries.
fn edit(doc: &mut Doc, dice: &mut Dice, fresh: &Doc) {
    let deeper = dice.throw(4) > 0;
    match doc {
        Doc::Array(elements) if deeper && !elements.is_empty() => {
            let at = dice.throw(elements.len());
            edit(&mut elements[at], dice, fresh);
        }
        Doc::Object(members) if deeper && !members.is_empty() => {
            let at = dice.throw(members.len());
            edit(&mut members[at].1, dice, fresh);
        }
        Doc::Array(elements) => edit_entries(elements, dice, |_| fresh.clone()),
        Doc::Object(members) => {
            let name = (0..NAMES.len())
                .map(|_| NAMES[dice.throw(NAMES.len())])
                .find(|name| members.iter().all(|(other, _)| other != name));
            let name = name.unwrap_or("\"new\"").to_owned();
            edit_entries(members, dice, |old| {
                let value = old.map_or(fresh, |(_, value)| value);
                (name.clone(), value.clone())
            });
        }
        Doc::Scalar(_) => *doc = fresh.clone(),
    }
}

fn edit_entries<T>(entries: &mut Vec<T>, dice: &mut Dice, make: impl Fn(Option<&T>) -> T) {
    let at = dice.throw(entries.len() + 1);
    let kind = dice.throw(5);
    if at == entries.len() || kind == 0 {
        entries.insert(at, make(None));
        return;
    }
    match kind {
        1 => drop(entries.remove(at)),
        2 => entries[at] = make(Some(&entries[at])),
        3 => entries.rotate_left(at),
        _ => entries.reverse(),
    }
}

pub(super) fn edited(doc: &Doc, edits: usize, seed: u64, fresh: &Doc) -> Doc {
    let (mut doc, mut dice) = (doc.clone(), Dice(seed));
    (0..edits).for_each(|_| edit(&mut doc, &mut dice, fresh));
    doc
}

/// The scalar of a document that comes after `before` others.
pub(super) fn scalar_of<'a>(doc: &'a mut Doc, before: &mut usize) -> Option<&'a mut String> {
    match doc {
        Doc::Scalar(text) if *before == 0 => Some(text),
        Doc::Scalar(_) => {
            *before -= 1;
            None
        }
        Doc::Array(elements) => elements.iter_mut().find_map(|doc| scalar_of(doc, before)),
        Doc::Object(members) => members
            .iter_mut()
            .find_map(|(_, doc)| scalar_of(doc, before)),
    }
}
