#!/usr/bin/env bash
# Installs the pinned client packages that the tests run, and builds those that have to be built: Python's into a
# virtual environment in the user's cache, Node's next to their lock file, Go's and Java's programs into the cache too, and
# an OpenTelemetry Collector of the parts that tests/clients/collector names.
# A second call with the same locks and sources does nothing.
# usage: tools/client-packages.sh [COMMAND...]
# Runs COMMAND with BEAMLINE_PYTHON (an interpreter), BEAMLINE_GO_CLIENTS and BEAMLINE_COLLECTOR (folders of programs) and
# BEAMLINE_JAVA_CLIENTS (a folder of jars) set; without one, prints the interpreter.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
cache=${BEAMLINE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/beamline}
clients=$root/tests/clients

digest() { # file or folder...
  find "$@" -type f -print0 | sort -z | xargs -0 cat | sha256sum | cut -c1-12
}

# Runs a command that fills the folder it is given, unless that was done before. Prints the folder.
built() { # name command...
  local folder=$cache/$1
  shift
  if [ ! -d "$folder" ]; then
    local half=$folder.$$
    "$@" "$half" >&2
    mv -T "$half" "$folder" 2>/dev/null || rm -rf "$half" # somebody else was faster
  fi
  echo "$folder"
}

build_go() { # folder
  (cd "$clients/go" && go build -mod=readonly -trimpath -ldflags="-s -w" -o "$1/" ./... tool)
}
build_collector() { # folder
  (cd "$clients/collector" && go build -mod=readonly -trimpath -ldflags="-s -w" -o "$1/" .)
}
build_java() { # folder
  (cd "$clients/java" && TERM=dumb mvn --quiet --batch-mode -Dfolder="$1.build" -DoutputDirectory="$1" \
    -DincludeScope=runtime package dependency:copy-dependencies)
  mv "$1.build"/clients-1.jar "$1/"
  rm -rf "$1.build"
}

# Whether there is a Go that can read what a module asks for: new enough, or able to fetch a newer one by itself.
new_enough() { # module
  command -v go >/dev/null 2>&1 && (cd "$clients/$1" && go list -m >/dev/null 2>&1)
}

missing() { # what
  echo "client-packages: WITHOUT $1: what they test will not be tested" >&2
}

venv="$cache/python-$(digest "$clients"/python/*.txt)"
if [ ! -x "$venv/ready" ]; then
  rm -rf "$venv"
  python3 -m venv "$venv" >&2
  pip=("$venv/bin/pip" install --quiet --disable-pip-version-check)
  "${pip[@]}" -r "$clients/python/requirements.txt" >&2
  "${pip[@]}" --no-deps -r "$clients/python/distribution.txt" >&2
  ln -s bin/python "$venv/ready"
fi

stamp=$clients/node/node_modules/.lock-digest
lock=$(digest "$clients/node/package-lock.json")
if [ "$(cat "$stamp" 2>/dev/null)" != "$lock" ]; then
  (cd "$clients/node" && npm ci --no-audit --no-fund --loglevel=error >&2)
  printf '%s' "$lock" >"$stamp"
fi

export BEAMLINE_PYTHON=$venv/bin/python
if new_enough go; then
  BEAMLINE_GO_CLIENTS=$(built "go-$(digest "$clients/go")" build_go)
  export BEAMLINE_GO_CLIENTS
else
  missing "the Go clients (tests/clients/go/go.mod names the Go that they need)"
fi
if new_enough collector; then
  BEAMLINE_COLLECTOR=$(built "collector-$(digest "$clients/collector")" build_collector)
  export BEAMLINE_COLLECTOR
else
  missing "the OpenTelemetry Collector (tests/clients/collector/go.mod names the Go that it needs)"
fi
if command -v mvn >/dev/null 2>&1 && command -v javac >/dev/null 2>&1; then
  BEAMLINE_JAVA_CLIENTS=$(built "java-$(digest "$clients/java")" build_java)
  export BEAMLINE_JAVA_CLIENTS
else
  missing "the Java clients (they need a JDK and Maven)"
fi

if [ "$#" -gt 0 ]; then
  exec "$@"
fi
echo "$BEAMLINE_PYTHON"
