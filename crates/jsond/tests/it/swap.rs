//! A file that somebody swaps for a link out of the folder, a thousand times a second, while it is
//! read and written: what lies outside is never read and never written.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::support::{Folder, Server};

const SECRET: &str = "{\"secret\":{\"n\":\"outside\"}}\n";
const INSIDE: &str = "{\"Da_Eun\":{\"grade\":\"inside\"}}\n";

/// How long the swaps are quick, and how long they go on.
const QUICK: Duration = Duration::from_secs(4);
const WHOLE: Duration = Duration::from_secs(7);

/// Swaps until it is told to stop, and counts the quick ones: then slower, because what never rests
/// is hardly ever looked at.
fn swap(path: &Path, outside: &Path, stop: &AtomicBool, count: &AtomicUsize) {
    let (link, file) = (path.with_extension("link"), path.with_extension("file"));
    let start = Instant::now();
    while !stop.load(Relaxed) {
        let is_quick = start.elapsed() < QUICK;
        let pause = Duration::from_micros(if is_quick { 300 } else { 200_000 });
        let _ = fs::remove_file(&link);
        symlink(outside, &link).unwrap();
        fs::rename(&link, path).unwrap();
        std::thread::sleep(pause);
        fs::write(&file, INSIDE).unwrap();
        fs::rename(&file, path).unwrap();
        std::thread::sleep(pause);
        count.fetch_add(if is_quick { 2 } else { 0 }, Relaxed);
    }
}

fn check(flags: &[&str]) {
    let place = tempfile::tempdir().unwrap();
    let outside = place.path().join("outside.json");
    fs::write(&outside, SECRET).unwrap();
    let before = fs::metadata(&outside).unwrap().modified().unwrap();
    let server = Server::start(Folder::empty().with("a.json", INSIDE), flags);
    let path = server.folder.file("a.json");
    let (stop, count) = (AtomicBool::new(false), AtomicUsize::new(0));
    let time = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| swap(&path, &outside, &stop, &count));
        let clients: Vec<_> = (0..3)
            .map(|client| {
                let server = &server;
                scope.spawn(move || {
                    let mut number = 0;
                    while time.elapsed() < WHOLE {
                        number += 1;
                        for target in ["/a.json", "/a.json/secret", "/a", "/"] {
                            let text = server.get(target);
                            assert!(!text.text().contains("outside"), "{}", text.text());
                        }
                        let body = format!("\"{client}-{number}\"");
                        for target in ["/a.json/Da_Eun/grade", "/a.json/secret/n"] {
                            let reply = server.put(target, &body);
                            assert!(
                                reply.status < 500 || reply.status == 503,
                                "{}",
                                reply.text()
                            );
                        }
                    }
                })
            })
            .collect();
        let ended: Vec<_> = clients
            .into_iter()
            .map(std::thread::ScopedJoinHandle::join)
            .collect();
        stop.store(true, Relaxed);
        assert!(ended.iter().all(Result::is_ok), "a client failed");
    });
    let swaps = count.load(Relaxed) as f64 / QUICK.as_secs_f64();
    eprintln!("{swaps:.0} swaps a second");
    assert_eq!(fs::read_to_string(&outside).unwrap(), SECRET);
    assert_eq!(fs::metadata(&outside).unwrap().modified().unwrap(), before);
    server.get("/_/health/live").is(200);
    let exit = server.stop();
    assert_eq!(fs::read_to_string(&outside).unwrap(), SECRET);
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
    let kept = exit.folder.conflicts("a.json");
    assert!(
        kept.iter().all(|(_, text)| !text.contains("outside")),
        "{kept:?}"
    );
}

#[test]
fn a_file_that_is_swapped_for_a_link_out_of_the_folder_leads_nowhere() {
    check(&[]);
}

#[test]
fn nor_does_it_when_files_are_looked_at_only_before_they_are_written() {
    check(&["--watch", "off"]);
}
