//! A signed report, kept in the store beside what it describes, and said in the log first.

use crate::artifact::Digest;
use crate::error::{Error, Kind, Result};
use crate::log::{Draft, Item, Journal, kind};
use crate::report::Language;
use crate::report::document::{Form, MAX_REPORT_BYTES, REPORT, Report};
use crate::store::{Store, create_folder, read_bounded, write_atomic};
use crate::trust::{Role, Signer, TrustRoot, sign, signature_name};

/// Most reports of a store that are listed.
const MOST: usize = 10_000;

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
    // A root that names nobody for reports leaves them to those who sign bundles.
    let role = if root.rules(Role::Report).is_empty() { Role::Bundle } else { Role::Report };
    let (principal, _) = root
        .holder(key)
        .filter(|(p, _)| root.people(role).contains(&p.name.as_str()))
        .ok_or_else(|| Error::usage("the trust root names nobody who signs reports with this key").with("key", key.fingerprint()))?;
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
    write_atomic(&folder.join("report.json"), &bytes)?;
    Ok((digest, index))
}

/// The reports a store keeps, by digest.
pub fn kept(store: &Store) -> Result<Vec<Kept>> {
    let folder = store.reports_folder();
    let wrong = |e: &std::io::Error| Error::io(format!("{} cannot be listed", folder.display()), e).of_kind(Kind::Store);
    let entries = match std::fs::read_dir(&folder) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(vec![]),
        other => other.map_err(|e| wrong(&e))?,
    };
    let mut all = Vec::new();
    for entry in entries.take(MOST) {
        let path = entry.map_err(|e| wrong(&e))?.path();
        let digest = path.file_name().and_then(|name| Digest::from_hex(name.to_str()?).ok());
        let Some(digest) = digest.filter(|_| path.join("report.json").is_file()) else { continue };
        let files = std::fs::read_dir(&path).map_err(|e| wrong(&e))?.take(64).filter_map(|f| f.ok()?.file_name().into_string().ok());
        let mut files: Vec<String> = files.filter(|name| is_file_of_a_report(name)).collect();
        files.sort();
        if !files.iter().any(|name| name.ends_with(".sshsig")) {
            continue;
        }
        all.push(Kept { digest, files });
    }
    all.sort_by_key(|kept| kept.digest);
    Ok(all)
}

/// Reads a file of a kept report; `None` where there is none of that name.
pub fn file(store: &Store, digest: &Digest, name: &str) -> Result<Option<Vec<u8>>> {
    if !is_file_of_a_report(name) {
        return Ok(None);
    }
    read_bounded(&store.reports_folder().join(digest.hex()).join(name), MAX_REPORT_BYTES as u64)
}

/// Names that this step writes; nothing else in the folder is shown.
fn is_file_of_a_report(name: &str) -> bool {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'@' | b'+'));
    plain && name.starts_with("report.") && [".json", ".html", ".sshsig"].iter().any(|ending| name.ends_with(ending))
}
