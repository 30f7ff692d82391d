#!/usr/bin/env bash
# Uploads that nothing needs any more: gc lists them, gc --yes deletes them.
set -euo pipefail
source "$(dirname "$0")/../lib/example.sh"

prepare SESSION="$(new_session)"
echo 'first edition' >"$scratch/workspace/a.txt"
sessync apply
echo 'second edition' >"$scratch/workspace/a.txt"
sessync apply
step 'two hours later the upload of the first edition is not needed'
control clock '{"advance_ms":7200000}'
sessync gc
step 'and is deleted'
sessync gc --yes
must_be_equal
