#!/usr/bin/env bash
# A repository whose tokens a GitHub App mints, each for this repository only.
set -euo pipefail
source "$(dirname "$0")/../lib/example.sh"

session=$(new_session '[{"type":"github_repository","url":"https://github.com/example-org/example-repo",
  "mount_path":"/workspace/example-repo","authorization_token":"first"}]')
prepare SESSION="$session"
openssl genrsa -out "$scratch/secrets/app.pem" 2048 2>/dev/null
chmod 600 "$scratch/secrets/app.pem"
openssl rsa -in "$scratch/secrets/app.pem" -pubout -out "$scratch/app.pub" 2>/dev/null
"$here/github.pl" "$scratch/app.pub" >"$scratch/github.log" &
pids+=($!)
until_true 'GitHub listens' grep -q 'http://' "$scratch/github.log"
export SESSYNC_GITHUB_API_URL
SESSYNC_GITHUB_API_URL=$(grep -o 'http://[^ ]*' "$scratch/github.log")
step 'planning mints nothing'
sessync plan
step 'apply mints a token and sends it'
sessync apply
has_token "$session" ghs_example_1
must_be_equal
