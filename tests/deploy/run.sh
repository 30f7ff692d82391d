#!/usr/bin/env bash
# Tests of deploy/, against $SESSYNC_BIN and $SESSYNC_DOUBLE_BIN. With arguments: only these files. What the machine
# lacks is skipped, saying so. The last line is "N passed, N failed".
#
# Packages: nodejs npm curl perl systemd podman buildah runc conmon netavark aardvark-dns catatonit iptables
# docker-compose debootstrap git; promtool is taken out of Debian's prometheus. Containers need root.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
files=("$@")
[[ ${#files[@]} -gt 0 ]] || files=(*.test.mjs)
# Commands that are to fail without an API, or to find one, must not find this machine's.
unset ANTHROPIC_API_KEY ANTHROPIC_AUTH_TOKEN ANTHROPIC_BASE_URL ANTHROPIC_CUSTOM_HEADERS
exec ../lib/node_test.sh "${files[@]}"
