//! What a bundle need not carry: blobs that every receiver has, and what is said shorter by blobs that are like it.
//!
//! A [`Site`] is what one receiver has, by a bundle or an inventory. What all sites have counts. [`prepare`] decides for each blob of a
//! lock whether it is left out, recoded or carried as it is, and makes the streams before anything is written.

mod candidates;
mod carried;
mod foresee;
mod looks;
mod prepare;
mod site;
#[cfg(test)]
mod tests;

pub use carried::{by_inventory, by_receipt};
pub use foresee::{Cost, Resembling, estimate, foresee};
pub use prepare::{Preparing, prepare};
pub use site::Site;

use crate::artifact::Digest;
use crate::bundle::{BaseRef, Parent, Recoding, Request};

/// How much work a smaller bundle is worth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Profile {
    /// Against bases, blobs are recoded; a bundle without any is as it is.
    #[default]
    Default,
    /// Everything is recoded, also where nothing is like it.
    Small,
    /// Blobs are left out, and nothing is recoded.
    Fast,
}

impl Profile {
    /// The word in documents.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Small => "small",
            Self::Fast => "fast",
        }
    }

    /// Level of zstd for recoded streams.
    const fn level(self) -> i32 {
        if matches!(self, Self::Small) { 9 } else { 3 }
    }
}

/// Whom a bundle is for, and how small it should be; by default anybody, and as fast as the disk.
#[derive(Debug, Default)]
pub struct Shape {
    /// The receivers; with none, it is a full bundle.
    pub sites: Vec<Site>,
    /// How much work it is worth.
    pub profile: Profile,
    /// Blobs that a receiver asks for once more: they are not counted on.
    pub request: Request,
    /// The bundles it is made from, where it is packed again.
    pub parents: Vec<Parent>,
    /// The lists of parents that those carry.
    pub ancestors: Vec<String>,
    /// What it leaves out and the streams it carries, as the one it is made from did.
    pub recut: Option<Recoding>,
    /// Epoch and number of the newest bundle that it is made from: its own number is above it.
    pub after: Option<(u64, u64)>,
}

impl Shape {
    /// Whether the bundle is one that any reader of the first version takes.
    pub fn is_plain(&self) -> bool {
        self.sites.is_empty() && self.profile != Profile::Small && self.parents.is_empty()
    }

    /// Whether a blob is left out: every receiver has it, and none asks for it once more.
    fn counts_on(&self, blob: &Digest) -> bool {
        self.is_everywhere(blob) && !self.request.holds(blob)
    }

    /// Whether every receiver has a blob.
    fn is_everywhere(&self, blob: &Digest) -> bool {
        !self.sites.is_empty() && self.sites.iter().all(|site| site.has(blob))
    }

    /// What decides the bundle's bytes beside its lock, for remembering how it was packed: one word a receiver, since what one has and what
    /// two have in common are not the same.
    pub fn told(&self) -> String {
        let of_site = |site: &Site| {
            let mut ids: Vec<String> = site.refs.iter().map(|base| base.id().hex()).collect();
            ids.sort();
            ids.join("+")
        };
        let mut sites: Vec<String> = self.sites.iter().map(of_site).collect();
        sites.sort();
        let request: String = self.request.words().collect::<Vec<_>>().join(" ");
        let parents: String = self.parents.iter().map(|parent| format!(" {} {}", parent.id.hex(), signed(parent))).collect();
        format!("{} {} {request}{parents}", self.profile.word(), sites.join(" "))
    }

    /// The bundles whose blobs it may be recoded from.
    pub fn bases(&self) -> Vec<Digest> {
        let refs = self.sites.iter().flat_map(|site| &site.refs);
        refs.filter(|base| matches!(base, BaseRef::Bundle { .. })).map(BaseRef::id).collect()
    }
}

/// SHA-256 of the signatures that are carried for a parent, and of what is said of them.
fn signed(parent: &Parent) -> Digest {
    let mut all = format!("{} {}\n", parent.counted.root, parent.counted.files.join(" ")).into_bytes();
    for (name, armour) in &parent.signatures {
        all.extend_from_slice(format!("{name} {}\n", Digest::of(armour)).as_bytes());
    }
    Digest::of(&all)
}
