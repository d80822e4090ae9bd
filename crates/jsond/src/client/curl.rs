//! A request as a command of curl, to be pasted into a shell. Pure.

use super::peer::Peer;
use super::request::Request;
use super::secret::is_secret;

/// The command; a token is named, not shown.
pub(super) fn command(request: &Request, peer: &Peer) -> String {
    let mut words = vec!["curl".to_owned()];
    match request.method.as_str() {
        "GET" => {}
        "HEAD" => words.push("-I".to_owned()),
        method => words.extend(["-X".to_owned(), method.to_owned()]),
    }
    if peer.authorization().is_some() {
        words.extend([
            "-H".to_owned(),
            "\"Authorization: Bearer $TOKEN\"".to_owned(),
        ]);
    }
    let is_given = |name: &str| {
        let mut names = request.headers.iter().map(|(name, _)| name);
        names.any(|given| given.eq_ignore_ascii_case(name))
    };
    for (name, value) in &request.headers {
        let field = match is_secret(name) {
            true => format!("\"{name}: $SECRET\""),
            false => quoted(&format!("{name}: {value}")),
        };
        words.extend(["-H".to_owned(), field]);
    }
    if let Some(body) = &request.body {
        if !is_given("content-type") {
            let field = format!("Content-Type: {}", body.media_type);
            words.extend(["-H".to_owned(), quoted(&field)]);
        }
        let text = String::from_utf8_lossy(&body.bytes);
        words.extend(["--data-binary".to_owned(), quoted(&text)]);
    }
    words.push(quoted(&peer.address.url(&request.http_target())));
    words.join(" ")
}

/// A word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::super::address::Address;
    use super::super::peer::Trust;
    use super::*;

    fn check(line: &str, token: Option<&str>, expected: &str) {
        let words = super::super::words::split_request(line).unwrap();
        let read = |_: &str| unreachable!("no file is named");
        let request = Request::parse(&words, &Default::default(), &read).unwrap();
        let token = token.map(str::to_owned);
        let peer = Peer::new(Address::default(), &Trust::default(), token).unwrap();
        assert_eq!(command(&request, &peer), expected);
    }

    #[test]
    fn a_request_can_be_sent_by_curl() {
        check(
            "GET a.json Authorization:S",
            None,
            "curl -H \"Authorization: $SECRET\" 'http://127.0.0.1:12345/a.json'",
        );
        check("GET a.json", None, "curl 'http://127.0.0.1:12345/a.json'");
        check(
            "HEAD a.json",
            None,
            "curl -I 'http://127.0.0.1:12345/a.json'",
        );
        check(
            "PUT /a.json/x \"name=O'Brien\"",
            None,
            "curl -X PUT -H 'Content-Type: application/json' --data-binary \
             '{\"name\":\"O'\\''Brien\"}' 'http://127.0.0.1:12345/a.json/x'",
        );
        check(
            "GET it\"'\"s.json _sort==-a",
            Some("secret"),
            "curl -H \"Authorization: Bearer $TOKEN\" \
             'http://127.0.0.1:12345/it'\\''s.json?_sort=-a'",
        );
    }
}
