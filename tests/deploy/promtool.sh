#!/usr/bin/env bash
# Prints the path of promtool: the installed one, or Debian's, taken out of its package.
#
#   tests/deploy/promtool.sh
#
# Installing the package `prometheus` would start a server. Kept below $SESSYNC_CACHE_DIR (~/.cache), in
# sessync-promtool. Exits 77, saying why, where it cannot be had.
set -euo pipefail

cache=${SESSYNC_CACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}}/sessync-promtool

skip() {
  echo "promtool.sh: $1" >&2
  exit 77
}

if command -v promtool; then
  exit 0
fi
if [[ ! -x $cache/promtool ]]; then
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/new.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  (cd "$work" && apt-get download -q prometheus >&2) || skip "apt cannot download prometheus: run apt-get update"
  dpkg-deb --fsys-tarfile "$work"/prometheus_*.deb | tar x -C "$work" ./usr/bin/promtool
  mv "$work/usr/bin/promtool" "$cache/promtool"
fi
echo "$cache/promtool"
