#!/usr/bin/env bash
# Builds the libFuzzer targets (preset asan) and runs them, two at a time.
#
#   tests/fuzz/run.sh                        the committed corpus, then a fixed number of inputs made from
#                                            it with a fixed seed: the same inputs each time
#   tests/fuzz/run.sh SECONDS [TARGET...]    a search with new seeds for so long, each target
#
# What a search adds to a corpus stays in build/fuzz/found and is where the next search goes on. An input that
# breaks something is kept in build/fuzz/crashes and named. The last line is "N passed, N failed".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

seconds=${1:-}
[[ ${seconds:-1} =~ ^[1-9][0-9]*$ ]] || { echo "usage: $0 [SECONDS [TARGET...]]" >&2 && exit 64; }
shift $(($# > 0 ? 1 : 0))
targets=("$@")
[[ ${#targets[@]} -gt 0 ]] || targets=(manifest pattern wire names secrets http double)
# As many as a minute of each was on two cores.
declare -A runs=([manifest]=150000 [pattern]=500000 [wire]=300000 [names]=350000 [secrets]=150000 [http]=1000000 [double]=25000)
build=build/asan
kept=build/fuzz
here=tests/fuzz

export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=true
cmake --preset asan >/dev/null
cmake --build --preset asan --target fuzzers | tail -n 1
mkdir -p "$kept"/{crashes,logs}

# Where memory lies decides what the fuzzer's comparisons with addresses find, so that is fixed too, if it may be.
same_addresses=""
! setarch -R true 2>/dev/null || same_addresses="setarch -R"

# corpus TARGET: the committed inputs in one order; that of a directory's entries is its file system's.
corpus() {
  local list=$kept/logs/$1.corpus
  LC_ALL=C ls -d "$here/corpus/$1"/* | paste -sd , >"$list"
  echo "-seed_inputs=@$list"
}

# limits TARGET: for how long, from which seed.
limits() {
  if [[ -n $seconds ]]; then
    echo "-max_total_time=$seconds $(corpus "$1")"
  else
    echo "-runs=${runs[$1]} -seed=1 -reload=0 $(corpus "$1")"
  fi
}

# found TARGET: where new inputs go, and what is tried beside the committed corpus.
found() {
  if [[ -n $seconds ]]; then
    echo "$kept/found/$1"
  else
    echo "$kept/repeated/$1"
  fi
}

fuzz() { # TARGET LIMITS FOUND
  local target=$1 found=$3 log=$kept/logs/$1.log dictionary=$here/dictionaries/$1.dict
  local options=(-timeout=10 -rss_limit_mb=2048 -max_len=8192 -print_final_stats=1
    -artifact_prefix="$kept/crashes/$target-")
  [[ ! -e $dictionary ]] || options+=(-dict="$dictionary")
  local status=0
  # shellcheck disable=SC2086 # these are several words
  $same_addresses "$build/$here/${target}_fuzz" "${options[@]}" $2 "$found" >"$log" 2>&1 || status=$?
  echo "$status" >"$kept/logs/$target.status"
  summary "$target" "$log" "$status"
}

summary() { # TARGET LOG STATUS
  local executions coverage
  executions=$(grep -oE 'stat::number_of_executed_units: +[0-9]+' "$2" | grep -oE '[0-9]+$' || echo 0)
  coverage=$(grep -oE 'cov: [0-9]+ ft: [0-9]+' "$2" | tail -n 1 || true)
  if [[ $3 -eq 0 ]]; then
    printf 'ok   %-10s %12s executions, %s\n' "$1" "$executions" "$coverage"
    return
  fi
  printf 'FAIL %-10s %s\n' "$1" "$(grep -oE 'Test unit written to .*' "$2" | tail -n 1)"
  grep -E '^violated:|ERROR:|runtime error:|^SUMMARY:' "$2" | head -n 5 || true
}
export -f fuzz summary
export build kept here same_addresses

rm -rf "$kept/repeated" "$kept"/logs/*.status
for target in "${targets[@]}"; do
  mkdir -p "$(found "$target")"
  printf '%s\0%s\0%s\0' "$target" "$(limits "$target")" "$(found "$target")"
done | xargs -0 -n 3 -P 2 bash -euc 'fuzz "$@"' fuzz
passed=$(cat "$kept"/logs/*.status | grep -cx 0 || true)
echo "$passed passed, $((${#targets[@]} - passed)) failed"
[[ $passed -eq ${#targets[@]} ]]
