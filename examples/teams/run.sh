#!/usr/bin/env bash
# Two teams share one daemon: each has a manifest file, and the operator's policy says what it may ask for.
set -euo pipefail
source "$(dirname "$0")/../lib/example.sh"

data=$(new_session)
docs=$(new_session '[{"type":"github_repository","url":"https://github.com/example-org/docs-site",
  "mount_path":"/workspace/docs-site","authorization_token":"first"}]')
mkdir -p "$scratch"/{manifests,workspace/{data,docs,shared},secrets/docs}
for file in policy.yaml manifests/data.yaml manifests/docs.yaml; do
  sed "s/\${DATA}/$data/; s/\${DOCS}/$docs/" "$here/$file" >"$scratch/$file"
done
echo 'month,visits' >"$scratch/workspace/data/visits.csv"
echo '# How we write' >"$scratch/workspace/docs/style.md"
echo '# Words' >"$scratch/workspace/shared/glossary.md"
install -m 600 /dev/null "$scratch/secrets/docs/github-token"
echo 'token-of-docs' >"$scratch/secrets/docs/github-token"
files=(-m "$scratch/manifests" -w "$scratch/workspace" --state-dir "$scratch/state" --secrets-dir "$scratch/secrets"
  --outputs-dir "$scratch/outputs" --policy "$scratch/policy.yaml")

step 'each team asks for what is its own'
sessync validate
start_daemon
wait_equal
has_token "$docs" token-of-docs

step 'docs asks for the data of the other team: its session is left as it is, and the other one goes on'
sed -i 's|source: docs/}|source: data/}|' "$scratch/manifests/docs.yaml"
until_true 'it is blocked' grep -q 'not_allowed' "$scratch/daemon.log"
echo 'january,12' >>"$scratch/workspace/data/visits.csv"
until_true 'the other session has the change' grep -q 'replace done.*visits.csv' "$scratch/daemon.log"
sessync plan || true
code=0
sessync validate || code=$?
[ "$code" -eq 3 ]

step 'docs takes it back'
sed -i 's|source: data/}|source: docs/}|' "$scratch/manifests/docs.yaml"
wait_equal
must_be_equal
