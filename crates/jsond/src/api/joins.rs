//! What a representation shows besides what is stored at its target: related records in each
//! record, ids in another spelling, the place of a page among the others.

use crate::api::problem::{Problem, ProblemKind};
use crate::limits::JOINED_BYTES_MAX;
use jsond_document::{Json, Kind, Relation, Value};
use jsond_store::{Address, Image, Resolved};
use std::ops::Range;

/// What is put into records.
#[derive(Debug, Default)]
pub(super) struct Joins {
    pub(super) relations: Vec<Related>,
    /// Whether related records are there before the records are selected, so that conditions see
    /// them.
    pub(super) come_first: bool,
    /// Whether ids that are numbers are shown as strings.
    pub(super) text_ids: bool,
}

/// A relation, and the records that it leads to.
#[derive(Debug)]
pub(super) struct Related {
    pub(super) relation: Relation,
    /// Where those records are.
    pub(super) address: Address,
    /// Those records, in the image that is read.
    pub(super) records: Option<Value>,
    /// Whether what is no collection counts as an empty one; else nothing is put in.
    pub(super) or_none: bool,
}

impl Related {
    pub(super) fn new(relation: Relation, address: Address) -> Self {
        Self {
            relation,
            address,
            records: None,
            or_none: false,
        }
    }
}

impl Joins {
    /// Finds the related records in the image that is read.
    pub(super) fn find(&mut self, image: &Image) {
        for related in &mut self.relations {
            related.records = match image.resolve(&related.address) {
                Resolved::Value(place) if place.value.kind() == Kind::Array => Some(place.value),
                _ => related
                    .or_none
                    .then(|| Value::parse(b"[]").expect("INVARIANT: it is JSON")),
            };
        }
    }

    /// How much text they have.
    pub(super) fn bytes(&self) -> usize {
        let records = self.relations.iter().filter_map(|it| it.records.as_ref());
        records.map(Value::len_bytes).sum()
    }

    /// Spells ids as they are to be shown.
    pub(super) fn spelled(&self, value: Value, id_name: &str) -> Value {
        match (self.text_ids, value.kind()) {
            (true, Kind::Array) => value.with_text_ids(id_name),
            (true, Kind::Object) => value.with_text_id(id_name),
            _ => value,
        }
    }

    /// Puts related records into a record, or into each of an array.
    ///
    /// *Errors*: more would come of it than is sent.
    pub(super) fn joined(&self, mut value: Value, id_name: &str) -> Result<Value, Problem> {
        for related in &self.relations {
            let Some(records) = &related.records else {
                continue;
            };
            let records = self.spelled(records.clone(), id_name);
            let joined = (related.relation).join(&value, &records, id_name, JOINED_BYTES_MAX);
            value = joined.ok_or_else(|| {
                let detail = "With the related records this would be larger than 64 MiB; ask for a \
                              page of it.";
                Problem::new(ProblemKind::QueryTooCostly, detail)
            })?;
        }
        Ok(value)
    }
}

/// Puts a page between its number and those of the others.
///
/// *Shape*: the members of json-server, in its order.
pub(super) fn envelope(page: &Json, range: &Range<usize>, per_page: usize, total: usize) -> Json {
    let pages = total.div_ceil(per_page.max(1)).max(1);
    let number = range.start / per_page.max(1) + 1;
    let or_null = |number: Option<usize>| number.map_or("null".to_owned(), |it| it.to_string());
    let text = format!(
        "{{\"first\":1,\"prev\":{},\"next\":{},\"last\":{pages},\"pages\":{pages},\"items\":{total},\"data\":{}}}",
        or_null((number > 1).then(|| number - 1)),
        or_null((number < pages).then_some(number + 1)),
        page.as_str(),
    );
    Json::parse(text.as_bytes()).expect("INVARIANT: numbers beside JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(range: Range<usize>, per_page: usize, total: usize, expected: &str) {
        let data = Json::parse(b"[]").unwrap();
        let text = envelope(&data, &range, per_page, total);
        assert_eq!(
            text.as_str(),
            format!("{{\"first\":1,{expected},\"data\":[]}}")
        );
    }

    #[test]
    fn a_page_knows_its_place() {
        check(
            0..0,
            10,
            0,
            r#""prev":null,"next":null,"last":1,"pages":1,"items":0"#,
        );
        check(
            2..4,
            2,
            5,
            r#""prev":1,"next":3,"last":3,"pages":3,"items":5"#,
        );
        check(
            4..5,
            2,
            5,
            r#""prev":2,"next":null,"last":3,"pages":3,"items":5"#,
        );
    }
}
