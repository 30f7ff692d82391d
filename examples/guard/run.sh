#!/usr/bin/env bash
# Deletes that look like an accident are held back until somebody lets them through.
set -euo pipefail
source "$(dirname "$0")/../lib/example.sh"

prepare SESSION="$(new_session)"
mkdir -p "$scratch/workspace/data"
for i in 1 2 3 4 5 6; do echo "$i" >"$scratch/workspace/data/$i.txt"; done
sessync apply
step 'three files vanish: more than max_deletes'
rm "$scratch"/workspace/data/[123].txt
sessync apply || [ $? -eq 4 ]
step 'let exactly these through, once'
held=$(sessync plan | grep -o 'allow-deletes=[0-9a-f]*' | head -n 1)
sessync apply "--$held"
must_be_equal
