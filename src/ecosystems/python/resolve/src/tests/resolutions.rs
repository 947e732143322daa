//! What is chosen, and what is told about it.

use super::archives::{Archive, sdist, tagged, wheel};
use super::server::Server;
use super::{Bench, TARGET, failure, names, request};
use crate::{Arch, FailureKind, FileKind, Prereleases, Request, System, Target};

#[test]
fn newest_versions_with_everything_the_index_says() {
    let old = wheel("app", "1.0", &[]);
    let new = Archive { requires_python: Some(">=3.9"), ..wheel("app", "2.0", &["lib>=1"]) };
    let (sha256, size) = (new.sha256(), new.body.len() as u64);
    let server = Server::with([old, new, wheel("lib", "1.5", &[])]);
    let resolution = Bench::new().resolve(&request(&server, &["app"])).unwrap();
    assert_eq!(names(&resolution), ["app 2.0", "lib 1.5"]);
    let app = &resolution.packages[0];
    assert_eq!(app.file.filename, "app-2.0-py3-none-any.whl");
    assert_eq!(app.file.url, server.url("/files/app-2.0-py3-none-any.whl"));
    assert_eq!(app.file.sha256.as_deref(), Some(sha256.as_str()));
    assert_eq!(app.file.size, Some(size));
    assert_eq!(app.file.requires_python.as_deref(), Some(">=3.9"));
    assert_eq!(app.file.upload_time.as_deref(), Some("2026-01-02T03:04:05Z"));
    assert_eq!((app.file.kind, app.file.has_metadata), (FileKind::Wheel, true));
    assert_eq!((app.file.yanked.as_deref(), app.file.accepted.as_slice()), (None, [].as_slice()));
    assert_eq!(app.dependencies, [("lib".to_owned(), "1.5".to_owned())]);
    assert_eq!(app.index, Some(server.simple()));
    assert!(app.requested && !resolution.packages[1].requested);
    assert!(resolution.warnings.is_empty());
}

#[test]
fn no_file_is_fetched_where_metadata_stands_beside_it() {
    let server = Server::with([wheel("app", "1.0", &[])]);
    Bench::new().resolve(&request(&server, &["app"])).unwrap();
    assert!(!server.paths().iter().any(|path| path.ends_with(".whl")), "{:?}", server.paths());
}

#[test]
fn an_html_index_without_metadata_sizes_or_digests() {
    let server =
        Server::with([wheel("app", "1.0", &["lib"]), wheel("lib", "1.0", &[])].map(|archive| Archive { beside: false, ..archive }));
    server.html();
    let resolution = Bench::new().resolve(&request(&server, &["app"])).unwrap();
    assert_eq!(names(&resolution), ["app 1.0", "lib 1.0"]);
    let file = &resolution.packages[0].file;
    assert_eq!((file.sha256.as_ref(), file.size, file.has_metadata), (None, None, false));
}

#[test]
fn extras_bring_their_dependencies_and_are_told() {
    let server = Server::with([
        wheel("app", "1.0", &["fast: lib[deep]", "slow: other"]),
        wheel("lib", "1.0", &["deep: base"]),
        wheel("base", "1.0", &[]),
        wheel("other", "1.0", &[]),
    ]);
    let resolution = Bench::new().resolve(&request(&server, &["app[fast]"])).unwrap();
    assert_eq!(names(&resolution), ["app 1.0", "base 1.0", "lib 1.0"]);
    assert_eq!(resolution.packages[0].extras, ["fast"]);
    assert_eq!(resolution.packages[2].extras, ["deep"]);
    assert_eq!(resolution.packages[0].dependencies, [("lib".to_owned(), "1.0".to_owned())]);
}

#[test]
fn an_extra_that_does_not_exist_is_a_warning() {
    let server = Server::with([wheel("app", "1.0", &[])]);
    let resolution = Bench::new().resolve(&request(&server, &["app[nope]"])).unwrap();
    assert_eq!(resolution.warnings, ["The package `app==1.0` does not have an extra named `nope`"]);
}

#[test]
fn markers_are_those_of_the_target() {
    let needs = [
        "arm; platform_machine == 'aarch64'",
        "windows; sys_platform == 'win32'",
        "old; python_full_version < '3.12.4'",
        "linux; sys_platform == 'linux' and os_name == 'posix' and platform_python_implementation == 'CPython'",
    ];
    let others = ["arm", "windows", "old", "linux"].map(|name| wheel(name, "1", &[]));
    let server = Server::with(others.into_iter().chain([wheel("app", "1", &needs)]));
    let bench = Bench::new();
    let on = |target| names(&bench.resolve(&Request { target, ..request(&server, &["app"]) }).unwrap());
    assert_eq!(on(TARGET), ["app 1", "linux 1"]);
    assert_eq!(on(Target { arch: Arch::Aarch64, ..TARGET }), ["app 1", "arm 1", "linux 1"]);
    assert_eq!(on(Target { python: (3, 12, 3), ..TARGET }), ["app 1", "linux 1", "old 1"]);
    assert_eq!(on(Target { system: System::Windows, ..TARGET }), ["app 1", "windows 1"]);
}

#[test]
fn wheels_are_those_the_target_accepts() {
    let tags = [
        "cp312-cp312-manylinux_2_17_x86_64",
        "cp312-cp312-manylinux_2_34_x86_64",
        "cp312-cp312-manylinux_2_28_aarch64",
        "cp312-cp312-musllinux_1_2_x86_64",
        "cp312-cp312-macosx_14_0_arm64",
        "cp312-cp312-win_amd64",
        "cp311-abi3-manylinux_2_17_x86_64",
    ];
    let server = Server::with(tags.map(|tags| tagged("app", "1", tags, &[])));
    let bench = Bench::new();
    let on = |target| {
        let resolution = bench.resolve(&Request { target, ..request(&server, &["app"]) }).unwrap();
        let filename = &resolution.packages[0].file.filename;
        filename.trim_start_matches("app-1-").trim_end_matches(".whl").to_owned()
    };
    assert_eq!(on(TARGET), tags[0]);
    assert_eq!(on(Target { system: System::Glibc(2, 35), ..TARGET }), tags[1]);
    assert_eq!(on(Target { arch: Arch::Aarch64, ..TARGET }), tags[2]);
    assert_eq!(on(Target { system: System::Musl(1, 2), ..TARGET }), tags[3]);
    assert_eq!(on(Target { system: System::MacOs(15, 0), arch: Arch::Aarch64, ..TARGET }), tags[4]);
    assert_eq!(on(Target { system: System::Windows, ..TARGET }), tags[5]);
    assert_eq!(on(Target { python: (3, 13, 0), ..TARGET }), tags[6]);
}

#[test]
fn no_wheel_for_the_target_is_told_with_the_platforms_there_are() {
    let server = Server::with([tagged("app", "1", "cp312-cp312-manylinux_2_34_x86_64", &[])]);
    let failure = failure(Bench::new().resolve(&request(&server, &["app"])), FailureKind::Unsatisfiable);
    assert!(failure.message.contains("app==1"), "{failure}");
    assert!(failure.message.contains("no wheels with a matching platform tag"), "{failure}");
    assert!(failure.hints.iter().any(|hint| hint.contains("manylinux_2_34_x86_64")), "{:?}", failure.hints);
}

#[test]
fn a_version_for_other_pythons_is_passed_over() {
    let server = Server::with([wheel("app", "1", &[]), Archive { requires_python: Some(">=3.13"), ..wheel("app", "2", &[]) }]);
    let resolution = Bench::new().resolve(&request(&server, &["app"])).unwrap();
    assert_eq!(names(&resolution), ["app 1"]);
}

#[test]
fn constraints_narrow_and_overrides_replace() {
    let server = Server::with([
        wheel("app", "1", &["lib<2"]),
        wheel("lib", "1.0", &[]),
        wheel("lib", "1.1", &[]),
        wheel("lib", "2.0", &[]),
        wheel("unused", "1", &[]),
    ]);
    let bench = Bench::new();
    let constraints = vec!["lib!=1.1".to_owned(), "unused==1".to_owned()];
    let narrowed = Request { constraints, ..request(&server, &["app"]) };
    assert_eq!(names(&bench.resolve(&narrowed).unwrap()), ["app 1", "lib 1.0"]);
    let replaced = Request { overrides: vec!["lib>=2".to_owned()], ..request(&server, &["app"]) };
    assert_eq!(names(&bench.resolve(&replaced).unwrap()), ["app 1", "lib 2.0"]);
}

#[test]
fn a_conflict_is_told_in_full() {
    let server =
        Server::with([wheel("app", "1", &["lib<2"]), wheel("tool", "1", &["lib>=2"]), wheel("lib", "1", &[]), wheel("lib", "2", &[])]);
    let failure = failure(Bench::new().resolve(&request(&server, &["app", "tool"])), FailureKind::Unsatisfiable);
    assert_eq!(
        failure.message.split_whitespace().collect::<Vec<_>>().join(" "),
        "Because all versions of tool depend on lib>=2 and all versions of app depend on lib<2, we can conclude that \
         all versions of app and all versions of tool are incompatible. And because you require app and tool, \
         we can conclude that your requirements are unsatisfiable."
    );
}

#[test]
fn an_older_version_is_taken_where_the_newest_cannot_be() {
    let server =
        Server::with([wheel("app", "2", &["lib>=2"]), wheel("app", "1", &["lib"]), wheel("lib", "1", &[]), wheel("lib", "2", &[])]);
    let resolution = Bench::new().resolve(&request(&server, &["app", "lib<2"])).unwrap();
    assert_eq!(names(&resolution), ["app 1", "lib 1"]);
}

#[test]
fn a_yanked_version_only_if_it_is_pinned() {
    let server = Server::with([wheel("app", "1", &[]), Archive { yanked: Some("leaks"), ..wheel("app", "2", &[]) }]);
    let bench = Bench::new();
    assert_eq!(names(&bench.resolve(&request(&server, &["app"])).unwrap()), ["app 1"]);
    let pinned = bench.resolve(&request(&server, &["app==2"])).unwrap();
    assert_eq!(pinned.packages[0].file.yanked.as_deref(), Some("leaks"));
    assert_eq!(pinned.warnings, ["`app==2` is yanked (reason: \"leaks\")"]);
    let failure = failure(bench.resolve(&request(&server, &["app>=2"])), FailureKind::Unsatisfiable);
    assert!(failure.message.contains("yanked (reason: leaks)"), "{failure}");
}

#[test]
fn pre_releases_as_the_policy_says() {
    let server =
        Server::with([wheel("app", "1.0", &[]), wheel("app", "2.0rc1", &[]), wheel("beta", "1.0b1", &[]), wheel("user", "1.0", &["beta"])]);
    let bench = Bench::new();
    let ask = |prereleases, requirement| bench.resolve(&Request { prereleases, ..request(&server, &[requirement]) });
    let got = |prereleases, requirement| names(&ask(prereleases, requirement).unwrap());
    assert_eq!(got(Prereleases::default(), "app"), ["app 1.0"]);
    assert_eq!(got(Prereleases::default(), "user"), ["beta 1.0b1", "user 1.0"]);
    assert_eq!(got(Prereleases::Allow, "app"), ["app 2.0rc1"]);
    assert_eq!(got(Prereleases::Explicit, "app>=2.0rc1"), ["app 2.0rc1"]);
    failure(ask(Prereleases::Explicit, "user"), FailureKind::Unsatisfiable);
    let disallowed = failure(ask(Prereleases::Disallow, "beta"), FailureKind::Unsatisfiable);
    assert!(disallowed.hints.iter().all(|hint| hint.contains("re-releases") && !hint.contains("--")), "{:?}", disallowed.hints);
}

#[test]
fn nothing_newer_than_the_cut_off() {
    let server = Server::with([
        Archive { uploaded: Some("2026-01-01T00:00:00Z"), ..wheel("app", "1", &[]) },
        Archive { uploaded: Some("2026-02-01T00:00:00Z"), ..wheel("app", "2", &[]) },
        Archive { uploaded: None, ..wheel("app", "3", &[]) },
    ]);
    let bench = Bench::new();
    let at = |time: &str| bench.resolve(&Request { exclude_newer: Some(time.to_owned()), ..request(&server, &["app"]) });
    assert_eq!(names(&at("2026-01-15T00:00:00Z").unwrap()), ["app 1"]);
    assert_eq!(names(&at("2026-03-01T00:00:00+01:00").unwrap()), ["app 2"]);
    failure(at("2025-01-01T00:00:00Z"), FailureKind::Unsatisfiable);
    for wrong in ["2026-01-15", "3 days", "yesterday"] {
        failure(at(wrong), FailureKind::Invalid);
    }
}

#[test]
fn one_resolver_serves_several_targets_from_one_cache() {
    let server =
        Server::with([wheel("app", "1", &["lib; platform_machine == 'aarch64'"]), wheel("lib", "1", &[]), sdist("2.2", "lib", "2", &[])]);
    let bench = Bench::new();
    let resolver = bench.resolver();
    let arm = Request { target: Target { arch: Arch::Aarch64, ..TARGET }, ..request(&server, &["app"]) };
    let both = bench.runtime.block_on(async {
        let intel = request(&server, &["app"]);
        let (intel, arm) = (resolver.resolve(&intel), resolver.resolve(&arm));
        (intel.await.unwrap(), arm.await.unwrap())
    });
    assert_eq!(names(&both.0), ["app 1"]);
    assert_eq!(names(&both.1), ["app 1", "lib 1"]);
    let documents = server.paths().iter().filter(|path| path.ends_with("app-1-py3-none-any.whl.metadata")).count();
    assert_eq!(documents, 1, "{:?}", server.paths());
}
