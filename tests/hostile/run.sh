#!/usr/bin/env bash
# Runs $SESSYNC_BIN against servers that lie, in front of $SESSYNC_DOUBLE_BIN. With arguments: only these files.
# The last line is "N passed, N failed".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

files=("$@")
[[ ${#files[@]} -gt 0 ]] || files=(*.test.mjs)
# They wait more than they work.
exec ../lib/node_test.sh --test-concurrency=4 "${files[@]}"
