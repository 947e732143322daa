//! The hub's stock clients behind the gap, from an imported bundle: the same bytes, the right commit, their own words for what is absent.

use super::hub::{File, Hub, commit, large, small, tiny};
use crate::host::{AIRLIFT, Host, arg};
use crate::stock;
use airlift::artifact::Digest;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Serves the store on loopback, tells the client the address, runs it, and ends with it: its log is whole once it has ended.
const SCRIPT: &str = r#"
"$AIRLIFT" --store "$STORE" serve --http 127.0.0.1:8090 --http models=127.0.0.1:8091 >"$HOME/serve.log" 2>&1 &
trap 'kill %1; wait %1 || true' EXIT
curl --silent --retry 50 --retry-connrefused --retry-delay 1 --output /dev/null http://127.0.0.1:8090/healthz
eval "$("$AIRLIFT" --store "$STORE" client hf --mirror http://127.0.0.1:8090 | grep '^export')"
"$@"
"#;

/// What every version of the library must do.
const PYTHON: &str = r#"
import huggingface_hub as h, os, sys
outside = sys.argv[1]
for kind, repo, commit in (("model", "acme/tiny", "a" * 40), ("dataset", "acme/ds", "d" * 40)):
    here = h.snapshot_download(repo, repo_type=kind)
    assert os.path.basename(here) == commit, here
    want = os.path.join(outside, repo)
    files = [os.path.relpath(os.path.join(d, f), want) for d, _, fs in os.walk(want) for f in fs]
    for f in files:
        assert open(os.path.join(want, f), "rb").read() == open(os.path.join(here, f), "rb").read(), f
    print("same", kind, len(files))
api = h.HfApi()
info = api.model_info("acme/tiny", files_metadata=True)
assert [s.lfs is not None for s in info.siblings if s.rfilename == "model.safetensors"] == [True], info
assert api.list_repo_refs("acme/tiny").branches[0].target_commit == "a" * 40
def refused(ask, name):
    try: ask()
    except Exception as e: assert name in type(e).__name__, (name, type(e), e)
    else: raise AssertionError(name)
refused(lambda: h.hf_hub_download("acme/tiny", "none.bin"), "EntryNotFound")
refused(lambda: h.snapshot_download("acme/none"), "RepositoryNotFound")
refused(lambda: h.snapshot_download("acme/tiny", revision="v9"), "RevisionNotFound")
print("refusals understood")
"#;

/// A host with an imported bundle of a model and a dataset, and the files as they were outside.
pub struct Inside {
    pub host: Host,
    outside: PathBuf,
}

fn dataset() -> Vec<File> {
    vec![small("README.md", "# ds\n"), large("data/train.csv", "a,b\n1,2\n3,4\n")]
}

impl Inside {
    pub fn new(model: &[File]) -> Self {
        let (host, hub) = (Host::new(), Hub::start());
        hub.repo("models", "acme/tiny", &commit('a'), model);
        hub.repo("datasets", "acme/ds", &commit('d'), &dataset());
        let address = hub.address();
        let section = |name: &str, kind: &str| format!("[models.{name}]\nhub = \"{address}\"\nrepo = \"acme/{name}\"\nkind = \"{kind}\"\n");
        let manifest = format!("airlift = 1\nname = \"kit\"\n{}{}", section("tiny", "model"), section("ds", "dataset"));
        let manifest = host.write("kit.toml", manifest);
        host.ok(&["up", arg(&manifest), "--no-serve"]);
        let outside = host.path("outside");
        for (repo, files) in [("acme/tiny", model), ("acme/ds", &dataset())] {
            for file in files {
                let path = outside.join(repo).join(file.path);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, &file.bytes).unwrap();
            }
        }
        Self { host, outside }
    }

    /// What a program prints that runs where nothing but loopback exists.
    pub fn run(&self, program: &Path, args: &[&str]) -> String {
        let air = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/air");
        let home = self.host.path("home");
        std::fs::create_dir_all(&home).unwrap();
        let mut command = Command::new(air);
        command.args(["timeout", "170", "bash", "-e", "-c", SCRIPT, "bash"]).arg(program).args(args);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C.UTF-8").env("HOME", &home);
        let output = command.env("AIRLIFT", AIRLIFT).env("STORE", self.host.store()).current_dir(self.host.work()).output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{out}{err}");
        out.into_owned()
    }

    fn python(&self, environment: &Path, code: &str) -> String {
        self.run(&environment.join("bin/python"), &["-c", code, arg(&self.outside)])
    }
}

fn library(name: &str) {
    let Some(environment) = stock::environment(name) else { return };
    let said = Inside::new(&tiny()).python(&environment, PYTHON);
    assert_eq!(said, "same model 6\nsame dataset 2\nrefusals understood\n");
}

#[test]
fn huggingface_hub_0_23() {
    library("huggingface_hub-0.23");
}

#[test]
fn huggingface_hub_0_36() {
    library("huggingface_hub-0.36");
}

#[test]
fn huggingface_hub_1() {
    library("huggingface_hub-1");
}

#[test]
fn huggingface_hub_2() {
    library("huggingface_hub-2");
}

/// The same files by chunks and from a port of the room's own, in another process than the first.
const AGAIN: &str = r#"
import huggingface_hub as h, os, subprocess, sys
if len(sys.argv) == 2:
    for endpoint in (os.environ["HF_ENDPOINT"] + "/.chunks", "http://127.0.0.1:8091", "http://127.0.0.1:8091/.chunks"):
        home = os.path.join(os.environ["HOME"], endpoint.replace("/", "_"))
        environment = os.environ | {"HF_ENDPOINT": endpoint, "HF_HOME": home}
        subprocess.run([sys.executable, "-c", sys.orig_argv[2], sys.argv[1], endpoint], env=environment, check=True)
    sys.exit()
here = h.snapshot_download("acme/tiny")
for name in ("model.safetensors", "config.json"):
    assert open(os.path.join(sys.argv[1], "acme/tiny", name), "rb").read() == open(os.path.join(here, name), "rb").read(), name
print("same")
"#;

#[test]
fn large_files_come_by_chunks_and_everything_from_a_port_of_its_own() {
    for name in ["huggingface_hub-0.36", "huggingface_hub-1", "huggingface_hub-2"] {
        let Some(environment) = stock::environment(name) else { return };
        let model = [small("config.json", "{}"), large("model.safetensors", crate::world::noise(59_000_000, 8))];
        let inside = Inside::new(&model);
        assert_eq!(inside.python(&environment, AGAIN), "same\nsame\nsame\n", "{name}");
        let log = std::fs::read_to_string(inside.host.path("home/serve.log")).unwrap();
        let asked = |path: &str| log.lines().filter(|line| line.contains(path)).count();
        assert!(asked("/xet/v2/reconstructions/") == 2 && asked("/0\"") >= 2 && asked("/1\"") >= 2, "{name}: {log}");
    }
}

/// The library's file system: what it lists, it asks for again by path, with POST.
const FILES: &str = r#"
import huggingface_hub as h, os, sys
outside = os.path.join(sys.argv[1], "acme/tiny")
fs = h.HfFileSystem()
print(sorted(f for f in fs.find("acme/tiny") if f.endswith(".json")), fs.isdir("acme/tiny/copy"), fs.exists("acme/tiny/none"))
for name in ("config.json", "onnx/model.onnx"):
    assert fs.info("acme/tiny/" + name, refresh=True)["size"] == os.path.getsize(os.path.join(outside, name)), name
    assert fs.open("acme/tiny/" + name).read() == open(os.path.join(outside, name), "rb").read(), name
found = h.HfApi().get_paths_info("acme/tiny", ["onnx/model.onnx", "copy", "none"], expand=True)
print([f.path for f in found], found[0].lfs is not None, found[0].last_commit is not None)
try: h.HfApi().get_paths_info("acme/none", ["x"])
except Exception as e: print(type(e).__name__)
"#;

#[test]
fn the_librarys_file_system_asks_for_paths() {
    for name in ["huggingface_hub-0.23", "huggingface_hub-0.36", "huggingface_hub-1", "huggingface_hub-2"] {
        let Some(environment) = stock::environment(name) else { return };
        let inside = Inside::new(&tiny());
        let said = inside.python(&environment, FILES);
        let listed = "['acme/tiny/config.json', 'acme/tiny/copy/config.json'] True False";
        assert_eq!(said, format!("{listed}\n['onnx/model.onnx', 'copy'] True True\nRepositoryNotFoundError\n"), "{name}");
        let log = std::fs::read_to_string(inside.host.path("home/serve.log")).unwrap();
        assert!(log.lines().any(|line| line.contains("/paths-info/") && line.contains("\"status\":200")), "{name}: {log}");
    }
}

#[test]
fn hf_downloads_and_checks_what_it_has() {
    let Some(environment) = stock::environment("huggingface_hub-2") else { return };
    let inside = Inside::new(&tiny());
    let code = "import subprocess, sys\nfor a in (['download', 'acme/tiny'], ['cache', 'verify', 'acme/tiny']):\n  \
                print(subprocess.run([sys.executable, '-m', 'huggingface_hub.cli.hf'] + a, check=True, capture_output=True, text=True).stdout)";
    let said = inside.python(&environment, code);
    assert!(said.contains(&commit('a')) && said.contains("checked: 6"), "{said}");
}

#[test]
fn transformers_loads_a_tokenizer_and_datasets_a_table() {
    let words = r#"{"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,"pre_tokenizer":{"type":"Whitespace"},"post_processor":null,"decoder":null,"model":{"type":"WordLevel","vocab":{"[UNK]":0,"air":1,"gap":2},"unk_token":"[UNK]"}}"#;
    let settings = r#"{"tokenizer_class":"PreTrainedTokenizerFast","unk_token":"[UNK]"}"#;
    let model =
        [small("config.json", r#"{"model_type":"bert"}"#), small("tokenizer.json", words), small("tokenizer_config.json", settings)];
    let inside = Inside::new(&model);
    if let Some(environment) = stock::environment("transformers-5") {
        let code = "from transformers import AutoTokenizer; print(AutoTokenizer.from_pretrained('acme/tiny')('air gap')['input_ids'])";
        assert!(inside.python(&environment, code).contains("[1, 2]"));
    }
    if let Some(environment) = stock::environment("datasets-5") {
        let code = "from datasets import load_dataset; print(load_dataset('acme/ds')['train'][:])";
        assert!(inside.python(&environment, code).contains("{'a': [1, 3], 'b': [2, 4]}"));
    }
}

/// Copies a model as an artifact, and asks for its manifest as it is.
const COPY: &str = r#"
mirror=docker://127.0.0.1:8090/models/acme/tiny
"$0" --insecure-policy --tmpdir "$HOME" copy --quiet --src-tls-verify=false "$mirror:main" "dir:$HOME/copied"
"$0" --insecure-policy --tmpdir "$HOME" inspect --tls-verify=false --raw "$mirror:aaaaaaaa"
"#;

#[test]
fn skopeo_copies_a_model_as_an_artifact() {
    let Some(skopeo) = stock::need("skopeo") else { return };
    let inside = Inside::new(&tiny());
    let raw = inside.run(Path::new("/bin/bash"), &["-e", "-c", COPY, arg(&skopeo)]);
    let copied = inside.host.path("home/copied");
    let manifest = std::fs::read(copied.join("manifest.json")).unwrap();
    assert_eq!(Digest::of(raw.as_bytes()), Digest::of(&manifest), "a branch and a short commit are the same");
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    let layers = manifest["layers"].as_array().unwrap();
    assert_eq!(layers.len(), tiny().len());
    for layer in layers {
        let (path, digest) = (layer["annotations"]["org.cncf.model.filepath"].as_str().unwrap(), layer["digest"].as_str().unwrap());
        let there = std::fs::read(copied.join(digest.trim_start_matches("sha256:"))).unwrap();
        assert!(there == std::fs::read(inside.outside.join("acme/tiny").join(path)).unwrap(), "{path}");
    }
}
