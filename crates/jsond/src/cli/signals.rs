//! SIGINT and SIGTERM: the first asks the server to stop, the second ends the process at once. So does
//! SIGHUP, unless it has files read again.

use std::future::Future;
use tokio::runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

/// What a shell says of a program that SIGINT ended: 128 and the number of the signal.
const EXIT_AT_SECOND_SIGNAL: i32 = 130;

/// Listens for the signals from now on; the future is done at the first.
///
/// One thread listens for both from the start to the end: a listener that is made after the first
/// signal misses a second that comes meanwhile.
pub(super) fn listen(hangup_stops: bool) -> std::io::Result<impl Future<Output = ()>> {
    let runtime = runtime::Builder::new_current_thread().enable_io().build()?;
    let signals = {
        let _context = runtime.enter();
        Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: hangup_stops
                .then(|| signal(SignalKind::hangup()))
                .transpose()?,
        }
    };
    let (first, stop) = oneshot::channel();
    std::thread::Builder::new()
        .name("jsond-signals".to_owned())
        .spawn(move || runtime.block_on(signals.wait_for_both(first)))?;
    Ok(async {
        stop.await.ok();
    })
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// Absent where it means something else.
    hangup: Option<Signal>,
}

impl Signals {
    async fn wait_for_both(mut self, first: oneshot::Sender<()>) {
        self.next().await;
        // Where nobody waits for the first, the server has ended and only its store is closing.
        if first.send(()).is_ok() {
            self.next().await;
        }
        std::process::exit(EXIT_AT_SECOND_SIGNAL);
    }

    async fn next(&mut self) {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = hangup => {}
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
