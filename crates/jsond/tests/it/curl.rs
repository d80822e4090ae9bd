//! The habits of people with curl, with the real curl.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Folder, STUDENTS, Server, skip, wait_for};

/// What curl showed: the status, the head of the last response, the body.
struct Shown {
    status: u16,
    head: String,
    body: String,
}

impl Shown {
    #[track_caller]
    fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "\n{}{}", self.head, self.body);
        self
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

fn has_curl(test: &str) -> bool {
    let there = Command::new("curl").arg("--version").output().is_ok();
    if !there {
        skip(test, "no curl");
    }
    there
}

/// Runs curl on a target of the server, with the words a person would type.
#[track_caller]
fn curl(server: &Server, target: &str, words: &[&str]) -> Shown {
    let scratch = tempfile::tempdir().unwrap();
    let file = |name: &str| scratch.path().join(name);
    let mut command = Command::new("curl");
    command
        .env_remove("http_proxy")
        .env("no_proxy", "*")
        .args(["-q", "-sS", "--max-time", "20"]);
    command
        .args(words)
        .arg("-D")
        .arg(file("head"))
        .arg("-o")
        .arg(file("body"));
    command
        .args(["-w", "%{http_code}"])
        .arg(format!("http://localhost:{}{target}", server.port));
    let output = wait_for(&mut command);
    assert!(
        output.status.success(),
        "curl {words:?} {target}: {output:?}"
    );
    let read = |name: &str| std::fs::read_to_string(file(name)).unwrap_or_default();
    let status = String::from_utf8(output.stdout).unwrap().parse().unwrap();
    let head = read("head");
    let last = head
        .trim_end()
        .rsplit("\r\n\r\n")
        .next()
        .unwrap_or_default()
        .to_owned();
    Shown {
        status,
        head: last,
        body: read("body"),
    }
}

fn students() -> Value {
    serde_json::from_str(STUDENTS).unwrap()
}

#[test]
fn curl_reads_files_records_fields_and_the_listing() {
    if !has_curl("curl reads") {
        return;
    }
    let server = Server::school();
    assert_eq!(
        curl(&server, "/students.json", &[]).is(200).json(),
        students()
    );
    assert_eq!(
        curl(&server, "/students.json/Da_Eun", &[]).is(200).json(),
        students()["Da_Eun"]
    );
    assert_eq!(
        curl(&server, "/students.json/Da_Eun/grade", &[])
            .is(200)
            .body,
        "\"3.9\"\n"
    );
    assert_eq!(
        curl(&server, "/students", &["--compressed"]).is(200).json(),
        students()
    );
    assert_eq!(
        curl(&server, "/", &[]).is(200).json()["students.json"]["records"],
        3
    );
    curl(&server, "/missing.json", &[]).is(404);
}

#[test]
fn curl_capital_i_shows_the_head_and_does_not_wait_for_a_body() {
    if !has_curl("curl -I") {
        return;
    }
    let server = Server::school();
    let shown = curl(&server, "/students.json", &["-I"]).is(200);
    let head = shown.head.to_lowercase();
    for name in [
        "content-length: ",
        "content-type: application/json",
        "etag: \"",
        "date: ",
    ] {
        assert!(head.contains(name), "{name} in {head}");
    }
}

#[test]
fn curl_puts_a_field_posts_a_record_and_deletes_one() {
    if !has_curl("curl writes") {
        return;
    }
    let server = Server::school();
    let target = "/students.json/Chan_Jin/grade";
    assert_eq!(
        curl(&server, target, &["-X", "PUT", "-d", "4.5"])
            .is(200)
            .body,
        "4.5\n"
    );
    let posted = curl(
        &server,
        "/students.json",
        &["-d", r#"{"X":{"grade":"4.3"}}"#],
    )
    .is(201);
    assert!(posted.head.contains("/students.json/X"), "{}", posted.head);
    let json = ["-H", "Content-Type: application/json", "-d", r#"{"Y":{}}"#];
    curl(&server, "/students.json", &json).is(201);
    curl(&server, "/students.json/So_Jeong", &["-X", "DELETE"]).is(200);
    let now = server.json("/students.json");
    assert_eq!(now["Chan_Jin"]["grade"], json!(4.5));
    assert_eq!(now["X"], json!({"grade": "4.3"}));
    assert_eq!(now.get("So_Jeong"), None);
    server.folder.holds("students.json", &now);
}

#[test]
fn curl_dash_t_puts_a_file_small_or_large() {
    if !has_curl("curl -T") {
        return;
    }
    let server = Server::school();
    let uploads = Folder::empty()
        .with("small.json", "{\"a\": {\"n\": 1}}")
        .with(
            "large.json",
            format!("[{}0]", "1234567890,".repeat(200_000)),
        );
    for name in ["small.json", "large.json"] {
        let path = uploads.file(name);
        let shown = curl(
            &server,
            &format!("/{name}"),
            &["-T", path.to_str().unwrap()],
        );
        assert_eq!(shown.status, 201, "{name}: {}", shown.body);
        assert_eq!(
            server.json(&format!("/{name}")).to_string().len(),
            shown.body.len() - 1
        );
    }
    let path = uploads.file("large.json");
    let words = [
        "-T",
        path.to_str().unwrap(),
        "-H",
        "Transfer-Encoding: chunked",
    ];
    curl(&server, "/chunked.json", &words).is(201);
}

#[test]
fn curl_sees_412_400_404_405_and_413() {
    if !has_curl("curl refused") {
        return;
    }
    let server = Server::school();
    let target = "/students.json/Da_Eun/grade";
    let mismatch = ["-X", "PUT", "-d", "4.5", "-H", "If-Match: \"nothing\""];
    assert_eq!(
        curl(&server, target, &mismatch).is(412).json()["status"],
        412
    );
    assert_eq!(
        curl(&server, "/nowhere/at/all", &[]).is(404).json()["status"],
        404
    );
    let json = "Content-Type: application/json";
    let broken = curl(
        &server,
        target,
        &["-X", "PUT", "-H", json, "-d", "{\"a\":1,}"],
    )
    .is(400);
    assert!(
        broken.head.contains("application/problem+json"),
        "{}",
        broken.head
    );
    assert_eq!(
        (&broken.json()["line"], &broken.json()["column"]),
        (&json!(1), &json!(8))
    );
    curl(&server, target, &["-d", "{\"a\":{}}", "-H", json]).is(405);
    curl(
        &server,
        target,
        &["-X", "PUT", "-d", "<a/>", "-H", "Content-Type: text/xml"],
    )
    .is(415);
    let uploads = Folder::empty().with("big.json", format!("\"{}\"", "x".repeat(20_000_000)));
    let path = uploads.file("big.json");
    curl(&server, "/big.json", &["-T", path.to_str().unwrap()]).is(413);
    assert_eq!(server.json("/students.json"), students());
}

#[test]
fn curl_saves_and_compares_tags() {
    if !has_curl("curl --etag-compare") {
        return;
    }
    let server = Server::school();
    let scratch = Folder::empty();
    let file = scratch.file("tag");
    let file = file.to_str().unwrap();
    curl(&server, "/students.json", &["--etag-save", file]).is(200);
    curl(&server, "/students.json", &["--etag-compare", file]).is(304);
    server.put("/students.json/Da_Eun/grade", "\"4.0\"").is(200);
    curl(&server, "/students.json", &["--etag-compare", file]).is(200);
}

#[test]
fn curl_is_asked_and_answers() {
    if !has_curl("curl and the 300") {
        return;
    }
    let server = Server::school();
    let prompt = curl(&server, "/students.json", &["-X", "DELETE"]).is(300);
    assert_eq!(prompt.body.trim_end(), "Enter follow data : key");
    curl(
        &server,
        "/students.json",
        &["-X", "DELETE", "-d", "key=So_Jeong"],
    )
    .is(200);
    let prompt = curl(&server, "/students.json", &["-X", "POST"]).is(300);
    assert_eq!(
        prompt.body.trim_end(),
        "Enter follow data : key student_number grade department"
    );
    let words = [
        "-H",
        "Content-Type: text/plain",
        "-d",
        "Seung_Hyun 20213100 4.3 software",
    ];
    curl(&server, "/students.json", &words).is(201);
    let form = [
        "-d",
        "key=Ann",
        "-d",
        "student_number=1",
        "-d",
        "grade=2",
        "-d",
        "department=3",
    ];
    curl(&server, "/students.json", &form).is(201);
    let form = [
        "--data-urlencode",
        "key=Kim Minsu",
        "-d",
        "student_number=1&grade=2&department=3",
    ];
    curl(&server, "/students.json", &form).is(201);
    assert_eq!(server.json("/students.json").as_object().unwrap().len(), 5);
}

#[test]
fn curl_keeps_one_connection_for_several_requests() {
    if !has_curl("curl keeps its connection") {
        return;
    }
    let server = Server::school();
    let url = format!("http://localhost:{}/students.json/[1-5]", server.port);
    let mut command = Command::new("curl");
    command.args([
        "-q",
        "-sS",
        "--max-time",
        "20",
        "-o",
        "/dev/null",
        "-w",
        "%{num_connects} ",
        &url,
    ]);
    let output = wait_for(&mut command);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "1 0 0 0 0 ");
}
