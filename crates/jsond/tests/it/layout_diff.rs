//! After a PUT of one field the diff of the file is that one line, and in a line that holds more
//! than the field those bytes only: for every layout that people use, small and above a megabyte.

use crate::support::{Folder, Server};

/// So that thousands of records make a megabyte.
const PAD: &str = "In the beginning was a file of a megabyte, and it had many lines, ";

/// How a file is laid out: the text around records, fields and values.
#[derive(Clone)]
struct Layout {
    name: &'static str,
    start: &'static str,
    record: &'static str,
    field: &'static str,
    comma: &'static str,
    colon: &'static str,
    record_end: &'static str,
    end: &'static str,
}

const TABS: Layout = Layout {
    name: "tabs",
    start: "{\n",
    record: "\t",
    field: "\n\t\t",
    comma: ",",
    colon: ": ",
    record_end: "\n\t}",
    end: "\n}\n",
};

fn spaces(name: &'static str, record: &'static str, field: &'static str) -> Layout {
    let record_end: &'static str = if record.len() == 2 {
        "\n  }"
    } else {
        "\n    }"
    };
    Layout {
        name,
        record,
        field,
        record_end,
        ..TABS
    }
}

/// A record on each line.
const INLINE: Layout = Layout {
    name: "records on one line",
    record: "  ",
    field: "",
    comma: ", ",
    record_end: "}",
    ..TABS
};

const COMPACT: Layout = Layout {
    name: "compact",
    start: "{",
    record: "",
    field: "",
    comma: ",",
    colon: ":",
    record_end: "}",
    end: "}",
};

impl Layout {
    /// A file of records `r0`, `r1`, …, each with three fields, one of them an array on its line.
    fn text(&self, records: usize) -> String {
        let mut text = self.start.to_owned();
        for number in 0..records {
            if number > 0 {
                text += if self.start == "{" { "," } else { ",\n" };
            }
            let (field, comma, colon) = (self.field, self.comma, self.colon);
            text += &format!(
                "{}\"r{number}\"{colon}{{{field}\"n\"{colon}{number}{comma}{field}\"list\"{colon}[1,2, 3]{comma}{field}\"s\"{colon}\"{PAD}{number}\"{}",
                self.record, self.record_end
            );
        }
        text + self.end
    }
}

fn layouts() -> Vec<Layout> {
    vec![
        spaces("two spaces", "  ", "\n    "),
        spaces("four spaces", "    ", "\n        "),
        TABS,
        INLINE,
        COMPACT,
    ]
}

/// Where two texts begin and cease to differ, in each of them.
fn difference<'a>(before: &'a [u8], after: &'a [u8]) -> (&'a [u8], &'a [u8]) {
    let same = |pair: &(&u8, &u8)| pair.0 == pair.1;
    let front = before.iter().zip(after).take_while(same).count();
    let (before, after) = (&before[front..], &after[front..]);
    let back = before.iter().rev().zip(after.iter().rev());
    let back = back.take_while(same).count();
    (&before[..before.len() - back], &after[..after.len() - back])
}

/// The bytes that were to change did, and no others; a line diff shows one line.
fn check_difference(name: &str, before: &[u8], after: &[u8], new: &str) -> Result<(), String> {
    let show = |bytes: &[u8]| {
        let start = &bytes[..bytes.len().min(200)];
        String::from_utf8_lossy(start).into_owned()
    };
    let (old_part, new_part) = difference(before, after);
    if new_part != new.as_bytes() {
        return Err(format!(
            "{name}: {:?} became {:?}",
            show(old_part),
            show(new_part)
        ));
    }
    let lines = |bytes: &[u8]| {
        bytes
            .split(|byte| *byte == b'\n')
            .map(<[u8]>::to_vec)
            .collect()
    };
    let (old_lines, new_lines): (Vec<_>, Vec<_>) = (lines(before), lines(after));
    let pairs = old_lines.iter().zip(&new_lines);
    let changed = pairs.filter(|(old, new)| old != new).count();
    if old_lines.len() != new_lines.len() || changed != 1 {
        return Err(format!("{name}: {changed} lines changed"));
    }
    Ok(())
}

/// Puts a field of a record in each file, and looks at the files after the checkpoint and after a
/// clean stop.
fn check_all(files: &[(String, String)], record: usize) {
    let mut folder = Folder::empty();
    for (number, (_, text)) in files.iter().enumerate() {
        folder = folder.with(&format!("f{number}.json"), text);
    }
    let server = Server::start(folder, &[]);
    for number in 0..files.len() {
        let target = format!("/f{number}.json/r{record}/n");
        server.put(&target, "\"NEW\"").is(200);
    }
    let exit = server.stop();
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
    for (number, (name, before)) in files.iter().enumerate() {
        let after = exit.folder.bytes(&format!("f{number}.json"));
        let judged = check_difference(name, before.as_bytes(), &after, "\"NEW\"");
        assert_eq!(judged, Ok(()));
    }
}

/// Every layout, with each kind of line end, of final line end and of beginning.
fn variants(records: usize) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for layout in layouts() {
        let text = layout.text(records);
        let windows = text.replace('\n', "\r\n");
        let variants = [
            ("", text.clone()),
            (", CRLF", windows.clone()),
            (", no final line end", text.trim_end().to_owned()),
            (", BOM", format!("\u{feff}{text}")),
            (
                ", CRLF, BOM, no final line end",
                format!("\u{feff}{}", windows.trim_end()),
            ),
            (", two final line ends", format!("{text}\n\n")),
        ];
        files.extend(variants.map(|(kind, text)| (format!("{}{kind}", layout.name), text)));
    }
    files.push(("mixed".to_owned(), mixed(records)));
    files
}

/// Each record in a style of its own, line ends and white space as they come.
fn mixed(records: usize) -> String {
    let mut text = "{\n".to_owned();
    for number in 0..records {
        let end = if number + 1 == records {
            "\n\n}\n"
        } else {
            ",\n"
        };
        text += &match number % 4 {
            0 => format!("  \"r{number}\": {{ \"n\" : {number} , \"s\":\"{PAD}\" }}{end}"),
            1 => format!(
                "\t\"r{number}\":{{\r\n\t\t\"n\": {number},\r\n\t\t\"s\": \"{PAD}\"\r\n\t}}{end}"
            ),
            2 => format!(
                "\"r{number}\"  :\n{{\n \"n\":\t{number},\n\n   \"l\": [ 1,\n2 ], \"s\": \"{PAD}\"}}{end}"
            ),
            _ => format!(
                "    \"r{number}\": {{\n      \"n\": {number}, \"s\": \"\\u0041{PAD}\"}}{end}"
            ),
        };
    }
    text
}

#[test]
fn in_every_layout_one_field_of_a_small_file_is_one_line() {
    let files = variants(8);
    for record in [0, 1, 6, 7] {
        check_all(&files, record);
    }
}

#[test]
fn in_every_layout_one_field_of_a_file_above_a_megabyte_is_one_line() {
    let records = 12_000;
    // Every other kind of ends: that they are kept all shows in the small files.
    let files: Vec<_> = variants(records).into_iter().step_by(2).collect();
    let smallest = files.iter().map(|(_, text)| text.len()).min().unwrap();
    assert!(smallest > 1_000_000, "{smallest}");
    std::thread::scope(|scope| {
        for half in files.chunks(files.len().div_ceil(2)) {
            scope.spawn(|| check_all(half, 7_001));
        }
    });
    check_all(&files[files.len() - 1..], records - 1);
}

/// Arrays of records, whose elements are found by their id.
#[test]
fn in_an_array_one_field_is_one_line() {
    let row = |number: usize| {
        format!("  {{ \"id\": {number}, \"n\": {number}, \"tags\": [\"a\", \"{PAD}\"] }}")
    };
    for records in [5, 12_000] {
        let rows: Vec<_> = (0..records).map(row).collect();
        let text = format!("[\n{}\n]\n", rows.join(",\n"));
        for text in [
            text.clone(),
            text.replace('\n', "\r\n"),
            text.replace(['\n', ' '], ""),
        ] {
            let server = Server::start(Folder::empty().with("f.json", &text), &[]);
            server.put("/f.json/3/n", "\"NEW\"").is(200);
            let exit = server.stop();
            let after = exit.folder.bytes("f.json");
            let judged = check_difference("array", text.as_bytes(), &after, "\"NEW\"");
            assert_eq!(judged, Ok(()));
        }
    }
}

/// The negative control: what a serializer does to a file is found.
#[test]
fn the_judge_of_the_diff_finds_bytes_that_nobody_asked_for() {
    let before = mixed(8);
    let after = before.replacen("\"n\":\t2,", "\"n\":\t\"NEW\",", 1);
    let judge = |after: &str| check_difference("x", before.as_bytes(), after.as_bytes(), "\"NEW\"");
    assert_eq!(judge(&after), Ok(()));
    let value: serde_json::Value = serde_json::from_str(&after).unwrap();
    for doctored in [
        serde_json::to_string_pretty(&value).unwrap(),
        after.replace("\r\n", "\n"),
        after.trim_end().to_owned(),
        after.replace("\\u0041", "A"),
        after.replace(" , ", ", "),
        before.clone(),
    ] {
        assert!(judge(&doctored).is_err(), "{doctored:?} goes through");
    }
}
