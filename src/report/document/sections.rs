//! The parts of a report. Plain data, in no language; whatever says something is wrapped in [`Backed`](super::Backed) by the report.

use super::inside::WithinRow;
use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word in documents, and the key in the data of a language.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }
    };
}

pub(super) use words;

words! {
    /// What a report is of.
    Kind {
        /// What a lock would have carried.
        Plan = "plan",
        /// What is about to be carried.
        Bundle = "bundle",
        /// What has come in and is not installed.
        Arrival = "arrival",
        /// What was installed by one import.
        Receipt = "receipt",
        /// What is installed.
        Installed = "installed",
        /// What one has that another has not.
        Difference = "difference",
        /// What a key has admitted.
        Impact = "impact",
        /// Why something is there.
        Why = "why",
    }
}

words! {
    /// What is decided.
    Verdict {
        /// Nothing speaks against an import.
        Allowed = "allowed",
        /// It may be imported because the policy excepts what a rule found.
        AllowedWithExceptions = "allowed-with-exceptions",
        /// It may be imported, and people should know of something.
        AllowedWithRemarks = "allowed-with-remarks",
        /// Nothing that was looked at speaks against an import, and rules were not asked yet that can.
        Undecided = "undecided",
        /// Nothing speaks against an import but that too few people have approved it, and nobody has refused it.
        WaitingForApproval = "waiting-for-approval",
        /// It may not be imported.
        Refused = "refused",
        /// Something that is needed is not here yet.
        Waiting = "waiting",
        /// It is installed already.
        Installed = "installed",
        /// Nothing is to be decided: people are told something.
        Information = "information",
    }
}

words! {
    /// What became of something.
    Became {
        /// The same version has other bytes.
        Rebuilt = "rebuilt",
        /// An earlier version takes the place of a later one.
        Downgraded = "downgraded",
        /// A later version takes the place of an earlier one.
        Upgraded = "upgraded",
        /// Other versions, of which it is not certain which is the later one.
        Changed = "changed",
        /// It was not there.
        New = "new",
        /// It is gone.
        Removed = "removed",
    }
}

words! {
    /// What is counted on page 1.
    Tile {
        /// Known to be exploited.
        Exploited = "exploited",
        /// The package itself is the attack.
        Malicious = "malicious",
        /// Critical or high.
        Severe = "severe",
        /// Of which nobody has said how severe they are.
        Unrated = "unrated",
        /// Critical or high, and not installed already.
        SevereNew = "severe-new",
        /// In what is installed and not in what takes its place.
        Fixed = "fixed",
        /// In what is installed already.
        Already = "already",
        /// Of which something is not known.
        Undetermined = "undetermined",
        /// Of which nothing can be said.
        NotAssessable = "not-assessable",
        /// About which there is a statement that holds.
        Stated = "stated",
        /// Whose digest its upstream told.
        FromUpstream = "from-upstream",
        /// Whose digest a person pinned.
        Pinned = "pinned",
        /// Whose digest nobody told: trusted on first download.
        Downloaded = "downloaded",
        /// Signatures and attestations of upstreams that are carried.
        Attached = "attached",
        /// Model files whose loading runs what they say.
        Executable = "executable",
        /// Without a licence statement.
        Unlicensed = "unlicensed",
        /// With a licence statement that is none of the SPDX list.
        OtherLicence = "other-licence",
        /// Whose bytes are not here or could not be read.
        Unread = "unread",
        /// Signed by their publisher, as a key of the policy says.
        SignedByKey = "signed-by-key",
        /// With signatures, and none by a key that is for them and of their content.
        WronglySigned = "wrongly-signed",
        /// That a key is for and nobody signed.
        UnsignedDespiteKey = "unsigned-despite-key",
    }
}

/// How many there are; without a number nobody has looked, which is never none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Counted {
    /// What is counted.
    pub tile: Tile,
    /// How many, or nothing where it was not assessed.
    pub count: Option<u64>,
}

/// What something is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Identity {
    /// Its name.
    pub name: String,
    /// Release line; empty where there is none.
    pub line: String,
    /// Epoch of the line.
    pub epoch: Option<u64>,
    /// Number in the line, or of the snapshot.
    pub seq: Option<u64>,
    /// First and last number of the line that were never seen here.
    pub missing: Option<[u64; 2]>,
    /// The digest it is known by.
    pub sha256: String,
    /// The same, to be read aloud.
    pub spoken: String,
    /// When it was made, as it says itself.
    pub created: Option<String>,
    /// Artifacts; `null` where nobody counted.
    pub artifacts: Option<u64>,
    /// Distinct blobs; `null` where nobody counted.
    pub blobs: Option<u64>,
    /// Their bytes; `null` where nobody counted.
    pub bytes: Option<u64>,
    /// Bytes that what is installed has not.
    pub new_bytes: Option<u64>,
    /// The volumes.
    pub volumes: Vec<VolumeRow>,
    /// The bundles, of what is installed.
    pub bundles: Vec<BundleRow>,
}

/// A volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct VolumeRow {
    /// Its file name.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
    /// Whether it is here.
    pub here: bool,
}

/// An installed bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BundleRow {
    /// Name and number.
    pub label: String,
    /// Release line.
    pub line: String,
    /// The digest of its statement.
    pub sha256: String,
    /// The same, to be read aloud.
    pub spoken: String,
    /// What is to be known of it, by key; such as `served-revoked`, `stands`, `falls`, `spared`, `unread`.
    pub state: String,
}

/// The proof that an event is in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ProofRow {
    /// The event's place in the log.
    pub index: u64,
    /// How many events the checkpoint covers.
    pub size: u64,
    /// The root of the tree over them.
    pub root: String,
    /// The log's key, by which the checkpoint is verified.
    pub key: String,
    /// The receipt, line by line (C2SP `tlog-proof`): joined by line feeds, with one at the end, it verifies alone.
    pub lines: Vec<String>,
}

/// Who stands behind it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct People {
    /// Whose signatures count.
    pub signers: Vec<SignerRow>,
    /// How many people have to sign.
    pub threshold: u64,
    /// The trust root they were judged by.
    pub root: String,
    /// Who decided.
    pub approvers: Vec<ApproverRow>,
    /// How many people have to approve; `null` where that was not judged.
    pub approvals: Option<u64>,
    /// Who may approve by the trust root and has not decided; nobody where it is not waited for them.
    pub awaited: Vec<String>,
}

/// A signer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SignerRow {
    /// Who.
    pub name: String,
    /// With which key.
    pub key: String,
    /// How the trust root says the key is kept.
    pub custody: String,
    /// Why the key was revoked since, where it was: `compromised`, `retired`, `lost`.
    pub revoked: Option<String>,
}

/// Somebody who decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ApproverRow {
    /// Who.
    pub name: String,
    /// What they decided.
    pub decision: String,
    /// When, as they say.
    pub time: String,
    /// Why.
    pub reason: String,
}

/// What would change, or has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Changes {
    /// What it is compared with; empty where there was nothing before.
    pub before: String,
    /// What differs, what a reviewer looks at first in front.
    pub rows: Vec<ChangeRow>,
}

impl Changes {
    /// How many became that.
    pub fn count(&self, became: Became) -> usize {
        self.rows.iter().filter(|row| row.became == became).count()
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ChangeRow {
    /// What became of it.
    pub became: Became,
    /// Ecosystem and name.
    pub name: String,
    /// The versions before.
    pub before: String,
    /// The versions after.
    pub after: String,
}

/// How old something is that others rest on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Age {
    /// What: `advisory-data`, `exploited-list`, `likelihood-table`, `statement`, `trust-root`, `bundle`.
    pub what: String,
    /// Which, where there are several.
    pub name: String,
    /// As of when; nothing where there is none.
    pub time: Option<String>,
    /// Whole days before the report's time; `null` where it is later than that.
    pub days: Option<u64>,
    /// Of advisories, when the newest of their records was changed: they are fetched today, and may have stood still for long.
    pub newest: Option<Newest>,
}

/// The newest change of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Newest {
    /// When.
    pub time: String,
    /// Whole days before the report's time; `null` where it is later than that.
    pub days: Option<u64>,
}

/// A thing of a list and how often it is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CountRow {
    /// What; empty for none declared.
    pub name: String,
    /// How often.
    pub count: u64,
}

/// A publisher's list of packages beside what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ComparedRow {
    /// The artifact, or the platform of it.
    pub artifact: String,
    /// The form of the list.
    pub form: String,
    /// SHA-256 of the list.
    pub sha256: String,
    /// Packages of both, by type, name and version.
    pub same: u64,
    /// Packages that only the publisher lists.
    pub only_listed: u64,
    /// Packages that were only found here.
    pub only_found: u64,
    /// Entries of the list that have no package URL and cannot be compared.
    pub unnamed: u64,
}

/// A model, as declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ModelRow {
    /// Name and revision.
    pub name: String,
    /// What it is for.
    pub task: String,
    /// Its architecture.
    pub architecture: String,
    /// Number of parameters.
    pub parameters: Option<u64>,
    /// Models it is declared to be made from.
    pub bases: Vec<String>,
    /// Data it is declared to have been trained on.
    pub datasets: Vec<String>,
    /// Formats its files show by content.
    pub formats: Vec<String>,
    /// Files whose loading runs what they say.
    pub executable: Vec<String>,
    /// Files of which that is not known.
    pub not_looked_into: u64,
}

/// One artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ArtifactRow {
    /// The room it is from.
    pub ecosystem: String,
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Bytes of its blobs.
    pub bytes: u64,
    /// The digest of its first blob.
    pub sha256: String,
    /// The licence as it is declared.
    pub licence: String,
    /// Who publishes it, as declared.
    pub supplier: String,
    /// How far it was read: `examined`, `not examined`, `not assessable`, `unreadable`.
    pub examined: String,
}

/// Something that happened to it, as the event log has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EventRow {
    /// Its place in the log.
    pub index: u64,
    /// When, by the host's clock.
    pub time: String,
    /// What.
    pub kind: String,
    /// The pseudonym of who did it.
    pub actor: String,
    /// A line for people.
    pub note: String,
}

/// Why something is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct WhyRow {
    /// Name and version of what was asked for.
    pub name: String,
    /// The sections of the manifest that asked for it by themselves or with others.
    pub sections: Vec<String>,
    /// From something that is not needed by others, step by step, to it; of a long way, as many steps from each of its ends.
    pub path: Vec<String>,
    /// Steps that are left out in the middle of the way.
    pub between: u64,
    /// How many need it directly.
    pub needed_by: u64,
    /// Where it lies, if it is inside an artifact: sections are then those that asked for the artifact, and the way is one within it.
    pub within: Option<WithinRow>,
}
