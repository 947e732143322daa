//! Signed reports on the mirror's pages: shown only as what was signed, by whom the trust root still counts.

use super::{AT, Place};
use crate::cli::walk::get;
use crate::host::arg;
use crate::world::{World, journal, key, noise};
use airlift::artifact::Digest;
use airlift::report::document::style_source;
use airlift::steps::report::{kept, sound};
use airlift::steps::trust::{Revoking, apply, revoke};
use airlift::store::Store;
use airlift::trust::{Protection, Reason, Signer};

/// A host with a bundle installed and a signed report of it by the second of two people.
fn signed() -> (Place, Store, Digest) {
    let world = World::with_threshold(2, 1);
    let receiver = world.receiver("receiver");
    let volumes = world.pack(&world.lock("kit", &[noise(100, 1)]), "out", None, &[1]);
    world.import(&volumes, &receiver).unwrap();
    let place = Place { store: receiver.root().to_owned(), host: crate::host::Host::new(), out: world.path("out"), world };
    let path = place.host.path("person2");
    key(2).write(&path, Protection::Plain).unwrap();
    let out = place.host.path("out");
    let args = ["--store", arg(&place.store), "report", "--out", arg(&out), "--sign", arg(&path), "--allow-plain-key"];
    place.host.ok(&[&args[..], &AT].concat());
    let digest = kept(&receiver).unwrap()[0].digest;
    (place, receiver, digest)
}

#[test]
fn what_is_shown_is_what_was_signed_whatever_lies_on_the_disk() {
    let (place, store, digest) = signed();
    let folder = store.reports_folder().join(digest.hex());
    let page = folder.join("report.de.html");
    std::fs::write(&page, std::fs::read_to_string(&page).unwrap().replace("</main>", "FORGED</main>")).unwrap();
    let mut serving = place.host.start(&["--store", arg(&place.store), "serve", "--http", "127.0.0.1:0"]);
    let url = serving.line().trim_start_matches("listening on http://").to_owned();
    let at = |name: &str| get(&url, &format!("/reports/{}/{name}", digest.hex()));
    // The list says what each is about and decides, and those about one view are found from its line.
    let listed = get(&url, "/reports/?view=latest");
    assert!(listed.contains("<tr><td>snapshot 1<td>installed<td>2"), "{listed}");
    let start = get(&url, "/");
    assert!(["latest", "kit-1"].iter().all(|view| start.contains(&format!("<a href=\"/reports/?view={view}\">reports</a>"))), "{start}");
    assert!(get(&url, "/browse/files/latest").contains("/reports/?view=latest"));
    let others = get(&url, "/reports/?view=kit-1");
    assert!(!others.contains("report.json\">") && others.contains("All reports"), "{others}");
    for wrong in ["/reports/?page=0", "/reports/?page=x", "/reports/?page=99999999999999999999"] {
        assert!(get(&url, wrong).starts_with("HTTP/1.1 404"), "{wrong}");
    }
    let shown = at("report.de.html");
    assert!(shown.contains("<html lang=\"de\">") && !shown.contains("FORGED"), "{shown}");
    // The style is named by its digest, in the header and in the page, and nothing else may style it.
    assert_eq!(shown.matches(&style_source()).count(), 2, "{shown}");
    assert!(!shown.contains("unsafe-inline"));
    let body = |answer: &str| answer.split("\r\n\r\n").nth(1).unwrap().to_owned();
    assert_eq!(body(&at("report.de.html")), body(&shown), "the second answer is the first one");
    let document = std::fs::read_to_string(folder.join("report.json")).unwrap();
    let answer = at("report.json");
    assert!(answer.ends_with(&document) && answer.contains(&format!("\"{digest}\"")), "{answer}");
    let signature = kept(&store).unwrap()[0].files.iter().find(|name| name.ends_with(".sshsig")).unwrap().clone();
    assert!(at(&signature).contains("BEGIN SSH SIGNATURE"));
    // A document that was changed after it had been shown is not shown again, in any form.
    std::fs::write(folder.join("report.json"), document.replace("kit", "kat")).unwrap();
    for name in ["report.json", "report.de.html", "report.en.html"] {
        let answer = at(name);
        assert!(answer.starts_with("HTTP/1.1 500") && answer.contains("the report is damaged"), "{name}: {answer}");
    }
    let listed = get(&url, "/reports/");
    assert!(listed.contains("Not shown: the report is damaged") && !listed.contains("report.json\">"), "{listed}");
    std::fs::write(folder.join("report.json"), &document).unwrap();
    assert!(at("report.it.html").contains("<html lang=\"it\">"));
    // One that nobody signed is listed as that, and does not go away.
    let armour = std::fs::read(folder.join(&signature)).unwrap();
    std::fs::remove_file(folder.join(&signature)).unwrap();
    let listed = get(&url, "/reports/");
    assert!(listed.contains("Not shown: nobody signed this report") && listed.contains("<th scope=\"col\">Decision"), "{listed}");
    std::fs::write(folder.join(&signature), armour).unwrap();
    // Nor when its signer counts no more.
    let fingerprint = key(2).public_key().fingerprint();
    let revoking =
        Revoking { key: &fingerprint, reason: Reason::Compromised, last_good: vec![], time: "2026-05-01T00:00:00Z".parse().unwrap() };
    apply(&journal(&store.writer().unwrap()), &revoke(&place.world.root, revoking, &key(1)).unwrap()).unwrap();
    for name in ["report.json", "report.it.html"] {
        let answer = at(name);
        assert!(answer.starts_with("HTTP/1.1 500") && answer.contains("nobody signed this report"), "{name}: {answer}");
    }
    assert!(sound(&store, &digest).is_err() && sound(&store, &Digest::of(b"none")).unwrap().is_none());
    serving.signal(rustix::process::Signal::TERM);
    serving.end();
}

#[test]
fn of_many_reports_the_same_ones_are_listed_each_time_sorted() {
    let (_place, store, digest) = signed();
    let folder = store.reports_folder();
    for n in 0..10_010u32 {
        std::fs::create_dir(folder.join(Digest::of(&n.to_be_bytes()).hex())).unwrap();
    }
    // What lies there and is no report, or comes late in the order, does not crowd out by the order of a folder.
    let listed = kept(&store).unwrap();
    let mut digests: Vec<Digest> = (0..10_010u32).map(|n| Digest::of(&n.to_be_bytes())).chain([digest]).collect();
    digests.sort();
    assert_eq!(listed.iter().any(|kept| kept.digest == digest), digests[..10_000].contains(&digest));
}
