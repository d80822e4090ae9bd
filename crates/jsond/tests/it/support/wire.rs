//! A blocking socket with a buffer: sends bytes as a test wants them cut, reads replies one by one.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use super::{PATIENCE, Reply};

/// One connection to the server.
pub(crate) struct Wire {
    pub(crate) stream: TcpStream,
    buffer: Vec<u8>,
}

impl Wire {
    pub(crate) fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the server accepts");
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    /// How long one read may take, where a test waits for a time-out of the server.
    pub(crate) fn patience(&mut self, bound: Duration) {
        self.stream.set_read_timeout(Some(bound)).unwrap();
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream
            .write_all(bytes.as_ref())
            .expect("the server reads");
    }

    /// Sends what a peer may refuse to read; a broken pipe is then no fault of the server.
    pub(crate) fn send_if_read(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).is_ok()
    }

    /// Every byte in a segment of its own.
    pub(crate) fn send_byte_by_byte(&mut self, bytes: impl AsRef<[u8]>) {
        for byte in bytes.as_ref() {
            self.send([*byte]);
        }
    }

    /// Closes the sending side, and goes on reading.
    pub(crate) fn half_close(&mut self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    /// Ends the connection with a reset, as a machine that crashed would.
    pub(crate) fn reset(self) {
        socket2::SockRef::from(&self.stream)
            .set_linger(Some(Duration::ZERO))
            .unwrap();
    }

    pub(crate) fn port(&self) -> u16 {
        self.stream.local_addr().unwrap().port()
    }

    /// Sends a request with the fields every client sends, and reads its reply.
    pub(crate) fn request(
        &mut self,
        method: &str,
        target: &str,
        fields: &[&str],
        body: &str,
    ) -> Reply {
        self.send(render(method, target, fields, body.as_bytes()));
        if method == "HEAD" {
            self.reply_to_head()
        } else {
            self.reply()
        }
    }

    pub(crate) fn get(&mut self, target: &str) -> Reply {
        self.request("GET", target, &[], "")
    }

    /// Reads one reply that may have a body.
    #[track_caller]
    pub(crate) fn reply(&mut self) -> Reply {
        self.try_reply().unwrap_or_else(|| {
            let seen = String::from_utf8_lossy(&self.buffer);
            panic!("closed before a whole reply, after {seen:?}")
        })
    }

    /// Reads one reply, or nothing when the server went away before it was whole.
    pub(crate) fn try_reply(&mut self) -> Option<Reply> {
        let mut reply = self.try_head()?;
        let length = reply.content_length();
        while self.buffer.len() < length {
            if !self.fill() {
                return None;
            }
        }
        reply.body = self.buffer.drain(..length).collect();
        reply.size += length;
        Some(reply)
    }

    /// Reads one reply to HEAD: a length, and nothing of that length.
    pub(crate) fn reply_to_head(&mut self) -> Reply {
        self.head()
    }

    /// Reads one interim response.
    ///
    /// *Source*: RFC 9110 §15.2.
    pub(crate) fn interim(&mut self) -> u16 {
        let interim = self.head();
        assert!(
            interim.status < 200,
            "an interim response, not\n{}",
            interim.head
        );
        interim.status
    }

    /// Reads the final reply, with or without a 100 before it.
    pub(crate) fn final_reply(&mut self) -> Reply {
        let mut reply = self.reply();
        if reply.status == 100 {
            reply = self.reply();
        }
        reply
    }

    #[track_caller]
    fn head(&mut self) -> Reply {
        self.try_head().unwrap_or_else(|| {
            let seen = String::from_utf8_lossy(&self.buffer);
            panic!("closed before a whole head, after {seen:?}")
        })
    }

    fn try_head(&mut self) -> Option<Reply> {
        loop {
            if let Some(end) = self
                .buffer
                .windows(4)
                .position(|bytes| bytes == b"\r\n\r\n")
            {
                let head: Vec<u8> = self.buffer.drain(..end + 4).collect();
                return Some(Reply::parse_head(&head));
            }
            if !self.fill() {
                return None;
            }
        }
    }

    /// One `recv(1024)`, as a program of twenty lines does it; a fresh piece, nothing buffered.
    pub(crate) fn receive_once(&mut self) -> Vec<u8> {
        assert!(self.buffer.is_empty());
        let mut piece = [0; 1024];
        let count = self.stream.read(&mut piece).expect("something to read");
        piece[..count].to_vec()
    }

    /// Reads all that comes until the server closes.
    pub(crate) fn receive_to_end(&mut self) -> Vec<u8> {
        while self.fill() {}
        std::mem::take(&mut self.buffer)
    }

    /// Reads what is there; false at the end.
    fn fill(&mut self) -> bool {
        let mut piece = [0; 65_536];
        match self.stream.read(&mut piece) {
            Ok(0) => false,
            Ok(count) => {
                self.buffer.extend_from_slice(&piece[..count]);
                true
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => false,
            // A test that signals a process of its own may interrupt a read of another.
            Err(error) if error.kind() == ErrorKind::Interrupted => true,
            Err(error) => {
                let seen = String::from_utf8_lossy(&self.buffer);
                panic!("waiting for the server: {error:?}; so far {seen:?}")
            }
        }
    }

    /// Asserts that nothing more comes, and that the server closes.
    #[track_caller]
    pub(crate) fn closes(&mut self) {
        while self.buffer.is_empty() && self.fill() {}
        let rest = String::from_utf8_lossy(&self.buffer);
        assert!(self.buffer.is_empty(), "closed was expected, not {rest:?}");
    }

    /// Asserts that nothing was sent so far, without waiting.
    pub(crate) fn has_nothing(&mut self) {
        self.stream.set_nonblocking(true).unwrap();
        let mut piece = [0; 1024];
        let seen = self.stream.peek(&mut piece);
        self.stream.set_nonblocking(false).unwrap();
        let quiet = seen
            .as_ref()
            .is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
        assert!(
            self.buffer.is_empty() && quiet,
            "nothing was expected, not {seen:?}"
        );
    }

    /// Reads one reply of the dialogue door, and holds it to that door's rules: short replies come
    /// whole below 1,024 bytes, 300 keeps the connection, everything else ends it.
    #[track_caller]
    pub(crate) fn dialogue_reply(&mut self) -> Reply {
        let reply = self.reply();
        self.check_dialogue(&reply);
        reply
    }

    #[track_caller]
    pub(crate) fn check_dialogue(&mut self, reply: &Reply) {
        let is_document = reply.status == 200 && reply.size >= 1024;
        assert!(
            is_document || reply.size < 1024,
            "a short reply of {} bytes",
            reply.size
        );
        if reply.status == 300 {
            assert_eq!(reply.need("Connection"), "keep-alive");
        } else {
            assert_eq!(reply.need("Connection"), "close", "\n{}", reply.head);
            self.closes();
        }
        if reply.status >= 400 {
            assert_one_line_of_text(reply);
        }
    }
}

#[track_caller]
fn assert_one_line_of_text(reply: &Reply) {
    let content_type = reply.need("Content-Type");
    assert!(
        content_type.starts_with("text/plain"),
        "a reason in plain text\n{}",
        reply.head
    );
    let text = reply.text();
    let is_head = reply.body.is_empty() && reply.content_length() > 0;
    assert!(
        is_head || !text.trim().is_empty(),
        "a reason\n{}",
        reply.head
    );
    assert!(
        !text.trim_end().contains(['\n', '\r']),
        "one line: {text:?}"
    );
}

/// The bytes of a request with Host, the fields given, and a Content-Length when there is a body.
pub(crate) fn render(method: &str, target: &str, fields: &[&str], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n").into_bytes();
    for field in fields {
        bytes.extend_from_slice(format!("{field}\r\n").as_bytes());
    }
    if !body.is_empty() {
        bytes.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    bytes
}
