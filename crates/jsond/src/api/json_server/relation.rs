//! The relations that parameters and names stand for.

use super::inflect::{plural, singular};
use super::{Asked, Rules, resource};
use crate::api::joins::Related;
use crate::api::problem::{Problem, ProblemKind};
use crate::limits::RELATIONS_MAX;
use jsond_document::{Relation, Side};
use jsond_store::Address;

/// The name of the member that holds the id of an item of a collection.
pub(super) fn key_of_parent(collection: &str, rules: &Rules) -> String {
    let name = collection.strip_suffix(".json").unwrap_or(collection);
    format!("{}{}", singular(name), rules.key_suffix)
}

/// The items of another collection that have this one's as their parents.
pub(super) fn children(name: &str, related: &str, is_typed: bool, asked: &Asked<'_>) -> Related {
    let relation = Relation {
        member: related.to_owned(),
        side: Side::Children(key_of_parent(name, asked.rules)),
        is_typed,
    };
    Related::new(relation, Address(vec![related.to_owned()]))
}

/// The parent that is called so.
pub(super) fn parent(related: &str, is_typed: bool, asked: &Asked<'_>) -> Related {
    let relation = Relation {
        member: related.to_owned(),
        side: Side::Parent(format!("{related}{}", asked.rules.key_suffix)),
        is_typed,
    };
    Related::new(relation, Address(vec![collection_of(related, asked)]))
}

/// The collection that has parents of this name: its plural, or one of which it is the singular.
fn collection_of(related: &str, asked: &Asked<'_>) -> String {
    let image = asked.served.image;
    let plural = plural(related);
    if resource::find(image, &plural).is_ok() {
        return plural;
    }
    let mut all = resource::all(image).into_iter().map(|(name, _)| name);
    all.find(|name| singular(name) == related).unwrap_or(plural)
}

/// Judges whether there are not too many relations.
pub(super) fn check_count(relations: &[Related]) -> Result<(), Problem> {
    if relations.len() <= RELATIONS_MAX {
        return Ok(());
    }
    let detail = format!("More than {RELATIONS_MAX} relations are asked for; ask for fewer.");
    Err(Problem::new(ProblemKind::UnknownParameter, detail))
}
