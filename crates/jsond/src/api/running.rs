//! What is done at once where it can be, and else awaited.
//!
//! Most reads need nothing that they would have to wait for: they are done by the call itself, and
//! cost neither a future nor its room. All else is a future in a box, which only those pay for who
//! wait anyway.

use std::pin::Pin;

/// A result that is there, or the future of one.
#[must_use]
pub enum Running<'a, T> {
    /// It is there.
    Done(T),
    /// It has to be waited for.
    Waiting(Pin<Box<dyn Future<Output = T> + Send + 'a>>),
}

impl<'a, T: 'a> Running<'a, T> {
    /// Something that has to be waited for.
    pub(super) fn waiting(future: impl Future<Output = T> + Send + 'a) -> Self {
        Self::Waiting(Box::pin(future))
    }

    /// Waits where there is something to wait for.
    pub async fn done(self) -> T {
        match self {
            Self::Done(done) => done,
            Self::Waiting(future) => future.await,
        }
    }

    /// Goes on with the result.
    pub(super) fn then<U: Send + 'a>(
        self,
        next: impl FnOnce(T) -> Running<'a, U> + Send + 'a,
    ) -> Running<'a, U> {
        match self {
            Self::Done(done) => next(done),
            Self::Waiting(future) => Running::waiting(async { next(future.await).done().await }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn add(first: Running<'_, u8>, second: fn(u8) -> Running<'static, u8>) -> (bool, u8) {
        let both = first.then(second);
        (matches!(both, Running::Done(_)), both.done().await)
    }

    #[tokio::test]
    async fn what_needs_no_wait_is_done_by_the_call() {
        let now = |n| Running::Done(n + 1);
        let later = |n| Running::waiting(async move { n + 1 });
        assert_eq!(add(Running::Done(1), now).await, (true, 2));
        assert_eq!(add(Running::Done(1), later).await, (false, 2));
        assert_eq!(add(later(0), now).await, (false, 2));
        assert_eq!(add(later(0), later).await, (false, 2));
    }
}
