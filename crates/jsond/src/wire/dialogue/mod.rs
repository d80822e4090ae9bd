//! The grammar and the state of the guided dialogue, without its meaning.
//!
//! [`Machine`] turns a connection's bytes into one [`Request`] and, if the server asks for it, one
//! answer of [`Word`]s; [`Reason`] names what is refused, in both languages; [`encode_reply`] writes
//! a whole reply. Which files and records there are, and what an answer does to them, is not known
//! here; nor is time: when a line has been quiet for long enough, the server says so.

mod answer;
mod line;
mod machine;
mod reason;
mod reply;
mod request;

pub use answer::{Word, parse_words};
pub use machine::{AnswerEnd, Limits, Machine};
pub use reason::Reason;
pub use reply::{Media, Reply, encode_reply};
pub use request::{Method, Request};
