#!/usr/bin/env bash
# Runs node's test runner over the given files; prints the tests that passed, or everything if one failed.
# The last line is "N passed, N failed".
set -euo pipefail

log=$(mktemp)
trap 'rm -f "$log"' EXIT
# One that hangs is ended, and everything that it has printed shown; a full search takes what it takes.
limit=20m
[[ ${SESSYNC_EFFORT:-usual} != full ]] || limit=0
status=0
timeout --kill-after=10 "$limit" node --test --test-reporter=tap "$@" >"$log" 2>&1 || status=$?
[[ $status -ne 124 ]] || echo "ended after $limit" >>"$log"
if [[ $status -eq 0 ]]; then
  grep -E '^ *(ok|# .*left over)' "$log"
else
  cat "$log"
  [[ -z ${SESSYNC_SEED:-} ]] || echo "to repeat it: SESSYNC_SEED=$SESSYNC_SEED SESSYNC_EFFORT=${SESSYNC_EFFORT:-usual}"
fi

# The counts stand last: a test may print what looks like one.
count() { grep -E "^# $1 [0-9]+$" "$log" | tail -n 1 | grep -oE '[0-9]+$' || echo 0; }
failed=$(($(count fail) + $(count cancelled)))
[[ $status -eq 0 || $failed -gt 0 ]] || failed=1
echo "$(count pass) passed, $failed failed"
exit "$status"
