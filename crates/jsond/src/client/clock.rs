//! How long the client waits: for an answer to begin, and for each piece of it.
//!
//! `--timeout` bounds the whole exchange. Without it the head must come within a fixed time and a
//! body may take as long as it likes, while it keeps moving. A person's thinking is not counted.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::failure::{Cause, Failure};
use super::limit;

/// The clock of one exchange.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    started: Instant,
    whole: Option<Duration>,
}

impl Clock {
    /// Starts the clock, with the time for the whole exchange if there is one.
    pub(super) fn start(whole: Option<Duration>) -> Self {
        Self {
            started: Instant::now(),
            whole,
        }
    }

    /// How much is left of the time for the whole exchange, if there is one.
    pub(super) fn left(&self) -> Option<Duration> {
        let whole = self.whole?;
        Some(whole.saturating_sub(self.started.elapsed()))
    }

    /// Waits for what leads up to the response head, itself included.
    pub(super) async fn limit_head<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let deadline = self.started + self.whole.unwrap_or(limit::HEAD_PATIENCE);
        timeout_at(deadline, work)
            .await
            .unwrap_or_else(|_| Err(self.timed_out()))
    }

    /// Waits for the next piece of a body.
    pub(super) async fn limit_piece<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let deadline = match self.whole {
            Some(whole) => self.started + whole,
            None => Instant::now() + limit::PIECE_PATIENCE,
        };
        timeout_at(deadline, work)
            .await
            .unwrap_or_else(|_| Err(self.timed_out()))
    }

    fn timed_out(&self) -> Failure {
        let elapsed = self.started.elapsed().as_secs_f64();
        Failure::new(Cause::TimedOut, format!("no answer after {elapsed:.1} s"))
    }
}
