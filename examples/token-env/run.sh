#!/usr/bin/env bash
# A repository whose token is in an environment variable.
set -euo pipefail
source "$(dirname "$0")/../lib/example.sh"

session=$(new_session '[{"type":"github_repository","url":"https://github.com/example-org/example-repo",
  "mount_path":"/workspace/example-repo","authorization_token":"first"}]')
prepare SESSION="$session"
export GITHUB_TOKEN=from-the-environment
step 'apply'
sessync apply
has_token "$session" from-the-environment
must_be_equal
