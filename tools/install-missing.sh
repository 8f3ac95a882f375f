#!/usr/bin/env bash
# Installs what a build or a test run needs and this machine lacks, by name, from the distribution.
# usage: tools/install-missing.sh build|test
set -euo pipefail

want=${1:?build or test}
packages=()
need() { # command package
  command -v "$1" >/dev/null 2>&1 || packages+=("$2")
}

need clang clang # compiles RocksDB, zstd and lz4, links, and brings libclang for bindgen
need cc clang
if [ "$want" = test ]; then
  need python3 python3
  python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)
  need node nodejs
  need npm npm
  need go golang-go
  need javac default-jdk-headless
  need mvn maven
fi

if [ "${#packages[@]}" -gt 0 ]; then
  command -v apt-get >/dev/null 2>&1 || {
    echo "install-missing: please install: ${packages[*]}" >&2
    exit 1
  }
  as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  echo "installing ${packages[*]}…"
  "${as_root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi

command -v cargo >/dev/null 2>&1 || {
  echo "install-missing: no Rust toolchain; see https://rustup.rs" >&2
  exit 1
}
