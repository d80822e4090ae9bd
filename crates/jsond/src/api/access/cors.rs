//! Pages of other origins: what their browsers send for them, and what is let through.
//!
//! A browser says with `Origin` and `Sec-Fetch-Site` for whose page it asks. A page that is not our
//! own and was not named with `--cors` reads nothing, because no answer allows it to, and changes
//! nothing, because that is refused. Who sends none of these fields is no browser.

use super::Caller;
use super::host::is_loopback;
use super::leave::{Asked, Leave};
use super::origin::{Origin, OriginError};
use crate::api::problem::{Problem, ProblemKind};
use http::Method;
use http::header::{
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, CONTENT_TYPE, HOST, HeaderMap,
    HeaderName, HeaderValue, ORIGIN, REFERER,
};
use http::request::Parts;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Asked by a page of the internet that would speak to a machine of a private network.
const REQUEST_PRIVATE: HeaderName =
    HeaderName::from_static("access-control-request-private-network");

/// What is said to all.
const STAR: HeaderValue = HeaderValue::from_static("*");

/// The media types that a page may send without asking.
///
/// *Source*: the Fetch standard, "CORS-safelisted request-header".
const FORM_TYPES: [&str; 3] = [
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "text/plain",
];

/// The pages of other origins that may read and write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cors {
    /// Those of these origins.
    Origins(Vec<Origin>),
    /// All.
    Any,
    /// Those of this machine, and those of the other rule.
    Loopback {
        /// How they are told.
        manner: CorsManner,
        /// Who else may.
        also: Box<Cors>,
    },
}

/// How pages of this machine are told that they may read, as front ends of json-server expect it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CorsManner {
    /// Every answer says `*`, whoever asks, as 1.x does.
    Star,
    /// An answer says the origin that asks, and that credentials are taken, as 0.17 does.
    Origin,
}

impl Default for Cors {
    fn default() -> Self {
        Self::Origins(Vec::new())
    }
}

impl Cors {
    /// Reads origins, of which `*` stands for all.
    ///
    /// *Errors*: one of them is none.
    pub fn parse<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, OriginError> {
        let mut origins = Vec::new();
        let mut is_any = false;
        for word in words {
            match word {
                "*" => is_any = true,
                _ => origins.push(word.parse()?),
            }
        }
        Ok(match is_any {
            true => Self::Any,
            false => Self::Origins(origins),
        })
    }

    /// Judges whose page a request is sent for.
    fn page_of(&self, head: &Parts, caller: &Caller) -> Page {
        // What says anything but that it is of ours is of another.
        let is_of_other = !head.headers.get_all(FETCH_SITE).iter().all(|site| {
            let site = site.as_bytes();
            site.eq_ignore_ascii_case(b"same-origin") || site.eq_ignore_ascii_case(b"none")
        });
        let mut lines = head.headers.get_all(ORIGIN).iter();
        let Some(line) = lines.next() else {
            return match is_of_other {
                true => Page::Foreign,
                false => Page::None,
            };
        };
        if lines.next().is_some() {
            return Page::Foreign;
        }
        let origin = line.to_str().ok().and_then(|text| text.parse().ok());
        match origin {
            Some(origin) if !is_of_other && Some(&origin) == own(head, caller).as_ref() => {
                Page::Own
            }
            origin => match self.allows(origin.as_ref(), line) {
                Some(leave) => Page::Allowed(leave),
                None => Page::Foreign,
            },
        }
    }

    /// What an answer says to a page of an origin that may read and write.
    fn allows(&self, origin: Option<&Origin>, line: &HeaderValue) -> Option<HeaderValue> {
        match (self, origin) {
            (Self::Any, _) => Some(STAR),
            (Self::Origins(allowed), Some(origin)) if allowed.contains(origin) => {
                Some(line.clone())
            }
            (Self::Loopback { manner, .. }, Some(origin)) if is_loopback(origin.host()) => {
                Some(match manner {
                    CorsManner::Star => STAR,
                    CorsManner::Origin => line.clone(),
                })
            }
            (Self::Loopback { also, .. }, origin) => also.allows(origin, line),
            _ => None,
        }
    }

    /// How pages of this machine are told.
    fn manner(&self) -> Option<CorsManner> {
        match self {
            Self::Loopback { manner, .. } => Some(*manner),
            _ => None,
        }
    }

    /// Whether another origin would be told otherwise.
    fn depends(&self) -> bool {
        match self {
            Self::Origins(origins) => !origins.is_empty(),
            Self::Any => false,
            Self::Loopback { .. } => true,
        }
    }

    /// Judges whether a request is let through that a browser sends for a page; says what its
    /// answer has to tell the browser.
    ///
    /// *Errors*: 403.
    pub(super) fn check(&self, head: &Parts, caller: &Caller) -> (Leave, Result<(), Problem>) {
        let page = self.page_of(head, caller);
        let is_preflight = is_preflight(head);
        let manner = self.manner();
        // With a rule for this machine a page that is let in may send any type: whoever wrote it
        // did so for json-server, which takes them.
        let is_let = matches!(page, Page::Own | Page::Allowed(_)) && manner.is_some();
        let verdict = match is_let {
            true => Ok(()),
            false => check_page(&page, head, is_preflight),
        };
        let leave = Leave {
            manner: manner.filter(|_| page != Page::Foreign),
            origin: match page {
                Page::Allowed(origin) => Some(origin),
                Page::None | Page::Own if manner == Some(CorsManner::Star) => Some(STAR),
                Page::None | Page::Own | Page::Foreign => None,
            },
            depends: self.depends(),
            asked: is_preflight.then(|| Asked {
                fields: head.headers.get(ACCESS_CONTROL_REQUEST_HEADERS).cloned(),
                is_private: head.headers.contains_key(REQUEST_PRIVATE),
            }),
        };
        (leave, verdict)
    }
}

/// Whose page a request is sent for.
#[derive(Debug, PartialEq, Eq)]
enum Page {
    /// None's: by a person, or a program that is no browser.
    None,
    /// One that this server sent.
    Own,
    /// One of another origin that was named at the start, as the answer is to say it.
    Allowed(HeaderValue),
    Foreign,
}

fn check_page(page: &Page, head: &Parts, is_preflight: bool) -> Result<(), Problem> {
    let refused = |detail: &str| Err(Problem::new(ProblemKind::ForeignPage, detail));
    if is_preflight {
        return match page {
            Page::Foreign => refused(
                "A page of another origin asks. Start jsond with --cors and its origin to let it.",
            ),
            _ => Ok(()),
        };
    }
    if is_read(&head.method) {
        return Ok(());
    }
    if *page == Page::Foreign {
        return refused(
            "A page of another origin may not change anything here. Start jsond with --cors and \
             its origin to let it.",
        );
    }
    if shows_a_browser(&head.headers) && has_form(&head.headers) {
        return refused(
            "A page sent a body of a type that any page may send without asking. Send \
             Content-Type: application/json.",
        );
    }
    Ok(())
}

/// Methods that change nothing, whoever asks.
pub(super) fn is_read(method: &Method) -> bool {
    method.is_safe() || method.as_str() == "QUERY"
}

/// Whether a browser asks if it may send a request.
pub(super) fn is_preflight(head: &Parts) -> bool {
    let has = |name: &HeaderName| head.headers.contains_key(name);
    head.method == Method::OPTIONS && has(&ORIGIN) && has(&ACCESS_CONTROL_REQUEST_METHOD)
}

/// The origin that pages of this server have, as the request names it.
fn own(head: &Parts, caller: &Caller) -> Option<Origin> {
    let authority = match head.uri.authority() {
        Some(authority) => authority.as_str(),
        None => head.headers.get(HOST)?.to_str().ok()?,
    };
    let scheme = if caller.is_secure { "https" } else { "http" };
    format!("{scheme}://{authority}").parse().ok()
}

/// Judges whether a browser asks for a page of another site: what a script of such a page would be
/// given is anybody's.
pub(in crate::api) fn is_of_other_site(head: &Parts) -> bool {
    let mut sites = head.headers.get_all(FETCH_SITE).iter();
    if sites.any(|site| site.as_bytes().eq_ignore_ascii_case(b"cross-site")) {
        return true;
    }
    let of_us = head.headers.get(HOST).map(HeaderValue::as_bytes);
    let pages = head.headers.get_all(ORIGIN).iter();
    let mut pages = pages.chain(head.headers.get_all(REFERER));
    pages.any(|page| {
        let text = page.to_str().unwrap_or_default();
        let page = text.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        let authority = page.split("//").nth(1).unwrap_or_default();
        let is_ours = of_us == Some(authority.as_bytes());
        let origin = page.parse::<Origin>();
        !is_ours && !origin.is_ok_and(|it| is_loopback(it.host()))
    })
}

/// Judges whether a browser has sent this.
pub(in crate::api) fn shows_a_browser(headers: &HeaderMap) -> bool {
    headers
        .keys()
        .any(|name| name == ORIGIN || name.as_str().starts_with("sec-fetch-"))
}

fn has_form(headers: &HeaderMap) -> bool {
    headers.get_all(CONTENT_TYPE).iter().any(|line| {
        let line = line.as_bytes().split(|&byte| byte == b';').next();
        let media = line.unwrap_or_default().trim_ascii();
        let is_media = |form: &&str| media.eq_ignore_ascii_case(form.as_bytes());
        FORM_TYPES.iter().any(is_media)
    })
}

#[cfg(test)]
#[path = "cors_tests.rs"]
mod tests;
