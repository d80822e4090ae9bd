//! `/_/metrics`: a page that a scraper reads, and numbers that say what happened.

use std::collections::HashMap;

use crate::support::http2::{Http2, ask, full, run};
use crate::support::{Folder, Server};

/// The samples of the page, by name and labels as they are spelled.
///
/// Reads strictly: every sample belongs to a family that was declared before, once.
fn scrape(server: &Server) -> HashMap<String, f64> {
    let page = server.body("/_/metrics");
    let mut families = HashMap::new();
    let mut samples = HashMap::new();
    for line in page.lines() {
        let words: Vec<_> = line.splitn(4, ' ').collect();
        match words[..] {
            ["#", "HELP", name, help] => {
                assert!(!help.is_empty(), "{name}");
            }
            ["#", "TYPE", name, kind] => {
                let kinds = ["counter", "gauge", "histogram"];
                assert!(kinds.contains(&kind), "{line}");
                assert!(families.insert(name, kind).is_none(), "{name} twice");
            }
            _ => {
                let (name, value) = line.rsplit_once(' ').unwrap();
                let family = name.split('{').next().unwrap();
                let stem = ["_bucket", "_sum", "_count"]
                    .iter()
                    .find_map(|suffix| family.strip_suffix(suffix));
                let declared = families.contains_key(family)
                    || stem.is_some_and(|stem| families.get(stem) == Some(&"histogram"));
                assert!(declared, "{line} has no family");
                let value = value.parse().unwrap();
                assert!(
                    samples.insert(name.to_owned(), value).is_none(),
                    "{name} twice"
                );
            }
        }
    }
    assert!(page.ends_with('\n'));
    samples
}

#[test]
fn the_page_has_its_type_and_is_never_kept() {
    let server = Server::school();
    let page = server.get("/_/metrics").is(200);
    let media = "text/plain; version=0.0.4; charset=utf-8";
    assert_eq!(page.need("Content-Type"), media);
    assert_eq!(page.need("Cache-Control"), "no-store");
    assert_eq!(
        (page.field("ETag"), page.field("Last-Modified")),
        (None, None)
    );
    let head = server.request("HEAD", "/_/metrics", &[], "").is(200);
    assert_eq!(head.need("Content-Type"), media);
    server.put("/_/metrics", "1").problem(405);
    server.get("/_/metrics/").problem(404);
    server.get("/_/metric").problem(404);
}

#[test]
fn requests_are_counted_by_method_and_status_at_every_door() {
    let server = Server::school();
    let before = scrape(&server);
    server.get("/students.json").is(200);
    server.get("/missing.json").is(404);
    server.put("/students.json/Da_Eun/grade", "\"4.0\"").is(200);
    server.put("/students.json/Da_Eun/grade", "\"4.0\"").is(200);
    server.post("/students.json", "{\"X\":{}}").is(201);
    server.delete("/students.json/X").is(200);
    run(async {
        let client = Http2::open(server.address()).await;
        client.get("/students.json").await;
        let put = ask("PUT", "/students.json/Y", full("{\"a\":1}"));
        assert_eq!(client.send(put).await.status(), 201);
    });
    server.guided("DELETE students.json", "Y");
    let mut wire = server.connect();
    wire.send("GET / HTTP/1.1\r\nbroken\r\n\r\n");
    wire.reply().is(400);
    let after = scrape(&server);
    let grew = |name: &str| {
        let value = |samples: &HashMap<String, f64>| samples.get(name).copied().unwrap_or(0.0);
        value(&after) - value(&before)
    };
    for (name, by) in [
        // The first scrape counts itself only after it was made.
        ("jsond_requests_total{method=\"GET\",status=\"200\"}", 3.0),
        ("jsond_requests_total{method=\"GET\",status=\"404\"}", 1.0),
        ("jsond_requests_total{method=\"PUT\",status=\"200\"}", 2.0),
        ("jsond_requests_total{method=\"PUT\",status=\"201\"}", 1.0),
        ("jsond_requests_total{method=\"POST\",status=\"201\"}", 1.0),
        (
            "jsond_requests_total{method=\"DELETE\",status=\"200\"}",
            2.0,
        ),
        ("jsond_requests_total{method=\"other\",status=\"400\"}", 1.0),
        ("jsond_request_duration_seconds_count", 11.0),
        ("jsond_request_duration_seconds_bucket{le=\"+Inf\"}", 11.0),
        ("jsond_writes_total{effect=\"created\"}", 2.0),
        ("jsond_writes_total{effect=\"replaced\"}", 1.0),
        ("jsond_writes_total{effect=\"unchanged\"}", 1.0),
        ("jsond_writes_total{effect=\"removed\"}", 2.0),
        ("jsond_connections_opened_total{door=\"http2\"}", 1.0),
        ("jsond_connections_opened_total{door=\"dialogue\"}", 1.0),
        ("jsond_request_body_bytes_total", 25.0),
    ] {
        assert_eq!(grew(name), by, "{name}");
    }
    assert!(grew("jsond_response_body_bytes_total") > 500.0);
    assert!(grew("jsond_store_revision") >= 5.0);
    assert!(grew("jsond_request_duration_seconds_sum") > 0.0);
}

#[test]
fn open_connections_are_shown_by_door() {
    let server = Server::school();
    run(async {
        let client = Http2::open(server.address()).await;
        client.get("/_/health/live").await;
        let (_asked, prompt) = server.ask("POST students.json\r\n\r\n");
        prompt.is(300);
        let now = scrape(&server);
        assert_eq!(now["jsond_connections{door=\"http2\"}"], 1.0);
        assert_eq!(now["jsond_connections{door=\"dialogue\"}"], 1.0);
        assert!(now["jsond_connections{door=\"http1\"}"] >= 1.0);
    });
    crate::support::eventually("no HTTP/2 is open", crate::support::PATIENCE, || {
        (scrape(&server)["jsond_connections{door=\"http2\"}"] == 0.0).then_some(())
    });
}

#[test]
fn the_store_is_shown_as_it_is() {
    let folder = Folder::school().with("broken.json", "{");
    let server = Server::start(folder, &[]);
    let now = scrape(&server);
    assert_eq!(now["jsond_store_files"], 2.0);
    assert_eq!(now["jsond_store_files_broken"], 1.0);
    assert_eq!(now["jsond_store_readonly"], 0.0);
    let version = env!("CARGO_PKG_VERSION");
    let build = format!("jsond_build_info{{version=\"{version}\"}}");
    assert_eq!(now[&build], 1.0);
    let started = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs_f64();
    assert!((started - now["process_start_time_seconds"]).abs() < 60.0);
    // Without its journal the store takes no more writes.
    std::fs::remove_dir_all(server.folder.file(".jsond")).unwrap();
    server.put("/students.json/Da_Eun/grade", "1").problem(503);
    assert_eq!(scrape(&server)["jsond_store_readonly"], 1.0);
}
