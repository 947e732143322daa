// One function for each parser of untrusted bytes: whatever the bytes, it returns. The suite drives them with mutations of the corpus
// (`tests/it/fuzz.rs`), libFuzzer with coverage (`fuzz/run`). What a parser accepts must also be what it writes again, where it writes.

use airlift::advisories::order::Order;
use airlift::advisories::{Asked, Ranking, Record, vex};
use airlift::artifact::{Artifact, Descriptor, Digest, InMemory, Learned};
use airlift::bundle::{Bases, FrameTable, Head, Parent, Recoding, Request, Statement};
use airlift::ecosystems::{find, names};
use airlift::lock::Lock;
use airlift::manifest::Manifest;
use airlift::publisher::openpgp::Certificate;
use airlift::publisher::{Keyless, Kind, Pattern, Signed, UpstreamKey, Worth, judge_bundle, judge_envelope, keyless};
use airlift::recode::encoder::Encoder;
use airlift::recode::identify::{Outcome, identify};
use airlift::recode::{self, Base, Effort};
use airlift::report::{Component, Examined, Format, Inventory, Subject, SubjectKind};
use airlift::scan::pickle::{self as pickles, Verdict};
use airlift::scan::tensors::{Form, examine, layers};
use airlift::scan::{Findings, Profile, by_content};
use airlift::server::{Wanted, oci, preferred, wanted};
use airlift::trust::{PublicKey, Signature, TrustRoot};
use serde_json::{Value, json};

/// A target: its name, which is that of its corpus, and what it does with bytes.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: &[Target] = &[
    ("statement", statement),
    ("signature", signature),
    ("root", root),
    ("head", head),
    ("frames", frames),
    ("carried", carried),
    ("recoded", recoded),
    ("deflated", deflated),
    ("corrected", corrected),
    ("opened", opened),
    ("lock", lock),
    ("manifest", manifest),
    ("tar", tar),
    ("zip", zip),
    ("packed", packed),
    ("wheel", wheel),
    ("conda", conda),
    ("chart", chart),
    ("image", image),
    ("inside", inside),
    ("http", http),
    ("reference", reference),
    ("advisory", advisory),
    ("vex", statements),
    ("pickle", pickle),
    ("tensors", tensors),
    ("publisher", publisher),
];

pub fn statement(bytes: &[u8]) {
    let _ = Statement::parse(bytes);
}

pub fn signature(bytes: &[u8]) {
    if let Ok(signature) = Signature::parse(bytes) {
        let _ =
            signature.verify("bundle.v1@airlift", b"a message that nobody signed").map(|_| panic!("a signature of nothing was accepted"));
    }
    let _ = std::str::from_utf8(bytes).map(PublicKey::from_line);
}

pub fn root(bytes: &[u8]) {
    if let Ok(root) = TrustRoot::parse(bytes) {
        assert_eq!(root.bytes(), bytes);
    }
}

/// Keys and signatures of publishers: packets of OpenPGP, clear-signed texts, bundles, payloads.
pub fn publisher(bytes: &[u8]) {
    let armoured = |label: &str| {
        let lines = data_encoding::BASE64.encode(bytes).into_bytes();
        let lines: Vec<_> = lines.chunks(64).map(String::from_utf8_lossy).collect();
        format!("-----BEGIN {label}-----\n\n{}\n-----END {label}-----\n", lines.join("\n"))
    };
    let _ = Certificate::read(&armoured("PGP PUBLIC KEY BLOCK"));
    let certificate = Certificate::read(include_str!("../src/publisher/fixtures/ed25519.asc")).expect("a certificate");
    let message = format!("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nnobody signed this\n{}", armoured("PGP SIGNATURE"));
    let _ = certificate.verify(message.as_bytes()).map(|_| panic!("a text was accepted that nobody signed"));
    let _ = certificate.verify(bytes);
    let made: Value = serde_json::from_str(include_str!("../src/publisher/fixtures/bundles.json")).expect("JSON");
    let pattern = Pattern::read("room/*").expect("a pattern");
    let key = UpstreamKey::read("A".to_owned(), Kind::Cosign, made["key"].as_str().expect("a key"), vec![pattern], vec![]).expect("a key");
    let digest = Digest::of(b"nobody signed this");
    assert!(!matches!(judge_bundle(bytes, &[&key], &digest).worth, Worth::Valid(_)), "a bundle was accepted that nobody signed");
    let signature = made["signature"]["dsseEnvelope"]["signatures"][0]["sig"].as_str();
    let _ = Signed { payload: bytes, signature, keyless: None }
        .judge(&[&key], &digest, "a/b")
        .map(|_| panic!("a payload was accepted that nobody signed"));
    let text = std::str::from_utf8(bytes).ok();
    let _ = Signed { payload: b"{}", signature: text, keyless: None }
        .judge(&[&key], &digest, "a/b")
        .map(|_| panic!("a signature was accepted that is none"));
    let _ = text.map(|text| UpstreamKey::read("A".to_owned(), Kind::Cosign, text, vec![], vec![]));
    without_key(bytes, &digest);
}

/// Certificates, entries of logs and trusted roots.
fn without_key(bytes: &[u8], digest: &Digest) {
    let root = keyless::TrustedRoot::read(include_str!("../tests/vectors/attestations/trusted_root.json")).expect("a trusted root");
    let pattern = || vec![Pattern::read("room/*").expect("a pattern")];
    let identity =
        keyless::Identity { root: std::sync::Arc::new(root), issuer: "https://issuer.example".to_owned(), identities: pattern() };
    let key = UpstreamKey::keyless("A".to_owned(), identity, pattern(), vec![]);
    assert!(!matches!(judge_bundle(bytes, &[&key], digest).worth, Worth::Valid(_)), "a bundle was accepted that nobody signed");
    let (certificate, entry) = (include_str!("../src/publisher/fixtures/bundles.json"), std::str::from_utf8(bytes).unwrap_or_default());
    let along = Some(Keyless { certificate, entry });
    assert!(!matches!(judge_envelope(bytes, along, &[&key], digest).worth, Worth::Valid(_)), "an envelope was accepted that nobody signed");
    let staging =
        keyless::TrustedRoot::read(include_str!("../tests/vectors/attestations/staging_trusted_root.json")).expect("a trusted root");
    let _ = staging.stamped(bytes, b"nobody stamped this").map(|_| panic!("a timestamp was accepted that nobody made"));
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = keyless::TrustedRoot::read(text);
    let entry = serde_json::from_str::<keyless::WireEntry>(text)
        .ok()
        .and_then(keyless::WireEntry::into_domain)
        .or_else(|| keyless::annotated(text));
    let certificate = data_encoding::BASE64_MIME_PERMISSIVE.decode(bytes).unwrap_or_else(|_| bytes.to_vec());
    let entry =
        entry.unwrap_or_else(|| keyless::Entry { log: *digest, index: 0, time: None, body: bytes.to_vec(), timestamp: None, proof: None });
    let (form, must_be_placed) = (keyless::Form::Plain, true);
    let (entry, timestamps) = (&entry, &[bytes.to_vec()][..]);
    let signed = keyless::Signed {
        form,
        bytes,
        payload: bytes,
        signature: bytes,
        certificate: &certificate,
        entry,
        envelope: Some(bytes),
        timestamps,
        must_be_placed,
    };
    let _ = key.verify_keyless(&signed).map(|_| panic!("a signature was accepted that nobody made"));
}

/// The tar of a volume's head: the first thing that is read of a medium.
pub fn head(bytes: &[u8]) {
    use std::io::Write;
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(bytes).expect("a file that can be written");
    let _ = Head::read(file.path(), file.as_file());
    let _ = airlift::bundle::find(&[file.path().to_owned()]);
}

/// A frame table beside a lock of three blobs, and any volumes.
pub fn frames(bytes: &[u8]) {
    if let Ok(table) = FrameTable::parse(bytes, &three_blobs(), &[1 << 20], &Bases::default()) {
        assert_eq!(table.to_bytes(), bytes);
    }
}

/// What a delta says of others, and what is carried back for one.
pub fn carried(bytes: &[u8]) {
    let statement = Statement::parse(DELTA).expect("a statement of a delta");
    if let Ok(bases) = Bases::parse(bytes, &statement) {
        assert_eq!(Bases::parse(&bases.to_bytes(), &statement).expect("what was read is written"), bases);
        let _ = bases.check(&FrameTable::plan(&three_blobs(), &Recoding::default()), &three_blobs().blobs());
    }
    let parents = Parent::read_all(bytes).unwrap_or_default();
    let _ = Parent::read_ancestors(bytes, &parents);
    let _ = airlift::log::HostInventory::parse(bytes, None);
    if let Some(request) = std::str::from_utf8(bytes).ok().and_then(|text| Request::parse(text).ok()) {
        assert_eq!(Request::parse(&request.words().collect::<Vec<_>>().join(" ")).expect("what was read is written"), request);
    }
}

/// A recoded stream, behind the size of what it makes.
pub fn recoded(bytes: &[u8]) {
    comes_out(bytes);
}

/// Whether a blob comes out of a recoded stream.
pub fn comes_out(bytes: &[u8]) -> bool {
    let Some((size, mut stream)) = bytes.split_first_chunk::<2>() else { return false };
    let size = u64::from(u16::from_le_bytes(*size));
    let (file, digest) = (file(BASE), Digest::of(BASE));
    let wanted = recode::bases(&mut &*stream).unwrap_or_default();
    let bases = if wanted.is_empty() { vec![] } else { vec![Base { digest, file: &file, at: 0, size: BASE.len() as u64 }] };
    let mut out = Vec::new();
    let done = recode::decode(&mut stream, size, &bases, 1, &tempfile::tempfile, &mut out).is_ok();
    assert!(out.len() as u64 <= size, "more came out than there is room for");
    assert!(!done || out.len() as u64 == size, "less came out than was said");
    done
}

/// What recoded blobs of the targets are said by.
const BASE: &[u8] = include_bytes!("corpus/recoded/base.txt");

fn file(bytes: &[u8]) -> std::fs::File {
    let mut file = tempfile::tempfile().expect("a file without a name");
    std::io::Write::write_all(&mut file, bytes).expect("room for it");
    file
}

/// A DEFLATE stream, whose encoder is looked for.
pub fn deflated(bytes: &[u8]) {
    if let Ok(Outcome::Found(found)) = identify(&bytes, 1 << 20, None) {
        assert_eq!(Encoder::from_code(found.encoder.code().as_bytes()), Ok(found.encoder), "a code is read as it is written");
    }
}

/// Corrections and plain bytes, behind the length of the stream that they make.
pub fn corrected(bytes: &[u8]) {
    let Some((length, taken)) = bytes.split_first_chunk::<2>() else { return };
    let length = u64::from(u16::from_le_bytes(*length));
    let (mut deflater, mut out) = (Encoder::Corrected.start_of(taken.len() as u64, length), Vec::new());
    let mut parts = taken.chunks(1000);
    let done = parts.try_for_each(|part| deflater.write(part, &mut out)).and_then(|()| deflater.finish(&mut out));
    assert!(done.is_err() || out.len() as u64 <= length + 8, "more was made than there is room for");
}

/// A blob that is opened, said by another one, and made again: whatever it holds.
pub fn opened(bytes: &[u8]) {
    let (blob, base, mut out) = (file(bytes), file(BASE), file(b""));
    let bases = [Base { digest: Digest::of(BASE), file: &base, at: 0, size: BASE.len() as u64 }];
    let effort = Effort { level: 1, planes: true, threads: 1 };
    recode::encode(&blob, bytes.len() as u64, &bases, &effort, u64::MAX, &tempfile::tempfile, &mut out).expect("it comes back");
}

/// The statement that a list of bases is read beside.
const DELTA: &[u8] = include_bytes!("corpus/statement/delta.json");

/// The lock that frame tables are read beside.
pub fn three_blobs() -> Lock {
    let blobs = [(b"small".to_vec(), 0), (vec![7; 9000], 1), (Vec::new(), 2)];
    let artifacts =
        blobs.iter().map(|(bytes, n)| artifact("files", &format!("file-{n}"), "1", None, "application/octet-stream", bytes, Value::Null));
    Lock::new("kit".to_owned(), "main".to_owned(), Digest::of(b"m"), artifacts.collect()).expect("a lock")
}

/// A lock that is accepted is canonical.
pub fn lock(bytes: &[u8]) {
    if let Ok(lock) = Lock::parse("a lock", bytes) {
        assert_eq!(lock.to_bytes(), bytes);
    }
}

pub fn manifest(bytes: &[u8]) {
    let _ = std::str::from_utf8(bytes).map(|text| Manifest::parse(text, &names()).map(|_| ()));
}

/// A tar as it is, and with its check sums put right: else hardly a mutation would get past them.
pub fn tar(bytes: &[u8]) {
    linted(bytes);
    let mut summed = bytes.to_vec();
    for block in summed.chunks_exact_mut(512).filter(|block| &block[257..262] == b"ustar") {
        block[148..156].fill(b' ');
        let sum: u64 = block.iter().map(|b| u64::from(*b)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
    linted(&summed);
}

pub fn zip(bytes: &[u8]) {
    linted(bytes);
}

/// Gzip, zstd and bzip2, and whatever is in them.
pub fn packed(bytes: &[u8]) {
    linted(bytes);
}

fn linted(bytes: &[u8]) {
    for profile in [Profile::Package, Profile::Tree] {
        by_content(&mut InMemory::new(bytes), profile, &mut Findings::default()).expect("memory can be read");
    }
}

pub fn wheel(bytes: &[u8]) {
    room(&wheel_of(bytes), bytes);
}

pub fn conda(bytes: &[u8]) {
    for file in ["demo-1.0-0.conda", "demo-1.0-0.tar.bz2"] {
        room(&conda_of(file, bytes), bytes);
    }
}

pub fn chart(bytes: &[u8]) {
    room(&chart_of(bytes), bytes);
    #[cfg(feature = "upstream")]
    let _ = airlift::ecosystems::charts::chart::Chart::read("a chart", bytes);
    #[cfg(feature = "upstream")]
    let _ = std::str::from_utf8(bytes).map(airlift::ecosystems::charts::yaml::parse);
}

/// The artifact that a room is told the bytes are: the suite asks of the same one whether the corpus is sound.
pub fn wheel_of(bytes: &[u8]) -> Artifact {
    artifact("python", "demo", "1.0", Some("demo-1.0-py3-none-any.whl"), "application/zip", bytes, json!({ "kind": "wheel" }))
}

pub fn conda_of(file: &str, bytes: &[u8]) -> Artifact {
    let meta = json!({ "channel": "forge", "subdir": "noarch", "record": { "name": "demo", "version": "1.0", "build": "0" } });
    artifact("conda", "forge/noarch/demo", "1.0-0", Some(file), "application/x-conda", bytes, meta)
}

pub fn chart_of(bytes: &[u8]) -> Artifact {
    let meta = json!({ "repository": "charts.example.org", "source": "https://charts.example.org", "chart": { "name": "web", "version": "1.0.0" } });
    let media_type = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
    artifact("charts", "charts.example.org/web", "1.0.0", Some("web-1.0.0.tgz"), media_type, bytes, meta)
}

/// Manifests of images, whichever type they are announced as.
pub fn image(bytes: &[u8]) {
    for media_type in [oci::MANIFEST, oci::INDEX, "application/vnd.docker.distribution.manifest.v2+json"] {
        let _ = oci::Document::parse(bytes, media_type);
    }
}

/// Databases of packages in a layer of an image: the same bytes in the place of each.
pub fn inside(bytes: &[u8]) {
    const PLACES: [&str; 13] = [
        "etc/os-release",
        "var/lib/dpkg/status",
        "var/lib/dpkg/status.d/a",
        "var/lib/dpkg/info/a.list",
        "usr/share/doc/app/copyright",
        "lib/apk/db/installed",
        "var/lib/rpm/rpmdb.sqlite",
        "usr/share/rpm/Packages.db",
        "lib/a-1.dist-info/METADATA",
        "lib/a-1.dist-info/RECORD",
        "lib/b-1.egg-info",
        "env/conda-meta/a.json",
        "node_modules/@a/b/package.json",
    ];
    let layer: Vec<u8> = PLACES.iter().flat_map(|place| entry(place, bytes)).chain([0; 1024]).collect();
    let config = b"{}".to_vec();
    let described = |kind: &str, bytes: &[u8]| json!({ "mediaType": kind, "digest": Digest::of(bytes).to_string(), "size": bytes.len() });
    let kinds = ["application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar"];
    let manifest = json!({ "schemaVersion": 2, "config": described(kinds[0], &config), "layers": [described(kinds[1], &layer)] });
    let manifest = manifest.to_string().into_bytes();
    let root = Digest::of(&manifest).to_string();
    let meta = json!({ "repository": "r.example.org/a", "role": "image", "tag": "1", "root": root, "media-type": oci::MANIFEST });
    let artifact = artifact("images", "r.example.org/a", "1", None, oci::MANIFEST, &manifest, meta);
    let held = Several([manifest, config, layer].map(|bytes| (Digest::of(&bytes), bytes)).to_vec());
    let component = find("images").expect("a room").examine(&artifact, &held).expect("memory can be read");
    assert_eq!(component.examined, Examined::Read);
    written(component);
}

/// A file in a tar.
fn entry(name: &str, content: &[u8]) -> Vec<u8> {
    let mut block = [0u8; 512];
    block[..name.len()].copy_from_slice(name.as_bytes());
    block[100..108].copy_from_slice(b"0000644\0");
    block[108..116].copy_from_slice(b"0000000\0");
    block[116..124].copy_from_slice(b"0000000\0");
    block[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
    block[136..148].copy_from_slice(b"00000000000\0");
    block[156] = b'0';
    block[257..265].copy_from_slice(b"ustar\x0000");
    block[148..156].fill(b' ');
    let sum: u64 = block.iter().map(|b| u64::from(*b)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut out = [&block[..], content].concat();
    out.resize(out.len().next_multiple_of(512), 0);
    out
}

/// `Range` in the first line, `Accept` in the second, a path in the third.
pub fn http(bytes: &[u8]) {
    let lines: Vec<&[u8]> = bytes.splitn(3, |b| *b == b'\n').collect();
    let mut request = http::Request::get("/");
    for (name, line) in ["range", "accept"].iter().zip(&lines) {
        if let Ok(value) = http::HeaderValue::from_bytes(line) {
            request = request.header(*name, value);
        }
    }
    let (parts, ()) = request.body(()).expect("a request").into_parts();
    for size in [0, 1, 1000, u64::MAX] {
        if let Wanted::Part { first, last } = wanted(&parts, "\"tag\"", size) {
            assert!(first <= last && last < size, "a part that is not there");
        }
    }
    let offers = ["application/json", "text/html", "text/html;charset=utf-8"];
    assert!(preferred(&parts, &offers).is_none_or(|at| at < offers.len()));
    if let Some(path) = lines.get(2).and_then(|line| std::str::from_utf8(line).ok()) {
        let _ = (oci::is_name(path), oci::served_name(path), airlift::server::is_encoded(path), path.parse::<Digest>());
    }
}

/// References to images, and the grammars of names.
pub fn reference(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    #[cfg(feature = "upstream")]
    if let Ok(reference) = airlift::upstream::oci::Reference::parse(text) {
        let name = reference.name();
        assert!(!name.split('/').any(|part| matches!(part, "" | "." | "..")), "{name}");
        assert!(reference.tag.is_none_or(|tag| !tag.contains('/')));
    }
    let _ = airlift::artifact::check_name("a name", text);
    let _ = airlift::artifact::check_word("a word", text);
    let _ = airlift::artifact::percent_decoded(text);
}

/// A stream of pickles. What is called clean names nothing that is not on the list, and holds no doubt.
pub fn pickle(bytes: &[u8]) {
    let report = pickles::examine(&mut &bytes[..]).expect("memory can be read");
    let told = report.dangerous.len() + report.unlisted.len() + report.doubts.len();
    assert_eq!(report.verdict <= Verdict::Allowed, told == 0, "{report:?}");
    model("model.pkl", bytes);
}

/// Files of tensors in every form, and as models.
pub fn tensors(bytes: &[u8]) {
    for form in [Form::Safetensors, Form::Gguf, Form::Npy, Form::Onnx] {
        examine(form, &mut &bytes[..], bytes.len() as u64, "", &mut Findings::default()).expect("memory can be read");
    }
    layers(bytes, "config.json", &mut Findings::default());
    model("model.onnx", bytes);
}

fn model(file: &str, bytes: &[u8]) {
    let artifact = artifact("models", "org/model", "main", Some(file), "application/octet-stream", bytes, Value::Null);
    let room = find("models").expect("a room");
    room.scan_blob(&artifact, &artifact.descriptors[0], &mut InMemory::new(bytes), &mut Findings::default()).expect("memory can be read");
}

fn room(artifact: &Artifact, bytes: &[u8]) {
    let room = find(&artifact.ecosystem).expect("a room");
    room.scan_blob(artifact, &artifact.descriptors[0], &mut InMemory::new(bytes), &mut Findings::default()).expect("memory can be read");
    let _ = room.describe(artifact, &Held(bytes.to_vec()));
    if let Ok(component) = room.examine(artifact, &Held(bytes.to_vec())) {
        written(component);
    }
}

/// What was found becomes a document of each form, whatever stands in it.
fn written(component: Component) {
    let (kind, digest) = (SubjectKind::Lock, Digest::of(b"subject"));
    let subject = Subject { kind, name: "kit".to_owned(), version: String::new(), digest, partial: false, created: None, author: None };
    let inventory = Inventory::new(subject, vec![component]);
    for format in [Format::CycloneDx, Format::Spdx, Format::Spdx3] {
        let mut out = Vec::new();
        format.write(&inventory, &mut out).expect("memory can be written");
        serde_json::from_slice::<Value>(&out).expect("a document is JSON");
    }
}

fn artifact(room: &str, name: &str, version: &str, file: Option<&str>, media_type: &str, bytes: &[u8], meta: Value) -> Artifact {
    Artifact {
        ecosystem: room.to_owned(),
        sections: vec!["all".to_owned()],
        name: name.to_owned(),
        version: version.to_owned(),
        descriptors: vec![Descriptor {
            media_type: media_type.to_owned(),
            digest: Digest::of(bytes),
            size: bytes.len() as u64,
            name: file.map(str::to_owned),
            origins: vec![],
            learned: Learned::Pinned,
            side_digests: std::collections::BTreeMap::new(),
        }],
        subject: None,
        meta,
    }
}

/// Some blobs.
struct Several(Vec<(Digest, Vec<u8>)>);

impl airlift::artifact::Blobs for Several {
    fn open(&self, digest: &Digest) -> airlift::error::Result<Option<Box<dyn airlift::artifact::BlobRead>>> {
        let found = self.0.iter().find(|(known, _)| known == digest);
        Ok(found.map(|(_, bytes)| Box::new(InMemory::new(bytes.clone())) as Box<dyn airlift::artifact::BlobRead>))
    }

    fn size(&self, digest: &Digest) -> airlift::error::Result<Option<u64>> {
        Ok(self.0.iter().find(|(known, _)| known == digest).map(|(_, bytes)| bytes.len() as u64))
    }
}

/// One blob.
struct Held(Vec<u8>);

impl airlift::artifact::Blobs for Held {
    fn open(&self, _: &Digest) -> airlift::error::Result<Option<Box<dyn airlift::artifact::BlobRead>>> {
        Ok(Some(Box::new(InMemory::new(self.0.clone()))))
    }

    fn size(&self, _: &Digest) -> airlift::error::Result<Option<u64>> {
        Ok(Some(self.0.len() as u64))
    }
}

/// A record, and every version of it asked of every order; the lists that rank findings.
pub fn advisory(bytes: &[u8]) {
    let mut ranking = Ranking::default();
    let _ = (ranking.read_exploited(bytes, None), ranking.read_likelihood(bytes));
    let texts = String::from_utf8_lossy(bytes);
    let versions: Vec<&str> = texts.split('"').take(64).collect();
    if let Ok(record) = Record::parse("fuzz", bytes) {
        for affected in record.affected.iter().take(8) {
            for version in &versions {
                let _ = affected.judge(&Asked::new(version, Order::Pep440, Order::SemVer));
            }
        }
    }
    for order in
        [Order::Maven, Order::Debian, Order::Rpm, Order::Apk, Order::Conda, Order::Gem, Order::Composer, Order::NuGet, Order::Bitnami]
    {
        let read: Vec<_> = versions.iter().filter_map(|version| order.parse(version)).collect();
        for (a, b) in read.iter().zip(read.iter().skip(1)) {
            let turned = b.compare(a).map(std::cmp::Ordering::reverse);
            assert_eq!(a.compare(b), turned, "{a:?} and {b:?}");
        }
    }
}

/// Statements of both forms; what is written of them is read again.
pub fn statements(bytes: &[u8]) {
    let _ = vex::read_cyclonedx("fuzz", bytes);
    let _ = std::str::from_utf8(bytes).map(airlift::artifact::Purl::read);
    if let Ok(statements) = vex::read_openvex("fuzz", bytes) {
        let Some(timestamp) = statements.first().map(|statement| statement.timestamp) else { return };
        let about = vex::Document { id: "https://example.org/vex".to_owned(), author: "fuzz".to_owned(), timestamp };
        let written = vex::write_openvex(&about, &statements);
        let again = vex::read_openvex("fuzz", &written).expect("what was written can be read");
        assert_eq!(vex::write_openvex(&about, &again), written);
    }
}
