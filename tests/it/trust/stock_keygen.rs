//! Against stock OpenSSH: what it makes we read, what we make it reads.

use super::people::{STATEMENT, person, root, token};
use crate::stock::need;
use airlift::trust::{BUNDLE, PlainKeys, Protection, PublicKey, ROOT, Role, SecretKey, Signature, Signer, allowed_signers, sign};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use zeroize::Zeroizing;

fn run(program: &Path, arguments: &[&str], folder: &Path, input: &[u8]) -> Output {
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env_remove("SSH_AUTH_SOCK")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

fn ok(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn what_ssh_keygen_signs_we_verify() {
    let Some(keygen) = need("ssh-keygen") else { return };
    let folder = tempfile::tempdir().unwrap();
    let key = SecretKey::generate("anna").unwrap();
    key.write(&folder.path().join("anna"), Protection::Plain).unwrap();
    for hash in ["sha512", "sha256"] {
        let sign = ["-q", "-Y", "sign", "-f", "anna", "-n", BUNDLE, "-O", &format!("hashalg={hash}")];
        let armour = ok(&run(&keygen, &sign, folder.path(), STATEMENT));
        let signed = Signature::parse(armour.as_bytes()).unwrap().verify(BUNDLE, STATEMENT).unwrap();
        assert_eq!(signed.key, *key.public_key());
    }
}

#[test]
fn what_we_sign_ssh_keygen_verifies() {
    let Some(keygen) = need("ssh-keygen") else { return };
    let folder = tempfile::tempdir().unwrap();
    let verify = |who: &str, namespace: &str, message: &[u8]| {
        run(&keygen, &["-Y", "verify", "-f", "allowed_signers", "-I", who, "-n", namespace, "-s", "it.sshsig"], folder.path(), message)
    };
    std::fs::write(folder.path().join("allowed_signers"), allowed_signers(&root(), Role::Bundle, BUNDLE)).unwrap();
    let (alice, carol) = (person("alice"), token("carol", 1));
    for (who, signer) in [("alice", &alice as &dyn Signer), ("carol", &carol)] {
        std::fs::write(folder.path().join("it.sshsig"), sign(signer, BUNDLE, STATEMENT).unwrap()).unwrap();
        ok(&verify(who, BUNDLE, STATEMENT));
        assert!(!verify(who, BUNDLE, b"other bytes").status.success());
        assert!(!verify("bob", BUNDLE, STATEMENT).status.success());
    }
    std::fs::write(folder.path().join("it.sshsig"), sign(&alice, ROOT, STATEMENT).unwrap()).unwrap();
    assert!(!verify("alice", ROOT, STATEMENT).status.success(), "the file allows one namespace only");
}

/// The example of the documents, with the files as they are committed.
#[test]
fn the_example_root_is_verified_without_airlift() {
    let Some(keygen) = need("ssh-keygen") else { return };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("keys/example");
    let root = std::fs::read(folder.join("root.1.json")).unwrap();
    for who in ["alice", "bob"] {
        let name = airlift::trust::signature_name("root.1", who, person(who).public_key());
        ok(&run(&keygen, &["-Y", "verify", "-f", "allowed_signers", "-I", who, "-n", ROOT, "-s", &name], &folder, &root));
    }
}

#[test]
fn fingerprints_are_the_stock_tools() {
    let Some(keygen) = need("ssh-keygen") else { return };
    let folder = tempfile::tempdir().unwrap();
    for key in [person("alice").public_key(), token("carol", 1).public_key()] {
        std::fs::write(folder.path().join("it.pub"), format!("{}\n", key.line())).unwrap();
        let told = ok(&run(&keygen, &["-l", "-f", "it.pub"], folder.path(), b""));
        assert!(told.contains(&format!(" {} ", key.fingerprint())), "{told}");
    }
}

#[test]
fn passphrase_files_are_read_both_ways() {
    let Some(keygen) = need("ssh-keygen") else { return };
    let folder = tempfile::tempdir().unwrap();
    let ours = SecretKey::generate("ours").unwrap();
    ours.write(&folder.path().join("ours"), Protection::Passphrase("correct horse")).unwrap();
    let told = ok(&run(&keygen, &["-y", "-P", "correct horse", "-f", "ours"], folder.path(), b""));
    assert_eq!(PublicKey::from_line(&told).unwrap().0, *ours.public_key());
    assert!(!run(&keygen, &["-y", "-P", "wrong", "-f", "ours"], folder.path(), b"").status.success());

    ok(&run(&keygen, &["-q", "-t", "ed25519", "-N", "battery staple", "-C", "theirs", "-f", "theirs"], folder.path(), b""));
    let path = folder.path().join("theirs");
    let theirs = SecretKey::read(&path, PlainKeys::Refused, &mut || Ok(Zeroizing::new("battery staple".into()))).unwrap();
    assert_eq!(theirs.comment(), "theirs");
    assert_eq!(theirs.public_line(), std::fs::read_to_string(folder.path().join("theirs.pub")).unwrap());

    ok(&run(&keygen, &["-q", "-p", "-P", "correct horse", "-N", "", "-f", "ours"], folder.path(), b""));
    let opened = SecretKey::read(&folder.path().join("ours"), PlainKeys::Allowed, &mut || unreachable!()).unwrap();
    assert_eq!(opened.public_key(), ours.public_key());
}

#[test]
fn other_kinds_of_keys_are_refused_by_name() {
    let Some(keygen) = need("ssh-keygen") else { return };
    let folder = tempfile::tempdir().unwrap();
    ok(&run(&keygen, &["-q", "-t", "ecdsa", "-N", "", "-f", "other"], folder.path(), b""));
    let error = SecretKey::read(&folder.path().join("other"), PlainKeys::Allowed, &mut || unreachable!()).err().unwrap();
    assert!(error.to_string().contains("ssh-ed25519"), "{error}");
    let line = std::fs::read_to_string(folder.path().join("other.pub")).unwrap();
    assert!(PublicKey::from_line(&line).unwrap_err().to_string().contains("ecdsa-sha2-nistp256"));
    let armour = ok(&run(&keygen, &["-q", "-Y", "sign", "-f", "other", "-n", BUNDLE], folder.path(), STATEMENT));
    assert!(Signature::parse(armour.as_bytes()).unwrap_err().message().contains("its type is not supported"));
}
