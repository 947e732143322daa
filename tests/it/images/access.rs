//! Logins, tokens, refusals, patience.

use super::pictures::{index, single};
use super::registry::{Answer, Asked, Registry};
use super::{fetch, lock, lock_with, refusal, settings, steady};
use airlift::error::Kind;
use airlift::upstream::{Settings, Upstream};
use std::path::PathBuf;
use std::time::Duration;

const QUIET: &str = "signatures = false\nreferrers = false";
/// `alice:s3cret`.
const ALICE: &str = "Basic YWxpY2U6czNjcmV0";

/// A docker login file with one entry.
fn login(folder: &tempfile::TempDir, registry: &str, entry: &str) -> Vec<PathBuf> {
    let file = folder.path().join("config.json");
    std::fs::write(&file, format!("{{\"auths\":{{\"{registry}\":{entry}}}}}")).unwrap();
    vec![folder.path().join("absent.json"), file]
}

async fn lock_as(registry: &Registry, login_files: Vec<PathBuf>) -> airlift::error::Result<airlift::ecosystems::Locked> {
    let host = &registry.host;
    let section = format!("references = [\"{host}/team/app:1\"]\nplain-http = [\"{host}\"]\n{QUIET}");
    lock_with(Settings { login_files, ..settings() }, &section).await
}

/// Makes the registry want tokens from a server of its own; `take` looks at a request for a token.
fn wants_tokens(registry: &Registry, take: impl Fn(&Asked) -> bool + Send + 'static) {
    let realm = format!("http://{}/token", registry.host);
    registry.rule(move |asked| match (asked.path.as_str(), asked.header("authorization")) {
        ("/token", _) if take(asked) => Some(Answer::new(200, r#"{"token":"opensesame","expires_in":60}"#)),
        ("/token", _) => Some(Answer::new(401, r#"{"details":"incorrect username or password"}"#)),
        (_, Some("Bearer opensesame")) => None,
        _ => {
            let wanted = format!("Bearer realm=\"{realm}\",service=\"registry, of sorts\",scope=\"repository:team/app:pull\"");
            Some(Answer::new(401, "").with("WWW-Authenticate", wanted))
        }
    });
}

#[tokio::test]
async fn one_token_serves_a_repository() {
    let registry = Registry::start();
    index(&registry, "team/app", "1");
    wants_tokens(&registry, |asked| asked.header("authorization").is_none());
    lock_as(&registry, vec![]).await.unwrap();
    let log = registry.log();
    let tokens: Vec<_> = log.iter().filter(|asked| asked.path == "/token").collect();
    assert_eq!(tokens.len(), 1);
    assert_eq!(tokens[0].query, "service=registry%2C+of+sorts&scope=repository%3Ateam%2Fapp%3Apull");
    assert!(log.iter().all(|asked| asked.path != "/v2/"), "no request is spent on asking whether there is a registry");
    assert_eq!(log.iter().filter(|asked| asked.header("authorization").is_none()).count(), 2, "the first request, and that for the token");
}

#[tokio::test]
async fn requests_at_once_share_one_token() {
    let registry = Registry::start();
    let tags = ["a", "b", "c"];
    for tag in tags {
        single(&registry, "team/app", Some(tag), "amd64");
    }
    wants_tokens(&registry, |_| true);
    let host = &registry.host;
    let references = tags.map(|tag| format!("\"{host}/team/app:{tag}\"")).join(", ");
    lock_with(settings(), &format!("references = [{references}]\nplain-http = [\"{host}\"]\n{QUIET}")).await.unwrap();
    assert_eq!(registry.log().iter().filter(|asked| asked.path == "/token").count(), 1);
}

#[tokio::test]
async fn a_token_that_is_no_longer_taken_is_renewed() {
    let registry = Registry::start();
    single(&registry, "team/app", Some("1"), "amd64");
    wants_tokens(&registry, |_| true);
    let host = &registry.host;
    let upstream = Upstream::new(settings()).unwrap();
    let locked = lock_as(&registry, vec![]).await.unwrap();
    let artifact = &locked.artifacts[0];
    fetch(&upstream, artifact, &artifact.descriptors[2], 0).await.unwrap();
    let mut refused = false;
    let realm = format!("Bearer realm=\"http://{host}/token\"");
    let other = Registry::start();
    single(&other, "team/app", Some("1"), "amd64");
    other.rule(move |asked| {
        let expired = asked.path.contains("/blobs/") && !std::mem::replace(&mut refused, true);
        expired.then(|| Answer::new(401, "").with("WWW-Authenticate", &realm))
    });
    let locked = lock_as(&other, vec![]).await.unwrap();
    assert_eq!(locked.artifacts.len(), 1);
}

#[tokio::test]
async fn a_login_goes_to_the_token_server_and_nowhere_else() {
    let (registry, folder) = (Registry::start(), tempfile::tempdir().unwrap());
    index(&registry, "team/app", "1");
    wants_tokens(&registry, |asked| asked.header("authorization") == Some(ALICE));
    lock_as(&registry, login(&folder, &registry.host, r#"{"auth":"YWxpY2U6czNjcmV0"}"#)).await.unwrap();
    let leaked = |asked: &&Asked| asked.path != "/token" && asked.header("authorization").is_some_and(|a| a.starts_with("Basic"));
    assert_eq!(registry.log().iter().filter(leaked).count(), 0);
}

#[tokio::test]
async fn a_wrong_password_is_named_as_such() {
    let (registry, folder) = (Registry::start(), tempfile::tempdir().unwrap());
    single(&registry, "team/app", Some("1"), "amd64");
    wants_tokens(&registry, |asked| asked.header("authorization") == Some(ALICE));
    let files = login(&folder, &registry.host, r#"{"username":"alice","password":"hunter2"}"#);
    let error = lock_as(&registry, files.clone()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Upstream);
    let text = steady(&registry, &error.to_string()).replace(files[1].to_str().unwrap(), "FILE");
    insta::assert_snapshot!(text, @r"
    [images.base]: REGISTRY/team/app:1: http://REGISTRY/token: the server answered 401 Unauthorized
      answer     incorrect username or password
      reason     the token server refuses the login
      login      from FILE
      hint: log in again with docker login or podman login, or check what the account may pull
    ");
    assert!(!text.contains("hunter2"));
}

#[tokio::test]
async fn a_refresh_token_is_exchanged() {
    let (registry, folder) = (Registry::start(), tempfile::tempdir().unwrap());
    single(&registry, "team/app", Some("1"), "amd64");
    wants_tokens(&registry, |asked| {
        asked.method == "POST"
            && asked.body.contains("grant_type=refresh_token&refresh_token=long+lived&")
            && asked.body.contains("scope=repository%3Ateam%2Fapp%3Apull")
    });
    lock_as(&registry, login(&folder, &registry.host, r#"{"auth":"PHRva2VuPjo=","identitytoken":"long lived"}"#)).await.unwrap();
}

#[tokio::test]
async fn a_refresh_token_is_not_taken_along_by_a_redirect() {
    let (registry, stranger, folder) = (Registry::start(), Registry::start(), tempfile::tempdir().unwrap());
    let (realm, elsewhere) = (format!("Bearer realm=\"http://{}/token\"", registry.host), format!("http://{}/token", stranger.host));
    registry.rule(move |asked| match asked.path.as_str() {
        "/token" => Some(Answer::new(307, "").with("Location", &elsewhere)),
        _ => Some(Answer::new(401, "").with("WWW-Authenticate", &realm)),
    });
    let files = login(&folder, &registry.host, r#"{"auth":"PHRva2VuPjo=","identitytoken":"long lived"}"#);
    lock_as(&registry, files).await.unwrap_err();
    assert!(stranger.log().iter().all(|asked| asked.body.is_empty()), "{:?}", stranger.log());
}

#[tokio::test]
async fn a_storage_host_cannot_ask_for_the_login() {
    let (registry, storage, folder) = (Registry::start(), Registry::start(), tempfile::tempdir().unwrap());
    let (realm, to) = (format!("Bearer realm=\"http://{}/token\"", storage.host), format!("http://{}/bucket", storage.host));
    registry.rule(move |_| Some(Answer::new(307, "").with("Location", &to)));
    storage.rule(move |_| Some(Answer::new(401, "").with("WWW-Authenticate", &realm)));
    lock_as(&registry, login(&folder, &registry.host, r#"{"auth":"YWxpY2U6czNjcmV0"}"#)).await.unwrap_err();
    assert!(storage.log().iter().all(|asked| asked.path == "/bucket" && asked.header("authorization").is_none()), "{:?}", storage.log());
}

#[tokio::test]
async fn basic_logins_are_used_where_they_are_wanted() {
    let (registry, folder) = (Registry::start(), tempfile::tempdir().unwrap());
    single(&registry, "team/app", Some("1"), "amd64");
    registry.rule(|asked| match asked.header("authorization") {
        Some(ALICE) => None,
        _ => Some(
            Answer::new(401, r#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#)
                .with("WWW-Authenticate", "Basic realm=\"test\""),
        ),
    });
    lock_as(&registry, login(&folder, &registry.host, r#"{"auth":"YWxpY2U6czNjcmV0"}"#)).await.unwrap();
    let error = lock_as(&registry, vec![]).await.unwrap_err();
    insta::assert_snapshot!(steady(&registry, &error.to_string()), @r"
    [images.base]: REGISTRY/team/app:1: http://REGISTRY/v2/team/app/manifests/1: the server answered 401 Unauthorized
      reason     the registry wants a login
      login      none found
      hint: log in with docker login or podman login, as the user who runs airlift
    ");
    let files = login(&folder, &registry.host, r#"{"username":"alice","password":"wrong"}"#);
    let error = lock_as(&registry, files).await.unwrap_err();
    assert!(error.context().iter().any(|(_, text)| text == "UNAUTHORIZED authentication required"), "{error}");
    assert!(error.context().contains(&("reason", "the registry does not take it".to_owned())), "{error}");
}

#[tokio::test]
async fn a_helper_is_asked_and_its_failure_told() {
    let (registry, folder) = (Registry::start(), tempfile::tempdir().unwrap());
    single(&registry, "team/app", Some("1"), "amd64");
    wants_tokens(&registry, |_| true);
    let file = folder.path().join("config.json");
    std::fs::write(&file, format!("{{\"credHelpers\":{{\"{}\":\"does-not-exist\"}}}}", registry.host)).unwrap();
    let error = lock_as(&registry, vec![file.clone()]).await.unwrap_err();
    assert!(error.message().ends_with("the login cannot be read"), "{error}");
    assert_eq!(error.causes(), ["Unable to communicate with credential helper"]);
    std::fs::write(&file, "not json").unwrap();
    let error = lock_as(&registry, vec![file]).await.unwrap_err();
    assert!(error.message().ends_with("the login file is not what docker and podman write"), "{error}");
}

#[tokio::test]
async fn a_token_server_in_the_clear_is_refused_by_a_registry_over_tls_only() {
    let registry = Registry::start();
    registry.rule(|_| Some(Answer::new(401, "").with("WWW-Authenticate", "Bearer realm=\"ftp://example.org/token\"")));
    let error = refusal(&registry, "team/app:1", QUIET).await;
    assert!(error.message().ends_with("the token server it names is refused: it must be reached over https"), "{error}");
}

#[tokio::test]
async fn a_redirected_blob_does_not_take_the_token_along() {
    let (registry, storage) = (Registry::start(), Registry::start());
    single(&registry, "team/app", Some("1"), "amd64");
    wants_tokens(&registry, |_| true);
    let locked = lock_as(&registry, vec![]).await.unwrap();
    let (artifact, to) = (&locked.artifacts[0], storage.host.clone());
    let layer = artifact.descriptors.iter().find(|d| d.size == 12).unwrap();
    let path = format!("/v2/team/app/blobs/{}", layer.digest);
    registry.remove(&path);
    storage.put("/bucket".to_owned(), "application/octet-stream", b"shared layer");
    registry.put(path.clone(), "", b"");
    let redirecting = Registry::start();
    redirecting.rule(move |_| Some(Answer::new(307, "").with("Location", format!("http://{to}/bucket"))));
    let mut moved = layer.clone();
    moved.origins = vec![format!("http://{}{path}", redirecting.host)];
    let upstream = Upstream::new(settings()).unwrap();
    assert_eq!(fetch(&upstream, artifact, &moved, 7).await.unwrap(), (7, b"layer".to_vec()));
    assert_eq!(storage.log()[0].header("authorization"), None);
    assert_eq!(storage.log()[0].header("range"), Some("bytes=7-"));
}

#[tokio::test]
async fn a_refusal_is_final_and_explained() {
    let registry = Registry::start();
    registry.rule(|_| Some(Answer::new(403, r#"{"errors":[{"code":"DENIED","message":"access is denied"}]}"#)));
    let error = refusal(&registry, "team/app:1", QUIET).await;
    insta::assert_snapshot!(steady(&registry, &error.to_string()), @r"
    [images.base]: REGISTRY/team/app:1: http://REGISTRY/v2/team/app/manifests/1: the server answered 403 Forbidden
      answer     DENIED access is denied
      reason     the registry does not allow it
      login      none found
      hint: log in with docker login or podman login, as the user who runs airlift
    ");
    assert_eq!(registry.log().len(), 1);
}

#[tokio::test]
async fn what_does_not_exist_is_said_to_be_absent() {
    let registry = Registry::start();
    let error = refusal(&registry, "team/app:1", QUIET).await;
    insta::assert_snapshot!(steady(&registry, &error.to_string()), @r"
    [images.base]: REGISTRY/team/app:1: http://REGISTRY/v2/team/app/manifests/1: the server answered 404 Not Found
      hint: it does not exist there; check name and version
    ");
}

#[tokio::test]
async fn retry_after_decides_how_long_to_wait() {
    let registry = Registry::start();
    single(&registry, "team/app", Some("1"), "amd64");
    let mut limits = 2;
    registry.rule(move |_| {
        let limited = limits > 0;
        limits -= i32::from(limited);
        limited.then(|| Answer::new(429, "").with("Retry-After", 0))
    });
    let host = &registry.host;
    let section = format!("references = [\"{host}/team/app:1\"]\nplain-http = [\"{host}\"]\n{QUIET}");
    // An hour's pause, were it not for what the registry asks.
    let slow = Settings { pause: Duration::from_hours(1), ..settings() };
    tokio::time::timeout(Duration::from_secs(20), lock_with(slow, &section)).await.expect("waits as asked").unwrap();
    assert!(registry.log().len() >= 4);
}

#[tokio::test]
async fn server_errors_are_retried_and_then_reported() {
    let registry = Registry::start();
    single(&registry, "team/app", Some("1"), "amd64");
    let mut failures = 2;
    registry.rule(move |asked| {
        let fails = failures > 0 && asked.path.ends_with("/manifests/1");
        failures -= i32::from(fails);
        fails.then(|| Answer::new(503, ""))
    });
    lock(&registry, "team/app:1", QUIET).await.unwrap();
    let broken = Registry::start();
    broken.rule(|_| Some(Answer::new(500, "")));
    let error = refusal(&broken, "team/app:1", QUIET).await;
    insta::assert_snapshot!(steady(&broken, &error.to_string()), @r"
    [images.base]: REGISTRY/team/app:1: http://REGISTRY/v2/team/app/manifests/1: the server answered 500 Internal Server Error
      tried      3 times
      hint: run the command again later
    ");
    assert_eq!(broken.log().len(), 3);
}
