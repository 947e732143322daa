//! The corpus of pickles through the room that carries models: bare, in zips, in tars, packed, and by other names than they have.

use super::made::{file, gzip, part, tar, zip};
use super::packages::{artifact, found};
use crate::stock;
use airlift::scan::pickle::{Verdict, examine};
use airlift::scan::{Finding, Severity};
use data_encoding::HEXLOWER;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/pickles")
}

/// The files of the corpus with what is to be said of each.
fn corpus() -> Vec<(String, String, Vec<u8>)> {
    let folder = vectors();
    let table = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let row = |line: &str| {
        let (name, rest) = line.strip_prefix("| `")?.split_once('`')?;
        let verdict = rest.trim_end_matches(" |").rsplit('|').next()?.trim().to_owned();
        Some((name.to_owned(), verdict, std::fs::read(folder.join(name)).ok()?))
    };
    table.lines().filter_map(row).collect()
}

fn judged(name: &str, bytes: &[u8]) -> Vec<Finding> {
    found(&artifact("models", "org/model", "main", &[(name, "application/octet-stream", bytes)], Value::Null), bytes)
}

fn refused(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Error && finding.rule.name.starts_with("pickle-"))
}

fn accepted(findings: &[Finding]) -> bool {
    findings.len() == 1 && findings[0].rule.name == "pickle" && findings[0].severity == Severity::Note
}

#[test]
fn every_gadget_is_refused_and_every_benign_pickle_is_not() {
    let (mut gadgets, mut benign) = (0, 0);
    for (name, verdict, bytes) in corpus() {
        let findings = judged("model.pkl", &bytes);
        if matches!(verdict.as_str(), "data" | "allowed") {
            assert!(accepted(&findings), "{name}: {findings:?}");
            benign += 1;
        } else {
            assert!(refused(&findings), "{name}: {findings:?}");
            gadgets += 1;
        }
    }
    assert!(gadgets >= 60 && benign >= 10, "{gadgets} and {benign}");
}

#[test]
fn a_gadget_is_refused_wherever_it_lies() {
    for (name, _, bytes) in corpus().iter().filter(|(_, verdict, _)| verdict == "dangerous") {
        let forms = [
            ("weights.bin", bytes.clone()),
            ("model.safetensors", bytes.clone()),
            ("model.pt", zip(&[part("archive/version", b"3\n"), part("archive/data.pkl", bytes)])),
            ("model.npz", zip(&[part("weights.npy", &[&b"\x93NUMPY\x01\x00\x46\x00"[..], &npy_header("|O"), bytes].concat())])),
            ("model.npy", [&b"\x93NUMPY\x01\x00\x46\x00"[..], &npy_header("|O"), bytes].concat()),
            ("model.tar", tar(&[file("pickle", bytes)])),
            ("model.nemo", gzip(&tar(&[file("weights.ckpt", bytes)]))),
            ("model.joblib", gzip(bytes)),
        ];
        for (form, bytes) in forms {
            // Readers of pickles take the first bytes: a name says nothing.
            assert!(refused(&judged(form, &bytes)), "{name} as {form}: {:?}", judged(form, &bytes));
        }
    }
}

/// joblib unpacks by itself whatever it packs, in all its forms; as loaders see it, whatever the file is called.
#[test]
fn a_gadget_is_refused_however_it_is_packed() {
    let mut forms = 0;
    for entry in std::fs::read_dir(vectors().join("packed")).unwrap() {
        let path = entry.unwrap().path();
        let (name, bytes) = (path.file_name().unwrap().to_str().unwrap(), std::fs::read(&path).unwrap());
        let cut = name.contains("-cut");
        for (form, bytes) in [
            (name, bytes.clone()),
            ("model.bin", bytes.clone()),
            ("model.zip", zip(&[part(&format!("inside/{name}"), &bytes)])),
            ("model.tar", tar(&[file("model.bin", &bytes)])),
        ] {
            let findings = judged(form, &bytes);
            let told = |finding: &Finding| {
                finding.rule.name.starts_with("pickle-")
                    || (cut && finding.rule.name == "unreadable" || name.contains("-second") && finding.rule.name == "gzip-trailing")
            };
            assert!(findings.iter().any(|finding| finding.severity == Severity::Error && told(finding)), "{name} as {form}: {findings:?}");
        }
        forms += 1;
    }
    assert_eq!(forms, 15);
}

/// What a loader might unpack and nobody reads is refused: beyond the bound of memory, packed twice, or broken off.
#[test]
fn what_could_be_a_pickle_and_is_not_read_is_an_error() {
    let window = [&[0x5d, 0, 0, 0, 0xc0][..], &[0xff; 8], &[0; 40]].concat();
    let legacy = [b"\x02\x21\x4c\x18\x04\0\0\0".as_slice(), &[0; 16]].concat();
    let broken = {
        let good = std::fs::read(vectors().join("packed/zlib.joblib")).unwrap();
        [&good[..good.len() - 4], &[0xff; 9000]].concat()
    };
    let unknown = [b"\x5d\0\0".as_slice(), &[7; 40]].concat();
    for (name, bytes) in
        [("model.bin", window), ("model.pkl", legacy), ("model.bin", broken), ("model.sav", unknown), ("a.joblib", gzip(&gzip(b"N.")))]
    {
        let findings = judged(name, &bytes);
        assert!(findings.iter().any(|finding| finding.severity == Severity::Error), "{name} {:02x?}: {findings:?}", &bytes[..4]);
    }
    let warned = |name: &str, bytes: &[u8]| judged(name, bytes).iter().all(|finding| finding.severity == Severity::Warning);
    assert!(warned("model.h5", b"\x89HDF\r\n\x1a\n\0\0\0\0") && warned("model.rds", &gzip(b"X\n\0\0\0\x03\0\x04\x02\x02")));
    // What only happens to begin like something that is packed is none.
    for bytes in [&b"\x78\x9c\xff\xff\xff\xff"[..], b"\x01\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"] {
        assert!(judged("weights.bin", bytes).is_empty(), "{bytes:02x?}: {:?}", judged("weights.bin", bytes));
    }
}

fn npy_header(descr: &str) -> Vec<u8> {
    let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': (1,), }}");
    format!("{text:<69}\n").into_bytes()
}

#[test]
fn tensors_and_graphs_are_judged_as_models() {
    let kept = |name: &str| std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/tensors").join(name)).unwrap();
    let rules = |name: &str, bytes: &[u8]| judged(name, bytes).iter().map(|finding| finding.rule.name).collect::<Vec<_>>();
    let (tensors, settings, graph) = (kept("safetensors"), kept("gguf"), kept("onnx"));
    assert!(rules("model.safetensors", &tensors).is_empty() && rules("model.gguf", &settings).is_empty());
    assert_eq!(rules("model.bin", &tensors[..tensors.len() - 1]), ["tensors"]);
    assert_eq!(rules("model.bin", &settings[..settings.len() - 50]), ["tensors"]);
    assert_eq!(rules("model.bin", &graph), ["tensors-elsewhere", "custom-operators"], "by content");
    assert_eq!(rules("model.onnx", &graph[..graph.len() - 1]), ["tensors-elsewhere", "tensors"], "by name");
    let reaching = settings.windows(14).position(|window| window == b"{{ messages }}").unwrap();
    let template = [&settings[..reaching], b"{{ a.__b__  }}", &settings[reaching + 14..]].concat();
    assert_eq!(rules("model.gguf", &template), ["template"]);
    assert_eq!(rules("model.keras", &kept("keras")), ["runs-code"], "a Lambda layer");
    assert_eq!(rules("model.bin", b"\x80\x02K"), ["pickle-undetermined"]);
    assert_eq!(rules("model.h5", b"\x89HDF\r\n\x1a\n\0\0\0\0"), ["not-examined"]);
    assert_eq!(rules("model.rds", &gzip(b"X\n\0\0\0\x03\0\x04\x02\x02")), ["not-examined"]);
}

/// What a script of the corpus says, run by the Python of a client.
fn said(environment: &str, script: &str, arguments: &[&str]) -> Option<String> {
    let python = stock::environment(environment)?.join("bin/python");
    let mut command = Command::new(python);
    command.arg("-B").arg(vectors().join(script)).args(arguments).env_clear().env("PATH", "/usr/bin:/bin");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

fn verdict(bytes: &[u8]) -> Verdict {
    examine(&mut &bytes[..]).unwrap().verdict
}

/// Python's two readers, each called again and again with its memo and without, on mutations of the corpus.
#[test]
fn what_is_called_clean_names_nothing_else_to_pythons_readers() {
    let Some(said) = said("science", "readers.py", &["7", "20000"]) else { return };
    let mut clean = 0;
    for line in said.lines() {
        let mut words = line.split(' ');
        let bytes = HEXLOWER.decode(words.next().unwrap().as_bytes()).unwrap();
        if verdict(&bytes) > Verdict::Allowed {
            continue;
        }
        clean += 1;
        for name in words {
            let (module, attribute) = name.split_once('.').unwrap();
            let part = |hex: &str| HEXLOWER.decode(hex.as_bytes()).unwrap();
            let alone = [b"c", &part(module)[..], b"\n", &part(attribute), b"\n0N."].concat();
            assert!(verdict(&alone) <= Verdict::Allowed, "{line} names {}", String::from_utf8_lossy(&alone));
        }
    }
    assert!(clean > 100, "{clean}");
}

/// picklescan and fickling beside it: the same on what libraries write, and gadgets that they let through are refused.
#[test]
fn peers_agree_on_what_libraries_write_and_let_gadgets_through() {
    let made = tempfile::tempdir().unwrap();
    let Some(said) = said("picklescan", "peers.py", &[made.path().to_str().unwrap()]) else { return };
    let (mut passed, mut written) = ([0, 0], 0);
    for line in said.lines() {
        let [name, picklescan, fickling] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let from = if name.ends_with(".pickle") && !name.starts_with("benign") { vectors() } else { made.path().to_owned() };
        let Ok(bytes) = std::fs::read(from.join(name)) else { continue };
        let findings = judged(name, &bytes);
        if from == vectors() {
            passed[0] += usize::from(refused(&findings) && picklescan == "passed");
            passed[1] += usize::from(refused(&findings) && fickling == "likely_safe");
        } else {
            written += 1;
            assert_ne!(picklescan, "issues", "{line}");
            assert_eq!(accepted(&findings), name.starts_with("data-"), "{line}: {findings:?}");
            assert!(fickling != "likely_safe" || accepted(&findings), "{line}: {findings:?}");
        }
    }
    assert!(passed[0] >= 30 && passed[1] >= 5 && written == 36, "{passed:?} {written}");
    for entry in std::fs::read_dir(made.path()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let findings = judged(&name, &std::fs::read(&path).unwrap());
        let unlisted = findings.iter().any(|finding| finding.rule.name == "pickle-unlisted");
        assert!(findings.len() == 1 && unlisted != accepted(&findings) && unlisted == name.starts_with("model-"), "{name}: {findings:?}");
    }
}
