#!/usr/bin/env bash
# Single files of the workspace, each at its own mount path.
set -euo pipefail
source "$(dirname "$0")/../lib/example.sh"

prepare SESSION="$(new_session)"
step 'apply'
sessync apply
step 'edit one file'
echo '1002,Grace' >>"$scratch/workspace/data/orders.csv"
sessync apply
must_be_equal
