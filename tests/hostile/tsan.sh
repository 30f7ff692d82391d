#!/usr/bin/env bash
# Runs the daemon, built with ThreadSanitizer, under load against the double and looks for its reports.
#
#   tests/hostile/tsan.sh [SECONDS, default 60]
#
# Builds the preset `tsan`; the double is $SESSYNC_DOUBLE_BIN (default: build/ci). The last line is "N passed, N failed".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

. tests/lib/seed.sh
build=${SESSYNC_TSAN_BUILD:-build/tsan}
export SESSYNC_DOUBLE_BIN=${SESSYNC_DOUBLE_BIN:-$PWD/build/ci/tests/double/sessync-double}
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=true
cmake --preset tsan -B "$build" >/dev/null
ninja -C "$build" sessync | tail -n 1
SESSYNC_BIN=$(realpath "$build/daemon/cli/sessync")
export SESSYNC_BIN

reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
export TSAN_OPTIONS="exitcode=66 second_deadlock_stack=1 log_path=$reports/tsan"
status=0
node tests/hostile/load.mjs "${1:-60}" 4 || status=$?

if compgen -G "$reports/*" >/dev/null; then
  cat "$reports"/*
  status=66
fi
[[ $status -eq 0 ]] || how_to_repeat
[[ $status -eq 0 ]] && echo '1 passed, 0 failed' || echo '0 passed, 1 failed'
exit "$status"
