#!/usr/bin/env bash
# Measures what serving costs the sync, with $SESSYNC_BIN and $SESSYNC_DOUBLE_BIN (a release build). It takes
# minutes and wants a quiet machine; it is no part of tests/run.sh.
#
#   tests/bench/run.sh [REPETITIONS] [SESSIONS]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

: "${SESSYNC_BIN:?name the binary}" "${SESSYNC_DOUBLE_BIN:?name the double}"
exec node serving.mjs "${1:-5}" "${2:-1000}"
