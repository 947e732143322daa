//! The index documents of one platform of a channel (CEP 12, 16, 36), made from the records as they were solved with.
//!
//! Of what an index says of itself (`info`), what stays true behind a mirror is said again: the platform, and what the channel is built
//! upon (CEP 42) as far as that is here too. The rest would lead astray: `base_url` and `shards_base_url` (CEP 15, 16) are relative or
//! absent, what is served knows its own address best; `repodata_revisions` announces tables (CEP 48) that are not served, since no
//! record in them was solved with; `virtual_package_detectors` names packages for clients to fetch and run before they solve, which
//! nobody asked to be carried; `created_at` is that of another document.

use super::catalog::{Package, Subdir};
use super::made::Document;
use super::meta::Relations;
use super::msgpack;
use crate::artifact::Digest;
use serde::Serialize;
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::io::{Result, Write};

/// The endings of archives, with the tables that list them.
const TABLES: [(&str, &str); 2] = [(".tar.bz2", "packages"), (".conda", "packages.conda")];
/// The key of what a channel is built upon.
const RELATIONS: &str = "channel_relations";
/// How hard documents are compressed: they are made once, and the network behind an air gap is near.
pub(super) const LEVEL: i32 = 3;

/// Writes `repodata.json`.
pub(super) fn repodata(name: &str, subdir: &Subdir, out: &mut dyn Write) -> Result<()> {
    let mut info = json!({ "subdir": name });
    if subdir.relations != Relations::default() {
        info[RELATIONS] = json!(subdir.relations);
    }
    write!(out, "{{\"info\":{info}")?;
    tables(subdir, out, |package| Some(package.record()))?;
    out.write_all(b",\"removed\":[],\"repodata_version\":1}")
}

/// Writes `run_exports.json`; what is not known of is left out, and clients then look into the package.
pub(super) fn run_exports(name: &str, subdir: &Subdir, out: &mut dyn Write) -> Result<()> {
    write!(out, "{{\"info\":{{\"subdir\":{},\"version\":1}}", json!(name))?;
    tables(subdir, out, |package| package.run_exports().map(|exports| json!({ "run_exports": exports })))?;
    out.write_all(b"}")
}

/// Both tables, entry by entry: the whole never stands in memory.
fn tables<'a, T: Serialize>(subdir: &'a Subdir, out: &mut dyn Write, entry: impl Fn(&'a Package) -> Option<T>) -> Result<()> {
    for (ending, table) in TABLES {
        write!(out, ",\"{table}\":{{")?;
        let mut first = true;
        for (file, package) in subdir.all().filter(|(file, _)| file.ends_with(ending)) {
            let Some(entry) = entry(package) else { continue };
            out.write_all(if first { b"" } else { b"," })?;
            first = false;
            serde_json::to_writer(&mut *out, file)?;
            out.write_all(b":")?;
            serde_json::to_writer(&mut *out, &entry)?;
        }
        out.write_all(b"}")?;
    }
    Ok(())
}

/// The sharded index of one platform.
pub(super) struct Shards {
    /// `repodata_shards.msgpack.zst`.
    pub index: Document,
    /// The packages by the digests of their shards.
    pub packages: HashMap<Digest, String>,
}

/// Makes all shards of a platform and keeps their digests only: a shard is made again when it is asked for, and is the same then.
pub(super) fn shards(name: &str, subdir: &Subdir) -> Result<Shards> {
    let mut digests = Vec::with_capacity(subdir.packages.len());
    for (package, files) in &subdir.packages {
        digests.push((Digest::of(&shard(files)?), package));
    }
    let mut index = Vec::new();
    msgpack::map(&mut index, 3);
    msgpack::text(&mut index, "version");
    msgpack::number(&mut index, 1);
    msgpack::text(&mut index, "info");
    let related = subdir.relations != Relations::default();
    msgpack::map(&mut index, 3 + usize::from(related));
    for (key, value) in [("subdir", name), ("base_url", "./"), ("shards_base_url", "./shards/")] {
        msgpack::text(&mut index, key);
        msgpack::text(&mut index, value);
    }
    if related {
        msgpack::text(&mut index, RELATIONS);
        let members = [("base", &subdir.relations.base), ("overrides", &subdir.relations.overrides)];
        msgpack::map(&mut index, subdir.relations.names().count());
        for (key, reference) in members {
            let Some(reference) = reference else { continue };
            msgpack::text(&mut index, key);
            msgpack::text(&mut index, reference);
        }
    }
    msgpack::text(&mut index, "shards");
    msgpack::map(&mut index, digests.len());
    for (digest, package) in &digests {
        msgpack::text(&mut index, package);
        msgpack::bytes(&mut index, digest.as_bytes());
    }
    let packages = digests.into_iter().map(|(digest, package)| (digest, package.clone())).collect();
    Ok(Shards { index: Document::of(zstd::bulk::compress(&index, LEVEL)?), packages })
}

/// One shard: everything of one name.
pub(super) fn shard(files: &BTreeMap<String, Package>) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    msgpack::map(&mut out, TABLES.len() + 1);
    for (ending, table) in TABLES {
        let entries: Vec<_> = files.iter().filter(|(file, _)| file.ends_with(ending)).collect();
        msgpack::text(&mut out, table);
        msgpack::map(&mut out, entries.len());
        for (file, package) in entries {
            msgpack::text(&mut out, file);
            msgpack::record(&mut out, &package.record());
        }
    }
    msgpack::text(&mut out, "removed");
    msgpack::list(&mut out, 0);
    zstd::bulk::compress(&out, LEVEL)
}
