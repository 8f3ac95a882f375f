#!/usr/bin/env bash
# Installs the pinned client packages that the tests run: Python's into a virtual environment in the user's cache,
# Node's next to their lock file. Prints the Python interpreter to use. A second call with the same locks does nothing.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
cache=${BEAMLINE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/beamline}
python_lock=$root/tests/clients/python/requirements.txt
node=$root/tests/clients/node

venv="$cache/python-$(sha256sum "$python_lock" | cut -c1-12)"
if [ ! -x "$venv/ready" ]; then
  rm -rf "$venv"
  python3 -m venv "$venv" >&2
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$python_lock" >&2
  ln -s bin/python "$venv/ready"
fi

stamp=$node/node_modules/.lock-digest
digest=$(sha256sum "$node/package-lock.json")
if [ "$(cat "$stamp" 2>/dev/null)" != "$digest" ]; then
  (cd "$node" && npm ci --no-audit --no-fund --loglevel=error >&2)
  printf '%s' "$digest" >"$stamp"
fi

echo "$venv/bin/python"
