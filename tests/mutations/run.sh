#!/usr/bin/env bash
# Breaks sessync on purpose, one line at a time, in a copy of the committed tree, and looks for who notices: a
# mistake that no test finds here would not be found if somebody made it.
#
#   tests/mutations/run.sh [WORD]                who of those that tests/run.sh runs notices, the cheapest first
#   tests/mutations/run.sh --simulation [WORD]   the simulation alone, with up to 20,000 seeds, for what it has to
#                                                find by itself
#
# With WORD: only the mutations that have it in their name. mutations.sh lists them all. Prints who notices
# each. The last line is "N passed, N failed".
set -euo pipefail

seeds=5000
lookers=(unit simulation e2e hostile torture crash reads)
if [[ ${1:-} == --simulation ]]; then
  seeds=20000
  lookers=(simulation)
  shift
fi
only=${1:-}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# Always the same path: assertions have it compiled in, so at another one ccache would know no test.
copy=$root/build/mutations
mkdir -p "$root/build"
exec 9>"$copy.lock"
flock --nonblock 9 || { echo "another run is at work in $copy" >&2 && exit 1; }
trap 'rm -rf "$copy"' EXIT
rm -rf "$copy" && mkdir "$copy"
git -C "$root" archive HEAD | tar -x -C "$copy"
cd "$copy"
export CCACHE_BASEDIR=$copy CCACHE_NOHASHDIR=true
export RC_PARAMS="seed=1" SESSYNC_SEED=1 SESSYNC_EFFORT=quick
export SESSYNC_BIN=$copy/build/ci/daemon/cli/sessync
export SESSYNC_DOUBLE_BIN=$copy/build/ci/tests/double/sessync-double
log=$copy/build/mutation.log
# What a mutant does may never end.
patience=1800

passed=0
failed=0
declare -A sound # the scripts that the unbroken product passes

build() {
  cmake --build --preset ci "$@" >"$log" 2>&1
}

# Each of these fills `found` if what is in the copy fails its tests, fails if it does not, and exits with 2 if
# it cannot be built.

by_unit() {
  build --target unit_tests || return 2
  local all=(ctest --preset ci -j 4 --exclude-regex '^lint:')
  if timeout "$patience" "${all[@]}" --stop-on-failure >"$log" 2>&1; then return 1; fi
  # Catch2 puts the name of what failed between two lines.
  found=$(grep -A 1 -E '^-{79}$' "$log" | grep -vE '^-' | head -n 1)
  found=${found:-a program that did not end well}
  # Once more, because a busy machine can let a test fail that waits for something.
  if timeout "$patience" "${all[@]}" --rerun-failed >"$log" 2>&1; then return 1; fi
}

by_simulation() {
  build --target simulation || return 2
  local status=0
  timeout "$patience" build/ci/tests/simulation/simulation --seeds "$seeds" >"$log" 2>/dev/null || status=$?
  if [[ $status -eq 0 ]]; then return 1; fi
  # Threads may find several, in any order; the lowest is always among them.
  found=$(grep -E '^seed [0-9]+: ' "$log" | sort -k 2 -n | head -n 1)
  found=${found:-it ended with $status}
}

# by_script NAME: tests/NAME/run.sh.
by_script() {
  build || return 2
  if timeout "$patience" "tests/$1/run.sh" >"$log" 2>&1; then return 1; fi
  found=$(sed -n -E 's/^(not ok [0-9]+ - |FAILED: )(.*)/\2/p' "$log" | head -n 1)
  found=${found:-it did not end well}
  is_sound "$1"
}

# is_sound NAME: whether the unbroken product passes tests/NAME/run.sh on this machine. If not, that it fails
# proves nothing.
is_sound() {
  if [[ -z ${sound[$1]:-} ]]; then
    mend
    sound[$1]=yes
    { build && timeout "$patience" "tests/$1/run.sh" >"$log" 2>&1; } || sound[$1]=no
    spoil
  fi
  if [[ ${sound[$1]} == yes ]]; then return 0; fi
  cat "$log" >&2
  echo "tests/$1/run.sh fails without a mutation too" >&2
  return 1
}

# look: the first that notices, in `by` and `found`; fails if none does, exits with 2 if it cannot be built.
look() {
  local status
  for by in "${lookers[@]}"; do
    status=0
    case $by in
      unit | simulation) "by_$by" || status=$? ;;
      *) by_script "$by" || status=$? ;;
    esac
    if [[ $status -ne 1 ]]; then return "$status"; fi
  done
  return 1
}

# judge NAME: who notices what is in the copy.
judge() {
  local begin=$SECONDS status=0
  look || status=$?
  case $status in
    0)
      echo "noticed  $1, by $by: $found ($((SECONDS - begin)) s)"
      passed=$((passed + 1))
      return
      ;;
    1) echo "NOT NOTICED $1 ($((SECONDS - begin)) s)" ;;
    *) cat "$log" && echo "not built  $1" ;;
  esac
  failed=$((failed + 1))
}

# mutate NAME FILE OLD NEW: replaces OLD, which must be there exactly once.
mutate() {
  local name=$1 without
  file=$2 old=$3 new=$4
  [[ $name == *"$only"* ]] || return 0
  text=$(cat "$file")
  without=${text//"$old"/}
  if [[ $((${#text} - ${#without})) -ne ${#old} ]]; then
    echo "not there exactly once, so not made: $name" >&2
    failed=$((failed + 1))
    return
  fi
  spoil
  judge "$name"
  mend
}

spoil() { printf '%s\n' "${text/"$old"/"$new"}" >"$file"; }
mend() { printf '%s\n' "$text" >"$file"; }

# Without a mutation nobody may complain, or nothing that follows proves anything.
check_unbroken() {
  local by status=0
  cmake --preset ci >/dev/null
  for by in "${lookers[@]}"; do
    [[ $by == unit || $by == simulation ]] || continue
    "by_$by" || status=$?
    if [[ $status -eq 1 ]]; then
      status=0
      continue
    fi
    cat "$log"
    echo "fails without any mutation: $by: ${found:-not built}"
    echo "0 passed, 1 failed"
    exit 1
  done
  echo "without a mutation nobody complains ($SECONDS s)"
}

found=
check_unbroken
source "$root/tests/mutations/mutations.sh"
in_decisions
[[ ${lookers[*]} == simulation ]] || in_layers
echo "$SECONDS s"
echo "$passed passed, $failed failed"
[[ $failed -eq 0 && $passed -gt 0 ]]
