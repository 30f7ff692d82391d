#!/usr/bin/env bash
# Each source compiles by itself, as the preset dev has it: in a batch of sources a missing include is hidden by
# another file's.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")/../.."

cmake --preset dev >/dev/null
sed -nE 's/^ *"command": "(.*)",?$/\1/p' build/dev/compile_commands.json |
  grep -vF -e " -c $PWD/build/" -e " -c \\\"$PWD/build/" |
  sed -E 's/^[^ ]*ccache //; s/ -o [^ ]+/ -fsyntax-only/; s/\\"/"/g; s/\\\\/\\/g' |
  xargs -P "$(nproc)" -d '\n' -I{} sh -c '{}'
