//! Gates: a policy's rules over what is locked, carried and installed, as the program asks them, and their documents before foreign readers.

use crate::host::{Host, arg};
use crate::origin::{Origin, Reply};
use crate::scan::made::{part, zip};
use crate::stock;
use airlift::artifact::Digest;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

const SIGNED: [&str; 3] = ["--key", "alice", "--allow-plain-key"];
/// What a rule refuses.
const POLICY: i32 = 5;
/// What could not be assessed.
const INCOMPLETE: i32 = 3;

/// A host with a lock of two files, one of which is an archive that hides something; fetched and packed into `out`.
fn sender() -> (Host, Origin) {
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

fn accept(host: &Host, root: &Path) {
    let shown = host.json(&["trust", "show", arg(root)]);
    host.ok(&["trust", "accept", arg(root), "--fingerprint", shown[0]["spoken"].as_str().expect("a fingerprint")]);
}

fn policy(host: &Host, name: &str, text: &str) {
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
    let Some(environment) = stock::environment("gates") else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/judge-findings.py");
    let mut command = Command::new(environment.join("bin/python"));
    command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C.UTF-8").arg("-I").arg(script);
    let ran = command.arg(host.path("found.sarif")).arg(host.path("found.xml")).output().unwrap();
    assert!(ran.status.success(), "{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
}
