//! Packing, verifying and importing, and the way of an image.

use super::corpus::{Corpus, airlift};
use super::measure::{Cost, PAIRS, median, pair, run, tell};
use std::time::Instant;

/// Against `tar | zstd` on both cores without hashing, and against plain `tar`; all of them until the bytes are on the disk.
pub fn pack(corpus: &Corpus) {
    let clean = corpus.script("rm -rf out peer; mkdir -p out");
    for kit in ["kit", "tars"] {
        let ours = corpus.script(&format!("$A pack {kit}.lock --out out --key key --allow-plain-key"));
        let zstd = corpus.script(&format!("tar -C plain/{kit} -cf - . | zstd -q -T2 -3 -o peer; sync -f peer"));
        let tar = corpus.script(&format!("tar -C plain/{kit} -cf peer .; sync -f peer"));
        pair(&format!("pack {kit}"), &clean, ("airlift pack", &ours), ("tar | zstd -T2 -3", &zstd));
        pair(&format!("pack {kit}"), &clean, ("airlift pack", &ours), ("tar", &tar));
        run(&format!("{ours}; {zstd}"));
        let size = |name: &str| corpus.folder.join(name).metadata().map_or(0, |m| m.len());
        println!(
            "pack {kit}: airlift {} bytes, tar | zstd {} bytes, of {}",
            size(&format!("out/{kit}-1.airlift")),
            size("peer"),
            corpus.bytes(kit)
        );
        run(&clean);
    }
}

fn packed(corpus: &Corpus) {
    run(&corpus.script("[ -e bundle/kit-1.airlift ] || $A pack kit.lock --out bundle --key key --allow-plain-key"));
}

/// Against `sha256sum` of the same blobs on all cores.
pub fn verify(corpus: &Corpus) {
    packed(corpus);
    let ours = corpus.script("$I verify bundle");
    let peer = corpus.script("ls plain/kit/* | xargs -P $(nproc) -n 8 sha256sum");
    pair("verify", "true", ("airlift verify", &ours), ("sha256sum, all cores", &peer));
}

/// Against `cp -r` of the same blobs, and against hashing alone.
pub fn import(corpus: &Corpus) {
    packed(corpus);
    let clean = corpus.script("rm -rf inside/blobs inside/snapshots inside/bundles inside/current copy; mkdir -p inside/blobs/sha256 inside/snapshots inside/bundles");
    let ours = corpus.script("$I import bundle");
    pair("import", &clean, ("airlift import", &ours), ("cp -r", &corpus.script("cp -r plain/kit copy; sync -f copy")));
    pair(
        "import",
        &clean,
        ("airlift import", &ours),
        ("sha256sum, all cores", &corpus.script("ls plain/kit/* | xargs -P $(nproc) -n 8 sha256sum")),
    );
    let limit = hash_limit();
    let (bytes, runs) = (
        corpus.bytes("kit") as f64,
        (0..PAIRS)
            .map(|_| {
                run(&clean);
                run(&ours).wall
            })
            .collect::<Vec<f64>>(),
    );
    println!(
        "import {:.2} GB/s; SHA-256 in memory on all cores {:.2} GB/s: {:.2} of the limit",
        bytes / median_of(&runs) / 1e9,
        limit,
        bytes / median_of(&runs) / 1e9 / limit
    );
    run(&clean);
}

fn median_of(runs: &[f64]) -> f64 {
    median(runs.to_vec())
}

/// GB/s of SHA-256 over memory, all cores.
fn hash_limit() -> f64 {
    use sha2::Digest;
    let threads = std::thread::available_parallelism().unwrap().get();
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let (buffer, mut sha256) = (vec![7u8; 1 << 20], sha2::Sha256::new());
                (0..1024).for_each(|_| sha256.update(&buffer));
                assert_ne!(sha256.finalize()[0], 0xff_u8.wrapping_add(1));
            });
        }
    });
    (threads << 30) as f64 / began.elapsed().as_secs_f64() / 1e9
}

/// One image from a registry through the gap to where a client can pull it, against `skopeo copy` from registry to registry.
pub fn images(corpus: &Corpus) {
    let folder = corpus.folder.display();
    run(&format!("{}/benches/gap/image.sh {folder}", env!("CARGO_MANIFEST_DIR")));
    let beds = format!("{}/tests/clients", env!("CARGO_MANIFEST_DIR"));
    run(&format!("{beds}/registry stop {folder}/from || true; {beds}/registry stop {folder}/to || true; rm -rf {folder}/from {folder}/to"));
    run(&format!(
        "{beds}/registry start {folder}/from 18201; {beds}/registry start {folder}/to 18202; {beds}/push-images {folder}/large http://127.0.0.1:18201"
    ));
    let manifest = "airlift = 1\nname = \"image\"\n[images.one]\nreferences = [\"127.0.0.1:18201/lib/pyslim:1.0\"]\nplatforms = \"all\"\nplain-http = [\"127.0.0.1:18201\"]\n";
    std::fs::write(corpus.folder.join("image.toml"), manifest).unwrap();
    let program = airlift();
    let clean = corpus.script("rm -rf image-out image-store image-inside; cp -r empty image-store; cp -r empty image-inside");
    run(&corpus.script("rm -rf empty; mkdir empty; cp store/airlift-store.json empty; cp -r store/trust empty; mkdir -p empty/blobs/sha256 empty/partial empty/bundles empty/snapshots empty/held"));
    let ours = corpus.script(&format!(
        "{program} -q --store image-store build image.toml --plain-http 127.0.0.1:18201 --out image-out --key key --allow-plain-key; {program} -q --store image-inside import image-out"
    ));
    let peer = "skopeo --insecure-policy copy -q --all --preserve-digests --src-tls-verify=false --dest-tls-verify=false";
    let wipe =
        format!("{beds}/registry stop {folder}/to; rm -rf {folder}/to; {beds}/registry start {folder}/to 18202; rm -rf {folder}/layout");
    let two_hops = format!(
        "export HOME={folder}/home XDG_DATA_HOME={folder}/home; {peer} docker://127.0.0.1:18201/lib/pyslim:1.0 oci:{folder}/layout:1; {peer} oci:{folder}/layout:1 docker://127.0.0.1:18202/lib/pyslim:1.0"
    );
    let registry = || registry_cpu(corpus);
    let mut runs = Vec::new();
    for _ in 0..PAIRS {
        run(&format!("{clean}; {wipe}"));
        let (start, a) = (registry(), run(&ours));
        let a = Cost { cpu: a.cpu + registry() - start, ..a };
        let (start, b) = (registry(), run(&two_hops));
        runs.push((a, Cost { cpu: b.cpu + registry() - start, ..b }));
    }
    tell("image in and out", "airlift build + import", "skopeo copy, twice", &runs);
    run(&format!("{clean}; {beds}/registry stop {folder}/from; {beds}/registry stop {folder}/to"));
}

/// Processor time of both registries so far.
fn registry_cpu(corpus: &Corpus) -> f64 {
    let pids = ["from", "to"].map(|d| std::fs::read_to_string(corpus.folder.join(d).join("registry.pid")).unwrap_or_default());
    pids.iter().map(|pid| super::measure::ticks(pid.trim(), false)).sum()
}
