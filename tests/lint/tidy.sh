#!/usr/bin/env bash
# clang-tidy over every source of a build directory, warnings as errors.
#
#   tests/lint/tidy.sh build/dev
#
# A source that was clean is not looked at again until it, a header of ours that it includes, or the
# rules change. The build directory must be built: it knows what includes what.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

build=${1:-build/dev}
root=$PWD
stamps=${SESSYNC_CACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}}/sessync-tidy
mkdir -p "$stamps"

rules=$({
  clang-tidy-19 --version
  cat .clang-tidy tests/.clang-tidy
} | sha256sum)

# "source header header ..." for each source, relative to the root, from what the compiler read.
dependencies() {
  ninja -C "$build" -t deps | awk -v root="$root/" '
    function put(file) {
      sub(/^[ \t]+/, "", file)
      if (index(file, root) == 1) file = substr(file, length(root) + 1)
      else if (file !~ /^\.\.\//) return # of the system, or made by the build
      else while (sub(/^\.\.\//, "", file)) continue
      line = line (line == "" ? "" : " ") file
    }
    /^[^ \t]/ { if (line != "") print line; line = ""; next }
    NF { put($0) }
    END { if (line != "") print line }' | sort -u
}

# check SOURCE HEADER...: exit status and output are clang-tidy's.
check() {
  local source=$1 key output
  key=$({
    echo "$rules"
    sha256sum -- "$@"
  } | sha256sum | cut -d' ' -f1)
  if [[ -e $stamps/$key ]]; then
    touch "$stamps/$key"
    return 0
  fi
  if output=$(clang-tidy-19 -p "$build" --quiet "$source" 2>/dev/null); then
    touch "$stamps/$key"
  else
    printf '%s\n' "$output"
    return 1
  fi
}
export -f check
export build stamps rules

find "$stamps" -type f -mtime +30 -delete
dependencies | grep -E '^(manifest|reconciler|daemon|tests)/[^ ]*\.cpp( |$)' |
  xargs -P "$(nproc)" -d '\n' -I{} bash -c 'check {}'
