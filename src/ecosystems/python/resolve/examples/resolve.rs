//! Resolves requirements for one Linux target and prints one file a line, to be compared with
//! `uv pip compile --no-build --python-platform x86_64-manylinux_2_28 --python-version 3.12`:
//!
//! cargo run --release -p airlift-python-resolve --example resolve -- CACHE 3.12.0 x86_64 2.28 pandas

use std::error::Error;
use std::time::Duration;

use airlift_python_resolve::{Arch, Callbacks, Login, Request, Requirement, Resolver, Settings, System, Target};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [cache, python, arch, glibc, requirements @ ..] = arguments.as_slice() else {
        return Err("usage: resolve CACHE PYTHON ARCH GLIBC REQUIREMENT...".into());
    };
    let target = target(python, arch, glibc)?;
    let requirements = requirements.iter().map(|text| Requirement::new(text, "command line")).collect();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).read_timeout(Duration::from_secs(60)).build()?;
    let settings = Settings { cache_dir: cache.into(), offline: false, retries: 3 };
    let callbacks = Callbacks { read_metadata: |_, _| Err("not read here".to_owned()), login: Login::none() };
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let resolver = Resolver::open(client, settings, callbacks).await?;
        let started = std::time::Instant::now();
        let resolution = resolver.resolve(&Request::new(target, requirements)).await.map_err(|failure| {
            eprintln!("{:?}: {failure}\nhints: {:#?}", failure.kind, failure.hints);
            failure
        })?;
        for package in &resolution.packages {
            println!("{}=={} {} {:?}", package.name, package.version, package.file.filename, package.file.size);
        }
        eprintln!("{} packages in {:?}", resolution.packages.len(), started.elapsed());
        Ok(())
    })
}

fn target(python: &str, arch: &str, glibc: &str) -> Outcome<Target> {
    let numbers = |text: &str| text.split('.').map(str::parse).collect::<Result<Vec<u8>, _>>();
    let (python, glibc) = (numbers(python)?, numbers(glibc)?);
    let (&[major, minor, patch], &[glibc_major, glibc_minor]) = (&*python, &*glibc) else {
        return Err("versions are written 3.12.0 and 2.28".into());
    };
    let arch = match arch {
        "x86_64" => Arch::X86_64,
        "aarch64" => Arch::Aarch64,
        other => return Err(format!("no such architecture: {other}").into()),
    };
    Ok(Target { python: (major, minor, patch), arch, system: System::Glibc(u16::from(glibc_major), u16::from(glibc_minor)) })
}
