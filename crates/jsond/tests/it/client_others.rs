//! The client at servers of others: Python's http.server and nginx. `--dialect auto` finds what they
//! speak, and says what they say.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::client_support::client;
use crate::support::{PATIENCE, eventually, has_program};

const TEXT: &str = "{\"Da_Eun\":{\"grade\":\"3.9\"}}\n";

/// A server of somebody else, which ends with the test.
struct Other {
    child: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("students.json"), TEXT).unwrap();
    folder
}

fn python() -> Option<Other> {
    if !has_program("Python's http.server", "python3", &["--version"]) {
        return None;
    }
    let folder = folder();
    let mut child = Command::new("python3")
        .args(["-u", "-m", "http.server", "--bind", "127.0.0.1", "0"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let out = child.stdout.take().unwrap();
    BufReader::new(out).read_line(&mut line).unwrap();
    let port = line.split("port ").nth(1).unwrap();
    let port = port.split(' ').next().unwrap();
    Some(Other {
        child,
        address: format!("127.0.0.1:{port}"),
        _folder: folder,
    })
}

fn nginx() -> Option<Other> {
    if !has_program("nginx", "nginx", &["-v"]) {
        return None;
    }
    let folder = folder();
    // It takes no port 0; somebody else may take this one meanwhile, so it is tried again.
    let mut started = None;
    eventually("nginx has a port", PATIENCE, || {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let mut child = start_nginx(folder.path(), port);
        let is_there = eventually("nginx answers or ends", PATIENCE, || {
            let has_ended = child.try_wait().unwrap().is_some();
            let answers = TcpStream::connect(("127.0.0.1", port)).is_ok();
            (has_ended || answers).then_some(!has_ended)
        });
        started = is_there.then_some((child, port));
        is_there.then_some(())
    });
    let (child, port) = started?;
    Some(Other {
        child,
        address: format!("127.0.0.1:{port}"),
        _folder: folder,
    })
}

fn start_nginx(root: &Path, port: u16) -> Child {
    let shown = root.display();
    let configuration = format!(
        "daemon off; master_process off; pid {shown}/pid; error_log {shown}/error;
         events {{}}
         http {{
           access_log off; client_body_temp_path {shown}/b; proxy_temp_path {shown}/p;
           fastcgi_temp_path {shown}/f; uwsgi_temp_path {shown}/u; scgi_temp_path {shown}/s;
           server {{ listen 127.0.0.1:{port}; root {shown}; types {{ application/json json; }} }}
         }}"
    );
    let file = root.join("nginx.conf");
    std::fs::write(&file, configuration).unwrap();
    Command::new("nginx")
        .arg("-c")
        .arg(&file)
        .args(["-e", &format!("{shown}/error")])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn check(server: &Other, refused: u16) {
    let address = server.address.as_str();
    for name in ["students.json", "/students.json"] {
        let ran = client(&[address, "GET", name], "");
        assert_eq!((ran.code, ran.text()), (Some(0), TEXT), "{}", ran.error);
    }
    let head = client(&[address, "HEAD", "students.json", "-i"], "");
    assert_eq!(head.code, Some(0), "{}", head.error);
    assert!(head.text().starts_with("HTTP/1."), "{}", head.text());
    let missing = client(&[address, "GET", "nothing.json"], "");
    assert_eq!(missing.code, Some(4), "{}", missing.error);
    let posted = client(&[address, "--json", "POST", "students.json", "a=b"], "");
    let object: serde_json::Value = serde_json::from_str(posted.text()).unwrap();
    assert_eq!(object["status"], refused, "{object}");
    // One after another, as a person would: nothing of one gets into the next.
    let input = "GET students.json\nGET nothing.json\nHEAD students.json\nGET students.json\n";
    let ran = client(&[address], input);
    assert_eq!(ran.code, Some(0), "{}", ran.error);
    assert_eq!(ran.text().matches(TEXT).count(), 2, "{}", ran.text());
}

#[test]
fn pythons_http_server_is_spoken_to() {
    if let Some(server) = python() {
        check(&server, 501);
    }
}

#[test]
fn nginx_is_spoken_to() {
    if let Some(server) = nginx() {
        check(&server, 405);
    }
}
