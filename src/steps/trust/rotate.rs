//! `trust rotate`: the next root of a domain, from the newest one and what is to be different.

use super::{RootShown, named_key, principals, show, sign_root, whole_seconds};
use crate::error::{Error, Kind, Result};
use crate::store::write_atomic;
use crate::trust::{
    Custody, Presence, Reason, Revoked, Role, RootLimits, Rule, Scope, SignatureFile, Signer, Terms, TrustRoot, key_digest, pinned,
};
use jiff::Timestamp;
use std::path::Path;

/// What the next root has otherwise than the one before it; lists that are empty and options that are none leave things as they are.
#[derive(Debug, Clone, Default)]
pub struct Edits<'a> {
    /// New principals, `NAME=KEY.pub` or `NAME:CUSTODY=KEY.pub`.
    pub add: &'a [String],
    /// Principals that go, from all roles.
    pub remove: &'a [String],
    /// Further keys of principals, written as in `add`.
    pub add_key: &'a [String],
    /// Keys that go, by fingerprint.
    pub remove_key: &'a [String],
    /// `SHA256:…=REASON`: keys that count no more.
    pub revoke_key: &'a [String],
    /// `ROLE=a,b,c`, or `ROLE=none` for a role that need not be.
    pub role: &'a [String],
    /// `ROLE=N`.
    pub threshold: &'a [String],
    /// `N=a,b@PATTERN,PATTERN`: when there is one, they are all the rules for bundles.
    pub bundle_rule: &'a [String],
    /// `ROLE=touch` or `ROLE=pin`.
    pub presence: &'a [String],
    /// `ROLE=fido2,piv`, or `ROLE=any`.
    pub custody: &'a [String],
    /// `ROLE=bundle,report`, or `ROLE=none`.
    pub distinct: &'a [String],
    /// What no signer can exceed, by name.
    pub limits: &'a [(String, u64)],
    /// Highest epoch a bundle may claim.
    pub epoch: Option<u64>,
    /// When it should be replaced; it does not go over from the root before.
    pub expires: Option<Timestamp>,
}

/// Writes the next root beside the one before it, and a signature for each signer at hand.
pub fn rotate(
    from: (&TrustRoot, &[SignatureFile]),
    edits: &Edits<'_>,
    created: Timestamp,
    out: &Path,
    signers: &[Box<dyn Signer>],
) -> Result<RootShown> {
    let root = next(from.0, edits, created).map_err(|e| e.of_kind(Kind::Usage))?;
    let file = out.join(root.file_name());
    std::fs::create_dir_all(out).map_err(|e| Error::unwritten(format!("{} cannot be created", out.display()), &e))?;
    let left = pinned::signatures_in(out, root.terms().version)?;
    if file.symlink_metadata().is_ok() || !left.is_empty() {
        return Err(Error::usage(format!("{} or a signature of it exists already", file.display()))
            .hint("a trust root is never overwritten: give another folder with --out"));
    }
    // Whoever signs elsewhere needs the root before it: it says who must.
    for (name, bytes) in from.1.iter().map(|(n, b)| (n.clone(), b.as_slice())).chain([(from.0.file_name(), from.0.bytes())]) {
        let path = out.join(name);
        if path.symlink_metadata().is_err() {
            write_atomic(&path, bytes)?;
        }
    }
    write_atomic(&file, root.bytes())?;
    for signer in signers {
        sign_root(&file, signer.as_ref())?;
    }
    show(&file)
}

/// The next root. Revocations that are known beside the old one become part of it, so that they outlive the documents.
pub fn next(from: &TrustRoot, edits: &Edits<'_>, created: Timestamp) -> Result<TrustRoot> {
    let mut terms = from.terms().clone();
    (terms.version, terms.previous) = (terms.version + 1, Some(from.fingerprint()));
    (terms.created, terms.expires) = (whole_seconds(created), edits.expires.map(whole_seconds));
    terms.epoch = edits.epoch.unwrap_or(terms.epoch);
    for revoked in from.revocations().iter().map(crate::trust::Revocation::revoked) {
        if terms.revoked.iter().all(|known| known.key != revoked.key) {
            terms.revoked.push(revoked.clone());
        }
    }
    change_people(&mut terms, edits)?;
    change_roles(&mut terms, edits)?;
    for (name, most) in edits.limits {
        RootLimits::set(&mut terms.limits, name, *most);
    }
    if terms.epoch < from.terms().epoch {
        return Err(Error::usage("the epoch never goes back").with("expected", format!("at least {}", from.terms().epoch)));
    }
    TrustRoot::write(&terms)
}

fn change_people(terms: &mut Terms, edits: &Edits<'_>) -> Result<()> {
    for gone in edits.remove {
        let before = terms.principals.len();
        terms.principals.retain(|p| p.name != *gone);
        if terms.principals.len() == before {
            return Err(Error::usage(format!("the root has no principal {gone:.60}")));
        }
        for rule in all_rules(terms) {
            rule.principals.retain(|name| name != gone);
        }
    }
    terms.principals.extend(principals(edits.add)?);
    for one in edits.add_key {
        let (name, held) = named_key(one)?;
        let principal = terms.principals.iter_mut().find(|p| p.name == name);
        principal.ok_or_else(|| Error::usage(format!("the root has no principal {name:.60}"))).map(|p| p.keys.push(held))?;
    }
    for fingerprint in edits.remove_key {
        let mut found = false;
        for principal in &mut terms.principals {
            principal.keys.retain(|held| {
                found |= held.key.fingerprint() == *fingerprint;
                held.key.fingerprint() != *fingerprint
            });
        }
        if !found {
            return Err(Error::usage(format!("the root has no key {fingerprint:.80}")).hint("airlift trust show lists them"));
        }
    }
    for one in edits.revoke_key {
        let (fingerprint, reason) = split(one, "SHA256:…=REASON")?;
        let key = key_digest(fingerprint)?;
        if terms.revoked.iter().all(|known| known.key != key) {
            terms.revoked.push(Revoked { key, reason: Reason::named(reason)?, last_good: vec![] });
        }
    }
    Ok(())
}

fn change_roles(terms: &mut Terms, edits: &Edits<'_>) -> Result<()> {
    if !edits.bundle_rule.is_empty() {
        terms.bundle = edits.bundle_rule.iter().map(|text| bundle_rule(text)).collect::<Result<_>>()?;
    }
    for one in edits.role {
        let (role, names) = role_of(one, "ROLE=NAME,NAME")?;
        if names == "none" && !matches!(role, Role::Root | Role::Bundle) {
            *optional(terms, role) = None;
            continue;
        }
        if !matches!(role, Role::Root | Role::Bundle) {
            optional(terms, role).get_or_insert_with(|| Rule::new(1, vec![]));
        }
        only(terms, role)?.principals = list(names);
    }
    for one in edits.threshold {
        let (role, number) = role_of(one, "ROLE=NUMBER")?;
        only(terms, role)?.threshold = number.parse().map_err(|_| Error::usage("a threshold is a number").with("found", one))?;
    }
    for one in edits.presence {
        let (role, shown) = role_of(one, "ROLE=touch or ROLE=pin")?;
        only(terms, role)?.presence = match shown {
            "touch" => Presence::Touch,
            "pin" => Presence::Pin,
            _ => {
                return Err(Error::usage("a token shows a touch or a PIN")
                    .with("expected", "touch or pin")
                    .with("found", format!("{shown:.40}")));
            }
        };
    }
    for one in edits.custody {
        let (role, kept) = role_of(one, "ROLE=CUSTODY,CUSTODY or ROLE=any")?;
        let kept = if kept == "any" { vec![] } else { list(kept) };
        only(terms, role)?.custody = kept.iter().map(|name| Custody::named(name)).collect::<Result<_>>()?;
    }
    for one in edits.distinct {
        let (role, others) = role_of(one, "ROLE=ROLE,ROLE or ROLE=none")?;
        let others = if others == "none" { vec![] } else { list(others) };
        only(terms, role)?.distinct_from = others.iter().map(|name| Role::named(name)).collect::<Result<_>>()?;
    }
    Ok(())
}

fn split<'a>(text: &'a str, form: &'static str) -> Result<(&'a str, &'a str)> {
    text.split_once('=').ok_or_else(|| Error::usage(format!("this is given as {form}")).with("found", format!("{text:.120}")))
}

fn role_of<'a>(text: &'a str, form: &'static str) -> Result<(Role, &'a str)> {
    let (role, rest) = split(text, form)?;
    Ok((Role::named(role)?, rest))
}

fn list(text: &str) -> Vec<String> {
    text.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// `N=a,b@PATTERN,PATTERN`.
fn bundle_rule(text: &str) -> Result<Rule> {
    let (threshold, rest) = split(text, "N=NAME,NAME@PATTERN,PATTERN")?;
    let threshold = threshold.parse().map_err(|_| Error::usage("a threshold is a number").with("found", format!("{text:.120}")))?;
    let (names, scopes) = rest.split_once('@').unwrap_or((rest, ""));
    let scopes = list(scopes).iter().map(|pattern| Scope::parse(pattern)).collect::<Result<_>>()?;
    Ok(Rule { scopes, ..Rule::new(threshold, list(names)) })
}

fn optional(terms: &mut Terms, role: Role) -> &mut Option<Rule> {
    match role {
        Role::Approve => &mut terms.approve,
        Role::Revoke => &mut terms.revoke,
        _ => &mut terms.report,
    }
}

/// The one rule of a role: with several for bundles, nobody knows which is meant.
fn only(terms: &mut Terms, role: Role) -> Result<&mut Rule> {
    let missing = || {
        Error::usage(format!("the root has no role {}", role.name()))
            .hint(format!("give it people first: --role {}=NAME,NAME", role.name()))
    };
    match role {
        Role::Root => Ok(&mut terms.root),
        Role::Bundle if terms.bundle.len() == 1 => Ok(&mut terms.bundle[0]),
        Role::Bundle => {
            Err(Error::usage("the root has several rules for bundles").hint("give all of them anew: --bundle-rule N=NAME,NAME@PATTERN"))
        }
        role => optional(terms, role).as_mut().ok_or_else(missing),
    }
}

fn all_rules(terms: &mut Terms) -> impl Iterator<Item = &mut Rule> {
    let more = [&mut terms.approve, &mut terms.revoke, &mut terms.report].into_iter().flatten();
    terms.bundle.iter_mut().chain([&mut terms.root]).chain(more)
}
