//! What a request asks for, in the words of the store, and what came of it.

use crate::api::conditional::Condition;
use crate::api::negotiate::Media;
use crate::api::problem::Problem;
use crate::api::question::Question;
use crate::api::read::Selected;
use crate::api::resource::Resource;
use crate::api::view::View;
use bytes::Bytes;
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method};
use jsond_store::{Address, Applied, Edit, Key, Mutation, Precondition};

/// What a request asks for.
#[derive(Debug)]
pub(super) enum Action {
    /// A representation of a value or a folder.
    Read(Box<Read>),
    /// A folder without its final slash; the request is sent to the one with it.
    Move(Address),
    /// What can be done with a value.
    Describe(Address),
    /// What can be done with the server (`OPTIONS *`).
    DescribeServer,
    /// What can be done with a resource of the server's own.
    DescribeOwn,
    /// A write whose body says what to write.
    Write(Write),
    /// A write with an answer to the guided dialogue as its body.
    Answer(Box<Answer>),
    /// A write without a body: it asks what is needed, or it is a removal.
    Ask(Box<Ask>),
    /// One of the server's own resources.
    Own(Own),
    /// A text that is no part of what is stored.
    Text(Box<Text>),
}

/// A read of a text that is no part of what is stored.
#[derive(Debug)]
pub(super) struct Text {
    /// The conditions.
    pub(super) read: Box<Read>,
    pub(super) media: Media,
    pub(super) text: Bytes,
}

/// A read.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) address: Address,
    /// Path and query of the target as they were sent.
    pub(super) target: PathAndQuery,
    /// Whether the target ended in a slash.
    pub(super) slash: bool,
    /// GET, HEAD or QUERY.
    pub(super) method: Method,
    /// What of the value is wanted.
    pub(super) view: View,
    pub(super) condition: Condition,
    /// For negotiation and ranges, which need to know what there is.
    pub(super) headers: HeaderMap,
}

impl Read {
    /// A read of what is at an address, on the conditions of a request.
    ///
    /// *Errors*: conditions that cannot be read.
    pub(super) fn of(
        head: Parts,
        address: Address,
        slash: bool,
        view: View,
    ) -> Result<Box<Self>, Problem> {
        let target = head.uri.path_and_query().cloned();
        Ok(Box::new(Self {
            address,
            slash,
            view,
            condition: Condition::of(&head.headers)?,
            target: target.unwrap_or_else(|| PathAndQuery::from_static("/")),
            method: head.method,
            headers: head.headers,
        }))
    }

    /// A read of the root.
    ///
    /// *Errors*: conditions that cannot be read.
    pub(super) fn of_root(head: Parts) -> Result<Box<Self>, Problem> {
        Self::of(head, Address::default(), true, View::default())
    }
}

/// A write.
#[derive(Debug)]
pub(super) struct Write {
    /// In the box in which the store takes it.
    pub(super) mutation: Box<Mutation>,
    pub(super) shown: Shown,
}

/// How the answer to a write shows the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// Not at all: `Prefer: return=minimal`.
    Nothing,
    /// Not at all, nor its tag: who writes does not reach all of it.
    Hidden,
    /// As its compact text.
    Compact,
    /// Laid out for people.
    Pretty,
}

/// Which write the guided dialogue is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Intent {
    /// Add a record, by POST.
    Add,
    /// Set a member of a record, by PUT.
    Set,
    /// Remove a record, by DELETE.
    Remove,
}

/// A write without a body.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) intent: Intent,
    pub(super) address: Address,
    pub(super) precondition: Precondition,
    pub(super) shown: Shown,
    pub(super) key: Option<Key>,
}

impl Ask {
    /// Makes the write that an edit of what was asked about is.
    pub(super) fn write(self, edit: Edit) -> Write {
        Write {
            mutation: Box::new(Mutation {
                address: self.address,
                precondition: self.precondition,
                edit,
                key: self.key,
                // For the layout of the file.
                wants_image: self.shown == Shown::Pretty,
            }),
            shown: self.shown,
        }
    }
}

/// An answer to the guided dialogue.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) ask: Ask,
    pub(super) given: Given,
}

/// How the answer was given.
#[derive(Debug)]
pub(super) enum Given {
    /// A line of words.
    Words(Bytes),
    /// Fields by name.
    Form(Vec<(String, String)>),
}

/// The server's own resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Own {
    Live,
    Ready,
    Version,
    Metrics,
    Problems,
}

/// What came of an action.
#[derive(Debug)]
pub(super) enum Outcome {
    /// A representation, or the part of it that was asked for.
    Selected(Box<Selected>),
    /// The canonical target of a folder.
    Moved(String),
    /// What can be done.
    Methods(Option<Resource>),
    /// A write that holds.
    Applied { applied: Box<Applied>, shown: Shown },
    /// What is needed.
    Choices(Box<Question>),
    /// A resource of the server's own.
    Own {
        content_type: &'static str,
        text: Bytes,
    },
}
