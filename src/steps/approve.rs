//! `approve`: people of the root's role `approve` decide about a bundle as its review shows it, and import counts them
//! (`docs/formats/policy.md`, "Judging").

use super::policy::in_force;
use super::predecessors::Predecessors;
use super::review::review;
use super::trust::trusted;
use crate::artifact::Digest;
use crate::bundle::Authentic;
use crate::error::{Error, Kind, Result};
use crate::log::{Draft, Item, Journal, kind};
use crate::policy::{APPROVE, Approval, Decision, Finding, MAX_APPROVAL_BYTES, Policy, refusals};
use crate::store::{Installed, Store, create_folder, read_bounded, write_atomic};
use crate::trust::{BUNDLE, MAX_SIGNATURE_BYTES, Role, Signer, Tally, TrustRoot, pinned, sign, signature_name};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::Path;

/// Most approvals of a bundle that are looked at.
const MAX_APPROVALS: usize = 64;
/// Most files in a folder of approvals.
const MAX_FILES: usize = 1024;

/// A decision of somebody whose key is in the role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Who.
    pub principal: String,
    /// With which key, as `ssh-keygen -l` prints it.
    pub fingerprint: String,
    /// What they decided.
    pub approval: Approval,
}

/// Documents and signatures as they were found, by their common name.
pub type Pairs = BTreeMap<String, (Vec<u8>, Vec<u8>)>;

/// What the approvers say to a bundle.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Approvals {
    /// How many people must approve; 0 where nobody has to.
    pub needed: usize,
    /// The decisions that count, one a person.
    pub given: Vec<Given>,
    /// Lines for a person about those that do not.
    pub uncounted: Vec<String>,
}

/// The documents and signatures in a folder; one that lacks its other half is damage.
pub fn read(folder: &Path) -> Result<Pairs> {
    let mut pairs = Pairs::new();
    let wrong = |e: &std::io::Error| Error::io(format!("{} cannot be listed", folder.display()), e);
    let entries = match folder.read_dir() {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(pairs),
        Err(e) => return Err(wrong(&e)),
    };
    for (n, entry) in entries.enumerate() {
        let name = entry.map_err(|e| wrong(&e))?.file_name();
        let stem = name.to_str().filter(|name| name.starts_with("approval.")).and_then(|name| name.strip_suffix(".json"));
        if n >= MAX_FILES || pairs.len() > MAX_APPROVALS {
            return Err(Error::verification(format!("{}: there are too many files", folder.display()))
                .with("expected", format!("at most {MAX_APPROVALS} approvals")));
        }
        let Some(stem) = stem else { continue };
        let file = |ending: &str, most: usize| {
            let path = folder.join(format!("{stem}.{ending}"));
            let lacking = || Error::verification(format!("{}: an approval is two files, and this one is missing", path.display()));
            read_bounded(&path, most as u64).map_err(|e| e.of_kind(Kind::Verification))?.ok_or_else(lacking)
        };
        pairs.insert(stem.to_owned(), (file("json", MAX_APPROVAL_BYTES)?, file("sshsig", MAX_SIGNATURE_BYTES)?));
    }
    Ok(pairs)
}

/// Writes a pair under its names, the signature first: a document alone would be damage.
pub fn keep(folder: &Path, pairs: &Pairs) -> Result<()> {
    create_folder(folder)?;
    for (stem, (document, signature)) in pairs {
        write_atomic(&folder.join(format!("{stem}.sshsig")), signature)?;
        write_atomic(&folder.join(format!("{stem}.json")), document)?;
    }
    Ok(())
}

/// What somebody decides, before it is signed.
#[derive(Debug, Clone)]
pub struct Deciding<'a> {
    /// The bundle.
    pub bundle: Digest,
    /// The digest of the review as it was typed by the person who saw it.
    pub typed: &'a str,
    /// What they decide.
    pub decision: Decision,
    /// Why.
    pub reason: &'a str,
    /// When.
    pub created: Timestamp,
}

/// Signs a decision about a review. [`Kind::Usage`] when the key may not, or another review was typed than this one.
pub fn approve(deciding: &Deciding<'_>, review: &Digest, signers: &Tally, root: &TrustRoot, signer: &dyn Signer) -> Result<(Given, Pairs)> {
    check_typed(review, deciding.typed)?;
    let approval = Approval {
        bundle: deciding.bundle,
        review: *review,
        domain: root.terms().name.clone(),
        decision: deciding.decision,
        reason: deciding.reason.to_owned(),
        created: Timestamp::from_second(deciding.created.as_second()).expect("a time without its fraction is in range"),
    };
    let bytes = approval.to_bytes().map_err(|e| e.of_kind(Kind::Usage))?;
    let armour = sign(signer, APPROVE, &bytes)?.into_bytes();
    let files = [("the approval".to_owned(), armour.clone())];
    let tally = root.tally_apart(Role::Approve, &bytes, &files, &[(Role::Bundle, signers)]).map_err(|e| e.of_kind(Kind::Usage))?;
    let Some(counted) = tally.signers.first() else {
        let why = tally.uncounted.first().map(|u| u.explain(Role::Approve)).unwrap_or_default();
        return Err(Error::usage("this key may not approve the bundle").with("found", why).with("trust root", root.label()));
    };
    let stem = signature_name("approval", &counted.principal, signer.public_key());
    let stem = stem.trim_end_matches(".sshsig").to_owned();
    let given = Given { principal: counted.principal.clone(), fingerprint: counted.fingerprint.clone(), approval };
    Ok((given, Pairs::from([(stem, (bytes, armour))])))
}

/// People type what they saw, so that nobody approves what they did not look at.
fn check_typed(review: &Digest, typed: &str) -> Result<()> {
    if pinned::check_fingerprint(review, typed).is_ok() {
        return Ok(());
    }
    Err(Error::usage("the review that was typed is not the one of this bundle as it stands now")
        .with("expected", review.spoken())
        .with("found", format!("{typed:.80}"))
        .hint("look at it again: airlift review"))
}

/// Whether people must approve by this root and policy, and how many.
pub fn needed(root: &TrustRoot, policy: &Policy) -> Result<usize> {
    match root.rules(Role::Approve).first() {
        Some(rule) => Ok(rule.threshold),
        None if policy.approval_required => {
            Err(Error::new(Kind::Policy, "this host's policy asks for approvals, and its trust root names nobody who may give them")
                .with("trust root", root.label())
                .hint("make a root with the role `approve`: airlift trust rotate; or take the rule out: airlift policy set"))
        }
        None => Ok(0),
    }
}

/// Counts the approvals of a bundle. Damage is [`Kind::Verification`]; that they are too few is the caller's to say.
pub fn count(pairs: &Pairs, bundle: &Digest, review: &Digest, signers: &Tally, root: &TrustRoot, needed: usize) -> Result<Approvals> {
    let mut found = Approvals { needed, ..Approvals::default() };
    if root.rules(Role::Approve).is_empty() {
        return Ok(found);
    }
    let mut latest: BTreeMap<String, Given> = BTreeMap::new();
    for (stem, (document, signature)) in pairs {
        let files = [(format!("{stem}.sshsig"), signature.clone())];
        let tally = root.tally_apart(Role::Approve, document, &files, &[(Role::Bundle, signers)])?;
        found.uncounted.extend(tally.uncounted.iter().map(|u| u.explain(Role::Approve)));
        let Some(counted) = tally.signers.first() else { continue };
        let approval = Approval::parse(document).map_err(|e| e.about(stem))?;
        if approval.bundle != *bundle || approval.domain != root.terms().name {
            return Err(Error::verification(format!("{stem}: it is an approval of another bundle or domain"))
                .with("expected", format!("{} {}", root.terms().name, bundle.spoken()))
                .with("found", format!("{:.60} {}", approval.domain, approval.bundle.spoken())));
        }
        let given = Given { principal: counted.principal.clone(), fingerprint: counted.fingerprint.clone(), approval };
        let earlier = latest.get(&given.principal);
        if earlier.is_none_or(|e| rank(&e.approval) < rank(&given.approval)) {
            latest.insert(given.principal.clone(), given);
        }
    }
    for given in latest.into_values() {
        if given.approval.review == *review {
            found.given.push(given);
        } else {
            let (then, now) = (given.approval.review.spoken(), review.spoken());
            found.uncounted.push(format!("{}: decided about another review ({then}) than the present one ({now})", given.principal));
        }
    }
    Ok(found)
}

/// A person's later decision takes the place of an earlier one; of two that claim one time, the more careful counts.
fn rank(approval: &Approval) -> (Timestamp, bool) {
    (approval.created, approval.decision == Decision::Refuse)
}

impl Approvals {
    /// Whether enough people approved and nobody refused.
    pub fn suffice(&self) -> bool {
        self.refusal().is_none() && self.people(Decision::Approve).len() >= self.needed
    }

    /// Who decided so.
    pub fn people(&self, decision: Decision) -> Vec<&Given> {
        self.given.iter().filter(|g| g.approval.decision == decision).collect()
    }

    fn refusal(&self) -> Option<&Given> {
        self.given.iter().find(|g| g.approval.decision == Decision::Refuse)
    }

    /// The one who lets the bundle in alone, where that is needed and allowed; an error, [`Kind::Policy`], where it is not let in at all.
    pub fn admit(&self, label: &str, review: &Digest, policy: &Policy, root: &TrustRoot) -> Result<Option<Given>> {
        if let Some(given) = self.refusal() {
            return Err(Error::new(Kind::Policy, format!("{label}: {} refused it", given.principal))
                .with("reason", &given.approval.reason)
                .with("review", review.spoken())
                .hint("that person can decide again: airlift approve"));
        }
        if self.suffice() {
            return Ok(None);
        }
        let alone = self.people(Decision::BreakGlass).first().map(|given| (*given).clone());
        if policy.break_glass && alone.is_some() {
            return Ok(alone);
        }
        let people = self.people(Decision::Approve);
        let error = Error::new(Kind::Policy, format!("{label}: approved by {} of {} people", people.len(), self.needed));
        let error = people.iter().fold(error, |e, g| e.with("approved by", format!("{} {}", g.principal, g.fingerprint)));
        let error = if alone.is_some() { error.with("not allowed", "break-glass: this host's policy does not say so") } else { error };
        Err(error
            .with_all("not counted", &self.uncounted)
            .with("expected", root.needs(Role::Approve))
            .with("review", review.spoken())
            .hint("look at it with airlift review, then approve it: airlift approve"))
    }
}

/// The approvals a store keeps of a bundle.
pub fn kept(store: &Store, bundle: &Digest) -> Result<Pairs> {
    read(&store.approvals_folder(bundle))
}

/// Keeps decisions about a bundle in the store, each said in the log first. Nothing is believed of them yet: import counts them.
pub fn take(journal: &Journal<'_>, bundle: &Digest, label: &str, pairs: &Pairs) -> Result<()> {
    let here = kept(journal.store(), bundle)?;
    for (stem, pair) in pairs.iter().filter(|(stem, pair)| here.get(*stem) != Some(pair)) {
        let approval = Approval::parse(&pair.0).map_err(|e| e.about(stem))?;
        let draft = Draft::new(kind::APPROVE, vec![Item::named("bundle", label).digest(*bundle)]);
        let draft = draft.on(vec![Item::of("review", approval.review), Item::named("approval", stem)]);
        journal.append(draft.note(&format!("{} {}", approval.decision.word(), approval.reason)))?;
        keep(&journal.store().approvals_folder(bundle), &Pairs::from([(stem.clone(), pair.clone())]))?;
    }
    Ok(())
}

/// Keeps those of several decisions that are about a bundle.
pub fn take_for(journal: &Journal<'_>, bundle: &Authentic, pairs: &Pairs) -> Result<()> {
    let about = |document: &[u8]| Approval::parse(document).is_ok_and(|approval| approval.bundle == bundle.id);
    let own: Pairs = pairs.iter().filter(|(_, (document, _))| about(document)).map(|(stem, pair)| (stem.clone(), pair.clone())).collect();
    take(journal, &bundle.id, &bundle.statement.label(), &own)
}

/// What let a bundle in.
#[derive(Debug, Clone)]
pub struct Admitted {
    /// The review that was current.
    pub review: Vec<u8>,
    /// Its digest.
    pub digest: Digest,
    /// What the rules found in it.
    pub findings: Vec<Finding>,
    /// What the approvers said.
    pub approvals: Approvals,
    /// The one person on whose word alone it was let in.
    pub alone: Option<Given>,
    /// Whether there is anything to keep: a policy, or people who were asked.
    pub asked: bool,
}

/// Whether this host's policy and people let a bundle in; [`Kind::Policy`] when they do not.
pub fn admit(bundle: &Authentic, before: &Predecessors<'_>, clock: Timestamp) -> Result<Admitted> {
    let store = before.store();
    let (policy, _) = in_force(store)?;
    let (label, root) = (bundle.statement.label(), &bundle.root);
    let review = review(bundle, before, clock)?;
    if let Some(error) = refusals(&label, &review.findings) {
        return Err(error);
    }
    let (needed, document) = (needed(root, &policy)?, review.document());
    let pairs = kept(store, &bundle.id)?;
    let approvals = count(&pairs, &bundle.id, &document.digest, &bundle.judged.tally, root, needed)?;
    let alone = approvals.admit(&label, &document.digest, &policy, root)?;
    let asked = needed > 0 || policy.digest.is_some();
    Ok(Admitted { review: document.bytes, digest: document.digest, findings: review.findings, approvals, alone, asked })
}

impl Admitted {
    /// Keeps the review that let the bundle in beside its approvals.
    pub fn keep(&self, store: &Store, bundle: &Digest) -> Result<()> {
        if !self.asked {
            return Ok(());
        }
        let folder = store.approvals_folder(bundle);
        create_folder(&folder)?;
        write_atomic(&folder.join(REVIEW), &self.review)
    }

    /// What the event log says of it.
    pub fn evidence(&self) -> Vec<Item> {
        let approvers = self.approvals.given.iter().map(|g| Item::named("approver", &g.fingerprint));
        std::iter::once(Item::of("review", self.digest)).filter(|_| self.asked).chain(approvers).collect()
    }

    /// What must be said loudly.
    pub fn alarm(&self) -> Option<String> {
        self.alone.as_ref().map(|given| told_alone(given, &self.approvals))
    }
}

fn told_alone(given: &Given, approvals: &Approvals) -> String {
    let lacking = approvals.needed.saturating_sub(approvals.people(Decision::Approve).len());
    format!(
        "BREAK-GLASS: installed on the word of {} alone ({}); {lacking} more must approve it afterwards: airlift approve --installed",
        given.principal, given.approval.reason
    )
}

/// The file of the review that let a bundle in.
pub(super) const REVIEW: &str = "review.json";
/// Longest review that is read, in bytes.
const MAX_REVIEW_BYTES: u64 = 256 << 20;

/// An installed bundle as its approvers see it: the digest of the review that let it in, and who signed it.
pub struct Standing {
    /// The digest of the review.
    pub review: Digest,
    /// Who signed the bundle, by the root that is accepted now.
    pub signers: Tally,
    /// What the approvers said.
    pub approvals: Approvals,
}

impl Standing {
    /// What is still to be said about a bundle that came in on one person's word.
    pub fn alarm(&self) -> Option<String> {
        let alone = self.approvals.people(Decision::BreakGlass);
        let given = alone.first().filter(|_| !self.approvals.suffice())?;
        Some(told_alone(given, &self.approvals))
    }
}

/// How an installed bundle stands with the approvers; `None` when nobody was asked.
pub fn standing(store: &Store, installed: &Installed) -> Result<Option<Standing>> {
    let Some(bytes) = read_review(store, &installed.bundle)? else { return Ok(None) };
    let (review, root, policy) = (Digest::of(&bytes), trusted(store)?, in_force(store)?.0);
    let signers = root.tally(Role::Bundle, BUNDLE, &record(store, installed, "bundle.json")?, &signatures(store, installed)?)?;
    let pairs = kept(store, &installed.bundle)?;
    let approvals = count(&pairs, &installed.bundle, &review, &signers, &root, needed(&root, &policy)?)?;
    Ok(Some(Standing { review, signers, approvals }))
}

/// The review that let a bundle in, where one was kept.
pub(super) fn read_review(store: &Store, bundle: &Digest) -> Result<Option<Vec<u8>>> {
    read_bounded(&store.approvals_folder(bundle).join(REVIEW), MAX_REVIEW_BYTES)
}

/// A file of the record of an installed bundle.
pub(super) fn record(store: &Store, installed: &Installed, name: &str) -> Result<Vec<u8>> {
    let path = store.bundle_folder(&installed.bundle).join(name);
    let lost =
        || Error::new(Kind::Store, format!("{} is missing", path.display())).hint("import the bundle again: its record is written anew");
    read_bounded(&path, 1 << 20)?.ok_or_else(lost)
}

/// The signatures over the statement of an installed bundle.
pub(super) fn signatures(store: &Store, installed: &Installed) -> Result<Vec<(String, Vec<u8>)>> {
    let folder = store.bundle_folder(&installed.bundle).join("sig");
    let wrong = |e: &std::io::Error| Error::io(format!("{} cannot be listed", folder.display()), e);
    let mut found = Vec::new();
    for entry in folder.read_dir().map_err(|e| wrong(&e))?.take(MAX_FILES) {
        let name = entry.map_err(|e| wrong(&e))?.file_name().to_string_lossy().into_owned();
        let bytes = record(store, installed, &format!("sig/{name}"))?;
        found.push((name, bytes));
    }
    found.sort();
    Ok(found)
}
