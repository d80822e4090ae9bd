//! An HTTP/2 client for tests: hyper's, over a plain connection, with a runtime of its own.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::{Builder, SendRequest};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::PATIENCE;

/// The body of a request of a test.
pub(crate) type Content = UnsyncBoxBody<Bytes, io::Error>;

/// A response, with its body whole.
pub(crate) type Answer = http::Response<Bytes>;

/// A body that is there.
pub(crate) fn full(body: impl Into<Bytes>) -> Content {
    let never = |never: std::convert::Infallible| match never {};
    Full::new(body.into()).map_err(never).boxed_unsync()
}

/// A request with `:authority`, and JSON as its media type.
pub(crate) fn ask(method: &str, target: &str, body: Content) -> http::Request<Content> {
    let request = http::Request::builder().method(method);
    let request = request.header("content-type", "application/json");
    let uri = format!("http://localhost{target}");
    request.uri(uri).body(body).unwrap()
}

/// Runs a test's client, and fails when it does not end by itself.
pub(crate) fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let bounded = async { tokio::time::timeout(2 * PATIENCE, test).await };
    runtime.block_on(bounded).expect("the test ends in time")
}

/// One connection; clones of it share it.
#[derive(Clone)]
pub(crate) struct Http2(SendRequest<Content>);

impl Http2 {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let builder = Builder::new(Tasks);
        let (sender, connection) = builder.handshake(Socket(stream)).await.unwrap();
        tokio::spawn(connection);
        Self(sender)
    }

    /// Sends a request, and waits for the whole response.
    pub(crate) async fn send(&self, request: http::Request<Content>) -> Answer {
        self.try_send(request).await.unwrap()
    }

    pub(crate) async fn try_send(&self, request: http::Request<Content>) -> hyper::Result<Answer> {
        let mut sender = self.0.clone();
        sender.ready().await?;
        let (parts, body) = sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(http::Response::from_parts(parts, body))
    }

    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.send(ask("GET", target, full(""))).await
    }

    /// Sends a request, and gives up the response after its head.
    pub(crate) async fn give_up(&self, request: http::Request<Content>) {
        let response = self.0.clone().send_request(request).await.unwrap();
        drop(response);
    }
}

#[derive(Clone)]
struct Tasks;

impl<F: Future<Output: Send> + Send + 'static> hyper::rt::Executor<F> for Tasks {
    fn execute(&self, task: F) {
        tokio::spawn(task);
    }
}

struct Socket(TcpStream);

impl hyper::rt::Read for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        mut cursor: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let mut bytes = vec![0; cursor.remaining().min(65_536)];
        let mut buffer = ReadBuf::new(&mut bytes);
        ready!(Pin::new(&mut self.0).poll_read(task, &mut buffer))?;
        cursor.put_slice(buffer.filled());
        Poll::Ready(Ok(()))
    }
}

impl hyper::rt::Write for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(task, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(task)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(task)
    }
}
