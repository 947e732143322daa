//! Listeners: several addresses at once, plain or TLS, a bounded number of connections, a bounded end.

use super::connection::Serving;
use super::door::Door;
use crate::error::{Error, Result};
use rustls::ServerConfig;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::future::Future;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;

/// What clients may use up.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at once, over all listeners; further ones wait in the kernel's queue.
    pub connections: usize,
    /// Connections at once from one address, so that no client shuts the others out; further ones are closed. Not counted behind a
    /// reverse proxy that is believed.
    pub per_peer: usize,
    /// Longest request head, in bytes (at least 8 KiB); longer ones are answered with 431. At most 100 header fields.
    pub head_bytes: usize,
    /// How long a request head, or a TLS handshake, may take; so long an HTTP/1.1 connection may also idle.
    pub head_timeout: Duration,
    /// How long a connection may stand still, sending or idle, before it is cut.
    pub stall: Duration,
    /// Streams at once in an HTTP/2 connection.
    pub streams: u32,
    /// How long running answers may go on after the server was told to stop.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            per_peer: 256,
            head_bytes: 16 << 10,
            head_timeout: Duration::from_secs(30),
            stall: Duration::from_mins(2),
            streams: 64,
            grace: Duration::from_secs(30),
        }
    }
}

/// A bound address.
pub struct Listener {
    tcp: TcpListener,
    tls: Option<TlsAcceptor>,
    address: SocketAddr,
    mount: Option<&'static str>,
}

impl Listener {
    /// Binds an address (port 0: any free one), with TLS when a configuration is given.
    pub async fn bind(address: SocketAddr, tls: Option<Arc<ServerConfig>>) -> Result<Self> {
        let bound = TcpListener::bind(address).await.and_then(|tcp| Ok((tcp.local_addr()?, tcp)));
        let (address, tcp) = bound.map_err(|e| unbound(address, &e))?;
        Ok(Self { tcp, tls: tls.map(TlsAcceptor::from), address, mount: None })
    }

    /// The same with paths that are taken to be below a first segment, for clients that want the root of an address for themselves.
    #[must_use]
    pub fn below(mut self, mount: Option<&'static str>) -> Self {
        self.mount = mount;
        self
    }

    /// The address, with its real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address as a URL, without a trailing slash.
    pub fn url(&self) -> String {
        format!("{}://{}", if self.tls.is_some() { "https" } else { "http" }, self.address)
    }

    async fn accept(self, serving: Serving, places: Arc<Semaphore>, peers: Arc<Peers>) {
        loop {
            let Ok(place) = places.clone().acquire_owned().await else { return };
            match self.tcp.accept().await {
                Ok((stream, peer)) => {
                    let (serving, tls) = (serving.clone(), self.tls.clone());
                    let most = if serving.door.forwarded { usize::MAX } else { serving.limits.per_peer };
                    let Some(among) = peers.enter(peer.ip(), most) else {
                        serving.crowded(peer, tls.is_some());
                        continue;
                    };
                    tokio::spawn(async move {
                        serving.run(stream, peer, tls, self.mount).await;
                        drop((place, among));
                    });
                }
                // The process is out of descriptors, or the client left in between: neither is a reason to stop.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }
}

/// Open connections by the address they come from, over all listeners.
#[derive(Default)]
struct Peers(Mutex<HashMap<IpAddr, usize>>);

impl Peers {
    /// Counts one more; `None` when the address has its most already.
    fn enter(self: &Arc<Self>, address: IpAddr, most: usize) -> Option<Among> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Among { peers: self.clone(), address })
    }
}

/// One connection among those of its address, until dropped.
struct Among {
    peers: Arc<Peers>,
    address: IpAddr,
}

impl Drop for Among {
    fn drop(&mut self) {
        let mut counts = self.peers.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut entry) = counts.entry(self.address) {
            *entry.get_mut() -= 1;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }
}

fn unbound(address: SocketAddr, error: &std::io::Error) -> Error {
    let made = Error::io(format!("{address} cannot be listened on"), error);
    match error.kind() {
        ErrorKind::AddrInUse => made.hint("another server has it: stop that one, or choose another port"),
        ErrorKind::PermissionDenied => made.hint("ports below 1024 need a privilege: choose a higher one"),
        ErrorKind::AddrNotAvailable => made.hint("this host does not have that address"),
        _ => made,
    }
}

/// Serves until `shutdown` is done, then lets running answers finish for the time of grace.
pub async fn listen(listeners: Vec<Listener>, door: Door, limits: Limits, shutdown: impl Future<Output = ()>) {
    let (stop, stopped) = watch::channel(false);
    let places = Arc::new(Semaphore::new(limits.connections));
    let serving = Serving { door, limits, stop: stopped };
    let peers = Arc::new(Peers::default());
    let accept = |listener: Listener| tokio::spawn(listener.accept(serving.clone(), places.clone(), peers.clone()));
    let accepting: Vec<_> = listeners.into_iter().map(accept).collect();
    shutdown.await;
    for task in &accepting {
        task.abort();
    }
    for task in accepting {
        let _ = task.await;
    }
    stop.send_replace(true);
    // Every connection gives back its place when it has ended, which it does within its grace.
    let _ = places.acquire_many(limits.connections as u32).await;
}
