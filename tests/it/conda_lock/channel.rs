//! Channels on loopback: the same packages in every form of index.

use crate::origin::{Origin, Reply};
use airlift::artifact::Digest;
use md5::Digest as _;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// One package of a channel.
#[derive(Clone)]
pub struct Package {
    pub subdir: &'static str,
    pub file: String,
    pub record: Value,
    pub bytes: Vec<u8>,
}

/// A package `NAME-VERSION-BUILD.conda` with these requirements; its bytes are its name.
pub fn package(subdir: &'static str, file: &str, depends: &[&str]) -> Package {
    let bytes = format!("archive {file}").into_bytes();
    let stem = file.strip_suffix(".conda").or(file.strip_suffix(".tar.bz2")).unwrap_or(file);
    let parts: Vec<&str> = stem.rsplitn(3, '-').collect();
    let mut record = json!({
        "build": parts[0], "build_number": 0, "depends": depends, "license": "MIT", "md5": md5_hex(&bytes), "name": parts[2],
        "sha256": Digest::of(&bytes).hex(), "size": bytes.len(), "subdir": subdir, "timestamp": 1_700_000_000_000_u64, "version": parts[1],
    });
    if subdir == "noarch" {
        record["noarch"] = json!("generic");
    }
    Package { subdir, file: file.to_owned(), record, bytes }
}

impl Package {
    /// The same with another value in its record; null takes it away.
    pub fn with(mut self, key: &str, value: Value) -> Self {
        let record = self.record.as_object_mut().unwrap();
        if value.is_null() {
            drop(record.remove(key));
        } else {
            drop(record.insert(key.to_owned(), value));
        }
        self
    }
}

pub fn md5_hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(md5::Md5::digest(bytes).as_slice())
}

/// The paths of a channel, by what is answered.
#[derive(Default)]
pub struct Paths(pub BTreeMap<String, Vec<Reply>>);

impl Paths {
    pub fn set(&mut self, path: &str, bytes: Vec<u8>) -> &mut Self {
        self.0.insert(path.to_owned(), vec![Reply::File(bytes)]);
        self
    }

    pub fn serve(&self) -> Origin {
        let paths: Vec<(&str, Vec<Reply>)> = self.0.iter().map(|(path, replies)| (path.as_str(), replies.clone())).collect();
        Origin::new(&paths)
    }

    /// The archives of packages.
    pub fn archives(&mut self, channel: &str, packages: &[Package]) -> &mut Self {
        for package in packages {
            self.set(&format!("/{channel}/{}/{}", package.subdir, package.file), package.bytes.clone());
        }
        self
    }

    /// Archives and `repodata.json` of a channel.
    pub fn plain(&mut self, channel: &str, packages: &[Package]) -> &mut Self {
        for subdir in subdirs(packages) {
            self.set(&format!("/{channel}/{subdir}/repodata.json"), repodata(subdir, packages).to_string().into_bytes());
        }
        self.archives(channel, packages)
    }

    /// Archives and `repodata.json.zst`.
    pub fn compressed(&mut self, channel: &str, packages: &[Package]) -> &mut Self {
        for subdir in subdirs(packages) {
            self.set(&format!("/{channel}/{subdir}/repodata.json.zst"), zst(repodata(subdir, packages).to_string().as_bytes()));
        }
        self.archives(channel, packages)
    }

    /// Archives and shards, which lie where `shards_base_url` says.
    pub fn sharded(&mut self, channel: &str, packages: &[Package]) -> &mut Self {
        for subdir in subdirs(packages) {
            let mut listed = Vec::new();
            for (name, shard) in shards(subdir, packages) {
                let digest = Digest::of(&shard);
                self.set(&format!("/{channel}/{subdir}/shards/{}.msgpack.zst", digest.hex()), shard);
                listed.push((name, digest));
            }
            self.set(&format!("/{channel}/{subdir}/repodata_shards.msgpack.zst"), zst(&shard_list(subdir, "./", "./shards/", &listed)));
        }
        self.archives(channel, packages)
    }
}

fn subdirs(packages: &[Package]) -> Vec<&'static str> {
    let mut subdirs: Vec<&str> = packages.iter().map(|package| package.subdir).collect();
    subdirs.push("noarch");
    subdirs.sort_unstable();
    subdirs.dedup();
    subdirs
}

pub fn zst(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

/// The index of one platform.
pub fn repodata(subdir: &str, packages: &[Package]) -> Value {
    let (mut old, mut new) = (Map::new(), Map::new());
    for package in packages.iter().filter(|package| package.subdir == subdir) {
        let part = if package.file.strip_suffix(".conda").is_some() { &mut new } else { &mut old };
        part.insert(package.file.clone(), package.record.clone());
    }
    json!({"info": {"subdir": subdir}, "packages": old, "packages.conda": new, "removed": [], "repodata_version": 1})
}

/// The shards of one platform, by name, compressed.
pub fn shards(subdir: &str, packages: &[Package]) -> BTreeMap<String, Vec<u8>> {
    let mut names: BTreeMap<String, Vec<&Package>> = BTreeMap::new();
    for package in packages.iter().filter(|package| package.subdir == subdir) {
        names.entry(package.record["name"].as_str().unwrap().to_owned()).or_default().push(package);
    }
    names.into_iter().map(|(name, packages)| (name, zst(&shard(&packages)))).collect()
}

fn shard(packages: &[&Package]) -> Vec<u8> {
    let mut out = Vec::new();
    pack_map(&mut out, 3);
    for (part, ending) in [("packages", ".tar.bz2"), ("packages.conda", ".conda")] {
        let of_part: Vec<_> = packages.iter().filter(|package| package.file.ends_with(ending)).collect();
        pack_text(&mut out, part);
        pack_map(&mut out, of_part.len());
        for package in of_part {
            pack_text(&mut out, &package.file);
            pack(&mut out, &package.record, "");
        }
    }
    pack_text(&mut out, "removed");
    pack(&mut out, &json!([]), "");
    out
}

/// The list of shards, not compressed.
pub fn shard_list(subdir: &str, base: &str, shards: &str, listed: &[(String, Digest)]) -> Vec<u8> {
    let mut out = Vec::new();
    pack_map(&mut out, 3);
    pack_text(&mut out, "version");
    pack(&mut out, &json!(1), "");
    pack_text(&mut out, "info");
    pack(&mut out, &json!({"subdir": subdir, "base_url": base, "shards_base_url": shards, "created_at": "2026-01-01T00:00:00Z"}), "");
    pack_text(&mut out, "shards");
    pack_map(&mut out, listed.len());
    for (name, digest) in listed {
        pack_text(&mut out, name);
        pack_raw(&mut out, digest.as_bytes());
    }
    out
}

/// MessagePack; digests as raw bytes, as channels write them.
fn pack(out: &mut Vec<u8>, value: &Value, key: &str) {
    match value {
        Value::String(hex) if matches!(key, "sha256" | "md5") => pack_raw(out, &data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap()),
        Value::String(text) => pack_text(out, text),
        Value::Number(number) => {
            out.push(0xcf);
            out.extend(number.as_u64().unwrap().to_be_bytes());
        }
        Value::Array(items) => {
            out.push(0xdd);
            out.extend((items.len() as u32).to_be_bytes());
            items.iter().for_each(|item| pack(out, item, ""));
        }
        Value::Object(members) => {
            pack_map(out, members.len());
            for (key, value) in members {
                pack_text(out, key);
                pack(out, value, key);
            }
        }
        Value::Bool(value) => out.push(if *value { 0xc3 } else { 0xc2 }),
        Value::Null => out.push(0xc0),
    }
}

pub fn pack_map(out: &mut Vec<u8>, length: usize) {
    out.push(0xdf);
    out.extend((length as u32).to_be_bytes());
}

pub fn pack_text(out: &mut Vec<u8>, text: &str) {
    out.push(0xdb);
    out.extend((text.len() as u32).to_be_bytes());
    out.extend(text.as_bytes());
}

fn pack_raw(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(0xc6);
    out.extend((bytes.len() as u32).to_be_bytes());
    out.extend(bytes);
}
