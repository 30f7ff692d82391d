#!/usr/bin/env bash
# What happens to files that somebody else put into the session: on_conflict and prune.
set -euo pipefail
source "$(dirname "$0")/../lib/example.sh"

session=$(new_session)
prepare SESSION="$session"
somebody_adds() {
  echo 'theirs' >"$scratch/theirs.txt"
  local file
  file=$(curl -fsS -H 'x-api-key: example' -H 'anthropic-version: 2023-06-01' \
    -F "file=@$scratch/theirs.txt" "$ANTHROPIC_BASE_URL/v1/files" | grep -o 'file_[A-Za-z0-9]*' | head -n 1)
  call POST "/v1/sessions/$session/resources" "{\"type\":\"file\",\"file_id\":\"$file\",\"mount_path\":\"$1\"}" >/dev/null
}
somebody_adds /a.txt
somebody_adds /notes.txt
step 'block: what is not ours stays, and apply says so (exit 4)'
sessync apply || [ $? -eq 4 ]
step 'replace: the manifest says that the path is ours'
sed -i 's/on_conflict: block/on_conflict: replace/' "$scratch/sessync.yaml"
sessync apply
step 'another owner name takes over what the first one put there: adopt'
sed -i 's/owner: examples/owner: successor/; s/on_conflict: replace/on_conflict: adopt/' "$scratch/sessync.yaml"
sessync apply
step 'prune all: what is not declared goes, whoever put it there'
sed -i 's/prune: owned/prune: all/' "$scratch/sessync.yaml"
sessync apply
must_be_equal
