//! What the resolver has this room do: read a wheel, and find the credentials of a URL.

use super::super::wheel;
use crate::artifact::BlobRead;
use crate::ecosystems::LockRequest;
use crate::upstream::Credential;
use airlift_python_resolve as uv;
use std::io::{Read, Result, Seek, SeekFrom};
use std::sync::Arc;

/// The callbacks of one lock: wheels are read as strictly as inside, so that one whose METADATA could not be served there is refused
/// before it crosses; credentials are those of the run.
pub fn callbacks(request: &LockRequest<'_>) -> uv::Callbacks {
    let credentials = request.upstream.settings().credentials.clone();
    let login = move |url: &url::Url| match credentials.for_url(url) {
        Some(Credential::Basic { username, password }) => Some((username.clone(), password.clone())),
        Some(Credential::Bearer(_)) | None => None,
    };
    uv::Callbacks { read_metadata, login: uv::Login(Arc::new(login)) }
}

fn read_metadata(filename: &str, wheel: &mut dyn uv::WheelBytes) -> std::result::Result<Vec<u8>, String> {
    wheel::metadata(filename, &mut Remote(wheel)).map_err(|e| e.to_string())
}

/// A wheel on its host, as a blob.
struct Remote<'a>(&'a mut dyn uv::WheelBytes);

impl Read for Remote<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.0.read(buffer)
    }
}

impl Seek for Remote<'_> {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.0.seek(to)
    }
}

impl BlobRead for Remote<'_> {
    fn size(&self) -> u64 {
        self.0.size()
    }
}
