//! Provenance files of charts by the keys of a policy, as gpg and Helm make them: the reader of OpenPGP, and the gates.

use crate::charts::{Classic, web};
use crate::host::{Host, arg};
use crate::stock::need;
use airlift::artifact::Digest;
use airlift::publisher::openpgp::Certificate;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A home of gpg's, with what it was asked to make.
pub struct Gpg {
    home: TempDir,
}

impl Gpg {
    pub fn new() -> Self {
        let home = TempDir::new().unwrap();
        std::fs::set_permissions(home.path(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        Self { home }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn run(&self, args: &[&str]) -> Vec<u8> {
        let mut command = Command::new("gpg");
        command.env("GNUPGHOME", self.home.path()).current_dir(self.home.path());
        command.args([
            "--batch",
            "--yes",
            "--quiet",
            "--pinentry-mode",
            "loopback",
            "--passphrase",
            "",
            "--faked-system-time",
            "20260401T000000!",
        ]);
        let out = command.args(args).output().unwrap();
        assert!(out.status.success(), "gpg {args:?}: {}", String::from_utf8_lossy(&out.stderr));
        out.stdout
    }

    /// A key for signing; its name is that of its algorithm.
    pub fn key(&self, algorithm: &str) -> String {
        self.run(&["--quick-gen-key", algorithm, algorithm, "sign,cert", "never"]);
        self.public(algorithm)
    }

    fn public(&self, name: &str) -> String {
        String::from_utf8(self.run(&["--armor", "--export", name])).unwrap()
    }

    pub fn fingerprint(&self, name: &str) -> String {
        let listed = String::from_utf8(self.run(&["--with-colons", "--list-keys", name])).unwrap();
        listed.lines().find_map(|line| line.strip_prefix("fpr:::::::::")).unwrap().trim_end_matches(':').to_owned()
    }

    /// A clear-signed text.
    pub fn sign(&self, name: &str, text: &str, more: &[&str]) -> Vec<u8> {
        std::fs::write(self.path("text"), text).unwrap();
        self.run(&[&["--local-user", name, "--output", "signed"], more, &["--clearsign", "text"]].concat());
        std::fs::read(self.path("signed")).unwrap()
    }
}

impl Drop for Gpg {
    fn drop(&mut self) {
        let _ = Command::new("gpgconf").env("GNUPGHOME", self.home.path()).args(["--kill", "all"]).output();
    }
}

const TEXT: &str = "name: web\n- a dash\n-x\n-----BEGIN PGP SIGNATURE-----\nspaces  \t\n\nüml\n...\nfiles:\n  web-1.tgz: sha256:00\n";
const LINES: [&str; 10] =
    ["name: web", "- a dash", "-x", "-----BEGIN PGP SIGNATURE-----", "spaces", "", "üml", "...", "files:", "  web-1.tgz: sha256:00"];

#[test]
fn what_gpg_signs_is_read_as_it_was_signed() {
    let Some(_) = need("gpg") else { return };
    let gpg = Gpg::new();
    let all = [
        ("rsa2048", &["SHA256", "SHA384", "SHA512"][..]),
        ("ed25519", &["SHA256", "SHA512"]),
        ("nistp256", &["SHA256", "SHA512"]),
        ("nistp384", &["SHA384", "SHA512"]),
    ];
    let certificates: Vec<Certificate> = all.iter().map(|(name, _)| Certificate::read(&gpg.key(name)).unwrap()).collect();
    for (at, (name, digests)) in all.iter().enumerate() {
        assert_eq!(certificates[at].fingerprint(), gpg.fingerprint(name));
        for digest in *digests {
            let signed = gpg.sign(name, TEXT, &["--digest-algo", digest]);
            assert_eq!(certificates[at].verify(&signed).unwrap(), LINES, "{name} {digest}");
            let windows = String::from_utf8(signed.clone()).unwrap().replace('\n', "\r\n");
            assert_eq!(certificates[at].verify(windows.as_bytes()).unwrap(), LINES, "{name} {digest} with other line ends");
            for (other, certificate) in certificates.iter().enumerate().filter(|(other, _)| *other != at) {
                assert!(certificate.verify(&signed).unwrap_err().contains("not by this key"), "{name} by {other}");
            }
        }
    }
}

/// Every byte of a message that is another one leaves nothing, or the same lines; and no damage is a panic.
#[test]
fn what_was_changed_is_not_read() {
    let Some(_) = need("gpg") else { return };
    let gpg = Gpg::new();
    let key = gpg.key("ed25519");
    let certificate = Certificate::read(&key).unwrap();
    let signed = gpg.sign("ed25519", TEXT, &[]);
    let mut refused = 0;
    for at in 0..signed.len() {
        for bit in [0x01, 0x20, 0x80] {
            let mut damaged = signed.clone();
            damaged[at] ^= bit;
            match certificate.verify(&damaged) {
                Ok(lines) => assert_eq!(lines, LINES, "byte {at}"),
                Err(_) => refused += 1,
            }
        }
        let _ = certificate.verify(&signed[..at]);
    }
    assert!(refused > signed.len(), "{refused} of {}", signed.len());
    let text = String::from_utf8(signed).unwrap();
    for wrong in [
        format!("before\n{text}"),
        format!("{text}after\n"),
        format!("{text}{text}"),
        text.replace("name: web\n", "name: web\nmore: lines\n"),
        text.replace("- - a dash", "- a dash\nmore"),
        text.replace("- -x", "-x"),
        text.replace("Hash: ", "Comment: "),
        text.split("-----BEGIN PGP SIGNATURE").next().unwrap().to_owned(),
        String::new(),
    ] {
        assert!(certificate.verify(wrong.as_bytes()).is_err(), "{wrong}");
    }
    for at in (0..key.len()).step_by(7) {
        let mut damaged = key.clone().into_bytes();
        damaged[at] ^= 0x04;
        let _ = String::from_utf8(damaged).map(|text| Certificate::read(&text));
        let _ = Certificate::read(&key[..at]);
    }
    assert!(Certificate::read(&format!("{key}{key}")).is_err());
}

/// Keys that no longer, or never, could sign this: each says why.
#[test]
fn keys_that_do_not_count_are_said_not_to() {
    let Some(_) = need("gpg") else { return };
    let gpg = Gpg::new();
    let old = Certificate::read(&gpg.key("rsa2048")).unwrap();
    assert!(old.verify(&gpg.sign("rsa2048", TEXT, &["--digest-algo", "SHA1"])).unwrap_err().contains("not taken any more"));
    let ending = gpg.sign("rsa2048", TEXT, &["--default-sig-expire", "1y"]);
    assert!(old.verify(&ending).unwrap_err().contains("says that it ends"));
    std::fs::write(gpg.path("text"), TEXT).unwrap();
    gpg.run(&["--local-user", "rsa2048", "--armor", "--output", "inline", "--sign", "text"]);
    assert!(old.verify(&std::fs::read(gpg.path("inline")).unwrap()).is_err(), "no clear-signed text");

    // A signature over the same bytes that was made for something else.
    std::fs::write(gpg.path("text"), "one line").unwrap();
    gpg.run(&["--local-user", "rsa2048", "--armor", "--output", "detached", "--detach-sign", "text"]);
    let detached = std::fs::read_to_string(gpg.path("detached")).unwrap();
    let moved = format!("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\none line\n{detached}");
    assert!(old.verify(moved.as_bytes()).unwrap_err().contains("not one of a text"));

    // A key below the first one, which may only certify.
    gpg.run(&["--quick-gen-key", "below", "ed25519", "cert", "never"]);
    assert!(Certificate::read(&gpg.public("below")).unwrap_err().contains("none of its keys may sign"));
    let first = gpg.fingerprint("below");
    gpg.run(&["--quick-add-key", &first, "rsa2048", "sign", "2026-06-01"]);
    let public = gpg.public("below");
    let below = Certificate::read(&public).unwrap();
    let signed = gpg.sign("below", TEXT, &[]);
    assert_eq!(below.verify(&signed).unwrap(), LINES);
    assert_eq!(below.fingerprint(), first, "it is called by its first key");
    let late = gpg.sign("below", TEXT, &["--faked-system-time", "20260531T120000!"]);
    assert_eq!(below.verify(&late).unwrap(), LINES, "before its end");
    // An end that was set earlier afterwards counts for what was signed later.
    gpg.run(&["--faked-system-time", "20260402T000000!", "--quick-set-expire", &first, "2026-05-01", "*"]);
    let shortened = Certificate::read(&gpg.public("below")).unwrap();
    assert!(shortened.verify(&late).unwrap_err().contains("when the key was not valid"));
    assert_eq!(shortened.verify(&signed).unwrap(), LINES);

    // What its owner revoked is no key any more.
    gpg.key("ed25519");
    let revocation = std::fs::read_to_string(gpg.path(&format!("openpgp-revocs.d/{}.rev", gpg.fingerprint("ed25519")))).unwrap();
    std::fs::write(gpg.path("revocation"), revocation.replace(":-----BEGIN", "-----BEGIN")).unwrap();
    gpg.run(&["--import", "revocation"]);
    assert!(Certificate::read(&gpg.public("ed25519")).unwrap_err().contains("revoked"));
}

const SIGNED: [&str; 3] = ["--key", "alice", "--allow-plain-key"];

/// A host that can pack, and a repository with one chart.
struct Kit {
    host: Host,
    repository: Classic,
}

impl Kit {
    fn new() -> Self {
        let (host, repository) = (Host::new(), Classic::start());
        host.ok(&["key", "generate", "alice", "--no-passphrase"]);
        host.ok(&[&["trust", "init", "test", "--principal", "alice=alice.pub", "--threshold", "1"], &SIGNED[..]].concat());
        accept(&host, &host.path("trust/root.1.json"));
        let targets = "[targets.linux]\nplatform = \"linux-x86_64\"\n";
        let section = format!("[charts.kit]\nchart = \"web\"\nrepository = \"{}\"\nimages = {{ carry = false }}\n", repository.address());
        host.write("kit.toml", format!("airlift = 1\nname = \"kit\"\n{targets}{section}"));
        Self { host, repository }
    }

    /// Publishes the chart, with a provenance file where there is one.
    fn publish(&self, archive: &[u8], provenance: Option<&[u8]>) {
        self.repository.add("web", "1.0.0", archive);
        if let Some(provenance) = provenance {
            self.repository.server.put("/charts/web-1.0.0.tgz.prov".to_owned(), "text/plain", provenance);
        }
    }

    /// What a policy with this key says while a bundle is made: the exit code, and all that is told.
    fn built(&self, key: &str, more: &str, out: &str) -> (Option<i32>, String) {
        let keyed = format!("charts/{}/*", self.repository.server.host.replace(':', "_"));
        let table = format!("[[upstream-key]]\nname = \"Team\"\nartifacts = [\"{keyed}\"]\nkind = \"openpgp\"\nkey = '''\n{key}'''\n");
        self.host.write("policy.toml", format!("airlift-policy = 1\n[artifacts]\nupstream-signatures = \"present\"\n{table}{more}"));
        let ran = self.host.run(&[&["build", "kit.toml", "--out", out, "--policy", "policy.toml"], &SIGNED[..]].concat());
        (ran.code, format!("{}{}", ran.out, ran.err))
    }
}

fn accept(host: &Host, root: &Path) {
    let shown = host.json(&["trust", "show", arg(root)]);
    host.ok(&["trust", "accept", arg(root), "--fingerprint", shown[0]["spoken"].as_str().unwrap()]);
}

/// A provenance file as Helm writes it.
pub fn provenance(file: &str, digest: &str) -> String {
    format!("apiVersion: v2\nname: web\nversion: 1.0.0\n\n...\nfiles:\n  {file}: {digest}\n")
}

#[test]
fn charts_pass_by_the_key_they_were_signed_with_and_by_no_other() {
    let Some(_) = need("gpg") else { return };
    let gpg = Gpg::new();
    let (team, other) = (gpg.key("ed25519"), gpg.key("nistp256"));
    let archive = web("1.0.0");
    let good = provenance("web-1.0.0.tgz", &Digest::of(&archive).to_string());
    let kit = Kit::new();
    kit.publish(&archive, None);
    let (code, told) = kit.built(&team, "", "missing");
    assert!(code == Some(5) && told.contains("artifacts.signature") && told.contains("no provenance file is carried"), "{told}");

    let kit = Kit::new();
    kit.publish(&archive, Some(&gpg.sign("ed25519", &good, &[])));
    let (code, told) = kit.built(&other, "", "none");
    assert!(code == Some(5) && told.contains("artifacts.wrong-signature") && told.contains(&gpg.fingerprint("nistp256")), "{told}");
    let (code, told) = kit.built(&team, "", "out");
    assert_eq!(code, Some(0), "{told}");
    let shown = kit.host.ok(&["gate", "out", "--policy", "policy.toml"]).out;
    assert!(shown.contains(&format!("signed by Team (openpgp, {})", gpg.fingerprint("ed25519"))), "{shown}");
    let far = Host::new();
    accept(&far, &kit.host.path("trust/root.1.json"));
    far.ok(&["policy", "set", arg(&kit.host.path("policy.toml"))]);
    far.ok(&["import", arg(&kit.host.path("out"))]);

    // One that was changed after it was signed; the digest of the archive stays, so that the lock takes it.
    let kit = Kit::new();
    let changed = String::from_utf8(gpg.sign("ed25519", &good, &[])).unwrap().replace("name: web", "name: wep");
    kit.publish(&archive, Some(changed.as_bytes()));
    let (code, told) = kit.built(&team, "", "none");
    assert!(code == Some(5) && told.contains("artifacts.wrong-signature") && told.contains("the text was changed"), "{told}");
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let days = (today.saturating_sub(jiff::ToSpan::days(1)), today.saturating_add(jiff::ToSpan::days(100)));
    let subject = format!("charts/{}/web", kit.repository.server.host.replace(':', "_"));
    let exception = format!(
        "[[exception]]\nrule = \"artifacts.wrong-signature\"\nsubject = \"{subject}\"\nowner = \"Alice\"\nreason = \"seen\"\ngranted = \"{}\"\nexpires = \"{}\"\n",
        days.0, days.1
    );
    let (code, told) = kit.built(&team, &exception, "excepted");
    assert_eq!(code, Some(0), "{told}");
}

/// A chart that Helm itself packed and signed.
#[test]
fn what_helm_signs_is_verified() {
    let (Some(helm), Some(_)) = (need("helm"), need("gpg")) else { return };
    let gpg = Gpg::new();
    let key = gpg.key("rsa2048");
    std::fs::write(gpg.path("ring.gpg"), gpg.run(&["--export-secret-keys", "rsa2048"])).unwrap();
    let run = |args: &[&str]| {
        let out = Command::new(&helm).args(args).env("HOME", gpg.home.path()).current_dir(gpg.home.path()).output().unwrap();
        assert!(out.status.success(), "helm {args:?}: {}", String::from_utf8_lossy(&out.stderr));
    };
    run(&["create", "web"]);
    run(&["package", "web", "--version", "1.0.0", "--sign", "--key", "rsa2048", "--keyring", "ring.gpg"]);
    let read = |name: &str| std::fs::read(gpg.path(name)).unwrap();
    let kit = Kit::new();
    kit.publish(&read("web-1.0.0.tgz"), Some(&read("web-1.0.0.tgz.prov")));
    let (code, told) = kit.built(&key, "", "out");
    assert_eq!(code, Some(0), "{told}");
    let shown = kit.host.ok(&["gate", "out", "--policy", "policy.toml"]).out;
    assert!(shown.contains(&format!("signed by Team (openpgp, {})", gpg.fingerprint("rsa2048"))), "{shown}");
}
