#!/usr/bin/env bash
# On demand: plans the sources of git and curl as Debian has them, with $SESSYNC_BIN and $SESSYNC_DOUBLE_BIN. What is
# blocked for its contents must be what secret_contents/{git,curl}.txt list, and each of these is a real key. Asks the
# package server for the sources, with the machine's own apt sources. The last line is "N passed, N failed".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/parts" "$work/sources"
for file in /etc/apt/sources.list.d/*.sources; do
  [[ -e $file ]] && sed 's/^Types:.*/Types: deb-src/' "$file" >"$work/parts/${file##*/}"
done
sed -n 's/^deb /deb-src /p' /etc/apt/sources.list >"$work/parts/main.list" 2>/dev/null || true
apt=(apt-get -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$work/parts" -o "Dir::State::lists=$work/lists"
  -o Dir::Cache::srcpkgcache= -o Dir::Cache::pkgcache= -o APT::Sandbox::User=root)
(cd "$work/sources" && "${apt[@]}" update >"$work/log" 2>&1 && "${apt[@]}" source --download-only git curl >>"$work/log" 2>&1) ||
  { cat "$work/log" >&2 && exit 1; }
for name in git curl; do
  mkdir "$work/$name"
  tar -xf "$work/sources/$name"_*.orig.tar.?z -C "$work/$name" --strip-components=1
done
SOURCES_OF_DEBIAN=$work exec ../lib/node_test.sh debian_sources.mjs
