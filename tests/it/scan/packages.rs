//! Packages as rooms know them, sound and lying: wheels, archives of channels, charts, images, models.

use super::made::{Part, deflated, extended, file, gzip, of_kind, part, tar, zip};
use airlift::artifact::{Artifact, Blobs, Descriptor, Digest, InMemory, Learned};
use airlift::ecosystems::find;
use airlift::error::Result;
use airlift::scan::{Finding, Findings};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// An artifact of blobs with names and media types.
pub fn artifact(room: &str, name: &str, version: &str, blobs: &[(&str, &str, &[u8])], meta: Value) -> Artifact {
    let descriptor = |(file, media_type, bytes): &(&str, &str, &[u8])| Descriptor {
        media_type: (*media_type).to_owned(),
        digest: Digest::of(bytes),
        size: bytes.len() as u64,
        name: Some((*file).to_owned()).filter(|name| !name.is_empty()),
        origins: vec![],
        learned: Learned::Upstream,
        side_digests: BTreeMap::new(),
    };
    Artifact {
        ecosystem: room.to_owned(),
        sections: vec!["all".to_owned()],
        name: name.to_owned(),
        version: version.to_owned(),
        descriptors: blobs.iter().map(descriptor).collect(),
        subject: None,
        meta,
    }
}

/// What the artifact's room finds in its first blob.
pub fn found(artifact: &Artifact, bytes: &[u8]) -> Vec<Finding> {
    let (room, mut found) = (find(&artifact.ecosystem).unwrap(), Findings::default());
    room.scan_blob(artifact, &artifact.descriptors[0], &mut InMemory::new(bytes), &mut found).unwrap();
    found.list().to_vec()
}

/// Blobs in memory.
pub struct Held(pub Vec<Vec<u8>>);

impl Blobs for Held {
    fn open(&self, digest: &Digest) -> Result<Option<Box<dyn airlift::artifact::BlobRead>>> {
        let found = self.0.iter().find(|bytes| Digest::of(bytes) == *digest);
        Ok(found.map(|bytes| Box::new(InMemory::new(bytes.clone())) as Box<dyn airlift::artifact::BlobRead>))
    }

    fn size(&self, digest: &Digest) -> Result<Option<u64>> {
        Ok(self.0.iter().find(|bytes| Digest::of(bytes) == *digest).map(|bytes| bytes.len() as u64))
    }
}

pub const WHEEL: &str = "demo-1.0-py3-none-any.whl";
const METADATA: &[u8] = b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n";

pub fn record_line(name: &str, content: &[u8]) -> String {
    format!("{name},sha256={},{}\n", BASE64URL_NOPAD.encode(Digest::of(content).as_bytes()), content.len())
}

/// The members of a wheel with a RECORD of all but what is left out, and further lines.
pub fn wheel(files: &[(&str, &[u8])], unlisted: &str, more: &str) -> Vec<u8> {
    let mut all: Vec<(&str, &[u8])> = files.to_vec();
    if !files.iter().any(|(name, _)| name.ends_with("METADATA")) {
        all.push(("demo-1.0.dist-info/METADATA", METADATA));
    }
    let lines: String = all.iter().filter(|(name, _)| *name != unlisted).map(|(name, content)| record_line(name, content)).collect();
    let record = format!("{lines}{more}demo-1.0.dist-info/RECORD,,\n");
    let mut parts: Vec<Part> = all.iter().map(|(name, content)| deflated(name, content)).collect();
    parts.push(deflated("demo-1.0.dist-info/RECORD", record.as_bytes()));
    zip(&parts)
}

pub fn in_wheel(bytes: &[u8]) -> Vec<Finding> {
    found(&artifact("python", "demo", "1.0", &[(WHEEL, "application/zip", bytes)], json!({ "kind": "wheel" })), bytes)
}

/// The documents of a package of a channel with one file.
fn info(name: &str, listed: &[(&str, &[u8])]) -> [(String, Vec<u8>); 2] {
    let path = |(name, content): &(&str, &[u8])| json!({ "_path": name, "path_type": "hardlink", "sha256": Digest::of(content).hex(), "size_in_bytes": content.len() });
    let paths = json!({ "paths": listed.iter().map(path).collect::<Vec<_>>(), "paths_version": 1 });
    let index = json!({ "name": name, "version": "1.0", "build": "0", "build_number": 0 });
    [("info/index.json".to_owned(), index.to_string().into_bytes()), ("info/paths.json".to_owned(), paths.to_string().into_bytes())]
}

/// The newer kind of archive.
pub fn newer(name: &str, files: &[(&str, &[u8])], listed: &[(&str, &[u8])], more: &[Part]) -> Vec<u8> {
    let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 3).unwrap();
    let inner = info(name, listed).map(|(name, bytes)| file(&name, &bytes));
    let outer: Vec<_> = files.iter().map(|(name, content)| file(name, content)).collect();
    let mut parts = vec![
        part("metadata.json", br#"{"conda_pkg_format_version": 2}"#),
        part("pkg-demo-1.0-0.tar.zst", &zstd(&tar(&outer))),
        part("info-demo-1.0-0.tar.zst", &zstd(&tar(&inner))),
    ];
    parts.extend_from_slice(more);
    zip(&parts)
}

pub fn in_channel(file: &str, bytes: &[u8]) -> Vec<Finding> {
    let record = json!({ "name": "demo", "version": "1.0", "build": "0", "build_number": 0, "depends": [] });
    let meta = json!({ "channel": "forge", "subdir": "noarch", "record": record });
    found(&artifact("conda", "forge/noarch/demo", "1.0-0", &[(file, "application/x-conda", bytes)], meta), bytes)
}

pub fn in_chart(entries: &[super::made::Entry]) -> Vec<Finding> {
    let bytes = gzip(&tar(entries));
    in_chart_bytes("web", "1.0.0", &bytes)
}

pub fn in_chart_bytes(name: &str, version: &str, bytes: &[u8]) -> Vec<Finding> {
    let meta = json!({
        "repository": "charts.example.org", "source": "https://charts.example.org", "chart": { "name": name, "version": version, "apiVersion": "v2" },
    });
    let (file, media_type) = (format!("{name}-{version}.tgz"), "application/vnd.cncf.helm.chart.content.v1.tar+gzip");
    found(&artifact("charts", &format!("charts.example.org/{name}"), version, &[(&file, media_type, bytes)], meta), bytes)
}

const CHART: &[u8] = b"apiVersion: v2\nname: web\nversion: 1.0.0\n";

fn rules(found: &[Finding]) -> Vec<&'static str> {
    found.iter().map(|finding| finding.rule.name).collect()
}

const MODULE: (&str, &[u8]) = ("demo/__init__.py", b"print('hello')\n");

#[test]
fn a_sound_wheel_has_no_findings() {
    let vendored: (&str, &[u8]) = ("demo/_vendor/other-2.0.dist-info/RECORD", b"other.py,,\n");
    let found = in_wheel(&wheel(&[MODULE, vendored], "", ""));
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn a_wheel_holds_exactly_what_its_record_lists() {
    let evil: (&str, &[u8]) = ("demo/evil.pth", b"import os");
    assert_eq!(rules(&in_wheel(&wheel(&[MODULE, evil], "demo/evil.pth", ""))), ["unlisted"]);
    let absent = record_line("demo/gone.py", b"x");
    assert_eq!(rules(&in_wheel(&wheel(&[MODULE], "", &absent))), ["listed-absent"]);
    let other = record_line(MODULE.0, b"print('other')\n");
    assert_eq!(rules(&in_wheel(&wheel(&[MODULE], MODULE.0, &other))), ["listed-differs"]);
    let twice = record_line(MODULE.0, MODULE.1);
    assert_eq!(rules(&in_wheel(&wheel(&[MODULE], "", &twice))), ["list"]);
    let bare = format!("{},,\n", MODULE.0);
    assert_eq!(rules(&in_wheel(&wheel(&[MODULE], MODULE.0, &bare))), ["list"]);
    let weak = format!("{},md5=AAAA,15\n", MODULE.0);
    assert_eq!(rules(&in_wheel(&wheel(&[MODULE], MODULE.0, &weak))), ["list"]);
    let strong = format!("{},sha512=AAAA,15\n", MODULE.0);
    assert_eq!(rules(&in_wheel(&wheel(&[MODULE], MODULE.0, &strong))), ["not-examined"]);
    let quoted = ("demo/a \"quoted\", name.py", &b"x"[..]);
    let line = record_line("\"demo/a \"\"quoted\"\", name.py\"", b"x");
    assert!(in_wheel(&wheel(&[MODULE, quoted], quoted.0, &line)).is_empty());
}

#[test]
fn a_wheel_is_of_the_project_its_name_says() {
    let other: (&str, &[u8]) = ("demo-1.0.dist-info/METADATA", b"Metadata-Version: 2.1\nName: other\nVersion: 1.0\n");
    assert_eq!(rules(&in_wheel(&wheel(&[MODULE, other], "", ""))), ["metadata"]);
    let twice: (&str, &[u8]) = ("demo-1.0.dist-info/METADATA", b"Metadata-Version: 2.1\nName: demo\nName: other\nVersion: 1.0\n");
    assert_eq!(rules(&in_wheel(&wheel(&[MODULE, twice], "", ""))), ["metadata"]);
    let record = record_line(MODULE.0, MODULE.1) + &record_line("demo-1.0.dist-info/METADATA", METADATA) + "evil-1.0.dist-info/RECORD,,\n";
    let foreign = zip(&[
        deflated(MODULE.0, MODULE.1),
        deflated("demo-1.0.dist-info/METADATA", METADATA),
        deflated("evil-1.0.dist-info/RECORD", record.as_bytes()),
    ]);
    assert_eq!(rules(&in_wheel(&foreign)), ["list"], "the list of another project");
    let without = zip(&[deflated(MODULE.0, MODULE.1)]);
    assert_eq!(rules(&in_wheel(&without)), ["list", "metadata"]);
}

#[test]
fn what_an_interpreter_runs_when_it_starts_is_told() {
    let judged = |name: &str, content: &[u8]| rules(&in_wheel(&wheel(&[MODULE, (name, content)], "", "")));
    for name in ["evil.pth", "demo-1.0.data/purelib/evil.pth", "demo-1.0.data/data/lib/python3.12/site-packages/evil.PTH"] {
        assert_eq!(judged(name, b"import os; os.getpid()\n"), ["start-hook"], "{name}");
    }
    for line in ["../other\nimport\tos", "\u{feff}import os", "x\rimport os", "x\u{2028}import os"] {
        assert_eq!(judged("evil.pth", line.as_bytes()), ["start-hook"], "{line:?}");
    }
    assert!(judged("paths.pth", b"# import os\n../other\nimported\n").is_empty());
    assert!(judged("demo/inner.pth", b"import os\n").is_empty(), "no interpreter looks there");
    assert_eq!(judged("sitecustomize.py", b""), ["start-hook"]);
    assert_eq!(judged("usercustomize/__init__.py", b""), ["start-hook"]);
    assert_eq!(judged("long.pth", &vec![b'#'; 2 << 20]), ["not-examined"]);
    assert!(judged("demo-1.0.dist-info/entry_points.txt", b"[console_scripts]\ndemo = demo:main\n").is_empty());
}

#[test]
fn scripts_of_installers_are_told() {
    let judged = |name: &str, content: &[u8]| {
        let files = [LIBRARY, (name, content)];
        rules(&in_channel("demo-1.0-0.conda", &newer("demo", &files, &files, &[])))
    };
    for name in ["bin/.demo-post-link.sh", "bin/.demo-pre-link.sh", "bin/.demo-pre-unlink.sh", "Scripts/.demo-post-link.bat"] {
        assert_eq!(judged(name, b"exit 0\n"), ["install-hook"], "{name}");
    }
    assert_eq!(judged("etc/conda/activate.d/demo.sh", b"export A=1\n"), ["start-hook"]);
    assert_eq!(judged("lib/python3.12/site-packages/demo.pth", b"import demo\n"), ["start-hook"]);
    assert_eq!(judged("site-packages/demo.pth", b"import demo\n"), ["start-hook"]);
    assert!(judged("bin/demo-post-link.sh", b"exit 0\n").is_empty(), "no installer knows that name");
}

const LIBRARY: (&str, &[u8]) = ("lib/demo.txt", b"demo");

/// PEP 740: an attestation is about the file that lies beside it, by name and digest.
#[test]
fn an_attestation_is_about_the_file_it_came_with() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/attestations");
    let name = "gcb_attestation_test-0.0.0.tar.gz";
    let [source, provenance] = ["", ".provenance"].map(|end| std::fs::read(folder.join(format!("{name}{end}"))).expect("a vector"));
    let rules = |name: &str, source: &[u8], provenance: &[u8]| {
        let (kind, attested) = ("application/vnd.pypi.integrity.v1+json", format!("{name}.provenance"));
        let blobs = [(name, "application/gzip", source), (attested.as_str(), kind, provenance)];
        let sort = if name.ends_with(".whl") { "wheel" } else { "sdist" };
        let package = artifact("python", "gcb-attestation-test", "0.0.0", &blobs, json!({ "kind": sort, "indexes": ["pypi"] }));
        let (room, mut found) = (find(&package.ecosystem).unwrap(), Findings::default());
        room.scan_blob(&package, &package.descriptors[1], &mut InMemory::new(provenance), &mut found).unwrap();
        self::rules(found.list())
    };
    assert_eq!(rules(name, &source, &provenance), Vec::<&str>::new());
    assert_eq!(rules(name, b"another file", &provenance), ["attestation"]);
    assert_eq!(rules("gcb_attestation_test-0.0.0-py3-none-any.whl", &source, &provenance), ["attestation"]);
    assert_eq!(rules(name, &source, b"{\"version\": 1}"), ["attestation"]);
}

#[test]
fn an_archive_of_a_channel_holds_exactly_what_it_lists() {
    let file = "demo-1.0-0.conda";
    assert!(in_channel(file, &newer("demo", &[LIBRARY], &[LIBRARY], &[])).is_empty());
    assert_eq!(rules(&in_channel(file, &newer("demo", &[LIBRARY], &[], &[]))), ["unlisted"]);
    assert_eq!(rules(&in_channel(file, &newer("demo", &[], &[LIBRARY], &[]))), ["listed-absent"]);
    assert_eq!(rules(&in_channel(file, &newer("demo", &[LIBRARY], &[("lib/demo.txt", b"dem0")], &[]))), ["listed-differs"]);
    assert_eq!(rules(&in_channel(file, &newer("other", &[LIBRARY], &[LIBRARY], &[]))), ["metadata"]);
    assert_eq!(rules(&in_channel(file, &newer("demo", &[LIBRARY], &[LIBRARY], &[part("extra", b"x")]))), ["members"]);
    let squeezed = newer("demo", &[LIBRARY], &[LIBRARY], &[]);
    let again = in_channel("demo-1.0-0.tar.bz2", &squeezed);
    assert_eq!(rules(&again), ["unreadable"]);
}

#[test]
fn a_chart_lies_in_its_own_folder_and_says_its_own_name() {
    let chart = file("web/Chart.yaml", CHART);
    assert!(in_chart(&[chart.clone(), file("web/values.yaml", b"a: 1\n")]).is_empty());
    assert_eq!(rules(&in_chart(&[chart.clone(), file("other/values.yaml", b"")])), ["members"]);
    assert_eq!(rules(&in_chart(&[file("web/Chart.yaml", b"name: other\nversion: 1.0.0\n")])), ["metadata"]);
    assert_eq!(rules(&in_chart(&[file("web/Chart.yaml", b"name: web\nname: web\nversion: 1.0.0\n")])), ["metadata"]);
    // What Helm wrote through before CVE-2025-53547: Chart.lock as a link to a file of the user's.
    let lock = of_kind("web/Chart.lock", b'2', "../../../home/user/.bashrc");
    assert_eq!(rules(&in_chart(&[chart.clone(), lock])), ["link-escapes", "link"]);
    assert_eq!(rules(&in_chart(&[chart.clone(), of_kind("web/Chart.lock", b'2', "values.yaml")])), ["link"]);
    let long = format!("web/{}", "n".repeat(90));
    assert!(in_chart(&[chart, extended("web/short", b"x", &[("path", &long)])]).is_empty());
}

#[test]
fn an_image_is_one_walk_from_its_root() {
    let (config, layer) = (b"{\"os\":\"linux\",\"architecture\":\"amd64\"}".to_vec(), gzip(&tar(&[file("etc/motd", b"hi")])));
    let manifest = |layers: Vec<Value>, more: Value| {
        let mut all =
            json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": entry(CONFIG, &config, config.len()), "layers": layers });
        all.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        all.to_string().into_bytes()
    };
    let judged = |manifest: Vec<u8>, parts: &[(&str, &[u8])]| walked("image", MANIFEST, &manifest, parts);
    let parts = [(CONFIG, &config[..]), (LAYER, &layer[..])];
    let good = manifest(vec![entry(LAYER, &layer, layer.len())], json!({}));
    assert!(judged(good.clone(), &parts).is_empty());
    assert_eq!(judged(good.clone(), &parts[..1]), ["walk"], "a layer that is not carried");
    let surplus = [parts[0], parts[1], (LAYER, &b"surplus"[..])];
    assert_eq!(judged(good, &surplus), ["walk"], "a blob that nothing names");
    assert_eq!(judged(manifest(vec![entry(LAYER, &layer, 7)], json!({})), &parts), ["manifest"], "another length");
    assert_eq!(judged(manifest(vec![entry(CONFIG, &layer, layer.len())], json!({})), &parts), ["manifest"], "another type");
    let twice = vec![entry(LAYER, &layer, layer.len()), entry("application/x-other", &layer, layer.len())];
    assert!(judged(manifest(twice, json!({})), &parts).is_empty(), "one blob may have two types");
    let both = manifest(vec![entry(LAYER, &layer, layer.len())], json!({ "manifests": [] }));
    assert_eq!(judged(both, &parts), ["manifest", "walk", "walk"], "an image that is also an index (CVE-2021-41190)");
}

/// A layer is a tar where something runs it; what other artifacts call by that type is what its bytes are.
#[test]
fn only_the_layers_of_images_have_to_be_tars() {
    let judged = |config: &str, bytes: &[u8]| {
        let blobs: [(&str, &str, &[u8]); 2] = [("", LAYER, bytes), ("", config, b"{}")];
        rules(&found(&artifact("images", "quay.io/team/app", "1", &blobs, Value::Null), bytes))
    };
    let text = b"notes that somebody pushed\n";
    assert_eq!(judged(CONFIG, text), ["unreadable"]);
    assert_eq!(judged("application/vnd.docker.container.image.v1+json", text), ["unreadable"]);
    let empty = "application/vnd.oci.empty.v1+json";
    assert!(judged(empty, text).is_empty());
    let trailing = [&tar(&[file("a", b"a")])[..], b"something behind it"].concat();
    assert_eq!(judged(empty, &gzip(&trailing)), judged(CONFIG, &gzip(&trailing)), "what begins as a tar is read as one");
    assert!(!judged(empty, &gzip(&trailing)).is_empty());
}

/// A list of referrers names artifacts that are carried for themselves; any other index has its children with it.
#[test]
fn a_list_of_referrers_is_walked_no_further() {
    let index_type = "application/vnd.oci.image.index.v1+json";
    let index = json!({ "schemaVersion": 2, "mediaType": index_type, "manifests": [entry(MANIFEST, b"elsewhere", 9)] }).to_string();
    assert!(walked("referrers-tag", index_type, index.as_bytes(), &[]).is_empty());
    assert_eq!(walked("image", index_type, index.as_bytes(), &[]), ["walk"]);
}

const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// A descriptor as manifests have it.
fn entry(kind: &str, bytes: &[u8], size: usize) -> Value {
    json!({ "mediaType": kind, "digest": Digest::of(bytes).to_string(), "size": size })
}

/// What is found in an image as a whole.
fn walked(role: &str, kind: &str, root: &[u8], parts: &[(&str, &[u8])]) -> Vec<&'static str> {
    let all: Vec<_> = std::iter::once(("", kind, root)).chain(parts.iter().map(|(kind, bytes)| ("", *kind, *bytes))).collect();
    let digest = Digest::of(root).to_string();
    let meta = json!({ "repository": "quay.io/team/app", "role": role, "tag": "1", "root": digest, "media-type": kind });
    let artifact = artifact("images", "quay.io/team/app", "1", &all, meta);
    let held = Held(all.iter().map(|(_, _, bytes)| bytes.to_vec()).collect());
    let mut found = Findings::default();
    find("images").unwrap().scan_artifact(&artifact, &held, &mut found).unwrap();
    rules(found.list())
}

#[test]
fn what_runs_when_it_is_loaded_is_told() {
    let pickle = b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x8c\x06system\x93.";
    let judged = |bytes: &[u8]| {
        rules(&found(&artifact("models", "org/model", "main", &[("model.bin", "application/octet-stream", bytes)], Value::Null), bytes))
    };
    assert_eq!(judged(pickle), ["pickle-dangerous"]);
    assert_eq!(judged(&zip(&[part("notes.txt", b"nothing"), part("data.pkl", pickle)])), ["pickle-dangerous"], "behind the first member");
    let script = zip(&[part("model/code/__torch__.py", b"op_version_set = 1\n"), part("model/data.pkl", b"N.")]);
    assert_eq!(judged(&script), ["pickle", "runs-code"], "a program of TorchScript");
    assert!(judged(&zip(&[part("notes.txt", b"nothing")])).is_empty());
}
