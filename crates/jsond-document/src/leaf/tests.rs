//! Leaves: what a splice makes, and how entries are found.

use super::*;
use proptest::prelude::*;

fn piece(named: bool) -> impl Strategy<Value = Piece> {
    let value = prop_oneof![
        Just("1".to_owned()),
        Just("{\"a\":[1,2]}".to_owned()),
        "[a-z,]{0,40}".prop_map(|text| format!("\"{text}\"")),
    ];
    let name = "[a-z,:]{0,9}".prop_map(move |name| named.then(|| format!("\"{name}\"").into()));
    (name, value).prop_map(|(name, text)| Piece {
        name,
        value: Value::parse(text.as_bytes()).unwrap(),
    })
}

/// A leaf in words, so that two can be compared.
fn shown(leaf: &Leaf) -> String {
    format!("{leaf:?}")
}

proptest! {
    /// The same pieces packed anew are what a splice is judged by.
    #[test]
    fn a_run_that_is_spliced_is_the_one_that_is_packed(
        (named, mut pieces, new) in any::<bool>().prop_flat_map(|named| {
            let pieces = proptest::collection::vec(piece(named), 1..20);
            (Just(named), pieces, piece(named))
        }),
        at in any::<prop::sample::Index>(),
        (goes, comes) in any::<(bool, bool)>(),
    ) {
        let [leaf] = &pack(&pieces)[..] else {
            panic!("one run");
        };
        let within = at.index(pieces.len() + usize::from(!goes));
        let gone = goes.then(|| pieces[within].clone());
        let edit = LeafEdit {
            within,
            gone: gone.as_ref(),
            came: comes.then_some(&new),
        };
        let spliced = leaf.spliced(&edit, RUN_BYTES_TARGET);
        let leaves = edit.leaf_of(leaf, named, false);
        let leaves = leaves.map_or_else(|leaves| leaves, |leaf| vec![leaf]);
        pieces.splice(within..within + usize::from(goes), comes.then(|| new.clone()));
        let packed = pack(&pieces);
        prop_assert_eq!(
            spliced.as_ref().map(shown),
            packed.first().map(shown),
            "spliced"
        );
        let leaves: Vec<_> = leaves.iter().map(shown).collect();
        prop_assert_eq!(leaves, packed.iter().map(shown).collect::<Vec<_>>());
    }
}

proptest! {
    /// Where one begins to look makes no difference to what is found.
    #[test]
    fn an_entry_is_found_from_everywhere(
        names in proptest::collection::btree_set("[a-d\"\\\\é]{0,3}", 1..30),
        absent in "[a-e]{0,4}",
        near in 0..40_usize,
        named in any::<bool>(),
    ) {
        let piece = |name: &String| {
            let spelled = string::quote(name);
            let text = if named { "1".to_owned() } else { format!("{{\"id\":{spelled}}}") };
            let value = Value::parse(text.as_bytes()).unwrap();
            Piece { name: named.then(|| spelled.into()), value }
        };
        let [leaf] = &pack(names.iter().map(piece))[..] else {
            panic!("one run");
        };
        for (within, name) in names.iter().enumerate() {
            prop_assert_eq!(leaf.find(name, near, named, "id"), Some(within));
        }
        let found = leaf.find(&absent, near, named, "id");
        prop_assert_eq!(found.is_some(), names.contains(&absent));
    }
}

#[test]
fn the_nearest_come_first() {
    let all = |from, count| outward(from, count).collect::<Vec<_>>();
    assert_eq!(all(0, 4), [0, 1, 2, 3]);
    assert_eq!(all(1, 4), [1, 2, 0, 3]);
    assert_eq!(all(9, 3), [2, 1, 0]);
    assert!(all(0, 0).is_empty());
}

#[test]
fn what_does_not_fit_into_one_run_is_not_spliced() {
    let small = |text: &str| Piece {
        name: None,
        value: Value::parse(text.as_bytes()).unwrap(),
    };
    let big = small(&format!("[{}1]", "1,".repeat(10_000)));
    assert!(big.value.as_tree().is_some());
    let leaf = &pack(&[small("1"), small("2")])[0];
    let splice = |came: &Piece, bytes_max| {
        let gone = None;
        let edit = LeafEdit {
            within: 1,
            gone,
            came: Some(came),
        };
        leaf.spliced(&edit, bytes_max)
    };
    assert!(splice(&big, 100).is_none());
    assert!(splice(&small("33"), 6).is_none());
    assert!(splice(&small("33"), 7).is_some());
}
