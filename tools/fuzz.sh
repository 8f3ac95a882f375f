#!/usr/bin/env bash
# Runs the fuzz targets under libFuzzer, each for a while, from its corpus and from what earlier runs found. Stops at the
# first input that breaks something and says where it is.
# usage: tools/fuzz.sh SECONDS [TARGET...]
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:?how many seconds for each target}
shift

command -v cargo-fuzz >/dev/null 2>&1 || {
  echo "fuzz: please install cargo-fuzz: cargo install cargo-fuzz" >&2
  exit 1
}
# Sanitizers are a nightly feature, which a stable compiler has too when it is told to.
cargo=(cargo +nightly)
"${cargo[@]}" --version >/dev/null 2>&1 || {
  cargo=(cargo)
  export RUSTC_BOOTSTRAP=1
}

work=$PWD/target/fuzz
for folder in model/fuzz aws/fuzz; do
  # The versions that are shipped are the ones to be fuzzed.
  cp Cargo.lock "$folder/Cargo.lock"
  for target in "$folder"/fuzz_targets/*.rs; do
    target=$(basename "$target" .rs)
    [ "$#" -eq 0 ] || [[ " $* " == *" $target "* ]] || continue
    echo "fuzzing $target for $seconds s…"
    mkdir -p "$work/corpus/$target" "$work/artifacts/$target"
    "${cargo[@]}" fuzz run --fuzz-dir "$folder" --target-dir "$work/build" "$target" \
      "$work/corpus/$target" "$folder/corpus/$target" -- \
      -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -max_len=16384 -print_final_stats=1 -verbosity=0 \
      -artifact_prefix="$work/artifacts/$target/"
  done
done
