//! Entries of logs of signatures (Rekor): that the log signed when and where it took one in (version 1), and that it is in the log's tree.

use super::Signed;
use super::refusal::Refusal;
use super::root::{Log, TrustedRoot};
use super::tree::Proof;
use crate::artifact::Digest;
use data_encoding::BASE64;

/// Most timestamps of authorities of one signature.
const MOST_TIMESTAMPS: usize = 8;

/// An entry as it was carried along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The log's name.
    pub log: Digest,
    /// Its number in the log.
    pub index: u64,
    /// When the log took it in, in seconds since 1970.
    pub time: Option<i64>,
    /// What was entered.
    pub body: Vec<u8>,
    /// The log's signature over all of the above; logs of version 2 make none.
    pub timestamp: Option<Vec<u8>>,
    /// That it is in the tree.
    pub proof: Option<Proof>,
}

impl Entry {
    /// When it was made, by everybody whom the trusted root has for that, the log before authorities of timestamps: at least one time. A timestamp
    /// that proves nothing is no reason to refuse what another one proves. A proof of its place tells no time.
    pub(super) fn times(&self, signed: &Signed<'_>, root: &TrustedRoot) -> Result<Vec<i64>, Refusal> {
        if signed.timestamps.len() > MOST_TIMESTAMPS {
            return Err(Refusal::Timestamp(format!("there are more than {MOST_TIMESTAMPS}")));
        }
        let mut times: Vec<i64> = self.promised(root)?.into_iter().collect();
        let mut why = match self.time {
            Some(_) => Refusal::Untimed("its entry has a time that the log did not sign"),
            None => Refusal::Untimed("its entry has no time, and no authority's timestamp is with it"),
        };
        for one in signed.timestamps {
            match root.stamped(one, signed.signature) {
                Ok(time) => times.push(time),
                Err(refusal) => why = refusal,
            }
        }
        if times.is_empty() { Err(why) } else { Ok(times) }
    }

    /// When the log took it in, where it signed that.
    fn promised(&self, root: &TrustedRoot) -> Result<Option<i64>, Refusal> {
        let Some(promise) = &self.timestamp else { return Ok(None) };
        let time = self.time.ok_or(Refusal::Untimed("its entry has no time, and the log's signature over one"))?;
        let log = root.logs.iter().find(|log| log.id == self.log && log.period.covers(time)).ok_or(Refusal::UnknownLog)?;
        // JSON whose members stand in their order (RFC 8785).
        let body = BASE64.encode(&self.body);
        let text = format!(r#"{{"body":"{body}","integratedTime":{time},"logID":"{}","logIndex":{}}}"#, self.log.hex(), self.index);
        if log.key.verifies(text.as_bytes(), promise) { Ok(Some(time)) } else { Err(Refusal::EntryTimestamp) }
    }

    /// That it is in the tree of a log that the trusted root has for these times. Only a log that signed time and place of it may leave that out.
    pub(super) fn placed(&self, times: &[i64], root: &TrustedRoot, must_be_placed: bool) -> Result<(), Refusal> {
        let covers = |log: &&Log| log.id == self.log && times.iter().all(|time| log.period.covers(*time));
        let log = root.logs.iter().find(covers).ok_or(Refusal::UnknownLog)?;
        let signed = self.timestamp.is_some();
        match &self.proof {
            Some(proof) if !signed && proof.index != self.index => Err(Refusal::Inclusion("it is for another place than the entry's")),
            Some(proof) => proof.verify(&self.body, log),
            None if must_be_placed || !signed => Err(Refusal::Inclusion("there is no proof of it")),
            None => Ok(()),
        }
    }
}
