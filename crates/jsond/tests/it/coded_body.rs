//! Request bodies in gzip and br: taken, bounded when they are decoded, refused when they are damaged.

use std::io::Write;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::{JSON, JSON_PATCH, Reply, STUDENTS, Server};

const GZIP: &str = "Content-Encoding: gzip";
const BR: &str = "Content-Encoding: br";

/// 64 MiB of spaces and a `1`, in br.
const BR_BOMB: &str = "cbffff3f002440e2b14072effff8ffff078004401c1680eefd1fffffff00900088c302d0bdffe3ffff1f00\
    1200715800baf77ffcffff034002200e0b40f7fe8fffff7f004800c46101e8defff1ffff0f000980382c00ddfb3ffeffff012001\
    108705a07bff0700803103";

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn br(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = brotli::CompressorWriter::new(&mut bytes, 4096, 3, 20);
    encoder.write_all(text).unwrap();
    drop(encoder);
    bytes
}

fn from_hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> = digits.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn put(server: &Server, coding: &str, body: &[u8]) -> Reply {
    server.request_bytes("PUT", "/new.json", &[JSON, coding], body)
}

/// Asserts that a body is refused in good time, with little memory, and that nothing is stored.
#[track_caller]
fn check_refused(server: &Server, coding: &str, body: &[u8], statuses: &[u16]) {
    let begin = Instant::now();
    let reply = put(server, coding, body).one_of(statuses);
    assert!(
        begin.elapsed() < Duration::from_secs(if cfg!(debug_assertions) { 30 } else { 3 }),
        "{:?}",
        begin.elapsed()
    );
    let status = reply.status;
    let problem = reply.problem(status);
    assert!(problem["detail"].as_str().unwrap().len() > 15, "{problem}");
    server.get("/new.json").problem(404);
    assert!(!server.folder.file("new.json").exists());
}

#[test]
fn a_body_in_gzip_or_br_is_what_it_decodes_to() {
    let server = Server::school();
    let text = STUDENTS.replace("software", &"software ".repeat(2000));
    for (number, (coding, body)) in [
        (GZIP, gzip(text.as_bytes())),
        (BR, br(text.as_bytes())),
        ("Content-Encoding: GZip", gzip(text.as_bytes())),
        ("Content-Encoding: x-gzip", gzip(text.as_bytes())),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("new{number}.json");
        let reply = server
            .request_bytes("PUT", &format!("/{name}"), &[JSON, coding], &body)
            .is(201);
        let expected: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(reply.json(), expected, "{coding}");
        assert!(
            reply.field("Content-Encoding").is_none(),
            "nobody asked for a coding"
        );
        server.folder.holds(&name, &expected);
    }
    let patch = gzip(br#"[{"op":"replace","path":"/Da_Eun/grade","value":"1"}]"#);
    server
        .request_bytes("PATCH", "/students.json", &[JSON_PATCH, GZIP], &patch)
        .is(200);
    server
        .request_bytes("POST", "/students.json", &[JSON, BR], &br(b"{\"New\":{}}"))
        .is(201);
    let query = gzip(b"$.*.grade");
    let fields = ["Content-Type: application/jsonpath", GZIP];
    let reply = server
        .request_bytes("QUERY", "/students.json", &fields, &query)
        .is(200);
    assert_eq!(reply.text(), "[\"4.1\",\"1\",\"4.4\"]\n");
}

#[test]
fn a_coded_body_in_chunks_is_taken_too() {
    let server = Server::school();
    let body = gzip(b"{\"grade\":\"4.0\"}");
    let mut wire = server.connect();
    wire.send(format!(
        "PUT /students.json/New HTTP/1.1\r\nHost: localhost\r\n{JSON}\r\n{GZIP}\r\nTransfer-Encoding: chunked\r\n\r\n"
    ));
    for byte in &body {
        wire.send([b"1\r\n".as_slice(), &[*byte], b"\r\n"].concat());
    }
    wire.send("0\r\n\r\n");
    assert_eq!(wire.reply().is(201).text(), "{\"grade\":\"4.0\"}\n");
    wire.get("/students.json/New").is(200);
}

#[test]
fn a_body_that_decodes_to_more_than_is_taken_is_413() {
    let server = Server::school();
    let mut spaces = vec![b' '; 40 << 20];
    spaces.push(b'1');
    check_refused(&server, GZIP, &gzip(&spaces), &[413]);
    check_refused(&server, BR, &from_hex(BR_BOMB), &[413]);
    let many = gzip(&spaces[..4 << 20]).repeat(10);
    check_refused(&server, GZIP, &many, &[400, 413]);
    let within = format!("\"{}\"", "x".repeat(15 << 20));
    put(&server, GZIP, &gzip(within.as_bytes())).is(201);
    assert!(
        server.memory_bytes_max() < 400 << 20,
        "{} bytes",
        server.memory_bytes_max()
    );
    server.still_serves();
}

#[test]
fn forty_bombs_at_once_hurt_nobody() {
    let server = Server::school();
    let bomb = from_hex(BR_BOMB);
    std::thread::scope(|scope| {
        for _ in 0..40 {
            scope.spawn(|| put(&server, BR, &bomb).is(413));
        }
        for _ in 0..10 {
            let begin = Instant::now();
            server.still_serves();
            assert!(
                begin.elapsed() < Duration::from_secs(2),
                "{:?}",
                begin.elapsed()
            );
        }
    });
    assert!(
        server.memory_bytes_max() < 800 << 20,
        "{} bytes",
        server.memory_bytes_max()
    );
}

#[test]
fn a_damaged_body_is_400_and_stores_nothing() {
    let server = Server::school();
    let text = format!(
        "{{\"text\":\"{}\"}}",
        (0..3000).map(|n| n.to_string()).collect::<String>()
    );
    let good = gzip(text.as_bytes());
    for cut in [
        1,
        2,
        9,
        10,
        11,
        good.len() / 2,
        good.len() - 9,
        good.len() - 8,
        good.len() - 4,
        good.len() - 1,
    ] {
        check_refused(&server, GZIP, &good[..cut], &[400]);
    }
    let mut crc = good.clone();
    let place = crc.len() - 8;
    crc[place] ^= 1;
    check_refused(&server, GZIP, &crc, &[400]);
    let mut length = good.clone();
    let place = length.len() - 1;
    length[place] ^= 1;
    check_refused(&server, GZIP, &length, &[400]);
    check_refused(
        &server,
        GZIP,
        &[good.as_slice(), b"rubbish"].concat(),
        &[400],
    );
    check_refused(&server, GZIP, text.as_bytes(), &[400]);
    check_refused(&server, GZIP, &br(text.as_bytes()), &[400]);
    let good = br(text.as_bytes());
    for cut in [1, 10, good.len() / 2, good.len() - 1] {
        check_refused(&server, BR, &good[..cut], &[400]);
    }
    check_refused(&server, BR, &[good.as_slice(), b"rubbish"].concat(), &[400]);
    check_refused(&server, BR, &gzip(text.as_bytes()), &[400]);
    server.still_serves();
}

#[test]
fn what_decodes_to_nothing_or_to_no_json_is_400() {
    let server = Server::school();
    for text in ["", " ", "{", "{\"a\":1,\"a\":2}", "\u{feff}"] {
        check_refused(&server, GZIP, &gzip(text.as_bytes()), &[400]);
        check_refused(&server, BR, &br(text.as_bytes()), &[400]);
    }
    let problem = put(&server, GZIP, &gzip(b"{\"a\":\n tru}")).problem(400);
    assert_eq!(problem["line"], 2, "lines of the decoded text: {problem}");
}

#[test]
fn another_coding_is_415() {
    let server = Server::school();
    for coding in [
        "deflate",
        "zstd",
        "compress",
        "gzip, deflate",
        "gzip2",
        "aes128gcm",
    ] {
        check_refused(
            &server,
            &format!("Content-Encoding: {coding}"),
            b"{}",
            &[415],
        );
    }
    server.still_serves();
}

#[test]
fn a_coding_of_no_body_is_nobodys_business() {
    let server = Server::school();
    let coding = ["Content-Encoding: zip"];
    server.ask_for("/students.json", &coding).is(200);
}
