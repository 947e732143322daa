#!/usr/bin/env bash
# prepare.sh FOLDER AIRLIFT IMAGES: makes the benchmark's corpus in FOLDER, once. Two locks with everything fetched: `kit` (wheels and
# compressed layers, as a toolkit has them) and `tars` (the same layers uncompressed); the same files in folders for the peers.
set -euo pipefail
folder=$1 airlift=$2 images=$3
mkdir -p "$folder" && cd "$folder"
[ -e ready ] && exit 0
export HOME=$folder/home
A=("$airlift" --quiet --store "$folder/store")
mkdir -p files/layers files/tars
for blob in "$images"/blobs/sha256/*; do
  [ "$(stat -c %s "$blob")" -gt 1000000 ] || continue
  name=$(basename "$blob" | cut -c1-12)
  if gzip -t "$blob" 2>/dev/null; then
    cp "$blob" "files/layers/$name.tar.gz"
    gzip -dc "$blob" > "files/tars/$name.tar"
  fi
done
exec 9>&1
python3 -m http.server --bind 127.0.0.1 18199 --directory files > /dev/null 2>&1 &
server=$!
trap 'kill $server' EXIT
for _ in $(seq 1 100); do curl -so /dev/null http://127.0.0.1:18199/ && break; sleep 0.05; done
section() { for f in files/"$1"/*; do
  n=$(basename "$f" | tr . -)
  printf '[files.%s]\nurl = "http://127.0.0.1:18199/%s/%s"\nsha256 = "%s"\n' "$n" "$1" "$(basename "$f")" "$(sha256sum "$f" | cut -d' ' -f1)"
done; }
{ cat <<'TOML'; section layers; } > kit.toml
airlift = 1
name = "kit"
[targets.x86]
platform = "linux-x86_64"
python = "3.11"
[targets.arm]
platform = "linux-aarch64"
python = "3.12"
[python.all]
requirements = ["jupyterlab", "scikit-learn", "pandas", "scipy", "pyarrow", "tensorflow"]
TOML
{ printf 'airlift = 1\nname = "tars"\n'; section tars; } > tars.toml
"$airlift" --quiet key generate key --no-passphrase
"${A[@]}" trust init bench --principal b=key.pub --threshold 1 --key key --allow-plain-key --out root > /dev/null
fingerprint=$("${A[@]}" trust show root/root.1.json | grep -oE '[0-9A-Z]{5}(-[0-9A-Z]{5}){3}' | head -n 1)
for store in store inside; do
  mkdir -p "$store"
  "$airlift" --quiet --store "$folder/$store" trust accept root/root.1.json --fingerprint "$fingerprint" > /dev/null
done
for kit in kit tars; do
  "${A[@]}" lock $kit.toml > /dev/null
  "${A[@]}" fetch $kit.lock > /dev/null
  mkdir -p plain/$kit
  grep -oE '"sha256":"[0-9a-f]{64}"' $kit.lock | cut -d'"' -f4 | sort -u | while read -r hex; do
    ln "store/blobs/sha256/${hex:0:2}/$hex" "plain/$kit/$hex"
  done
done
touch ready
