//! HTTP/2 by prior knowledge, with hyper's client and with curl: the same answers as over HTTP/1.1,
//! many at once, and nothing torn by clients that change their mind.

use std::pin::Pin;
use std::process::Command;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::support::http2::{Answer, Content, Http2, ask, full, run};
use crate::support::{Folder, STUDENTS, Server, has_program, skip, wait_for};

/// A body that the test sends piece by piece; it ends when the sender is dropped.
fn piecewise() -> (mpsc::UnboundedSender<Bytes>, Content) {
    struct Pieces(mpsc::UnboundedReceiver<Bytes>);
    impl Body for Pieces {
        type Data = Bytes;
        type Error = std::io::Error;
        fn poll_frame(
            mut self: Pin<&mut Self>,
            task: &mut Context<'_>,
        ) -> Poll<Option<std::io::Result<Frame<Bytes>>>> {
            let piece = self.0.poll_recv(task);
            piece.map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
        }
    }
    let (sender, pieces) = mpsc::unbounded_channel();
    (sender, Pieces(pieces).boxed_unsync())
}

#[track_caller]
fn check_problem(answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status(), status, "{answer:?}");
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    assert!(answer.headers().contains_key("date"));
    let problem: Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(problem["status"], status);
    problem
}

/// Sends the same request to two servers, to one over HTTP/1.1 and to the other over HTTP/2.
fn check_same(old: &Server, new: &Server, method: &str, target: &str, body: &str) {
    let fields = ["Content-Type: application/json"];
    let expected = old.request(method, target, &fields, body);
    let answer = run(async {
        let client = Http2::open(new.address()).await;
        client
            .send(ask(method, target, full(body.to_owned())))
            .await
    });
    let words = format!("{method} {target}: {answer:?}");
    assert_eq!(answer.status(), expected.status, "{words}");
    assert_eq!(answer.body(), expected.body.as_slice(), "{words}");
    let mut fields: Vec<_> = answer
        .headers()
        .iter()
        .filter(|(name, _)| *name != "date")
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    fields.sort();
    let lasting = expected.lasting_fields();
    let times = |fields: &[(String, String)]| -> Vec<(String, String)> {
        let is_time = |name: &str| name == "last-modified" || name == "connection";
        let lasting = fields.iter().filter(|(name, _)| !is_time(name));
        lasting.cloned().collect()
    };
    assert_eq!(times(&fields), times(&lasting), "{words}");
    let date = answer.headers()["date"].to_str().unwrap();
    assert!(httpdate::parse_http_date(date).is_ok(), "{date}");
}

#[test]
fn every_answer_is_that_of_http_1() {
    let (old, new) = (Server::school(), Server::school());
    for (method, target, body) in [
        ("GET", "/students.json", ""),
        ("GET", "/students/Da_Eun/grade", ""),
        ("GET", "/students.json?pretty", ""),
        ("GET", "/", ""),
        ("GET", "/_/version", ""),
        ("HEAD", "/students.json/Da_Eun", ""),
        ("HEAD", "/missing.json", ""),
        ("OPTIONS", "/students.json", ""),
        ("PUT", "/students.json/Da_Eun/grade", "\"4.0\""),
        ("PUT", "/new.json", "{\"a\":{}}"),
        ("POST", "/students.json", "{\"X\":{\"grade\":\"1\"}}"),
        ("POST", "/students.json", "{\"X\":{\"grade\":\"1\"}}"),
        ("POST", "/students.json", ""),
        ("DELETE", "/students.json/X", ""),
        ("DELETE", "/students.json", ""),
        ("GET", "/missing.json", ""),
        ("GET", "/%zz", ""),
        ("GET", "/students.json?what", ""),
        ("PUT", "/students.json/Da_Eun/grade", "{\"a\":"),
        ("POST", "/students.json/Da_Eun/grade", "{}"),
        ("BREW", "/students.json", ""),
        ("TRACE", "/students.json", ""),
    ] {
        check_same(&old, &new, method, target, body);
    }
    assert_eq!(old.json("/students.json"), new.json("/students.json"));
}

#[test]
fn a_request_is_logged_with_its_protocol() {
    let server = Server::school();
    run(async {
        let client = Http2::open(server.address()).await;
        client.get("/students.json/Da_Eun/grade?pretty").await;
    });
    let words = " GET /students.json/Da_Eun/grade?pretty HTTP/2 200 6B ";
    server.prints("of the request", |line| line.contains(words));
}

#[test]
fn a_body_over_16_mib_is_413_declared_or_not() {
    let server = Server::school();
    run(async {
        let client = Http2::open(server.address()).await;
        let (sender, body) = piecewise();
        let mut declared = ask("PUT", "/big.json", body);
        let length = http::HeaderValue::from_static("20000000");
        declared.headers_mut().insert("content-length", length);
        // The refusal comes before a byte of the body is sent.
        check_problem(&client.send(declared).await, 413);
        drop(sender);
        let (sender, body) = piecewise();
        for _ in 0..17 {
            sender.send(vec![b'x'; 1 << 20].into()).unwrap();
        }
        drop(sender);
        check_problem(&client.send(ask("PUT", "/big.json", body)).await, 413);
        assert_eq!(client.get("/students.json").await.status(), 200);
    });
    assert!(!server.folder.file("big.json").exists());
}

#[test]
fn a_body_of_16_mib_goes_in_and_comes_out() {
    let server = Server::school();
    let text = format!("\"{}\"", "x".repeat((16 << 20) - 2));
    run(async {
        let client = Http2::open(server.address()).await;
        let created = client
            .send(ask("PUT", "/big.json", full(text.clone())))
            .await;
        assert_eq!(created.status(), 201);
        let big = client.get("/big.json").await;
        assert_eq!(
            big.headers()["content-length"],
            (text.len() + 1).to_string()
        );
        assert!(big.body().starts_with(text.as_bytes()));
    });
}

#[test]
fn many_coded_bodies_at_once_take_turns_and_all_go_in() {
    let server = Server::school();
    // A few kilobytes on the wire, 4 MB when they are decoded.
    let text = format!("\"{}\"", "x".repeat(4 << 20));
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
    let coded = Bytes::from(encoder.finish().unwrap());
    run(async {
        let client = Http2::open(server.address()).await;
        let tasks: Vec<_> = (0..12)
            .map(|n| {
                let (client, coded) = (client.clone(), coded.clone());
                tokio::spawn(async move {
                    let mut put = ask("PUT", &format!("/c{n}.json"), full(coded));
                    let gzip = http::HeaderValue::from_static("gzip");
                    put.headers_mut().insert("content-encoding", gzip);
                    let answer = client.send(put).await;
                    (answer.status().as_u16(), answer.body().len())
                })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap(), (201, text.len() + 1));
        }
    });
}

#[test]
fn a_refusal_leaves_the_connection_and_its_other_streams_alone() {
    let server = Server::school();
    run(async {
        let client = Http2::open(server.address()).await;
        for bytes in [1, 60_000, 200_000, 5_000_000] {
            let mut request = ask("PUT", "/a.json", full("x".repeat(bytes)));
            let image = http::HeaderValue::from_static("image/png");
            request.headers_mut().insert("content-type", image);
            check_problem(&client.send(request).await, 415);
            let missing = ask("POST", "/students.json/Da_Eun", full("x".repeat(bytes)));
            check_problem(&client.send(missing).await, 405);
        }
        assert_eq!(
            client.get("/students.json").await.body(),
            &server.get("/students.json").body[..]
        );
    });
}

#[test]
fn a_head_that_is_too_large_or_malformed_is_a_problem() {
    let server = Server::school();
    run(async {
        let client = Http2::open(server.address()).await;
        let with = |name: &'static str, value: String, count: usize| {
            let mut request = ask("GET", "/students.json", full(""));
            let value = http::HeaderValue::from_str(&value).unwrap();
            for _ in 0..count {
                request.headers_mut().append(name, value.clone());
            }
            request
        };
        check_problem(&client.send(with("x", "y".to_owned(), 101)).await, 431);
        check_problem(&client.send(with("x", "y".repeat(70_000), 1)).await, 431);
        check_problem(&client.send(with("x", "y".repeat(9_000), 10)).await, 431);
        check_problem(
            &client.send(with("host", "elsewhere".to_owned(), 1)).await,
            400,
        );
        check_problem(
            &client.send(with("host", "localhost".to_owned(), 2)).await,
            400,
        );
        check_problem(&client.send(with("expect", "tea".to_owned(), 1)).await, 417);
        assert_eq!(
            client.send(with("x", "y".repeat(60_000), 1)).await.status(),
            200
        );
        assert_eq!(
            client.send(with("x", "y".to_owned(), 90)).await.status(),
            200
        );
        let long = format!("/{}", "a".repeat(8_200));
        check_problem(&client.get(&long).await, 414);
        // What is far too large hyper refuses without a word.
        let far = client.try_send(with("x", "y".repeat(90_000), 2)).await;
        assert!(far.is_err() || far.is_ok_and(|answer| answer.status() == 431));
    });
    server.still_serves();
}

#[test]
fn two_hundred_streams_at_once_are_all_answered() {
    let server = Server::school();
    run(async {
        let client = Http2::open(server.address()).await;
        let (count, all) = (200, 0..200);
        let tasks: Vec<_> = all
            .map(|n| {
                let client = client.clone();
                tokio::spawn(async move {
                    let put = ask(
                        "PUT",
                        &format!("/students.json/S{n}"),
                        full(format!("{{\"n\":{n}}}")),
                    );
                    let status = client.send(put).await.status();
                    let body = client
                        .get(&format!("/students.json/S{n}/n"))
                        .await
                        .into_body();
                    (status.as_u16(), body)
                })
            })
            .collect();
        for (n, task) in tasks.into_iter().enumerate() {
            assert_eq!(task.await.unwrap(), (201, format!("{n}\n").into()));
        }
        let now: Value = serde_json::from_slice(client.get("/students.json").await.body()).unwrap();
        assert_eq!(now.as_object().unwrap().len(), 3 + count);
    });
}

#[test]
fn large_answers_share_a_connection_with_small_ones() {
    let large = format!("[{}0]", "1234567890,".repeat(800_000));
    let server = Server::start(Folder::school().with("large.json", &large), &[]);
    run(async {
        let client = Http2::open(server.address()).await;
        let tasks: Vec<_> = (0..8)
            .map(|n| {
                let client = client.clone();
                let target = if n % 2 == 0 {
                    "/large.json"
                } else {
                    "/large.json?pretty"
                };
                tokio::spawn(async move { client.get(target).await })
            })
            .collect();
        assert_eq!(
            client.get("/students.json/Da_Eun/grade").await.body(),
            "\"3.9\"\n"
        );
        for task in tasks {
            let answer = task.await.unwrap();
            assert_eq!(answer.status(), 200);
            let length: usize = answer.headers()["content-length"]
                .to_str()
                .unwrap()
                .parse()
                .unwrap();
            assert_eq!(answer.body().len(), length);
            assert!(length > large.len() && answer.body().ends_with(b"]\n"));
        }
    });
}

#[test]
fn a_client_that_gives_up_tears_nothing() {
    let large = format!("[{}0]", "1234567890,".repeat(300_000));
    let server = Server::start(Folder::school().with("large.json", large), &[]);
    run(async {
        let client = Http2::open(server.address()).await;
        for _ in 0..20 {
            client.give_up(ask("GET", "/large.json", full(""))).await;
            let (sender, body) = piecewise();
            sender.send("{\"half\":".into()).unwrap();
            let half = tokio::spawn({
                let client = client.clone();
                async move { client.try_send(ask("PUT", "/half.json", body)).await }
            });
            // The stream is reset when its request is dropped before its body has ended.
            tokio::task::yield_now().await;
            half.abort();
            assert_eq!(
                client.get("/students.json/Da_Eun/grade").await.body(),
                "\"3.9\"\n"
            );
            drop(sender);
        }
        assert_eq!(client.get("/half.json").await.status(), 404);
    });
    let students: Value = serde_json::from_str(STUDENTS).unwrap();
    assert_eq!(server.json("/students.json"), students);
    assert!(!server.folder.file("half.json").exists());
}

#[test]
fn connections_without_a_request_do_not_hold_up_a_stop() {
    let server = Server::school();
    run(async {
        let mut clients = Vec::new();
        for _ in 0..5 {
            let client = Http2::open(server.address()).await;
            client.get("/_/health/live").await;
            clients.push(client);
        }
        let start = Instant::now();
        let stopped = tokio::task::spawn_blocking(move || server.stop());
        assert_eq!(stopped.await.unwrap().code, Some(0));
        assert!(
            start.elapsed() < Duration::from_secs(5),
            "{:?}",
            start.elapsed()
        );
    });
}

/// Runs curl with HTTP/2 by prior knowledge; `None`, loudly, when this curl does not speak it.
fn curl(server: &Server, target: &str, words: &[&str]) -> Option<String> {
    let version = Command::new("curl").arg("--version").output();
    let speaks = version.is_ok_and(|it| String::from_utf8_lossy(&it.stdout).contains("HTTP2"));
    if !speaks {
        skip("curl --http2-prior-knowledge", "no curl that speaks HTTP/2");
        return None;
    }
    let scratch = tempfile::tempdir().unwrap();
    let shown = scratch.path().join("shown");
    let mut command = Command::new("curl");
    command.env_remove("http_proxy").env("no_proxy", "*");
    command.args(["-q", "-sS", "--max-time", "20", "--http2-prior-knowledge"]);
    command.args(["-w", " %{http_version} %{http_code}", "-o"]);
    command.arg(&shown).args(words);
    command.arg(format!("http://localhost:{}{target}", server.port));
    let output = wait_for(&mut command);
    assert!(output.status.success(), "{words:?} {target}: {output:?}");
    let mut shown = std::fs::read(shown).unwrap_or_default();
    shown.extend(output.stdout);
    Some(String::from_utf8(shown).unwrap())
}

#[test]
fn curl_reads_and_writes_by_prior_knowledge() {
    let uploads = Folder::empty()
        .with(
            "large.json",
            format!("[{}0]", "1234567890,".repeat(300_000)),
        )
        .with("huge.json", format!("\"{}\"", "x".repeat(20_000_000)));
    let large = uploads.file("large.json");
    let huge = uploads.file("huge.json");
    let server = Server::school();
    let Some(shown) = curl(&server, "/students.json/Da_Eun/grade", &[]) else {
        return;
    };
    assert_eq!(shown, "\"3.9\"\n 2 200");
    let ends = |target: &str, words: &[&str], end: &str| {
        let shown = curl(&server, target, words).unwrap();
        assert!(shown.ends_with(end), "{words:?} {target}: {shown}");
    };
    ends("/students.json", &["-I"], " 2 200");
    ends(
        "/students.json/Da_Eun/grade",
        &["-X", "PUT", "-d", "4.5"],
        "4.5\n 2 200",
    );
    ends("/students.json", &["-d", r#"{"X":{}}"#], " 2 201");
    ends("/students.json", &["-X", "DELETE"], "key 2 300");
    ends("/missing.json", &[], " 2 404");
    ends("/", &["-X", "OPTIONS", "--request-target", "*"], " 2 204");
    ends("/large.json", &["-T", large.to_str().unwrap()], " 2 201");
    ends("/large.json", &[], "0]\n 2 200");
    ends("/huge.json", &["-T", huge.to_str().unwrap()], " 2 413");
    ends("/students.json?pretty", &["--compressed"], " 2 200");
}

/// The upgrade from HTTP/1.1 is no part of the standard any more: the answer is one of HTTP/1.1.
#[test]
fn a_client_that_offers_an_upgrade_is_answered_as_it_asked() {
    let server = Server::school();
    if !has_program("curl --http2", "curl", &["--version"]) {
        return;
    }
    let url = format!(
        "http://localhost:{}/students.json/Da_Eun/grade",
        server.port
    );
    let mut command = Command::new("curl");
    command.env_remove("http_proxy").env("no_proxy", "*");
    command.args(["-q", "-sS", "--http2", "-w", "%{http_version}", &url]);
    let output = wait_for(&mut command);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "\"3.9\"\n1.1");
}

#[test]
fn h2load_is_answered_on_plain_text_and_within_tls() {
    if !has_program("h2load", "h2load", &["--version"]) {
        return;
    }
    for (scheme, flags) in [("http", &[][..]), ("https", &["--tls", "self-signed"])] {
        let server = Server::start(Folder::school(), flags);
        let url = format!("{scheme}://localhost:{}/students.json", server.port);
        let mut command = Command::new("h2load");
        command.args(["-n", "10000", "-c", "20", "-m", "50", &url]);
        let output = wait_for(&mut command);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            text.contains("10000 succeeded, 0 failed, 0 errored"),
            "{text}"
        );
        assert!(text.contains("status codes: 10000 2xx"), "{text}");
    }
}
