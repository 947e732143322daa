//! Serving, against nginx and Debian's registry: one large blob, many small documents.

use super::corpus::{Corpus, airlift};
use super::measure::{PAIRS, Server, median, run, used_by};
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

struct Servers {
    airlift: Server,
    nginx: Server,
    registry: Server,
    blob: [String; 3],
    document: [String; 3],
}

/// All three servers over the same content: a blob of 1 GiB and an image manifest.
fn servers(corpus: &Corpus) -> Servers {
    let folder = corpus.folder.join("served");
    let path = folder.display().to_string();
    run(&format!("rm -rf {path}; mkdir -p {path}/www/logs {path}/layout"));
    big_file(&folder.join("www/blob"));
    let layer = format!(
        "cd {path}; D=$(sha256sum www/blob | cut -d' ' -f1); mkdir -p layout/blobs/sha256; ln www/blob layout/blobs/sha256/$D; printf '{{}}' > c; C=$(sha256sum c | cut -d' ' -f1); mv c layout/blobs/sha256/$C; \
        printf '{{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\":{{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"sha256:%s\",\"size\":2}},\"layers\":[{{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"sha256:%s\",\"size\":1073741824}}]}}' $C $D > m; \
        M=$(sha256sum m | cut -d' ' -f1); S=$(stat -c %s m); cp m www/manifest; mv m layout/blobs/sha256/$M; echo $D > digest; \
        printf '{{\"imageLayoutVersion\":\"1.0.0\"}}' > layout/oci-layout; \
        printf '{{\"schemaVersion\":2,\"manifests\":[{{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"sha256:%s\",\"size\":%s,\"annotations\":{{\"org.opencontainers.image.ref.name\":\"1\"}}}}]}}' $M $S > layout/index.json"
    );
    run(&layer);
    let registry = registry(&folder);
    run(&format!(
        "export HOME={path}; skopeo --insecure-policy copy -q --preserve-digests --dest-tls-verify=false oci:{path}/layout:1 docker://127.0.0.1:18301/big/image:1"
    ));
    let manifest = "airlift = 1\nname = \"served\"\n[images.one]\nreferences = [\"127.0.0.1:18301/big/image:1\"]\nplatforms = \"all\"\nplain-http = [\"127.0.0.1:18301\"]\n";
    std::fs::write(folder.join("served.toml"), manifest).unwrap();
    run(&format!("cd {path}; export HOME={path}; {} -q --store store up served.toml --no-serve --plain-http 127.0.0.1:18301", airlift()));
    let ours = Server::start(
        Command::new(airlift()).args(["-q", "--store"]).arg(folder.join("store")).args(["serve", "--http", "127.0.0.1:18302"]),
        "http://127.0.0.1:18302/healthz",
    );
    let nginx = nginx(&folder);
    let digest = std::fs::read_to_string(folder.join("digest")).unwrap();
    let digest = digest.trim();
    Servers {
        blob: [
            format!("http://127.0.0.1:18302/v2/127.0.0.1_18301/big/image/blobs/sha256:{digest}"),
            "http://127.0.0.1:18303/blob".to_owned(),
            format!("http://127.0.0.1:18301/v2/big/image/blobs/sha256:{digest}"),
        ],
        document: [
            "http://127.0.0.1:18302/v2/127.0.0.1_18301/big/image/manifests/1".to_owned(),
            "http://127.0.0.1:18303/manifest".to_owned(),
            "http://127.0.0.1:18301/v2/big/image/manifests/1".to_owned(),
        ],
        airlift: ours,
        nginx,
        registry,
    }
}

fn big_file(path: &PathBuf) {
    let mut file = File::create(path).unwrap();
    let block: Vec<u8> = (0..1u32 << 20).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    (0..1024).for_each(|_| file.write_all(&block).unwrap());
}

fn registry(folder: &std::path::Path) -> Server {
    let config = format!(
        "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\nstorage: {{filesystem: {{rootdirectory: {}/registry}}}}\nhttp: {{addr: 127.0.0.1:18301}}\n",
        folder.display()
    );
    std::fs::write(folder.join("registry.yml"), config).unwrap();
    Server::start(Command::new("docker-registry").arg("serve").arg(folder.join("registry.yml")), "http://127.0.0.1:18301/v2/")
}

fn nginx(folder: &std::path::Path) -> Server {
    let path = folder.display();
    let config = format!(
        "daemon off; master_process off; worker_processes 1; pid {path}/nginx.pid; error_log {path}/www/logs/e;\nevents {{ worker_connections 512; }}\n\
         http {{ access_log off; sendfile on; keepalive_requests 1000000; client_body_temp_path {path}/www/logs; proxy_temp_path {path}/www/logs; fastcgi_temp_path {path}/www/logs; \
         uwsgi_temp_path {path}/www/logs; scgi_temp_path {path}/www/logs; server {{ listen 127.0.0.1:18303; root {path}/www; }} }}\n"
    );
    std::fs::write(folder.join("nginx.conf"), config).unwrap();
    Server::start(Command::new("nginx").arg("-c").arg(folder.join("nginx.conf")), "http://127.0.0.1:18303/manifest")
}

/// One client, one connection, 1 GiB.
pub fn blobs(corpus: &Corpus) {
    let servers = servers(corpus);
    let who = [("airlift", &servers.airlift), ("nginx", &servers.nginx), ("docker-registry", &servers.registry)];
    let mut rates: [Vec<(f64, f64)>; 3] = Default::default();
    for _ in 0..=PAIRS {
        for (n, (_, server)) in who.iter().enumerate() {
            let (cpu, began) = (used_by(&server.0), Instant::now());
            run(&format!("curl -sfo /dev/null '{}'", servers.blob[n]));
            rates[n].push((1.073_741_824 / began.elapsed().as_secs_f64(), 1.073_741_824 / (used_by(&server.0) - cpu).max(0.01)));
        }
    }
    for (n, (name, _)) in who.iter().enumerate() {
        let of = |f: fn(&(f64, f64)) -> f64| median(rates[n][1..].iter().map(f).collect());
        println!("blob of 1 GiB  {name:<16} {:.2} GB/s, {:.2} GB per cpu-s", of(|r| r.0), of(|r| r.1));
    }
}

/// Many small documents over 16 connections (`ab`, from apache2-utils).
pub fn documents(corpus: &Corpus) {
    let servers = servers(corpus);
    let who = [("airlift", &servers.airlift), ("nginx", &servers.nginx), ("docker-registry", &servers.registry)];
    for (n, (name, server)) in who.iter().enumerate() {
        let requests = if n == 2 { 4000.0 } else { 60_000.0 };
        let rates: Vec<(f64, f64)> = (0..PAIRS)
            .map(|_| {
                let (cpu, began) = (used_by(&server.0), Instant::now());
                run(&format!(
                    "ab -q -k -c 16 -n {requests} -H 'Accept: application/vnd.oci.image.manifest.v1+json' '{}'",
                    servers.document[n]
                ));
                (requests / began.elapsed().as_secs_f64(), requests / (used_by(&server.0) - cpu).max(0.01))
            })
            .collect();
        let of = |f: fn(&(f64, f64)) -> f64| median(rates.iter().map(f).collect());
        println!("documents      {name:<16} {:.0} a second, {:.0} per cpu-s", of(|r| r.0), of(|r| r.1));
    }
}
