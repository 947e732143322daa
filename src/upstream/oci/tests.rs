use super::challenge::{Challenge, challenges};
use super::login::keys;
use super::login_files;
use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;
use std::ffi::OsString;

fn read(values: &[&str]) -> Vec<Challenge> {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append("www-authenticate", HeaderValue::from_str(value).expect("a header"));
    }
    challenges(&headers)
}

fn challenge(scheme: &str, parameters: &[(&str, &str)]) -> Challenge {
    let parameters = parameters.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Challenge { scheme: scheme.to_owned(), parameters }
}

#[test]
fn challenges_of_registries_are_read() {
    let hub = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/alpine:pull,push""#;
    let expected =
        [("realm", "https://auth.docker.io/token"), ("service", "registry.docker.io"), ("scope", "repository:library/alpine:pull,push")];
    assert_eq!(read(&[hub]), [challenge("bearer", &expected)]);
    assert_eq!(read(&["BASIC Realm=test"]), [challenge("basic", &[("realm", "test")])]);
    let both = [challenge("negotiate", &[]), challenge("basic", &[("realm", "a \"b\", c"), ("charset", "UTF-8")])];
    assert_eq!(read(&["Negotiate", r#"Basic realm="a \"b\", c", charset = UTF-8"#]), both);
    assert_eq!(read(&[r#"Negotiate , Basic realm="a \"b\", c" ,charset=UTF-8"#]), both);
    assert_eq!(read(&["", ",", "=", "realm=\"x\""]), []);
    assert_eq!(read(&["Bearer realm=\"unfinished"]), [challenge("bearer", &[("realm", "unfinished")])]);
}

proptest! {
    #[test]
    fn no_challenge_stops_the_reader(text in "[ -~\t]{0,80}") {
        read(&[&text]);
    }
}

#[test]
fn logins_are_looked_for_where_docker_and_podman_keep_them() {
    let home = |name: &str| (name == "HOME").then(|| OsString::from("/home/ada"));
    let names = |files: Vec<std::path::PathBuf>| files.iter().map(|f| f.display().to_string()).collect::<Vec<_>>();
    let expected = ["/run/containers/1000/auth.json", "/home/ada/.config/containers/auth.json", "/home/ada/.docker/config.json"];
    assert_eq!(names(login_files(home, 1000)), expected);
    let all = |name: &str| Some(OsString::from(format!("/{name}")));
    let expected = [
        "/REGISTRY_AUTH_FILE",
        "/XDG_RUNTIME_DIR/containers/auth.json",
        "/XDG_CONFIG_HOME/containers/auth.json",
        "/DOCKER_CONFIG/config.json",
    ];
    assert_eq!(names(login_files(all, 1000)), expected);
    assert_eq!(names(login_files(|_| None, 0)), ["/run/containers/0/auth.json"]);
}

#[test]
fn a_namespace_is_asked_for_before_its_registry() {
    let file = br#"{"auths":{"quay.io/team":{},"quay.io":{},"https://index.docker.io/v1/":{}}}"#;
    assert_eq!(keys(file, "quay.io/team/app"), ["quay.io/team", "quay.io"]);
    assert_eq!(keys(file, "quay.io/other/app"), ["quay.io"]);
    assert_eq!(keys(file, "docker.io/library/alpine"), ["https://index.docker.io/v1/", "docker.io"]);
    assert_eq!(keys(b"{}", "127.0.0.1:5000/app"), ["127.0.0.1:5000"]);
}
