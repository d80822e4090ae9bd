//! Prints a value of any size afresh, a leaf of its tree at a time.
//!
//! The printer is the one for compact text; this walks the tree, feeds it the text of leaves and
//! hands on what it printed. It never has one text of the whole value, neither compact nor printed.

use super::print::{Place, Printer, is_flat};
use super::writer::Writer;
use super::{BOM, Layout};
use crate::Value;
use crate::leaf::Leaf;
use crate::tree::Tree;

/// How much is printed before it is handed on.
const PIECE_BYTES: usize = 64 * 1024;

/// Prints a file: byte order mark, value and final newline as the layout has them.
pub(super) fn print_file<E>(
    layout: &Layout,
    value: &Value,
    mut write: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let mut buffer = Vec::new();
    let mut out = Writer::new(&mut buffer);
    if layout.bom {
        out.write(BOM);
    }
    let mut printer = Printer::new(layout, Place::ROOT, b"", &mut out);
    match value.as_tree() {
        Some(tree) => print_tree(&mut printer, tree, &mut write)?,
        None => printer.run(value.to_json().as_bytes()),
    }
    if layout.final_newline {
        out.write(layout.newline.as_bytes());
    }
    out.hand_over(1, &mut write)
}

fn print_tree<E>(
    printer: &mut Printer<'_, '_>,
    tree: &Tree,
    write: &mut impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let [open, close] = tree.brackets();
    if tree.entries() == 0 {
        printer.empty(open);
        return Ok(());
    }
    printer.open(open, |levels_max, objects| {
        is_flat_tree(tree, 0, levels_max, objects)
    });
    for (index, leaf) in tree.leaves().enumerate() {
        if index > 0 {
            printer.comma();
        }
        match &**leaf {
            Leaf::Run { text, .. } => printer.run(text),
            Leaf::Big { name, tree } => {
                if let Some(name) = name {
                    printer.run(name);
                    printer.colon();
                }
                print_tree(printer, tree, write)?;
            }
        }
        printer.out.hand_over(PIECE_BYTES, write)?;
    }
    printer.close(close);
    Ok(())
}

/// As [`is_flat`] for a tree that stands `levels` deep.
fn is_flat_tree(tree: &Tree, levels: usize, levels_max: usize, objects: bool) -> bool {
    let may_stand = objects || levels == 0 || !tree.named();
    may_stand
        && levels < levels_max
        && tree.leaves().all(|leaf| match &**leaf {
            Leaf::Run { text, .. } => is_flat(text, levels + 1, levels_max, objects),
            Leaf::Big { tree, .. } => is_flat_tree(tree, levels + 1, levels_max, objects),
        })
}

#[cfg(test)]
mod tests {
    use super::super::large::{large_doc, layouts};
    use super::super::properties::compact;
    use super::*;
    use proptest::prelude::*;

    fn printed(layout: &Layout, value: &Value) -> Vec<u8> {
        let mut out = Vec::new();
        let write = |piece: &[u8]| {
            assert!(!piece.is_empty());
            out.extend_from_slice(piece);
            Ok::<_, ()>(())
        };
        layout.render_file_pieces(value, write).unwrap();
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn a_file_in_pieces_is_the_file_in_one(doc in large_doc(), layout in layouts()) {
            let json = compact(&doc);
            let value = Value::from(json.clone());
            let whole = String::from_utf8(layout.render_file(&json)).unwrap();
            prop_assert_eq!(String::from_utf8(printed(&layout, &value)).unwrap(), whole);
        }
    }

    #[test]
    fn a_large_array_of_scalars_stands_on_one_line_where_arrays_do() {
        let numbers: Vec<_> = (0..5000).map(|n| n.to_string()).collect();
        let text = format!("{{\"a\":[{}],\"b\":[[1]]}}", numbers.join(","));
        let layout = Layout {
            inline_arrays: true,
            ..Layout::tabs()
        };
        let value = Value::parse(text.as_bytes()).unwrap();
        let found = printed(&layout, &value);
        assert_eq!(found, layout.render_file(&value.to_json()));
        assert!(found.starts_with(b"{\n\t\"a\": [0, 1,"));
    }

    #[test]
    fn a_failing_writer_ends_the_printing() {
        let value = Value::parse(format!("[{}0]", "1234,".repeat(50_000)).as_bytes()).unwrap();
        let mut calls = 0;
        let write = |_: &[u8]| {
            calls += 1;
            if calls == 2 { Err("full") } else { Ok(()) }
        };
        assert_eq!(
            Layout::tabs().render_file_pieces(&value, write),
            Err("full")
        );
        assert_eq!(calls, 2);
    }
}
