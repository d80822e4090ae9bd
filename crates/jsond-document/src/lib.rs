//! JSON text: read, point into, edit, lay out.
//!
//! A value is kept as its *compact text*: no insignificant white space, everything else as it was
//! spelled. Small values are one piece of text, large arrays and objects are persistent trees of
//! such pieces, so that one edit costs the same in a document of three records and of a million.
//!
//! Pure: no I/O, no clock, no threads, no environment.

mod check;
mod error;
mod json;
mod pointer;
mod scan;
mod string;

pub use check::Bounds;
pub use error::{SyntaxError, SyntaxFault};
pub use json::{Json, Kind};
pub use pointer::{Pointer, PointerError, array_index};
pub use scan::{Entry, elements, members, value_end};
pub use string::{quote, unquote};
