#!/usr/bin/env bash
# A memory store: fixed when a session is created, so it is compared and never changed.
set -euo pipefail
source "$(dirname "$0")/../lib/example.sh"

prepare SESSION="$(new_session '[{"type":"memory_store","memory_store_id":"memstore_glossary","access":"read_only",
  "instructions":"Prefer the glossary in this store."}]')"
step 'a manifest that asks for other access is blocked: requires_new_session'
sed -i 's/read_only/read_write/' "$scratch/sessync.yaml"
sessync apply || [ $? -eq 4 ]
sed -i 's/read_write/read_only/' "$scratch/sessync.yaml"
must_be_equal
