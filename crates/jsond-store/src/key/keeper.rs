//! The thread that writes files of keys, so that no write waits for their syncs.

use crate::contract::Revision;
use crate::key::file::KeyFiles;
use crate::key::memory::Keys;
use crate::message::Message;
use std::sync::mpsc::{Receiver, Sender, SyncSender};

/// What the thread is told to do.
pub(crate) struct Job {
    /// The keys as they are remembered now.
    pub(crate) keys: Keys,
    /// Those of all lines up to here are to be in files.
    pub(crate) to: Revision,
    /// Who waits for it; otherwise the writer is told by a message.
    pub(crate) answer: Option<SyncSender<bool>>,
}

/// Runs until nobody is left to give it jobs.
pub(crate) fn run(mut files: KeyFiles, jobs: &Receiver<Job>, writer: &Sender<Message>) {
    while let Ok(Job { keys, to, answer }) = jobs.recv() {
        let result = files.keep(&keys, to);
        if let Err(error) = &result {
            tracing::warn!(
                %error,
                "remembered keys could not be written; the journal keeps them for now"
            );
        }
        match answer {
            Some(answer) => drop(answer.send(result.is_ok())),
            None => drop(writer.send(Message::KeysKept(result.ok().map(|()| to)))),
        }
    }
}
