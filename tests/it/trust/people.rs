//! The people of the tests. Their seeds are derived here from their names, so their secret keys are public knowledge and in no file.

use airlift::artifact::Digest;
use airlift::error::Result;
use airlift::trust::{
    Algorithm, Custody, HeldKey, Principal, PublicKey, ROOT, RootLimits, Rule, SecretKey, Signer, Terms, TrustRoot, sign, signature_name,
};
use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest as _, Sha256};

/// What signers sign in these tests, in place of a bundle's statement.
pub const STATEMENT: &[u8] = b"{\n  \"airlift-bundle\": 1,\n  \"name\": \"example\"\n}\n";

/// What a seed is derived from.
pub fn seed(name: &str) -> [u8; 32] {
    *Digest::of(format!("airlift example, worth nothing: {name}").as_bytes()).as_bytes()
}

/// A person with a key file.
pub fn person(name: &str) -> SecretKey {
    SecretKey::from_seed(&seed(name), &format!("{name} (example, worth nothing)")).unwrap()
}

/// A FIDO2 authenticator in software: signs whatever flags it is told to.
pub struct SoftToken {
    signing: SigningKey,
    public: PublicKey,
    pub flags: u8,
}

/// The token of a person.
pub fn token(name: &str, flags: u8) -> SoftToken {
    let signing = SigningKey::from_bytes(&seed(name));
    let public = PublicKey::security_key(signing.verifying_key().to_bytes(), "ssh:").unwrap();
    SoftToken { signing, public, flags }
}

impl Signer for SoftToken {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign_ssh(&self, message: &[u8]) -> Result<Vec<u8>> {
        let counter = 7u32.to_be_bytes();
        let framed = [&Sha256::digest("ssh:")[..], &[self.flags], &counter, &Sha256::digest(message)].concat();
        let mut out = Vec::new();
        for part in [Algorithm::SkEd25519.name().as_bytes(), &self.signing.sign(&framed).to_bytes()] {
            out.extend_from_slice(&u32::try_from(part.len()).unwrap().to_be_bytes());
            out.extend_from_slice(part);
        }
        out.push(self.flags);
        out.extend_from_slice(&counter);
        Ok(out)
    }
}

/// A principal with one key.
pub fn principal(name: &str, key: &PublicKey) -> Principal {
    let custody = if key.algorithm() == Algorithm::SkEd25519 { Custody::Fido2 } else { Custody::File };
    Principal { name: name.into(), keys: vec![HeldKey { key: key.clone(), custody }] }
}

/// A rule.
pub fn rule(threshold: usize, principals: &[&str]) -> Rule {
    Rule::new(threshold, principals.iter().map(|p| (*p).to_owned()).collect())
}

/// Alice, Bob and Carol (who has a token); two of them sign.
pub fn terms() -> Terms {
    let everybody = ["alice", "bob", "carol"];
    Terms {
        version: 1,
        epoch: 0,
        previous: None,
        created: "2026-01-01T00:00:00Z".parse().unwrap(),
        expires: Some("2028-01-01T00:00:00Z".parse().unwrap()),
        name: "hospital.example".into(),
        principals: vec![
            principal("alice", person("alice").public_key()),
            principal("bob", person("bob").public_key()),
            principal("carol", token("carol", 1).public_key()),
        ],
        root: rule(2, &everybody),
        bundle: vec![rule(2, &everybody)],
        approve: None,
        revoke: None,
        report: None,
        revoked: vec![],
        limits: RootLimits { bundle_bytes: Some(1 << 40), frame_bytes: Some(64 << 20), ..RootLimits::default() },
    }
}

/// The root of [`terms`].
pub fn root() -> TrustRoot {
    TrustRoot::write(&terms()).unwrap()
}

/// Signatures over a root, named as they travel.
pub fn root_signatures(root: &TrustRoot, signers: &[(&str, &dyn Signer)]) -> Vec<(String, Vec<u8>)> {
    signed(&format!("root.{}", root.terms().version), ROOT, root.bytes(), signers)
}

/// Signatures over anything.
pub fn signed(document: &str, namespace: &str, message: &[u8], signers: &[(&str, &dyn Signer)]) -> Vec<(String, Vec<u8>)> {
    let one = |(name, signer): &(&str, &dyn Signer)| {
        (signature_name(document, name, signer.public_key()), sign(*signer, namespace, message).unwrap().into_bytes())
    };
    signers.iter().map(one).collect()
}
