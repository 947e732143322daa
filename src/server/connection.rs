//! One connection: HTTP/1.1 or, over TLS, HTTP/2, watched from outside so that neither an idle nor a stalled client keeps it.

use super::door::Door;
use super::exchange::Connection;
use super::linger::Lingering;
use super::listen::Limits;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::future::Future;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{interval, timeout};
use tokio_rustls::TlsAcceptor;

/// How many bytes the kernel may hold beyond what is on its way to a client.
const UNSENT: u32 = 256 << 10;

/// How long a connection without a request may take to close: nobody waits for the rest of a request head when the server stops.
const FAREWELL: Duration = Duration::from_secs(1);

/// What a connection is served with.
#[derive(Clone)]
pub struct Serving {
    /// The way to the rooms.
    pub door: Door,
    /// What a client may use up.
    pub limits: Limits,
    /// Turns true when the server is to stop.
    pub stop: watch::Receiver<bool>,
}

impl Serving {
    /// Serves one accepted connection to its end.
    pub async fn run(self, stream: TcpStream, peer: SocketAddr, tls: Option<TlsAcceptor>, mount: Option<&'static str>) {
        // Answers are written whole: waiting for more would only delay them.
        let _ = stream.set_nodelay(true);
        // Else the kernel takes megabytes for each client that does not read, and resets others when its memory for TCP is used up.
        let _ = socket2::SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT);
        let connection = Arc::new(Connection::new(peer, tls.is_some()).below(mount));
        let stream = Lingering::new(stream);
        let Some(acceptor) = tls else { return self.http1(stream, connection).await };
        let Some(stream) = self.shake_hands(acceptor, stream, &connection).await else { return };
        if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
            self.http2(stream, connection).await;
        } else {
            self.http1(stream, connection).await;
        }
    }

    /// Notes a connection that is closed because its address has too many.
    pub fn crowded(&self, peer: SocketAddr, tls: bool) {
        let why = format!("more than {} connections from one address", self.limits.per_peer);
        self.door.unread(&Arc::new(Connection::new(peer, tls)), 0, why);
    }

    /// A failed handshake has nobody to tell but the log, where a client that does not trust the certificate can be seen.
    async fn shake_hands(
        &self,
        acceptor: TlsAcceptor,
        stream: Lingering,
        connection: &Arc<Connection>,
    ) -> Option<tokio_rustls::server::TlsStream<Lingering>> {
        let mut stop = self.stop.clone();
        let done = tokio::select! {
            done = timeout(self.limits.head_timeout, acceptor.accept(stream)) => done,
            _ = stop.wait_for(|stop| *stop) => return None,
        };
        let why = match done {
            Ok(Ok(stream)) => return Some(stream),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it took too long".to_owned(),
        };
        self.door.unread(connection, 0, format!("TLS handshake: {why}"));
        None
    }

    async fn http1(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, connection: Arc<Connection>) {
        let (door, shared) = (self.door.clone(), connection.clone());
        let service = service_fn(move |request: Request<Incoming>| {
            let (door, connection) = (door.clone(), shared.clone());
            async move { door.answer(&connection, request).await }
        });
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(self.limits.head_timeout);
        // No `pipeline_flush`: with it hyper takes a body whole into memory when the client reads slower than the disk.
        builder.max_buf_size(self.limits.head_bytes.max(8 << 10));
        let serve = builder.serve_connection(TokioIo::new(stream), service);
        let ended = self.watched(pin!(serve), http1::Connection::graceful_shutdown, &connection).await;
        if let Some(Err(error)) = ended {
            self.door.refused(&connection, &error);
        }
    }

    async fn http2(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, connection: Arc<Connection>) {
        let (door, shared) = (self.door.clone(), connection.clone());
        let service = service_fn(move |request: Request<Incoming>| {
            let (door, connection) = (door.clone(), shared.clone());
            async move { door.answer(&connection, request).await }
        });
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder.timer(TokioTimer::new()).max_header_list_size(self.limits.head_bytes as u32);
        builder.max_concurrent_streams(self.limits.streams).max_send_buf_size(64 << 10);
        let serve = builder.serve_connection(TokioIo::new(stream), service);
        self.watched(pin!(serve), http2::Connection::graceful_shutdown, &connection).await;
    }

    /// Drives a connection until it ends, stands still for too long, or has used up its grace after the server was told to stop.
    async fn watched<C, E>(&self, mut serve: Pin<&mut C>, graceful: fn(Pin<&mut C>), connection: &Connection) -> Option<Result<(), E>>
    where
        C: Future<Output = Result<(), E>>,
    {
        let mut stop = self.stop.clone();
        let mut stall = interval(self.limits.stall.max(Duration::from_millis(1)));
        let mut seen = None;
        loop {
            tokio::select! {
                ended = serve.as_mut() => return Some(ended),
                _ = stall.tick() => {
                    let moved = connection.moved.load(Ordering::Relaxed);
                    if seen.replace(moved) == Some(moved) || connection.stands_still() {
                        return None;
                    }
                }
                _ = stop.wait_for(|stop| *stop) => break,
            }
        }
        graceful(serve.as_mut());
        let farewell = FAREWELL.min(self.limits.grace);
        match timeout(farewell, serve.as_mut()).await {
            Ok(ended) => Some(ended),
            Err(_) if connection.idle() => None,
            Err(_) => timeout(self.limits.grace.saturating_sub(farewell), serve).await.ok(),
        }
    }
}
