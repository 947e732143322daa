//! The index of one platform of a channel: which packages it has, as sharded (CEP 16) or whole repodata.
//!
//! In: a channel and a platform. Out: the entries of a name, each a file name and its record as it was written. The best form that the channel
//! offers is read: shards, whole and compressed, whole. Only what a solve reaches is ever parsed. Sizes are bounded before anything is
//! kept, digests of shards are checked, and what an entry says of itself is checked in `record`.

mod download;
mod entry;
mod packed;
mod shards;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests;
mod value;
mod whole;

use super::super::meta::Relations;
use super::channel::Channel;
use super::record::Place;
use crate::error::{Error, Kind, Result};
use crate::upstream::check_plain;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

pub use download::Reader;
pub use entry::{Entry, Record};

/// The index of one platform of a channel.
pub struct Index {
    /// The channel's place in the section.
    pub channel: usize,
    /// The platform.
    pub subdir: String,
    /// Where the archives are; ends with a slash.
    pub base: Url,
    /// What the channel says it is built upon (CEP 42).
    pub relations: Relations,
    form: Form,
}

enum Form {
    /// The channel has nothing for this platform.
    Absent,
    Shards(shards::Shards),
    Whole(whole::Whole),
}

/// What an index says of itself.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Info {
    subdir: Option<String>,
    base_url: Option<String>,
    shards_base_url: Option<String>,
    channel_relations: Option<Relations>,
}

impl Index {
    /// Reads what the channel offers for a platform. None at all for `noarch` is an error: then it is no channel.
    pub async fn open(reader: &Reader<'_>, channel: &Channel, place: usize, subdir: &str) -> Result<Self> {
        let index = Self::find(reader, channel, place, subdir).await?;
        if subdir == "noarch" && matches!(index.form, Form::Absent) { Err(no_channel(channel)) } else { Ok(index) }
    }

    /// Reads what the channel offers for a platform, which may be nothing.
    pub async fn find(reader: &Reader<'_>, channel: &Channel, place: usize, subdir: &str) -> Result<Self> {
        let folder = channel.url.join(&format!("{subdir}/")).map_err(|e| Error::failed("not a URL").because(&e))?;
        let (info, form) = read(reader, &folder).await?.unwrap_or((Info::default(), Form::Absent));
        if let Some(other) = info.subdir.as_deref().filter(|other| *other != subdir) {
            return Err(Error::verification(format!("{folder}: the index is that of another platform"))
                .with("expected", subdir)
                .with("found", format!("{other:.60}")));
        }
        let base = resolved(&folder, info.base_url.as_deref())?;
        let relations = info.channel_relations.unwrap_or_default();
        Ok(Self { channel: place, subdir: subdir.to_owned(), base, relations, form })
    }

    /// Where its records belong.
    pub fn place(&self, channel: &Channel) -> Place {
        Place { subdir: self.subdir.clone(), base: self.base.clone(), channel: channel.url.to_string() }
    }

    /// The entries of a package, by file name.
    pub async fn entries(&self, reader: &Reader<'_>, name: &str) -> Result<Vec<Entry>> {
        let mut entries = match &self.form {
            Form::Absent => vec![],
            Form::Shards(shards) => shards.entries(reader, name).await?,
            Form::Whole(whole) => whole.entries(name),
        };
        entries.sort_by(|a, b| a.file.cmp(&b.file));
        match entries.windows(2).find(|pair| pair[0].file == pair[1].file) {
            Some(pair) => Err(Error::verification(format!("{}: the index lists {:.200} twice", self.base, pair[0].file))
                .hint("the channel is damaged: tell who keeps it")),
            None => Ok(entries),
        }
    }
}

async fn read(reader: &Reader<'_>, folder: &Url) -> Result<Option<(Info, Form)>> {
    let at = |file: &str| folder.join(file).map_err(|e| Error::failed("not a URL").because(&e));
    let url = at("repodata_shards.msgpack.zst")?;
    if let Some(bytes) = reader.document(&url, download::MOST_SHARD_INDEX, false).await? {
        let folder = folder.clone();
        let (info, shards) = apart(move || shards::Shards::parse(&url, &bytes, &folder)).await?;
        return Ok(Some((info, Form::Shards(shards))));
    }
    let Some((info, whole)) = json(reader, folder, "repodata").await? else { return Ok(None) };
    Ok(Some((info, Form::Whole(whole))))
}

/// A JSON document of a platform: its compressed form, else its plain one.
async fn json(reader: &Reader<'_>, folder: &Url, name: &str) -> Result<Option<(Info, whole::Whole)>> {
    let at = |ending: &str| folder.join(&format!("{name}.{ending}")).map_err(|e| Error::failed("not a URL").because(&e));
    let url = at("json.zst")?;
    if let Some(bytes) = reader.document(&url, download::MOST_COMPRESSED, false).await? {
        let taken = reader.taken.clone();
        let read = move || {
            let bytes = download::unpacked(&url, &bytes, download::MOST_WHOLE)?;
            download::take(&taken, &url, bytes.len())?;
            whole::Whole::parse(&url, bytes)
        };
        return apart(read).await.map(Some);
    }
    let url = at("json")?;
    let Some(bytes) = reader.document(&url, download::MOST_WHOLE, true).await? else { return Ok(None) };
    download::take(&reader.taken, &url, bytes.len())?;
    apart(move || whole::Whole::parse(&url, bytes)).await.map(Some)
}

/// Work that holds a processor, beside the requests that wait.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|e| Error::failed("reading an index was given up").because(&e))?
}

fn too_new(url: &Url, known: u64, found: u64) -> Error {
    Error::verification(format!("{}: the index is of a form that is not known", crate::upstream::shown(url)))
        .with("expected", format!("version {known} at most"))
        .with("found", format!("version {found}"))
        .hint("use a newer airlift, or ask who keeps the channel for an index in the older form beside it")
}

/// The run exports of the packages of one platform.
pub struct Exports(whole::Whole);

/// Reads the run exports that a channel publishes.
pub async fn exports(reader: &Reader<'_>, folder: &Url) -> Result<Option<Exports>> {
    Ok(json(reader, folder, "run_exports").await?.map(|(_, whole)| Exports(whole)))
}

impl Exports {
    /// Those of an archive, where there are any.
    pub fn of(&self, file: &str) -> Result<Option<Value>> {
        let entries = self.0.entries(&whole::name(file));
        let Some(entry) = entries.into_iter().find(|entry| entry.file == file) else { return Ok(None) };
        let value = entry.record.value().map_err(|e| Error::verification(format!("{file}: its run exports cannot be read: {e}")))?;
        Ok(value.get("run_exports").filter(|exports| exports.as_object().is_some_and(|kinds| !kinds.is_empty())).cloned())
    }
}

/// An address that an index gives for its own parts; it may be anywhere, but never less protected than the index.
fn resolved(folder: &Url, given: Option<&str>) -> Result<Url> {
    let Some(given) = given.filter(|given| !given.is_empty()) else { return Ok(folder.clone()) };
    let wrong =
        |why: &str| Error::verification(format!("{folder}: the index sends elsewhere: {why}")).with("found", format!("{given:.200}"));
    let mut url = folder.join(given).map_err(|e| wrong("not a URL").because(&e))?;
    // That a channel may be asked over plain HTTP says nothing of other hosts.
    let elsewhere = || url.origin() != folder.origin() && check_plain(&url, []).is_err();
    let plain = url.scheme() == "http" && (folder.scheme() == "https" || elsewhere());
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("an address with a login or a query would stand in the lock"));
    }
    if !matches!(url.scheme(), "http" | "https") || plain || url.host_str().is_none() {
        return Err(wrong("not an address with the protection of its own"));
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

fn no_channel(channel: &Channel) -> Error {
    Error::new(Kind::Upstream, format!("{}: there is no channel at this address", channel.url))
        .with("expected", "noarch/repodata.json, or a compressed or sharded form of it")
        .hint("check the name; what stands before it is `channel-alias`. A private channel may say the same to whoever has no login in the netrc file")
}
