#!/usr/bin/env bash
# Which files of a directory are mirrored: include, exclude and .sessyncignore.
set -euo pipefail
source "$(dirname "$0")/../lib/example.sh"

prepare SESSION="$(new_session)"
step 'apply'
sessync apply
step 'the ignore file changes: what it no longer names is added'
: >"$scratch/workspace/docs/.sessyncignore"
sessync apply
must_be_equal
