//! Whose pages are let in, method by method, and what they are told.

use super::*;
use crate::api::access::leave::ALLOW_PRIVATE;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW,
    VARY,
};
use http::{Request, Response};

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

/// What the answer to a request of a page says, if the request is let through.
fn told(manner: CorsManner, fields: &[(&str, &str)]) -> Option<String> {
    let also = Box::new(Cors::parse(["http://app.example"]).unwrap());
    let cors = Cors::Loopback { manner, also };
    let (leave, verdict) = cors.check(&head("POST", fields), &CALLER);
    verdict.ok()?;
    let mut response = Response::new(());
    leave.mark(&mut response);
    let told = response.headers().get(ACCESS_CONTROL_ALLOW_ORIGIN);
    let credentials = response.headers().get(ACCESS_CONTROL_ALLOW_CREDENTIALS);
    let told = told.map_or("", |it| it.to_str().unwrap()).to_owned();
    Some(told + credentials.map_or("", |_| " with credentials"))
}

#[test]
fn pages_of_this_machine_are_let_in_and_told_as_json_server_tells_them() {
    let form = ("Content-Type", "text/plain");
    let site = ("Sec-Fetch-Site", "cross-site");
    for origin in [
        "http://localhost:5173",
        "http://127.0.0.1:8080",
        "http://[::1]:3000",
        "https://app.localhost",
    ] {
        let fields = [("Origin", origin), form, site];
        let star = told(CorsManner::Star, &fields);
        assert_eq!(star.as_deref(), Some("*"), "{origin}");
        let same = told(CorsManner::Origin, &fields);
        assert_eq!(same, Some(format!("{origin} with credentials")));
    }
    let named = [("Origin", "http://app.example")];
    assert_eq!(
        told(CorsManner::Star, &named).unwrap(),
        "http://app.example"
    );
    assert_eq!(told(CorsManner::Star, &[]).unwrap(), "*");
    assert_eq!(told(CorsManner::Origin, &[]).unwrap(), "");
    for origin in [
        "http://evil.example",
        "http://localhost.evil.example",
        "null",
    ] {
        assert_eq!(
            told(CorsManner::Star, &[("Origin", origin)]),
            None,
            "{origin}"
        );
    }
    assert_eq!(told(CorsManner::Star, &[site]), None);
}
