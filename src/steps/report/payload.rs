//! What is known of a bundle's payload: how much of it was compared, and what each way of carrying blobs takes.

use crate::artifact::Artifact;
use crate::bundle::{Authentic, Encoding, Taken, VerifiedBundle};
use crate::error::{Error, Kind, Result};
use crate::progress::Progress;
use crate::report::document::{Backed, Carriage, Claim, EncodingRow, Evidence, Report, Source};
use crate::store::Store;

/// How much of a bundle's content was compared with what was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    /// Nothing.
    Nothing,
    /// All stored bytes, and the digests of all blobs but so many with so many bytes, which could not be made again.
    But {
        /// How many blobs.
        blobs: usize,
        /// Their bytes.
        bytes: u64,
    },
}

impl Compared {
    /// What verification has compared.
    pub fn by(verified: &VerifiedBundle) -> Self {
        let unbuilt = verified.unbuilt();
        let left = verified.bundle().table.blobs.iter().filter(|blob| unbuilt.binary_search(&blob.digest).is_ok());
        Self::But { blobs: unbuilt.len(), bytes: left.fold(0, |sum, blob| sum.saturating_add(blob.size)) }
    }
}

/// Says of a bundle what is known of its payload.
pub fn fill(report: &mut Report, bundle: &Authentic, compared: Compared) {
    let by = Evidence::of(Source::Volumes, bundle.id);
    let carried = bundle.table.blobs.iter().fold(0u64, |sum, blob| sum.saturating_add(blob.size));
    match compared {
        Compared::Nothing => report.not_checked.insert(0, Claim::say("payload-not-read", &[], by)),
        Compared::But { blobs, bytes } => {
            let not_made = || Claim::say("payload-partly", &[("count", blobs.to_string())], by.clone());
            let told = (blobs > 0).then(not_made);
            report.not_checked.splice(0..0, told);
            let (blobs, bytes) = (bundle.table.blobs.len().saturating_sub(blobs), carried.saturating_sub(bytes));
            let values = [("blobs", blobs.to_string()), ("bytes", bytes.to_string())];
            report.transcript.push(Claim::say("payload-read", &values, by));
        }
    }
    report.encodings = Some(Backed::new(encodings(bundle), Evidence::of(Source::Statement, bundle.id)));
}

/// Compares what is here of some artifacts with their digests, and says so in a report of them. [`Kind::Store`] where a blob is another.
pub fn scrub(report: &mut Report, store: &Store, artifacts: &[Artifact], (threads, progress): (usize, &dyn Progress)) -> Result<()> {
    let blobs = artifacts.iter().flat_map(|artifact| &artifact.descriptors).map(|blob| blob.digest).collect();
    let compared = store.compare(&blobs, threads, progress)?;
    if let Some(fault) = compared.faults.first() {
        let of = |artifact: &&Artifact| artifact.descriptors.iter().any(|blob| Some(blob.digest) == fault.blob);
        let whose = artifacts.iter().find(of).map_or_else(String::new, Artifact::label);
        return Err(Error::new(
            Kind::Store,
            format!("{whose}: a blob of it is not what it was when it came in, and nothing is reported of it"),
        )
        .with("blob", &fault.place)
        .with("found", &fault.problem)
        .with("damaged blobs", compared.faults.len())
        .hint("airlift scrub --discard takes damaged blobs out, and importing the same bundle again brings them back"));
    }
    let values = [("blobs", compared.blobs.to_string()), ("bytes", compared.bytes.to_string())];
    report.transcript.push(Claim::say("store-read", &values, Evidence::tool()));
    Ok(())
}

/// Says of a report of what is installed that nobody compared it again.
pub fn not_scrubbed(report: &mut Report) {
    report.not_checked.push(Claim::say("store-not-read", &[], Evidence::tool()));
}

/// What each way of carrying blobs takes; ways that nothing is carried in are left out.
fn encodings(bundle: &Authentic) -> Vec<EncodingRow> {
    let way = |encoding| match encoding {
        Encoding::Stored => Carriage::Stored,
        Encoding::Zstd => Carriage::Zstd,
        Encoding::Recoded => Carriage::Recoded,
    };
    let row =
        |taken: Taken| EncodingRow { encoding: way(taken.encoding), blobs: taken.blobs as u64, bytes: taken.bytes, carried: taken.carried };
    let mut left_out = bundle.lock.blobs();
    left_out.retain(|digest, _| bundle.bases.granted.contains_key(digest));
    let bytes = left_out.values().fold(0, |sum: u64, size| sum.saturating_add(*size));
    let left_out = EncodingRow { encoding: Carriage::LeftOut, blobs: left_out.len() as u64, bytes, carried: 0 };
    bundle.table.by_encoding().into_iter().map(row).chain([left_out]).filter(|row| row.blobs > 0).collect()
}
