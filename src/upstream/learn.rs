//! Learning digests by downloading: for upstreams that tell none. The bytes are kept, so that fetching does not ask for them again.

use super::failure::shown;
use super::{Body, Failure, Part, Upstream, Validator, oci};
use crate::artifact::{Descriptor, Digest, Sha256Writer};
use crate::error::{Error, Kind, Result};
use crate::progress::{Progress, Silent};
use crate::store::check_space;
use futures::StreamExt;
use sha1::{Digest as _, Sha1};
use sha2::{Digest as _, Sha384, Sha512};
use std::fs::File;
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use url::Url;

/// Where learned bytes wait to be fetched.
pub fn learned_path(cache: &Path, digest: &Digest) -> PathBuf {
    cache.join("learned").join(digest.hex())
}

/// Puts bytes where the fetch step looks for what the lock had to download.
pub fn keep(cache: &Path, digest: &Digest, bytes: &[u8]) -> Result<()> {
    let path = learned_path(cache, digest);
    let partial = path.with_extension(format!("{}.partial", std::process::id()));
    let folder = path.parent().unwrap_or(cache);
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&partial, bytes))
        .and_then(|()| std::fs::rename(&partial, &path))
        .map_err(|e| Error::unwritten(format!("{} cannot be written", path.display()), &e))
}

/// What was learned of downloaded bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sums {
    /// How many.
    pub size: u64,
    /// Their identity.
    pub sha256: Digest,
    /// The digests that a requirement may name, written as `algorithm:hex`: SHA-256, SHA-384, SHA-512.
    pub texts: [String; 3],
    /// The name git gives to the bytes, where it was asked for ([`Upstream::learn_git_blob`]): 40 lower-case hex digits.
    pub git_blob_sha1: Option<String>,
}

#[derive(Clone, Default)]
struct Hashers {
    sha256: Sha256Writer,
    sha384: Sha384,
    sha512: Sha512,
    git_blob: Option<Sha1>,
}

impl Hashers {
    /// Hashes a git blob of that size too: its name covers its length, which comes first.
    fn of_git_blob(size: u64) -> Self {
        Self { git_blob: Some(Sha1::new_with_prefix(format!("blob {size}\0"))), ..Self::default() }
    }

    fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.sha384.update(bytes);
        self.sha512.update(bytes);
        if let Some(git_blob) = &mut self.git_blob {
            git_blob.update(bytes);
        }
    }

    fn finish(self) -> Sums {
        let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
        let (size, sha256) = (self.sha256.length(), self.sha256.finish());
        let texts =
            [sha256.to_string(), format!("sha384:{}", hex(&self.sha384.finalize())), format!("sha512:{}", hex(&self.sha512.finalize()))];
        let git_blob_sha1 = self.git_blob.map(|hasher| hex(hasher.finalize().as_slice()));
        Sums { size, sha256, texts, git_blob_sha1 }
    }
}

/// A download whose digests are not known yet: all its bytes must be of one version, because nothing else would tell.
struct Learning<'a> {
    url: &'a Url,
    /// What it is in a registry, where it is asked of one.
    blob: Option<&'a Descriptor>,
    most: u64,
    /// Whether the bound is that of the settings, rather than what was said of the file.
    allowance: bool,
    file: &'a mut File,
    /// What to begin with.
    fresh: Hashers,
    hashers: Hashers,
    /// Of what is in the file.
    version: Option<Validator>,
    /// What is left of the room that was found last, in bytes.
    room: u64,
    /// The folder of the file.
    folder: &'a Path,
    progress: &'a dyn Progress,
    /// The length that was announced last; 0 where none was.
    whole: u64,
    /// The highest length that was reported; `None` before the first report.
    shown: Option<u64>,
}

/// So many bytes at a time are seen to have room: a server that tells no length may send until the disk is full.
const ROOM: u64 = 64 << 20;
/// From so many bytes on a download is reported.
const WORTH: u64 = 16 << 20;
/// The name of the work in reports.
const PHASE: &str = "hashing";

/// A file that goes with whoever writes it, unless it got its name.
struct Partial(PathBuf);

impl Drop for Partial {
    fn drop(&mut self) {
        // Nothing goes on from it: its version is known to this run only.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Upstream {
    /// Downloads a URL to learn the digests and size of what it holds; refused past `most` bytes. A connection that breaks is gone on
    /// with where the server tells that it still has the same version, and begun again otherwise. The bytes stay at [`learned_path`].
    pub async fn learn(&self, url: &Url, cache: &Path, most: u64) -> Result<Sums> {
        self.learn_with(url, cache, most, Hashers::default(), &Silent).await
    }

    /// The same, reported while it goes on; of one download at a time.
    pub async fn learn_shown(&self, url: &Url, cache: &Path, most: u64, progress: &dyn Progress) -> Result<Sums> {
        self.learn_with(url, cache, most, Hashers::default(), progress).await
    }

    /// The same for a file of known size in a git repository; its name in git is learned as well.
    pub async fn learn_git_blob(&self, url: &Url, cache: &Path, size: u64) -> Result<Sums> {
        self.learn_with(url, cache, size, Hashers::of_git_blob(size), &Silent).await
    }

    /// The same for a blob of a registry, from the first of its origins: it must be what its manifest says.
    pub async fn learn_blob(&self, blob: &Descriptor, cache: &Path, progress: &dyn Progress) -> Result<Sums> {
        let origin = blob.origins.first().map(String::as_str).unwrap_or_default();
        let url = Url::parse(origin).map_err(|e| Error::failed(format!("{origin:.200}: not a URL")).because(&e))?;
        let sums = self.learn_from(&url, Some(blob), cache, blob.size, Hashers::default(), progress).await?;
        if (sums.sha256, sums.size) == (blob.digest, blob.size) {
            return Ok(sums);
        }
        let error = Error::verification(format!("{}: the registry sent other bytes than it should", shown(&url)));
        let error = error.with("expected", format!("{}, {} bytes", blob.digest, blob.size));
        Err(error.with("found", format!("{}, {} bytes", sums.sha256, sums.size)))
    }

    async fn learn_with(&self, url: &Url, cache: &Path, most: u64, fresh: Hashers, progress: &dyn Progress) -> Result<Sums> {
        self.learn_from(url, None, cache, most, fresh, progress).await
    }

    async fn learn_from(
        &self,
        url: &Url,
        blob: Option<&Descriptor>,
        cache: &Path,
        most: u64,
        fresh: Hashers,
        progress: &dyn Progress,
    ) -> Result<Sums> {
        // A process may learn one URL twice at a time, and so may two processes: each writes a file of its own.
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let folder = cache.join("learned");
        std::fs::create_dir_all(&folder).map_err(|e| Error::unwritten(format!("{} cannot be created", folder.display()), &e))?;
        let partial = Partial(folder.join(format!("{}-{}.partial", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))));
        let wrong = |e: &std::io::Error| Error::unwritten(format!("{} cannot be written", partial.0.display()), e);
        let mut file = File::create(&partial.0).map_err(|e| wrong(&e))?;
        let (hashers, folder) = (fresh.clone(), &folder);
        let (most, allowance) = (most.min(self.settings().most_learned), most > self.settings().most_learned);
        let mut learning = Learning {
            url,
            blob,
            most,
            allowance,
            file: &mut file,
            fresh,
            hashers,
            version: None,
            room: 0,
            folder,
            progress,
            whole: 0,
            shown: None,
        };
        let learned = self.learn_into(&mut learning).await;
        if learning.shown.is_some() {
            progress.end(PHASE);
        }
        learned?;
        let sums = learning.hashers.finish();
        std::fs::rename(&partial.0, learned_path(cache, &sums.sha256)).map_err(|e| wrong(&e))?;
        Ok(sums)
    }

    async fn learn_into(&self, learning: &mut Learning<'_>) -> Result<()> {
        let (mut backoff, mut longest) = (self.backoff(), 0);
        while let Err(failure) = learning.go_on(self).await {
            let length = learning.hashers.sha256.length();
            if length > longest {
                longest = length;
                backoff.progressed();
            }
            tokio::time::sleep(backoff.after(failure)?).await;
        }
        Ok(())
    }
}

impl Learning<'_> {
    /// One answer, from where the last one broke off where that is safe.
    async fn go_on(&mut self, upstream: &Upstream) -> std::result::Result<(), Failure> {
        let mut body = self.ask(upstream).await?;
        if body.offset == 0 {
            self.begin_again()?;
        }
        self.version = body.version.take();
        self.announced(body.length.map(|length| body.offset.saturating_add(length)))?;
        while let Some(bytes) = body.stream.next().await {
            self.take(&bytes?)?;
        }
        match body.length {
            Some(length) if self.hashers.sha256.length() < body.offset + length => {
                Err(Failure::transient(Error::new(Kind::Upstream, format!("{}: the connection broke off", shown(self.url)))))
            }
            _ => Ok(()),
        }
    }

    async fn ask(&self, upstream: &Upstream) -> std::result::Result<Body, Failure> {
        if let Some(version) = &self.version {
            let part = Part { from: self.hashers.sha256.length(), version: Some(version.clone()), most: None };
            let body = self.get(upstream, &part).await?;
            if body.offset == 0 || body.version.as_ref() == Some(version) {
                return Ok(body);
            }
        }
        self.get(upstream, &Part::default()).await
    }

    async fn get(&self, upstream: &Upstream, part: &Part) -> std::result::Result<Body, Failure> {
        match self.blob {
            Some(blob) => oci::fetch(upstream, blob, self.url.as_str(), part).await,
            None => upstream.get(self.url, part).await,
        }
    }

    /// What can be known before a byte comes: too long, no room.
    fn announced(&mut self, whole: Option<u64>) -> std::result::Result<(), Failure> {
        if let Some(whole) = whole.filter(|whole| *whole > self.most) {
            return Err(Failure::permanent(self.too_long().with("found", format!("{whole} bytes"))));
        }
        let left = whole.unwrap_or(0).saturating_sub(self.hashers.sha256.length());
        check_space(self.folder, left).map_err(Failure::permanent)?;
        self.whole = whole.unwrap_or(0);
        Ok(())
    }

    /// Reports what has come; of a download that is over in a moment nothing.
    fn show(&mut self, length: u64) {
        if self.shown.is_none() && length >= WORTH {
            self.progress.begin(PHASE, self.whole);
            self.shown = Some(0);
        }
        if let Some(shown) = self.shown.filter(|shown| length > *shown) {
            self.progress.advance(PHASE, length - shown);
            self.shown = Some(length);
        }
    }

    fn begin_again(&mut self) -> std::result::Result<(), Failure> {
        self.hashers = self.fresh.clone();
        self.file.set_len(0).and_then(|()| self.file.rewind()).map_err(|e| unwritten(&e))
    }

    fn take(&mut self, bytes: &[u8]) -> std::result::Result<(), Failure> {
        let (length, count) = (self.hashers.sha256.length(), bytes.len() as u64);
        if length + count > self.most {
            return Err(Failure::permanent(self.too_long()));
        }
        if self.room < count {
            check_space(self.folder, ROOM.max(count)).map_err(Failure::permanent)?;
            self.room = ROOM.max(count);
        }
        self.room -= count;
        self.file.write_all(bytes).map_err(|e| unwritten(&e))?;
        self.hashers.update(bytes);
        self.show(length + count);
        Ok(())
    }

    fn too_long(&self) -> Error {
        let (name, most) = (shown(self.url), format!("at most {} bytes", self.most));
        if !self.allowance {
            return Error::verification(format!("{name}: it is longer than it should be")).with("expected", most);
        }
        Error::verification(format!("{name}: it is longer than may be downloaded to learn its digest"))
            .with("expected", most)
            .hint("if it is that long, allow it with --max-download, or pin its sha256 where its server tells its length")
    }
}

fn unwritten(error: &std::io::Error) -> Failure {
    Failure::permanent(Error::io("a downloaded file cannot be written", error))
}
