//! Waiting for a client: until bytes come, the time is over, or the server is to stop.
//!
//! One timer and one registration for the stop serve all the waits of a connection, so that a
//! request costs neither: most deadlines only move away, and a timer that runs out before its time
//! is set again. As long as neither is done they need not even be polled.

use super::connection::Came;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use tokio::sync::watch;
use tokio::task::coop::has_budget_remaining;
use tokio::time::{Instant, Sleep, sleep_until};

/// What ends a wait when no bytes come.
pub(super) struct Wait {
    timer: Option<Pin<Box<Sleep>>>,
    stopping: watch::Receiver<bool>,
    /// Done when the server is to stop; none after that.
    stop: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    /// The task that timer and stop will wake; none if they are to be polled.
    armed: Option<Waker>,
}

impl std::fmt::Debug for Wait {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wait")
            .field("timer", &self.timer)
            .finish_non_exhaustive()
    }
}

impl Wait {
    /// Waits that a stop ends.
    pub(super) fn new(stopping: watch::Receiver<bool>) -> Self {
        let mut receiver = stopping.clone();
        let stop = async move {
            // Without a server there is nothing to wait for either.
            receiver.wait_for(|stop| *stop).await.ok();
        };
        Self {
            timer: None,
            stopping,
            stop: Some(Box::pin(stop)),
            armed: None,
        }
    }

    /// Tells when the server is to stop.
    pub(super) fn stopping(&self) -> &watch::Receiver<bool> {
        &self.stopping
    }

    /// Whether the server is to stop.
    pub(super) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Whether the wait is over, by the stop or by the deadline.
    pub(super) fn poll_end(&mut self, deadline: Instant, task: &mut Context<'_>) -> Poll<Came> {
        if self.is_armed(deadline, task) {
            return Poll::Pending;
        }
        self.armed = None;
        if let Some(stop) = &mut self.stop {
            if stop.as_mut().poll(task).is_pending() {
                ready!(self.poll_deadline(deadline, task));
                return Poll::Ready(Came::Nothing);
            }
            self.stop = None;
        }
        Poll::Ready(Came::Stop)
    }

    /// Whether this task is sure to be woken in time: the timer and the stop know it, and neither is
    /// done yet.
    fn is_armed(&self, deadline: Instant, task: &Context<'_>) -> bool {
        let is_known = |waker: &Waker| waker.will_wake(task.waker());
        let is_set = |timer: &Pin<Box<Sleep>>| timer.deadline() <= deadline && !timer.is_elapsed();
        self.armed.as_ref().is_some_and(is_known)
            && self.timer.as_ref().is_some_and(is_set)
            && matches!(self.stopping.has_changed(), Ok(false))
    }

    fn poll_deadline(&mut self, deadline: Instant, task: &mut Context<'_>) -> Poll<()> {
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if deadline < timer.deadline() {
            timer.as_mut().reset(deadline);
        }
        loop {
            if timer.as_mut().poll(task).is_pending() {
                // A task that has used up its budget is sent away before anything is set.
                let is_set = has_budget_remaining();
                self.armed = is_set.then(|| task.waker().clone());
                return Poll::Pending;
            }
            if deadline <= timer.deadline() {
                return Poll::Ready(());
            }
            timer.as_mut().reset(deadline);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::pin::pin;
    use std::time::Duration;
    use tokio::task::coop::consume_budget;

    const SECOND: Duration = Duration::from_secs(1);

    async fn end(wait: &mut Wait, deadline: Instant) -> Came {
        poll_fn(|task| wait.poll_end(deadline, task)).await
    }

    #[tokio::test(start_paused = true)]
    async fn each_wait_ends_at_its_own_deadline() {
        let (_stop, stopping) = watch::channel(false);
        let mut wait = Wait::new(stopping);
        let begin = Instant::now();
        // Later, sooner than the timer is set for, later again, and one that is over.
        for (seconds, ends) in [(10, 10), (75, 75), (60, 75), (80, 80), (85, 85), (3, 85)] {
            let deadline = begin + seconds * SECOND;
            let polled = poll_fn(|task| Poll::Ready(wait.poll_end(deadline, task))).await;
            assert_eq!(polled.is_ready(), seconds != ends, "{seconds}");
            assert_eq!(end(&mut wait, deadline).await, Came::Nothing);
            let passed = begin.elapsed().as_secs_f64().round();
            assert_eq!(passed, f64::from(ends), "{seconds}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_was_given_up_does_not_hold_up_the_next() {
        let (_stop, stopping) = watch::channel(false);
        let mut wait = Wait::new(stopping);
        let begin = Instant::now();
        let far = begin + 75 * SECOND;
        assert!(
            poll_fn(|task| Poll::Ready(wait.poll_end(far, task)))
                .await
                .is_pending()
        );
        assert_eq!(end(&mut wait, begin + 10 * SECOND).await, Came::Nothing);
        assert_eq!(begin.elapsed().as_secs(), 10);
    }

    /// A task without a budget is told that nothing is ready, and the timer does not know it then.
    #[tokio::test(start_paused = true)]
    async fn a_task_that_was_sent_away_waits_no_longer_than_others() {
        let (_stop, stopping) = watch::channel(false);
        let mut wait = Wait::new(stopping);
        let begin = Instant::now();
        poll_fn(|task| {
            while has_budget_remaining() {
                assert!(pin!(consume_budget()).poll(task).is_ready());
            }
            assert!(wait.poll_end(begin + SECOND, task).is_pending());
            Poll::Ready(())
        })
        .await;
        tokio::task::yield_now().await;
        let ended = tokio::time::timeout(10 * SECOND, end(&mut wait, begin + SECOND)).await;
        assert_eq!(ended, Ok(Came::Nothing));
        assert_eq!(begin.elapsed().as_secs(), 1);
    }

    /// What is armed is not polled again, and so nothing may be missed: the stop comes between two
    /// waits, and the next deadline is sooner.
    #[tokio::test(start_paused = true)]
    async fn nothing_is_missed_by_a_wait_that_is_armed() {
        let (stop, stopping) = watch::channel(false);
        let mut wait = Wait::new(stopping);
        let far = Instant::now() + 75 * SECOND;
        for seconds in [0, 5, 10] {
            let deadline = far + seconds * SECOND;
            let polled = poll_fn(|task| Poll::Ready(wait.poll_end(deadline, task))).await;
            assert!(polled.is_pending() && wait.armed.is_some());
        }
        let begin = Instant::now();
        assert_eq!(end(&mut wait, begin + SECOND).await, Came::Nothing);
        assert_eq!(begin.elapsed().as_secs(), 1);
        let polled = poll_fn(|task| Poll::Ready(wait.poll_end(far, task))).await;
        assert!(polled.is_pending() && wait.armed.is_some());
        stop.send(true).ok();
        assert_eq!(end(&mut wait, far).await, Came::Stop);
        assert_eq!(begin.elapsed().as_secs(), 1, "at once");
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_ends_the_wait_and_those_that_follow() {
        let (stop, stopping) = watch::channel(false);
        let mut wait = Wait::new(stopping);
        let far = Instant::now() + 75 * SECOND;
        let (came, ()) = tokio::join!(end(&mut wait, far), async {
            tokio::task::yield_now().await;
            stop.send(true).ok();
        });
        assert_eq!(came, Came::Stop);
        assert_eq!(end(&mut wait, far).await, Came::Stop);
    }
}
