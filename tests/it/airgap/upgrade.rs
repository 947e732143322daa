//! A second bundle arrives while the mirror serves the first, and goes again.

use super::gap::{run, until};
use super::sender::{LARGE, LATER, large};
use super::{Mirror, shared};
use std::fs;
use std::process::Stdio;

#[test]
fn an_upgrade_appears_without_a_restart_and_a_rollback_takes_it_away() {
    let Some(shared) = shared() else { return };
    let (gap, store) = (&shared.gap, "upgraded");
    shared.sender.import(gap, store, &shared.sender.first);
    let mirror = Mirror::start(gap, store, 8094, None, &[]);
    let later = format!("{}/files/latest/{LATER}", mirror.base);
    assert_eq!(gap.get(&later, &[]).0, 404);
    assert_eq!(mirror.health(gap)["snapshot"], 1);

    // A download that begins before the upgrade and ends after it.
    let slow = gap.folder.join("slow.bin");
    let mut curl = gap.inside("curl");
    curl.args(["-qsf", "--limit-rate", "2M", "-o"]).arg(&slow).arg(format!("{}/files/latest/{LARGE}", mirror.base));
    let mut curl = curl.stdin(Stdio::null()).spawn().unwrap();
    run(gap.airlift(store).arg("import").arg(&shared.sender.second));
    until("the upgrade appears", 30, || gap.get(&later, &[]).0 == 200);
    assert_eq!(gap.text(&later), String::from_utf8(crate::world::text(3_000, 9)).unwrap());
    assert_eq!(mirror.health(gap)["views"], serde_json::json!(["latest", "quickstart-2"]));
    assert!(curl.wait().unwrap().success() && fs::read(&slow).unwrap() == large(), "the switch cut a download short");

    run(gap.airlift(store).arg("rollback"));
    until("the upgrade goes", 30, || gap.get(&later, &[]).0 == 404);
    assert_eq!(mirror.health(gap)["views"], serde_json::json!(["latest", "quickstart-1"]));
    assert_eq!(gap.get(&format!("{}/files/latest/{LARGE}", mirror.base), &[]).0, 200);
}
