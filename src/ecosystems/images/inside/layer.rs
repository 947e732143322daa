//! Reading one layer as a stream: what it brings, what it takes away.

use super::filesystem::{Filesystem, Layer, Node};
use super::wanted::{is_licence, is_only_met, limit};
use crate::artifact::{BlobRead, Blobs};
use crate::error::{Error, Result};
use crate::report::{MAX_LICENCE_BYTES, recognised};
use crate::scan::tar::{self, Kind};
use crate::scan::{Findings, Packing, Severity, unpacked};
use crate::server::oci::Entry;
use std::io::{Read, SeekFrom};

/// How the name of a deleted file begins (OCI image layer specification, "Whiteouts").
const WHITEOUT: &str = ".wh.";
/// What stands in a folder whose content below is hidden.
const OPAQUE: &str = ".wh..wh..opq";

/// Reads a layer and puts it upon the others. One that is not here, or no archive, is told of in `files`.
pub(super) fn apply(number: usize, entry: &Entry, blobs: &dyn Blobs, files: &mut Filesystem) -> Result<()> {
    let Some(mut blob) = blobs.open(&entry.digest)? else {
        files.not_assessed.push(format!("layer {number} ({}) is not here", entry.digest));
        return Ok(());
    };
    let (layer, told) = read(&mut *blob, files)?;
    files.not_assessed.extend(told.into_iter().map(|what| format!("layer {number}: {what}")));
    files.apply(layer);
    Ok(())
}

/// A layer, and what could not be read of it.
pub(super) fn read(blob: &mut dyn BlobRead, below: &Filesystem) -> Result<(Layer, Vec<String>)> {
    let unreadable = |e: std::io::Error| Error::io("a layer cannot be read", &e);
    let mut start = Vec::new();
    (&mut *blob).take(4).read_to_end(&mut start).map_err(unreadable)?;
    blob.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    let (mut taken, mut found) = (Taken { layer: Layer::default(), room: below.room(), told: vec![], full: false }, Findings::default());
    let size = blob.size();
    unpacked(Packing::of(&start), size, blob, "", &mut found, |stream, found| {
        tar::lint(stream, found, &mut |entry, content| taken.entry(entry, content, below))
    })?;
    let mut told = grave(&found);
    told.append(&mut taken.told);
    Ok((taken.layer, told))
}

/// What of the findings says that something was not read. Only so many findings are kept: others may have crowded it out.
pub(super) fn grave(found: &Findings) -> Vec<String> {
    let grave =
        found.list().iter().filter(|finding| finding.severity == Severity::Error || finding.rule == crate::scan::rules::NOT_EXAMINED);
    let told: Vec<String> = grave.take(5).map(|finding| format!("{} {}", finding.place, finding.what).trim().to_owned()).collect();
    if told.is_empty() && (found.worst() == Some(Severity::Error) || found.is_crowded()) {
        return vec!["more is wrong with it than is listed: it may not be whole (airlift scan)".to_owned()];
    }
    told
}

struct Taken {
    layer: Layer,
    room: u64,
    told: Vec<String>,
    full: bool,
}

impl Taken {
    fn entry(&mut self, entry: &tar::Entry, content: &mut dyn Read, below: &Filesystem) -> Result<()> {
        let path = canonical(&entry.name);
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        let within = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        match (name.strip_prefix(WHITEOUT), entry.kind) {
            _ if path.is_empty() || self.is_too_much(&path, entry, below) => {}
            (Some(_), _) if name == OPAQUE => self.layer.opaque.push(folder.to_owned()),
            // Other names of that kind are the storage driver's own.
            (Some(hidden), _) if hidden.starts_with(WHITEOUT) => {}
            (Some(hidden), _) => self.layer.removed.push(within(hidden)),
            (None, kind) => return self.node(path, kind, entry, content),
        }
        Ok(())
    }

    /// Counts what is named, and tells once where it is too much.
    fn is_too_much(&mut self, path: &str, entry: &tar::Entry, below: &Filesystem) -> bool {
        let (count, bytes) = self.layer.named;
        self.layer.named = (count + 1, bytes + (path.len() + entry.link.len()) as u64);
        let full = below.is_full(self.layer.named);
        if full && !std::mem::replace(&mut self.full, true) {
            self.told.push("it has too many files: the rest of them was not looked at".to_owned());
        }
        full
    }

    fn node(&mut self, path: String, kind: Kind, entry: &tar::Entry, content: &mut dyn Read) -> Result<()> {
        // Of two entries of one path, the later one counts, whatever it is.
        if let Some(before) = self.layer.kept.remove(&path) {
            self.room += before.len() as u64;
        }
        self.layer.links.remove(&path);
        let node = match kind {
            Kind::File => {
                self.keep(&path, entry.size, content)?;
                Node::File(false)
            }
            Kind::HardLink => {
                self.layer.links.insert(path.clone(), (self.layer.named.0, canonical(&entry.link)));
                Node::File(false)
            }
            Kind::SymbolicLink => Node::Link(String::from_utf8_lossy(&entry.link).into_owned()),
            Kind::Folder => Node::Folder,
            Kind::Other => Node::Other,
        };
        self.layer.nodes.insert(path, node);
        Ok(())
    }

    fn keep(&mut self, path: &str, size: u64, content: &mut dyn Read) -> Result<()> {
        if is_licence(path) {
            return self.recognise(path, content);
        }
        let (size, limit, length) = if is_only_met(path) { (size.min(1), Some(1), 1) } else { (size, limit(path), u64::MAX) };
        let Some(most) = limit else { return Ok(()) };
        if size > most.min(self.room) {
            self.told.push(format!("{path} has {size} bytes, which is more than is read"));
            return Ok(());
        }
        let mut bytes = Vec::new();
        content.take(length).read_to_end(&mut bytes).map_err(|e| Error::io("a layer cannot be read", &e))?;
        self.take(path, bytes);
        Ok(())
    }

    /// Of the file of a licence only what was recognised in it is kept: there may be a million of them.
    fn recognise(&mut self, path: &str, content: &mut dyn Read) -> Result<()> {
        let mut bytes = Vec::new();
        content.take(MAX_LICENCE_BYTES).read_to_end(&mut bytes).map_err(|e| Error::io("a layer cannot be read", &e))?;
        let found = recognised(&bytes).join("\n").into_bytes();
        if found.len() as u64 <= self.room {
            self.take(path, found);
        }
        Ok(())
    }

    fn take(&mut self, path: &str, bytes: Vec<u8>) {
        self.room -= bytes.len() as u64;
        if let Some(before) = self.layer.kept.insert(path.to_owned(), bytes) {
            self.room += before.len() as u64;
        }
    }
}

/// The path from the root, without what does not change where it leads.
fn canonical(name: &[u8]) -> String {
    let text = String::from_utf8_lossy(name);
    text.split('/').filter(|part| !matches!(*part, "" | ".")).collect::<Vec<_>>().join("/")
}
