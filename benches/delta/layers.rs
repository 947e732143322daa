//! Layers of two versions of an image, made by `layers.sh`.

use crate::Pair;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Who compressed them.
pub const TOOLS: [&str; 2] = ["podman", "docker"];

/// The layers in their order: base, apt, app.
pub fn pairs(tool: &str) -> Vec<Pair> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("target/bench/layers");
    let status = Command::new(root.join("benches/delta/layers.sh")).arg(&folder).status().unwrap();
    assert!(status.success(), "the layers could not be made");
    let of = |version: &str| layers(&folder.join(tool).join(version));
    of("a").into_iter().zip(of("b")).collect()
}

fn layers(folder: &Path) -> Vec<PathBuf> {
    let manifest: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("manifest.json")).unwrap()).unwrap();
    let layers = manifest["layers"].as_array().unwrap();
    layers.iter().map(|layer| folder.join(layer["digest"].as_str().unwrap().trim_start_matches("sha256:"))).collect()
}
