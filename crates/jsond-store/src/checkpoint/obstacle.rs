//! Why a file is not written now. Each is tried again.

use crate::medium::NameKind;
use jsond_document::SyntaxError;
use std::io;

/// What is in the way of one file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Obstacle {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("the journal takes no marks")]
    Journal,
    #[error("the file on disk is broken JSON: {0}")]
    Broken(SyntaxError),
    #[error("the file on disk is still broken JSON")]
    StillBroken,
    #[error("the file is being changed by another program at this moment")]
    Moved,
    #[error("its folder could not be synced")]
    Folder,
    /// The name is that of something that is never touched.
    #[error("{} has the name of the file", name_of(*.0))]
    Occupied(NameKind),
    /// The file cannot be replaced, so it is overwritten.
    #[error("the file cannot be replaced ({0}); it is overwritten where it lies")]
    Fixed(io::Error),
    /// Nobody knows what the file holds; it is overwritten once more by this copy.
    #[error("the file could not be overwritten: {1}")]
    Half(Half, io::Error),
    /// The text of another program could not be given its name back.
    #[error("{0} has the text of another program, whose name could not be given back")]
    Stuck(String),
}

/// A file that was half overwritten.
#[derive(Debug, Clone)]
pub(crate) struct Half {
    /// The copy of what it is to hold.
    pub(crate) copy: String,
    /// The hash of what it holds, where that can be told.
    pub(crate) torn: Option<u128>,
}

impl Obstacle {
    /// Judges whether it is gone in a moment, and nobody need hear of it.
    pub(crate) fn is_momentary(&self) -> bool {
        matches!(self, Self::Moved | Self::Fixed(_))
    }
}

fn name_of(kind: NameKind) -> &'static str {
    match kind {
        NameKind::File => "a file",
        NameKind::Folder => "a folder",
        NameKind::Link => "a link that leads to no served file",
        NameKind::Other => "a pipe, socket or device",
    }
}
