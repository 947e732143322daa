//! What a trust root must say to make sense, whatever its format version.

use super::public::Algorithm;
use super::root::{Custody, Role, Rule, Terms, check_word};
use crate::error::{Error, Result};
use std::collections::BTreeSet;

/// Most principals of a root, and most keys of a principal.
const MOST: usize = 64;
/// Most rules of the role `bundle`.
const MOST_RULES: usize = 16;
/// Most scopes of a root, all rules together: every artifact of a bundle is compared with all of them.
const MOST_SCOPES: usize = 64;
/// Most revoked keys of a root.
const MOST_REVOKED: usize = 256;

impl Terms {
    /// The rules of a role.
    pub fn rules(&self, role: Role) -> &[Rule] {
        match role {
            Role::Root => std::slice::from_ref(&self.root),
            Role::Bundle => &self.bundle,
            Role::Approve => self.approve.as_slice(),
            Role::Revoke => self.revoke.as_slice(),
            Role::Report => self.report.as_slice(),
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        check_word("the name of the trust domain", &self.name)?;
        if self.version == 0 || (self.version == 1) != self.previous.is_none() {
            return Err(refused("version 1 has no previous root, every later one has").with("version", self.version));
        }
        if self.expires.is_some_and(|expires| expires <= self.created) {
            return Err(refused("it expires before it was made"));
        }
        if self.principals.is_empty() || self.principals.len() > MOST {
            return Err(refused("it names no principal, or too many").with("expected", format!("between 1 and {MOST}")));
        }
        self.check_principals()?;
        self.check_revoked()?;
        self.check_roles()?;
        let limits = self.limits;
        if [limits.bundle_bytes, limits.blobs, limits.blob_bytes, limits.frame_bytes, limits.volumes].contains(&Some(0)) {
            return Err(refused("a limit of 0 admits nothing"));
        }
        Ok(())
    }

    fn check_principals(&self) -> Result<()> {
        let mut names = BTreeSet::new();
        let mut points = BTreeSet::new();
        for principal in &self.principals {
            check_word("the name of a principal", &principal.name)?;
            let about = |why: &str| refused(why).with("principal", &principal.name);
            if !names.insert(&principal.name) {
                return Err(about("a principal is named twice"));
            }
            if principal.keys.is_empty() || principal.keys.len() > MOST {
                return Err(about("a principal has no key, or too many").with("expected", format!("between 1 and {MOST}")));
            }
            for held in &principal.keys {
                if !points.insert(held.key.point()) {
                    return Err(about("a key is listed twice: one key belongs to one principal").with("key", held.key.fingerprint()));
                }
                if (held.custody == Custody::Fido2) != (held.key.algorithm() == Algorithm::SkEd25519) {
                    return Err(
                        about("`fido2` is for sk-ssh-ed25519 keys, and they are always `fido2`").with("key", held.key.fingerprint())
                    );
                }
            }
        }
        Ok(())
    }

    fn check_revoked(&self) -> Result<()> {
        let keys: BTreeSet<_> = self.revoked.iter().map(|r| r.key).collect();
        if self.revoked.len() > MOST_REVOKED || keys.len() != self.revoked.len() {
            return Err(refused("it revokes a key twice, or too many keys").with("expected", format!("at most {MOST_REVOKED}")));
        }
        self.revoked.iter().try_for_each(super::revoked::Revoked::check)
    }

    fn check_roles(&self) -> Result<()> {
        if self.bundle.is_empty() || self.bundle.len() > MOST_RULES {
            return Err(refused("the role `bundle` has no rule, or too many").with("expected", format!("between 1 and {MOST_RULES}")));
        }
        if self.bundle.iter().map(|rule| rule.scopes.len()).sum::<usize>() > MOST_SCOPES {
            return Err(refused("it has too many scopes").with("expected", format!("at most {MOST_SCOPES} in all rules together")));
        }
        for role in Role::ALL {
            self.rules(role).iter().try_for_each(|rule| self.check_rule(role, rule))?;
        }
        Ok(())
    }

    fn check_rule(&self, role: Role, needs: &Rule) -> Result<()> {
        let about = |why: &str| refused(why).with("role", role.name());
        let distinct: BTreeSet<&String> = needs.principals.iter().collect();
        if distinct.len() != needs.principals.len() {
            return Err(about("a role lists a principal twice"));
        }
        if let Some(stranger) = needs.principals.iter().find(|name| self.principals.iter().all(|p| p.name != **name)) {
            return Err(about("a role lists a principal the root does not have").with("found", format!("{stranger:.60}")));
        }
        if needs.threshold == 0 || needs.threshold > distinct.len() {
            return Err(about("a threshold is out of range")
                .with("expected", format!("between 1 and {}", distinct.len()))
                .with("found", needs.threshold));
        }
        if needs.threshold > self.able(needs) {
            return Err(about("too few of its principals have a key that counts: others are revoked, or kept in another way")
                .with("expected", format!("at least {}", needs.threshold))
                .with("found", self.able(needs)));
        }
        check_demands(role, needs, self).map_err(about)
    }

    /// How many principals of a rule have a key that is not revoked and kept as the rule asks.
    fn able(&self, rule: &Rule) -> usize {
        let counts = |key: &super::root::HeldKey| rule.takes(key.custody) && self.revoked.iter().all(|r| r.key != key.key.id());
        self.principals.iter().filter(|p| rule.principals.contains(&p.name) && p.keys.iter().any(counts)).count()
    }
}

/// Demands that could not be kept are refused, so that nobody believes in them.
fn check_demands(role: Role, rule: &Rule, terms: &Terms) -> std::result::Result<(), &'static str> {
    let twice = |n: usize, of: usize| n != of;
    if role != Role::Bundle && !rule.scopes.is_empty() {
        return Err("scopes are for the role `bundle`");
    }
    if role == Role::Revoke && rule.threshold != 1 {
        return Err("revoking needs one key: the threshold is 1");
    }
    if !rule.distinct_from.is_empty() && !matches!(role, Role::Approve | Role::Report) {
        return Err("`distinct-from` is for the roles `approve` and `report`");
    }
    let names: BTreeSet<Role> = rule.distinct_from.iter().copied().collect();
    let possible = |other: &Role| *other != role && matches!(other, Role::Bundle | Role::Approve | Role::Report);
    if !names.iter().all(|other| possible(other) && !terms.rules(*other).is_empty()) {
        return Err("`distinct-from` names a role that signs nothing about a bundle here");
    }
    let kept: BTreeSet<&str> = rule.custody.iter().map(|c| c.name()).collect();
    let scopes: BTreeSet<_> = rule.scopes.iter().collect();
    if twice(names.len(), rule.distinct_from.len()) || twice(kept.len(), rule.custody.len()) || twice(scopes.len(), rule.scopes.len()) {
        return Err("a demand of a role is said twice");
    }
    Ok(())
}

pub(super) fn refused(why: &str) -> Error {
    Error::verification(format!("the trust root is refused: {why}"))
}
