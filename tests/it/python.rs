//! Locking Python packages from an index on loopback: what comes out, and what is said when it cannot.

use crate::simple_index::{Fault, SimpleIndex, sdist, wheel};
use airlift::artifact::{Artifact, Digest, Learned};
use airlift::ecosystems::python::Python;
use airlift::ecosystems::{self, Ecosystem, LockRequest, Locked};
use airlift::error::{Error, Kind};
use airlift::lock::Lock;
use airlift::manifest::Manifest;
use airlift::progress::Silent;
use airlift::steps::lock::{self, LockOptions};
use airlift::upstream::{Credentials, Settings, Upstream};
use std::time::Duration;
use tempfile::TempDir;

pub const TARGETS: &str = "[targets.one]\nplatform = \"linux-x86_64\"\npython = \"3.12\"\n";
pub const NOW: &str = "2026-11-20T00:00:00Z";

/// A folder for a manifest and the files it names, with what else a lock needs.
pub struct Toolkit {
    pub folder: TempDir,
    pub targets: String,
    pub settings: Settings,
}

impl Toolkit {
    pub fn new() -> Self {
        let settings = Settings { attempts: 1, pause: Duration::from_millis(1), ..Settings::default() };
        Self { folder: TempDir::new().unwrap(), targets: TARGETS.to_owned(), settings }
    }

    pub fn file(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// Locks a section with these keys.
    pub async fn lock(&self, section: &str) -> Result<Locked, Error> {
        let text = format!("airlift = 1\nname = \"t\"\n{}\n[python.demo]\n{section}\n", self.targets);
        let manifest = Manifest::parse(&text, &ecosystems::names())?;
        let upstream = Upstream::new(self.settings.clone())?;
        let request = LockRequest {
            section: &manifest.sections[0],
            manifest: &manifest,
            base: self.folder.path(),
            cache: &self.folder.path().join("cache"),
            now: NOW.parse().unwrap(),
            upstream: &upstream,
            packages: &std::collections::BTreeMap::new(),
            progress: &Silent,
        };
        Python.lock(request).await
    }

    pub async fn refused(&self, section: &str) -> Error {
        self.lock(section).await.expect_err(section)
    }
}

/// A section that asks one index only.
pub fn from(index: &SimpleIndex, requirements: &[&str]) -> String {
    format!("requirements = {requirements:?}\ndefault-index = \"{}\"", index.url())
}

fn bytes(locked: &Locked) -> Vec<u8> {
    Lock::new("t".to_owned(), "main".to_owned(), Digest::of(b""), locked.artifacts.clone()).unwrap().to_bytes()
}

pub fn files(locked: &Locked) -> Vec<&str> {
    locked.artifacts.iter().map(|a| a.descriptors[0].name.as_deref().unwrap()).collect()
}

pub fn find<'a>(locked: &'a Locked, name: &str) -> &'a Artifact {
    locked.artifacts.iter().find(|a| a.name == name).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_targets_share_what_suits_both() {
    let index = SimpleIndex::start().await;
    index.wheel("app", "1.0", &["native>=1", "old==1.0; python_version < '3.12'"]);
    index.wheel("app", "2.0.dev1", &[]);
    index.wheel("old", "1.0", &[]);
    for tag in ["cp311-cp311-manylinux_2_17_x86_64", "cp312-cp312-manylinux_2_17_x86_64", "cp312-cp312-manylinux_2_34_x86_64"] {
        let name = format!("native-1.5-{tag}.whl");
        index.file("native", &name, wheel("native", "1.5", &[&format!("none; os_name == '{tag}'")]));
    }
    let more = serde_json::json!({"size": 5000, "requires-python": ">=3.8", "upload-time": "2026-01-02T03:04:05.5Z", "yanked": "broken"});
    index.last("old", |file| file.more = more);
    let mut toolkit = Toolkit::new();
    toolkit
        .targets
        .push_str("[targets.two]\nplatform = \"linux-x86_64\"\npython = \"3.11\"\n[targets.none]\nplatform = \"linux-aarch64\"\n");
    let section = from(&index, &["app", "old==1.0; python_version < '3.12'"]);
    let locked = toolkit.lock(&section).await.unwrap();
    assert_eq!(
        files(&locked),
        [
            "app-1.0-py3-none-any.whl",
            "native-1.5-cp311-cp311-manylinux_2_17_x86_64.whl",
            "native-1.5-cp312-cp312-manylinux_2_17_x86_64.whl",
            "old-1.0-py3-none-any.whl"
        ]
    );
    let app = find(&locked, "app");
    assert_eq!(app.meta["dependencies"], serde_json::json!(["native==1.5", "old==1.0"]));
    assert_eq!((&app.meta["indexes"][0], &app.meta["kind"]), (&"default".into(), &"wheel".into()));
    assert_eq!((&app.meta["requested"], &find(&locked, "native").meta["requested"]), (&true.into(), &serde_json::Value::Null));
    assert_eq!(app.descriptors[0].origins, [format!("{}/files/app-1.0-py3-none-any.whl", index.origin)]);
    assert_eq!((app.descriptors[0].learned, app.sections.as_slice()), (Learned::Upstream, ["demo".to_owned()].as_slice()));
    let old = find(&locked, "old");
    assert_eq!((&old.meta["yanked"], &old.meta["requires-python"]), (&"broken".into(), &">=3.8".into()));
    assert_eq!((old.descriptors[0].size, &old.meta["upload-time"]), (5000, &"2026-01-02T03:04:05.5Z".into()));
    assert!(locked.summary.starts_with("3 packages · 4 files · "), "{}", locked.summary);
    assert!(locked.summary.ends_with("   linux-x86_64 py3.11, py3.12"), "{}", locked.summary);
    assert_eq!(locked.notes.iter().filter(|note| note.contains("yanked")).collect::<Vec<_>>(), ["old 1.0 is yanked: broken"]);
    let mut again = Toolkit::new();
    again.targets = toolkit.targets;
    assert_eq!(bytes(&again.lock(&section).await.unwrap()), bytes(&locked));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sections_share_a_file_that_they_know_differently() {
    let (index, mirror) = (SimpleIndex::start().await, SimpleIndex::start().await);
    for index in [&index, &mirror] {
        index.wheel("app", "1.0", &["lib", "more; extra == 'full'"]);
        index.wheel("lib", "1.0", &[]);
        index.wheel("more", "1.0", &[]);
    }
    index.last("app", |file| file.more = serde_json::json!({"upload-time": "2026-01-02T03:04:05Z", "yanked": false}));
    let (text, toolkit) = (|requirement, index| from(index, &[requirement]), Toolkit::new());
    let text = format!(
        "airlift = 1\nname = \"t\"\n{TARGETS}[python.a]\n{}\n[python.b]\n{}\n[python.c]\n{}\n",
        text("app[full]", &index),
        text("lib", &index),
        text("app", &mirror)
    );
    let manifest = Manifest::parse(&text, &ecosystems::names()).unwrap();
    let options = LockOptions {
        base: toolkit.folder.path(),
        cache: &toolkit.folder.path().join("cache"),
        now: NOW.parse().unwrap(),
        upstream: &Upstream::new(toolkit.settings.clone()).unwrap(),
        progress: &Silent,
    };
    let locked = lock::lock(&manifest, &options).await.unwrap().lock;
    let found = |name: &str| locked.artifacts.iter().find(|a| a.name == name).unwrap();
    assert_eq!(locked.artifacts.len(), 3);
    assert_eq!((found("app").sections.join(" "), found("lib").sections.join(" ")), ("a c".to_owned(), "a b c".to_owned()));
    assert_eq!(found("app").meta["dependencies"], serde_json::json!(["lib==1.0", "more==1.0"]));
    assert_eq!(found("app").meta["upload-time"], "2026-01-02T03:04:05Z");
    assert_eq!(found("lib").meta["requested"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_index_does_not_tell_is_learned() {
    let index = SimpleIndex::start().await;
    let told = index.wheel("told", "1.0", &[]);
    let silent = index.wheel("silent", "1.0", &[]);
    index.last("silent", |file| file.sha256 = None);
    index.with(|stock| stock.html = true);
    let locked = Toolkit::new().lock(&from(&index, &["told", "silent"])).await.unwrap();
    for (name, listed, learned) in [("told", &told, Learned::Upstream), ("silent", &silent, Learned::Downloaded)] {
        let blob = &find(&locked, name).descriptors[0];
        assert_eq!((blob.digest, blob.size, blob.learned), (Digest::of(&listed.bytes), listed.bytes.len() as u64, learned), "{name}");
    }
    index.with(|stock| stock.no_head = true);
    let locked = Toolkit::new().lock(&from(&index, &["told"])).await.unwrap();
    assert_eq!(find(&locked, "told").descriptors[0].size, told.bytes.len() as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_is_told_in_the_resolvers_words() {
    let index = SimpleIndex::start().await;
    index.wheel("app", "1.0", &["lib>=2"]);
    index.wheel("lib", "1.0", &[]);
    let error = Toolkit::new().refused(&from(&index, &["app", "lib<2"])).await;
    assert_eq!(error.kind().exit_code(), 2);
    let text = error.to_string();
    assert!(text.starts_with("target one: the requirements are unsatisfiable"), "{text}");
    assert!(text.contains("Because all versions of app depend on lib>=2 and you require app"), "{text}");
    assert!(text.contains("we can conclude that your requirements are unsatisfiable"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_that_does_not_exist_is_named() {
    let index = SimpleIndex::start().await;
    index.wheel("app", "1.0", &["nowhere"]);
    let error = Toolkit::new().refused(&from(&index, &["app"])).await;
    assert_eq!(error.kind(), Kind::Usage);
    assert!(error.to_string().contains("nowhere was not found"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_with_an_index_is_told_as_such() {
    for (fault, expected) in [
        (Fault::Status(401), "netrc"),
        (Fault::Status(403), "netrc"),
        (Fault::Status(429), "429"),
        (Fault::Status(500), "500"),
        (Fault::Stall, "did not answer"),
    ] {
        let index = SimpleIndex::start().await;
        index.wheel("app", "1.0", &[]);
        index.with(|stock| stock.faults.insert("/simple/app/".to_owned(), fault));
        let mut toolkit = Toolkit::new();
        toolkit.settings.read_timeout = Duration::from_millis(200);
        let error = toolkit.refused(&from(&index, &["app"])).await;
        assert_eq!(error.kind(), Kind::Upstream, "{expected}: {error}");
        assert!(error.to_string().contains(expected), "{expected}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_with_a_file_that_must_be_read_is_told_as_such() {
    let index = SimpleIndex::start().await;
    index.wheel("app", "1.0", &[]);
    index.last("app", |file| file.sha256 = None);
    let locked = Toolkit::new().lock(&from(&index, &["app"])).await.unwrap();
    assert_eq!(find(&locked, "app").descriptors[0].learned, Learned::Downloaded);
    index.last("app", |file| file.more = serde_json::json!({"size": 3}));
    let error = Toolkit::new().refused(&from(&index, &["app"])).await;
    assert!(error.to_string().contains("app"), "{error}");
}

fn login(index: &SimpleIndex, login: &str) -> Credentials {
    let (name, password) = login.split_once(':').unwrap();
    let mut credentials = Credentials::default();
    let host = url::Url::parse(&index.origin).unwrap();
    credentials.read_netrc(&format!("machine {} login {name} password {password}\n", host.host_str().unwrap()));
    credentials
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_reach_their_index_and_nothing_else() {
    let index = SimpleIndex::start().await;
    index.wheel("app", "1.0", &[]);
    index.with(|stock| stock.login = Some("ada:s3cret".to_owned()));
    let mut toolkit = Toolkit::new();
    toolkit.settings.credentials = login(&index, "ada:s3cret");
    let locked = toolkit.lock(&from(&index, &["app"])).await.unwrap();
    let text = String::from_utf8(bytes(&locked)).unwrap();
    assert!(!text.contains("s3cret") && !text.contains("ada"), "{text}");

    toolkit.settings.credentials = login(&index, "ada:wr0ng");
    let error = toolkit.refused(&from(&index, &["app"])).await.to_string();
    assert!(error.contains("refuses access") && !error.contains("wr0ng"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_does_not_carry_credentials_away() {
    let (index, elsewhere) = (SimpleIndex::start().await, SimpleIndex::start().await);
    elsewhere.wheel("app", "1.0", &[]);
    index.with(|stock| stock.faults.insert("/simple/app/".to_owned(), Fault::Redirect(format!("{}app/", elsewhere.url()))));
    let mut credentials = Credentials::default();
    let basic = airlift::upstream::Credential::Basic { username: "ada".to_owned(), password: "s3cret".to_owned() };
    credentials.insert(&url::Url::parse(&index.origin).unwrap(), basic);
    let mut toolkit = Toolkit::new();
    toolkit.settings.credentials = credentials;
    let locked = toolkit.lock(&from(&index, &["app"])).await.unwrap();
    assert_eq!(files(&locked), ["app-1.0-py3-none-any.whl"]);
    assert_eq!(elsewhere.with(|stock| stock.authorizations.clone()), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pinned_package_comes_from_its_index_or_not_at_all() {
    let (public, private) = (SimpleIndex::start().await, SimpleIndex::start().await);
    public.wheel("torch", "9.9", &[]);
    public.wheel("app", "1.0", &["torch"]);
    private.wheel("torch", "2.0", &[]);
    private.wheel("app", "7.0", &[]);
    let section = |requirements: &[&str]| {
        let index = format!("[[python.demo.indexes]]\nname = \"torch-cpu\"\nurl = \"{}\"\npackages = [\"torch\", \"ours\"]", private.url());
        format!("{}\n{index}", from(&public, requirements))
    };
    let locked = Toolkit::new().lock(&section(&["app"])).await.unwrap();
    assert_eq!(files(&locked), ["app-1.0-py3-none-any.whl", "torch-2.0-py3-none-any.whl"]);
    assert_eq!(find(&locked, "torch").meta["indexes"][0], "torch-cpu");
    public.wheel("ours", "9.9", &[]);
    let error = Toolkit::new().refused(&section(&["ours"])).await;
    assert_eq!(error.kind(), Kind::Usage, "{error}");
    assert_eq!(public.count("GET", "/simple/ours/"), 0, "the public index is not asked for a private name");
}

#[tokio::test(flavor = "multi_thread")]
async fn hashes_of_a_requirements_file_are_enforced() {
    let index = SimpleIndex::start().await;
    let app = index.wheel("app", "1.0", &[]);
    let toolkit = Toolkit::new();
    let section = format!("requirements-files = [\"requirements.txt\"]\ndefault-index = \"{}\"", index.url());
    let right = Digest::of(&app.bytes).hex();
    toolkit.file("requirements.txt", &format!("app==1.0 --hash=sha256:{right} --hash=sha256:{}\n", "0".repeat(64)));
    assert_eq!(find(&toolkit.lock(&section).await.unwrap(), "app").descriptors[0].learned, Learned::Pinned);

    toolkit.file("requirements.txt", &format!("app==1.0 --hash=sha256:{}\n", "0".repeat(64)));
    let error = toolkit.refused(&section).await;
    assert_eq!(error.kind(), Kind::Verification, "{error}");
    assert!(error.to_string().contains(&right) && error.to_string().contains("requirements.txt:1"), "{error}");

    index.last("app", |file| file.sha256 = None);
    let unread = Toolkit::new();
    unread.file("requirements.txt", &format!("app==1.0 --hash=sha256:{} --hash=sha256:{}\n", "0".repeat(64), "1".repeat(64)));
    let error = unread.refused(&section).await;
    assert_eq!(error.kind(), Kind::Verification, "{error}");

    let error = toolkit.refused("requirements-files = [\"absent.txt\"]").await;
    assert!(error.to_string().contains("absent.txt"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lock_files_are_taken_as_they_are() {
    let (toolkit, index) = (Toolkit::new(), SimpleIndex::start().await);
    let hex = "1".repeat(64);
    let file = "app-1.0-py3-none-any.whl";
    let pylock = format!(
        "lock-version = \"1.0\"\ncreated-by = \"uv\"\nrequires-python = \">=3.12\"\n[[packages]]\nname = \"app\"\nversion = \"1.0\"\n\
         wheels = [{{ name = \"{file}\", url = \"https://files.example.org/{file}\", size = 7, hashes = {{ sha256 = \"{hex}\" }} }}]\n"
    );
    toolkit.file("pylock.toml", &pylock);
    let uv_lock = format!(
        "version = 1\nrequires-python = \">=3.12\"\n[[package]]\nname = \"mine\"\nversion = \"0\"\nsource = {{ virtual = \".\" }}\n\
         dependencies = [{{ name = \"app\" }}]\n[[package]]\nname = \"app\"\nversion = \"1.0\"\n\
         source = {{ registry = \"{}\" }}\n\
         wheels = [{{ url = \"https://files.example.org/{file}\", hash = \"sha256:{hex}\", size = 7 }}]\n",
        index.url()
    );
    toolkit.file("uv.lock", &uv_lock);
    for section in ["pylock = \"pylock.toml\"", "uv-lock = \"uv.lock\""] {
        let locked = toolkit.lock(section).await.unwrap();
        let blob = &find(&locked, "app").descriptors[0];
        assert_eq!((blob.digest.hex(), blob.size, blob.learned), (hex.clone(), 7, Learned::Pinned), "{section}");
        assert_eq!(blob.origins, [format!("https://files.example.org/{file}")]);
    }
    toolkit.file("uv.lock", "version = 1\n[[package]\n");
    assert!(toolkit.refused("uv-lock = \"uv.lock\"").await.to_string().contains("uv.lock"));
    let error = toolkit.refused("pylock = \"absent.toml\"").await;
    assert_eq!(error.kind(), Kind::Usage);
}

#[tokio::test(flavor = "multi_thread")]
async fn source_distributions_by_policy() {
    let index = SimpleIndex::start().await;
    index.file("src", "src-1.0.tar.gz", sdist("src", "1.0", Some("[build-system]\nrequires = [\"backend>=2\"]\n")));
    index.wheel("backend", "2.5", &["plugin"]);
    index.wheel("plugin", "1.0", &[]);
    let error = Toolkit::new().refused(&from(&index, &["src"])).await;
    assert_eq!(error.kind(), Kind::Usage);
    assert!(error.to_string().contains("no usable wheels"), "{error}");
    assert!(error.to_string().contains("sdists = \"carry\""), "{error}");

    let carry = |requirements| format!("{}\nsdists = \"carry\"", from(&index, requirements));
    let locked = Toolkit::new().lock(&carry(&["src"])).await.unwrap();
    assert_eq!(files(&locked), ["backend-2.5-py3-none-any.whl", "plugin-1.0-py3-none-any.whl", "src-1.0.tar.gz"]);
    assert_eq!(
        (&find(&locked, "src").meta["kind"], find(&locked, "src").descriptors[0].media_type.as_str()),
        (&"sdist".into(), "application/gzip")
    );
    assert!(locked.notes.iter().any(|note| note.contains("src 1.0 is a source distribution")), "{:?}", locked.notes);

    index.file("bare", "bare-1.0.tar.gz", sdist("bare", "1.0", None));
    let error = Toolkit::new().refused(&carry(&["bare"])).await.to_string();
    assert!(error.contains("what bare-1.0.tar.gz needs to be built") && error.contains("setuptools"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cool_down_ignores_what_is_too_new() {
    let index = SimpleIndex::start().await;
    for (version, uploaded) in [("1.0", "2026-11-01T00:00:00Z"), ("1.1", "2026-11-12T23:59:59Z"), ("1.2", "2026-11-13T00:00:01Z")] {
        index.wheel("app", version, &[]);
        index.last("app", |file| file.more = serde_json::json!({"upload-time": uploaded}));
    }
    for (keys, expected) in [
        ("", "app-1.2-py3-none-any.whl"),
        ("cool-down-days = 7", "app-1.1-py3-none-any.whl"),
        ("cool-down-days = 7\nexclude-newer = \"2026-11-02T00:00:00Z\"", "app-1.0-py3-none-any.whl"),
    ] {
        let locked = Toolkit::new().lock(&format!("{}\n{keys}", from(&index, &["app"]))).await.unwrap();
        assert_eq!(files(&locked), [expected], "{keys}");
        assert_eq!(locked.notes.iter().any(|note| note.starts_with("nothing uploaded after")), !keys.is_empty(), "{:?}", locked.notes);
    }
    let error = Toolkit::new().refused(&format!("{}\nexclude-newer = \"soon\"", from(&index, &["app"]))).await;
    assert!(error.to_string().contains("2026-11-01T00:00:00Z"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pre_releases_extras_constraints_and_overrides() {
    let index = SimpleIndex::start().await;
    index.wheel("app", "1.0", &["lib>=1", "extra-lib; extra == 'more'"]);
    index.wheel("app", "2.0rc1", &[]);
    index.wheel("extra_lib", "1.0", &[]);
    index.with(|stock| stock.faults.insert("/simple/extra-lib/".to_owned(), Fault::Redirect("/simple/extra_lib/".to_owned())));
    for version in ["1.0", "2.0", "3.0"] {
        index.wheel("lib", version, &[]);
    }
    for (requirement, keys, expected) in [
        ("app", "", vec!["app-1.0", "lib-3.0"]),
        ("app[more]", "", vec!["app-1.0", "extra_lib-1.0", "lib-3.0"]),
        ("app", "prereleases = \"allow\"", vec!["app-2.0rc1"]),
        ("app", "constraints = [\"lib<3\"]", vec!["app-1.0", "lib-2.0"]),
        ("app", "overrides = [\"lib==1.0\"]", vec!["app-1.0", "lib-1.0"]),
    ] {
        let locked = Toolkit::new().lock(&format!("{}\n{keys}", from(&index, &[requirement]))).await.unwrap();
        let found: Vec<_> = files(&locked).into_iter().map(|f| f.trim_end_matches("-py3-none-any.whl")).collect();
        assert_eq!(found, expected, "{requirement} {keys}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_targets_and_requirements() {
    let mut toolkit = Toolkit::new();
    for (section, expected) in [
        ("requirements = [\"x\"]\ntargets = [\"on\"]", "did you mean one?"),
        ("requirements = [\"x y z\"]", "not a requirement (PEP 508)"),
        ("requirements = [\"git+https://example.org/x\"]", "a git repository"),
        ("requirements = [\"x @ file:///etc/x.whl\"]", "a local path"),
    ] {
        let error = toolkit.refused(section).await;
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(error.kind(), Kind::Usage, "{error}");
    }
    toolkit.targets = "[targets.one]\nplatform = \"linux-x86_64\"\n".to_owned();
    for section in ["requirements = [\"x\"]", "requirements = [\"x\"]\ntargets = [\"one\"]"] {
        let error = toolkit.refused(section).await;
        assert!(error.to_string().contains("python = \"3.12\""), "{error}");
    }
}

#[test]
fn the_python_parts_of_the_shipped_manifests_are_read() {
    for text in [include_str!("../../manifests/quickstart.toml"), include_str!("../../manifests/mlops-toolkit.toml")] {
        let manifest = Manifest::parse(text, &airlift::ecosystems::names()).unwrap();
        let sections = manifest.sections.iter().filter(|s| s.ecosystem == "python");
        assert!(sections.map(|s| s.parse::<airlift::ecosystems::python::PythonSection>().unwrap().check().unwrap()).count() > 0);
    }
}
