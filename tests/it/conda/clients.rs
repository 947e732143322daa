//! Stock clients of Conda channels behind the gap, from an imported bundle: rattler solves and installs Python and R, and what it
//! installed runs there; conda-package-handling takes the archives apart.

use super::channels::{Outside, folder};
use crate::host::{AIRLIFT, Host, arg};
use crate::stock;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Serves the store on loopback, runs the client, and ends with it.
const SCRIPT: &str = r#"
"$AIRLIFT" --store "$STORE" serve --http 127.0.0.1:8090 --http conda=127.0.0.1:8091 --access-log "$HOME/access.log" >"$HOME/serve.log" 2>&1 &
trap 'kill %1; wait %1 || true' EXIT
curl --silent --retry 50 --retry-connrefused --retry-delay 1 --output /dev/null http://127.0.0.1:8090/healthz
"$@"
"#;

/// What every client below begins with. rattler may crash when its interpreter ends, after all is done.
const RATTLER: &str = r#"
import asyncio, hashlib, json, os, subprocess, sys, urllib.request
from rattler import Channel, Gateway, SourceConfig, VirtualPackage, install, solve
CHANNELS, HOME = sys.argv[1], os.environ["HOME"]
MIRROR = "http://127.0.0.1:8090/conda/latest"

async def solved(cache, *specs, mirror=MIRROR, channels=("forge", "forge/label/dev"), **config):
    gateway = Gateway(cache_dir=f"{HOME}/{cache}", default_config=SourceConfig(**config))
    return await solve(sources=[Channel(f"{mirror}/{c}") for c in channels], specs=list(specs), gateway=gateway,
                       platforms=["linux-64", "noarch"], virtual_packages=VirtualPackage.detect())

def names(records):
    return sorted((r.name.normalized, str(r.version), r.build, r.url.split("/conda/latest/")[-1], r.sha256.hex(), tuple(r.depends)) for r in records)

def same_as_outside(records):
    for record in records:
        path = record.url.split("/conda/latest/")[-1]
        assert open(f"{CHANNELS}/{path}", "rb").read() == urllib.request.urlopen(record.url).read(), path
    return len(records)

def run(program, *args):
    print(subprocess.run([program, *args], env={}, check=True, capture_output=True, text=True).stdout.strip())

def main(body):
    asyncio.run(body())
    sys.stdout.flush()
    os._exit(0)
"#;

/// A host with an imported bundle of two environments.
pub struct Inside(Host);

impl Inside {
    /// `None` where the packages cannot be made.
    fn new(specs: &str) -> Option<Self> {
        Self::with(|outside| {
            let channels = format!("channels = [{}, {}]", outside.channel("forge"), outside.channel("forge/label/dev"));
            let target = "[targets.host]\nplatform = \"linux-x86_64\"\nglibc = \"2.36\"\n";
            format!("airlift = 1\nname = \"kit\"\n{target}[conda.kit]\n{channels}\nspecs = {specs}\n")
        })
    }

    /// The same for a manifest that names the channels.
    pub fn with(manifest: impl FnOnce(&Outside) -> String) -> Option<Self> {
        stock::environment("conda")?;
        let (host, outside) = (Host::new(), Outside::start());
        let manifest = host.write("kit.toml", manifest(&outside));
        host.ok(&["up", arg(&manifest), "--no-serve"]);
        Some(Self(host))
    }

    /// What a program prints that runs where nothing but loopback exists.
    pub fn python(&self, code: &str) -> String {
        let air = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/air");
        let home = self.home();
        std::fs::create_dir_all(&home).unwrap();
        let mut command = Command::new(air);
        command.args(["timeout", "170", "bash", "-e", "-c", SCRIPT, "bash"]).arg(stock::folder().join("conda/bin/python"));
        command.args(["-c", &format!("{RATTLER}{code}"), arg(&folder())]);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C.UTF-8").env("HOME", &home);
        let output = command.env("AIRLIFT", AIRLIFT).env("STORE", self.0.store()).current_dir(self.0.work()).output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{out}{err}");
        out.into_owned()
    }

    pub fn home(&self) -> PathBuf {
        self.0.path("home")
    }

    /// Method, path and status of every answer so far.
    fn log(&self) -> Vec<(String, String, u64)> {
        let text = std::fs::read_to_string(self.home().join("access.log")).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.map(|l| (word(&l, "method"), word(&l, "path"), l["status"].as_u64().unwrap())).collect()
    }
}

fn word(line: &Value, key: &str) -> String {
    line[key].as_str().unwrap_or_default().to_owned()
}

const PYTHON: &str = r#"
async def body():
    records = await solved("a", "airtool", "airgpu", "airold", "airdev")
    print(same_as_outside(records) > 20, [n[:2] for n in names(records) if n[0].startswith("air")])
    await install(records=records, target_prefix=f"{HOME}/env", cache_dir=f"{HOME}/pkgs", show_progress=False)
    run(f"{HOME}/env/bin/python", "-m", "airtool")
    run(f"{HOME}/env/bin/python", "-c", "import ssl, sqlite3, ctypes, lzma, sys; print(sys.prefix)")
    again = await solved("a", "airtool", "airgpu", "airold", "airdev")
    packed = await solved("b", "airtool", "airgpu", "airold", "airdev", sharded_enabled=False)
    again_packed = await solved("b", "airtool", "airgpu", "airold", "airdev", sharded_enabled=False)
    plain = await solved("c", "airtool", "airgpu", "airold", "airdev", sharded_enabled=False, zstd_enabled=False)
    rooted = await solved("d", "airtool", "airgpu", "airold", "airdev", mirror="http://127.0.0.1:8091")
    assert all(names(other) == names(records) for other in (again, packed, again_packed, plain)), names(plain)
    assert [n[:3] + n[4:] for n in names(rooted)] == [n[:3] + n[4:] for n in names(records)]
    print(next(list(r.depends) for r in records if r.name.normalized == "airtool"))
main(body)
"#;

#[test]
fn rattler_solves_installs_and_runs_python() {
    let Some(inside) = Inside::new(r#"["airtool", "airgpu", "airold", "airdev"]"#) else { return };
    let said = inside.python(PYTHON);
    let env = inside.home().join("env");
    assert_eq!(
        said,
        format!(
            "True [('airdev', '0.1'), ('airgpu', '1.0'), ('airlib', '0.3'), ('airold', '1.0'), ('airtool', '1.2')]\nprobed\nairlib ok\n{}\n\
             ['python >=3.9,<4', 'airlib >=0.2', 'pyprobe']\n",
            env.display()
        )
    );
    let log = inside.log();
    let answered = |path: &str, status: u64| log.iter().filter(|(_, asked, code)| asked.ends_with(path) && *code == status).count();
    assert!(answered("/conda/latest/forge/linux-64/repodata_shards.msgpack.zst", 200) == 1, "{log:?}");
    assert!(answered("/conda/latest/forge/linux-64/repodata_shards.msgpack.zst", 304) >= 1, "{log:?}");
    assert!(answered("/conda/latest/forge/noarch/repodata.json.zst", 304) >= 1, "{log:?}");
    assert!(answered("/conda/latest/forge/noarch/repodata.json", 200) >= 1, "{log:?}");
    assert!(log.iter().any(|(method, path, code)| method == "HEAD" && path.ends_with("/repodata.json.zst") && *code == 200), "{log:?}");
    assert!(log.iter().any(|(_, path, code)| path.contains("/linux-64/shards/") && *code == 200), "{log:?}");
    let odd: Vec<_> = log
        .iter()
        .filter(|(_, path, code)| !(matches!(code, 200 | 304) || path.ends_with(".bz2") || path.contains("/label/dev/linux-64/")))
        .collect();
    assert!(odd.is_empty(), "{odd:?}");
}

const R: &str = r#"
async def body():
    records = await solved("a", "r-airkernel", "r-airgap")
    print(same_as_outside(records) > 40)
    await install(records=records, target_prefix=f"{HOME}/env", cache_dir=f"{HOME}/pkgs", show_progress=False)
    script = "library(airgap); cat(R.home(), across(c(1, 2, 3.5)), solve(4), '\n'); airkernel::main(); " \
             "maps <- sub('.* ', '', readLines('/proc/self/maps')); cat(any(startsWith(maps, '/usr/lib/R/')), any(endsWith(maps, 'env/lib/R/lib/libR.so')))"
    run(f"{HOME}/env/bin/Rscript", "-e", script)
    print(json.load(open(f"{HOME}/env/share/jupyter/kernels/ir/kernel.json"))["language"])
main(body)
"#;

#[test]
fn rattler_solves_installs_and_runs_r() {
    let Some(inside) = Inside::new(r#"["r-airkernel", "r-airgap"]"#) else { return };
    let home = inside.home().join("env/lib/R");
    assert_eq!(inside.python(R), format!("True\n{} 6.5 0.25 \n{{\"kernel\":\"air\"}} \nFALSE TRUE\nR\n", home.display()));
}

const TAKEN_APART: &str = r#"
async def body():
    old = await solved("a", "libairprobe ==1.0", "airlib", channels=["forge"])
    for record in sorted(old, key=lambda r: r.name.normalized):
        file, place = f"{HOME}/{record.file_name}", f"{HOME}/{record.name.normalized}"
        open(file, "wb").write(urllib.request.urlopen(record.url).read())
        if record.name.normalized in ("libairprobe", "airlib"):
            subprocess.run([sys.executable, "-m", "conda_package_handling", "x", file, "--dest", place], check=True, capture_output=True)
            print(record.file_name, json.load(open(f"{place}/info/index.json"))["name"], record.constrains)
main(body)
"#;

#[test]
fn archives_of_both_kinds_are_taken_apart() {
    let Some(inside) = Inside::new(r#"["libairprobe ==1.0", "airlib"]"#) else { return };
    let said = inside.python(TAKEN_APART);
    assert_eq!(said, "airlib-0.3-py_0.conda airlib []\nlibairprobe-1.0-h1_0.tar.bz2 libairprobe ['python >=3.8,<4']\n");
}
