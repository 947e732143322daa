//! Logins as docker and podman keep them: their files, and the helpers those name.

use crate::error::{Error, Kind, Result};
use docker_credential::{CredentialRetrievalError, DockerCredential};
use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Longest login file, in bytes.
const LONGEST: u64 = 4 << 20;
/// Longest wait for a credential helper.
const HELPER_TIME: Duration = Duration::from_mins(1);
/// The name docker files and helpers have for Docker Hub.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// A secret for one registry, and the file it was found through.
#[derive(Clone)]
pub(super) enum Login {
    /// User name and password or access token.
    Basic(String, String, PathBuf),
    /// A refresh token, exchanged for an access token (`identitytoken`).
    Refresh(String, PathBuf),
}

impl Login {
    pub(super) fn place(&self) -> String {
        let (Self::Basic(_, _, path) | Self::Refresh(_, path)) = self;
        path.display().to_string()
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Login(hidden, from {})", self.place())
    }
}

/// Where docker and podman keep logins (containers-auth.json(5)); `variable` looks up the environment, `user` is the numeric user id.
pub fn login_files(variable: impl Fn(&str) -> Option<OsString>, user: u32) -> Vec<PathBuf> {
    let named = |name: &str| variable(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let home = named("HOME");
    let runtime = named("XDG_RUNTIME_DIR").map(|folder| folder.join("containers/auth.json"));
    let settings = named("XDG_CONFIG_HOME").or_else(|| Some(home.as_ref()?.join(".config")));
    let docker = named("DOCKER_CONFIG").or_else(|| Some(home.as_ref()?.join(".docker")));
    let files = [
        named("REGISTRY_AUTH_FILE"),
        Some(runtime.unwrap_or_else(|| PathBuf::from(format!("/run/containers/{user}/auth.json")))),
        settings.map(|folder| folder.join("containers/auth.json")),
        docker.map(|folder| folder.join("config.json")),
    ];
    files.into_iter().flatten().collect()
}

/// The login for a repository (`quay.io/team/app`), if any file or helper has one. Helpers are processes: they run on a thread of their
/// own and are waited for at most a minute.
pub(super) async fn find(files: Vec<PathBuf>, repository: String) -> Result<Option<Login>> {
    let registry = repository.clone();
    let search =
        tokio::task::spawn_blocking(move || files.iter().map(|file| look(file, &repository)).find_map(Result::transpose).transpose());
    match tokio::time::timeout(HELPER_TIME, search).await {
        Ok(Ok(found)) => found,
        Ok(Err(panicked)) => Err(Error::failed("the search for a registry login failed").because(&panicked)),
        Err(_) => Err(Error::new(Kind::Upstream, format!("{registry}: the credential helper does not answer"))
            .with("expected", format!("an answer within {} seconds", HELPER_TIME.as_secs()))
            .hint("call the helper by hand, or log in without it")),
    }
}

fn look(file: &Path, repository: &str) -> Result<Option<Login>> {
    let Some(bytes) = read(file)? else { return Ok(None) };
    for key in keys(&bytes, repository) {
        match docker_credential::get_credential_from_reader(&bytes[..], &key) {
            Ok(DockerCredential::UsernamePassword(name, password)) => return Ok(Some(Login::Basic(name, password, file.to_owned()))),
            Ok(DockerCredential::IdentityToken(token)) => return Ok(Some(Login::Refresh(token, file.to_owned()))),
            Err(error) => unless_absent(file, &key, &error)?,
        }
    }
    Ok(None)
}

fn read(file: &Path) -> Result<Option<Vec<u8>>> {
    let wrong = |e: &std::io::Error| Error::io(format!("the login file {} cannot be read", file.display()), e);
    let open = match File::open(file) {
        Ok(open) => open,
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::PermissionDenied) => return Ok(None),
        Err(e) => return Err(wrong(&e)),
    };
    let mut bytes = Vec::new();
    open.take(LONGEST).read_to_end(&mut bytes).map_err(|e| wrong(&e))?;
    Ok(Some(bytes))
}

/// The names a login may be kept under, the most particular first: podman allows a namespace (`quay.io/team`), docker has its own name
/// for Docker Hub. Only names that stand in the file are asked for besides the registry's, because each may start a helper.
pub(super) fn keys(file: &[u8], repository: &str) -> Vec<String> {
    let content: serde_json::Value = serde_json::from_slice(file).unwrap_or_default();
    let listed = |key: &str| content.get("auths").is_some_and(|auths| auths.get(key).is_some());
    let mut keys = Vec::new();
    let mut name = repository;
    while let Some((shorter, _)) = name.rsplit_once('/') {
        if listed(name) {
            keys.push(name.to_owned());
        }
        name = shorter;
    }
    if name == "docker.io" {
        keys.push(DOCKER_HUB.to_owned());
    }
    keys.push(name.to_owned());
    keys
}

/// Helpers say "credentials not found in native keychain" and exit with an error where there simply is no login.
fn unless_absent(file: &Path, key: &str, error: &CredentialRetrievalError) -> Result<()> {
    let wrong = |what: String| Err(Error::new(Kind::Upstream, what).with("file", file.display()).because(error));
    match error {
        CredentialRetrievalError::NoCredentialConfigured => Ok(()),
        CredentialRetrievalError::HelperFailure { stdout, stderr, .. } if format!("{stdout}{stderr}").contains("not found") => Ok(()),
        CredentialRetrievalError::HelperFailure { helper, stdout, stderr } => {
            Err(Error::new(Kind::Upstream, format!("{key}: the credential helper {helper:.80} failed"))
                .with("file", file.display())
                .with("answer", format!("{:.400}", format!("{stdout} {stderr}").trim())))
        }
        CredentialRetrievalError::ConfigReadError => wrong("the login file is not what docker and podman write".to_owned()),
        _ => wrong(format!("{key}: the login cannot be read")),
    }
}
