//! Requirements files, with what they include.

use super::{Bench, failure, write};
use crate::{Failure, FailureKind, Requirement, RequirementsFile, requirements_txt};

/// Reads `requirements.txt` from a directory with these files.
fn read(files: &[(&str, &str)]) -> Result<RequirementsFile, Failure> {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        write(directory.path(), name, text);
    }
    Bench::new().runtime.block_on(requirements_txt(&directory.path().join("requirements.txt")))
}

fn one(text: &str) -> Result<RequirementsFile, Failure> {
    read(&[("requirements.txt", text)])
}

/// The failure, which must be one; the resolution in the type is never made.
#[track_caller]
fn fails(text: &str, kind: FailureKind) -> Failure {
    failure(one(text).map(|_| crate::Resolution::default()), kind)
}

#[test]
fn requirements_with_hashes_and_lines() {
    let digest = "0123456789abcdef".repeat(4);
    let text = format!(
        "# made by hand\n\nApp.Core [fast] >= 1.0 ; python_version < '3.13'  # why\nlib==2 \\\n    --hash=sha256:{digest} \\\n    --hash sha256:{digest}\napp-core<3\n"
    );
    let file = one(&text).unwrap();
    let expected = [
        ("app-core[fast]>=1.0 ; python_full_version < '3.13'", vec![], "requirements.txt:3"),
        ("lib==2", vec![format!("sha256:{digest}"); 2], "requirements.txt:4"),
        ("app-core<3", vec![], "requirements.txt:7"),
    ];
    let expected = expected.map(|(text, hashes, origin)| Requirement { hashes, ..Requirement::new(text, origin) });
    assert_eq!(file.requirements, expected);
    assert!(file.require_hashes, "one hash means all must have one");
}

#[test]
fn included_files_and_constraints() {
    let file = read(&[
        ("requirements.txt", "-r more.txt\n-c limits.txt\napp\n"),
        ("more.txt", "--requirement=even-more.txt\nlib\n"),
        ("even-more.txt", "-r more.txt\n# going round\nbase\n"),
        ("limits.txt", "lib<2\n"),
    ])
    .unwrap();
    let texts: Vec<_> = file.requirements.iter().map(|one| (one.text.as_str(), one.origin.as_str())).collect();
    assert_eq!(texts, [("base", "even-more.txt:3"), ("lib", "more.txt:2"), ("app", "requirements.txt:3")]);
    assert_eq!(file.constraints, ["lib<2"]);
    assert!(!file.require_hashes);
}

#[test]
fn options() {
    let file = one(
        "--index-url https://robot:hunter%3222@one.example.org/simple/\n--extra-index-url=https://two.example.org/simple\n\
         --find-links https://three.example.org/links.html\n--no-index\n--no-binary app\n--no-binary=lib\n--pre\n--trusted-host one.example.org\n--require-hashes\n",
    )
    .unwrap();
    let index = file.index.unwrap();
    assert_eq!(index.url, "https://one.example.org/simple/");
    assert_eq!((index.username.as_deref(), index.password.as_deref()), (Some("robot"), Some("hunter222")));
    assert_eq!(file.extra_indexes[0].url, "https://two.example.org/simple");
    assert!(file.find_links[0].flat && file.find_links[0].url.ends_with("/links.html"));
    assert!(file.no_index && file.prereleases && file.require_hashes);
    assert_eq!(file.no_binary, ["app", "lib"]);
    assert_eq!(file.ignored, ["requirements.txt:8: --trusted-host"]);
}

#[test]
fn a_wheel_by_its_url() {
    let digest = "0".repeat(64);
    let file = one(&format!("app[fast] @ https://example.org/app-1-py3-none-any.whl#sha256={digest} ; os_name == 'posix'\n")).unwrap();
    assert_eq!(
        file.requirements[0].text,
        format!("app[fast] @ https://example.org/app-1-py3-none-any.whl#sha256={digest} ; os_name == 'posix'")
    );
}

#[test]
fn what_cannot_cross_is_refused_with_its_line() {
    let cases = [
        "-e ./app",
        "-e git+https://git.example.org/app#egg=app",
        "--editable ../app",
        "git+https://git.example.org/app",
        "app @ git+ssh://git@git.example.org/app",
        "./wheels/app-1-py3-none-any.whl",
        "/srv/app-1-py3-none-any.whl",
        "app @ file:///srv/app-1.tar.gz",
        "https://robot:hunter22@example.org/app-1-py3-none-any.whl",
        "app @ https://robot:hunter22@example.org/app-1-py3-none-any.whl",
    ];
    for line in cases {
        let failure = fails(&format!("lib\n\n{line}\n"), FailureKind::Refused);
        assert!(failure.message.starts_with("requirements.txt"), "{failure}");
        assert!(failure.message.contains(":3: "), "{failure}");
        assert!(!failure.message.contains("hunter22"), "{failure}");
    }
}

#[test]
fn what_is_not_in_the_format_is_told() {
    for text in ["app ==\n", "--what\n", "app --hash\n", "-r\n", "app; ((((os_name\n", "--index-url\n"] {
        let failure = fails(text, FailureKind::Invalid);
        assert!(failure.message.contains("requirements.txt"), "{failure}");
    }
    let line = fails("lib\napp ==  # later\n", FailureKind::Invalid);
    assert!(line.message.starts_with("requirements.txt:2: not a requirement"), "{line}");
    let deep = format!("app; {}", "(".repeat(100_000));
    fails(&deep, FailureKind::Invalid);
}

#[test]
fn files_that_are_missing_or_too_large() {
    let missing = fails("-r missing.txt\n", FailureKind::Invalid);
    assert!(missing.message.contains("missing.txt"), "{missing}");
    let large = fails(&"# comment\n".repeat(1_000_000), FailureKind::Invalid);
    assert!(large.message.contains("larger than 8 MiB"), "{large}");
    fails("-r /dev/zero\n", FailureKind::Invalid);
    let files: Vec<(String, String)> = (0..150).map(|at| (format!("f{at}.txt"), format!("-r f{}.txt\n", at + 1))).collect();
    let mut named: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    named.push(("requirements.txt", "-r f0.txt\n"));
    let many = failure(read(&named).map(|_| crate::Resolution::default()), FailureKind::Invalid);
    assert!(many.message.contains("includes more than 100 files"), "{many}");
}

#[test]
fn an_index_that_is_a_directory_is_refused() {
    fails("--index-url file:///srv/simple/\n", FailureKind::Refused);
    fails("--find-links /\n", FailureKind::Refused);
}
