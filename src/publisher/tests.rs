use super::*;
use crate::artifact::Digest;
use serde_json::Value;

/// Keys and signatures that sigstore's own library (`github.com/sigstore/sigstore` 1.8.15, with which cosign signs) made of one payload of
/// its own, for `docker.io/example/app` and the digest of `foo`.
fn made() -> Value {
    serde_json::from_str(include_str!("fixtures/cosign.json")).expect("JSON")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().expect("text")
}

fn pattern(text: &str) -> Pattern {
    Pattern::read(text).expect("a pattern")
}

fn cosign(key: &str, signed_as: &[&str]) -> Result<UpstreamKey, String> {
    let signed_as = signed_as.iter().map(|text| pattern(text)).collect();
    UpstreamKey::read("Example".to_owned(), Kind::Cosign, key, vec![pattern("room/docker.io/example/*")], signed_as)
}

const REPOSITORY: &str = "docker.io/example/app";

#[test]
fn what_cosign_signs_is_verified_by_its_key_alone() {
    let made = made();
    for algorithm in ["ecdsa", "ed25519", "rsa"] {
        let key = cosign(text(&made[algorithm], "key"), &[]).expect("a key");
        let signed =
            Signed { payload: text(&made, "payload").as_bytes(), signature: Some(text(&made[algorithm], "signature")), keyless: None };
        let by = signed.judge(&[&key], &Digest::of(b"foo"), REPOSITORY).expect(algorithm);
        assert!(by.to_string().starts_with("Example (cosign, sha256:"), "{by}");
        let why = |signed: Signed<'_>, of: &Digest, repository: &str| signed.judge(&[&key], of, repository).expect_err(algorithm);
        assert!(why(signed, &Digest::of(b"bar"), REPOSITORY).contains("of another content"), "{algorithm}");
        assert!(why(signed, &Digest::of(b"foo"), "docker.io/example/other").contains("not as docker.io/example/other"), "{algorithm}");
        let changed = text(&made, "payload").replace("example/app", "example/apq");
        assert!(why(Signed { payload: changed.as_bytes(), ..signed }, &Digest::of(b"foo"), REPOSITORY).starts_with("not by Example"));
        assert!(why(Signed { signature: Some("AAAA"), ..signed }, &Digest::of(b"foo"), REPOSITORY).starts_with("not by Example"));
        assert!(why(Signed { signature: Some("?"), ..signed }, &Digest::of(b"foo"), REPOSITORY).contains("base64"));
        assert!(why(Signed { signature: None, ..signed }, &Digest::of(b"foo"), REPOSITORY).contains("no signature"));
        for other in ["ecdsa", "ed25519", "rsa"].into_iter().filter(|other| *other != algorithm) {
            let other = cosign(text(&made[other], "key"), &[]).expect("a key");
            assert!(signed.judge(&[&other], &Digest::of(b"foo"), REPOSITORY).is_err(), "{algorithm} by another key");
            assert!(signed.judge(&[&other, &key], &Digest::of(b"foo"), REPOSITORY).is_ok(), "one of two keys");
        }
    }
}

/// What was signed as something else counts only where the policy says so.
#[test]
fn another_name_has_to_be_allowed() {
    let made = made();
    let signed = Signed { payload: text(&made, "payload").as_bytes(), signature: Some(text(&made["ecdsa"], "signature")), keyless: None };
    let judged = |signed_as: &[&str]| {
        let key = cosign(text(&made["ecdsa"], "key"), signed_as).expect("a key");
        signed.judge(&[&key], &Digest::of(b"foo"), "mirror.example/app").is_ok()
    };
    assert_eq!([judged(&[]), judged(&["index.docker.io/example/*"]), judged(&["docker.io/other/*"])], [false, true, false]);
}

/// Bundles that sigstore's own library (`github.com/sigstore/sigstore-go` 0.7.0) made of statements about the digest of `foo`.
#[test]
fn bundles_are_verified_by_their_key_and_attestations_are_no_signatures() {
    let made: Value = serde_json::from_str(include_str!("fixtures/bundles.json")).expect("JSON");
    let key = cosign(text(&made, "key"), &[]).expect("a key");
    let bytes = |name: &str| made[name].to_string().into_bytes();
    let Verdict { worth: Worth::Valid(by), signs: true } = judge_bundle(&bytes("signature"), &[&key], &Digest::of(b"foo")) else {
        panic!("by the key")
    };
    assert!(by.to_string().starts_with("Example (cosign, sha256:") && by.says.is_none(), "{by}");
    let aside = judge_bundle(&bytes("attestation"), &[&key], &Digest::of(b"foo"));
    let Verdict { worth: Worth::Valid(by), signs: false } = &aside else { panic!("{aside:?}") };
    let said = by.says.clone().expect("it says something");
    let attested = |types: &str| {
        let key = key.clone().counting(vec![pattern(types)]);
        judge_bundle(&bytes("attestation"), &[&key], &Digest::of(b"foo")).signs
    };
    assert_eq!((attested("https://*"), attested("urn:*")), (true, false), "{said}");
    assert!(
        matches!(judge_bundle(&bytes("signature"), &[], &Digest::of(b"foo")).worth, Worth::Unjudged(why) if why == "no key and no identity of the policy is for it")
    );
    let why = |bytes: &[u8], key: &UpstreamKey, of: &[u8]| match judge_bundle(bytes, &[key], &Digest::of(of)).worth {
        Worth::Wrong(why) => why,
        other => panic!("{other:?}"),
    };
    assert!(why(&bytes("signature"), &key, b"bar").contains("of another content"));
    let other = cosign(text(&self::made()["ecdsa"], "key"), &[]).expect("a key");
    assert!(why(&bytes("signature"), &other, b"foo").starts_with("not by Example"));
    let mut changed = made["signature"].clone();
    let payload = data_encoding::BASE64.decode(text(&changed["dsseEnvelope"], "payload").as_bytes()).expect("base64");
    let payload = String::from_utf8(payload).expect("text").replace(&Digest::of(b"foo").hex(), &Digest::of(b"bar").hex());
    changed["dsseEnvelope"]["payload"] = data_encoding::BASE64.encode(payload.as_bytes()).into();
    assert!(why(changed.to_string().as_bytes(), &key, b"bar").starts_with("not by Example"), "changed after it was signed");
    changed["dsseEnvelope"]["payloadType"] = "text/plain".into();
    assert!(why(changed.to_string().as_bytes(), &key, b"bar").contains("no statement"));
    assert!(why(b"{}", &key, b"foo").contains("no envelope"));
}

#[test]
fn what_is_no_key_is_said_to_be_none() {
    let made = made();
    let pem = text(&made["ecdsa"], "key");
    let weak = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n-----END PUBLIC KEY-----\n";
    for (key, word) in [
        (String::new(), "one key in PEM"),
        (pem.repeat(2), "one key in PEM"),
        (pem.replace("PUBLIC", "PRIVATE"), "one key in PEM"),
        (pem.replace("MFkw", "MFk?"), "cannot be read"),
        (pem.replace("MFkwEwYH", "MFkwEwYI"), "not judged"),
        (weak.to_owned(), "weak"),
        (" ".repeat(MAX_KEY_BYTES + 1), "longer"),
    ] {
        let why = cosign(&key, &[]).expect_err(&key);
        assert!(why.contains(word), "{key}: {why}");
    }
}

#[test]
fn patterns_are_names_or_beginnings() {
    assert!(pattern("room/a").covers("room/a") && !pattern("room/a").covers("room/ab"));
    assert!(pattern("room/a*").covers("room/ab") && !pattern("room/a/*").covers("room/ab") && pattern("room/a/*").covers("room/a/b/c"));
    for text in ["", "a*b", "**", "a b", "a\u{202e}", "a\n"] {
        assert!(Pattern::read(text).is_none(), "{text:?}");
    }
}

#[test]
fn one_signature_that_holds_is_enough() {
    let means = Means::Key { kind: Kind::Cosign, fingerprint: "f".to_owned() };
    let good = Worth::Valid(By { name: "a".to_owned(), means, says: Some("x".to_owned()) });
    let (bad, gone, aside) = (Worth::Wrong("b".to_owned()), Worth::NotHere("c".to_owned()), Worth::Unjudged("d".to_owned()));
    let carried =
        |worth: &Worth, signs| Carried { scheme: Scheme::Bundle, blobs: vec![], at: 0, verdict: Verdict { worth: worth.clone(), signs } };
    let looked = |all: &[&Worth]| Looked { signatures: all.iter().map(|worth| carried(worth, true)).collect(), ..Looked::default() };
    let of = |all: &[&Worth]| looked(all).judgement();
    assert_eq!(of(&[&bad, &good, &gone, &good]), Judgement::Verified(vec!["a (cosign, f), x".to_owned()]));
    assert_eq!(of(&[&bad, &gone]), Judgement::NotHere("c".to_owned()), "what is not here may be the one that holds");
    assert_eq!(of(&[&gone, &gone, &gone]), Judgement::NotHere("c, nor are 2 others".to_owned()));
    assert_eq!(of(&[&aside, &bad]), Judgement::Wrong(vec!["b".to_owned()]));
    for none in [&[][..], &[&aside]] {
        assert_eq!(of(none), Judgement::Missing("no signature is carried".to_owned()));
    }
    // What only says something about it neither stands for a signature nor is a wrong one.
    for worth in [&good, &bad, &gone] {
        let alone = Looked { signatures: vec![carried(worth, false)], ..Looked::default() };
        let Judgement::Missing(why) = alone.judgement() else { panic!("{worth:?}") };
        assert_eq!(why, "no signature is carried: 1 attestations are, which the policy takes for none");
        let both = Looked { signatures: vec![carried(worth, false), carried(&good, true)], ..Looked::default() };
        assert_eq!(both.judgement(), Judgement::Verified(vec!["a (cosign, f), x".to_owned()]));
    }
    let left = Looked { left: 3, ..looked(&[&aside]) };
    assert_eq!(left.judgement(), Judgement::Wrong(vec!["3 further signatures were not looked at".to_owned()]));
    assert_eq!(Looked { none: Some("e".to_owned()), ..left }.judgement(), Judgement::Missing("e".to_owned()));
    let unjudged = Looked { none: Some("e".to_owned()), ..looked(&[&gone]) };
    assert_eq!(unjudged.judgement(), Judgement::Missing("e".to_owned()), "who cannot judge it does not wait for it");
}

/// A certificate of gpg's whose first key only certifies, and a text that the key below it signed: each thing that lets it sign is needed.
#[test]
fn a_key_below_another_needs_its_binding_its_purpose_and_its_consent() {
    use crate::publisher::openpgp::Certificate;
    let armoured = include_str!("fixtures/subkey.asc");
    let signed = include_bytes!("fixtures/subkey.txt");
    assert_eq!(Certificate::read(armoured).expect("a certificate").verify(signed).expect("its text").len(), 7);
    let body: String = armoured.lines().skip(1).filter(|line| !line.contains("-----") && !line.starts_with('=')).collect();
    let bytes = data_encoding::BASE64.decode(body.as_bytes()).expect("base64");
    let changed = |from: &[u8], to: &[u8]| {
        let at = bytes.windows(from.len()).rposition(|window| window == from).expect("it is there");
        let changed = [&bytes[..at], to, &bytes[at + from.len()..]].concat();
        let text = data_encoding::BASE64.encode(&changed);
        let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("base64")).collect();
        let head = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n";
        Certificate::read(&format!("{head}{}\n-----END PGP PUBLIC KEY BLOCK-----\n", lines.join("\n"))).map(drop)
    };
    let none = Err("none of its keys may sign, or they are of kinds that are not judged".to_owned());
    assert_eq!(changed(&[0x20, 0x04, 0x19], &[0x21, 0x04, 0x19]), none, "without the consent, which is not signed itself");
    assert_eq!(changed(&[0x02, 0x1b, 0x02], &[0x02, 0x1b, 0x03]), none, "another purpose than was signed");
    assert_eq!(changed(&[0x04, 0x18, 0x16], &[0x04, 0x10, 0x16]), none, "a signature of another type");
    assert!(Certificate::read(armoured).is_ok_and(|known| known.fingerprint().len() == 40));
}
