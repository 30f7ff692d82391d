#!/usr/bin/env bash
# The top of the repository holds the house, its tools' settings and what a newcomer reads.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

while IFS= read -r name; do
  case $name in
    manifest | reconciler | daemon | tests | examples | deploy | .ci) ;;
    CMakeLists.txt | CMakePresets.json | .clang-format | .clang-tidy | .gitignore | .gitattributes | .dockerignore | .editorconfig) ;;
    README.md | LICENSE | CHANGELOG.md | CONTRIBUTING.md | SECURITY.md) ;;
    *) fault "$name: does not belong at the top" ;;
  esac
done < <(our_files | cut -d/ -f1 | sort -u)
finish
