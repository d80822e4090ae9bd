//! Pages of other origins: what their browsers send for them, and what is let through.
//!
//! A browser says with `Origin` and `Sec-Fetch-Site` for whose page it asks. A page that is not our
//! own and was not named with `--cors` reads nothing, because no answer allows it to, and changes
//! nothing, because that is refused. Who sends none of these fields is no browser.

use super::Caller;
use super::origin::{Origin, OriginError};
use crate::api::problem::{Problem, ProblemKind};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, ALLOW, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue,
    ORIGIN, VARY,
};
use http::request::Parts;
use http::{Method, Response};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Asked by a page of the internet that would speak to a machine of a private network.
const REQUEST_PRIVATE: HeaderName =
    HeaderName::from_static("access-control-request-private-network");

const ALLOW_PRIVATE: HeaderName = HeaderName::from_static("access-control-allow-private-network");

/// The fields of our answers that a page of another origin may read.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "Accept-Patch, Accept-Query, Allow, Content-Location, Content-Range, ETag, Last-Modified, \
     Link, Location, Preference-Applied, Retry-After, WWW-Authenticate, X-Total-Count",
);

/// For how many seconds a browser need not ask again.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

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
        match (self, origin) {
            (_, Some(origin)) if !is_of_other && Some(&origin) == own(head, caller).as_ref() => {
                Page::Own
            }
            (Self::Any, _) => Page::Allowed(HeaderValue::from_static("*")),
            (Self::Origins(allowed), Some(origin)) if allowed.contains(&origin) => {
                Page::Allowed(line.clone())
            }
            _ => Page::Foreign,
        }
    }

    /// Judges whether a request is let through that a browser sends for a page; says what its
    /// answer has to tell the browser.
    ///
    /// *Errors*: 403.
    pub(super) fn check(&self, head: &Parts, caller: &Caller) -> (Leave, Result<(), Problem>) {
        let page = self.page_of(head, caller);
        let is_preflight = is_preflight(head);
        let verdict = check_page(&page, head, is_preflight);
        let leave = Leave {
            origin: match page {
                Page::Allowed(origin) => Some(origin),
                _ => None,
            },
            depends: matches!(self, Self::Origins(origins) if !origins.is_empty()),
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

/// What an answer tells a browser about pages of other origins.
#[derive(Debug, Default)]
pub(in crate::api) struct Leave {
    /// The origin that may read it.
    origin: Option<HeaderValue>,
    /// Another origin would be told otherwise.
    depends: bool,
    /// What a preflight asks for.
    asked: Option<Asked>,
}

#[derive(Debug)]
struct Asked {
    fields: Option<HeaderValue>,
    is_private: bool,
}

impl Leave {
    /// Adds to an answer what a browser has to be told.
    ///
    /// *Source*: the Fetch standard, "HTTP responses".
    pub(in crate::api) fn mark<B>(self, response: &mut Response<B>) {
        let headers = response.headers_mut();
        if self.depends {
            vary_by_origin(headers);
        }
        let Some(origin) = self.origin else {
            return;
        };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let Some(asked) = self.asked else {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
            return;
        };
        if let Some(methods) = headers.get(ALLOW).cloned() {
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
        }
        if let Some(fields) = asked.fields.filter(is_list_of_names) {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, fields);
        }
        if asked.is_private {
            headers.insert(ALLOW_PRIVATE, HeaderValue::from_static("true"));
        }
        headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    }
}

/// Whether a value is nothing but names of fields.
fn is_list_of_names(value: &HeaderValue) -> bool {
    let names = value.as_bytes().split(|byte| *byte == b',');
    names
        .map(<[u8]>::trim_ascii)
        .all(|name| HeaderName::from_bytes(name).is_ok())
}

fn vary_by_origin(headers: &mut HeaderMap) {
    let before = headers.get(VARY).map(HeaderValue::as_bytes);
    let names = match before {
        Some(before) => [before, b", Origin"].concat(),
        None => b"Origin".to_vec(),
    };
    let names = HeaderValue::from_bytes(&names);
    headers.insert(VARY, names.expect("INVARIANT: names and commas"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    const CALLER: Caller = Caller {
        address: std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
        is_secure: false,
    };

    fn head(method: &str, fields: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method(method).uri("/students.json");
        request = request.header(HOST, "localhost:12345");
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn is_let(cors: &Cors, method: &str, fields: &[(&str, &str)]) -> bool {
        cors.check(&head(method, fields), &CALLER).1.is_ok()
    }

    const CHANGES: [&str; 5] = ["PUT", "POST", "PATCH", "DELETE", "BREW"];

    #[test]
    fn who_is_no_browser_may_send_anything() {
        for method in ["GET", "HEAD", "OPTIONS", "QUERY"].iter().chain(&CHANGES) {
            assert!(is_let(&Cors::default(), method, &[]), "{method}");
            let form = ("Content-Type", FORM_TYPES[0]);
            assert!(is_let(&Cors::default(), method, &[form]), "{method}");
        }
    }

    #[test]
    fn a_page_of_another_origin_reads_without_leave_and_changes_nothing() {
        for fields in [
            &[("Origin", "http://evil.example")][..],
            &[("Origin", "http://localhost:5173")],
            &[("Origin", "https://localhost:12345")],
            &[("Origin", "http://127.0.0.1:12345")],
            &[("Origin", "http://localhost")],
            &[("Origin", "null")],
            &[("Origin", "")],
            &[("Origin", "http://localhost:12345/")],
            &[("Origin", "http://localhost:12345 http://evil.example")],
            &[
                ("Origin", "http://localhost:12345"),
                ("Origin", "http://evil.example"),
            ],
            &[
                ("Origin", "http://localhost:12345"),
                ("Sec-Fetch-Site", "cross-site"),
            ],
            &[("Sec-Fetch-Site", "cross-site")],
            &[("Sec-Fetch-Site", "same-site")],
        ] {
            for method in CHANGES {
                assert!(
                    !is_let(&Cors::default(), method, fields),
                    "{method} {fields:?}"
                );
            }
            for method in ["GET", "HEAD", "QUERY", "OPTIONS"] {
                assert!(
                    is_let(&Cors::default(), method, fields),
                    "{method} {fields:?}"
                );
                let (leave, _) = Cors::default().check(&head(method, fields), &CALLER);
                let mut response = Response::new(());
                leave.mark(&mut response);
                assert!(response.headers().is_empty(), "{method} {fields:?}");
            }
        }
    }

    #[test]
    fn a_page_of_ours_may_change_what_it_says_in_json() {
        let own = ("Origin", "http://LOCALHOST:12345");
        let json = ("Content-Type", "application/json");
        for method in CHANGES {
            assert!(is_let(&Cors::default(), method, &[own, json]), "{method}");
            let fields = [own, json, ("Sec-Fetch-Site", "same-origin")];
            assert!(is_let(&Cors::default(), method, &fields), "{method}");
        }
    }

    #[test]
    fn a_form_from_a_browser_changes_nothing_whose_page_it_is() {
        let any = Cors::parse(["*"]).unwrap();
        for sign in [
            ("Origin", "http://localhost:12345"),
            ("Sec-Fetch-Site", "none"),
            ("Sec-Fetch-Mode", "navigate"),
        ] {
            for form in [
                "text/plain",
                "TEXT/Plain;charset=UTF-8",
                "multipart/form-data; boundary=x",
                " application/x-www-form-urlencoded ",
            ] {
                let fields = [sign, ("Content-Type", form)];
                assert!(!is_let(&any, "POST", &fields), "{fields:?}");
                let two = [
                    sign,
                    ("Content-Type", "application/json"),
                    ("Content-Type", form),
                ];
                assert!(!is_let(&any, "PUT", &two), "{two:?}");
            }
        }
    }

    #[test]
    fn a_page_that_was_named_may_do_all_and_is_told_so() {
        let cors = Cors::parse(["http://localhost:5173", "https://app.example"]).unwrap();
        let json = ("Content-Type", "application/json");
        for origin in ["http://localhost:5173", "https://app.example:443"] {
            let fields = [("Origin", origin), ("Sec-Fetch-Site", "cross-site"), json];
            for method in CHANGES {
                assert!(is_let(&cors, method, &fields), "{method} {origin}");
            }
            let (leave, _) = cors.check(&head("GET", &fields), &CALLER);
            let mut response = Response::new(());
            leave.mark(&mut response);
            assert_eq!(response.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], origin);
            assert_eq!(response.headers()[VARY], "Origin");
            assert!(
                response
                    .headers()
                    .contains_key(ACCESS_CONTROL_EXPOSE_HEADERS)
            );
        }
        for origin in ["http://app.example", "https://app.example:444", "null"] {
            assert!(
                !is_let(&cors, "PUT", &[("Origin", origin), json]),
                "{origin}"
            );
        }
    }

    #[test]
    fn a_preflight_is_answered_for_named_pages_and_refused_for_others() {
        let ask = |origin| {
            [
                ("Origin", origin),
                ("Access-Control-Request-Method", "PUT"),
                ("Access-Control-Request-Headers", "content-type,if-match"),
                ("Access-Control-Request-Private-Network", "true"),
            ]
        };
        let named = Cors::parse(["http://localhost:5173"]).unwrap();
        assert!(!is_let(&named, "OPTIONS", &ask("http://evil.example")));
        assert!(!is_let(
            &Cors::default(),
            "OPTIONS",
            &ask("http://localhost:5173")
        ));
        for (cors, expected) in [(named, "http://localhost:5173"), (Cors::Any, "*")] {
            let head = head("OPTIONS", &ask("http://localhost:5173"));
            let (leave, verdict) = cors.check(&head, &CALLER);
            assert!(verdict.is_ok());
            let mut response = Response::builder()
                .header(ALLOW, "GET, PUT")
                .body(())
                .unwrap();
            leave.mark(&mut response);
            let told = response.headers();
            assert_eq!(told[ACCESS_CONTROL_ALLOW_ORIGIN], expected);
            assert_eq!(told[ACCESS_CONTROL_ALLOW_METHODS], "GET, PUT");
            assert_eq!(told[ACCESS_CONTROL_ALLOW_HEADERS], "content-type,if-match");
            assert_eq!(told[ALLOW_PRIVATE], "true");
            assert_eq!(told[ACCESS_CONTROL_MAX_AGE], "600");
        }
    }

    #[test]
    fn a_word_that_is_no_origin_is_refused() {
        assert!(Cors::parse(["http://a", "b"]).is_err());
        assert_eq!(Cors::parse(["http://a", "*"]), Ok(Cors::Any));
        assert_eq!(Cors::parse([]), Ok(Cors::default()));
    }
}
