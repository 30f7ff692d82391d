#!/usr/bin/env bash
# Builds sessync and shows its main job against the bundled API double: a directory and a manifest keep a
# session's files equal. Installs what it needs first. --keep leaves double and daemon running.
set -euo pipefail
source "$(dirname "$0")/../lib/example.sh"

now_ms() { echo $(($(date +%s%N) / 1000000)); }

# The session's files as sessync plans them: mount path, size, digest.
show() { sessync plan -v | grep -E '^  [=+~!-] ' || true; }

# after START: waits until the session equals the workspace again, then shows it.
after() {
  wait_equal
  echo "   equal after $(($(now_ms) - $1)) ms, measured from outside; the session holds:"
  show
}

step 'the API double, and a session in it'
session=$(new_session)
echo "   $ANTHROPIC_BASE_URL, $session"
prepare SESSION="$session"

step 'what would be done'
sessync plan

step 'the daemon starts'
start=$(now_ms)
start_daemon
after "$start"

step 'edit data/orders.csv'
start=$(now_ms)
echo '1004,Barbara,12.25' >>"$scratch/workspace/data/orders.csv"
after "$start"

step 'add notes.md'
start=$(now_ms)
echo '# Notes' >"$scratch/workspace/notes.md"
after "$start"

step 'delete README.txt'
start=$(now_ms)
rm "$scratch/workspace/README.txt"
after "$start"

step 'what the daemon said'
cat "$scratch/daemon.log"
must_be_equal
