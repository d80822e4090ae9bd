//! From a patch to the operations that it means in one image, or to its refusal. No I/O.
//!
//! The patch runs against a working image, so that each operation sees the ones before it. What
//! comes of it is concrete: every token into an array is an index, every operation an addition, a
//! replacement or a removal, and what changes nothing is left out.

use crate::change::{Operation, OperationKind, Written};
use crate::contract::{Address, Edit, Effect, Precondition, Rejection};
use crate::current::Current;
use crate::decide::{Decision, check_depth, check_name, check_writable, judge};
use crate::image::{ApplyError, Image, folder_document};
use crate::resolve::{Place, Resolved};
use jsond_document::{
    EditError, Kind, Patch, PatchEdit, PatchError, PatchFault, Patched, PlacedEdit, Pointer, Value,
    id_of_value, merge_patch,
};

/// What the operations of one patch write at the most: it becomes one line of the journal.
const WRITTEN_BYTES_MAX: usize = 64 << 20;

/// Decides what a patch means where it is addressed.
pub(crate) fn patch(
    image: &Image,
    resolved: Resolved,
    precondition: &Precondition,
    edit: &Edit,
) -> Result<Decision, Rejection> {
    match resolved {
        Resolved::Value(place) => patch_value(image, &place, precondition, edit),
        Resolved::Folder { path, entries } => {
            judge(precondition, Current::Folder(&entries))?;
            let mut working = Working::new(image, path.clone());
            working.run(edit, &Value::object([]))?;
            Ok(working.decision(Address(path)))
        }
        Resolved::Broken(file) => Err(crate::decide::broken(&file)),
        _ => Err(Rejection::NotFound),
    }
}

fn patch_value(
    image: &Image,
    place: &Place,
    precondition: &Precondition,
    edit: &Edit,
) -> Result<Decision, Rejection> {
    check_writable(place)?;
    judge(precondition, Current::Value(place))?;
    let prefix = place.file_path.iter().chain(&place.pointer).cloned();
    let mut working = Working::new(image, prefix.collect());
    working.run(edit, &place.value)?;
    working.check_ids(place)?;
    Ok(working.decision(place.canonical()))
}

/// The operations that a patch of the root document means.
pub(crate) fn operations_of(image: &Image, patch: &Patch) -> Result<Vec<Operation>, Rejection> {
    let mut working = Working::new(image, Vec::new());
    working.run_patch(patch)?;
    Ok(working.operations)
}

/// An image that is being patched.
struct Working {
    image: Image,
    /// The tokens of the patched value from the root document.
    prefix: Vec<String>,
    operations: Vec<Operation>,
    written_bytes: usize,
}

impl Working {
    fn new(image: &Image, prefix: Vec<String>) -> Self {
        Self {
            image: image.clone(),
            prefix,
            operations: Vec::new(),
            written_bytes: 0,
        }
    }

    fn run(&mut self, edit: &Edit, target: &Value) -> Result<(), Rejection> {
        match edit {
            Edit::Patch(patch) => self.run_patch(patch),
            Edit::Merge(patch) => self.run_merge(merge_patch(target, patch)),
            Edit::Put { .. } | Edit::Add(_) | Edit::Remove | Edit::Derive(_) => Ok(()),
        }
    }

    /// The edits of a merge patch lie beside each other and below objects only, so none needs to
    /// see another, and the way to the patched value is the same for all.
    fn run_merge(&mut self, edits: Vec<PlacedEdit>) -> Result<(), Rejection> {
        if let [(tokens, edit)] = &edits[..] {
            return self.edit(tokens, edit.clone());
        }
        let depth = self.image.split(&self.prefix).1.len();
        let address = address_of(&self.image, &self.prefix, &OperationKind::Remove);
        for (tokens, edit) in edits {
            let depth = depth + tokens.len();
            let kind = match edit {
                PatchEdit::Add(value) => OperationKind::Add(self.written(depth, value)?),
                PatchEdit::Replace(value) => OperationKind::Replace(self.written(depth, value)?),
                PatchEdit::Remove => OperationKind::Remove,
            };
            let below = |Address(above): &Address| Address([&above[..], &tokens].concat());
            let path = Pointer::from_tokens(self.path_of(&tokens));
            self.operations.push(Operation {
                address: address.as_ref().map(below),
                ..Operation::new(kind, path)
            });
        }
        // Only ids in the way to the value are judged by what comes of it.
        if self.is_in_an_array() {
            let (revision, time) = (self.image.revision, std::time::SystemTime::UNIX_EPOCH);
            let image = self.image.apply(&self.operations, revision, time);
            self.image = image.map_err(|error| rejection_of(&error))?;
        }
        Ok(())
    }

    fn is_in_an_array(&self) -> bool {
        let (file, inside) = self.image.split(&self.prefix);
        (0..inside.len()).any(|depth| {
            let above = self.value_at(&[file, &inside[..depth]].concat());
            above.is_some_and(|it| it.kind() == Kind::Array)
        })
    }

    fn run_patch(&mut self, patch: &Patch) -> Result<(), Rejection> {
        patch.run(self).map_err(|error| {
            let PatchError { index, path, fault } = error;
            let reason = match fault {
                PatchFault::NotFound => Rejection::NotFound,
                PatchFault::Test => Rejection::Test,
                PatchFault::IntoItself => Rejection::IntoItself,
                PatchFault::Edit(
                    whole @ (Rejection::TooDeep(_) | Rejection::TooLarge(_) | Rejection::Broken(_)),
                ) => return whole,
                PatchFault::Edit(reason) => reason,
            };
            Rejection::Patch {
                index,
                path: path.to_string(),
                reason: Box::new(reason),
            }
        })
    }

    fn decision(self, address: Address) -> Decision {
        let effect = if self.operations.is_empty() {
            Effect::Unchanged
        } else {
            Effect::Replaced
        };
        Decision {
            effect,
            operations: self.operations,
            written: vec![address],
            shown: None,
            way: None,
        }
    }

    /// Records of an array keep the ids by which the patched value is addressed.
    fn check_ids(&self, place: &Place) -> Result<(), Rejection> {
        let new = self.image.file(&place.file_path);
        let (Some(old), Some(new)) = (&place.file.value, new.and_then(|it| it.value.as_ref()))
        else {
            return Ok(());
        };
        let mut ids = place.file.ids.clone();
        for (depth, (index, id)) in place.pointer.iter().zip(place.address()).enumerate() {
            let above = &place.pointer[..depth];
            let Some(old) = old.point(above) else {
                return Ok(());
            };
            let below = ids.child(old.kind(), index);
            let ids = std::mem::replace(&mut ids, below);
            if old.kind() != Kind::Array || !old.is_collection(ids.id_name()) {
                continue;
            }
            let above = new.point(above);
            let record = above.as_ref().and_then(|it| it.record(ids.id_name(), id));
            if record.is_none_or(|(at, _)| at.to_string() != *index) {
                let new = above.and_then(|it| id_of_value(&it.child(index)?, ids.id_name()));
                return Err(Rejection::IdMismatch(new.unwrap_or_else(|| id.clone())));
            }
        }
        Ok(())
    }

    fn path_of(&self, tokens: &[String]) -> Vec<String> {
        self.prefix.iter().chain(tokens).cloned().collect()
    }

    /// Enters one concrete operation and makes it happen in the working image.
    fn enter(&mut self, path: Vec<String>, kind: OperationKind) -> Result<(), Rejection> {
        let address = address_of(&self.image, &path, &kind);
        let operation = Operation {
            address,
            ..Operation::new(kind, Pointer::from_tokens(path))
        };
        let (revision, time) = (self.image.revision, std::time::SystemTime::UNIX_EPOCH);
        self.image = self
            .image
            .apply(std::slice::from_ref(&operation), revision, time)
            .map_err(|error| rejection_of(&error))?;
        self.operations.push(operation);
        Ok(())
    }

    /// Takes a value that is to be written at a depth in its file.
    fn written(&mut self, depth: usize, value: Value) -> Result<Written, Rejection> {
        self.written_bytes = self.written_bytes.saturating_add(value.len_bytes());
        if self.written_bytes > WRITTEN_BYTES_MAX {
            return Err(Rejection::TooLarge(WRITTEN_BYTES_MAX));
        }
        check_depth(depth, &value)?;
        Ok(value.into())
    }

    /// Judges an edit of a whole file.
    fn check_file(&self, path: &[String], edit: &PatchEdit) -> Result<(), Rejection> {
        match (self.image.file(path), edit) {
            (Some(_), _) => Ok(()),
            (None, PatchEdit::Add(_)) => {
                let (name, folder) = path.split_last().ok_or(Rejection::NotFound)?;
                self.image.folder(folder).ok_or(Rejection::ParentNotFound)?;
                check_name(name)
            }
            (None, _) => Err(Rejection::NotFound),
        }
    }

    /// Spells `-` as the index that it means.
    fn concrete(&self, mut path: Vec<String>) -> Vec<String> {
        if path.last().is_some_and(|token| token == "-")
            && let Some(parent) = self.value_at(&path[..path.len() - 1])
            && parent.kind() == Kind::Array
            && let Some(last) = path.last_mut()
        {
            *last = parent.count().to_string();
        }
        path
    }

    fn value_at(&self, path: &[String]) -> Option<Value> {
        let (file, inside) = self.image.split(path);
        match self.image.file(file) {
            Some(file) => file.value.as_ref()?.point(inside),
            None if inside.is_empty() => self.image.folder(file).map(folder_document),
            None => None,
        }
    }
}

impl Patched for Working {
    type Error = Rejection;

    fn find(&self, tokens: &[String]) -> Option<Value> {
        self.value_at(&self.path_of(tokens))
    }

    fn edit(&mut self, tokens: &[String], edit: PatchEdit) -> Result<(), Rejection> {
        if tokens.is_empty() && edit == PatchEdit::Remove {
            return Err(EditError::Root.into());
        }
        let path = self.concrete(self.path_of(tokens));
        let (file_path, inside) = self.image.split(&path);
        if inside.is_empty() && self.image.folder(file_path).is_some() {
            return Err(Rejection::Folder);
        }
        if let Some(error) = self.image.file(file_path).and_then(|it| it.broken.clone()) {
            return Err(Rejection::Broken(error));
        }
        if inside.is_empty() {
            self.check_file(file_path, &edit)?;
        } else if self.image.file(file_path).is_none() {
            return Err(Rejection::ParentNotFound);
        }
        let inserts = inside
            .split_last()
            .and_then(|(_, above)| self.value_at(&[file_path, above].concat()))
            .is_some_and(|parent| parent.kind() == Kind::Array);
        let old = (!inserts || !matches!(edit, PatchEdit::Add(_)))
            .then(|| self.value_at(&path))
            .flatten();
        let kind = match edit {
            PatchEdit::Add(value) | PatchEdit::Replace(value) if old.as_ref() == Some(&value) => {
                return Ok(());
            }
            PatchEdit::Add(value) => self.written(inside.len(), value).map(OperationKind::Add)?,
            PatchEdit::Replace(value) => self
                .written(inside.len(), value)
                .map(OperationKind::Replace)?,
            PatchEdit::Remove => OperationKind::Remove,
        };
        self.enter(path, kind)
    }
}

fn rejection_of(error: &ApplyError) -> Rejection {
    match error {
        ApplyError::NoFile | ApplyError::Broken => Rejection::NotFound,
        ApplyError::Edit(error) => Rejection::Edit(*error),
    }
}

/// Spells the place of an operation with ids in the place of indices; none where there are none.
fn address_of(image: &Image, path: &[String], kind: &OperationKind) -> Option<Address> {
    let (file_path, inside) = image.split(path);
    let file = image.file(file_path)?;
    let (mut value, mut ids) = (file.value.clone(), file.ids.clone());
    let mut address = file_path.to_vec();
    for (depth, token) in inside.iter().enumerate() {
        let parent = value?;
        let child = parent.child(token);
        let record = match kind {
            OperationKind::Add(written) if depth + 1 == inside.len() => Some(&written.value),
            _ => child.as_ref(),
        };
        let id_name = ids.id_name();
        let has_ids = parent.kind() == Kind::Array && parent.is_collection(id_name);
        let id = record.filter(|_| has_ids);
        let id = id.and_then(|record| id_of_value(record, id_name));
        address.push(id.unwrap_or_else(|| token.clone()));
        ids = ids.child(parent.kind(), token);
        value = child;
    }
    (address != path).then_some(Address(address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Mutation, Revision};
    use crate::decide::decide;
    use jsond_document::Json;

    fn image() -> Image {
        Image::of_files([
            ("posts.json", r#"[{"id":1,"n":1.0},{"id":7,"n":[2]}]"#),
            ("log.json", "[]"),
            ("s.json", r#"{"a":{"x":1e400}}"#),
        ])
    }

    fn mutation(path: &str, edit: Edit) -> Mutation {
        let tokens = path.split('/').skip(1).filter(|it| !it.is_empty());
        Mutation {
            address: Address(tokens.map(str::to_owned).collect()),
            precondition: Precondition::default(),
            edit,
            key: None,
            wants_image: true,
        }
    }

    fn operations(text: &str) -> Edit {
        Edit::Patch(Patch::parse(&Json::parse(text.as_bytes()).unwrap()).unwrap())
    }

    fn merge(text: &str) -> Edit {
        Edit::Merge(Value::parse(text.as_bytes()).unwrap())
    }

    /// What the change says, or the refusal in words.
    fn decided(path: &str, edit: Edit) -> String {
        match decide(&image(), &mut mutation(path, edit)) {
            Ok(decision) => {
                let mut out = Vec::new();
                crate::change::encode(&decision.operations, &mut out);
                String::from_utf8(out).unwrap()
            }
            Err(rejection) => rejection.to_string(),
        }
    }

    fn check(path: &str, edit: Edit, expected: &str) {
        assert_eq!(decided(path, edit), expected, "{path}");
    }

    #[test]
    fn a_patch_of_the_folder_becomes_one_change_of_several_files() {
        let edit = operations(
            r#"[{"op":"replace","path":"/s.json/a/x","value":2},
                {"op":"add","path":"/log.json/-","value":"did"},
                {"op":"test","path":"/log.json","value":["did"]},
                {"op":"move","from":"/posts.json/1/n","path":"/new.json"},
                {"op":"copy","from":"/s.json/a","path":"/posts.json/0/a"}]"#,
        );
        check(
            "/",
            edit,
            concat!(
                r#"[{"op":"replace","path":"/s.json/a/x","value":2},"#,
                r#"{"op":"add","path":"/log.json/0","value":"did"},"#,
                r#"{"op":"remove","path":"/posts.json/1/n","address":"/posts.json/7/n"},"#,
                r#"{"op":"add","path":"/new.json","value":[2]},"#,
                r#"{"op":"add","path":"/posts.json/0/a","address":"/posts.json/1/a","#,
                r#""value":{"x":2}}]"#,
            ),
        );
    }

    #[test]
    fn the_change_of_a_patch_makes_the_image_that_the_patch_saw() {
        let edit = operations(
            r#"[{"op":"add","path":"/new.json","value":[]},{"op":"add","path":"/new.json/-","value":1},
                {"op":"move","from":"/s.json","path":"/t.json"},{"op":"remove","path":"/posts.json/0"}]"#,
        );
        let decision = decide(&image(), &mut mutation("/", edit)).unwrap();
        let time = std::time::SystemTime::UNIX_EPOCH;
        let new = image()
            .apply(&decision.operations, Revision(1), time)
            .unwrap();
        let document = folder_document(new.folder(&[]).unwrap()).to_json();
        assert_eq!(
            document.as_str(),
            concat!(
                r#"{"log.json":[],"new.json":[1],"posts.json":[{"id":7,"n":[2]}],"#,
                r#""t.json":{"a":{"x":1e400}}}"#
            )
        );
    }

    #[test]
    fn a_merge_patch_is_the_edits_of_the_members_that_it_names() {
        check(
            "/posts/7",
            merge(r#"{"n":null,"m":{"x":null,"y":1}}"#),
            concat!(
                r#"[{"op":"remove","path":"/posts.json/1/n","address":"/posts.json/7/n"},"#,
                r#"{"op":"add","path":"/posts.json/1/m","address":"/posts.json/7/m","#,
                r#""value":{"y":1}}]"#
            ),
        );
        check("/s/a", merge(r#"{"x":1e400}"#), "[]");
    }

    #[test]
    fn a_patch_that_does_not_apply_is_refused_as_a_whole() {
        let test =
            r#"[{"op":"remove","path":"/s.json/a"},{"op":"test","path":"/log.json","value":1}]"#;
        check(
            "/",
            operations(test),
            "operation 1 does not apply at \"/log.json\": the value is another than the one in \
             the test",
        );
        let remove = r#"[{"op":"remove","path":""}]"#;
        let words = "operation 0 does not apply at \"\": the whole document cannot be removed";
        check("/s/a", operations(remove), words);
        check("/", operations(remove), words);
        let name = decided(
            "/",
            operations(r#"[{"op":"add","path":"/.x.json","value":1}]"#),
        );
        assert!(name.contains("not served"), "{name}");
        let folder = decided(
            "/",
            operations(r#"[{"op":"add","path":"/x/y.json","value":1}]"#),
        );
        assert!(folder.contains("parent"), "{folder}");
    }

    #[test]
    fn a_record_keeps_the_id_in_its_address() {
        let words = "a record keeps the id in its address; \"8\" is another";
        check("/posts/7", merge(r#"{"id":8}"#), words);
        check("/posts/7/id", merge("8"), words);
        check("/posts/7", merge(r#"{"id":8,"n":1}"#), words);
        let at_its_index = Image::of_files([("a.json", r#"[{"id":0}]"#)]);
        let mut renamed = mutation("/a/0", merge(r#"{"id":1,"n":1}"#));
        let refused = decide(&at_its_index, &mut renamed);
        assert_eq!(refused.unwrap_err(), Rejection::IdMismatch("1".to_owned()));
        let words = "a record keeps the id in its address; \"7\" is another";
        check("/posts/7", merge(r#"{"id":null}"#), words);
        let replaced = decided(
            "/posts",
            operations(r#"[{"op":"replace","path":"/1/id","value":8}]"#),
        );
        assert!(replaced.starts_with("[{"), "{replaced}");
    }

    #[test]
    fn a_patch_that_grows_without_end_is_refused() {
        let double = r#"{"op":"copy","from":"","path":"/a"}"#;
        let patch = format!("[{}]", [double; 127].join(","));
        let words = decided("/s", operations(&patch));
        assert!(words.contains("deeper than 128"), "{words}");
        let list = r#"{"op":"copy","from":"/a","path":"/a/-"}"#;
        let start = r#"{"op":"add","path":"/a","value":["0123456789"]}"#;
        let patch = format!("[{start},{}]", [list; 60].join(","));
        let words = decided("/s", operations(&patch));
        assert!(words.contains("more than 67108864 bytes"), "{words}");
    }
}
