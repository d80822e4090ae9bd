//! The writes of json-server: what each changes is made up by the writer, from what is there.

use super::removal::Dependents;
use super::resource::{find_item, find_to_write, item_of, tokens_of};
use super::{Asked, members};
use crate::api::action::{Action, Shown, Write};
use crate::api::conditional::precondition_of;
use crate::api::decode::parse_patch;
use crate::api::idempotency::idempotency_key_of;
use crate::api::preference::prefers_minimal;
use crate::api::problem::{Problem, ProblemKind};
use jsond_document::{Json, Kind, PatchOperation, Pointer, Value, id_text};
use jsond_store::{Address, Derivation, Derived, Edit, Effect, Image, Mutation, Place, Rejection};
use std::sync::Arc;

/// A write, as the writer makes it up.
#[derive(Debug)]
pub(super) enum Change {
    Create(Create),
    Item(ItemWrite),
    Single(SingleWrite),
    /// A patch of an item by its own media type.
    Patch {
        address: Address,
        edit: Edit,
    },
}

/// A new item.
#[derive(Debug)]
pub(super) struct Create {
    pub(super) name: String,
    pub(super) body: Json,
    pub(super) id: NewId,
}

/// How a new item gets its id.
#[derive(Debug)]
pub(super) enum NewId {
    /// This one, whatever the client says.
    Made(String),
    /// The client's, else this one.
    GivenOr(String),
    /// The client's, else the largest number and one, else this one.
    GivenOrNext(String),
}

/// A write of an item that is there.
#[derive(Debug)]
pub(super) struct ItemWrite {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) what: ItemEdit,
}

/// What happens to an item.
#[derive(Debug)]
pub(super) enum ItemEdit {
    /// It becomes this, but for its id.
    Replace(Json),
    /// It gets these members.
    Assign(Json),
    /// It goes, and others with it.
    Remove(Dependents),
}

/// A write of a value that is no collection.
#[derive(Debug)]
pub(super) struct SingleWrite {
    pub(super) name: String,
    pub(super) body: Json,
    pub(super) effect: Effect,
    /// Whether members are set, or the whole is replaced.
    pub(super) assigns: bool,
}

/// Makes the action of a change.
pub(super) fn action(change: Change, asked: &Asked<'_>) -> Result<Action, Problem> {
    let headers = &asked.head.headers;
    let (address, edit) = match change {
        Change::Patch { address, edit } => (address, edit),
        Change::Create(create) => (named(&create.name), Edit::Derive(Arc::new(create))),
        Change::Single(single) => (named(&single.name), Edit::Derive(Arc::new(single))),
        Change::Item(item) => {
            let address = match &item.what {
                ItemEdit::Remove(dependents) if dependents.reach_others() => Address::default(),
                _ => Address(vec![item.name.clone(), item.id.clone()]),
            };
            (address, Edit::Derive(Arc::new(item)))
        }
    };
    let shown = match prefers_minimal(headers) {
        true => Shown::Nothing,
        false => Shown::Compact,
    };
    let mutation = Box::new(Mutation {
        address,
        precondition: precondition_of(headers)?,
        edit,
        key: idempotency_key_of(&asked.head, &asked.body)?,
        wants_image: false,
    });
    Ok(Action::Write(Write { mutation, shown }))
}

fn named(name: &str) -> Address {
    Address(vec![name.to_owned()])
}

/// The patch of an item by JSON Patch or merge patch, if the body is of such a type.
pub(super) fn typed_patch(
    name: &str,
    id: &str,
    media: &str,
    asked: &Asked<'_>,
) -> Result<Option<Change>, Problem> {
    let json = || Json::parse(&asked.body).map_err(Problem::malformed_json);
    let edit = match media {
        "application/json-patch+json" => {
            let operations_max = asked.served.limits.patch_operations_max;
            Edit::Patch(parse_patch(&json()?, operations_max)?)
        }
        "application/merge-patch+json" => Edit::Merge(Value::from(json()?)),
        _ => return Ok(None),
    };
    let place = super::resource::find(asked.served.image, name)?;
    let (address, _) = find_item(&place, id).ok_or_else(Problem::not_found)?;
    if place.is_collection() {
        return Ok(Some(Change::Patch { address, edit }));
    }
    let detail = "Such a patch needs a collection in which every item has an id; send JSON.";
    Err(Problem::new(ProblemKind::MediaType, detail))
}

/// The pointer to something below a place.
pub(super) fn pointer(place: &Place, below: &[&str]) -> Pointer {
    let below = below.iter().map(|&token| token.to_owned());
    Pointer::from_tokens(tokens_of(place).into_iter().chain(below))
}

/// The collection of a name.
fn collection(image: &Image, name: &str) -> Result<Place, Rejection> {
    let place = find_to_write(image, name)?;
    match place.value.kind() {
        Kind::Array => Ok(place),
        _ => Err(Rejection::NotFound),
    }
}

impl Derivation for Create {
    fn derive(&self, image: &Image) -> Result<Derived, Rejection> {
        let place = collection(image, &self.name)?;
        let id_name = place.id_name();
        let id = self.id.of(&self.body, &place)?;
        let text = id_text(&id).ok_or(Rejection::IdKind)?;
        if item_of(&place.value, id_name, &text).is_some() {
            return Err(Rejection::Exists(text));
        }
        let item = match self.body.kind() {
            Kind::Object => self.body.with_member(id_name, &id),
            _ => self.body.clone(),
        };
        let item = Value::from(item);
        let mut written = place.canonical();
        written.0.push(text);
        Ok(Derived {
            subject: place.canonical(),
            operations: vec![PatchOperation::Add {
                path: pointer(&place, &["-"]),
                value: item.clone(),
            }],
            effect: Effect::Created,
            written,
            shown: item,
        })
    }
}

impl NewId {
    fn of(&self, body: &Json, place: &Place) -> Result<Json, Rejection> {
        let given = body.member(place.id_name());
        let given = given.filter(|_| body.kind() == Kind::Object);
        match (self, given.filter(counts)) {
            (Self::GivenOr(_) | Self::GivenOrNext(_), Some(given)) => {
                id_text(&given).map(|_| given).ok_or(Rejection::IdKind)
            }
            (Self::Made(made) | Self::GivenOr(made), _) => Ok(Json::string(made)),
            (Self::GivenOrNext(made), None) => Ok(next_id(place, made)),
        }
    }
}

/// Judges whether an id counts as given: what is false in JavaScript does not.
fn counts(id: &Json) -> bool {
    !matches!(id.as_str(), "null" | "false" | "\"\"" | "0")
}

/// The largest number and one; where the largest id is none, the one that was made.
fn next_id(place: &Place, made: &str) -> Json {
    // From here on JavaScript cannot tell a number from the next.
    let is_told = |largest: &u64| *largest < 1 << 53;
    if let Some(largest) = place
        .value
        .largest_integer_id(place.id_name())
        .filter(is_told)
    {
        return number(&(largest + 1).to_string());
    }
    match place.value.largest_field(place.id_name()) {
        None => number("1"),
        Some(largest) => match (largest.kind(), largest.as_str().parse::<f64>()) {
            (Kind::Number, Ok(largest)) if largest < 9_007_199_254_740_992.0 => {
                number(&jsond_document::spell_number(largest + 1.0))
            }
            _ => Json::string(made),
        },
    }
}

fn number(text: &str) -> Json {
    Json::parse(text.as_bytes()).expect("INVARIANT: digits are JSON")
}

impl Derivation for ItemWrite {
    fn derive(&self, image: &Image) -> Result<Derived, Rejection> {
        let place = collection(image, &self.name)?;
        let id_name = place.id_name();
        let (index, item) = item_of(&place.value, id_name, &self.id).ok_or(Rejection::NotFound)?;
        let (subject, _) = find_item(&place, &self.id).ok_or(Rejection::NotFound)?;
        let index_token = index.to_string();
        let (operations, shown, effect) = match &self.what {
            ItemEdit::Replace(body) => {
                let new = match item.member(id_name) {
                    Some(id) => body.with_member(id_name, &id.to_json()),
                    None => body.clone(),
                };
                let path = pointer(&place, &[&index_token]);
                let value = Value::from(new);
                let operation = PatchOperation::Replace {
                    path,
                    value: value.clone(),
                };
                (vec![operation], value, Effect::Replaced)
            }
            ItemEdit::Assign(body) => {
                let body = body.without_member(id_name);
                let above = [index_token.as_str()];
                let (operations, new) = assigned(&place, &above, &item, &body);
                (operations, new, Effect::Replaced)
            }
            ItemEdit::Remove(dependents) => {
                let operations = dependents.operations(image, &place, index, &self.id);
                (operations, item, Effect::Removed)
            }
        };
        Ok(Derived {
            written: subject.clone(),
            subject,
            operations,
            effect,
            shown,
        })
    }
}

impl Derivation for SingleWrite {
    fn derive(&self, image: &Image) -> Result<Derived, Rejection> {
        let place = find_to_write(image, &self.name)?;
        let (operations, shown) = match (place.value.kind(), self.assigns) {
            (Kind::Array, _) => return Err(Rejection::NotFound),
            (Kind::Object, true) => assigned(&place, &[], &place.value, &self.body),
            _ => {
                let value = Value::from(self.body.clone());
                let operation = PatchOperation::Replace {
                    path: pointer(&place, &[]),
                    value: value.clone(),
                };
                (vec![operation], value)
            }
        };
        Ok(Derived {
            subject: place.canonical(),
            written: place.canonical(),
            operations,
            effect: self.effect,
            shown,
        })
    }
}

/// So many members are changed one by one; of more the whole is replaced, as one operation.
const ASSIGNED_MAX: usize = 32;

/// Sets the members of a body in an object, each as a whole.
fn assigned(
    place: &Place,
    above: &[&str],
    object: &Value,
    body: &Json,
) -> (Vec<PatchOperation>, Value) {
    let new = Value::from(object.to_json().with_members_of(body));
    let members = members(body);
    if members.len() > ASSIGNED_MAX {
        let path = pointer(place, above);
        let value = new.clone();
        return (vec![PatchOperation::Replace { path, value }], new);
    }
    let operations = members
        .into_iter()
        .map(|(name, value)| PatchOperation::Add {
            path: pointer(place, &[above, &[name.as_str()]].concat()),
            value,
        });
    (operations.collect(), new)
}
