//! People of the role `approve`, and the policy of a receiving host, as the program asks them.

use super::{SIGNED, manifest, origin, receiver, refusal, sign_in, status};
use crate::host::{Host, arg};
use crate::origin::Origin;
use crate::world::noise;

/// What a rule of the receiver refuses.
const POLICY: i32 = 5;

/// A sender whose second root names carol and dave as approvers, other people than who signs, and a bundle under it.
fn sender() -> (Host, Origin) {
    let files: [(&str, &[u8]); 1] = [("/tool.tar", &noise(100_000, 1))];
    let (host, origin) = (Host::new(), origin(&files));
    sign_in(&host);
    for name in ["carol", "dave"] {
        host.ok(&["key", "generate", name, "--no-passphrase"]);
    }
    let people = ["--add", "carol=carol.pub", "--add", "dave=dave.pub", "--role", "approve=carol,dave,alice", "--threshold", "approve=2"];
    host.ok(&[&["trust", "rotate"], &people[..], &["--distinct", "approve=bundle"], &SIGNED].concat());
    host.ok(&["trust", "accept", "trust/root.2.json"]);
    host.write("kit.toml", manifest(&origin, &files));
    host.ok(&[&["build", "kit.toml", "--out", "out"], &SIGNED[..]].concat());
    (host, origin)
}

pub struct Site {
    pub sender: Host,
    _origin: Origin,
    pub host: Host,
    pub out: String,
}

impl Site {
    pub fn new() -> Self {
        let (sender, origin) = sender();
        let (host, out) = (receiver(&sender), arg(&sender.path("out")).to_owned());
        Self { sender, _origin: origin, host, out }
    }

    pub fn review(&self) -> String {
        let shown = self.host.json(&["review", &self.out]).remove(0);
        shown["spoken"].as_str().expect("a digest").to_owned()
    }

    /// The arguments by which somebody decides.
    pub fn decide<'a>(&'a self, key: &'a str, review: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        [&["approve", &self.out, "--review", review, "--key", key, "--allow-plain-key"], more].concat()
    }

    pub fn key(&self, name: &str) -> String {
        arg(&self.sender.path(name)).to_owned()
    }

    pub fn refused(&self, words: &[&str]) {
        self.host.fails(POLICY, &["import", &self.out], words);
        assert_eq!(status(&self.host)["snapshot"], serde_json::Value::Null, "nothing is installed");
    }
}

#[test]
fn two_people_who_did_not_sign_let_a_bundle_in() {
    let site = Site::new();
    let (review, carol, dave, alice) = (site.review(), site.key("carol"), site.key("dave"), site.key("alice"));
    site.refused(&["approved by 0 of 2 people", "airlift review"]);
    site.host.fails(2, &site.decide(&carol, "7Q2KD-0M4XF-9PBSW-T1H8C", &[]), &["not the one of this bundle", &review]);
    site.host.fails(2, &site.decide(&alice, &review, &[]), &["may not approve", "counts as `bundle` already"]);
    site.host.fails(2, &site.decide(&carol, &review, &["--refuse", " "]), &["says no reason"]);
    site.host.ok(&site.decide(&carol, &review, &[]));
    site.refused(&["approved by 1 of 2 people", "carol"]);
    site.host.ok(&site.decide(&dave, &review, &["--refuse", "too new for the ward"]));
    site.refused(&["dave refused it", "too new for the ward"]);
    // Whoever decides again replaces what they said; the times they claim are whole seconds apart.
    let mut again = site.host.command(&site.decide(&dave, &review, &[]));
    assert!(again.env("SOURCE_DATE_EPOCH", "4102444800").status().expect("airlift runs").success());
    let imported = site.host.ok(&["import", &site.out]);
    assert!(imported.err.contains("approved  carol, dave") && !imported.err.contains("BREAK-GLASS"), "{}", imported.err);
    // Whoever decides is a witness of the log as well.
    let verified = site.host.ok(&["log", "verify"]).out;
    assert_eq!((verified.matches(" by carol (").count(), verified.matches(" by dave (").count()), (1, 2), "{verified}");
    let exported = site.host.ok(&["log", "export"]).out;
    assert!(exported.matches("\"event\":\"approve\"").count() == 3 || exported.matches("approve").count() >= 3, "{exported}");
}

/// A witness is told of a log that is not what another witness remembers.
#[test]
fn who_approves_is_told_of_a_log_that_was_changed() {
    let site = Site::new();
    let (review, carol, dave) = (site.review(), site.key("carol"), site.key("dave"));
    site.host.ok(&site.decide(&carol, &review, &[]));
    let log = |file: &str| std::path::PathBuf::from(status(&site.host)["store"].as_str().expect("a path")).join("log").join(file);
    let cosigned = log("cosignatures").read_dir().expect("a folder").next().expect("carol's").expect("readable").path();
    let (size, rest) = cosigned.file_name().unwrap().to_str().unwrap().split_once('.').expect("SIZE.KEY");
    let other = format!("{}.{rest}", size.parse::<u64>().expect("a number") - 1);
    std::fs::rename(&cosigned, cosigned.with_file_name(other)).expect("renamed");
    site.host.fails(7, &site.decide(&dave, &review, &[]), &["cosigned", "decision", "it is kept, and counts"]);
}

#[test]
fn a_changed_policy_makes_approvals_stale() {
    let site = Site::new();
    let (review, carol, dave) = (site.review(), site.key("carol"), site.key("dave"));
    site.host.ok(&site.decide(&carol, &review, &[]));
    site.host.ok(&site.decide(&dave, &review, &[]));
    let policy = site.host.write("policy.toml", "airlift-policy = 1\n[bundle]\nlines = [\"main\"]\n");
    site.host.ok(&["policy", "set", arg(&policy)]);
    let now = site.review();
    assert_ne!(now, review);
    site.refused(&["approved by 0 of 2 people", &review, &now]);
    site.host.ok(&["policy", "clear"]);
    assert_eq!(site.review(), review);
    site.host.ok(&["import", &site.out]);
}

#[test]
fn one_person_alone_is_let_through_loudly_where_the_policy_says_so() {
    let site = Site::new();
    let (carol, dave) = (site.key("carol"), site.key("dave"));
    let before = site.review();
    site.host.ok(&site.decide(&carol, &before, &["--break-glass", "the ward waits"]));
    site.refused(&["approved by 0 of 2", "break-glass: this host's policy does not say so"]);
    let policy = site.host.write("policy.toml", "airlift-policy = 1\n[approval]\nbreak-glass = true\n");
    site.host.ok(&["policy", "set", arg(&policy)]);
    let review = site.review();
    site.host.ok(&site.decide(&carol, &review, &["--break-glass", "the ward waits"]));
    let imported = site.host.ok(&["import", &site.out]);
    assert!(imported.err.contains("warning: BREAK-GLASS: installed on the word of carol alone (the ward waits)"), "{}", imported.err);
    let shown = site.host.ok(&["status"]).out;
    assert!(shown.contains("BREAK-GLASS"), "{shown}");
    let id = status(&site.host)["bundles"][0]["bundle"].as_str().expect("an id").to_owned();
    for key in [&carol, &dave] {
        let mut late = site.host.command(&["approve", "--installed", &id, "--review", &review, "--key", key, "--allow-plain-key"]);
        assert!(late.env("SOURCE_DATE_EPOCH", "4102444800").status().expect("airlift runs").success());
    }
    assert!(!site.host.ok(&["status"]).out.contains("BREAK-GLASS"), "two people have approved it");
}

#[test]
fn approvals_are_carried_and_damaged_ones_refuse() {
    let site = Site::new();
    let (review, folder) = (site.review(), site.sender.path("approvals"));
    for name in ["carol", "dave"] {
        let key = site.key(name);
        // Made on another host of the same state.
        let other = receiver(&site.sender);
        other.ok(&site.decide(&key, &review, &["--out", arg(&folder)]));
    }
    let carol = std::fs::read_dir(&folder).expect("a folder").map(|e| e.expect("an entry").path());
    let document = carol.into_iter().find(|p| p.to_string_lossy().contains("carol") && p.extension().is_some_and(|x| x == "json"));
    let document = document.expect("carol's document");
    let whole = std::fs::read(&document).expect("a file");
    std::fs::write(&document, [&whole[..whole.len() - 1], b" \n"].concat()).expect("a file");
    site.host.fails(4, &["import", &site.out, "--approvals", arg(&folder)], &["approval"]);
    std::fs::write(&document, &whole).expect("a file");
    site.host.ok(&["import", &site.out, "--approvals", arg(&folder)]);
}

#[test]
fn rules_refuse_by_name() {
    let files: [(&str, &[u8]); 1] = [("/tool.tar", &noise(50_000, 2))];
    let (sender, _origin) = super::packed(&files);
    let (host, out) = (receiver(&sender), arg(&sender.path("out")).to_owned());
    for (policy, words) in [
        ("[bundle]\nlines = [\"lab\"]", ["bundle.line", "main"]),
        ("[bundle]\ntoolkits = [\"other\"]", ["bundle.toolkit", "kit"]),
        ("[bundle]\necosystems = [\"python\"]", ["bundle.ecosystems", "files"]),
        ("[approval]\nrequired = true", ["names nobody who may give them", "trust root"]),
    ] {
        let file = host.write("policy.toml", format!("airlift-policy = 1\n{policy}\n"));
        host.ok(&["policy", "set", arg(&file)]);
        host.fails(POLICY, &["import", &out], &words);
    }
    let broken = host.write("broken.toml", "airlift-policy = 1\n[bundle]\nline = [\"main\"]\n");
    host.fails(2, &["policy", "set", arg(&broken)], &["line"]);
    std::fs::write(host.store().join("policy.toml"), "airlift-policy = 7\n").expect("a file");
    let ran = host.run(&["--json", "import", &out]);
    assert_eq!(refusal(&ran)["kind"], "store", "a policy that cannot be read refuses: {}", ran.err);
    host.ok(&["policy", "clear"]);
    host.ok(&["import", &out]);
}

/// Another host that trusts the same people and has decided nothing.
pub fn another(site: &Site) -> Host {
    let host = receiver(&site.sender);
    host.ok(&["trust", "accept", arg(&site.sender.path("trust/root.2.json"))]);
    host
}
