use super::people::{STATEMENT, person, root, root_signatures};
use airlift::artifact::Digest;
use airlift::error::Error;
use airlift::trust::pinned::check_fingerprint;
use airlift::trust::{BUNDLE, Chain, PlainKeys, Protection, ROOT, Role, SecretKey, Signature, TrustRoot, sign};
use proptest::prelude::*;

/// A plain key file, as OpenSSH would have written it.
fn ssh_keygen_style() -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    person("alice").write(&path, Protection::Plain).unwrap();
    std::fs::read_to_string(path).unwrap()
}

proptest! {
    #[test]
    fn a_changed_root_is_refused(at in any::<prop::sample::Index>(), change in 1u8..) {
        let root = root();
        let signatures = root_signatures(&root, &[("alice", &person("alice")), ("bob", &person("bob"))]);
        let mut bytes = root.bytes().to_vec();
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        prop_assert!(root.judge(Role::Root, ROOT, &bytes, &signatures).is_err());
        let files = signatures.into_iter().chain([("root.1.json".to_owned(), bytes)]);
        let chain = Chain::read(files).unwrap();
        prop_assert!(chain.anchor(1).is_err() && chain.follow(&root).is_err());
    }

    #[test]
    fn a_cut_or_stretched_root_is_refused(cut in any::<prop::sample::Index>(), tail in proptest::collection::vec(any::<u8>(), 0..8)) {
        let root = root();
        let cut = cut.index(root.bytes().len());
        let bytes = [&root.bytes()[..cut], &tail].concat();
        // Blanks at the end are strict JSON: another document that says the same, with a fingerprint that nobody accepted.
        match TrustRoot::parse(&bytes) {
            Ok(read) if bytes != root.bytes() => {
                prop_assert_eq!(bytes.trim_ascii_end(), root.bytes().trim_ascii_end());
                prop_assert_ne!(read.fingerprint(), root.fingerprint());
            }
            _ => {}
        }
    }

    #[test]
    fn a_cut_or_spliced_signature_is_refused(from in any::<prop::sample::Index>(), length in 1usize..40, put in "[A-Za-z0-9+/=\n-]{0,40}") {
        let good = sign(&person("alice"), BUNDLE, STATEMENT).unwrap();
        let from = from.index(good.len());
        let to = (from + length).min(good.len());
        let bytes = [&good.as_bytes()[..from], put.as_bytes(), &good.as_bytes()[to..]].concat();
        let judged = Signature::parse(&bytes).and_then(|s| s.verify(BUNDLE, STATEMENT));
        let same = |b: &[u8]| b.iter().copied().filter(|b| *b != b'\n').collect::<Vec<_>>();
        prop_assert!(same(&bytes) == same(good.as_bytes()) || judged.is_err());
    }

    #[test]
    fn reading_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..600), text in "\\PC{0,200}") {
        let _ = Signature::parse(&bytes);
        let _ = TrustRoot::parse(&bytes);
        let _ = TrustRoot::parse(text.as_bytes());
        let _ = airlift::trust::PublicKey::from_blob(&bytes);
        let _ = airlift::trust::PublicKey::from_line(&text);
        let _ = Chain::read([(text.clone(), bytes)]);
        let _ = check_fingerprint(&Digest::of(b""), &text);
    }

    #[test]
    fn a_changed_key_file_never_panics(at in any::<prop::sample::Index>(), put in "[A-Za-z0-9+/=\n]{1,8}") {
        let text = ssh_keygen_style();
        let at = at.index(text.len());
        let end = (at + put.len()).min(text.len());
        let changed = format!("{}{put}{}", &text[..at], &text[end..]);
        let _ = SecretKey::parse(&changed, PlainKeys::Allowed, &mut || Err(Error::failed("no passphrase")));
    }

    #[test]
    fn an_armoured_blob_never_panics(blob in proptest::collection::vec(any::<u8>(), 0..300)) {
        let framed = [b"SSHSIG\0\0\0\x01", &blob[..]].concat();
        let encoded = data_encoding::BASE64.encode(&framed);
        let lines: Vec<&str> = encoded.as_bytes().chunks(70).map(|c| std::str::from_utf8(c).unwrap()).collect();
        let armour = format!("-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----\n", lines.join("\n"));
        prop_assert!(Signature::parse(armour.as_bytes()).is_err());
    }

    #[test]
    fn every_digest_is_known_by_what_is_read_aloud(bytes in any::<[u8; 32]>()) {
        let digest = Digest::from_bytes(bytes);
        let spoken = digest.spoken();
        let misheard = spoken.to_lowercase().replace('0', "o").replace('1', "l").replace('-', " ");
        for typed in [spoken.as_str(), &misheard, &digest.hex(), &digest.hex().to_uppercase(), &digest.to_string()] {
            prop_assert!(check_fingerprint(&digest, typed).is_ok());
        }
        prop_assert!(check_fingerprint(&Digest::of(&bytes), &spoken).is_err());
    }
}
