#!/usr/bin/env bash
# Crashes, failing disks and power losses at every call that sessync makes, against $SESSYNC_BIN and
# $SESSYNC_DOUBLE_BIN.
#
#   tests/crash/run.sh                 every k-th point, from an offset that the printed seed decides
#   tests/crash/run.sh full            every point
#   tests/crash/run.sh [full] FILE...  only these test files
#
# SESSYNC_CRASH_SEED=N repeats a sampled run. The last line is "N passed, N failed".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

if [[ ${1:-} == full ]]; then
  export SESSYNC_CRASH=full
  shift
fi
export SESSYNC_CRASH_SEED=${SESSYNC_CRASH_SEED:-$((RANDOM * 32768 + RANDOM))}
echo "seed $SESSYNC_CRASH_SEED"

build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
export SESSYNC_FAULT_SHIM=$build/fault_shim.so
"${CXX:-c++}" -std=c++20 -O1 -shared -fPIC fault_shim.cpp -o "$SESSYNC_FAULT_SHIM" -ldl

files=("$@")
[[ ${#files[@]} -gt 0 ]] || files=(*.test.mjs)
# What is mounted goes away with the tests, however they end.
alone=(unshare --mount --propagation private)
"${alone[@]}" true 2>/dev/null || alone=()
# One file at a time: each of them fills the machine.
"${alone[@]}" ../lib/node_test.sh --test-concurrency=1 "${files[@]}"
