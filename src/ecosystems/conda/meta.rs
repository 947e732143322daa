//! The room's payload in the lock: the record of one package, as its channel had it.

use crate::artifact::Artifact;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Longest record, in bytes of JSON.
const LONGEST: usize = 1 << 20;
/// Most channels beside that of the package.
const MOST: usize = 256;
/// Endings of archives, with their media types.
const ARCHIVES: [(&str, &str); 2] = [(".conda", "application/x-conda"), (".tar.bz2", "application/x-tar")];

/// `meta` of an artifact of this room.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Meta {
    /// The channel's name, under which it is served: `conda-forge`, `conda-forge/label/dev`.
    pub channel: String,
    /// The platform: `linux-64`, `noarch`.
    pub subdir: String,
    /// The record as the channel's index had it, digests in hex.
    pub record: Value,
    /// What the package adds to the requirements of those built against it, where the channel says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_exports: Option<Value>,
    /// Channels that were looked through beside this one and had nothing to give, sorted. They are served empty, since clients name
    /// them too and stop at one that is missing. One package of a section tells it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<String>,
    /// What channels of the section are built upon (CEP 42), all under the names they are served under. One package of a section tells it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub relations: BTreeMap<String, Relations>,
}

/// What one channel is built upon: names of channels, or references to them where an index is read or written.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Relations {
    /// A channel that comes before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// A channel that comes behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overrides: Option<String>,
}

impl Relations {
    /// The same with other words for the channels, or without those for which there is none.
    pub(super) fn map(&self, word: impl Fn(&str) -> Option<String>) -> Self {
        let [base, overrides] = [&self.base, &self.overrides].map(|channel| channel.as_deref().and_then(&word));
        Self { base, overrides }
    }

    /// The channels that it names.
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.base.iter().chain(&self.overrides)
    }
}

impl Meta {
    /// The payload of an artifact, checked against the artifact itself.
    pub(super) fn of(artifact: &Artifact) -> Result<Self> {
        let wrong = |why: &str| Error::verification(format!("{}: its entry in the lock is refused: {why}", artifact.label()));
        let meta = Self::deserialize(&artifact.meta).map_err(|e| wrong("it is not that of a package").because(&e))?;
        if !is_channel(&meta.channel) || !is_subdir(&meta.subdir) {
            return Err(wrong("channel or platform is malformed"));
        }
        let related = meta.relations.iter().flat_map(|(channel, relations)| std::iter::once(channel).chain(relations.names()));
        if meta.relations.len() > MOST || !related.into_iter().all(|channel| is_channel(channel)) {
            return Err(wrong("the relations between channels are malformed"));
        }
        if meta.beside.len() > MOST || !meta.beside.iter().all(|channel| is_channel(channel)) {
            return Err(wrong("the channels beside it are malformed"));
        }
        if meta.record.to_string().len() + meta.run_exports.as_ref().map_or(0, |r| r.to_string().len()) > LONGEST {
            return Err(wrong("its record is too long"));
        }
        let [blob] = &artifact.descriptors[..] else { return Err(wrong("a package is one archive")) };
        let file = blob.name.as_deref().unwrap_or_default();
        let (Some(name), Some(version), Some(build)) = (meta.text("name"), meta.text("version"), meta.text("build")) else {
            return Err(wrong("its record lacks name, version or build"));
        };
        if !is_file(file) {
            return Err(wrong("the file name is none of an archive").with("found", format!("{file:.200}")));
        }
        let stem = ARCHIVES.iter().find_map(|(ending, _)| file.strip_suffix(ending));
        if stem != Some(&format!("{name}-{version}-{build}")) {
            return Err(wrong("record and file name disagree").with("found", format!("{file:.200}")));
        }
        let expected = format!("{}/{}/{name}", meta.channel, meta.subdir);
        if artifact.name != expected || artifact.version != format!("{version}-{build}") {
            return Err(wrong("name and record disagree").with("expected", expected));
        }
        let digest = meta.text("sha256").is_none_or(|hex| hex == blob.digest.hex());
        let md5 = meta.text("md5").is_none_or(|hex| blob.side_digests.get("md5").is_none_or(|known| known.eq_ignore_ascii_case(hex)));
        let size = meta.record.get("size").is_none_or(|size| size.as_u64() == Some(blob.size));
        let subdir = meta.text("subdir").is_none_or(|subdir| subdir == meta.subdir);
        if digest && md5 && size && subdir { Ok(meta) } else { Err(wrong("record and archive disagree")) }
    }

    /// A text of the record.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.record.get(key).and_then(Value::as_str)
    }

    /// The payload as it stands in the lock.
    #[cfg(feature = "upstream")]
    pub(super) fn to_value(&self) -> Value {
        serde_json::to_value(self).expect("the payload has string keys only")
    }
}

/// The media type of an archive, by its ending; `None` for what is no package.
pub(super) fn media_type(file: &str) -> Option<&'static str> {
    ARCHIVES.iter().find(|(ending, _)| file.ends_with(ending)).map(|(_, media_type)| *media_type)
}

/// Whether text is the file name of an archive: no separators, nothing hidden, nothing that would have to be escaped in an address but
/// what versions hold (CEP 26).
pub(super) fn is_file(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.+!=~".contains(&b);
    text.len() <= 250 && text.bytes().all(plain) && !text.starts_with('.') && media_type(text).is_some()
}

/// Whether text is the name of a channel: up to eight segments of letters, digits, `-`, `_` and `.`, none of them a platform.
pub(super) fn is_channel(text: &str) -> bool {
    let segment = |s: &str| {
        let inside = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        !s.is_empty() && s.len() <= 64 && !s.starts_with(['.', '-']) && s.bytes().all(inside) && !is_subdir(s)
    };
    // What begins with `t/` is read as a token by clients and by this mirror.
    text.split('/').count() <= 8 && text.split('/').all(segment) && text.split('/').next() != Some("t")
}

/// Whether text is a platform of channels, as clients ask for them: `noarch`, `linux-64`, `osx-arm64`.
pub(super) fn is_subdir(text: &str) -> bool {
    const SYSTEMS: [&str; 9] = ["linux", "osx", "win", "freebsd", "zos", "emscripten", "wasi", "android", "ios"];
    let word = |s: &str| !s.is_empty() && s.len() <= 16 && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    text == "noarch" || text.split_once('-').is_some_and(|(system, machine)| SYSTEMS.contains(&system) && word(machine))
}
