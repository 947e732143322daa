//! The files of `tests/vectors/trust` and `keys/example`: made here from fixed seeds, committed, and read back as an outsider would.
//! After a change that is meant: `AIRLIFT_WRITE_VECTORS=1 cargo test --release --test it vectors`.

use super::people::{STATEMENT, person, root, root_signatures, rule, signed, terms, token};
use airlift::artifact::Digest;
use airlift::trust::pinned::{accept, beside};
use airlift::trust::{
    BUNDLE, Custody, Mark, Presence, REVOKE, ROOT, Reason, Revocation, RevocationTerms, Revoked, Role, RootLimits, Rule, Scope, Signature,
    Signer, Terms, TrustRoot, sign,
};
use data_encoding::BASE64;
use ed25519_dalek::Signer as _;
use sha2::Digest as _;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

type Files = BTreeMap<String, Vec<u8>>;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn string(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

fn strings(parts: &[&[u8]]) -> Vec<u8> {
    parts.iter().flat_map(|part| string(part)).collect()
}

fn armour(blob: &[u8]) -> String {
    let encoded = BASE64.encode(blob);
    let lines: Vec<&str> = encoded.as_bytes().chunks(70).map(|c| std::str::from_utf8(c).unwrap()).collect();
    format!("-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----\n", lines.join("\n"))
}

/// An SSHSIG of Alice put together by hand, so that each part can be wrong.
struct Parts {
    version: u32,
    key: Vec<u8>,
    reserved: &'static [u8],
    hash: &'static str,
    kind: &'static str,
    signature: [u8; 64],
    tail: &'static [u8],
}

impl Parts {
    fn of(hash: &'static str, digest: &[u8]) -> Self {
        let signed = [&b"SSHSIG"[..], &strings(&[BUNDLE.as_bytes(), b"", hash.as_bytes(), digest])].concat();
        let key = ed25519_dalek::SigningKey::from_bytes(&super::people::seed("alice"));
        let blob = person("alice").public_key().blob();
        let signature = key.sign(&signed).to_bytes();
        Self { version: 1, key: blob, reserved: b"", hash, kind: "ssh-ed25519", signature, tail: b"" }
    }

    fn sha512() -> Self {
        Self::of("sha512", &sha2::Sha512::digest(STATEMENT))
    }

    fn sha256() -> Self {
        Self::of("sha256", &sha2::Sha256::digest(STATEMENT))
    }

    fn text(&self) -> String {
        let signature = strings(&[self.kind.as_bytes(), &self.signature]);
        let body = strings(&[&self.key, BUNDLE.as_bytes(), self.reserved, self.hash.as_bytes(), &signature]);
        armour(&[&b"SSHSIG"[..], &self.version.to_be_bytes(), &body, self.tail].concat())
    }
}

/// Key and signature that fit any message under verifiers that take points of small order.
fn weak() -> Parts {
    let mut point = [0; 32];
    point[0] = 1;
    let mut signature = [0; 64];
    signature[0] = 1;
    Parts { key: strings(&[b"ssh-ed25519", &point]), signature, ..Parts::sha512() }
}

/// A signature of Alice's own key whose R is the neutral point: the equation holds, strict verification refuses it.
fn small_order_r() -> Parts {
    let scalar = data_encoding::HEXLOWER.decode(b"cb9d1c4a863c5ce1baa0574b5d4cd1346769f4bd15e1b64e9112e1012065ac01").unwrap();
    let mut signature = [0; 64];
    signature[0] = 1;
    signature[32..].copy_from_slice(&scalar);
    Parts { signature, ..Parts::sha512() }
}

/// The same signature with the group order added to its scalar.
fn scalar_plus_order() -> Parts {
    let mut parts = Parts::sha512();
    let order = data_encoding::HEXLOWER.decode(b"edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
    let mut carry = 0;
    for (byte, add) in parts.signature[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        (*byte, carry) = ((sum & 0xff) as u8, sum >> 8);
    }
    parts
}

fn signatures() -> BTreeMap<&'static str, String> {
    let (alice, bob) = (person("alice"), person("bob"));
    let good = sign(&alice, BUNDLE, STATEMENT).unwrap();
    assert_eq!(good, Parts::sha512().text());
    let body = good.lines().nth(2).unwrap();
    let mut flipped = Parts::sha512();
    flipped.signature[10] ^= 4;
    BTreeMap::from([
        ("good-alice", good.clone()),
        ("good-bob", sign(&bob, BUNDLE, STATEMENT).unwrap()),
        ("good-carol-present-and-pin", sign(&token("carol", 5), BUNDLE, STATEMENT).unwrap()),
        ("good-carol-not-present", sign(&token("carol", 0), BUNDLE, STATEMENT).unwrap()),
        ("good-sha256", Parts::sha256().text()),
        ("good-stranger", sign(&person("mallory"), BUNDLE, STATEMENT).unwrap()),
        ("other-message", sign(&alice, BUNDLE, b"other bytes").unwrap()),
        ("other-namespace", sign(&alice, ROOT, STATEMENT).unwrap()),
        ("flipped-bit", flipped.text()),
        ("two-armours", format!("{good}{good}")),
        ("line-before", format!("signed by alice\n{good}")),
        ("line-after", format!("{good}\n")),
        ("crlf", good.replace('\n', "\r\n")),
        ("no-final-line-feed", good.trim_end().to_owned()),
        ("cut", good[..good.len() / 2].to_owned()),
        ("padding-in-the-middle", good.replace(body, &format!("{}==", &body[..68]))),
        ("too-large", format!("{good}{}", "A".repeat(4096))),
        ("version-2", Parts { version: 2, ..Parts::sha512() }.text()),
        ("reserved-not-empty", Parts { reserved: b"x", ..Parts::sha512() }.text()),
        ("hash-sha1", Parts { hash: "sha1", ..Parts::sha512() }.text()),
        ("hash-renamed", Parts { hash: "sha256", ..Parts::sha512() }.text()),
        ("bytes-after-the-signature", Parts { tail: b"x", ..Parts::sha512() }.text()),
        ("type-of-another-key", Parts { kind: "sk-ssh-ed25519@openssh.com", ..Parts::sha512() }.text()),
        ("type-unknown", Parts { key: strings(&[b"ssh-dss", b""]), ..Parts::sha512() }.text()),
        ("weak-key-fits-any-message", weak().text()),
        ("small-order-r", small_order_r().text()),
        ("scalar-plus-order", scalar_plus_order().text()),
    ])
}

fn roots() -> BTreeMap<&'static str, String> {
    let good = String::from_utf8(root().bytes().to_vec()).unwrap();
    let alice = person("alice").public_key().line();
    let weak_line = format!("ssh-ed25519 {}", BASE64.encode(&weak().key));
    let swap = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replacen(from, to, 1)
    };
    BTreeMap::from([
        ("good", good.clone()),
        (
            "good-no-limits",
            String::from_utf8(TrustRoot::write(&Terms { limits: RootLimits::default(), ..terms() }).unwrap().bytes().to_vec()).unwrap(),
        ),
        ("threshold-zero", swap("\"threshold\": 2", "\"threshold\": 0")),
        ("threshold-negative", swap("\"threshold\": 2", "\"threshold\": -1")),
        ("threshold-above-people", swap("\"threshold\": 2", "\"threshold\": 4")),
        ("threshold-float", swap("\"threshold\": 2", "\"threshold\": 2.0")),
        ("member-twice", swap("\"epoch\": 0", "\"epoch\": 0,\n  \"epoch\": 9")),
        ("member-unknown", swap("\"epoch\": 0", "\"epoch\": 0,\n  \"scopes\": []")),
        ("member-missing", swap("  \"previous\": null,\n", "")),
        ("format-3", swap("\"airlift-root\": 1", "\"airlift-root\": 3,\n  \"scopes\": []")),
        ("format-1-with-revoked", swap("  \"roles\"", "  \"revoked\": [],\n  \"roles\"")),
        ("byte-order-mark", format!("\u{feff}{good}")),
        ("bytes-after", format!("{good}{{}}")),
        ("control-character", swap("hospital", "hospital\\u0007")),
        ("time-of-another-zone", swap("2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00")),
        ("version-0", swap("\"version\": 1", "\"version\": 0")),
        ("version-2-without-previous", swap("\"version\": 1", "\"version\": 2")),
        ("principal-wildcard", good.replace("\"bob\"", "\"*\"")),
        ("principal-twice", good.replace("\"bob\"", "\"alice\"")),
        ("role-with-a-stranger", swap("        \"bob\",", "        \"mallory\",")),
        ("key-twice", swap(&person("bob").public_key().line(), &alice)),
        ("key-with-comment", swap(&alice, &format!("{alice} alice"))),
        ("key-weak", swap(&alice, &weak_line)),
        ("key-cut", swap(&alice, &alice[..alice.len() - 8])),
        ("custody-unknown", swap("\"custody\": \"file\"", "\"custody\": \"pocket\"")),
        ("custody-fido2-for-a-plain-key", swap("\"custody\": \"file\"", "\"custody\": \"fido2\"")),
    ])
}

/// Roots of version 2, good and damaged.
fn roots_2() -> BTreeMap<&'static str, String> {
    let bundle = vec![
        rule(2, &["alice", "bob", "carol"]),
        Rule { scopes: vec![Scope::parse("images:quay.io/team/**").unwrap()], ..rule(1, &["bob"]) },
    ];
    let approve = Some(Rule { distinct_from: vec![Role::Bundle], ..rule(1, &["alice", "bob"]) });
    let revoke = Some(Rule { presence: Presence::Pin, custody: vec![Custody::Fido2], ..rule(1, &["carol"]) });
    let revoked = vec![Revoked { key: person("mallory").public_key().id(), reason: Reason::Lost, last_good: vec![last_good()] }];
    let root = TrustRoot::write(&Terms { bundle, approve, revoke, revoked, ..terms() }).unwrap();
    let good = String::from_utf8(root.bytes().to_vec()).unwrap();
    let swap = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replacen(from, to, 1)
    };
    BTreeMap::from([
        ("2-good", good.clone()),
        ("2-good-presence-touch", swap("\"presence\": \"pin\"", "\"presence\": \"touch\"")),
        ("2-format-1", swap("\"airlift-root\": 2", "\"airlift-root\": 1")),
        ("2-scope-without-ecosystem", swap("images:quay.io/team/**", "quay.io/team/**")),
        ("2-scope-with-two-stars", swap("images:quay.io/team/**", "images:*team*/x")),
        ("2-distinct-from-itself", swap("\"distinct-from\": [\n        \"bundle\"", "\"distinct-from\": [\n        \"approve\"")),
        ("2-distinct-from-null", swap("\"presence\": \"pin\"", "\"distinct-from\": null")),
        ("2-presence-unknown", swap("\"presence\": \"pin\"", "\"presence\": \"smile\"")),
        ("2-custody-unknown", swap("\"custody\": [\n        \"fido2\"", "\"custody\": [\n        \"pocket\"")),
        ("2-nobody-has-the-custody", swap("\"custody\": [\n        \"fido2\"", "\"custody\": [\n        \"piv\"")),
        ("2-role-unknown", swap("\"approve\": {", "\"king\": {")),
        ("2-reason-unknown", swap("\"lost\"", "\"bored\"")),
        ("2-revoked-missing", swap("\"revoked\"", "\"revoke\"")),
        ("2-revoked-key-short", swap("\"key\": \"SHA256:", "\"key\": \"SHA256:A")),
        ("2-last-good-of-number-0", swap("\"seq\": 7", "\"seq\": 0")),
    ])
}

fn last_good() -> Mark {
    Mark { name: "mlops".into(), line: "main".into(), epoch: 0, seq: 7, id: Digest::of(STATEMENT) }
}

/// Revocations by Bob of Alice's key: document, signature and typed text of each.
fn revocations() -> Files {
    let terms = RevocationTerms {
        domain: "hospital.example".into(),
        root: root().fingerprint(),
        revoked: Revoked { key: person("alice").public_key().id(), reason: Reason::Compromised, last_good: vec![last_good()] },
        time: "2026-05-01T00:00:00Z".parse().unwrap(),
    };
    let good = String::from_utf8(terms.to_bytes()).unwrap();
    let mut files = Files::new();
    for (name, text) in [
        ("good", good.clone()),
        ("blank", good.replacen(":1", ": 1", 1)),
        ("member-unknown", good.replacen('{', "{\"a\":1,", 1)),
        ("other-domain", good.replacen("hospital", "hospice", 1)),
        ("reason-unknown", good.replacen("compromised", "bored", 1)),
        ("no-final-line-feed", good.trim_end().to_owned()),
    ] {
        files.insert(format!("revocations/{name}.sshsig"), sign(&person("bob"), REVOKE, text.as_bytes()).unwrap().into_bytes());
        files.insert(format!("revocations/{name}.json"), text.into_bytes());
    }
    let of = |signer: &dyn Signer| sign(signer, REVOKE, good.as_bytes()).unwrap().into_bytes();
    for (name, armour) in [
        ("good-by-itself", of(&person("alice"))),
        ("by-a-stranger", of(&person("mallory"))),
        ("by-a-token-not-touched", of(&token("carol", 0))),
    ] {
        files.insert(format!("revocations/{name}.sshsig"), armour);
        files.insert(format!("revocations/{name}.json"), good.clone().into_bytes());
    }
    let judged = Revocation::judge(&root(), good.as_bytes(), &of(&person("bob"))).unwrap();
    files.insert("revocations/good.txt".into(), judged.text().unwrap().into_bytes());
    files
}

/// Which signatures together satisfy the role `bundle` of the good root.
const SETS: [&str; 7] = [
    "good-alice good-bob",
    "good-alice good-carol-present-and-pin",
    "good-alice good-bob good-stranger",
    "good-alice",
    "good-alice good-carol-not-present",
    "good-alice good-sha256",
    "good-stranger",
];

fn told<T>(result: airlift::error::Result<T>) -> String {
    result.map_or_else(|e| format!("refused: {}", e.message()), |_| "accepted".to_owned())
}

fn told_set(root: &TrustRoot, signatures: &BTreeMap<String, Vec<u8>>, set: &str) -> String {
    let given: Vec<_> = set.split(' ').map(|name| (name.to_owned(), signatures[name].clone())).collect();
    told(root.judge(Role::Bundle, BUNDLE, STATEMENT, &given))
}

/// What is expected of each file, from the files alone.
fn expectations(files: &Files) -> String {
    let mut lines = Vec::new();
    let mut signatures = BTreeMap::new();
    for (name, bytes) in files {
        if let Some(case) = name.strip_prefix("signatures/").and_then(|n| n.strip_suffix(".sshsig")) {
            let verified = Signature::parse(bytes).and_then(|s| s.verify(BUNDLE, &files["statement.json"]));
            lines.push(format!("signature\t{case}\t{}\n", told(verified)));
            signatures.insert(case.to_owned(), bytes.clone());
        } else if let Some(case) = name.strip_prefix("roots/").and_then(|n| n.strip_suffix(".json")) {
            lines.push(format!("root\t{case}\t{}\n", told(TrustRoot::parse(bytes))));
        } else if let Some(case) = name.strip_prefix("revocations/").and_then(|n| n.strip_suffix(".json")) {
            let armour = &files[&format!("revocations/{case}.sshsig")];
            lines.push(format!("revocation\t{case}\t{}\n", told(Revocation::judge(&root(), bytes, armour))));
        }
    }
    let root = TrustRoot::parse(&files["roots/good.json"]).unwrap();
    lines.extend(SETS.map(|set| format!("set\t{set}\t{}\n", told_set(&root, &signatures, set))));
    lines.concat()
}

fn vectors() -> Files {
    let mut files = Files::from([("statement.json".to_owned(), STATEMENT.to_vec())]);
    files.extend(signatures().into_iter().map(|(name, text)| (format!("signatures/{name}.sshsig"), text.into_bytes())));
    files.extend(revocations());
    files.extend(roots().into_iter().chain(roots_2()).map(|(name, text)| (format!("roots/{name}.json"), text.into_bytes())));
    let expected = expectations(&files);
    files.insert("EXPECTED".to_owned(), expected.into_bytes());
    files
}

fn examples() -> Files {
    let (alice, bob, carol, root) = (person("alice"), person("bob"), token("carol", 1), root());
    let mut files: Files = root_signatures(&root, &[("alice", &alice), ("bob", &bob)]).into_iter().collect();
    files.insert(root.file_name(), root.bytes().to_vec());
    files.insert("alice.pub".into(), alice.public_line().into_bytes());
    files.insert("bob.pub".into(), bob.public_line().into_bytes());
    files.insert("carol.pub".into(), format!("{} carol (example, worth nothing)\n", carol.public_key().line()).into_bytes());
    files.insert("allowed_signers".into(), airlift::steps::trust::signers_file(&root).into_bytes());
    files
}

fn read_all(folder: &Path, prefix: &str, into: &mut Files) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            read_all(&path, &format!("{name}/"), into);
        } else if name != "README.md" {
            into.insert(name, std::fs::read(&path).unwrap());
        }
    }
}

fn check(folder: &Path, wanted: &Files) {
    if std::env::var_os("AIRLIFT_WRITE_VECTORS").is_some() {
        for (name, bytes) in wanted {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
    }
    let mut found = Files::new();
    read_all(folder, "", &mut found);
    assert_eq!(found.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>(), "{}", folder.display());
    for (name, bytes) in wanted {
        assert!(found[name] == *bytes, "{}/{name} is not what the code makes", folder.display());
    }
}

#[test]
fn the_committed_vectors_are_current() {
    check(&folder("tests/vectors/trust"), &vectors());
    check(&folder("keys/example"), &examples());
}

/// The names promise the outcome, so that a case that silently became good is noticed.
#[test]
fn vectors_named_good_are_accepted_and_no_others() {
    let expected = String::from_utf8(vectors().remove("EXPECTED").unwrap()).unwrap();
    for line in expected.lines().filter(|l| !l.starts_with("set")) {
        let (_, rest) = line.split_once('\t').unwrap();
        let (case, outcome) = rest.split_once('\t').unwrap();
        assert_eq!(case.trim_start_matches("2-").starts_with("good"), outcome == "accepted", "{line}");
    }
    let sets: Vec<&str> = expected.lines().filter(|l| l.starts_with("set")).map(|l| l.rsplit('\t').next().unwrap()).collect();
    assert_eq!(sets.iter().filter(|s| **s == "accepted").count(), 3, "{sets:#?}");
}

#[test]
fn the_example_root_is_accepted_by_its_fingerprint() {
    let host = tempfile::tempdir().unwrap();
    let (root, signatures) = beside(&folder("keys/example/root.1.json")).unwrap();
    accept(host.path(), root.bytes(), &signatures, &root.fingerprint().spoken()).unwrap();
    let text = std::fs::read_to_string(folder("keys/README.md")).unwrap();
    assert!(text.contains(&root.fingerprint().spoken()), "keys/README.md should name {}", root.fingerprint().spoken());
}

/// What is typed from the vector is the vector's document and signature.
#[test]
fn the_typed_vector_is_the_document() {
    let files = vectors();
    let text = String::from_utf8(files["revocations/good.txt"].clone()).unwrap();
    let typed = Revocation::from_text(&root(), &[person("bob").public_key().clone()], &text).unwrap();
    let [(_, armour), (_, document)] = typed.files();
    assert!(document == files["revocations/good.json"] && armour == files["revocations/good.sshsig"]);
}

/// The document's example root is the vector, byte for byte, and its digests are right.
#[test]
fn the_documents_example_is_the_vector() {
    let text = std::fs::read_to_string(folder("docs/formats/trust.md")).unwrap();
    let example = text.split("```json\n").nth(1).and_then(|t| t.split("```").next()).unwrap();
    assert_eq!(example.as_bytes(), root().bytes());
    let digest = Digest::of(example.as_bytes());
    assert!(text.contains(&digest.hex()) && text.contains(&digest.spoken()), "{digest} {}", digest.spoken());
    assert!(signed("bundle", BUNDLE, STATEMENT, &[("alice", &person("alice"))]).iter().all(|(name, _)| text.contains(name)));
}
