//! Behind TLS: the certificate that jsond makes and keeps, those that are given, what is spoken and what
//! is not, and that every door is there too.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::secure::Secure;
use crate::support::{
    Folder, JSON, PATIENCE, Server, eventually, has_program, run_to_end, wait_for,
};

const GRADE: &str = "/students.json/Da_Eun/grade";

fn certificate(server: &Server) -> PathBuf {
    server.folder.file(".jsond/tls-cert.pem")
}

fn open(server: &Server, protocol: &str) -> Secure {
    Secure::open(server.address(), &certificate(server), protocol)
}

/// Sends one request on a connection of its own, and gives all that comes.
fn ask(server: &Server, method: &str, target: &str, body: &str) -> String {
    let mut secure = open(server, "http/1.1");
    let length = body.len();
    secure.send(format!(
        "{method} {target} HTTP/1.1\r\nHost: localhost\r\n{JSON}\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    ));
    String::from_utf8(secure.rest()).unwrap()
}

fn self_signed(folder: impl Into<std::sync::Arc<Folder>>) -> Server {
    Server::start(folder, &["--tls", "self-signed"])
}

#[test]
fn requests_are_answered_within_tls() {
    let server = self_signed(Folder::school());
    let text = ask(&server, "PUT", GRADE, "\"4.0\"");
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
    let text = ask(&server, "GET", GRADE, "");
    assert!(text.ends_with("\r\n\r\n\"4.0\"\n"), "{text}");
    // Byte by byte, each in a record of its own.
    let mut secure = open(&server, "http/1.1");
    for byte in
        format!("GET {GRADE} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").bytes()
    {
        secure.send([byte]);
    }
    assert!(secure.rest().ends_with(b"\"4.0\"\n"));
    // A hundred at once, of which none is lost, and a body of megabytes both ways.
    let mut secure = open(&server, "http/1.1");
    let one = format!("GET {GRADE} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let last = one.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    secure.send(one.repeat(99) + &last);
    let text = String::from_utf8(secure.rest()).unwrap();
    assert_eq!(text.matches("\"4.0\"\n").count(), 100);
    let large = format!("\"{}\"", "x".repeat(5 << 20));
    assert!(ask(&server, "PUT", "/large.json", &large).starts_with("HTTP/1.1 201"));
    let text = ask(&server, "GET", "/large.json", "");
    assert!(text.ends_with(&format!("\r\n\r\n{large}\n")));
}

#[test]
fn http2_is_chosen_where_the_client_speaks_it() {
    let server = self_signed(Folder::school());
    for protocol in ["h2", "http/1.1"] {
        assert_eq!(
            open(&server, protocol).protocol().as_deref(),
            Some(protocol)
        );
    }
    if !has_program(
        "http2_is_chosen_where_the_client_speaks_it",
        "curl",
        &["--version"],
    ) {
        return;
    }
    for (flag, version) in [
        ("--http2", "2"),
        ("--http1.1", "1.1"),
        ("--http2-prior-knowledge", "2"),
    ] {
        let output = wait_for(
            Command::new("curl")
                .args(["-sS", flag, "-w", "%{http_version}", "--cacert"])
                .arg(certificate(&server))
                .arg(format!(
                    "https://localhost:{}{GRADE}",
                    server.address().port()
                )),
        );
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(
            text,
            format!("\"3.9\"\n{version}"),
            "{flag} {:?}",
            output.stderr
        );
    }
}

#[test]
fn a_client_that_speaks_no_tls_is_told_so_and_gets_nothing() {
    let server = self_signed(Folder::school());
    for bytes in [
        "GET /students.json HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET students.json\n\n",
    ] {
        let mut wire = server.connect();
        wire.send(bytes);
        let problem = wire.reply().problem(400);
        assert!(
            problem["detail"].as_str().unwrap().contains("https"),
            "{problem}"
        );
        wire.closes();
    }
    // What is no handshake, or half a one, is no reason to stop.
    for bytes in [
        &b"\x16"[..],
        b"\x16\x03\x01\x00\x05hello",
        b"\x16\xff\xff\xff\xff",
        b"\x80\x2e\x01",
    ] {
        let mut wire = server.connect();
        wire.send(bytes);
        wire.half_close();
        wire.receive_to_end();
    }
    assert!(ask(&server, "GET", GRADE, "").contains("\"3.9\""));
}

#[test]
fn a_handshake_that_does_not_come_is_waited_for_ten_seconds() {
    let server = self_signed(Folder::school());
    let start = Instant::now();
    let mut silent = server.connect();
    let mut halting = server.connect();
    halting.send(b"\x16\x03\x01");
    halting.receive_to_end();
    silent.receive_to_end();
    let waited = start.elapsed();
    assert!(waited > Duration::from_secs(9), "{waited:?}");
    assert!(waited < PATIENCE, "{waited:?}");
}

#[test]
fn a_certificate_is_made_once_and_kept() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = self_signed(Folder::school());
    let first = open(&server, "http/1.1").shown();
    let told = |server: &Server| {
        let line = server.prints("the fingerprint", |line| line.contains("SHA-256"));
        line.trim().to_owned()
    };
    let fingerprint = told(&server);
    for name in [".jsond/tls-cert.pem", ".jsond/tls-key.pem"] {
        let metadata = std::fs::metadata(server.folder.file(name)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{name}");
    }
    let exit = server.stop();
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
    let server = self_signed(exit.folder);
    assert_eq!(open(&server, "http/1.1").shown(), first);
    assert_eq!(told(&server), fingerprint);
    // After a cut too, and beside a journal that lies elsewhere.
    let server = self_signed(server.kill());
    assert_eq!(open(&server, "http/1.1").shown(), first);
    let elsewhere = tempfile::tempdir().unwrap();
    let journal = elsewhere.path().to_str().unwrap();
    let flags = ["--tls", "self-signed", "--journal", journal];
    let server = Server::start(Folder::school(), &flags);
    Secure::open(
        server.address(),
        &elsewhere.path().join("tls-cert.pem"),
        "h2",
    );
    assert!(!server.folder.file(".jsond/tls-key.pem").exists());
}

/// Makes a certificate for localhost, and its key.
fn make(folder: &Path, name: &str) -> [PathBuf; 2] {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let files = [
        folder.join(format!("{name}.crt")),
        folder.join(format!("{name}.key")),
    ];
    std::fs::write(&files[0], made.cert.pem()).unwrap();
    std::fs::write(&files[1], made.signing_key.serialize_pem()).unwrap();
    files
}

#[test]
fn a_certificate_that_is_given_is_read_again_when_it_changes() {
    let place = tempfile::tempdir().unwrap();
    let [certificate, key] = make(place.path(), "first");
    let [other_certificate, other_key] = make(place.path(), "second");
    let flags = [
        "--tls-cert",
        certificate.to_str().unwrap(),
        "--tls-key",
        key.to_str().unwrap(),
    ];
    let server = Server::start(Folder::school(), &flags);
    let kept = place.path().join("kept.crt");
    std::fs::copy(&certificate, &kept).unwrap();
    let first = Secure::open(server.address(), &kept, "h2").shown();
    // Half of a pair is no pair: the old one stays.
    std::fs::copy(&other_certificate, &certificate).unwrap();
    server.prints("the fault", |line| line.contains("stays as it was"));
    assert_eq!(Secure::open(server.address(), &kept, "h2").shown(), first);
    std::fs::copy(&other_key, &key).unwrap();
    server.signal("HUP");
    let connects = || {
        let secure = Secure::try_open(server.address(), &other_certificate, "h2");
        secure.ok().map(|it| it.shown())
    };
    let second = eventually("the new certificate is shown", PATIENCE, connects);
    assert_ne!(second, first);
    assert_eq!(server.stop().code, Some(0));
}

#[test]
fn what_cannot_be_shown_is_refused_at_the_start() {
    let folder = Folder::school();
    let path = folder.path().to_str().unwrap();
    let place = tempfile::tempdir().unwrap();
    let [certificate, key] = make(place.path(), "first").map(|it| it.to_str().unwrap().to_owned());
    let [_, other] = make(place.path(), "second").map(|it| it.to_str().unwrap().to_owned());
    for (certificate, key) in [
        (certificate.as_str(), other.as_str()),
        (key.as_str(), key.as_str()),
        (certificate.as_str(), certificate.as_str()),
        ("/nonexistent", key.as_str()),
    ] {
        let flags = [
            "serve",
            path,
            "--port",
            "0",
            "--tls-cert",
            certificate,
            "--tls-key",
            key,
        ];
        let output = run_to_end(&flags);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(certificate), "{said}");
    }
    for flags in [
        &["--tls-cert", certificate.as_str()][..],
        &["--tls-key", key.as_str()],
        &["--tls", "yes"],
        &["--tls", "self-signed", "--plain"],
        &[
            "--tls",
            "self-signed",
            "--tls-cert",
            &certificate,
            "--tls-key",
            &key,
        ],
    ] {
        let output = run_to_end(&[&["serve", path, "--port", "0"], flags].concat());
        assert_eq!(output.status.code(), Some(2), "{flags:?}");
    }
}

#[test]
fn only_strong_versions_and_ciphers_are_spoken() {
    let server = self_signed(Folder::school());
    if !has_program(
        "only_strong_versions_and_ciphers_are_spoken",
        "sslscan",
        &["--version"],
    ) {
        return;
    }
    let address = format!("localhost:{}", server.address().port());
    let output = wait_for(Command::new("sslscan").args(["--no-colour", &address]));
    let text = String::from_utf8_lossy(&output.stdout);
    for (version, expected) in [
        ("SSLv2", "disabled"),
        ("SSLv3", "disabled"),
        ("TLSv1.0", "disabled"),
        ("TLSv1.1", "disabled"),
        ("TLSv1.2", "enabled"),
        ("TLSv1.3", "enabled"),
    ] {
        let line = text.lines().find(|line| {
            let mut words = line.split_whitespace();
            words.next() == Some(version) && words.next().is_some_and(|it| it.ends_with("abled"))
        });
        let line = line.unwrap_or_else(|| panic!("{version} in\n{text}"));
        assert!(line.contains(expected), "{line}");
    }
    let is_suite = |line: &&str| line.starts_with("Preferred") || line.starts_with("Accepted");
    let suites: Vec<_> = text.lines().filter(is_suite).collect();
    assert!(suites.len() >= 6, "{text}");
    for suite in suites {
        let is_strong = ["GCM", "POLY1305"].iter().any(|it| suite.contains(it));
        let is_secret_forever = suite.contains("TLSv1.3") || suite.contains("ECDHE");
        assert!(is_strong && is_secret_forever, "{suite}");
    }
    assert!(
        !text.contains("vulnerable to heartbleed") || text.contains("not vulnerable to heartbleed")
    );
}
