//! One request and its answer, read as a forgiving client does: json-server sends what the strict
//! reader of the other tests would refuse (chunks, a length with 204), so both servers are read
//! here by the same few lines.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::support::PATIENCE;

/// An answer as it came.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) fields: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// The value of a field, if it is there.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let is_it = |(field, _): &&(String, String)| field.eq_ignore_ascii_case(name);
        self.fields
            .iter()
            .find(is_it)
            .map(|(_, value)| value.as_str())
    }
}

/// Sends a request on a connection of its own, which it asks to be closed, and reads to the end.
pub(super) fn exchange(address: SocketAddr, request: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).expect("the server accepts");
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // A server may answer, and close, before it has read a body that is too large.
    let _ = stream.write_all(request);
    let bytes = read_to_end(&mut stream);
    parse_answer(&bytes).unwrap_or_else(|| {
        let request = String::from_utf8_lossy(&request[..request.len().min(400)]);
        let bytes = String::from_utf8_lossy(&bytes);
        panic!("no answer to {request:?} in {bytes:?}")
    })
}

fn read_to_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut piece = [0; 65_536];
    loop {
        match stream.read(&mut piece) {
            Ok(0) => return bytes,
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return bytes,
            Err(error) => {
                let seen = String::from_utf8_lossy(&bytes);
                panic!("waiting for the server: {error:?}; so far {seen:?}")
            }
        }
    }
}

fn parse_answer(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let field = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_owned(), value.trim().to_owned()))
    };
    let mut answer = Answer {
        status,
        fields: lines.filter_map(field).collect(),
        body: bytes[end + 4..].to_vec(),
    };
    let coding = answer.field("Transfer-Encoding");
    if coding.is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        answer.body = joined_chunks(&answer.body)?;
    }
    Some(answer)
}

/// *Source*: RFC 9112 §7.1.
fn joined_chunks(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut joined = Vec::new();
    // The answer to HEAD names the coding, and has no chunk.
    while !rest.is_empty() {
        let end = rest.windows(2).position(|window| window == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..end]).ok()?;
        let size = usize::from_str_radix(size.trim(), 16).ok()?;
        if size == 0 {
            break;
        }
        joined.extend_from_slice(rest.get(end + 2..end + 2 + size)?);
        rest = rest.get(end + 4 + size..)?;
    }
    Some(joined)
}

#[test]
fn an_answer_in_chunks_is_joined() {
    let bytes =
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[1\r\n1\r\n]\r\n0\r\n\r\n";
    let answer = parse_answer(bytes).unwrap();
    assert_eq!((answer.status, answer.body), (200, b"[1]".to_vec()));
}
