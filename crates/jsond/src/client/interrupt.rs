//! Ctrl-C: what it ends.
//!
//! Where a person is guided it is a key while they type, and ends the waiting during a request. A
//! run without a person blocks on standard input, where nothing could notice; so the program ends at
//! once, with the exit code of an interrupt.

use std::sync::mpsc;
use std::thread;

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::failure::{Cause, Failure};

/// The exit code of a run that was interrupted: 128 and the number of SIGINT.
const INTERRUPTED: i32 = 130;

/// The interrupts that a request listens to: those of a person, or none.
#[derive(Debug)]
pub(super) struct Interrupts(Option<Signal>);

impl Interrupts {
    #[cfg(test)]
    pub(super) fn none() -> Self {
        Self(None)
    }

    /// From now on SIGINT does not end the process, but the request that is waited for.
    pub(super) fn of_person(runtime: &Runtime) -> Self {
        let _entered = runtime.enter();
        Self(signal(SignalKind::interrupt()).ok())
    }

    /// From now on SIGINT ends the process with its exit code.
    ///
    /// Where no thread or handler can be had, the signal keeps its default meaning, which ends it too.
    pub(super) fn end_the_process() -> Self {
        let (ready, is_ready) = mpsc::channel::<()>();
        let spawned = thread::Builder::new()
            .name("interrupt".to_owned())
            .spawn(move || {
                let Ok(runtime) = Builder::new_current_thread().enable_io().build() else {
                    return;
                };
                runtime.block_on(async {
                    if let Ok(mut interrupts) = signal(SignalKind::interrupt()) {
                        drop(ready);
                        interrupts.recv().await;
                        std::process::exit(INTERRUPTED);
                    }
                });
            });
        if spawned.is_ok() {
            // Nothing is ever sent: it comes back when the thread has let go of its end.
            let _ = is_ready.recv();
        }
        Self(None)
    }

    /// Waits for the work, or for a person to lose patience.
    pub(super) async fn limit<T>(
        &mut self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let Some(signal) = &mut self.0 else {
            return work.await;
        };
        tokio::select! {
            biased;
            outcome = work => outcome,
            Some(()) = signal.recv() => Err(Failure::new(Cause::Interrupted, "")),
        }
    }
}
