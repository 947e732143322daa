//! Evidence packs: what is in one, that stock tools prove all of it, and that nothing of it changes unseen.

mod documents;
mod hostile;
mod people;
mod proved;
mod publishers;
mod statuses;

use crate::cli::approvals::Site;
use crate::host::{Host, Ran, arg};
use airlift::artifact::Digest;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The script as it is published.
pub fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats/check.sh")
}

/// A host on which a bundle was refused, approved by two people under a policy, and imported.
pub fn lived() -> Site {
    let site = Site::new();
    site.host.write("policy.toml", "airlift-policy = 1\n[bundle]\nlines = [\"main\"]\n[approval]\nrequired = true\n");
    site.host.ok(&["policy", "set", "policy.toml"]);
    site.refused(&["approved by 0 of 2 people"]);
    let review = site.review();
    for name in ["carol", "dave"] {
        let key = site.key(name);
        site.host.ok(&site.decide(&key, &review, &[]));
    }
    site.host.ok(&["import", &site.out]);
    site
}

/// A pack, and what its makers tell by another way.
pub struct Pack {
    pub folder: PathBuf,
    pub told: [String; 6],
    pub said: Value,
}

impl Pack {
    pub fn made(host: &Host, name: &str, args: &[&str]) -> Self {
        let said = host.json(&[&["evidence", "--out", name], args].concat()).remove(0);
        let word = |member: &str| said[member].as_str().unwrap_or("-").to_owned();
        let told = ["-s".to_owned(), word("sums"), "-r".to_owned(), word("root"), "-k".to_owned(), word("log-key")];
        Self { folder: host.path(name), told, said }
    }

    /// Runs the published script, where there is no airlift.
    pub fn check(&self, host: &Host, args: &[&str]) -> Ran {
        let mut command = host.program("sh");
        assert!(!["/usr/sbin", "/usr/bin", "/sbin", "/bin"].iter().any(|bin| Path::new(bin).join("airlift").exists()));
        Ran::of(command.arg(script()).args(args).arg(&self.folder).output().expect("a shell"))
    }

    /// The root and the key that were told, and not the list.
    pub fn root_and_key(&self) -> Vec<&str> {
        self.told().split_off(2)
    }

    /// The one bundle in it.
    pub fn bundle(&self) -> PathBuf {
        let mut all = std::fs::read_dir(self.folder.join("bundles")).expect("bundles").map(|entry| entry.expect("an entry").path());
        all.next().expect("a bundle")
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.folder.join(name), bytes).expect("a file");
    }

    /// Writes the index and the list anew, as whoever alters a pack without a key would.
    pub fn listed_anew(&self) {
        let mut files = self.files();
        files.retain(|name, _| name != "SHA256SUMS" && !name.ends_with(".sshsig") || name.contains('/'));
        let mut index: Value = serde_json::from_slice(&files["pack.json"]).expect("JSON");
        let rest = files.iter().filter(|(name, _)| *name != "pack.json");
        index["content"] = rest.map(|(name, bytes)| serde_json::json!({ "name": name, "sha256": Digest::of(bytes).hex() })).collect();
        let index = serde_json::to_vec(&index).expect("JSON");
        self.write("pack.json", &index);
        files.insert("pack.json".to_owned(), index);
        let lines: String = files.iter().map(|(name, bytes)| format!("{}  {name}\n", Digest::of(bytes).hex())).collect();
        self.write("SHA256SUMS", lines);
    }

    pub fn told(&self) -> Vec<&str> {
        self.told.iter().map(String::as_str).collect()
    }

    /// Names and bytes of all files.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let files = walkdir::WalkDir::new(&self.folder).into_iter().map(|entry| entry.expect("a readable folder"));
        let name = |path: &Path| arg(path.strip_prefix(&self.folder).expect("below")).to_owned();
        files.filter(|e| e.file_type().is_file()).map(|e| (name(e.path()), std::fs::read(e.path()).expect("a file"))).collect()
    }

    pub fn status(&self, evidence: &str) -> &str {
        self.said["evidence"][evidence].as_str().expect("a status")
    }
}

/// That a script's output has no line with this word.
pub fn nothing(ran: &Ran, word: &str) {
    assert!(!ran.out.lines().any(|line| line.starts_with(word)), "{}{}", ran.out, ran.err);
}
