#!/usr/bin/env bash
# Runs the end-to-end tests against $SESSYNC_BIN and $SESSYNC_DOUBLE_BIN. With arguments: only these files.
# The last line is "N passed, N failed".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

files=("$@")
[[ ${#files[@]} -gt 0 ]] || files=(*.test.mjs)

log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
node --test --test-reporter=tap "${files[@]}" >"$log" 2>&1 || status=$?
if [[ $status -eq 0 ]]; then
  grep -E '^ *(ok|# .*left over)' "$log"
else
  cat "$log"
fi
# The counts stand last: a test may print what looks like one.
count() { grep -E "^# $1 [0-9]+$" "$log" | tail -n 1 | grep -oE '[0-9]+$' || echo 0; }
failed=$(($(count fail) + $(count cancelled)))
[[ $status -eq 0 || $failed -gt 0 ]] || failed=1
echo "$(count pass) passed, $failed failed"
exit "$status"
