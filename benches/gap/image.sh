#!/usr/bin/env bash
# image.sh FOLDER: makes, once, an image as large as those that toolkits have: an OCI layout in FOLDER/large with the wheels of the
# corpus in four gzip layers.
set -euo pipefail
cd "$1"
[ -e large/index.json ] && exit 0
rm -rf large && mkdir -p large/blobs/sha256
put() {
  local digest
  digest=$(sha256sum "$1" | cut -d' ' -f1)
  printf '{"mediaType":"%s","digest":"sha256:%s","size":%s}' "$2" "$digest" "$(stat -c %s "$1")"
  mv "$1" "large/blobs/sha256/$digest"
}
layers='' diffs=''
for n in 0 1 2 3; do
  ls plain/kit | awk -v n=$n 'NR % 4 == n' | tar -C plain/kit -cf layer.tar --sort=name --mtime=@0 --owner=0 --group=0 -T -
  diffs+="${diffs:+,}\"sha256:$(sha256sum layer.tar | cut -d' ' -f1)\""
  gzip -1nc layer.tar > layer && rm layer.tar
  layers+="${layers:+,}$(put layer application/vnd.oci.image.layer.v1.tar+gzip)"
done
printf '{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[%s]}}' "$diffs" > config
config=$(put config application/vnd.oci.image.config.v1+json)
printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":%s,"layers":[%s]}' "$config" "$layers" > manifest
manifest=$(put manifest application/vnd.oci.image.manifest.v1+json)
printf '{"imageLayoutVersion":"1.0.0"}' > large/oci-layout
printf '{"schemaVersion":2,"manifests":[%s]}' "${manifest%\}},\"annotations\":{\"org.opencontainers.image.ref.name\":\"1.0\"}}" > large/index.json
