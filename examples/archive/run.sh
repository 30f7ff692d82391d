#!/usr/bin/env bash
# A directory packed into one file of the session: for more files than a session may have.
set -euo pipefail
source "$(dirname "$0")/../lib/example.sh"

prepare SESSION="$(new_session)"
mkdir -p "$scratch/workspace/corpus"
for i in $(seq 200); do echo "document $i" >"$scratch/workspace/corpus/$i.txt"; done
echo '# Notes' >"$scratch/workspace/corpus/notes.md"
step 'apply: two files, whatever the number of members'
sessync apply
step 'touching a member changes nothing'
touch "$scratch/workspace/corpus/1.txt"
is_equal
step 'one member changes: one archive is replaced'
echo 'document 1, second edition' >"$scratch/workspace/corpus/1.txt"
sessync apply
must_be_equal
