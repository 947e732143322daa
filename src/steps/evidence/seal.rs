//! The signature over the list of all files: of a person whom the trust root names for reports, where it names nobody, for bundles.

use super::Notes;
use super::checks::Allowed;
use super::trusting::Trusting;
use crate::error::{Error, Result};
use crate::report::controls::{Filed, Folder};
use crate::steps::report::report_role;
use crate::steps::trust::check_not_revoked;
use crate::trust::{Signer, sign, signature_name};

/// What lists of evidence packs are signed in.
pub const EVIDENCE: &str = "evidence.v1@airlift";
/// The list that is signed.
const LIST: &str = "SHA256SUMS";

/// A signature that is still to be made: all that is said of it before the list is known.
pub struct Seal<'a> {
    name: String,
    signer: &'a dyn Signer,
}

impl<'a> Seal<'a> {
    /// Writes who signs, so that stock tools know, and what is to be checked. [`Kind::Usage`](crate::error::Kind) when the key may not.
    pub fn announce(signer: &'a dyn Signer, trusting: &Trusting, folder: &mut Folder, notes: &mut Notes) -> Result<Self> {
        let (root, key) = (&trusting.newest, signer.public_key());
        check_not_revoked(root, key)?;
        let people = root.people(report_role(root));
        let (principal, _) = root.holder(key).filter(|(principal, _)| people.contains(&principal.name.as_str())).ok_or_else(|| {
            Error::usage("the trust root names nobody who signs reports and evidence with this key").with("key", key.fingerprint())
        })?;
        let line = format!("{} namespaces=\"{EVIDENCE}\" {}\n", principal.name, key.line());
        let signers = folder.write("trust/evidence_signers", line.as_bytes())?;
        let of_root = format!("trust/{}", root.file_name());
        let root: Option<&Filed> = trusting.files.iter().find(|file| file.name() == of_root);
        notes.checks.listed(&signers, root.ok_or_else(|| Error::failed("the newest root is among the files of a pack"))?);
        let name = signature_name(LIST, &principal.name, key);
        let allowed = Allowed { signers, revoked: Some(trusting.revoked().clone()) };
        notes.checks.sealed(&allowed, &principal.name, EVIDENCE, &name);
        Ok(Self { name, signer })
    }

    /// Signs the list.
    pub fn over(&self, list: &[u8]) -> Result<Vec<(String, Vec<u8>)>> {
        Ok(vec![(self.name.clone(), sign(self.signer, EVIDENCE, list)?.into_bytes())])
    }
}
