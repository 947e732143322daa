//! What a section asks, read from the manifest and the files it names, in the resolver's words.

use super::super::section::{IndexStrategy, IndexTable, Prereleases, PythonSection, Sdists, index_url};
use super::{PythonTarget, failure};
use crate::artifact::{Architecture, Libc, Target, Version};
use crate::ecosystems::LockRequest;
use crate::error::{Error, Kind, Result};
use crate::upstream::{Credential, Upstream, check_plain};
use airlift_python_resolve as uv;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use url::Url;

/// Longest lock file that is read, in bytes.
const LONGEST: u64 = 64 << 20;

/// Everything a section asks, but for the target.
pub struct Asked {
    source: Source,
    /// A request without requirements and target: indexes and policies.
    rules: uv::Request,
    names: BTreeMap<String, String>,
    extras: Vec<String>,
    groups: Vec<String>,
    /// The requirements file that decided on the default index, by its name.
    decided_by: Option<String>,
    /// What a person should know of the inputs.
    pub notes: Vec<String>,
}

enum Source {
    Requirements(Vec<uv::Requirement>),
    Pylock(String),
    UvLock(String),
}

impl Asked {
    /// Reads the section and the files it names.
    pub async fn read(request: &LockRequest<'_>, section: &PythonSection) -> Result<Self> {
        let mut asked = Self {
            source: source(request.base, section)?,
            rules: rules(section, request)?,
            names: BTreeMap::from([(index_key(uv::default_index_url()), "pypi".to_owned())]),
            extras: section.extras.clone(),
            groups: section.groups.clone(),
            decided_by: None,
            notes: vec![],
        };
        for index in &section.indexes {
            asked.names.insert(index_key(&index.url), index.name.clone());
            asked.rules.indexes.push(index_of(index, request.upstream)?);
        }
        if let Some(url) = &section.default_index {
            asked.names.entry(index_key(url)).or_insert_with(|| "default".to_owned());
        }
        asked.rules.default_index = default_index(section.default_index.as_deref(), request.upstream)?;
        for file in &section.requirements_files {
            asked.add_requirements_file(&request.base.join(file), file, section).await?;
        }
        for file in &section.constraints_files {
            asked.add_constraints_file(&request.base.join(file)).await?;
        }
        asked.check_plain_http(section, request)?;
        Ok(asked)
    }

    /// Refuses indexes and files that would be asked over plain HTTP, but for files whose digest was written down.
    fn check_plain_http(&self, section: &PythonSection, request: &LockRequest<'_>) -> Result<()> {
        let allowed = || section.plain_http.iter().chain(&request.upstream.settings().plain_http);
        for index in self.rules.indexes.iter().chain(&self.rules.default_index) {
            check_plain(&index_url(&index.url)?, allowed()).map_err(|e| e.about("index"))?;
        }
        let Source::Requirements(requirements) = &self.source else { return Ok(()) };
        let open = requirements.iter().filter(|requirement| requirement.hashes.is_empty()).map(|r| (r.text.as_str(), r.origin.as_str()));
        let further = self.rules.constraints.iter().chain(&self.rules.overrides).map(|text| (text.as_str(), "constraints and overrides"));
        for (text, origin) in open.chain(further) {
            let Some(url) = plain_url(text) else { continue };
            check_plain(&url, allowed()).map_err(|e| e.about(origin))?;
        }
        Ok(())
    }

    async fn add_requirements_file(&mut self, path: &Path, name: &str, section: &PythonSection) -> Result<()> {
        let file = uv::requirements_txt(path).await.map_err(|f| failure::error(&f))?;
        refuse_formats(&file, section)?;
        self.decide_on_indexes(&file, name, section)?;
        if let Source::Requirements(requirements) = &mut self.source {
            requirements.extend(file.requirements);
        }
        let rules = &mut self.rules;
        rules.constraints.extend(file.constraints);
        rules.require_hashes |= file.require_hashes;
        if file.prereleases && section.prereleases == Prereleases::default() {
            rules.prereleases = uv::Prereleases::Allow;
        }
        self.notes.extend(file.ignored.iter().map(|option| format!("{option} is ignored")));
        Ok(())
    }

    /// The indexes that a requirements file names, as pip takes them: `--no-index` leaves its link pages only.
    fn decide_on_indexes(&mut self, file: &uv::RequirementsFile, name: &str, section: &PythonSection) -> Result<()> {
        let rules = &mut self.rules;
        if file.no_index {
            self.notes.extend(file.extra_indexes.iter().map(|index| format!("{name}: {} is not asked: --no-index", index.url)));
        } else {
            rules.indexes.extend(file.extra_indexes.iter().cloned());
        }
        rules.indexes.extend(file.find_links.iter().cloned());
        if !file.no_index && file.index.is_none() {
            return Ok(());
        }
        if section.default_index.is_some() {
            self.notes.push(format!("{name}: its index options are overruled by `default-index`"));
            return Ok(());
        }
        let decision = (file.no_index, file.index.clone().filter(|_| !file.no_index));
        if let Some(first) = &self.decided_by
            && (rules.no_default, &rules.default_index) != (decision.0, &decision.1)
        {
            return Err(Error::usage(format!("{first} and {name} name different default indexes"))
                .hint("write one section for each, or default-index = \"URL\" into the section"));
        }
        (rules.no_default, rules.default_index) = decision;
        self.decided_by = Some(name.to_owned());
        Ok(())
    }

    async fn add_constraints_file(&mut self, path: &Path) -> Result<()> {
        let file = uv::requirements_txt(path).await.map_err(|f| failure::error(&f))?;
        if let Some(option) = file.options.first() {
            return Err(Error::usage(format!("{option}: an option in a file of constraints is refused")).hint("write it into the section"));
        }
        if let Some(hashed) = file.requirements.iter().find(|r| !r.hashes.is_empty()) {
            return Err(Error::usage(format!("{}: the hash of a constraint is refused", hashed.origin))
                .hint("name the file under requirements-files: hashes are enforced there"));
        }
        self.rules.constraints.extend(file.requirements.into_iter().map(|r| r.text).chain(file.constraints));
        self.notes.extend(file.ignored.iter().map(|option| format!("{option} is ignored")));
        Ok(())
    }

    /// The packages and files for one target.
    pub async fn resolve(&self, resolver: &uv::Resolver, target: &PythonTarget) -> Result<uv::Resolution> {
        let selection = || uv::Selection {
            extras: self.extras.clone(),
            groups: self.groups.clone(),
            sdists: self.rules.sdists,
            ..uv::Selection::new(target.uv)
        };
        let resolution = match &self.source {
            Source::Requirements(requirements) => resolver.resolve(&self.request(target, requirements.clone())).await,
            Source::Pylock(text) => uv::pylock(text, &selection()),
            Source::UvLock(text) => uv::uv_lock(text, &selection()),
        };
        resolution.map_err(|f| failure::error(&f).about(format!("target {}", target.target.name)))
    }

    /// What a source distribution needs to be built, as wheels: nothing may have to be built in order to build.
    pub async fn resolve_build(
        &self,
        resolver: &uv::Resolver,
        target: &PythonTarget,
        sdist: &str,
        needs: &[String],
    ) -> Result<uv::Resolution> {
        let requirements = needs.iter().map(|text| uv::Requirement::new(text.clone(), format!("{sdist}: build-system.requires")));
        let request = uv::Request {
            constraints: vec![],
            overrides: vec![],
            no_binary: vec![],
            require_hashes: false,
            sdists: uv::SdistPolicy::Refuse,
            ..self.request(target, requirements.collect())
        };
        resolver
            .resolve(&request)
            .await
            .map_err(|f| failure::error(&f).about(format!("target {}: what {sdist} needs to be built", target.target.name)))
    }

    fn request(&self, target: &PythonTarget, requirements: Vec<uv::Requirement>) -> uv::Request {
        uv::Request { target: target.uv, requirements, ..self.rules.clone() }
    }

    /// The name of an index by its URL, or the URL where it has none.
    pub fn index_name(&self, url: &str) -> String {
        self.names.get(&index_key(url)).cloned().unwrap_or_else(|| url.to_owned())
    }

    /// Whether an index is asked for a page of each project, as opposed to one page of links.
    pub fn has_pages(&self, url: &str) -> bool {
        !self.rules.indexes.iter().any(|index| index.flat && index_key(&index.url) == index_key(url))
    }

    /// Whether a person pinned every file by giving a lock file.
    pub fn pinned(&self) -> bool {
        !matches!(self.source, Source::Requirements(_))
    }

    /// Whether the source tells who depends on whom.
    pub fn tells_dependencies(&self) -> bool {
        !matches!(self.source, Source::Pylock(_))
    }
}

/// Refuses what a requirements file says of wheels and source distributions, where the section has to say it.
fn refuse_formats(file: &uv::RequirementsFile, section: &PythonSection) -> Result<()> {
    let line = |option: &str| file.options.iter().find(|line| line.ends_with(option)).cloned().unwrap_or_else(|| option.to_owned());
    if !file.no_binary.is_empty() {
        return Err(Error::usage(format!("{} is not read from there", line("--no-binary")))
            .hint("write it into the section: no-binary = [\"NAME\"], with sdists = \"carry\""));
    }
    if file.only_binary && section.sdists == Sdists::Carry {
        return Err(Error::usage(format!("{} contradicts sdists = \"carry\"", line("--only-binary")))
            .hint("take one of the two out: without `sdists` only wheels are taken"));
    }
    Ok(())
}

fn source(base: &Path, section: &PythonSection) -> Result<Source> {
    Ok(match (&section.pylock, &section.uv_lock) {
        (Some(path), _) => Source::Pylock(read_lock_file(&base.join(path))?),
        (None, Some(path)) => Source::UvLock(read_lock_file(&base.join(path))?),
        (None, None) => {
            let texts = section.requirements.iter();
            Source::Requirements(texts.map(|text| uv::Requirement::new(text.clone(), "requirements")).collect())
        }
    })
}

fn read_lock_file(path: &Path) -> Result<String> {
    let wrong = |e: &std::io::Error| Error::io(format!("{} cannot be read", path.display()), e).of_kind(Kind::Usage);
    let mut text = String::new();
    File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text)).map_err(|e| wrong(&e))?;
    if text.len() as u64 > LONGEST {
        return Err(Error::usage(format!("{} is too large", path.display())).with("expected", format!("at most {LONGEST} bytes")));
    }
    Ok(text)
}

fn rules(section: &PythonSection, request: &LockRequest<'_>) -> Result<uv::Request> {
    let no_target = uv::Target { python: (3, 0, 0), arch: uv::Arch::X86_64, system: uv::System::Glibc(2, 28) };
    Ok(uv::Request {
        constraints: section.constraints.clone(),
        overrides: section.overrides.clone(),
        strategy: match section.index_strategy {
            IndexStrategy::FirstIndex => uv::IndexStrategy::FirstIndex,
            IndexStrategy::UnsafeBestMatch => uv::IndexStrategy::UnsafeBestMatch,
        },
        sdists: match section.sdists {
            Sdists::Refuse => uv::SdistPolicy::Refuse,
            Sdists::Carry => uv::SdistPolicy::Static,
        },
        prereleases: match section.prereleases {
            Prereleases::IfNecessary => uv::Prereleases::IfNecessary,
            Prereleases::Explicit => uv::Prereleases::Explicit,
            Prereleases::Allow => uv::Prereleases::Allow,
            Prereleases::Disallow => uv::Prereleases::Disallow,
        },
        exclude_newer: newest(section, request.now)?.map(|time| time.to_string()),
        no_binary: section.no_binary.clone(),
        ..uv::Request::new(no_target, vec![])
    })
}

/// The instant, in whole seconds, after which uploads are ignored: the earlier one of `exclude-newer` and the cool-down.
pub fn newest(section: &PythonSection, now: jiff::Timestamp) -> Result<Option<jiff::Timestamp>> {
    let fixed = section.exclude_newer.as_deref().map(|text| {
        text.parse::<jiff::Timestamp>().map_err(|e| {
            Error::usage("`exclude-newer` is not an instant")
                .because(&e)
                .with("found", format!("{text:.60}"))
                .hint("write it as 2026-11-01T00:00:00Z")
        })
    });
    let cooled = section.cool_down_days.map(|days| {
        let span = jiff::SignedDuration::from_hours(24 * i64::from(days));
        now.checked_sub(span).map_err(|e| Error::usage("`cool-down-days` reaches too far back").because(&e))
    });
    let both = [fixed.transpose()?, cooled.transpose()?];
    let whole = |time: jiff::Timestamp| jiff::Timestamp::from_second(time.as_second()).unwrap_or(time);
    Ok(both.into_iter().flatten().min().map(whole))
}

/// The resolver's target for one of the manifest's.
pub fn python_target(target: Target) -> Result<PythonTarget> {
    let python = target.python.ok_or_else(|| Error::usage(format!("target {} has no Python", target.name)))?;
    let out_of_range = || Error::usage(format!("target {}: no Python {python} is known", target.name));
    let small = |n: u32| u8::try_from(n).map_err(|_| out_of_range());
    let floor = |v: Version| -> Result<(u16, u16)> {
        Ok((u16::try_from(v.major).map_err(|_| out_of_range())?, u16::try_from(v.minor).map_err(|_| out_of_range())?))
    };
    let uv = uv::Target {
        // uv, too, takes 3.12 for 3.12.0: what suits the first release suits the later ones.
        python: (small(python.major)?, small(python.minor)?, small(python.patch.unwrap_or(0))?),
        arch: match target.architecture {
            Architecture::X86_64 => uv::Arch::X86_64,
            Architecture::Aarch64 => uv::Arch::Aarch64,
        },
        system: match target.libc {
            Libc::Glibc(version) => floor(version).map(|(major, minor)| uv::System::Glibc(major, minor))?,
            Libc::Musl(version) => floor(version).map(|(major, minor)| uv::System::Musl(major, minor))?,
        },
    };
    Ok(PythonTarget { target, uv })
}

fn index_of(index: &IndexTable, upstream: &Upstream) -> Result<uv::Index> {
    let made = uv::Index {
        name: Some(index.name.clone()),
        explicit: index.is_explicit(),
        packages: index.packages.clone(),
        ..uv::Index::new(index.url.clone())
    };
    with_credentials(made, upstream)
}

/// The default index where it is not the built-in one, or where there are credentials for that.
fn default_index(url: Option<&str>, upstream: &Upstream) -> Result<Option<uv::Index>> {
    let index = with_credentials(uv::Index::new(url.unwrap_or(uv::default_index_url())), upstream)?;
    Ok((url.is_some() || index.username.is_some()).then_some(index))
}

fn with_credentials(index: uv::Index, upstream: &Upstream) -> Result<uv::Index> {
    match upstream.settings().credentials.for_url(&index_url(&index.url)?) {
        Some(Credential::Basic { username, password }) => {
            Ok(uv::Index { username: Some(username.clone()), password: Some(password.clone()), ..index })
        }
        Some(Credential::Bearer(_)) => Err(Error::usage(format!("index {}: a bearer token cannot be sent to a package index", index.url))
            .hint("package indexes take a name and a token as password")),
        None => Ok(index),
    }
}

/// The URL that a requirement names (`name @ http://…`), where it is one of plain HTTP and says no digest.
fn plain_url(requirement: &str) -> Option<Url> {
    let (_, source) = requirement.split_once('@')?;
    let url = Url::parse(source.split_whitespace().next()?).ok()?;
    let told = url.fragment().is_some_and(|fragment| ["sha256=", "sha384=", "sha512="].iter().any(|start| fragment.starts_with(start)));
    (url.scheme() == "http" && !told).then_some(url)
}

/// One text for the spellings of an index URL: case counts in a path, not in a host.
fn index_key(url: &str) -> String {
    Url::parse(url).map_or_else(|_| url.to_owned(), |url| url.as_str().trim_end_matches('/').to_owned())
}
