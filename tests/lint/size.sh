#!/usr/bin/env bash
# No file of ours has more than 500 lines. (Functions: clang-tidy.)
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

readonly limit=500

while IFS= read -r file; do
  lines=$(wc -l <"$file")
  [[ $lines -le $limit ]] || fault "$file: $lines lines, $limit are allowed: split it by concern"
done < <(our_files | grep -E '(\.(h|cpp|sh|mjs|js|ts|cmake)|CMakeLists\.txt|/run)$' || true)
finish
