//! Packages that a list or lock file names: each is looked up in its channel, so that what the channel corrected since is carried too.

use super::channel::{Channel, Channels, taken_apart};
use super::collect::{Packages, Picked};
use super::index::{Index, Reader};
use super::inputs::Listed;
use super::machine::Machine;
use super::record::{Seen, candidate};
use crate::error::{Error, Result};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Finds the records of the packages that a file lists.
pub async fn find(
    reader: &Reader<'_>,
    channels: &mut Channels,
    machines: &[Machine],
    (list, listed): (&str, Vec<Listed>),
    notes: &mut Vec<String>,
) -> Result<Packages> {
    let mut indexes: BTreeMap<(String, String), Index> = BTreeMap::new();
    let (mut packages, mut own) = (Packages::new(), Vec::new());
    for package in listed {
        let (channel, subdir, file) = taken_apart(channels, &package.url).map_err(|e| e.about(list))?;
        if subdir != "noarch" && !machines.iter().any(|machine| machine.subdir == subdir) {
            return Err(Error::usage(format!("{list}: {file}: it is for another platform"))
                .with("expected", machines.iter().map(|m| m.subdir).collect::<Vec<_>>().join(", "))
                .with("found", subdir)
                .hint("name the targets that the list is for, or add one for that platform"));
        }
        channels.add_known(&channel)?;
        let key = (channel.name.clone(), subdir.clone());
        if !indexes.contains_key(&key) {
            let place = channels.list.iter().position(|known| *known == channel).unwrap_or_default();
            let index = Index::find(reader, &channel, place, &subdir).await?;
            channels.told(place, &index.relations);
            indexes.insert(key.clone(), index);
        }
        let picked = match in_index(reader, &indexes[&key], &channel, &file, &package).await.map_err(|e| e.about(list))? {
            Some(picked) => picked,
            None => {
                own.push(format!("{}/{subdir}/{file}", channel.name));
                of_list(channel, subdir, file, package).map_err(|e| e.about(list))?
            }
        };
        packages.insert(picked.key(), picked);
    }
    if let Some(first) = own.first() {
        let n = own.len();
        notes.push(format!(
            "{n} of the listed packages are not in the index of their channel (any more): {first}; their records are those of the lock file"
        ));
    }
    Ok(packages)
}

async fn in_index(reader: &Reader<'_>, index: &Index, channel: &Channel, file: &str, package: &Listed) -> Result<Option<Picked>> {
    let name = file.rsplitn(3, '-').nth(2).unwrap_or(file).to_ascii_lowercase();
    let entries = index.entries(reader, &name).await?;
    let Some(entry) = entries.into_iter().find(|entry| entry.file == file) else { return Ok(None) };
    let label = format!("{}/{}/{file}", channel.name, index.subdir);
    let solver = candidate(&entry, &index.place(channel), &mut Seen::default())
        .map_err(|why| Error::verification(format!("{label}: the index has an entry that cannot be used")).with("because", why))?;
    let Ok(Value::Object(mut record)) = entry.record.value() else {
        return Err(Error::verification(format!("{label}: its record is not strict JSON")));
    };
    check(&label, &record, package)?;
    for (key, digest) in [("sha256", &package.sha256), ("md5", &package.md5)] {
        if let (Some(digest), false) = (digest, record.contains_key(key)) {
            record.insert(key.to_owned(), digest.as_str().into());
        }
    }
    let mut origins = vec![solver.url];
    if !origins.contains(&package.url) {
        origins.push(package.url.clone());
    }
    let pinned = package.sha256.is_some();
    Ok(Some(Picked {
        channel: channel.clone(),
        subdir: index.subdir.clone(),
        file: file.to_owned(),
        record,
        origins,
        pinned,
        run_exports: None,
    }))
}

fn check(label: &str, record: &Map<String, Value>, package: &Listed) -> Result<()> {
    for (key, listed) in [("sha256", &package.sha256), ("md5", &package.md5)] {
        let (Some(listed), Some(found)) = (listed, record.get(key).and_then(Value::as_str)) else { continue };
        if !found.eq_ignore_ascii_case(listed) {
            return Err(Error::verification(format!("{label}: the channel has other bytes than the list names"))
                .with("expected", format!("{key}:{listed}"))
                .with("found", format!("{key}:{found:.64}"))
                .hint("the archive was replaced upstream, or the list was made from another channel; do not use it before you know why"));
        }
    }
    Ok(())
}

/// A package that its channel does not list any more, as the lock file has it.
fn of_list(channel: Channel, subdir: String, file: String, package: Listed) -> Result<Picked> {
    let label = format!("{}/{subdir}/{file}", channel.name);
    let Some(Value::Object(mut record)) = package.record else {
        return Err(Error::verification(format!("{label}: the channel does not list it"))
            .with("looked in", &channel.url)
            .hint("an explicit list does not say what a package requires, so that it cannot be served without the channel's record: make the list anew, or name the channel that has it"));
    };
    // Lock files of other tools leave out what a reader takes for granted.
    for (key, value) in [("build_number", Value::from(0)), ("depends", Value::Array(vec![])), ("subdir", Value::from(subdir.as_str()))] {
        record.entry(key).or_insert(value);
    }
    let pinned = package.sha256.is_some();
    Ok(Picked { channel, subdir, file, record, origins: vec![package.url], pinned, run_exports: None })
}
