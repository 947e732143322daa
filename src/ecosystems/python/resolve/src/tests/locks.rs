//! Lock files of other tools, read for one target.

use super::{TARGET, failure, names};
use crate::{Arch, FailureKind, FileKind, SdistPolicy, Selection, System, Target, pylock, uv_lock};

const PYLOCK: &str = r#"
lock-version = "1.0"
created-by = "hand"
requires-python = ">=3.11"
environments = ["sys_platform == 'linux'", "sys_platform == 'darwin'"]
extras = ["fast"]
dependency-groups = ["test", "docs"]
default-groups = ["docs"]

[[packages]]
name = "app"
version = "1.0"
index = "https://packages.example.org/simple"
sdist = { url = "https://files.example.org/app-1.0.tar.gz", upload-time = 2026-01-02T03:04:05Z, size = 10, hashes = { sha256 = "1111111111111111111111111111111111111111111111111111111111111111" } }

[[packages.wheels]]
url = "https://files.example.org/App-1.0-cp312-cp312-manylinux_2_17_x86_64.whl"
upload-time = 2026-01-02T03:04:05Z
size = 20
hashes = { sha256 = "2222222222222222222222222222222222222222222222222222222222222222", sha512 = "00" }

[[packages.wheels]]
url = "https://files.example.org/App-1.0-cp312-cp312-manylinux_2_17_aarch64.whl"
size = 21
hashes = { sha256 = "3333333333333333333333333333333333333333333333333333333333333333" }

[[packages]]
name = "extra-only"
version = "2"
marker = "'fast' in extras"
wheels = [{ url = "https://files.example.org/extra_only-2-py3-none-any.whl", hashes = { sha256 = "4444444444444444444444444444444444444444444444444444444444444444" } }]

[[packages]]
name = "docs-only"
version = "3"
marker = "'docs' in dependency_groups"
archive = { url = "https://files.example.org/docs_only-3-py3-none-any.whl", size = 30, hashes = { sha256 = "5555555555555555555555555555555555555555555555555555555555555555" } }

[[packages]]
name = "test-only"
version = "4"
marker = "'test' in dependency_groups and platform_machine == 'x86_64'"
wheels = [{ url = "https://files.example.org/test_only-4-py3-none-any.whl", hashes = { sha256 = "6666666666666666666666666666666666666666666666666666666666666666" } }]
"#;

#[test]
fn a_pylock_for_one_target() {
    let resolution = pylock(PYLOCK, &Selection::new(TARGET)).unwrap();
    assert_eq!(names(&resolution), ["app 1.0", "docs-only 3"]);
    let app = &resolution.packages[0];
    assert_eq!(app.file.filename, "App-1.0-cp312-cp312-manylinux_2_17_x86_64.whl");
    assert_eq!(app.file.url, "https://files.example.org/App-1.0-cp312-cp312-manylinux_2_17_x86_64.whl");
    assert_eq!(app.file.sha256, Some("2".repeat(64)));
    assert_eq!((app.file.size, app.file.upload_time.as_deref()), (Some(20), Some("2026-01-02T03:04:05Z")));
    assert_eq!(app.index.as_deref(), Some("https://packages.example.org/simple"));
    let docs = &resolution.packages[1];
    assert_eq!((docs.file.sha256.clone(), docs.file.size, docs.index.clone()), (Some("5".repeat(64)), Some(30), None));
    assert_eq!(docs.file.filename, "docs_only-3-py3-none-any.whl");
}

#[test]
fn extras_and_groups_of_a_pylock() {
    let selection = Selection { extras: vec!["fast".to_owned()], groups: vec!["test".to_owned()], ..Selection::new(TARGET) };
    let resolution = pylock(PYLOCK, &selection).unwrap();
    assert_eq!(names(&resolution), ["app 1.0", "extra-only 2", "test-only 4"]);
    assert_eq!(resolution.packages[1].index, None);
    let arm = Selection { target: Target { arch: Arch::Aarch64, ..TARGET }, ..selection.clone() };
    assert_eq!(names(&pylock(PYLOCK, &arm).unwrap()), ["app 1.0", "extra-only 2"]);
    for selection in [
        Selection { extras: vec!["slow".to_owned()], ..Selection::new(TARGET) },
        Selection { groups: vec!["lint".to_owned()], ..Selection::new(TARGET) },
        Selection { extras: vec!["no name".to_owned()], ..Selection::new(TARGET) },
    ] {
        failure(pylock(PYLOCK, &selection), FailureKind::Invalid);
    }
}

#[test]
fn a_pylock_that_is_not_for_the_target() {
    let old = Target { python: (3, 10, 0), ..TARGET };
    let python = failure(pylock(PYLOCK, &Selection::new(old)), FailureKind::Unsatisfiable);
    assert!(python.message.contains("requires Python >=3.11"), "{python}");
    let windows = Target { system: System::Windows, ..TARGET };
    let environment = failure(pylock(PYLOCK, &Selection::new(windows)), FailureKind::Unsatisfiable);
    assert!(environment.message.contains("was not made for cpython 3.12.4 on AMD64, Windows"), "{environment}");
    let newer = Target { python: (3, 13, 0), ..TARGET };
    let wheels = failure(pylock(PYLOCK, &Selection::new(newer)), FailureKind::Unsatisfiable);
    assert!(wheels.message.contains("`app`"), "{wheels}");
    let source = Selection { sdists: SdistPolicy::Static, ..Selection::new(newer) };
    let resolution = pylock(PYLOCK, &source).unwrap();
    assert_eq!((resolution.packages[0].file.kind, resolution.packages[0].file.filename.as_str()), (FileKind::Sdist, "app-1.0.tar.gz"));
}

#[test]
fn a_pylock_with_something_that_cannot_cross() {
    let head = "lock-version = '1.0'\ncreated-by = 'hand'\n[[packages]]\nname = 'app'\nversion = '1'\n";
    for source in [
        "directory = { path = '.' }",
        "archive = { path = 'app-1.zip', hashes = { sha256 = '00' } }",
        "wheels = [{ path = 'app-1-py3-none-any.whl', hashes = { sha256 = '00' } }]",
        "sdist = { path = 'app-1.tar.gz', hashes = { sha256 = '00' } }",
        "wheels = [{ url = 'file:///srv/app-1-py3-none-any.whl', hashes = { sha256 = '00' } }]",
    ] {
        failure(pylock(&format!("{head}{source}\n"), &Selection::new(TARGET)), FailureKind::Refused);
    }
    let git = "vcs = { type = 'git', url = 'https://git.example.org/app', commit-id = '0123456789012345678901234567890123456789' }";
    let selection = Selection { sdists: SdistPolicy::Static, ..Selection::new(TARGET) };
    failure(pylock(&format!("{head}{git}\n"), &selection), FailureKind::Refused);
}

#[test]
fn a_pylock_that_cannot_be_read() {
    let deep = format!("{PYLOCK}\nx = \"{}\"", "(".repeat(10_000));
    for text in ["", "lock-version = '2.0'\ncreated-by = 'hand'\npackages = []\n", "[", "environments = 3", deep.as_str()] {
        failure(pylock(text, &Selection::new(TARGET)), FailureKind::Malformed);
    }
    failure(pylock(&" ".repeat(65 << 20), &Selection::new(TARGET)), FailureKind::Malformed);
}

const UV_LOCK: &str = r#"
version = 1
revision = 3
requires-python = ">=3.11"
supported-markers = ["sys_platform == 'linux'"]

[[package]]
name = "app"
version = "0.1.0"
source = { virtual = "." }
dependencies = [
    { name = "lib", extra = ["deep"] },
    { name = "armour", marker = "platform_machine == 'aarch64'" },
]

[package.optional-dependencies]
fast = [{ name = "speed" }]

[package.dev-dependencies]
dev = [{ name = "check" }]

[package.metadata]
requires-dist = [
    { name = "lib", extras = ["deep"] },
    { name = "armour", marker = "platform_machine == 'aarch64'" },
    { name = "speed", marker = "extra == 'fast'" },
]
provides-extras = ["fast"]

[package.metadata.requires-dev]
dev = [{ name = "check" }]

[[package]]
name = "armour"
version = "1"
source = { registry = "https://packages.example.org/simple" }
wheels = [{ url = "https://files.example.org/armour-1-py3-none-any.whl", hash = "sha256:1111111111111111111111111111111111111111111111111111111111111111", size = 11 }]

[[package]]
name = "base"
version = "2"
source = { url = "https://files.example.org/base-2-py3-none-any.whl" }
wheels = [{ url = "https://files.example.org/base-2-py3-none-any.whl", hash = "sha256:2222222222222222222222222222222222222222222222222222222222222222" }]

[[package]]
name = "check"
version = "3"
source = { registry = "https://packages.example.org/simple" }
wheels = [{ url = "https://files.example.org/check-3-py3-none-any.whl", hash = "sha256:3333333333333333333333333333333333333333333333333333333333333333", size = 13 }]

[[package]]
name = "lib"
version = "4"
source = { registry = "https://packages.example.org/simple" }
sdist = { url = "https://files.example.org/lib-4.tar.gz", hash = "sha256:4444444444444444444444444444444444444444444444444444444444444444", size = 14 }
wheels = [
    { url = "https://files.example.org/Lib-4-cp312-cp312-manylinux_2_17_x86_64.whl", hash = "sha256:5555555555555555555555555555555555555555555555555555555555555555", size = 15, upload-time = "2026-01-02T03:04:05Z" },
    { url = "https://files.example.org/Lib-4-cp312-cp312-manylinux_2_17_aarch64.whl", hash = "sha256:6666666666666666666666666666666666666666666666666666666666666666", size = 16 },
]

[package.optional-dependencies]
deep = [{ name = "base" }]

[[package]]
name = "speed"
version = "5"
source = { git = "https://git.example.org/speed?rev=1#0123456789012345678901234567890123456789" }
"#;

#[test]
fn a_uv_lock_for_one_target() {
    let resolution = uv_lock(UV_LOCK, &Selection::new(TARGET)).unwrap();
    assert_eq!(names(&resolution), ["base 2", "lib 4"]);
    let [base, lib] = resolution.packages.as_slice() else { panic!("two packages") };
    assert_eq!(lib.file.filename, "Lib-4-cp312-cp312-manylinux_2_17_x86_64.whl");
    assert_eq!((lib.file.sha256.clone(), lib.file.size), (Some("5".repeat(64)), Some(15)));
    assert_eq!(lib.file.upload_time.as_deref(), Some("2026-01-02T03:04:05Z"));
    assert_eq!(lib.index.as_deref(), Some("https://packages.example.org/simple"));
    assert_eq!(lib.dependencies, [("base".to_owned(), "2".to_owned())]);
    assert_eq!(lib.extras, ["deep"]);
    assert!(lib.requested && !base.requested);
    assert_eq!((base.file.sha256.clone(), base.index.clone()), (Some("2".repeat(64)), None));
}

#[test]
fn markers_groups_and_projects_of_a_uv_lock() {
    let arm = Target { arch: Arch::Aarch64, ..TARGET };
    assert_eq!(names(&uv_lock(UV_LOCK, &Selection::new(arm)).unwrap()), ["armour 1", "base 2", "lib 4"]);
    let dev = Selection { groups: vec!["dev".to_owned()], projects: vec!["App".to_owned()], ..Selection::new(TARGET) };
    assert_eq!(names(&uv_lock(UV_LOCK, &dev).unwrap()), ["base 2", "check 3", "lib 4"]);
    for wrong in [
        Selection { projects: vec!["other".to_owned()], ..Selection::new(TARGET) },
        Selection { extras: vec!["slow".to_owned()], ..Selection::new(TARGET) },
        Selection { groups: vec!["lint".to_owned()], ..Selection::new(TARGET) },
    ] {
        failure(uv_lock(UV_LOCK, &wrong), FailureKind::Invalid);
    }
}

#[test]
fn a_uv_lock_that_is_not_for_the_target_or_has_no_wheel() {
    let old = Target { python: (3, 10, 0), ..TARGET };
    let python = failure(uv_lock(UV_LOCK, &Selection::new(old)), FailureKind::Unsatisfiable);
    assert!(python.message.contains(">=3.11"), "{python}");
    let mac = Target { system: System::MacOs(14, 0), ..TARGET };
    failure(uv_lock(UV_LOCK, &Selection::new(mac)), FailureKind::Unsatisfiable);
    let newer = Selection::new(Target { python: (3, 13, 0), ..TARGET });
    failure(uv_lock(UV_LOCK, &newer), FailureKind::Unsatisfiable);
    let source = uv_lock(UV_LOCK, &Selection { sdists: SdistPolicy::Static, ..newer }).unwrap();
    assert_eq!((source.packages[1].file.kind, source.packages[1].file.size), (FileKind::Sdist, Some(14)));
}

#[test]
fn a_uv_lock_with_git_in_what_is_wanted() {
    let fast = Selection { extras: vec!["fast".to_owned()], sdists: SdistPolicy::Static, ..Selection::new(TARGET) };
    let failure = failure(uv_lock(UV_LOCK, &fast), FailureKind::Refused);
    assert!(failure.message.contains("speed is in git"), "{failure}");
}

#[test]
fn a_uv_lock_that_cannot_be_read() {
    for text in ["", "version = 2\nrequires-python = '>=3.11'\n", "version = 1\n[[package]]\n", "]"] {
        failure(uv_lock(text, &Selection::new(TARGET)), FailureKind::Malformed);
    }
}
