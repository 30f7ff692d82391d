#!/usr/bin/env bash
# Compares the JSON Schema that $SESSYNC_BIN prints with what the program itself accepts and refuses,
# and with the reference of the manifest. The last line is "N passed, N failed".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
exec ../lib/node_test.sh ./*.test.mjs
