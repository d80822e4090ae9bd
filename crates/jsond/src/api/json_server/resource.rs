//! What is served under a name, and the items in it.

use crate::api::problem::Problem;
use jsond_document::{Kind, Value, id_of_value};
use jsond_store::{Address, Image, Place, Rejection, Resolved};

/// A member of the root that is about the document and no resource.
const SCHEMA: &str = "$schema";

/// Finds the value of a name.
///
/// *Errors*: 404, or that its file is broken.
pub(super) fn find(image: &Image, name: &str) -> Result<Place, Problem> {
    find_to_write(image, name).map_err(|rejection| match rejection {
        Rejection::Broken(error) => Problem::broken_on_read(error),
        other => other.into(),
    })
}

/// Finds the value of a name where it is written.
pub(super) fn find_to_write(image: &Image, name: &str) -> Result<Place, Rejection> {
    let address = address_of(image, name).ok_or(Rejection::NotFound)?;
    match image.resolve(&address) {
        Resolved::Value(place) if name != SCHEMA => Ok(place),
        Resolved::Broken(file) => {
            let error = file.broken.clone();
            Err(error.map_or(Rejection::NotFound, Rejection::Broken))
        }
        _ => Err(Rejection::NotFound),
    }
}

/// The address of a name. The elements of a root that is an array are called by their positions,
/// also where they have ids.
fn address_of(image: &Image, name: &str) -> Option<Address> {
    let root = image.file(&[]);
    let token = match root.and_then(|file| Some((file, file.value.as_ref()?))) {
        Some((file, root)) if root.kind() == Kind::Array => {
            let id_name = file.ids.id_name();
            let element = root.element(name.parse().ok()?)?;
            let has_ids = root.is_collection(id_name);
            let id = has_ids.then(|| id_of_value(&element, id_name));
            id.flatten()
        }
        _ => None,
    };
    Some(Address(vec![token.unwrap_or_else(|| name.to_owned())]))
}

/// The name that is there, whatever the case in which it is asked for.
pub(super) fn name_in_any_case(image: &Image, name: &str) -> String {
    if find(image, name).is_ok() {
        return name.to_owned();
    }
    let mut all = all(image).into_iter().map(|(name, _)| name);
    let found = all.find(|it| it.eq_ignore_ascii_case(name));
    found.unwrap_or_else(|| name.to_owned())
}

/// Everything that has a name, in order.
pub(super) fn all(image: &Image) -> Vec<(String, Place)> {
    let names: Vec<String> = match image.resolve(&Address::default()) {
        Resolved::Value(root) if root.value.kind() == Kind::Object => {
            let members = root.value.members();
            let names = members.filter_map(|it| it.name().map(std::borrow::Cow::into_owned));
            names.collect()
        }
        Resolved::Value(root) if root.value.kind() == Kind::Array => {
            (0..root.value.count()).map(|at| at.to_string()).collect()
        }
        Resolved::Folder { entries, .. } => {
            let stem = |name: &String| name.strip_suffix(".json").map(str::to_owned);
            entries.keys().filter_map(stem).collect()
        }
        _ => Vec::new(),
    };
    let found = names.into_iter().filter_map(|name| {
        let place = find(image, &name).ok()?;
        Some((name, place))
    });
    found.collect()
}

/// Finds an item of a collection by its id, with its index and its address.
pub(super) fn find_item(place: &Place, id: &str) -> Option<(Address, usize)> {
    let (index, _) = item_of(&place.value, place.id_name(), id)?;
    let token = match place.is_collection() {
        true => id.to_owned(),
        false => index.to_string(),
    };
    let mut address = place.canonical();
    address.0.push(token);
    Some((address, index))
}

/// Finds an item of an array by its id; the first has it where several do.
pub(super) fn item_of(value: &Value, id_name: &str, id: &str) -> Option<(usize, Value)> {
    if value.kind() != Kind::Array {
        return None;
    }
    if value.is_collection(id_name) {
        return value.record(id_name, id);
    }
    let mut records = value.members().map(|it| it.value).enumerate();
    records.find(|(_, record)| id_of_value(record, id_name).is_some_and(|it| it == id))
}

/// The tokens that lead to a place from the root document.
pub(super) fn tokens_of(place: &Place) -> Vec<String> {
    place
        .file_path
        .iter()
        .chain(&place.pointer)
        .cloned()
        .collect()
}
