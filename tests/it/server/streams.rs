//! HTTP/2 clients that hold streams open while they look busy, and connections that say nothing when the server stops.

use super::{Memory, PATIENCE, Running, Zeros, router};
use airlift::server::{Limits, OwnCa, own_ca};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

type Stream = StreamOwned<ClientConnection, TcpStream>;

/// A TLS connection that speaks HTTP/2 by hand (RFC 9113) with a window of nothing: the server may send heads, but no body.
fn greedy(server: &Running, tls: &OwnCa) -> Stream {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(tls.ca_pem.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let client = ClientConnection::new(Arc::new(config), "mirror.lan".try_into().unwrap()).unwrap();
    let mut stream = StreamOwned::new(client, server.connect());
    // SETTINGS_INITIAL_WINDOW_SIZE (4) is 0.
    let settings = frame(4, 0, 0, &[0, 4, 0, 0, 0, 0]);
    stream.write_all(&[b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice(), &settings].concat()).unwrap();
    stream
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// HEADERS for a GET (RFC 7541: indexed method and scheme, literal path and authority).
fn get(stream: u32, path: &str) -> Vec<u8> {
    let literal = |index: u8, text: &str| [&[index, text.len() as u8], text.as_bytes()].concat();
    let block = [vec![0x82, 0x87], literal(0x04, path), literal(0x01, "m")].concat();
    // END_STREAM and END_HEADERS.
    frame(1, 5, stream, &block)
}

#[test]
fn a_stream_that_stands_still_ends_its_connection_however_busy_the_others_are() {
    let folder = tempfile::tempdir().unwrap();
    let tls = own_ca(folder.path(), &["mirror.lan".to_owned()]).unwrap();
    let limits = Limits { stall: Duration::from_millis(300), ..Limits::default() };
    let server = Running::over(router(Zeros(5_000_000)), limits, Some(tls.config.clone()));
    let mut stream = greedy(&server, &tls);
    stream.write_all(&get(1, &format!("/blob/{}", "00".repeat(32)))).unwrap();
    stream.sock.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    // Asks for something small all the time; ends when the server has had enough.
    let (mut next, mut bytes) = (3, [0; 4096]);
    loop {
        let sent = stream.write_all(&get(next, "/nothing")).and_then(|()| stream.flush());
        next += 2;
        match (sent, stream.read(&mut bytes)) {
            (Err(_), _) | (_, Ok(0)) => break,
            (_, Err(e)) if !matches!(e.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => break,
            _ => {}
        }
        assert!(next < 20_000, "the server never ends it");
    }
    let line = std::iter::repeat_with(|| server.line()).find(|line| line["status"] == 200).unwrap();
    assert_eq!(line["complete"], false);
}

#[test]
fn stopping_does_not_wait_for_clients_that_say_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let tls = own_ca(folder.path(), &["mirror.lan".to_owned()]).unwrap();
    // A wait for any of these limits is longer than the test's patience.
    let limits = Limits { head_timeout: PATIENCE * 10, stall: PATIENCE * 10, grace: PATIENCE * 10, ..Limits::default() };
    for secure in [false, true] {
        let mut server = Running::over(router(Memory::default()), limits, secure.then(|| tls.config.clone()));
        let (silent, mut half) = (server.connect(), server.connect());
        half.write_all(b"GET /docum").unwrap();
        let (ended, end) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            server.join();
            let _ = ended.send(());
        });
        end.recv_timeout(PATIENCE).expect("the server ends");
        drop((silent, half));
    }
}
