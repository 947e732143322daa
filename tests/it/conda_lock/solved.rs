//! Sections that are solved.

use super::channel::{Package, Paths, package, repodata, zst};
use super::{Outside, TARGETS, chosen, said};
use crate::origin::Reply;
use airlift::artifact::{Blobs, Digest, Learned};
use airlift::error::Kind;
use serde_json::json;

/// An application for Python, one for R, and what both stand on.
fn world() -> Vec<Package> {
    vec![
        package("noarch", "pytool-1.0-py_0.conda", &["python >=3.9", "gpu", "libfoo"]).with("noarch", json!("python")),
        package("linux-64", "python-3.11.9-h1_0.conda", &["libfoo", "__glibc >=2.17"]),
        package("linux-64", "python-3.12.4-h1_0.conda", &["libfoo"]),
        package("linux-64", "libfoo-1.0-h1_0.conda", &["__glibc >=2.17"]).with("unheard_of", json!({"kept": [1, "x"]})),
        package("linux-64", "libfoo-2.0-h1_0.conda", &["__glibc >=2.34"]),
        package("linux-64", "gpu-1.0-cpu_0.tar.bz2", &[]),
        package("linux-64", "gpu-1.0-cuda_1.conda", &["__cuda >=12"]).with("build_number", json!(1)),
        package("linux-64", "r-base-4.4.1-h1_0.conda", &["libfoo"]),
        package("noarch", "r-tibble-3.2.1-r44_0.conda", &["r-base >=4.4,<4.5.0a0"]),
        package("linux-aarch64", "python-3.11.9-h2_0.conda", &["libfoo"]),
        package("linux-aarch64", "libfoo-1.0-h2_0.conda", &[]),
        package("linux-aarch64", "gpu-1.0-cpu_0.conda", &[]),
        package("linux-64", "unrelated-1.0-0.conda", &["nowhere"]),
    ]
}

const SECTION: &str = "channels = [\"main\"]\nspecs = [\"pytool\"]";
const PYTHON: [&str; 4] =
    ["main/linux-64/gpu 1.0-cpu_0", "main/linux-64/libfoo 1.0-h1_0", "main/linux-64/python 3.11.9-h1_0", "main/noarch/pytool 1.0-py_0"];

#[test]
fn every_form_of_an_index_gives_the_same_lock() {
    let mut locks = Vec::new();
    let [mut plain, mut compressed, mut sharded] = [(); 3].map(|()| Paths::default());
    for paths in [plain.plain("main", &world()), compressed.compressed("main", &world()), sharded.sharded("main", &world())] {
        let (origin, outside) = (paths.serve(), Outside::new());
        let outcome = outside.lock(&origin, SECTION).unwrap();
        assert_eq!(chosen(&outcome), PYTHON);
        assert!(outcome.sections[0].summary.starts_with("4 packages · "), "{}", outcome.sections[0].summary);
        assert!(outcome.sections[0].summary.ends_with("   linux-64 py3.11"), "{}", outcome.sections[0].summary);
        assert!(!origin.seen().iter().any(|seen| seen.path.contains(".conda")), "archives are not downloaded to be locked");
        let again = outside.lock(&origin, SECTION).unwrap();
        assert_eq!(again.lock.artifacts, outcome.lock.artifacts, "the cache changes nothing");
        let store = outside.fetch(outcome.lock.clone()).unwrap();
        for artifact in &outcome.lock.artifacts {
            assert_eq!(Blobs::size(&store, &artifact.descriptors[0].digest).unwrap(), Some(artifact.descriptors[0].size));
        }
        let text = String::from_utf8(outcome.lock.to_bytes()).unwrap().replace(&origin.address, "http://x");
        let digest = outcome.lock.manifest.hex();
        locks.push(text.replace(&digest, "manifest"));
    }
    assert_eq!(locks[0], locks[1]);
    assert_eq!(locks[0], locks[2]);
}

#[test]
fn a_record_is_kept_as_the_channel_had_it() {
    let mut paths = Paths::default();
    let (origin, outside) = (paths.sharded("main", &world()).serve(), Outside::new());
    let outcome = outside.lock(&origin, SECTION).unwrap();
    let found = outcome.lock.artifacts.iter().find(|a| a.name.ends_with("libfoo")).unwrap();
    let wanted = world().into_iter().find(|p| p.file == "libfoo-1.0-h1_0.conda").unwrap();
    assert_eq!(found.meta, json!({"channel": "main", "subdir": "linux-64", "record": wanted.record}));
    let blob = &found.descriptors[0];
    assert_eq!((blob.digest, blob.size, blob.learned), (Digest::of(&wanted.bytes), wanted.bytes.len() as u64, Learned::Upstream));
    assert_eq!(blob.origins, [origin.url("/main/linux-64/libfoo-1.0-h1_0.conda")]);
    assert_eq!(
        (blob.media_type.as_str(), blob.side_digests["md5"].as_str()),
        ("application/x-conda", wanted.record["md5"].as_str().unwrap())
    );
}

#[test]
fn the_target_decides_not_the_machine_that_locks() {
    let mut paths = Paths::default();
    let origin = paths.compressed("main", &world()).serve();
    let gpu = Outside::new().targets(
        "[targets.box]\nplatform = \"linux-x86_64\"\nglibc = \"2.35\"\ncuda = \"12.4\"\npython = \"3.12\"\n\
         [targets.edge]\nplatform = \"linux-aarch64\"\npython = \"3.11\"\n",
    );
    let outcome = gpu.lock(&origin, SECTION).unwrap();
    let wanted = [
        "main/linux-64/gpu 1.0-cuda_1",
        "main/linux-64/libfoo 2.0-h1_0",
        "main/linux-64/python 3.12.4-h1_0",
        "main/linux-aarch64/gpu 1.0-cpu_0",
        "main/linux-aarch64/libfoo 1.0-h2_0",
        "main/linux-aarch64/python 3.11.9-h2_0",
        "main/noarch/pytool 1.0-py_0",
    ];
    assert_eq!(chosen(&outcome), wanted);
    assert!(outcome.sections[0].summary.ends_with("   linux-64 py3.12, linux-aarch64 py3.11"), "{}", outcome.sections[0].summary);
    let one = gpu.lock(&origin, &format!("{SECTION}\ntargets = [\"edge\"]")).unwrap();
    assert_eq!(chosen(&one), wanted[3..]);
    let virtuals = format!("{SECTION}\ntargets = [\"box\"]\nvirtual-packages = {{ __glibc = \"2.30\", __cuda = \"\" }}");
    assert_eq!(chosen(&gpu.lock(&origin, &virtuals).unwrap())[..2], ["main/linux-64/gpu 1.0-cpu_0", "main/linux-64/libfoo 1.0-h1_0"]);
}

#[test]
fn an_environment_for_r_has_no_python() {
    let mut paths = Paths::default();
    let (origin, outside) = (paths.sharded("main", &world()).serve(), Outside::new());
    let outcome = outside.lock(&origin, "channels = [\"main\"]\nspecs = [\"r-tibble\"]").unwrap();
    assert_eq!(chosen(&outcome), ["main/linux-64/libfoo 1.0-h1_0", "main/linux-64/r-base 4.4.1-h1_0", "main/noarch/r-tibble 3.2.1-r44_0"]);
}

#[test]
fn the_first_channel_that_has_a_package_supplies_it() {
    let first = [package("noarch", "tool-1.0-0.conda", &[])];
    let second = [package("noarch", "tool-2.0-0.conda", &["extra"]), package("noarch", "extra-1.0-0.conda", &[])];
    let mut paths = Paths::default();
    let (origin, outside) = (paths.plain("one/label/dev", &first).sharded("two", &second).serve(), Outside::new());
    let lock = |rest: &str| outside.lock(&origin, &format!("channels = [\"one/label/dev\", \"two\"]\n{rest}"));
    let strict = lock("specs = [\"tool\"]").unwrap();
    assert_eq!(chosen(&strict), ["one/label/dev/noarch/tool 1.0-0"]);
    let newer = lock("specs = [\"tool >=2\"]").map(|_| ()).expect_err("the first channel has none");
    assert!(said(&newer).contains("strict channel priority"), "{}", said(&newer));
    let flexible = lock("specs = [\"tool >=2\"]\npriority = \"flexible\"").unwrap();
    assert_eq!(chosen(&flexible), ["two/noarch/extra 1.0-0", "two/noarch/tool 2.0-0"]);
    let disabled = lock("specs = [\"tool\"]\npriority = \"disabled\"").unwrap();
    assert_eq!(chosen(&disabled), ["two/noarch/extra 1.0-0", "two/noarch/tool 2.0-0"]);
    let named = lock("specs = [\"two::tool\"]\npriority = \"disabled\"").unwrap();
    assert_eq!(chosen(&named), ["two/noarch/extra 1.0-0", "two/noarch/tool 2.0-0"]);
    let named = lock("specs = [\"one/label/dev::tool\"]\npriority = \"disabled\"").unwrap();
    assert_eq!(chosen(&named), ["one/label/dev/noarch/tool 1.0-0"]);
}

#[test]
fn a_channel_has_the_name_that_its_address_or_the_manifest_gives() {
    let tool = [package("noarch", "tool-1.0-0.conda", &[])];
    let mut paths = Paths::default();
    let (origin, outside) = (paths.plain("private/team", &tool).serve(), Outside::new());
    let url = origin.url("/private/team");
    for (channel, name) in [(format!("\"{url}\""), "private/team"), (format!("{{ name = \"ours\", url = \"{url}/\" }}"), "ours")] {
        let outcome = outside.lock_all(&format!("[conda.c]\nchannels = [{channel}]\nspecs = [\"tool\"]\n")).unwrap();
        assert_eq!(chosen(&outcome), [format!("{name}/noarch/tool 1.0-0")]);
    }
}

#[test]
fn new_packages_cool_down() {
    let packages = [
        package("noarch", "tool-1.0-0.conda", &[]),
        package("noarch", "tool-2.0-0.conda", &[]).with("timestamp", json!(1_795_300_000_000_u64)),
        package("noarch", "tool-3.0-0.conda", &[]).with("timestamp", json!(null)),
    ];
    let mut paths = Paths::default();
    let (origin, outside) = (paths.plain("main", &packages).serve(), Outside::new());
    let lock = |rest: &str| outside.lock(&origin, &format!("channels = [\"main\"]\nspecs = [\"tool\"]\n{rest}")).unwrap();
    assert_eq!(chosen(&lock("")), ["main/noarch/tool 3.0-0"]);
    let cooled = lock("cool-down-days = 7");
    assert_eq!(chosen(&cooled), ["main/noarch/tool 1.0-0"]);
    assert!(cooled.sections[0].notes.iter().any(|n| n.contains("nothing published after 2026-11-16")), "{:?}", cooled.sections[0].notes);
    assert_eq!(chosen(&lock("exclude-newer = \"2026-12-01T00:00:00Z\"")), ["main/noarch/tool 2.0-0"]);
}

#[test]
fn an_archive_known_by_md5_only_is_downloaded_and_checked() {
    let tool = package("noarch", "tool-1.0-0.tar.bz2", &[]).with("sha256", json!(null)).with("size", json!(null));
    let mut paths = Paths::default();
    let (origin, outside) = (paths.plain("main", std::slice::from_ref(&tool)).serve(), Outside::new());
    let section = "channels = [\"main\"]\nspecs = [\"tool\"]";
    let outcome = outside.lock(&origin, section).unwrap();
    let blob = &outcome.lock.artifacts[0].descriptors[0];
    assert_eq!((blob.digest, blob.learned), (Digest::of(&tool.bytes), Learned::Downloaded));
    let other = tool.with("md5", json!("00000000000000000000000000000000"));
    let origin = Paths::default().plain("main", &[other]).serve();
    let refused = outside.refusal(&origin, section);
    assert_eq!(refused.kind(), Kind::Verification);
    assert!(said(&refused).contains("md5:0000"), "{}", said(&refused));
}

#[test]
fn an_index_that_did_not_change_is_not_sent_again() {
    let tool = [package("noarch", "tool-1.0-0.conda", &[])];
    let body = zst(repodata("noarch", &tool).to_string().as_bytes());
    let mut paths = Paths::default();
    let replies = vec![Reply::Version("v1", Box::new(Reply::File(body))), Reply::Status(304, "")];
    paths.0.insert("/main/noarch/repodata.json.zst".to_owned(), replies);
    let (origin, outside) = (paths.serve(), Outside::new());
    let section = "channels = [\"main\"]\nspecs = [\"tool\"]";
    let first = outside.lock(&origin, section).unwrap();
    let again = outside.lock(&origin, section).unwrap();
    assert_eq!(first.lock.to_bytes(), again.lock.to_bytes());
    let asked = origin.gets("/main/noarch/repodata.json.zst");
    assert_eq!(asked[1].headers.get("if-none-match").map(String::as_str), Some("\"v1\""));
}

#[test]
fn run_exports_are_carried_where_they_are_asked_for() {
    let tool = [package("linux-64", "libfoo-1.0-0.conda", &[])];
    let exports = json!({"info": {"subdir": "linux-64"}, "packages": {}, "packages.conda": {
        "libfoo-1.0-0.conda": {"run_exports": {"weak": ["libfoo >=1.0,<2.0a0"]}}
    }});
    let mut paths = Paths::default();
    paths.plain("main", &tool).set("/main/linux-64/run_exports.json.zst", zst(exports.to_string().as_bytes()));
    let (origin, outside) = (paths.serve(), Outside::new());
    let outcome = outside.lock(&origin, "channels = [\"main\"]\nspecs = [\"libfoo\"]\nrun-exports = true").unwrap();
    assert_eq!(outcome.lock.artifacts[0].meta["run-exports"], json!({"weak": ["libfoo >=1.0,<2.0a0"]}));
    let without = outside.lock(&origin, "channels = [\"main\"]\nspecs = [\"libfoo\"]").unwrap();
    assert_eq!(without.lock.artifacts[0].meta.get("run-exports"), None);
}

#[test]
fn two_sections_that_want_one_package_share_it() {
    let mut paths = Paths::default();
    let (origin, outside) = (paths.plain("main", &world()).serve(), Outside::new());
    let section = |name: &str, spec: &str| {
        format!("[conda.{name}]\nchannel-alias = \"{}\"\nchannels = [\"main\"]\nspecs = [\"{spec}\"]\n", origin.address)
    };
    let outcome = outside.lock_all(&(section("a", "pytool") + &section("b", "r-tibble"))).unwrap();
    let shared = outcome.lock.artifacts.iter().find(|a| a.name == "main/linux-64/libfoo").unwrap();
    assert_eq!(shared.sections, ["a", "b"]);
}

#[test]
fn one_name_never_stands_for_two_archives() {
    let one = package("noarch", "tool-1.0-0.conda", &[]);
    let mut other = one.clone();
    other.bytes = b"other bytes".to_vec();
    let other = other.clone().with("sha256", json!(Digest::of(&other.bytes).hex())).with("size", json!(other.bytes.len()));
    let mut paths = Paths::default();
    let (origin, outside) = (paths.plain("a", &[one]).plain("b", &[other]).serve(), Outside::new());
    let section = |name: &str| {
        format!("[conda.{name}]\nchannels = [{{ name = \"team\", url = \"{}\" }}]\nspecs = [\"tool\"]\n", origin.url(&format!("/{name}")))
    };
    let refused = outside.lock_all(&(section("a") + &section("b"))).map(|_| ()).expect_err("one could never be had");
    assert_eq!(refused.kind(), Kind::Usage);
    assert!(said(&refused).contains("tool-1.0-0.conda"), "{}", said(&refused));
}

#[test]
fn an_environment_file_is_asked_for_whole() {
    let mut paths = Paths::default();
    let (origin, outside) = (paths.plain("main", &world()).serve(), Outside::new());
    outside
        .file("env.yml", "name: x\nchannels:\n  - main\n  - nodefaults\ndependencies:\n  - pytool\n  - libfoo=1.0\nvariables:\n  A: b\n");
    let outcome = outside.lock(&origin, "environment = \"env.yml\"").unwrap();
    assert_eq!(chosen(&outcome), PYTHON);
    assert!(outcome.sections[0].notes.iter().any(|note| note.contains("variables")), "{:?}", outcome.sections[0].notes);
    outside.file("pip.yml", "channels: [main]\ndependencies:\n  - pytool\n  - pip:\n    - some-wheel==1.0\n");
    let refused = outside.refusal(&origin, "environment = \"pip.yml\"");
    assert_eq!(refused.kind(), Kind::Policy);
    assert!(said(&refused).contains("some-wheel==1.0") && said(&refused).contains("pip = "), "{}", said(&refused));
    let left = outside.lock(&origin, "environment = \"pip.yml\"\npip = \"leave\"").unwrap();
    assert!(left.sections[0].notes.iter().any(|note| note.contains("some-wheel==1.0")), "{:?}", left.sections[0].notes);
}

#[test]
fn targets_come_from_the_manifest() {
    assert!(TARGETS.contains("linux-x86_64"));
    let mut paths = Paths::default();
    let (origin, outside) = (paths.plain("main", &world()).serve(), Outside::new().targets(""));
    let refused = outside.refusal(&origin, SECTION);
    assert_eq!(refused.kind(), Kind::Usage);
    assert!(said(&refused).contains("targets"), "{}", said(&refused));
}

#[test]
fn names_in_upper_case_are_found_in_every_form_of_index() {
    let world = [package("noarch", "tool-1.0-0.conda", &["Mixed-Case >=1"]), package("noarch", "Mixed-Case-1.0-0.conda", &[])];
    for form in [Paths::plain, Paths::compressed, Paths::sharded] {
        let mut paths = Paths::default();
        let (origin, outside) = (form(&mut paths, "main", &world).serve(), Outside::new());
        let outcome = outside.lock(&origin, "channels = [\"main\"]\nspecs = [\"tool\"]").unwrap();
        assert_eq!(chosen(&outcome), ["main/noarch/Mixed-Case 1.0-0", "main/noarch/tool 1.0-0"]);
    }
}

#[test]
fn python_without_pip_is_told() {
    let world = [
        package("linux-64", "python-3.11.9-0.conda", &[]),
        package("noarch", "pip-25.0-0.conda", &["python"]),
        package("noarch", "tool-1.0-0.conda", &[]),
    ];
    let mut paths = Paths::default();
    let (origin, outside) = (paths.plain("main", &world).serve(), Outside::new());
    let told = |specs: &str| {
        let notes = outside.lock(&origin, &format!("channels = [\"main\"]\nspecs = [{specs}]")).unwrap().sections[0].notes.clone();
        notes.iter().any(|note| note.starts_with("python without pip for linux-64: ") && note.contains("add_pip_as_python_dependency"))
    };
    assert!(told("\"python\", \"tool\""));
    assert!(!told("\"python\", \"pip\""));
    assert!(!told("\"tool\""));
}

#[test]
fn keys_of_an_environment_file_that_are_not_read_are_told() {
    let mut paths = Paths::default();
    let (origin, outside) = (paths.plain("main", &[package("noarch", "tool-1.0-0.conda", &[])]).serve(), Outside::new());
    let text = "name: x\nchannels: [main]\nplatforms: [win-64]\n# odd: 1\n\"category\":\n  - a: 1\ndependencies:\n- tool\n";
    outside.file("environment.yml", text);
    let notes = outside.lock(&origin, "environment = \"environment.yml\"").unwrap().sections[0].notes.clone();
    let platforms = "environment.yml: its key `platforms` is not read: the targets say which machines it is for";
    assert_eq!(notes, ["environment.yml: its key `category` is not read", platforms]);
}
