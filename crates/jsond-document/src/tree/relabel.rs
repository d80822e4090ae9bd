//! New order numbers for leaves, where none is left between two of them.
//!
//! Only the leaves around get new ones, and only their keys are noted anew: inserting again and
//! again at one place costs no more in a large tree than in a small one.

use super::{Child, ORDER_GAP, Tree};
use crate::index::Keys;
use crate::leaf::Leaf;
use std::ops::Range;
use std::sync::Arc;

/// How many leaves get new numbers at the least.
const WINDOW_LEAVES: usize = 64;

/// What must lie between two numbers afterwards: room for a dozen splits at one place.
const GAP_MIN: u64 = 1 << 12;

impl Tree {
    /// Puts `leaves` in the place of the leaf at `order`.
    ///
    /// *Cost*: linear in the number of leaves, without reading them, but for the few around.
    pub(super) fn relabel(&mut self, order: u64, leaves: &[Arc<Leaf>], keys: Keys) {
        let mut level: Vec<Child> = Vec::new();
        let mut place = 0;
        for (child, _) in self.leaves_with_order() {
            if child.order == order {
                place = level.len();
                level.extend(
                    leaves
                        .iter()
                        .map(|leaf| self.child_of(order, Arc::clone(leaf))),
                );
            } else {
                level.push(child.clone());
            }
        }
        let (window, gap) = find_window(&level, place..place + leaves.len());
        let first = level[window.start].order;
        let number_of = |at: usize, old: u64| match window.contains(&at) {
            true => first + (at - window.start) as u64 * gap,
            false => old,
        };
        let level: Vec<_> = (0..)
            .zip(level)
            .map(|(at, child)| {
                let order = number_of(at, child.order);
                (child.order, Child { order, ..child })
            })
            .collect();
        let index = self.moved_index(order, &level[window], keys);
        let level = level.into_iter().map(|(_, child)| child).collect();
        *self = Self::of_children(self.kind, level, self.id_name.clone()).with_index(index);
    }
}

/// The leaves around a place that have numbers enough among them, and the new distance.
fn find_window(level: &[Child], place: Range<usize>) -> (Range<usize>, u64) {
    let mut around = WINDOW_LEAVES / 2;
    loop {
        let start = place.start.saturating_sub(around);
        let end = level.len().min(place.end + around);
        let Some(bound) = level.get(end) else {
            // Behind the last leaf there are numbers without end.
            return (start..end, ORDER_GAP);
        };
        let gap = (bound.order - level[start].order) / (end - start) as u64;
        if gap >= GAP_MIN {
            return (start..end, gap);
        }
        around *= 2;
    }
}

#[cfg(test)]
mod tests {
    use crate::{ID_NAME, Kind, Value};

    fn id_of(n: usize) -> String {
        format!("{{\"id\":\"n{n}\"}}")
    }

    fn large(count: usize) -> Value {
        let records: Vec<_> = (0..count).map(|n| format!("{{\"id\":{n}}}")).collect();
        Value::parse(format!("[{}]", records.join(",")).as_bytes()).unwrap()
    }

    /// Each insertion before the first record split a leaf in full and one record, and used up the
    /// numbers in front of the next: every fifteenth insertion read the whole array again.
    #[test]
    fn inserting_again_and_again_at_one_place_keeps_all_records_to_be_found() {
        let count = 3000;
        for place in ["0", "1500", "2999"] {
            let mut value = large(count);
            for n in 0..4000 {
                let record = Value::parse(id_of(n).as_bytes()).unwrap();
                value = value.add(&[place.to_owned()], &record).unwrap();
            }
            assert!(value.is_collection(ID_NAME));
            assert_eq!(value.count(), count + 4000);
            for n in 0..4000 {
                let (at, record) = value.record(ID_NAME, &format!("n{n}")).unwrap();
                assert_eq!(record.to_json().as_str(), id_of(n));
                assert_eq!(at, place.parse::<usize>().unwrap() + 3999 - n);
            }
            for n in 0..count {
                assert!(
                    value.record(ID_NAME, &n.to_string()).is_some(),
                    "{n} at {place}"
                );
            }
            assert_eq!(value.kind(), Kind::Array);
            let text = value.to_json().to_string();
            assert_eq!(Value::parse(text.as_bytes()).unwrap(), value);
        }
    }

    /// What is filled from one end or at one place is not made of leaves with one entry each.
    #[test]
    fn leaves_stay_well_filled_wherever_entries_come() {
        for place in ["0", "1000", "-"] {
            let mut value = large(2000);
            for n in 0..5000 {
                let record = Value::parse(id_of(n).as_bytes()).unwrap();
                value = value.add(&[place.to_owned()], &record).unwrap();
            }
            let tree = value.as_tree().unwrap();
            let leaves = tree.leaves_with_order().len();
            assert!(tree.bytes() / leaves > 2000, "{leaves} at {place}");
        }
    }
}
