#!/usr/bin/env bash
# Each folder of the product has a namespace of its own, named after it. Its files open another one only to declare
# types that they refer to.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# space_of FOLDER: folders below those of the second level share the namespace of these. A folder whose name is a
# keyword, or stands in two places, has another one.
space_of() {
  case $1 in
    manifest | manifest/*) echo manifest ;;
    reconciler) echo reconciler ;;
    reconciler/import) echo importer ;;
    daemon/outputs) echo disk_outputs ;;
    daemon/pass) echo runner ;;
    daemon/serve/page) echo page ;;
    *) cut -d / -f 2 <<<"$1" ;;
  esac
}

# opened FILE SPACE: the lines that open a namespace of ours which is neither SPACE nor within it, and that do more
# there than to declare types.
opened() {
  awk -v own="sessync::$2" '
    /^namespace sessync/ { foreign = $2 != own && index($2, own "::") != 1 ? $0 : ""; next }
    /^}/ { foreign = "" }
    foreign != "" && !/^((class|struct|enum class) [A-Za-z0-9_]+( : [a-z0-9_:]+)?;)?$/ { print foreign; foreign = "" }
  ' "$1"
}

while IFS= read -r file; do
  space=$(space_of "${file%/*}")
  while IFS= read -r line; do
    fault "$file: \"$line\", where sessync::$space is its namespace"
  done < <(opened "$file" "$space")
done < <(our_files manifest reconciler daemon | grep -E '\.(h|cpp)$' || true)
finish
