#!/usr/bin/env bash
# What git-sync does, as far as a test needs it: each commit of $GITSYNC_REF in a worktree of its own, and one link
# that is swapped.
#
#   git-sync.sh --root=DIR --link=NAME [IGNORED...]
set -euo pipefail

for argument in "$@"; do
  case $argument in
    --root=*) root=${argument#*=} ;;
    --link=*) link=${argument#*=} ;;
  esac
done
export HOME=/tmp
git config --global safe.directory '*'
git init -q "$root/.repo"
while true; do
  git -C "$root/.repo" fetch -q "$GITSYNC_REPO" "$GITSYNC_REF" || true
  hash=$(git -C "$root/.repo" rev-parse -q --verify FETCH_HEAD || true)
  if [[ -n $hash && ! -d $root/.worktrees/$hash ]]; then
    old=$(readlink "$root/$link" || true)
    git -C "$root/.repo" worktree add -q --detach "$root/.worktrees/$hash" "$hash"
    ln -s ".worktrees/$hash" "$root/link.new"
    mv -T "$root/link.new" "$root/$link"
    if [[ -n $old ]]; then
      git -C "$root/.repo" worktree remove --force "$root/$old"
    fi
  fi
  sleep 0.2
done
