#!/usr/bin/env bash
# Looks at the status page in headless Chromium: tests/page/run.sh [FILE...]
# Takes the binaries from $SESSYNC_BIN and $SESSYNC_DOUBLE_BIN, and from $SESSYNC_PAGE_SCENE_BIN the program that
# prints the page in chosen states (by default that of the same build). Screenshots go to build/page-screenshots/.
# Without Chromium every test is skipped and says so. The last line is "N passed, N failed".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

if [[ -z ${SESSYNC_PAGE_SCENE_BIN:-} && -n ${SESSYNC_DOUBLE_BIN:-} ]]; then
  SESSYNC_PAGE_SCENE_BIN=$(dirname "$(realpath "$SESSYNC_DOUBLE_BIN")")/../daemon/status/page_scene
  export SESSYNC_PAGE_SCENE_BIN
fi
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error

files=("$@")
[[ ${#files[@]} -gt 0 ]] || files=(*.test.mjs)
exec ../lib/node_test.sh "${files[@]}"
