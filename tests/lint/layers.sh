#!/usr/bin/env bash
# Inside of manifest/, reconciler/ and daemon/: includes go from later folders to earlier ones, never back, and no
# component (a header and its source) includes itself by way of others. The controller knows nothing of those
# who show what it does.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# The folders, those of one line beside each other: neither includes the other. A name stands for all that lies below
# it. What lies in reconciler/ itself is above its folders, but for limits.h, which holds constants alone.
readonly order='reconciler/limits.h
reconciler/ports reconciler/policy
reconciler/errors reconciler/desired reconciler/schedule
reconciler/observe
reconciler/tokens
reconciler/plan
reconciler/apply
reconciler/outputs reconciler/gc reconciler/import
reconciler/pass
reconciler/*
daemon/os
daemon/http/client daemon/http/server
daemon/api daemon/outputs daemon/pass daemon/workspace
daemon/secrets daemon/state daemon/watch
daemon/config daemon/controller daemon/remote daemon/status
daemon/metrics daemon/serve
daemon/app
daemon/cli'

sources=$(our_files manifest reconciler daemon | grep -E '\.(h|cpp)$' || true)
includes=$(xargs -r -d '\n' grep -HoE '^ *# *include "[^"]+"' <<<"$sources" |
  sed -E 's/: *# *include "/ /; s/"$//' || true)

# place FILE...: for each a line "FILE LEVEL NAME": the line of `order` that holds it, and its name there. Level 0: no
# line does.
place() {
  awk -v order="$order" '
    BEGIN {
      lines = split(order, line, "\n")
      for (i = 1; i <= lines; ++i) {
        count = split(line[i], name, " ")
        for (j = 1; j <= count; ++j) level[name[j]] = i
      }
    }
    {
      folder = $1
      while (folder != "" && !(folder in level)) if (!sub(/\/[^\/]*$/, "", folder)) folder = ""
      if (folder == "" && $1 ~ /^reconciler\/[^\/]*$/) folder = "reconciler/*"
      print $1, folder == "" ? 0 : level[folder], folder
    }'
}

check_order() {
  local file level name included to_level to_name
  while read -r file level name; do
    [[ $level != 0 ]] || fault "$file: lies in no folder that tests/lint/layers.sh knows"
  done < <(grep -E '^(reconciler|daemon)/' <<<"$sources" | place || true)
  while read -r file level name included to_level to_name; do
    [[ $name == "$to_name" || $level -gt $to_level ]] || fault "$file: includes \"$included\", which is not below it"
  done < <(paste -d ' ' <(between | cut -d ' ' -f 1 | place) <(between | cut -d ' ' -f 2 | place))
}

between() { grep -E '^(reconciler|daemon)/[^ ]* (reconciler|daemon)/' <<<"$includes" || true; }

# circles WHAT: pairs "a b" on standard input, of which none may lead back to itself.
circles() {
  local pairs circle
  pairs=$(awk '$1 != $2' | sort -u)
  if ! circle=$(tsort <<<"$pairs" 2>&1 >/dev/null); then
    fault "$1 include each other in a circle: $(sed -n 's/^tsort: \([^-].*\)$/\1/p' <<<"$circle" | grep -v 'input contains' | paste -sd' ')"
  fi
}

components() { sed -E 's/\.(h|cpp)( |$)/\2/g' <<<"$includes"; }

# A folder and what lies right in the folder above it may share a header; folders beside each other may not go round.
folders() {
  awk '
    {
      for (i = 1; i <= 2; ++i) sub(/\/[^\/]*$/, "", $i)
      if (index($1 "/", $2 "/") != 1 && index($2 "/", $1 "/") != 1) print $1, $2
    }' < <(grep -E '^[a-z]+/[^ ]*/[^ ]* [a-z]+/[^ ]*/' <<<"$includes" || true)
}

check_order
circles components < <(components)
circles folders < <(folders)
finish
