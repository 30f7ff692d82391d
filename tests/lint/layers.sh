#!/usr/bin/env bash
# Inside of reconciler/ and daemon/: includes go from later folders to earlier ones, never back, and no
# component (a header and its source) includes itself by way of others. The controller knows nothing of those
# who show what it does.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# reconciler/'s folders, those of one line beside each other. Of what lies in reconciler/ itself limits.h, which
# holds constants alone, is below all, and the rest above.
readonly order='limits.h
ports
errors desired schedule
observe
tokens
plan
apply
outputs gc import
pass
.'

includes=$(our_files manifest reconciler daemon | grep -E '\.(h|cpp)$' | xargs -r -d '\n' grep -HoE '^ *# *include "[^"]+"' |
  sed -E 's/: *# *include "/ /; s/"$//')

level_of() {
  local level=0 line folder
  folder=${1#reconciler/}
  [[ $folder != */* ]] || folder=${folder%%/*}
  [[ $1 == reconciler/*/* || $folder == limits.h ]] || folder=.
  while read -r line; do
    level=$((level + 1))
    [[ " $line " != *" $folder "* ]] || { echo "$level $folder" && return; }
  done <<<"$order"
  echo "0 $folder"
}

check_reconciler() {
  local file included from to
  while read -r file included; do
    from=$(level_of "$file") to=$(level_of "$included")
    [[ $from != 0* ]] || fault "$file: lies in no folder that tests/lint/layers.sh knows"
    [[ $from == "$to" || ${from% *} -gt ${to% *} ]] || fault "$file: includes \"$included\", which is not below it"
  done < <(grep -E '^reconciler/[^ ]* reconciler/' <<<"$includes" || true)
}

# circles WHAT: pairs "a b" on standard input, of which none may lead back to itself.
circles() {
  local pairs circle
  pairs=$(awk '$1 != $2' | sort -u)
  if ! circle=$(tsort <<<"$pairs" 2>&1 >/dev/null); then
    fault "$1 include each other in a circle: $(sed -n 's/^tsort: \([^-].*\)$/\1/p' <<<"$circle" | grep -v 'input contains' | paste -sd' ')"
  fi
}

components() { sed -E 's/\.(h|cpp)( |$)/\2/g' <<<"$includes"; }

# A folder with those below it, but for daemon/http, which holds two that know nothing of each other.
folders() {
  grep -E '^daemon/[^ ]*/[^ ]* daemon/[^ ]*/' <<<"$includes" |
    sed -E 's#(daemon/(http/)?[a-z]+)/[^ ]*#\1#g' || true
}

check_controller() {
  local file included
  while read -r file included; do
    fault "$file: includes \"$included\"; what shows the work of the controller is a ControllerObserver"
  done < <(grep -E '^daemon/controller/[^ ]* daemon/(app|metrics|serve|status)/' <<<"$includes" || true)
}

check_reconciler
check_controller
circles components < <(components)
circles folders < <(folders)
finish
