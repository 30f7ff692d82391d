#!/usr/bin/env bash
# Reads files while other programs write them, against $SESSYNC_BIN and $SESSYNC_DOUBLE_BIN, and the
# programs in tests/reads of the same build. The last line is "N passed, N failed".
#
# SESSYNC_EFFORT decides how much is read: `full` makes 100,000 reads with leases, and every error at every call.
#
# Torn reads are looked for on the file system of $TMPDIR, on a tmpfs and on an overlay; the latter
# two need a mount namespace, and are left out with a message where there is none.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

programs=$(cd "$(dirname "$SESSYNC_BIN")/../.." && pwd)/tests/reads
programs=${SESSYNC_READS_DIR:-$programs}
. ../lib/seed.sh
case ${SESSYNC_EFFORT:-usual} in
  quick) reads=500 seconds=0.4 opens=60 ;;
  usual) reads=1500 seconds=1.2 opens=200 ;;
  full) reads=34000 seconds=120 opens=2000 ;;
  *)
    echo "SESSYNC_EFFORT is one of quick, usual, full" >&2
    exit 64
    ;;
esac

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
passed=0
failed=0

# check NAME COMMAND...
check() {
  echo "== $1"
  if "${@:2}"; then passed=$((passed + 1)); else failed=$((failed + 1)) && echo "FAILED: $1"; fi
}

# In a mount namespace of its own, so that the mounts end with the command.
mounted() {
  local kind=$1 dir=$scratch/$1
  mkdir -p "$dir"/{tree,lower,upper,work}
  shift
  case $kind in
    tmpfs) "${namespace[@]}" sh -c 'mount -t tmpfs none "$0" && exec "$@"' "$dir/tree" "$@" ;;
    overlay)
      "${namespace[@]}" sh -c 'cd "$0" && mount -t overlay none -o lowerdir=lower,upperdir=upper,workdir=work tree && exec "$@"' \
        "$dir" "$@"
      ;;
  esac
}

torn() {
  local dir=$2
  [[ $1 == here ]] || { mounted "$1" "$programs/reads-torn" "$dir" "$1" "$reads" "$seconds" "${@:3}"; return; }
  "$programs/reads-torn" "$dir" "$(stat -f -c %T "$dir" | sed 's,/.*,,')" "$reads" "$seconds"
}

namespace=(unshare -m)
"${namespace[@]}" true 2>/dev/null || namespace=(unshare -Urm)
chmod 755 "$scratch"
mkdir "$scratch/here"
check "T1 torn reads here" torn here "$scratch/here"
for kind in tmpfs overlay; do
  if mounted "$kind" true 2>/dev/null; then
    weak=()
    [[ $kind != overlay ]] || weak=(weak)
    check "T1 torn reads on $kind" torn "$kind" "$scratch/$kind/tree" "${weak[@]}"
  else
    echo "skipped: T1 on $kind needs the permission to mount one"
  fi
done
check "T6 a writer's open" "$programs/reads-blocked" "$scratch/here" 1024 "$opens"

output=$scratch/node.log
../lib/node_test.sh --test-concurrency=3 ./*.test.mjs | tee "$output" || true
counts=$(tail -n 1 "$output")
[[ $counts =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]] || counts="0 passed, 1 failed"
[[ $counts =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]
passed=$((passed + BASH_REMATCH[1]))
failed=$((failed + BASH_REMATCH[2]))
[[ $failed -eq 0 ]] || how_to_repeat
echo "$passed passed, $failed failed"
[[ $failed -eq 0 ]]
