//! What a server counts, and the page that shows it.
//!
//! Counting is on the way of every request, so it is one addition for each number: no lock, no
//! allocation, no look-up of a label. The page is made when it is asked for, in the text format of
//! Prometheus. What the store knows already is asked of it then.

use http::StatusCode;
use jsond_store::{Effect, Store};
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The media type of the page.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The methods that are counted apart; the last stands for all others.
const METHODS: [&str; 9] = [
    "GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE", "QUERY", "other",
];

/// The status codes are counted one by one, from 100 on.
const STATUSES: usize = 500;

/// The upper bounds of the times of requests, in nanoseconds, and as the page spells them.
const TIMES: [(u64, &str); 14] = [
    (100_000, "0.0001"),
    (250_000, "0.00025"),
    (500_000, "0.0005"),
    (1_000_000, "0.001"),
    (2_500_000, "0.0025"),
    (5_000_000, "0.005"),
    (10_000_000, "0.01"),
    (25_000_000, "0.025"),
    (50_000_000, "0.05"),
    (100_000_000, "0.1"),
    (250_000_000, "0.25"),
    (1_000_000_000, "1"),
    (2_500_000_000, "2.5"),
    (10_000_000_000, "10"),
];

/// The ways into the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// HTTP/1.1 and HTTP/1.0.
    Http1,
    /// HTTP/2.
    Http2,
    /// The guided dialogue.
    Dialogue,
}

const DOORS: [&str; 3] = ["http1", "http2", "dialogue"];

/// What came of writes; in the order of [`effect_index`].
const EFFECTS: [&str; 4] = ["created", "replaced", "unchanged", "removed"];

/// What a server counts.
#[derive(Debug)]
pub struct Metrics {
    requests: [[AtomicU64; STATUSES]; METHODS.len()],
    /// How many requests took so long; the last for those over every bound.
    times: [AtomicU64; TIMES.len() + 1],
    nanoseconds: AtomicU64,
    received_bytes: AtomicU64,
    sent_bytes: AtomicU64,
    opened: [AtomicU64; DOORS.len()],
    closed: [AtomicU64; DOORS.len()],
    writes: [AtomicU64; EFFECTS.len()],
    started: SystemTime,
}

/// A connection that is counted as open, until this is dropped.
#[derive(Debug)]
pub struct OpenConnection {
    metrics: Arc<Metrics>,
    door: Door,
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        add(&self.metrics.closed[self.door as usize], 1);
    }
}

fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}

fn value(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

fn counters<const N: usize>() -> [AtomicU64; N] {
    std::array::from_fn(|_| AtomicU64::new(0))
}

impl Metrics {
    pub(super) fn new() -> Self {
        Self {
            requests: std::array::from_fn(|_| counters()),
            times: counters(),
            nanoseconds: AtomicU64::new(0),
            received_bytes: AtomicU64::new(0),
            sent_bytes: AtomicU64::new(0),
            opened: counters(),
            closed: counters(),
            writes: counters(),
            started: SystemTime::now(),
        }
    }

    /// Counts a connection, for as long as the caller keeps what this gives.
    #[must_use]
    pub fn open(self: Arc<Self>, door: Door) -> OpenConnection {
        add(&self.opened[door as usize], 1);
        let metrics = self;
        OpenConnection { metrics, door }
    }

    /// Counts the content of a request that has come whole.
    pub fn received(&self, body_bytes: usize) {
        if body_bytes > 0 {
            add(&self.received_bytes, body_bytes as u64);
        }
    }

    /// Counts an answer; `method` is as the client spelled it.
    pub fn answered(&self, method: &str, status: StatusCode, body_bytes: usize, time: Duration) {
        let method = METHODS.iter().position(|known| *known == method);
        let method = method.unwrap_or(METHODS.len() - 1);
        let status = usize::from(status.as_u16()) - 100;
        add(&self.requests[method][status.min(STATUSES - 1)], 1);
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let bucket = TIMES.partition_point(|(bound, _)| *bound < nanoseconds);
        add(&self.times[bucket], 1);
        add(&self.nanoseconds, nanoseconds);
        add(&self.sent_bytes, body_bytes as u64);
    }

    /// Counts a write that holds.
    pub(super) fn wrote(&self, effect: Effect) {
        add(&self.writes[effect_index(effect)], 1);
    }

    /// Makes the page.
    pub(super) fn render(&self, store: &Store) -> String {
        let mut page = Page(String::with_capacity(4096));
        self.render_requests(&mut page);
        self.render_connections(&mut page);
        self.render_store(&mut page, store);
        page.family("jsond_build_info", "gauge", "The version of jsond.");
        let version = env!("CARGO_PKG_VERSION");
        page.sample("jsond_build_info", &[("version", version)], 1);
        let name = "process_start_time_seconds";
        let help = "When the process started, in seconds of the Unix epoch.";
        let started = self.started.duration_since(UNIX_EPOCH).unwrap_or_default();
        page.single(name, "gauge", help, started.as_secs_f64());
        page.0
    }

    fn render_requests(&self, page: &mut Page) {
        let name = "jsond_requests_total";
        page.family(name, "counter", "Requests that were answered.");
        for (method, row) in METHODS.iter().zip(&self.requests) {
            for (status, count) in (100_u16..).zip(row).filter(|(_, count)| value(count) > 0) {
                let labels = [("method", *method), ("status", &status.to_string())];
                page.sample(name, &labels, value(count));
            }
        }
        self.render_times(page);
        let name = "jsond_request_body_bytes_total";
        let help = "Bytes of the bodies of requests.";
        page.single(name, "counter", help, value(&self.received_bytes));
        let name = "jsond_response_body_bytes_total";
        let help = "Bytes of the bodies of responses, also where HEAD left them out.";
        page.single(name, "counter", help, value(&self.sent_bytes));
    }

    fn render_times(&self, page: &mut Page) {
        let name = "jsond_request_duration_seconds";
        let help = "The time from the first byte of a request to its answer.";
        page.family(name, "histogram", help);
        let mut count = 0;
        let bounds = TIMES.iter().map(|(_, spelled)| *spelled).chain(["+Inf"]);
        for (bound, bucket) in bounds.zip(&self.times) {
            count += value(bucket);
            let name = "jsond_request_duration_seconds_bucket";
            page.sample(name, &[("le", bound)], count);
        }
        let seconds = Duration::from_nanos(value(&self.nanoseconds)).as_secs_f64();
        page.sample("jsond_request_duration_seconds_sum", &[], seconds);
        page.sample("jsond_request_duration_seconds_count", &[], count);
    }

    fn render_connections(&self, page: &mut Page) {
        let name = "jsond_connections";
        page.family(name, "gauge", "Connections that are open.");
        for (n, door) in DOORS.iter().enumerate() {
            // Another thread may count an end between the two.
            let closed = value(&self.closed[n]);
            let open = value(&self.opened[n]).saturating_sub(closed);
            page.sample(name, &[("door", door)], open);
        }
        let name = "jsond_connections_opened_total";
        page.family(name, "counter", "Connections that were opened.");
        for (door, opened) in DOORS.iter().zip(&self.opened) {
            page.sample(name, &[("door", door)], value(opened));
        }
    }

    fn render_store(&self, page: &mut Page, store: &Store) {
        let name = "jsond_writes_total";
        page.family(name, "counter", "Writes that hold, by what they came to.");
        for (effect, count) in EFFECTS.iter().zip(&self.writes) {
            page.sample(name, &[("effect", effect)], value(count));
        }
        let image = store.image();
        let files = image.files();
        let name = "jsond_store_revision";
        page.single(
            name,
            "gauge",
            "The position of the newest change.",
            image.revision.0,
        );
        let help = "Files that are served, broken ones among them.";
        page.single("jsond_store_files", "gauge", help, files.len());
        let broken = files.iter().filter(|(_, file)| file.broken.is_some());
        let help = "Files that are broken JSON on disk.";
        page.single("jsond_store_files_broken", "gauge", help, broken.count());
        let help = "1 when the journal has failed and writes are refused until a restart.";
        let is_latched = u8::from(store.is_latched());
        page.single("jsond_store_readonly", "gauge", help, is_latched);
    }
}

fn effect_index(effect: Effect) -> usize {
    match effect {
        Effect::Created => 0,
        Effect::Replaced => 1,
        Effect::Unchanged => 2,
        Effect::Removed => 3,
    }
}

/// The page in the making. No label of ours has a character that would have to be escaped.
struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n").ok();
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        self.0.push_str(name);
        for (n, (label, text)) in labels.iter().enumerate() {
            let open = if n == 0 { '{' } else { ',' };
            write!(self.0, "{open}{label}=\"{text}\"").ok();
        }
        let close = if labels.is_empty() { "" } else { "}" };
        writeln!(self.0, "{close} {value}").ok();
    }

    fn single(&mut self, name: &str, kind: &str, help: &str, value: impl std::fmt::Display) {
        self.family(name, kind, help);
        self.sample(name, &[], value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requests_of(metrics: &Metrics) -> String {
        let mut page = Page(String::new());
        metrics.render_requests(&mut page);
        page.0
    }

    #[test]
    fn a_request_is_counted_by_method_and_status() {
        let metrics = Metrics::new();
        let time = Duration::from_micros(200);
        metrics.answered("GET", StatusCode::OK, 10, time);
        metrics.answered("GET", StatusCode::OK, 20, time);
        metrics.answered("BREW", StatusCode::NOT_IMPLEMENTED, 1, time);
        metrics.answered("GET", StatusCode::from_u16(999).unwrap(), 0, time);
        metrics.received(7);
        let page = requests_of(&metrics);
        for line in [
            "# TYPE jsond_requests_total counter",
            "jsond_requests_total{method=\"GET\",status=\"200\"} 2",
            "jsond_requests_total{method=\"GET\",status=\"599\"} 1",
            "jsond_requests_total{method=\"other\",status=\"501\"} 1",
            "jsond_response_body_bytes_total 31",
            "jsond_request_body_bytes_total 7",
        ] {
            assert!(page.lines().any(|it| it == line), "{line} in\n{page}");
        }
        let requests = page.lines().filter(|it| it.starts_with("jsond_requests"));
        assert_eq!(requests.count(), 3);
    }

    #[test]
    fn times_are_counted_up_to_each_bound() {
        let metrics = Metrics::new();
        for time in [
            Duration::from_micros(100),
            Duration::from_micros(101),
            Duration::from_millis(1500),
            Duration::from_secs(60),
        ] {
            metrics.answered("GET", StatusCode::OK, 0, time);
        }
        let page = requests_of(&metrics);
        let name = "jsond_request_duration_seconds";
        for (rest, expected) in [
            ("_bucket{le=\"0.0001\"}", "1"),
            ("_bucket{le=\"0.00025\"}", "2"),
            ("_bucket{le=\"1\"}", "2"),
            ("_bucket{le=\"2.5\"}", "3"),
            ("_bucket{le=\"10\"}", "3"),
            ("_bucket{le=\"+Inf\"}", "4"),
            ("_count", "4"),
            ("_sum", "61.500201"),
        ] {
            let line = format!("{name}{rest} {expected}");
            assert!(page.lines().any(|it| it == line), "{line} in\n{page}");
        }
    }

    #[test]
    fn bounds_are_spelled_as_they_are() {
        for (nanoseconds, spelled) in TIMES {
            let seconds = Duration::from_nanos(nanoseconds).as_secs_f64();
            assert_eq!(seconds.to_string(), spelled);
        }
        assert!(TIMES.is_sorted());
    }

    #[test]
    fn a_connection_is_open_until_it_is_dropped() {
        let metrics = Arc::new(Metrics::new());
        let first = Arc::clone(&metrics).open(Door::Http2);
        let _second = Arc::clone(&metrics).open(Door::Http2);
        drop(first);
        let mut page = Page(String::new());
        metrics.render_connections(&mut page);
        let open = "jsond_connections{door=\"http2\"} 1\n";
        let opened = "jsond_connections_opened_total{door=\"http2\"} 2\n";
        assert!(
            page.0.contains(open) && page.0.contains(opened),
            "{}",
            page.0
        );
        assert!(page.0.contains("jsond_connections{door=\"dialogue\"} 0\n"));
    }
}
