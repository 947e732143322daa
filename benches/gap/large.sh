#!/usr/bin/env bash
# large.sh FOLDER AIRLIFT [DISKS]: peak memory of packing, verifying and importing a large set, as it is, as a delta and small. Makes 4,000 small blobs,
# two of 900 MB together that hardly shrink and DISKS (2) of 5 GB that are mostly zeros. Needs root for a sparse file system: the zeros
# of both stores are given back as they are there, so that a third of the bytes is enough room.
set -euo pipefail
mkdir -p "$1" && cd "$1"
A=$2 disks=${3:-2} here=$PWD
export HOME=$here/home
cat > content.py <<'PY'
import hashlib, http.server, random, socketserver, sys
MIB, DISKS = 1 << 20, int(sys.argv[2])
HUGE = {**{f"disk-{n}": 5120 * MIB for n in range(DISKS)}, "layer-0": 600 * MIB, "layer-1": 300 * MIB}
NAMES = list(HUGE) + [f"small-{n}" for n in range(4000)]
noise = lambda length, seed: random.Random(seed).randbytes(length)
def size(name):
    n = int(name.split("-")[1])
    return HUGE.get(name) or (200 + n * 7919 % 180000 if n % 40 else 2 * MIB + n * 100)
def pieces(name, version):
    length, n = size(name), int(name.split("-")[1])
    if name not in HUGE:
        line = b"a line of text of %s\n" % name.encode()
        body = bytearray(noise(length // 2, name) + line * (length // 16 + 1))[:length]
        if version > 1 and n % 8 == 3: body[length // 3 : length // 3 + 5] = noise(5, f"{name} {version}")
        yield bytes(body)
        return
    piece, first = bytearray(MIB), noise(65536, name)
    for k in range(length // MIB):
        piece[:65536] = k.to_bytes(8, "little") + first[8:]
        if name.startswith("layer"): piece[65536:365536] = noise(300000, f"{name} {k}")
        if version > 1 and name == "layer-1" and k % 97 == 5: piece[100:140] = noise(40, f"{name} {k} {version}")
        yield bytes(piece)
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_HEAD(self):
        self.send_response(200), self.send_header("Content-Length", str(size(self.path.split("/")[2]))), self.end_headers()
    def do_GET(self):
        self.do_HEAD()
        for piece in pieces(self.path.split("/")[2], int(self.path.split("/")[1])): self.wfile.write(piece)
    def log_message(self, *_): pass
class Server(socketserver.ThreadingMixIn, http.server.HTTPServer): daemon_threads, request_queue_size = True, 256
def manifest(file, kit, names, version):
    with open(file, "w") as out:
        out.write(f'airlift = 1\nname = "{kit}"\n')
        for name in names:
            sha256 = hashlib.sha256()
            for piece in pieces(name, version): sha256.update(piece)
            out.write(f'[files.{name}]\nurl = "http://127.0.0.1:18299/{version}/{name}"\nsha256 = "{sha256.hexdigest()}"\n')
if sys.argv[1] == "serve": Server(("127.0.0.1", 18299), Handler).serve_forever()
for version in (1, 2):
    for name in HUGE: manifest(f"one-{name}-{version}.toml", "one", [name], version)
    manifest(f"kit-{version}.toml", "kit", NAMES, version)
manifest("part.toml", "part", ["layer-1"] + NAMES[len(HUGE) : len(HUGE) + 400], 1)
PY
dig() { find "$1" -type f -size +100M -exec fallocate -d {} \; ; }
run() {
  what=$1; shift
  /usr/bin/time -o time -f '%M KB, %e s' "$A" --quiet "$@" > /dev/null &
  timed=$!
  while kill -0 $timed 2> /dev/null; do
    sleep 0.5
    [ "$(du -sk img | cut -f1)" -gt 3500000 ] && ours=$(pgrep -P $timed) || continue
    kill -STOP "$ours"; dig mnt/inside; sync -f mnt; kill -CONT "$ours"
  done
  wait $timed
  dig mnt/inside; sync -f mnt
  echo "$what: $(cat time)"
}
python3 content.py manifests "$disks"
python3 content.py serve "$disks" &
server=$!
truncate -s 90G img && mkfs.ext4 -q -E lazy_itable_init=1 img && mkdir -p mnt && mount -o loop,discard img mnt
trap 'kill $server; umount mnt; rm -f img' EXIT
key="--key key --allow-plain-key"
"$A" --quiet key generate key --no-passphrase 2> /dev/null
"$A" --quiet --store store trust init bench --principal b=key.pub --threshold 1 --key key --allow-plain-key --out root > /dev/null
fingerprint=$("$A" --quiet --store store trust show root/root.1.json | grep -oE '[0-9A-Z]{5}(-[0-9A-Z]{5}){3}' | head -n 1)
mkdir -p mnt/inside
for store in store mnt/inside; do "$A" --quiet --store "$store" trust accept root/root.1.json --fingerprint "$fingerprint"; done > /dev/null
for manifest in one-*.toml kit-1.toml kit-2.toml part.toml; do
  "$A" --quiet --store store lock "$manifest" && "$A" --quiet --store store fetch "${manifest%.toml}.lock"
  dig store/blobs
done > /dev/null
run pack --store store pack kit-1.lock --out one $key
run verify --store mnt/inside verify one
run import --store mnt/inside import one
run 'pack --base' --store store pack kit-2.lock --base one --out two $key
run 'verify of the delta' --store mnt/inside verify two
run 'import of the delta' --store mnt/inside import two
run 'pack --small' --store store pack part.lock --small --out part $key
run 'verify of the small one' --store mnt/inside verify part
run 'import of the small one' --store mnt/inside import part
