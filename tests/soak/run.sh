#!/usr/bin/env bash
# Runs the daemon ($SESSYNC_BIN) for MINUTES (default 30) against the HTTP double ($SESSYNC_DOUBLE_BIN)
# with 5 % faults of every kind, while files, the manifest and the session change all the time; then
# stops the faults, waits until everything is equal, and prints what the daemon used.
#
#   tests/soak/run.sh [MINUTES]
#
# Fails if a session is not equal in the end, if descriptors or inotify watches grow, or if memory
# grows faster than the bound in soak.mjs. The last line is "N passed, N failed".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

. ../lib/seed.sh
export SOAK_MINUTES=${1:-30}
[[ $SOAK_MINUTES =~ ^[0-9]+(\.[0-9]+)?$ ]] || { echo "usage: $0 [MINUTES]" >&2; exit 64; }
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if node --test --test-reporter=tap soak.mjs 2>&1 | tee "$log" | sed -n 's/^# //p'; then
  echo "1 passed, 0 failed"
else
  grep -v '^# ' "$log"
  how_to_repeat
  echo "0 passed, 1 failed"
  exit 1
fi
