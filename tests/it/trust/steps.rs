use super::people::person;
use crate::world::journal;
use airlift::error::Kind;
use airlift::steps::trust::{Founding, accept, accepted, init, show, sign_root, signers_file};
use airlift::steps::{keys, trust::RootShown};
use airlift::store::Store;
use airlift::trust::{PlainKeys, Protection, RootLimits, SecretKey, Signer};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use zeroize::Zeroizing;

fn founding(principals: &[String], threshold: usize) -> Founding<'_> {
    let created = "2026-01-01T00:00:00.75Z".parse().unwrap();
    Founding { name: "lab.example", principals, threshold, created, expires: None, limits: RootLimits::default() }
}

fn found(folder: &Path, threshold: usize) -> airlift::error::Result<RootShown> {
    let mut principals = Vec::new();
    for name in ["alice", "bob"] {
        let path = folder.join(format!("{name}.pub"));
        std::fs::write(&path, person(name).public_line()).unwrap();
        principals.push(format!("{name}={}", path.display()));
    }
    init(&folder.join("trust"), &founding(&principals, threshold), &[Box::new(person("alice")) as Box<dyn Signer>])
}

#[test]
fn a_trust_domain_from_founding_to_acceptance() {
    let folder = tempfile::tempdir().unwrap();
    let founded = found(folder.path(), 2).unwrap();
    assert_eq!((founded.tally.people(), founded.tally.missing()), (1, 1));
    let store = Store::open_or_create(&folder.path().join("store")).unwrap();
    let spoken = founded.root.fingerprint().spoken();
    let early = accept(&journal(&store.writer().unwrap()), &founded.file, &spoken).unwrap_err();
    assert_eq!((early.kind(), early.message()), (Kind::Verification, "root.1.json: signed by 1 of 2 signers"));
    assert_eq!(sign_root(&founded.file, &person("bob")).unwrap().tally.missing(), 0);
    assert_eq!(accepted(&store).unwrap_err().kind(), Kind::Verification);
    accept(&journal(&store.writer().unwrap()), &founded.file, &spoken).unwrap();
    assert_eq!(accepted(&store).unwrap().root, founded.root);
    assert_eq!(show(&founded.file).unwrap().tally.people(), 2);
    assert_eq!(signers_file(&founded.root).lines().count(), 4);
}

#[test]
fn a_foreign_signature_in_the_folder_stops_founding_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let foreign = folder.path().join("trust/root.1.mallory.0123456789abcdef.sshsig");
    std::fs::create_dir(folder.path().join("trust")).unwrap();
    std::fs::write(&foreign, "-").unwrap();
    assert_eq!(found(folder.path(), 1).unwrap_err().kind(), Kind::Usage);
    assert_eq!(std::fs::read_dir(folder.path().join("trust")).unwrap().count(), 1);
}

#[test]
fn founding_refuses_what_makes_no_sense() {
    let folder = tempfile::tempdir().unwrap();
    for threshold in [0, 3] {
        assert_eq!(found(folder.path(), threshold).unwrap_err().kind(), Kind::Usage);
    }
    found(folder.path(), 1).unwrap();
    assert!(found(folder.path(), 1).unwrap_err().message().ends_with("exists already"));
    let stranger = sign_root(&folder.path().join("trust/root.1.json"), &person("mallory")).unwrap_err();
    assert_eq!((stranger.kind(), stranger.message()), (Kind::Usage, "this key may not sign the trust root"));
    for given in ["alice", "alice:thumb=x.pub", "alice=/nowhere/alice.pub"] {
        assert!(init(folder.path(), &founding(&[given.to_owned()], 1), &[]).is_err(), "{given}");
    }
    assert_eq!(show(&folder.path().join("none.json")).unwrap_err().kind(), Kind::Usage);
}

#[test]
fn a_key_is_made_shown_and_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("release");
    let made = keys::generate(&path, "release", Protection::Passphrase("correct horse")).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(keys::show(&path).unwrap(), made);
    let again = keys::generate(&path, "release", Protection::Plain).unwrap_err();
    assert!(again.kind() == Kind::Usage && again.message().ends_with("exists already"), "{again}");
    let name = path.to_str().unwrap();
    let opened = keys::open(name, None, PlainKeys::Refused, &mut || Ok(Zeroizing::new("correct horse".into()))).unwrap();
    assert_eq!(opened.public_key().fingerprint(), made.fingerprint);
    let wrong = keys::open(name, None, PlainKeys::Refused, &mut || Ok(Zeroizing::new("correct house".into()))).err().unwrap();
    assert!(wrong.message().contains("wrong passphrase"), "{wrong}");
    let no_agent = keys::open(&format!("{name}.pub"), None, PlainKeys::Refused, &mut || unreachable!()).err().unwrap();
    assert_eq!(no_agent.kind(), Kind::Incomplete);
}

#[test]
fn dangerous_key_files_need_to_be_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plain");
    let short = keys::generate(&path, "", Protection::Passphrase("hunter2")).unwrap_err();
    assert!(short.kind() == Kind::Usage && !path.exists(), "{short}");
    assert!(SecretKey::generate("two\nlines").is_err());
    keys::generate(&path, "", Protection::Plain).unwrap();
    let read = |plain| SecretKey::read(&path, plain, &mut || unreachable!("a plain key has no passphrase"));
    let refused = read(PlainKeys::Refused).err().unwrap();
    assert!(refused.to_string().contains("--allow-plain-key"), "{refused}");
    read(PlainKeys::Allowed).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
    let open = read(PlainKeys::Allowed).err().unwrap();
    assert!(open.to_string().contains("0640") && open.to_string().contains("chmod 600"), "{open}");
}

#[test]
fn what_is_not_a_key_file_is_said_to_be_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let read = |content: &str| {
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        SecretKey::read(&path, PlainKeys::Allowed, &mut || unreachable!()).err().unwrap().to_string()
    };
    assert!(read(&person("alice").public_line()).contains("give the file without .pub"));
    assert!(read("nonsense").contains("airlift key generate"));
    assert!(read(&"x".repeat(70_000)).contains("too large"));
}
