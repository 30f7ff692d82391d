#!/usr/bin/env bash
# Runs the torture tests against $SESSYNC_BIN and $SESSYNC_DOUBLE_BIN. With arguments: only these files.
# SESSYNC_EFFORT decides how often, and in how many ways, they try: `full` makes every iteration that they name.
# The last line is "N passed, N failed".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

. ../lib/seed.sh

build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
export SESSYNC_CLOCK_SHIM=$build/clock_shim.so
"${CXX:-c++}" -std=c++20 -O1 -shared -fPIC -I ../.. clock_shim.cpp -o "$SESSYNC_CLOCK_SHIM" -ldl

files=("$@")
[[ ${#files[@]} -gt 0 ]] || files=(*.test.mjs)
# They wait more than they work.
../lib/node_test.sh --test-concurrency=4 "${files[@]}"
