//! What the server prints: one line when a client connects and one for each request.
//!
//! Lines go to standard error through a thread of their own, so that a slow terminal holds up no
//! request. Everything that a client sent is escaped.

use crate::limits::LOG_LINES_MAX;
use crate::wire::Lang;
use crate::wire::escape::escape_control;
use std::borrow::Cow;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

/// Prints the lines of a server.
#[derive(Debug, Clone)]
pub struct Console {
    lang: Lang,
    lines: SyncSender<String>,
    lost: Arc<AtomicU64>,
}

impl Console {
    /// Starts a console that writes to `out`; the thread ends when the last clone is gone.
    pub fn start(
        lang: Lang,
        out: impl Write + Send + 'static,
    ) -> (Self, std::thread::JoinHandle<()>) {
        let (lines, waiting) = sync_channel(LOG_LINES_MAX);
        let lost = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&lost);
        let thread = std::thread::spawn(move || write_lines(&waiting, out, &counter));
        (Self { lang, lines, lost }, thread)
    }

    pub(super) fn connected(&self, peer: SocketAddr) {
        let line = match self.lang {
            Lang::En => format!("{peer} connected\n"),
            Lang::Ko => format!("{} 에서 접속되었습니다.\n", pair(peer)),
        };
        self.print(line);
    }

    /// Prints the line of a request; in Korean when it came, in English when it was answered.
    pub(super) fn requested(&self, peer: SocketAddr, method: &str) {
        if self.lang == Lang::Ko {
            let method = escape_control(method);
            self.print(format!("{} 에서 {method} 를 요청하였습니다.\n", pair(peer)));
        }
    }

    pub(super) fn answered(
        &self,
        peer: SocketAddr,
        request: &str,
        status: http::StatusCode,
        body_bytes: usize,
        time: Duration,
    ) {
        if self.lang == Lang::En {
            let request = without_token(request);
            let request = escape_control(request.as_bytes());
            let status = status.as_u16();
            let milliseconds = time.as_secs_f64() * 1000.0;
            self.print(format!(
                "{peer} {request} {status} {body_bytes}B {milliseconds:.1}ms\n"
            ));
        }
    }

    fn print(&self, line: String) {
        if self.lines.try_send(line).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
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

fn write_lines(lines: &Receiver<String>, mut out: impl Write, lost: &AtomicU64) {
    while let Ok(mut text) = lines.recv() {
        while let Ok(more) = lines.try_recv() {
            text.push_str(&more);
        }
        match lost.swap(0, Ordering::Relaxed) {
            0 => {}
            lost => text.push_str(&format!("({lost} lines were lost: the terminal is slow)\n")),
        }
        // Nobody can be told that the terminal is gone; serving goes on.
        out.write_all(text.as_bytes())
            .and_then(|()| out.flush())
            .ok();
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
        let peer = "127.0.0.1:53211".parse().unwrap();
        console.connected(peer);
        console.requested(peer, "GET");
        let request = "GET stu\x1b[2Jdents.json";
        console.answered(
            peer,
            request,
            http::StatusCode::OK,
            256,
            Duration::from_micros(180),
        );
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
