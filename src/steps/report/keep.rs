//! A signed report, kept in the store beside what it describes, and said in the log first.

use crate::artifact::Digest;
use crate::error::{Error, Kind, Result};
use crate::log::{Draft, Item, Journal, kind};
use crate::report::Language;
use crate::report::document::{Form, MAX_REPORT_BYTES, REPORT, Report, outside};
use crate::store::{Store, create_folder, read_bounded, write_atomic};
use crate::trust::{MAX_SIGNATURE_BYTES, Role, Signer, TrustRoot, sign, signature_name};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Most reports of a store that are listed.
const MOST: usize = 10_000;
/// Most files of a report.
const MOST_FILES: usize = 64;
/// The document among the files of a report.
const DOCUMENT: &str = "report.json";
/// The ending of its signatures.
const SIGNATURE: &str = ".sshsig";

/// A report that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// SHA-256 of the document.
    pub digest: Digest,
    /// Its files, by name; sorted.
    pub files: Vec<String>,
}

/// Signs a report as a person the trust root names, logs it, and keeps it with its forms. [`Kind::Usage`] when the key may not.
pub fn keep(journal: &Journal<'_>, report: &Report, root: &TrustRoot, signer: &dyn Signer) -> Result<(Digest, u64)> {
    let (bytes, digest, key) = (report.to_bytes(), report.digest(), signer.public_key());
    crate::steps::trust::check_not_revoked(root, key)?;
    let role = report_role(root);
    let (principal, _) = root
        .holder(key)
        .filter(|(p, _)| root.people(role).contains(&p.name.as_str()))
        .ok_or_else(|| nobody(root, role, key.fingerprint()))?;
    let armour = sign(signer, REPORT, &bytes)?;
    // The role may ask for more than a name, such as a touch of the key; and what is kept must be readable again.
    let file = (signature_name("report", &principal.name, key), armour.clone().into_bytes());
    root.tally(role, REPORT, &bytes, std::slice::from_ref(&file)).and_then(|tally| match tally.signers.is_empty() {
        false => Ok(()),
        true => Err(Error::usage("the trust root does not count this signature for reports").with("key", key.fingerprint())),
    })?;
    Report::parse(&bytes)?;
    let subject = report.subject.said();
    let mut about = vec![Item::of("report", digest)];
    about.extend(Digest::from_hex(&subject.sha256).ok().map(|d| Item::named(report.kind.word(), &subject.name).digest(d)));
    let index = journal.append(Draft::new(kind::REPORT, about).on(vec![Item::named("key", key.fingerprint())]))?;
    let folder = journal.store().reports_folder().join(digest.hex());
    create_folder(&folder)?;
    write_atomic(&folder.join(signature_name("report", &principal.name, key)), armour.as_bytes())?;
    for language in Language::ALL {
        write_atomic(&folder.join(format!("report.{}.html", language.code())), &report.render(Form::Html, language))?;
    }
    // The document last: where it is, everything is.
    write_atomic(&folder.join(DOCUMENT), &bytes)?;
    Ok((digest, index))
}

fn nobody(root: &TrustRoot, role: Role, key: String) -> Error {
    let error = Error::usage("the trust root names nobody who signs reports with this key").with("key", key);
    let people: Vec<_> = root.people(role).into_iter().map(outside).collect();
    error
        .with("who may", people.join(", "))
        .hint("sign with the key of one of them, or let a next root name this one: airlift trust rotate")
}

/// The reports a store keeps, by digest; of very many the first ones by digest, the same ones each time.
pub fn kept(store: &Store) -> Result<Vec<Kept>> {
    let folder = store.reports_folder();
    let wrong = |e: &std::io::Error| Error::io(format!("{} cannot be listed", folder.display()), e).of_kind(Kind::Store);
    let entries = match std::fs::read_dir(&folder) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(vec![]),
        other => other.map_err(|e| wrong(&e))?,
    };
    let mut digests = BTreeSet::new();
    for entry in entries {
        let name = entry.map_err(|e| wrong(&e))?.file_name();
        digests.extend(name.to_str().and_then(|name| Digest::from_hex(name).ok()));
        if digests.len() > MOST {
            digests.pop_last();
        }
    }
    let mut all = Vec::new();
    for digest in digests {
        let files = files(store, &digest).map_err(|e| wrong(&e))?;
        // One whose signatures are gone is listed too: whoever looks is told that nobody signed it.
        let here = files.iter().any(|name| name == DOCUMENT);
        all.extend(here.then_some(Kept { digest, files }));
    }
    Ok(all)
}

/// The files of a report, sorted; nothing else that may lie there.
fn files(store: &Store, digest: &Digest) -> std::io::Result<Vec<String>> {
    let entries = std::fs::read_dir(store.reports_folder().join(digest.hex()))?;
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).filter(|n| is_file_of_a_report(n)).collect();
    names.sort();
    names.truncate(MOST_FILES);
    Ok(names)
}

/// The bytes of a kept report, once they are what its digest names and somebody signed them whose signature counts on this host now; `None`
/// where no report of that digest is kept.
pub fn sound(store: &Store, digest: &Digest) -> Result<Option<Vec<u8>>> {
    let folder = store.reports_folder().join(digest.hex());
    let Some(bytes) = read_bounded(&folder.join(DOCUMENT), MAX_REPORT_BYTES as u64)? else { return Ok(None) };
    let found = Digest::of(&bytes);
    if found != *digest {
        return Err(Error::new(Kind::Store, "the report is damaged: its document is another than its name says")
            .with("expected", digest)
            .with("found", found)
            .hint("put it back from a backup of the store"));
    }
    let names = files(store, digest).map_err(|e| Error::io(format!("{} cannot be listed", folder.display()), &e).of_kind(Kind::Store))?;
    let mut signatures = Vec::new();
    for name in names.into_iter().filter(|name| name.ends_with(SIGNATURE)) {
        signatures.extend(read_bounded(&folder.join(&name), MAX_SIGNATURE_BYTES as u64)?.map(|armour| (name, armour)));
    }
    let root = crate::steps::trust::trusted(store)?;
    let tally = root.tally(report_role(&root), REPORT, &bytes, &signatures)?;
    match tally.signers.is_empty() {
        false => Ok(Some(bytes)),
        true => Err(Error::verification("nobody signed this report whose signature counts on this host").with("trust root", root.label())),
    }
}

/// What a report's being sound rests on beside its bytes: while this is the same, it need not be found out again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    size: u64,
    changed: [SystemTime; 3],
}

/// The stamp of a kept report and the file of its document; `None` where there is none.
pub fn stamp(store: &Store, digest: &Digest) -> Result<Option<(Stamp, PathBuf)>> {
    let folder = store.reports_folder().join(digest.hex());
    let path = folder.join(DOCUMENT);
    let stamp = || {
        let document = std::fs::metadata(&path)?;
        let changed = |path: &Path| std::fs::metadata(path)?.modified();
        let stamp = Stamp { size: document.len(), changed: [document.modified()?, changed(&folder)?, changed(&store.trust_folder())?] };
        Ok::<_, std::io::Error>(document.is_file().then_some(stamp))
    };
    match stamp() {
        Ok(stamp) => Ok(stamp.map(|stamp| (stamp, path))),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::io(format!("{} cannot be read", path.display()), &e).of_kind(Kind::Store)),
    }
}

impl Stamp {
    /// The length of the document, in bytes.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// When the document was written, as the disk says.
    pub const fn written(&self) -> SystemTime {
        self.changed[0]
    }
}

/// Reads a signature of a kept report; `None` where there is none of that name.
pub fn signature(store: &Store, digest: &Digest, name: &str) -> Result<Option<Vec<u8>>> {
    if !is_file_of_a_report(name) || !name.ends_with(SIGNATURE) {
        return Ok(None);
    }
    read_bounded(&store.reports_folder().join(digest.hex()).join(name), MAX_SIGNATURE_BYTES as u64)
}

/// Whose signatures count over reports: a root that names nobody for them leaves them to those who sign bundles.
pub fn report_role(root: &TrustRoot) -> Role {
    if root.rules(Role::Report).is_empty() { Role::Bundle } else { Role::Report }
}

/// Names that this step writes; nothing else in the folder is shown.
fn is_file_of_a_report(name: &str) -> bool {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'@' | b'+'));
    plain && name.starts_with("report.") && [".json", ".html", SIGNATURE].iter().any(|ending| name.ends_with(ending))
}
