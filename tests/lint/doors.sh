#!/usr/bin/env bash
# The words of libraries pass the door that makes them harmless, on the line where they come in or right behind it, and
# those of the system come from one function.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

readonly libraries='curl_(easy|multi|url)_strerror|sqlite3_err(msg|str)|archive_error_string|gai_strerror|ERR_(error|reason_error)_string|[.]what\(\)'
readonly door='foreign_(text|lines)\('
readonly system='(^|[^_[:alnum:]])strerror(_r)?\(|[.]message\('
readonly one=daemon/os/os_error.h

sources() { our_files daemon | grep -E '\.(h|cpp)$' || true; }

check_libraries() {
  local file line
  while IFS=: read -r file line _; do
    sed -n "${line},$((line + 2))p" "$file" | grep -qE "$door" ||
      fault "$file:$line: the words of a library come in beside foreign_text()"
  done < <(sources | xargs -r -d '\n' grep -nHE "$libraries" || true)
}

check_system() {
  local hit
  while IFS= read -r hit; do
    fault "$hit: error_text() of $one says this"
  done < <(sources | grep -vxF "$one" | xargs -r -d '\n' grep -nHE "$system" || true)
}

check_libraries
check_system
finish
