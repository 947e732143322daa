//! A deployment of Sigstore of its own: an authority, a log of certificates, logs of signatures of both versions and an authority of timestamps,
//! with keys made for the test.

use super::stamper::Stamper;
use super::tiles::Tiles;
use airlift::artifact::Digest;
use airlift::log::{leaf_hash, node_hash};
use data_encoding::{BASE64, HEXLOWER};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CustomExtension, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PublicKeyData, SanType, SerialNumber, SigningKey,
    date_time_ymd,
};
use serde_json::{Value, json};

/// When signatures are entered: within the day for which certificates hold.
pub const TIME: i64 = 1_767_225_600 + 3600;
const PROMISES: &[u64] = &[1, 3, 6, 1, 4, 1, 11129, 2, 4, 2];
const ISSUER: &[u64] = &[1, 3, 6, 1, 4, 1, 57264, 1, 8];
const ISSUER_RAW: &[u64] = &[1, 3, 6, 1, 4, 1, 57264, 1, 1];
const LOG: &str = "log.example - 1";

pub struct Deployment {
    authority: (CertificateParams, KeyPair),
    chain: Vec<Certificate>,
    certificates: KeyPair,
    log: KeyPair,
    /// A log of version 2.
    pub tiles: Tiles,
    /// Who says when something was signed.
    pub stamper: Stamper,
}

/// Somebody with a certificate.
pub struct Holder {
    pub certificate: Vec<u8>,
    pub key: KeyPair,
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    (params.not_before, params.not_after) = (date_time_ymd(2025, 1, 1), date_time_ymd(2035, 1, 1));
    params
}

fn name_of(key: &KeyPair) -> Digest {
    Digest::of(&key.subject_public_key_info())
}

impl Deployment {
    pub fn new() -> Self {
        let key = |algorithm| KeyPair::generate_for(algorithm).unwrap();
        let (root, root_key) = (named("Root"), key(&PKCS_ECDSA_P384_SHA384));
        let whole = root.self_signed(&root_key).unwrap();
        let (mut between, between_key) = (named("Between"), key(&PKCS_ECDSA_P384_SHA384));
        between.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
        let issued = between.signed_by(&between_key, &Issuer::from_params(&root, &root_key)).unwrap();
        let (certificates, log) = (key(&PKCS_ECDSA_P256_SHA256), key(&PKCS_ECDSA_P256_SHA256));
        Self {
            authority: (between, between_key),
            chain: vec![issued, whole],
            certificates,
            log,
            tiles: Tiles::new(),
            stamper: Stamper::good(),
        }
    }

    /// Its trusted root.
    pub fn root(&self) -> String {
        let always = json!({ "start": "2020-01-01T00:00:00Z" });
        let log = |key: &KeyPair| {
            json!([{
                "baseUrl": "https://log.example", "hashAlgorithm": "SHA2_256",
                "publicKey": {
                    "rawBytes": BASE64.encode(&key.subject_public_key_info()), "validFor": always, "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                },
                "logId": { "keyId": BASE64.encode(name_of(key).as_bytes()) },
            }])
        };
        let chain = self.chain.iter().map(|one| json!({ "rawBytes": BASE64.encode(one.der()) })).collect::<Vec<_>>();
        let mut logs = log(&self.log);
        logs.as_array_mut().unwrap().push(self.tiles.known());
        json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": logs, "timestampAuthorities": [self.stamper.known()], "ctlogs": log(&self.certificates),
            "certificateAuthorities": [{
                "subject": { "organization": "example", "commonName": "Root" }, "uri": "https://authority.example",
                "certChain": { "certificates": chain }, "validFor": always,
            }],
        })
        .to_string()
    }

    /// A certificate for that identity and purpose, as the log of certificates was shown it.
    pub fn holder(&self, issuer: &str, identity: &str, purpose: ExtendedKeyUsagePurpose) -> Holder {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.serial_number = Some(SerialNumber::from_slice(&[7; 16]));
        (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(2026, 1, 2));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![purpose];
        params.use_authority_key_identifier_extension = true;
        params.subject_alt_names = vec![SanType::Rfc822Name(identity.try_into().unwrap())];
        let text = [&[0x0c, u8::try_from(issuer.len()).unwrap()][..], issuer.as_bytes()].concat();
        let raw = CustomExtension::from_oid_content(ISSUER_RAW, issuer.as_bytes().to_vec());
        params.custom_extensions = vec![raw, CustomExtension::from_oid_content(ISSUER, text)];
        let by = Issuer::from_params(&self.authority.0, &self.authority.1);
        let shown = params.signed_by(&key, &by).unwrap();
        let promise = self.promise(signed_part(shown.der()));
        params.custom_extensions.push(CustomExtension::from_oid_content(PROMISES, promise));
        Holder { certificate: params.signed_by(&key, &by).unwrap().der().to_vec(), key }
    }

    /// A promise to list a certificate (RFC 6962, section 3.2), as it stands in it.
    fn promise(&self, shown: &[u8]) -> Vec<u8> {
        let time = u64::try_from(TIME).unwrap() * 1000;
        let length = u32::try_from(shown.len()).unwrap().to_be_bytes();
        let issuer = Digest::of(&self.authority.1.subject_public_key_info());
        let head = [&[0, 0][..], &time.to_be_bytes(), &[0, 1], issuer.as_bytes(), &length[1..], shown, &[0, 0]].concat();
        let signature = self.certificates.sign(&head).unwrap();
        let one = [&[0][..], name_of(&self.certificates).as_bytes(), &time.to_be_bytes(), &[0, 0, 4, 3], &counted(&signature)].concat();
        let list = counted(&counted(&one));
        [&[0x04, u8::try_from(list.len()).unwrap()][..], &list].concat()
    }

    /// What the log signs of an entry: the entry in base64, and its signature over time and place.
    fn entered(&self, body: &Value, time: i64) -> (String, String) {
        let body = BASE64.encode(body.to_string().as_bytes());
        let id = name_of(&self.log).hex();
        let text = format!(r#"{{"body":"{body}","integratedTime":{time},"logID":"{id}","logIndex":1}}"#);
        let signature = BASE64.encode(&self.log.sign(text.as_bytes()).unwrap());
        (body, signature)
    }

    /// A payload as cosign signs it, and its annotations.
    pub fn annotations(&self, holder: &Holder, payload: &[u8], time: i64) -> Value {
        let signature = BASE64.encode(&holder.key.sign(payload).unwrap());
        let body = json!({
            "apiVersion": "0.0.1", "kind": "hashedrekord",
            "spec": {
                "data": { "hash": { "algorithm": "sha256", "value": Digest::of(payload).hex() } },
                "signature": { "content": signature, "publicKey": { "content": BASE64.encode(holder.pem().as_bytes()) } },
            },
        });
        let (body, timestamp) = self.entered(&body, time);
        let id = HEXLOWER.encode(name_of(&self.log).as_bytes());
        let payload = json!({ "body": body, "integratedTime": time, "logIndex": 1, "logID": id });
        json!({
            "dev.cosignproject.cosign/signature": signature,
            "dev.sigstore.cosign/certificate": holder.pem(),
            "dev.sigstore.cosign/bundle": json!({ "SignedEntryTimestamp": timestamp, "Payload": payload }).to_string(),
        })
    }

    /// An envelope around a statement and its annotations, as cosign attaches attestations: entered as a `dsse` or `intoto` of a version.
    pub fn attestation(&self, holder: &Holder, statement: &Value, (kind, version): (&str, &str), time: i64) -> (Vec<u8>, Value) {
        let payload = statement.to_string();
        let (envelope, signature) = holder.envelope(&payload);
        let (whole, pem) = (envelope.to_string().into_bytes(), BASE64.encode(holder.pem().as_bytes()));
        let hash = |bytes: &[u8]| json!({ "algorithm": "sha256", "value": Digest::of(bytes).hex() });
        let twice = BASE64.encode(signature.as_bytes());
        let spec = match (kind, version) {
            ("dsse", _) => json!({
                "envelopeHash": hash(&whole), "payloadHash": hash(payload.as_bytes()), "signatures": [{ "signature": signature, "verifier": pem }],
            }),
            (_, "0.0.2") => json!({ "content": {
                "envelope": { "payloadType": envelope["payloadType"], "signatures": [{ "publicKey": pem, "sig": twice }] },
                "hash": hash(&whole), "payloadHash": hash(payload.as_bytes()),
            } }),
            _ => json!({ "content": { "hash": hash(&whole), "payloadHash": hash(payload.as_bytes()) }, "publicKey": pem }),
        };
        let (body, timestamp) = self.entered(&json!({ "apiVersion": version, "kind": kind, "spec": spec }), time);
        let payload = json!({ "body": body, "integratedTime": time, "logIndex": 1, "logID": name_of(&self.log).hex() });
        let annotations = json!({
            "dev.cosignproject.cosign/signature": "", "dev.sigstore.cosign/certificate": holder.pem(),
            "dev.sigstore.cosign/bundle": json!({ "SignedEntryTimestamp": timestamp, "Payload": payload }).to_string(),
        });
        (whole, annotations)
    }

    /// A bundle around a statement, as cosign 3 attaches it.
    pub fn bundle(&self, holder: &Holder, statement: &Value, time: i64) -> Value {
        let payload = statement.to_string();
        let (envelope, signature) = holder.envelope(&payload);
        let body = json!({
            "apiVersion": "0.0.1", "kind": "dsse",
            "spec": {
                "envelopeHash": { "algorithm": "sha256", "value": Digest::of(envelope.to_string().as_bytes()).hex() },
                "payloadHash": { "algorithm": "sha256", "value": Digest::of(payload.as_bytes()).hex() },
                "signatures": [{ "signature": signature, "verifier": BASE64.encode(holder.pem().as_bytes()) }],
            },
        });
        let beside = leaf_hash(b"another entry");
        let root = node_hash(&beside, &leaf_hash(body.to_string().as_bytes()));
        let tree = format!("{LOG}\n2\n{}\n", BASE64.encode(root.as_bytes()));
        let (id, signed) = (name_of(&self.log), self.log.sign(tree.as_bytes()).unwrap());
        let checkpoint = format!("{tree}\n\u{2014} log.example {}\n", BASE64.encode(&[&id.as_bytes()[..4], &signed].concat()));
        let (body, timestamp) = self.entered(&body, time);
        let proof = json!({
            "logIndex": "1", "treeSize": "2", "rootHash": BASE64.encode(root.as_bytes()),
            "hashes": [BASE64.encode(beside.as_bytes())], "checkpoint": { "envelope": checkpoint },
        });
        let entry = json!({
            "logIndex": "1", "kindVersion": { "kind": "dsse", "version": "0.0.1" }, "logId": { "keyId": BASE64.encode(id.as_bytes()) }, "integratedTime": time.to_string(),
            "inclusionPromise": { "signedEntryTimestamp": timestamp }, "inclusionProof": proof, "canonicalizedBody": body,
        });
        json!({
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": { "certificate": { "rawBytes": BASE64.encode(&holder.certificate) }, "tlogEntries": [entry] },
            "dsseEnvelope": envelope,
        })
    }
}

impl Holder {
    /// An envelope around a statement, and its signature.
    pub fn envelope(&self, payload: &str) -> (Value, String) {
        let kind = "application/vnd.in-toto+json";
        let signature = BASE64.encode(&self.key.sign(&airlift::publisher::dsse(kind, payload.as_bytes())).unwrap());
        (json!({ "payload": BASE64.encode(payload.as_bytes()), "payloadType": kind, "signatures": [{ "sig": signature }] }), signature)
    }

    pub fn pem(&self) -> String {
        let text = BASE64.encode(&self.certificate);
        let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }
}

fn counted(bytes: &[u8]) -> Vec<u8> {
    [&u16::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat()
}

/// What is signed of a certificate: the first part of it. Both lengths have two bytes.
fn signed_part(certificate: &[u8]) -> &[u8] {
    assert_eq!((certificate[1], certificate[5]), (0x82, 0x82));
    let length = usize::from(u16::from_be_bytes([certificate[6], certificate[7]]));
    &certificate[4..8 + length]
}
