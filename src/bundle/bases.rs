//! `docs/formats/bundle.md`, "Bases": what the receiver of a bundle is taken to have, and what each recoded blob is made again from.

use super::frames::FrameTable;
use super::statement::{DELTA, RECODED, Statement};
use crate::artifact::{Digest, Limits, check_name, check_word, parse_versioned};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Longest `bases.json`, in bytes.
pub const MAX_BASES_BYTES: u64 = 64 << 20;
/// Most bundles and inventories that a delta builds on.
pub const MAX_BASES: usize = 64;
/// Most blobs that one blob is made again from.
pub const MAX_BLOB_BASES: usize = 16;
/// Most blobs that are made again one after the other, each from the one before it.
pub const MAX_DEPTH: usize = 16;
const VERSION: u32 = 1;

/// What a receiver has by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum BaseRef {
    /// A bundle that is installed there.
    Bundle {
        /// Its id.
        id: Digest,
        /// Toolkit name.
        name: String,
        /// Release line.
        line: String,
        /// Epoch of the line.
        epoch: u64,
        /// Number in the line.
        seq: u64,
    },
    /// A list of what is there, which was carried back.
    Inventory {
        /// Its SHA-256.
        id: Digest,
        /// Whose it is.
        site: String,
        /// The snapshot it lists.
        snapshot: u64,
    },
}

impl BaseRef {
    /// The bundle's id, or the inventory's digest.
    pub const fn id(&self) -> Digest {
        match self {
            Self::Bundle { id, .. } | Self::Inventory { id, .. } => *id,
        }
    }

    /// As messages name it.
    pub fn label(&self) -> String {
        match self {
            Self::Bundle { id, name, line, epoch, seq } => {
                let epoch = if *epoch == 0 { String::new() } else { format!(" of epoch {epoch}") };
                format!("{name} {seq}{epoch} of line {line}   {}", id.spoken())
            }
            Self::Inventory { id, site, snapshot } => format!("what {site} had by its snapshot {snapshot}   {}", id.spoken()),
        }
    }
}

/// What is in `bases.json`; empty for a bundle that stands alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bases {
    /// Bundles and inventories: what all of them have is taken for granted.
    pub refs: Vec<BaseRef>,
    /// The blobs that are taken for granted, with their sizes.
    pub granted: BTreeMap<Digest, u64>,
    /// The blobs that each recoded blob is made again from, with their sizes, in the order of its stream.
    pub recoded: BTreeMap<Digest, Vec<(Digest, u64)>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireBases {
    #[serde(rename = "airlift-bases")]
    version: u32,
    bases: Vec<WireRef>,
    granted: Vec<WireBlob>,
    recoded: BTreeMap<String, Vec<WireBlob>>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
enum WireRef {
    Bundle { epoch: u64, id: String, line: String, name: String, seq: u64 },
    Inventory { id: String, site: String, snapshot: u64 },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireBlob {
    sha256: String,
    size: u64,
}

impl Bases {
    /// Whether nothing is taken for granted and nothing recoded.
    pub fn is_empty(&self) -> bool {
        self.refs.is_empty() && self.granted.is_empty() && self.recoded.is_empty()
    }

    /// What a recoded blob is made again from.
    pub fn of(&self, blob: &Digest) -> &[(Digest, u64)] {
        self.recoded.get(blob).map_or(&[], Vec::as_slice)
    }

    /// The ids that the statement names.
    pub fn ids(&self) -> Vec<String> {
        self.refs.iter().map(|base| base.id().hex()).collect()
    }

    /// The features a bundle with these has.
    pub fn features(&self) -> impl Iterator<Item = String> {
        let delta = (!self.refs.is_empty()).then(|| DELTA.to_owned());
        delta.into_iter().chain((!self.recoded.is_empty()).then(|| RECODED.to_owned()))
    }

    /// The bytes of `bases.json`.
    pub fn to_bytes(&self) -> Vec<u8> {
        let blob = |(digest, size): (&Digest, &u64)| WireBlob { sha256: digest.hex(), size: *size };
        let refs = self.refs.iter().cloned().map(|base| match base {
            BaseRef::Bundle { id, name, line, epoch, seq } => WireRef::Bundle { epoch, id: id.hex(), line, name, seq },
            BaseRef::Inventory { id, site, snapshot } => WireRef::Inventory { id: id.hex(), site, snapshot },
        });
        let recoded = self.recoded.iter().map(|(digest, bases)| (digest.hex(), bases.iter().map(|(d, s)| blob((d, s))).collect()));
        let wire = WireBases {
            version: VERSION,
            bases: refs.collect(),
            granted: self.granted.iter().map(blob).collect(),
            recoded: recoded.collect(),
        };
        let mut bytes = serde_json::to_vec_pretty(&wire).expect("bases have string keys only");
        bytes.push(b'\n');
        bytes
    }

    /// Reads bytes whose digest has been checked, and refuses what contradicts the statement or itself.
    pub fn parse(bytes: &[u8], statement: &Statement) -> Result<Self> {
        let limits = Limits { bytes: MAX_BASES_BYTES as usize, depth: 5 };
        let wire: WireBases = parse_versioned("the list of bases", bytes, limits, "airlift-bases", VERSION)?;
        let refs = wire.bases.into_iter().map(BaseRef::from_wire).collect::<Result<Vec<_>>>()?;
        let blob = |wire: WireBlob| Digest::from_signed(&wire.sha256).map(|digest| (digest, wire.size));
        let listed = wire.granted.into_iter().map(blob).collect::<Result<Vec<_>>>()?;
        let recoded = wire.recoded.into_iter().map(|(digest, bases)| {
            Digest::from_signed(&digest).and_then(|digest| Ok((digest, bases.into_iter().map(blob).collect::<Result<Vec<_>>>()?)))
        });
        let recoded = recoded.collect::<Result<BTreeMap<_, _>>>()?;
        let sorted = listed.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let distinct = |bases: &Vec<(Digest, u64)>| bases.iter().map(|(d, _)| d).collect::<BTreeSet<_>>().len() == bases.len();
        let bases = Self { refs, granted: listed.into_iter().collect(), recoded };
        let few = bases.refs.len() <= MAX_BASES && bases.recoded.values().all(|b| b.len() <= MAX_BLOB_BASES && distinct(b));
        let told = bases.ids() == statement.base && (bases.granted.is_empty() || !bases.refs.is_empty());
        if sorted && few && told && bases.recoded.is_empty() != statement.has(RECODED) {
            return Ok(bases);
        }
        Err(Error::verification("the list of bases contradicts itself or the statement"))
    }

    /// Refuses what contradicts the lock's blobs or the frame table: each base of a recoded blob is taken for granted or stands before it in
    /// the table, no chain of them is too long, and nothing is taken for granted in vain.
    pub fn check(&self, table: &FrameTable, lock: &BTreeMap<Digest, u64>) -> Result<()> {
        let wrong = |digest: &Digest, what: &str| Error::verification(format!("{digest}: the list of bases {what}"));
        let (mut before, mut used, mut depths) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::<Digest, usize>::new());
        for blob in &table.blobs {
            if blob.is_recoded() != self.recoded.contains_key(&blob.digest) {
                return Err(wrong(&blob.digest, "and the frame table do not agree whether it is recoded"));
            }
            for (digest, size) in self.of(&blob.digest) {
                if self.granted.get(digest).or_else(|| before.get(digest)) != Some(size) {
                    return Err(wrong(&blob.digest, "has it made from what is not there before it"));
                }
                used.insert(*digest);
            }
            if blob.is_recoded() {
                let depth = 1 + self.of(&blob.digest).iter().filter_map(|(base, _)| depths.get(base)).max().unwrap_or(&0);
                if depth > MAX_DEPTH {
                    return Err(wrong(&blob.digest, "has too many blobs made one after the other before it"));
                }
                depths.insert(blob.digest, depth);
            }
            before.insert(blob.digest, blob.size);
        }
        if let Some(digest) = self.recoded.keys().find(|digest| !before.contains_key(digest)) {
            return Err(wrong(digest, "names it, and the bundle does not carry it"));
        }
        for (digest, size) in &self.granted {
            let right = match lock.get(digest) {
                Some(wanted) => wanted == size,
                None => used.contains(digest),
            };
            if !right {
                return Err(wrong(digest, "takes it for granted, and it is of no use"));
            }
        }
        Ok(())
    }
}

impl BaseRef {
    fn from_wire(wire: WireRef) -> Result<Self> {
        Ok(match wire {
            WireRef::Bundle { epoch, id, line, name, seq } => {
                check_word("name of a base", &name)?;
                check_word("line of a base", &line)?;
                Self::Bundle { id: Digest::from_signed(&id)?, name, line, epoch, seq }
            }
            WireRef::Inventory { id, site, snapshot } => {
                check_name("site of an inventory", &site)?;
                Self::Inventory { id: Digest::from_signed(&id)?, site, snapshot }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{BaseRef, Bases, MAX_DEPTH};
    use crate::artifact::Digest;
    use crate::bundle::frames::{BlobEntry, Encoding, FrameTable};
    use crate::bundle::statement::Statement;
    use std::collections::BTreeMap;

    const ID: &[u8] = b"base";

    fn blob(n: u8) -> Digest {
        Digest::of(&[n])
    }

    /// Blobs by number, each with whether it is recoded.
    fn table(blobs: &[(u8, bool)]) -> FrameTable {
        let entry = |(n, recoded): &(u8, bool)| {
            let encoding = if *recoded { Encoding::Recoded } else { Encoding::Stored };
            BlobEntry { digest: blob(*n), size: 10, held: 5, encoding, first: 0, frames: 1 }
        };
        FrameTable { blobs: blobs.iter().map(entry).collect(), frames: vec![] }
    }

    fn bases(granted: &[u8], recoded: &[(u8, &[u8])]) -> Bases {
        let sized = |n: &u8| (blob(*n), 10);
        Bases {
            refs: vec![BaseRef::Bundle { id: Digest::of(ID), name: "kit".into(), line: "main".into(), epoch: 0, seq: 1 }],
            granted: granted.iter().map(sized).collect(),
            recoded: recoded.iter().map(|(n, from)| (blob(*n), from.iter().map(sized).collect())).collect(),
        }
    }

    #[test]
    fn what_a_blob_is_made_from_is_there_before_it_and_nothing_is_granted_in_vain() {
        let lock: BTreeMap<Digest, u64> = [1, 2, 3, 4].map(|n| (blob(n), 10)).into();
        let carried = table(&[(1, false), (2, true), (3, true)]);
        let check = |bases: &Bases| bases.check(&carried, &lock);
        // 4 is left out; 9 is an old blob that is not in the lock.
        check(&bases(&[4, 9], &[(2, &[9, 1]), (3, &[2, 4])])).expect("right");
        check(&bases(&[4], &[(2, &[]), (3, &[])])).expect("streams that stand alone");
        for (granted, recoded, what) in [
            (&[4u8][..], &[(2u8, &[3u8][..]), (3, &[])][..], "made from what comes after it"),
            (&[4], &[(2, &[2]), (3, &[])], "made from itself"),
            (&[4], &[(2, &[8]), (3, &[])], "made from what is nowhere"),
            (&[4], &[(2, &[])], "recoded, and not listed"),
            (&[4], &[(1, &[]), (2, &[]), (3, &[])], "listed, and not recoded"),
            (&[4], &[(2, &[]), (3, &[]), (7, &[])], "listed, and not carried"),
            (&[4, 8], &[(2, &[]), (3, &[])], "granted in vain"),
        ] {
            check(&bases(granted, recoded)).expect_err(what);
        }
        let mut sized = bases(&[4, 9], &[(2, &[9]), (3, &[])]);
        sized.granted.insert(blob(9), 11);
        check(&sized).expect_err("two sizes of one base");
        let mut sized = bases(&[4], &[(2, &[]), (3, &[])]);
        sized.granted.insert(blob(4), 11);
        check(&sized).expect_err("another size than the lock's");
    }

    #[test]
    fn a_chain_of_recoded_blobs_has_an_end() {
        let chain = |depth: u8| {
            let blobs: Vec<(u8, bool)> = (1..=depth).map(|n| (n, true)).collect();
            let from: Vec<u8> = (0..depth).collect();
            let recoded: Vec<(u8, &[u8])> = (1..=depth).zip(from.chunks(1)).collect();
            let lock = (1..=depth).map(|n| (blob(n), 10)).collect();
            bases(&[0], &recoded).check(&table(&blobs), &lock)
        };
        chain(MAX_DEPTH as u8).expect("as deep as may be");
        let refused = chain(MAX_DEPTH as u8 + 1).expect_err("one deeper");
        assert!(refused.to_string().contains("one after the other"), "{refused}");
    }

    #[test]
    fn what_contradicts_the_statement_is_refused() {
        let mut statement = Statement::draft("kit", "main", "2026-01-01T00:00:00Z", "airlift");
        (statement.features, statement.base) = (vec!["delta".into(), "recoded".into()], vec![Digest::of(ID).hex()]);
        let good = bases(&[4, 9], &[(2, &[9, 4])]);
        let text = String::from_utf8(good.to_bytes()).expect("UTF-8");
        assert_eq!(Bases::parse(text.as_bytes(), &statement).expect("right"), good);
        let first = good.granted.keys().next().expect("one").hex();
        for (from, to) in [
            ("\"airlift-bases\": 1", "\"airlift-bases\": 2"),
            ("\"seq\": 1", "\"seq\": 1, \"more\": 1"),
            ("\"kind\": \"bundle\"", "\"kind\": \"wish\""),
            (first.as_str(), &"f".repeat(64)),
            (&Digest::of(ID).hex(), &Digest::of(b"other").hex()),
            ("\"size\": 10", "\"size\": -10"),
        ] {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text, "{from}");
            Bases::parse(changed.as_bytes(), &statement).expect_err(to);
        }
        let with = |features: &[&str]| {
            let mut other = statement.clone();
            other.features = features.iter().map(|f| (*f).to_owned()).collect();
            Bases::parse(text.as_bytes(), &other)
        };
        with(&["delta"]).expect_err("blobs are recoded");
        // What is taken for granted is what somebody named has.
        let mut alone = statement.clone();
        (alone.features, alone.base) = (vec!["recoded".into()], vec![]);
        let nobodys = Bases { refs: vec![], ..good.clone() };
        Bases::parse(&nobodys.to_bytes(), &alone).expect_err("granted, and no base that has it");
        let nothing = Bases { granted: BTreeMap::new(), ..nobodys };
        Bases::parse(&nothing.to_bytes(), &alone).expect("nothing is granted");
        let twice = bases(&[9], &[(2, &[9, 9])]);
        Bases::parse(&twice.to_bytes(), &statement).expect_err("one base twice");
        let many: Vec<u8> = (20..40).collect();
        Bases::parse(&bases(&many, &[(2, &many)]).to_bytes(), &statement).expect_err("too many bases of a blob");
    }
}
