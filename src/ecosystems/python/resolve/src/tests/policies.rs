//! What is refused: builds, repositories, paths, files with other digests.

use super::archives::{Archive, sdist, wheel};
use super::server::Server;
use super::{Bench, failure, names, request};
use crate::{FailureKind, FileKind, Request, Requirement, SdistPolicy, build_requirements};

#[test]
fn a_source_distribution_is_no_candidate_unless_allowed() {
    let server = Server::with([sdist("2.2", "app", "1", &["lib"]), wheel("lib", "1", &[])]);
    let bench = Bench::new();
    let refused = failure(bench.resolve(&request(&server, &["app"])), FailureKind::Unsatisfiable);
    assert!(refused.message.contains("app==1 has no usable wheels"), "{refused}");
    assert_eq!(refused.hints, ["Wheels are required for `app` because building from source is disabled for all packages"]);
    let resolution = bench.resolve(&Request { sdists: SdistPolicy::Static, ..request(&server, &["app"]) }).unwrap();
    assert_eq!(names(&resolution), ["app 1", "lib 1"]);
    assert_eq!(resolution.packages[0].file.kind, FileKind::Sdist);
    assert_eq!(resolution.packages[0].file.filename, "app-1.tar.gz");
}

#[test]
fn a_source_distribution_that_must_be_run_is_refused() {
    let server = Server::with([sdist("2.1", "app", "1", &[])]);
    let request = Request { sdists: SdistPolicy::Static, ..request(&server, &["app"]) };
    let failure = failure(Bench::new().resolve(&request), FailureKind::Refused);
    assert!(failure.message.contains("Building source distributions for `app` is disabled"), "{failure}");
}

#[test]
fn no_binary_takes_the_source_of_that_package_alone() {
    let server = Server::with([sdist("2.2", "app", "1", &[]), wheel("app", "1", &["lib"]), wheel("lib", "1", &[])]);
    let request = Request { sdists: SdistPolicy::Static, no_binary: vec!["App".to_owned()], ..request(&server, &["app", "lib"]) };
    let resolution = Bench::new().resolve(&request).unwrap();
    let kinds: Vec<_> = resolution.packages.iter().map(|package| package.file.kind).collect();
    assert_eq!(kinds, [FileKind::Sdist, FileKind::Wheel]);
}

#[test]
fn repositories_paths_and_editables_are_refused_by_name_of_the_line() {
    let server = Server::with([]);
    let bench = Bench::new();
    let cases = [
        ("app @ git+https://git.example.org/app", "a git repository"),
        ("git+ssh://git@git.example.org/app", "a git repository"),
        ("app @ hg+https://hg.example.org/app", "a version-control repository"),
        ("-e ./app", "an editable project"),
        ("--editable=./app", "an editable project"),
        ("./app-1-py3-none-any.whl", "a local path"),
        ("app @ file:///srv/app-1-py3-none-any.whl", "a local path"),
        ("app @ ./app", "a local path"),
        ("app @ https://me:secret@example.org/app-1-py3-none-any.whl", "a URL with credentials in it"),
    ];
    for (text, what) in cases {
        let requirements = vec![Requirement::new(text, "tools.toml:7")];
        let failure = failure(bench.resolve(&Request { requirements, ..request(&server, &[]) }), FailureKind::Refused);
        assert!(failure.message.starts_with("tools.toml:7: "), "{failure}");
        assert!(failure.message.ends_with(&format!("is {what}, which is refused")), "{failure}");
        assert!(!failure.message.contains("secret"), "{failure}");
    }
    assert!(server.paths().is_empty());
}

#[test]
fn what_is_no_requirement_is_named_with_its_line() {
    let server = Server::with([]);
    let bench = Bench::new();
    for text in ["app =! 1", "", "a b", "app; python_version", "app[", &"(".repeat(100_000), &format!("app; {}", "(".repeat(100_000))] {
        let requirements = vec![Requirement::new(text, "tools.toml:7")];
        let failure = failure(bench.resolve(&Request { requirements, ..request(&server, &[]) }), FailureKind::Invalid);
        assert!(failure.message.starts_with("tools.toml:7: "), "{failure}");
    }
}

#[test]
fn a_wheel_at_a_url_of_its_own() {
    let app = wheel("app", "1", &["lib"]);
    let server = Server::with([Archive { project: "elsewhere".to_owned(), ..app.clone() }, wheel("lib", "1", &[])]);
    let bench = Bench::new();
    let url = server.url("/files/app-1-py3-none-any.whl");
    let pinned = format!("app @ {url}#sha256={}", app.sha256());
    let resolution = bench.resolve(&request(&server, &[&pinned])).unwrap();
    assert_eq!(names(&resolution), ["app 1", "lib 1"]);
    let file = &resolution.packages[0].file;
    assert_eq!((file.url.as_str(), file.sha256.as_deref()), (url.as_str(), Some(app.sha256().as_str())));
    assert_eq!(resolution.packages[0].index, None);
    let open = bench.resolve(&request(&server, &[&format!("app @ {url}")])).unwrap();
    assert_eq!(open.packages[0].file.sha256, None);
}

#[test]
fn a_url_in_the_metadata_of_a_package_is_refused() {
    let server = Server::with([wheel("app", "1", &["lib @ https://example.org/lib-1-py3-none-any.whl"])]);
    let failure = failure(Bench::new().resolve(&request(&server, &["app"])), FailureKind::Refused);
    assert!(failure.message.contains("`lib` was included as a URL dependency"), "{failure}");
}

fn hashed(text: &str, hashes: &[String]) -> Requirement {
    Requirement { hashes: hashes.to_vec(), ..Requirement::new(text, "requirements.txt:3") }
}

fn with(server: &Server, requirements: Vec<Requirement>) -> Request {
    Request { requirements, ..request(server, &[]) }
}

#[test]
fn a_file_must_have_one_of_the_digests_given() {
    let app = wheel("app", "1", &["lib"]);
    let right = format!("sha256:{}", app.sha256());
    let wrong = format!("sha256:{}", "0".repeat(64));
    let server = Server::with([app, wheel("lib", "1", &[])]);
    let bench = Bench::new();
    let both = [wrong.clone(), right.clone()];
    let resolution = bench.resolve(&with(&server, vec![hashed("app==1", &both)])).unwrap();
    assert_eq!(resolution.packages[0].file.accepted, [both]);
    assert!(resolution.packages[1].file.accepted.is_empty());
    let failure = failure(bench.resolve(&with(&server, vec![hashed("app==1", std::slice::from_ref(&wrong))])), FailureKind::Mismatch);
    assert!(failure.message.contains("requirements.txt:3: app-1-py3-none-any.whl"), "{failure}");
    assert!(failure.message.contains(&right) && failure.message.contains(&wrong), "{failure}");
}

#[test]
fn digests_choose_among_files_of_one_version() {
    let pure = wheel("app", "1", &[]);
    let native = super::archives::tagged("app", "1", "cp312-cp312-manylinux_2_17_x86_64", &[]);
    let digest = format!("sha256:{}", pure.sha256());
    let server = Server::with([pure, native]);
    let bench = Bench::new();
    let free = bench.resolve(&request(&server, &["app"])).unwrap();
    assert!(free.packages[0].file.filename.contains("manylinux"));
    let held = bench.resolve(&with(&server, vec![hashed("app==1", &[digest])])).unwrap();
    assert_eq!(held.packages[0].file.filename, "app-1-py3-none-any.whl");
}

#[test]
fn an_index_without_digests_leaves_the_check_to_the_fetch() {
    let app = wheel("app", "1", &[]);
    let digest = format!("sha256:{}", app.sha256());
    let server = Server::with([Archive { hashed: false, ..app }]);
    let resolution = Bench::new().resolve(&with(&server, vec![hashed("app==1", std::slice::from_ref(&digest))])).unwrap();
    let file = &resolution.packages[0].file;
    assert_eq!((file.sha256.as_ref(), file.accepted.as_slice()), (None, [vec![digest]].as_slice()));
}

#[test]
fn digests_must_be_whole_and_go_with_a_pin() {
    let server = Server::with([wheel("app", "1", &[])]);
    let bench = Bench::new();
    let good = format!("sha256:{}", "0".repeat(64));
    let cases = [
        ("app>=1", good.clone()),
        ("app==1.*", good.clone()),
        ("app", good),
        ("app==1", "sha256:abc".to_owned()),
        ("app==1", format!("md5:{}", "0".repeat(32))),
        ("app==1", "0".repeat(64)),
        ("app==1", format!("sha256:{}", "Z".repeat(64))),
    ];
    for (text, hash) in cases {
        let failure = failure(bench.resolve(&with(&server, vec![hashed(text, &[hash])])), FailureKind::Invalid);
        assert!(failure.message.starts_with("requirements.txt:3: "), "{failure}");
    }
}

#[test]
fn where_hashes_are_required_nothing_comes_without() {
    let app = wheel("app", "1", &["lib"]);
    let lib = wheel("lib", "1", &[]);
    let digests = [&app, &lib].map(|archive| vec![format!("sha256:{}", archive.sha256())]);
    let server = Server::with([app, lib]);
    let bench = Bench::new();
    let ask = |requirements| bench.resolve(&Request { require_hashes: true, ..with(&server, requirements) });
    let all = vec![hashed("app==1", &digests[0]), hashed("lib==1", &digests[1])];
    assert_eq!(names(&ask(all).unwrap()), ["app 1", "lib 1"]);
    let bare = failure(ask(vec![hashed("app==1", &[])]), FailureKind::Invalid);
    assert!(bare.message.contains("app has no hash"), "{bare}");
    let transitive = failure(ask(vec![hashed("app==1", &digests[0])]), FailureKind::Invalid);
    assert!(transitive.message.starts_with("lib is needed"), "{transitive}");
}

#[test]
fn what_a_source_distribution_needs_to_be_built() {
    let given = "[build-system]\nrequires = ['hatchling>=1', 'tomli; python_version < \"3.11\"']\n";
    assert_eq!(build_requirements(given).unwrap(), ["hatchling>=1", "tomli; python_version < \"3.11\""]);
    for silent in ["", "[project]\nname = 'app'\n"] {
        assert_eq!(build_requirements(silent).unwrap(), ["setuptools >= 40.8.0"]);
    }
    let kind = |text: &str| build_requirements(text).unwrap_err().kind;
    for broken in ["[build-system]\n", "[build-system]\nrequires = 'a'\n", "[build-system]\nrequires = [1]\n", "]"] {
        assert_eq!(kind(broken), FailureKind::Malformed, "{broken}");
    }
    assert_eq!(kind("[build-system]\nrequires = ['a b']\n"), FailureKind::Invalid);
    assert_eq!(kind("[build-system]\nrequires = ['a @ git+https://git.example.org/a']\n"), FailureKind::Refused);
    assert_eq!(kind(&" ".repeat(2 << 20)), FailureKind::Malformed);
}
