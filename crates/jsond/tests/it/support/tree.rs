//! A folder as a whole, to tell whether anything in it was changed: names, kinds, modes, contents.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Everything below a folder.
#[derive(PartialEq, Eq)]
pub(crate) struct Tree(BTreeMap<String, Node>);

#[derive(PartialEq, Eq)]
struct Node {
    mode: u32,
    content: Option<Vec<u8>>,
}

impl Tree {
    pub(crate) fn of(folder: &Path) -> Self {
        let mut nodes = BTreeMap::new();
        collect(folder, "", &mut nodes);
        Self(nodes)
    }

    /// Asserts that nothing below the folder is another than it was.
    #[track_caller]
    pub(crate) fn is_still(&self, folder: &Path) {
        let now = Self::of(folder);
        let mut names: Vec<_> = self.0.keys().chain(now.0.keys()).collect();
        names.retain(|name| self.0.get(*name) != now.0.get(*name));
        names.sort();
        names.dedup();
        assert!(names.is_empty(), "changed, made or removed: {names:?}");
    }

    /// Whether any file whose name begins so holds these bytes.
    pub(crate) fn holds(&self, start: &str, bytes: &[u8]) -> bool {
        let mut files = self.0.iter().filter(|(name, _)| name.starts_with(start));
        files.any(|(_, node)| {
            let content = node.content.as_deref().unwrap_or_default();
            content.windows(bytes.len()).any(|window| window == bytes)
        })
    }
}

fn collect(folder: &Path, above: &str, nodes: &mut BTreeMap<String, Node>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{above}{}", entry.file_name().to_string_lossy());
        let metadata = entry.path().symlink_metadata().unwrap();
        let is_file = metadata.is_file();
        let content = is_file.then(|| std::fs::read(entry.path()).unwrap());
        let mode = metadata.permissions().mode();
        if metadata.is_dir() {
            collect(&entry.path(), &format!("{name}/"), nodes);
        }
        nodes.insert(name, Node { mode, content });
    }
}
