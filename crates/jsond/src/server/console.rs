//! What the server prints: one line when a client connects and one for each request.
//!
//! Lines go to standard error through a thread of their own, so that a slow terminal holds up no
//! request. The first line is written at once, those that follow it are gathered for a moment:
//! waking a thread for each line costs more than the request. Everything that a client sent is
//! escaped.

use crate::limits::{LOG_GATHER_TIME, LOG_LINES_MAX};
use crate::wire::Lang;
use crate::wire::escape::escape_control;
use std::borrow::Cow;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What is said of an answer is not longer: its status and its length.
const ANSWER_BYTES_MAX: usize = 28;

/// Prints the lines of a server.
#[derive(Debug, Clone)]
pub struct Console {
    lang: Lang,
    end: Arc<End>,
}

/// The end of the lines that those who print have; the thread ends when the last is gone.
#[derive(Debug)]
struct End(Arc<Lines>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.state().is_closed = true;
        self.0.came.notify_one();
    }
}

/// Who has connected.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    pub(super) address: SocketAddr,
    /// As the lines say it, each of them.
    text: Box<str>,
}

impl From<SocketAddr> for Peer {
    fn from(address: SocketAddr) -> Self {
        let text = address.to_string().into();
        Self { address, text }
    }
}

impl std::fmt::Display for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// Lines on their way to the terminal.
#[derive(Debug, Default)]
struct Lines {
    state: Mutex<State>,
    came: Condvar,
}

#[derive(Debug, Default)]
struct State {
    text: String,
    lines: usize,
    /// Lines that there was no room for.
    lost: usize,
    /// The thread has nothing to do until a line comes.
    is_waiting: bool,
    is_closed: bool,
}

impl Lines {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds the line that `write` writes.
    fn append(&self, write: impl FnOnce(&mut String)) {
        let mut state = self.state();
        if state.lines == LOG_LINES_MAX {
            state.lost += 1;
            return;
        }
        state.lines += 1;
        write(&mut state.text);
        if std::mem::take(&mut state.is_waiting) {
            drop(state);
            self.came.notify_one();
        }
    }

    /// Waits for lines, and gives all that there are in exchange for an empty text; none at the end.
    fn take(&self, text: &mut String) -> bool {
        let mut state = self.state();
        while state.lines == 0 && state.lost == 0 {
            if state.is_closed {
                return false;
            }
            state.is_waiting = true;
            state = self
                .came
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        std::mem::swap(&mut state.text, text);
        state.lines = 0;
        match std::mem::take(&mut state.lost) {
            0 => {}
            lost => text.push_str(&format!("({lost} lines were lost: the terminal is slow)\n")),
        }
        true
    }

    /// Lets more lines come, unless there will be none.
    fn gather(&self) {
        let state = self.state();
        if !state.is_closed {
            drop(self.came.wait_timeout(state, LOG_GATHER_TIME));
        }
    }
}

impl Console {
    /// Starts a console that writes to `out`; the thread ends when the last clone is gone.
    pub fn start(
        lang: Lang,
        out: impl Write + Send + 'static,
    ) -> (Self, std::thread::JoinHandle<()>) {
        let lines = Arc::new(Lines::default());
        let end = Arc::new(End(Arc::clone(&lines)));
        let thread = std::thread::spawn(move || write_lines(&lines, out));
        (Self { lang, end }, thread)
    }

    pub(super) fn connected(&self, peer: &Peer) {
        let line = match self.lang {
            Lang::En => format!("{peer} connected\n"),
            Lang::Ko => format!("{} 에서 접속되었습니다.\n", pair(peer.address)),
        };
        self.print(&line);
    }

    /// Prints the line of a request; in Korean when it came, in English when it was answered.
    pub(super) fn requested(&self, peer: &Peer, method: &str) {
        if self.lang == Lang::Ko {
            let method = escape_control(method);
            self.print(&format!(
                "{} 에서 {method} 를 요청하였습니다.\n",
                pair(peer.address)
            ));
        }
    }

    /// Words a request and its answer, as far as they do not depend on who asks and when.
    pub(super) fn words(
        &self,
        request: &str,
        status: http::StatusCode,
        body_bytes: usize,
    ) -> String {
        let request = match request.contains('?') {
            true => without_token(request),
            false => Cow::Borrowed(request),
        };
        let request = escape_control(request.as_bytes());
        let mut words = String::with_capacity(request.len() + ANSWER_BYTES_MAX);
        words.push_str(&request);
        words.push(' ');
        words.push_str(status.as_str());
        words.push(' ');
        words.push_str(itoa::Buffer::new().format(body_bytes));
        words.push_str("B ");
        words
    }

    /// Prints the line of an answer; `words` are those of [`Console::words`].
    pub(super) fn answered(&self, peer: &Peer, words: &str, time: Duration) {
        if self.lang == Lang::En {
            self.end.0.append(|text| {
                text.push_str(&peer.text);
                text.push(' ');
                text.push_str(words);
                push_milliseconds(text, time);
                text.push_str("ms\n");
            });
        }
    }

    fn print(&self, line: &str) {
        self.end.0.append(|text| text.push_str(line));
    }
}

/// Writes a time in milliseconds, to a tenth.
fn push_milliseconds(text: &mut String, time: Duration) {
    let mut number = itoa::Buffer::new();
    let tenths = (u64::try_from(time.as_micros()).unwrap_or(u64::MAX - 50) + 50) / 100;
    text.push_str(number.format(tenths / 10));
    text.push('.');
    text.push_str(number.format(tenths % 10));
}

/// Takes out the tokens that a client put into the query: they are not taken there, but may be right.
///
/// *Source*: RFC 6750 §2.3
fn without_token(request: &str) -> Cow<'_, str> {
    const NAME: &str = "access_token=";
    let Some((before, rest)) = request.split_once(NAME) else {
        return Cow::Borrowed(request);
    };
    let end = rest.find(['&', ' ']).unwrap_or(rest.len());
    Cow::Owned(format!("{before}{NAME}***{}", without_token(&rest[end..])))
}

/// An address as Python prints it, for those who come from there.
fn pair(peer: SocketAddr) -> String {
    format!("('{}', {})", peer.ip(), peer.port())
}

fn write_lines(lines: &Lines, mut out: impl Write) {
    let mut text = String::new();
    while lines.take(&mut text) {
        // Nobody can be told that the terminal is gone; serving goes on.
        out.write_all(text.as_bytes())
            .and_then(|()| out.flush())
            .ok();
        text.clear();
        lines.gather();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn check(lang: Lang, expected: &str) {
        let kept = Kept::default();
        let (console, thread) = Console::start(lang, kept.clone());
        let peer = &Peer::from("127.0.0.1:53211".parse::<SocketAddr>().unwrap());
        console.connected(peer);
        console.requested(peer, "GET");
        let request = "GET stu\x1b[2Jdents.json";
        let words = console.words(request, http::StatusCode::OK, 256);
        console.answered(peer, &words, Duration::from_micros(180));
        drop(console);
        thread.join().unwrap();
        assert_eq!(
            String::from_utf8(kept.0.lock().unwrap().clone()).unwrap(),
            expected
        );
    }

    #[test]
    fn a_token_in_a_query_is_not_printed() {
        for (request, shown) in [
            ("GET /a?b=c", "GET /a?b=c"),
            ("GET /a?access_token=s3cret", "GET /a?access_token=***"),
            (
                "GET /a?access_token=s3cret&b=c&access_token=other HTTP/2",
                "GET /a?access_token=***&b=c&access_token=*** HTTP/2",
            ),
        ] {
            assert_eq!(without_token(request), shown);
        }
    }

    /// A terminal that takes nothing until it may.
    struct Slow(std::sync::mpsc::Receiver<()>, Kept);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let _ = self.0.recv();
            self.1.write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_a_slow_terminal_does_not_take_is_counted() {
        let (may, waits) = std::sync::mpsc::channel();
        let kept = Kept::default();
        let (console, thread) = Console::start(Lang::En, Slow(waits, kept.clone()));
        for n in 0..3 * LOG_LINES_MAX {
            console.print(&format!("{n}\n"));
        }
        drop(may);
        drop(console);
        thread.join().unwrap();
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        let (lines, said): (Vec<_>, Vec<_>) = text.lines().partition(|line| !line.contains("lost"));
        let lost = |line: &&str| {
            line[1..]
                .split(' ')
                .next()
                .unwrap()
                .parse::<usize>()
                .unwrap()
        };
        let lost: usize = said.iter().map(lost).sum();
        assert_eq!(lines.len() + lost, 3 * LOG_LINES_MAX);
        assert!(lost >= LOG_LINES_MAX, "{lost}");
        // In order, from the first on.
        let numbers: Vec<usize> = lines.iter().map(|line| line.parse().unwrap()).collect();
        assert!(numbers.is_sorted() && numbers[0] == 0);
    }

    #[test]
    fn lines_are_as_documented_in_both_languages() {
        check(
            Lang::En,
            "127.0.0.1:53211 connected\n\
             127.0.0.1:53211 GET stu\\x1b[2Jdents.json 200 256B 0.2ms\n",
        );
        check(
            Lang::Ko,
            "('127.0.0.1', 53211) 에서 접속되었습니다.\n\
             ('127.0.0.1', 53211) 에서 GET 를 요청하였습니다.\n",
        );
    }
}
