//! A bundle on several sticks of which not all are plugged in at once: what is planned, what is taken in, what still has to come.

mod damage;
mod order;
mod plan;
mod reading;

use crate::host::{Host, Ran, arg};
use crate::world::{World, noise, text};
use airlift::bundle::find;
use airlift::store::Store;
use std::path::PathBuf;

const MIB: usize = 1 << 20;

/// A bundle of three volumes, each on a stick of its own, and a receiver with nothing installed.
pub struct Sticks {
    pub world: World,
    pub host: Host,
    pub volumes: Vec<PathBuf>,
    pub receiver: Store,
}

/// Blobs of which one spans the first and the second volume, and another the second and the third.
pub fn blobs() -> Vec<Vec<u8>> {
    vec![noise(6 * MIB, 1), noise(11 * MIB + 5, 2), Vec::new(), text(200_000, 3), noise(16 * MIB, 4), noise(70_000, 5)]
}

impl Sticks {
    pub fn new() -> Self {
        let world = World::new();
        let volumes = world.pack(&world.lock("kit", &blobs()), "out", Some(14 * MIB as u64), &[1]);
        let sticks = Self::of(world, volumes);
        let bundle = sticks.world.open(&sticks.volumes).expect("authentic");
        let spans = |a: u16, b: u16| {
            bundle.table.blobs.iter().any(|blob| {
                let on = |volume| bundle.table.frames_of(blob).iter().any(|frame| frame.volume == volume);
                on(a) && on(b)
            })
        };
        assert!(spans(0, 1) && spans(1, 2), "blobs must span volumes for these tests to mean anything");
        sticks
    }

    /// Each of three volumes goes to a stick of its own.
    pub fn of(world: World, volumes: Vec<PathBuf>) -> Self {
        assert_eq!(volumes.len(), 3);
        let moved = |(n, path): (usize, &PathBuf)| {
            let stick = world.path(&format!("stick{}", n + 1));
            std::fs::create_dir_all(&stick).expect("a folder");
            let to = stick.join(path.file_name().expect("a name"));
            std::fs::rename(path, &to).expect("moved");
            to
        };
        let volumes = volumes.iter().enumerate().map(moved).collect();
        let receiver = world.receiver("receiver");
        Self { host: Host::new(), volumes, receiver, world }
    }

    /// Runs a command with some of the sticks, numbered from 1.
    pub fn run(&self, command: &[&str], sticks: &[usize]) -> Ran {
        let places: Vec<PathBuf> = sticks.iter().map(|n| self.world.path(&format!("stick{n}"))).collect();
        let store = ["--store", arg(self.receiver.root())];
        self.host.run(&[&store[..], command, &places.iter().map(|p| arg(p)).collect::<Vec<_>>()].concat())
    }

    pub fn import(&self, sticks: &[usize]) -> Ran {
        self.run(&["import"], sticks)
    }

    pub fn plan(&self, sticks: &[usize]) -> Ran {
        self.run(&["plan"], sticks)
    }

    /// The plan of the only bundle as a document.
    pub fn planned(&self, sticks: &[usize]) -> serde_json::Value {
        let ran = self.run(&["--json", "plan"], sticks);
        serde_json::from_str::<serde_json::Value>(&ran.out).unwrap_or_else(|e| panic!("{e}: {ran:?}"))[0].clone()
    }

    /// That an import took in a part and names these volumes as what is still needed.
    pub fn waits(&self, ran: &Ran, needed: &[usize]) {
        ran.refused(3, &["still needed", "plug the next one in", "nothing was installed"]);
        for n in 1..=self.volumes.len() {
            let named = ran.err.contains(&format!("  needed     kit-{}.{n:03}.airlift (", self.seq()));
            assert_eq!(named, needed.contains(&n), "volume {n}: {}", ran.err);
        }
        assert!(self.installed() != Some(self.seq()), "it was installed");
    }

    pub fn seq(&self) -> u64 {
        find(&self.volumes).expect("a set")[0]
            .volumes
            .values()
            .next()
            .map_or(0, |volume| airlift::bundle::Statement::parse(&volume.head.statement).expect("a statement").seq)
    }

    /// The number of the bundle that is served.
    pub fn installed(&self) -> Option<u64> {
        self.receiver.current().expect("readable").map(|snapshot| snapshot.bundles[0].seq)
    }

    /// That everything is installed, whole, and nothing is left over.
    pub fn is_whole(&self) {
        assert_eq!(self.installed(), Some(self.seq()));
        let store = ["--store", arg(self.receiver.root())];
        self.host.ok(&[&store[..], &["scrub"]].concat());
        assert_eq!(self.left(), [""; 0]);
        assert!(self.receiver.waiting().expect("readable").is_empty());
    }

    /// What lies under `partial/`.
    pub fn left(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.receiver.root().join("partial")).expect("a folder");
        entries.map(|e| e.expect("readable").file_name().into_string().expect("UTF-8")).collect()
    }
}
