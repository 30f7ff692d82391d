#!/usr/bin/env bash
# A session that sessync creates, once, with everything in it.
set -euo pipefail
source "$(dirname "$0")/../lib/example.sh"

prepare
step 'what would be done'
sessync plan
step 'apply'
sessync apply
step 'the state is lost: the session is found again by its key'
rm -rf "$scratch/state"
sessync apply
step 'its title changes'
sed -i 's/Made from a manifest/Renamed/' "$scratch/sessync.yaml"
sessync apply
must_be_equal
