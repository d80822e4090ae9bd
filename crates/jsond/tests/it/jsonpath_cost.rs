//! Queries that would take for ever: refused in bounded time and memory, on documents small and large,
//! while everybody else is answered.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::support::{Folder, Reply, Server, Wire, encoded, render};

const JSONPATH: &str = "Content-Type: application/jsonpath";

/// How long one costly query may take; a build without optimization takes thirty times as long.
const BOUND: Duration = Duration::from_secs(if cfg!(debug_assertions) { 120 } else { 8 });

/// A million nodes that a filter visits for each of a thousand, and a hundred objects in each other.
fn million() -> Server {
    let few: Vec<_> = (0..1000).map(|number| number.to_string()).collect();
    let text = format!(
        "{{\"few\":[{}],\"many\":[{}0]}}",
        few.join(","),
        "0,".repeat(999_999)
    );
    let chain = format!("{}1{}", "{\"a\":".repeat(100), "}".repeat(100));
    let folder = Folder::school()
        .with("big.json", text)
        .with("chain.json", chain);
    Server::start(folder, &[])
}

/// A server that works such a filter out once instead of a thousand times may answer.
const COSTLY: [&str; 2] = ["$.few[?count($.many[*]) == 3]", "$.few[?$.many[?@ == 1]]"];

/// These select 2 to the power of 50 nodes, and more than ten to the power of 13.
fn endless() -> [String; 3] {
    [
        format!("${}", "['a','a']".repeat(50)),
        format!("${}", "[*,*]".repeat(50)),
        format!("${}", "..*".repeat(10)),
    ]
}

fn wire(server: &Server) -> Wire {
    let mut wire = server.connect();
    wire.patience(BOUND);
    wire
}

fn select(server: &Server, target: &str, query: &str) -> Reply {
    wire(server).get(&format!("{target}?jsonpath={}", encoded(query)))
}

/// Asserts that an answer is a problem that says what to do.
#[track_caller]
fn check_refused(reply: Reply) {
    let problem = reply.problem(422);
    let detail = problem["detail"].as_str().unwrap_or_default();
    assert!(detail.len() > 20, "{problem}");
}

#[test]
fn a_query_that_would_visit_a_million_nodes_a_thousand_times_ends_in_bounded_time() {
    let server = million();
    for query in COSTLY {
        let reply = select(&server, "/big.json", query).one_of(&[200, 422]);
        if reply.status == 422 {
            check_refused(reply);
        }
    }
    let wide = format!("$[{}0]", "*,".repeat(2000));
    let body = render("QUERY", "/big.json", &[JSONPATH], wide.as_bytes());
    let mut wire = wire(&server);
    wire.send(body);
    wire.reply().one_of(&[200, 400, 422]);
    let bytes = server.memory_bytes_max();
    assert!(bytes < 1 << 30, "{bytes} bytes");
    server.still_serves();
}

#[test]
fn an_endless_query_of_a_small_document_is_refused_in_every_form() {
    let server = million();
    let [doubled, crossed, deep] = endless();
    check_refused(select(&server, "/chain.json", &doubled));
    let root = doubled.replacen('$', "$['chain.json']", 1);
    check_refused(select(&server, "/", &root));
    let mut asker = wire(&server);
    asker.send(render(
        "QUERY",
        "/chain.json",
        &[JSONPATH],
        crossed.as_bytes(),
    ));
    check_refused(asker.reply());
    let paths = format!("/chain.json?_paths=true&jsonpath={}", encoded(&doubled));
    check_refused(wire(&server).get(&paths));
    check_refused(select(&server, "/chain.json", &deep));
    if !cfg!(debug_assertions) {
        // Nothing is kept of what is counted, so that only the steps bound it.
        let filter = format!("$[?count({}) > 1]", deep.replacen('$', "@", 1));
        check_refused(select(&server, "/chain.json", &filter));
    }
    let bytes = server.memory_bytes_max();
    assert!(bytes < 1 << 30, "{bytes} bytes");
    server.still_serves();
}

/// The longest that a small read took until the signal.
fn slowest_answer(server: &Server, over: &AtomicBool) -> Duration {
    let mut slowest = Duration::ZERO;
    while !over.load(Ordering::Relaxed) {
        let begin = Instant::now();
        let mut wire = wire(server);
        wire.get("/students.json/Da_Eun/grade").is(200);
        slowest = slowest.max(begin.elapsed());
    }
    slowest
}

/// Asserts that small reads are answered while the queries run.
fn check_others(queries: &[(&str, &str)]) {
    let server = million();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| slowest_answer(&server, &over));
        let ask = |(target, query): &(&str, &str)| {
            let (server, target, query) = (&server, (*target).to_owned(), (*query).to_owned());
            scope.spawn(move || {
                select(server, &target, &query)
                    .one_of(&[200, 422, 503])
                    .status
            })
        };
        let askers: Vec<_> = queries.iter().map(ask).collect();
        let answers: Vec<_> = askers
            .into_iter()
            .map(std::thread::ScopedJoinHandle::join)
            .collect();
        over.store(true, Ordering::Relaxed);
        assert!(answers.iter().all(Result::is_ok), "every query is answered");
        let slowest = other.join().unwrap();
        assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    });
}

/// The story: what runs beside the threads that serve connections was chosen by the size of the
/// document, and a small one is enough for an endless query.
#[test]
fn another_client_is_answered_while_queries_of_a_small_document_run() {
    let [doubled, crossed, _] = endless();
    check_others(&[("/chain.json", &doubled), ("/chain.json", &crossed)]);
}

#[test]
fn another_client_is_answered_while_queries_of_a_large_document_run() {
    check_others(&[("/big.json", COSTLY[0]), ("/big.json", COSTLY[1])]);
}

#[test]
fn a_regular_expression_of_a_query_cannot_take_for_ever() {
    let words = format!("[\"{}!\"]", "a".repeat(30_000));
    let server = Server::start(Folder::school().with("w.json", words), &[]);
    let begin = Instant::now();
    for pattern in ["(a*)*b", "(a|aa)+b", "(a+)+c"] {
        for function in ["match", "search"] {
            let query = format!("$[?{function}(@, '{pattern}')]");
            assert_eq!(
                select(&server, "/w.json", &query).is(200).text(),
                "[]\n",
                "{query}"
            );
        }
    }
    for pattern in ["a{1,1000}{1,1000}", "((a{0,100}){0,100}){0,100}"] {
        let query = format!("$[?match(@, '{pattern}')]");
        select(&server, "/w.json", &query).one_of(&[200, 400, 422]);
    }
    assert!(begin.elapsed() < BOUND, "{:?}", begin.elapsed());
    server.still_serves();
}
