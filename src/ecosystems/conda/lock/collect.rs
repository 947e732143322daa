//! Chosen packages → artifacts with digest and size.

use super::super::NAME;
use super::super::meta::{Meta, media_type};
use super::channel::Channel;
use crate::artifact::{Artifact, Descriptor, Digest, LARGEST, Learned, SideDigests, check_blob};
use crate::ecosystems::LockRequest;
use crate::error::{Error, Result, plain};
use crate::upstream::{Sums, learned_path};
use md5::{Digest as _, Md5};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use url::Url;

/// Longest archive that is downloaded to learn its digest, in bytes.
const MOST: u64 = 100_000_000_000;

/// A package that is to be carried.
#[derive(Debug, Clone)]
pub struct Picked {
    /// Its channel.
    pub channel: Channel,
    /// Its platform.
    pub subdir: String,
    /// Its archive.
    pub file: String,
    /// Its record, as the channel has it.
    pub record: Map<String, Value>,
    /// Where the archive can be had, best first.
    pub origins: Vec<Url>,
    /// Whether a lock file told its digest.
    pub pinned: bool,
    /// What it adds to those that are built against it.
    pub run_exports: Option<Value>,
}

/// Packages by channel, platform and archive, each once.
pub type Packages = BTreeMap<(String, String, String), Picked>;

impl Picked {
    /// What tells it from others.
    pub fn key(&self) -> (String, String, String) {
        (self.channel.name.clone(), self.subdir.clone(), self.file.clone())
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.record.get(key).and_then(Value::as_str)
    }

    /// The artifact; what the index does not tell is learned by downloading.
    pub async fn artifact(mut self, request: &LockRequest<'_>) -> Result<Artifact> {
        let label = format!("{}/{}/{}", self.channel.name, self.subdir, self.file);
        let (digest, size, learned) = self.told(request).await.map_err(|e| e.about(&label))?;
        let left = fit(&mut self.record);
        if let Some(key) = left {
            return Err(
                Error::verification(format!("{label}: its record has a value that no lock can hold")).with("found", format!("{key:.60}"))
            );
        }
        self.record.insert("sha256".to_owned(), digest.hex().into());
        self.record.insert("size".to_owned(), size.into());
        let [name, version, build] = ["name", "version", "build"].map(|key| self.text(key).unwrap_or_default().to_owned());
        let side_digests: SideDigests = self.text("md5").map(|md5| ("md5".to_owned(), md5.to_ascii_lowercase())).into_iter().collect();
        let descriptor = Descriptor {
            media_type: media_type(&self.file).unwrap_or("application/octet-stream").to_owned(),
            digest,
            size,
            name: Some(self.file),
            origins: self.origins.iter().map(Url::to_string).collect(),
            learned,
            side_digests,
        };
        let name = format!("{}/{}/{name}", self.channel.name, self.subdir);
        let (channel, subdir) = (self.channel.name, self.subdir);
        let meta = Meta {
            channel,
            subdir,
            record: Value::Object(self.record),
            run_exports: self.run_exports,
            beside: vec![],
            relations: BTreeMap::new(),
        };
        let artifact = Artifact {
            ecosystem: NAME.to_owned(),
            sections: vec![request.section.name.clone()],
            name,
            version: format!("{version}-{build}"),
            descriptors: vec![descriptor],
            subject: None,
            meta: meta.to_value(),
        };
        // What would be refused inside is refused here.
        Meta::of(&artifact)?;
        Ok(artifact)
    }

    async fn told(&self, request: &LockRequest<'_>) -> Result<(Digest, u64, Learned)> {
        let hex = self.text("sha256").map(str::to_ascii_lowercase);
        let known = hex.as_deref().map(Digest::from_hex).transpose().map_err(|e| e.of_kind(crate::error::Kind::Verification))?;
        let size = self.record.get("size").and_then(Value::as_u64).filter(|size| *size <= LARGEST);
        let by_list = if self.pinned { Learned::Pinned } else { Learned::Upstream };
        let url = self.origins.first().ok_or_else(|| Error::failed("it has no origin"))?;
        if let Some(digest) = known {
            if let Some(size) = size {
                return Ok((digest, size, by_list));
            }
            if let Some(size) = request.upstream.size(url).await?.filter(|size| *size > 0) {
                return Ok((digest, size, by_list));
            }
        }
        let found = request.upstream.learn_shown(url, request.cache, size.unwrap_or(MOST), request.progress).await?;
        let digest = known.unwrap_or(found.sha256);
        check_blob(&digest, size.unwrap_or(found.size), found.size, found.sha256)?;
        self.check_md5(&found, request.cache)?;
        Ok((digest, found.size, if known.is_some() { by_list } else { Learned::Downloaded }))
    }

    /// Old indexes know archives by MD5 only: what was downloaded must at least be that.
    fn check_md5(&self, found: &Sums, cache: &Path) -> Result<()> {
        let Some(expected) = self.text("md5").map(str::to_ascii_lowercase) else { return Ok(()) };
        let path = learned_path(cache, &found.sha256);
        let file = File::open(&path).map_err(|e| Error::io(format!("{} cannot be read", path.display()), &e))?;
        let (mut reader, mut hasher, mut buffer) = (BufReader::new(file), Md5::new(), vec![0; 1 << 16]);
        loop {
            let read = reader.read(&mut buffer).map_err(|e| Error::io(format!("{} cannot be read", path.display()), &e))?;
            if read == 0 {
                break;
            }
            hasher.update(&buffer[..read]);
        }
        let md5 = data_encoding::HEXLOWER.encode(hasher.finalize().as_slice());
        if md5 == expected {
            return Ok(());
        }
        Err(Error::verification("the bytes are not the ones the index names")
            .with("expected", format!("md5:{expected}"))
            .with("found", format!("md5:{md5}"))
            .hint("the archive was changed upstream, or on the way; do not use it before you know why"))
    }
}

/// Keys that decide what a package is; of others, what a lock cannot hold is left out.
const NEEDED: [&str; 8] = ["name", "version", "build", "build_number", "depends", "constrains", "subdir", "noarch"];

/// Takes from a record what a lock cannot hold; the key of a value that cannot be missed.
fn fit(record: &mut Map<String, Value>) -> Option<String> {
    let odd: Vec<String> = record
        .iter()
        .filter(|(key, value)| !fits(value) || plain(key) != **key || key.contains('\n'))
        .map(|(key, _)| key.clone())
        .collect();
    for key in odd {
        if NEEDED.contains(&key.as_str()) {
            return Some(key);
        }
        record.remove(&key);
    }
    None
}

/// Whether strict JSON has the value: no fractions, no large or negative numbers, no control characters.
fn fits(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) => true,
        Value::Number(number) => number.as_u64().is_some_and(|n| n <= LARGEST),
        Value::String(text) => plain(text) == *text,
        Value::Array(items) => items.iter().all(fits),
        Value::Object(members) => members.iter().all(|(key, value)| plain(key) == *key && !key.contains('\n') && fits(value)),
    }
}
