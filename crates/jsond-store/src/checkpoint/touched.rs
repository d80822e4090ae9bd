//! Which files have changed: told to the checkpoint thread once, however many changes follow.
//!
//! To wake a thread for each batch would cost more than what it does then, which is nothing as long
//! as the file is planned to be written.

use super::Order;
use crate::image::FilePath;
use std::collections::{BTreeSet, HashSet};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The way on which it is told.
#[derive(Debug, Clone)]
pub(crate) struct Touched {
    orders: Sender<Order>,
    /// INVARIANT: what is told of one of these is on its way, or the file is planned to be written, or
    /// the checkpoint thread is about to forget it here.
    told: Arc<Mutex<HashSet<FilePath>>>,
}

impl Touched {
    pub(crate) fn new(orders: Sender<Order>) -> Self {
        Self {
            orders,
            told: Arc::default(),
        }
    }

    /// Tells of files that have changed in the image that is published now.
    pub(crate) fn tell(&self, mut paths: BTreeSet<FilePath>) {
        let mut told = self.told();
        paths.retain(|path| !told.contains(path));
        told.extend(paths.iter().cloned());
        drop(told);
        if !paths.is_empty() {
            // Without a checkpoint thread nothing is written any more.
            self.orders.send(Order::Touched(paths)).ok();
        }
    }

    /// Forgets what was told of some files. What the published image shows from then on counts, and
    /// what changes behind it is told again.
    pub(super) fn forget(&self, paths: &[FilePath]) {
        let mut told = self.told();
        for path in paths {
            told.remove(path);
        }
    }

    fn told(&self) -> MutexGuard<'_, HashSet<FilePath>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, channel};

    fn tell(touched: &Touched, names: &[&str]) {
        touched.tell(names.iter().map(|name| vec![(*name).to_owned()]).collect());
    }

    fn orders(told: &Receiver<Order>) -> Vec<String> {
        let told = told.try_iter();
        let paths = told.flat_map(|order| match order {
            Order::Touched(paths) => paths,
            _ => BTreeSet::new(),
        });
        paths.map(|path| path.join("/")).collect()
    }

    #[test]
    fn a_file_is_told_of_once_until_it_is_forgotten() {
        let (orders_to, told) = channel();
        let touched = Touched::new(orders_to);
        tell(&touched, &["a"]);
        tell(&touched, &["a", "b"]);
        assert_eq!(orders(&told), ["a", "b"]);
        tell(&touched, &["a", "b"]);
        assert!(orders(&told).is_empty(), "nothing is told again");
        touched.forget(&[vec!["a".to_owned()], vec!["c".to_owned()]]);
        tell(&touched, &["a", "b"]);
        assert_eq!(orders(&told), ["a"]);
    }
}
