#!/usr/bin/env bash
# No file names a package registry's host, or holds something that looks like a credential.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# Put together here, so that this file holds none itself.
readonly dot='[.]'
readonly hosts="(registry|packages|mirrors?|deb|security|proxy)$dot[a-z0-9.-]*(npm|yarn|debian|ubuntu|golang|nodejs|github)[a-z]*$dot(org|com|io)|\b(pypi|pythonhosted|npmjs|yarnpkg|crates|rubygems|packagist)$dot(org|com|io)\b"
readonly credentials='sk-ant-[A-Za-z0-9_-]{24,}|\bgh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{40,}|-----BEGIN ([A-Z]+ )?PRIVATE KEY-----[^"'"'"'`\\]*$|\bAKIA[0-9A-Z]{16}\b|\bxox[abprs]-[0-9A-Za-z-]{20,}'

check() { # WHAT PATTERN
  local hit
  while IFS= read -r hit; do
    fault "${hit:0:160}: $1"
  done < <(our_files | xargs -r -d '\n' grep -nHIE -e "$2" || true)
}

check 'names a package registry' "$hosts"
check 'looks like a credential' "$credentials"
finish
