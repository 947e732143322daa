//! Datagrams: across loopback, and across a link between two namespaces that loses some and has no way back.

use super::{id, large};
use crate::host::{AIRLIFT, Host, Ran, arg};
use crate::stock::{need, skip};
use std::process::Stdio;

#[test]
fn datagrams_on_loopback() {
    let (host, (world, volumes)) = (Host::new(), large());
    let mut receive = host.start(&["receive", "--udp", "127.0.0.1:0", "--out", "in"]);
    let said = receive.said("taking datagrams at");
    let address = said.rsplit(' ').next().expect("an address").to_owned();
    // Until it is all there: what a busy machine loses comes again.
    let mut send = host.command(&["send", arg(&world.path("out")), "--udp", &address, "--rounds", "0"]);
    let mut send = send.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("airlift runs");
    let ran = receive.end();
    send.kill().expect("it never ends by itself");
    send.wait().expect("it is ours");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains(&id(&volumes[0]).spoken()), "{}", ran.out);
    host.ok(&["--store", arg(world.receiver("inside").root()), "verify", "in"]);
}

#[test]
fn nothing_comes_and_patience_ends() {
    let host = Host::new();
    host.fails(3, &["receive", "--udp", "127.0.0.1:0", "--out", "in", "--patience", "1"], &["no record of a bundle has come"]);
    host.fails(2, &["send", "x", "--udp", "nowhere"], &["nowhere is not a place to send to", "HOST:PORT"]);
}

/// Makes the link: this namespace is the low side, `$high` a process in the other one. What comes back is dropped before the low side's
/// system sees it, and counted; what goes up loses two packets in a hundred. Neither side sees an error.
const LINK: &str = r#"
set -eu
PATH=$PATH:/usr/sbin:/sbin
mkfifo hold
unshare --net cat hold & high=$!
exec 9>hold
while [ "$(readlink /proc/$high/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.02; done
up() { nsenter --target $high --net -- "$@"; }
ip link set lo up; up ip link set lo up
ip link add vl type veth peer name vh netns $high
ip addr add 10.99.0.1/24 dev vl; ip link set vl up
up ip addr add 10.99.0.2/24 dev vh; up ip link set vh up
mac() { sed -n 's/.*ether \([0-9a-f:]*\).*/\1/p'; }
ip neigh replace 10.99.0.2 lladdr $(up ip link show vh | mac) dev vl nud permanent
up ip neigh replace 10.99.0.1 lladdr $(ip link show vl | mac) dev vh nud permanent
nft 'table netdev diode { chain in { type filter hook ingress device "vl" priority 0; policy drop; counter; }; }'
up nft 'table netdev loss { chain in { type filter hook ingress device "vh" priority 0; numgen random mod 100 < 2 counter drop; }; }'
counted() { sed -n 's/.*counter packets \([0-9]*\).*/\1/p'; }
expect() { want=$1; shift; code=0; "$@" || code=$?; [ $code = $want ] || { echo "exit code $code, not $want: $*" >&2; exit 99; }; }
listening() { until grep -q 'taking datagrams' $1; do kill -0 $2; sleep 0.02; done; }
"#;

/// Runs a script on the low side; `None` where no such link can be made.
fn across(host: &Host, script: &str) -> Option<Ran> {
    for tool in ["unshare", "nsenter", "ip", "nft", "bash"] {
        need(tool)?;
    }
    let mut command = host.program("unshare");
    if !rustix::process::geteuid().is_root() {
        command.arg("--map-root-user");
    }
    let may = host.program("unshare").args(["--map-root-user", "--net", "true"]).status().is_ok_and(|status| status.success());
    if !may && !rustix::process::geteuid().is_root() {
        skip("no network namespace can be made here");
        return None;
    }
    // What the script starts ends with it: the namespaces of processes are its own.
    command.args(["--net", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c", &format!("{LINK}{script}")]);
    Some(Ran::of(command.output().expect("util-linux is here")))
}

#[test]
fn a_bundle_crosses_a_link_that_loses_packets_and_has_no_way_back() {
    let (host, (world, volumes)) = (Host::new(), large());
    let inside = world.receiver("inside");
    let script = format!(
        r#"
airlift='{AIRLIFT}'
# Nothing gets down: what is sent there is counted as dropped, and nobody has it.
$airlift receive --udp 10.99.0.1:7001 --out down --patience 3 2>down.log & down=$!
listening down.log $down
up $airlift --quiet send '{out}' --udp 10.99.0.1:7001 --packet 1472 --rate 50MB
code=0; wait $down || code=$?
[ $code = 3 ] || {{ cat down.log >&2; exit 98; }}
grep -q 'no record of a bundle has come' down.log
back=$(nft list table netdev diode | counted)
[ $back -gt 10000 ]
# Up it goes, whatever is lost; the receiver ends when it has all.
up $airlift --json receive --udp 10.99.0.2:7002 --out in >in.json 2>in.log & in=$!
listening in.log $in
$airlift --quiet send '{out}' --udp 10.99.0.2:7002 --rounds 0 & send=$!
wait $in || {{ cat in.log >&2; exit 97; }}
kill $send
lost=$(up nft list table netdev loss | counted)
[ $lost -gt 100 ]
[ $(nft list table netdev diode | counted) -lt $((back + 100)) ]
# The same with nothing but a shell to send: one record is one write, and one write is one datagram.
up $airlift receive --udp 10.99.0.2:7003 --out shell >shell.out 2>shell.log & in=$!
listening shell.log $in
$airlift --quiet send '{out}' --rounds 0 --rate 10MB >/dev/udp/10.99.0.2/7003 & send=$!
wait $in || {{ cat shell.log >&2; exit 96; }}
kill $send
# And behind it the bundle is what people signed.
expect 0 up $airlift --store '{store}' verify in
expect 0 up $airlift --store '{store}' verify shell
expect 0 up $airlift --store '{store}' import in
exec 9>&-
echo "lost $lost"
"#,
        out = arg(&world.path("out")),
        store = arg(inside.root()),
    );
    let Some(ran) = across(&host, &script) else { return };
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let document: serde_json::Value = serde_json::from_slice(&std::fs::read(host.path("in.json")).unwrap()).expect("a document");
    assert_eq!(document["bundle"].as_str(), Some(&*id(&volumes[0]).hex()));
    assert!(document["records"]["recovered"].as_u64() > Some(100), "{document}");
    assert_eq!(document["damaged-bytes"].as_u64(), Some(0));
    assert!(inside.current().expect("readable").is_some(), "it is installed");
}
