//! Documents that survive: image, journal, checkpoint, recovery.
//!
//! Knows no HTTP, no sockets, no terminals.

mod change;
mod checkpoint;
mod conflict;
mod contract;
mod current;
mod decide;
mod derive;
mod health;
mod image;
mod inspect;
mod journal;
mod key;
mod layout;
mod marks;
pub mod medium;
mod merge;
mod message;
mod patch;
mod post;
mod progress;
mod recovery;
mod repair;
mod replay;
mod resolve;
mod served;
mod state;
mod store;
mod undo;
mod watch;
mod writer;

pub use contract::{
    Addition, Address, Applied, Derivation, Derived, Durability, Edit, Effect, Match, Mutation,
    Outcome, Precondition, Rejection, Revision, Settings, StoreError, seconds,
};
pub use current::Current;
pub use image::{Entry, File, FilePath, Image, Template, folder_digest, folder_document};
pub use inspect::{FileFault, FileFound, Inspection, SegmentFound, inspect};
pub use journal::reader::OpenError;
pub use key::Key;
pub use layout::{file_text, pretty_text};
pub use progress::Progress;
pub use repair::{LostChange, Repair, repair};
pub use resolve::{Place, Resolved};
pub use served::Served;
pub use store::{Newest, Store};
pub use watch::Watch;
