//! The report: tables with medians, ranges, ratios and verdicts, for a terminal and as JSON. Pure
//! but for where it is written to.

use crate::plot;
use crate::setup::Common;
use crate::statistics::Series;
use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

/// In what figures are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Microseconds,
    Seconds,
    Bytes,
    BytesPerSecond,
    PerSecond,
    /// A part of 1.
    Share,
    /// How many times something else.
    Times,
    Count,
}

impl Unit {
    fn render(self, figure: f64) -> String {
        match self {
            Self::Microseconds if figure >= 10_000.0 => format!("{:.1} ms", figure / 1e3),
            Self::Microseconds if figure >= 1_000.0 => format!("{:.2} ms", figure / 1e3),
            Self::Microseconds if figure >= 20.0 => format!("{figure:.0} µs"),
            Self::Microseconds => format!("{figure:.1} µs"),
            Self::Seconds if figure < 1.0 => format!("{:.1} ms", figure * 1e3),
            Self::Seconds => format!("{figure:.2} s"),
            Self::Bytes if figure < 1e5 => format!("{figure:.0} B"),
            Self::Bytes => format!("{:.1} MB", figure / 1e6),
            Self::BytesPerSecond if figure >= 1e8 => format!("{:.0} MB/s", figure / 1e6),
            Self::BytesPerSecond => format!("{:.2} MB/s", figure / 1e6),
            Self::PerSecond => format!("{figure:.0}/s"),
            Self::Share => format!("{:.1} %", figure * 100.0),
            Self::Times if figure < 0.1 => format!("{figure:.3}"),
            Self::Times => format!("{figure:.2}"),
            Self::Count => format!("{figure:.0}"),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Microseconds => "microseconds",
            Self::Seconds => "seconds",
            Self::Bytes => "bytes",
            Self::BytesPerSecond => "bytes per second",
            Self::PerSecond => "per second",
            Self::Share => "share",
            Self::Times => "times",
            Self::Count => "count",
        }
    }

    fn render_all(self, series: &Series) -> String {
        let (Some(median), Some((least, most))) = (series.median(), series.range()) else {
            return "not measured".to_owned();
        };
        let mut text = self.render(median);
        if series.figures().len() > 1 {
            let (least, most) = (self.render(least), self.render(most));
            write!(text, " ({least} – {most})").ok();
        }
        text
    }
}

/// What the contract asks of a figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Must {
    AtMost(f64),
    /// For the figures that the larger the better.
    AtLeast(f64),
}

impl Must {
    fn holds(self, figure: f64) -> bool {
        match self {
            Self::AtMost(bound) => figure <= bound,
            Self::AtLeast(bound) => figure >= bound,
        }
    }

    fn render(self, unit: Unit) -> String {
        match self {
            Self::AtMost(bound) => format!("≤ {}", unit.render(bound)),
            Self::AtLeast(bound) => format!("≥ {}", unit.render(bound)),
        }
    }
}

/// One thing that was measured, on one side or on two.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    what: String,
    unit: Unit,
    left: Option<Series>,
    right: Series,
    /// The ratio of the sides counts, not the right one alone.
    is_compared: bool,
    must: Option<Must>,
}

impl Row {
    /// A figure without one to compare it with.
    pub(crate) fn single(what: impl Into<String>, unit: Unit, right: Series) -> Self {
        Self {
            what: what.into(),
            unit,
            left: None,
            right,
            is_compared: false,
            must: None,
        }
    }

    /// Two sides, whose ratio counts.
    pub(crate) fn pair(what: impl Into<String>, unit: Unit, left: &Series, right: &Series) -> Self {
        Self {
            left: Some(left.clone()),
            is_compared: true,
            ..Self::single(what, unit, right.clone())
        }
    }

    /// The same with another side that is shown, but not divided by.
    pub(crate) fn beside(mut self, left: &Series) -> Self {
        self.left = Some(left.clone());
        self.is_compared = false;
        self
    }

    /// The same with what the contract asks: of the ratio, or of a single figure.
    pub(crate) fn must(mut self, must: Must) -> Self {
        self.must = Some(must);
        self
    }

    /// What was measured.
    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    /// The sides that have figures, the left one first, each with its figures in words.
    pub(crate) fn sides(&self) -> [Option<(&Series, String)>; 2] {
        let side = |series: &'_ Series| self.unit.render_all(series);
        let has_some = |series: &&Series| series.median().is_some();
        let left = self.left.as_ref().filter(has_some);
        [
            left.map(|it| (it, side(it))),
            Some(&self.right).filter(has_some).map(|it| (it, side(it))),
        ]
    }

    /// The figure that the right side has to keep to, in its own unit.
    pub(crate) fn bound(&self) -> Option<f64> {
        let (Must::AtMost(bound) | Must::AtLeast(bound)) = self.must?;
        if !self.is_compared {
            return Some(bound);
        }
        Some(bound * self.left.as_ref()?.median()?)
    }

    /// Right by left; a side without figures has none.
    fn ratio(&self) -> Option<Series> {
        let left = self.left.as_ref().filter(|_| self.is_compared)?;
        let ratio = self.right.over(left);
        ratio.median().map(|_| ratio)
    }

    fn judged(&self) -> (Unit, Series) {
        if self.is_compared {
            (Unit::Times, self.ratio().unwrap_or_default())
        } else {
            (self.unit, self.right.clone())
        }
    }

    fn is_noisy(&self) -> bool {
        self.judged().1.is_noisy()
    }

    /// Whether the contract is kept; none where it says nothing, or nothing was measured.
    fn is_kept(&self) -> Option<bool> {
        let median = self.judged().1.median()?;
        self.must.map(|must| must.holds(median))
    }

    fn verdict(&self) -> String {
        let kept = match self.is_kept() {
            Some(true) => "ok",
            Some(false) => "NOT ok",
            None => "",
        };
        match (kept, self.is_noisy()) {
            ("", true) => "noisy".to_owned(),
            (kept, true) => format!("{kept}, noisy"),
            (kept, false) => kept.to_owned(),
        }
    }

    fn cells(&self) -> [String; 6] {
        let (unit, _) = self.judged();
        [
            self.what.clone(),
            self.left
                .as_ref()
                .map_or_else(String::new, |it| self.unit.render_all(it)),
            self.unit.render_all(&self.right),
            self.ratio()
                .map_or_else(String::new, |it| Unit::Times.render_all(&it)),
            self.must.map_or_else(String::new, |it| it.render(unit)),
            self.verdict(),
        ]
    }

    fn to_json(&self) -> Value {
        json!({
            "what": self.what,
            "unit": self.unit.name(),
            "left": self.left.as_ref().map(Series::figures),
            "right": self.right.figures(),
            "ratio": self.ratio().as_ref().and_then(Series::median),
            "at_most": self.must.and_then(|it| match it { Must::AtMost(it) => Some(it), Must::AtLeast(_) => None }),
            "at_least": self.must.and_then(|it| match it { Must::AtLeast(it) => Some(it), Must::AtMost(_) => None }),
            "ok": self.is_kept(),
            "noisy": self.is_noisy(),
        })
    }
}

/// Rows under one heading; the sides have names.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) title: String,
    pub(crate) sides: [String; 2],
    pub(crate) rows: Vec<Row>,
}

impl Table {
    /// Renders it as Markdown whose columns stand under each other; without columns that no row
    /// has anything in.
    fn render(&self) -> String {
        let [left, right] = &self.sides;
        let heads = ["", left, right, "ratio", "must", ""].map(str::to_owned);
        let rows: Vec<_> = self.rows.iter().map(Row::cells).collect();
        let is_used = |column: &usize| rows.iter().any(|cells| !cells[*column].is_empty());
        let columns: Vec<_> = (0..heads.len()).filter(is_used).collect();
        let mut lines = vec![heads];
        lines.extend(rows);
        let mut text = format!("{}\n\n", self.title);
        for (number, line) in lines.iter().enumerate() {
            for &column in &columns {
                let width = width_of(&lines, column);
                write!(text, "| {:width$} ", line[column]).ok();
            }
            text.push_str("|\n");
            if number == 0 {
                for &column in &columns {
                    write!(text, "|{}", "-".repeat(width_of(&lines, column) + 2)).ok();
                }
                text.push_str("|\n");
            }
        }
        text
    }

    fn to_json(&self) -> Value {
        let rows: Vec<_> = self.rows.iter().map(Row::to_json).collect();
        json!({ "title": self.title, "left": self.sides[0], "right": self.sides[1], "rows": rows })
    }
}

fn width_of(lines: &[[String; 6]], column: usize) -> usize {
    let widths = lines.iter().map(|line| line[column].chars().count());
    widths.max().unwrap_or(0).max(3)
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| path.display().to_string())
}

/// All that a command found.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    /// On what and how it was measured, a line each.
    pub(crate) setting: Vec<String>,
    pub(crate) tables: Vec<Table>,
}

impl Report {
    /// Prints it, and writes the figures to a file and the plots into a folder, where they are
    /// wanted; `command` is what the plots are called by.
    pub(crate) fn publish(&self, command: &str, common: &Common) -> Result<()> {
        std::io::stdout().write_all(self.render().as_bytes())?;
        if let Some(path) = &common.json {
            write(path, &format!("{:#}\n", self.to_json()))?;
        }
        if let Some(folder) = &common.plots {
            std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
            for (n, table) in (1..).zip(&self.tables) {
                let path = folder.join(format!("{command}-{n}.svg"));
                write(&path, &plot::draw(table))?;
            }
        }
        Ok(())
    }

    fn render(&self) -> String {
        let tables = self.tables.iter().map(Table::render);
        let parts = std::iter::once(self.setting.join("\n") + "\n").chain(tables);
        parts.collect::<Vec<_>>().join("\n")
    }

    fn to_json(&self) -> Value {
        let tables: Vec<_> = self.tables.iter().map(Table::to_json).collect();
        json!({ "setting": self.setting, "tables": tables })
    }
}

#[cfg(test)]
mod tests {
    use super::{Must, Report, Row, Table, Unit};
    use crate::statistics::Series;

    fn series(figures: &[f64]) -> Series {
        figures.iter().copied().collect()
    }

    #[test]
    fn figures_are_rendered_in_their_unit() {
        let check = |unit: Unit, figure: f64, expected: &str| {
            assert_eq!(unit.render(figure), expected);
        };
        check(Unit::Microseconds, 4.44, "4.4 µs");
        check(Unit::Microseconds, 84.4, "84 µs");
        check(Unit::Microseconds, 1_234.0, "1.23 ms");
        check(Unit::Microseconds, 45_678.0, "45.7 ms");
        check(Unit::Seconds, 0.0123, "12.3 ms");
        check(Unit::Seconds, 1.5, "1.50 s");
        check(Unit::Bytes, 238.0, "238 B");
        check(Unit::Bytes, 105_400_000.0, "105.4 MB");
        check(Unit::BytesPerSecond, 2_000_000.0, "2.00 MB/s");
        check(Unit::Share, 0.084, "8.4 %");
        check(Unit::BytesPerSecond, 2_345_600_000.0, "2346 MB/s");
        check(Unit::Times, 1.5, "1.50");
        check(Unit::Times, 0.04, "0.040");
        check(Unit::Count, 3.0, "3");
    }

    #[test]
    fn a_row_is_judged_by_its_ratio_or_by_its_only_figure() {
        let check = |row: Row, expected: &str| assert_eq!(row.verdict(), expected, "{row:?}");
        let pair = |left: &[f64], right: &[f64]| {
            Row::pair("x", Unit::Microseconds, &series(left), &series(right))
        };
        check(pair(&[10.0], &[15.0]).must(Must::AtMost(1.5)), "ok");
        check(pair(&[10.0], &[15.1]).must(Must::AtMost(1.5)), "NOT ok");
        check(pair(&[10.0], &[99.0]), "");
        check(
            pair(&[10.0, 10.0], &[10.0, 14.0]).must(Must::AtMost(1.5)),
            "ok, noisy",
        );
        check(pair(&[10.0, 10.0], &[10.0, 14.0]), "noisy");
        check(pair(&[10.0], &[]).must(Must::AtMost(1.5)), "");
        let single = Row::single("x", Unit::Seconds, series(&[2.5]));
        let beside = single.clone().beside(&series(&[0.1]));
        check(beside.must(Must::AtMost(3.0)), "ok");
        check(single.clone().must(Must::AtMost(2.0)), "NOT ok");
        check(single.must(Must::AtMost(3.0)), "ok");
    }

    fn report() -> Report {
        let pair = Row::pair(
            "PUT",
            Unit::Microseconds,
            &series(&[100.0, 110.0]),
            &series(&[150.0, 220.0]),
        );
        let single = Row::single("start", Unit::Seconds, series(&[0.5])).must(Must::AtMost(2.0));
        Report {
            setting: vec!["2 cores".to_owned()],
            tables: vec![Table {
                title: "object".to_owned(),
                sides: ["3".to_owned(), "1,000,000".to_owned()],
                rows: vec![pair.must(Must::AtMost(1.5)), single],
            }],
        }
    }

    #[test]
    fn columns_stand_under_each_other() {
        let expected = "\
2 cores

object

|       | 3                        | 1,000,000                | ratio              | must     |        |
|-------|--------------------------|--------------------------|--------------------|----------|--------|
| PUT   | 105 µs (100 µs – 110 µs) | 185 µs (150 µs – 220 µs) | 1.75 (1.50 – 2.00) | ≤ 1.50   | NOT ok |
| start |                          | 500.0 ms                 |                    | ≤ 2.00 s | ok     |
";
        assert_eq!(report().render(), expected);
    }

    #[test]
    fn a_column_that_no_row_needs_is_left_out() {
        let mut report = report();
        report.tables[0].rows.remove(0);
        let expected = "\
|       | 1,000,000 | must     |     |
|-------|-----------|----------|-----|
| start | 500.0 ms  | ≤ 2.00 s | ok  |
";
        assert!(report.render().ends_with(expected), "{}", report.render());
    }

    #[test]
    fn json_has_every_figure() {
        let json = report().to_json();
        let row = &json["tables"][0]["rows"][0];
        assert_eq!(row["left"], serde_json::json!([100.0, 110.0]));
        assert_eq!(row["ratio"], 1.75);
        assert_eq!(row["at_most"], 1.5);
        assert_eq!(row["ok"], false);
        assert_eq!(
            json["tables"][0]["rows"][1]["left"],
            serde_json::Value::Null
        );
    }
}
