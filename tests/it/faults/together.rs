//! Several at once: two imports, and an import while the same store is served.

use super::traced;
use crate::cli::walk::get;
use crate::host::{Host, Running, arg};
use crate::world::{World, noise, text};
use rustix::process::{Pid, Signal};

#[test]
fn of_two_imports_one_wins_and_the_other_says_so() {
    let (host, world) = (Host::new(), World::new());
    let volume = world.pack(&world.lock("kit", &[noise(5 << 20, 1), text(100_000, 2)]), "out", None, &[1]).remove(0);
    let receiver = world.receiver("receiver");
    let import = ["--quiet", "--store", arg(receiver.root()), "import", arg(&volume)];
    // The first is stopped in the middle of its work, when it makes its first blob durable.
    let stop = ["-qq", "-e", "trace=fdatasync", "-e", "inject=fdatasync:signal=STOP:when=1"];
    let Some(command) = traced(&host, &stop, &import) else { return };
    let mut first = Running::of(command);
    first.said("stopped by SIGSTOP");
    host.fails(7, &import, &["is being changed by another airlift", "wait until it has finished"]);
    host.ok(&["--store", arg(receiver.root()), "status"]);
    wake(&first);
    assert_eq!(first.end().code, Some(0), "the first goes on undisturbed");
    assert!(host.ok(&import[1..]).err.contains("installed already"));
    host.ok(&["--store", arg(receiver.root()), "scrub"]);
    assert_eq!(receiver.snapshots().expect("readable").len(), 1);
}

/// Lets the stopped child of a tracer go on.
fn wake(tracer: &Running) {
    let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", tracer.id())).expect("Linux");
    for child in children.split_whitespace() {
        let id = Pid::from_raw(child.parse().expect("a number")).expect("not zero");
        rustix::process::kill_process(id, Signal::CONT).expect("it is there");
    }
}

#[test]
fn a_server_goes_on_while_a_bundle_is_imported_and_then_shows_it() {
    let (host, world) = (Host::new(), World::new());
    let volume = |seed, out| world.pack(&world.lock("kit", &[noise(3 << 20, seed)]), out, None, &[1]).remove(0);
    let (old, new) = (volume(1, "old"), volume(2, "new"));
    let receiver = world.receiver("receiver");
    let store = arg(receiver.root());
    host.ok(&["--store", store, "import", arg(&old)]);
    let mut serving = host.start(&["--store", store, "serve", "--http", "127.0.0.1:0", "--access-log", "access.log"]);
    let address = serving.line().trim_start_matches("listening on http://").to_owned();
    let shown = |needle: &str| get(&address, "/healthz").contains(needle);
    assert!(shown("\"kit-1\""));
    host.ok(&["--store", store, "import", arg(&new)]);
    serving.said("serving snapshot 2");
    assert!(shown("\"kit-2\"") && !shown("\"kit-1\""));
    host.ok(&["--store", store, "rollback"]);
    serving.said("serving snapshot 1");
    assert!(shown("\"kit-1\""));
    serving.signal(Signal::INT);
    assert_eq!(serving.end().code, Some(0));
}
