//! What reading, finding, editing and asking cost: `cargo bench -p jsond-document`.
//!
//! The collection has 100,000 records of about 100 bytes; what is said of one record is said of one at
//! random.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on panics")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use jsond_document::{
    IdRule, Json, JsonPath, JsonPathBounds, Patch, Pointer, Selection, Value, ValueEdit,
    merge_patch,
};
use std::fmt::Write as _;
use std::hint::black_box;

const RECORDS: usize = 100_000;

const BOUNDS: JsonPathBounds = JsonPathBounds {
    steps_max: 30_000_000,
    result_bytes_max: 64 << 20,
};

fn collection() -> String {
    let departments = ["software", "design", "physics", "history", "biology"];
    let mut text = String::from("{\n");
    for n in 0..RECORDS {
        let gap = if n > 0 { ",\n" } else { "" };
        let (department, year) = (departments[n % 5], 1960 + n % 64);
        write!(
            text,
            "{gap}\"k{n:07}\": {{\"name\": \"Student {n:07}\", \"department\": \"{department}\", \
             \"year\": {year}, \"active\": true, \"grade\": \"00000000\"}}"
        )
        .unwrap();
    }
    text + "\n}\n"
}

/// The keys of the collection, by turns far from each other.
fn keys() -> impl Iterator<Item = String> {
    (0_usize..).map(|n| format!("k{:07}", n.wrapping_mul(7_368_787) % RECORDS))
}

fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    let record = br#"{"name":"Student 0000001","department":"design","year":1961,"grade":"4.5"}"#;
    group.throughput(Throughput::Bytes(record.len() as u64));
    group.bench_function("a record", |it| {
        it.iter(|| Json::parse(black_box(record)).unwrap());
    });
    let text = collection();
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.sample_size(10);
    group.bench_function("100,000 records", |it| {
        it.iter(|| Value::parse(black_box(text.as_bytes())).unwrap());
    });
    group.finish();
}

fn point(criterion: &mut Criterion) {
    let value = Value::parse(collection().as_bytes()).unwrap();
    let mut group = criterion.benchmark_group("point");
    let mut record = keys();
    group.bench_function("a record of 100,000", |it| {
        it.iter(|| value.child(&record.next().unwrap()).unwrap());
    });
    let mut record = keys();
    group.bench_function("a field of one of them", |it| {
        it.iter(|| {
            let record = value.child(&record.next().unwrap()).unwrap();
            record.child("grade").unwrap()
        });
    });
    group.finish();
}

fn splice(criterion: &mut Criterion) {
    let value = Value::parse(collection().as_bytes()).unwrap();
    let grade = Value::parse(b"\"12345678\"").unwrap();
    let ids = IdRule::default();
    let place = |key: String| vec![key, "grade".to_owned()];
    let mut group = criterion.benchmark_group("splice");
    let mut record = keys();
    group.bench_function("a field, the version before is kept", |it| {
        it.iter(|| {
            let place = place(record.next().unwrap());
            value
                .edited(&place, &ValueEdit::Replace(&grade), &ids)
                .unwrap()
        });
    });
    let (mut record, mut own) = (keys(), value.clone());
    group.bench_function("a field, in place", |it| {
        it.iter(|| {
            let place = place(record.next().unwrap());
            let edit = (place.as_slice(), ValueEdit::Replace(&grade));
            own.edit_many_in_place(&[edit], &ids).unwrap();
        });
    });
    let small = Value::parse(br#"{"a":{"n":1},"b":{"n":2},"c":{"n":3}}"#).unwrap();
    let place = Pointer::parse("/b/n").unwrap();
    group.bench_function("a field of three records", |it| {
        it.iter(|| small.replace(place.tokens(), &grade).unwrap());
    });
    group.finish();
}

fn patch(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("patch");
    let text = br#"[{"op":"test","path":"/b/n","value":2},{"op":"replace","path":"/b/n","value":4},
        {"op":"add","path":"/d","value":{"n":1}},{"op":"remove","path":"/a"}]"#;
    group.bench_function("read of four operations", |it| {
        it.iter(|| Patch::parse(&Json::parse(black_box(text)).unwrap()).unwrap());
    });
    let small = Value::parse(br#"{"a":{"n":1},"b":{"n":2},"c":{"n":3}}"#).unwrap();
    let four = Patch::parse(&Json::parse(text).unwrap()).unwrap();
    group.bench_function("four operations on three records", |it| {
        it.iter(|| {
            let mut value = small.clone();
            four.run(&mut value).unwrap();
            value
        });
    });
    let value = Value::parse(collection().as_bytes()).unwrap();
    let merge = Value::parse(br#"{"k0050000":{"grade":"5.0","year":null}}"#).unwrap();
    group.bench_function("merge into one of 100,000 records", |it| {
        it.iter(|| merge_patch(&value, black_box(&merge)));
    });
    group.finish();
}

fn query(criterion: &mut Criterion) {
    let value = Value::parse(collection().as_bytes()).unwrap();
    let mut group = criterion.benchmark_group("query of 100,000 records");
    group.sample_size(20);
    let mut equality = Selection::default();
    equality.with_condition("department", "software").unwrap();
    group.bench_function("equality", |it| {
        it.iter(|| equality.apply(black_box(&value)).unwrap());
    });
    let mut range = Selection::default();
    range.with_condition("year:gte", "1990").unwrap();
    range.with_condition("year:lt", "2010").unwrap();
    range.with_sort("-year,name").unwrap();
    group.bench_function("range and sort", |it| {
        it.iter(|| range.apply(black_box(&value)).unwrap());
    });
    let path = JsonPath::parse("$[?@.year==1999].name").unwrap();
    group.bench_function("JSONPath", |it| {
        it.iter(|| path.values(black_box(&value), BOUNDS).unwrap());
    });
    group.finish();
}

criterion_group!(benches, parse, point, splice, patch, query);
criterion_main!(benches);
