//! `checks.tsv`: what `check.sh` does one after the other. The script is the same in every pack.

use crate::report::controls::Filed;

/// The list, a line a check.
#[derive(Debug, Default)]
pub struct Checks(String);

/// By whose word a signature counts.
#[derive(Debug, Clone)]
pub struct Allowed {
    /// The allowed signers of a root.
    pub signers: Filed,
    /// The revoked keys, where the signature's key is not one that is spared.
    pub revoked: Option<Filed>,
}

impl Checks {
    fn line(&mut self, fields: &[&str]) {
        self.0.push_str(&fields.join("\t"));
        self.0.push('\n');
    }

    /// Somebody signed a document.
    pub fn signature(&mut self, allowed: &Allowed, who: &str, namespace: &str, (signature, document): (&Filed, &Filed)) {
        let revoked = allowed.revoked.as_ref().map_or("-", Filed::name);
        self.line(&["signature", allowed.signers.name(), revoked, who, namespace, signature.name(), document.name()]);
    }

    /// Somebody signed the list of all files, which names this list of checks in turn.
    pub fn sealed(&mut self, allowed: &Allowed, who: &str, namespace: &str, signature: &str) {
        let revoked = allowed.revoked.as_ref().map_or("-", Filed::name);
        self.line(&["signature", allowed.signers.name(), revoked, who, namespace, signature, "SHA256SUMS"]);
    }

    /// That enough people signed a document; the signatures are lines of their own before it, and the script counts them.
    pub fn people(&mut self, needed: usize, signers: &Filed, document: &Filed, what: &str) {
        self.line(&["people", &needed.to_string(), signers.name(), document.name(), what]);
    }

    /// A document holds the digest of a file.
    pub fn names(&mut self, document: &Filed, file: &Filed) {
        self.line(&["names", document.name(), file.name()]);
    }

    /// Allowed signers are people of a root.
    pub fn listed(&mut self, signers: &Filed, root: &Filed) {
        self.line(&["listed", signers.name(), root.name()]);
    }

    /// The newest root, which a person compares.
    pub fn root(&mut self, root: &Filed) {
        self.line(&["root", root.name()]);
    }

    /// The event log in `log/`.
    pub fn log(&mut self) {
        self.line(&["log", "log"]);
    }

    /// A receipt of an event of that log.
    pub fn receipt(&mut self, receipt: &Filed) {
        self.line(&["receipt", receipt.name()]);
    }

    /// The text of a checkpoint is what its note says.
    pub fn text(&mut self, note: &Filed, text: &Filed) {
        self.line(&["text", note.name(), text.name()]);
    }

    /// The file's bytes.
    pub fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The commands by hand, for the first signature, the digests and the log.
    pub fn by_hand(&self) -> String {
        let mut lines = vec!["sha256sum --check SHA256SUMS".to_owned()];
        for fields in self.0.lines().map(|line| line.split('\t').collect::<Vec<_>>()) {
            match fields[..] {
                ["signature", allowed, revoked, who, namespace, signature, document] => {
                    let revoked = if revoked == "-" { String::new() } else { format!(" -r {revoked}") };
                    lines.push(format!("ssh-keygen -Y verify -f {allowed}{revoked} -I {who} -n {namespace} -s {signature} < {document}"));
                }
                ["root", root] => lines.push(format!("sha256sum {root}")),
                ["names", document, file] => lines.push(format!("grep -c \"$(sha256sum < {file} | cut -c 1-64)\" {document}")),
                ["log", folder] => lines.push(format!("python3 verify_log.py {folder} KEY")),
                _ => {}
            }
        }
        lines.truncate(MOST_BY_HAND);
        lines.iter().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
    }
}

/// Most commands that are written out; the script has all.
const MOST_BY_HAND: usize = 40;
