#!/usr/bin/env bash
# Builds the RocksDB sources that the `librocksdb-sys` crate bundles into one static archive, once per machine.
#
# Why: the crate's own build compiles 343 files one by one and spends its time reading headers (about 15 minutes
# on two cores). Four unity units need about two. `.cargo/config.toml` points cargo at the result, so plain
# `cargo` commands link it afterwards. ROCKSDB_COMPILE=1 is the way back to the crate's own build.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
cxx=${CXX:-clang++}
cache=${BEAMLINE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/beamline}

command -v "$cxx" >/dev/null || { echo "build-rocksdb: $cxx is missing; install clang (make setup does)" >&2; exit 1; }

# Where cargo put the sources: the archive must match the crates in Cargo.lock.
cargo fetch --locked --manifest-path "$root/Cargo.toml" >/dev/null 2>&1 ||
  { echo "build-rocksdb: cargo fetch failed; is the registry reachable?" >&2; exit 1; }
manifest_of() {
  cargo metadata --locked --format-version 1 --manifest-path "$root/Cargo.toml" |
    tr '{' '\n' | grep -o "\"manifest_path\":\"[^\"]*/$1-[0-9][^\"]*Cargo.toml\"" | head -n 1 | cut -d'"' -f4
}
sys=$(dirname "$(manifest_of librocksdb-sys)")
lz4=$(dirname "$(manifest_of lz4-sys)")/liblz4/lib
zstd=$(dirname "$(manifest_of zstd-sys)")/zstd/lib
version=${sys##*librocksdb-sys-}

case $(uname -m) in
  x86_64) arch=(-march=x86-64-v2 -mpclmul) ;;
  aarch64) arch=(-march=armv8-a+crc+aes+crypto) ;;
  *) arch=() ;;
esac
flags=(-std=c++20 -O2 -include cstdint -w -fPIC -fno-rtti "${arch[@]}" -DNDEBUG -DLZ4 -DZSTD -DHAVE_ALIGNED_NEW
  -DHAVE_UINT128_EXTENSION -DOS_LINUX -DROCKSDB_PLATFORM_POSIX -DROCKSDB_LIB_IO_POSIX
  -DROCKSDB_SCHED_GETCPU_PRESENT -DROCKSDB_AUXV_GETAUXVAL_PRESENT -DROCKSDB_FALLOCATE_PRESENT
  -DROCKSDB_RANGESYNC_PRESENT)
includes=(-I"$sys/rocksdb/include" -I"$sys/rocksdb" -I"$sys/rocksdb/third-party/gtest-1.8.1/fused-src"
  -I"$sys" -I"$lz4" -I"$zstd")

# The folder's name carries version and flags: cargo does not notice a changed archive under the same path.
digest=$(printf '%s\n' "${flags[@]}" "$("$cxx" --version | head -n 1)" | sha256sum | cut -c1-8)
out="$cache/rocksdb-$version-$digest"
link="$root/.cargo/rocksdb-$version"
grep -q "\.cargo/rocksdb-$version\"" "$root/.cargo/config.toml" ||
  { echo "build-rocksdb: Cargo.lock has librocksdb-sys $version; name it in .cargo/config.toml too" >&2; exit 1; }

if [ ! -f "$out/librocksdb.a" ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  grep -v '^util/build_version.cc$' "$sys/rocksdb_lib_sources.txt" | grep . >"$work/sources"
  total=$(wc -l <"$work/sources")
  per_unit=$(((total + 3) / 4))
  # A unit needs 1 GB; with little memory smaller units and no second job.
  memory_gb=$(awk '/MemAvailable/ { print int($2 / 1048576) }' /proc/meminfo 2>/dev/null || echo 4)
  jobs=$(nproc)
  if [ "$memory_gb" -lt 3 ]; then per_unit=32 jobs=1; fi
  split -l "$per_unit" -d "$work/sources" "$work/part."
  for part in "$work"/part.*; do
    sed "s|.*|#include \"$sys/rocksdb/&\"|" "$part" >"$work/unit.${part##*.}.cc"
  done
  cp "$sys/build_version.cc" "$work/unit.version.cc"
  echo "building RocksDB $version, once for this machine (2 to 4 minutes)…"
  printf '%s\n' "$work"/unit.*.cc |
    xargs -P "$jobs" -I{} "$cxx" "${flags[@]}" "${includes[@]}" -c {} -o {}.o
  mkdir -p "$out"
  ar qcs "$out/librocksdb.a.partial" "$work"/unit.*.o
  mv "$out/librocksdb.a.partial" "$out/librocksdb.a"
fi

ln -sfn "$out" "$link"
