#!/usr/bin/env bash
# What the session's agent writes is brought back.
set -euo pipefail
source "$(dirname "$0")/../lib/example.sh"

session=$(new_session)
prepare SESSION="$session"
agent_writes "$session" report.md '# Report'
agent_writes "$session" table.csv 'a,b'
agent_writes "$session" scratch.tmp 'not wanted'
step 'pull: once'
sessync pull
step 'a name that would lead outside is cleaned'
agent_writes "$session" '../../escape.md' 'harmless'
sessync pull
step 'the daemon fetches what appears'
start_daemon
agent_writes "$session" later.md 'later'
until_true 'the output arrives' test -f "$scratch/outputs/research/later.md"
ls -1 "$scratch/outputs/research"
must_be_equal
