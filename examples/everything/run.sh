#!/usr/bin/env bash
# Everything at once: three sessions, one of them made by sessync, with every kind of resource.
set -euo pipefail
source "$(dirname "$0")/../lib/example.sh"

echo 'the reference' >"$scratch/reference.txt"
reference=$(curl -fsS -H 'x-api-key: example' -H 'anthropic-version: 2023-06-01' \
  -F "file=@$scratch/reference.txt" "$ANTHROPIC_BASE_URL/v1/files" | grep -o 'file_[A-Za-z0-9]*' | head -n 1)
reviewing=$(new_session)
coding=$(new_session '[{"type":"github_repository","url":"https://github.com/example-org/example-repo",
  "mount_path":"/workspace/example-repo","authorization_token":"first"}]')
prepare REVIEWING="$reviewing" CODING="$coding" REFERENCE="$reference"
mkdir -p "$scratch/workspace/corpus"
for i in $(seq 1000); do echo "document $i" >"$scratch/workspace/corpus/$i.txt"; done

write_token() {
  install -m 600 /dev/null "$scratch/secrets/.next"
  echo "$1" >"$scratch/secrets/.next"
  mv "$scratch/secrets/.next" "$scratch/secrets/github-token"
}
write_token token-1

step 'what would be done'
sessync plan
step 'the daemon does it'
start_daemon
wait_equal
research=$(sessync plan | grep -o 'session research (sesn_[A-Za-z0-9]*' | grep -o 'sesn_.*')
until_true 'the sessions have the token' has_token "$coding" token-1
has_token "$research" token-1

step 'the token changes, twice'
for token in token-2 token-3; do
  write_token "$token"
  until_true "$token arrives" has_token "$research" "$token"
  until_true "$token arrives" has_token "$coding" "$token"
done

step 'a document of the archive and a note change'
echo 'document 7, second edition' >"$scratch/workspace/corpus/7.txt"
echo '# Plan, second edition' >"$scratch/workspace/notes/plan.md"
until_true 'the archive is replaced' grep -q 'replace done.*corpus' "$scratch/daemon.log"
wait_equal

step 'the agents write outputs'
agent_writes "$research" findings.md '# Findings'
agent_writes "$coding" review.csv 'file,remark'
until_true 'they come back' test -f "$scratch/outputs/research/findings.md"
until_true 'they come back' test -f "$scratch/outputs/code-review/review.csv"
ls -1 "$scratch"/outputs/*

must_be_equal
step 'what the daemon said'
cat "$scratch/daemon.log"
