//! Requirements as text, checked and turned into uv's types.

use std::str::FromStr;

use uv_configuration::HashCheckingMode;
use uv_distribution_types::{Requirement, RequirementSource, UnresolvedRequirement};
use uv_normalize::PackageName;
use uv_pep440::Operator;
use uv_pep508::MarkerEnvironment;
use uv_pypi_types::{HashAlgorithm, HashDigest, VerbatimParsedUrl};
use uv_types::HashStrategy;

use crate::failure::{Failure, FailureKind};
use crate::request;

/// The longest requirement that is read, in bytes.
const LONGEST: usize = 16 << 10;
/// How deep parentheses may nest. uv reads markers by recursion, and a stack has an end.
const DEEPEST: usize = 100;

/// The requirements of one request that apply to its target.
pub(crate) struct Inputs {
    /// What must be there.
    pub(crate) requirements: Vec<Requirement>,
    /// The digests that some of them allow.
    pub(crate) pins: Vec<Pin>,
    /// The same for uv, which prefers files that match.
    pub(crate) hashes: HashStrategy,
}

/// The digests that one pinned requirement allows.
pub(crate) struct Pin {
    pub(crate) name: PackageName,
    pub(crate) digests: Vec<HashDigest>,
    /// Where the requirement was written.
    pub(crate) origin: String,
}

/// Reads the requirements of a request.
pub(crate) fn requirements(given: &[request::Requirement], require_hashes: bool, markers: &MarkerEnvironment) -> Result<Inputs, Failure> {
    let mut requirements = Vec::with_capacity(given.len());
    let mut pins = Vec::new();
    let mut hashed = Vec::new();
    for item in given {
        let requirement = parse(&item.text, &item.origin)?;
        let digests = digests(item, &requirement, require_hashes)?;
        if requirement.evaluate_markers(Some(markers), &[]) {
            if !digests.is_empty() {
                let (name, origin) = (requirement.name.clone(), item.origin.clone());
                pins.push(Pin { name, digests, origin });
            }
            hashed.push((UnresolvedRequirement::Named(requirement.clone()), item.hashes.clone()));
        }
        requirements.push(requirement);
    }
    let mode = match (require_hashes, pins.is_empty()) {
        (true, _) => Some(HashCheckingMode::Require),
        (false, false) => Some(HashCheckingMode::Verify),
        (false, true) => None,
    };
    let hashes = hash_strategy(&hashed, mode)?;
    Ok(Inputs { requirements, pins, hashes })
}

/// Reads constraints or overrides; `what` names them in messages.
pub(crate) fn plain(texts: &[String], what: &str) -> Result<Vec<Requirement>, Failure> {
    texts.iter().map(|text| parse(text, what)).collect()
}

/// One PEP 508 requirement that can be met from an index or by a wheel at a URL.
pub(crate) fn parse(text: &str, origin: &str) -> Result<Requirement, Failure> {
    if text.len() > LONGEST || too_deep(text) {
        let message = format!("{origin}: not a requirement: too long, or nested too deep");
        return Err(Failure::new(FailureKind::Invalid, message));
    }
    if let Some(what) = refused(text) {
        return Err(refusal(origin, text, what));
    }
    let requirement = uv_pep508::Requirement::<VerbatimParsedUrl>::from_str(text).map(Requirement::from).map_err(|error| {
        let message = format!("{origin}: not a requirement (PEP 508): {error}");
        Failure::new(FailureKind::Invalid, message)
    })?;
    match &requirement.source {
        RequirementSource::Registry { .. } => Ok(requirement),
        RequirementSource::Url { location, .. } => {
            if !location.username().is_empty() || location.password().is_some() {
                return Err(refusal(origin, text, "a URL with credentials in it"));
            }
            if matches!(location.scheme(), "http" | "https") {
                return Ok(requirement);
            }
            Err(refusal(origin, text, "a URL that is neither http nor https"))
        }
        RequirementSource::GitDirectory { .. } | RequirementSource::GitPath { .. } => Err(refusal(origin, text, "a git repository")),
        RequirementSource::Path { .. } | RequirementSource::Directory { .. } => Err(refusal(origin, text, "a local path")),
    }
}

/// Whether the parentheses of a text nest deeper than is safe to read.
pub(crate) fn too_deep(text: &str) -> bool {
    let mut depth = 0_usize;
    text.bytes().any(|byte| {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > DEEPEST
    })
}

/// What a requirement line asks for, if that is refused here whatever the rest says.
pub(crate) fn refused(line: &str) -> Option<&'static str> {
    let line = line.trim_start();
    if line.starts_with("-e") || line.starts_with("--editable") {
        return Some("an editable project");
    }
    let source = line.split_once('@').map(|(_, source)| source.trim_start());
    for part in [Some(line), source].into_iter().flatten() {
        if part.starts_with("git+") {
            return Some("a git repository");
        }
        if ["hg+", "svn+", "bzr+"].iter().any(|scheme| part.starts_with(scheme)) {
            return Some("a version-control repository");
        }
        if part.starts_with("file:") || part.starts_with(['.', '/', '~', '\\']) {
            return Some("a local path");
        }
    }
    None
}

/// The failure for a requirement that asks for `what`.
pub(crate) fn refusal(origin: &str, text: &str, what: &str) -> Failure {
    let text: String = text.trim().chars().take(200).collect();
    Failure::new(FailureKind::Refused, format!("{origin}: `{text}` is {what}, which is refused"))
        .hint("only released files cross: name a version on an index, or an https URL of a wheel")
}

/// The digests of a requirement, checked.
fn digests(given: &request::Requirement, requirement: &Requirement, required: bool) -> Result<Vec<HashDigest>, Failure> {
    let wrong = |text: String| Err(Failure::new(FailureKind::Invalid, text));
    let (origin, name) = (&given.origin, &requirement.name);
    if given.hashes.is_empty() {
        if !required || requirement.hashes().is_some() {
            return Ok(Vec::new());
        }
        return wrong(format!("{origin}: {name} has no hash, and every package must have one"));
    }
    if !pinned(requirement) {
        let text = &given.text;
        return wrong(format!("{origin}: `{text}` has hashes but does not pin a version with =="));
    }
    let mut digests = Vec::with_capacity(given.hashes.len());
    for text in &given.hashes {
        match HashDigest::from_str(text) {
            Ok(digest) if well_formed(&digest) => digests.push(digest),
            _ => {
                let expected = "sha256:, sha384: or sha512: and that many lower-case hex digits";
                return wrong(format!("{origin}: {name}: hash `{text}` is not {expected}"));
            }
        }
    }
    Ok(digests)
}

/// Whether the requirement names exactly one distribution version or file.
fn pinned(requirement: &Requirement) -> bool {
    match &requirement.source {
        RequirementSource::Registry { specifier, .. } => {
            matches!(specifier.as_ref(), [one] if *one.operator() == Operator::Equal)
        }
        _ => true,
    }
}

/// A digest of a strong algorithm with the right length.
pub(crate) fn well_formed(digest: &HashDigest) -> bool {
    let digits = match digest.algorithm() {
        HashAlgorithm::Sha256 => 64,
        HashAlgorithm::Sha384 => 96,
        HashAlgorithm::Sha512 => 128,
        HashAlgorithm::Md5 | HashAlgorithm::Blake2b => return false,
    };
    digest.digest.len() == digits && digest.digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn hash_strategy(hashed: &[(UnresolvedRequirement, Vec<String>)], mode: Option<HashCheckingMode>) -> Result<HashStrategy, Failure> {
    let Some(mode) = mode else {
        return Ok(HashStrategy::None);
    };
    let entries = hashed.iter().map(|(requirement, hashes)| (requirement, hashes.as_slice()));
    // Markers are already evaluated: only what applies to the target is in the list.
    HashStrategy::from_requirements(entries, std::iter::empty(), None, mode)
        .map_err(|error| Failure::from_error(FailureKind::Invalid, &error))
}
