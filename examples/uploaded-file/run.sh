#!/usr/bin/env bash
# A file that somebody else uploaded, mounted by its id.
set -euo pipefail
source "$(dirname "$0")/../lib/example.sh"

echo 'the reference' >"$scratch/reference.txt"
file=$(curl -fsS -H 'x-api-key: example' -H 'anthropic-version: 2023-06-01' \
  -F "file=@$scratch/reference.txt" "$ANTHROPIC_BASE_URL/v1/files" | grep -o 'file_[A-Za-z0-9]*' | head -n 1)
prepare SESSION="$(new_session)" FILE="$file"
step 'apply'
sessync apply
must_be_equal
