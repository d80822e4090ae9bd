//! Generated folders: one collection in one file, one record a line, each record about 100 bytes.
//! Keeps track of what has been changed, so that every answer can be foretold.

use crate::random::Random;
use anyhow::{Context as _, Result, ensure};
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

/// The clients that write beside the one that is timed.
pub(crate) const LOAD_CLIENTS: u64 = 8;

/// The timed client owns every ninth record, and of a few the first.
const STEP: usize = 9;

/// The member that is written.
pub(crate) const FIELD: &str = "grade";

/// How the records of a file are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An object whose members are the records.
    Object,
    /// An array of records with ids.
    Array,
}

impl Kind {
    /// Its name, for people and for files.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Array => "array",
        }
    }

    /// The key or the id of the record that was generated at a place.
    pub(crate) fn key(self, place: u64) -> String {
        match self {
            Self::Object => format!("k{place:07}"),
            Self::Array => (place + 1).to_string(),
        }
    }
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    /// The key, or the id.
    pub(crate) key: String,
    seed: u64,
    /// The field that is written, of eight digits, so that no length changes.
    pub(crate) grade: u64,
}

impl Record {
    /// The record that is generated at a place.
    pub(crate) fn at(kind: Kind, place: u64) -> Self {
        let key = kind.key(place);
        let (seed, grade) = (place, 0);
        Self { key, seed, grade }
    }

    /// A record with a key of its own.
    pub(crate) fn new(key: String, seed: u64) -> Self {
        let grade = 0;
        Self { key, seed, grade }
    }

    /// The text as JSON, with `gap` after each colon and comma.
    pub(crate) fn text(&self, kind: Kind, gap: &str) -> String {
        let id = match kind {
            Kind::Array => format!("\"id\":{gap}{},{gap}", self.key),
            Kind::Object => String::new(),
        };
        format!("{{{id}{}", self.members(gap))
    }

    /// The text that a client sends that leaves the id to the server.
    pub(crate) fn text_without_id(&self) -> String {
        format!("{{{}", self.members(""))
    }

    fn members(&self, gap: &str) -> String {
        let departments = ["software", "design", "physics", "history", "biology"];
        let department = departments[usize::try_from(self.seed % 5).unwrap_or(0)];
        let year = 1960 + self.seed % 64;
        format!(
            "\"name\":{gap}\"Student {:07}\",{gap}\"department\":{gap}\"{department}\",{gap}\
             \"year\":{gap}{year},{gap}\"active\":{gap}true,{gap}\"{FIELD}\":{gap}{}}}",
            self.seed,
            grade_text(self.grade)
        )
    }
}

/// The value of the field as JSON.
pub(crate) fn grade_text(grade: u64) -> String {
    format!("\"{grade:08}\"")
}

/// A value for the field that is hardly the one before.
pub(crate) fn new_grade(random: &mut Random) -> u64 {
    1 + random.below(99_999_999)
}

/// What two clients of one file have to know of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) kind: Kind,
    /// How many records were generated, and are there whenever nobody writes.
    pub(crate) records: u64,
}

impl Shape {
    /// The target of the whole collection.
    pub(crate) fn target(&self) -> String {
        format!("/{}.json", self.kind.name())
    }

    /// The target of a record.
    pub(crate) fn target_of(&self, key: &str) -> String {
        format!("{}/{key}", self.target())
    }

    /// The key of a record that a client of the load writes to, and the timed client does not.
    pub(crate) fn key_for(&self, client: u64, random: &mut Random) -> String {
        let step = STEP as u64;
        let place = if step > self.records {
            1 + client % (self.records - 1)
        } else {
            let rows = self.records / step;
            random.below(rows) * step + 1 + client % (step - 1)
        };
        self.kind.key(place)
    }
}

/// A generated file, and what has become of the records of the client that is timed.
#[derive(Debug)]
pub(crate) struct Corpus {
    pub(crate) shape: Shape,
    /// The served folder.
    pub(crate) folder: PathBuf,
    /// The length of the whole as a GET answers it, without the line end.
    pub(crate) compact_bytes: u64,
    /// The records that nobody but the client that is timed reads or writes.
    pub(crate) own: Vec<Record>,
    /// What no record has had yet: a seed, or the last id.
    pub(crate) last: u64,
}

impl Corpus {
    /// Writes the file into a folder of its own.
    pub(crate) fn generate(folder: PathBuf, kind: Kind, records: u64) -> Result<Self> {
        fs::create_dir(&folder).with_context(|| folder.display().to_string())?;
        let own = (0..records).step_by(STEP);
        let mut corpus = Self {
            shape: Shape { kind, records },
            folder,
            compact_bytes: 0,
            own: own.map(|place| Record::at(kind, place)).collect(),
            last: records,
        };
        corpus.compact_bytes = corpus.write()?;
        Ok(corpus)
    }

    /// The path of the file.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.join(format!("{}.json", self.shape.kind.name()))
    }

    /// The size of the file now.
    pub(crate) fn file_bytes(&self) -> Result<u64> {
        Ok(fs::metadata(self.file())?.len())
    }

    /// Takes a new record for one that was removed.
    pub(crate) fn exchange(&mut self, index: usize, new: Record) {
        let bytes = |record: &Record| {
            let key = match self.shape.kind {
                Kind::Object => record.key.len(),
                Kind::Array => 0,
            };
            (record.text(self.shape.kind, "").len() + key) as u64
        };
        self.compact_bytes = self.compact_bytes + bytes(&new) - bytes(&self.own[index]);
        self.own[index] = new;
    }

    /// Judges the file after a clean stop: it is JSON, has as many records, and some of the records
    /// stand in it as they were acknowledged last.
    pub(crate) fn check_on_disk(&self) -> Result<()> {
        let text = fs::read_to_string(self.file())?;
        serde_json::from_str::<&serde_json::value::RawValue>(&text)
            .context("the file is no JSON")?;
        let lines = text.lines().count() as u64;
        ensure!(
            lines == self.shape.records + 2,
            "the file has {lines} lines for {} records",
            self.shape.records
        );
        let written = self.own.iter().filter(|record| record.grade != 0);
        for record in written.take(3) {
            let line = record.text(self.shape.kind, " ");
            ensure!(text.contains(&line), "the file lacks {line}");
        }
        Ok(())
    }

    fn write(&self) -> Result<u64> {
        let (open, close) = match self.shape.kind {
            Kind::Object => ("{", "}"),
            Kind::Array => ("[", "]"),
        };
        let mut out = BufWriter::new(File::create(self.file())?);
        let mut compact_bytes = 2 + self.shape.records.saturating_sub(1);
        writeln!(out, "{open}")?;
        for place in 0..self.shape.records {
            let record = Record::at(self.shape.kind, place);
            if self.shape.kind == Kind::Object {
                write!(out, "\"{}\": ", record.key)?;
                compact_bytes += record.key.len() as u64 + 3;
            }
            compact_bytes += record.text(self.shape.kind, "").len() as u64;
            let end = if place + 1 < self.shape.records {
                ","
            } else {
                ""
            };
            writeln!(out, "{}{end}", record.text(self.shape.kind, " "))?;
        }
        writeln!(out, "{close}")?;
        out.into_inner()?.sync_all()?;
        Ok(compact_bytes)
    }
}

/// How long an append of 200 bytes and its sync take in a folder, again and again.
///
/// *Units*: microseconds.
pub(crate) fn sync_times(folder: &Path, count: usize) -> Result<Vec<f64>> {
    let mut file = tempfile::tempfile_in(folder)?;
    let mut times = Vec::new();
    for _ in 0..count {
        let begin = std::time::Instant::now();
        file.write_all(&[b'x'; 200])?;
        file.sync_data()?;
        times.push(begin.elapsed().as_secs_f64() * 1e6);
    }
    Ok(times)
}

#[cfg(test)]
mod tests {
    use super::{Corpus, Kind, Record};
    use crate::random::Random;
    use std::fs;

    fn corpus(kind: Kind, records: u64) -> (tempfile::TempDir, Corpus) {
        let folder = tempfile::tempdir().unwrap();
        let corpus = Corpus::generate(folder.path().join("served"), kind, records).unwrap();
        (folder, corpus)
    }

    #[test]
    fn the_file_is_json_of_the_length_that_is_foretold() {
        for kind in [Kind::Object, Kind::Array] {
            for records in [3, 100] {
                let (_folder, corpus) = corpus(kind, records);
                corpus.check_on_disk().unwrap();
                let text = fs::read_to_string(corpus.file()).unwrap();
                let value: serde_json::Value = serde_json::from_str(&text).unwrap();
                assert_eq!(value.to_string().len() as u64, corpus.compact_bytes);
            }
        }
    }

    #[test]
    fn records_have_about_100_bytes() {
        for kind in [Kind::Object, Kind::Array] {
            let (_folder, corpus) = corpus(kind, 1000);
            let bytes = corpus.compact_bytes / 1000;
            assert!((95..=110).contains(&bytes), "{bytes}");
        }
    }

    #[test]
    fn an_exchanged_record_changes_the_length_by_what_it_is_longer() {
        let (_folder, mut corpus) = corpus(Kind::Array, 3);
        let before = corpus.compact_bytes;
        corpus.exchange(0, Record::new("1000".to_owned(), 0));
        assert_eq!(corpus.compact_bytes, before + 3);
    }

    #[test]
    fn the_load_leaves_the_records_of_the_timed_client_alone() {
        for records in [3, 100] {
            let (_folder, corpus) = corpus(Kind::Object, records);
            let mut random = Random::new(1);
            for client in 0..8 {
                for _ in 0..50 {
                    let key = corpus.shape.key_for(client, &mut random);
                    assert!(corpus.own.iter().all(|record| record.key != key), "{key}");
                    let place: u64 = key[1..].parse().unwrap();
                    assert!(place < records);
                }
            }
        }
    }
}
