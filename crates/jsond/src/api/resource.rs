//! The one table of resources: which kinds there are and which methods each knows.
//!
//! `OPTIONS`, 405 and the reading of targets are made from it.

use crate::api::action::Own;
use jsond_document::Kind;
use jsond_store::{Address, Image, Place, Resolved};
use percent_encoding::percent_decode_str;

/// The kinds of resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resource {
    /// The served folder or one in it.
    Folder,
    /// A value that takes records, or elements at its end.
    Collection,
    /// Any other value.
    Value,
    /// The document of a single file, when it takes no records; it is never removed.
    Root,
    /// A place where a value could be made.
    Absent,
    /// One of the server's own.
    Own,
}

/// The methods of each kind of resource.
const METHODS: [(Resource, &[&str]); 6] = [
    (
        Resource::Folder,
        &["GET", "HEAD", "OPTIONS", "QUERY", "PATCH"],
    ),
    (Resource::Collection, ALL_METHODS),
    (
        Resource::Value,
        &["GET", "HEAD", "OPTIONS", "QUERY", "PUT", "PATCH", "DELETE"],
    ),
    (
        Resource::Root,
        &["GET", "HEAD", "OPTIONS", "QUERY", "PUT", "PATCH"],
    ),
    (Resource::Absent, &["OPTIONS", "PUT"]),
    (Resource::Own, &["GET", "HEAD", "OPTIONS"]),
];

/// The methods that some resource knows.
pub(super) const ALL_METHODS: &[&str] = &[
    "GET", "HEAD", "OPTIONS", "QUERY", "PUT", "POST", "PATCH", "DELETE",
];

/// Methods of the standards that no resource here knows: 405 rather than 501.
pub(super) const FOREIGN_METHODS: &[&str] = &["TRACE", "CONNECT"];

/// The server's own resources, below `/_/`.
const OWN: [(&str, Own); 5] = [
    ("health/live", Own::Live),
    ("health/ready", Own::Ready),
    ("version", Own::Version),
    ("metrics", Own::Metrics),
    ("docs/problems.md", Own::Problems),
];

/// The first segment of the server's own targets.
const OWN_SEGMENT: &str = "_";

impl Resource {
    /// The methods that the resource knows.
    pub(super) fn methods(self) -> &'static [&'static str] {
        METHODS
            .iter()
            .find(|(kind, _)| *kind == self)
            .map_or(&[], |(_, methods)| methods)
    }

    /// Tells what kind of resource is at a place.
    pub(super) fn of_place(place: &Place) -> Self {
        let takes_more = place.value.kind() == Kind::Array || place.is_collection();
        let is_root = place.is_file() && place.file_path.is_empty();
        match (takes_more, is_root) {
            (true, _) => Self::Collection,
            (false, true) => Self::Root,
            (false, false) => Self::Value,
        }
    }

    /// Tells what kind of resource an address means, if it means one.
    pub(super) fn of(resolved: &Resolved) -> Option<Self> {
        match resolved {
            Resolved::Folder { .. } => Some(Self::Folder),
            Resolved::Value(place) => Some(Self::of_place(place)),
            // What it is shows when it is mended.
            Resolved::Broken(_) => Some(Self::Collection),
            Resolved::Absent { .. } | Resolved::AbsentFile { .. } => Some(Self::Absent),
            Resolved::Nothing => None,
        }
    }
}

/// Finds what an address means; a slash at its end belongs to a folder, in a file it is an empty
/// name.
pub(super) fn find(image: &Image, address: &Address) -> Resolved {
    if let Some((last, folder)) = address.0.split_last()
        && last.is_empty()
        && let folder @ Resolved::Folder { .. } = image.resolve(&Address(folder.to_vec()))
    {
        return folder;
    }
    image.resolve(address)
}

/// What a target names.
#[derive(Debug, PartialEq)]
pub(super) enum Target {
    /// The server as a whole (`*`).
    Server,
    /// A folder, a file or a value; `slash` when the path ends in one.
    Address { address: Address, slash: bool },
    /// One of the server's own resources.
    Own(Own),
    /// A name of the server's own that is not there.
    OwnMissing,
}

/// Why a target names nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TargetError {
    /// A percent sign is not followed by two hexadecimal digits.
    Percent,
    /// A segment is not UTF-8, or has a NUL in it.
    Text,
}

/// As many tokens as most addresses have at the most.
const TOKENS_MOSTLY: usize = 4;

/// Reads the path of a target: each segment, percent-decoded, is one reference token.
pub(super) fn parse_target(path: &str) -> Result<Target, TargetError> {
    if path == "*" {
        return Ok(Target::Server);
    }
    let mut tokens = Vec::with_capacity(TOKENS_MOSTLY);
    let mut rest = Some(path.strip_prefix('/').unwrap_or(path));
    while let Some(path) = rest {
        // Segments are short: a search that prepares itself takes longer than this one.
        let end = path.bytes().position(|byte| byte == b'/');
        tokens.push(decode_segment(&path[..end.unwrap_or(path.len())])?);
        rest = end.map(|end| &path[end + 1..]);
    }
    if tokens[0] == OWN_SEGMENT && tokens.len() > 1 {
        let rest = tokens[1..].join("/");
        let own = OWN.iter().find(|(name, _)| *name == rest);
        return Ok(own.map_or(Target::OwnMissing, |(_, own)| Target::Own(*own)));
    }
    let slash = tokens.last().is_some_and(String::is_empty);
    if tokens.len() == 1 && slash {
        tokens.clear();
    }
    Ok(Target::Address {
        address: Address(tokens),
        slash,
    })
}

fn decode_segment(segment: &str) -> Result<String, TargetError> {
    let bytes = segment.as_bytes();
    if bytes.iter().all(|byte| !matches!(byte, b'%' | 0)) {
        return Ok(segment.to_owned());
    }
    for (at, _) in segment.match_indices('%') {
        let digits = bytes.get(at + 1..at + 3).ok_or(TargetError::Percent)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(TargetError::Percent);
        }
    }
    let text = percent_decode_str(segment)
        .decode_utf8()
        .map_err(|_| TargetError::Text)?;
    if text.contains('\0') {
        Err(TargetError::Text)
    } else {
        Ok(text.into_owned())
    }
}

/// Everything but what RFC 3986 §3.3 lets stand in a segment.
const SEGMENT: &percent_encoding::AsciiSet = &percent_encoding::CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// What most paths need.
const PATH_BYTES_MOSTLY: usize = 64;

/// Spells an address as the path of a target.
pub(super) fn path_of(address: &Address) -> String {
    path_of_tokens(&address.0)
}

fn path_of_tokens<'a>(tokens: impl IntoIterator<Item = &'a String>) -> String {
    let mut path = String::with_capacity(PATH_BYTES_MOSTLY);
    for token in tokens {
        path.push('/');
        path.extend(percent_encoding::utf8_percent_encode(token, SEGMENT));
    }
    if path.is_empty() {
        "/".to_owned()
    } else {
        path
    }
}

/// Spells an address as a reference to it, for header fields and links.
///
/// *Source*: RFC 3986 §4.2: two slashes in front would name another server.
pub(super) fn reference_of(address: &Address) -> String {
    reference(path_of(address))
}

/// Spells the canonical address of a place as [`reference_of`] does.
pub(super) fn reference_of_place(place: &Place) -> String {
    reference(path_of_tokens(place.canonical_tokens()))
}

fn reference(path: String) -> String {
    match path.starts_with("//") {
        true => format!("/.{path}"),
        false => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, tokens: &[&str], ends_in_slash: bool) {
        let Target::Address { address, slash } = parse_target(path).unwrap() else {
            panic!("{path} is no address")
        };
        assert_eq!(address.0, tokens, "{path}");
        assert_eq!(slash, ends_in_slash, "{path}");
    }

    #[test]
    fn each_segment_of_a_path_is_one_reference_token() {
        check("/", &[], true);
        check(
            "/students.json/Chan_Jin",
            &["students.json", "Chan_Jin"],
            false,
        );
        check("/a%2Fb/%ED%95%9C/~", &["a/b", "한", "~"], false);
        check("/folder/", &["folder", ""], true);
        check("/_", &["_"], false);
    }

    #[test]
    fn own_names_begin_with_an_underscore_segment() {
        assert_eq!(parse_target("/_/health/live"), Ok(Target::Own(Own::Live)));
        assert_eq!(parse_target("/_/nothing"), Ok(Target::OwnMissing));
        assert_eq!(parse_target("*"), Ok(Target::Server));
    }

    #[test]
    fn a_path_that_is_no_text_is_refused() {
        assert_eq!(parse_target("/%"), Err(TargetError::Percent));
        assert_eq!(parse_target("/%zz"), Err(TargetError::Percent));
        assert_eq!(parse_target("/%ff"), Err(TargetError::Text));
        assert_eq!(parse_target("/%00"), Err(TargetError::Text));
    }

    #[test]
    fn an_address_is_spelled_so_that_it_reads_back() {
        let address = Address(vec![
            "a b".into(),
            "x/y%".into(),
            "한".into(),
            String::new(),
        ]);
        assert_eq!(path_of(&address), "/a%20b/x%2Fy%25/%ED%95%9C/");
        let Ok(Target::Address { address: read, .. }) = parse_target(&path_of(&address)) else {
            panic!("it is an address")
        };
        assert_eq!(read, address);
    }

    #[test]
    fn a_reference_never_names_another_server() {
        let address = Address(vec![String::new(), "evil.example".into()]);
        assert_eq!(path_of(&address), "//evil.example");
        assert_eq!(reference_of(&address), "/.//evil.example");
    }

    #[test]
    fn every_resource_that_is_there_can_be_read() {
        for (resource, methods) in METHODS {
            let is_there = resource != Resource::Absent;
            assert_eq!(methods.contains(&"GET"), is_there, "{resource:?}");
            assert_eq!(methods.contains(&"HEAD"), is_there, "{resource:?}");
            assert!(methods.contains(&"OPTIONS"), "{resource:?}");
        }
    }

    #[test]
    fn a_slash_at_the_end_is_the_folders_and_in_a_file_an_empty_name() {
        let image = Image::of_files([("a.json", r#"{"":1}"#), ("b.json", "{}")]);
        let found = |tokens: &[&str]| {
            let address = Address(tokens.iter().map(|&token| token.to_owned()).collect());
            Resource::of(&find(&image, &address))
        };
        assert_eq!(found(&[]), Some(Resource::Folder));
        assert_eq!(found(&[""]), Some(Resource::Folder));
        assert_eq!(found(&["a.json", ""]), Some(Resource::Value));
        // OPTIONS answered as if the file itself had been asked for.
        assert_eq!(found(&["b.json", ""]), Some(Resource::Absent));
    }
}
