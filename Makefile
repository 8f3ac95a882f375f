# The commands of this project. `make run` and `make test` are all a newcomer needs.

SHELL := /bin/bash
.DEFAULT_GOAL := help
CARGO := cargo
BINARY = $(or $(CARGO_TARGET_DIR),target)/release/beamline
export BEAMLINE_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/beamline

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

run: rocksdb ## Build Beamline and start it together with a simulated shop
	$(CARGO) build --release --locked
	@env -u BEAMLINE_CACHE $(BINARY) demo

test: rocksdb ## Everything that CI checks: format, lints, unit, property, contract, integration, real clients
	@tools/install-missing.sh test
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- --deny warnings
	tools/client-packages.sh $(CARGO) test --workspace --locked
	RUSTDOCFLAGS="--deny warnings" $(CARGO) doc --workspace --no-deps --locked --quiet

bench: rocksdb ## Measure ingest, bytes per span and reads; prints the figures of docs/performance.md
	$(CARGO) build --release --locked
	@tools/bench.sh $(BINARY)

fuzz: ## Run every fuzz target under libFuzzer for TIME seconds; TARGETS="segment otlp" for some
	@tools/install-missing.sh build
	@tools/fuzz.sh $(or $(TIME),300) $(TARGETS)

deny: ## Check licences, sources and doubled versions of what is compiled in (needs cargo-deny)
	$(CARGO) deny --locked check bans licenses sources

generate: ## Write proto/src/generated and docs/compatibility.md again from the published contracts
	$(CARGO) run --quiet --locked -p beamline-proto-generator
	$(CARGO) run --quiet --locked -p beamline-aws --example compatibility

rocksdb: ## Build RocksDB once for this machine
	@tools/install-missing.sh build
	@store/build-rocksdb.sh

.PHONY: help run test bench fuzz deny generate rocksdb
