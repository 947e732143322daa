//! Evidence packs: what is in one, that stock tools prove all of it, and that nothing of it changes unseen.

mod documents;
mod hostile;
mod proved;

use crate::cli::approvals::Site;
use crate::host::{Host, Ran, arg};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

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

    /// Runs the script of the pack, where there is no airlift.
    pub fn check(&self, host: &Host, args: &[&str]) -> Ran {
        let mut command = host.program("sh");
        assert!(!["/usr/sbin", "/usr/bin", "/sbin", "/bin"].iter().any(|bin| Path::new(bin).join("airlift").exists()));
        Ran::of(command.arg(self.folder.join("check.sh")).args(args).output().expect("a shell"))
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
