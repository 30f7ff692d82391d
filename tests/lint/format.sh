#!/usr/bin/env bash
# Every C++ file is as clang-format writes it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

find manifest reconciler daemon tests -name node_modules -prune -o \
  \( -name '*.h' -o -name '*.cpp' \) -print0 |
  xargs -0 -r clang-format-19 --dry-run -Werror
