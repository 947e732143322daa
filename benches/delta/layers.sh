#!/usr/bin/env bash
# layers.sh FOLDER: makes, once and as root, two versions of an image of three layers, as their tools write them. Below FOLDER then lie
# {podman,docker}/{a,b} in the form of `skopeo copy … dir:`, and {a,b}.tar, the same without compression.
#   base   Debian's minimal system: a of the suite as it was released, b with its updates
#   apt    python3, git, gcc and curl, installed on either
#   app    five wheels, b of the next patch release of each
# Wanted: mmdebstrap, buildah, skopeo, docker.io, docker-registry, and pip; apt and pip say where packages come from.
set -euo pipefail
here=$(cd -- "$(dirname -- "$0")" && pwd)
clients=$here/../../tests/clients
mkdir -p "$1"
cd "$1"
work=$PWD
old=(numpy==2.2.4 pandas==2.2.2 scipy==1.15.2 scikit-learn==1.6.0 pyarrow==19.0.0)
new=(numpy==2.2.5 pandas==2.2.3 scipy==1.15.3 scikit-learn==1.6.1 pyarrow==19.0.1)

builder() { buildah --root "$work/store" --runroot "$work/run" --storage-driver vfs "$@"; }

# archive CODENAME: where apt has that suite of the machine's own release from.
# shellcheck disable=SC2016
archive() { apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $1" 'Component: main' | head -n 1; }

# sources SUITE...: the lines of apt for those suites. A newer release than the machine's, as an old one gets no updates of its base.
sources() {
  local suite
  for suite; do
    case $suite in
      *-security) printf 'deb %s %s main\n' "$(archive bookworm-security)" "$suite" ;;
      *) printf 'deb %s %s main\n' "$(archive bookworm)" "$suite" ;;
    esac
  done
}

system() { [[ -e base-$1.tar ]] || mmdebstrap --quiet --variant=minbase trixie "base-$1.tar" < <(sources "${@:2}"); }

# layer FROM NAME STEP...
layer() {
  local container
  container=$(builder from --pull-never "$1")
  "${@:3}" "$container"
  builder commit --quiet --format docker "$container" "$2" >/dev/null
  builder rm "$container" >/dev/null
}

base() { builder add -q "$2" "$work/base-$1.tar" / >/dev/null; }
packages() {
  builder run --isolation chroot "$1" -- sh -c 'apt-get -q -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -q install --yes --no-install-recommends python3 git gcc curl ca-certificates >/dev/null && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin'
}
wheels() {
  local site=$work/site-$1
  [[ -d $site ]] || python3 -m pip install -q --no-deps --no-compile --only-binary=:all: --python-version 3.12 --platform manylinux2014_x86_64 \
    --platform manylinux_2_17_x86_64 --platform manylinux_2_28_x86_64 --target "$site" "${@:2:5}"
  builder add -q "${@: -1}" "$site" /opt/app >/dev/null
}

image() {
  local name=$1
  shift
  system "$name" "${@:6}"
  layer scratch "base-$name" base "$name"
  layer "base-$name" "apt-$name" packages
  layer "apt-$name" "kit-$name" wheels "$name" "${@:1:5}"
  builder push -q "kit-$name" "docker-archive:$work/$name.tar:kit:$name"
  builder push -q --compression-format gzip --format oci "kit-$name" "dir:$work/podman/$name"
}

# Docker compresses a layer when it pushes it.
docker() {
  local name
  "$clients/dockerd" start "$work/d" --insecure 127.0.0.1:5056 >/dev/null
  "$clients/registry" start "$work/r" 5056 >/dev/null
  for name in a b; do
    "$clients/dockerd" call "$work/d" load -q -i "$work/$name.tar" >/dev/null
    "$clients/dockerd" call "$work/d" tag "kit:$name" "127.0.0.1:5056/kit:$name"
    "$clients/dockerd" call "$work/d" push -q "127.0.0.1:5056/kit:$name" >/dev/null
    skopeo copy -q --src-tls-verify=false "docker://127.0.0.1:5056/kit:$name" "dir:$work/docker/$name"
  done
  "$clients/registry" stop "$work/r"
  "$clients/dockerd" stop "$work/d"
}

mkdir -p podman docker
[[ -e podman/a/manifest.json ]] || image a "${old[@]}" trixie
[[ -e podman/b/manifest.json ]] || image b "${new[@]}" trixie trixie-updates trixie-security
[[ -e docker/b/manifest.json ]] || docker
