#!/usr/bin/env bash
# Crashes, failing disks and power losses at every call that sessync makes, against $SESSYNC_BIN and
# $SESSYNC_DOUBLE_BIN.
#
#   tests/crash/run.sh           every k-th point, from an offset that SESSYNC_SEED decides
#   tests/crash/run.sh FILE...   only these test files
#
# SESSYNC_EFFORT decides on k: `full` takes every point. The last line is "N passed, N failed".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

. ../lib/seed.sh

build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
export SESSYNC_FAULT_SHIM=$build/fault_shim.so SESSYNC_THREAD_SHIM=$build/thread_shim.so
export SESSYNC_MEMORY_SHIM=$build/memory_shim.so
for shim in fault_shim thread_shim memory_shim; do
  "${CXX:-c++}" -std=c++20 -O1 -shared -fPIC -I ../.. "$shim.cpp" -o "$build/$shim.so" -ldl
done

files=("$@")
[[ ${#files[@]} -gt 0 ]] || files=(*.test.mjs)
# What is mounted goes away with the tests, however they end.
alone=(unshare --mount --propagation private)
"${alone[@]}" true 2>/dev/null || alone=()
# They wait half of the time.
"${alone[@]}" ../lib/node_test.sh --test-concurrency=2 "${files[@]}"
