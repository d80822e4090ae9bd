//! Keys: by what a repeated mutation is known, and which answer the first one got.
//!
//! A key becomes durable with the change that it belongs to, in one line of the journal. It is
//! remembered in memory for a day; before the segment with its line goes, it is written to a file
//! of keys. Read [`ring::Ring`] for what the writer does with them. No data depends on a key.

pub(crate) mod answer;
pub(crate) mod file;
pub(crate) mod keeper;
pub(crate) mod memory;
pub(crate) mod ring;

/// What a client calls a mutation, so that a repeat of it is not done twice.
///
/// *Shape*: any name; the store keeps it for 24 hours from the mutation that was done under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The name that the client chose.
    pub name: String,
    /// The fingerprint of the whole request: another request under the same name has another.
    pub request: u128,
}
