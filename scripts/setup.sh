#!/bin/sh
# Prepares .venv from the lock file, with the command `holdfast` in it: by uv where present, else by venv and pip.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }
stop() {
  say "$1"
  say "Mend: $2"
  exit 1
}

suits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; }

find_python() {
  # 3.11 and 3.13 first: for these every part has a wheel on every system.
  for name in python3.11 python3.13 python3.12 python3 python; do
    if command -v "$name" >/dev/null 2>&1 && suits "$name"; then
      command -v "$name"
      return
    fi
  done
}

by_uv() {
  chosen=${python:-3.11} # uv fetches this one itself where there is none.
  if [ -x .venv/bin/python ] && suits .venv/bin/python; then chosen=.venv/bin/python; fi
  uv lock --check --quiet --python "$chosen" ||
    stop "uv.lock does not match pyproject.toml, or the package index cannot be reached." \
      "run 'uv lock' after a change of pyproject.toml, else check the network"
  uv sync --locked --all-extras --inexact --python "$chosen" ||
    stop "The packages could not be installed." \
      "check the network and what uv said above; a package without a wheel for this system needs a C compiler"
}

# Pip says three lines for each of a hundred packages: they are counted, and shown if it fails.
all_by_pip() {
  said=$(mktemp)
  total=$(grep -c '^[a-z0-9].*==' requirements.lock)
  say "Installing $total packages from the lock file into .venv"
  .venv/bin/python -m pip install --require-hashes --disable-pip-version-check \
    --progress-bar off --requirement requirements.lock >"$said" 2>&1 &
  pip=$!
  trap 'kill "$pip" 2>/dev/null; rm -f "$said"; exit 130' INT TERM HUP
  while kill -0 "$pip" 2>/dev/null; do
    if [ -t 2 ]; then printf '\r  %s fetched ' "$(grep -c '^Collecting' "$said")" >&2; fi
    sleep 1
  done
  if [ -t 2 ]; then printf '\r                    \r' >&2; fi
  wait "$pip" && failed=0 || failed=$?
  trap - INT TERM HUP
  [ "$failed" = 0 ] || cat "$said" >&2
  rm -f "$said"
  return "$failed"
}

by_pip() {
  [ -n "$python" ] || stop "Python 3.11, 3.12 or 3.13 was not found." \
    "install one (apt install python3 python3-venv, brew install python@3.13) or uv"
  if [ ! -x .venv/bin/python ] || ! suits .venv/bin/python; then
    "$python" -m venv --clear .venv || stop "$python cannot make a virtual environment." \
      "install its venv module (apt install python3-venv)"
  fi
  all_by_pip || stop "The packages could not be installed." \
    "check the network and what pip said above; a package without a wheel for this system needs a C compiler"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check \
    --no-deps --no-build-isolation --editable . ||
    stop "The project could not be installed into .venv." "read what pip said above"
}

python=$(find_python)
if command -v uv >/dev/null 2>&1 && uv --version >/dev/null 2>&1 && [ -z "${HOLDFAST_WITHOUT_UV:-}" ]; then
  by_uv
else
  by_pip
fi
.venv/bin/holdfast --help >/dev/null ||
  stop "The command holdfast does not start." "delete .venv and run 'make setup' again"
touch .venv/.ready
say "Ready: .venv/bin/holdfast"
