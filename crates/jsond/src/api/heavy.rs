//! Runs long computations off the threads that serve connections, a few at a time.
//!
//! Knows nothing of what is computed. There are two lanes, so that a short job never waits for the
//! long ones of others; in each jobs wait in the order in which they came.

use crate::api::running::Running;
use crate::limits::{HEAVY_BYTES_MIN, LONG_BYTES_MIN};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// The right to run a few heavy jobs at one time; clones share it.
#[derive(Debug, Clone)]
pub(super) struct Heavy {
    short: Arc<Semaphore>,
    long: Arc<Semaphore>,
}

impl Heavy {
    /// Allows so many jobs at one time in each lane.
    pub(super) fn new(jobs_max: usize) -> Self {
        Self {
            short: Arc::new(Semaphore::new(jobs_max)),
            long: Arc::new(Semaphore::new(jobs_max)),
        }
    }

    /// Runs a job that may be long on a thread of its own and gives what it returns; a panic goes
    /// on in the caller.
    ///
    /// *Cancel*: a job that waits is dropped and never runs; one that runs goes on to its end, and
    /// counts until then. The runtime that is shut down waits for it.
    pub(super) async fn run<T, F>(&self, job: F) -> T
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        run_in(Arc::clone(&self.long), job).await
    }

    /// Runs a job on so many bytes: here and at once when they are few, in the lane of short jobs
    /// when they are not very many, else as [`Heavy::run`].
    pub(super) fn run_for<T, F>(&self, bytes: usize, job: F) -> Running<'static, T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let lane = match bytes {
            ..HEAVY_BYTES_MIN => return Running::Done(job()),
            HEAVY_BYTES_MIN..LONG_BYTES_MIN => &self.short,
            _ => &self.long,
        };
        Running::waiting(run_in(Arc::clone(lane), job))
    }
}

async fn run_in<T, F>(lane: Arc<Semaphore>, job: F) -> T
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    let permit = lane.acquire_owned().await.expect("INVARIANT: never closed");
    let job = move || {
        // The permit belongs to the job: nobody else would know when it ends.
        let _permit = permit;
        job()
    };
    match tokio::task::spawn_blocking(job).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => unreachable!("INVARIANT: nothing is polled on a runtime that has ended"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::task::JoinSet;

    #[tokio::test]
    async fn so_many_jobs_run_at_one_time_and_no_more() {
        let heavy = Heavy::new(2);
        let running = Arc::new(AtomicUsize::new(0));
        // Each job goes on only when another has met it: fewer than two at one time never end.
        let pair = Arc::new(Barrier::new(2));
        let mut jobs = JoinSet::new();
        for _ in 0..16 {
            let (heavy, running, pair) = (heavy.clone(), running.clone(), pair.clone());
            jobs.spawn(async move {
                let job = move || {
                    let count = running.fetch_add(1, Ordering::SeqCst) + 1;
                    pair.wait();
                    running.fetch_sub(1, Ordering::SeqCst);
                    count
                };
                heavy.run(job).await
            });
        }
        let counts = jobs.join_all().await;
        assert_eq!(counts.len(), 16);
        assert!(counts.iter().all(|count| *count <= 2), "{counts:?}");
    }

    #[tokio::test]
    async fn small_work_stays_and_large_work_goes_to_another_thread() {
        let heavy = Heavy::new(1);
        let here = std::thread::current().id();
        let thread = || std::thread::current().id();
        assert_eq!(
            heavy.run_for(HEAVY_BYTES_MIN - 1, thread).done().await,
            here
        );
        assert_ne!(heavy.run_for(HEAVY_BYTES_MIN, thread).done().await, here);
    }

    #[tokio::test]
    async fn a_short_job_does_not_wait_for_long_ones() {
        let heavy = Heavy::new(1);
        let (open, door) = std::sync::mpsc::channel::<()>();
        let mut long = Box::pin(heavy.run_for(LONG_BYTES_MIN, move || door.recv()).done());
        assert!(poll_once(long.as_mut()).await.is_pending());
        assert_eq!(heavy.run_for(LONG_BYTES_MIN - 1, || 7).done().await, 7);
        open.send(()).unwrap();
        long.await.unwrap();
    }

    #[tokio::test]
    async fn a_panic_goes_on_in_the_caller_and_the_next_job_runs() {
        let heavy = Heavy::new(1);
        let failing = heavy.clone();
        let failed = tokio::spawn(async move { failing.run(|| panic!("over")).await }).await;
        assert!(failed.unwrap_err().is_panic());
        assert_eq!(heavy.run(|| 7).await, 7);
    }

    #[tokio::test]
    async fn a_job_that_waits_is_dropped_with_its_caller() {
        let heavy = Heavy::new(1);
        let (open, door) = std::sync::mpsc::channel::<()>();
        let first = tokio::spawn({
            let heavy = heavy.clone();
            async move { heavy.run(move || door.recv()).await }
        });
        while heavy.long.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let ran = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&ran);
        let mut second = Box::pin(heavy.run(move || counted.fetch_add(1, Ordering::SeqCst)));
        assert!(poll_once(second.as_mut()).await.is_pending());
        drop(second);
        open.send(()).unwrap();
        first.await.unwrap().unwrap();
        heavy.run(|| ()).await;
        assert_eq!(ran.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn a_job_that_runs_counts_until_its_end_though_its_caller_is_gone() {
        let heavy = Heavy::new(1);
        let (open, door) = std::sync::mpsc::channel::<()>();
        let (begun, beginning) = std::sync::mpsc::channel::<()>();
        let mut caller = Box::pin(heavy.run(move || {
            begun.send(()).unwrap();
            door.recv().unwrap();
        }));
        assert!(poll_once(caller.as_mut()).await.is_pending());
        beginning.recv().unwrap();
        drop(caller);
        assert_eq!(heavy.long.available_permits(), 0);
        open.send(()).unwrap();
        assert_eq!(heavy.run(|| 7).await, 7);
    }

    /// Polls once.
    async fn poll_once<F: Future + Unpin>(mut future: F) -> std::task::Poll<F::Output> {
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(std::pin::Pin::new(&mut future).poll(context))
        })
        .await
    }
}
