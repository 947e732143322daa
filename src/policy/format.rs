//! `docs/formats/policy.md`, "Policy file", version 1: TOML as a site's people write it.

use super::gate::{Choice, Terms, WireAdvisories, WireArtifacts, WireException, WireIdentity, WireKey, WireKeys, WireRoot};
use crate::artifact::Digest;
use crate::error::{Error, Kind, Result};
use serde::Deserialize;
use std::collections::BTreeSet;

/// Longest policy file, in bytes.
pub const MAX_POLICY_BYTES: usize = 64 << 10;
const VERSION: u32 = 1;
/// Most names in a list, and the longest of them in bytes.
const MOST_NAMES: usize = 256;
const LONGEST_NAME: usize = 128;
/// A hundred years: more is a slip of the hand.
const MOST_DAYS: u32 = 36_525;

/// What a host asks of a bundle. The default asks nothing that signatures and order do not ask already.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the file, and they are independent")]
pub struct Policy {
    /// Toolkits that are taken; `None` takes every one.
    pub toolkits: Option<BTreeSet<String>>,
    /// Release lines that are taken.
    pub lines: Option<BTreeSet<String>>,
    /// Ecosystems whose artifacts are taken.
    pub ecosystems: Option<BTreeSet<String>>,
    /// Oldest bundle that is taken, in days after its claimed creation.
    pub max_age_days: Option<u32>,
    /// Whether numbers may be missing in a line.
    pub gaps_refused: bool,
    /// Whether a trust root that should have been replaced still admits bundles.
    pub expired_root_refused: bool,
    /// Whether people must approve each bundle, even when the trust root does not ask for it.
    pub approval_required: bool,
    /// Whether one approver alone may let a bundle in, with a reason.
    pub break_glass: bool,
    /// What is asked of artifacts.
    pub terms: Terms,
    /// SHA-256 of the file; `None` for the default.
    pub digest: Option<Digest>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WirePolicy {
    #[serde(rename = "airlift-policy")]
    _version: u32,
    #[serde(default)]
    bundle: WireBundle,
    #[serde(default)]
    approval: WireApproval,
    #[serde(default)]
    artifacts: WireArtifacts,
    advisories: Option<WireAdvisories>,
    #[serde(default)]
    upstream_key: Vec<WireKey>,
    #[serde(default)]
    upstream_identity: Vec<WireIdentity>,
    #[serde(default)]
    trusted_root: Vec<WireRoot>,
    #[serde(default)]
    exception: Vec<WireException>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct WireBundle {
    toolkits: Option<Vec<String>>,
    lines: Option<Vec<String>>,
    ecosystems: Option<Vec<String>>,
    max_age_days: Option<u32>,
    gaps: Choice,
    expired_root: Choice,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct WireApproval {
    required: bool,
    break_glass: bool,
}

/// What every version has, so that a newer one is recognised as such whatever else it holds.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Version {
    airlift_policy: u32,
}

impl Policy {
    /// Reads a policy file. An unknown key is an error: a rule that is not understood would not be kept.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > MAX_POLICY_BYTES {
            return Err(refused("it is too large").with("expected", format!("at most {MAX_POLICY_BYTES} bytes")));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| refused("it is not UTF-8"))?;
        let wrong = |e: toml::de::Error| refused("it cannot be read").with("found", e.to_string().trim_end());
        let Version { airlift_policy } = toml::from_str(text).map_err(wrong)?;
        if airlift_policy != VERSION {
            let error = refused("its format is another").with("expected", format!("airlift-policy = {VERSION}"));
            return Err(error.with("found", airlift_policy).hint("read it with the airlift it was written for, or a later one"));
        }
        let WirePolicy { bundle, approval, artifacts, advisories, upstream_key, upstream_identity, trusted_root, exception, .. } =
            toml::from_str(text).map_err(wrong)?;
        let keys = WireKeys { keys: upstream_key, identities: upstream_identity, roots: trusted_root };
        if bundle.max_age_days.is_some_and(|days| days == 0 || days > MOST_DAYS) {
            return Err(refused("`bundle.max-age-days` is out of range").with("expected", format!("between 1 and {MOST_DAYS}")));
        }
        Ok(Self {
            toolkits: names("bundle.toolkits", bundle.toolkits)?,
            lines: names("bundle.lines", bundle.lines)?,
            ecosystems: names("bundle.ecosystems", bundle.ecosystems)?,
            max_age_days: bundle.max_age_days,
            gaps_refused: bundle.gaps == Choice::Refused,
            expired_root_refused: bundle.expired_root == Choice::Refused,
            approval_required: approval.required,
            break_glass: approval.break_glass,
            terms: Terms::read(artifacts, advisories, keys, exception)?,
            digest: Some(Digest::of(bytes)),
        })
    }
}

fn names(key: &str, list: Option<Vec<String>>) -> Result<Option<BTreeSet<String>>> {
    let Some(list) = list else { return Ok(None) };
    let about = |why: &str| refused(&format!("`{key}` {why}"));
    if list.is_empty() || list.len() > MOST_NAMES {
        return Err(
            about("is empty or too long").with("expected", format!("between 1 and {MOST_NAMES} names; without the key, all are taken"))
        );
    }
    let count = list.len();
    let plain = |name: &String| !name.is_empty() && name.len() <= LONGEST_NAME && crate::error::plain(name) == *name;
    match list.iter().find(|name| !plain(name)) {
        Some(name) => Err(about("has a name that cannot be one").with("found", format!("{name:.80}"))),
        None => Some(list.into_iter().collect::<BTreeSet<_>>())
            .filter(|set| set.len() == count)
            .map(Some)
            .ok_or_else(|| about("has a name twice")),
    }
}

fn refused(why: &str) -> Error {
    Error::new(Kind::Usage, format!("the policy is refused: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_says_what_it_says() {
        let text = "airlift-policy = 1\n[bundle]\nlines = [\"main\"]\nmax-age-days = 90\ngaps = \"refused\"\n[approval]\nrequired = true\n";
        let policy = Policy::parse(text.as_bytes()).expect("a policy");
        assert_eq!(policy.lines, Some(BTreeSet::from(["main".to_owned()])));
        assert_eq!((policy.max_age_days, policy.gaps_refused, policy.approval_required), (Some(90), true, true));
        assert_eq!((policy.expired_root_refused, policy.break_glass, policy.toolkits.clone()), (false, false, None));
        assert_eq!(policy.digest, Some(Digest::of(text.as_bytes())));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for (text, word) in [
            ("", "airlift-policy"),
            ("airlift-policy = 2\nnew = 1\n", "another"),
            ("airlift-policy = 1\nbundel = 1\n", "bundel"),
            ("airlift-policy = 1\n[bundle]\ngaps = \"ignored\"\n", "ignored"),
            ("airlift-policy = 1\n[bundle]\nmax-age-days = 0\n", "out of range"),
            ("airlift-policy = 1\n[bundle]\nlines = []\n", "empty"),
            ("airlift-policy = 1\n[bundle]\nlines = [\"a\", \"a\"]\n", "twice"),
            ("airlift-policy = 1\n[bundle]\nlines = [\"a\\u0007\"]\n", "cannot be one"),
        ] {
            let error = Policy::parse(text.as_bytes()).expect_err(text);
            let said = format!("{} {:?}", error.message(), error.context());
            assert!(said.contains(word) && error.kind() == Kind::Usage, "{text}: {said}");
        }
        assert!(Policy::parse(&[0xff]).is_err() && Policy::parse(&vec![b'#'; MAX_POLICY_BYTES + 1]).is_err());
    }
}
