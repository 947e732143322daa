//! uv's build context, with every build refused.
//!
//! uv resolves through a `BuildContext` because a source distribution may have to be built to
//! learn what it depends on. Here nothing is ever built: the methods that would build return
//! [`Refused`], and `build_options` says so first, so that uv does not get as far as asking for
//! an interpreter, which does not exist.

use std::path::{Path, PathBuf};

use uv_cache::Cache;
use uv_configuration::{BuildKind, BuildOptions, BuildOutput, NoBinary, NoBuild, NoSources};
use uv_distribution_filename::DistFilename;
use uv_distribution_types::{
    CachedDist, ConfigSettings, DependencyMetadata, ExtraBuildRequires, ExtraBuildVariables, IndexCapabilities, IndexLocations,
    IsBuildBackendError, PackageConfigSettings, Requirement, SourceDist,
};
use uv_git::GitResolver;
use uv_python::{Interpreter, PythonEnvironment};
use uv_types::{AnyErrorBuild, BuildArena, BuildContext, BuildIsolation, BuildStack, ResolvedRequirements, SourceBuildTrait};
use uv_workspace::WorkspaceCache;

/// The answer to every attempt to build something.
#[derive(Debug)]
pub(crate) struct Refused(&'static str);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "nothing from a source distribution is run here ({})", self.0)
    }
}

impl std::error::Error for Refused {}
impl uv_errors::Hint for Refused {}

impl IsBuildBackendError for Refused {
    fn is_build_backend_error(&self) -> bool {
        false
    }
}

/// The builder that is never made.
pub(crate) struct NoBuilder;

impl SourceBuildTrait for NoBuilder {
    async fn metadata(&mut self) -> Result<Option<PathBuf>, AnyErrorBuild> {
        Err(Refused("metadata").into())
    }

    async fn wheel<'a>(&'a self, _: &'a Path) -> Result<String, AnyErrorBuild> {
        Err(Refused("wheel").into())
    }
}

/// What one resolution needs besides its client: the cache, the indexes, and refusals.
pub(crate) struct Context {
    cache: Cache,
    locations: IndexLocations,
    builds: BuildOptions,
    arena: BuildArena<NoBuilder>,
    capabilities: IndexCapabilities,
    git: GitResolver,
    workspaces: WorkspaceCache,
    dependency_metadata: DependencyMetadata,
    sources: NoSources,
    settings: ConfigSettings,
    package_settings: PackageConfigSettings,
    build_requires: ExtraBuildRequires,
    build_variables: ExtraBuildVariables,
}

impl Context {
    pub(crate) fn new(cache: Cache, locations: IndexLocations) -> Self {
        Self {
            cache,
            locations,
            // Whatever the request's policy says: this one guards `interpreter`.
            builds: BuildOptions::new(NoBinary::None, NoBuild::All),
            arena: BuildArena::default(),
            capabilities: IndexCapabilities::default(),
            git: GitResolver::default(),
            workspaces: WorkspaceCache::default(),
            dependency_metadata: DependencyMetadata::default(),
            sources: NoSources::default(),
            settings: ConfigSettings::default(),
            package_settings: PackageConfigSettings::default(),
            build_requires: ExtraBuildRequires::default(),
            build_variables: ExtraBuildVariables::default(),
        }
    }
}

#[expect(refining_impl_trait, reason = "the error is named, so that the stubs can be read")]
impl BuildContext for Context {
    type SourceDistBuilder = NoBuilder;

    async fn interpreter(&self) -> &Interpreter {
        unreachable!("uv asks for an interpreter only to build, and `build_options` forbids that")
    }

    fn cache(&self) -> &Cache {
        &self.cache
    }

    fn git(&self) -> &GitResolver {
        &self.git
    }

    fn build_arena(&self) -> &BuildArena<NoBuilder> {
        &self.arena
    }

    fn capabilities(&self) -> &IndexCapabilities {
        &self.capabilities
    }

    fn dependency_metadata(&self) -> &DependencyMetadata {
        &self.dependency_metadata
    }

    fn build_options(&self) -> &BuildOptions {
        &self.builds
    }

    fn build_isolation(&self) -> BuildIsolation<'_> {
        BuildIsolation::Isolated
    }

    fn config_settings(&self) -> &ConfigSettings {
        &self.settings
    }

    fn config_settings_package(&self) -> &PackageConfigSettings {
        &self.package_settings
    }

    fn sources(&self) -> &NoSources {
        &self.sources
    }

    fn locations(&self) -> &IndexLocations {
        &self.locations
    }

    fn workspace_cache(&self) -> &WorkspaceCache {
        &self.workspaces
    }

    fn extra_build_requires(&self) -> &ExtraBuildRequires {
        &self.build_requires
    }

    fn extra_build_variables(&self) -> &ExtraBuildVariables {
        &self.build_variables
    }

    async fn resolve<'a>(&'a self, _: &'a [Requirement], _: &'a BuildStack) -> Result<ResolvedRequirements, Refused> {
        Err(Refused("resolve"))
    }

    async fn install<'a>(
        &'a self,
        _: &'a ResolvedRequirements,
        _: &'a PythonEnvironment,
        _: &'a BuildStack,
    ) -> Result<Vec<CachedDist>, Refused> {
        Err(Refused("install"))
    }

    async fn setup_build<'a>(
        &'a self,
        _: &'a Path,
        _: Option<&'a Path>,
        _: &'a Path,
        _: Option<&'a Path>,
        _: Option<&'a str>,
        _: Option<&'a SourceDist>,
        _: &'a NoSources,
        _: BuildKind,
        _: BuildOutput,
        _: BuildStack,
    ) -> Result<NoBuilder, Refused> {
        Err(Refused("build"))
    }

    async fn direct_build<'a>(
        &'a self,
        _: &'a Path,
        _: Option<&'a Path>,
        _: &'a Path,
        _: NoSources,
        _: BuildKind,
        _: Option<&'a str>,
    ) -> Result<Option<DistFilename>, Refused> {
        Err(Refused("build"))
    }
}
