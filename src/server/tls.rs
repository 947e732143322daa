//! TLS from certificate and key files in PEM (RFC 7468): TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1 by ALPN.

use crate::error::{Error, Result};
use crate::store::read_bounded;
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;
use std::sync::Arc;

/// Longest PEM file, in bytes.
const LONGEST_PEM: u64 = 1 << 20;

/// A TLS configuration from a certificate chain (the server's own first) and its private key.
pub fn tls_from_files(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>> {
    let chain = certificates(&pem(certificate)?).map_err(|e| Error::usage(format!("{}: {e}", certificate.display())))?;
    let key_bytes = zeroize::Zeroizing::new(pem(key)?);
    let private = PrivateKeyDer::from_pem_slice(&key_bytes).map_err(|e| {
        Error::usage(format!("{} has no private key in PEM", key.display())).because(&e).hint("keys with a passphrase are not read")
    })?;
    config(chain, private).map_err(|e| e.with("certificate", certificate.display()).with("key", key.display()))
}

/// The configuration for a chain and its key.
pub(super) fn config(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Arc<ServerConfig>> {
    let wrong = |e: &rustls::Error| Error::usage("the TLS certificate and its key cannot be used").because(e);
    let versions = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().map_err(|e| wrong(&e))?;
    let mut config = versions.with_no_client_auth().with_single_cert(chain, key).map_err(|e| wrong(&e))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// All certificates of a PEM text, at least one.
pub(super) fn certificates(pem: &[u8]) -> std::result::Result<Vec<CertificateDer<'static>>, String> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<std::result::Result<_, _>>().map_err(|e| e.to_string())?;
    if chain.is_empty() { Err("there is no certificate in PEM".to_owned()) } else { Ok(chain) }
}

fn pem(path: &Path) -> Result<Vec<u8>> {
    read_bounded(path, LONGEST_PEM)?.ok_or_else(|| Error::usage(format!("there is no file {}", path.display())))
}
