//! The files of a front end, as they lie in folders: found by the path of a target, and read.
//!
//! A link that leads out of its folder is not followed, names that begin with a dot are not there.
//! An address without an ending stands for the file with `.html` behind it, one of a folder for the
//! `index.html` in it.

use cap_std::ambient_authority;
use cap_std::fs::{Dir, File};
use http::Method;
use http::request::Parts;
use percent_encoding::percent_decode_str;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The largest file that is sent: it is read whole before.
pub const FILE_BYTES_MAX: u64 = 64 << 20;

/// Folders with the files of a front end; the first that has a file sends it.
#[derive(Debug)]
pub struct Files {
    folders: Vec<Dir>,
    manner: Manner,
}

/// Which requests get a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Manner {
    /// Those that read; of a page the ending may be left out.
    #[default]
    Plain,
    /// The same, and all that name a file by its whole name.
    Named,
    /// All, whatever the method.
    All,
    /// Those that read, by the whole name; other pages may be let read it.
    Exact,
}

/// A file that was found.
#[derive(Debug)]
pub struct FoundFile {
    file: File,
    /// How long it is.
    pub bytes: u64,
    /// When it was last written.
    pub modified: Option<SystemTime>,
    /// What it is, by the ending of its name.
    pub content_type: &'static str,
}

impl Files {
    /// Opens the folders.
    ///
    /// *Errors*: one of them cannot be opened; named by its path.
    pub fn open(paths: &[PathBuf]) -> Result<Self, (PathBuf, io::Error)> {
        let open = |path: &PathBuf| {
            Dir::open_ambient_dir(path, ambient_authority()).map_err(|error| (path.clone(), error))
        };
        Ok(Self {
            folders: paths.iter().map(open).collect::<Result<_, _>>()?,
            manner: Manner::default(),
        })
    }

    /// Answers other requests with files.
    #[must_use]
    pub fn in_manner(self, manner: Manner) -> Self {
        Self { manner, ..self }
    }

    /// Whether answers with files tell pages of other origins what others do.
    #[must_use]
    pub fn gives_leave(&self) -> bool {
        self.manner == Manner::Exact
    }

    /// Finds the file that a request asks for.
    #[must_use]
    pub fn find(&self, head: &Parts) -> Option<FoundFile> {
        let asks = head.method == Method::OPTIONS;
        let reads = matches!(head.method, Method::GET | Method::HEAD);
        let (takes, guesses) = match self.manner {
            Manner::Plain => (reads || asks, true),
            Manner::Named => (true, reads || asks),
            Manner::All => (true, true),
            Manner::Exact => (reads, false),
        };
        if !takes {
            return None;
        }
        let path = path_of(head.uri.path())?;
        let found = |folder| find(folder, &path, guesses);
        self.folders.iter().find_map(found)
    }
}

impl FoundFile {
    /// Reads the file.
    ///
    /// *Errors*: it cannot be read, or is larger than [`FILE_BYTES_MAX`].
    pub fn read(self) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        self.file.take(FILE_BYTES_MAX + 1).read_to_end(&mut text)?;
        if text.len() as u64 > FILE_BYTES_MAX {
            let words = "it is larger than 64 MiB, which is more than is sent of a file";
            return Err(io::Error::other(words));
        }
        Ok(text)
    }
}

/// The path below a folder that a target names; none where it can be none.
fn path_of(target: &str) -> Option<PathBuf> {
    let mut path = PathBuf::new();
    for segment in target.split('/').filter(|it| !it.is_empty()) {
        let name = percent_decode_str(segment).decode_utf8().ok()?;
        if name.starts_with('.') || name.contains(['/', '\\', '\0']) {
            return None;
        }
        path.push(&*name);
    }
    Some(path)
}

/// Finds a file by its name, and where it is guessed also by one without its ending.
fn find(folder: &Dir, path: &Path, guesses: bool) -> Option<FoundFile> {
    let is_plain = !path.as_os_str().is_empty();
    let with_ending = || {
        let name = path.file_name()?.to_str()?;
        Some(path.with_file_name(format!("{name}.html")))
    };
    let exact = is_plain.then(|| path.to_owned());
    let names = [
        exact,
        (is_plain && guesses).then(with_ending).flatten(),
        Some(path.join("index.html")),
    ];
    names
        .into_iter()
        .flatten()
        .find_map(|path| open(folder, &path))
}

fn open(folder: &Dir, path: &Path) -> Option<FoundFile> {
    // A pipe would be waited for, a folder has no bytes.
    if !folder.metadata(path).ok()?.is_file() {
        return None;
    }
    let file = folder.open(path).ok()?;
    let metadata = file.metadata().ok()?;
    Some(FoundFile {
        bytes: metadata.len(),
        modified: metadata
            .modified()
            .ok()
            .map(cap_std::time::SystemTime::into_std),
        content_type: content_type_of(path),
        file,
    })
}

fn content_type_of(path: &Path) -> &'static str {
    match path.extension().and_then(|it| it.to_str()) {
        Some("html" | "htm") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("txt") => "text/plain; charset=utf-8",
        _ => mime_guess::from_path(path)
            .first_raw()
            .unwrap_or("application/octet-stream"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path();
            for (name, text) in [
                ("site/index.html", "home"),
                ("site/about.html", "about"),
                ("site/a.css", "p{}"),
                ("site/sub/index.html", "sub"),
                ("site/.env", "secret"),
                ("other/b.svg", "<svg/>"),
                ("other/a.css", "behind"),
                ("outside.txt", "outside"),
            ] {
                let file = path.join(name);
                std::fs::create_dir_all(file.parent().unwrap()).unwrap();
                std::fs::write(file, text).unwrap();
            }
            std::os::unix::fs::symlink("../outside.txt", path.join("site/link.txt")).unwrap();
            std::os::unix::fs::symlink("a.css", path.join("site/inner.css")).unwrap();
            Self(folder)
        }

        fn files(&self) -> Files {
            let paths = ["site", "other"].map(|name| self.0.path().join(name));
            Files::open(&paths).unwrap()
        }
    }

    fn sent(files: &Files, method: &str, target: &str) -> Option<(String, &'static str)> {
        let head = Request::builder()
            .method(method)
            .uri(target)
            .body(())
            .unwrap();
        let found = files.find(&head.into_parts().0)?;
        let content_type = found.content_type;
        Some((
            String::from_utf8(found.read().unwrap()).unwrap(),
            content_type,
        ))
    }

    fn check(target: &str, expected: Option<&str>) {
        let folder = Folder::new();
        let found = sent(&folder.files(), "GET", target).map(|(text, _)| text);
        assert_eq!(found.as_deref(), expected, "{target}");
    }

    #[test]
    fn a_target_names_a_file_with_or_without_its_ending() {
        check("/", Some("home"));
        check("/index.html", Some("home"));
        check("/about", Some("about"));
        check("/about.html?x=1", Some("about"));
        check("/%61.css", Some("p{}"));
        check("/sub", Some("sub"));
        check("/sub/", Some("sub"));
        check("/b.svg", Some("<svg/>"));
        check("/nothing", None);
    }

    #[test]
    fn nothing_outside_and_nothing_hidden_is_sent() {
        for target in [
            "/../outside.txt",
            "/%2e%2e/outside.txt",
            "/..%2foutside.txt",
            "/link.txt",
            "/.env",
            "/%2eenv",
            "/a.css%00",
            "/sub/..%5c..%5coutside.txt",
        ] {
            check(target, None);
        }
        check("/inner.css", Some("p{}"));
    }

    #[test]
    fn only_reads_are_answered_unless_all_are_to_be() {
        let folder = Folder::new();
        assert!(sent(&folder.files(), "POST", "/about").is_none());
        assert!(sent(&folder.files(), "OPTIONS", "/about").is_some());
        let sends = |manner, method, target| {
            let files = folder.files().in_manner(manner);
            sent(&files, method, target).is_some()
        };
        assert!(sends(Manner::All, "POST", "/about"));
        assert!(!sends(Manner::Named, "POST", "/about"));
        assert!(sends(Manner::Named, "POST", "/about.html"));
        assert!(sends(Manner::Named, "GET", "/about"));
        assert!(!sends(Manner::Exact, "GET", "/about"));
        assert!(!sends(Manner::Exact, "OPTIONS", "/about.html"));
        assert!(sends(Manner::Exact, "GET", "/about.html"));
        assert!(sends(Manner::Exact, "GET", "/"));
    }

    #[test]
    fn the_type_is_that_of_the_ending() {
        let folder = Folder::new();
        let of = |target| sent(&folder.files(), "GET", target).unwrap().1;
        assert_eq!(of("/"), "text/html; charset=utf-8");
        assert_eq!(of("/a.css"), "text/css; charset=utf-8");
        assert_eq!(of("/b.svg"), "image/svg+xml");
    }
}
