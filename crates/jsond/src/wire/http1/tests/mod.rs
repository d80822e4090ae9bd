//! The machine's tests: one harness, which feeds every transcript whole, byte by byte and split at
//! each place, and the tables, properties and foreign vectors that use it.

mod framing;
mod harness;
mod known;
mod limit;
mod property;
mod request;
mod vector;
