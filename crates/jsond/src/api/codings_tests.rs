//! Tests of the coded representations: made once, whoever goes away, and kept within a bound.

use super::*;
use crate::api::coding::decode_body;
use crate::limits::HEAVY_BYTES_MIN;
use std::task::{Context, Poll, Waker};
use tokio::task::JoinSet;

const MANY: usize = 64 << 20;

/// A text that is large enough to be coded on another thread.
fn large() -> Vec<Bytes> {
    let text: String = (0..40_000).map(|n| format!("{{\"id\":{n}}},")).collect();
    assert!(text.len() > HEAVY_BYTES_MIN);
    vec![Bytes::from(text)]
}

fn small() -> Vec<Bytes> {
    vec![Bytes::from("{\"id\":1},".repeat(300))]
}

fn codings() -> Codings {
    Codings::new(MANY, Heavy::new(2))
}

/// Polls a future once, with nobody to wake.
fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn flights(codings: &Codings) -> usize {
    codings.shared.lock().flights.len()
}

#[track_caller]
fn check_coded(coded: &Bytes, coding: Coding, pieces: &[Bytes]) {
    let decoded = decode_body(&[coding], coded, MANY).unwrap();
    assert!(decoded == pieces.concat());
}

#[test]
fn neither_small_nor_huge_texts_are_worth_a_coding() {
    assert!(!Codings::is_worth(0));
    assert!(!Codings::is_worth(1023));
    assert!(Codings::is_worth(1024));
    assert!(Codings::is_worth(64 << 20));
    assert!(!Codings::is_worth((64 << 20) + 1));
}

#[tokio::test]
async fn fifty_requests_at_one_time_make_it_once() {
    for (pieces, coding) in [(large(), Coding::Brotli), (small(), Coding::Gzip)] {
        let codings = codings();
        let mut requests = JoinSet::new();
        for _ in 0..50 {
            let (codings, pieces) = (codings.clone(), pieces.clone());
            requests.spawn(async move { codings.encode("\"a\"", coding, pieces).await });
        }
        let coded = requests.join_all().await;
        assert_eq!(coded.len(), 50);
        check_coded(&coded[0], coding, &pieces);
        assert!(
            coded.iter().all(|it| it.as_ptr() == coded[0].as_ptr()),
            "shared"
        );
        assert_eq!(codings.made(), 1);
        assert_eq!(flights(&codings), 0);
    }
}

#[test]
fn requests_on_many_threads_make_it_once() {
    let codings = codings();
    let pieces = large();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .build()
                    .unwrap();
                let coded = runtime.block_on(codings.encode("\"a\"", Coding::Gzip, pieces.clone()));
                check_coded(&coded, Coding::Gzip, &pieces);
            });
        }
    });
    assert_eq!(codings.made(), 1);
    assert_eq!(flights(&codings), 0);
}

#[tokio::test]
async fn each_tag_and_each_coding_is_its_own() {
    let codings = codings();
    let other = vec![Bytes::from("[1,2,3]".repeat(500))];
    for _ in 0..3 {
        let gzip = codings.encode("\"a\"", Coding::Gzip, small()).await;
        let brotli = codings.encode("\"a\"", Coding::Brotli, small()).await;
        let second = codings.encode("\"b\"", Coding::Gzip, other.clone()).await;
        check_coded(&gzip, Coding::Gzip, &small());
        check_coded(&brotli, Coding::Brotli, &small());
        check_coded(&second, Coding::Gzip, &other);
    }
    assert_eq!(codings.made(), 3);
}

#[tokio::test]
async fn a_request_that_goes_away_while_the_job_runs_loses_nothing() {
    let codings = codings();
    let mut first = Box::pin(codings.encode("\"a\"", Coding::Brotli, large()));
    assert!(poll_once(first.as_mut()).is_pending());
    drop(first);
    let coded = codings.encode("\"a\"", Coding::Brotli, large()).await;
    check_coded(&coded, Coding::Brotli, &large());
    assert_eq!(codings.made(), 1);
    assert_eq!(flights(&codings), 0);
}

#[tokio::test]
async fn a_request_that_goes_away_while_it_waits_passes_the_turn_on() {
    let heavy = Heavy::new(1);
    let codings = Codings::new(MANY, heavy.clone());
    let (open, door) = std::sync::mpsc::channel::<()>();
    let mut busy = Box::pin(heavy.run_for(HEAVY_BYTES_MIN, move || door.recv()).done());
    assert!(poll_once(busy.as_mut()).is_pending());
    let mut requests: Vec<_> = (0..3)
        .map(|_| Box::pin(codings.encode("\"a\"", Coding::Gzip, large())))
        .collect();
    for request in &mut requests {
        assert!(poll_once(request.as_mut()).is_pending());
    }
    // The first holds the turn and waits for a permit, the second waits for the turn.
    requests.drain(..2);
    assert_eq!(flights(&codings), 1);
    open.send(()).unwrap();
    busy.await.unwrap();
    let coded = requests.remove(0).await;
    check_coded(&coded, Coding::Gzip, &large());
    assert_eq!(codings.made(), 1);
    assert_eq!(flights(&codings), 0);
}

#[tokio::test]
async fn requests_that_all_go_away_leave_nothing_behind() {
    let heavy = Heavy::new(1);
    let codings = Codings::new(MANY, heavy.clone());
    let (open, door) = std::sync::mpsc::channel::<()>();
    let mut busy = Box::pin(heavy.run_for(HEAVY_BYTES_MIN, move || door.recv()).done());
    assert!(poll_once(busy.as_mut()).is_pending());
    let mut first = Box::pin(codings.encode("\"a\"", Coding::Gzip, large()));
    let mut second = Box::pin(codings.encode("\"a\"", Coding::Gzip, large()));
    assert!(poll_once(first.as_mut()).is_pending());
    assert!(poll_once(second.as_mut()).is_pending());
    drop((first, second));
    assert_eq!(flights(&codings), 0);
    open.send(()).unwrap();
    busy.await.unwrap();
    assert_eq!(codings.made(), 0);
}

#[tokio::test]
async fn what_is_too_large_to_keep_is_made_again() {
    let codings = Codings::new(4096, Heavy::new(1));
    let noise: Vec<u8> = (0_u64..3000)
        .map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56).to_le_bytes()[0])
        .collect();
    for times in 1..=2 {
        let pieces = vec![Bytes::from(noise.clone())];
        let coded = codings.encode("\"a\"", Coding::Gzip, pieces.clone()).await;
        check_coded(&coded, Coding::Gzip, &pieces);
        assert_eq!(codings.made(), times);
    }
    assert_eq!(codings.shared.lock().cache.bytes, 0);
}

fn key(tag: &str) -> Key {
    (Arc::from(tag), Coding::Gzip)
}

#[test]
fn what_was_used_least_recently_goes_first() {
    let cost = ENTRY_BYTES + 1 + 743;
    let mut cache = Cache::new(4 * cost);
    for tag in ["a", "b", "c", "d"] {
        cache.insert(key(tag), Bytes::from(vec![0; 743]));
    }
    assert!(cache.find(&key("a")).is_some());
    cache.insert(key("e"), Bytes::from(vec![0; 743]));
    cache.insert(key("f"), Bytes::from(vec![0; 700]));
    let kept: Vec<_> = ["a", "b", "c", "d", "e", "f"]
        .into_iter()
        .filter(|tag| cache.find(&key(tag)).is_some())
        .collect();
    assert_eq!(kept, ["a", "d", "e", "f"]);
}

#[test]
fn the_cache_never_grows_over_its_bound_and_its_sums_hold() {
    let mut cache = Cache::new(20_000);
    for n in 0_usize..2000 {
        let length = n * 7919 % 6000;
        cache.insert(
            key(&(n * 31 % 97).to_string()),
            Bytes::from(vec![0; length]),
        );
        cache.find(&key(&(n * 17 % 97).to_string()));
        assert!(cache.bytes <= cache.bytes_max);
        assert_eq!(cache.entries.len(), cache.order.len());
        let sum: usize = cache
            .entries
            .iter()
            .map(|(key, kept)| cost_of(key, &kept.coded))
            .sum();
        assert_eq!(sum, cache.bytes);
    }
    assert!(cache.entries.len() > 3);
}
