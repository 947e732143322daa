//! `vex`: a site's own statements about vulnerabilities in products, written as OpenVEX and CycloneDX, signed by its people, and read back
//! only with enough of their signatures.
//!
//! Nothing in the documents depends on when they are written: the same statements and trust root give the same bytes.

mod kept;

pub use kept::{counting, keep, kept, withdraw};

use super::trust::check_not_revoked;
use crate::advisories::vex::{
    Document, LONGEST_DOCUMENT, LONGEST_OWN, Mark, Statement, VEX, begins, product, read_own, write_cyclonedx, write_openvex,
};
use crate::artifact::Digest;
use crate::error::{Error, Kind, Result, shown};
use crate::policy::Policy;
use crate::policy::gate::Exception;
use crate::report::uuid;
use crate::steps::assess::said;
use crate::store::{create_folder, read_bounded, write_atomic};
use crate::trust::{
    MAX_SIGNATURE_BYTES, MAX_SIGNATURES, Role, SignatureFile, Signer, Tally, TrustRoot, allowed_signers, sign as sign_bytes, signature_name,
};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The documents, without their endings.
const NAMES: [&str; 2] = ["statements.openvex", "statements.cdx"];
/// Most files of a folder in which signatures are looked for.
const MOST_FILES: usize = 10_000;

/// Statements as they were read back.
#[derive(Debug, Clone)]
pub struct ReadBack {
    /// The statements, each with who signed.
    pub statements: Vec<Statement>,
    /// How many people had to sign; 0 for a document of others, which nobody here signs.
    pub threshold: usize,
    /// The keys of those who signed and count, as `ssh-keygen -l` prints them.
    pub keys: Vec<String>,
    /// Lines for a person about signatures that do not count.
    pub uncounted: Vec<String>,
}

/// The statements of a file, and those exceptions of a policy that say that they are some.
pub fn own(file: Option<&Path>, policy: Option<&Policy>) -> Result<Vec<Statement>> {
    let mut all = Vec::new();
    if let Some(path) = file {
        let missing = || Error::usage(format!("{}: there is no such file", shown(path)));
        all.extend(read_own(&shown(path), &read_bounded(path, LONGEST_OWN as u64)?.ok_or_else(missing)?)?);
    }
    for (n, exception) in policy.iter().flat_map(|policy| policy.terms.exceptions.iter().enumerate()) {
        all.extend(granted(n, exception)?);
    }
    if all.is_empty() {
        return Err(Error::usage("there is nothing to say").hint("write statements into a file, or `vex` into exceptions of the policy"));
    }
    Ok(all)
}

/// What an exception says, where it says it as a statement too.
fn granted(n: usize, exception: &Exception) -> Result<Option<Statement>> {
    let (Some(verdict), Some(finding)) = (exception.vex, &exception.finding) else { return Ok(None) };
    let owners: Vec<&str> = std::iter::once(&exception.owner).chain(&exception.second).map(String::as_str).collect();
    Ok(Some(Statement {
        names: BTreeSet::from([finding.clone()]),
        products: BTreeSet::from([product(&format!("exception {}", n + 1), &exception.subject)?]),
        status: verdict.status,
        justification: verdict.justification,
        detail: Some(exception.reason.clone()),
        timestamp: begins(exception.granted),
        author: String::new(),
        mark: Some(Mark { until: exception.expires, owner: owners.join(" and ") }),
        signers: vec![],
    }))
}

/// Writes statements in both forms, and signs each as everybody whose key is given. The folder's documents of before are replaced.
pub fn write(folder: &Path, statements: &[Statement], root: &TrustRoot, signers: &[Box<dyn Signer>]) -> Result<Vec<PathBuf>> {
    let documents = documents(statements, root)?;
    for signer in signers {
        documents.iter().try_for_each(|(name, bytes)| signature(name, bytes, root, signer.as_ref()).map(drop))?;
    }
    create_folder(folder)?;
    // What was signed before was another document: its signatures would be damage beside this one.
    for name in NAMES {
        beside(folder, name)?.iter().try_for_each(|(file, _)| crate::store::remove(&folder.join(file)))?;
    }
    let mut written = Vec::new();
    for (name, bytes) in &documents {
        let path = folder.join(format!("{name}.json"));
        write_atomic(&path, bytes)?;
        written.push(path);
    }
    for path in &written {
        signers.iter().try_for_each(|signer| sign(path, root, signer.as_ref()).map(drop))?;
    }
    Ok(written)
}

/// The documents by their names.
fn documents(statements: &[Statement], root: &TrustRoot) -> Result<[(&'static str, Vec<u8>); 2]> {
    let author = root.terms().name.clone();
    let timestamp = statements.iter().map(|statement| statement.timestamp).max().unwrap_or_default();
    // Named by what it says: all of it is in the form that leaves nothing out.
    let document = |id: String| Document { id, author: author.clone(), timestamp };
    let words = Digest::of(&write_openvex(&document(String::new()), statements)).hex();
    let id = |form: &str| format!("urn:uuid:{}", uuid(&format!("{form} {words}")));
    let [openvex, cyclonedx] = NAMES;
    Ok([
        (openvex, write_openvex(&document(id(openvex)), statements)),
        (cyclonedx, write_cyclonedx(&document(id(cyclonedx)), statements).map_err(|e| e.of_kind(Kind::Usage))?),
    ])
}

/// Adds a signature beside a document. [`Kind::Usage`] when the key may not.
pub fn sign(file: &Path, root: &TrustRoot, signer: &dyn Signer) -> Result<PathBuf> {
    let (folder, stem) = place(file)?;
    let (name, armour) = signature(&stem, &document(file)?, root, signer)?;
    let path = folder.join(name);
    write_atomic(&path, armour.as_bytes())?;
    Ok(path)
}

fn signature(stem: &str, bytes: &[u8], root: &TrustRoot, signer: &dyn Signer) -> Result<(String, String)> {
    let key = signer.public_key();
    check_not_revoked(root, key)?;
    let armour = sign_bytes(signer, VEX, bytes)?;
    let files = [(stem.to_owned(), armour.clone().into_bytes())];
    let tally = root.tally(role(root), VEX, bytes, &files).map_err(|e| e.of_kind(Kind::Usage))?;
    let Some(counted) = tally.signers.first() else {
        let why = tally.uncounted.first().map(|uncounted| uncounted.explain(role(root))).unwrap_or_default();
        return Err(Error::usage("this key may not sign statements").with("found", why).with("trust root", root.label()));
    };
    Ok((signature_name(stem, &counted.principal, key), armour))
}

/// Whose word it is: of those who approve what comes in; where nobody has to, of those who sign bundles.
pub fn role(root: &TrustRoot) -> Role {
    if root.rules(Role::Approve).is_empty() { Role::Bundle } else { Role::Approve }
}

/// What `ssh-keygen -Y verify -f` wants for such documents.
pub fn signers_file(root: &TrustRoot) -> String {
    allowed_signers(root, role(root), VEX)
}

/// Reads a document. One of one's own, which says who answers for it and until when, or has signatures beside it, counts only with those of
/// enough people whom the trust root names; one of others is what its author says.
pub fn read_back(file: &Path, root: Option<&TrustRoot>) -> Result<ReadBack> {
    let (folder, stem) = place(file)?;
    judged(&shown(file), &document(file)?, &beside(&folder, &stem)?, root)
}

fn judged(label: &str, bytes: &[u8], signatures: &[SignatureFile], root: Option<&TrustRoot>) -> Result<ReadBack> {
    let mut statements = said(label, bytes)?;
    if signatures.is_empty() && statements.iter().all(|statement| statement.mark.is_none()) {
        return Ok(ReadBack { statements, threshold: 0, keys: vec![], uncounted: vec![] });
    }
    let nobody = || {
        let error = Error::new(Kind::Policy, format!("{label}: nobody can judge who signed it"));
        error.hint("accept a trust root on this host: airlift trust accept")
    };
    let root = root.ok_or_else(nobody)?;
    let tally = root.tally(role(root), VEX, bytes, signatures).map_err(|e| e.about(label))?;
    let uncounted = tally.uncounted.iter().map(|uncounted| uncounted.explain(role(root))).collect::<Vec<_>>();
    enough(label, root, &tally, &uncounted)?;
    let people: BTreeSet<&String> = tally.signers.iter().map(|signer| &signer.principal).collect();
    let people: Vec<String> = people.into_iter().cloned().collect();
    statements.iter_mut().for_each(|statement| statement.signers.clone_from(&people));
    let keys = tally.signers.iter().map(|signer| signer.fingerprint.clone()).collect();
    Ok(ReadBack { statements, threshold: tally.threshold, keys, uncounted })
}

fn enough(label: &str, root: &TrustRoot, tally: &Tally, uncounted: &[String]) -> Result<()> {
    if tally.missing() == 0 {
        return Ok(());
    }
    let error = Error::new(Kind::Policy, format!("{label}: too few people whom the trust root names have signed it"));
    let error = error.with("expected", root.needs(role(root))).with("found", format!("{} of {}", tally.people(), tally.threshold));
    let error = uncounted.iter().take(10).fold(error, |error, why| error.with("not counted", why));
    Err(error.with("trust root", root.label()).hint("have it signed: airlift vex sign; statements count only with signatures"))
}

fn document(file: &Path) -> Result<Vec<u8>> {
    let missing = || Error::usage(format!("{}: there is no such file", shown(file)));
    read_bounded(file, LONGEST_DOCUMENT as u64)?.ok_or_else(missing)
}

/// The folder of a document, and its name without the ending.
fn place(file: &Path) -> Result<(PathBuf, String)> {
    let name = file.file_name().and_then(|name| name.to_str()).ok_or_else(|| Error::usage(format!("{}: it has no name", shown(file))))?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok((folder.to_owned(), name.strip_suffix(".json").unwrap_or(name).to_owned()))
}

/// The signatures beside a document: `STEM.PRINCIPAL.FP16.sshsig`.
fn beside(folder: &Path, stem: &str) -> Result<Vec<SignatureFile>> {
    let wrong = |e: &std::io::Error| Error::io(format!("{} cannot be listed", shown(folder)), e);
    let mut names = Vec::new();
    for (n, entry) in std::fs::read_dir(folder).map_err(|e| wrong(&e))?.enumerate() {
        let name = entry.map_err(|e| wrong(&e))?.file_name();
        let own = |name: &str| name.strip_prefix(stem).is_some_and(|rest| rest.starts_with('.') && rest.ends_with(".sshsig"));
        names.extend(name.into_string().ok().filter(|name| own(name)));
        if n >= MOST_FILES || names.len() > MAX_SIGNATURES {
            let error = Error::verification(format!("{}: there are too many files beside the statements", shown(folder)));
            return Err(error.with("expected", format!("at most {MAX_SIGNATURES} signatures")));
        }
    }
    names.sort();
    let mut files = Vec::new();
    for name in names {
        files.extend(read_bounded(&folder.join(&name), MAX_SIGNATURE_BYTES as u64)?.map(|bytes| (name, bytes)));
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::{Custody, HeldKey, Principal, RootLimits, Rule, SecretKey, Terms};

    const OWN: &str = "airlift-statements = 1\n[[statement]]\nvulnerability = \"CVE-2024-1\"\nproducts = [\"pkg:x/thing@1.0\"]\n\
         status = \"not_affected\"\njustification = \"component_not_present\"\nowner = \"Ada\"\ngranted = \"2024-01-01\"\n\
         expires = \"2024-12-31\"\n";

    fn key(seed: u8) -> SecretKey {
        SecretKey::from_seed(&[seed; 32], "").expect("a key")
    }

    fn root() -> TrustRoot {
        let people = [("ada", 1), ("bob", 2)];
        let held = |seed| vec![HeldKey { key: key(seed).public_key().clone(), custody: Custody::File }];
        let names = || people.iter().map(|(name, _)| (*name).to_owned()).collect();
        let terms = Terms {
            version: 1,
            epoch: 0,
            previous: None,
            created: "2024-01-01T00:00:00Z".parse().expect("a time"),
            expires: None,
            name: "site".to_owned(),
            principals: people.map(|(name, seed)| Principal { name: name.to_owned(), keys: held(seed) }).to_vec(),
            root: Rule::new(1, names()),
            bundle: vec![Rule::new(1, names())],
            approve: None,
            revoke: None,
            report: None,
            limits: RootLimits::default(),
            revoked: vec![],
        };
        TrustRoot::write(&terms).expect("a root")
    }

    /// What somebody signed was another document: it does not stand beside one that this person never saw.
    #[test]
    fn signatures_of_the_document_before_are_taken_away() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = place.path().join("statements");
        let (root, said) = (root(), |text: &str| read_own("here.toml", text.as_bytes()).expect("statements"));
        let signers = |seeds: &[u8]| seeds.iter().map(|seed| Box::new(key(*seed)) as Box<dyn Signer>).collect::<Vec<_>>();
        let files = || {
            let entries = std::fs::read_dir(&folder).expect("a folder");
            let mut names: Vec<String> = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect();
            names.sort();
            names
        };
        write(&folder, &said(OWN), &root, &signers(&[1, 2])).expect("documents");
        assert_eq!(files().iter().filter(|name| name.contains(".bob.")).count(), 2);
        std::fs::write(folder.join("notes.txt"), "somebody's own").expect("a file");
        let written = write(&folder, &said(&OWN.replace("2024-12-31", "2024-06-30")), &root, &signers(&[1])).expect("documents");
        assert_eq!(files().iter().filter(|name| name.ends_with(".sshsig")).count(), 2, "{:?}", files());
        assert!(files().iter().all(|name| !name.contains(".bob.")) && files().contains(&"notes.txt".to_owned()), "{:?}", files());
        for document in &written {
            let back = read_back(document, Some(&root)).expect("its own signatures only");
            assert_eq!((back.keys.len(), &back.statements[0].signers[..]), (1, &["ada".to_owned()][..]));
        }
    }
}
