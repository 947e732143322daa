//! How publishers signed what a pack is about: their signatures as they are carried, the keys and trusted roots of the policy, what was judged by
//! which, and what nobody judged. Files are named by the digests of their bytes.

use super::Notes;
use super::carried::pretty;
use super::contents::Looked as Place;
use crate::artifact::{Artifact, BlobRead, Blobs, Digest};
use crate::error::{Error, Result};
use crate::publisher::{By, Carried, Judgement, Kind, Looked, Means, Pattern, Scheme, UpstreamKey, Worth};
use crate::report::Inventory;
use crate::report::controls::{Filed, Folder, Reason};
use crate::steps::gates::published;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Read;

/// Where all of it lies.
pub const PLACE: &str = "publishers/";
/// Most files of signatures, and most bytes of one and of all.
const MOST_FILES: usize = 20_000;
const MOST_FILE_BYTES: u64 = 4 << 20;
const MOST_BYTES: u64 = 256 << 20;
/// Most artifacts that are listed; all are counted.
const MOST_LISTED: usize = 50_000;

/// What was written.
#[derive(Debug, Clone)]
pub struct Published {
    /// The list of all signatures.
    pub index: Filed,
    /// Whether there are any.
    pub carried: bool,
    /// Why it is not more.
    pub reasons: Vec<Reason>,
}

/// Artifacts by what their signatures come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    /// A key or identity that is for it signed it.
    valid: u64,
    /// None of its signatures holds.
    wrong: u64,
    /// What would be judged is not here.
    not_here: u64,
    /// Signatures are carried, and nobody judged them.
    unjudged: u64,
    /// No signature is carried.
    unsigned: u64,
    /// Files of signatures that were too many or too large.
    cut: u64,
    /// Artifacts that are not listed, beside those that have nothing to list.
    unlisted: u64,
}

/// What is collected while signatures are written.
struct Laying<'a> {
    folder: &'a mut Folder,
    blobs: &'a dyn Blobs,
    /// Each file by what it holds; none where it is not here, or not taken.
    files: BTreeMap<(Digest, &'static str), Option<String>>,
    bytes: u64,
    counts: Counts,
    listed: Vec<Value>,
}

/// Writes everything to `publishers/`.
pub fn lay(place: Place<'_>, inventory: &Inventory, folder: &mut Folder, notes: &mut Notes) -> Result<Published> {
    let keys = &notes.rules.terms.keys;
    let known = keys.iter().map(|key| known(key, folder)).collect::<Result<Vec<_>>>()?;
    let mut laying = Laying { folder, blobs: place.blobs, files: BTreeMap::new(), bytes: 0, counts: Counts::default(), listed: vec![] };
    published(keys, place.artifacts, inventory, place.blobs, |artifact, judgement, looked| laying.artifact(artifact, judgement, looked))?;
    let Laying { folder, counts, listed, .. } = laying;
    let carried = counts.all() > counts.unsigned;
    let document = json!({
        "airlift-publishers": 1,
        "policy": notes.policy.as_ref().map(|policy| policy.digest().hex()),
        "known": known,
        "artifacts": listed,
        "count": {
            "all": counts.all(), "valid": counts.valid, "wrong": counts.wrong, "not-here": counts.not_here, "not-judged": counts.unjudged,
            "unsigned": counts.unsigned, "not-listed": counts.unlisted, "files-left-out": counts.cut,
        },
    });
    let index = folder.write(&format!("{PLACE}index.json"), &pretty(&document))?;
    let found = format!("{} of {} artifacts, {} wrong", counts.valid, counts.all(), counts.wrong);
    notes.transcript("signatures of publishers that hold by the policy's keys and identities", "all", &found);
    Ok(Published { index, carried, reasons: counts.reasons() })
}

impl Counts {
    const fn all(&self) -> u64 {
        self.valid + self.wrong + self.not_here + self.unjudged + self.unsigned
    }

    /// Why the evidence is not more than it is.
    fn reasons(&self) -> Vec<Reason> {
        let all = self.all();
        let counted = [
            (self.wrong, Reason::PublishersWrong(self.wrong, all)),
            (self.not_here, Reason::PublishersNotHere(self.not_here, all)),
            (self.unjudged, Reason::PublishersUnjudged(self.unjudged, all)),
            (self.unsigned, Reason::PublishersUnsigned(self.unsigned, all)),
            (self.unlisted, Reason::PublishersUnlisted(self.unlisted, all)),
            (self.cut, Reason::PublishersCut(self.cut)),
        ];
        let nobody = (self.valid + self.wrong == 0).then_some(Reason::NoPublisherSignatures);
        nobody.into_iter().chain(counted.into_iter().filter(|(count, _)| *count > 0).map(|(_, reason)| reason)).collect()
    }
}

impl Laying<'_> {
    /// One artifact: counted, and listed where there is something to say.
    fn artifact(&mut self, artifact: &Artifact, judgement: &Judgement, looked: &Looked) -> Result<()> {
        let (carried, counts) = (looked.signing().next().is_some(), &mut self.counts);
        let (count, judged, why) = match judgement {
            Judgement::Verified(_) => (&mut counts.valid, "valid", vec![]),
            Judgement::Wrong(why) => (&mut counts.wrong, "wrong", why.clone()),
            Judgement::NotHere(why) => (&mut counts.not_here, "not-here", vec![why.clone()]),
            Judgement::Missing(why) if carried => (&mut counts.unjudged, "not-judged", vec![why.clone()]),
            Judgement::Missing(why) => (&mut counts.unsigned, "unsigned", vec![why.clone()]),
            Judgement::Unkeyed if carried => (&mut counts.unjudged, "not-judged", vec![]),
            Judgement::Unkeyed => (&mut counts.unsigned, "unsigned", vec![]),
        };
        *count += 1;
        if looked.signatures.is_empty() && *judgement == Judgement::Unkeyed {
            return Ok(());
        }
        if self.listed.len() >= MOST_LISTED {
            self.counts.unlisted += 1;
            return Ok(());
        }
        let signatures = looked.signatures.iter().map(|one| self.signature(one)).collect::<Result<Vec<_>>>()?;
        let subject = artifact.descriptors.first().map(|blob| json!({ "name": blob.name, "sha256": blob.digest.hex() }));
        self.listed.push(json!({
            "ecosystem": artifact.ecosystem, "name": artifact.name, "version": artifact.version, "subject": subject,
            "signed-as": looked.place, "judgement": judged, "why": why, "signatures": signatures, "not-looked-at": looked.left,
        }));
        Ok(())
    }

    fn signature(&mut self, one: &Carried) -> Result<Value> {
        let endings: &[&'static str] = match one.scheme {
            Scheme::Provenance => &["provenance.json"],
            Scheme::Bundle => &["sigstore.json"],
            Scheme::Envelope => &["dsse.json", "manifest.json"],
            Scheme::SimpleSigning => &["payload.json", "manifest.json"],
            Scheme::ClearSigned => &["prov"],
            Scheme::Unknown => &[],
        };
        let files = one.blobs.iter().zip(endings).map(|(digest, ending)| self.file(*digest, ending)).collect::<Result<Vec<_>>>()?;
        let (judgement, why, by) = match &one.verdict.worth {
            Worth::Valid(by) => ("valid", None, Some(told(by))),
            Worth::Wrong(why) => ("wrong", Some(why), None),
            Worth::NotHere(why) => ("not-here", Some(why), None),
            Worth::Unjudged(why) => ("not-judged", Some(why), None),
        };
        Ok(json!({
            "form": one.scheme.word(), "in": files, "sha256": one.blobs.iter().map(Digest::hex).collect::<Vec<_>>(), "at": one.at,
            "signs": one.verdict.signs, "judgement": judgement, "why": why, "by": by,
        }))
    }

    /// The file of a blob that holds a signature, written where it was not yet; none where it is not here, or one too many.
    fn file(&mut self, digest: Digest, ending: &'static str) -> Result<Option<String>> {
        if let Some(known) = self.files.get(&(digest, ending)) {
            return Ok(known.clone());
        }
        let name = match self.blobs.open(&digest)? {
            None => None,
            Some(blob) if blob.size() > MOST_FILE_BYTES || self.bytes + blob.size() > MOST_BYTES || self.files.len() >= MOST_FILES => {
                self.counts.cut += 1;
                None
            }
            Some(blob) => whole(blob, digest)?.map(|bytes| self.write(digest, ending, &bytes)).transpose()?,
        };
        self.files.insert((digest, ending), name.clone());
        Ok(name)
    }

    fn write(&mut self, digest: Digest, ending: &str, bytes: &[u8]) -> Result<String> {
        self.bytes += bytes.len() as u64;
        Ok(self.folder.write(&format!("{PLACE}{}.{ending}", digest.hex()), bytes)?.name().to_owned())
    }
}

/// The bytes of a blob of bounded size; none where they are others than its digest says.
fn whole(blob: Box<dyn BlobRead>, digest: Digest) -> Result<Option<Vec<u8>>> {
    let (size, mut bytes) = (blob.size(), Vec::new());
    blob.take(size.saturating_add(1)).read_to_end(&mut bytes).map_err(|e| Error::io(format!("{digest} cannot be read"), &e))?;
    Ok(Some(bytes).filter(|bytes| Digest::of(bytes) == digest))
}

/// Who made a signature that holds.
fn told(by: &By) -> Value {
    match &by.means {
        Means::Key { kind, fingerprint } => json!({ "name": by.name, "kind": kind.word(), "fingerprint": fingerprint, "says": by.says }),
        Means::Identity { identity, issuer, time, root } => json!({
            "name": by.name, "kind": "keyless", "identity": identity, "issuer": issuer, "root": format!("{PLACE}roots/{}.json", root.hex()),
            "time": Timestamp::from_second(*time).map(|time| time.to_string()).ok(), "says": by.says,
        }),
    }
}

/// A key or identity of the policy, with the file of its key or trusted root, which is written where it was not yet.
fn known(key: &UpstreamKey, folder: &mut Folder) -> Result<Value> {
    let texts = |patterns: &[Pattern]| patterns.iter().map(|pattern| pattern.as_str().to_owned()).collect::<Vec<_>>();
    let (name, text) = match key.identity() {
        Some(identity) => (format!("roots/{}.json", identity.root.digest.hex()), &*identity.root.json),
        None => {
            let (text, ending) = (key.text().unwrap_or_default(), if key.kind() == Kind::OpenPgp { "asc" } else { "pem" });
            (format!("keys/{}.{ending}", Digest::of(text.as_bytes()).hex()), text)
        }
    };
    let file = format!("{PLACE}{name}");
    if folder.files().all(|filed| filed.name() != file) {
        folder.write(&file, text.as_bytes())?;
    }
    Ok(json!({
        "name": key.name, "kind": key.kind().word(), "artifacts": texts(&key.artifacts), "signed-as": texts(&key.signed_as),
        "attestations": texts(&key.attested), "file": file,
        "issuer": key.identity().map(|identity| &identity.issuer), "identities": key.identity().map(|identity| texts(&identity.identities)),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::InMemory;

    /// The same bytes for every digest.
    struct Same(Vec<u8>);

    impl Blobs for Same {
        fn open(&self, _: &Digest) -> Result<Option<Box<dyn BlobRead>>> {
            Ok(Some(Box::new(InMemory::new(self.0.clone()))))
        }

        fn size(&self, _: &Digest) -> Result<Option<u64>> {
            Ok(Some(self.0.len() as u64))
        }
    }

    #[test]
    fn files_that_are_too_large_or_other_bytes_are_not_here() {
        let place = tempfile::TempDir::new().expect("a folder");
        let mut folder = Folder::begin(&place.path().join("pack")).expect("a place");
        let small = Same(b"signed".to_vec());
        let large = Same(vec![b' '; usize::try_from(MOST_FILE_BYTES).expect("it fits") + 1]);
        let digest = Digest::of(b"signed");
        let mut laying =
            Laying { folder: &mut folder, blobs: &small, files: BTreeMap::new(), bytes: 0, counts: Counts::default(), listed: vec![] };
        let name = Some(format!("publishers/{}.prov", digest.hex()));
        assert_eq!(laying.file(digest, "prov").expect("a file"), name);
        assert_eq!(laying.file(digest, "prov").expect("written once"), name);
        assert_eq!(laying.file(Digest::of(b"other"), "prov").expect("read"), None);
        assert_eq!((laying.bytes, laying.counts.cut), (6, 0));
        laying.blobs = &large;
        assert_eq!(laying.file(Digest::of(&large.0), "prov").expect("looked at"), None);
        (laying.blobs, laying.bytes) = (&small, MOST_BYTES - 5);
        assert_eq!(laying.file(digest, "sigstore.json").expect("looked at"), None);
        assert_eq!(laying.counts.cut, 2);
    }

    #[test]
    fn what_is_lacking_is_said_with_its_count() {
        let counts = Counts { valid: 1, ..Counts::default() };
        assert_eq!(counts.reasons(), []);
        let counts = Counts { wrong: 2, not_here: 3, unjudged: 4, unsigned: 5, unlisted: 6, cut: 7, ..counts };
        let all = [
            Reason::PublishersWrong(2, 15),
            Reason::PublishersNotHere(3, 15),
            Reason::PublishersUnjudged(4, 15),
            Reason::PublishersUnsigned(5, 15),
            Reason::PublishersUnlisted(6, 15),
            Reason::PublishersCut(7),
        ];
        assert_eq!(counts.reasons(), all);
        let nobody = Counts { unsigned: 5, ..Counts::default() };
        assert_eq!(nobody.reasons(), [Reason::NoPublisherSignatures, Reason::PublishersUnsigned(5, 5)]);
    }
}
