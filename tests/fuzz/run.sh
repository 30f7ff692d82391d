#!/usr/bin/env bash
# Builds the libFuzzer targets and runs each for SECONDS (60), two at a time, from its committed corpus.
#
#   tests/fuzz/run.sh [SECONDS [TARGET...]]
#
# What the runs add to a corpus stays in build/fuzz/found and is where the next run goes on. An input that
# breaks something is kept in build/fuzz/crashes and named. The last line is "N passed, N failed".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

seconds=${1:-60}
shift $(($# > 0 ? 1 : 0))
targets=("$@")
[[ ${#targets[@]} -gt 0 ]] || targets=(manifest pattern wire names secrets double)
build=${SESSYNC_FUZZ_BUILD:-build/fuzz}
here=tests/fuzz

export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=true
cmake --preset fuzz -B "$build" >/dev/null
ninja -C "$build" fuzzers | tail -n 1
mkdir -p "$build"/{crashes,logs}

fuzz() { # TARGET
  local target=$1 log=$build/logs/$1.log dictionary=$here/dictionaries/$1.dict
  local options=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=8192
    -print_final_stats=1 -artifact_prefix="$build/crashes/$target-")
  [[ ! -e $dictionary ]] || options+=(-dict="$dictionary")
  mkdir -p "$build/found/$target"
  local status=0
  "$build/$here/${target}_fuzz" "${options[@]}" "$build/found/$target" "$here/corpus/$target" \
    >"$log" 2>&1 || status=$?
  echo "$status" >"$build/logs/$target.status"
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
export seconds build here

rm -f "$build"/logs/*.status
printf '%s\n' "${targets[@]}" | xargs -P 2 -I{} bash -euc 'fuzz {}'
passed=$(cat "$build"/logs/*.status | grep -cx 0 || true)
echo "$passed passed, $((${#targets[@]} - passed)) failed"
[[ $passed -eq ${#targets[@]} ]]
