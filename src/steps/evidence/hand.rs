//! The commands that a pack's README writes out: what `check.sh` does, one after the other, for who wants to do it by hand.

use crate::report::controls::Filed;

/// Most commands that are written out; the script does all.
const MOST: usize = 40;

/// What a command is about. In this order, so that what is left out is what matters least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// The bundle: its statement, its lock.
    Bundle,
    /// The newest root, which a person compares.
    Root,
    /// The event log.
    Log,
    /// Decisions, and what they were made by.
    Decision,
    /// What is installed.
    Installed,
    /// Older roots.
    Chain,
}

/// The commands.
#[derive(Debug, Default)]
pub struct ByHand(Vec<(About, String)>);

impl ByHand {
    fn add(&mut self, about: About, line: String) {
        self.0.push((about, line));
    }

    /// Somebody signed a document; `revoked` where the key is not one that is spared for it.
    pub fn signature(
        &mut self,
        about: About,
        lists: (&Filed, Option<&Filed>),
        who: &str,
        space: &str,
        (signature, document): (&Filed, &Filed),
    ) {
        let revoked = lists.1.map(|file| format!(" -r {}", file.name())).unwrap_or_default();
        let (allowed, signature, document) = (lists.0.name(), signature.name(), document.name());
        self.add(about, format!("ssh-keygen -Y verify -f {allowed}{revoked} -I {who} -n {space} -s {signature} < {document}"));
    }

    /// A document holds the digest of a file. An empty digest, of a file that is not there, is in every document.
    pub fn names(&mut self, about: About, document: &Filed, file: &Filed) {
        let (document, file) = (document.name(), file.name());
        self.add(about, format!("found=$(sha256sum < {file} | cut -c 1-64) && [ -n \"$found\" ] && grep -c -F -e \"$found\" {document}"));
    }

    /// A file whose digest a person compares.
    pub fn digest(&mut self, about: About, file: &Filed) {
        self.add(about, format!("sha256sum {}", file.name()));
    }

    /// The event log in `log/`.
    pub fn log(&mut self) {
        self.add(About::Log, "python3 -I verify_log.py log KEY".to_owned());
    }

    /// The first of them, and how many are left out.
    pub fn lines(&self) -> (String, usize) {
        let mut sorted: Vec<&(About, String)> = self.0.iter().collect();
        sorted.sort_by_key(|(about, _)| *about);
        let first = "sha256sum --check --strict SHA256SUMS".to_owned();
        let lines: Vec<String> =
            std::iter::once(&first).chain(sorted.iter().map(|(_, line)| line)).map(|line| format!("    {line}")).collect();
        (lines[..lines.len().min(MOST)].join("\n"), lines.len().saturating_sub(MOST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::controls::Folder;

    #[test]
    fn what_is_left_out_is_counted_and_matters_least() {
        let place = tempfile::TempDir::new().expect("a folder");
        let mut folder = Folder::begin(&place.path().join("pack")).expect("a place");
        let file = folder.write("bundle.json", b"{}").expect("a file");
        let mut hand = ByHand::default();
        for _ in 0..60 {
            hand.digest(About::Chain, &file);
        }
        hand.log();
        hand.names(About::Bundle, &file, &file);
        let (text, left) = hand.lines();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!((lines.len(), left), (MOST, 23));
        assert!(lines[1].contains("grep -c -F") && lines[2].contains("verify_log.py"), "{text}");
    }
}
