//! A certificate authority of the mirror's own (RFC 5280), for sites without one: made at first start, reused ever after.
//!
//! Four files in one folder: `ca.pem` is what clients are given, `ca.key` (mode 0600) signs, `server.pem` and `server.key` (0600) are
//! shown to clients and made anew when names change or the end of their time comes near. The authority itself is never replaced.

use super::tls::{certificates, config, provider};
use crate::artifact::Digest;
use crate::error::{Error, Result};
use crate::store::read_bounded;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PublicKeyData,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{RootCertStore, ServerConfig};
use std::fs::{DirBuilder, File, rename};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Days that the authority is valid.
const CA_DAYS: i64 = 3650;
/// Days that a server certificate is valid: what browsers accept from authorities that users add.
const SERVER_DAYS: i64 = 820;
/// A server certificate with less than this left is made anew.
const RENEW: Duration = Duration::from_hours(24 * 90);
/// Longest PEM file, in bytes.
const LONGEST_PEM: u64 = 64 << 10;

/// TLS by an authority of the mirror's own.
#[derive(Debug, Clone)]
pub struct OwnCa {
    /// The server's side.
    pub config: Arc<ServerConfig>,
    /// The authority's certificate in PEM: what clients are told to trust.
    pub ca_pem: String,
    /// SHA-256 of the authority's certificate in DER, to be compared by eye; 64 hex digits.
    pub fingerprint: String,
}

/// Opens the authority in a folder, or makes it, and a server certificate for the names (DNS names and IP addresses).
pub fn own_ca(folder: &Path, names: &[String]) -> Result<OwnCa> {
    let wanted = names.iter().map(|name| server_name(name)).collect::<Result<Vec<_>>>()?;
    if wanted.is_empty() {
        return Err(Error::usage("a certificate needs a name").hint("say how clients will call this host: --name mirror.lan"));
    }
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|e| Error::io(format!("{} cannot be created", folder.display()), &e))?;
    // Two servers that start for the first time would each make one, and the files of both would be mixed.
    let locked = File::open(folder).and_then(|folder| folder.lock().map(|()| folder));
    let _turn = locked.map_err(|e| Error::io(format!("{} cannot be locked", folder.display()), &e))?;
    let authority = Authority::open(folder)?;
    let (chain, key) = match authority.present(folder, &wanted) {
        Some(present) => present,
        None => authority.issue(folder, names)?,
    };
    let fingerprint = Digest::of(&authority.certificate).hex();
    Ok(OwnCa { config: config(chain, key)?, ca_pem: authority.pem, fingerprint })
}

fn server_name(name: &str) -> Result<ServerName<'static>> {
    ServerName::try_from(name.to_owned()).map_err(|e| {
        Error::usage("not a name that a certificate can have")
            .with("expected", "a DNS name or an IP address")
            .with("found", format!("{name:.80}"))
            .because(&e)
    })
}

struct Authority {
    key: KeyPair,
    pem: String,
    certificate: CertificateDer<'static>,
}

type Shown = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

impl Authority {
    fn open(folder: &Path) -> Result<Self> {
        let (certificate, key) = (folder.join("ca.pem"), folder.join("ca.key"));
        match (read(&certificate)?, read(&key)?) {
            (None, None) => {
                let made = KeyPair::generate().map_err(|e| unmade(&e))?;
                write(&key, &made.serialize_pem(), 0o600)?;
                Self::certify(made, &certificate)
            }
            // Same key, same name: clients that trust the lost certificate trust what this one signs.
            (None, Some(text)) => Self::certify(parse_key(folder, &text)?, &certificate),
            (Some(pem), Some(text)) => {
                let key = parse_key(folder, &text)?;
                let certificate = certificates(pem.as_bytes()).map_err(|why| unusable(folder, &format!("ca.pem: {why}")))?.swap_remove(0);
                check_pair(&key, &certificate).map_err(|why| unusable(folder, why))?;
                Ok(Self { key, pem, certificate })
            }
            (Some(_), None) => Err(unusable(folder, "ca.key is missing")),
        }
    }

    fn certify(key: KeyPair, path: &Path) -> Result<Self> {
        let made = ca_params(&key)?.self_signed(&key).map_err(|e| unmade(&e))?;
        write(path, &made.pem(), 0o644)?;
        Ok(Self { pem: made.pem(), certificate: made.der().clone(), key })
    }

    /// The server certificate that is there, if it is this authority's, has all names and lasts.
    fn present(&self, folder: &Path, names: &[ServerName<'_>]) -> Option<Shown> {
        let chain = certificates(read(&folder.join("server.pem")).ok()??.as_bytes()).ok()?;
        let key = PrivateKeyDer::from_pem_slice(read(&folder.join("server.key")).ok()??.as_bytes()).ok()?;
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).ok()?;
        let parsed = ParsedCertificate::try_from(chain.first()?).ok()?;
        let algorithms = provider().signature_verification_algorithms.all;
        for time in [now(), now() + RENEW] {
            let time = UnixTime::since_unix_epoch(time);
            rustls::client::verify_server_cert_signed_by_trust_anchor(&parsed, &roots, &[], time, algorithms).ok()?;
        }
        names.iter().try_for_each(|name| rustls::client::verify_server_name(&parsed, name)).ok()?;
        config(chain.clone(), key.clone_key()).ok()?;
        Some((chain, key))
    }

    fn issue(&self, folder: &Path, names: &[String]) -> Result<Shown> {
        let key = KeyPair::generate().map_err(|e| unmade(&e))?;
        let mut params = CertificateParams::new(names).map_err(|e| unmade(&e))?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "airlift mirror");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        set_validity(&mut params, SERVER_DAYS)?;
        let issuer = Issuer::new(ca_params(&self.key)?, &self.key);
        let made = params.signed_by(&key, &issuer).map_err(|e| unmade(&e))?;
        write(&folder.join("server.key"), &key.serialize_pem(), 0o600)?;
        write(&folder.join("server.pem"), &made.pem(), 0o644)?;
        let private = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes());
        Ok((vec![made.der().clone()], private.map_err(|e| Error::failed("the new server key cannot be read").because(&e))?))
    }
}

/// The authority's parameters. Its name is made from its key, so that the same key always issues under the same name.
fn ca_params(key: &KeyPair) -> Result<CertificateParams> {
    let mut params = CertificateParams::default();
    let name = format!("airlift mirror CA {}", &Digest::of(key.public_key_raw()).hex()[..8]);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    set_validity(&mut params, CA_DAYS)?;
    Ok(params)
}

/// Whether the certificate is over that key: with another one nothing that is issued would be believed.
fn check_pair(key: &KeyPair, certificate: &CertificateDer<'_>) -> std::result::Result<(), &'static str> {
    let parsed = ParsedCertificate::try_from(certificate).map_err(|_| "ca.pem cannot be read")?;
    let of_key = key.subject_public_key_info();
    let same = parsed.subject_public_key_info().as_ref() == of_key.as_slice();
    if same { Ok(()) } else { Err("ca.key is not the key of ca.pem") }
}

fn parse_key(folder: &Path, pem: &str) -> Result<KeyPair> {
    KeyPair::from_pem(pem).map_err(|e| unusable(folder, &format!("ca.key: {e}")))
}

fn unusable(folder: &Path, why: &str) -> Error {
    Error::failed(format!("the certificate authority in {} cannot be used: {why}", folder.display()))
        .hint("put its files back from a backup, or remove ca.pem and ca.key and give all clients the new ca.pem")
}

fn unmade(error: &rcgen::Error) -> Error {
    Error::failed("a certificate cannot be made").because(error)
}

fn now() -> Duration {
    Duration::from_secs(Timestamp::now().as_second().max(0).unsigned_abs())
}

/// Valid from yesterday, since clocks behind an air gap differ, for a number of days.
fn set_validity(params: &mut CertificateParams, days: i64) -> Result<()> {
    let today = TimeZone::UTC.to_datetime(Timestamp::now());
    let day = |offset: i64| {
        let date = today.checked_add(Span::new().days(offset)).map_err(|e| Error::failed("the clock is out of range").because(&e))?;
        Ok::<_, Error>(rcgen::date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs()))
    };
    (params.not_before, params.not_after) = (day(-1)?, day(days)?);
    Ok(())
}

fn read(path: &Path) -> Result<Option<String>> {
    let bytes = read_bounded(path, LONGEST_PEM)?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

/// Writes a file so that it is there whole or not at all, with its mode from the first byte on.
fn write(path: &Path, text: &str, mode: u32) -> Result<()> {
    let wrong = |e: std::io::Error| Error::io(format!("{} cannot be written", path.display()), &e);
    let temporary = path.with_extension("new");
    match std::fs::remove_file(&temporary) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(wrong(e)),
        _ => {}
    }
    let mut file = File::options().write(true).create_new(true).mode(mode).open(&temporary).map_err(wrong)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(wrong)?;
    rename(&temporary, path).map_err(wrong)
}
