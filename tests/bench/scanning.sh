#!/usr/bin/env bash
# Measures what looking for secrets costs the first hash of many files of program text (this project's own), with a
# release build that it makes. It takes a minute once that is there, and is no part of tests/run.sh.
#
#   tests/bench/scanning.sh [FILES] [REPETITIONS]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

cmake --preset release >/dev/null
cmake --build --preset release --target bench-scanning >/dev/null
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
build/release/tests/bench/bench-scanning reconciler "$scratch" "${1:-10000}" "${2:-7}"
