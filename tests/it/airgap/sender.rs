//! The connected side: what there is to carry, a key, and two bundles.

use super::gap::{AIRLIFT, Gap, run, script};
use crate::origin::{Origin, Reply};
use crate::stock;
use crate::world::{noise, text};
use airlift::upstream::{Settings, Upstream};
use serde_json::Value;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The files in the first bundle, by path; the second has `LATER` as well.
pub const LARGE: &str = "tools/setup.bin";
pub const SMALL: &str = "tools/read me.txt";
pub const LATER: &str = "tools/later.txt";

/// What has been made on the connected side.
pub struct Sender {
    /// The volumes of the first bundle and of its upgrade.
    pub first: PathBuf,
    pub second: PathBuf,
    /// The test images as they were pushed, byte for byte.
    pub layout: PathBuf,
    /// The name of the connected side's registry as the mirror has it.
    pub registry: String,
    /// Whether Python packages are carried, or why not.
    pub python: Result<(), String>,
    root: PathBuf,
    fingerprint: String,
}

pub fn large() -> Vec<u8> {
    noise(8_000_000, 77)
}

pub fn small() -> Vec<u8> {
    text(5_000, 1)
}

impl Sender {
    /// Fills a registry and a file server, makes a key, and builds both bundles.
    pub fn work(gap: &Gap) -> Result<Self, String> {
        let layout = stock::folder().join("images");
        if !layout.join("index.json").exists() {
            return Err("the test images have not been made".to_owned());
        }
        let python = index_answers();
        let registry = Registry::start(gap, &layout);
        let folder = &gap.folder;
        fs::create_dir(folder.join("sender")).unwrap();
        let airlift = |arguments: &[&str]| {
            let mut command = Command::new(AIRLIFT);
            command.current_dir(folder.join("sender")).env("AIRLIFT_STORE", folder.join("outside"));
            run(command.env("XDG_CACHE_HOME", folder.join("cache")).args(arguments))
        };
        airlift(&["key", "generate", "release", "--no-passphrase"]);
        airlift(&[
            "trust",
            "init",
            "test",
            "--principal",
            "alice=release.pub",
            "--threshold",
            "1",
            "--key",
            "release",
            "--allow-plain-key",
        ]);
        let shown: Value = serde_json::from_str(&airlift(&["--json", "trust", "show", "trust/root.1.json"])).unwrap();
        let fingerprint = shown["spoken"].as_str().unwrap().to_owned();
        airlift(&["trust", "accept", "trust/root.1.json", "--fingerprint", &fingerprint]);

        let (large, small, later) = (Reply::File(large()), Reply::File(small()), Reply::File(text(3_000, 9)));
        let origin = Origin::new(&[("/setup.bin", vec![large]), ("/readme", vec![small]), ("/later", vec![later])]);
        let first = manifest(&registry.host, &origin, python.is_ok());
        let second = format!("{first}[files.later]\nurl = \"{}\"\npath = \"{LATER}\"\n", origin.url("/later"));
        for (text, out) in [(first, "first"), (second, "second")] {
            fs::write(folder.join("sender/kit.toml"), text).unwrap();
            airlift(&["build", "kit.toml", "--out", out, "--volume-size", "40MB", "--key", "release", "--allow-plain-key"]);
            // What honest people publish has no findings that are refused.
            airlift(&["scan", out]);
        }
        let sender = folder.join("sender");
        let (first, second) = (sender.join("first"), sender.join("second"));
        assert!(fs::read_dir(&first).unwrap().count() > 2, "one volume only");
        Ok(Self {
            first,
            second,
            layout,
            registry: registry.host.replace(':', "_"),
            python,
            root: sender.join("trust/root.1.json"),
            fingerprint,
        })
    }

    /// Lets a store on the far side trust the sender.
    pub fn accept(&self, gap: &Gap, store: &str) {
        run(gap.airlift(store).args(["trust", "accept"]).arg(&self.root).args(["--fingerprint", &self.fingerprint]));
    }

    /// Makes a store on the far side that trusts the sender and has a bundle.
    pub fn import(&self, gap: &Gap, store: &str, bundle: &Path) {
        self.accept(gap, store);
        run(gap.airlift(store).arg("import").arg(bundle));
    }

    /// Digest and media type of a tag of the test images, as they were pushed.
    pub fn tagged(&self, tag: &str) -> (String, String) {
        let index: Value = serde_json::from_slice(&fs::read(self.layout.join("index.json")).unwrap()).unwrap();
        let named = |entry: &&Value| entry["annotations"]["org.opencontainers.image.ref.name"] == tag;
        let entry = index["manifests"].as_array().unwrap().iter().find(named).unwrap();
        (entry["digest"].as_str().unwrap().to_owned(), entry["mediaType"].as_str().unwrap().to_owned())
    }

    /// The bytes of a blob of the test images, as they were pushed.
    pub fn blob(&self, digest: &str) -> Vec<u8> {
        fs::read(self.layout.join("blobs").join(digest.replace(':', "/"))).unwrap()
    }
}

/// One registry stands in for three: by its own name, with signatures and referrers, and as a mirror of two others.
fn manifest(registry: &str, origin: &Origin, python: bool) -> String {
    let packages = if python { "[python.notebooks]\nrequirements = [\"jupyterlab\", \"scikit-learn\"]\n" } else { "" };
    format!(
        "airlift = 1\nname = \"quickstart\"\n\
         [targets.workstation]\nplatform = \"linux-{}\"\npython = \"3.11\"\nglibc = \"2.28\"\n{packages}\
         [images.own]\nreferences = [\"{registry}/library/pyslim:1.0\"]\nplatforms = \"all\"\nplain-http = [\"{registry}\"]\n\
         [images.mirrored]\nplatforms = \"all\"\nplain-http = [\"{registry}\"]\nreferrers = false\nsignatures = false\n\
         references = [\"quay.io/library/pyslim:1.0\", \"quay.io/library/pyslim:1.0-zstd\", \"docker.io/pyslim:1.0-v2s2\"]\n\
         mirrors = {{ \"quay.io\" = [\"{registry}\"], \"docker.io\" = [\"{registry}\"] }}\n\
         [files.setup]\nurl = \"{}\"\npath = \"{LARGE}\"\n[files.readme]\nurl = \"{}\"\npath = \"{SMALL}\"\n",
        std::env::consts::ARCH,
        origin.url("/setup.bin"),
        origin.url("/readme")
    )
}

/// Whether the index that is built in can be reached.
fn index_answers() -> Result<(), String> {
    if std::env::var("AIRLIFT_TEST_PYPI").as_deref() == Ok("0") {
        return Err("AIRLIFT_TEST_PYPI is 0".to_owned());
    }
    let settings = Settings { attempts: 3, connect_timeout: Duration::from_secs(10), ..Settings::default() };
    let project = format!("{}/jupyterlab/", airlift_python_resolve::default_index_url().trim_end_matches('/'));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let answer = runtime.block_on(async { Upstream::new(settings)?.head(&project.parse().unwrap()).await });
    answer.map(|_| ()).map_err(|error| format!("the real index cannot be reached: {error}"))
}

/// A docker-registry with the test images; ends with its owner.
struct Registry<'a> {
    host: String,
    gap: &'a Gap,
}

impl<'a> Registry<'a> {
    fn start(gap: &'a Gap, layout: &Path) -> Self {
        // The port is free a moment before the registry takes it: it cannot choose one itself.
        let host = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let (_, port) = host.split_once(':').unwrap();
        run(script("registry").arg("start").arg(gap.folder.join("registry")).arg(port));
        let registry = Self { host, gap };
        run(script("push-images").arg(layout).arg(format!("http://{}", registry.host)).arg("library/pyslim"));
        registry
    }
}

impl Drop for Registry<'_> {
    fn drop(&mut self) {
        let _ = script("registry").arg("stop").arg(self.gap.folder.join("registry")).status();
    }
}
