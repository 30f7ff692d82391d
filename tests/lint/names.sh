#!/usr/bin/env bash
# No two headers define a type of one name in one namespace: two definitions of one type in a program are
# undefined behaviour that no compiler tells of.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# "NAMESPACE::NAME FILE" of each type that stands at the beginning of a line of a header.
types() {
  our_files manifest reconciler daemon | { grep -E '\.h$' || true; } | while IFS= read -r file; do
    local space
    space=$(sed -nE '/^namespace ([a-z_0-9:]+) \{.*/{s//\1/p;q}' "$file")
    sed -nE "s#^(struct|class|enum class) ([A-Za-z0-9_]+)( final)?( *:[^;]*)? \{.*#$space::\2 $file#p" "$file"
  done
}

while read -r name; do
  fault "$name is defined more than once: $(types | awk -v n="$name" '$1 == n { print $2 }' | paste -sd ' ')"
done < <(types | cut -d ' ' -f 1 | sort | uniq -d)
finish
