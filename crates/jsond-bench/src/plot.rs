//! A table as a picture: two bars for each row, with the range of the rounds and the bound. Pure.

use crate::statistics::Series;
use crate::table::{Row, Table};
use std::fmt::Write as _;

const WIDTH: f64 = 960.0;
/// Where the bars begin, and the most that one takes.
const BARS_AT: f64 = 330.0;
const BARS_WIDTH: f64 = 380.0;
/// Where the figures stand in words.
const FIGURES_AT: f64 = BARS_AT + BARS_WIDTH + 10.0;
const HEAD_HEIGHT: f64 = 64.0;
const ROW_HEIGHT: f64 = 46.0;
const BAR_HEIGHT: f64 = 13.0;

/// For the left and the right side: to be told apart without colours too.
const COLORS: [&str; 2] = ["#9aa5b1", "#0b7285"];

/// Draws a table as SVG. The bars of a row are to scale with each other, not with other rows.
pub(crate) fn draw(table: &Table) -> String {
    let height = HEAD_HEIGHT + ROW_HEIGHT * table.rows.len() as f64 + 8.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"13\" fill=\"#1f2933\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
    );
    text(
        &mut svg,
        (16.0, 24.0),
        "font-size=\"15\" font-weight=\"600\"",
        &table.title,
    );
    let mut at = 16.0;
    for (side, color) in table.sides.iter().zip(COLORS) {
        if side.is_empty() {
            continue;
        }
        writeln!(
            svg,
            "<rect x=\"{at}\" y=\"37\" width=\"12\" height=\"12\" fill=\"{color}\"/>"
        )
        .ok();
        text(&mut svg, (at + 18.0, 48.0), "", side);
        at += 40.0 + 7.5 * side.chars().count() as f64;
    }
    if table.rows.iter().any(|row| row.bound().is_some()) {
        line(&mut svg, (at + 6.0, 36.0), 14.0);
        text(&mut svg, (at + 18.0, 48.0), "", "what is asked");
    }
    for (n, row) in table.rows.iter().enumerate() {
        draw_row(&mut svg, row, HEAD_HEIGHT + ROW_HEIGHT * n as f64);
    }
    svg + "</svg>\n"
}

fn draw_row(svg: &mut String, row: &Row, top: f64) {
    let sides = row.sides();
    let most = |series: &Series| series.range().map_or(0.0, |(_, most)| most);
    let figures = sides.iter().flatten().map(|(series, _)| most(series));
    let scale = figures.chain(row.bound()).fold(0.0, f64::max);
    let x = |figure: f64| BARS_AT + BARS_WIDTH * figure / scale.max(f64::MIN_POSITIVE);
    text(svg, (16.0, top + 20.0), "", row.what());
    for (n, side) in sides.iter().enumerate() {
        let Some((series, words)) = side else {
            continue;
        };
        let (Some(median), Some((least, most))) = (series.median(), series.range()) else {
            continue;
        };
        let y = top + 3.0 + (BAR_HEIGHT + 3.0) * n as f64;
        let (color, width) = (COLORS[n], x(median) - BARS_AT);
        writeln!(
            svg,
            "<rect x=\"{BARS_AT}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{BAR_HEIGHT}\" \
             fill=\"{color}\"/>"
        )
        .ok();
        let middle = y + BAR_HEIGHT / 2.0;
        writeln!(
            svg,
            "<path d=\"M{:.1} {middle:.1}H{:.1}\" stroke=\"#1f2933\" stroke-width=\"1.5\"/>",
            x(least),
            x(most)
        )
        .ok();
        let at = (FIGURES_AT, middle + 4.5);
        text(svg, at, "font-size=\"12\"", words);
    }
    if let Some(bound) = row.bound() {
        line(svg, (x(bound), top), ROW_HEIGHT - 8.0);
    }
}

fn line(svg: &mut String, (x, y): (f64, f64), length: f64) {
    writeln!(
        svg,
        "<path d=\"M{x:.1} {y:.1}v{length:.1}\" stroke=\"#c92a2a\" stroke-width=\"1.5\" \
         stroke-dasharray=\"4 3\"/>"
    )
    .ok();
}

fn text(svg: &mut String, (x, y): (f64, f64), style: &str, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" {style}>{text}</text>").ok();
}

#[cfg(test)]
mod tests {
    use super::draw;
    use crate::statistics::Series;
    use crate::table::{Must, Row, Table, Unit};

    #[test]
    fn a_bar_is_as_long_as_its_figure_and_the_bound_stands_where_it_is() {
        let series = |figures: &[f64]| figures.iter().copied().collect::<Series>();
        let pair = Row::pair("GET", Unit::Microseconds, &series(&[8.0]), &series(&[4.0]));
        let missing = Row::pair("PUT", Unit::PerSecond, &Series::default(), &series(&[5.0]));
        let table = Table {
            title: "a < b".to_owned(),
            sides: ["nginx".to_owned(), "jsond".to_owned()],
            rows: vec![pair.must(Must::AtMost(0.75)), missing],
        };
        let svg = draw(&table);
        assert!(svg.contains("a &lt; b"), "{svg}");
        assert!(
            svg.contains("width=\"380.0\" height=\"13\" fill=\"#9aa5b1\""),
            "{svg}"
        );
        assert!(
            svg.contains("width=\"190.0\" height=\"13\" fill=\"#0b7285\""),
            "{svg}"
        );
        // Three quarters of 380 behind 330.
        assert!(svg.contains("M615.0 64.0v38.0"), "{svg}");
        assert_eq!(svg.matches("fill=\"#9aa5b1\"").count(), 2, "{svg}");
    }
}
