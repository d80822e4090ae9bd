//! The languages on a socket, both directions, without sockets.
