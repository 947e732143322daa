//! Learning digests by downloading: for upstreams that tell none. The bytes are kept, so that fetching does not ask for them again.

use super::failure::shown;
use super::{Failure, Upstream};
use crate::artifact::{Digest, Sha256Writer};
use crate::error::{Error, Kind, Result};
use bytes::Buf;
use futures::StreamExt;
use sha2::{Digest as _, Sha384, Sha512};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use url::Url;

/// Where learned bytes wait to be fetched.
pub fn learned_path(cache: &Path, digest: &Digest) -> PathBuf {
    cache.join("learned").join(digest.hex())
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
}

#[derive(Clone, Default)]
struct Hashers {
    sha256: Sha256Writer,
    sha384: Sha384,
    sha512: Sha512,
}

impl Hashers {
    fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.sha384.update(bytes);
        self.sha512.update(bytes);
    }

    fn finish(self) -> Sums {
        let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
        let (size, sha256) = (self.sha256.length(), self.sha256.finish());
        let texts =
            [sha256.to_string(), format!("sha384:{}", hex(&self.sha384.finalize())), format!("sha512:{}", hex(&self.sha512.finalize()))];
        Sums { size, sha256, texts }
    }
}

impl Upstream {
    /// Downloads a URL to learn the digests and size of what it holds, going on where a connection broke; refused past `most` bytes.
    /// The bytes stay at [`learned_path`].
    pub async fn learn(&self, url: &Url, cache: &Path, most: u64) -> Result<Sums> {
        let folder = cache.join("learned");
        std::fs::create_dir_all(&folder).map_err(|e| Error::io(format!("{} cannot be created", folder.display()), &e))?;
        let partial = folder.join(format!("{}.partial", Digest::of(url.as_str().as_bytes()).hex()));
        let wrong = |e: &std::io::Error| Error::io(format!("{} cannot be written", partial.display()), e);
        let mut file = File::create(&partial).map_err(|e| wrong(&e))?;
        let sums = self.hash(url, most, &mut file).await?;
        std::fs::rename(&partial, learned_path(cache, &sums.sha256)).map_err(|e| wrong(&e))?;
        Ok(sums)
    }

    /// The same, with the bytes going to `out`.
    async fn hash(&self, url: &Url, most: u64, out: &mut (impl Write + Send)) -> Result<Sums> {
        let (mut hashers, mut backoff) = (Hashers::default(), self.backoff());
        loop {
            let before = hashers.sha256.length();
            match self.hash_some(url, most, &mut hashers, out).await {
                Ok(()) => return Ok(hashers.finish()),
                Err(failure) => {
                    if hashers.sha256.length() > before {
                        backoff.progressed();
                    }
                    tokio::time::sleep(backoff.after(failure)?).await;
                }
            }
        }
    }

    async fn hash_some(
        &self,
        url: &Url,
        most: u64,
        hashers: &mut Hashers,
        out: &mut (impl Write + Send),
    ) -> std::result::Result<(), Failure> {
        let have = hashers.sha256.length();
        let mut body = self.get(url, have).await?;
        // A server without ranges begins again: what is here already is passed over.
        let mut over = have.saturating_sub(body.offset) as usize;
        while let Some(bytes) = body.stream.next().await {
            let mut bytes = bytes?;
            let passed = over.min(bytes.len());
            over -= passed;
            bytes.advance(passed);
            if hashers.sha256.length() + bytes.len() as u64 > most {
                let error = Error::verification(format!("{}: it is longer than it should be", shown(url)));
                return Err(Failure::permanent(error.with("expected", format!("at most {most} bytes"))));
            }
            out.write_all(&bytes).map_err(|e| Failure::permanent(Error::io("a downloaded file cannot be written", &e)))?;
            hashers.update(&bytes);
        }
        match body.length {
            Some(length) if hashers.sha256.length() < body.offset + length => {
                Err(Failure::transient(Error::new(Kind::Upstream, format!("{}: the connection broke off", shown(url)))))
            }
            _ => Ok(()),
        }
    }
}
