#!/usr/bin/env bash
# Runs $SESSYNC_BIN against servers that lie, in front of $SESSYNC_DOUBLE_BIN. With arguments: only these files.
# The last line is "N passed, N failed".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
export SESSYNC_SANDBOX_PROBE=$build/sandbox_probe.so
"${CXX:-c++}" -std=c++20 -O1 -shared -fPIC sandbox_probe.cpp -o "$SESSYNC_SANDBOX_PROBE" -ldl

files=("$@")
[[ ${#files[@]} -gt 0 ]] || files=(*.test.mjs)
# They wait more than they work.
../lib/node_test.sh --test-concurrency=4 "${files[@]}"
