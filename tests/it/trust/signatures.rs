use super::people::{STATEMENT, person, token};
use airlift::error::Kind;
use airlift::trust::{BUNDLE, PublicKey, ROOT, Signature, Signer, sign};

fn armour() -> String {
    sign(&person("alice"), BUNDLE, STATEMENT).unwrap()
}

#[test]
fn what_was_signed_verifies_and_names_its_key() {
    let signature = Signature::parse(armour().as_bytes()).unwrap();
    assert_eq!(signature.namespace(), BUNDLE);
    let signed = signature.verify(BUNDLE, STATEMENT).unwrap();
    assert_eq!(signed.key, *person("alice").public_key());
    assert_eq!(signed.token, None);
}

#[test]
fn another_message_or_purpose_is_refused() {
    let signature = Signature::parse(armour().as_bytes()).unwrap();
    let other = signature.verify(BUNDLE, b"other bytes").unwrap_err();
    assert_eq!((other.kind(), other.message()), (Kind::Verification, "the signature does not fit what it is said to sign"));
    let purpose = signature.verify(ROOT, STATEMENT).unwrap_err();
    assert_eq!((purpose.kind(), purpose.message()), (Kind::Verification, "signed for another purpose"));
}

#[test]
fn every_flipped_bit_of_a_signature_is_refused() {
    for good in [armour(), sign(&token("carol", 5), BUNDLE, STATEMENT).unwrap()] {
        for bit in 0..good.len() * 8 {
            let mut bytes = good.clone().into_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let judged = Signature::parse(&bytes).and_then(|s| s.verify(BUNDLE, STATEMENT));
            assert_eq!(judged.expect_err("a flipped bit went through").kind(), Kind::Verification, "bit {bit}");
        }
    }
}

#[test]
fn not_one_byte_stands_outside_the_armour() {
    let good = armour();
    let body = good.lines().nth(1).unwrap();
    let damaged = [
        String::new(),
        format!("{good}{good}"),
        format!("{good}\n"),
        format!("\n{good}"),
        format!("junk\n{good}"),
        format!("{good}junk"),
        good.replace('\n', "\r\n"),
        good.trim_end().to_owned(),
        good.replacen('\n', "\n\n", 1),
        good.replacen(body, &format!("{body} "), 1),
        good.replacen(&body[..4], "====", 1),
        good.replace("SSH SIGNATURE", "PGP SIGNATURE"),
        format!("{good}{}", "A".repeat(5000)),
    ];
    for text in damaged {
        assert_eq!(Signature::parse(text.as_bytes()).expect_err(&text).kind(), Kind::Verification);
    }
}

#[test]
fn other_widths_of_armour_are_read() {
    let good = armour();
    let body: String = good.lines().filter(|l| !l.starts_with('-')).collect();
    for width in [64, 76] {
        let lines: Vec<&str> = body.as_bytes().chunks(width).map(|c| std::str::from_utf8(c).unwrap()).collect();
        let text = format!("-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----\n", lines.join("\n"));
        Signature::parse(text.as_bytes()).unwrap().verify(BUNDLE, STATEMENT).unwrap();
    }
}

#[test]
fn a_token_says_whether_it_was_touched_and_unlocked() {
    for (flags, presence, pin) in [(0, false, false), (1, true, false), (5, true, true), (0x1d, true, true)] {
        let armour = sign(&token("carol", flags), BUNDLE, STATEMENT).unwrap();
        let said = Signature::parse(armour.as_bytes()).unwrap().verify(BUNDLE, STATEMENT).unwrap().token.unwrap();
        assert_eq!((said.presence, said.pin), (presence, pin), "flags {flags:#x}");
    }
}

#[test]
fn a_signer_that_signs_with_another_key_is_found_out_before_release() {
    struct Liar;
    impl Signer for Liar {
        fn public_key(&self) -> &PublicKey {
            Box::leak(Box::new(person("bob"))).public_key()
        }
        fn sign_ssh(&self, message: &[u8]) -> airlift::error::Result<Vec<u8>> {
            person("alice").sign_ssh(message)
        }
    }
    let refused = sign(&Liar, BUNDLE, STATEMENT).unwrap_err();
    assert!(refused.message().starts_with("the signature just made: "), "{refused}");
}

/// The eight points of small order, as both their canonical and their other encodings.
#[test]
fn weak_keys_and_second_encodings_cannot_become_keys() {
    let hex = |text: &str| -> [u8; 32] { data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap().try_into().unwrap() };
    let weak = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ];
    for point in weak {
        let error = PublicKey::ed25519(hex(point)).unwrap_err();
        assert!(error.message().contains("weak"), "{point}: {error}");
    }
    let mut reasons = std::collections::BTreeSet::new();
    for low in 0xed..=0xff {
        for high in [0x7f, 0xff] {
            let mut point = [0xff; 32];
            (point[0], point[31]) = (low, high);
            reasons.insert(PublicKey::ed25519(point).unwrap_err().message().to_owned());
        }
    }
    assert!(reasons.iter().any(|r| r.contains("canonical")), "{reasons:?}");
}

#[test]
fn key_lines_are_read_strictly() {
    let key = person("alice");
    let (read, comment) = PublicKey::from_line(&key.public_line()).unwrap();
    assert_eq!((&read, comment.as_str()), (key.public_key(), key.comment()));
    let line = key.public_key().line();
    let encoded = line.split(' ').nth(1).unwrap();
    let wrong = [
        String::new(),
        "ssh-ed25519".into(),
        format!("ssh-rsa {encoded}"),
        format!("sk-ssh-ed25519@openssh.com {encoded}"),
        format!("{line}\n{line}"),
        format!("ssh-ed25519 {}", &encoded[..encoded.len() - 4]),
        format!("ssh-ed25519 {encoded}AAAA"),
        "-----BEGIN OPENSSH PRIVATE KEY-----".into(),
        format!("{line} {}", "x".repeat(2000)),
    ];
    for text in wrong {
        assert_eq!(PublicKey::from_line(&text).expect_err(&text).kind(), Kind::Verification);
    }
    let token = token("carol", 1);
    assert_eq!(PublicKey::from_line(&token.public_key().line()).unwrap().0, *token.public_key());
    assert!(PublicKey::security_key(*token.public_key().point(), "https://example.org").is_err());
}
