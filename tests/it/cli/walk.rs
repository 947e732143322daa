//! The whole walk on good input, once as people see it and once as scripts do.

use super::help::commands;
use super::{SIGNED, manifest, origin, packed, receiver, sign_in, status};
use crate::host::{AIRLIFT, Host, Ran, arg};
use crate::world::noise;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;

/// Runs commands of a host twice, for people and with `--json`, and remembers which ones they were.
struct Walk {
    host: Host,
    walked: BTreeSet<String>,
}

impl Walk {
    fn go(&mut self, args: &[&str], words: &[&str]) {
        let ran = self.host.ok(args);
        for word in words {
            assert!(ran.out.contains(word) || ran.err.contains(word), "airlift {args:?} does not say {word}: {}{}", ran.out, ran.err);
        }
        assert!(!ran.err.contains("error"), "{}", ran.err);
        let quiet = self.host.ok(&[&["--quiet"], args].concat());
        assert!(quiet.err.lines().all(|line| line.starts_with("warning: ")), "{args:?} talks with --quiet: {}", quiet.err);
        let documents = self.host.json(args);
        assert!(documents.len() <= 1, "airlift {args:?} gave {} documents", documents.len());
        self.note(args);
    }

    /// The same for commands that can be done once only: each time with another argument.
    fn note(&mut self, args: &[&str]) {
        let name = commands()
            .into_iter()
            .map(|(path, _)| path.join(" "))
            .find(|name| format!("{} ", args.join(" ")).starts_with(&format!("{name} ")));
        self.walked.insert(name.unwrap_or_else(|| panic!("{args:?} is no command")));
    }
}

fn signed<'a>(args: &[&'a str]) -> Vec<&'a str> {
    [args, &SIGNED].concat()
}

#[test]
fn every_command_on_good_input() {
    let files: [(&str, &[u8]); 2] = [("/tool.tar", &noise(300_000, 1)), ("/guide.txt", b"read me first\n")];
    let origin = origin(&files);
    let mut walk = Walk { host: Host::new(), walked: BTreeSet::new() };
    connected_side(&mut walk);
    walk.host.write("kit.toml", manifest(&origin, &files));
    walk.go(&["lock", "kit.toml"], &["wrote kit.lock: 2 blobs", "next: airlift fetch kit.lock"]);
    walk.go(&["fetch", "kit.lock"], &["all 2 blobs are in the store", "next: airlift pack kit.lock"]);
    walk.go(&signed(&["pack", "kit.lock", "--out", "out"]), &["1 volume", "signed by alice", "bundle    kit 1"]);
    walk.go(&signed(&["build", "kit.toml", "--out", "out", "--locked"]), &["bundle    kit 1"]);
    walk.go(&["diff", "kit.lock", "kit.lock"], &["0 changed, 0 new, 0 removed"]);
    walk.go(&["inspect", "out", "--artifacts"], &["kit 1 (main line)", "all/tool.tar", "not verified"]);
    walk.go(&signed(&["sign", "out"]), &["signed by alice"]);
    one_way(&mut walk);
    inside(&mut walk);
    repaired(&mut walk);
    again(&mut walk);
    trusting(&mut walk);
    let all: BTreeSet<String> = commands().into_iter().map(|(path, _)| path.join(" ")).collect();
    assert_eq!(walk.walked, all, "some commands were never run");
}

fn connected_side(walk: &mut Walk) {
    for (n, flags) in [&["key"][..], &["--quiet", "key"], &["--json", "key"]].iter().enumerate() {
        walk.host.ok(&[flags, &["generate", &format!("key{n}"), "--no-passphrase"][..]].concat());
    }
    walk.note(&["key", "generate"]);
    walk.go(&["key", "show", "key0.pub"], &["ssh-ed25519 ", "SHA256:"]);
    sign_in(&walk.host);
    walk.note(&["trust", "init"]);
    walk.note(&["trust", "accept"]);
    walk.go(&["trust", "show"], &["signed by  alice"]);
    walk.go(&signed(&["trust", "sign", "trust/root.1.json"]), &["signed by  alice"]);
    assert!(walk.host.ok(&["trust", "allowed-signers"]).out.starts_with("alice namespaces=\"bundle.v1@airlift\" ssh-ed25519 "));
    walk.note(&["trust", "allowed-signers"]);
    for (n, flags) in [&["init"][..], &["--quiet", "init"], &["--json", "init"]].iter().enumerate() {
        walk.host.ok(&[flags, &[format!("kit{n}").as_str()][..]].concat());
    }
    walk.note(&["init"]);
    let template = std::fs::read_to_string(walk.host.path("kit0.toml")).expect("it was written");
    for room in airlift::ecosystems::names() {
        assert!(template.contains(&format!("[{room}.")), "{room} is not in the manifest to begin with");
    }
    let is_key =
        |line: &&str| line.split_once(" = ").is_some_and(|(key, _)| key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
    let bare = |line: &'_ str| line.strip_prefix("# ").filter(|l| l.starts_with('[') || is_key(l)).unwrap_or(line).to_owned();
    let all = template.lines().map(bare).collect::<Vec<_>>().join("\n");
    airlift::manifest::Manifest::parse(&all, &airlift::ecosystems::names()).expect("what is commented out is right too");
}

fn one_way(walk: &mut Walk) {
    for (flag, talk) in [(&[][..], "records of 1120 bytes"), (&["--quiet"], ""), (&["--json"], "\"phase\":\"sending\"")] {
        let (stream, out) = (walk.host.path("stream"), format!("in{}", flag.concat()));
        let mut send = walk.host.command(&[flag, &["send", "out"]].concat());
        let sent = Ran::of(send.stdout(File::create(&stream).expect("a file")).output().expect("airlift runs"));
        let mut receive = walk.host.command(&[flag, &["receive", "--out", &out]].concat());
        let received = Ran::of(receive.stdin(File::open(&stream).expect("a file")).output().expect("airlift runs"));
        assert!(sent.code == Some(0) && sent.err.contains(talk) && (sent.err.is_empty() == talk.is_empty()), "{sent:?}");
        assert!(received.code == Some(0) && (received.err.is_empty() == talk.is_empty()), "{received:?}");
        match flag {
            ["--json"] => assert_eq!(serde_json::from_str::<serde_json::Value>(&received.out).expect("JSON")["verified"], false),
            _ => assert!(received.out.contains("1 volume") && received.out.contains("0 recovered"), "{received:?}"),
        }
    }
    walk.note(&["send", "out"]);
    walk.note(&["receive", "--out", "in"]);
    walk.go(&["verify", "in"], &["1 of 1: alice"]);
}

/// What goes back, and what is packed again.
fn again(walk: &mut Walk) {
    walk.go(&["inventory", "--out", "site.inventory"], &["snapshot 2: ", "--base site.inventory"]);
    walk.go(&signed(&["merge", "out", "--out", "merged"]), &["1 volume", "signed by alice"]);
    walk.go(&signed(&["split", "out", "--out", "cut", "--volume-size", "13MiB"]), &["signed by alice"]);
    for (n, flags) in [&[][..], &["--quiet"], &["--json"]].iter().enumerate() {
        let ran = walk.host.ok(&[flags, &["extract", "out", "--artifact", "tool.tar", "--out", &format!("files{n}")][..]].concat());
        assert!(ran.out.contains("tool.tar") && ran.err.contains("digest") == flags.is_empty(), "{ran:?}");
        assert_eq!(std::fs::read(walk.host.path(&format!("files{n}/tool.tar"))).expect("a file"), noise(300_000, 1));
    }
    walk.note(&["extract", "out", "--artifact", "tool.tar", "--out", "files"]);
}

fn inside(walk: &mut Walk) {
    walk.go(&["verify", "out"], &["1 of 1: alice", "2 blobs"]);
    walk.go(&["plan", "out"], &["order      the first of its line here", "volumes    1 of 1 here"]);
    walk.go(&["import", "--dry-run", "out"], &["order      the first of its line here"]);
    walk.go(&["import", "out"], &["imported as snapshot 1", "next: airlift serve"]);
    walk.go(&["import", "--dry-run", "out"], &["order      installed already"]);
    walk.go(&["up", "kit.toml", "--no-serve", "--out", "up", "--key", "alice", "--allow-plain-key"], &["bundle    kit 1"]);
    walk.go(&["status"], &["serving   snapshot 1 of 1", "kit 1 (main line)"]);
    walk.go(&["rollback", "1"], &["serving snapshot 1"]);
    walk.go(&["gc", "--dry-run"], &["would remove 0 blobs"]);
    walk.go(&["scrub"], &["0 faults"]);
    walk.go(&["scan"], &["scanned 2 blobs", "0 errors"]);
    walk.go(&["scan", "out"], &["kit 1", "scanned 2 blobs"]);
    let ran = walk.host.ok(&["sbom"]);
    let document: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    assert!(document["bomFormat"] == "CycloneDX" && ran.err.contains("2 artifacts"), "{}", ran.err);
    assert_eq!(walk.host.ok(&["--quiet", "sbom"]).err, "");
    walk.note(&["sbom"]);
    for (n, flags) in [&[][..], &["--quiet"], &["--json"]].iter().enumerate() {
        let ran = walk.host.ok(&[flags, &["evidence", "--out", &format!("pack{n}"), "--profile", "hipaa"][..]].concat());
        assert!(ran.out.contains("installed, snapshot 1") && (flags.is_empty() == ran.err.contains("check.sh -s ")), "{ran:?}");
    }
    walk.note(&["evidence"]);
    let printed = walk.host.ok(&["report"]);
    assert!(
        printed.out.starts_with("# Installed: snapshot 1") && printed.out.contains("not assessed: no advisory data"),
        "{}",
        printed.out
    );
    assert_eq!(walk.host.json(&["report", "out"])[0]["airlift-report"], 1);
    let signing = ["--sign", "alice", "--allow-plain-key"];
    let signed = walk.host.ok(&[&["report", "--out", "rep"], &signing[..]].concat());
    assert!(signed.err.contains("signed, logged as event") && walk.host.path("rep/report.pdf").is_file(), "{}", signed.err);
    walk.note(&["report"]);
    of_the_log(walk);
    of_policy(walk);
    walk.go(&["client", "curl"], &["/files/latest/"]);
    let schema: serde_json::Value = serde_json::from_str(&walk.host.ok(&["schema"]).out).expect("JSON");
    assert!(schema["properties"]["files"].is_object(), "{schema}");
    references_hold(&schema, &schema["$defs"]);
    walk.note(&["schema"]);
    walk.host.ok(&["completions", "bash"]);
    walk.note(&["completions"]);
    let mut serving = walk.host.start(&["serve", "--http", "127.0.0.1:0"]);
    let url = serving.line().trim_start_matches("listening on http://").to_owned();
    assert!(get(&url, "/files/latest/all/guide.txt").ends_with("\r\n\r\nread me first\n"));
    let listed = get(&url, "/reports/");
    let page = listed.split("href=\"").find(|part| part.contains("report.de.html")).expect("a signed report").split('"').next().unwrap();
    let shown = get(&url, page);
    assert!(shown.contains("<html lang=\"de\">") && shown.contains("sandbox") && !shown.contains("<script"), "{shown}");
    let outside = get(&url, &page.replace("report.de.html", "..%2F..%2Fpolicy.toml"));
    assert!(["HTTP/1.1 400", "HTTP/1.1 404"].iter().any(|refused| outside.starts_with(refused)), "{outside}");
    serving.signal(rustix::process::Signal::TERM);
    assert_eq!(serving.end().code, Some(0), "a server that is asked to stop has not failed");
    walk.note(&["serve"]);
    advised(walk);
}

fn advised(walk: &mut Walk) {
    let archive = crate::advisories::ours().bytes;
    let origin = origin(&[("/PyPI/all.zip", &archive)]);
    let section = format!("[advisories.osv]\necosystems = [\"PyPI\"]\nsource = \"{}/{{ecosystem}}/all.zip\"\n", origin.address);
    walk.host.write("known.toml", format!("airlift = 1\nname = \"known\"\n{section}"));
    walk.host.fails(3, &["audit"], &["no advisories are here"]);
    let up = walk.host.ok(&["up", "known.toml", "--no-serve", "--out", "known", "--key", "alice", "--allow-plain-key"]);
    assert!(up.err.contains("known now assessed 0, undetermined 0"), "{up:?}");
    walk.go(&["audit"], &["not known: no advisories are about pkg:generic", "used: advisories/osv/PyPI", "findings 0"]);
    walk.go(&["client", "osv-scanner"], &["/advisories/latest/osv-scanner/PyPI/all.zip"]);
    let statement = "airlift-statements = 1\n[[statement]]\nvulnerability = \"CVE-0000-0001\"\nproducts = [\"pkg:pypi/example-parser\"]\n\
        status = \"not_affected\"\njustification = \"vulnerable_code_not_present\"\nowner = \"Alice\"\ngranted = \"2026-11-01\"\nexpires = \"2027-10-31\"\n";
    walk.host.write("statements.toml", statement);
    walk.go(&signed(&["vex", "write", "statements.toml", "--out", "vex"]), &["1 statement written to vex"]);
    walk.go(&signed(&["vex", "sign", "vex/statements.cdx.json"]), &["signed: vex/statements.cdx.alice."]);
    walk.go(&["vex", "show", "vex/statements.openvex.json"], &["CVE-0000-0001", "until 2027-10-31 by Alice", "signed by alice (1 needed)"]);
    walk.go(&["vex", "keep", "vex/statements.openvex.json"], &["1 statement kept as vex/"]);
    let kept = walk.host.json(&["vex", "keep", "vex/statements.openvex.json"]).remove(0);
    let withdraw = ["vex", "withdraw", kept["kept"].as_str().expect("a digest"), "--reason", "it is called after all"];
    assert!(walk.host.ok(&withdraw).err.contains("withdrawn; logged as event"));
    walk.note(&withdraw);
}

/// A damaged volume with parity.
fn repaired(walk: &mut Walk) {
    walk.host.ok(&signed(&["pack", "kit.lock", "--out", "protected", "--parity", "5%"]));
    let mut volume = std::fs::read(walk.host.path("protected/kit-2.airlift")).expect("a volume");
    volume[150_000..154_000].fill(0);
    walk.host.write("protected/kit-2.airlift", volume);
    walk.go(&["inspect", "protected"], &["5.0 % in every volume"]);
    walk.go(&["repair", "protected", "--in-place"], &["repaired 1 volume", "damaged  volume 1"]);
}

/// Rules and people; what they refuse is in `approvals.rs`.
fn of_policy(walk: &mut Walk) {
    walk.host.write("policy.toml", "airlift-policy = 1\n[bundle]\nlines = [\"main\"]\n");
    walk.go(&["policy", "set", "policy.toml"], &["in force"]);
    walk.go(&["policy", "show"], &["lines = [\"main\"]"]);
    walk.go(&["gate", "out"], &["kit 1", "bundle.line"]);
    walk.go(&["review", "out", "--out", "kit.review.json"], &["replaces  kit 1", "review    "]);
    walk.go(&["policy", "clear"], &["nothing is asked"]);
    walk.note(&["approve"]);
}

/// The event log of the same host, which is witnessed by another.
fn of_the_log(walk: &mut Walk) {
    walk.go(&["log", "verify"], &["every event is as it was logged", "earlier checkpoints agree"]);
    walk.go(&["log", "checkpoint"], &["airlift-log/", "paper  "]);
    walk.go(&signed(&["log", "cosign"]), &["cosigned  SHA256:"]);
    walk.go(&["log", "prove", "--index", "0"], &["c2sp.org/tlog-proof@v1"]);
    walk.go(&["log", "prove", "--from", "2"], &["old 2"]);
    walk.go(&["log", "identities"], &["p1     uid "]);
    assert!(walk.host.ok(&["log", "show"]).out.contains("import"));
    walk.note(&["log", "show"]);
    assert!(walk.host.ok(&["log", "export"]).out.starts_with("{\"airlift-event\":1,\"index\":0"));
    walk.note(&["log", "export"]);
    let other = receiver(&walk.host);
    let printed = other.json(&["log", "checkpoint"]).remove(0);
    let file = walk.host.write("returned", printed["note"].as_str().expect("a note"));
    walk.go(&["log", "witness", arg(&file), "--key", printed["key"].as_str().expect("a key")], &["airlift-log/"]);
}

/// The next root, a revocation, and another trust domain in the place of the first.
fn trusting(walk: &mut Walk) {
    const FLAGS: [&[&str]; 3] = [&[], &["--quiet"], &["--json"]];
    for (n, flags) in FLAGS.iter().enumerate() {
        let out = format!("next{n}");
        walk.host.ok(&[flags, &signed(&["trust", "rotate", "--epoch", "1", "--out", &out])[..]].concat());
    }
    walk.note(&["trust", "rotate"]);
    walk.go(&["trust", "diff", "next0/root.2.json"], &["- epoch     0", "+ epoch     1"]);
    walk.host.ok(&["trust", "revoked-keys"]);
    walk.note(&["trust", "revoked-keys"]);
    let alice = walk.host.json(&["key", "show", "alice.pub"])[0]["fingerprint"].as_str().expect("a fingerprint").to_owned();
    walk.go(
        &["trust", "impact", &alice],
        &["signed 2 bundles that this host accepted", "kit 1 (main line)", "root 1 of this trust domain"],
    );
    let revoke = signed(&["trust", "revoke", "--key-fingerprint", &alice, "--reason", "retired", "--out", "said"]);
    walk.go(&revoke, &[&format!("{alice} (retired)")]);
    let said = std::fs::read_dir(walk.host.path("said")).expect("a folder").map(|e| e.expect("readable").path());
    let said = said.into_iter().find(|path| path.extension().is_some_and(|x| x == "json")).expect("a revocation");
    walk.go(&["trust", "apply-revocation", arg(&said)], &["signed 2 bundles that this host accepted", "counts no more on this host"]);
    for (n, flags) in FLAGS.iter().enumerate() {
        let shown = |args: &[&str]| walk.host.json(args)[0]["spoken"].as_str().expect("a fingerprint").to_owned();
        let (key, principal, out) = (format!("key{n}"), format!("alice=key{n}.pub"), format!("domain{n}"));
        let init =
            ["trust", "init", &out, "--principal", &principal, "--threshold", "1", "--out", &out, "--key", &key, "--allow-plain-key"];
        walk.host.ok(&init);
        let root = format!("{out}/root.1.json");
        let (old, new) = (shown(&["trust", "show"]), shown(&["trust", "show", &root]));
        let reset = ["trust", "reset", &root, "--fingerprint", &new, "--retire", &old, "--reason", "the only key was revoked"];
        let ran = walk.host.ok(&[flags, &reset[..]].concat());
        assert!(ran.err.contains("is trusted no more"), "{}", ran.err);
    }
    walk.note(&["trust", "reset"]);
}

/// Every reference of a schema leads to a definition, and those of a room to its own.
fn references_hold(schema: &serde_json::Value, definitions: &serde_json::Value) {
    match schema {
        serde_json::Value::Object(members) => {
            if let Some(target) = members.get("$ref").and_then(|t| t.as_str()) {
                let name = target.trim_start_matches("#/$defs/");
                assert!(definitions[name].is_object(), "{target} leads nowhere");
            }
            members.values().for_each(|member| references_hold(member, definitions));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| references_hold(item, definitions)),
        _ => {}
    }
}

/// One answer, as it comes.
pub fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").expect("it reads");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("it answers");
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn up_makes_a_development_key_once_and_says_so() {
    let files: [(&str, &[u8]); 1] = [("/guide.txt", b"read me first\n")];
    let (host, origin) = (Host::new(), origin(&files));
    host.write("kit.toml", manifest(&origin, &files));
    let first = host.ok(&["up", "kit.toml", "--no-serve"]);
    assert!(first.err.contains("made a development key without a passphrase"), "{}", first.err);
    assert_eq!(status(&host)["snapshot"], 1);
    let again = host.ok(&["up", "kit.toml", "--no-serve"]);
    assert!(again.err.contains("installed already") && !again.err.contains("made a development key"), "{}", again.err);
    host.write("kit.toml", manifest(&origin, &files) + "# changed\n");
    let mut serving = host.start(&["up", "kit.toml", "--http", "127.0.0.1:0"]);
    let listening = loop {
        let line = serving.line();
        if let Some(address) = line.strip_prefix("listening on http://") {
            break address.to_owned();
        }
    };
    assert!(serving.said("try it").contains("pip install --index-url"));
    assert!(get(&listening, "/").starts_with("HTTP/1.1 200"));
    assert_eq!(status(&host)["snapshot"], 2);
}

#[test]
fn a_bundle_crosses_and_is_served_from_the_medium() {
    let (sender, _origin) = packed(&[("/guide.txt", b"read me first\n")]);
    let inside = receiver(&sender);
    let medium = sender.path("out");
    let mut serving = inside.start(&["--json", "serve", arg(&medium), "--http", "127.0.0.1:0"]);
    let listening: serde_json::Value = serde_json::from_str(&serving.line()).expect("JSON");
    let address = listening["listening"].as_str().expect("a URL").trim_start_matches("http://").to_owned();
    assert!(get(&address, "/files/latest/all/guide.txt").ends_with("read me first\n"));
    assert_eq!(status(&inside)["snapshot"], serde_json::Value::Null, "nothing was imported");
}

#[test]
fn a_number_left_out_is_told_and_taken() {
    let (sender, _origin) = packed(&[("/guide.txt", b"read me first\n")]);
    let inside = receiver(&sender);
    inside.ok(&["import", arg(&sender.path("out"))]);
    sender.ok(&signed(&["pack", "kit.lock", "--out", "fifth", "--seq", "5"]));
    let ran = inside.ok(&["import", arg(&sender.path("fifth"))]);
    assert!(ran.err.contains("numbers 2 to 4 of this line have not been seen here"), "{}", ran.err);
    assert_eq!(status(&inside)["bundles"][0]["seq"], 5);
}

#[test]
fn the_same_lock_and_time_give_the_same_volumes() {
    let (sender, _origin) = packed(&[("/tool.tar", &noise(9_000_000, 3)), ("/guide.txt", b"read me first\n")]);
    let made = |out: &str| {
        let mut command = sender.program(AIRLIFT);
        command.args(signed(&["pack", "kit.lock", "--out", out, "--seq", "9"])).env("SOURCE_DATE_EPOCH", "1770000000");
        assert!(command.output().expect("airlift runs").status.success());
        std::fs::read(sender.path(out).join("kit-9.airlift")).expect("a volume")
    };
    assert!(made("one") == made("two"), "two runs gave different volumes");
}
