//! The wire view equals what crossed the socket: a server between records both directions, and the
//! view's bytes are the same; a saved capture is dissected as the same exchange.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};

use crate::client_support::{Student, client, program, run};
use crate::support::{Folder, Server, has_program};

/// Both directions of what crossed, connection after connection.
type Crossed = Arc<Mutex<[Vec<u8>; 2]>>;

/// A relay in front of a server that records what it moves; it ends with the test's process.
fn relay(port: u16) -> (String, Crossed) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let crossed: Crossed = Arc::default();
    let record = Arc::clone(&crossed);
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let client = client.unwrap();
            let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
            for (way, from, to) in [(0, &client, &server), (1, &server, &client)] {
                let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                let record = Arc::clone(&record);
                std::thread::spawn(move || pump(from, to, way, &record));
            }
        }
    });
    (address, crossed)
}

fn pump(mut from: TcpStream, mut to: TcpStream, way: usize, record: &Crossed) {
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        record.lock().unwrap()[way].extend_from_slice(&bytes[..count]);
        if to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// The bytes of one direction, read back from a view as text.
fn viewed(view: &str, mark: &str) -> Vec<u8> {
    let lines = view.lines().filter_map(|line| line.strip_prefix(mark));
    lines.flat_map(unescape).collect()
}

fn unescape(line: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        if first != '\\' {
            bytes.extend_from_slice(&rest.as_bytes()[..first.len_utf8()]);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (byte, length) = match rest.as_bytes()[1] {
            b'r' => (vec![b'\r'], 2),
            b'n' => (vec![b'\n'], 2),
            b't' => (vec![b'\t'], 2),
            b'\\' => (vec![b'\\'], 2),
            b'x' => (vec![u8::from_str_radix(&rest[2..4], 16).unwrap()], 4),
            _ => {
                let end = rest.find('}').unwrap();
                let code = u32::from_str_radix(&rest[3..end], 16).unwrap();
                (
                    char::from_u32(code).unwrap().to_string().into_bytes(),
                    end + 1,
                )
            }
        };
        bytes.extend(byte);
        rest = &rest[length..];
    }
    bytes
}

/// The bytes of one direction, read back from a view in hexadecimal.
fn dumped(view: &str, mark: &str) -> Vec<u8> {
    let lines = view.lines().filter_map(|line| line.strip_prefix(mark));
    lines
        .flat_map(|line| {
            let digits = line[10..].get(..50).unwrap_or(&line[10..]);
            let bytes = digits.split_whitespace().take(16);
            bytes
                .map(|byte| u8::from_str_radix(byte, 16).unwrap())
                .collect::<Vec<_>>()
        })
        .collect()
}

#[track_caller]
fn check(port: u16, words: &[&str], input: &str) {
    for mode in ["on", "hex"] {
        let (address, crossed) = relay(port);
        let words = [&[&*address], words].concat();
        let ran = client(&words, &format!(".wire {mode}\n{input}"));
        assert_ne!(ran.code, Some(56), "{}", ran.error);
        let [sent, received] = crossed.lock().unwrap().clone();
        assert!(!sent.is_empty() && !received.is_empty(), "{input}");
        let read = if mode == "on" { viewed } else { dumped };
        let text = String::from_utf8_lossy;
        assert_eq!(text(&read(&ran.error, "> ")), text(&sent), "{}", ran.error);
        assert_eq!(
            text(&read(&ran.error, "< ")),
            text(&received),
            "{}",
            ran.error
        );
    }
}

#[test]
fn the_view_is_what_crossed_the_socket() {
    let odd = "{\"a\\\\b\":\"\\u001b[2J \\u202e 학생 \\u0000\"}";
    let folder = Folder::school().with("odd.json", odd);
    let large = format!("[{}0]", "12345,".repeat(20_000));
    let server = Server::start(folder.with("large.json", &large), &[]);
    let port = server.address().port();
    // One after another on one connection, a dialogue, a coded body, large ones, refusals.
    check(
        port,
        &[],
        "GET students.json\nGET odd.json\nHEAD odd.json\nGET nothing.json\n",
    );
    check(
        port,
        &[],
        "POST students.json\n김 1 2 3\nDELETE students.json\n김\n",
    );
    check(
        port,
        &[],
        "GET students.json?pretty Accept-Encoding:gzip\nGET large.json\n",
    );
    check(port, &[], "PUT new.json/a 'text=\\ tab\there'\nBREW a\n");
    check(
        port,
        &["--dialect", "raw"],
        "GET students.json\nPOST students.json\nX 1 2 3\n",
    );
}

#[test]
fn the_view_is_what_crossed_to_a_student_and_to_a_server_that_sends_chunks() {
    if let Some(student) = Student::start("bare") {
        let port = student.address.rsplit(':').next().unwrap().parse().unwrap();
        check(
            port,
            &[],
            "GET students.json\nDELETE students.json\nSo_Jeong\n",
        );
    }
    // Answers in one write: the second came before it was asked for, and is left in the socket.
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n\
                   4;a=b\r\n1234\r\n0\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2";
    let canned = crate::client_support::Canned::answering(chunked);
    let port = canned.address.rsplit(':').next().unwrap().parse().unwrap();
    check(port, &["--dialect", "http"], "GET a\n");
}

#[test]
fn within_tls_the_view_is_what_was_in_it() {
    let server = Server::start(Folder::school(), &["--tls", "self-signed"]);
    let certificate = server.folder.file(".jsond/tls-cert.pem");
    let url = format!("https://localhost:{}", server.address().port());
    let words = [&*url, "--cacert", certificate.to_str().unwrap(), "--wire"];
    let ran = client(
        &[&words[..], &["GET", "/students.json/Da_Eun/grade"]].concat(),
        "",
    );
    assert_eq!((ran.code, ran.text()), (Some(0), "\"3.9\"\n"));
    assert!(
        ran.error.contains("TLS: what is in it is shown"),
        "{}",
        ran.error
    );
    let sent = String::from_utf8(viewed(&ran.error, "> ")).unwrap();
    assert!(
        sent.starts_with("GET /students.json/Da_Eun/grade HTTP/1.1\r\n"),
        "{sent}"
    );
    let received = String::from_utf8(viewed(&ran.error, "< ")).unwrap();
    assert!(received.starts_with("HTTP/1.1 200 OK\r\n"), "{received}");
    assert!(received.ends_with("\r\n\r\n\"3.9\"\n"), "{received}");
}

/// What tshark makes of a capture: a line for each message of HTTP.
fn dissect(file: &std::path::Path) -> Vec<String> {
    let mut command = Command::new("tshark");
    command
        .arg("-r")
        .arg(file)
        .args(["-Y", "http", "-T", "fields"]);
    for field in [
        "http.request.method",
        "http.request.uri",
        "http.response.code",
        "http.file_data",
    ] {
        command.args(["-e", field]);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| line.trim_end().to_owned())
        .collect()
}

/// What was asked and answered, as a capture has it.
const MESSAGES: [&str; 12] = [
    "GET /students.json/Da_Eun/grade",
    "200",
    "PUT /students.json/Da_Eun/grade",
    "200",
    "DELETE /students.json",
    "300",
    "DELETE /students.json",
    "200",
    "GET /nothing.json",
    "404",
    "GET /large.json",
    "200",
];

#[test]
fn a_saved_capture_is_dissected_as_the_same_exchange() {
    let name = "a_saved_capture_is_dissected_as_the_same_exchange";
    if !has_program(name, "tshark", &["--version"]) {
        return;
    }
    let large = format!("\"{}\"", "x".repeat(200_000));
    for flags in [&[][..], &["--tls", "self-signed"]] {
        let server = Server::start(Folder::school().with("large.json", &large), flags);
        let scheme = if flags.is_empty() { "http" } else { "https" };
        let url = format!("{scheme}://localhost:{}", server.address().port());
        let home = tempfile::tempdir().unwrap();
        let mut command = program(home.path());
        command.args(["client", &url]);
        if !flags.is_empty() {
            command.arg("-k");
        }
        let input = "GET students.json/Da_Eun/grade\nPUT students.json/Da_Eun/grade @body Authorization:hunter2\n\
                     DELETE students.json\nSo_Jeong\nGET nothing.json\nGET large.json\n.wire save c.pcapng\n";
        std::fs::write(home.path().join("body"), "\"4.0\"").unwrap();
        let ran = run(command, input.as_bytes());
        assert!(
            ran.error.contains("packets saved in c.pcapng"),
            "{}",
            ran.error
        );
        let file = home.path().join("c.pcapng");
        let bytes = std::fs::read(&file).unwrap();
        assert!(
            !bytes.windows(7).any(|it| it == b"hunter2"),
            "the secret is in the capture"
        );
        let messages = dissect(&file);
        let heads: Vec<String> = messages
            .iter()
            .map(|line| {
                line.split('\t')
                    .take(3)
                    .collect::<Vec<_>>()
                    .join(" ")
                    .trim()
                    .to_owned()
            })
            .collect();
        assert_eq!(heads, MESSAGES, "{messages:?}");
        let malformed = Command::new("tshark")
            .arg("-r")
            .arg(&file)
            .args([
                "-o",
                "tcp.check_checksum:TRUE",
                "-o",
                "ip.check_checksum:TRUE",
            ])
            .args([
                "-Y",
                "_ws.malformed || tcp.analysis.flags || tcp.checksum.status == 0",
            ])
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&malformed.stdout), "");
    }
}
