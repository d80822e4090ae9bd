//! A collection of flat records as CSV: a header row, then a row for each record.
//!
//! The columns are the member names of all records, in the order in which they first appear; an
//! object collection has the names of its records in a first column `key`. A missing member and
//! null are empty, an empty string is `""`. Where no record has a member, an array has the one
//! column that identifies records, mostly `id`: an empty header row would be no header.
//!
//! *Source*: RFC 4180.

use crate::api::pieces::PieceWriter;
use crate::limits::{CSV_COLUMNS_MAX, CSV_MISSING_MAX};
use bytes::Bytes;
use jsond_document::{Json, Kind, Member, Pointer, Value, members, quote, unquote};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;

/// The name of the first column of an object collection.
const KEY_NAME: &str = "key";

const ROW_END: &[u8] = b"\r\n";

/// Says why a value has no form as CSV.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum CsvError {
    /// A scalar.
    #[error("CSV shows arrays and objects of records; this is a single value")]
    NotMany,
    /// A member or element is not an object.
    #[error("CSV shows flat records; {} is not an object", quote(.record))]
    NotARecord {
        /// The reference token of the element or member.
        record: String,
    },
    /// A member of a record is an array or an object.
    #[error(
        "CSV shows flat records; in {} the member {} is an array or an object",
        quote(.record),
        quote(.member)
    )]
    NotFlat {
        /// The reference token of the record.
        record: String,
        /// The name of the member.
        member: String,
    },
    /// There are too many columns, or too many cells are empty.
    #[error("the records have too few members in common for a table")]
    TooSparse,
}

impl CsvError {
    /// Points at what cannot be shown, from the collection on.
    pub(super) fn pointer(&self) -> Option<Pointer> {
        match self {
            Self::NotMany | Self::TooSparse => None,
            Self::NotARecord { record } => Some(Pointer::from_tokens([record])),
            Self::NotFlat { record, member } => Some(Pointer::from_tokens([record, member])),
        }
    }
}

/// Renders a collection; `id_name` is the member that identifies a record of an array.
///
/// *Cost*: linear in the text and in the cells that are missing, which are bounded.
/// *Errors*: see [`CsvError`].
pub(super) fn render(collection: &Value, id_name: &str) -> Result<Vec<Bytes>, CsvError> {
    let columns = Columns::of(collection, id_name)?;
    let mut text = PieceWriter::default();
    write_header(&columns, text.end());
    let mut cells = vec![None; columns.spelled.len()];
    for member in collection.members() {
        let record = member.value.to_json();
        columns.place_cells(&record, &mut cells);
        write_row(&member, &record, &cells, text.end());
        text.may_cut();
    }
    Ok(text.finish())
}

/// The columns behind the first one of an object collection.
struct Columns {
    is_keyed: bool,
    /// The names as they were first spelled, with their quotes.
    spelled: Vec<Bytes>,
    places: HashMap<String, usize>,
}

impl Columns {
    /// Collects the columns, and checks that every record is flat.
    fn of(collection: &Value, id_name: &str) -> Result<Self, CsvError> {
        let is_keyed = match collection.kind() {
            Kind::Object => true,
            Kind::Array => false,
            _ => return Err(CsvError::NotMany),
        };
        let mut columns = Self {
            is_keyed,
            spelled: Vec::new(),
            places: HashMap::new(),
        };
        let (mut rows, mut present) = (0_usize, 0_usize);
        for member in collection.members() {
            present += columns.take_record(&member, rows)?;
            rows += 1;
            // Every cell of the rows so far is there or missing.
            let missing = rows.saturating_mul(columns.spelled.len()) - present;
            if missing > CSV_MISSING_MAX {
                return Err(CsvError::TooSparse);
            }
        }
        if columns.spelled.is_empty() && !is_keyed {
            columns.add(&Bytes::from(quote(id_name)));
        }
        Ok(columns)
    }

    /// Adds the columns that a record brings, and counts its members.
    fn take_record(&mut self, member: &Member, position: usize) -> Result<usize, CsvError> {
        if member.value.kind() != Kind::Object {
            let record = token_of(member, position);
            return Err(CsvError::NotARecord { record });
        }
        let record = member.value.to_json();
        let text = record.as_bytes();
        let mut count = 0;
        for entry in members(text, 0) {
            if matches!(text[entry.value.start], b'{' | b'[') {
                return Err(CsvError::NotFlat {
                    record: token_of(member, position),
                    member: unquote(&text[entry.name]).into_owned(),
                });
            }
            // Most records have the members of the first one, in its order.
            if self.spelled.get(count).map(|it| &it[..]) != Some(&text[entry.name.clone()]) {
                self.add(&text.slice(entry.name));
                if self.spelled.len() > CSV_COLUMNS_MAX {
                    return Err(CsvError::TooSparse);
                }
            }
            count += 1;
        }
        Ok(count)
    }

    fn add(&mut self, spelled: &Bytes) {
        let next = self.spelled.len();
        if let Entry::Vacant(vacant) = self.places.entry(unquote(spelled).into_owned()) {
            vacant.insert(next);
            // A copy, so that a name does not hold on to the text of a whole run of records.
            self.spelled.push(Bytes::copy_from_slice(spelled));
        }
    }

    /// Finds where the values of a record stand in its text, by column.
    fn place_cells(&self, record: &Json, cells: &mut [Option<Range<usize>>]) {
        cells.fill(None);
        let text = record.as_bytes();
        for (count, entry) in members(text, 0).enumerate() {
            let name = &text[entry.name];
            let place = if self.spelled.get(count).is_some_and(|it| it == name) {
                count
            } else {
                self.places[unquote(name).as_ref()]
            };
            cells[place] = Some(entry.value);
        }
    }
}

/// The reference token of a member or element.
fn token_of(member: &Member, position: usize) -> String {
    member
        .name()
        .map_or_else(|| position.to_string(), std::borrow::Cow::into_owned)
}

fn write_header(columns: &Columns, out: &mut Vec<u8>) {
    if columns.is_keyed {
        out.extend_from_slice(KEY_NAME.as_bytes());
    }
    for (place, spelled) in columns.spelled.iter().enumerate() {
        if place > 0 || columns.is_keyed {
            out.push(b',');
        }
        write_text(&unquote(spelled), out);
    }
    out.extend_from_slice(ROW_END);
}

fn write_row(member: &Member, record: &Json, cells: &[Option<Range<usize>>], out: &mut Vec<u8>) {
    let start = out.len();
    if let Some(name) = member.name() {
        write_text(&name, out);
    }
    for (place, cell) in cells.iter().enumerate() {
        if place > 0 || member.spelled_name.is_some() {
            out.push(b',');
        }
        if let Some(range) = cell {
            write_scalar(&record.as_bytes()[range.clone()], out);
        }
    }
    if out.len() == start {
        // Most readers take an empty line for no row at all.
        write_text("", out);
    }
    out.extend_from_slice(ROW_END);
}

fn write_scalar(spelled: &[u8], out: &mut Vec<u8>) {
    match Kind::of(spelled[0]) {
        Kind::Null => {}
        Kind::String => write_text(&unquote(spelled), out),
        _ => out.extend_from_slice(spelled),
    }
}

/// Writes a text, in quotes where it could be misread.
///
/// *Source*: RFC 4180 §2.
fn write_text(text: &str, out: &mut Vec<u8>) {
    if !needs_quotes(text.as_bytes()) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    for (place, part) in text.split('"').enumerate() {
        if place > 0 {
            out.extend_from_slice(b"\"\"");
        }
        out.extend_from_slice(part.as_bytes());
    }
    out.push(b'"');
}

/// An empty text is quoted because nothing at all is null; controls and outer spaces because
/// readers drop or change them.
fn needs_quotes(text: &[u8]) -> bool {
    let (Some(first), Some(last)) = (text.first(), text.last()) else {
        return true;
    };
    *first == b' '
        || *last == b' '
        || text
            .iter()
            .any(|byte| matches!(byte, b',' | b'"' | 0..=0x1f | 0x7f))
}

#[cfg(test)]
#[path = "csv_tests.rs"]
mod tests;
