//! Learning a digest by downloading: for upstreams that tell none. The bytes are kept, so that fetching does not ask for them again.

use super::failure::shown;
use super::{Failure, Upstream};
use crate::artifact::{Digest, Sha256Writer};
use crate::error::{Error, Result};
use futures::StreamExt;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use url::Url;

/// Where learned bytes wait to be fetched.
pub fn learned_path(cache: &Path, digest: &Digest) -> PathBuf {
    cache.join("learned").join(digest.hex())
}

impl Upstream {
    /// Downloads a URL to learn the digest and size of what it holds; refused past `most` bytes. The bytes stay at [`learned_path`].
    pub async fn learn(&self, url: &Url, cache: &Path, most: u64) -> Result<(Digest, u64)> {
        let folder = cache.join("learned");
        std::fs::create_dir_all(&folder).map_err(|e| Error::io(format!("{} cannot be created", folder.display()), &e))?;
        let name = Digest::of(url.as_str().as_bytes()).hex();
        let partial = folder.join(format!("{name}.partial"));
        let (digest, size) = self.backoff().run(|| self.learn_once(url, &partial, most)).await?;
        let path = learned_path(cache, &digest);
        std::fs::rename(&partial, &path).map_err(|e| Error::io(format!("{} cannot be written", path.display()), &e))?;
        Ok((digest, size))
    }

    async fn learn_once(&self, url: &Url, partial: &Path, most: u64) -> std::result::Result<(Digest, u64), Failure> {
        let wrong = |e: &std::io::Error| Failure::permanent(Error::io(format!("{} cannot be written", partial.display()), e));
        let mut file = File::create(partial).map_err(|e| wrong(&e))?;
        let (mut body, mut sha256) = (self.get(url, 0).await?, Sha256Writer::default());
        while let Some(bytes) = body.stream.next().await {
            let bytes = bytes?;
            sha256.update(&bytes);
            if sha256.length() > most {
                return Err(Failure::permanent(Error::usage(format!("{}: longer than {most} bytes", shown(url)))));
            }
            file.write_all(&bytes).map_err(|e| wrong(&e))?;
        }
        match body.length {
            Some(length) if length != sha256.length() => {
                Err(Failure::transient(Error::failed(format!("{}: the body ended too early", shown(url)))))
            }
            _ => Ok((sha256.clone().finish(), sha256.length())),
        }
    }
}
