//! What comes in: read by a thread of its own, so that a socket is emptied while a disk is slow.

use crate::error::{Error, Result};
use socket2::{Domain, Protocol, Socket, Type};
use std::io::{ErrorKind, Read};
use std::net::{SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

/// Datagrams that wait to be taken: ordinary ones are a megabyte, the longest 64 MiB.
const DATAGRAMS: usize = 1024;
/// Pieces of a pipe that wait to be taken: its writer waits as well.
const PIECES: usize = 32;
/// Longest piece that is read from a pipe.
const PIECE: usize = 64 << 10;
/// What the system is asked to keep for a socket while nobody reads; it may give less.
const SOCKET_BUFFER: usize = 16 << 20;
/// How long nothing has to come to be [`Arrival::Quiet`].
const QUIET: Duration = Duration::from_secs(1);

/// What has come.
#[derive(Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Bytes: a piece of a pipe, or one datagram.
    Bytes(Vec<u8>),
    /// Nothing, for a second.
    Quiet,
    /// Nothing more will.
    End,
}

/// Bytes as they come.
#[derive(Debug)]
pub struct Arrivals {
    pieces: Receiver<std::io::Result<Vec<u8>>>,
    what: String,
    address: Option<SocketAddr>,
}

impl Arrivals {
    /// Reads to the end of a pipe, a device or a file; `what` names it in errors.
    pub fn of(mut from: impl Read + Send + 'static, what: &str) -> Self {
        let read = move |buffer: &mut [u8]| from.read(buffer);
        Self { pieces: start(read, true, PIECES), what: what.to_owned(), address: None }
    }

    /// Takes datagrams that are sent to an address of this host. It has no end.
    pub fn datagrams(address: SocketAddr) -> Result<Self> {
        let what = format!("UDP {address}");
        let bound = bind(address).and_then(|socket| Ok((socket.local_addr()?, socket)));
        let (address, socket) = bound.map_err(|e| {
            Error::io(format!("{what} cannot be listened on"), &e).hint("name an address of this host and a port that is free")
        })?;
        let read = move |buffer: &mut [u8]| socket.recv(buffer);
        Ok(Self { pieces: start(read, false, DATAGRAMS), what, address: Some(address) })
    }

    /// Where datagrams are taken.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Waits at most a second for what comes next.
    pub fn wait(&mut self) -> Result<Arrival> {
        match self.pieces.recv_timeout(QUIET) {
            Ok(Ok(bytes)) => Ok(Arrival::Bytes(bytes)),
            Ok(Err(error)) => Err(Error::io(format!("{} cannot be read", self.what), &error)),
            Err(RecvTimeoutError::Timeout) => Ok(Arrival::Quiet),
            Err(RecvTimeoutError::Disconnected) => Ok(Arrival::End),
        }
    }
}

fn bind(address: SocketAddr) -> std::io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    // More than the system's limit is for root alone, and what is refused is not needed.
    let _ = socket.set_recv_buffer_size(SOCKET_BUFFER);
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// The thread ends with the process, or when nobody takes what it reads.
fn start(
    read: impl FnMut(&mut [u8]) -> std::io::Result<usize> + Send + 'static,
    ends: bool,
    waiting: usize,
) -> Receiver<std::io::Result<Vec<u8>>> {
    let (sender, receiver) = sync_channel(waiting);
    std::thread::spawn(move || pump(read, ends, &sender));
    receiver
}

fn pump(mut read: impl FnMut(&mut [u8]) -> std::io::Result<usize>, ends: bool, to: &SyncSender<std::io::Result<Vec<u8>>>) {
    let mut buffer = vec![0; PIECE];
    loop {
        let piece = match read(&mut buffer) {
            Ok(0) if ends => return,
            Ok(length) => Ok(buffer[..length].to_vec()),
            Err(e) if e.kind() == ErrorKind::Interrupted => continue,
            Err(e) => Err(e),
        };
        let failed = piece.is_err();
        if to.send(piece).is_err() || failed {
            return;
        }
    }
}
