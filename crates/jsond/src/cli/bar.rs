//! The progress bar of a start, on a terminal and only when it takes more than a moment.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// A start that is shorter than this shows no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often the bar moves.
const TICK: Duration = Duration::from_millis(100);

pub(super) struct Bar {
    done: Arc<AtomicU64>,
    /// Dropped when the start is over.
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Bar {
    pub(super) fn start(total: u64) -> Self {
        let done = Arc::new(AtomicU64::new(0));
        let (end, is_over) = channel();
        let shown = Arc::clone(&done);
        let is_terminal = std::io::stderr().is_terminal();
        let thread = is_terminal.then(|| std::thread::spawn(move || draw(total, &shown, &is_over)));
        Self {
            done,
            end: Some(end),
            thread,
        }
    }

    /// Takes how much is done.
    pub(super) fn counter(&self) -> impl Fn(u64) + Send + Sync + use<> {
        let done = Arc::clone(&self.done);
        move |amount| done.store(amount, Ordering::Relaxed)
    }

    pub(super) fn finish(mut self) {
        self.end.take();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

fn draw(total: u64, done: &AtomicU64, is_over: &Receiver<()>) {
    if is_over.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
        return;
    }
    let bar = ProgressBar::new(total);
    let style = ProgressStyle::with_template("reading {bar:40} {percent:>3} %");
    if let Ok(style) = style {
        bar.set_style(style.progress_chars("=> "));
    }
    loop {
        bar.set_position(done.load(Ordering::Relaxed).min(total));
        bar.tick();
        if is_over.recv_timeout(TICK) != Err(RecvTimeoutError::Timeout) {
            break;
        }
    }
    bar.finish_and_clear();
}
