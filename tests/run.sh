#!/usr/bin/env bash
# Builds sessync and runs every test of it. The last line is "N passed, N failed".
#
#   tests/run.sh             everything
#   tests/run.sh dev lint    only these sections, of: packages dev sdk e2e schema page simulation
#                            torture reads crash hostile package deploy lint asan fuzz tsan
#
# A section that fails does not stop the others, unless they need what it builds.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
cache=${SESSYNC_CACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}}
jobs=$(nproc)

# A fresh clone at another path compiles to the same objects.
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=true
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}

passed=0
failed=0
summary=()

# note NAME PASSED FAILED SECONDS
note() {
  passed=$((passed + $2))
  failed=$((failed + $3))
  summary+=("$(printf '%-10s %5d passed %5d failed %6d s' "$1" "$2" "$3" "$4")")
}

# step NAME COMMAND...: one check, passed or failed as a whole.
step() {
  local name=$1 begin=$SECONDS
  shift
  echo "== $name"
  if "$@"; then
    note "$name" 1 0 $((SECONDS - begin))
  else
    echo "FAILED: $name" >&2
    note "$name" 0 1 $((SECONDS - begin))
    return 1
  fi
}

# counted NAME COMMAND...: its last line says "N passed, N failed"; without one it has failed.
counted() {
  local name=$1 begin=$SECONDS output counts status=0
  shift
  echo "== $name"
  output=$(mktemp)
  "$@" 2>&1 | tee "$output" || status=$?
  counts=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$output" | tail -n 1)
  rm -f "$output"
  if [[ ! $counts =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    note "$name" 0 1 $((SECONDS - begin))
    return
  fi
  local good=${BASH_REMATCH[1]} bad=${BASH_REMATCH[2]}
  if [[ $status -ne 0 && $bad -eq 0 ]]; then
    bad=1
  fi
  note "$name" "$good" "$bad" $((SECONDS - begin))
}

build() {
  cmake --preset "$1" >"build/$1-configure.log" 2>&1 || {
    cat "build/$1-configure.log"
    return 1
  }
  cmake --build --preset "$1" -j "$jobs"
}

# The numbers come from ctest's report, so that a crash counts as a failure.
run_ctest() {
  local report=$root/build/$1/ctest-report.xml log=$root/build/$1/ctest.log total bad skipped
  rm -f "$report"
  if ctest --preset "$1" -j "$jobs" --output-junit "$report" >"$log" 2>&1; then
    tail -n 4 "$log"
  else
    grep -vE '^ +Start |[ .]Passed ' "$log"
  fi
  [[ -f $report ]] || return 1
  attribute() { sed -n "s/^.*[[:space:]]$1=\"\([0-9]*\)\".*$/\1/p" "$report" | head -n 1; }
  total=$(attribute tests)
  bad=$(attribute failures)
  skipped=$(($(attribute skipped) + $(attribute disabled)))
  echo "$((total - bad - skipped)) passed, $bad failed"
}

build_and_test() {
  step "build $1" build "$1" && counted "ctest $1" run_ctest "$1"
}

find_binary() { find build/dev -type f -name "$1" -perm -u+x -print -quit; }

run_sdk() {
  counted sdk tests/sdk/run.sh "$root/$(find_binary sessync-double)"
}

# against NAME COMMAND...: tests of the program itself, against the double.
against() {
  SESSYNC_BIN=$root/$(find_binary sessync) SESSYNC_DOUBLE_BIN=$root/$(find_binary sessync-double) \
    counted "$@"
}

run_lint() {
  step format tests/lint/format.sh
  step tidy env SESSYNC_CACHE_DIR="$cache" tests/lint/tidy.sh build/dev
}

run_section() {
  case $1 in
    packages) step packages tests/lib/packages.sh test ;;
    dev) build_and_test dev ;;
    sdk) run_sdk ;;
    e2e | schema | page | torture | reads | crash | hostile | deploy)
      against "$1" "tests/$1/run.sh"
      ;;
    package) counted package tests/package/run.sh build/dev ;;
    simulation) step simulation build/dev/tests/simulation/simulation --seeds 20000 ;;
    fuzz) counted fuzz tests/fuzz/run.sh 60 ;;
    tsan) against tsan tests/hostile/tsan.sh 60 ;;
    lint) run_lint ;;
    asan) build_and_test asan ;;
    *)
      echo "unknown section $1" >&2
      exit 64
      ;;
  esac
}

mkdir -p build
sections=("$@")
if [[ ${#sections[@]} -eq 0 ]]; then
  sections=(packages dev sdk e2e schema page simulation torture reads crash hostile package deploy
    lint asan fuzz tsan)
fi
for section in "${sections[@]}"; do
  run_section "$section" || true # counted; the sections after it have their say
done

echo
printf '%s\n' "${summary[@]}"
echo "total $SECONDS s"
echo "$passed passed, $failed failed"
[[ $failed -eq 0 && $passed -gt 0 ]]
