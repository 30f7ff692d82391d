#!/usr/bin/env bash
# A repository whose token is in an environment variable.
set -euo pipefail
source "$(dirname "$0")/../lib/example.sh"

session=$(new_session '[{"type":"github_repository","url":"https://github.com/example-org/example-repo",
  "mount_path":"/workspace/example-repo","authorization_token":"first"}]')
prepare SESSION="$session"
export GITHUB_TOKEN=from-the-environment
step 'without permission no variable is used (exit 4)'
sessync apply || [ $? -eq 4 ]
step 'with it, here as in --allow-env GITHUB_TOKEN, it is sent'
export SESSYNC_ALLOW_ENV=GITHUB_TOKEN
sessync apply
has_token "$session" from-the-environment
must_be_equal
