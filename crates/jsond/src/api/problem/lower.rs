//! Turns every error of the store into a problem, and into a line of the dialogue.

use super::{P, Problem};
use crate::wire::Lang;
use jsond_document::Pointer;
use jsond_store::{Rejection, StoreError};

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        let words = rejection.to_string();
        let (mut place, mut pointer) = (None, None);
        let (kind, detail) = match rejection {
            Rejection::NotFound => return Self::not_found(),
            Rejection::ParentNotFound => (
                P::NotFound,
                format!("Nothing can be made here: {words}. Make the parent first."),
            ),
            Rejection::ParentNotAContainer(_) => (P::Conflict, format!("{words}.")),
            Rejection::Exists(_) => (
                P::Exists,
                format!("Nothing was changed: {words}. PUT to it replaces it."),
            ),
            Rejection::Precondition => {
                let detail = "The value is not the one that the request expects; GET it again and \
                              repeat the write with its new ETag.";
                (P::PreconditionFailed, detail.to_owned())
            }
            Rejection::NotACollection => (P::Conflict, format!("Nothing can be added: {words}.")),
            Rejection::NotARecord => {
                let detail = "A record must be an object; to an object of objects send \
                              {\"key\":{…}}, to an array of records {…}.";
                (P::Unprocessable, detail.to_owned())
            }
            Rejection::IdMismatch(_) => (P::Conflict, format!("Nothing was changed: {words}.")),
            Rejection::Patch { ref path, .. } => {
                pointer = Pointer::parse(path).ok();
                (P::PatchConflict, format!("Nothing was changed: {words}."))
            }
            Rejection::Edit(_) | Rejection::Test | Rejection::IntoItself => {
                (P::PatchConflict, format!("Nothing was changed: {words}."))
            }
            Rejection::IdKind | Rejection::TooDeep(_) | Rejection::TooLarge(_) => {
                (P::Unprocessable, format!("{words}."))
            }
            Rejection::KeyReused => {
                let detail = "This Idempotency-Key came with another request before; make a new \
                              one for a new request.";
                (P::KeyReused, detail.to_owned())
            }
            Rejection::Index => {
                let detail = "The array has no such place; - is the place after the last.";
                (P::NotFound, detail.to_owned())
            }
            Rejection::Folder => (P::Conflict, "A folder cannot be written.".to_owned()),
            Rejection::Name => {
                let detail = "A file of this name cannot be made or removed here.";
                (P::NotFound, detail.to_owned())
            }
            Rejection::Broken(error) => {
                place = Some(error);
                (P::BrokenFile, format!("Nothing was changed: {words}."))
            }
        };
        let mut problem = Self::new(kind, capitalized(detail));
        problem.more.place = place;
        problem.more.pointer = pointer.map(|it| it.to_string());
        problem
    }
}

fn capitalized(text: String) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => text,
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let detail = capitalized(format!("{error}."));
        match error {
            StoreError::OutcomeUnknown => Self::new(P::StorageFailed, detail),
            StoreError::Full => Self::new(P::StorageFull, detail),
            StoreError::NotStored => Self::new(P::NotStored, detail),
            StoreError::Stopped => Self::new(P::Stopping, detail),
        }
    }
}

/// Says a refusal of the store in the dialogue, in one line.
pub(in crate::api) fn dialogue_reason(rejection: &Rejection, lang: Lang) -> String {
    match (rejection, lang) {
        (Rejection::Exists(key), Lang::En) => format!("The key {key} is there already"),
        (Rejection::Exists(key), Lang::Ko) => format!("이미 있는 key 입니다: {key}"),
        (
            Rejection::NotFound | Rejection::ParentNotFound | Rejection::ParentNotAContainer(_),
            Lang::En,
        ) => "There is no such key".to_owned(),
        (
            Rejection::NotFound | Rejection::ParentNotFound | Rejection::ParentNotAContainer(_),
            Lang::Ko,
        ) => "그런 key 가 없습니다".to_owned(),
        (Rejection::Broken(_), Lang::En) => "The file cannot be read as JSON".to_owned(),
        (Rejection::Broken(_), Lang::Ko) => "파일을 JSON 으로 읽을 수 없습니다".to_owned(),
        (other, Lang::En) => format!("Not done: {other}"),
        (other, Lang::Ko) => format!("처리하지 못했습니다: {other}"),
    }
}
