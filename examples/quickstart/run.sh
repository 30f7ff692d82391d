#!/usr/bin/env bash
# Builds sessync and shows its main job against the bundled API double: a directory and a manifest keep a
# session's files equal. Installs what it needs first. --keep leaves double and daemon running.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
keep=${1:-}

preset=${SESSYNC_PRESET:-release}

cd "$top"
tests/lib/packages.sh example
cmake --preset "$preset" >/dev/null
cmake --build --preset "$preset" --target sessync sessync-double

sessync=$top/build/$preset/daemon/cli/sessync
double=$top/build/$preset/tests/double/sessync-double
scratch=$(mktemp -d)
pids=()

cleanup() {
  if [ "$keep" = --keep ]; then
    echo "left running: pids ${pids[*]}; files in $scratch"
    return
  fi
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$scratch"
}
trap cleanup EXIT

headers=(-H 'x-api-key: quickstart' -H 'anthropic-version: 2023-06-01'
  -H 'anthropic-beta: managed-agents-2026-04-01' -H 'content-type: application/json')

now_ms() { echo $(($(date +%s%N) / 1000000)); }

# The session's files as sessync plans them: mount path, size, digest.
show() { "$sessync" plan -v "${options[@]}" | grep -E '^  [=+~!-] ' || true; }

converged() { "$sessync" plan --detailed-exitcode "${options[@]}" >/dev/null 2>&1; }

# after WHAT: waits until the session equals the workspace again, then shows it.
after() {
  local since=$1
  until converged; do sleep 0.02; done
  echo "   equal after $(($(now_ms) - since)) ms, measured from outside; the session holds:"
  show
}

echo '== the API double, and a session in it'
"$double" --port 0 >"$scratch/double.log" &
pids+=($!)
until url=$(grep -o 'http://[^ ]*' "$scratch/double.log"); do sleep 0.05; done
session=$(curl -fsS "${headers[@]}" -d '{"agent":"agent_demo","environment_id":"env_demo"}' \
  "$url/v1/sessions" | grep -o 'sesn_[A-Za-z0-9]*' | head -n 1)
echo "   $url, $session"

cp -r examples/quickstart/workspace "$scratch/workspace"
sed "s/session_id: .*/session_id: $session/" examples/quickstart/sessync.yaml >"$scratch/sessync.yaml"
export ANTHROPIC_BASE_URL=$url ANTHROPIC_API_KEY=quickstart
options=(-m "$scratch/sessync.yaml" -w "$scratch/workspace" --state-dir "$scratch/state")

echo '== what would be done'
"$sessync" plan "${options[@]}"

echo '== the daemon starts'
start=$(now_ms)
"$sessync" run --listen off --log-format text "${options[@]}" 2>"$scratch/daemon.log" &
pids+=($!)
after "$start"

echo '== edit data/orders.csv'
start=$(now_ms)
echo '1004,Barbara,12.25' >>"$scratch/workspace/data/orders.csv"
after "$start"

echo '== add notes.md'
start=$(now_ms)
echo '# Notes' >"$scratch/workspace/notes.md"
after "$start"

echo '== delete README.txt'
start=$(now_ms)
rm "$scratch/workspace/README.txt"
after "$start"

echo '== what the daemon said'
cat "$scratch/daemon.log"
