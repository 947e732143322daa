//! What a source distribution needs to be built: `build-system.requires` of its `pyproject.toml` (PEP 518), read and never run.

use super::{failure, learn};
use crate::ecosystems::LockRequest;
use crate::error::{Error, Kind, Result};
use crate::upstream::learned_path;
use airlift_python_resolve as uv;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use url::Url;

/// Largest source distribution that is read, in bytes.
const MOST: u64 = 1 << 30;

/// Build requirements by the URL of the source distribution.
pub type Builds = BTreeMap<String, Vec<String>>;

/// Downloads every source distribution of the resolutions once and reads what it needs to be built.
pub async fn build_requirements(request: &LockRequest<'_>, resolutions: &[uv::Resolution]) -> Result<Builds> {
    let mut builds = Builds::new();
    for file in resolutions.iter().flat_map(|r| &r.packages).map(|p| &p.file).filter(|f| f.kind == uv::FileKind::Sdist) {
        if !builds.contains_key(&file.url) {
            builds.insert(file.url.clone(), needs(request, file).await.map_err(|e| e.about(&file.filename))?);
        }
    }
    Ok(builds)
}

/// The source distributions of a resolution with what they need.
pub fn of<'a>(resolution: &'a uv::Resolution, builds: &'a Builds) -> impl Iterator<Item = (&'a str, &'a [String])> {
    let files = resolution.packages.iter().map(|p| &p.file);
    files.filter_map(|file| builds.get(&file.url).map(|needs| (file.filename.as_str(), needs.as_slice())))
}

async fn needs(request: &LockRequest<'_>, file: &uv::File) -> Result<Vec<String>> {
    if !file.filename.ends_with(".tar.gz") {
        return Err(Error::usage("only source distributions in .tar.gz form are read (PEP 625)").hint("choose a version with wheels"));
    }
    let url = Url::parse(&file.url).map_err(|e| Error::new(Kind::Upstream, "not a URL").because(&e))?;
    request.progress.note(&format!("{}: read for its build requirements", file.filename));
    let sums = request.upstream.learn(&url, request.cache, file.size.unwrap_or(MOST).min(MOST)).await?;
    learn::check(file, &sums)?;
    let path = learned_path(request.cache, &sums.sha256);
    let sdist = File::open(&path).map_err(|e| Error::io(format!("{} cannot be read", path.display()), &e))?;
    let mut needs = uv::pyproject_of_sdist(&mut BufReader::new(sdist))
        .and_then(|text| uv::build_requirements(&text))
        .map_err(|f| failure::error(&f))?;
    // setuptools before 70.1 asks for wheel while it builds, where nobody can read it in advance.
    if needs.iter().any(|n| n.to_ascii_lowercase().starts_with("setuptools")) && !needs.iter().any(|n| n == "wheel") {
        needs.push("wheel".to_owned());
    }
    Ok(needs)
}
