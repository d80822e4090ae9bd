//! The server's side of HTTP/1.1: a machine that eats bytes and says what to do.
//!
//! [`Machine`] turns a connection's bytes into heads and bodies, [`Refusal`] names everything it
//! does not take, [`encode_head`] writes the head of an answer. No sockets, no clock: what arrives
//! when, and for how long to wait, is the server's business. Tokens are httparse's; every rule
//! about framing is checked here, because a peer that reads a message otherwise than we do could
//! smuggle a request past it.

mod authority;
mod check;
mod chunked;
mod facts;
mod field;
mod head;
mod known;
mod machine;
mod refusal;
mod request_line;
mod response;
mod scan;
#[cfg(test)]
mod tests;

pub(in crate::wire) use authority::is_host_and_port;
pub use facts::expects_continue;
pub use head::{BodyFraming, Head};
pub use machine::{Event, Limits, Machine, Phase};
pub use refusal::Refusal;
pub(in crate::wire) use request_line::check_target;
pub use response::{CONTINUE, encode_head};
pub(in crate::wire) use response::{put_field, put_status_line};
