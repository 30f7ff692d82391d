#!/usr/bin/env bash
# The case tables of reconciler/README.md say what the comments above the code say.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# The rows of a table, "a|b|c", from a comment or from Markdown.
rows() { grep -E '\|.*\|' | sed -E 's/^[ |]+//; s/[ |]+$//; s/ *\| */|/g' | grep -vE '^(declared|[-+|]+)(\||$)' || true; }

# comment FILE: the rows of its first comment that holds a table.
comment() { sed -n '/^\/\*/,/^ *\*\//p' "$1" | rows; }

document() { sed -n '/^## The case table/,/^## Whose/p' reconciler/README.md | rows; }

if ! difference=$(diff <(document) <(comment reconciler/plan/plan_files.cpp && comment reconciler/plan/plan_fixed.cpp)); then
  fault "reconciler/README.md and the case tables above the code differ:
$difference"
fi
finish
