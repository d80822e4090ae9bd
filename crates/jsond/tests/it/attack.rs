//! Under attack: other clients go on being served, in time, and memory stays bounded.
//!
//! Beside each attack runs a bystander who reads and writes by turns, on a new connection each time
//! as a browser's first request would be. What it had to wait is printed and judged.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::support::frames::*;
use crate::support::{Folder, JSON, Server, Wire, has_program};

const GRADE: &str = "/students.json/Da_Eun/grade";

/// What others may have to wait, all but one in a hundred of them.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// What a server under attack may hold in memory; a quiet one of the tests holds some 15 MiB.
const MEMORY_BYTES_MAX: usize = 96 << 20;

/// A client that means well.
struct Bystander {
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Duration>>,
}

impl Bystander {
    fn start(server: &Server) -> Self {
        let address = server.address();
        let is_over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&is_over);
        let thread = std::thread::spawn(move || {
            let mut waits = Vec::new();
            while !told.load(Ordering::Relaxed) || waits.len() < 100 {
                let start = Instant::now();
                let mut wire = Wire::open(address);
                if waits.len() % 2 == 0 {
                    wire.get(GRADE).is(200);
                } else {
                    wire.request("PUT", GRADE, &[JSON], "\"4.0\"").is(200);
                }
                waits.push(start.elapsed());
                std::thread::sleep(Duration::from_millis(2));
            }
            waits
        });
        Self { is_over, thread }
    }

    /// Asserts that all requests were answered, and in time; prints what was measured.
    #[track_caller]
    fn was_served(self, attack: &str, server: &Server) {
        self.is_over.store(true, Ordering::Relaxed);
        let mut waits = self.thread.join().expect("every request is answered");
        waits.sort();
        let [p50, p99] = [50, 99].map(|part| waits[waits.len() * part / 100]);
        let memory = server.memory_bytes_max();
        eprintln!(
            "{attack}: {} requests of others, p50 {p50:.1?}, p99 {p99:.1?}, longest {:.1?}; peak of the server {} MiB",
            waits.len(),
            waits[waits.len() - 1],
            memory >> 20
        );
        assert!(p99 < WAIT_MAX, "{attack}: {p99:?}");
        assert!(memory < MEMORY_BYTES_MAX, "{attack}: {memory} bytes");
    }
}

/// Opens streams and takes them back until the server has had enough; gives how many were sent.
fn open_and_reset(server: &Server, count: u32) -> u32 {
    let mut frames = Frames::greet(server);
    for n in 0..count {
        let stream = 2 * n + 1;
        let mut bytes = get(stream, "/students.json?pretty");
        bytes.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
        if !frames.wire.send_if_read(bytes) {
            return n;
        }
    }
    count
}

#[test]
fn a_hundred_thousand_streams_that_are_reset_hold_up_nobody() {
    let server = Server::school();
    let bystander = Bystander::start(&server);
    let start = Instant::now();
    // At least a hundred thousand, and for long enough that others are seen to be served.
    let is_enough = |sent| sent >= 25_000 && start.elapsed() > Duration::from_secs(3);
    let sent: u32 = std::thread::scope(|scope| {
        let attackers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut sent = 0;
                    while !is_enough(sent) {
                        sent += open_and_reset(&server, 25_000);
                    }
                    sent
                })
            })
            .collect();
        attackers.into_iter().map(|it| it.join().unwrap()).sum()
    });
    let name = format!("{sent} HEADERS and RST_STREAM in {:.1?}", start.elapsed());
    bystander.was_served(&name, &server);
    server.still_serves();
}

/// What the processor did for a server.
fn processor_time(server: &Server) -> Duration {
    let text = std::fs::read_to_string(format!("/proc/{}/stat", server.process())).unwrap();
    let after_name = text.rsplit(')').next().unwrap();
    let ticks = after_name.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.map(|it| it.parse::<u64>().unwrap()).sum();
    // A tick is a hundredth of a second for every program on Linux.
    Duration::from_millis(10 * ticks)
}

#[test]
fn three_hundred_connections_for_64_descriptors_spin_nothing_and_are_recovered_from() {
    let server = Server::start_after("ulimit -n 64", Arc::new(Folder::school()), &[]);
    server.still_serves();
    let crowd: Vec<_> = (0..300).map(|_| server.connect()).collect();
    std::thread::sleep(Duration::from_millis(500));
    let (before, watched) = (processor_time(&server), Duration::from_secs(3));
    std::thread::sleep(watched);
    let used = processor_time(&server) - before;
    drop(crowd);
    let start = Instant::now();
    server.still_serves();
    server.put(GRADE, "\"4.0\"").is(200);
    let recovery = start.elapsed();
    eprintln!(
        "300 connections for 64 descriptors: {used:.1?} of the processor in {watched:?}, \
         served {recovery:.1?} after they left"
    );
    assert!(used < watched / 20, "it spins: {used:?}");
    assert!(recovery < Duration::from_secs(5), "{recovery:?}");
    let exit = server.stop();
    assert_eq!(exit.code, Some(0), "{}", exit.stderr);
}

/// Attacks by a tool of others; the checks of the repository run them beside the long waits.
mod patience {
    use super::*;

    /// Runs slowhttptest with 1,000 connections, and asserts that it found the service available.
    fn attack(name: &str, arguments: &[&str]) {
        if !has_program(name, "sh", &["-c", "command -v slowhttptest"]) {
            return;
        }
        let server = Server::school();
        let url = format!("http://127.0.0.1:{}/students.json", server.address().port());
        let bystander = Bystander::start(&server);
        let mut command = Command::new("slowhttptest");
        command.args(["-c", "1000", "-r", "300", "-l", "20", "-p", "3", "-u", &url]);
        command.args(arguments).env("TERM", "dumb");
        let output = command.output().unwrap();
        bystander.was_served(&format!("slowhttptest {}", arguments[0]), &server);
        let text = String::from_utf8_lossy(&output.stdout);
        let words = |line: &str| line.split_whitespace().last() == Some("NO");
        let is_down = |line: &&str| line.contains("service available") && words(line);
        assert_eq!(text.lines().find(is_down), None);
        assert!(text.contains("service available"), "{text}");
        server.still_serves();
    }

    #[test]
    #[ignore = "takes 20 s; the checks of the repository run it"]
    fn slow_heads_hold_up_nobody() {
        attack("slow_heads_hold_up_nobody", &["-H", "-i", "5", "-x", "24"]);
    }

    #[test]
    #[ignore = "takes 20 s; the checks of the repository run it"]
    fn slow_bodies_hold_up_nobody() {
        let post = ["-B", "-t", "POST", "-i", "5", "-s", "8192", "-x", "10"];
        attack("slow_bodies_hold_up_nobody", &post);
    }

    #[test]
    #[ignore = "takes 20 s; the checks of the repository run it"]
    fn slow_readers_hold_up_nobody() {
        let window = [
            "-X", "-w", "10", "-y", "20", "-n", "5", "-z", "32", "-k", "3",
        ];
        attack("slow_readers_hold_up_nobody", &window);
    }
}
