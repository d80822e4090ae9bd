//! Links of a page: from an address to what a browser can follow, and to another query of the page.
//!
//! INVARIANT: a link begins with one slash and goes to this server; it reads back to its address.

use crate::api::resource::{Target, parse_target, path_of, reference_of};
use jsond_store::Address;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// A longer path is not linked: names of such a length make a page large, and no browser shows them.
const PATH_BYTES_MAX: usize = 2_000;

/// What stands in a query as it is.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A resource that a page may link to; one that no browser could ask for has no link.
#[derive(Debug, Clone)]
pub(super) struct Link(Option<Vec<String>>);

impl Link {
    /// Links to an address.
    pub(super) fn to(tokens: &[String]) -> Self {
        let bytes: usize = tokens.iter().map(String::len).sum();
        Self((bytes <= PATH_BYTES_MAX).then(|| tokens.to_vec()))
    }

    /// Links to nothing.
    pub(super) fn nowhere() -> Self {
        Self(None)
    }

    /// Links to a member or an element.
    pub(super) fn child(&self, token: &str) -> Self {
        let tokens = self.0.as_ref().filter(|_| token.len() <= PATH_BYTES_MAX);
        Self(tokens.map(|tokens| {
            let mut tokens = tokens.clone();
            tokens.push(token.to_owned());
            tokens
        }))
    }

    /// The path of the address as a target spells it.
    pub(super) fn path(&self) -> Option<String> {
        let tokens = self.0.as_ref()?;
        let is_step = |token: &String| token == "." || token == "..";
        // A browser takes these for steps in a path and never sends them.
        if tokens.iter().any(is_step) {
            return None;
        }
        let address = Address(tokens.clone());
        let path = path_of(&address);
        if path.len() > PATH_BYTES_MAX {
            return None;
        }
        match parse_target(&path) {
            Ok(Target::Address { address: read, .. }) if read == address => Some(path),
            _ => None,
        }
    }

    /// The link as it stands in the page.
    pub(super) fn href(&self) -> Option<String> {
        self.path()?;
        self.0.clone().map(|tokens| reference_of(&Address(tokens)))
    }

    /// The link to a folder, which ends in a slash.
    pub(super) fn folder_href(&self) -> Option<String> {
        let href = self.href()?;
        let slash = if href.ends_with('/') { "" } else { "/" };
        Some(format!("{href}{slash}"))
    }

    /// The link to the resource with another query.
    pub(super) fn href_with(&self, query: &str) -> Option<String> {
        Some(format!("{}?{query}", self.href()?))
    }
}

/// Keeps of a link that was made elsewhere only what goes to this server.
pub(super) fn own_href(href: &str) -> Option<&str> {
    let is_path = href.starts_with('/') && !href.starts_with("//") && !href.contains('\\');
    (is_path || href.starts_with('?')).then_some(href)
}

/// Takes parameters out of a query and puts others at its end.
pub(super) fn query_with(query: &str, without: &[&str], with: &[(&str, &str)]) -> String {
    let kept = query.split('&').filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        !pair.is_empty() && !without.contains(&name)
    });
    let mut pairs: Vec<String> = kept.map(str::to_owned).collect();
    pairs.extend(
        with.iter()
            .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, QUERY))),
    );
    pairs.join("&")
}

/// Finds the value of a parameter in a query, decoded.
pub(super) fn parameter_of(query: &str, name: &str) -> Option<String> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(it, _)| *it == name)
        .map(|(_, value)| read(value))
}

/// Reads a query, or a part of one, as a person would write it.
pub(super) fn read(query: &str) -> String {
    percent_decode_str(&query.replace('+', " "))
        .decode_utf8_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(tokens: &[&str]) -> Link {
        let tokens: Vec<_> = tokens.iter().map(|&token| token.to_owned()).collect();
        Link::to(&tokens)
    }

    /// The address that a browser would ask for when the link is followed.
    #[track_caller]
    fn check(tokens: &[&str]) {
        let href = link(tokens).href().unwrap();
        assert!(href.starts_with('/') && !href.starts_with("//"), "{href}");
        let sent = if href.starts_with("/./") {
            &href[2..]
        } else {
            &href[..]
        };
        assert!(sent.bytes().all(|byte| byte.is_ascii_graphic()), "{sent}");
        let Ok(Target::Address { address, .. }) = parse_target(sent) else {
            panic!("{sent} is no address")
        };
        assert_eq!(address.0, tokens, "{href}");
    }

    #[test]
    fn a_link_reads_back_to_its_address() {
        check(&[]);
        check(&["students.json", "Chan_Jin", "grade"]);
        check(&["학생.json", "김 민수", "a/b", "100%", ""]);
        check(&["\"><script>alert(1)</script>", "javascript:alert(1)"]);
        check(&[
            "javascript:alert(1)",
            "\\\\evil.example",
            "?a=b",
            "#x",
            "a;b",
        ]);
        check(&["\u{202e}\n\t", "%2F", "...", ".json"]);
    }

    #[test]
    fn a_link_never_leads_to_another_server() {
        check(&["", "evil.example", "x"]);
        check(&["", "", "evil.example"]);
        assert_eq!(
            link(&["", "evil.example"]).href().unwrap(),
            "/.//evil.example"
        );
    }

    #[test]
    fn what_a_browser_cannot_ask_for_is_not_linked() {
        let long = "x".repeat(2_001);
        let korean = "가".repeat(300);
        for tokens in [
            &["a.json", ".."][..],
            &["a.json", ".", "b"],
            &[""],
            &["_", "health"],
            &["a\0b"],
            &["a.json", &long],
            &["a.json", &korean],
        ] {
            assert_eq!(link(tokens).href(), None, "{tokens:?}");
        }
        assert_eq!(link(&["a"]).child(&long).href(), None);
        assert_eq!(Link::nowhere().child("a").href(), None);
    }

    #[test]
    fn a_folder_ends_in_one_slash() {
        assert_eq!(link(&[]).folder_href().unwrap(), "/");
        assert_eq!(link(&["a b"]).folder_href().unwrap(), "/a%20b/");
    }

    #[test]
    fn only_links_to_this_server_are_kept() {
        for own in ["/a?_page=2", "?_page=2", "/"] {
            assert_eq!(own_href(own), Some(own));
        }
        for other in [
            "javascript:alert(1)",
            "//evil.example",
            "http://x",
            "",
            "/\\evil",
            "a",
        ] {
            assert_eq!(own_href(other), None, "{other}");
        }
    }

    #[test]
    fn a_query_is_changed_in_its_parameters_only() {
        let query = "a=1&_sort=x&b:gte=%3C&_page=3";
        let changed = query_with(query, &["_sort", "_page"], &[("_sort", "-이 &=")]);
        assert_eq!(changed, "a=1&b:gte=%3C&_sort=-%EC%9D%B4%20%26%3D");
        assert_eq!(parameter_of(&changed, "_sort").as_deref(), Some("-이 &="));
        assert_eq!(parameter_of(query, "sort"), None);
        assert_eq!(read("a+b=%EA%B0%80%ff"), "a b=가\u{fffd}");
    }
}
