//! Tokens: who has one, what its role lets it do, and which part of the folder it reaches.
//!
//! The file of tokens has no token in it, only the SHA-256 of each; a token is 256 bits of chance,
//! so its hash tells nothing of it. What is no token of the file is compared with all of them, and in
//! a time that does not say how much of it was right.
//!
//! *Source*: RFC 6750 §2.1, RFC 6750 §3.

use crate::api::problem::{Problem, ProblemKind};
use crate::api::resource::{Target, parse_target};
use http::HeaderMap;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use sha2::{Digest as _, Sha256};
use std::str::FromStr;
use std::sync::Arc;
use subtle::ConstantTimeEq as _;

/// What the holder of a token may do; each may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Read values.
    Read,
    /// Change them.
    Write,
    /// See what is counted.
    Admin,
}

impl Role {
    /// Its name in the file of tokens.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for Role {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let all = [Self::Read, Self::Write, Self::Admin];
        let found = all.into_iter().find(|role| role.name() == text);
        found.ok_or("a role is read, write or admin")
    }
}

/// A line of the file of tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    name: String,
    /// What its holder may do.
    pub(super) role: Role,
    /// The tokens of each path that it reaches; none of them is all.
    pub(super) prefixes: Vec<Vec<String>>,
    digest: [u8; 32],
}

/// The tokens that are known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tokens(Vec<Arc<Token>>);

/// A line of a file of tokens cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct TokensError {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

impl Tokens {
    /// Reads a file of tokens: a line for each, with name, role, the prefixes of the paths that it
    /// reaches, and the SHA-256 of the token in hexadecimal digits. Empty lines, and lines that begin
    /// with `#`, are for people.
    ///
    /// *Errors*: the first line that cannot be read.
    pub fn parse(text: &str) -> Result<Self, TokensError> {
        let lines = (1..).zip(text.lines().map(str::trim));
        let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let tokens = lines.map(|(number, line)| {
            Token::parse(line).map_err(|what| TokensError { line: number, what })
        });
        let tokens = tokens.map(|token| token.map(Arc::new));
        tokens.collect::<Result<_, _>>().map(Self)
    }

    /// Finds the token that a request has.
    ///
    /// *Errors*: 401.
    pub(super) fn find(&self, headers: &HeaderMap) -> Result<Arc<Token>, Problem> {
        let mut lines = headers.get_all(AUTHORIZATION).iter();
        let (Some(line), None) = (lines.next(), lines.next()) else {
            return Err(missing());
        };
        let secret = secret_of(line.as_bytes()).ok_or_else(missing)?;
        let digest = digest_of(secret);
        let mut found = None;
        for token in &self.0 {
            if bool::from(token.digest.ct_eq(&digest)) {
                found = Some(Arc::clone(token));
            }
        }
        found.ok_or_else(wrong)
    }
}

impl Token {
    fn parse(line: &str) -> Result<Self, String> {
        let words: Vec<_> = line.split_whitespace().collect();
        let [name, role, prefixes @ .., digest] = &words[..] else {
            return Err("it needs a name, a role and the SHA-256 of the token".to_owned());
        };
        let prefixes = prefixes.iter().map(|prefix| parse_prefix(prefix));
        Ok(Self {
            name: (*name).to_owned(),
            role: role.parse()?,
            prefixes: prefixes.collect::<Result<_, _>>()?,
            digest: parse_digest(digest).ok_or("the SHA-256 is not 64 hexadecimal digits")?,
        })
    }

    /// Its line in the file, for the text that its holder gets.
    #[must_use]
    pub fn line(name: &str, role: Role, prefixes: &[String], secret: &str) -> String {
        let mut words = vec![name, role.name()];
        words.extend(prefixes.iter().map(String::as_str));
        let digest = digest_of(secret.as_bytes());
        let digits = digest.iter().map(|byte| format!("{byte:02x}"));
        format!("{} {}", words.join(" "), digits.collect::<String>())
    }

    /// Who holds it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Reads the path that a token reaches, as it stands in a URL.
fn parse_prefix(text: &str) -> Result<Vec<String>, String> {
    // Nothing of it is said: it may be a token that got into the wrong place.
    let fault = || "a path is no path such as /school or /students.json".to_owned();
    if !text.starts_with('/') {
        return Err(fault());
    }
    match parse_target(text) {
        Ok(Target::Address { mut address, .. }) => {
            // A slash at the end is that of a folder.
            if address.0.last().is_some_and(String::is_empty) {
                address.0.pop();
            }
            Ok(address.0)
        }
        _ => Err(fault()),
    }
}

fn parse_digest(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut digest = [0; 32];
    for (byte, pair) in digest.iter_mut().zip(digits.chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(digest)
}

fn digest_of(secret: &[u8]) -> [u8; 32] {
    Sha256::digest(secret).into()
}

/// The token in a line of `Authorization`; the name of the scheme has no case.
fn secret_of(line: &[u8]) -> Option<&[u8]> {
    let (scheme, secret) = line.split_at_checked("Bearer ".len())?;
    let secret = secret.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"Bearer ") && !secret.is_empty()).then_some(secret)
}

fn missing() -> Problem {
    let detail = "This server asks for a token: send Authorization: Bearer and the token.";
    Problem::new(ProblemKind::TokenNeeded, detail)
        .with_field(WWW_AUTHENTICATE, "Bearer realm=\"jsond\"")
}

fn wrong() -> Problem {
    let detail = "The token is not known here, or not any more.";
    let told = "Bearer realm=\"jsond\", error=\"invalid_token\"";
    Problem::new(ProblemKind::TokenUnknown, detail).with_field(WWW_AUTHENTICATE, told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::HeaderValue;

    fn headers(lines: &[&str]) -> HeaderMap {
        let lines = lines
            .iter()
            .map(|line| HeaderValue::from_str(line).unwrap());
        lines.map(|line| (AUTHORIZATION, line)).collect()
    }

    #[test]
    fn a_line_is_read_as_it_was_made() {
        let prefixes = ["/school".to_owned(), "/a%20b.json/x".to_owned()];
        let line = Token::line("kim", Role::Write, &prefixes, "secret");
        let tokens = Tokens::parse(&format!("# people\n\n  {line}  \n")).unwrap();
        let token = tokens.find(&headers(&["Bearer secret"])).unwrap();
        assert_eq!((token.name(), token.role), ("kim", Role::Write));
        assert_eq!(token.prefixes, [vec!["school"], vec!["a b.json", "x"]]);
    }

    #[test]
    fn the_hash_is_what_sha256sum_prints() {
        let digest = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
        assert_eq!(
            Token::line("kim", Role::Read, &[], "secret"),
            format!("kim read {digest}")
        );
        let upper = format!("kim read {}", digest.to_uppercase());
        let tokens = Tokens::parse(&upper).unwrap();
        assert!(tokens.find(&headers(&["bEARER  secret "])).is_ok());
    }

    #[test]
    fn without_the_one_right_token_it_is_401() {
        let lines = ["a", "b"].map(|it| Token::line(it, Role::Admin, &[], it));
        let tokens = Tokens::parse(&lines.join("\n")).unwrap();
        assert_eq!(tokens.find(&headers(&["Bearer b"])).unwrap().name(), "b");
        for lines in [
            &[][..],
            &["Basic b"],
            &["Bearer"],
            &["Bearer "],
            &["b"],
            &["Bearer a", "Bearer b"],
        ] {
            let problem = tokens.find(&headers(lines)).unwrap_err();
            assert!(problem.is_of(ProblemKind::TokenNeeded), "{lines:?}");
        }
        for line in ["Bearer c", "Bearer bb", "Bearer B", "Bearer a b"] {
            let problem = tokens.find(&headers(&[line])).unwrap_err();
            assert!(problem.is_of(ProblemKind::TokenUnknown), "{line}");
        }
        let nobody = Tokens::default();
        assert!(nobody.find(&headers(&["Bearer a"])).is_err());
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named() {
        let digest = "0".repeat(64);
        for bad in [
            "kim".to_owned(),
            "kim read".to_owned(),
            format!("kim owner {digest}"),
            format!("kim read {}", &digest[1..]),
            format!("kim read {}g", &digest[1..]),
            format!("kim read school {digest}"),
            format!("kim read /_/metrics {digest}"),
            format!("kim read /a%zz {digest}"),
            "kim read secret".to_owned(),
        ] {
            let error = Tokens::parse(&format!("# first\n{bad}\n")).unwrap_err();
            assert_eq!(error.line, 2, "{bad}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_prefix_is_a_path_of_whole_segments() {
        let cases: [(&str, &[&str]); 5] = [
            ("/", &[]),
            ("/school", &["school"]),
            ("/school/", &["school"]),
            ("/a%2Fb/c", &["a/b", "c"]),
            ("/db.json/posts", &["db.json", "posts"]),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_prefix(text).unwrap(), expected, "{text}");
        }
    }
}
