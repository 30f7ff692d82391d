#!/usr/bin/env bash
# clang-tidy over every source, warnings as errors. It takes the build's batches of sources, because most of
# its time goes to their headers.
#
#   tests/lint/tidy.sh             every batch
#   tests/lint/tidy.sh --changed   the batches that hold, or include, a file that differs from the merge base
#                                  with main (the upstream branch, if there is none)
#
# A batch that was clean is not looked at again until one of its files or the rules change. The preset ci must be
# built: the build knows what includes what.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")/../.."

build=build/ci
root=$PWD
stamps=${SESSYNC_CACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}}/sessync-tidy
mkdir -p "$stamps"

rules=$({
  clang-tidy-19 --version
  cat .clang-tidy tests/.clang-tidy tests/lint/tidy.sh
} | sha256sum)

# The analyzer follows the paths through a source that another includes only if the latter's name has
# "UnifiedSource" in it; elsewhere it takes it for a header.
unified=build/tidy/UnifiedSources
mkdir -p build/tidy
ln -sfn "../../$build" "$unified"
commands=$(cat "$build/compile_commands.json")
printf '%s\n' "${commands//"$root/$build/"/"$root/$unified/"}" >build/tidy/compile_commands.json

# "SOURCE FILE FILE ..." for each source that is compiled: a batch or a file of its own, and what of ours is in it.
batches() {
  ninja -C "$build" -t deps | awk -v root="$root/" '
    function ours(file) {
      if (index(file, root) == 1) return substr(file, length(root) + 1)
      if (file !~ /^\.\.\//) return file ~ /^\// ? "" : "'$build'/" file
      while (sub(/^\.\.\//, "", file)) continue
      return file
    }
    /^[^ \t]/ { if (line != "") print line; line = ""; next }
    NF {
      sub(/^[ \t]+/, "")
      file = ours($0)
      if (line == "" && file != "") line = file
      else if (file ~ /^(manifest|reconciler|daemon|tests)\//) line = line " " file
    }
    END { if (line != "") print line }' | sort -u
}

# changed: the files that differ from where this branch left main, committed, pushed or not.
changed() {
  local main base=
  for main in origin/main main '@{upstream}' HEAD; do
    base=$(git merge-base HEAD "$main" 2>/dev/null) && break
  done
  git diff --name-only "$base" -- && git ls-files -o --exclude-standard
}

# those_with FILES: of the batches, those that hold one of the files.
those_with() {
  awk 'NR == FNR { wanted[$0]; next } { for (i = 1; i <= NF; ++i) if ($i in wanted) { print; next } }' "$1" -
}

# check SOURCE FILE...: exit status and output are clang-tidy's. A batch includes sources, which
# tests/lint/layering.sh forbids everywhere else.
check() {
  local source=$1 key output config=.clang-tidy
  [[ $source != *tests/* ]] || config=tests/.clang-tidy
  key=$({
    echo "$rules"
    sha256sum -- "${@:2}"
  } | sha256sum | cut -d' ' -f1)
  if [[ -e $stamps/$key ]]; then
    touch "$stamps/$key"
    return 0
  fi
  if output=$(clang-tidy-19 -p build/tidy --quiet --config-file="$config" --checks=-bugprone-suspicious-include \
    "$root/${source/#"$build/"/"$unified/"}" 2>/dev/null); then
    touch "$stamps/$key"
  else
    printf '%s\n' "$output"
    return 1
  fi
}
export -f check
export build unified root stamps rules

find "$stamps" -type f -mtime +30 -delete
wanted=$(batches)
[[ -n $wanted ]] || { echo "nothing is built in $build" >&2 && exit 1; }
if [[ ${1:-} == --changed ]]; then
  files=$(changed)
  wanted=$(those_with <(printf '%s\n' "$files") <<<"$wanted")
fi
printf '%s' "$wanted" |
  xargs -r -P "$(nproc)" -d '\n' -I{} bash -c 'check {}'
