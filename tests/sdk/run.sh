#!/bin/sh
# Drives the API double with the official client library, and holds the double and $SESSYNC_BIN to its types.
# Usage: run.sh PATH-OF-sessync-double. The last line is "N passed, N failed".
set -eu

double=$(realpath "$1")
SESSYNC_DOUBLE_BIN=$double
export SESSYNC_DOUBLE_BIN
cd "$(dirname "$0")"
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error

out=$(mktemp)
"$double" --port 0 >"$out" &
pid=$!
trap 'kill -TERM "$pid" 2>/dev/null || :; wait "$pid" || :; rm -f "$out"' EXIT

until grep -q '^listening on ' "$out"; do
  kill -0 "$pid" || { echo "run.sh: the double ended before it listened" >&2; exit 1; }
  sleep 0.05
done
DOUBLE_URL=$(sed -n 's/^listening on //p' "$out")
export DOUBLE_URL
# This shell's credentials and proxies have no business here.
unset ANTHROPIC_API_KEY ANTHROPIC_AUTH_TOKEN ANTHROPIC_BASE_URL ANTHROPIC_CUSTOM_HEADERS ANTHROPIC_LOG
../lib/node_test.sh ./*.test.mjs
