//! The rules that gates judge artifacts by. `docs/formats/policy.md` lists them, and a test compares the two.

/// A rule: its id is what findings, exceptions, reports and scripts name it by, and does not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Family and name.
    pub id: &'static str,
    /// What it is about, in a few words.
    pub title: &'static str,
    /// What a finding means, and what can be done.
    pub help: &'static str,
}

macro_rules! rules {
    ($($name:ident $id:literal $title:literal $help:literal;)*) => {
        $(
            #[doc = $title]
            pub const $name: Rule = Rule { id: $id, title: $title, help: $help };
        )*
        /// All of them, in the order of their ids within a family.
        pub const ALL: &[Rule] = &[$($name),*];
    };
}

rules! {
    DATA "advisories.data" "Advisories are at hand and not too old" "Bring advisories of these days across: without them nothing can be said of any package.";
    EXPLOITED "advisories.exploited" "No package has a vulnerability that is known to be exploited" "Take a version in that mends it, or grant an exception with a reason and an end.";
    LIKELY "advisories.likely" "No package has a vulnerability that is likely to be exploited" "Take a version in that mends it, or grant an exception with a reason and an end. The scores are FIRST's (EPSS) and say how likely it is within 30 days.";
    MALICIOUS "advisories.malicious" "No package is an attack" "Do not install it. Whoever has installed it should treat the machine as taken over.";
    NOT_EXAMINED "advisories.not-examined" "What is inside images was looked into" "Its content is not here or could not be read, so that nobody knows which packages are in it: fetch it, or ask where it is.";
    SEVERITY "advisories.severity" "No package has a vulnerability of that severity" "Take a version in that mends it, or grant an exception with a reason and an end. What nobody has rated counts as of any severity.";
    UNDETERMINED "advisories.undetermined" "Every package can be laid beside the advisories" "It is not known whether the package is affected: its version, its ecosystem or a record cannot be compared.";
    AGE "artifacts.age" "Releases are not too old" "Take a newer release in, or see whether anybody still looks after it.";
    COOL_DOWN "artifacts.cool-down" "Releases have been out for some days" "Most attacks by releases are seen within days: wait, or take an earlier release in.";
    FORMAT "artifacts.format" "Files are of accepted formats" "Take the same content in another format: formats that run what they say when they are loaded can hold anything.";
    LICENCE "artifacts.licence" "Licences are accepted ones" "Replace it, obtain another licence, or grant an exception.";
    LICENCE_INSIDE "artifacts.licence-inside" "Licences of packages inside are accepted ones" "Take an image or package without it, obtain another licence, or grant an exception for the package or for what it is in. What could not be looked into has to be brought, or allowed.";
    SCAN "artifacts.scan" "Strict readers find nothing" "airlift scan says where; docs/guides/scanning.md what it means.";
    SIGNATURE "artifacts.signature" "Publishers have signed it" "Ask the publisher, or take it from where its signatures are.";
    SIZE "artifacts.size" "Artifacts are not too large" "Leave files out of it, or allow more.";
    UNKNOWN_AGE "artifacts.unknown-age" "It is known when releases came out" "The index does not say it: lock from one that does, or allow it.";
    UNKNOWN_LICENCE "artifacts.unknown-licence" "Licences are stated, as expressions of the SPDX list" "Read what its publisher writes, then grant an exception that says which licence it is.";
    UNKNOWN_LICENCE_INSIDE "artifacts.unknown-licence-inside" "Licences of packages inside are stated, as expressions of the SPDX list" "Read what its publisher writes, then grant an exception that says which licence it is.";
    UNKNOWN_SIGNATURE "artifacts.unknown-signature" "It is known whether publishers have signed it" "The lock does not say it: let signatures be looked for, or allow it.";
    WRONG_SIGNATURE "artifacts.wrong-signature" "No signature is another one than it should be" "Do not install it before you know why: it was changed, signed by somebody else, or signed as something else. Ask the publisher whether their key is another now.";
    BUNDLE_AGE "bundle.age" "The bundle is not too old" "Have a new one made.";
    BUNDLE_ECOSYSTEMS "bundle.ecosystems" "The bundle holds only ecosystems that are taken" "Have it made without them, or take them.";
    BUNDLE_ROOT "bundle.expired-root" "The trust root is in its time" "Renew the trust root: airlift trust rotate.";
    BUNDLE_GAPS "bundle.gaps" "No number of the line is missing" "Ask for the bundles between, or accept that they are missing.";
    BUNDLE_LINE "bundle.line" "The bundle is of a line that is taken" "Take a bundle of another line.";
    BUNDLE_TOOLKIT "bundle.toolkit" "The bundle is of a toolkit that is taken" "Take a bundle of another toolkit.";
    EXCEPTION "policy.exception" "Exceptions are in their time" "Renew it with a reason of today, or take it out.";
}

/// Rules that exceptions can be granted from.
pub const EXCEPTABLE: &[&str] = &[
    EXPLOITED.id,
    LIKELY.id,
    MALICIOUS.id,
    NOT_EXAMINED.id,
    SEVERITY.id,
    UNDETERMINED.id,
    AGE.id,
    COOL_DOWN.id,
    FORMAT.id,
    LICENCE.id,
    LICENCE_INSIDE.id,
    SCAN.id,
    SIGNATURE.id,
    SIZE.id,
    UNKNOWN_AGE.id,
    UNKNOWN_LICENCE.id,
    UNKNOWN_LICENCE_INSIDE.id,
    UNKNOWN_SIGNATURE.id,
    WRONG_SIGNATURE.id,
];

/// Rules about the release of an artifact at its publisher, which what is only there for another one has none of.
pub(super) fn is_of_release(rule: Rule) -> bool {
    [AGE, COOL_DOWN, SIGNATURE, UNKNOWN_AGE, UNKNOWN_SIGNATURE, WRONG_SIGNATURE].contains(&rule)
}

/// The rules that judge what is not known to this one.
pub(super) fn told_by(id: &str) -> &'static [Rule] {
    const ADVISED: [Rule; 4] = [EXPLOITED, LIKELY, MALICIOUS, SEVERITY];
    match id {
        id if id == AGE.id || id == COOL_DOWN.id => &[UNKNOWN_AGE],
        id if id == LICENCE.id => &[UNKNOWN_LICENCE],
        id if id == LICENCE_INSIDE.id => &[UNKNOWN_LICENCE_INSIDE],
        id if id == SIGNATURE.id => &[UNKNOWN_SIGNATURE],
        id if ADVISED.iter().any(|rule| rule.id == id) => &[NOT_EXAMINED, UNDETERMINED],
        _ => &[],
    }
}

/// Whether only the content of artifacts, or advisories, have the last word on a rule: what a lock says of licences and formats may be less
/// than there is. With `beside`, artifacts that name another one may turn out not to be there for it alone: then rules about releases are
/// asked of them too.
pub fn rests_on_content(id: &str, beside: bool) -> bool {
    let Some(rule) = ALL.iter().find(|rule| rule.id == id) else { return false };
    // Whether a key verifies is in the signature itself.
    let by_lock = *rule == SIZE || is_of_release(*rule) && *rule != WRONG_SIGNATURE && !beside;
    ["artifacts.", "advisories."].iter().any(|family| id.starts_with(family)) && !by_lock
}
