//! Why a keyless signature is none.

/// Which check failed, and on what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It cannot be read.
    Malformed(&'static str),
    /// The key of the certificate did not make it of these bytes.
    Signature,
    /// The certificate is not one that a keyless signature has.
    Certificate(&'static str),
    /// No authority of the trusted root issued the certificate, or not for this, or not at that time.
    Chain(String),
    /// No log of certificates that the trusted root knows promised to list the certificate.
    Unlisted(&'static str),
    /// No entry of a log of signatures tells when it was made.
    Untimed(&'static str),
    /// No timestamp is by an authority of the trusted root of this signature.
    Timestamp(String),
    /// The entry is in a log that the trusted root does not know, or not for that time.
    UnknownLog,
    /// The log did not sign the time and place of the entry (`SignedEntryTimestamp`).
    EntryTimestamp,
    /// The entry is not shown to be in the tree.
    Inclusion(&'static str),
    /// The log did not sign the tree.
    Checkpoint(&'static str),
    /// The entry is about another signature, certificate or content.
    OtherEntry(&'static str),
    /// Another provider knew who signed.
    Issuer(String),
    /// Somebody else signed.
    Identity(String),
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Malformed(why) => f.write_str(why),
            Self::Signature => f.write_str("the key of its certificate did not make it of this"),
            Self::Certificate(why) => write!(f, "its certificate: {why}"),
            Self::Chain(why) => write!(f, "its certificate is not by an authority of the trusted root: {why}"),
            Self::Unlisted(why) => write!(f, "its certificate is not known to be in a log of certificates: {why}"),
            Self::Untimed(why) => write!(f, "nothing that is judged tells when it was made: {why}"),
            Self::Timestamp(why) => write!(f, "its timestamp is not one that counts: {why}"),
            Self::UnknownLog => f.write_str("it is entered in a log that the trusted root does not know, or not for that time"),
            Self::EntryTimestamp => f.write_str("the log of signatures did not sign when and where it was entered"),
            Self::Inclusion(why) => write!(f, "it is not shown to be in the log of signatures: {why}"),
            Self::Checkpoint(why) => write!(f, "the log of signatures did not sign its tree: {why}"),
            Self::OtherEntry(why) => write!(f, "its entry in the log of signatures is about another {why}"),
            Self::Issuer(found) => write!(f, "{found:.200} says who signed it"),
            Self::Identity(found) => write!(f, "{found:.300} signed it"),
        }
    }
}
