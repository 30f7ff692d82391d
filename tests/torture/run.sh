#!/usr/bin/env bash
# Runs the torture tests against $SESSYNC_BIN and $SESSYNC_DOUBLE_BIN. With arguments: only these files.
# SESSYNC_TORTURE=full makes every iteration that the tests name; without it a share of them.
# The last line is "N passed, N failed".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

files=("$@")
[[ ${#files[@]} -gt 0 ]] || files=(*.test.mjs)
# Most of the time is spent waiting for quiet, so two files at once do not disturb each other.
exec ../lib/node_test.sh --test-concurrency=2 "${files[@]}"
