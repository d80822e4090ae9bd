//! The client: speaks HTTP and the guided dialogue to any server.
