#!/usr/bin/env bash
# A repository whose token is kept in a file: when the file changes the session gets the new token.
set -euo pipefail
source "$(dirname "$0")/../lib/example.sh"

session=$(new_session '[{"type":"github_repository","url":"https://github.com/example-org/example-repo",
  "mount_path":"/workspace/example-repo","checkout":{"type":"branch","name":"main"},"authorization_token":"first"}]')
prepare SESSION="$session"
install -m 600 /dev/null "$scratch/secrets/github-token"
echo 'second' >"$scratch/secrets/github-token"
step 'the daemon does not know which token the session has, and sends its own'
start_daemon
until_true 'the token is sent' has_token "$session" second
step 'the file changes, as a secret manager would change it: by a rename'
install -m 600 /dev/null "$scratch/secrets/.next"
echo 'third' >"$scratch/secrets/.next"
mv "$scratch/secrets/.next" "$scratch/secrets/github-token"
until_true 'the new token is sent' has_token "$session" third
wait_equal
must_be_equal
