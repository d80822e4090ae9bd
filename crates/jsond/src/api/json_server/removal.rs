//! What goes with an item that is removed, or loses its hold on it.

use super::Rules;
use super::inflect::plural;
use super::relation::key_of_parent;
use super::resource::{self, item_of};
use super::write::pointer;
use jsond_document::{Json, Kind, PatchOperation, Value, id_of_value, id_text};
use jsond_store::{Image, Place};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What happens to the items of other collections.
#[derive(Debug)]
pub(super) enum Dependents {
    /// Nothing.
    Stay,
    /// Those of these collections that name the item go with it.
    Go { of: Vec<String>, key: String },
    /// Those that name the item name nothing any more; then those of these collections go that name
    /// nothing, as json-server 1.x has it.
    Forget { of: Vec<String>, key: String },
    /// All items go, of any collection, that name one that is not there, as 0.17 has it.
    Sweep { suffix: String },
}

impl Dependents {
    /// What goes with an item of a collection when the client says so.
    pub(super) fn named(name: &str, of: Vec<String>, rules: &Rules) -> Self {
        let key = key_of_parent(name, rules);
        match (rules.is_strict, of.is_empty()) {
            (true, _) => Self::Forget { of, key },
            (false, true) => Self::Stay,
            (false, false) => Self::Go { of, key },
        }
    }

    /// Whether other collections are changed.
    pub(super) fn reach_others(&self) -> bool {
        !matches!(self, Self::Stay)
    }

    /// The operations that remove an item and do what else is to be done.
    pub(super) fn operations(
        &self,
        image: &Image,
        place: &Place,
        index: usize,
        id: &str,
    ) -> Vec<PatchOperation> {
        let mut removal = Removal::new(image, place, index);
        match self {
            Self::Stay => {}
            Self::Go { of, key } => {
                let is_child = |item: &Value| id_of_value(item, key).is_some_and(|it| it == id);
                removal.remove_where(of, is_child);
            }
            Self::Forget { of, key } => removal.forget(of, key, id),
            Self::Sweep { suffix } => removal.sweep(suffix),
        }
        removal.operations()
    }
}

/// So many items of a collection are removed one by one; of more the collection is written anew, for
/// all other writes wait meanwhile.
const ONE_BY_ONE_MAX: usize = 64;

/// Of a larger collection items are removed one by one, however many: a change is one line of the
/// journal.
const REWRITTEN_BYTES_MAX: usize = 32 << 20;

/// What is removed and changed, collection by collection.
struct Removal {
    /// All collections; the first is the one of the item.
    collections: Vec<(String, Place)>,
    gone: BTreeMap<usize, BTreeSet<usize>>,
    /// Those that keep their place and lose their key.
    orphans: BTreeMap<usize, BTreeSet<usize>>,
    key: String,
}

impl Removal {
    fn new(image: &Image, place: &Place, index: usize) -> Self {
        let mut collections = vec![(String::new(), place.clone())];
        let others = resource::all(image).into_iter().filter(|(_, it)| {
            it.value.kind() == Kind::Array
                && (&it.file_path, &it.pointer) != (&place.file_path, &place.pointer)
        });
        collections.extend(others);
        Self {
            collections,
            gone: BTreeMap::from([(0, BTreeSet::from([index]))]),
            orphans: BTreeMap::new(),
            key: String::new(),
        }
    }

    fn remove_where(&mut self, of: &[String], is_met: impl Fn(&Value) -> bool) {
        for (at, (name, place)) in self.collections.iter().enumerate().skip(1) {
            if !of.contains(name) {
                continue;
            }
            let items = place.value.members().enumerate();
            let found = items.filter(|(_, item)| is_met(&item.value));
            let gone = self.gone.entry(at).or_default();
            gone.extend(found.map(|(index, _)| index));
        }
    }

    fn forget(&mut self, of: &[String], key: &str, id: &str) {
        let named = |item: &Value| item.member(key).map(|it| it.to_json());
        let id = Json::string(id);
        for (at, (_, place)) in self.collections.iter().enumerate().skip(1) {
            let items = place.value.members().enumerate();
            let orphans = items.filter(|(_, item)| named(&item.value).is_some_and(|it| it == id));
            self.orphans
                .insert(at, orphans.map(|(index, _)| index).collect());
        }
        key.clone_into(&mut self.key);
        self.remove_where(of, |item| {
            named(item).is_some_and(|it| it.kind() == Kind::Null || it == id)
        });
    }

    fn sweep(&mut self, suffix: &str) {
        let mut names: Vec<_> = self
            .collections
            .iter()
            .map(|(name, _)| name.clone())
            .collect();
        let own = self.collections[0].1.canonical().0;
        names[0] = own.last().cloned().unwrap_or_default();
        let gone_index = self.gone[&0].first().copied().unwrap_or_default();
        let gone_id = self.collections[0].1.value.element(gone_index);
        let id_name = self.collections[0].1.id_name().to_owned();
        let gone_id = gone_id.and_then(|item| id_of_value(&item, &id_name));
        // Few names stand in very many items.
        let mut parents_of: HashMap<String, Option<usize>> = HashMap::new();
        for (at, (_, place)) in self.collections.iter().enumerate() {
            for (index, item) in place.value.members().enumerate() {
                let dangles = item.value.members().any(|member| {
                    let name = member.name().unwrap_or_default();
                    let Some(parent) = name.strip_suffix(suffix) else {
                        return false;
                    };
                    let parents = *parents_of
                        .entry(parent.to_owned())
                        .or_insert_with(|| names.iter().position(|it| *it == plural(parent)));
                    let (Some(parents), Some(key)) = (parents, id_text_of(&member.value)) else {
                        return false;
                    };
                    let there = &self.collections[parents].1;
                    let is_gone = parents == 0 && gone_id.as_ref() == Some(&key);
                    is_gone || item_of(&there.value, there.id_name(), &key).is_none()
                });
                if dangles {
                    self.gone.entry(at).or_default().insert(index);
                }
            }
        }
    }

    fn operations(self) -> Vec<PatchOperation> {
        let none = BTreeSet::new();
        let mut operations = Vec::new();
        for (at, (_, place)) in self.collections.iter().enumerate() {
            let gone = self.gone.get(&at).unwrap_or(&none);
            let orphans = self.orphans.get(&at).unwrap_or(&none);
            let count = gone.len() + orphans.len();
            if count > ONE_BY_ONE_MAX && place.value.len_bytes() <= REWRITTEN_BYTES_MAX {
                operations.push(PatchOperation::Replace {
                    path: pointer(place, &[]),
                    value: self.rewritten(&place.value, gone, orphans),
                });
                continue;
            }
            operations.extend(self.one_by_one(place, gone, orphans));
        }
        operations
    }

    /// Changes first, then removals from the end, so that no index moves before its turn.
    fn one_by_one(
        &self,
        place: &Place,
        gone: &BTreeSet<usize>,
        orphans: &BTreeSet<usize>,
    ) -> Vec<PatchOperation> {
        let null = Value::parse(b"null").expect("INVARIANT: it is JSON");
        let changes = orphans.iter().map(|index| PatchOperation::Replace {
            path: pointer(place, &[&index.to_string(), &self.key]),
            value: null.clone(),
        });
        let removals = gone.iter().rev().map(|index| PatchOperation::Remove {
            path: pointer(place, &[&index.to_string()]),
        });
        changes.chain(removals).collect()
    }

    /// The whole collection as it is to be.
    fn rewritten(&self, items: &Value, gone: &BTreeSet<usize>, orphans: &BTreeSet<usize>) -> Value {
        let null = Json::parse(b"null").expect("INVARIANT: it is JSON");
        let mut text = vec![b'['];
        for (index, item) in items.members().enumerate() {
            if gone.contains(&index) {
                continue;
            }
            if text.len() > 1 {
                text.push(b',');
            }
            let item = item.value.to_json();
            let item = match orphans.contains(&index) {
                true => item.with_member(&self.key, &null),
                false => item,
            };
            text.extend_from_slice(item.as_bytes());
        }
        text.push(b']');
        Value::from(Json::parse_owned(text).expect("INVARIANT: items of a collection"))
    }
}

fn id_text_of(value: &Value) -> Option<String> {
    matches!(value.kind(), Kind::String | Kind::Number)
        .then(|| id_text(&value.to_json()))
        .flatten()
}
