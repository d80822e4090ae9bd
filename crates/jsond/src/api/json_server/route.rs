//! Which resource a path means, in the words of json-server.

use jsond_store::Address;

/// What a path means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    /// The page that lists the resources.
    Home,
    /// The rewrite rules.
    Rules,
    /// The whole document.
    Whole,
    /// A collection or a singleton.
    Named {
        name: String,
        /// The member that names a parent, and the parent's id.
        parent: Option<(String, String)>,
    },
    /// An item of a collection.
    Item { name: String, id: String },
    /// Nothing that there could be.
    Nothing,
}

impl Route {
    pub(super) fn named(name: String) -> Self {
        Self::Named { name, parent: None }
    }
}

/// The segments of a path; a slash at its end does not count.
pub(super) fn segments(address: Address) -> Vec<String> {
    let mut segments = address.0;
    if segments.last().is_some_and(String::is_empty) {
        segments.pop();
    }
    segments
}
