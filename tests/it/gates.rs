//! Gates: a policy's rules over what is locked, carried and installed, as the program asks them, and their documents before foreign readers.

use crate::advisories::ours;
use crate::audit::{KEV, Site, TAKEN};
use crate::host::{Host, arg};
use crate::origin::{Origin, Reply};
use crate::scan::made::{part, zip};
use crate::stock;
use crate::world::World;
use airlift::artifact::{Artifact, Descriptor, Digest, Learned};
use airlift::policy::{Outcome, Policy};
use airlift::steps::gates::{as_of, of_lock};
use airlift::steps::predecessors::Predecessors;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

const SIGNED: [&str; 3] = ["--key", "alice", "--allow-plain-key"];
/// What a rule refuses.
const POLICY: i32 = 5;
/// What could not be assessed.
const INCOMPLETE: i32 = 3;

/// A host with a lock of two files, one of which is an archive that hides something; fetched and packed into `out`.
pub fn sender() -> (Host, Origin) {
    let hiding = [&zip(&[part("a", b"one")])[..], b"something behind the end"].concat();
    let files: [(&str, Vec<u8>); 2] = [("/guide.txt", b"read me first\n".to_vec()), ("/tool.zip", hiding)];
    let replies: Vec<_> = files.iter().map(|(path, bytes)| (*path, vec![Reply::File(bytes.clone())])).collect();
    let (host, origin) = (Host::new(), Origin::new(&replies));
    host.ok(&["key", "generate", "alice", "--no-passphrase"]);
    host.ok(&[&["trust", "init", "test", "--principal", "alice=alice.pub", "--threshold", "1"], &SIGNED[..]].concat());
    accept(&host, &host.path("trust/root.1.json"));
    let item =
        |(path, bytes): &(&str, Vec<u8>)| format!("  {{ url = \"{}\", sha256 = \"{}\" }},\n", origin.url(path), Digest::of(bytes).hex());
    let items: String = files.iter().map(item).collect();
    host.write("kit.toml", format!("airlift = 1\nname = \"kit\"\n\n[files.all]\nitems = [\n{items}]\n"));
    host.ok(&[&["build", "kit.toml", "--out", "out"], &SIGNED[..]].concat());
    (host, origin)
}

/// A refusal: the findings are told as data, and the error says which rules decided.
fn refuses(host: &Host, code: i32, args: &[&str], words: &[&str]) {
    let ran = host.run(args);
    assert!(ran.code == Some(code) && ran.err.contains("error: "), "{ran:?}");
    for word in words {
        assert!(ran.err.contains(word) || ran.out.contains(word), "{word} is not in: {ran:?}");
    }
}

pub fn accept(host: &Host, root: &Path) {
    let shown = host.json(&["trust", "show", arg(root)]);
    host.ok(&["trust", "accept", arg(root), "--fingerprint", shown[0]["spoken"].as_str().expect("a fingerprint")]);
}

pub fn policy(host: &Host, name: &str, text: &str) {
    host.write(name, format!("airlift-policy = 1\n{text}"));
}

const EXCEPTION: &str = "[[exception]]\nrule = \"artifacts.scan\"\nsubject = \"files/all/tool.zip\"\nowner = \"Alice\"\n\
     reason = \"known, and read by nobody\"\ngranted = \"2020-01-01\"\nexpires = \"2020-12-31\"\n";

/// The same rule refuses wherever it is asked, and nothing is written or installed.
#[test]
fn what_a_rule_refuses_is_refused_everywhere() {
    let (host, _origin) = sender();
    policy(&host, "strict.toml", "[artifacts]\nscan = \"refused\"\n");
    let words = ["artifacts.scan", "tool.zip"];
    refuses(&host, POLICY, &["gate", "--lock", "kit.lock", "--policy", "strict.toml"], &words);
    refuses(&host, POLICY, &["gate", "out", "--policy", "strict.toml"], &words);
    refuses(&host, POLICY, &["verify", "out", "--policy", "strict.toml"], &words);
    refuses(&host, POLICY, &[&["pack", "kit.lock", "--out", "again", "--policy", "strict.toml"], &SIGNED[..]].concat(), &words);
    assert!(!host.path("again").exists(), "a volume was written");
    let far = Host::new();
    accept(&far, &host.path("trust/root.1.json"));
    far.ok(&["policy", "set", arg(&host.path("strict.toml"))]);
    let out = host.path("out");
    let review = far.json(&["review", arg(&out)]).remove(0);
    let of = |rule: &str| review["findings"].as_array().unwrap().iter().find(|f| f["rule"] == rule).cloned().expect("the rule");
    assert_eq!(of("artifacts.scan")["outcome"], "not-assessed", "a review reads nothing of the payload");
    refuses(&far, POLICY, &["import", arg(&out)], &words);
    assert_eq!(far.json(&["status"])[0]["snapshot"], Value::Null, "nothing is installed");
    policy(&far, "kind.toml", "[artifacts]\nscan = \"shown\"\nmax-bytes = 1000000\n");
    far.ok(&["policy", "set", "kind.toml"]);
    let ran = far.ok(&["import", arg(&out)]);
    assert!(ran.err.contains("artifacts.scan: of 2 artifacts 1 shown, 1 passed"), "{}", ran.err);
    refuses(&far, POLICY, &["gate", "--policy", arg(&host.path("strict.toml"))], &words);
}

#[test]
fn what_is_not_here_is_not_assessed() {
    let (host, _origin) = sender();
    let lock = std::fs::read(host.path("kit.lock")).unwrap();
    let far = Host::new();
    far.write("kit.lock", lock);
    policy(&far, "scan.toml", "[artifacts]\nscan = \"refused\"\n");
    refuses(&far, INCOMPLETE, &["gate", "--lock", "kit.lock", "--policy", "scan.toml"], &["not-assessed", "artifacts.scan"]);
    policy(&far, "size.toml", "[artifacts]\nmax-bytes = 1000000\n");
    far.ok(&["gate", "--lock", "kit.lock", "--policy", "size.toml"]);
    refuses(&far, 2, &["gate", "--lock", "kit.lock"], &["no policy"]);
    policy(&far, "advisories.toml", "[advisories]\nrefuse = \"high\"\nmax-age-days = 7\n");
    refuses(&far, POLICY, &["gate", "--lock", "kit.lock", "--policy", "advisories.toml"], &["advisories.data", "there are none here"]);
}

/// An exception of the past lets nothing through, and one of the present is named with who answers for it.
#[test]
fn exceptions_let_through_while_they_last() {
    let (host, _origin) = sender();
    policy(&host, "past.toml", &format!("[artifacts]\nscan = \"refused\"\n{EXCEPTION}"));
    refuses(&host, POLICY, &["gate", "out", "--policy", "past.toml"], &["policy.exception", "has expired"]);
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let lasting = EXCEPTION.replace("2020-01-01", &today.to_string());
    let lasting = lasting.replace("2020-12-31", &today.saturating_add(jiff::ToSpan::days(300)).to_string());
    policy(&host, "now.toml", &format!("[artifacts]\nscan = \"refused\"\n{lasting}"));
    let ran = host.ok(&["gate", "out", "--policy", "now.toml"]);
    assert!(ran.out.contains("excepted") && ran.out.contains("(used)") && ran.out.contains("Alice until"), "{}", ran.out);
    let document = host.json(&["gate", "out", "--policy", "now.toml"]).remove(0);
    assert_eq!((&document["outcome"], &document["exceptions"][0]["state"]), (&json!("excepted"), &json!("used")));
}

/// Advisories of a folder, carried ones and installed ones are asked alike, and it is said which they were.
#[tokio::test(flavor = "multi_thread")]
async fn advisories_are_asked_where_they_are() {
    let site = Site::new().await;
    let plain = site.locked(&site.python(), TAKEN).await.unwrap();
    let whole = site.locked(&format!("{}{}", site.python(), site.advisories()), TAKEN).await.unwrap();
    let host = Host::new();
    host.write("plain.lock", plain.to_bytes());
    host.write("whole.lock", whole.to_bytes());
    let table = "[advisories]\nrefuse = \"any\"\nmax-age-days = 36525\n";
    policy(&host, "any.toml", table);
    let gate = |lock: &'static str, policy: &'static str| vec!["gate", "--lock", lock, "--policy", policy];
    refuses(&host, POLICY, &gate("plain.lock", "any.toml"), &["advisories.data", "there are none here"]);
    refuses(&host, POLICY, &gate("whole.lock", "any.toml"), &["advisories.data", "its bytes are not here"]);

    // A folder, first without a list of what is exploited.
    std::fs::create_dir_all(host.path("osv/PyPI")).unwrap();
    host.write("osv/PyPI/all.zip", ours().bytes);
    let folder = |policy: &'static str| [gate("plain.lock", policy), vec!["--advisories", "osv"]].concat();
    refuses(&host, POLICY, &folder("any.toml"), &["EXAMPLE-2024-1", "asked        PyPI as of", "(folder)", "no list of vulnerabilities"]);
    let excepted = exception("advisories.severity", "pkg:pypi/example-parser", "CVE-0000-0001");
    policy(&host, "excepted.toml", &format!("{table}{excepted}"));
    let ran = host.ok(&folder("excepted.toml"));
    assert!(ran.out.contains("granted for CVE-0000-0001") && ran.out.contains("shown        advisories.exploited"), "{}", ran.out);
    policy(&host, "sighted.toml", &format!("{table}unknown-exploited = \"refused\"\n{excepted}"));
    refuses(&host, POLICY, &folder("sighted.toml"), &["advisories.exploited", "not known of any package"]);
    host.write("osv/known_exploited_vulnerabilities.json", KEV);
    refuses(&host, POLICY, &folder("sighted.toml"), &["advisories.exploited", "EXAMPLE-2024-1"]);

    // Installed, and carried.
    accept(&host, &site.world.path("root/root.1.json"));
    let advisories = site.locked(&site.advisories(), TAKEN).await.unwrap();
    let volumes = |paths: Vec<std::path::PathBuf>| paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>();
    let only = volumes(site.packed(&advisories, "only").await);
    host.ok(&[vec!["import"], only.iter().map(String::as_str).collect()].concat());
    refuses(&host, POLICY, &gate("plain.lock", "excepted.toml"), &["advisories.exploited", "osv/PyPI as of", "(installed)"]);
    let far = Host::new();
    accept(&far, &site.world.path("root/root.1.json"));
    policy(&far, "excepted.toml", &format!("{table}{excepted}"));
    let all = volumes(site.packed(&whole, "all").await);
    let args = [vec!["gate", "--policy", "excepted.toml"], all.iter().map(String::as_str).collect()].concat();
    refuses(&far, POLICY, &args, &["advisories.exploited", "osv/PyPI as of", "(carried)"]);
}

/// An artifact of the room of images: its role, and the digest it names as its subject.
fn image(name: &str, role: &str, subject: Option<Digest>) -> Artifact {
    let (digest, media_type) = (Digest::of(name.as_bytes()), "application/vnd.oci.image.manifest.v1+json".to_owned());
    let meta = json!({ "repository": name, "role": role, "tag": "1", "root": digest.to_string(), "media-type": media_type });
    let (size, origins, side_digests) = (1, vec!["https://example.org/v2".to_owned()], std::collections::BTreeMap::new());
    let manifest = Descriptor { media_type, digest, size, name: None, origins, learned: Learned::Upstream, side_digests };
    let (ecosystem, name, version) = ("images".to_owned(), name.to_owned(), "1".to_owned());
    Artifact { ecosystem, sections: vec!["all".to_owned()], name, version, descriptors: vec![manifest], subject, meta }
}

/// To name a subject exempts nothing: only what its room says is there for another artifact, where that one is judged too.
#[test]
fn an_artifact_does_not_exempt_itself() {
    let app = Digest::of(b"quay.io/team/app");
    let text = "airlift-policy = 1\n[artifacts]\nupstream-signatures = \"present\"\nunknown-signature = \"refused\"\ncool-down-days = 7\nunknown-age = \"refused\"\n";
    let policy = Policy::parse(text.as_bytes()).unwrap();
    let now = "2026-11-10T00:00:00Z".parse().unwrap();
    let judged = |other: Artifact| {
        let all = [image("quay.io/team/app", "image", None), other];
        let found = of_lock(&policy, &all, now, now).unwrap();
        let refused = |rule: &str| found.iter().filter(|f| f.rule == rule && f.outcome == Outcome::Refused && f.subject.is_some()).count();
        let exempt = found.iter().filter(|f| f.found.contains("1 of them not asked")).count();
        (refused("artifacts.unknown-signature"), refused("artifacts.unknown-age"), exempt)
    };
    let signature = image("quay.io/team/sig", "referrer", Some(app));
    assert_eq!(judged(signature), (1, 1, 4), "the signature of the image is exempt, which is said");
    assert_eq!(judged(image("quay.io/team/x", "image", Some(app))), (2, 2, 0), "an image that names a subject");
    assert_eq!(judged(image("quay.io/team/x", "referrer", Some(Digest::of(b"elsewhere")))), (2, 2, 0), "of something that is not here");
    let itself = Digest::of(b"quay.io/team/x");
    assert_eq!(judged(image("quay.io/team/x", "referrer", Some(itself))), (2, 2, 0), "of itself");
}

/// A bundle that claims to be of a time to come does not thereby let its releases be old enough.
#[test]
fn a_bundle_of_the_future_ends_no_cool_down() {
    let world = World::new();
    let lock = world.lock("kit", &[b"content".to_vec()]);
    let volumes = world.pack(&lock, "out", None, &[1]);
    let receiver = world.receiver("receiver");
    let bundle = world.open(&volumes).unwrap();
    let before = Predecessors::in_store(&receiver);
    // Whatever it claims, ages are counted to the time that is known here at most.
    let clock = "2026-11-10T00:00:00Z".parse().unwrap();
    assert_eq!(as_of(&bundle.statement, before.store(), clock).unwrap().to_string(), "2026-02-03T04:05:06Z");
    let mut ahead = bundle.statement.clone();
    ahead.created = "2036-01-01T00:00:00Z".to_owned();
    assert_eq!(as_of(&ahead, before.store(), clock).unwrap(), clock);
}

/// An exception from a rule for one finding, from today on.
pub fn exception(rule: &str, subject: &str, finding: &str) -> String {
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let (granted, expires) = (today.saturating_sub(jiff::ToSpan::days(1)), today.saturating_add(jiff::ToSpan::days(300)));
    format!(
        "[[exception]]\nrule = \"{rule}\"\nsubject = \"{subject}\"\nfinding = \"{finding}\"\nowner = \"Alice\"\nreason = \"known\"\n\
         granted = \"{granted}\"\nexpires = \"{expires}\"\n"
    )
}

/// `verify` and `import` write the same documents, of what they refuse too, and of what never came to be judged.
#[test]
fn verify_and_import_write_what_they_found() {
    let (host, _origin) = sender();
    policy(&host, "strict.toml", "[artifacts]\nscan = \"refused\"\nmax-bytes = 1000000\n");
    let asked = ["--sarif", "found.sarif", "--junit", "found.xml"];
    let log = |host: &Host| -> Value { serde_json::from_slice(&std::fs::read(host.path("found.sarif")).unwrap()).unwrap() };
    let xml = |host: &Host| std::fs::read_to_string(host.path("found.xml")).unwrap();
    let gate = ["gate", "out", "--policy", "strict.toml", "--sarif", "gate.sarif", "--junit", "gate.xml"];
    refuses(&host, POLICY, &gate, &["artifacts.scan"]);
    refuses(&host, POLICY, &[&["verify", "out", "--policy", "strict.toml"], &asked[..]].concat(), &["artifacts.scan"]);
    for (one, other) in [("gate.sarif", "found.sarif"), ("gate.xml", "found.xml")] {
        assert_eq!(std::fs::read(host.path(one)).unwrap(), std::fs::read(host.path(other)).unwrap(), "{one}");
    }
    // A device takes it as a file does.
    std::os::unix::fs::symlink("/dev/null", host.path("null")).unwrap();
    refuses(&host, POLICY, &["verify", "out", "--policy", "strict.toml", "--sarif", "null"], &["artifacts.scan"]);
    refuses(&host, 2, &[&["verify", "out"], &asked[..]].concat(), &["nothing to judge by"]);

    // What is not what was signed was not judged: neither document looks like one without findings.
    let volume = std::fs::read_dir(host.path("out"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|e| e == "airlift"));
    let (good, volume) = (std::fs::read(volume.as_ref().unwrap()).unwrap(), volume.unwrap());
    let mut damaged = good.clone();
    let at = damaged.len() - 10_000.min(damaged.len() / 2);
    damaged[at] ^= 1;
    std::fs::write(&volume, damaged).unwrap();
    let ran = host.run(&[&["verify", "out", "--policy", "strict.toml"], &asked[..]].concat());
    assert!(ran.code != Some(0) && ran.code != Some(POLICY), "{ran:?}");
    assert_eq!(log(&host)["runs"][0]["invocations"][0]["executionSuccessful"], false);
    assert!(xml(&host).contains("errors=\"1\"") && xml(&host).contains("<error message="), "{}", xml(&host));
    std::fs::write(&volume, good).unwrap();

    let far = Host::new();
    accept(&far, &host.path("trust/root.1.json"));
    let out = host.path("out");
    let import = [&["import", arg(&out)], &asked[..]].concat();
    refuses(&far, 2, &import, &["no rule is asked"]);
    far.ok(&["policy", "set", arg(&host.path("strict.toml"))]);
    refuses(&far, POLICY, &import, &["artifacts.scan"]);
    let runs = log(&far)["runs"].as_array().unwrap().clone();
    assert!(
        runs.len() == 1 && runs[0]["results"].to_string().contains("artifacts.scan") && runs[0].get("invocations").is_none(),
        "{runs:?}"
    );
    assert!(xml(&far).contains("<failure type=\"artifacts.scan\"") && xml(&far).contains("errors=\"0\""));
    policy(&far, "kind.toml", "[artifacts]\nscan = \"shown\"\n");
    far.ok(&["policy", "set", "kind.toml"]);
    far.ok(&import);
    let runs = log(&far)["runs"].as_array().unwrap().clone();
    assert!(runs.len() == 1 && runs[0]["results"][0]["level"] == "warning" && runs[0].get("invocations").is_none(), "{runs:?}");
    far.ok(&import);
    assert_eq!(log(&far)["runs"][0]["invocations"][0]["executionSuccessful"], false, "what is installed already was not judged again");
    refuses(&far, 2, &[&import[..], &["--dry-run"]].concat(), &["no rule is asked"]);
}

/// Scores are asked where they lie: in a folder beside the records, as their publisher calls them.
#[tokio::test(flavor = "multi_thread")]
async fn scores_of_a_folder_are_asked() {
    let site = Site::new().await;
    let host = Host::new();
    host.write("plain.lock", site.locked(&site.python(), TAKEN).await.unwrap().to_bytes());
    std::fs::create_dir_all(host.path("osv/PyPI")).unwrap();
    host.write("osv/PyPI/all.zip", ours().bytes);
    policy(&host, "likely.toml", "[advisories]\nmax-age-days = 36525\nlikelihood = 0.1\nunknown-likelihood = \"refused\"\n");
    let args = ["gate", "--lock", "plain.lock", "--policy", "likely.toml", "--advisories", "osv"];
    refuses(&host, POLICY, &args, &["advisories.likely", "no table of scores is here"]);
    let table =
        |share: &str| format!("#model_version:v4,score_date:2026-10-20T00:00:00Z\ncve,epss,percentile\nCVE-0000-0001,{share},0.9\n");
    let packed = |text: &str| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut packed, text.as_bytes()).and_then(|()| packed.finish()).expect("a stream")
    };
    host.write("osv/epss_scores-current.csv.gz", packed(&table("0.42")));
    refuses(&host, POLICY, &args, &["advisories.likely", "EXAMPLE-2024-1, likely by 42 %", "epss_scores-current.csv.gz as of 2026-10-20"]);
    host.write("osv/epss_scores-current.csv.gz", packed(&table("0.02")));
    let ran = host.run(&args);
    assert!(ran.code == Some(0) && ran.out.contains("passed       advisories.likely"), "{ran:?}");
}

/// What foreign readers make of the documents, in the environment `gates`.
#[test]
fn foreign_readers_take_the_documents() {
    let (host, _origin) = sender();
    policy(&host, "mixed.toml", "[artifacts]\nscan = \"refused\"\nmax-bytes = 20\nunknown-licence = \"shown\"\ncool-down-days = 1\n");
    let args = ["gate", "out", "--policy", "mixed.toml", "--sarif", "found.sarif", "--junit", "found.xml"];
    refuses(&host, POLICY, &args, &["artifacts.size"]);
    let read = |name: &str| std::fs::read(host.path(name)).unwrap();
    let first = (read("found.sarif"), read("found.xml"));
    refuses(&host, POLICY, &args, &["artifacts.size"]);
    assert_eq!(first, (read("found.sarif"), read("found.xml")), "the same input gives the same bytes");
    let (Some(environment), Some(schema)) = (stock::environment("gates"), stock::file("sarif-schema", "sarif-2.1.0-rtm.5.json")) else {
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/judge-findings.py");
    let judged = |files: &[&str]| {
        let mut command = Command::new(environment.join("bin/python"));
        command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C.UTF-8").arg("-I").arg(&script).arg(&schema);
        command.args(files.iter().map(|name| host.path(name))).output().unwrap()
    };
    let found = String::from_utf8(read("found.sarif")).unwrap();
    host.write("bad.sarif", found.replacen("\"level\"", "\"severity\"", 1));
    assert!(!judged(&["bad.sarif", "found.xml"]).status.success(), "the judge refuses what the schema does not have");
    // Of two that were judged and one that was not, in one document.
    let failed = ["verify", "out", "--policy", "mixed.toml", "--sarif", "failed.sarif", "--junit", "failed.xml", "--advisories", "none"];
    assert_ne!(host.run(&failed).code, Some(0));
    let ran = judged(&["found.sarif", "found.xml", "failed.sarif", "failed.xml"]);
    assert!(ran.status.success(), "{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
}
