#!/usr/bin/env bash
# Builds sessync and tests it. Installs what is missing first. The last line is "N passed, N failed".
#
#   tests/run.sh             each promise once
#   tests/run.sh all         everything: more of it, instrumented builds, fuzzers, containers (what CI runs)
#   tests/run.sh NAME...     only these sections, of: unit lint sdk e2e schema page simulation torture reads
#                            crash hostile package deploy tidy asan fuzz tsan alone
#
# Sections that wait run beside sections that compute; what each printed is in build/log. A section that fails
# does not stop the others. Searches start from fixed seeds: SESSYNC_SEED=new draws others.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
jobs=$(nproc)
logs=$root/build/log
mkdir -p "$logs"
results=$(mktemp)
queues=()
end_queues() {
  local queue
  for queue in "${queues[@]}"; do kill -- "-$queue" 2>/dev/null || true; done
}
trap 'end_queues; rm -f "$results"' EXIT
source tests/lib/seed.sh
exec 9>"$logs/lock"
flock --nonblock 9 || { echo "another run is at work in $root" >&2 && exit 1; }

# A fresh clone at another path compiles to the same objects.
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=true
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
export SESSYNC_BIN=$root/build/ci/daemon/cli/sessync
export SESSYNC_DOUBLE_BIN=$root/build/ci/tests/double/sessync-double

build() {
  cmake --preset "$1" >"$logs/$1-configure.log" 2>&1 || {
    cat "$logs/$1-configure.log"
    return 1
  }
  # A build with another compiler than the last makes cmake forget every other setting, until it is asked again.
  if grep -q 'require your cache to be deleted' "$logs/$1-configure.log"; then
    cmake --preset "$1" >"$logs/$1-configure.log"
  fi
  cmake --build --preset "$1" -j "$jobs"
}

# count_cases REPORT: of ctest's report, how many cases were passed and failed. A program of Catch2 says it in its last
# lines; anything else, and one that did not come to them, is one case.
count_cases() {
  awk '
    function count(what) { return match($0, "[0-9]+ " what) ? substr($0, RSTART) + 0 : 0 }
    function finish() {
      if (status == "run") all_good += good > 0 ? good : 1
      if (status == "fail") { all_good += good; all_bad += bad > 0 ? bad : 1 }
      good = bad = 0
    }
    /<testcase / { finish(); match($0, /status="[a-z]+"/); status = substr($0, RSTART + 8, RLENGTH - 9) }
    /^All tests passed \(/ { good = count("test case") }
    /^test cases: / { good = count("passed"); bad = count("failed") }
    END { finish(); print all_good + 0 " passed, " all_bad + 0 " failed" }' "$1"
}

# run_ctest PRESET: what could not be run at all, ctest reports as skipped and says with its exit status.
run_ctest() {
  local report=$root/build/$1/ctest-report.xml log=$root/build/$1/ctest.log whole=1000000 status=0
  rm -f "$report"
  # Most of them wait more than they work.
  ctest --preset "$1" -j $((2 * jobs)) --output-junit "$report" --test-output-size-passed "$whole" \
    --test-output-size-failed "$whole" >"$log" 2>&1 || status=$?
  if [[ $status -eq 0 ]]; then
    tail -n 4 "$log"
  else
    grep -vE '^ +Start |[ .]Passed ' "$log"
  fi
  [[ -f $report ]] || return 1
  count_cases "$report"
  return "$status"
}

# checks NAME=COMMAND...: a line for each, and how many were passed.
checks() {
  local good=0 check
  for check in "$@"; do
    if ${check#*=}; then
      echo "ok ${check%%=*}"
      good=$((good + 1))
    else
      echo "FAILED: ${check%%=*}"
    fi
  done
  echo "$good passed, $(($# - good)) failed"
}

# section NAME: its last line says "N passed, N failed"; without one, or if nothing was passed, it has failed.
section() {
  case $1 in
    packages) checks "packages=tests/lib/packages.sh $packages" ;;
    build) checks "build=build ci" ;;
    unit) run_ctest ci ;;
    sdk) tests/sdk/run.sh "$SESSYNC_DOUBLE_BIN" ;;
    e2e | schema | page | torture | reads | crash | hostile | deploy) "tests/$1/run.sh" ;;
    package) tests/package/run.sh build/ci ;;
    simulation) build/ci/tests/simulation/simulation --seeds "$seeds" ;;
    lint) checks format=tests/lint/format.sh "tidy of what changed=tests/lint/tidy.sh --changed" ;;
    tidy) checks tidy=tests/lint/tidy.sh ;;
    alone) checks alone=tests/lint/alone.sh ;;
    asan) build asan && run_ctest asan ;;
    fuzz) tests/fuzz/run.sh ;;
    tsan) tests/hostile/tsan.sh 60 ;;
    *) echo "no section $1" && return 64 ;;
  esac
}

# run NAME: the section, its output when it is over, and its result.
run() {
  local begin=$SECONDS status=0 good=0 bad=1 skipped log=$logs/$1.log
  (set +e; section "$1") >"$log" 2>&1 </dev/null 9>&- || status=$?
  if [[ $(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1) =~ ^([0-9]+)\ passed,\ ([0-9]+) ]]; then
    good=${BASH_REMATCH[1]} bad=${BASH_REMATCH[2]}
    [[ $bad -gt 0 || ($status -eq 0 && $good -gt 0) ]] || bad=1
  fi
  skipped=$(grep -cE '^ *ok .* # SKIP|^skipped: ' "$log" || true)
  printf '%-10s %5d passed %5d failed %6d s%s\n' "$1" "$good" "$bad" $((SECONDS - begin)) \
    "$([[ $skipped -eq 0 ]] || echo ", $skipped skipped")" >>"$results"
  { echo "== $1" && cat "$log"; } | flock "$results" cat
  [[ $bad -eq 0 ]]
}

# in_turn NAME...: one after the other.
in_turn() {
  local name
  for name in "$@"; do run "$name" || true; done
}

# beside QUEUE...: queues of sections, all at a time; the last gives way to the others.
beside() {
  local queue names
  set -m # each queue is a process group, so that all that it has begun can be ended with it
  for queue in "${@:1:$#-1}"; do
    read -ra names <<<"$queue"
    planned+=("${names[@]}")
    in_turn "${names[@]}" &
    queues+=($!)
  done
  read -ra names <<<"${!#}"
  planned+=("${names[@]}")
  (if [[ $# -gt 1 ]]; then renice -n 10 "$BASHPID" >/dev/null 2>&1 || true; fi; in_turn "${names[@]}") &
  queues+=($!)
  set +m
  wait
}

# What all sections stand on; without it there is nothing to test.
begin() {
  packages=$1
  set -m
  (run packages && run build) &
  queues+=($!)
  set +m
  wait "$!" || finish
}

# packages_for NAME...: the list of packages that is enough for these sections.
packages_for() {
  local name
  for name in "$@"; do
    [[ " ${demanding[*]} " != *" $name "* ]] || { echo all && return; }
  done
  echo test
}

finish() {
  local name
  for name in "${planned[@]}"; do
    grep -q "^$name " "$results" || printf '%-10s %5d passed %5d failed, it did not end\n' "$name" 0 1 >>"$results"
  done
  echo
  cat "$results"
  echo "total $SECONDS s"
  awk '{ good += $2; bad += $4 } END { print good " passed, " bad " failed"; exit bad > 0 || good == 0 }' "$results"
  exit
}

# Those that mostly wait, and those that mostly compute.
waiting=(unit e2e torture crash reads hostile sdk schema page package deploy)
computing=(simulation lint tidy asan fuzz tsan alone)
# Those that need more than tests/run.sh installs.
demanding=(package deploy asan fuzz)
planned=()
seeds=20000
case $* in
  '')
    seeds=5000
    export SESSYNC_EFFORT=quick
    begin test
    beside 'e2e torture hostile page' 'crash sdk reads' 'unit simulation schema lint'
    ;;
  all)
    begin all
    beside "${waiting[*]}" "${computing[*]}"
    ;;
  *)
    for name in "$@"; do
      [[ " ${waiting[*]} ${computing[*]} " == *" $name "* ]] || { echo "no section $name" >&2 && exit 64; }
    done
    begin "$(packages_for "$@")"
    beside "$*"
    ;;
esac
finish
