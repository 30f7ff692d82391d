#!/usr/bin/env bash
# A manifest for a session that exists already.
set -euo pipefail
source "$(dirname "$0")/../lib/example.sh"

echo 'somebody uploaded this' >"$scratch/notes.txt"
file=$(curl -fsS -H 'x-api-key: example' -H 'anthropic-version: 2023-06-01' \
  -F "file=@$scratch/notes.txt" "$ANTHROPIC_BASE_URL/v1/files" | grep -o 'file_[A-Za-z0-9]*' | head -n 1)
session=$(new_session "[{\"type\":\"file\",\"file_id\":\"$file\",\"mount_path\":\"/notes.txt\"},
  {\"type\":\"github_repository\",\"url\":\"https://github.com/example-org/example-repo\",\"authorization_token\":\"t\"},
  {\"type\":\"memory_store\",\"memory_store_id\":\"memstore_glossary\",\"access\":\"read_only\"}]")
prepare SESSION="$session"
step 'import prints it'
"$SESSYNC_BIN" import "$session" | tee "$scratch/sessync.yaml"
must_be_equal
