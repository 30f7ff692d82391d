#!/usr/bin/env bash
# Breaks sessync on purpose, one way at a time, in a copy of the committed tree, and lets the
# simulation look for it: a mistake that it does not find would not be found if somebody made it.
#
#   tests/simulation/mutations.sh [SEEDS [WORD]]    default 20000 for each; only those with WORD in
#                                                   their name
#
# Prints the first seed that shows each mutation. The last line is "N passed, N failed".
set -euo pipefail
seeds=${1:-20000}
only=${2:-}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git -C "$root" archive HEAD | tar -x -C "$copy"
cd "$copy"
export CCACHE_BASEDIR=$copy CCACHE_NOHASHDIR=true
cmake --preset dev >/dev/null
cmake --build --preset dev --target simulation >/dev/null

passed=0
failed=0

# run_mutant NAME: builds what is in the copy and expects a violation.
run_mutant() {
  local output seed
  if ! output=$(cmake --build --preset dev --target simulation 2>&1); then
    echo "$output"
    echo "not built  $1"
    failed=$((failed + 1))
    return
  fi
  output=$(build/dev/tests/simulation/simulation --seeds "$seeds" 2>/dev/null) || true
  seed=$(sed -n 's/^seed \([0-9]*\): \(.*\)/seed \1: \2/p' <<<"$output" | head -n 1)
  if [[ -n $seed ]]; then
    echo "caught     $1, by $seed"
    passed=$((passed + 1))
  else
    echo "NOT CAUGHT $1"
    failed=$((failed + 1))
  fi
}

# mutate NAME FILE OLD NEW: replaces OLD, which must be there exactly once.
mutate() {
  local name=$1 file=$2 old=$3 new=$4 before after
  [[ $name == *"$only"* ]] || return 0
  before=$(cat "$file")
  after=${before/"$old"/"$new"}
  if [[ $after == "$before" || ${after/"$old"/} != "$after" && $new != *"$old"* ]]; then
    echo "not there exactly once, so not made: $name" >&2
    failed=$((failed + 1))
    return
  fi
  printf '%s\n' "$after" >"$file"
  run_mutant "$name"
  printf '%s\n' "$before" >"$file"
}

mutate "skip the list after an unknown outcome" reconciler/chain.cpp \
  'return leave_in_doubt(error);' \
  'drop_intent(); return finish(ActionResult::Outcome::kFailed, describe(error));'
mutate "send the last block unverified" daemon/workspace/verified_reader.cpp \
  'return done_ == content_.size ? verify(got) : Result<std::size_t>(got);' \
  'return got;'
mutate "replace without the canary" reconciler/apply_run.cpp \
  'gate_ = Gate::kCanary;' 'gate_ = Gate::kOpen;'
mutate "prune before the adds" reconciler/apply.cpp \
  'const auto first = std::min(deletes_that_make_room(), deletes.size());' \
  'const auto first = deletes.size() + 0 * deletes_that_make_room();'
mutate "ignore the guard" reconciler/guard.cpp \
  'return action.kind == Action::Kind::kDelete &&
           (!action.protection' \
  'return action.kind == Action::Kind::kRotate &&
           (!action.protection'
mutate "forget the inventory row" reconciler/chain.cpp \
  'row.owned = true;' 'row.owned = false;'
mutate "accept a torn digest" daemon/workspace/digest_cache.cpp \
  'if (!known.trusted || known.stamp != stamp)' 'if (known.stamp != stamp)'
mutate "believe a list that leaves out what was added" reconciler/identify.cpp \
  'if (!(row.owned || fresh) ||' 'if (row.owned || fresh ||'
mutate "remember a token before it was accepted" reconciler/rotate.cpp \
  'change::PutToken{run_.in.session_id, record({})}' \
  'change::PutToken{run_.in.session_id, record(token_.state.fingerprint)}'
mutate "create again although a create is in doubt" reconciler/locate.cpp \
  'out_.in_doubt = doubtful;' 'out_.in_doubt = false && doubtful;'
mutate "add again although an add is in doubt" reconciler/observed.cpp \
  'recent(*intent.in_doubt_since)) {' 'in_.now < *intent.in_doubt_since) {'
mutate "take whatever has no marker for ours" reconciler/observed.cpp \
  'return Holder::kUnmanaged;' 'return Holder::kOurs;'
mutate "take over while rows can be hidden" reconciler/observed.cpp \
  'const bool complete = all_known && nothing_is_hidden();' \
  'const bool complete = all_known || nothing_is_hidden();'
mutate "keep any of several rows on one path" reconciler/plan.cpp \
  'remove_duplicates(here, **keep)' 'static_cast<void>(keep)'

echo "$passed passed, $failed failed"
[[ $failed -eq 0 ]]
