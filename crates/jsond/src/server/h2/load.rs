//! What one HTTP/2 connection has under way, and how long it may go on.
//!
//! hyper bounds how much a peer sends, not how long it takes. The load is told what comes and what
//! goes; out of it the driver reads when the connection has been silent, slow or wasteful for too
//! long. All streams of a connection run on one thread; the lock is never waited for.

use crate::limits::{self, Limits};
use crate::wire::http2::Frames;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// What a connection has under way.
#[derive(Debug)]
pub(super) struct Load {
    limits: Limits,
    state: Mutex<State>,
    /// An answer was taken, or given up.
    taken: Notify,
    /// Room for large bodies, in bytes.
    bodies: Semaphore,
    /// Turns for reads: what they answer may be large, and is counted only when it is there.
    reads: Semaphore,
}

#[derive(Debug)]
struct State {
    frames: Frames,
    /// Since when the client owes the rest of a head.
    owing_since: Option<Instant>,
    resets: Resets,
    streams: usize,
    /// When the last stream ended.
    idle_since: Instant,
    answers: usize,
    answers_bytes: usize,
    /// When a part of an answer was taken last.
    moved: Instant,
}

/// How many streams were reset before the time in which they are counted began.
#[derive(Debug)]
struct Resets {
    before: u64,
    since: Instant,
}

/// What is to be done with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Look again at this time.
    Wait(Instant),
    /// Tell the client to go.
    Leave,
    /// Close it; why.
    End(&'static str),
}

impl Load {
    pub(super) fn new(limits: &Limits) -> Self {
        let now = Instant::now();
        let bodies = limits
            .body_bytes_max
            .saturating_mul(limits::HTTP2_BODIES_MAX);
        Self {
            limits: *limits,
            state: Mutex::new(State {
                frames: Frames::default(),
                owing_since: Some(now),
                resets: Resets {
                    before: 0,
                    since: now,
                },
                streams: 0,
                idle_since: now,
                answers: 0,
                answers_bytes: 0,
                moved: now,
            }),
            taken: Notify::new(),
            bodies: Semaphore::new(bodies.min(Semaphore::MAX_PERMITS)),
            reads: Semaphore::new(limits::HTTP2_READS_MAX),
        }
    }

    /// How long the client may take nothing of an answer.
    pub(super) fn progress_time(&self) -> Duration {
        self.limits.progress_time
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of bytes of the client.
    pub(super) fn came(&self, bytes: &[u8]) {
        let mut state = self.state();
        let ended = state.frames.ended();
        state.frames.advance(bytes);
        let now = Instant::now();
        if !state.frames.owes_more() {
            state.owing_since = None;
        } else if state.frames.ended() > ended || state.owing_since.is_none() {
            state.owing_since = Some(now);
        }
        if state.resets.since + limits::HTTP2_RESETS_TIME < now {
            state.resets = Resets {
                before: state.frames.resets(),
                since: now,
            };
        }
    }

    /// Takes note of a stream, until what it gives back is dropped.
    fn open(self: Arc<Self>) -> Open {
        self.state().streams += 1;
        Open(self)
    }

    /// Takes note of an answer of which so many bytes are held for this client alone.
    pub(super) fn begin_answer(self: Arc<Self>, bytes: usize) -> Held {
        let mut state = self.state();
        state.answers += 1;
        state.answers_bytes += bytes;
        state.moved = Instant::now();
        drop(state);
        Held { load: self, bytes }
    }

    /// Waits while too much of what was answered is not taken yet.
    pub(super) async fn wait_for_room(&self) {
        loop {
            let taken = self.taken.notified();
            if self.state().answers_bytes < limits::HTTP2_ANSWERS_BYTES_MAX {
                return;
            }
            taken.await;
        }
    }

    /// Waits for a turn to read; it is had for as long as the caller keeps what this gives.
    pub(super) async fn turn(&self) -> SemaphorePermit<'_> {
        let turn = self.reads.acquire().await;
        turn.expect("INVARIANT: the semaphore is never closed")
    }

    /// Waits until there is room for a body of this length, or for the largest.
    pub(super) async fn room_for_body(&self, length: Option<u64>) -> SemaphorePermit<'_> {
        let largest = u32::try_from(self.limits.body_bytes_max).unwrap_or(u32::MAX);
        let bytes = length.and_then(|length| u32::try_from(length).ok());
        let room = self.bodies.acquire_many(bytes.unwrap_or(largest)).await;
        room.expect("INVARIANT: the semaphore is never closed")
    }

    /// Judges the connection; `left` is when its client was told to go.
    pub(super) fn judge(&self, now: Instant, left: Option<Instant>) -> Verdict {
        let state = self.state();
        if state.frames.resets() - state.resets.before > limits::HTTP2_RESETS_MAX {
            return Verdict::End("too many streams were reset");
        }
        let head = state.owing_since.map(|since| since + self.limits.head_time);
        if head.is_some_and(|deadline| deadline <= now) {
            return Verdict::End("a head did not come in time");
        }
        let answer = (state.answers > 0).then(|| state.moved + self.limits.progress_time);
        if answer.is_some_and(|deadline| deadline <= now) {
            return Verdict::End("the answers are not taken");
        }
        let idle = (state.streams == 0).then(|| match left {
            Some(left) => left.max(state.idle_since) + limits::HTTP2_GOODBYE_TIME,
            None => state.idle_since + self.limits.keep_alive_time,
        });
        match (idle, left) {
            (Some(deadline), Some(_)) if deadline <= now => Verdict::End("it was told to go"),
            (Some(deadline), None) if deadline <= now => Verdict::Leave,
            _ => {
                // The end of a stream wakes the driver, but it need not be waited for.
                let later = now + self.limits.head_time;
                let deadlines = [head, answer, idle].into_iter().flatten();
                Verdict::Wait(deadlines.fold(later, Instant::min))
            }
        }
    }
}

/// An open stream.
#[derive(Debug)]
struct Open(Arc<Load>);

impl Drop for Open {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.streams -= 1;
        state.idle_since = Instant::now();
    }
}

/// An answer that is not wholly taken yet.
#[derive(Debug)]
pub(super) struct Held {
    load: Arc<Load>,
    bytes: usize,
}

impl Held {
    /// Takes note that a part was taken.
    pub(super) fn moved(&self) {
        self.load.state().moved = Instant::now();
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut state = self.load.state();
        state.answers -= 1;
        state.answers_bytes -= self.bytes;
        state.moved = Instant::now();
        drop(state);
        self.load.taken.notify_waiters();
    }
}

/// Runs each stream as a task of the worker.
#[derive(Debug, Clone)]
pub(super) struct Tasks(pub(super) Arc<Load>);

impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for Tasks {
    fn execute(&self, stream: F) {
        let open = Arc::clone(&self.0).open();
        tokio::spawn(async move {
            stream.await;
            drop(open);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::sniff::HTTP2_PREFACE;

    const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    const RESET: [u8; 13] = [0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 8];

    fn begun() -> Arc<Load> {
        let load = Arc::new(Load::new(&Limits::default()));
        load.came(&[&HTTP2_PREFACE[..], &SETTINGS].concat());
        load
    }

    fn check(load: &Load, seconds: u64, left: Option<Instant>, expected: &str) {
        let verdict = load.judge(Instant::now() + Duration::from_secs(seconds), left);
        let shown = format!("{verdict:?}");
        assert!(shown.starts_with(expected), "{shown} after {seconds} s");
    }

    #[test]
    fn a_head_that_stops_is_waited_for_ten_seconds() {
        let load = Load::new(&Limits::default());
        check(&load, 9, None, "Wait");
        check(&load, 11, None, "End(\"a head");
        let load = begun();
        check(&load, 11, None, "Wait");
        load.came(&[0, 0, 9, 1]);
        check(&load, 11, None, "End(\"a head");
    }

    #[test]
    fn an_idle_connection_is_told_to_go_and_then_closed() {
        let load = begun();
        check(&load, 70, None, "Wait");
        check(&load, 76, None, "Leave");
        let left = Some(Instant::now());
        check(&load, 0, left, "Wait");
        check(&load, 2, left, "End(\"it was");
        let open = Arc::clone(&load).open();
        check(&load, 76, None, "Wait");
        check(&load, 76, left, "Wait");
        drop(open);
        check(&load, 76, None, "Leave");
    }

    #[test]
    fn an_answer_that_is_not_taken_is_waited_for_thirty_seconds() {
        let load = begun();
        let _open = Arc::clone(&load).open();
        let held = Arc::clone(&load).begin_answer(1);
        check(&load, 29, None, "Wait");
        check(&load, 31, None, "End(\"the answers");
        drop(held);
        check(&load, 31, None, "Wait");
    }

    #[test]
    fn a_client_that_takes_back_what_it_asks_for_is_ended() {
        let load = begun();
        for _ in 0..limits::HTTP2_RESETS_MAX {
            load.came(&RESET);
        }
        check(&load, 0, None, "Wait");
        load.came(&RESET);
        check(&load, 0, None, "End(\"too many");
    }

    #[test]
    fn requests_wait_while_too_much_is_not_taken() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let load = begun();
        let held = Arc::clone(&load).begin_answer(limits::HTTP2_ANSWERS_BYTES_MAX);
        runtime.block_on(async {
            let waiting = Arc::clone(&load);
            let waiter = tokio::spawn(async move { waiting.wait_for_room().await });
            tokio::task::yield_now().await;
            assert!(!waiter.is_finished());
            drop(held);
            waiter.await.unwrap();
        });
    }
}
