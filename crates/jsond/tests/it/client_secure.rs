//! The client over TLS and with a token: what it trusts, what it sends, and what it says.

use crate::client_support::{Ran, client};
use crate::support::keys::Keys;
use crate::support::{Folder, Server};

fn secure() -> (Server, String, String) {
    let server = Server::start(Folder::school(), &["--tls", "self-signed"]);
    let url = format!("https://localhost:{}", server.address().port());
    let certificate = server.folder.file(".jsond/tls-cert.pem");
    (server, url, certificate.to_str().unwrap().to_owned())
}

fn ask(words: &[&str]) -> Ran {
    client(words, "")
}

#[test]
fn a_certificate_is_trusted_when_it_is_named_and_not_otherwise() {
    let (server, url, certificate) = secure();
    let grade = "/students.json/Da_Eun/grade";
    let named = ask(&[&url, "GET", grade, "--cacert", &certificate]);
    assert_eq!(
        (named.code, named.text()),
        (Some(0), "\"3.9\"\n"),
        "{}",
        named.error
    );
    let any = ask(&[&url, "PUT", grade, "-d", "\"4.0\"", "-k"]);
    assert_eq!(any.code, Some(0), "{}", any.error);
    let not = ask(&[&url, "GET", grade]);
    assert_eq!((not.code, not.text()), (Some(35), ""));
    assert!(not.error.contains("--cacert FILE"), "{}", not.error);
    // Another name than the certificate's.
    let address = format!("https://127.0.0.2:{}", server.address().port());
    let other = ask(&[&address, "GET", grade, "--cacert", &certificate]);
    assert!(matches!(other.code, Some(7 | 35)), "{}", other.error);
    let plain = format!("localhost:{}", server.address().port());
    let plain = ask(&[&plain, "GET", grade]);
    assert_eq!(plain.code, Some(4), "{}", plain.error);
    assert!(plain.text().contains("https://"), "{}", plain.text());
}

#[test]
fn certificates_that_cannot_be_read_are_a_usage_error() {
    let (_server, url, _) = secure();
    let empty = tempfile::NamedTempFile::new().unwrap();
    let empty = empty.path().to_str().unwrap();
    for file in [empty, "/nowhere/at/all.pem"] {
        let ran = ask(&[&url, "GET", "/", "--cacert", file]);
        assert_eq!(ran.code, Some(2), "{}", ran.error);
    }
    assert_eq!(
        ask(&[&url, "GET", "/", "--cacert", empty, "-k"]).code,
        Some(2)
    );
}

#[test]
fn a_dialogue_over_http_goes_through_tls() {
    let (server, url, certificate) = secure();
    let words = [&*url, "--cacert", &certificate];
    let ran = client(
        &words,
        "POST students.json\nSeung_Hyun 20213100 4.3 software\n",
    );
    assert_eq!(ran.code, Some(0), "{}", ran.error);
    assert!(
        ran.error.contains("201 Created  /students.json/Seung_Hyun"),
        "{}",
        ran.error
    );
    let exit = server.stop();
    assert!(exit.folder.text("students.json").contains("\"4.3\""));
}

#[test]
fn a_token_is_sent_with_every_request_and_shown_nowhere() {
    let keys = Keys::new();
    let secret = keys.make("kim", "write", &[]);
    let server = keys.serve(Folder::school(), &[]);
    let address = server.address().to_string();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{secret}\n")).unwrap();
    let file = file.path().to_str().unwrap();
    assert_eq!(ask(&[&address, "GET", "/"]).code, Some(4), "401");
    for more in [&["-v"][..], &["--wire"], &["-v", "--wire"]] {
        let words = [
            &[&*address, "GET", "students.json", "--token-file", file],
            more,
        ]
        .concat();
        let ran = ask(&words);
        assert_eq!(ran.code, Some(0), "{}", ran.error);
        let shown = format!("{}{}", ran.text(), ran.error);
        assert!(!shown.contains(&secret), "{shown}");
        assert!(shown.contains("Authorization: "), "{shown}");
    }
    let input = "POST students.json\nSeung_Hyun 1 2 3\n.curl\n.wire save capture\n.run capture\n";
    let ran = client(&[&address, "--token-file", file], input);
    assert!(ran.error.contains("201 Created"), "{}", ran.error);
    assert!(ran.text().contains("Bearer $TOKEN"), "{}", ran.text());
    assert!(!format!("{}{}", ran.text(), ran.error).contains(&secret));
    let none = tempfile::NamedTempFile::new().unwrap();
    for bad in [none.path().to_str().unwrap(), "/nowhere/token"] {
        assert_eq!(
            ask(&[&address, "GET", "/", "--token-file", bad]).code,
            Some(2)
        );
    }
}
