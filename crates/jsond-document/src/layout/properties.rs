//! What holds for every document, every printer and every edit.

use super::random::{
    Dice, Doc, SCALARS, Show, Style, doc, edges, edited, expanded, one_line, random_style,
    scalar_of, telling,
};
use super::*;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// A record that no other is equal to, and its text in a style of its own.
#[derive(Debug, Clone)]
struct Record {
    name: String,
    doc: Doc,
    text: String,
}

impl Record {
    fn new(id: usize, value: &Doc, style: &Style) -> Self {
        let id_member = ("\"id\"".to_owned(), Doc::Scalar(id.to_string()));
        let doc = Doc::Object(vec![id_member, ("\"value\"".to_owned(), value.clone())]);
        let text = Show::text(style.clone(), &doc).trim().to_owned();
        let name = format!("\"r{id}\"");
        Self { name, doc, text }
    }
}

/// A collection of records, each of which begins a line.
struct File {
    is_object: bool,
    newline: &'static str,
}

impl File {
    fn doc(&self, records: &[Record]) -> Doc {
        let docs = records.iter();
        if self.is_object {
            Doc::Object(
                docs.map(|record| (record.name.clone(), record.doc.clone()))
                    .collect(),
            )
        } else {
            Doc::Array(docs.map(|record| record.doc.clone()).collect())
        }
    }

    fn text(&self, records: &[Record]) -> String {
        let (before, after) = self.around(records, 0);
        format!("{before}{}{after}", records[0].text)
    }

    /// The text before and after the value of one record.
    fn around(&self, records: &[Record], at: usize) -> (String, String) {
        let lead = |record: &Record| match self.is_object {
            true => format!("{}  {}: ", self.newline, record.name),
            false => format!("{}  ", self.newline),
        };
        let full = |record: &Record| format!("{}{}", lead(record), record.text);
        let (open, close) = if self.is_object {
            ('{', '}')
        } else {
            ('[', ']')
        };
        let before: String = records[..at]
            .iter()
            .map(|record| full(record) + ",")
            .collect();
        let after: String = records[at + 1..]
            .iter()
            .map(|record| format!(",{}", full(record)))
            .collect();
        (
            format!("{open}{before}{}", lead(&records[at])),
            format!("{after}{}{close}", self.newline),
        )
    }
}

pub(super) fn compact(doc: &Doc) -> Json {
    let text = Show::text(Style::OneLine([":", ",", "", ""]), doc);
    let json = Json::parse(text.as_bytes()).unwrap();
    assert_eq!(json.as_str(), text);
    json
}

fn check(template: &str, value: &Doc, expected: &str) {
    let found = relayout(template.as_bytes(), &compact(value));
    let found = String::from_utf8(found).unwrap();
    assert_eq!(found, expected, "over {template:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_laid_out_text_is_the_value_it_was_given(
        doc in doc(), other in doc(), fresh in doc(), style in random_style(),
        even in prop_oneof![expanded(), one_line()], edits in 1..6_usize, seed in 1..u64::MAX,
    ) {
        for style in [style, even] {
            let template = Show::text(style, &doc);
            for value in [compact(&edited(&doc, edits, seed, &fresh)), compact(&other)] {
                let found = relayout(template.as_bytes(), &value);
                prop_assert_eq!(&Json::parse(&found).unwrap(), &value);
                prop_assert_eq!(relayout(&found, &value), found);
            }
        }
    }

    #[test]
    fn a_value_laid_over_its_own_text_changes_nothing(
        doc in doc(), style in random_style(), (before, after) in edges(),
    ) {
        let template = format!("{before}{}{after}", Show::text(style, &doc));
        check(&template, &doc, &template);
    }

    #[test]
    fn one_changed_scalar_changes_nothing_else(
        doc in doc(), style in random_style(), number in 0..8_usize, fresh in select(&SCALARS[..]),
    ) {
        let mut changed = doc.clone();
        let Some(text) = scalar_of(&mut changed, &mut number.clone()) else {
            return Ok(());
        };
        fresh.clone_into(text);
        let template = Show::text(style.clone(), &doc);
        check(&template, &changed, &Show::text(style, &changed));
    }

    #[test]
    fn an_even_file_stays_even_whatever_is_edited(
        doc in doc(), fresh in doc(), style in prop_oneof![expanded(), one_line()],
        (before, after) in edges(), edits in 1..6_usize, seed in 1..u64::MAX,
    ) {
        let changed = telling(edited(&doc, edits, seed, &fresh));
        let show = |doc: &Doc| format!("{before}{}{after}", Show::text(style.clone(), doc));
        check(&show(&telling(doc)), &changed, &show(&changed));
    }

    #[test]
    fn an_even_file_is_printed_afresh_as_it_was(
        doc in doc(), style in prop_oneof![expanded(), one_line()], bom in any::<bool>(),
        is_ended in any::<bool>(),
    ) {
        let doc = telling(doc);
        let newline = match style {
            Style::Expanded(newline, ..) => newline,
            _ => "\n",
        };
        let text = Show::text(style, &doc);
        let before = if bom { "\u{feff}" } else { "" };
        let file = format!("{before}{text}{}", if is_ended { newline } else { "" });
        let layout = Layout::detect(file.as_bytes());
        let printed = String::from_utf8(layout.render_file(&compact(&doc))).unwrap();
        prop_assert_eq!(&printed, &file);
        let shown = pretty(&compact(&doc), &layout);
        prop_assert_eq!(Json::parse(&shown).unwrap(), compact(&doc));
        prop_assert!(memchr::memchr2(b'\n', b'\r', text.as_bytes()).is_none()
            || shown == [text.as_bytes(), newline.as_bytes()].concat());
    }

    #[test]
    fn arrays_printed_on_one_line_are_found_so(doc in doc(), padded in any::<bool>()) {
        let doc = telling(doc);
        let layout = Layout { inline_arrays: true, padded_arrays: padded, ..Layout::tabs() };
        let file = layout.render_file(&compact(&doc));
        prop_assert_eq!(Layout::detect(&file).render_file(&compact(&doc)), file);
    }

    #[test]
    fn a_broken_template_is_no_harm(
        doc in doc(), value in doc(), style in random_style(), bytes in vec(any::<u8>(), 1..4),
        seed in 1..u64::MAX,
    ) {
        let mut template = Show::text(style, &doc).into_bytes();
        let mut dice = Dice(seed);
        for byte in bytes {
            let at = dice.throw(template.len());
            match dice.throw(3) {
                0 => template.truncate(at),
                1 => template.insert(at, byte),
                _ => template.extend(b"{\"[,}]:\\ \n".get(at)),
            }
        }
        let value = compact(&value);
        prop_assert_eq!(Json::parse(&relayout(&template, &value)).unwrap(), value);
    }

    #[test]
    fn records_of_every_layout_come_and_go_with_their_lines(
        values in vec((doc(), random_style()), 1..8), at in any::<prop::sample::Index>(),
        fresh in doc(), is_object in any::<bool>(), newline in select(&["\n", "\r\n", "\n\n"][..]),
    ) {
        let file = File { is_object, newline };
        let numbered = values.iter().enumerate();
        let records: Vec<_> = numbered.map(|(id, (value, style))| Record::new(id, value, style)).collect();
        let template = file.text(&records);
        let at = at.index(records.len());

        let mut fewer = records.clone();
        fewer.remove(at);
        if !fewer.is_empty() {
            check(&template, &file.doc(&fewer), &file.text(&fewer));
        }

        let mut others = records.clone();
        others[at] = Record::new(at, &fresh, &values[at].1);
        let found = relayout(template.as_bytes(), &compact(&file.doc(&others)));
        let (before, after) = file.around(&records, at);
        prop_assert!(found.starts_with(before.as_bytes()) && found.ends_with(after.as_bytes()));

        let mut more = records.clone();
        more.push(Record::new(records.len(), &fresh, &values[at].1));
        let found = relayout(template.as_bytes(), &compact(&file.doc(&more)));
        let (before, after) = file.around(&more, records.len());
        prop_assert!(found.starts_with(before.as_bytes()) && found.ends_with(after.as_bytes()));
    }
}
