//! A write that is acknowledged and not in its file yet: the moment in which an edit by hand meets
//! it. The file says whether the moment was caught; else it is tried again.

use std::sync::Arc;

use super::{Folder, Server};

const TRIES: usize = 20;

/// Starts on a folder, and stops the process (SIGSTOP) between the answer to a PUT and the file's
/// change. SIGCONT lets it go on.
pub(crate) fn stopped_while_pending(
    folder: impl Fn() -> Folder,
    flags: &[&str],
    file: &str,
    [target, body]: [&str; 2],
) -> Server {
    for _ in 0..TRIES {
        let server = Server::start(folder(), flags);
        let before = server.folder.bytes(file);
        server.put(target, body).one_of(&[200, 201]);
        server.signal("STOP");
        if server.folder.bytes(file) == before {
            return server;
        }
    }
    panic!("{file} is always written before the process can be stopped");
}

/// Starts on a folder, and kills the process between the answers to PUTs and the file's change.
pub(crate) fn killed_while_pending(
    folder: impl Fn() -> Folder,
    flags: &[&str],
    file: &str,
    writes: &[[&str; 2]],
) -> Arc<Folder> {
    for _ in 0..TRIES {
        let server = Server::start(folder(), flags);
        let before = server.folder.bytes(file);
        let mut wire = server.connect();
        for [target, body] in writes {
            let fields = ["Content-Type: application/json"];
            let reply = wire.request("PUT", target, &fields, body);
            reply.one_of(&[200, 201]);
        }
        let folder = server.kill();
        if folder.bytes(file) == before {
            return folder;
        }
    }
    panic!("{file} is always written before the process can be killed");
}
