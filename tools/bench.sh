#!/usr/bin/env bash
# Measures the release binary as a whole: ingest by each protocol, bytes per span, reads, start. `make bench` builds it
# first. docs/performance.md says what the figures mean and keeps those of the reference machine.
# usage: tools/bench.sh [BINARY]        BEAMLINE_BENCH_SPANS=10M sets the size of the large run
set -euo pipefail

beamline=${1:-./target/release/beamline}
spans=${BEAMLINE_BENCH_SPANS:-10M}
seconds=${BEAMLINE_BENCH_SECONDS:-30s}
folder=$(mktemp -d)
server=
finish() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$folder"
}
trap finish EXIT

# Starts a server on the folder named, and waits until it serves.
start() {
  rm -f "$folder/ready.json"
  "$beamline" serve --data "$folder/$1" --ready-file "$folder/ready.json" --http 127.0.0.1:0 --xray 127.0.0.1:0 \
    --otlp-grpc 127.0.0.1:0 --otlp-http 127.0.0.1:0 >>"$folder/log" 2>&1 &
  server=$!
  until [ -s "$folder/ready.json" ]; do
    kill -0 "$server" 2>/dev/null || { cat "$folder/log" >&2; exit 1; }
    sleep 0.02
  done
}
stop() {
  kill "$server" && wait "$server" || true
  server=
}
resident() { awk '/VmRSS/ { printf "%d MiB\n", $2 / 1024 }' "/proc/$server/status"; }
title() { printf '\n== %s\n' "$*"; }

title "insights: injected faults, 400 simulated runs"
cargo bench --quiet -p beamline-model --bench insights

title "idle"
start idle
echo "server memory          $(resident) resident"
stop

title "OTLP over gRPC, as much as the server takes, $seconds"
start otlp
"$beamline" load --ready-file "$folder/ready.json" --duration "$seconds" --reads 0 | tee "$folder/most"
stop
most=$(sed -n 's|^acknowledged .* \([0-9,]*\)/s$|\1|p' "$folder/most" | tr -d ,)

title "OTLP over gRPC at half of that, and 20 sampling clients meanwhile, $seconds"
start polled
"$beamline" load --ready-file "$folder/ready.json" --rate "$((most / 2))" --duration "$seconds" --reads 0 --pollers 20
stop

for rate in 40k 100k; do
  title "X-Ray over UDP, $rate segments/s offered, $seconds"
  start "udp-$rate"
  "$beamline" load --protocol xray-udp --rate "$rate" --ready-file "$folder/ready.json" --duration "$seconds" --reads 0
  stop
done

title "$spans spans over 24 h at 100,000 spans/s, then reads"
start large
"$beamline" load --spans "$spans" --rate 100k --span-of 24h --ready-file "$folder/ready.json" --reads 0 | tee "$folder/large.txt"
# Traces are sealed after 10 s of silence, and the log's space is given back 15 s later.
sleep 45
bytes=$(du -sb "$folder/large" | cut -f1)
count=$(sed -n 's|^stored  *\([0-9,]*\) spans.*|\1|p' "$folder/large.txt" | tr -d ,)
echo "disk, at rest          $((bytes / count)) bytes per span, all indexes"
"$beamline" load --spans 10 --ready-file "$folder/ready.json" --reads 200 --span-of 24h | grep read
stop
began=$(date +%s%N)
start large
echo "start with $spans spans   $((($(date +%s%N) - began) / 1000000)) ms"
echo "server memory          $(resident) resident"
stop

title "service graph of 24 h with several hundred calls: 1M spans of the skewed shape"
start skewed
"$beamline" load --shape skewed --spans 1M --rate 40k --span-of 24h --ready-file "$folder/ready.json" --reads 0 | grep -E '^(stored|lost)'
sleep 45
"$beamline" load --shape skewed --spans 10 --ready-file "$folder/ready.json" --reads 100 --span-of 24h | grep 'service graph'
