//! Keys and certificates: real and valid, and the same each time.
//!
//! A lock is made of them only in passing. Keys come from the engine's seed: P-256 where `genPrivateKey` is asked for ECDSA, Ed25519 for
//! all others. RSA and DSA keys of Sprig cannot be made twice the same with the library at hand, and take seconds; what uses them in
//! templates only encodes them.

use super::convert::{int_of, texts_of};
use super::{Made, entry};
use crate::ecosystems::charts::template::{Arguments, Engine, Entry, Fault, Object, Record, Value, octets};
use aws_lc_rs::agreement;
use data_encoding::{BASE64, BASE64_MIME_PERMISSIVE, HEXLOWER};
use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, PKCS_ED25519, SanType};

pub(super) const TABLE: &[Entry] = &[
    entry("genPrivateKey", 1, 1, |e, a| {
        if !matches!(&**a.text(0)?, "" | "rsa" | "dsa" | "ecdsa" | "ed25519") {
            return Ok(format!("Unknown type {}", a.text(0)?).into());
        }
        Ok(if &**a.text(0)? == "ecdsa" { elliptic(e)? } else { fresh(e)?.serialize_pem() }.into())
    }),
    entry("genCA", 2, 2, |e, a| authority(e, a, None)),
    entry("genCAWithKey", 3, 3, |e, a| authority(e, a, Some(a.text(2)?))),
    entry("genSelfSignedCert", 4, 4, |e, a| leaf(e, a, None, None)),
    entry("genSelfSignedCertWithKey", 5, 5, |e, a| leaf(e, a, None, Some(a.text(4)?))),
    entry("genSignedCert", 5, 5, |e, a| leaf(e, a, Some(a.any(4)), None)),
    entry("genSignedCertWithKey", 6, 6, |e, a| leaf(e, a, Some(a.any(4)), Some(a.text(5)?))),
    entry("buildCustomCert", 2, 2, |_, a| custom(a)),
];

fn failed(error: &rcgen::Error) -> Fault {
    error.to_string().into()
}

/// The beginning of an Ed25519 key in PKCS #8, RFC 8410 section 7.
const PKCS8: &str = "302e020100300506032b657004220420";

fn fresh(engine: &mut Engine) -> Result<KeyPair, Fault> {
    let mut der = HEXLOWER.decode(PKCS8.as_bytes()).unwrap_or_default();
    der.extend(engine.random(32));
    KeyPair::from_pkcs8_der_and_sign_algo(&der.into(), &PKCS_ED25519).map_err(|e| failed(&e))
}

/// A P-256 key as Go's `x509.MarshalECPrivateKey` writes it, RFC 5915: version, private key, curve, public key.
fn elliptic(engine: &mut Engine) -> Result<String, Fault> {
    let failed = |e: &dyn std::fmt::Display| Fault::from(format!("failed to generate private key: {e}"));
    let secret = engine.random(32);
    let private = agreement::PrivateKey::from_private_key(&agreement::ECDH_P256, &secret).map_err(|e| failed(&e))?;
    let public = private.compute_public_key().map_err(|e| failed(&e))?;
    let parts = [
        b"\x30\x77\x02\x01\x01\x04\x20",
        &secret[..],
        b"\xa0\x0a\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\xa1\x44\x03\x42\x00",
        public.as_ref(),
    ];
    let body = BASE64.encode(&parts.concat());
    let lines: Vec<&str> = body.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    Ok(format!("-----BEGIN EC PRIVATE KEY-----\n{}\n-----END EC PRIVATE KEY-----\n", lines.join("\n")))
}

fn key(engine: &mut Engine, pem: Option<&str>) -> Result<KeyPair, Fault> {
    pem.map_or_else(|| fresh(engine), |pem| KeyPair::from_pem(pem).map_err(|e| failed(&e)))
}

/// The parameters of a certificate that begins now.
fn params(engine: &Engine, name: &str, days: i64, alternatives: Vec<SanType>) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    params.distinguished_name = subject;
    params.subject_alt_names = alternatives;
    let begin = std::time::UNIX_EPOCH + std::time::Duration::from_secs(u64::try_from(engine.now.as_second()).unwrap_or(0));
    let length = std::time::Duration::from_secs(u64::try_from(days).unwrap_or(0).min(36_500) * 86_400);
    params.not_before = begin.into();
    params.not_after = (begin + length).into();
    params
}

fn pair(certificate: &str, key: &str) -> Value {
    let fields = vec![("Cert", "Cert", certificate.into()), ("Key", "Key", key.into())];
    Value::object(Object::Record(Record { name: "sprig.certificate", fields }))
}

fn authority(engine: &mut Engine, a: Arguments<'_>, pem: Option<&std::rc::Rc<str>>) -> Made {
    let key = key(engine, pem.map(|p| &**p))?;
    let mut params = params(engine, a.text(0)?, a.int(1)?, vec![]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let made = params.self_signed(&key).map_err(|e| failed(&e))?;
    Ok(pair(&made.pem(), &key.serialize_pem()))
}

fn alternatives(a: Arguments<'_>) -> Result<Vec<SanType>, Fault> {
    let mut out = vec![];
    for text in texts_of(a.any(1)) {
        out.push(SanType::IpAddress(text.parse().map_err(|_| format!("error parsing ip: {text}"))?));
    }
    for text in texts_of(a.any(2)) {
        out.push(SanType::DnsName(text.to_string().try_into().map_err(|e: rcgen::Error| failed(&e))?));
    }
    Ok(out)
}

fn leaf(engine: &mut Engine, a: Arguments<'_>, ca: Option<&Value>, pem: Option<&std::rc::Rc<str>>) -> Made {
    let own = key(engine, pem.map(|p| &**p))?;
    let params = params(engine, a.text(0)?, int_of(a.any(3)), alternatives(a)?);
    let made = match ca {
        None => params.self_signed(&own),
        Some(ca) => {
            let (certificate, key) = parts(ca)?;
            let signer = KeyPair::from_pem(&key).map_err(|e| failed(&e))?;
            let name = common_name(&certificate).ok_or("unable to parse certificate")?;
            let issuer = self::params(engine, &name, 1, vec![]);
            params.signed_by(&own, &Issuer::new(issuer, signer))
        }
    };
    Ok(pair(&made.map_err(|e| failed(&e))?.pem(), &own.serialize_pem()))
}

fn parts(ca: &Value) -> Result<(String, String), Fault> {
    if let Value::Object(object) = ca
        && let Object::Record(record) = &**object
        && let [(_, _, Value::Text(certificate)), (_, _, Value::Text(key))] = &record.fields[..]
    {
        return Ok((certificate.to_string(), key.to_string()));
    }
    Err(format!("wrong type for value; expected sprig.certificate; got {}", ca.type_name()).into())
}

/// The first common name of a certificate: its issuer's, which of an authority is its own.
fn common_name(pem: &str) -> Option<String> {
    const CN: [u8; 5] = [0x06, 0x03, 0x55, 0x04, 0x03];
    let body: String = pem.lines().filter(|l| !l.starts_with("-----")).collect();
    let der = BASE64_MIME_PERMISSIVE.decode(body.as_bytes()).ok()?;
    let at = der.windows(CN.len()).position(|w| w == CN)? + CN.len();
    let length = usize::from(*der.get(at + 1)?);
    let text = der.get(at + 2..at + 2 + length).filter(|_| length < 128)?;
    String::from_utf8(text.to_vec()).ok()
}

fn custom(a: Arguments<'_>) -> Made {
    let decode = |index: usize| -> Result<String, Fault> {
        let bytes = BASE64.decode(a.text(index)?.as_bytes()).map_err(|_| "unable to decode base64".to_string())?;
        Ok(octets::from_bytes(&bytes))
    };
    let (certificate, key) = (decode(0)?, decode(1)?);
    if !certificate.contains("-----BEGIN CERTIFICATE-----") {
        return Err("unable to decode certificate".into());
    }
    Ok(pair(&certificate, &key))
}
