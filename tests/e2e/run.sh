#!/usr/bin/env bash
# Runs the end-to-end tests against $SESSYNC_BIN and $SESSYNC_DOUBLE_BIN. With arguments: only these files.
# The last line is "N passed, N failed".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

. ../lib/seed.sh
files=("$@")
[[ ${#files[@]} -gt 0 ]] || files=(*.test.mjs)
# They wait more than they work.
exec ../lib/node_test.sh --test-concurrency=8 "${files[@]}"
