#!/usr/bin/env bash
# Uploads that nothing needs any more: gc lists them, gc --yes deletes them.
set -euo pipefail
source "$(dirname "$0")/../lib/example.sh"

prepare SESSION="$(new_session)"
step 'two hours ago'
control clock '{"advance_ms":-7200000}'
echo 'first edition' >"$scratch/workspace/a.txt"
sessync apply
echo 'second edition' >"$scratch/workspace/a.txt"
sessync apply
control clock '{"advance_ms":7200000}'
step 'now: nothing needs the upload of the first edition'
sessync gc
step 'it is deleted'
sessync gc --yes
must_be_equal
