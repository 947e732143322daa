//! Advisories that are carried, asked about what is carried with them.

use crate::advisories::ours;
use crate::origin::{Origin, Reply};
use crate::sbom;
use crate::scan::made::{part, zip};
use crate::simple_index::{SimpleIndex, wheel};
use crate::world::{World, journal};
use airlift::advisories::{Extent, Freshness, Rating};
use airlift::artifact::Blobs;
use airlift::ecosystems::names;
use airlift::error::Kind;
use airlift::lock::Lock;
use airlift::manifest::Manifest;
use airlift::progress::Silent;
use airlift::steps::advise::{Beside, at_hand};
use airlift::steps::assess::{Assessed, Held, Origin as From, Terms, must_not_go_back, said};
use airlift::steps::fetch::{FetchOptions, fetch};
use airlift::steps::lock::{LockOptions, lock};
use airlift::steps::report::{self, Before, Risks};
use airlift::upstream::{Settings, Upstream};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::path::PathBuf;

/// When advisories are taken: before the time that the world's stores know of, which is when the program was written.
pub const TAKEN: &str = "2026-10-28T00:00:00Z";

/// A list of exploited vulnerabilities.
pub const KEV: &str = r#"{"catalogVersion":"2026.10.20","vulnerabilities":[{"cveID":"CVE-0000-0001","dateAdded":"2026-10-20"}]}"#;
/// A record of another archive.
const OTHER: &str = r#"{"id":"EXAMPLE-2026-9","modified":"2024-05-01T00:00:00Z","affected":[{"package":{"ecosystem":"PyPI","name":"example-other"},
    "versions":["1.0"]}]}"#;

/// A sender with an index of packages and a publisher of advisories.
pub struct Site {
    pub world: World,
    index: SimpleIndex,
    osv: Origin,
    upstream: Upstream,
}

impl Site {
    pub async fn new() -> Self {
        let index = SimpleIndex::start().await;
        index.file("example-parser", "example_parser-1.1-py3-none-any.whl", wheel("example_parser", "1.1", &["example-other"]));
        index.file("example-other", "example_other-1.0-py3-none-any.whl", wheel("example_other", "1.0", &[]));
        let other = zip(&[part("EXAMPLE-2026-9.json", OTHER.as_bytes())]);
        let osv = Origin::new(&[
            ("/PyPI/all.zip", vec![Reply::File(ours().bytes)]),
            ("/other/PyPI/all.zip", vec![Reply::File(other)]),
            ("/kev.json", vec![Reply::File(KEV.as_bytes().to_vec())]),
        ]);
        let upstream = Upstream::new(Settings { attempts: 2, ..Settings::default() }).unwrap();
        Self { world: World::new(), index, osv, upstream }
    }

    pub fn advisories(&self) -> String {
        let at = &self.osv.address;
        format!("[advisories.osv]\necosystems = [\"PyPI\"]\nsource = \"{at}/{{ecosystem}}/all.zip\"\nexploited = \"{at}/kev.json\"\n")
    }

    /// The same ecosystem from another publisher, and nothing else.
    pub fn elsewhere(&self) -> String {
        format!("[advisories.osv]\necosystems = [\"PyPI\"]\nsource = \"{}/other/{{ecosystem}}/all.zip\"\n", self.osv.address)
    }

    pub fn python(&self) -> String {
        format!("[python.x]\nrequirements = [\"example-parser\"]\ndefault-index = \"{}\"\n", self.index.url())
    }

    pub async fn locked(&self, sections: &str, now: &str) -> airlift::error::Result<Lock> {
        let targets = "[targets.linux]\nplatform = \"linux-x86_64\"\npython = \"3.12\"\nglibc = \"2.28\"\n";
        let text = format!("airlift = 1\nname = \"kit\"\n{targets}{sections}");
        let manifest = Manifest::parse(&text, &names()).unwrap();
        let cache = self.world.path("cache");
        let now = now.parse().unwrap();
        let options = LockOptions { base: std::path::Path::new("."), cache: &cache, now, upstream: &self.upstream, progress: &Silent };
        lock(&manifest, &options).await.map(|done| done.lock)
    }

    pub async fn packed(&self, lock: &Lock, out: &str) -> Vec<PathBuf> {
        let (writer, cache) = (self.world.sender.writer().unwrap(), self.world.path("cache"));
        let options = FetchOptions { upstream: &self.upstream, cache: &cache, parallel: 2, progress: &Silent };
        fetch(lock.clone(), &journal(&writer), &options).await.unwrap();
        drop(writer);
        self.world.pack(lock, out, None, &[1])
    }
}

pub fn at(now: &str) -> Terms {
    let now: Timestamp = now.parse().unwrap();
    let freshness = Freshness { now, most_age: SignedDuration::from_hours(7 * 24) };
    Terms { freshness, lifetime: SignedDuration::from_hours(90 * 24) }
}

fn audited(lock: &Lock, held: &Held, blobs: &dyn Blobs, now: &str) -> airlift::error::Result<Assessed> {
    held.assess(&sbom::inventory(&lock.artifacts, blobs), &at(now))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_carried_is_assessed_and_nothing_missing_is_clean() {
    let site = Site::new().await;
    let lock = site.locked(&format!("{}{}", site.python(), site.advisories()), TAKEN).await.unwrap();
    let receiver = site.world.receiver("receiver");
    site.world.import(&site.packed(&lock, "out").await, &receiver).unwrap();

    let held = Held::of(&lock.artifacts, &receiver).unwrap();
    let told = audited(&lock, &held, &receiver, TAKEN).unwrap();
    let affected: Vec<_> = told.lines.iter().filter(|line| !line.findings.is_empty()).collect();
    assert_eq!((affected.len(), told.counts.affected, told.counts.assessed, told.counts.not_assessable), (1, 1, 2, 0), "{told:?}");
    let found = &affected[0].findings[0];
    assert!(affected[0].purl.starts_with("pkg:pypi/example-parser@1.1") && affected[0].extent == Extent::Assessed);
    assert_eq!((found.id.as_str(), found.fixed[0].as_str(), found.exploited.as_deref()), ("EXAMPLE-2024-1", "1.2", Some("2026-10-20")));
    assert_eq!(told.lines.len(), 2, "the advisories are no software: {told:?}");
    assert_eq!(told.taken["PyPI"].time.to_string(), TAKEN);
    // Nobody rated it, so that it counts from any rating on.
    assert_eq!(told.refuse(Rating::Critical).map_err(|error| error.kind()), Err(Kind::Policy));

    // In a report: counted and listed where they could be asked, and never a number where not.
    let reported = |now: &str| {
        let (inventory, at) = (sbom::inventory(&lock.artifacts, &receiver), now.parse().unwrap());
        let risks = Risks::ask((&lock.artifacts, &receiver, Some(&receiver)), Beside::default(), &inventory, Before::Uncompared, at);
        let current = receiver.current().unwrap().unwrap();
        serde_json::to_value(report::of_snapshot(&receiver, &current, &lock.artifacts, (&inventory, &risks), at).unwrap()).unwrap()
    };
    let tile = |report: &Value, tile: &str| {
        let found = report["risks"].as_array().unwrap().iter().find(|risk| risk["said"]["tile"] == tile).cloned();
        found.expect("every tile is there")["said"]["count"].clone()
    };
    let report = reported(TAKEN);
    assert_eq!(
        (tile(&report, "exploited"), tile(&report, "severe-new"), tile(&report, "not-assessable")),
        (1.into(), Value::Null, 0.into())
    );
    assert_eq!((tile(&report, "severe"), tile(&report, "unrated")), (0.into(), 1.into()), "nobody rated it");
    assert_eq!(report["findings"]["said"][0]["fix"], "1.2");
    assert!(report["ages"].to_string().contains("PyPI") && !report["not-checked"].to_string().contains("no-advisories"), "{report}");
    // That it is exploited rests on a list, which has an age and a digest of its own.
    let age = |report: &Value, what: &str| {
        let found = report["ages"].as_array().unwrap().iter().find(|age| age["said"]["what"] == what).cloned();
        found.unwrap_or_else(|| panic!("{what} has no age: {report}"))
    };
    // The archive was fetched at one time, and nothing in it has changed for long before.
    let newest = age(&report, "advisory-data")["said"]["newest"].clone();
    assert!(newest["time"].as_str().is_some_and(|time| time < "2026-01-01") && newest["days"].as_u64() > Some(180), "{newest}");
    let list = age(&report, "exploited-list");
    let digest = lock.artifacts.iter().find(|artifact| artifact.name == "exploited.json").unwrap().descriptors[0].digest;
    assert_eq!((&list["said"]["time"], &list["evidence"]["sha256"]), (&TAKEN.into(), &digest.hex().into()), "{list}");
    // As old as the policy lets them be, and where there is none, as old as gates do without one.
    assert_eq!(tile(&reported("2026-11-05T00:00:00Z"), "exploited"), 1);
    let stale = reported("2026-12-05T00:00:00Z");
    assert!(tile(&stale, "exploited").is_null() && stale["not-checked"].to_string().contains("advisories-unusable"), "{stale}");
    let kept = age(&stale, "advisory-data");
    assert_eq!((&kept["said"]["name"], &kept["said"]["time"]), (&"PyPI".into(), &TAKEN.into()), "what is too old is here all the same");
    assert_eq!(age(&stale, "exploited-list")["said"]["time"], TAKEN);

    std::fs::write(receiver.policy_path(), "airlift-policy = 1\n[advisories]\nmax-age-days = 3\n").unwrap();
    assert!(tile(&reported("2026-11-01T00:00:00Z"), "exploited").is_null(), "older than the policy lets them be");
    assert_eq!(tile(&reported("2026-10-30T00:00:00Z"), "exploited"), 1);
    std::fs::remove_file(receiver.policy_path()).unwrap();

    // Too old, not carried, and carried without its bytes: errors, not empty answers.
    assert_eq!(audited(&lock, &held, &receiver, "2026-11-05T00:00:00Z").map(drop).map_err(|e| e.kind()), Err(Kind::Policy));
    let nothing = Held::of(&lock.artifacts[..0], &receiver).unwrap();
    assert_eq!(audited(&lock, &nothing, &receiver, TAKEN).map(drop).map_err(|e| e.kind()), Err(Kind::Incomplete));
    let absent = Held::of(&lock.artifacts, &airlift::steps::sbom::Nowhere);
    assert_eq!(absent.map(drop).map_err(|e| e.kind()), Err(Kind::Incomplete));

    // A statement stands beside the finding, and takes nothing away.
    let vex = br#"{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://example.org/vex/1","author":"Ada","timestamp":"2026-10-27T00:00:00Z",
        "version":1,"statements":[{"vulnerability":{"name":"CVE-0000-0001"},"products":[{"@id":"pkg:pypi/example-parser"}],
        "status":"not_affected","justification":"vulnerable_code_not_in_execute_path"}]}"#;
    let held = held.with_statements(said("vex.json", vex).unwrap());
    let told = audited(&lock, &held, &receiver, TAKEN).unwrap();
    let found = told.lines.iter().flat_map(|line| &line.findings).next().unwrap();
    assert_eq!((told.counts.findings, found.said.as_ref().map(|said| said.author.as_str())), (1, Some("Ada")));
}

#[tokio::test(flavor = "multi_thread")]
async fn advisories_never_go_back_in_time() {
    let site = Site::new().await;
    let newer = site.locked(&site.advisories(), TAKEN).await.unwrap();
    let older = site.locked(&site.advisories(), "2026-10-27T00:00:00Z").await.unwrap();
    let receiver = site.world.receiver("receiver");
    site.world.import(&site.packed(&newer, "newer").await, &receiver).unwrap();
    let before = receiver.current().unwrap().unwrap().number;
    let refused = site.world.import(&site.packed(&older, "older").await, &receiver).map(drop).expect_err("older advisories");
    assert!(refused.kind() == Kind::Policy && refused.message().contains("later one"), "{refused}");
    assert_eq!(receiver.current().unwrap().unwrap().number, before);
    // Nor by way of an older snapshot, which has none.
    let plain = site.locked(&site.python(), TAKEN).await.unwrap();
    let other = Lock::new("other".to_owned(), "main".to_owned(), plain.manifest, plain.artifacts.clone()).unwrap();
    site.world.import(&site.packed(&other, "other").await, &receiver).unwrap();
    let gone = Lock::new("kit".to_owned(), "main".to_owned(), plain.manifest, plain.artifacts).unwrap();
    site.world.import(&site.packed(&gone, "gone").await, &receiver).expect("a bundle without advisories");
    let again = site.locked(&site.advisories(), "2026-10-27T01:00:00Z").await.unwrap();
    assert!(
        site.world.import(&site.packed(&again, "again").await, &receiver).is_err(),
        "older advisories came in behind a bundle that has none"
    );
    assert!(must_not_go_back(&newer.artifacts, &older.artifacts).is_ok() && must_not_go_back(&newer.artifacts, &newer.artifacts).is_ok());
}

/// What claims to be of a time that has not come would keep everything later out.
#[tokio::test(flavor = "multi_thread")]
async fn advisories_of_the_future_are_not_let_in() {
    let site = Site::new().await;
    let receiver = site.world.receiver("receiver");
    let ahead = site.locked(&site.advisories(), "2027-10-28T00:00:00Z").await.unwrap();
    let ahead = Lock::new("ahead".to_owned(), "main".to_owned(), ahead.manifest, ahead.artifacts).unwrap();
    let refused = site.world.import(&site.packed(&ahead, "ahead").await, &receiver).map(drop).expect_err("from the future");
    assert!(refused.kind() == Kind::Policy && refused.message().contains("from the future"), "{refused}");
    let today = site.locked(&site.advisories(), TAKEN).await.unwrap();
    site.world.import(&site.packed(&today, "today").await, &receiver).expect("advisories of today");
}

fn origins(held: &Held) -> Vec<(&str, From)> {
    held.used.iter().map(|used| (used.label.as_str(), used.origin)).collect()
}

/// Of each kind the newest is asked, wherever it lies; what lies beside it of one time is asked too; and it is said which that was.
#[tokio::test(flavor = "multi_thread")]
async fn of_each_kind_the_newest_is_asked_wherever_it_lies() {
    let site = Site::new().await;
    let (osv, kev) = ("advisories/osv/PyPI", "advisories/exploited.json");
    let receiver = site.world.receiver("receiver");
    let installed = site.locked(&site.advisories(), "2026-10-27T00:00:00Z").await.unwrap();
    site.world.import(&site.packed(&installed, "installed").await, &receiver).unwrap();
    let carried = site.locked(&format!("{}{}", site.python(), site.elsewhere()), TAKEN).await.unwrap();
    site.packed(&carried, "carried").await;

    // A bundle with a newer archive does not shut out the list that is installed.
    let held = at_hand(&carried.artifacts, &site.world.sender, Some(&receiver), &[]).unwrap().unwrap();
    assert_eq!(origins(&held), [(osv, From::Carried), (kev, From::Installed)]);
    let told = audited(&carried, &held, &site.world.sender, TAKEN).unwrap();
    assert_eq!((told.exploited_unknown.as_deref(), told.used.len()), (None, 2));
    // Nor does one with an older archive hide what is known here.
    let older = site.locked(&site.elsewhere(), "2026-10-26T00:00:00Z").await.unwrap();
    let held = at_hand(&older.artifacts, &site.world.sender, Some(&receiver), &[]).unwrap().unwrap();
    assert_eq!(origins(&held), [(osv, From::Installed), (kev, From::Installed)]);
    // Two of one time: both.
    let tied = site.locked(&site.elsewhere(), "2026-10-27T00:00:00Z").await.unwrap();
    let held = at_hand(&tied.artifacts, &site.world.sender, Some(&receiver), &[]).unwrap().unwrap();
    assert_eq!(origins(&held).len(), 3);
    let found = audited(&carried, &held, &site.world.sender, TAKEN).unwrap();
    let found: Vec<&str> = found.lines.iter().flat_map(|line| &line.findings).map(|found| found.id.as_str()).collect();
    assert!(found.contains(&"EXAMPLE-2024-1") && found.contains(&"EXAMPLE-2026-9"), "{found:?}");
    // Without a list nobody knows what is exploited, and a report has no number for it.
    let blind = at_hand(&carried.artifacts, &site.world.sender, None, &[]).unwrap().unwrap();
    let told = audited(&carried, &blind, &site.world.sender, TAKEN).unwrap();
    assert!(told.exploited_unknown.is_some_and(|why| why.contains("no list")));
}

/// An archive that is filtered for one lock says in it for which packages, and judges no other.
#[tokio::test(flavor = "multi_thread")]
async fn a_filtered_archive_is_about_the_packages_of_its_lock() {
    let site = Site::new().await;
    let only = format!("{}only-locked = true\n", site.advisories());
    // Before the packages in the manifest, and locked after them.
    let lock = site.locked(&format!("{only}{}", site.python()), TAKEN).await.unwrap();
    let archive = lock.artifacts.iter().find(|artifact| artifact.name == "osv-filtered/PyPI").expect("a filtered archive");
    assert_eq!(archive.meta["only"], serde_json::json!(["example-other", "example-parser"]));
    assert_eq!(lock, site.locked(&format!("{only}{}", site.python()), TAKEN).await.unwrap(), "the same lock");
    let receiver = site.world.receiver("receiver");
    site.world.import(&site.packed(&lock, "out").await, &receiver).unwrap();
    let held = Held::of(&lock.artifacts, &receiver).unwrap();
    let told = audited(&lock, &held, &receiver, TAKEN).unwrap();
    assert_eq!((told.counts.findings, told.counts.assessed, told.counts.undetermined), (1, 2, 0), "{told:?}");
    // Another lock: one package that it was filtered for, and one that it was not.
    site.index.file("stranger", "stranger-1.0-py3-none-any.whl", wheel("stranger", "1.0", &[]));
    let section = site.python().replace("\"example-parser\"", "\"stranger\", \"example-other\"");
    let other = site.locked(&section, TAKEN).await.unwrap();
    let told = audited(&other, &held, &receiver, TAKEN).unwrap();
    assert_eq!((told.counts.assessed, told.counts.undetermined), (1, 1), "{told:?}");
    assert_eq!(told.reasons["the archive of its ecosystem was filtered for other packages"], 1);
    // An older archive may not take its place where both are about a package, and may elsewhere.
    let older = |section: &str| format!("{only}{section}");
    let same = site.locked(&older(&site.python()), "2026-10-27T00:00:00Z").await.unwrap();
    assert!(must_not_go_back(&same.artifacts, &lock.artifacts).is_err());
    let apart = site.locked(&older(&site.python().replace("example-parser", "stranger")), "2026-10-27T00:00:00Z").await.unwrap();
    let apart: Vec<_> = apart.artifacts.into_iter().filter(|artifact| artifact.name.starts_with("osv-filtered")).collect();
    assert!(must_not_go_back(&apart, &lock.artifacts).is_ok());
    // Without packages there is nothing to filter for.
    let refused = site.locked(&only.replace("exploited", "# exploited"), TAKEN).await.map(|lock| lock.artifacts.len());
    assert_eq!(refused.ok(), Some(0), "nothing is carried");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_used_inside_is_not_locked() {
    let site = Site::new().await;
    let at = &site.osv.address;
    for (section, words) in [
        (format!("ecosystems = [\"Go\"]\nsource = \"{at}/PyPI/all.zip\""), "there is no advisory of Go in it"),
        (format!("exploited = \"{at}/PyPI/all.zip\""), "it is not in CISA's form"),
        (format!("statements = [\"{at}/kev.json\"]"), "it is not an OpenVEX document"),
        ("ecosystems = [\"Debian:12\"]".to_owned(), "named with its release"),
        ("ecosystems = [\"PyPI\"]\nsource = \"http://osv.example.org/{ecosystem}\"".to_owned(), "scheme"),
        (String::new(), "nothing is named"),
    ] {
        let refused = site.locked(&format!("[advisories.osv]\n{section}\n"), TAKEN).await.map(drop).expect_err(words);
        assert!(refused.to_string().contains(words), "{refused}");
    }
}

/// Newer advisories name what of everything installed is newly known to be vulnerable, and a report says so as long as they are the newest.
#[tokio::test(flavor = "multi_thread")]
async fn an_import_of_advisories_names_what_became_known() {
    let site = Site::new().await;
    let host = crate::host::Host::new();
    crate::gates::accept(&host, &site.world.path("root/root.1.json"));
    // Advisories that are too old are not asked: these are of today.
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap();
    let taken = |hours: i64| (now - SignedDuration::from_hours(hours)).to_string();
    let mut told = Vec::new();
    for (hours, advisories) in [(3, site.elsewhere()), (2, site.advisories())] {
        let lock = site.locked(&format!("{}{advisories}", site.python()), &taken(hours)).await.unwrap();
        let volumes = site.packed(&lock, &format!("out-{hours}")).await;
        let ran = host.run(&["--json", "import", volumes[0].to_str().unwrap()]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        told.push(serde_json::from_str::<Value>(&ran.out).unwrap()[0]["known"].clone());
    }
    let ids = |known: &Value| known["new"].as_array().unwrap().iter().map(|new| new["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!((ids(&told[0]), ids(&told[1])), (vec!["EXAMPLE-2026-9".to_owned()], vec!["EXAMPLE-2024-1".to_owned()]), "{told:?}");
    assert_eq!(told[1]["fixed"][0]["id"], "EXAMPLE-2026-9", "{told:?}");
    assert!(told[1]["new"][0]["purl"].as_str().unwrap().contains("example-parser@1.1"));
    let report = || -> Value {
        let ran = host.ok(&["report", "--at", &now.to_string(), "--format", "json"]);
        serde_json::from_str(&ran.out).unwrap()
    };
    let tile = |report: &Value, tile: &str| {
        let found = report["risks"].as_array().unwrap().iter().find(|risk| risk["said"]["tile"] == tile).cloned();
        found.expect("every tile is there")["said"]["count"].clone()
    };
    let told = report();
    assert_eq!((tile(&told, "fixed"), tile(&told, "already"), &told["findings"]["said"][0]["new"]), (1.into(), 0.into(), &true.into()));
    assert!(told["transcript"].to_string().contains("compared-since"));
    // A bundle without advisories changes nothing about when they came.
    let other = site.world.lock("other", &[b"other".to_vec()]);
    let volumes = site.world.pack(&other, "other", None, &[1]);
    let ran = host.ok(&["import", volumes[0].to_str().unwrap()]);
    assert!(!ran.err.contains("known now"), "{ran:?}");
    assert_eq!(tile(&report(), "fixed"), 1);
    // What was kept is not missed when it is gone: nothing is compared then.
    for entry in std::fs::read_dir(host.store().join("known")).unwrap() {
        std::fs::remove_file(entry.unwrap().path()).unwrap();
    }
    let told = report();
    assert!(tile(&told, "fixed").is_null() && told["findings"]["said"][0]["new"].is_null());
}
