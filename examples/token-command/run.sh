#!/usr/bin/env bash
# A repository whose token comes from a program. Only with --allow-commands.
set -euo pipefail
source "$(dirname "$0")/../lib/example.sh"

session=$(new_session '[{"type":"github_repository","url":"https://github.com/example-org/example-repo",
  "mount_path":"/workspace/example-repo","authorization_token":"first"}]')
prepare SESSION="$session" SCRATCH="$scratch"
cat >"$scratch/mint-token" <<'PROGRAM'
#!/bin/sh
printf '{"token": "minted-for-%s", "expires_at": "%s"}' "${2##*/}" "$(date -u -d '+1 hour' +%Y-%m-%dT%H:%M:%SZ)"
PROGRAM
chmod +x "$scratch/mint-token"
step 'without permission nothing is run (exit 4)'
sessync apply || [ $? -eq 4 ]
step 'with it the token is minted and sent'
sessync apply --allow-commands
has_token "$session" minted-for-example-repo
step 'it is still young: nothing is minted'
sessync apply --allow-commands
must_be_equal
