//! One resolution, from request to files.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use uv_cache::Cache;
use uv_client::{AuthIntegration, BaseClientBuilder, Connectivity, ExtraMiddleware, RegistryClient, RegistryClientBuilder};
use uv_configuration::{BuildOptions, Constraints, NoBinary, NoBuild, Overrides};
use uv_distribution::DistributionDatabase;
use uv_distribution_types::{ExcludeNewerValue, RequiresPython};
use uv_pep508::MarkerEnvironment;
use uv_platform_tags::Tags;
use uv_preview::Preview;
use uv_pypi_types::Conflicts;
use uv_resolver::{
    AllowedYanks, DefaultResolverProvider, ExcludeNewer, FlatIndex, InMemoryIndex, Manifest, Options, OptionsBuilder, Prerelease,
    PrereleaseMode, PythonRequirement, ResolveError, ResolverEnvironment, ResolverOutput,
};
use uv_types::{BuildContext, EmptyInstalledPackages};

use crate::auth::authorise;
use crate::context::Context;
use crate::documents::{Documents, Known};
use crate::failure::{Failure, FailureKind, of_client_build, of_resolve};
use crate::files;
use crate::indexes::{Indexes, package_name};
use crate::inputs::{self, Inputs};
use crate::limits::{Limits, bound_bodies};
use crate::package::Resolution;
use crate::provider::{Notes, Watched};
use crate::request::{Callbacks, IndexStrategy, Prereleases, Request, SdistPolicy, Settings};

/// Requests in flight at once.
const CONCURRENCY: usize = 32;
/// uv's own timeouts; in force only where uv opens connections itself, which it does not.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Everything one resolution needs, owned, so that it can run on a thread of its own.
pub(crate) struct Job {
    pub(crate) client: reqwest::Client,
    pub(crate) cache: Cache,
    pub(crate) settings: Settings,
    pub(crate) limits: Limits,
    pub(crate) callbacks: Callbacks,
    pub(crate) known: Known,
    pub(crate) request: Request,
}

impl Job {
    /// Resolves. The future is not `Send`: uv keeps thread-bound futures inside.
    pub(crate) async fn run(self) -> Result<Resolution, Failure> {
        let indexes = Indexes::new(&self.request)?;
        let outcome = self.resolve(&indexes).await;
        outcome.map_err(|failure| failure.without(&indexes.secrets))
    }

    async fn resolve(&self, indexes: &Indexes) -> Result<Resolution, Failure> {
        let request = &self.request;
        let markers = request.target.markers()?;
        let tags = request.target.tags()?;
        let inputs = inputs::requirements(&request.requirements, request.require_hashes, &markers)?;
        let manifest = self.manifest(&inputs, indexes)?;
        let options = options(request)?;
        let client = self.registry_client(indexes)?;
        let context = Context::new(self.cache.clone(), indexes.locations.clone());
        let notes = Arc::new(Notes::default());
        let output = self
            .solve(Question { manifest, options, inputs: &inputs, markers, tags }, &client, &context, &notes)
            .await
            .map_err(|error| of_resolve(&error, &notes, context.locations(), context.capabilities()))?;
        files::packages(&uv_distribution_types::Resolution::from(output), &inputs.pins)
    }

    fn manifest(&self, inputs: &Inputs, indexes: &Indexes) -> Result<Manifest, Failure> {
        let constraints = inputs::plain(&self.request.constraints, "constraint")?;
        let overrides = inputs::plain(&self.request.overrides, "override")?;
        Ok(Manifest::new(
            inputs.requirements.clone(),
            Constraints::from_requirements(constraints.into_iter()),
            Overrides::from_requirements(overrides),
            Default::default(),
            Default::default(),
            None,
            Default::default(),
            Default::default(),
            indexes.pinned(),
        ))
    }

    /// uv's client for these indexes, over the caller's connections and without uv's own ways to
    /// find credentials. Made anew for each request: those given for one are not known to the next.
    fn registry_client(&self, indexes: &Indexes) -> Result<RegistryClient, Failure> {
        let connectivity = match self.settings.offline {
            true => Connectivity::Offline,
            false => Connectivity::Online,
        };
        let retries = self.settings.retries;
        let preview = Preview::default();
        let base = BaseClientBuilder::new(connectivity, true, vec![], preview, TIMEOUT, TIMEOUT, retries)
            .custom_client(self.client.clone())
            .auth_integration(AuthIntegration::NoAuthMiddleware)
            .extra_middleware(ExtraMiddleware(vec![
                Arc::new(authorise(indexes.credentials.clone(), self.callbacks.login.clone())),
                Arc::new(bound_bodies(self.limits)),
            ]));
        RegistryClientBuilder::new(base, self.cache.clone())
            .index_locations(indexes.locations.clone())
            .index_strategy(strategy(self.request.strategy))
            .build()
            .map_err(|error| of_client_build(&error))
    }

    async fn solve(
        &self,
        question: Question<'_>,
        client: &RegistryClient,
        context: &Context,
        notes: &Arc<Notes>,
    ) -> Result<ResolverOutput, ResolveError> {
        let Question { manifest, options, inputs, markers, tags } = question;
        let environment = ResolverEnvironment::specific(markers.clone().into());
        let requires_python = RequiresPython::greater_than_equal_version(&self.request.target.python_version());
        let python = PythonRequirement::from_marker_environment(&markers, requires_python.clone());
        let permits = Arc::new(Semaphore::new(CONCURRENCY));
        let database = DistributionDatabase::new(client, context, Arc::clone(&permits));
        // Two policies: `candidates` decides whether a version that is only an sdist may be
        // chosen; `context.build_options()` never allows a build, so such an sdist is used only
        // if its metadata can be read without running it.
        let candidates = options.build_options.clone();
        let yanks = AllowedYanks::from_manifest(&manifest, &environment, options.dependency_mode);
        let flat = FlatIndex::default();
        let inner = DefaultResolverProvider::new(
            database,
            &flat,
            Some(&tags),
            &requires_python,
            yanks,
            &inputs.hashes,
            options.exclude_newer.clone(),
            context.locations(),
            &candidates,
            context.capabilities(),
        );
        let documents = Documents {
            client,
            permits,
            known: Arc::clone(&self.known),
            read_metadata: self.callbacks.read_metadata,
            directory: &self.settings.cache_dir,
            retries: self.settings.retries,
        };
        let provider = Watched { inner, documents, notes: Arc::clone(notes), limits: self.limits };
        // The version maps in it hold for one target only, so it is not shared.
        let index = InMemoryIndex::default();
        let resolver = uv_resolver::Resolver::new_custom_io(
            manifest,
            options,
            &inputs.hashes,
            environment,
            &markers,
            Some(tags.clone()),
            &python,
            Conflicts::empty(),
            &index,
            context.git(),
            context.capabilities(),
            context.locations(),
            provider,
            EmptyInstalledPackages,
        );
        resolver.resolve().await
    }
}

/// What is asked of the resolver.
struct Question<'a> {
    manifest: Manifest,
    options: Options,
    inputs: &'a Inputs,
    markers: MarkerEnvironment,
    tags: Tags,
}

fn options(request: &Request) -> Result<Options, Failure> {
    let prerelease = Prerelease {
        global: match request.prereleases {
            Prereleases::IfNecessary => PrereleaseMode::IfNecessary,
            Prereleases::Explicit => PrereleaseMode::Explicit,
            Prereleases::Allow => PrereleaseMode::Allow,
            Prereleases::Disallow => PrereleaseMode::Disallow,
        },
        ..Prerelease::default()
    };
    Ok(OptionsBuilder::new()
        .prerelease(prerelease)
        .index_strategy(strategy(request.strategy))
        .build_options(build_options(request.sdists, &request.no_binary)?)
        .exclude_newer(exclude_newer(request.exclude_newer.as_deref())?)
        .build())
}

/// Which files may be candidates at all.
pub(crate) fn build_options(sdists: SdistPolicy, no_binary: &[String]) -> Result<BuildOptions, Failure> {
    let names = no_binary.iter().map(|name| package_name(name)).collect::<Result<Vec<_>, _>>()?;
    let no_binary = if names.is_empty() { NoBinary::None } else { NoBinary::Packages(names) };
    let no_build = match sdists {
        SdistPolicy::Refuse => NoBuild::All,
        SdistPolicy::Static => NoBuild::None,
    };
    Ok(BuildOptions::new(no_binary, no_build))
}

fn strategy(strategy: IndexStrategy) -> uv_configuration::IndexStrategy {
    match strategy {
        IndexStrategy::FirstIndex => uv_configuration::IndexStrategy::FirstIndex,
        IndexStrategy::UnsafeBestMatch => uv_configuration::IndexStrategy::UnsafeBestMatch,
    }
}

/// An instant, not a date or a span: uv reads those against the local clock and time zone.
fn exclude_newer(text: Option<&str>) -> Result<ExcludeNewer, Failure> {
    let Some(text) = text else {
        return Ok(ExcludeNewer::default());
    };
    let time = jiff::Timestamp::from_str(text).map_err(|error| {
        let message = format!("exclude-newer `{text}` is not an RFC 3339 instant: {error}");
        Failure::new(FailureKind::Invalid, message).hint("write it as 2026-11-01T00:00:00Z")
    })?;
    Ok(ExcludeNewer::global(ExcludeNewerValue::absolute(time)))
}
