#!/bin/sh
# Sees to a Chromium for the browser tests: on Debian as root it is installed, else one line says how.
set -u

say() { printf '%s\n' "$*" >&2; }

[ -z "${HOLDFAST_CHROMIUM:-}" ] || exit 0
for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null 2>&1 && exit 0
done

install() {
  export DEBIAN_FRONTEND=noninteractive
  # The fonts: without any a page has no letters.
  apt-get -qq update && apt-get -qq install --yes --no-install-recommends chromium fonts-dejavu-core
}

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  say "Installing Chromium for the browser tests"
  install >/dev/null && exit 0
fi
say "No Chromium: the tests in tests/browser will fail, all others run."
say "Mend: apt-get install chromium, or set HOLDFAST_CHROMIUM to the program of another one"
