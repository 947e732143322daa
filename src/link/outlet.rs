//! What goes out, piece by piece, and how fast.

use crate::error::{Error, Kind, Result};
use std::io::Write;
use std::net::{SocketAddr, ToSocketAddrs, UdpSocket};
use std::time::{Duration, Instant};

/// Sooner than this nobody is woken; what was not waited for now is waited for later.
const NAP: Duration = Duration::from_millis(1);
/// How far behind its rate a sender may be and still catch up: a longer delay is not followed by a flood.
const PATIENCE: Duration = Duration::from_millis(20);

enum Way {
    Pipe(Box<dyn Write>),
    Datagrams(UdpSocket, SocketAddr),
}

/// Where pieces go, in order; each is one write or one datagram.
pub struct Outlet {
    way: Way,
    /// Bytes a second; `None` for as fast as it goes.
    rate: Option<u64>,
    due: Instant,
}

impl Outlet {
    /// Into a pipe, a device or a file.
    pub fn pipe(to: impl Write + 'static, rate: Option<u64>) -> Self {
        Self { way: Way::Pipe(Box::new(to)), rate, due: Instant::now() }
    }

    /// As datagrams to `HOST:PORT`. Nothing is ever received, so that a link without a way back is no error.
    pub fn datagrams(to: &str, rate: Option<u64>) -> Result<Self> {
        let unknown = |error: Error| error.hint("name it as HOST:PORT, best with an address: there is no name service across a diode");
        let found =
            to.to_socket_addrs().map_err(|e| unknown(Error::io(format!("{to} is not a place to send to"), &e).of_kind(Kind::Usage)))?;
        let address = found.into_iter().next().ok_or_else(|| unknown(Error::usage(format!("{to} has no address"))))?;
        let any: SocketAddr = if address.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() };
        let socket = UdpSocket::bind(any).map_err(|e| Error::io("a UDP socket cannot be opened", &e))?;
        Ok(Self { way: Way::Datagrams(socket, address), rate, due: Instant::now() })
    }

    /// Sends one piece, when it is due. The system's error is the caller's to explain.
    pub fn send(&mut self, piece: &[u8]) -> std::io::Result<()> {
        self.wait(piece.len() as u64);
        match &mut self.way {
            Way::Pipe(to) => to.write_all(piece),
            Way::Datagrams(socket, to) => socket.send_to(piece, *to).map(|_| ()),
        }
    }

    fn wait(&mut self, bytes: u64) {
        let Some(rate) = self.rate else { return };
        let now = Instant::now();
        self.due = self.due.max(now.checked_sub(PATIENCE).unwrap_or(now));
        let ahead = self.due.saturating_duration_since(now);
        if ahead > NAP {
            std::thread::sleep(ahead);
        }
        self.due += Duration::from_secs_f64(bytes as f64 / rate.max(1) as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_kept() {
        let (begun, mut outlet) = (Instant::now(), Outlet::pipe(std::io::sink(), Some(1_000_000)));
        (0..50).for_each(|_| outlet.send(&[0; 1000]).unwrap());
        // All but the last piece has been waited for, less the 20 ms that may be caught up.
        assert!(begun.elapsed() >= Duration::from_millis(25));
    }
}
