//! Documents that survive: image, journal, checkpoint, recovery.
//!
//! Knows no HTTP, no sockets, no terminals.

mod change;
mod checkpoint;
mod contract;
mod decide;
mod image;
mod journal;
mod layout;
pub mod medium;
mod merge;
mod message;
mod recovery;
mod resolve;
mod served;
mod state;
mod store;
mod writer;

pub use contract::{
    Addition, Address, Applied, Durability, Edit, Effect, Match, Mutation, Outcome, Precondition,
    Rejection, Revision, Settings, StoreError,
};
pub use image::{Entry, File, FilePath, Image, Template};
pub use layout::{file_text, pretty_text};
pub use recovery::OpenError;
pub use resolve::{Place, Resolved};
pub use served::Served;
pub use store::Store;
