//! `requirements.txt`, in pip's format.
//!
//! In: a path; files it includes with `-r` and `-c` are read too. Out: requirements with their
//! hashes and the line they stand on, and the options that bear on a resolution, for the python
//! room to put into a request. uv's parser reads the format; the lines are found here, because
//! uv does not tell them, and because what is refused must be refused with its line.
//!
//! It never opens anything over the network and never builds an editable project.

mod lines;

use std::collections::BTreeSet;
use std::path::Path;

use uv_client::{BaseClientBuilder, Connectivity};
use uv_configuration::{NoBinary, NoBuild};
use uv_pep508::{RequirementOrigin, VerbatimUrl, VersionOrUrl};
use uv_pypi_types::VerbatimParsedUrl;
use uv_requirements_txt::{RequirementEntry, RequirementsTxt, RequirementsTxtRequirement};

use crate::failure::{Failure, FailureKind, chain};
use crate::inputs;
use crate::request::{Index, Requirement};
use crate::resolver::Answer;
use lines::Files;

/// What a `requirements.txt` and the files it includes say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequirementsFile {
    /// The requirements, in their order, with hashes and `file:line`.
    pub requirements: Vec<Requirement>,
    /// Constraints (`-c`), as PEP 508 text.
    pub constraints: Vec<String>,
    /// `--index-url`: replaces the default index.
    pub index: Option<Index>,
    /// `--extra-index-url`, in their order.
    pub extra_indexes: Vec<Index>,
    /// `--find-links` pages (`flat` is set).
    pub find_links: Vec<Index>,
    /// `--no-index`: only the find-links pages are to be asked.
    pub no_index: bool,
    /// Every package must have a hash: the file says `--require-hashes`, or has a hash anywhere,
    /// which pip takes to mean the same.
    pub require_hashes: bool,
    /// Whether `--only-binary` forbids the source distribution of any package.
    pub only_binary: bool,
    /// Packages of `--no-binary`; `:all:` stands for all of them.
    pub no_binary: Vec<String>,
    /// `--pre`: pre-releases are allowed.
    pub prereleases: bool,
    /// All options with a meaning here but the inclusion of files, as `file:line: option`.
    pub options: Vec<String>,
    /// Options without a meaning here, as `file:line: option`.
    pub ignored: Vec<String>,
}

/// Reads a `requirements.txt` and what it includes.
///
/// Environment variables in `${NAME}` form are filled in, as pip does.
///
/// # Errors
///
/// [`FailureKind::Invalid`] when a file cannot be read or is not in the format,
/// [`FailureKind::Refused`] for editable projects, repositories, local paths and hashes of
/// constraints, each with file and line.
pub fn requirements_txt(path: &Path) -> Answer<'_, RequirementsFile> {
    Box::pin(read(path))
}

async fn read(path: &Path) -> Result<RequirementsFile, Failure> {
    let mut files = Files::read(path)?;
    files.refuse()?;
    let offline = BaseClientBuilder::default().connectivity(Connectivity::Offline);
    let directory = path.parent().unwrap_or(Path::new("."));
    let parsed = RequirementsTxt::parse_with_cache(path, directory, &offline, &mut files.contents()).await.map_err(|error| {
        let failure = || Failure::new(FailureKind::Invalid, chain(&error));
        files.first_unreadable().unwrap_or_else(failure)
    })?;
    let mut requirements = Vec::with_capacity(parsed.requirements.len());
    let mut seen = BTreeSet::new();
    for entry in &parsed.requirements {
        let requirement = requirement(entry, &mut files)?;
        if seen.insert((requirement.text.clone(), requirement.origin.clone())) {
            requirements.push(requirement);
        }
    }
    let hashed = requirements.iter().any(|requirement| !requirement.hashes.is_empty());
    Ok(RequirementsFile {
        require_hashes: parsed.require_hashes || hashed,
        requirements,
        constraints: parsed.constraints.iter().map(|requirement| text_of(requirement, "constraint")).collect::<Result<_, _>>()?,
        index: parsed.index_url.as_ref().map(|url| index(url, false)).transpose()?,
        extra_indexes: indexes(&parsed.extra_index_urls, false)?,
        find_links: indexes(&parsed.find_links, true)?,
        no_index: parsed.no_index,
        only_binary: !matches!(parsed.only_binary, NoBuild::None),
        no_binary: match parsed.no_binary {
            NoBinary::None => Vec::new(),
            NoBinary::All => vec![":all:".to_owned()],
            NoBinary::Packages(names) => names.iter().map(ToString::to_string).collect(),
        },
        prereleases: files.prereleases(),
        options: files.options(),
        ignored: files.ignored(),
    })
}

fn requirement(entry: &RequirementEntry, files: &mut Files) -> Result<Requirement, Failure> {
    let RequirementsTxtRequirement::Named(named) = &entry.requirement else {
        let text = entry.requirement.to_string();
        return Err(inputs::refusal("requirements.txt", &text, "a URL without a package name"));
    };
    let file = match &named.origin {
        Some(RequirementOrigin::File(path)) => path.as_path(),
        _ => Path::new("requirements.txt"),
    };
    let origin = files.origin(file, named.name.as_ref());
    let text = text_of(named, &origin)?;
    inputs::parse(&text, &origin)?;
    Ok(Requirement { text, hashes: entry.hashes.clone(), origin })
}

/// The requirement as PEP 508 text, URLs in full.
fn text_of(requirement: &uv_pep508::Requirement<VerbatimParsedUrl>, origin: &str) -> Result<String, Failure> {
    let Some(VersionOrUrl::Url(url)) = &requirement.version_or_url else {
        return Ok(requirement.to_string());
    };
    let url = url.verbatim.raw();
    if !url.username().is_empty() || url.password().is_some() {
        let text = format!("{} @ {url}", requirement.name);
        return Err(inputs::refusal(origin, &text, "a URL with credentials in it"));
    }
    let mut bare = requirement.clone();
    bare.version_or_url = None;
    let text = bare.to_string();
    Ok(match text.split_once(';') {
        Some((name, marker)) => format!("{} @ {} ;{marker}", name.trim_end(), url.as_str()),
        None => format!("{text} @ {}", url.as_str()),
    })
}

fn indexes(urls: &[VerbatimUrl], flat: bool) -> Result<Vec<Index>, Failure> {
    urls.iter().map(|url| index(url, flat)).collect()
}

/// The index at a URL, with the credentials taken out of it.
fn index(url: &VerbatimUrl, flat: bool) -> Result<Index, Failure> {
    let url = url.raw();
    if !matches!(url.scheme(), "http" | "https") {
        let message = format!("requirements.txt: {url} is neither http nor https");
        return Err(Failure::new(FailureKind::Refused, message));
    }
    let decoded = uv_auth::Credentials::from_url(url).map_err(|error| Failure::from_error(FailureKind::Invalid, &error))?;
    let mut bare = url.clone();
    bare.remove_credentials();
    Ok(Index {
        flat,
        username: decoded.as_ref().and_then(|one| one.username()).map(str::to_owned),
        password: decoded.as_ref().and_then(|one| one.password()).map(str::to_owned),
        ..Index::new(bare.as_str())
    })
}
