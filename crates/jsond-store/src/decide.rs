//! From a mutation to the change that it means in one image, or to its refusal. No I/O.

use crate::change::{Operation, OperationKind, Written};
use crate::contract::{
    Addition, Address, Edit, Effect, Mutation, Precondition, Rejection, spell_id,
};
use crate::current::Current;
use crate::derive::derive;
use crate::image::{FilePath, Image};
use crate::patch::patch;
use crate::resolve::{Place, Resolved, Way};
use crate::served::{FILE_ENDING, is_hidden};
use bytes::Bytes;
use jsond_document::{Bounds, IdRule, Json, Kind, Pointer, Value, id_of_value, id_text};

/// What a mutation comes to.
#[derive(Debug)]
pub(crate) struct Decision {
    pub(crate) effect: Effect,
    /// Empty when nothing changes.
    pub(crate) operations: Vec<Operation>,
    pub(crate) written: Vec<Address>,
    /// The value that the answer shows, where it is known: what a removal removes, what an
    /// exchange puts there. Otherwise it is read from the new image.
    pub(crate) shown: Option<Value>,
    /// The way to the place that the one operation is about, where it is known.
    pub(crate) way: Option<Way>,
}

/// Decides what a mutation does to an image.
///
/// The address of the mutation may be gone afterwards: into the answer.
pub(crate) fn decide(image: &Image, mutation: &mut Mutation) -> Result<Decision, Rejection> {
    let mut decision = decide_by_edit(image, mutation)?;
    for operation in &mut decision.operations {
        operation.ids = image.ids.clone();
    }
    Ok(decision)
}

fn decide_by_edit(image: &Image, mutation: &mut Mutation) -> Result<Decision, Rejection> {
    if let Edit::Derive(derivation) = &mutation.edit {
        return derive(image, derivation.as_ref(), &mutation.precondition);
    }
    let resolved = image.resolve(&mutation.address);
    let precondition = &mutation.precondition;
    let mut decision = match &mutation.edit {
        Edit::Put { value, text } => {
            let (asked, new) = (&mut mutation.address, (value, text.as_ref()));
            put(resolved, asked, precondition, new)
        }
        Edit::Add(additions) => add(resolved, precondition, additions),
        Edit::Remove => remove(resolved, precondition),
        edit @ (Edit::Patch(_) | Edit::Merge(_) | Edit::Derive(_)) => {
            return patch(image, resolved, precondition, edit);
        }
    }?;
    for (operation, address) in decision.operations.iter_mut().zip(&decision.written) {
        if operation.path.tokens() != address.0 {
            operation.address = Some(address.clone());
        }
    }
    Ok(decision)
}

pub(crate) fn judge(precondition: &Precondition, current: Current<'_>) -> Result<(), Rejection> {
    if precondition.holds(current) {
        Ok(())
    } else {
        Err(Rejection::Precondition)
    }
}

fn put(
    resolved: Resolved,
    asked: &mut Address,
    precondition: &Precondition,
    (value, text): (&Value, Option<&Bytes>),
) -> Result<Decision, Rejection> {
    match resolved {
        Resolved::Value(place) => {
            let written = match place.canonical_tokens().eq(&asked.0) {
                true => std::mem::take(asked),
                false => place.canonical(),
            };
            replace(place, written, precondition, (value, text))
        }
        Resolved::Absent { parent, token } => create(&parent, &token, precondition, value),
        Resolved::AbsentFile { path } => create_file(path, precondition, value, text),
        Resolved::Folder { .. } => Err(Rejection::Folder),
        Resolved::Broken(file) => Err(broken(&file)),
        Resolved::Nothing => Err(Rejection::ParentNotFound),
    }
}

fn replace(
    place: Place,
    written: Address,
    precondition: &Precondition,
    (value, text): (&Value, Option<&Bytes>),
) -> Result<Decision, Rejection> {
    check_writable(&place)?;
    judge(precondition, Current::Value(&place))?;
    let written = vec![written];
    if place.value == *value {
        return Ok(Decision {
            effect: Effect::Unchanged,
            operations: Vec::new(),
            written,
            shown: Some(place.value),
            way: None,
        });
    }
    if let Some((_, ids)) = place.parent_value().filter(has_ids)
        && let Some(id) = place.address().last()
    {
        let new = id_of_value(value, ids.id_name());
        if new.as_ref() != Some(id) {
            return Err(Rejection::IdMismatch(new.unwrap_or_else(|| id.clone())));
        }
    }
    if is_id_of_record(&place) && id_text(&value.to_json()) != id_text(&place.value.to_json()) {
        return Err(Rejection::IdMismatch(value.to_json().to_string()));
    }
    check_depth(place.pointer.len(), value)?;
    let text = text.filter(|_| place.is_file()).cloned();
    let written_value = Written {
        value: value.clone(),
        text,
    };
    let (tokens, way) = place.into_way();
    let kind = OperationKind::Replace(written_value);
    let operations = vec![Operation::new(kind, Pointer::from_tokens(tokens))];
    Ok(Decision {
        effect: Effect::Replaced,
        operations,
        written,
        shown: Some(value.clone()),
        way: Some(way),
    })
}

/// Judges whether a place is the id of a record of an array that is a collection: a write may not
/// change it under the record's address.
fn is_id_of_record(place: &Place) -> bool {
    let array = place.grandparent_value().filter(has_ids);
    array.is_some_and(|(_, ids)| {
        let name = place.pointer.last();
        name.is_some_and(|name| *name == ids.id_name())
    })
}

/// Judges whether a value is an array that is a collection: its records have ids.
fn has_ids((value, ids): &&(Value, IdRule)) -> bool {
    value.kind() == Kind::Array && value.is_collection(ids.id_name())
}

fn create(
    parent: &Place,
    token: &str,
    precondition: &Precondition,
    value: &Value,
) -> Result<Decision, Rejection> {
    check_writable(parent)?;
    judge(precondition, Current::Nothing)?;
    if !matches!(parent.value.kind(), Kind::Array | Kind::Object) {
        return Err(Rejection::ParentNotAContainer(parent.value.kind().name()));
    }
    check_depth(parent.pointer.len() + 1, value)?;
    let is_array = parent.value.kind() == Kind::Array;
    let (token, value, address) = if parent.has_ids() && token != "-" {
        (
            parent.value.count().to_string(),
            with_id(value, parent.id_name(), token)?,
            token.to_owned(),
        )
    } else if is_array {
        let count = parent.value.count().to_string();
        if token != "-" && token != count {
            return Err(Rejection::Index);
        }
        (count.clone(), value.clone(), count)
    } else {
        (token.to_owned(), value.clone(), token.to_owned())
    };
    let operations = vec![operation(
        parent,
        Some(token),
        OperationKind::Add(value.into()),
    )];
    let written = vec![child_address(parent, address)];
    Ok(Decision {
        effect: Effect::Created,
        operations,
        written,
        shown: None,
        way: None,
    })
}

fn child_address(parent: &Place, token: String) -> Address {
    let mut address = parent.canonical();
    address.0.push(token);
    address
}

/// Makes sure that a new record has the id that its address names.
fn with_id(value: &Value, id_name: &str, token: &str) -> Result<Value, Rejection> {
    if value.kind() != Kind::Object {
        return Err(Rejection::NotARecord);
    }
    match (id_of_value(value, id_name), value.member(id_name)) {
        (Some(id), _) if id == token => Ok(value.clone()),
        (Some(id), _) => Err(Rejection::IdMismatch(id)),
        (None, Some(_)) => Err(Rejection::IdKind),
        (None, None) => Ok(insert_id(value, id_name, &id_literal(token))),
    }
}

/// Spells an id as a number when it reads as an integer of the usual form, else as a string.
fn id_literal(token: &str) -> Json {
    match token.parse::<u64>() {
        Ok(number) if number.to_string() == token => spell_id(number),
        _ => Json::string(token),
    }
}

/// Puts the id before the other members.
fn insert_id(value: &Value, id_name: &str, id: &Json) -> Value {
    let text = value.to_json().to_string();
    let rest = &text[1..];
    let comma = if rest == "}" { "" } else { "," };
    let text = format!("{{{}:{id}{comma}{rest}", jsond_document::quote(id_name));
    Value::parse(text.as_bytes()).expect("INVARIANT: an object with one more member")
}

fn create_file(
    path: FilePath,
    precondition: &Precondition,
    value: &Value,
    text: Option<&Bytes>,
) -> Result<Decision, Rejection> {
    check_name(path.last().expect("INVARIANT: a file has a name"))?;
    judge(precondition, Current::Nothing)?;
    let written_value = Written {
        value: value.clone(),
        text: text.cloned(),
    };
    let operations = vec![Operation::new(
        OperationKind::Add(written_value),
        Pointer::from_tokens(path.iter().cloned()),
    )];
    let written = vec![Address(path)];
    Ok(Decision {
        effect: Effect::Created,
        operations,
        written,
        shown: None,
        way: None,
    })
}

/// Judges whether a file of this name could be served.
pub(crate) fn check_name(name: &str) -> Result<(), Rejection> {
    let stem = name.strip_suffix(FILE_ENDING).unwrap_or(name);
    let is_plain = !is_hidden(name)
        && name.ends_with(FILE_ENDING)
        && !stem.is_empty()
        && name.len() <= 200
        && !name.contains('/');
    if is_plain {
        Ok(())
    } else {
        Err(Rejection::Name)
    }
}

/// The value that has to be there, writable and as the precondition wants it.
pub(crate) fn existing(
    resolved: Resolved,
    precondition: &Precondition,
) -> Result<Place, Rejection> {
    let place = match resolved {
        Resolved::Value(place) => place,
        Resolved::Folder { .. } => return Err(Rejection::Folder),
        Resolved::Broken(file) => return Err(broken(&file)),
        _ => return Err(Rejection::NotFound),
    };
    check_writable(&place)?;
    judge(precondition, Current::Value(&place))?;
    Ok(place)
}

fn add(
    resolved: Resolved,
    precondition: &Precondition,
    additions: &[Addition],
) -> Result<Decision, Rejection> {
    let place = existing(resolved, precondition)?;
    match place.value.kind() {
        Kind::Object if place.is_collection() => add_members(&place, additions),
        Kind::Array => add_elements(&place, additions),
        _ => Err(Rejection::NotACollection),
    }
}

fn add_members(place: &Place, additions: &[Addition]) -> Result<Decision, Rejection> {
    let mut operations = Vec::new();
    let mut written = Vec::new();
    let mut keys = std::collections::HashSet::new();
    for Addition { key, value } in additions {
        let key = key.as_ref().ok_or(Rejection::NotARecord)?;
        if value.kind() != Kind::Object {
            return Err(Rejection::NotARecord);
        }
        if place.value.member(key).is_some() || !keys.insert(key) {
            return Err(Rejection::Exists(key.clone()));
        }
        check_depth(place.pointer.len() + 1, value)?;
        let kind = OperationKind::Add(value.clone().into());
        operations.push(operation(place, Some(key.clone()), kind));
        written.push(child_address(place, key.clone()));
    }
    Ok(created(operations, written))
}

fn created(operations: Vec<Operation>, written: Vec<Address>) -> Decision {
    let effect = if operations.is_empty() {
        Effect::Unchanged
    } else {
        Effect::Created
    };
    Decision {
        effect,
        operations,
        written,
        shown: None,
        way: None,
    }
}

fn add_elements(place: &Place, additions: &[Addition]) -> Result<Decision, Rejection> {
    let is_collection = place.is_collection();
    let mut ids = NewIds::of(place);
    let mut operations = Vec::new();
    let mut written = Vec::new();
    for (at, Addition { value, .. }) in (place.value.count()..).zip(additions) {
        check_depth(place.pointer.len() + 1, value)?;
        let (value, token) = if is_collection {
            if value.kind() != Kind::Object {
                return Err(Rejection::NotARecord);
            }
            ids.place(value)?
        } else {
            (value.clone(), at.to_string())
        };
        let kind = OperationKind::Add(value.into());
        operations.push(operation(place, Some(at.to_string()), kind));
        written.push(child_address(place, token));
    }
    Ok(created(operations, written))
}

/// The ids of an array collection and of what is being added to it.
struct NewIds<'a> {
    place: &'a Place,
    added: std::collections::HashSet<String>,
    /// The largest integer among the added ids, if all of them are integers.
    largest_added: Option<u64>,
    /// The same of the collection; read when it is first needed.
    largest: Option<Option<u64>>,
}

impl<'a> NewIds<'a> {
    fn of(place: &'a Place) -> Self {
        Self {
            place,
            added: std::collections::HashSet::new(),
            largest_added: Some(0),
            largest: None,
        }
    }

    /// Gives a record its id, taken from it or made, and refuses one that is there already.
    fn place(&mut self, value: &Value) -> Result<(Value, String), Rejection> {
        let id_name = self.place.id_name();
        let (value, id) = match (id_of_value(value, id_name), value.member(id_name)) {
            (Some(id), _) => (value.clone(), id),
            (None, Some(_)) => return Err(Rejection::IdKind),
            (None, None) => {
                let id = self.make();
                (insert_id(value, id_name, &id_literal(&id)), id)
            }
        };
        if self.place.value.record(id_name, &id).is_some() || !self.added.insert(id.clone()) {
            return Err(Rejection::Exists(id));
        }
        let number = value.member(id_name).and_then(|id| integer(&id));
        let largest = self.largest_added.zip(number);
        self.largest_added = largest.map(|(largest, number)| largest.max(number));
        Ok((value, id))
    }

    /// Makes the next integer, or a UUID where the ids are not all integers.
    fn make(&mut self) -> String {
        let place = self.place;
        let largest = *self
            .largest
            .get_or_insert_with(|| place.value.largest_integer_id(place.id_name()));
        let largest = largest.zip(self.largest_added).map(|(a, b)| a.max(b));
        match largest.and_then(|largest| largest.checked_add(1)) {
            Some(next) => next.to_string(),
            None => uuid::Uuid::now_v7().to_string(),
        }
    }
}

fn integer(id: &Value) -> Option<u64> {
    (id.kind() == Kind::Number)
        .then(|| id.to_json().as_str().parse().ok())
        .flatten()
}

fn remove(resolved: Resolved, precondition: &Precondition) -> Result<Decision, Rejection> {
    let place = existing(resolved, precondition)?;
    if place.is_file() && place.file_path.is_empty() {
        return Err(Rejection::Name);
    }
    if is_id_of_record(&place) {
        let id = id_text(&place.value.to_json()).unwrap_or_default();
        return Err(Rejection::IdMismatch(id));
    }
    let operations = vec![operation(&place, None, OperationKind::Remove)];
    let written = vec![place.canonical()];
    Ok(Decision {
        effect: Effect::Removed,
        operations,
        written,
        shown: Some(place.value),
        way: None,
    })
}

fn operation(place: &Place, token: Option<String>, kind: OperationKind) -> Operation {
    let tokens = place
        .file_path
        .iter()
        .chain(&place.pointer)
        .cloned()
        .chain(token);
    Operation::new(kind, Pointer::from_tokens(tokens))
}

pub(crate) fn check_writable(place: &Place) -> Result<(), Rejection> {
    match &place.file.broken {
        Some(error) => Err(Rejection::Broken(error.clone())),
        None => Ok(()),
    }
}

pub(crate) fn broken(file: &crate::image::File) -> Rejection {
    file.broken
        .clone()
        .map_or(Rejection::NotFound, Rejection::Broken)
}

/// Depth is measured from the root of the file.
pub(crate) fn check_depth(above: usize, value: &Value) -> Result<(), Rejection> {
    let bound = Bounds::default().depth_max;
    let depth = value.depth();
    if above + depth > bound {
        Err(Rejection::TooDeep(bound))
    } else {
        Ok(())
    }
}
